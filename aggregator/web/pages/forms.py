"""The fields of forms, and in words what their values have to be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from aggregator.errors import InvalidParameter
from aggregator.formats import localize
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.parameter_types import text_of
from aggregator.sqlfile.parameters import Parameter
from aggregator.values.dates import MOVING, shown
from aggregator.values.invalid import InvalidValue
from aggregator.values.money import amount_text
from aggregator.web.pages.templating import words

_SHORTEST_GROUPED = 5
"""A shorter number may be a year."""


def rules_of(declared: Parameter | InputColumn) -> Iterator[str]:
    """One rule after the other."""
    if declared.choices is not None:
        yield f"one of {', '.join(map(text_of, declared.choices))}"
    if isinstance(declared, Parameter) and declared.choices_sql is not None:
        yield "a value from the data"
    if isinstance(declared, InputColumn) and declared.formats:
        yield f"as {' or '.join(map(shown, declared.formats))}"
    yield from _bounds(declared)
    if declared.pattern is not None:
        yield declared.message or f"like {declared.pattern}"
    if isinstance(declared, InputColumn) and declared.empty:
        yield f"empty, or {' or '.join(declared.empty)} for an empty cell"
    if declared.time_zone != "UTC":
        yield f"in {declared.time_zone}"


def default_text(declared: Parameter | InputColumn) -> str:
    """The default as text, empty without one."""
    return ", ".join(_declared_default(declared))


def _bounds(declared: Parameter | InputColumn) -> Iterator[str]:
    unit = " characters" if declared.kind.has_length else ""
    low, high = (
        None if bound is None else _grouped(text_of(bound)) for bound in (declared.min, declared.max)
    )
    if low is not None:
        yield f"{low} to {high}{unit}" if high is not None else f"at least {low}{unit}"
    elif high is not None:
        yield f"at most {high}{unit}"


def _grouped(text: str) -> str:
    is_long = text.isascii() and text.removeprefix("-").isdigit() and len(text) >= _SHORTEST_GROUPED
    return f"{int(text):,}" if is_long else text


_MOST_IN_LIST = 200
_MOST_AT_ONCE = 6

_ENDS = ("1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
_OPEN_ENDS = {end[:length] for end in _ENDS for length in (len("1970-01"), len("1970-01-01"), None)}
"""Defaults that stand for the beginning and the end of all days."""

_LOCALIZED = {"date": localize.date_text, "month": localize.month, "datetime-local": localize.timestamp_text}
"""How values are said where a browser has such an input for them."""

_OF_PAGES = ("sort", "limit", "offset")
"""Fields that a page has other ways for."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field. texts: what was given, or else the default; options: pairs of text and label.

    is_given: whether the texts were given; defaults: the texts that may be left out of a request, since they
    are what it means without them; attributes: of the `<input>`; offered: texts to complete what is typed;
    is_more: whether it is shown only when it is asked for.
    """

    name: str
    label: str
    widget: str
    texts: tuple[str, ...]
    help: str
    error: str
    is_required: bool
    is_many: bool
    is_given: bool = False
    defaults: tuple[str, ...] = ()
    is_more: bool = False
    options: tuple[tuple[str, str], ...] = ()
    offered: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def must_be_seen(self) -> bool:
        """Whether it says which rows there are, or what is wrong; heads of columns tell the order."""
        return bool(self.error) or (self.is_given and self.name not in _OF_PAGES)


def fields_of(
    params: Mapping[str, Parameter],
    given: Mapping[str, Sequence[str]],
    offered: Mapping[str, Sequence[str]],
    errors: Sequence[InvalidParameter] = (),
) -> list[Field]:
    """A field for each parameter.

    given: the texts of the request; offered: the choices from the data; errors: what is wrong with the
    request.
    """
    wrong = {error.parameter: error.message for error in errors}
    fields = [
        _field(name, parameter, tuple(given.get(name, ())), offered.get(name), wrong.get(name, ""))
        for name, parameter in params.items()
    ]
    return _with_less_at_once(fields)


def _with_less_at_once(fields: list[Field]) -> list[Field]:
    """The same, of which many are not shown at once; what must be filled in always is."""
    if len(fields) <= _MOST_AT_ONCE:
        return fields
    shown = [field.name for field in fields if field.name not in _OF_PAGES][: _MOST_AT_ONCE - 1]
    return [replace(field, is_more=not field.is_required and field.name not in shown) for field in fields]


def _field(
    name: str, parameter: Parameter, texts: tuple[str, ...], offered: Sequence[str] | None, error: str
) -> Field:
    given = tuple(text for text in texts if text != "")
    defaults = _default_texts(parameter)
    texts = given or defaults
    widget = parameter.kind.form.widget
    choices = _choices(parameter, offered)
    if widget == "choice" and not 0 < len(choices) <= _MOST_IN_LIST:
        widget = "text"
    elif widget == "datetime-local":
        texts = tuple(_local(text, parameter) for text in texts)
        defaults = tuple(_local(text, parameter) for text in defaults)
    if not all(_is_shown(parameter, text) for text in texts):
        widget = "text"
    return Field(
        name=name,
        label=words(name),
        widget=widget,
        texts=texts,
        help=_help(parameter, texts == defaults),
        error=error,
        is_required=parameter.is_required,
        is_many=parameter.many,
        is_given=bool(given),
        defaults=defaults,
        options=_options(parameter, choices, (*texts, *defaults)) if widget == "choice" else (),
        offered=choices if widget == "text" else (),
        attributes=_attributes(parameter, widget),
    )


def _help(parameter: Parameter, shows_default: bool) -> str:
    """The description, and the default where the field does not show it."""
    default = default_text(parameter)
    if default in ("", *_OPEN_ENDS) or (shows_default and default != "now"):
        return parameter.description
    label = parameter.kind.form.labels.get(default, default)
    return f"{parameter.description.rstrip('.')} (default: {label})".lstrip()


def _default_texts(parameter: Parameter) -> tuple[str, ...]:
    """The default as a request would give it, `today` as the day; nothing for what only means "no limit".

    `now` is left out: it would be over by the time that the form is sent.
    """
    texts = _declared_default(parameter)
    if texts == ["now"] or (texts and texts[0] in _OPEN_ENDS):
        return ()
    return tuple(_resolved(text, parameter) for text in texts)


def _declared_default(declared: Parameter | InputColumn) -> list[str]:
    default = declared.default
    values = default if isinstance(default, list) else [] if default is None else [default]
    return [text_of(value) for value in values]


def _resolved(text: str, parameter: Parameter) -> str:
    """A text of a request with `today` as the day, an amount with its decimals, and one name for true."""
    if parameter.type == "boolean":
        return "true" if parameter.parse_one(text) else "false"
    if parameter.type == "money":
        return amount_text(int(parameter.parse_one(text)), parameter.currency)
    if text != "today":
        return text
    value = str(parameter.parse_one(text))
    if parameter.type != "datetime":
        return value
    local = datetime.fromisoformat(value).astimezone(ZoneInfo(parameter.time_zone))
    return local.replace(tzinfo=None).isoformat()


def in_effect(
    params: Mapping[str, Parameter], given: Mapping[str, Sequence[str]], locale: str, has_pages: bool
) -> list[tuple[str, str]]:
    """Label and value of each parameter that limits the rows, given or by default.

    has_pages: whether `limit` only says how long a page is. Raises InvalidValue for a text that is no value.
    """
    found = []
    for name, parameter in params.items():
        texts = [text for text in given.get(name, ()) if text != ""]
        texts = texts or _declared_default(parameter)
        is_of_page = name in ("sort", "offset") or (name == "limit" and has_pages)
        if texts and not is_of_page and texts[0] not in _OPEN_ENDS:
            found.append((words(name), ", ".join(_said(text, parameter, locale) for text in texts)))
    return found


def _said(text: str, parameter: Parameter, locale: str) -> str:
    """A value in the reader's localize."""
    form = parameter.kind.form
    say = _LOCALIZED.get(form.widget)
    if say is not None:
        return say(str(parameter.parse_one(text)), locale)
    text = _resolved(text, parameter)
    if parameter.type == "money":
        return localize.amount(text, parameter.currency, locale)
    return form.labels.get(text, text)


