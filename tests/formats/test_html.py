"""The rows of a page, read back by a parser of HTML, and their totals, added by Python."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.formats.html import HtmlTable, HtmlWriter, PageHead, Totals
from aggregator.read.operations import Page
from tests.formats import mapping
from tests.formats.html_table import Table, read_table
from tests.formats.mapping import Raw, Value
from tests.formats.service import Service

PITFALLS = "\x00\x01\t\n\x1e\x1f \"'&;<>/=!-#x{}%\x7f\xa0é\u2028\u202e\ufeff\uffff😀"
TEXTS = st.one_of(
    st.text(st.sampled_from(PITFALLS), max_size=40),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.text(st.sampled_from("ab\n<"), min_size=150, max_size=400),
    st.from_regex(r"https?://[^\s]{1,30}", fullmatch=True),
    st.from_regex(r"javascript:[a-z(]{1,9}", fullmatch=True),
    st.from_regex(r"[a-z]{1,9}@[a-z<\"]{1,9}\.[a-z]{1,3}", fullmatch=True),
    st.binary(max_size=20).map(Raw),
)
INTEGERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-20_000, 20_000))
REALS = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("html"))
    yield service
    service.close()


def page(service: Service, rows: list[tuple[Value, ...]], columns: str = "", locale: str = "en") -> Table:
    """The first page of a report of these rows; its columns are a, b, …; the facts behind it are checked."""
    names = [chr(ord("a") + place) for place in range(len(rows[0]))]
    service.table("v", ", ".join(names), rows)
    sql = f"SELECT {', '.join(f'v.{name}' for name in names)} FROM data_db.v AS v ORDER BY v.rowid"
    report = service.report(sql, columns)
    head, writer, totals = page_of(service, report, locale)
    assert head.choices == {}
    assert (totals.rows, head.shown) == (len(rows), min(len(rows), 100))
    return table_of(writer, totals)


def page_of(
    service: Service, report: ReadEndpoint, locale: str = "en"
) -> tuple[PageHead, HtmlWriter, Totals]:
    """The first page of a report."""
    head, rows, totals = service.items(Page(report, {}))
    assert isinstance(head, PageHead)
    assert isinstance(rows, bytes)
    assert isinstance(totals, Totals)
    return head, HtmlWriter(report.columns, HtmlTable(locale), rows), totals


def table_of(writer: HtmlWriter, totals: Totals) -> Table:
    """The table, read back."""
    return read_table(writer.body() + writer.foot(totals))


def pictured(text: str) -> str:
    """Control characters, which HTML cannot hold, as their pictures."""
    table = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"} | {0x7F: 0x2421}
    return text.translate(table)


@settings(max_examples=80, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=8))
@example(["\x1e", "\x1e<script>", "</td>", "&lt;", "&amp;lt;", "<!--", "]]>", "a" * 161, "\n" * 4])
def test_every_text_reads_back(shared: Service, texts: list[str | Raw]) -> None:
    table = page(shared, [(text,) for text in texts])

    for text, (cell,) in zip(texts, table.body, strict=True):
        shown = mapping.as_text(text)
        if shown == "":
            assert (cell.text, cell.label) == ("", "empty text")
        elif cell.href is not None and cell.href.startswith("http"):
            assert cell.href == shown
            assert cell.text in (shown, shown[:100] + "…")
        else:
            assert cell.text == pictured(shown)
            assert cell.href in (None, f"mailto:{shown}")
            assert pictured(shown).startswith(cell.beginning.removesuffix("…"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(INTEGERS, REALS), min_size=1, max_size=20))
def test_every_number_reads_back(shared: Service, numbers: list[int | float]) -> None:
    table = page(shared, [(number,) for number in numbers])

    for number, (cell,) in zip(numbers, table.body, strict=True):
        text = cell.text.replace(",", "")
        assert (int(text) if isinstance(number, int) else float(text)) == number
        assert cell.attributes == {"class": "n"}


@settings(max_examples=30, deadline=None)
@given(st.lists(INTEGERS, min_size=1, max_size=7), st.booleans())
@example([2**63 - 1], True)
@example([-(2**63)], True)
@example([2**63 - 1, -(2**63), -1], True)
def test_totals_of_integers_are_exact(shared: Service, numbers: list[int], is_long: bool) -> None:
    """Also beyond 64 bits, on the only page and on the first of several."""
    numbers = numbers * (200 // len(numbers) + 1) if is_long else numbers * 2
    table = page(shared, [(number, None) for number in numbers])

    assert table.foot[0][0].text == f"{sum(numbers):,}" if abs(sum(numbers)) >= 10_000 else str(sum(numbers))


@pytest.mark.parametrize("times", [1, 20])
def test_totals_of_stored_amounts_are_those_of_what_is_shown(shared: Service, times: int) -> None:
    stored: list[Value] = [0.1, 0.1 + 0.2, 1.005, "1.005", "2.5", 3, -0.015, None]
    shown = ["0.10", "0.30", "1.01", "1.01", "2.50", "3.00", "-0.02"]
    table = page(shared, [(0, value) for value in stored * times], "b: {type: money, stored: major}")

    assert [row[1].text for row in table.body][: len(shown)] == shown
    assert table.foot[0][1].text == f"{times * sum(map(Decimal, shown)):,.2f}"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=7), st.booleans())
def test_totals_of_money_are_exact(shared: Service, cents: list[int], is_long: bool) -> None:
    cents = cents * (200 // len(cents) + 1) if is_long else cents * 2
    table = page(shared, [("x", amount) for amount in cents], "b: {type: money}")

    assert [cell.text for cell in table.foot[0]] == ["Total", f"{Decimal(sum(cents)) / 100:,.2f}"]
    assert [row[1].text for row in table.body] == [f"{Decimal(each) / 100:,.2f}" for each in cents[:100]]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6) | st.integers(-1000, 1000), min_size=1, max_size=9), st.booleans())
def test_totals_of_fractions(shared: Service, numbers: list[float], is_long: bool) -> None:
    """To 12 digits or better of the largest number in them."""
    numbers = numbers * (200 // len(numbers) + 1) if is_long else numbers * 2
    table = page(shared, [("x", number) for number in numbers])

    found = float(table.foot[0][1].text.replace(",", ""))
    exact = float(sum(map(Fraction, numbers)))
    assert found == pytest.approx(exact, rel=1e-12, abs=1e-12 * len(numbers) * max(map(abs, numbers)))


@pytest.mark.parametrize("count", [2, 150])
@pytest.mark.parametrize("other", ["a", "12", b"12"])
def test_a_column_of_more_than_numbers_has_no_total(shared: Service, count: int, other: Value) -> None:
    rows: list[tuple[Value, ...]] = [(number, 1) for number in range(count)]
    rows[-1] = (other, 1)
    table = page(shared, rows)

    assert [cell.text for cell in table.foot[0]] == ["Total", str(count)]


@pytest.mark.parametrize("count", [3, 150])
def test_no_total_of_nothing(shared: Service, count: int) -> None:
    table = page(shared, [(None, "x")] * count)

    assert table.foot == []


@pytest.mark.parametrize("count", [3, 150])
def test_what_is_no_amount_has_no_total(shared: Service, count: int) -> None:
    """Shares, numbers of things and days; `total` in the header says otherwise."""
    sql = "SELECT v.a AS order_id, v.a AS discount, v.a AS day_date, v.a AS much FROM data_db.v AS v"
    shared.table("v", "a", [(1,)] * count)
    report = shared.report(sql, "discount: {type: percent}, much: {total: false}, order_id: {total: true}")
    _, writer, totals = page_of(shared, report)
    table = table_of(writer, totals)

    assert [cell.text for cell in table.foot[0]] == [str(count), "", "", ""]


@pytest.mark.parametrize("count", [3, 150])
def test_two_currencies_are_never_added(shared: Service, count: int) -> None:
    sql = "SELECT v.a AS currency, v.b, v.c, v.d FROM data_db.v AS v"
    shared.table("v", "a, b, c, d", [("USD" if number else "EUR", 100, 2, 300) for number in range(count)])
    report = shared.report(sql, "b: {type: money}, d: {type: money, currency: USD}")
    _, writer, totals = page_of(shared, report)
    table = table_of(writer, totals)

    assert [cell.text for cell in table.foot[0]] == ["Total", "", str(2 * count), f"${3 * count}.00"]


@pytest.mark.parametrize(
    ("values", "is_number"),
    [([1, 2.5], True), ([None, 3], True), ([1, "a"], False), (["1", "2"], False), ([None], False)],
)
def test_what_is_a_column_of_numbers(shared: Service, values: list[Value], is_number: bool) -> None:
    shared.table("v", "a", [(value,) for value in values])
    report = shared.report("SELECT max(v.a) AS most FROM data_db.v AS v GROUP BY v.rowid")
    _, writer, _ = page_of(shared, report)

    assert writer.numbers() == (["most"] if is_number else [])


HABITS = {
    "en": ["1,234,567.5", "12,345.60", "Feb 29, 2024", "94.13%", "Feb 2024", "yes"],
    "de": ["1.234.567,5", "12.345,60", "29.02.2024", "94,13\xa0%", "Feb. 2024", "yes"],
    "fr": ["1\u202f234\u202f567,5", "12\u202f345,60", "29 févr. 2024", "94,13\xa0%", "févr. 2024", "yes"],
    "hi": ["12,34,567.5", "12,345.60", "29 फ़र॰ 2024", "94.13%", "फ़र॰ 2024", "yes"],
    "de_CH": ["1’234’567.5", "12’345.60", "29.02.2024", "94.13%", "Feb. 2024", "yes"],
}
"""As people there write, looked up in CLDR 46."""

_HABIT_COLUMNS = "b: {type: money}, c: {type: date}, d: {type: percent}, e: {type: month}, f: {type: boolean}"


@pytest.mark.parametrize("locale", HABITS)
def test_the_reader_s_habit(shared: Service, locale: str) -> None:
    row = (1234567.5, 1234560, "2024-02-29", 0.9413, "2024-02", 1)
    table = page(shared, [row], _HABIT_COLUMNS, locale)

    assert table.texts() == [HABITS[locale]]


@pytest.mark.parametrize(
    ("currency", "locale", "expected"),
    [
        ("EUR", "de", "1.234,50\xa0€"),
        ("EUR", "en", "€1,234.50"),
        ("JPY", "en", "¥123,450"),
        ("KWD", "en", "KWD\xa0123.450"),
        ("INR", "en_IN", "₹1,234.50"),
        ("USD", "en", "$1,234.50"),
    ],
)
def test_money_of_a_currency(shared: Service, currency: str, locale: str, expected: str) -> None:
    table = page(shared, [(123450,)], f"a: {{type: money, currency: {currency}}}", locale)

    assert table.texts() == [[expected]]


@pytest.mark.parametrize(
    ("type", "value", "shown"),
    [
        ("date", "2024-02-30", "2024-02-30"),
        ("date", 5, "5"),
        ("datetime", "2024-02-29T23:30:00Z", "Feb 29, 2024, 11:30\u202fPM"),
        ("datetime", "2024-02-29T23:30:05+02:00", "Feb 29, 2024, 9:30:05\u202fPM"),
        ("datetime", "2024-02-29t23:30:05+0200", "Feb 29, 2024, 9:30:05\u202fPM"),
        ("date", "2024-02-29 00:00:00", "Feb 29, 2024"),
        ("date", "20240229", "20240229"),
        ("datetime", "soon", "soon"),
        ("month", "2024-13", "2024-13"),
        ("percent", "half", "half"),
        ("boolean", 2, "2"),
        ("json", '{"a": [1, "<b>"]}', '{"a":[1,"<b>"]}'),
        ("text", 7, "7"),
    ],
)
def test_types_of_columns(shared: Service, type: str, value: Value, shown: str) -> None:
    assert page(shared, [(value,)], f"a: {{type: {type}}}").texts() == [[shown]]


def test_values_agree_with_json(shared: Service) -> None:
    values: list[Value] = [
        None,
        "",
        0,
        2**63 - 1,
        -(2**63),
        1.5,
        float("inf"),
        float("-inf"),
        b"\x00\xff",
        Raw(b"\xe9a"),
    ]
    table = page(shared, [(value,) for value in values])
    plain = [mapping.plain(value) for value in values]

    assert [cell.text.replace(",", "") for (cell,) in table.body] == [
        "–" if value is None else str(value) for value in plain
    ]
    assert [cell.label for (cell,) in table.body[:2]] == ["no value", "empty text"]


def test_json_that_readers_refuse_is_shown(shared: Service) -> None:
    rows: list[tuple[Value, ...]] = [(r'"\ud800"',), ("[1e999]",), ('{"a":"\\udc00"}',), ("1e999",)]
    shown = page(shared, rows, "a: {type: json}").texts()
    assert shown == [[r"\ud800"], ['["Infinity"]'], [r'{"a":"\\udc00"}'], ["Infinity"]]
