"""Whether a file can be an endpoint: a report, or one that writes."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import Source
from aggregator.databases.bare_names import attach_owners
from aggregator.databases.file_errors import with_name
from aggregator.databases.folder import DatabaseFile, Identity
from aggregator.databases.inspection import Statement, TableName, mentioned
from aggregator.databases.write_inspection import InspectionConnection, inspect_writes
from aggregator.errors import BrokenReport
from aggregator.reports.check import check as check_report
from aggregator.reports.report import Report, columns_of, state
from aggregator.reports.source_check import SourceCheck
from aggregator.writes.write import Write


def check(endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float) -> Report | Write:
    """Prepare an endpoint's SQL; a file for GET, or a POST that only reads, is a report.

    Raises BrokenReport with every fault that can be found, or DatabaseUnavailable.
    """
    if endpoint.route.method == "GET":
        return check_report(endpoint, files, lock_wait)
    if endpoint.source is None:
        raise BrokenReport(endpoint.faults)
    checking = _Check(endpoint.file, endpoint.source, files)
    statements = checking.statements(lock_wait)
    is_known = not checking.faults and not checking.missing
    only_reads = is_known and not any(each.writes for each in statements)
    if only_reads and endpoint.route.method == "POST" and len(statements) == 1 and not checking.has_input:
        return check_report(endpoint, files, lock_wait)
    return checking.run(endpoint, statements)


class _Check(SourceCheck):
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
        files = mentioned(source.sql, self.files)
        connection = InspectionConnection(files, lock_wait, list(source.header.input))
        try:
            attach_owners(source.sql, connection, self.files)
            versions = connection.schema_versions()
            self._states = {schema: (identities[schema], version) for schema, version in versions.items()}
            statements, faults = inspect_writes(source.sql, connection, self.files)
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

    def run(self, endpoint: Endpoint, statements: list[Statement]) -> Write:
        """The endpoint; raises BrokenReport."""
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
        return Write(
            endpoint=endpoint,
            header=self.source.header,
            params=self.source.header.params,
            statements=tuple(statements),
            columns=columns_of(last, self.source.header),
            files=tuple(self.files[schema] for schema in schemas),
            written=tuple(self.files[schema] for schema in schemas if schema in written),
            counted=_counted(statements),
            checked_against=state(
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
