"""How far the memory of a server grows while something is done, from Linux's /proc."""

import re
from collections.abc import Callable
from pathlib import Path

from bench.skipped import Skipped

_RESET_PEAK = "5"


def growth_in_megabytes(pid: int, action: Callable[[], object]) -> float:
    """The peak of the resident memory during the action, less what it was before.

    Of the process and of those that it has started, each with a peak of its own, added.
    """
    if not Path("/proc", str(pid), "clear_refs").exists():
        raise Skipped("memory is read from /proc, which only Linux has")
    processes = _with_children(pid)
    for process in processes:
        (process / "clear_refs").write_text(_RESET_PEAK)
    before = sum(_kibibytes(process, "VmRSS") for process in processes)
    action()
    return (sum(_kibibytes(process, "VmHWM") for process in processes) - before) / 1024


def _with_children(pid: int) -> list[Path]:
    found = [Path("/proc", str(pid))]
    for process in found:
        for children in process.glob("task/*/children"):
            found += [Path("/proc", child) for child in children.read_text().split()]
    return found


def _kibibytes(process: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", (process / "status").read_text(), re.MULTILINE)
    if found is None:
        raise Skipped(f"/proc says nothing of {name}")
    return int(found[1])
