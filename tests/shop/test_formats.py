"""The same values in every format, of everything that the shop tells."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, datetime
from typing import Any

import pytest

from tests.formats.readers import read_excel
from tests.own_reports import own_reports
from tests.shop.books import Row
from tests.shop.conftest import Shop, ndjson

FOLDERS = ("customers", "orders", "order-lines", "products", "categories", "analytics")


def read_without_more() -> list[str]:
    """The URLs that can be asked for with nothing but a number in the path."""
    urls = []
    for each in own_reports():
        assert each.source is not None
        needed = {name for name, parameter in each.source.header.params.items() if parameter.is_required}
        if (
            each.route.method == "GET"
            and each.file.split("/")[0] in FOLDERS
            and needed <= set(each.route.parameters)
        ):
            urls.append(each.route.url)
    return urls


URLS = read_without_more()


def path_of(url: str) -> str:
    """The URL with a number where it wants one."""
    return re.sub(r"{\w+}", "1", url)


def told(value: Any) -> Any:
    """A value without regard to how a format writes it; what is empty is None."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime | date):
        value = value.isoformat()
    if isinstance(value, bool) or value in ("true", "false"):
        return str(value).lower()
    try:
        return float(value)
    except ValueError:
        # Excel does not know whether a midnight is a day.
        return str(value).removesuffix("Z").removesuffix("T00:00:00")


def rows_of(table: list[list[Any]], columns: list[str]) -> list[list[Any]]:
    header, *rows = table
    assert header == columns
    return [[told(value) for value in row] for row in rows]


@pytest.mark.parametrize("url", URLS)
def test_every_format_has_the_same_rows(shop: Shop, url: str) -> None:
    path = path_of(url)
    rows: list[Row] = ndjson(shop.get(f"{path}?format=ndjson"))
    assert rows
    columns = list(rows[0])
    wanted = [[told(row[column]) for column in columns] for row in rows]
    text = shop.get(f"{path}?format=csv").text
    assert rows_of(list(csv.reader(io.StringIO(text, newline=""), strict=True)), columns) == wanted
    assert rows_of(read_excel(shop.get(f"{path}?format=xlsx").body), columns) == wanted
    whole = shop.get(path).json()
    items = whole["items"] if isinstance(whole, dict) and "items" in whole else whole
    if isinstance(items, list):
        assert items == rows[: len(items)]
        assert len(items) == min(len(rows), 50) if items is not whole else len(rows)
    else:
        assert {key: value for key, value in items.items() if key in columns}.items() <= rows[0].items()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("url", [url for url in URLS if "{" not in url])
def test_the_header_is_there_without_rows(nothing: Shop, url: str, form: str) -> None:
    body = nothing.get(f"{url}?format={form}").body
    header = read_excel(body)[0] if form == "xlsx" else next(csv.reader(io.StringIO(body.decode())))
    assert len(header) > 2


def test_they_are_all_there() -> None:
    assert len(URLS) >= 18
