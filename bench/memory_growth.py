"""How much memory a download takes, and that it does not depend on the rows."""

from collections.abc import Iterator
from functools import partial

from bench.memory import growth_in_megabytes
from bench.result import Goal, Result, alone
from bench.service import service
from bench.setting import Setting

_DOWNLOADS = (
    ("1 M rows, CSV", "/unsorted?format=csv"),
    ("1 M rows, JSON", "/unsorted?format=json"),
    ("1 M rows, Excel", "/unsorted?format=excel"),
    ("10 M rows, CSV", "/ten-times?format=csv"),
)


def memory(setting: Setting) -> Iterator[Result]:
    """Each download from a server of its own that has answered one small request before."""
    for what, target in _DOWNLOADS:
        format = target.partition("?")[2]
        with service(setting.dbs, setting.logs) as ours:
            ours.get(f"/customer-orders?customer_id=1&{format}")
            figure = growth_in_megabytes(ours.pid, partial(ours.get, target))
        yield alone(f"Memory grown by a download, {what}", Goal("most", 40, 20), figure, "MB")
