"""One report: what its file says, what SQLite says of its SQL, and the columns that follow."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import ColumnSpec, Header
from aggregator.databases.connection import ReadOnlyConnection
from aggregator.databases.folder import DatabaseFile
from aggregator.databases.inspection import ResultColumn, Statement, StatementFault, inspect, mentioned
from aggregator.databases.view import identity
from aggregator.errors import BrokenReport, Fault
from aggregator.formats import FORMATS, Column, ColumnType, Format, Storage
from aggregator.formats.currency import digits, is_known


@dataclass(frozen=True, slots=True)
class Report:
    """A report that can be run.

    files: the databases that the SQL and the choices read, in the order of their names. choices: for
    each parameter with `choices_sql` that SELECT. checked_against: `state` of the files then.
    """

    endpoint: Endpoint
    header: Header
    statement: Statement
    columns: tuple[Column, ...]
    files: tuple[DatabaseFile, ...]
    choices: Mapping[str, Statement]
    checked_against: tuple[object, ...]

    @property
    def digest(self) -> str:
        """Stands for the text of the file; another text has another."""
        return self.endpoint.digest

    @property
    def name(self) -> str:
        """The file without `.sql`, as `report/customer-orders`."""
        return self.endpoint.file.removesuffix(".sql")

    @property
    def formats(self) -> list[Format]:
        """The formats to be had, the default first."""
        return [FORMATS[name] for name in self.header.formats or FORMATS]

    @property
    def title(self) -> str:
        """The header's title, or the file's name as words."""
        last = self.name.rsplit("/", 1)[-1]
        return self.header.title or re.sub(r"[-_]+", " ", last).capitalize()


def check(endpoint: Endpoint, files: Mapping[str, DatabaseFile], lock_wait: float) -> Report:
    """Prepare an endpoint's SQL against the databases.

    Raises BrokenReport with every fault that can be found, or DatabaseUnavailable when a database
    that the file names cannot be opened now.
    """
    source = endpoint.source
    if source is None:
        raise BrokenReport(endpoint.faults)
    texts = [source.sql, *(p.choices_sql or "" for p in source.header.params.values())]
    connection = ReadOnlyConnection(mentioned("\n".join(texts), files), lock_wait)
    try:
        versions = connection.schema_versions()
        faults, statement = _prepared(endpoint, connection)
        if statement is None:
            raise BrokenReport(faults)
        choices, schemas = _prepared_choices(endpoint, connection, faults)
    finally:
        connection.close()
    faults += _parameter_faults(endpoint, statement)
    faults += _column_faults(endpoint, statement)
    if faults:
        raise BrokenReport(sorted(faults))
    read = [files[schema] for schema in sorted(statement.schemas | schemas)]
    return Report(
        endpoint=endpoint,
        header=source.header,
        statement=statement,
        columns=_columns(statement, source.header),
        files=tuple(read),
        choices=choices,
        checked_against=state(read, versions),
    )


def state(files: Sequence[DatabaseFile], versions: Mapping[str, object]) -> tuple[object, ...]:
    """Equal for two moments when the files are the same and their tables were not altered."""
    return identity(files), tuple(versions[file.schema] for file in files)


def _prepared(endpoint: Endpoint, connection: ReadOnlyConnection) -> tuple[list[Fault], Statement | None]:
    source = endpoint.source
    assert source is not None
    try:
        return [], inspect(source.sql, connection)
    except StatementFault as fault:
        return [Fault(endpoint.file, source.sql_line + fault.line - 1, fault.message)], None


def _prepared_choices(
    endpoint: Endpoint, connection: ReadOnlyConnection, faults: list[Fault]
) -> tuple[dict[str, Statement], set[str]]:
    source = endpoint.source
    assert source is not None
    choices: dict[str, Statement] = {}
    schemas: set[str] = set()
    for name, parameter in source.header.params.items():
        if parameter.choices_sql is None:
            continue
        line = source.line_of("params", name, "choices_sql")
        try:
            statement = inspect(parameter.choices_sql, connection)
        except StatementFault as fault:
            faults.append(Fault(endpoint.file, line + fault.line - 1, f"choices_sql: {fault.message}"))
            continue
        if statement.parameters:
            faults.append(Fault(endpoint.file, line, "choices_sql: takes no parameters"))
        choices[name] = statement
        schemas |= statement.schemas
    return choices, schemas


def _parameter_faults(endpoint: Endpoint, statement: Statement) -> list[Fault]:
    source = endpoint.source
    assert source is not None
    declared, used = source.header.params.keys(), statement.parameters
    undeclared = [
        Fault(
            endpoint.file,
            _line_of_use(source.sql, source.sql_line, name),
            f":{name} is not declared under params",
        )
        for name in used - declared
    ]
    unused = [
        Fault(
            endpoint.file,
            source.line_of("params", name),
            f"the parameter {name} is declared, but the SQL has no :{name}",
        )
        for name in declared - used
    ]
    return undeclared + unused


def _line_of_use(sql: str, first_line: int, name: str) -> int:
    match = re.search(rf"[:@$]{re.escape(name)}\b", sql)
    return first_line + (sql.count("\n", 0, match.start()) if match else 0)


def _column_faults(endpoint: Endpoint, statement: Statement) -> list[Fault]:
    source = endpoint.source
    assert source is not None
    names = [column.name for column in statement.columns]
    faults = []
    for name, spec in source.header.columns.items():
        line = source.line_of("columns", name)
        if name not in names:
            faults.append(
                Fault(endpoint.file, line, f"there is no column {name}; the columns are {', '.join(names)}")
            )
        if spec.currency is not None and not is_known(spec.currency):
            faults.append(Fault(endpoint.file, line, f"{spec.currency} is not an ISO 4217 currency"))
    return faults


def _columns(statement: Statement, header: Header) -> tuple[Column, ...]:
    return tuple(
        _column(position, column, header.columns.get(column.name, ColumnSpec()))
        for position, column in enumerate(statement.columns)
    )


def _column(position: int, column: ResultColumn, spec: ColumnSpec) -> Column:
    storage: Storage | None = column.storage  # type: ignore[assignment]
    return Column(
        name=column.name,
        sql=f"c{position}",
        type=spec.type or _guessed_type(column),
        currency=spec.currency,
        digits=digits(spec.currency),
        storage=storage,
        is_declared=spec.type is not None,
    )


def _guessed_type(column: ResultColumn) -> ColumnType | None:
    """Days and moments by the declared type, or by the name's ending; it only matters to Excel."""
    declared = (column.declared or "").upper()
    if declared == "DATE":
        return "date"
    if declared.startswith(("DATETIME", "TIMESTAMP")):
        return "datetime"
    if declared in ("", "TEXT"):
        if column.name.endswith("_date"):
            return "date"
        if column.name.endswith("_at"):
            return "datetime"
    return None
