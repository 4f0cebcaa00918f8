"""Views kept warm between requests: opening files costs more than a small report."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from aggregator.databases.connection import LONGEST_VALUE, SqlFunction
from aggregator.databases.folder import DatabaseFile, FileVersion
from aggregator.databases.view import Identities, View, identities, look_at

IDLE_SECONDS = 10.0
"""An open WAL database keeps its owner from leaving WAL mode, so none is kept open for long."""


class ViewPool:
    """Lends each set of databases' views to one borrower at a time.

    functions: SQL functions that every view gets. lock_wait: seconds to wait for another
    program's lock. most_idle: how many unused views are kept. for_quick,
    longest_value: see ReadOnlyConnection. Safe to use from many threads.
    """

    def __init__(
        self,
        functions: Mapping[str, SqlFunction],
        lock_wait: float,
        most_idle: int = 16,
        for_quick: bool = False,
        longest_value: int = LONGEST_VALUE,
    ) -> None:
        self.longest_value = longest_value
        self._for_quick = for_quick
        self._functions = dict(functions)
        self._lock_wait = lock_wait
        self._most_idle = most_idle
        self._idle: list[tuple[float, View]] = []
        self._lock = threading.Lock()

    @contextmanager
    def view(
        self,
        files: Sequence[DatabaseFile],
        wanted: Callable[[], bool],
        seen: Sequence[FileVersion] | None = None,
    ) -> Iterator[View]:
        """Lend a view of exactly these files, as they are on the disk now.

        wanted: asked while a locked file is waited for; False ends the wait. seen: the files'
        versions, when they were looked at just now. Raises DatabaseUnavailable when one cannot be
        opened. A view whose borrower failed is not lent again.
        """
        seen = seen or look_at(files)
        view = self._take(files, identities(seen))
        if view is None:
            view = View(files, self._functions, self._lock_wait, wanted, self._for_quick, self.longest_value)
        view.seen = seen
        try:
            yield view
            view.release()
        except BaseException:
            view.close()
            raise
        self._give_back(view)

    def close_idle(self, older_than: float = IDLE_SECONDS) -> None:
        """Close the views that nobody has used for so many seconds."""
        limit = time.monotonic() - older_than
        with self._lock:
            stale = [view for used, view in self._idle if used <= limit]
            self._idle = [(used, view) for used, view in self._idle if used > limit]
        for view in stale:
            view.close()

    def _take(self, files: Sequence[DatabaseFile], wanted: Identities) -> View | None:
        files = tuple(files)
        with self._lock:
            for index in range(len(self._idle) - 1, -1, -1):
                view = self._idle[index][1]
                if view.identities == wanted and view.files == files:
                    return self._idle.pop(index)[1]
        return None

    def _give_back(self, view: View) -> None:
        with self._lock:
            self._idle.append((time.monotonic(), view))
            surplus = [old for _, old in self._idle[: -self._most_idle]]
            del self._idle[: -self._most_idle]
        for old in surplus:
            old.close()
