"""A small shop in three files, and SQL files that change it."""

from pathlib import Path

from tests.sqlite_files import make_database, run_script

CUSTOMERS = """
CREATE TABLE customers(
    customer_id INTEGER PRIMARY KEY,
    customer_name TEXT NOT NULL UNIQUE CHECK (customer_name <> ''),
    city TEXT
) STRICT;
INSERT INTO customers VALUES (1, 'Ada', 'London'), (2, 'Bo', NULL);
"""
ORDERS = """
CREATE TABLE orders(
    order_id INTEGER PRIMARY KEY, customer_id INT NOT NULL, order_date TEXT NOT NULL, total_cents INT NOT NULL
) STRICT;
INSERT INTO orders VALUES (1, 1, '2024-01-01', 500);
"""
LINES = """
CREATE TABLE lines(
    order_id INT NOT NULL,
    line_number INT NOT NULL,
    item TEXT NOT NULL,
    cents INT NOT NULL CHECK (cents >= 0),
    PRIMARY KEY (order_id, line_number)
) STRICT, WITHOUT ROWID;
INSERT INTO lines VALUES (1, 1, 'Tea', 500);
"""

NEW_CUSTOMER = """/*
params:
  customer_name: {type: text, max: 40}
  city: {type: text, required: false}
*/
INSERT INTO customer_db.customers (customer_name, city)
VALUES (:customer_name, :city)
RETURNING customer_id, customer_name, city
"""
RENAMED = """/*
params:
  customer_id: {type: integer}
  city: {type: text, required: false}
*/
UPDATE customer_db.customers SET city = coalesce(:city, city) WHERE customer_id = :customer_id
"""
REMOVED = """/*
params:
  customer_id: {type: integer}
*/
DELETE FROM customer_db.customers WHERE customer_id = :customer_id
"""
PUT = """/*
params:
  customer_id: {type: integer}
  customer_name: {type: text}
*/
INSERT INTO customer_db.customers (customer_id, customer_name) VALUES (:customer_id, :customer_name)
ON CONFLICT (customer_id) DO UPDATE SET customer_name = excluded.customer_name
"""
IMPORT = """/*
input:
  customer: {type: text, required: true, from: [Customer Name, Kunde]}
  order_number: {type: integer, required: true, from: "Order #"}
  ordered: {type: date, required: true, format: "%m/%d/%y"}
  item: {type: text, required: true}
  price: {type: money, currency: USD, required: true, min: 0}
*/
INSERT INTO customer_db.customers (customer_name)
SELECT DISTINCT input.customer FROM input WHERE true
ON CONFLICT (customer_name) DO NOTHING;

INSERT INTO order_db.orders (order_id, customer_id, order_date, total_cents)
SELECT input.order_number, min(customers.customer_id), min(input.ordered), sum(input.price)
FROM input
INNER JOIN customer_db.customers AS customers ON input.customer = customers.customer_name
GROUP BY input.order_number
ON CONFLICT (order_id) DO UPDATE SET total_cents = excluded.total_cents
WHERE orders.total_cents IS NOT excluded.total_cents;

INSERT INTO line_db.lines (order_id, line_number, item, cents)
SELECT
    input.order_number,
    row_number() OVER (PARTITION BY input.order_number ORDER BY input.line),
    input.item,
    input.price
FROM input WHERE true
ON CONFLICT (order_id, line_number) DO UPDATE SET item = excluded.item, cents = excluded.cents
WHERE (lines.item, lines.cents) IS NOT (excluded.item, excluded.cents)
"""
SEARCH = """/*
params:
  q: {type: text}
  numbers: {type: integer, many: true, required: false}
*/
SELECT customers.customer_id, customers.customer_name FROM customer_db.customers AS customers
WHERE customers.customer_name LIKE :q || '%'
    AND (:numbers IS NULL OR customers.customer_id IN (SELECT value FROM json_each(:numbers)))
ORDER BY customers.customer_id
"""
PREVIEW = """/*
input:
  day: {type: date, required: true, format: "%d.%m.%Y"}
*/
SELECT input.line, input.day FROM input ORDER BY input.line
"""

WRITES = {
    "customers/index.post": NEW_CUSTOMER,
    "customers/{customer_id}.patch": RENAMED,
    "customers/{customer_id}.delete": REMOVED,
    "customers/{customer_id}.put": PUT,
    "orders/import.post": IMPORT,
    "search.post": SEARCH,
    "preview.post": PREVIEW,
    "customers/index": (
        "SELECT customers.customer_id, customers.customer_name, customers.city"
        " FROM customer_db.customers AS customers ORDER BY customers.customer_id"
    ),
}
DATABASES = {"customer.db": CUSTOMERS, "order.db": ORDERS, "line.db": LINES}


def make_shop(folder: Path) -> None:
    """Make the databases in `dbs` of a folder."""
    (folder / "dbs").mkdir()
    for name, script in DATABASES.items():
        make_database(folder / "dbs" / name, script, "wal")


def refill_shop(folder: Path) -> None:
    """Give the databases the rows that they were made with, and no others."""
    for name, script in DATABASES.items():
        table, rows = f"{name.removesuffix('.db')}s", script[script.index("INSERT") :]
        run_script(folder / "dbs" / name, f"BEGIN IMMEDIATE; DELETE FROM {table}; {rows} COMMIT")
