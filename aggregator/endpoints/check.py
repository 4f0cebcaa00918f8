"""Checks a file: its SQL is prepared against the databases, and its header compared with its SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint, columns_of
from aggregator.endpoints.sql_check import SourceCheck, faults_of_chart
from aggregator.engine.base import Engine, Inspection, Source
from aggregator.engine.model import OrderedSelect, Statement, TableName
from aggregator.errors import BrokenEndpoint, DatabaseUnavailable, Diagnostic
from aggregator.sqlfile.catalog import Endpoint
from aggregator.sqlfile.header import Source as SqlSource
from aggregator.sqlfile.header import sql_of
from aggregator.sqlfile.parameters import Parameter, sort_parameter


def check_read(
    engine: Engine, endpoint: Endpoint, files: Mapping[str, Source], lock_wait: float
) -> ReadEndpoint:
    """Prepare an endpoint's SQL against the databases.

    Raises BrokenEndpoint with every fault that can be found, or DatabaseUnavailable when a database
    that the file names cannot be opened now.
    """
    if endpoint.source is None:
        raise BrokenEndpoint(sorted([*endpoint.faults, *_faults_of_sql(engine, endpoint, files, lock_wait)]))
    return _ReadCheck(engine, endpoint.file, endpoint.source, files).run(endpoint, lock_wait)


def _faults_of_sql(
    engine: Engine, endpoint: Endpoint, files: Mapping[str, Source], lock_wait: float
) -> Iterator[Diagnostic]:
    """What else is wrong with a file whose header has faults, as far as it can be known."""
    sql, first_line = sql_of(endpoint.text)
    if not endpoint.text:
        return
    try:
        with engine.inspect([sql], files, lock_wait) as inspection:
            _, faults = inspection.prepare(sql)
    except DatabaseUnavailable:
        return
    for fault in faults:
        yield Diagnostic(endpoint.file, first_line + fault.line - 1, fault.message)


class _ReadCheck(SourceCheck):
    """The check of one file that is a report."""

    def run(self, endpoint: Endpoint, lock_wait: float) -> ReadEndpoint:
        header = self.source.header
        texts = [self.source.sql, *(each.choices_sql or "" for each in header.params.values())]
        with self.engine.inspect(texts, self.files, lock_wait) as inspection:
            statement = self._statement(inspection)
            choices = dict(self._choices(inspection))
        self.check_parameters()
        columns = statement.columns if statement is not None else ()
        names = [column.name for column in columns]
        self.check_columns(names)
        self.check_amounts(columns)
        self.check_shape(names)
        self._check_chart(endpoint, statement)
        ordered = self._ordered(statement) if statement is not None else None
        if statement is None or self.faults or self.missing:
            raise self.broken()
        schemas = statement.schemas.union(*(each.schemas for each in choices.values()))
        return ReadEndpoint(
            endpoint=endpoint,
            header=header,
            params=header.params | {"sort": header.params.get("sort") or sort_parameter(names)},
            statement=statement,
            columns=columns_of(statement, header),
            files=tuple(self.files[schema] for schema in sorted(schemas)),
            dialect=self.engine.dialect,
            choices=choices,
            checked_against=inspection.schema_state(sorted(schemas)),
            ordered=ordered,
        )

    def _check_chart(self, endpoint: Endpoint, statement: Statement | None) -> None:
        header = self.source.header
        if endpoint.route.method != "GET":
            self.refuse_key("chart", "answer GET")
        elif statement is not None:
            for key, message in faults_of_chart(header, columns_of(statement, header)):
                self.add(self.source.line_of("chart", key), message)

    def _statement(self, inspection: Inspection) -> Statement | None:
        statement, faults = inspection.prepare(self.source.sql)
        for fault in self.beside_missing(faults, self.source.sql, self.source.sql_line):
            self.add(self.source.sql_line + fault.line - 1, fault.message)
        return statement

    def _ordered(self, statement: Statement) -> OrderedSelect | None:
        """The SQL of a page, or of a file with `sort`, in its parts."""
        header, ordered = self.source.header, self.engine.ordered_select(statement.sql)
        if header.sort is not None:
            self.check_sort(header.sort, [column.name for column in statement.columns], ordered)
        if header.shape.kind == "page":
            self._check_page(ordered)
        return ordered if header.sort is not None or header.shape.kind == "page" else None

    def _check_page(self, ordered: OrderedSelect | None) -> None:
        """A page has whole numbers, with defaults, as its limit and offset, and ends in them."""
        for name, least in (("limit", 1), ("offset", 0)):
            if not _is_count(self.source.header.params.get(name), least):
                message = f"shape: page needs {name}: {{type: integer, default: …, min: {least}}}"
                self.add(self.source.line_of("params", name), message)
        if ordered is None or not ordered.is_page:
            message = "shape: the SQL of a page must end in ORDER BY … LIMIT :limit OFFSET :offset"
            self.add(self.source.line_of("shape"), message)

    def _choices(self, inspection: Inspection) -> Iterator[tuple[str, Statement]]:
        for name, parameter in self.source.header.params.items():
            if parameter.choices_sql is None:
                continue
            first_line = self.source.block.line_of_text(("params", name, "choices_sql"))
            statement, faults = inspection.prepare(parameter.choices_sql)
            for fault in self.beside_missing(faults, parameter.choices_sql, first_line):
                self.add(first_line + fault.line - 1, f"choices_sql of {name}: {fault.message}")
            for token in self.engine.parameters(parameter.choices_sql)[:1]:
                line = first_line + token.line - 1
                self.add(line, f"choices_sql of {name}: {token.text}: parameters are not allowed here")
            if statement is not None:
                yield name, statement


def _is_count(parameter: Parameter | None, least: int) -> bool:
    """Whether a parameter always has one whole number that is not below the least."""
    if parameter is None or parameter.type != "integer" or parameter.many or parameter.default is None:
        return False
    return parameter.min is not None and int(parameter.min) >= least


def check_endpoint(
    engine: Engine, endpoint: Endpoint, files: Mapping[str, Source], lock_wait: float
) -> ReadEndpoint | WriteEndpoint:
    """Prepare an endpoint's SQL; a file for GET, or a POST that only reads, is a report.

    Raises BrokenEndpoint with every fault that can be found, or DatabaseUnavailable.
    """
    if endpoint.route.method == "GET":
        return check_read(engine, endpoint, files, lock_wait)
    if endpoint.source is None:
        raise BrokenEndpoint(endpoint.faults)
    checking = _WriteCheck(engine, endpoint.file, endpoint.source, files)
    statements = checking.statements(lock_wait)
    is_known = not checking.faults and not checking.missing
    only_reads = is_known and not any(each.writes for each in statements)
    if only_reads and endpoint.route.method == "POST" and len(statements) == 1 and not checking.has_input:
        return check_read(engine, endpoint, files, lock_wait)
    return checking.run(endpoint, statements)


class _WriteCheck(SourceCheck):
    """The check of one file that may write."""

    def __init__(self, engine: Engine, file: str, source: SqlSource, files: Mapping[str, Source]) -> None:
        super().__init__(engine, file, source, files)
        self.has_input = bool(source.header.input)

    def statements(self, lock_wait: float) -> list[Statement]:
        """The statements, as far as they can be prepared."""
        source = self.source
        columns = list(source.header.input)
        with self.engine.inspect([source.sql], self.files, lock_wait, columns) as inspection:
            self._inspection = inspection
            statements, faults = inspection.prepare_writes(source.sql)
        for fault in self.beside_missing(faults, source.sql, source.sql_line):
            self.add(source.sql_line + fault.line - 1, fault.message)
        written = {schema for statement in statements for schema, _ in statement.writes}
        for schema, unusable in inspection.unusable.items() if written else ():
            what = f"{schema} can only be read" if schema in written else f"a write cannot read {schema}"
            message = f"{what} while it has an object that SQLite cannot use: {unusable}"
            self.add(source.sql_line, message)
        return statements

    def run(self, endpoint: Endpoint, statements: list[Statement]) -> WriteEndpoint:
        """The endpoint; raises BrokenEndpoint."""
        self.check_parameters()
        last = statements[-1] if statements and not self.missing else None
        names = [column.name for column in last.columns] if last is not None else []
        self.check_columns(names)
        self.check_amounts(last.columns if last is not None else ())
        self.check_shape(names)
        self.refuse_key("chart", "answer GET")
        self.refuse_key("sort", "do not write")
        if not self.missing:
            self._check_header(endpoint, statements)
        if self.faults or last is None:
            raise self.broken()
        schemas = sorted(set().union(*(each.schemas for each in statements)))
        written = {schema for each in statements for schema, _ in each.writes}
        return WriteEndpoint(
            endpoint=endpoint,
            header=self.source.header,
            params=self.source.header.params,
            statements=tuple(statements),
            columns=columns_of(last, self.source.header),
            files=tuple(self.files[schema] for schema in schemas),
            dialect=self.engine.dialect,
            written=tuple(self.files[schema] for schema in schemas if schema in written),
            counted=_counted(statements),
            checked_against=self._inspection.schema_state(schemas),
        )

    def _check_header(self, endpoint: Endpoint, statements: list[Statement]) -> None:
        method, first_line = endpoint.route.method, self.source.sql_line
        if not self.faults and not any(each.writes for each in statements) and method != "POST":
            self.add(first_line, f"no statement writes; a file for {method} must write")
        if self.source.header.shape.kind != "rows" and not self.faults and not statements[-1].columns:
            self.add(self.source.line_of("shape"), "shape: the last statement returns no rows")
        if self.source.header.shape.kind == "page":
            self.add(self.source.line_of("shape"), "shape: page is only for files that read")
        for name, parameter in self.source.header.params.items():
            if parameter.choices_sql is not None:
                line = self.source.line_of("params", name, "choices_sql")
                self.add(line, f"params.{name}.choices_sql: is only for reports; use a foreign key instead")


def _counted(statements: list[Statement]) -> TableName | None:
    """The table that the last statement that writes at all changes."""
    for statement in reversed(statements):
        if statement.writes:
            return min(statement.writes)
    return None
