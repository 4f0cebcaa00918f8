"""`/_/sql/<name>`: the SQL of an endpoint in colour, what its file says, and how SQLite runs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from markupsafe import Markup, escape
from pygments.lexer import inherit
from pygments.lexers.data import YamlLexer
from pygments.lexers.sql import SqlLexer
from pygments.token import Comment, Keyword, Literal, Name, Number, Punctuation, String

from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.engine.sqlite.explain import aliases
from aggregator.errors import BrokenEndpoint, DatabaseUnavailable, InvalidParameter
from aggregator.formats import PLAN
from aggregator.json_documents import Document
from aggregator.read.plan import Plan
from aggregator.sqlfile.catalog import Endpoint
from aggregator.sqlfile.header import PLAN_WANTED, header_place
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.parameters import Parameter
from aggregator.values.columns import Column
from aggregator.web.pages.forms import default_text, fields_of, rules_of
from aggregator.web.pages.templating import PageUrl, page_url, render

_MOST_COLOURED = 200_000
_MOST_NUMBERED = 20_000

_LONGEST_YAML_LINE = 1_000
"""Pygments reads some long lines of YAML in a time that grows with the square of their length."""

_KINDS = {
    Comment: "comment",
    Keyword: "keyword",
    Name.Builtin: "keyword",
    Name.Constant: "string",
    Name.Tag: "key",
    Name.Variable: "parameter",
    Number: "number",
    String: "string",
    String.Symbol: "",
    Literal.Scalar: "string",
    Punctuation.Indicator: "sign",
}
"""What a kind of token is called in source.css; a kind that is not here is called as the one above it."""

Token = tuple[str, str]
"""What it is, empty for nothing of interest, and its text."""

_STORED = {"real": "number"}


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """An endpoint. compiled: None when something is wrong, which `error` says."""

    endpoint: Endpoint
    compiled: ReadEndpoint | WriteEndpoint | None
    error: BrokenEndpoint | DatabaseUnavailable | None = None


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What a request says.

    problem: what went wrong instead of the plan, and `errors` in its parameters; choices: from the data.
    """

    given: Mapping[str, Sequence[str]] = field(default_factory=dict)
    wants_plan: bool = False
    plan: Plan | None = None
    problem: Document | None = None
    errors: Sequence[InvalidParameter] = ()
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter, or a column of the rows in a body.

    default: as text, None without one; allowed: in words; elsewhere: its names in other people's files.
    """

    name: str
    type: str
    is_required: bool
    default: str | None
    allowed: str
    description: str
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """A database that the SQL names. tables: those of it that stand in the SQL; written: some of them."""

    schema: str
    tables: tuple[str, ...]
    written: tuple[str, ...]


def source_page(match: SourceMatch, request: SourceRequest, time_limit: float, url: PageUrl) -> bytes:
    """The page; reading a long file takes a while, so it is not for the event loop."""
    endpoint, compiled = match.endpoint, match.compiled
    header = endpoint.source.header if endpoint.source is not None else None
    params = header.params if header is not None else {}
    errors = request.errors
    faults = match.error.faults if isinstance(match.error, BrokenEndpoint) else ()
    return render(
        "source.html",
        root=url.root,
        place=url,
        endpoint=endpoint,
        header=header,
        compiled=compiled,
        lines=coloured_lines(endpoint.text),
        text=escaped(endpoint.text),
        faults=faults,
        fault_lines=_by_line(faults, endpoint),
        unavailable=match.error if isinstance(match.error, DatabaseUnavailable) else None,
        parameters=_declared(params),
        input=_declared(header.input) if header is not None else [],
        columns=compiled.columns if compiled is not None else (),
        column_type=_column_type,
        databases=_databases(compiled) if compiled is not None else [],
        formats=_formats(compiled),
        time_limit=time_limit,
        is_report=isinstance(compiled, ReadEndpoint),
        fields=fields_of(params, request.given, request.choices, errors),
        plan_wanted=PLAN_WANTED,
        plan=request.plan,
        problem=request.problem,
        others=[each for each in errors if each.parameter not in params],
        duration=duration,
        is_get=endpoint.route.method == "GET",
        page_url=partial(page_url, url.root, name=endpoint.name),
        given=request.given,
        plan_given={**request.given, "format": [PLAN.name]},
    )


def _by_line(faults: Sequence[Any], endpoint: Endpoint) -> dict[int, str]:
    """What is wrong on each line; a fault at the end of the file is on its last line."""
    last = endpoint.text.count("\n") + (not endpoint.text.endswith("\n"))
    messages: dict[int, str] = {}
    for fault in faults:
        line = min(fault.line, last)
        messages[line] = f"{messages[line]}; {fault.message}" if line in messages else fault.message
    return messages


def _formats(compiled: ReadEndpoint | WriteEndpoint | None) -> list[str]:
    """The names of the formats of the rows, and of pictures; none when it answers without rows."""
    if compiled is None or not compiled.columns:
        return []
    return [each.name for each in (*compiled.formats, *compiled.pictures)]


def _declared(all_declared: Mapping[str, Parameter | InputColumn]) -> list[Declared]:
    """The parameters, or the columns of the rows in a body, in the order of the header."""
    return [
        Declared(
            name=name,
            type=_type(each),
            is_required=each.is_required if isinstance(each, Parameter) else each.required,
            default=None if each.default is None else default_text(each),
            allowed="; ".join(rules_of(each)),
            description=each.description,
            elsewhere=", ".join(each.names) if isinstance(each, InputColumn) else "",
        )
        for name, each in all_declared.items()
    ]


def _type(declared: Parameter | InputColumn) -> str:
    name = f"{declared.type}, {declared.currency}" if declared.currency else declared.type
    return f"list of {name}" if isinstance(declared, Parameter) and declared.many else name


def _column_type(column: Column) -> str:
    """The type of a result column in words; where it is not declared, as SQLite stores it."""
    return column.type or _STORED.get(str(column.storage), column.storage) or "as stored"


def _databases(compiled: ReadEndpoint | WriteEndpoint) -> list[Database]:
    """The databases that an endpoint needs, with the tables that its SQL names."""
    texts = [_sql(compiled.endpoint), *_choices(compiled)]
    schemas = {file.schema.lower(): file.schema for file in compiled.files}
    named = set().union(*(each for text in texts for each in aliases(text, schemas).values()))
    statements = (
        compiled.statements
        if isinstance(compiled, WriteEndpoint)
        else (compiled.statement, *compiled.choices.values())
    )
    named = named.union(*(statement.bare for statement in statements))
    written = {table for statement in statements for table in statement.writes}
    return [
        Database(
            file.schema,
            tuple(sorted({table for schema, table in named | written if schema == file.schema})),
            tuple(sorted({table for schema, table in written if schema == file.schema})),
        )
        for file in compiled.files
    ]


def _sql(endpoint: Endpoint) -> str:
    return endpoint.source.sql if endpoint.source is not None else ""


def _choices(compiled: ReadEndpoint | WriteEndpoint) -> list[str]:
    return [each.choices_sql for each in compiled.header.params.values() if each.choices_sql is not None]


def duration(seconds: float) -> str:
    """Seconds for people, to two digits."""
    if seconds >= 10:
        return f"{seconds:,.0f} s"
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{float(f'{seconds * 1000:.1e}'):g} ms"


class _Sql(SqlLexer):  # type: ignore[misc]
    """With parameters, and names in any language."""

    tokens = {"root": [(r"[:@$]\w+", Name.Variable), inherit, (r"[^\W\d][\w$]*", Name)]}  # noqa: RUF012


@lru_cache(maxsize=32)
def coloured_lines(text: str) -> Sequence[Markup] | None:
    """The lines of a file as HTML, each with its line feed; None when there are too many.

    The text of the HTML is the text of the file. A file that is too long to be read quickly is not coloured.
    """
    if text.count("\n") >= _MOST_NUMBERED:
        return None
    return tuple(_html_lines([("", text)] if len(text) > _MOST_COLOURED else _tokens(text)))


def escaped(text: str) -> Markup:
    """A text as HTML; a browser would make a line feed of a carriage return that stands as it is."""
    return Markup(str(escape(text)).replace("\r", "&#13;"))


def _tokens(text: str) -> Iterator[Token]:
    start, end = header_place(text)
    yield from _read(_Sql(), text[: max(start - 2, 0)])
    if start:
        yield "comment", text[start - 2 : start]
        yield from _yaml(text[start:end])
        yield "comment", text[end : end + 2]
        end += 2
    yield from _read(_Sql(), text[end:])


def _yaml(text: str) -> Iterator[Token]:
    if any(len(line) > _LONGEST_YAML_LINE for line in text.split("\n")):
        yield "", text
        return
    for name, piece in _read(YamlLexer(), text):
        # To Pygments a text in braces is a variable.
        yield "string" if name == "parameter" else name, piece


def _read(lexer: Any, text: str) -> Iterator[Token]:
    # `get_tokens` would change line ends and leave out empty lines.
    for _, kind, piece in lexer.get_tokens_unprocessed(text):
        yield _kind_name(kind), piece


def _html_lines(pieces: Iterable[Token]) -> Iterator[Markup]:
    line: list[str] = []
    for name, same in groupby(pieces, key=itemgetter(0)):
        first, *others = "".join(piece for _, piece in same).split("\n")
        line.append(_marked(name, first))
        for other in others:
            yield Markup("".join([*line, "\n"]))
            line = [_marked(name, other)]
    if any(line):
        yield Markup("".join(line))


def _marked(name: str, text: str) -> str:
    return f'<span class="hl-{name}">{escaped(text)}</span>' if name and text else escaped(text)


@lru_cache(maxsize=256)
def _kind_name(kind: Any) -> str:
    while kind is not None:
        if kind in _KINDS:
            return _KINDS[kind]
        kind = kind.parent
    return ""
