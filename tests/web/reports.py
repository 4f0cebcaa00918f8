"""The reports that the tests of the server ask for, and the data under them."""

from __future__ import annotations

DATABASE = """
    CREATE TABLE items (item_id INTEGER PRIMARY KEY, name TEXT, price_cents INTEGER, sold_date TEXT) STRICT;
    INSERT INTO items VALUES
        (1, 'Anvil', 1999, '2024-01-31'), (2, 'Bellows', 500, NULL), (3, 'Çekiç', -5, '2024-02-29');
    CREATE INDEX items_by_name ON items (name);
"""

COUNTING = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {rows})
    SELECT n, {expression} AS value, 'some text that makes the row longer' AS words FROM numbers
"""

OVERFLOW = "abs(CASE WHEN n = {row} THEN -9223372036854775808 ELSE n END)"
"""An integer overflow in one row, which SQLite finds when it gets there."""

BROKEN_ROW = 60_000
"""Late enough that megabytes of good rows have gone before."""

NEVER_ENDING = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers)
    SELECT count(*) AS answer FROM numbers
"""
"""Runs for ever, and has no row before its end."""


def counting(rows: int, expression: str = "n", **more: int) -> str:
    """A report of so many rows."""
    return COUNTING.format(rows=rows, expression=expression.format(**more))


REPORTS = {
    "items": "SELECT items.item_id, items.name FROM shop_db.items AS items ORDER BY items.item_id",
    "item/{item_id}": """/*
        title: One item
        params:
          item_id: {type: integer, min: 1, description: The item's number, example: 1}
        columns:
          price: {type: money, currency: EUR}
        filename: item_{item_id}
        */
        SELECT items.name, items.price_cents AS price, items.sold_date
        FROM shop_db.items AS items WHERE items.item_id = :item_id""",
    "named": """/*
        params:
          label: {type: text, default: none, example: spring sale}
          labels: {type: text, many: true, default: [], description: More of them}
        filename: "for {label} {labels}"
        */
        SELECT :label AS label, :labels AS labels""",
    "chosen": """/*
        params:
          kind: {type: choice, choices: [big, small]}
          many: {type: integer, max: 10}
          day: {type: date, default: today}
          name: {type: choice, choices_sql: "SELECT items.name FROM shop_db.items AS items", required: false}
        formats: [json, csv]
        */
        SELECT :kind AS kind, :many AS many, :day AS day, :name AS name""",
    "folder/index": "SELECT 1 AS one",
    "empty": "SELECT items.name FROM shop_db.items AS items WHERE false",
    "long": counting(20_000),
    "million": counting(1_000_000),
    "broken/syntax": "SELEC 1",
    "broken/table": "SELECT 1 AS one FROM shop_db.no_table",
    "broken/late": counting(BROKEN_ROW + 1, OVERFLOW, row=BROKEN_ROW),
    "broken/first": counting(10, OVERFLOW, row=1),
    "broken/money": """/*
        columns:
          value: {type: money}
        */"""
    + counting(BROKEN_ROW + 1, "CASE WHEN n = {row} THEN 0.5 ELSE n END", row=BROKEN_ROW),
    "broken/first-money": """/*
        columns:
          value: {type: money}
        */
        SELECT 0.5 AS value""",
    "heavy": NEVER_ENDING,
    "refused": """/*
        params:
          n: {type: integer, default: 1}
          list: {type: text, default: "[]"}
        */
        SELECT abs(:n) AS size, items.value FROM json_each(:list) AS items""",
}
