"""What every engine offers to the layers above, and what it raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aggregator.errors import AggregatorError

SqlValue = None | int | float | str | bytes


"""What a database stores and what a parameter can be."""


Values = Mapping[str, SqlValue] | Sequence[SqlValue]


class StatementFailed(Exception):
    """A statement that was prepared before failed while it ran.

    error: what to answer. reason: the engine's own sentence. is_stale: whether the engine no longer accepts
    the SQL, because tables have changed. is_interrupted: whether somebody ended it. is_too_long: whether a
    value was longer than the limit.
    """

    def __init__(
        self,
        error: AggregatorError,
        reason: str,
        *,
        is_stale: bool = False,
        is_interrupted: bool = False,
        is_too_long: bool = False,
    ) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason
        self.is_stale = is_stale
        self.is_interrupted = is_interrupted
        self.is_too_long = is_too_long
