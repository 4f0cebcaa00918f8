"""A SELECT before the last statement: each of its rows is a reason not to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over

STOCK = """
CREATE TABLE items (item_id INTEGER PRIMARY KEY, item_name TEXT NOT NULL, left INT NOT NULL) STRICT;
INSERT INTO items VALUES (1, 'Tea', 5), (2, 'Cup', 0), (3, 'Pot', 2);
"""
SOLD = "CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, item_id INT NOT NULL, count INT, cents INT) STRICT"

SELL = """/*
params: {item_id: {type: integer}, count: {type: integer, min: 0}}
*/
SELECT 'There is no item ' || CAST(:item_id AS TEXT) AS missing
WHERE NOT EXISTS (SELECT 1 FROM stock_db.items AS items WHERE items.item_id = :item_id);

SELECT CASE WHEN :count = 0 THEN 'Nothing is sold.' END AS invalid;

UPDATE stock_db.items SET left = left - :count WHERE item_id = :item_id;

SELECT 'There are too few of ' || items.item_name || ': ' || CAST(items.left + :count AS TEXT) || ' left'
    AS conflict
FROM stock_db.items AS items
WHERE items.left < 0;

INSERT INTO sold_db.sales (item_id, count) VALUES (:item_id, :count) RETURNING sales.sale_id, sales.count;
"""
CLEAR = """
SELECT 'Item ' || CAST(items.item_id AS TEXT) || ' is there' AS conflict
FROM stock_db.items AS items
ORDER BY items.item_id;

WITH RECURSIVE numbers AS (SELECT 1 AS number UNION ALL SELECT number + 1 FROM numbers WHERE number < 50)

DELETE FROM stock_db.items WHERE item_id IN (SELECT number FROM numbers);
"""
MANY = """
WITH RECURSIVE numbers AS (SELECT 1 AS number UNION ALL SELECT number + 1 FROM numbers WHERE number < 50)

SELECT 'Reason ' || CAST(numbers.number AS TEXT) || '.' AS invalid FROM numbers;

DELETE FROM stock_db.items;
"""
IMPORT = """/*
params: {total: {type: boolean, default: false}}
input:
  item_id: {type: integer, required: true, from: Article}
  price: {type: money, currency: USD, from: Price}
  count: {type: integer, min: 1}
*/
SELECT
    'is no item' AS invalid,
    input.line,
    'item_id' AS column
FROM input
LEFT JOIN stock_db.items AS items ON input.item_id = items.item_id
WHERE items.item_id IS NULL
UNION ALL
SELECT 'is the third line' AS invalid, 3 AS line, NULL AS column;

SELECT CASE WHEN input.price > 10000 THEN 'is too dear' END AS conflict, input.line, 'PRICE' AS column
FROM input;

SELECT 'appears twice' AS invalid, max(input.line) AS line FROM input
GROUP BY input.item_id HAVING count(*) > 1;

SELECT 'the whole is wrong' AS invalid, NULL AS line WHERE :total = 1;

INSERT INTO sold_db.sales (item_id, count, cents)
SELECT input.item_id, input.count, input.price FROM input ORDER BY input.line;
"""
LINES = """/*
params: {item_id: {type: integer}, j: {type: text, default: "[]"}}
input: {n: {type: integer}}
*/
SELECT 'is negative' AS conflict, input.line FROM input WHERE input.n < 0;

SELECT 'There is no item ' || CAST(:item_id AS TEXT) AS missing
WHERE NOT EXISTS (SELECT 1 FROM stock_db.items AS items WHERE items.item_id = :item_id);

SELECT 'Nor ' || CAST(:item_id AS TEXT) || ' sold' AS missing
WHERE NOT EXISTS (SELECT 1 FROM sold_db.sales AS sales WHERE sales.item_id = :item_id) AND :item_id > 3;

SELECT 'This is not JSON.' AS invalid WHERE NOT json_valid(:j);

SELECT CAST(each.value AS TEXT) || ' is one too many' AS invalid FROM json_each(:j) AS each;

