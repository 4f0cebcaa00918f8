"""Results as a Markdown table that also reads well on a terminal."""

from collections.abc import Sequence

from bench.result import Result

_HEAD = ("what", "ours", "other", "ratio (least to greatest of one round)", "must be", "aim", "verdict")


def table(results: Sequence[Result]) -> str:
    """The table, with columns of even width."""
    rows = [_HEAD, *(_cells(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], _line(["-" * width for width in widths], widths), *lines[1:]])


def _cells(result: Result) -> tuple[str, ...]:
    return (
        result.what,
        result.ours,
        result.other,
        result.ratio,
        result.must,
        result.aim,
        result.verdict.value,
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))} |"
