"""How far the memory of a process grows while something is done, from Linux's /proc."""

import re
from collections.abc import Callable
from pathlib import Path

from bench.skipped import Skipped

_RESET_PEAK = "5"


def growth_in_megabytes(pid: int, action: Callable[[], object]) -> float:
    """The peak of the resident memory during the action, less what it was before."""
    process = Path("/proc", str(pid))
    if not (process / "clear_refs").exists():
        raise Skipped("memory is read from /proc, which only Linux has")
    (process / "clear_refs").write_text(_RESET_PEAK)
    before = _kibibytes(process, "VmRSS")
    action()
    return (_kibibytes(process, "VmHWM") - before) / 1024


def _kibibytes(process: Path, name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB", (process / "status").read_text(), re.MULTILINE)
    if found is None:
        raise Skipped(f"/proc says nothing of {name}")
    return int(found[1])
