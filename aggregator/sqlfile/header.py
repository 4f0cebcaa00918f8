"""The YAML block in a file's leading comment, and the model that it is read into."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from aggregator.errors import Diagnostic
from aggregator.sqlfile.input_columns import InputColumn, OneOrMore
from aggregator.sqlfile.parameters import Parameter, SortSpec, sort_parameter
from aggregator.sqlfile.yaml_header import Keys, YamlBlock, header_messages, keys_of, read_yaml
from aggregator.values.charts import ChartSpec
from aggregator.values.columns import ColumnType, StoredAs
from aggregator.values.invalid import KeyDiagnostics
from aggregator.values.shapes import ShapeSpec, read_shape

_COMMENT = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z))*/\*(.*?)(\*/|\Z)", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LONGEST = 20_000
"""Characters; YAML is read slowly, and nobody's report may wait for another's header."""

_NAME = r"^[A-Za-z_][A-Za-z0-9_]*$"

_TYPE_BY_NAME = (
    ("integer", re.compile(r"(^|_)(id|count|limit|offset|quantity|year)$", re.IGNORECASE)),
    ("date", re.compile(r"(^|_)(date|day|since|until|from|to)$", re.IGNORECASE)),
)

COLUMN_TYPES: dict[ColumnType, str] = {
    "text": "as it is stored",
    "integer": "as it is stored; an integer in the API documentation",
    "number": "as it is stored; a number in the API documentation",
    "boolean": "1 is true and 0 is false",
    "date": "a date as ISO text, `2024-02-29`; a real date in Excel",
    "datetime": "a date and time as ISO text, `2024-02-29T15:30:00Z`; a real date and time in Excel",
    "month": "a month as ISO text, `2024-02`",
    "money": "an amount, `10.50`; stored as 1050, or as 10.5 with `stored: major`",
    "percent": "a fraction; Excel shows 0.25 as 25.00%",
    "json": "JSON text; a JSON response has the JSON value itself",
}
"""The types of columns, for the documentation."""

FormatName = Literal["json", "ndjson", "csv", "excel"]
Name = Annotated[str, Field(pattern=_NAME)]
RESERVED_PARAMETERS = {"format", "for", "separator", "decimal", "_page"}
"""Names in the query string that the service reads by itself."""

PLAN_WANTED = "_plan"
"""One more, which only the page with a report's SQL reads."""

LINE = "line"
"""The column of `input` that the service adds: where the row stands in the file."""

_FIRST_WORD = re.compile(r"(?:\s|;|--[^\n]*|/\*.*?\*/)*(\w*)", re.DOTALL)

_FIRST_WORDS = (
    *("SELECT", "WITH", "VALUES", "INSERT", "UPDATE", "DELETE", "REPLACE", "EXPLAIN", "PRAGMA", "ATTACH"),
    *("DETACH", "CREATE", "ALTER", "DROP", "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE"),
    *("VACUUM", "ANALYZE", "REINDEX"),
)
"""What statements of SQLite begin with (https://sqlite.org/lang.html)."""

_LIKE_ENOUGH = 0.88
"""How similar a misspelt first word must be: SELEC is, SELECTED is not."""


