"""Forms begin with the defaults, and a page says which values it was made with."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from aggregator.sqlfile.parameters import Parameter
from aggregator.web.pages.forms import Field, fields_of, in_effect

ZONE = "Pacific/Kiritimati"
"""Its day is another than that of UTC for most of the time."""


def field(given: list[str] | None = None, **keys: object) -> Field:
    (found,) = fields_of(
        {"name": Parameter.model_validate(keys)}, {} if given is None else {"name": given}, {}
    )
    return found


def today() -> str:
    return datetime.now(ZoneInfo(ZONE)).date().isoformat()


@pytest.mark.parametrize(
    ("keys", "texts"),
    [
        ({"type": "integer", "default": 20}, ("20",)),
        ({"type": "text", "default": "open"}, ("open",)),
        ({"type": "money", "currency": "USD", "default": 1000}, ("1000.00",)),
        ({"type": "date", "default": "2021-01-01"}, ("2021-01-01",)),
        ({"type": "month", "default": "2021-01"}, ("2021-01",)),
        ({"type": "boolean", "default": "yes"}, ("true",)),
        ({"type": "choice", "choices": ["a", "b"], "default": "b"}, ("b",)),
        ({"type": "choice", "choices": ["a", "b", "c"], "many": True, "default": ["a", "c"]}, ("a", "c")),
        ({"type": "choice", "choices": ["a", "b"], "many": True, "default": "a"}, ("a",)),
        ({"type": "datetime", "default": "2021-01-01T08:00:00Z"}, ("2021-01-01T08:00:00",)),
        # Open ends stay open, and a moment that is over when the form is sent is not filled in.
        ({"type": "date", "default": "1970-01-01"}, ()),
        ({"type": "datetime", "default": "now"}, ()),
        ({"type": "text", "required": False}, ()),
        ({"type": "text"}, ()),
    ],
)
def test_a_field_begins_with_its_default(keys: dict[str, object], texts: tuple[str, ...]) -> None:
    found = field(**keys)
    assert (found.texts, found.defaults) == (texts, texts)
    assert not found.is_given
    options = [text for text, _ in found.options]
    assert set(texts) <= set(options) or found.widget != "choice"
    # With a default, "any" would be another word for it.
    assert "" not in options or not texts


def test_today_is_the_day_in_the_time_zone_of_the_parameter() -> None:
    before = today()
    day = field(type="date", default="today", time_zone=ZONE)
    moment = field(type="datetime", default="today", time_zone=ZONE)
    month = field(type="month", default="today", time_zone=ZONE)
    after = today()

    assert before <= day.texts[0] <= after
    assert moment.texts == (f"{day.texts[0]}T00:00:00",)
    assert month.texts == (day.texts[0][:7],)
    assert (day.widget, moment.widget, month.widget) == ("date", "datetime-local", "month")


def test_what_was_given_goes_before_the_default_which_the_help_then_names() -> None:
    keys = {"type": "date", "default": "2021-01-01", "description": "From this day."}
    assert field(**keys).help == "From this day."
    found = field(["2024-05-05"], **keys)
    assert (found.texts, found.defaults, found.is_given) == (("2024-05-05",), ("2021-01-01",), True)
    assert found.help == "From this day (default: 2021-01-01)"
    assert field(type="datetime", default="now", description="Sold at").help == "Sold at (default: now)"
    assert field(["yes"], type="boolean", default=False, description="Paid").help == "Paid (default: no)"


def test_a_choice_of_the_data_keeps_its_default_though_the_data_lacks_it() -> None:
    keys = {"type": "choice", "choices_sql": "SELECT 1", "default": "all"}
    (found,) = fields_of({"name": Parameter.model_validate(keys)}, {}, {"name": ["a", "b"]})
    assert [text for text, _ in found.options] == ["all", "a", "b"]


PARAMS = {
    "since": {"type": "date", "default": "2024-02-29"},
    "until": {"type": "date", "default": "9999-12-31"},
    "at_least": {"type": "money", "currency": "USD", "default": 10},
    "places": {"type": "text", "many": True, "default": ["A1", "B2"]},
    "sold_out": {"type": "boolean", "default": "no"},
    "city": {"type": "text", "required": False},
    "sort": {"type": "choice", "choices": ["a.asc"], "default": "a.asc"},
    "limit": {"type": "integer", "default": 50},
    "offset": {"type": "integer", "default": 0},
}


def test_the_values_in_effect() -> None:
    params = {name: Parameter.model_validate(keys) for name, keys in PARAMS.items()}
    assert in_effect(params, {"places": ["C3", ""], "city": [""]}, "en", has_pages=True) == [
        ("Since", "Feb 29, 2024"),
        ("At least", "$10.00"),
        ("Places", "C3"),
        ("Sold out", "no"),
    ]
    given = {"since": ["2023-01-02"], "until": ["2023-12-31"], "city": ["Pune"]}
    assert in_effect(params, given, "de", has_pages=False) == [
        ("Since", "02.01.2023"),
        ("Until", "31.12.2023"),
        ("At least", "10,00\xa0$"),
        ("Places", "A1, B2"),
        ("Sold out", "no"),
        ("City", "Pune"),
        ("Limit", "50"),
    ]
