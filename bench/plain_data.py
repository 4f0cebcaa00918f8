"""The demo data in tables as people have them: not STRICT, amounts as REAL, commas and quotes in texts."""

import contextlib
import sqlite3
from pathlib import Path

_TABLES = {
    "customer": """
        CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, customer_name TEXT, city TEXT);
        INSERT INTO customers
        SELECT customer_id, replace(customer_name, ' ', ', '), city FROM demo.customers;
    """,
    "product": """
        CREATE TABLE products (product_id INTEGER PRIMARY KEY, product_name TEXT);
        INSERT INTO products
        SELECT product_id, product_name || CASE product_id % 10 WHEN 0 THEN ', 12"' ELSE '' END
        FROM demo.products;
    """,
    "order": """
        CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER, order_date TEXT, status TEXT);
        INSERT INTO orders SELECT order_id, customer_id, order_date, status FROM demo.orders;
    """,
    "order_line": """
        CREATE TABLE order_lines (
            order_line_id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER, quantity INTEGER,
            discount REAL, line_total REAL
        );
        INSERT INTO order_lines
        SELECT order_line_id, order_id, product_id, quantity, discount, line_total_cents / 100.0
        FROM demo.order_lines;
    """,
}


def make(demo: Path) -> Path:
    """The folder of these databases beside that of the demo; those that are missing are made."""
    folder = demo.with_name(f"{demo.name}-plain")
    folder.mkdir(exist_ok=True)
    for name, script in _TABLES.items():
        path = folder / f"{name}.db"
        if path.exists():
            continue
        unfinished = path.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(unfinished)) as connection:
            connection.execute("ATTACH ? AS demo", (str(demo / f"{name}.db"),))
            connection.executescript(script)
        unfinished.rename(path)
    return folder