class ColumnSpec(BaseModel):
    """What a header says of one column of the result. Each field is a key of `columns.<name>`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: ColumnType | None = Field(None, description="The type of the values (default: as they are stored)")
    currency: str | None = Field(None, pattern="^[A-Z]{3}$", description="The ISO 4217 code for `money`")
    stored: StoredAs | None = Field(
        None,
        description="How the database stores money: `minor` (198 for 1.98, the default) or `major` (1.98)",
    )
    description: str = Field("", description="The meaning of the column")
    total: bool | None = Field(
        None,
        description="Whether a page shows the column's sum. By default it does for money, unless the result "
        "has a column `currency`, and for numbers, unless the name means a price, a share, an ID or the like",
    )
    link: str = Field(
        "",
        pattern=r"^(/([^/].*)?)?$",
        description="The link of each value on a page, a path with columns in braces: "
        "`/customers/{customer_id}`",
    )

    @model_validator(mode="after")
    def _is_of_money(self) -> ColumnSpec:
        findings = KeyDiagnostics()
        for key in ("currency", "stored"):
            if getattr(self, key) is not None and self.type != "money":
                findings.add(key, "belongs to a column of type money")
        findings.raise_any()
        return self


class Header(BaseModel):
    """All that a file says of its URL. Each field is a key of the YAML block."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field("", description="The title, in one line (default: the file's name)")
    description: str = Field("", description="The description; the API documentation shows it as Markdown")
    params: dict[Name, Parameter] = Field(
        default_factory=dict, description="The parameters: each `:name` of the SQL with its type"
    )
    input: dict[Name, InputColumn] = Field(
        default_factory=dict,
        description="The columns of the rows in the body; SQL reads them from the table `input`",
    )
    empty: OneOrMore = Field(
        default_factory=list,
        description="Texts that mean no value in all columns of `input`, such as `N/A`. `empty` of a column "
        "takes precedence",
    )
    rows_in: Name | None = Field(
        None,
        description="The member of a JSON body that has the list of rows. The other members are parameters",
    )
    columns: dict[str, ColumnSpec] = Field(
        default_factory=dict, description="The columns of the result, by name"
    )
    shape: Annotated[ShapeSpec, BeforeValidator(read_shape)] = Field(
        ShapeSpec(), description="The shape of a JSON response (default: an array of rows)"
    )
    sort: SortSpec | None = Field(
        None, description="The columns by which a request may sort with the parameter `sort`"
    )
    chart: ChartSpec | None = Field(
        None, description="A chart of the rows, on the page and in the formats `svg` and `png`"
    )
    filename: str | None = Field(
        None,
        description="The file name of a download, without its ending. `{param}` is replaced by the value",
    )
    sheet: str = Field("", description="The name of the sheet in Excel (default: the file's name)")
    formats: list[FormatName] = Field(
        default_factory=list,
        description="The available formats, the default first (default: all)",
    )
    time_limit: float | None = Field(
        None,
        gt=0,
        allow_inf_nan=False,
        description="The time limit in seconds; it can only lower the service's limit",
    )
    tags: list[str] = Field(default_factory=list, description="The groups of the API documentation")

    @model_validator(mode="before")
    @classmethod
    def _empty_in_every_column(cls, data: Any) -> Any:
        texts, columns = data.get("empty"), data.get("input")
        if not isinstance(texts, str | list) or not isinstance(columns, dict):
            return data
        own = {
            name: {"empty": texts, **column} if isinstance(column, dict) else column
            for name, column in columns.items()
        }
        return {**data, "input": own}

    @model_validator(mode="after")
    def _names_fit(self) -> Header:
        findings = KeyDiagnostics()
        for name in sorted({*RESERVED_PARAMETERS, PLAN_WANTED} & self.params.keys()):
            findings.add(f"params.{name}", "is reserved by the service; choose another name")
        self._check_input_names(findings)
        for name in _PLACEHOLDER.findall(self.filename or ""):
            if name not in self.params:
                findings.add("filename", f"uses {{{name}}}, which is not a parameter")
        if self.sort is not None and "sort" in self.params:
            findings.add("params.sort", "is already declared by the key sort; remove one of them")
        findings.raise_any()
        if self.sort is not None:
            said = self.sort
            self.params["sort"] = sort_parameter(said.columns, said.default, said.description)
        return self

    def _check_input_names(self, findings: KeyDiagnostics) -> None:
        for key in ("rows_in", "empty"):
            if getattr(self, key) and not self.input:
                findings.add(key, "is for a file with input")
        if self.rows_in in self.params:
            findings.add("rows_in", f"{self.rows_in} is a parameter; choose another name")
        seen: dict[str, str] = {}
        for name in self.input:
            other = seen.setdefault(name.lower(), name)
            if name.lower() == LINE:
                findings.add(f"input.{name}", "is the row's line in the file; choose another name")
            elif other != name:
                findings.add(f"input.{name}", f"differs from {other} only in case, which SQL ignores")


_HAS_KEY = re.compile(
    rf"^[^\S\n]*+(?:\{{\s*+)?(['\"]?)(?:{'|'.join(Header.model_fields)})\1[^\S\n]*+:", re.MULTILINE
)
"""A line that begins with a key of the header; a comment without one is only a comment."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file taken apart: its header, where the header's keys stand, and the SQL after it.

    sql_line: the line of the file on which `sql` begins.
    """

    header: Header
    block: YamlBlock
    sql: str
    sql_line: int

    def line_of(self, *keys: str) -> int:
        """The line of a key of the header, or of the nearest key above it."""
        return self.block.line_of(keys)

    def how_to_declare(self, names: Iterable[str]) -> str:
        """What to add to the file so that these parameters are declared, as the end of a sentence."""
        params = ", ".join(f"{name}: {{type: {_likely_type(name)}}}" for name in names)
        if self.header.params:
            return f"add `{params}` to params"
        if self.block.values:
            return f"add `params: {{{params}}}` to the header"
        return f"begin the file with `/* params: {{{params}}} */`"


def _likely_type(name: str) -> str:
    return next((kind for kind, names in _TYPE_BY_NAME if names.search(name)), "text")


def read_source(text: str, file: str) -> tuple[Source | None, list[Diagnostic]]:
    """Take a file's text apart. The header is the first leading `/* */` comment that has one of its keys;
    without one the header is empty.

    file: how the faults name it. The source is None when there are faults.
    """
    match = _header_comment(text)
    sql, sql_line = sql_of(text)
    if match is None:
        return Source(Header(), YamlBlock(), sql, sql_line), []
    first_line = text.count("\n", 0, match.start(1)) + 1
    if not match[2]:
        return None, [Diagnostic(file, first_line, "the leading /* comment is not closed with */")]
    if len(match[1]) > _LONGEST:
        message = f"the header is longer than {_LONGEST:,} characters; choices can come from choices_sql"
        return None, [Diagnostic(file, first_line, message)]
    block, faults = read_yaml(match[1], file, first_line)
    if faults:
        return None, faults
    try:
        header = Header.model_validate(block.values)
    except ValidationError as error:
        return None, [
            Diagnostic(file, block.line_of(keys), message)
            for keys, message in header_messages(error, _keys_inside)
        ]
    return Source(header, block, sql, sql_line), []


def is_sql(text: str) -> bool:
    """Whether a text has a header, begins with a word of SQL, also a misspelt one, or is empty."""
    if _header_comment(text) is not None:
        return True
    sql, _ = sql_of(text)
    first = _FIRST_WORD.match(sql)
    assert first is not None  # It matches an empty text, too.
    if first.start(1) == len(sql):
        return True
    return bool(get_close_matches(first[1].upper(), _FIRST_WORDS, n=1, cutoff=_LIKE_ENOUGH))


def sql_of(text: str) -> tuple[str, int]:
    """The SQL after the header, and the line on which it begins; also when the header has faults."""
    match = _header_comment(text)
    if match is None:
        return text.removeprefix("\ufeff"), 1
    return text[match.end() :], text.count("\n", 0, match.end()) + 1


def header_place(text: str) -> tuple[int, int]:
    """Where the header's YAML begins and ends in a file's text; 0 and 0 without a header."""
    match = _header_comment(text)
    return match.span(1) if match is not None else (0, 0)


def _header_comment(text: str) -> re.Match[str] | None:
    """The comment that is the header, or a comment before it that has no end."""
    place = len(text) - len(text.removeprefix("\ufeff"))
    while (match := _COMMENT.match(text, place)) is not None:
        if not match[2] or _HAS_KEY.search(match[1]):
            return match
        place = match.end()
    return None


def _keys_inside(keys: Keys) -> Collection[str]:
    models: dict[str, type[BaseModel]] = {
        "params": Parameter,
        "input": InputColumn,
        "sort": SortSpec,
        "chart": ChartSpec,
    }
    return keys_of(models.get(keys[0], ColumnSpec) if keys else Header)
