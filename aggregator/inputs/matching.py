"""Which wanted column a file's column is: "Invoice #", "invoice_number" and "InvoiceNumber" are one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from aggregator.errors import UnreadableInput
from aggregator.inputs.limits import shortened

_MOST_SHOWN = 10


def normalised(name: str) -> str:
    """The letters and digits of a name, whatever their case and width."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())


class Matcher:
    """The wanted columns, by every name that they go by."""

    def __init__(self, wanted: Mapping[str, Sequence[str]]) -> None:
        self.wanted = tuple(wanted)
        own = [(name, column) for column, name in enumerate(wanted)]
        others = [(name, column) for column, names in enumerate(wanted.values()) for name in names]
        self._exact = (_unambiguous(own), _unambiguous(others))
        self._normalised = (_unambiguous(_keys(own)), _unambiguous(_keys(others)))

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

    def positions(self, header: Sequence[str]) -> list[int | None]:
        """For each wanted column its place in the header; None where it is not there.

        Raises UnreadableInput when two cells are the same column, or when none is any.
        """
        places: list[int | None] = [None] * len(self.wanted)
        for place, name in enumerate(header):
            column = self.column(name)
            if column is None:
                continue
            earlier = places[column]
            if earlier is not None:
                raise UnreadableInput(both(header[earlier], name, self.wanted[column]))
            places[column] = place
        if all(place is None for place in places):
            raise self.none_fits("line", header)
        return places

    def none_fits(self, where: str, names: Sequence[str]) -> UnreadableInput:
        """None of the columns is in the first line or object; perhaps that is no header at all."""
        return UnreadableInput(
            f"None of the columns is there. Expected: {_listed(self.wanted)}; "
            f"the first {where} holds: {_listed(names) or 'nothing'}."
            + (" Is the line with the names of the columns missing?" if where == "line" else "")
        )


def both(one: str, other: str, column: str) -> str:
    """The sentence for two names that are one column."""
    if one == other:
        return f'The column "{shortened(one)}" is there twice.'
    return f'Both "{shortened(one)}" and "{shortened(other)}" are the column {column}; only one may be there.'


def _keys(names: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    return [(normalised(name), column) for name, column in names]


def _unambiguous(names: Iterable[tuple[str, int]]) -> dict[str, int]:
    columns: dict[str, set[int]] = {}
    for name, column in names:
        columns.setdefault(name, set()).add(column)
    return {name: min(found) for name, found in columns.items() if len(found) == 1}


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{shortened(name)}"' for name in names[:_MOST_SHOWN])
    return shown + (f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else "")
