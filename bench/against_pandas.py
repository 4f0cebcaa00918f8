"""A workbook of 100,000 rows beside pandas."""

import json
from collections.abc import Iterator
from pathlib import Path

from bench.children import finish
from bench.queries import attachments, sql_text
from bench.result import Goal, Result, compared
from bench.rounds import in_turns
from bench.service import service
from bench.setting import Setting

_QUERY = "one-hundred-thousand"


def excel(setting: Setting) -> Iterator[Result]:
    """Our download against `read_sql_query` and `to_excel`, without the time to start Python."""
    python = setting.environment.python()
    task = json.dumps({"attach": attachments(setting.dbs), "sql": sql_text(_QUERY)}).encode()
    script = str(Path(__file__).with_name("pandas_excel.py"))
    workbook = str(setting.logs / "pandas.xlsx")
    with service(setting.dbs, setting.logs) as ours:
        ours.get(f"/{_QUERY}?format=excel")
        pairs = in_turns(
            lambda: ours.get(f"/{_QUERY}?format=excel").seconds,
            lambda: float(finish([python, script, workbook], task)),
            setting.slow_rounds,
            warm_up=False,
        )
    yield compared("Excel, 100,000 rows: times faster than pandas", Goal("least", 15, 15), pairs, "s")
