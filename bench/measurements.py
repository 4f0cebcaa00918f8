"""All that is measured, by name, in the order of the table."""

from collections.abc import Callable, Iterator

from bench import against_datasette, against_pandas, against_shell, rows_in, workers
from bench.first_bytes import first_bytes
from bench.memory_growth import memory
from bench.pages import pages
from bench.result import Result
from bench.setting import Setting

Measurement = Callable[[Setting], Iterator[Result]]

MEASUREMENTS: dict[str, Measurement] = {
    "csv": against_shell.csv,
    "json": against_shell.json,
    "excel": against_shell.excel,
    "plain": against_shell.plain,
    "pandas": against_pandas.excel,
    "first-byte": first_bytes,
    "pages": pages,
    "memory": memory,
    "datasette": against_datasette.csv,
    "requests": against_datasette.requests,
    "workers": workers.requests,
    "import": rows_in.imports,
    "posts": rows_in.posts,
}
