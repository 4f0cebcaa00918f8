"""Run in the bench's environment: a query by pandas into a workbook, and the seconds that it took.

python pandas_excel.py OUTPUT < JSON of {"attach": {schema: uri}, "sql": text}
"""

import json
import sqlite3
import sys
import time

import pandas


def main() -> None:
    """Read the task, do it, print the seconds."""
    task = json.load(sys.stdin)
    connection = sqlite3.connect("file::memory:", uri=True)
    for schema, uri in task["attach"].items():
        connection.execute(f"ATTACH ? AS {schema}", (uri,))
    began = time.perf_counter()
    pandas.read_sql_query(task["sql"], connection).to_excel(sys.argv[1], index=False)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
