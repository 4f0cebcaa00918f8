"""The rows of a report whose plan is wanted: written as in JSON, counted, and dropped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aggregator.formats.json import JsonWriter


class PlanWriter(JsonWriter):
    """Writes rows as JSON does, so that SQLite does all of its work; the file is the chunk that it gets."""

    def encode(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        yield from chunks