def _is_shown(parameter: Parameter, text: str) -> bool:
    """Whether a browser shows the text in a field of the type; it drops impossible days."""
    kind = parameter.kind
    if kind.form.shows is None:
        return True
    try:
        return bool(kind.form.shows.fullmatch(text) and (not kind.is_in_time or kind.parse(text, parameter)))
    except InvalidValue:
        return False


def _choices(parameter: Parameter, offered: Sequence[str] | None) -> tuple[str, ...]:
    choices: Iterable[str] = parameter.kind.form.labels or map(text_of, parameter.choices or ())
    return tuple(choices if offered is None else offered)


def _options(
    parameter: Parameter, choices: Sequence[str], texts: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """The choices, after texts that are none of them; without a default, first that nothing is chosen."""
    labels = parameter.kind.form.labels
    others = [text for text in dict.fromkeys(texts) if text not in choices]
    options = tuple((text, labels.get(text, text)) for text in (*others, *choices))
    if parameter.many or parameter.default is not None:
        return options
    return (("", "choose…" if parameter.is_required else "any"), *options)


def _attributes(parameter: Parameter, widget: str) -> dict[str, str]:
    form = parameter.kind.form
    attributes = {}
    for key in ("min", "max"):
        value = _bound(parameter, key)
        if value is None or widget != form.widget:
            continue
        if parameter.kind.has_length:
            attributes[f"{key}length"] = value
        elif form.shows is not None and _is_shown(parameter, value):
            attributes[key] = value
    if widget == form.widget:
        attributes |= form.attributes
    has_example = parameter.default is None and parameter.example is not None and not parameter.many
    if has_example and widget in ("text", "number"):
        attributes["placeholder"] = f"such as {text_of(parameter.example)}"  # type: ignore[arg-type]
    return attributes


def _bound(parameter: Parameter, key: str) -> str | None:
    try:
        bound = parameter.bound(getattr(parameter, key))
    except InvalidValue:
        return None
    return None if bound is None else text_of(bound).removesuffix("Z")


def _local(text: str, parameter: Parameter) -> str:
    """A moment in UTC as a field shows it, when that is how the parameter would read it back."""
    return text.removesuffix("Z") if parameter.time_zone == "UTC" and text not in MOVING else text
