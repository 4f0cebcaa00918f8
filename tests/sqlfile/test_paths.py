"""From the path of a file to its URL and method."""

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.settings import Settings
from aggregator.sqlfile.routing import RESERVED, PathError, parameter_of, path_of, route_of, segments_of
from aggregator.web.app import own_pages
from aggregator.web.service import Service


@pytest.mark.parametrize(
    ("file", "method", "url", "parameters"),
    [
        ("report/customer-orders.sql", "GET", "/report/customer-orders", ()),
        ("customers/index.sql", "GET", "/customers/", ()),
        ("customers.sql", "GET", "/customers", ()),
        ("index.sql", "GET", "/", ()),
        ("customers/{customer_id}.sql", "GET", "/customers/{customer_id}", ("customer_id",)),
        ("customers/index.post.sql", "POST", "/customers/", ()),
        ("customers/{customer_id}.delete.sql", "DELETE", "/customers/{customer_id}", ("customer_id",)),
        ("customers/{customer_id}.put.sql", "PUT", "/customers/{customer_id}", ("customer_id",)),
        ("customers/{customer_id}.patch.sql", "PATCH", "/customers/{customer_id}", ("customer_id",)),
        ("api/top-customers.post.sql", "POST", "/api/top-customers", ()),
        ("{shop}/orders/{order_id}.sql", "GET", "/{shop}/orders/{order_id}", ("shop", "order_id")),
        ("{shop}/index.sql", "GET", "/{shop}/", ("shop",)),
        # Only the last part is a method, and only in small letters.
        ("a.post.b.sql", "GET", "/a.post.b", ()),
        ("a.post.put.sql", "PUT", "/a.post", ()),
        ("a.POST.sql", "GET", "/a.POST", ()),
        ("a.get.sql", "GET", "/a.get", ()),
        ("post.sql", "GET", "/post", ()),
        ("index/x.sql", "GET", "/index/x", ()),
        ("Index.sql", "GET", "/Index", ()),
        ("v1.2/a.b.sql", "GET", "/v1.2/a.b", ()),
        ("a.sql.sql", "GET", "/a.sql", ()),
        ("my report.sql", "GET", "/my%20report", ()),
        ("käse.sql", "GET", "/k%C3%A4se", ()),
        ("100%?#.sql", "GET", "/100%25%3F%23", ()),
        ("a+b&c=d;e,f:g@h!$'()*.sql", "GET", "/a+b&c=d;e,f:g@h!$'()*", ()),
        ("back\\slash.sql", "GET", "/back%5Cslash", ()),
        ("reports/health.sql", "GET", "/reports/health", ()),
    ],
)
def test_the_table_of_files_and_urls(file: str, method: str, url: str, parameters: tuple[str, ...]) -> None:
    route = route_of(file)
    assert (route.method, route.url, route.parameters) == (method, url, parameters)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("{.sql", "braces hold a lower-case name and fill the whole part"),
        ("{}.sql", "braces hold"),
        ("{Customer}.sql", "braces hold"),
        ("{2nd}.sql", "braces hold"),
        ("{a-b}.sql", "braces hold"),
        ("{a b}.sql", "braces hold"),
        ("order-{id}.sql", "braces hold"),
        ("{id}.csv.sql", "braces hold"),
        ("{a}{b}.sql", "braces hold"),
        ("}a{.sql", "braces hold"),
        ("{a/b}.sql", "braces hold"),
        ("{id}/orders/{id}.sql", "appears twice"),
        *((f"{name}.sql", "the service's own URL") for name in sorted(RESERVED)),
        *((f"{name}/more.sql", "the service's own URL") for name in sorted(RESERVED)),
        ("docs.post.sql", "the service's own URL"),
        ("new\nline.sql", "control characters"),
        ("bell\x07.sql", "control characters"),
        ("not-utf8-\udce9.sql", "not UTF-8"),
    ],
)
def test_what_is_no_url(file: str, reason: str) -> None:
    with pytest.raises(PathError, match=re.escape(reason)):
        route_of(file)


def test_the_urls_of_the_service_itself_are_reserved(tmp_path: Path) -> None:
    pages = own_pages(Service(Settings(dbs=tmp_path, sql=tmp_path)))
    assert {route.path.split("/")[1] for route in pages.router.routes} == RESERVED  # type: ignore[attr-defined]


def test_both_ways_to_write_an_accent_are_one_name() -> None:
    composed, decomposed = "caf\u00e9.sql", "cafe\u0301.sql"
    assert composed != decomposed
    assert route_of(composed) == route_of(decomposed)


NAMES = st.text(st.characters(exclude_characters="/{}", exclude_categories=("Cc", "Cs")), min_size=1)


@given(st.lists(NAMES.filter(lambda name: not name.startswith(".")), min_size=1, max_size=4))
def test_a_url_leads_back_to_the_names_of_its_file(names: list[str]) -> None:
    file = "/".join(["reports", *names]) + ".sql"
    route = route_of(file)
    assert re.fullmatch(r"[!-~]+", route.url)
    assert not set(route.url) & set('?#"<>\\^`|{} ')
    assert tuple(unquote(part) for part in route.url.split("/")[1:]) == route.segments


@given(st.text())
def test_any_path_is_a_route_or_a_fault(text: str) -> None:
    with suppress(PathError):
        route = route_of(f"{text}.sql")
        assert all(parameter_of(part) or not set(part) & set("{}") for part in route.segments)


@given(st.lists(st.text(), min_size=1))
def test_the_parts_of_a_path_are_those_that_were_encoded(parts: list[str]) -> None:
    encoded = "/" + "/".join(quote(part, safe="") for part in parts)
    assert list(segments_of(encoded.encode("ascii"))) == parts
    assert path_of(parts).count("/") == len(parts)
