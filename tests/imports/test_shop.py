"""Loading the shop's flat sheet into customers, products, orders and lines, against plain Python."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.imports import expected, running, sheets
from tests.imports.running import dump, read, write

FILE = "shop/import.post.sql"
CUSTOMERS = """
SELECT shop_number, customer_name, gender, login_type, created_at
FROM customer_db.customers
WHERE shop_number IS NOT NULL
"""
ORDERS = """
SELECT
    customers.shop_number, orders.ordered_at, orders.order_date, orders.status, orders.priority,
    orders.device_type, orders.payment_method, orders.aging_days
FROM order_db.orders AS orders
INNER JOIN customer_db.customers AS customers ON orders.customer_id = customers.customer_id
"""
LINES = """
SELECT
    customers.shop_number, orders.ordered_at, products.product_name, order_lines.line_number,
    categories.category_name, order_lines.quantity, order_lines.unit_price_cents, order_lines.discount,
    order_lines.line_total_cents, order_lines.profit_cents, order_lines.shipping_cost_cents
FROM order_line_db.order_lines AS order_lines
INNER JOIN order_db.orders AS orders ON order_lines.order_id = orders.order_id
INNER JOIN customer_db.customers AS customers ON orders.customer_id = customers.customer_id
INNER JOIN product_db.products AS products ON order_lines.product_id = products.product_id
INNER JOIN product_db.categories AS categories ON products.category_id = categories.category_id
"""


def load(dbs: Path, sheet: bytes) -> int:
    told = running.load(dbs, "shop/import", sheet)
    assert told["received"] == len(expected.shop_input(sheet))
    assert told["inserted"] + told["updated"] + told["unchanged"] == told["received"]
    return int(told["inserted"] + told["updated"])


def keyed(rows: list[dict[str, Any]], width: int) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows by their first columns."""
    found = {}
    for row in rows:
        names = list(row)
        found[tuple(row[name] for name in names[:width])] = {name: row[name] for name in names[width:]}
    assert len(found) == len(rows)
    return found


def names(dbs: Path, table: str, column: str) -> list[str]:
    return [row[column] for row in read(dbs, f"SELECT {column} FROM product_db.{table} ORDER BY {column}")]


def test_lines_are_as_the_sheet_says(dbs: Path, shop_sheet: bytes) -> None:
    wanted = expected.shop_lines(shop_sheet)
    assert load(dbs, shop_sheet) == len(wanted)
    assert keyed(read(dbs, LINES), 3) == wanted


