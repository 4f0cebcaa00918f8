"""Rows in, over HTTP: what is written, what is answered, and what is refused with nothing written."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.inputs.workbooks import workbook as workbook_of
from tests.server import Server
from tests.sqlite_files import make_database
from tests.web.conftest import servers_over
from tests.web.writing import DATABASES, WRITES, make_shop

SHEET = (
    "Customer Name,Order #,ordered,item,price,note\r\n"
    'Ada,7,01/31/24,"Tea, green",10.50,x\r\n'
    "Ada,7,2024-01-31,Cup,2,\r\n"
    "Cy & Co's,8,2/1/24,Tea,$1,\r\n"
)


@pytest.fixture
def shop(refilled_shop: Server) -> Server:
    return refilled_shop


@pytest.fixture
def own_shop(tmp_path: Path) -> Iterator[Server]:
    """A server for one test."""
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        yield make(WRITES)


def rows(server: Server, file: str, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(server.dbs / f"{file}.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def everything(server: Server) -> list[list[tuple[Any, ...]]]:
    return [
        rows(server, "customer", "SELECT * FROM customers ORDER BY 1"),
        rows(server, "order", "SELECT * FROM orders ORDER BY 1"),
        rows(server, "line", "SELECT * FROM lines ORDER BY 1, 2"),
    ]


def test_a_row_is_created_and_given_back(shop: Server) -> None:
    answer = shop.send("/customers/", {"customer_name": "Zoë", "city": "Köln"})
    assert answer.status == 201
    assert answer.json() == [{"customer_id": 3, "customer_name": "Zoë", "city": "Köln"}]
    assert rows(shop, "customer", "SELECT * FROM customers WHERE customer_id = 3") == [(3, "Zoë", "Köln")]
    assert shop.get("/customers/").json()[-1] == answer.json()[0]


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson"])
def test_the_rows_come_in_the_wanted_format(shop: Server, accept: str) -> None:
    answer = shop.send("/customers/", {"customer_name": "Di"}, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == accept
    wanted = {
        "text/csv": 'customer_id,customer_name,city\r\n3,"Di",\r\n',
        "application/x-ndjson": '{"customer_id":3,"customer_name":"Di","city":null}\n',
    }
    assert answer.text == wanted[accept]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"customer_name=Zo%C3%AB&city=", "application/x-www-form-urlencoded"),
        (
            b'--b\r\nContent-Disposition: form-data; name="customer_name"\r\n\r\nZo\xc3\xab\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    ],
)
def test_forms(shop: Server, body: bytes, kind: str) -> None:
    answer = shop.get("/customers/", {"Content-Type": kind}, "POST", body=body)
    assert (answer.status, answer.json()[0]["customer_name"]) == (201, "Zoë")


def test_change_and_remove(shop: Server) -> None:
    answer = shop.send("/customers/2", {"city": "Rome"}, "PATCH")
    assert (answer.status, answer.json()) == (200, {"inserted": 0, "updated": 1, "deleted": 0})
    assert shop.send("/customers/2", {"city": "Rome"}, "PATCH").status == 200
    assert shop.send("/customers/2", None, "DELETE").json() == {"inserted": 0, "updated": 0, "deleted": 1}
    gone = shop.send("/customers/2", None, "DELETE")
    assert (gone.status, gone.json()["type"]) == (404, "urn:aggregator:problem:nothing-there")
    assert shop.send("/customers/9", {"city": "x"}, "PATCH").status == 404
    assert shop.send("/customers/9", {"customer_name": "New"}, "PUT").status == 201
    assert shop.send("/customers/9", {"customer_name": "Newer"}, "PUT").status == 200
    assert rows(shop, "customer", "SELECT customer_id, customer_name FROM customers") == [
        (1, "Ada"),
        (9, "Newer"),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "says"),
    [
        ("/customers/", {"customer_name": "Ada"}, 409, "conflict", "customer_name"),
        ("/customers/", {}, 422, "invalid-parameters", "is required"),
        ("/customers/", {"customer_name": "x" * 41}, 422, "invalid-parameters", "at most 40"),
        ("/customers/", {"customer_name": {"a": 1}}, 422, "invalid-parameters", "not an object"),
        ("/customers/", {"name": "x"}, 422, "invalid-parameters", "unknown parameter"),
        ("/customers/", {"customer_name": ["a", "b"]}, 422, "invalid-parameters", "more than once"),
        ("/customers/", [1], 400, "unreadable-input", "not an object"),
        ("/customers/?customer_name=a", {"customer_name": "a"}, 422, "invalid-parameters", "more than once"),
    ],
)
def test_what_is_refused_writes_nothing(
    shop: Server, path: str, body: object, status: int, kind: str, says: str
) -> None:
    before = everything(shop)
    answer = shop.send(path, body)
    assert (answer.status, answer.json()["type"]) == (status, f"urn:aggregator:problem:{kind}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in answer.text
    assert everything(shop) == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"\xff", {"Content-Type": "application/json"}, 400),
        (b"[" * 100_000, {"Content-Type": "application/json"}, 400),
        (b"<a/>", {"Content-Type": "application/xml"}, 415),
        (b"{}", {"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
        (b"x" * 1_000_001, {"Content-Type": "application/json"}, 413),
        (b"--", {"Content-Type": "multipart/form-data"}, 400),
        (b"%ff=1", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_bodies_that_cannot_be_read(shop: Server, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = shop.get("/customers/", headers, "POST", body=body)
    assert (answer.status, answer.json()["status"]) == (status, status)
    assert shop.send("/customers/", {"customer_name": "next"}).status == 201


def test_a_sheet_goes_into_three_files(shop: Server) -> None:
    answer = shop.send("/orders/import", SHEET)
    assert answer.status == 201, answer.text
    told = answer.json()
    assert {key: told[key] for key in ("received", "inserted", "updated", "unchanged", "rejected")} == {
        "received": 3,
        "inserted": 3,
        "updated": 0,
        "unchanged": 0,
        "rejected": [],
    }
    assert told["ignored_columns"] == ["note"]
    assert told["tables"]["customer_db.customers"] == {"inserted": 1, "updated": 0, "deleted": 0}
    assert told["tables"]["order_db.orders"] == {"inserted": 2, "updated": 0, "deleted": 0}
    assert everything(shop) == [
        [(1, "Ada", "London"), (2, "Bo", None), (3, "Cy & Co's", None)],
        [(1, 1, "2024-01-01", 500), (7, 1, "2024-01-31", 1250), (8, 3, "2024-02-01", 100)],
        [(1, 1, "Tea", 500), (7, 1, "Tea, green", 1050), (7, 2, "Cup", 200), (8, 1, "Tea", 100)],
    ]


def test_the_same_again_changes_nothing(shop: Server) -> None:
    shop.send("/orders/import", SHEET)
    before = everything(shop)
    again = shop.send("/orders/import", SHEET)
    assert again.status == 200
    told = again.json()
    assert [told[key] for key in ("received", "inserted", "updated", "unchanged")] == [3, 0, 0, 3]
    assert everything(shop) == before
    changed = shop.send("/orders/import", SHEET.replace("Cup,2", "Cup,3")).json()
    assert [changed[key] for key in ("received", "inserted", "updated", "unchanged")] == [3, 0, 1, 2]


def test_bad_rows_are_told_by_line_and_nothing_is_written(shop: Server) -> None:
    bad = (
        SHEET + 'Bo,nine,01/31/24,"two\nlines",1,\r\nBo,9,02/30/24,Tea,1,\r\nBo,9,1/1/24,Tea,-1,\r\nBo,9\r\n'
    )
    before = everything(shop)
    answer = shop.send("/orders/import", bad)
    assert (answer.status, answer.json()["type"]) == (422, "urn:aggregator:problem:rejected-rows")
    assert (answer.json()["received"], answer.json()["rejected_count"]) == (7, 4)
    told = [(row["line"], row["column"], row["value"]) for row in answer.json()["rejected"]]
    assert told[:3] == [(5, "Order #", "nine"), (7, "ordered", "02/30/24"), (8, "price", "-1")]
    assert told[3:] == [(9, column, None) for column in ("ordered", "item", "price")]
    assert everything(shop) == before
    skipped = shop.send("/orders/import?invalid=skip", bad)
    assert skipped.status == 201
    assert [skipped.json()[key] for key in ("received", "inserted", "unchanged")] == [7, 3, 0]
    assert (skipped.json()["rejected"], skipped.json()["rejected_count"]) == (answer.json()["rejected"], 4)


def test_a_dry_run_says_the_same_and_writes_nothing(shop: Server) -> None:
    before = everything(shop)
    dry = shop.send("/orders/import?dry_run=true", SHEET)
    assert (dry.status, dry.json().pop("dry_run")) == (200, True)
    assert everything(shop) == before
    wet = shop.send("/orders/import", SHEET).json()
    assert {key: value for key, value in dry.json().items() if key != "dry_run"} == wet


def objects() -> list[dict[str, object]]:
    names = ["customer", "order_number", "ordered", "item", "price"]
    values = [
        ["Ada", 7, "2024-01-31", "Tea, green", 10.5],
        ["Ada", 7, "2024-01-31", "Cup", "2"],
        ["Cy & Co's", "8", "2024-02-01", "Tea", 1],
    ]
    return [dict(zip(names, row, strict=True)) for row in values]


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["customer", "Order #", "ordered", "item", "price"])
    for row in objects():
        sheet.append(list(row.values()))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(name: str, data: bytes) -> tuple[bytes, str]:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n--b--\r\n"
    return body, "multipart/form-data; boundary=b"


def test_every_way_to_send_them_has_the_same_end(shop: Server) -> None:
    shop.send("/orders/import", SHEET)
    end = everything(shop)
    semicolons = SHEET.replace('"Tea, green"', "Tea§ green").replace(",", ";").replace("§", ",")
    excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ways: list[tuple[bytes, str]] = [
        (json.dumps(objects()).encode(), "application/json"),
        ("\n".join(map(json.dumps, objects())).encode(), "application/x-ndjson"),
        (b"\xef\xbb\xbf" + semicolons.encode(), "text/csv"),
        (SHEET.replace(",", "\t").replace("Tea\t green", "Tea, green").encode("utf-16"), "text/plain"),
        (workbook(), excel),
        upload("orders.xlsx", workbook()),
        upload("orders.csv", SHEET.encode()),
    ]
    for body, kind in ways:
        answer = shop.get("/orders/import", {"Content-Type": kind}, "POST", body=body)
        assert answer.status == 200, (kind, answer.text)
        assert [answer.json()[key] for key in ("received", "inserted", "updated", "unchanged")] == [
            3,
            0,
            0,
            3,
        ]
    assert everything(shop) == end


def test_one_object_is_one_row(shop: Server) -> None:
    assert shop.send("/orders/import", objects()[0]).json()["received"] == 1


def test_a_post_that_only_reads_is_a_report(shop: Server) -> None:
    answer = shop.send("/search", {"q": "A", "numbers": [1, 2]})
    assert (answer.status, answer.json()) == (200, [{"customer_id": 1, "customer_name": "Ada"}])
    assert shop.send("/search", {"q": "A", "numbers": [2]}).json() == []
    assert shop.send("/search", {"q": "B"}, headers={"Accept": "text/csv"}).text == (
        'customer_id,customer_name\r\n2,"Bo"\r\n'
    )


def test_rows_that_are_only_read(shop: Server) -> None:
    answer = shop.send("/preview", "day\n31.01.2024\n01.02.2024\n")
    assert answer.json() == [{"line": 2, "day": "2024-01-31"}, {"line": 3, "day": "2024-02-01"}]


def test_the_same_key_gives_the_first_answer_again(own_shop: Server) -> None:
    def create(key: str, name: str) -> tuple[int, Any]:
        answer = own_shop.send("/customers/", {"customer_name": name}, headers={"Idempotency-Key": key})
        return answer.status, answer.json()

    first = create("k1", "Eve")
    assert first[0] == 201
    assert create("k1", "Eve") == first
    assert create("k1", "Mallory")[0] == 422
    assert create("k2", "Eve")[0] == 409
    assert create("k2", "Fay")[0] == 201
    names = [name for (name,) in rows(own_shop, "customer", "SELECT customer_name FROM customers")]
    assert names == ["Ada", "Bo", "Eve", "Fay"]
    own_shop.kill()


def test_the_key_of_an_import(shop: Server) -> None:
    key = {"Idempotency-Key": "sheet-1"}
    first = shop.send("/orders/import", SHEET, headers=key)
    assert shop.send("/orders/import", SHEET, headers=key).json() == first.json()
    assert first.status == 201


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://127.0.0.1:{port}"}, 201),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"}, 421),
        ({"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
    ],
)
def test_pages_of_other_sites_may_not_write(shop: Server, headers: dict[str, str], status: int) -> None:
    filled = {name: value.format(port=shop.port) for name, value in headers.items()}
    assert shop.send("/customers/", {"customer_name": "x"}, headers=filled).status == status


def test_a_large_body_is_refused(tmp_path: Path) -> None:
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        server = make(WRITES, max_body=1000)
        answer = server.send("/orders/import", SHEET + "x" * 1000)
        assert (answer.status, answer.json()["type"]) == (413, "urn:aggregator:problem:too-large")
        assert server.send("/orders/import", SHEET).status == 201


def test_a_body_that_is_cut_off_writes_nothing(own_shop: Server) -> None:
    before = everything(own_shop)
    with own_shop.connected() as client:
        head = f"POST /orders/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(SHEET)}"
        client.sendall(f"{head}\r\nContent-Type: text/csv\r\n\r\n{SHEET[:-10]}".encode())
    assert own_shop.line(report="orders/import.post")["outcome"] == "Cancelled"
    assert everything(own_shop) == before


def test_a_locked_database_is_named(tmp_path: Path) -> None:
    make_shop(tmp_path)
    with servers_over(tmp_path) as make:
        server = make(WRITES, lock_wait=0.1)
        assert server.send("/customers/", {"customer_name": "first"}).status == 201
        other = sqlite3.connect(server.dbs / "customer.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        answer = server.send("/customers/", {"customer_name": "second"})
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert "customer_db" in answer.json()["detail"]
        assert server.send("/orders/import", SHEET).status == 503
        other.execute("ROLLBACK")
        assert server.send("/customers/", {"customer_name": "second"}).status == 201
        other.close()


def test_the_tables_of_another_program_may_change(own_shop: Server) -> None:
    assert own_shop.send("/customers/", {"customer_name": "first"}).status == 201
    connection = sqlite3.connect(own_shop.dbs / "customer.db")
    connection.execute("ALTER TABLE customers RENAME TO people")
    connection.close()
    answer = own_shop.send("/customers/", {"customer_name": "second"})
    assert (answer.status, answer.json()["type"]) == (500, "urn:aggregator:problem:broken-report")


def test_openapi_describes_bodies(shop: Server) -> None:
    paths = shop.get("/openapi.json").json()["paths"]
    post = paths["/customers/"]["post"]
    schema = post["requestBody"]["content"]["application/json"]["schema"]
    assert (schema["required"], set(schema["properties"])) == (["customer_name"], {"customer_name", "city"})
    assert {"201", "200", "400", "409", "413", "415", "422"} <= set(post["responses"])
    rows_schema = paths["/orders/import"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert rows_schema["items"]["required"] == [
        "customer",
        "order_number",
        "ordered",
        "item",
        "price",
    ]
    assert "requestBody" not in paths["/customers/{customer_id}"]["delete"]
    assert set(paths["/customers/{customer_id}"]) == {"patch", "delete", "put"}


def test_rows_are_given_back_again_and_again(shop: Server) -> None:
    for number in range(5):
        answer = shop.send("/customers/", {"customer_name": f"Customer {number}"})
        assert (answer.status, len(answer.json())) == (201, 1)
    with ThreadPoolExecutor(8) as threads:
        names = [f"Guest {number}" for number in range(40)]
        answers = list(threads.map(lambda name: shop.send("/customers/", {"customer_name": name}), names))
    assert {answer.status for answer in answers} == {201}
    assert [answer.json()[0]["customer_name"] for answer in answers] == names


def test_options_may_stand_in_the_form(shop: Server) -> None:
    before = everything(shop)
    option = b'--b\r\nContent-Disposition: form-data; name="dry_run"\r\n\r\ntrue\r\n'
    body, kind = upload("orders.csv", SHEET.encode())
    answer = shop.get("/orders/import", {"Content-Type": kind}, "POST", body=option + body)
    assert (answer.status, answer.json()["dry_run"]) == (200, True)
    assert everything(shop) == before


def test_the_key_of_a_form_is_of_what_it_says(shop: Server) -> None:
    body, kind = upload("orders.csv", SHEET.encode())
    key = {"Idempotency-Key": "form-1"}
    first = shop.get("/orders/import", {"Content-Type": kind, **key}, "POST", body=body)
    other = {"Content-Type": kind.replace("=b", "=other"), **key}
    again = shop.get("/orders/import", other, "POST", body=body.replace(b"--b", b"--other"))
    assert (again.status, again.json()) == (first.status, first.json())


def test_a_locked_database_keeps_nobody_from_another(tmp_path: Path) -> None:
    make_shop(tmp_path)
    orders = "INSERT INTO order_db.orders (customer_id, order_date, total_cents) VALUES (1, '2024-01-01', 1)"
    with servers_over(tmp_path) as make, ThreadPoolExecutor(5) as threads:
        server = make({**WRITES, "orders/index.post": orders}, lock_wait=3)
        assert server.send("/orders/").status == 201
        other = sqlite3.connect(server.dbs / "customer.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = [
            threads.submit(server.send, "/customers/", {"customer_name": f"Customer {number}"})
            for number in range(4)
        ]
        assert server.send("/orders/").status == 201
        assert not any(each.done() for each in waiting)
        assert {each.result().status for each in waiting} == {503}
        other.close()


def test_a_returning_of_everything_after_a_new_column(tmp_path: Path) -> None:
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "customer.db", DATABASES["customer.db"], "wal")
    everything_back = (
        "/* params: {name: {type: text}} */"
        " INSERT INTO customer_db.customers (customer_name) VALUES (:name) RETURNING *"
    )
    with servers_over(tmp_path) as make:
        server = make({"new.post": everything_back})
        assert set(server.send("/new", {"name": "a"}).json()[0]) == {"customer_id", "customer_name", "city"}
        connection = sqlite3.connect(server.dbs / "customer.db")
        connection.execute("ALTER TABLE customers ADD COLUMN age INT")
        connection.close()
        answer = server.send("/new", {"name": "b"})
        assert (answer.status, answer.json()[0]["age"]) == (201, None)


def test_many_names_are_refused_at_once(shop: Server) -> None:
    answer = shop.send("/customers/", {str(number): 0 for number in range(40_000)})
    assert (answer.status, answer.json()["type"]) == (413, "urn:aggregator:problem:too-large")


def test_a_key_changes_nothing_about_deferred_foreign_keys(tmp_path: Path) -> None:
    (tmp_path / "dbs").mkdir()
    script = (
        "CREATE TABLE parents (id INTEGER PRIMARY KEY);"
        " CREATE TABLE children (p INT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    make_database(tmp_path / "dbs" / "family.db", script, "wal")
    with servers_over(tmp_path) as make:
        server = make(
            {
                "child.post": "INSERT INTO family_db.children VALUES (99)",
                "children.post": "/* input: {p: {type: integer}} */"
                " INSERT INTO family_db.children SELECT input.p FROM input",
            }
        )
        assert server.send("/child").status == 409
        assert server.send("/child", headers={"Idempotency-Key": "k"}).status == 409
        assert server.send("/children?dry_run=true", "p\n99\n").status == 409
        assert rows(server, "family", "SELECT * FROM children") == []


# --- day and month -------------------------------------------------------------------------------

SWAPPED = "customer,Order #,Ordered,item,price\nAda,7,05/12/24,Tea,1\nAda,8,13/12/24,Tea,2\n"


def test_swapped_days_refuse_the_whole_file_until_their_order_is_said(shop: Server) -> None:
    """5 December must not become 12 May, also where bad rows are skipped."""
    for query in ("", "?invalid=skip", "?invalid=skip&dry_run=true"):
        refused = shop.send(f"/orders/import{query}", f"Orders of May\n{SWAPPED}")
        told = refused.json()
        assert (refused.status, told["type"]) == (422, "urn:aggregator:problem:swapped-days")
        assert told["detail"].startswith(
            "Ordered: Day and month seem to be swapped. 13/12/24 cannot be read as"
        )
        assert "?date_order=dmy" in told["hint"]
        assert told["notes"] == ["The header is on line 2; 1 line above it was skipped."]
        assert [row["line"] for row in told["rejected"]] == [4]
    preview = shop.send("/orders/import?preview=5", SWAPPED).json()
    assert preview["problems"] == [told["detail"].removesuffix(" Nothing was written.")]
    assert shop.send("/orders/import?preview=5&date_order=dmy", SWAPPED).json()["problems"] == []
    assert rows(shop, "order", "SELECT count(*) FROM orders WHERE order_id IN (7, 8)") == [(0,)]

    skipped = shop.send("/orders/import?invalid=skip&date_order=mdy&dry_run=true", SWAPPED)
    assert (skipped.status, len(skipped.json()["rejected"])) == (200, 1)
    taken = shop.send("/orders/import?date_order=dmy", SWAPPED)
    assert taken.status == 201
    assert taken.json()["read_as"]["date_order"] == "dmy"
    stored = rows(shop, "order", "SELECT order_date FROM orders WHERE order_id IN (7, 8) ORDER BY 1")
    assert stored == [("2024-12-05",), ("2024-12-13",)]


def test_dates_that_a_spreadsheet_program_may_have_swapped(shop: Server) -> None:
    """A program that reads 05/12/24 as another day leaves 13/12/24 a text."""
    header = ["customer", "Order #", "Ordered", "item", "price"]
    book = workbook_of([header, ["Ada", 7, date(2024, 5, 12), "Tea", 1], ["Ada", 8, "12/13/24", "Tea", 2]])
    refused = shop.send("/orders/import?invalid=skip", book)
    assert (refused.status, refused.json()["type"]) == (422, "urn:aggregator:problem:swapped-days")
    assert "2024-05-12" in refused.json()["detail"]
    assert "12/13/24 is text" in refused.json()["detail"]
    taken = shop.send("/orders/import?date_order=mdy", book)
    assert taken.status == 201
    (note,) = taken.json()["notes"]
    assert note.startswith("Ordered: A spreadsheet program may have swapped")


def test_a_column_in_another_currency_is_refused(shop: Server) -> None:
    for sheet in (SHEET, json.dumps([{"customer": "Ada", "Order #": 7, "price": 1}])):
        other = sheet.replace("price", "price €")
        refused = shop.send("/orders/import", json.loads(other) if other[0] == "[" else other)
        assert (refused.status, refused.json()["type"]) == (400, "urn:aggregator:problem:unreadable-input")
        assert 'The column "price €" is in €, and price is in USD.' in refused.json()["detail"]
    assert shop.send("/orders/import?dry_run=true", SHEET.replace("price", "price $")).status == 200


def test_all_bad_cells_of_a_workbooks_row_are_told(shop: Server) -> None:
    header = ["customer", "Order #", "ordered", "item", "price"]
    book = workbook_of([header, ["#REF!", "nine", "2024-01-31", "Tea", "#N/A"], ["Ada", 7, None, "Tea", 1]])
    told = shop.send("/orders/import", book).json()
    assert [(row["line"], row["column"], row["value"]) for row in told["rejected"]] == [
        (2, "customer", "#REF!"),
        (2, "price", "#N/A"),
        (2, "Order #", "nine"),
        (3, "ordered", None),
    ]
    assert told["rejected_count"] == 2 or "rejected_count" not in told


def test_an_order_of_days_that_is_none(shop: Server) -> None:
    wrong = shop.send("/orders/import?date_order=ymd", SWAPPED)
    assert (wrong.status, wrong.json()["errors"][0]["message"]) == (422, "must be one of dmy, mdy")