INSERT INTO sold_db.sales (item_id, count) SELECT :item_id, input.n FROM input;
"""
FILES = {
    "sell.post": SELL,
    "clear.post": CLEAR,
    "many.post": MANY,
    "import.post": IMPORT,
    "lines.post": LINES,
}
SHEET = "Article,Price,count\n1,1.50,1\n9,1.50,1\n3,$100.01,2\n1,2.00,3\n1,x,1\n3,100,4\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("guards")
    (folder / "dbs").mkdir()
    make_database(folder / "dbs" / "stock.db", STOCK, "wal")
    make_database(folder / "dbs" / "sold.db", SOLD, "wal")
    with servers_over(folder) as make:
        yield make(FILES)


def rows(server: Server, file: str, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(server.dbs / f"{file}.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def everything(server: Server) -> list[list[tuple[Any, ...]]]:
    return [
        rows(server, "stock", "SELECT * FROM items ORDER BY 1"),
        rows(server, "sold", "SELECT * FROM sales ORDER BY 1"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/sell", {"item_id": 7, "count": 1}, 404, "There is no item 7."),
        ("/sell", {"item_id": 1, "count": 0}, 422, "Nothing is sold."),
        ("/sell", {"item_id": 3, "count": 3}, 409, "There are too few of Pot: 2 left."),
        ("/clear", None, 409, "Item 1 is there. Item 2 is there. Item 3 is there."),
        (
            "/many",
            None,
            422,
            " ".join(f"Reason {number}." for number in range(1, 21)) + " And more.",
        ),
    ],
)
@pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "{path}-{status}-{detail}"}])
def test_a_reason_takes_all_back(
    shop: Server, path: str, body: Any, status: int, detail: str, key: dict[str, str]
) -> None:
    headers = {name: text.format(path=path, status=status, detail=detail)[:99] for name, text in key.items()}
    before = everything(shop)
    answer = shop.send(path, body, headers=headers)
    assert (answer.status, answer.json()["detail"]) == (status, detail)
    assert everything(shop) == before


def test_without_a_reason_it_is_written(shop: Server) -> None:
    ((left,),) = rows(shop, "stock", "SELECT left FROM items WHERE item_id = 1")
    answer = shop.send("/sell", {"item_id": 1, "count": 2})
    assert answer.status == 201
    (sale,) = answer.json()
    assert rows(shop, "stock", "SELECT left FROM items WHERE item_id = 1") == [(left - 2,)]
    assert rows(shop, "sold", f"SELECT item_id, count FROM sales WHERE sale_id = {sale['sale_id']}") == [
        (1, 2)
    ]


def test_lines_that_a_guard_refuses(shop: Server) -> None:
    before = everything(shop)
    good = "\n".join(line for line in SHEET.splitlines() if ",x," not in line)
    answer = shop.send("/import", good)
    assert answer.status == 422
    assert answer.json()["rejected"] == [
        {"line": 3, "column": "Article", "value": "9", "reason": "is no item"},
        {"line": 4, "column": "Price", "value": "100.01", "reason": "is too dear"},
        {"line": 5, "column": None, "value": None, "reason": "appears twice"},
        {"line": 6, "column": None, "value": None, "reason": "appears twice"},
    ]
    assert everything(shop) == before


def test_all_that_is_wrong_is_told_at_once(shop: Server) -> None:
    """Cells, what guards have against lines with and without bad cells, and against the whole."""
    before = everything(shop)
    answer = shop.send("/import?total=true", "Article,Price,count\n9,x,0\nx,200,1\n9,200,1\n1,1,1\n")
    told = answer.json()
    assert (answer.status, told["received"], told["rejected_count"]) == (422, 4, 3)
    assert told["detail"].endswith("nothing was written. the whole is wrong.")
    assert [(row["line"], row["column"], row["value"]) for row in told["rejected"]] == [
        *((2, "Price", "x"), (2, "count", "0"), (2, "Article", "9")),
        *((3, "Article", "x"), (3, "Price", "200.00")),
        *((4, "Article", "9"), (4, "Price", "200.00"), (4, None, None)),
    ]
    assert everything(shop) == before


def test_a_conflict_with_lines_is_409_and_what_is_missing_404(shop: Server) -> None:
    assert shop.send("/lines?item_id=7", "n\n1\n-5\n").json()["detail"] == "There is no item 7. Nor 7 sold."
    assert shop.send("/lines?item_id=7", "n\n1\nx\n").status == 422
    answer = shop.send("/lines?item_id=1", "n\n1\n-5\n")
    (row,) = answer.json()["rejected"]
    assert (answer.status, row["line"], row["reason"]) == (409, 3, "is negative")


def test_a_guard_that_fails_because_of_what_another_has_found(shop: Server) -> None:
    answer = shop.send("/lines?item_id=1&j=x", "n\n1\n")
    assert (answer.status, answer.json()["detail"]) == (422, "This is not JSON.")


def test_lines_that_a_guard_refuses_are_skipped(shop: Server) -> None:
    ((count,),) = rows(shop, "sold", "SELECT count(*) FROM sales")
    answer = shop.send("/import?invalid=skip", SHEET)
    assert answer.status == 201
    told = answer.json()
    assert (told["received"], told["inserted"], told["unchanged"]) == (6, 2, 0)
    assert told["rejected"] == [
        {"line": 3, "column": "Article", "value": "9", "reason": "is no item"},
        {"line": 4, "column": "Price", "value": "100.01", "reason": "is too dear"},
        {"line": 5, "column": None, "value": None, "reason": "appears twice"},
        {"line": 6, "column": "Price", "value": "x", "reason": "must be an amount, such as 1,234.50"},
    ]
    assert rows(
        shop, "sold", f"SELECT item_id, count, cents FROM sales ORDER BY 1 LIMIT -1 OFFSET {count}"
    ) == [
        (1, 1, 150),
        (3, 4, 10000),
    ]


def test_a_reason_without_a_line_is_about_all(shop: Server) -> None:
    before = everything(shop)
    answer = shop.send("/import?invalid=skip&total=true", SHEET)
    assert (answer.status, answer.json()["detail"]) == (422, "the whole is wrong.")
    assert everything(shop) == before


def test_many_lines_are_counted(shop: Server) -> None:
    before = everything(shop)
    sheet = "Article\n" + "".join(f"{number}\n" for number in range(100, 2_600))
    answer = shop.send("/import", sheet)
    told = answer.json()
    assert (answer.status, told["received"], told["rejected_count"]) == (422, 2_500, 2_500)
    assert [row["line"] for row in told["rejected"]] == [*range(2, 1_002)]
    assert everything(shop) == before
