"""The page of an endpoint that takes rows or fields: a form for what a request would hold."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.formats.html import is_number
from aggregator.inputs.filetypes import SUFFIXES
from aggregator.sqlfile.day_order import DAY_ORDERS, has_day_order
from aggregator.sqlfile.input_columns import InputColumn
from aggregator.sqlfile.parameter_types import text_of
from aggregator.sqlfile.parameters import Parameter
from aggregator.web.pages.forms import default_text, fields_of, rules_of
from aggregator.web.pages.templating import PageUrl, page_url, render

_VERBS = {"POST": "Create", "PUT": "Replace", "PATCH": "Change", "DELETE": "Delete"}


@dataclass(frozen=True, slots=True)
class InputRow:
    """A column that an endpoint takes, in words. rules: what its values have to be, one sentence each."""

    name: str
    type: str
    is_required: bool
    names: tuple[str, ...]
    default: str
    rules: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class SendPage:
    """What one request for such a page is about.

    given: texts that the fields begin with, by name; base: scheme and host, for the command line;
    most_bytes: of a body; shows_sql: whether there is a page of its SQL.
    """

    compiled: ReadEndpoint | WriteEndpoint
    url: PageUrl
    given: Mapping[str, Sequence[str]]
    base: str
    most_bytes: int
    shows_sql: bool

    def page(self) -> bytes:
        """The page; nothing is sent before the reader says so."""
        route, header = self.compiled.endpoint.route, self.compiled.header
        is_write = isinstance(self.compiled, WriteEndpoint)
        has_rows = bool(header.input)
        return render(
            "send_rows.html" if has_rows else "send_fields.html",
            root=self.url.root,
            place=self.url,
            endpoint=self.compiled.endpoint,
            header=header,
            fields=fields_of({name: _open(each) for name, each in header.params.items()}, self.given, {}),
            in_path=route.parameters,
            is_write=is_write,
            is_native=route.method == "POST" and not route.parameters,
            can_skip=has_rows and not self.compiled.columns,
            verb=_VERBS[route.method] if is_write else "Run",
            wanted=[input_rows(name, column) for name, column in header.input.items()],
            has_day_order=has_day_order(header.input),
            day_orders=DAY_ORDERS,
            suffixes=",".join(SUFFIXES),
            most_bytes=self.most_bytes,
            numbers=[column.name for column in self.compiled.columns if is_number(column)],
            curl=self._curl(),
            source_url=page_url(self.url.root, "sql", self.compiled.name, {}) if self.shows_sql else None,
        )

    def _curl(self) -> str:
        """The request on the command line, with the examples of the header."""
        route, header = self.compiled.endpoint.route, self.compiled.header
        texts = {name: _example(name, each) for name, each in header.params.items()}
        url = route.url
        for name in route.parameters:
            url = url.replace(f"{{{name}}}", quote(texts[name], safe=""))
        given = {
            name: texts[name]
            for name, each in header.params.items()
            if name not in route.parameters and each.is_required
        }
        command = ["curl", *([] if route.method == "POST" else ["-X", route.method])]
        if header.input:
            command += ["-H", "Content-Type: text/csv", "--data-binary", "@rows.csv"]
            query = "&".join(f"{name}={quote(text, safe='')}" for name, text in given.items())
            url += f"?{query}" if query else ""
        elif given or route.method == "POST":
            command += ["-H", "Content-Type: application/json", "-d", orjson.dumps(given).decode()]
        return shlex.join([*command, self.base + url])


def _open(parameter: Parameter) -> Parameter:
    """The parameter, one with choices from the data as a text: the page does not read them."""
    if parameter.choices_sql is None:
        return parameter
    return parameter.model_copy(update={"type": "text", "choices_sql": None})


def input_rows(name: str, column: InputColumn) -> InputRow:
    """A column in words."""
    return InputRow(
        name=name,
        type=f"{column.type}, {column.currency}" if column.currency else column.type,
        is_required=column.required,
        names=tuple(column.names),
        default=default_text(column),
        rules=tuple(_rules(column)),
        description=column.description,
    )


def _rules(column: InputColumn) -> Iterator[str]:
    yield from rules_of(column)
    if column.example is not None:
        yield f"such as {text_of(column.example)}"


def _example(name: str, parameter: Parameter) -> str:
    value = parameter.example if parameter.example is not None else parameter.default
    if value is None:
        return name.upper()
    return ",".join(map(text_of, value)) if isinstance(value, list) else text_of(value)


def template_csv(columns: Mapping[str, InputColumn]) -> bytes:
    """A CSV file with the names of the columns and no rows, to be filled in."""
    file = io.StringIO(newline="")
    csv.writer(file).writerow(columns)
    return file.getvalue().encode()
