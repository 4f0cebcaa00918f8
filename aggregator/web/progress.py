"""How far the downloads are that somebody watches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.reports.run import Run

_TOKEN = re.compile(r"[A-Za-z0-9_-]{8,64}")
_MOST_WATCHED = 10_000


class Progress:
    """The runs of this process by the token that their client chose, as long as they last."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    @contextmanager
    def of(self, run: Run, token: str) -> Iterator[None]:
        """While the run lasts; without a token nobody watches."""
        if not _TOKEN.fullmatch(token) or token in self._runs or len(self._runs) >= _MOST_WATCHED:
            yield
            return
        self._runs[token] = run
        try:
            yield
        finally:
            del self._runs[token]

    def rows(self, token: str) -> int | None:
        """How many rows SQLite has given so far; None when there is no such download here."""
        run = self._runs.get(token)
        return run.rows if run is not None else None
