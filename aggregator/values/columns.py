"""Columns of a result and their types."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal[
    "text", "integer", "number", "boolean", "date", "datetime", "month", "money", "percent", "json"
]

Storage = Literal["integer", "real", "text"]
StoredAs = Literal["minor", "major"]
"""Money as a whole number of cents, 198, or as people write it, 1.98."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a result.

    sql: the expression that gives its value. type: how it is shown, None for as it is stored.
    currency: ISO 4217 code of a money column. digits: decimals of the currency's minor unit. stored: how
    the database has the amounts.
    storage: the storage class that every value has or is NULL; None when any may come. is_declared:
    whether the author said the type, and it was not guessed. What only pages show: description; link: a path
    with columns in braces, empty for none; is_summed: whether its numbers have a total.
    """

    name: str
    sql: str
    type: ColumnType | None = None
    currency: str | None = None
    digits: int = 2
    stored: StoredAs = "minor"
    storage: Storage | None = None
    is_declared: bool = False
    description: str = ""
    link: str = ""
    is_summed: bool = False

    @property
    def label(self) -> str:
        """The name as words: `order_total` is `Order total`."""
        words = self.name.replace("_", " ").strip()
        return words[:1].upper() + words[1:] if words else self.name


def sql_text(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
