"""Each column by which a report of the demo can be sorted, against Python's own sort."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from aggregator.sqlfile.catalog import Endpoint
from aggregator.sqlfile.header import Header
from tests.own_reports import own_reports
from tests.shop.books import Row
from tests.shop.conftest import Shop

LISTS = [each for each in own_reports() if each.route.method == "GET"]
FALLING_TIES = ("orders/index", "order_date.desc")
"""The only default whose ties fall."""


def header_of(endpoint: Endpoint) -> Header:
    assert endpoint.source is not None
    return endpoint.source.header


def folded(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def in_order(rows: list[Row], sort: str, header: Header, *, ignores_case: bool) -> list[Row]:
    """Equal rows stay as they are, what is missing comes last."""
    name, _, direction = sort.rpartition(".")

    def key(row: Row) -> Any:
        value = row[name]
        if name in header.columns and header.columns[name].type == "money":
            return Decimal(value)
        return folded(value) if ignores_case and isinstance(value, str) else value

    there = sorted((row for row in rows if row[name] is not None), key=key, reverse=direction == "desc")
    return [*there, *(row for row in rows if row[name] is None)]


@pytest.mark.parametrize("name", [each.name for each in LISTS if header_of(each).sort is not None])
def test_columns_that_a_header_names(mixed_shop: Shop, name: str) -> None:
    (endpoint,) = (each for each in LISTS if each.name == name)
    header = header_of(endpoint)
    assert header.sort is not None
    then = header.sort.then
    rows = sorted(mixed_shop.rows(endpoint.route.url), key=lambda row: row[then])
    assert len({row[then] for row in rows}) == len(rows) > 5
    for sort in header.params["sort"].choices or ():
        equal = rows[::-1] if (name, sort) == FALLING_TIES else rows
        wanted = in_order(equal, str(sort), header, ignores_case=False)
        assert mixed_shop.rows(f"{endpoint.route.url}?sort={sort}") == wanted, sort
        if sort == header.sort.default:
            assert mixed_shop.rows(endpoint.route.url) == wanted


@pytest.mark.parametrize(
    "name",
    [each.name for each in LISTS if header_of(each).sort is None and not each.route.parameters],
)
def test_all_columns_of_the_others(mixed_shop: Shop, name: str) -> None:
    (endpoint,) = (each for each in LISTS if each.name == name)
    header = header_of(endpoint)
    required = {key: each.example for key, each in header.params.items() if each.is_required}
    path = f"{endpoint.route.url}?{urlencode(required)}"
    rows = mixed_shop.rows(path)
    for column in rows[0]:
        for sort in (f"{column}.asc", f"{column}.desc"):
            wanted = in_order(rows, sort, header, ignores_case=True)
            assert mixed_shop.rows(f"{path}&sort={sort}") == wanted, sort
