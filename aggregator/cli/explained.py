"""What a command says of an error, line by line."""

from __future__ import annotations

from aggregator.errors import AggregatorError, InvalidParameters


def explained(error: AggregatorError | OSError, stream: str) -> list[str]:
    """The lines. stream: what an error of the system is of, when it names no file."""
    if isinstance(error, InvalidParameters):
        return [f"{each.parameter}: {each.message}" for each in error.errors]
    if isinstance(error, AggregatorError):
        return [error.detail]
    return [f"{error.filename or stream}: {error.strerror}"]
