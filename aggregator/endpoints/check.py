"""Checks a file: its SQL is prepared against the databases, and its header compared with its SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.endpoints.model import ReadEndpoint, WriteEndpoint, columns_of, schema_state
from aggregator.endpoints.source_check import SourceCheck, faults_of_chart
from aggregator.engine.base import OrderedSelect, Statement, TableName
from aggregator.engine.sqlite.bare_names import attach_owners
from aggregator.engine.sqlite.connection import ReadOnlyConnection
from aggregator.engine.sqlite.files import DatabaseFile, Identity, with_name
from aggregator.engine.sqlite.paging import ordered_select
from aggregator.engine.sqlite.prepare import InspectionConnection, prepare, prepare_writes, referenced
from aggregator.engine.sqlite.tokens import parameters
from aggregator.errors import BrokenEndpoint, DatabaseUnavailable, Diagnostic
from aggregator.sqlfile.catalog import Endpoint
from aggregator.sqlfile.header import Source, sql_of
from aggregator.sqlfile.parameters import Parameter, sort_parameter


def check_read(endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float) -> ReadEndpoint:
    """Prepare an endpoint's SQL against the databases.

    Raises BrokenEndpoint with every fault that can be found, or DatabaseUnavailable when a database
    that the file names cannot be opened now.
    """
    if endpoint.source is None:
        raise BrokenEndpoint(sorted([*endpoint.faults, *_faults_of_sql(endpoint, files, lock_wait)]))
    return _ReadCheck(endpoint.file, endpoint.source, files).run(endpoint, lock_wait)


def _faults_of_sql(
    endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float
) -> Iterator[Diagnostic]:
    """What else is wrong with a file whose header has faults, as far as it can be known."""
    sql, first_line = sql_of(endpoint.text)
    if not endpoint.text:
        return
    try:
        connection = ReadOnlyConnection(referenced(sql, files), lock_wait)
    except DatabaseUnavailable:
        return
    try:
        attach_owners(sql, connection, files)
        _, faults = prepare(sql, connection, files)
    except DatabaseUnavailable:
        return
    finally:
        connection.close()
    for fault in faults:
        yield Diagnostic(endpoint.file, first_line + fault.line - 1, fault.message)


class _ReadCheck(SourceCheck):
    """The check of one file that is a report."""

    def run(self, endpoint: Endpoint, lock_wait: float) -> ReadEndpoint:
        header = self.source.header
        texts = [self.source.sql, *(each.choices_sql or "" for each in header.params.values())]
        # Looked at before they are opened: one that is replaced meanwhile is checked again.
        identities = {schema: file.identity() for schema, file in self.files.items()}
        connection = ReadOnlyConnection(referenced("\n".join(texts), self.files), lock_wait)
        try:
            for text in texts:
                attach_owners(text, connection, self.files)
            versions = connection.schema_versions()
            statement = self._statement(connection)
            choices = dict(self._choices(connection))
        finally:
            connection.close()
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
        read = tuple(self.files[schema] for schema in sorted(schemas))
        return ReadEndpoint(
            endpoint=endpoint,
            header=header,
            params=header.params | {"sort": header.params.get("sort") or sort_parameter(names)},
            statement=statement,
            columns=columns_of(statement, header),
            files=read,
            choices=choices,
            checked_against=schema_state(
                tuple(identities[file.schema] for file in read), [versions[file.schema] for file in read]
            ),
            ordered=ordered,
        )

    def _check_chart(self, endpoint: Endpoint, statement: Statement | None) -> None:
        header = self.source.header
        if endpoint.route.method != "GET":
            self.refuse_key("chart", "answer GET")
        elif statement is not None:
            for key, message in faults_of_chart(header, columns_of(statement, header)):
                self.add(self.source.line_of("chart", key), message)

    def _statement(self, connection: ReadOnlyConnection) -> Statement | None:
        statement, faults = prepare(self.source.sql, connection, self.files)
        for fault in self.beside_missing(faults, self.source.sql, self.source.sql_line):
            self.add(self.source.sql_line + fault.line - 1, fault.message)
        return statement

    def _ordered(self, statement: Statement) -> OrderedSelect | None:
        """The SQL of a page, or of a file with `sort`, in its parts."""
        header, ordered = self.source.header, ordered_select(statement.sql)
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

    def _choices(self, connection: ReadOnlyConnection) -> Iterator[tuple[str, Statement]]:
        for name, parameter in self.source.header.params.items():
            if parameter.choices_sql is None:
                continue
            first_line = self.source.block.line_of_text(("params", name, "choices_sql"))
            statement, faults = prepare(parameter.choices_sql, connection, self.files)
            for fault in self.beside_missing(faults, parameter.choices_sql, first_line):
                self.add(first_line + fault.line - 1, f"choices_sql of {name}: {fault.message}")
            for token in parameters(parameter.choices_sql)[:1]:
                line = first_line + token.line - 1
                self.add(line, f"choices_sql of {name}: {token.text}: it has no parameters")
            if statement is not None:
                yield name, statement


def _is_count(parameter: Parameter | None, least: int) -> bool:
    """Whether a parameter always has one whole number that is not below the least."""
    if parameter is None or parameter.type != "integer" or parameter.many or parameter.default is None:
        return False
    return parameter.min is not None and int(parameter.min) >= least


def check_endpoint(
    endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float
) -> ReadEndpoint | WriteEndpoint:
    """Prepare an endpoint's SQL; a file for GET, or a POST that only reads, is a report.

    Raises BrokenEndpoint with every fault that can be found, or DatabaseUnavailable.
    """
    if endpoint.route.method == "GET":
        return check_read(endpoint, files, lock_wait)
    if endpoint.source is None:
        raise BrokenEndpoint(endpoint.faults)
    checking = _WriteCheck(endpoint.file, endpoint.source, files)
    statements = checking.statements(lock_wait)
    is_known = not checking.faults and not checking.missing
    only_reads = is_known and not any(each.writes for each in statements)
    if only_reads and endpoint.route.method == "POST" and len(statements) == 1 and not checking.has_input:
        return check_read(endpoint, files, lock_wait)
    return checking.run(endpoint, statements)


class _WriteCheck(SourceCheck):
    """The check of one file that may write."""

    def __init__(self, file: str, source: Source, files: Mapping[str, DatabaseFile]) -> None:
        super().__init__(file, source, files)
        self.has_input = bool(source.header.input)
        self._states: dict[str, tuple[Identity | None, object]] = {}

    def statements(self, lock_wait: float) -> list[Statement]:
        """The statements, as far as they can be prepared."""
        source = self.source
        # Looked at before they are opened: one that is replaced meanwhile is checked again.
        identities = {schema: file.identity() for schema, file in self.files.items()}
        files = referenced(source.sql, self.files)
        connection = InspectionConnection(files, lock_wait, list(source.header.input))
        try:
            attach_owners(source.sql, connection, self.files)
            versions = connection.schema_versions()
            self._states = {schema: (identities[schema], version) for schema, version in versions.items()}
            statements, faults = prepare_writes(source.sql, connection, self.files)
        finally:
            connection.close()
        for fault in self.beside_missing(faults, source.sql, source.sql_line):
            self.add(source.sql_line + fault.line - 1, fault.message)
        written = {schema for statement in statements for schema, _ in statement.writes}
        for schema, unusable in connection.schema_faults.items() if written else ():
            what = f"{schema} can only be read" if schema in written else f"a write cannot read {schema}"
            message = f"{what} while it has an object that SQLite cannot use: {with_name(unusable)}"
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
        self.refuse_key("sort", "only read")
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
            written=tuple(self.files[schema] for schema in schemas if schema in written),
            counted=_counted(statements),
            checked_against=schema_state(
                tuple(self._states[schema][0] for schema in schemas),
                [self._states[schema][1] for schema in schemas],
            ),
        )

    def _check_header(self, endpoint: Endpoint, statements: list[Statement]) -> None:
        method, first_line = endpoint.route.method, self.source.sql_line
        if not self.faults and not any(each.writes for each in statements) and method != "POST":
            self.add(first_line, f"no statement writes, and a file for {method} does")
        if self.source.header.shape.kind != "rows" and not self.faults and not statements[-1].columns:
            self.add(self.source.line_of("shape"), "shape: the last statement gives no rows to be shaped")
        if self.source.header.shape.kind == "page":
            self.add(self.source.line_of("shape"), "shape: a page is for files that only read")
        for name, parameter in self.source.header.params.items():
            if parameter.choices_sql is not None:
                line = self.source.line_of("params", name, "choices_sql")
                self.add(line, f"params.{name}.choices_sql: is for reports; a foreign key can say the same")


def _counted(statements: list[Statement]) -> TableName | None:
    """The table that the last statement that writes at all changes."""
    for statement in reversed(statements):
        if statement.writes:
            return min(statement.writes)
    return None
