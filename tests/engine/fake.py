"""An engine without SQL: its tables are Python lists, and it has a query language of its own.

`FETCH world.cities WHERE population >= :least` gives the rows whose column is at least the parameter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from aggregator.engine.model import ResultColumn, Statement, StatementFailed, Values
from aggregator.values.rows import RowKind

Row = tuple[object, ...]
QUERY = re.compile(r"FETCH (\w+)\.(\w+)(?: WHERE (\w+) >= :(\w+))?")


@dataclass(frozen=True)
class FakeSource:
    schema: str

    def identity(self) -> object:
        return self.schema


@dataclass(frozen=True)
class Word:
    text: str
    line: int = 1


class FakeDialect:
    """Puts what makes a row behind the query, as a comment."""

    def rows_as_text(self, statement: Statement, row: RowKind) -> str:
        return f"{statement.sql} -- {type(row).__name__}"


@dataclass
class FakeEngine:
    """Engine, Inspection, Snapshots and Snapshot in one. tables: columns and rows, by name."""

    schema: str
    tables: Mapping[str, tuple[Sequence[str], Sequence[Row]]]
    schema_state_now: object = "as made"
    fails_with: StatementFailed | None = None
    runs: list[Values] = field(default_factory=list)
    unusable: Mapping[str, str] = field(default_factory=dict)
    dialect = FakeDialect()

    def sources(self) -> Mapping[str, FakeSource]:
        return {self.schema: FakeSource(self.schema)}

    def faults(self) -> list[object]:
        return []

    @contextmanager
    def inspect(self, *arguments: object) -> Iterator[FakeInspection]:
        yield FakeInspection(self)

    def parameters(self, sql: str) -> list[Word]:
        return [Word(text) for text in re.findall(r":\w+", sql)]

    def compared(self, sql: str) -> list[Word]:
        return []

    def ordered_select(self, sql: str) -> None:
        return None

    def absent_schemas(self, sql: str, known: Iterable[str]) -> dict[str, int]:
        return {}

    @contextmanager
    def snapshot(self, sources: object, wanted: object, seen: object = None) -> Iterator[FakeEngine]:
        yield self

    @property
    def schema_state(self) -> tuple[object, ...]:
        return (self.schema_state_now,)

    def rows(self, sql: str, values: Values) -> Iterator[list[bytes]]:
        self.runs.append(values)
        if self.fails_with is not None:
            raise self.fails_with
        match = QUERY.search(sql)
        assert match is not None
        _, table, column, parameter = match.groups()
        names, rows = self.tables[table]
        assert isinstance(values, Mapping)
        least = values[parameter] if parameter else None
        for row in rows:
            if column is None or row[names.index(column)] >= least:  # type: ignore[operator]
                shown = dict(zip(names, row, strict=True)) if sql.endswith("JsonObject") else row
                yield [json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()]

    def first(
        self, sql: str, values: Values = (), most: int = 1, seconds: float = float("inf")
    ) -> list[tuple[bytes, ...]]:
        return [tuple(batch) for batch in self.rows(sql, values)][:most]

    def interrupt(self) -> None:
        pass


@dataclass
class FakeInspection:
    engine: FakeEngine

    def prepare(self, sql: str) -> tuple[Statement | None, list[object]]:
        match = QUERY.fullmatch(sql.strip().removesuffix(";"))
        assert match is not None
        schema, table, _, parameter = match.groups()
        columns = tuple(ResultColumn(name, None, None) for name in self.engine.tables[table][0])
        names = frozenset([parameter] if parameter else [])
        return Statement(match[0], columns, names, frozenset([schema])), []

    def schema_state(self, schemas: Iterable[str]) -> tuple[object, ...]:
        return (self.engine.schema_state_now,)
