"""The engine of a folder of SQLite files: what the layers above are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import cast

from aggregator.engine import base
from aggregator.engine.base import Source
from aggregator.engine.model import Statement, StatementError
from aggregator.engine.sqlite.bare_names import attach_owners
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.commit_journal import recover
from aggregator.engine.sqlite.connection import (
    LONGEST_VALUE,
    ReadOnlyConnection,
    literal,
)
from aggregator.engine.sqlite.dialect import SqliteDialect, ordered_select
from aggregator.engine.sqlite.explain import absent_schemas
from aggregator.engine.sqlite.files import DatabaseFile, DatabaseFolder, FileVersion, with_name
from aggregator.engine.sqlite.kept_responses import SqliteResponses
from aggregator.engine.sqlite.prepare import InspectionConnection, prepare, prepare_writes, referenced
from aggregator.engine.sqlite.snapshot import SnapshotPool, file_versions
from aggregator.engine.sqlite.tokens import compared, parameters
from aggregator.engine.sqlite.transaction import transaction
from aggregator.engine.sqlite.write_connection import WriteConnection
from aggregator.errors import DatabaseUnavailable

_PATIENCE_SECONDS = 0.5


class SqliteEngine(DatabaseFolder):
    """The databases of a folder, as an Engine.

    lock_wait: seconds to wait for another program's lock.
    longest_value: bytes of a value that SQL may read or make.
    make_snapshots: a new pool of snapshots, which can be pickled for another process.
    """

    dialect = SqliteDialect()

    def __init__(
        self,
        folder: Path,
        lock_wait: float = 5.0,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        super().__init__(folder)
        self._lock_wait = lock_wait
        self._longest_value = longest_value
        self.responses = SqliteResponses(folder)
        self.make_snapshots = partial(SnapshotPool, SQL_FUNCTIONS, lock_wait, longest_value=longest_value)

    def versions(self, sources: Sequence[Source]) -> list[FileVersion]:
        """The versions of sources as they are now."""
        return file_versions(cast(Sequence[DatabaseFile], sources))

    def trouble(self, source: Source) -> str | None:
        """Why a source cannot be read now; None when it can be."""
        file = cast(DatabaseFile, source)
        try:
            with closing(ReadOnlyConnection([file], _PATIENCE_SECONDS)) as connection:
                connection.read_schema(file)
        except DatabaseUnavailable as error:
            return error.reason
        return None

    @contextmanager
    def inspect(
        self,
        texts: Sequence[str],
        files: Mapping[str, Source],
        lock_wait: float,
        input_columns: Sequence[str] | None = None,
    ) -> Iterator[SqliteInspection]:
        """As Engine says."""
        known = cast(Mapping[str, DatabaseFile], files)
        # Looked at before they are opened: one that is replaced meanwhile is checked again.
        identities = {schema: file.identity() for schema, file in known.items()}
        named = referenced("\n".join(texts), known)
        connection = (
            ReadOnlyConnection(named, lock_wait)
            if input_columns is None
            else InspectionConnection(named, lock_wait, input_columns)
        )
        try:
            for text in texts:
                attach_owners(text, connection, known)
            yield SqliteInspection(connection, known, identities)
        finally:
            connection.close()

    def write_connection(self, written: Sequence[Source], read: Sequence[Source]) -> WriteConnection:
        """Raises DatabaseUnavailable."""
        return WriteConnection(
            cast(Sequence[DatabaseFile], written),
            cast(Sequence[DatabaseFile], read),
            self._lock_wait,
            functions=SQL_FUNCTIONS,
            longest_value=self._longest_value,
        )

    def transaction(self, connection: base.WriteConnection) -> AbstractContextManager[None]:
        """What is written inside is in all files when it ends, or in none when it raises."""
        return transaction(cast(WriteConnection, connection), self.folder)

    def recover(self) -> None:
        """Finish a write over several files whose process died; raises DatabaseUnavailable."""
        recover(self.folder, patience=0)

    absent_schemas = staticmethod(absent_schemas)
    compared = staticmethod(compared)
    literal = staticmethod(literal)
    ordered_select = staticmethod(ordered_select)
    parameters = staticmethod(parameters)


class SqliteInspection(base.Inspection):
    """Prepares statements on a connection. identities: of all files, from before it was opened."""

    def __init__(
        self,
        connection: ReadOnlyConnection,
        files: Mapping[str, DatabaseFile],
        identities: Mapping[str, object],
    ) -> None:
        self._connection = connection
        self._files = files
        self._identities = identities
        self._versions = connection.schema_versions()

    @property
    def unusable(self) -> dict[str, str]:
        return {schema: with_name(fault) for schema, fault in self._connection.schema_faults.items()}

    def prepare(self, sql: str) -> tuple[Statement | None, list[StatementError]]:
        return prepare(sql, self._connection, self._files)

    def prepare_writes(self, sql: str) -> tuple[list[Statement], list[StatementError]]:
        assert isinstance(self._connection, InspectionConnection)
        return prepare_writes(sql, self._connection, self._files)

    def schema_state(self, schemas: Iterable[str]) -> tuple[object, ...]:
        names = list(schemas)
        return tuple(self._identities[name] for name in names), tuple(self._versions[name] for name in names)
