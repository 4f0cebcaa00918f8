"""Texts that want to be more than text, and databases full of them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

TEXTS = (
    '<img src=x onerror="window.hit=1">',
    "</td></tr></table></main></script><script>window.hit=2</script>",
    '"><svg onload="window.hit=3">',
    "' onfocus='window.hit=4' autofocus='",
    "javascript:window.hit=5",
    "data:text/html,<script>window.hit=6</script>",
    'https://example.com/"onmouseover="window.hit=7',
    "https://example.com/<script>window.hit=8</script>",
    'a@b.example"onclick="window.hit=9',
    "<!-- &lt;b&gt; &amp; {{ 7 * 7 }} {% raw %} ${window.hit=10}",
    "<style>*{color:red}</style><base href=//a.example><meta http-equiv=refresh content=0;url=//b.example>",
    "]]><iframe srcdoc='<script>parent.hit=11</script>'></iframe>",
    "<textarea><title><plaintext>",
)

TABLE_NAME = "<script>window.hit=12</script>"
COLUMN_NAME = '"><img src=x onerror=window.hit=13>'


_ASKED_FOR = re.compile(r"(_date|_at|status|source|currency)$")
"""Columns that reports filter by when nobody asks them to: in every third row only."""


def poison(path: Path) -> None:
    """Put these texts into every text column of every table of a database, whatever it was made for."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        tables = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not name.startswith("sqlite_")
        ]
        connection.create_function("hostile", 1, text_of_row)
        for table in tables:
            for _, column, kind, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                if kind == "TEXT":
                    rows = "rowid % 3 = 0" if _ASKED_FOR.search(column) else "true"
                    connection.execute(f"UPDATE {table} SET {column} = hostile(rowid) WHERE {rows}")


def text_of_row(rowid: int) -> str:
    """One of the texts, of which each has an end of its own."""
    return f"{TEXTS[rowid % len(TEXTS)]} {rowid}"


def make_odd(path: Path) -> None:
    """A database whose tables and columns have such names too; its first column numbers the texts."""
    table, column = (name.replace('"', '""') for name in (TABLE_NAME, COLUMN_NAME))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f'CREATE TABLE "{table}" (n INTEGER PRIMARY KEY, "{column}" TEXT)')
        connection.executemany(f'INSERT INTO "{table}" VALUES (?, ?)', enumerate(TEXTS))


_QUOTED = '"' + COLUMN_NAME.replace('"', '""') + '"'

REPORT = f"""/*
title: "<b onclick='window.hit=14'>Odd</b>"
description: "<script>window.hit=15</script>"
params:
  label:
    type: text
    required: false
    description: "<img src=x onerror=window.hit=16>"
    example: "<svg onload=window.hit=17>"
  odd:
    type: choice
    required: false
    choices_sql: |
      SELECT t.{_QUOTED} FROM odd_db."{TABLE_NAME}" AS t
  many: {{type: text, many: true, default: []}}
columns:
  linked: {{link: "/odd/{{linked}}", description: "<script>window.hit=18</script>"}}
filename: "odd_{{label}}"
*/
SELECT
    t.n,
    t.{_QUOTED},
    t.{_QUOTED} AS linked,
    :label AS label,
    :many AS many
FROM odd_db."{TABLE_NAME}" AS t
WHERE :odd IS NULL OR t.{_QUOTED} = :odd
ORDER BY t.n
"""
"""A report of all that, also in what is said about it."""