def test_orders_are_as_their_first_line_says(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    assert keyed(read(dbs, ORDERS), 2) == expected.shop_orders(shop_sheet)


def test_customers_are_as_their_first_line_says(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    assert expected.conflicting_customers(shop_sheet)
    found = {key: row for (key,), row in keyed(read(dbs, CUSTOMERS), 1).items()}
    assert found == expected.shop_customers(shop_sheet)


def test_products_and_categories_come_once(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    cells = expected.cells(shop_sheet)
    assert names(dbs, "products", "product_name") == sorted({cell["Product"] for cell in cells})
    categories = sorted({cell["Product_Category"] for cell in cells})
    assert names(dbs, "categories", "category_name") == categories


def test_empty_cells_are_unknown(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    cells = expected.cells(shop_sheet)
    unknown = sum(not cell["Quantity"] or not cell["Discount"] for cell in cells)
    without = read(dbs, f"SELECT COUNT(*) AS count FROM ({LINES}) WHERE line_total_cents IS NULL")
    assert without == [{"count": unknown}] == [{"count": 3}]
    no_aging = read(dbs, "SELECT COUNT(*) AS count FROM order_db.orders WHERE aging_days IS NULL")
    assert no_aging == [{"count": sum(not cell["Aging"] for cell in cells)}] == [{"count": 1}]


def test_sums(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    wanted = expected.shop_lines(shop_sheet).values()
    columns = ("quantity", "line_total_cents", "profit_cents", "shipping_cost_cents")
    summed = ", ".join(f"SUM({column}) AS {column}" for column in columns)
    found = read(dbs, f"SELECT {summed} FROM order_line_db.order_lines")
    assert found == [{column: expected.total(line[column] for line in wanted) for column in columns}]


def test_reports_have_what_was_loaded(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    wanted = expected.shop_lines(shop_sheet)
    days = {"from": "1970-01-01", "until": "9999-12-31"}
    assert len(write(dbs, "report/order-lines.sql", params=days).rows) == len(wanted)
    top = write(dbs, "report/top-products.sql", params=days | {"categories": None, "limit": 1_000}).rows
    sales: dict[str, int] = {}
    for (_, _, product), line in wanted.items():
        sales[product] = sales.get(product, 0) + (line["line_total_cents"] or 0)
    assert {row["product_name"]: row["sales"] for row in top} == sales


def test_a_second_load_changes_nothing(dbs: Path, shop_sheet: bytes) -> None:
    load(dbs, shop_sheet)
    before = dump(dbs)
    assert load(dbs, shop_sheet) == 0
    assert dump(dbs) == before


def test_two_halves_make_the_whole(dbs: Path, shop_sheet: bytes) -> None:
    rows = expected.shop_input(shop_sheet)
    for part in (rows[: len(rows) // 2], rows[len(rows) // 2 :]):
        write(dbs, FILE, part)
    before = keyed(read(dbs, LINES), 3)
    assert before == expected.shop_lines(shop_sheet)
    customers = {key: row for (key,), row in keyed(read(dbs, CUSTOMERS), 1).items()}
    for number, customer in expected.shop_customers(shop_sheet).items():
        assert customers[number]["gender"] == customer["gender"]


def test_an_order_that_grows_keeps_its_lines(dbs: Path) -> None:
    first = expected.shop_input(sheets.shop_orders())[0]
    products = ("Rake", first["product_name"], "Spade")
    grown = [first | {"line": line, "product_name": name} for line, name in enumerate(products, start=2)]
    write(dbs, FILE, [first])
    assert write(dbs, FILE, grown).changed == 2
    numbers = {row["product_name"]: row["line_number"] for row in read(dbs, LINES)}
    assert numbers == {first["product_name"]: 1, "Rake": 2, "Spade": 3}


def test_changed_cells_are_brought_up_to_date(dbs: Path) -> None:
    rows = expected.shop_input(sheets.shop_orders())
    write(dbs, FILE, rows)
    rows[20] |= {"quantity": 3}
    rows[0] |= {"priority": "Low" if rows[0]["priority"] != "Low" else "High", "aging_days": None}
    assert write(dbs, FILE, rows).changed == 1
    line = keyed(read(dbs, LINES), 3)[key(rows[20])]
    gross = 3 * rows[20]["unit_price_cents"]
    assert line["line_total_cents"] == round(gross * (1 - rows[20]["discount"]))
    order = keyed(read(dbs, ORDERS), 2)[key(rows[0])[:2]]
    assert (order["priority"], order["aging_days"]) == (rows[0]["priority"], None)
    assert write(dbs, FILE, rows).changed == 0


def key(row: dict[str, Any]) -> tuple[int, str, str]:
    return (
        row["shop_number"],
        f"{row['order_date']}T{row['order_time'].zfill(8)}Z",
        row["product_name"],
    )


def test_half_a_cent_is_rounded_up(dbs: Path) -> None:
    row = expected.shop_input(sheets.shop_orders())[0]
    prices = {5: 0.5, 115: 0.3, 101: 0.125, 1: 0.5, 3: 1.0}
    rows = [
        row
        | {
            "line": price,
            "product_name": f"At {price}",
            "unit_price_cents": price,
            "quantity": 1,
            "discount": share,
        }
        for price, share in prices.items()
    ]
    write(dbs, FILE, rows)
    totals = {line["unit_price_cents"]: line["line_total_cents"] for line in read(dbs, LINES)}
    assert totals == {5: 3, 115: 81, 101: 88, 1: 1, 3: 0}


def test_the_rest_of_the_demo_stays(demo: Path) -> None:
    before = dump(demo)
    load(demo, sheets.shop_orders())
    for table, rows in dump(demo).items():
        assert set(before[table]) <= set(rows), table


def test_statistics_from_before_the_load_do_no_harm(dbs: Path) -> None:
    row = expected.shop_input(sheets.shop_orders())[0]
    rows = [row | {"line": line, "shop_number": line} for line in range(2, 15_002)]
    started = time.monotonic()
    assert write(dbs, FILE, rows).changed == 15_000
    # It is a third of a second; going through the sheet for each order is more than ten.
    assert time.monotonic() - started < 5
