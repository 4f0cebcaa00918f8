"""What is wrong with a value, or with the keys of an object."""

from __future__ import annotations


class KeyDiagnostics(ValueError):
    """Several faults of one object, each with the key that it is about.

    A validator raises it to have more than one fault known at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def add(self, key: str, message: str) -> None:
        """Note what is wrong with the value of a key."""
        self.found.append((key, message))

    def raise_any(self) -> None:
        """Raise these findings when there are any."""
        if self.found:
            raise self

    def __str__(self) -> str:
        return "; ".join(f"{key}: {message}" for key, message in self.found)


class InvalidValue(ValueError):
    """A text is not a value of its type; the message says what is allowed."""
