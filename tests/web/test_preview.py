"""`?preview=N`: how a body is understood, without anything being written or waited for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.inputs.workbooks import workbook
from tests.server import Server
from tests.sqlite_files import locked
from tests.web.conftest import servers_over
from tests.web.writing import WRITES, make_shop

HEADER = ["customer", "Order #", "ordered", "item", "price", "note"]
ROWS = [
    ["Ada", "7", "01/31/24", "Tea, green", "10.50", "x"],
    ["", "nine", "02/30/24", "Cup", "2", ""],
    ["Cy & Co's", "8", "02/01/24", "Tea", "-1", ""],
]
SHEET = "\n".join([",".join(HEADER), *(",".join(f'"{cell}"' for cell in row) for row in ROWS)])
BASKET = """/*
params:
  customer: {type: integer}
rows_in: lines
input:
  item: {type: text, required: true}
*/
INSERT INTO line_db.lines (order_id, line_number, item, cents)
SELECT :customer, input.line, input.item, 1 FROM input WHERE true
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("preview")
    make_shop(folder)
    with servers_over(folder) as make:
        yield make({**WRITES, "baskets/{customer}.post": BASKET}, max_body=10_000_000)


def previewed(shop: Server, path: str, body: object, **headers: str) -> Any:
    answer = shop.send(path, body, headers={name.replace("_", "-"): text for name, text in headers.items()})
    assert answer.status == 200, answer.text
    return answer.json()


def files(dbs: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in dbs.iterdir() if not path.name.endswith("-shm")}
    return {name: data for name, data in found.items() if data}


def test_it_shows_and_writes_nothing(shop: Server) -> None:
    before = files(shop.dbs)
    document = previewed(shop, "/orders/import?preview=2", SHEET)
    assert [row["cells"] for row in document["rows"]] == [
        ROWS[0],
        [cell or None for cell in ROWS[1]],
    ]
    assert [column["input"] for column in document["columns"]] == [*WANTED, None]
    assert [column["column"] for column in document["input"]] == HEADER[:-1]
    assert [each["column"] for each in document["rows"][1]["problems"]] == ["customer", "Order #", "ordered"]
    assert files(shop.dbs) == before


WANTED = ["customer", "order_number", "ordered", "item", "price"]


def test_it_finds_what_a_dry_run_finds(shop: Server) -> None:
    rows = previewed(shop, "/orders/import?preview", SHEET)["rows"]
    dry = shop.send("/orders/import?dry_run=true&invalid=skip", SHEET).json()
    found = [{"line": row["line"], **problem} for row in rows for problem in row["problems"]]
    assert found == dry["rejected"]
    assert [row["line"] for row in found] == [3, 3, 3, 4]


def test_a_load_and_a_preview_say_how_the_file_was_read(shop: Server) -> None:
    sheet = f"Orders of January\n\n{SHEET}\nDee,9,02/01/24,Cup,3\n,,,,,\n"
    preview = previewed(shop, "/orders/import?preview=20", sheet)
    dry = shop.send("/orders/import?dry_run=true&invalid=skip", sheet).json()
    assert preview["notes"] == dry["notes"]
    assert preview["notes"] == [
        "The header is on line 3; 1 line above it was skipped.",
        "1 row (line 7) has fewer cells than the header. The missing cells are empty.",
    ]
    assert (preview["header_line"], preview["skipped"]) == (3, [{"line": 1, "text": "Orders of January"}])
    said = shop.send("/orders/import?dry_run=true&invalid=skip&header_line=3", sheet).json()
    assert said["notes"] == dry["notes"][1:]
    wrong = shop.send("/orders/import?dry_run=true&header_line=1", sheet)
    assert (wrong.status, "Orders of January" in wrong.json()["detail"]) == (400, True)
    assert '"customer" (or "Customer Name" or "Kunde")' in wrong.json()["detail"]
    assert shop.send("/orders/import", sheet).json()["notes"] == dry["notes"]
    assert "notes" not in shop.send("/orders/import?dry_run=true&invalid=skip", SHEET).json()
    assert "notes" not in shop.send("/orders/import", SHEET).json()


@pytest.mark.parametrize("line", ["0", "x", "-1", "1.5", "10001", "9" * 5_000, "%D9%A3"])
def test_a_header_line_is_a_number(shop: Server, line: str) -> None:
    for option in ("preview=20", "dry_run=true"):
        answer = shop.send(f"/orders/import?{option}&header_line={line}", SHEET)
        assert (answer.status, answer.json()["errors"][0]["parameter"]) == (422, "header_line")


def test_a_workbook_and_a_form(shop: Server) -> None:
    body = workbook([HEADER, *ROWS], Notes=[["a"]])
    document = previewed(shop, "/orders/import?preview=20", body)
    assert document["sheets"] == ["Sheet", "Notes"]
    assert [row["cells"][1] for row in document["rows"]] == ["7", "nine", "8"]
    form = b'--b\r\nContent-Disposition: form-data; name="preview"\r\n\r\n1\r\n'
    form += b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
    form += body + b"\r\n--b--\r\n"
    kind = "multipart/form-data; boundary=b"
    assert len(previewed(shop, "/orders/import", form, Content_Type=kind)["rows"]) == 1


