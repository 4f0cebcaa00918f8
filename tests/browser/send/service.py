"""A service to send things to, and what is in its databases afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import setup_db
from tests.own_reports import copy_own_reports
from tests.server import Server
from tests.web.conftest import servers_over

GUESTS = """/*
title: Note guests
description: Each row is a new guest, also when one of that name is there.
input:
  guest_name: {type: text, required: true, max: 100000, from: [Guest, Name]}
  city: {type: text, default: Pune, description: "<b>Where</b> from"}
*/
INSERT INTO customer_db.customers (customer_name, city, created_at)
SELECT input.guest_name, input.city, '2024-01-01T00:00:00Z'
FROM input
"""
ODD_NAMES = """/*
params:
  dataset: {type: text}
  elements: {type: text}
*/
SELECT :dataset || :elements AS both
"""
NAMES_OF_A_CITY = """/*
title: Who lives there
params:
  city: {type: text, example: Pune}
*/
SELECT customers.customer_id, customers.customer_name, customers.email
FROM customer_db.customers AS customers
WHERE customers.city = :city
ORDER BY customers.customer_id
"""
NOTE = """/*
params:
  guest_name: {type: text}
*/
INSERT INTO customer_db.customers (customer_name, created_at) VALUES (:guest_name, '2024-01-01T00:00:00Z')
"""


@contextmanager
def service(folder: Path) -> Iterator[Server]:
    """A server over demo data and the project's own reports, for tests that change something."""
    assert setup_db.main(["--dbs", str(folder / "dbs"), "--orders", "60"]) == 0
    copy_own_reports(folder / "sql")
    own = {
        "guests/import.post": GUESTS,
        "gäste & co/neu.post": NOTE,
        "guests/names.post": NAMES_OF_A_CITY,
        "guests/odd.post": ODD_NAMES,
        "broken/it.post": "INSERT INTO customer_db.nothing VALUES (1)",
    }
    with servers_over(folder) as make:
        yield make(own, max_body=50_000_000)


def asked(server: Server, database: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Rows of a database, read without the service."""
    with closing(sqlite3.connect(f"file:{server.dbs / database}.db?mode=ro", uri=True)) as connection:
        return connection.execute(sql, values).fetchall()


def guests(server: Server, name: str) -> int:
    """How many customers have the name."""
    [(count,)] = asked(server, "customer", "SELECT count(*) FROM customers WHERE customer_name = ?", name)
    return int(count)
