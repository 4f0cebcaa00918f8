"""The headers of pages: what they may do, when they are the same, who gets one."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest

from tests.formats.html_table import read_table
from tests.server import Server, eventually
from tests.web.page_reports import BROWSER, page, page_server


@pytest.fixture(scope="module")
def ties(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with page_server(tmp_path_factory.mktemp("pages")) as running:
        yield running


def test_headers(ties: Server) -> None:
    headers = page(ties, "/ties").headers

    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    for source in ("script-src", "style-src", "img-src", "connect-src", "form-action"):
        assert policy[source] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-cache"
    assert headers["vary"] == "Accept, Accept-Encoding, Accept-Language"
    assert "content-disposition" not in headers


def test_nothing_in_a_page_is_inline_or_from_elsewhere(ties: Server) -> None:
    text = page(ties, "/ties?sort=n.desc").text

    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"(?:src|href|action)=\"(?:[a-z]+:|//)", text)


def tag_of(server: Server, path: str, **headers: str) -> str:
    """The tag when it is one that stays."""

    def settled() -> str | None:
        first, second = (page(server, path, **headers).headers["etag"] for _ in range(2))
        return first if first == second else None

    return eventually(settled)


def test_304(ties: Server) -> None:
    tag = tag_of(ties, "/ties?_page=2")
    assert tag.startswith('W/"')
    for method in ("GET", "HEAD"):
        answer = ties.get("/ties?_page=2", {**BROWSER, "If-None-Match": tag}, method)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", tag)
    page(ties, "/ties?_page=2", If_None_Match='W/"other"')


def test_the_tag_tells_all_that_a_page_depends_on(ties: Server) -> None:
    paths = ["/ties", "/ties?_page=2", "/ties?sort=n.desc", "/paged", "/paged?offset=1"]
    tags = [tag_of(ties, path) for path in paths]
    tags.append(tag_of(ties, "/ties", Accept_Language="de"))
    tags.append(ties.get("/ties.json").headers["etag"])

    assert len({*tags}) == len(tags)


def test_head(ties: Server) -> None:
    for path, status in (("/ties", 200), ("/ties?_page=x", 422), ("/nowhere", 404)):
        head = ties.get(path, BROWSER, "HEAD")
        assert (head.status, head.body) == (status, b"")
        assert head.headers["content-type"] == "text/html; charset=utf-8"


def test_gzip(ties: Server) -> None:
    plain_page = page(ties, "/ties")
    packed = ties.get("/ties", {**BROWSER, "Accept-Encoding": "gzip"})

    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain_page.body) / 3
    assert read_table(gzip.decompress(packed.body).decode()) == read_table(plain_page.text)


@pytest.mark.parametrize("path", ["/ties?format=html", "/ties.html"])
def test_a_page_without_a_browser(ties: Server, path: str) -> None:
    for accept in ("*/*", "application/json", "text/csv"):
        assert ties.get(path, {"Accept": accept}).headers["content-type"] == "text/html; charset=utf-8"


def test_programs_get_no_page(ties: Server) -> None:
    for accept in ("*/*", "application/json", "application/json, text/plain, */*", ""):
        assert ties.get("/ties", {"Accept": accept}).headers["content-type"] == "application/json"
