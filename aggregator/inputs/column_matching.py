"""Which wanted column a file's column is: "Invoice #", "invoice_number" and "InvoiceNumber" are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence

from aggregator.errors import UnreadableInput
from aggregator.inputs.table import MOST_IGNORED, Notes, shortened

_MOST_SHOWN = 10
_NO_HEADER = " Is the header line missing? If it is further down, set header_line."


def normalised(name: str) -> str:
    """The letters and digits of a name, whatever their case and width."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())


class Matcher:
    """The wanted columns, by every name that they go by. required: those that a file must have."""

    def __init__(self, wanted: Mapping[str, Sequence[str]], required: Collection[str] = ()) -> None:
        self.wanted = tuple(wanted)
        self._names = wanted
        self._required = {column for column, name in enumerate(wanted) if name in required}
        own = [(name, column) for column, name in enumerate(wanted)]
        others = [(name, column) for column, names in enumerate(wanted.values()) for name in names]
        self._exact = [_unambiguous(names) for names in (own, others)]
        self._normalised = [
            _unambiguous((normalised(name), column) for name, column in names) for names in (own, others)
        ]

    def column(self, name: str) -> int | None:
        """The wanted column that a file's column is: by the very name first, then by its letters and digits.

        A name that would fit two wanted columns equally well fits none of them.
        """
        for names in self._exact:
            if name in names:
                return names[name]
        key = normalised(name)
        for names in self._normalised:
            if key and key in names:
                return names[key]
        return None

    def knows(self, name: str) -> bool:
        """Whether a name is that of a wanted column."""
        return Matcher.column(self, name) is not None

    def found(self, names: Iterable[str]) -> set[int]:
        """The wanted columns that are among the names."""
        return {column for column in map(self.column, names) if column is not None}

    def is_header(self, found: set[int]) -> bool:
        """Whether a line with these columns is a header, and does not hold a name by chance."""
        return len(found) >= min(2, len(self.wanted)) or (bool(self._required) and found >= self._required)

    def is_complete(self, found: set[int]) -> bool:
        """Whether it is a header from which nothing required is missing; where nothing is, nothing at all."""
        wanted = self._required or set(range(len(self.wanted)))
        return len(found) >= min(2, len(self.wanted)) and found >= wanted

    def positions(self, header: Sequence[str], notes: Sequence[str] = ()) -> list[int | None]:
        """For each wanted column its index in the header; None where it is not there.

        Raises UnreadableInput when two cells are the same column, or when none is any. notes: how the file
        was read, for that error.
        """
        positions: list[int | None] = [None] * len(self.wanted)
        for index, name in enumerate(header):
            column = self.column(name)
            if column is None:
                continue
            earlier = positions[column]
            if earlier is not None:
                raise with_notes(both(header[earlier], name, self.wanted[column]), notes)
            positions[column] = index
        if all(index is None for index in positions):
            raise with_notes(self.none_fits("line", header).detail, notes)
        return positions

    def none_fits(self, where: str, names: Sequence[str]) -> UnreadableInput:
        """None of the columns is in the first line or object; perhaps that is no header at all."""
        expected = _listed([with_other_names(name, others) for name, others in self._names.items()])
        present = _listed([f'"{shortened(name)}"' for name in names])
        return UnreadableInput(
            f"None of the expected columns was found. Expected: {expected}; "
            f"the first {where} holds: {present or 'nothing'}." + (_NO_HEADER if where == "line" else "")
        )


class HeaderTable:
    """A table of a file with a header; see Table. skipped: what stands above the header."""

    def __init__(
        self,
        header: Sequence[str],
        line: int,
        skipped: Sequence[tuple[int, str]],
        matcher: Matcher,
        notes: Notes,
    ) -> None:
        notes.skip(line, skipped)
        self.notes = notes
        self.header_line = line
        self._header = header
        self._positions = matcher.positions(header, notes.sentences())
        self._used = {index for index in self._positions if index is not None}
        self.names: Sequence[str | None] = [
            None if index is None else header[index] for index in self._positions
        ]
        self.ignored: Sequence[str] = [
            name for index, name in enumerate(header) if name and index not in self._used
        ][:MOST_IGNORED]


def both(one: str, other: str, column: str) -> str:
    """The sentence for two names that are one column."""
    if one == other:
        return f'The column "{shortened(one)}" appears twice.'
    return (
        f'Both "{shortened(one)}" and "{shortened(other)}" match the column {column}; send only one of them.'
    )


def _unambiguous(names: Iterable[tuple[str, int]]) -> dict[str, int]:
    columns: dict[str, set[int]] = {}
    for name, column in names:
        columns.setdefault(name, set()).add(column)
    return {name: min(matches) for name, matches in columns.items() if len(matches) == 1}


def with_notes(detail: str, notes: Sequence[str]) -> UnreadableInput:
    """An error about the columns, with what it was that was read."""
    return UnreadableInput(" ".join([detail, *notes]))


def with_other_names(name: str, names: Sequence[str]) -> str:
    """A column, with the names that people's files have for it."""
    others = " or ".join(f'"{shortened(each)}"' for each in names[:_MOST_SHOWN])
    return f'"{shortened(name)}"' + (f" (or {others})" if others else "")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
