"""What the requests of one process share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from aggregator.endpoints.access import Access
from aggregator.endpoints.check import check_endpoint
from aggregator.endpoints.compiled import ReadEndpoint, WriteEndpoint
from aggregator.endpoints.registry import Attempts, EndpointRegistry, StaleEndpoint
from aggregator.engine.model import StoredResponse
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.schema import Overviews
from aggregator.engine.sqlite.snapshot import IDLE_SECONDS
from aggregator.errors import DatabaseUnavailable, Overloaded, SpoolFull
from aggregator.read.run import Spool, SpoolSpace
from aggregator.read.scheduling import CostHistory, InlineRuns
from aggregator.read.worker_process import WorkerProcesses
from aggregator.settings import Settings
from aggregator.sqlfile.catalog import Endpoint, SqlFolder
from aggregator.write.batch_queue import WriteQueues
from aggregator.write.execute import WriteContext

P = ParamSpec("P")
T = TypeVar("T")
_SPARE_THREADS = 4
_CHECKERS = 32
_REFRESH_SECONDS = 0.3
_HOUSEKEEPING_SECONDS = 5.0
_LAST_WRITES_SECONDS = 1.0
log = logging.getLogger(__name__)


class Service:
    """The folders, the warm views, and the threads that run SQL and write files.

    A thread of `encoders` waits for rows only while a thread of `runners` makes them, so there are
    a few more of them: slow SQL never keeps another client from its bytes. A thread of `checkers`
    waits for one report's locked database, so there are many.
    """

    def __init__(self, settings: Settings, access: Access | None = None) -> None:
        self.settings = settings
        self.engine = SqliteEngine(settings.dbs, settings.lock_wait, settings.max_value)
        self.registry: EndpointRegistry[ReadEndpoint | WriteEndpoint] = EndpointRegistry(
            SqlFolder(settings.sql), self.engine, settings.lock_wait, check_endpoint, access
        )
        self.write_context = WriteContext(self.engine, settings.time_limit)
        self.writes = WriteQueues(self.write_context)
        self.pool = self.engine.make_snapshots(most_idle=settings.max_reports)
        self.runners = ThreadPoolExecutor(settings.max_reports, "run")
        self.encoders = ThreadPoolExecutor(settings.max_reports + _SPARE_THREADS, "encode")
        self.checkers = ThreadPoolExecutor(_CHECKERS, "check")
        self.spool_space = SpoolSpace(settings.spool_space)
        self.history = CostHistory()
        self.overviews = Overviews()
        quick = self.engine.make_snapshots(most_idle=settings.max_reports, for_quick=True)
        self.quick = InlineRuns(self.history, quick)
        self.processes = WorkerProcesses(
            settings.reader_processes,
            self.history,
            settings.heavy_seconds,
            self.engine.make_snapshots,
        )
        self.slots = asyncio.Semaphore(settings.max_reports)
        self._most_loads = max(settings.max_reports // 2, 1)
        self._load_slots = asyncio.Semaphore(self._most_loads)
        self._loaders = ThreadPoolExecutor(self._most_loads, "load")
        self._refreshing: asyncio.Task[None] | None = None
        self._checking: dict[tuple[str, str], asyncio.Task[ReadEndpoint | WriteEndpoint]] = {}

    def spool(self) -> Spool:
        """An empty spool of the settings' size.

        When it is broken off, the task that asked for it is cancelled with the error: it may be waiting for a
        client that takes nothing.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def broken(error: SpoolFull) -> None:
            loop.call_soon_threadsafe(task.cancel, error)

        return Spool(self.settings.spool_memory, self.settings.spool_dir, self.spool_space, broken)

    async def in_checker(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call something that may wait for a file, in a thread of its own."""
        return await asyncio.get_running_loop().run_in_executor(
            self.checkers, partial(function, *args, **kwargs)
        )

    async def compiled(self, endpoint: Endpoint) -> ReadEndpoint | WriteEndpoint:
        """The endpoint, checked at most once at a time however many ask for it."""
        known = self.registry.compiled(endpoint)
        if known is not None:
            return known
        key = (endpoint.file, endpoint.digest)
        checking = self._checking.get(key)
        if checking is None:
            checking = asyncio.create_task(self.in_checker(self.registry.check, endpoint))
            self._checking[key] = checking
            checking.add_done_callback(partial(self._checked, key))
        return await asyncio.shield(checking)

    def _checked(self, key: tuple[str, str], checking: asyncio.Task[ReadEndpoint | WriteEndpoint]) -> None:
        del self._checking[key]
        if not checking.cancelled():
            checking.exception()

    async def with_fresh(
        self, endpoint: Endpoint, act: Callable[[ReadEndpoint | WriteEndpoint], Awaitable[T]]
    ) -> T:
        """As of the registry, on the event loop."""
        attempts = Attempts(self.registry)
        while True:
            compiled = await self.compiled(endpoint)
            try:
                return await act(compiled)
            except StaleEndpoint as stale:
                attempts.failed(compiled, stale)

    async def refresh_endpoints(self) -> None:
        """Let a thread read the SQL files that have changed; waits for the first time, then not for long."""
        if not self.registry.is_due():
            return
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self.in_checker(self.registry.refresh))
        await asyncio.wait([self._refreshing], timeout=_REFRESH_SECONDS if self.registry.was_read else None)

    async def take_slot(self) -> None:
        """Wait for a slot for a running report; raises Overloaded."""
        running = f"{self.settings.max_reports} reports are running"
        await self._take(self.slots, running)

    async def _take(self, slots: asyncio.Semaphore, running: str) -> None:
        try:
            async with asyncio.timeout(self.settings.queue_wait):
                await slots.acquire()
        except TimeoutError:
            raise Overloaded(
                f"{running}, which is the limit, and none ended in {self.settings.queue_wait:g} seconds.",
                retry_after=max(1, round(self.settings.queue_wait)),
            ) from None

    async def start_load(self, work: Callable[[], StoredResponse]) -> asyncio.Future[StoredResponse]:
        """Let a thread execute a write, in a slot that it keeps until it ends.

        These slots are half as many as those for reports, and not the same: no write keeps a report waiting.
        """
        count = self._most_loads
        running = f"{count} bodies are being read" if count > 1 else "A body is being read"
        await self._take(self._load_slots, running)
        working = asyncio.get_running_loop().run_in_executor(self._loaders, work)
        working.add_done_callback(lambda _: self._load_slots.release())
        return working

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """From the start of the process to its end: closes files that nobody reads any more."""
        await self.in_checker(self._recover)
        tasks = [asyncio.create_task(each) for each in (self._keep_house(), self._log_faults())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            self.registry.close()
            for executor in (self.runners, self.encoders, self.checkers, self._loaders):
                executor.shutdown(wait=False, cancel_futures=True)
            self.writes.close(_LAST_WRITES_SECONDS)
            self.processes.close()
            self.pool.close_idle(older_than=0)
            self.quick.close_idle(older_than=0)

    def _recover(self) -> None:
        """Finish a write over several files whose process died."""
        try:
            self.engine.recover()
        except DatabaseUnavailable as error:
            log.error("an interrupted write cannot be finished yet: %s", error)

    async def _log_faults(self) -> None:
        for fault in await self.in_checker(self.registry.faults):
            log.warning("%s", fault)

    async def _keep_house(self) -> None:
        while True:
            try:
                await self.in_checker(self.processes.start)
                await self.in_checker(self._recover)
                for views in (self.pool, self.quick):
                    views.close_idle(IDLE_SECONDS)
            except Exception:
                log.exception("unused connections could not be closed")
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