def test_parameters_may_be_missing_or_unknown_yet(shop: Server) -> None:
    path = "/baskets/nobody-yet?preview=20"
    (row,) = previewed(shop, path, "item\nTea\n")["rows"]
    assert row == {"line": 2, "cells": ["Tea"], "problems": []}
    (row,) = previewed(shop, path, {"customer": 1, "lines": [{"item": "Tea"}]})["rows"]
    assert row == {"line": 1, "cells": ["Tea"], "problems": []}


def test_a_locked_database_keeps_nobody_waiting(shop: Server) -> None:
    with ExitStack() as stack:
        for path in shop.dbs.glob("*.db"):
            stack.enter_context(locked(path))
        assert len(previewed(shop, "/orders/import?preview=20", SHEET)["rows"]) == 3


@pytest.mark.parametrize("count", ["0", "101", "-1", "two", "1&preview=2", "٣"])
def test_another_number_of_rows_is_refused(shop: Server, count: str) -> None:
    answer = shop.send(f"/orders/import?preview={count if count.isascii() else '%D9%A3'}", SHEET)
    assert (answer.status, answer.json()["errors"][0]["parameter"]) == (422, "preview")


def test_other_names_are_refused(shop: Server) -> None:
    answer = shop.send("/orders/import?preview=20&delimeter=;", SHEET)
    assert [each["parameter"] for each in answer.json()["errors"]] == ["delimeter"]
    assert answer.status == 422
    answer = shop.send("/customers/?preview=20", {"customer_name": "Dee"})
    assert [each["parameter"] for each in answer.json()["errors"]] == ["preview"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "text/csv", 400),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "image/png", 415),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "text/csv", 400),
        (b"PK\x03\x04 not a zip", "", 400),
        (SHEET.encode() + b'\n"Ada', "text/csv", 400),
        (b"[{}", "application/json", 400),
        (SHEET.encode() + b"\n" * 10_000_000, "text/csv", 413),
    ],
)
def test_a_body_that_cannot_be_taken_apart(shop: Server, body: bytes, kind: str, status: int) -> None:
    answer = shop.get("/orders/import?preview=20", {"Content-Type": kind}, "POST", body=body)
    assert answer.status == status, answer.text
    assert answer.json()["detail"]


def test_a_file_is_read_by_what_it_is(shop: Server) -> None:
    curl = "application/x-www-form-urlencoded"
    excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    book = workbook([HEADER, *ROWS])
    objects = [dict(zip(HEADER, row, strict=True)) for row in ROWS]
    lines = "\n".join(map(json.dumps, objects))
    for body, kind, format in (
        (book, curl, "excel"),
        (SHEET, curl, "csv"),
        (book, "text/csv", "excel"),
        (SHEET, excel, "csv"),
        (lines, "application/json", "ndjson"),
        (lines, curl, "ndjson"),
        (json.dumps({"items": objects, "total": 3, "limit": 3, "offset": 0}), "application/json", "json"),
    ):
        document = previewed(shop, "/orders/import?preview=20", body, Content_Type=kind)
        assert document["read_as"]["format"] == format
        assert [row["cells"][1] for row in document["rows"]] == ["7", "nine", "8"]


def test_a_form_that_is_cut_off_is_refused(shop: Server) -> None:
    part = 'Content-Disposition: form-data; name="file"; filename="a.csv"'
    form = f"--b\r\n{part}\r\n\r\n{SHEET}\r\n--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for missing in (0, 2, 4, 6, 9, 30, 60):
        cut = form[: len(form) - missing]
        answer = shop.send("/orders/import?dry_run=true&invalid=skip", cut, headers=headers)
        if missing <= 2:
            assert (answer.status, answer.json()["received"]) == (200, 3)
        else:
            assert (answer.status, answer.json()["detail"].partition(":")[0]) == (400, "The form is cut off")


@pytest.mark.parametrize("option", ["preview", "dry_run=true&invalid=skip"])
@pytest.mark.parametrize(
    ("member", "reason"),
    [
        (b'"\\ud800": 1', "has a key that holds half of a character"),
        (b'"item": {"\\ud800": 1, "\\ud800": 2}', 'has the key "\\ud800" twice'),
    ],
)
def test_a_key_that_is_no_text_is_told(shop: Server, option: str, member: bytes, reason: str) -> None:
    answer = shop.send(f"/orders/import?{option}", b'[{"customer": "Ada", ' + member + b"}]")
    assert answer.status == 200, answer.text
    document = answer.json()
    errors = document["rows"][0]["problems"] if option == "preview" else document["rejected"]
    assert [error["reason"] for error in errors] == [reason]


def test_a_nul_in_a_parameter_is_refused(shop: Server) -> None:
    for answer in (
        shop.send("/customers/", {"customer_name": "A\0da"}),
        shop.send("/search", {"q": "A\0"}),
        shop.send("/search?q=%00", {}),
    ):
        assert (answer.status, answer.json()["errors"][0]["message"]) == (
            422,
            "must not hold the character NUL",
        )


def test_it_is_as_the_description_says(shop: Server) -> None:
    description = shop.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Preview", "components": description["components"]}
    for path, body in (
        ("/orders/import", SHEET),
        ("/orders/import", "a,b\n1,2\n"),
        ("/preview", workbook([["day"], ["31.01.2024"], ["never"]])),
    ):
        operation = description["paths"][path]["post"]
        assert "preview" in [each["name"] for each in operation["parameters"]]
        assert "#/components/schemas/Preview" in str(operation["responses"]["200"])
        jsonschema.validate(previewed(shop, f"{path}?preview=20", body), schema)
    assert "Preview" not in str(description["paths"]["/customers/"]["post"])
