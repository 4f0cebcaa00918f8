"""Operation ids are good names of functions, each is another, and enums have names that differ."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.sqlfile.header import Header
from aggregator.sqlfile.routing import PathError, route_of
from aggregator.web.openapi import operation_name, operation_names, with_enum_names

ROWS = Header.model_validate({"input": {"name": {"type": "text"}}})
ORDER = Header.model_validate({"input": {"name": {"type": "text"}}, "rows_in": "lines"})
RECORD = Header.model_validate({"shape": "record"})


@pytest.mark.parametrize(
    ("file", "header", "is_write", "name"),
    [
        ("orders/index.sql", Header(), False, "list_orders"),
        ("orders/{order_id}.sql", Header(), False, "get_order"),
        ("orders/{order_id}/lines.sql", Header(), False, "list_order_lines"),
        ("orders/{order_id}/lines.put.sql", ROWS, True, "replace_order_lines"),
        ("orders/{order_id}.patch.sql", Header(), True, "update_order"),
        ("orders/{order_id}.delete.sql", Header(), True, "delete_order"),
        ("orders/index.post.sql", ROWS, True, "create_orders"),
        ("orders/index.post.sql", ORDER, True, "create_order"),
        ("orders/index.delete.sql", ROWS, True, "delete_orders"),
        ("orders/import.post.sql", ROWS, True, "import_orders"),
        ("orders/{order_id}/cancel.post.sql", Header(), True, "cancel_order"),
        ("api/ingest-data.post.sql", Header(), True, "api_ingest_data"),
        ("2024/ingest-data.post.sql", Header(), True, "ingest_data_2024"),
        ("{api}/ingest-data.post.sql", Header(), True, "ingest_data"),
        ("api/top-customers.post.sql", Header(), False, "list_api_top_customers"),
        ("summary/month.sql", RECORD, False, "get_summary_month"),
        ("categories/{id}.sql", Header(), False, "get_category"),
        ("boxes/{id}.sql", Header(), False, "get_box"),
        ("addresses/{id}.sql", Header(), False, "get_address"),
        ("status/{id}/news/{n}.sql", Header(), False, "get_status_news"),
        ("index.sql", Header(), False, "list_root"),
        ("index.post.sql", Header(), True, "create_root"),
        ("import.post.sql", ROWS, True, "create_import"),
        ("{id}.sql", Header(), False, "get_root"),
        ("Ärzte & Ämter.sql", Header(), False, "list_arzte_amter"),
        ("日本.sql", Header(), False, "list_u65e5_u672c"),
        ("2024/v1.2.sql", Header(), False, "list_2024_v1_2"),
    ],
)
def test_the_name_of_a_file(file: str, header: Header, is_write: bool, name: str) -> None:
    assert operation_name(route_of(file), header, is_write) == name


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.text(st.sampled_from("as-_ .é日1{}"), min_size=1), min_size=1, max_size=3),
    st.sampled_from(["", ".post", ".put", ".delete"]),
    st.booleans(),
)
def test_any_file_has_a_name_that_is_an_identifier(parts: list[str], method: str, is_write: bool) -> None:
    try:
        route = route_of("/".join(parts) + f"{method}.sql")
    except PathError:
        return
    is_write = route.method != "GET" and (is_write or route.method != "POST")
    name = operation_name(route, Header(), is_write)
    assert name.isascii()
    assert name.isidentifier()
    assert not keyword.iskeyword(name)


def test_endpoints_of_one_name_get_numbers() -> None:
    files = ("orders.sql", "orders/index.sql", "orders-2.sql", "Orders.sql")
    names = operation_names((route_of(file), Header(), False) for file in files)
    assert names == ["list_orders", "list_orders_2", "list_orders_2_2", "list_orders_3"]


def test_values_that_differ_in_case_or_signs_have_names() -> None:
    schema = {"properties": {"enum": {"enum": ["a-b", "A_B", None, "1"]}, "plain": {"enum": ["a", "b"]}}}
    named = with_enum_names([schema])[0]["properties"]
    assert named["enum"]["enum"] == ["a-b", "A_B", None, "1"]
    assert named["enum"]["x-enum-varnames"] == ["value_1_a_b", "value_2_a_b", "value_3_1"]
    assert named["plain"] == {"enum": ["a", "b"]}
