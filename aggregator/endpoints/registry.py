"""All endpoints: the files of `sql/` checked against those of `dbs/`, and kept up to date."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from aggregator.endpoints.access import Access, Actor, OpenAccess
from aggregator.endpoints.compiled import CompiledEndpoint
from aggregator.endpoints.sql_check import listed
from aggregator.engine.base import Engine, Source
from aggregator.errors import (
    AggregatorError,
    BrokenEndpoint,
    DatabaseUnavailable,
    Diagnostic,
    MissingDatabases,
    QueryFailed,
)
from aggregator.sqlfile.catalog import Catalog, Endpoint, SqlFolder

_FAILURE_SECONDS = 0.5
"""How long a report that failed its check is not checked again."""

_MOST_CHECKS = 3
_MOST_ACTORS = 1_000

_BARE_SECONDS = 2.0
"""How long a name without its schema is taken for that of one table; any file may get one of that name."""

T = TypeVar("T", bound=CompiledEndpoint)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Known(Generic[T]):
    """What a check found. present: the databases that there were."""

    endpoint: Endpoint
    present: Mapping[str, Source]
    report: T | None
    error: AggregatorError | None
    at: float
    lock_wait: float

    def still_holds(self, endpoint: Endpoint, present: Mapping[str, Source], lock_wait: float) -> bool:
        """Whether another check of the same file would hardly find anything else."""
        is_fresh = time.monotonic() - self.at <= _FAILURE_SECONDS and self.present == present
        return self.endpoint is endpoint and is_fresh and self.lock_wait >= lock_wait


@dataclass(frozen=True, slots=True)
class MissingFor:
    """Endpoints that cannot be run because the same databases are missing. schemas: their names, sorted."""

    endpoints: tuple[Endpoint, ...]
    schemas: tuple[str, ...]

    def __str__(self) -> str:
        return f"{len(self.endpoints)} reports need databases that are missing: {listed(self.schemas)}"


def missing_databases(troubles: Iterable[tuple[Endpoint, AggregatorError | None]]) -> MissingFor | None:
    """The endpoints whose missing databases others lack too; a name that only one has may be misspelt."""
    known = [(endpoint, error) for endpoint, error in troubles if isinstance(error, MissingDatabases)]
    counts = Counter(schema for _, error in known for schema in error.schemas)
    found = [each for each in known if any(counts[schema] > 1 for schema in each[1].schemas)]
    if not found:
        return None
    schemas = sorted(set().union(*(error.schemas for _, error in found)))
    return MissingFor(tuple(endpoint for endpoint, _ in found), tuple(schemas))


class StaleEndpoint(Exception):
    """The tables may no longer be those that the endpoint was checked against; check it again.

    reason: what SQLite says against the SQL, when the tables' versions have not changed.
    """

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason

    def at_last(self, files: Sequence[Source]) -> AggregatorError:
        """The error when checking again did not help. files: those that the SQL needs."""
        if self.reason is None:
            schemas = " or ".join(file.schema for file in files)
            return DatabaseUnavailable(schemas, "keeps changing its schema")
        return QueryFailed(f"SQLite cannot run the SQL of this file: {self.reason}.", self.reason)


class EndpointRegistry(Generic[T]):
    """Finds endpoints and checks each before its first use. Safe to use from many threads.

    check: makes a checked one of the engine, an endpoint, the databases by schema, and the seconds to wait
    for a locked one; raises BrokenEndpoint or DatabaseUnavailable. access: who may use which endpoint.
    """

    def __init__(
        self,
        sql: SqlFolder,
        databases: Engine,
        lock_wait: float,
        check: Callable[[Engine, Endpoint, Mapping[str, Source], float], T],
        access: Access | None = None,
    ) -> None:
        self._access = access or OpenAccess()
        self._allowed: dict[Actor, tuple[Catalog, Catalog]] = {}
        self._check_file = check
        self._sql = sql
        self._databases = databases
        self._lock_wait = lock_wait
        self._compiled: dict[str, _Known[T]] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    @property
    def databases(self) -> Engine:
        """The engine of the databases that endpoints read and write."""
        return self._databases

    def is_due(self) -> bool:
        """Whether it is time to look for SQL files that have changed."""
        return self._sql.is_due()

    @property
    def was_read(self) -> bool:
        """Whether the folders have been read once; until then, requests wait."""
        return self._sql.was_read

    def refresh(self) -> None:
        """Look for files that have changed, and read those with SQL: long ones take their time."""
        self._databases.sources()
        self._sql.catalog()

    def close(self) -> None:
        """End what may take long, from any thread: looking at the folder and checking all of its files."""
        self._is_closed = True
        self._sql.close()

    def catalog(self, actor: Actor) -> Catalog:
        """The endpoints that there are for the actor now; another object when a file has changed."""
        everything = self._sql.catalog()
        known = self._allowed.get(actor)
        if known is None or known[0] is not everything:
            allowed = [each for each in everything.endpoints if self._access.may_use(actor, each)]
            is_all = len(allowed) == len(everything.endpoints)
            if len(self._allowed) >= _MOST_ACTORS:
                self._allowed.clear()
            known = everything, everything if is_all else Catalog(allowed)
            self._allowed[actor] = known
        return known[1]

    def visible_databases(self, actor: Actor) -> list[Source]:
        """The databases that the actor may see, in the order of their names."""
        return [file for file in self._databases.sources().values() if self._access.may_see(actor, file)]

    def trouble(self, endpoint: Endpoint) -> AggregatorError | None:
        """What is known to be wrong with an endpoint; it is not checked for that."""
        if endpoint.faults:
            return BrokenEndpoint(endpoint.faults)
        known = self._compiled.get(endpoint.file)
        error = known.error if known is not None and known.endpoint is endpoint else None
        if isinstance(error, MissingDatabases) and self._databases.sources().keys() >= {*error.schemas}:
            return None
        return error

    def compiled(self, endpoint: Endpoint) -> T | None:
        """The endpoint's report when it is known to be good; never waits for a file."""
        known = self._compiled.get(endpoint.file)
        if known is None or known.endpoint is not endpoint or known.report is None:
            return None
        present = self._databases.sources()
        if known.report.has_bare_names:
            is_old = time.monotonic() - known.at > _BARE_SECONDS
            if is_old or known.present != present:
                return None
        files = known.report.files
        return known.report if [present.get(file.schema) for file in files] == [*files] else None

    def check(self, endpoint: Endpoint, lock_wait: float | None = None) -> T:
        """The endpoint's report, checked now if need be; may wait for a locked database.

        lock_wait: seconds to wait, when not those of the library. Raises BrokenEndpoint or
        DatabaseUnavailable.
        """
        report = self.compiled(endpoint)
        if report is not None:
            return report
        lock_wait = self._lock_wait if lock_wait is None else lock_wait
        known = self._compiled.get(endpoint.file)
        if known is None or not known.still_holds(endpoint, self._databases.sources(), lock_wait):
            self._require_what_was_there(endpoint)
            known = self._check_now(endpoint, lock_wait)
        if known.report is None:
            raise known.error or BrokenEndpoint(endpoint.faults)
        return known.report

    def with_fresh(self, endpoint: Endpoint, act: Callable[[T], R]) -> R:
        """What act returns for the endpoint, which is checked again while its tables have changed."""
        attempts = Attempts(self)
        while True:
            compiled = self.check(endpoint)
            try:
                return act(compiled)
            except StaleEndpoint as stale:
                attempts.failed(compiled, stale)

    def forget(self, report: T) -> None:
        """Check the report again before its next use: its tables have changed."""
        with self._lock:
            self._compiled.pop(report.endpoint.file, None)

    def all(self, actor: Actor) -> list[tuple[Endpoint, T | AggregatorError]]:
        """Every endpoint of the actor in the order of the files, compiled, or with what is wrong with it."""
        return self._check_all(self.catalog(actor).endpoints)

    def _check_all(self, endpoints: Iterable[Endpoint]) -> list[tuple[Endpoint, T | AggregatorError]]:
        """Each of them, compiled, or with what is wrong with it.

        Locked databases are waited for once, not once for each report that reads them.
        """
        found: list[tuple[Endpoint, T | AggregatorError]] = []
        deadline = time.monotonic() + self._lock_wait
        for endpoint in endpoints:
            if self._is_closed:
                break
            try:
                found.append((endpoint, self.check(endpoint, max(deadline - time.monotonic(), 0))))
            except (BrokenEndpoint, DatabaseUnavailable) as error:
                found.append((endpoint, error))
        return found

    def faults(self) -> list[Diagnostic]:
        """Everything that is wrong in both folders, in the order of files and lines.

        At the end, one fault stands for all reports that lack the same databases.
        """
        catalog = self._sql.catalog()
        faults = [*catalog.faults, *self._databases.faults()]
        compiled = self._check_all(catalog.endpoints)
        errors = [(endpoint, error) for endpoint, error in compiled if isinstance(error, AggregatorError)]
        lack = missing_databases(errors)
        grouped = {endpoint.file for endpoint in lack.endpoints} if lack is not None else set()
        for endpoint, report in errors:
            if endpoint.file in grouped:
                continue
            if isinstance(report, BrokenEndpoint):
                faults += report.faults
            else:
                faults.append(Diagnostic(endpoint.file, 0, report.detail))
        return sorted(faults) + (
            [Diagnostic(self._sql.folder.name, 0, str(lack))] if lack is not None else []
        )

    def _require_what_was_there(self, endpoint: Endpoint) -> None:
        """Raises DatabaseUnavailable for a file that the report could read once, and that is gone."""
        known = self._compiled.get(endpoint.file)
        if known is None or known.endpoint is not endpoint or known.report is None:
            return
        for file in known.report.files:
            if file.schema not in self._databases.sources():
                raise DatabaseUnavailable(file.schema, "is gone")

    def _check_now(self, endpoint: Endpoint, lock_wait: float) -> _Known[T]:
        report: T | None = None
        failure: AggregatorError | None = None
        present = self._databases.sources()
        try:
            report = self._check_file(self._databases, endpoint, present, lock_wait)
        except (BrokenEndpoint, DatabaseUnavailable) as error:
            failure = error
        known = _Known(endpoint, present, report, failure, time.monotonic(), lock_wait)
        with self._lock:
            self._compiled[endpoint.file] = known
        return known


class Attempts(Generic[T]):
    """The attempts of one request: an endpoint whose tables have changed is checked again for the next."""

    def __init__(self, registry: EndpointRegistry[T]) -> None:
        self._registry = registry
        self._left = _MOST_CHECKS

    def failed(self, compiled: T, stale: StaleEndpoint) -> None:
        """Have it checked again for the next attempt; raises AggregatorError when this was the last one."""
        self._registry.forget(compiled)
        self._left -= 1
        if not self._left:
            raise stale.at_last(compiled.files) from stale
