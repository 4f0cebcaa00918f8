"""From the rows of a table to the columns of a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aggregator.errors import RejectedRow

Texts = Sequence[str | None]


def columns_of(
    rows: Sequence[Sequence[str | None]], positions: Sequence[int | None]
) -> list[Sequence[str | None]]:
    """Each wanted column of rows that have all the same width; what is empty is None."""
    nothing: Texts = (None,) * len(rows)
    by_place = list(zip(*rows, strict=False)) if rows else []
    return [nothing if place is None or not rows else _emptied(by_place[place]) for place in positions]


def _emptied(texts: tuple[str | None, ...]) -> Texts:
    return texts if all(texts) else [text or None for text in texts]


def unstorable(texts: Iterable[str | None]) -> str | None:
    """Why a text cannot be kept, if there is one that cannot: a NUL character or half of a character."""
    for text in texts:
        if text is None:
            continue
        if "\x00" in text:
            return "holds a NUL character"
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            return "holds half of a character"
    return None


def all_filled(columns: Iterable[Texts]) -> bool:
    """Whether no row can be blank, because one of the columns has a text in each."""
    return any(None not in texts and all(map(str.strip, texts)) for texts in columns)  # type: ignore[arg-type]


def is_blank(row: Iterable[str | None]) -> bool:
    """Whether a row holds nothing but white space."""
    return not "".join(filter(None, row)).strip()


def whole_row(line: int, reason: str) -> RejectedRow:
    """A row that is rejected as a whole."""
    return RejectedRow(line, None, None, reason)
