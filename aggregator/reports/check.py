"""Whether a file can be a report: its SQL prepared against the databases, its header against its SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import sql_of
from aggregator.catalog.parameters import Parameter, sort_parameter
from aggregator.databases.bare_names import attach_owners
from aggregator.databases.connection import ReadOnlyConnection
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.inspection import Statement, inspect, mentioned
from aggregator.databases.paging import OrderedSelect, ordered_select
from aggregator.databases.tokens import parameters
from aggregator.errors import BrokenReport, DatabaseUnavailable, Fault
from aggregator.reports.chart_check import faults_of_chart
from aggregator.reports.report import Report, columns_of, state
from aggregator.reports.source_check import SourceCheck


def check(endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float) -> Report:
    """Prepare an endpoint's SQL against the databases.

    Raises BrokenReport with every fault that can be found, or DatabaseUnavailable when a database
    that the file names cannot be opened now.
    """
    if endpoint.source is None:
        raise BrokenReport(sorted([*endpoint.faults, *_faults_of_sql(endpoint, files, lock_wait)]))
    return _Check(endpoint.file, endpoint.source, files).run(endpoint, lock_wait)


def _faults_of_sql(
    endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float
) -> Iterator[Fault]:
    """What else is wrong with a file whose header has faults, as far as it can be known."""
    sql, first_line = sql_of(endpoint.text)
    if not endpoint.text:
        return
    try:
        connection = ReadOnlyConnection(mentioned(sql, files), lock_wait)
    except DatabaseUnavailable:
        return
    try:
        attach_owners(sql, connection, files)
        _, faults = inspect(sql, connection, files)
    except DatabaseUnavailable:
        return
    finally:
        connection.close()
    for fault in faults:
        yield Fault(endpoint.file, first_line + fault.line - 1, fault.message)


class _Check(SourceCheck):
    """The check of one file that is a report."""

    def run(self, endpoint: Endpoint, lock_wait: float) -> Report:
        header = self.source.header
        texts = [self.source.sql, *(each.choices_sql or "" for each in header.params.values())]
        # Looked at before they are opened: one that is replaced meanwhile is checked again.
        identities = {schema: file.identity() for schema, file in self.files.items()}
        connection = ReadOnlyConnection(mentioned("\n".join(texts), self.files), lock_wait)
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
        return Report(
            endpoint=endpoint,
            header=header,
            params=header.params | {"sort": header.params.get("sort") or sort_parameter(names)},
            statement=statement,
            columns=columns_of(statement, header),
            files=read,
            choices=choices,
            checked_against=state(
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
        statement, faults = inspect(self.source.sql, connection, self.files)
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
            statement, faults = inspect(parameter.choices_sql, connection, self.files)
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
