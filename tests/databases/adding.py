"""A program that adds orders with their lines and totals to three files, until its input ends.

`python -m tests.databases.adding FOLDER`; it prints a line when the first order is there.
"""

from __future__ import annotations

import select
import sys
from pathlib import Path

from aggregator.databases.folder import DatabaseFile
from aggregator.databases.transaction import transaction
from aggregator.databases.write_connection import WriteConnection

SCRIPTS = {
    "order": "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, lines INT)",
    "line": "CREATE TABLE lines (order_id INT, number INT, cents INT, PRIMARY KEY (order_id, number))",
    "total": "CREATE TABLE totals (only INTEGER PRIMARY KEY, orders INT, lines INT, cents INT);"
    " INSERT INTO totals VALUES (1, 0, 0, 0)",
}


def files(folder: Path) -> list[DatabaseFile]:
    return [DatabaseFile(f"{name}_db", folder / f"{name}.db") for name in SCRIPTS]


def add_order(connection: WriteConnection, folder: Path, number: int) -> None:
    lines = number % 3 + 1
    with transaction(connection, folder):
        connection.execute("INSERT INTO order_db.orders VALUES (?, ?)", (number, lines))
        for line in range(lines):
            connection.execute("INSERT INTO line_db.lines VALUES (?, ?, ?)", (number, line, number + line))
        connection.execute(
            "UPDATE total_db.totals SET orders = orders + 1, lines = lines + ?, cents = cents + ?",
            (lines, sum(number + line for line in range(lines))),
        )


def main() -> None:
    folder = Path(sys.argv[1])
    connection = WriteConnection(files(folder))
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        number += 1
        add_order(connection, folder, number)
        if number == 1:
            print("added", flush=True)


if __name__ == "__main__":
    main()
