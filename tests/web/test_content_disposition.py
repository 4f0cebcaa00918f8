"""The name of a download: what the report's file says, and nothing that a parameter could smuggle in."""

from __future__ import annotations

import re
from email.message import Message
from urllib.parse import quote, unquote

import pytest

from tests.server import Server

HEADER = re.compile(
    r"""(inline|attachment); filename="([^"\\]*)"(?:; filename\*=UTF-8''([A-Za-z0-9%!#$&+.^_`|~-]*))?"""
)
"""RFC 6266 and RFC 8187, in the only two forms that the service writes."""


def names(server: Server, path: str, format: str = "csv") -> tuple[str, str]:
    """The plain name and the full one of a download; there is nothing else in the header."""
    answer = server.get(f"{path}{'&' if '?' in path else '?'}format={format}")
    assert answer.status == 200, answer.text
    header = answer.headers["content-disposition"]
    match = HEADER.fullmatch(header)
    assert match, header
    assert match[2].isascii()
    return match[2], unquote(match[3], errors="strict") if match[3] else match[2]


def test_the_header_s_filename_with_its_parameters(server: Server) -> None:
    assert names(server, "/item/2") == ("item_2.csv", "item_2.csv")
    assert names(server, "/item/2", "excel") == ("item_2.xlsx", "item_2.xlsx")
    assert names(server, "/item/2", "json") == ("item_2.json", "item_2.json")
    assert names(server, "/item/2", "ndjson") == ("item_2.ndjson", "item_2.ndjson")


def test_without_one_the_file_s_own_name(server: Server) -> None:
    assert names(server, "/items")[1] == "items.csv"
    assert names(server, "/folder/")[1] == "folder.csv"


@pytest.mark.parametrize(
    ("format", "kind"),
    [("json", "inline"), ("ndjson", "inline"), ("csv", "attachment"), ("excel", "attachment")],
)
def test_what_a_browser_shows_and_what_it_saves(server: Server, format: str, kind: str) -> None:
    assert server.get(f"/items?format={format}").headers["content-disposition"].startswith(f"{kind};")


HOSTILE = [
    "a\r\nX-Injected: yes",
    "a\r\n\r\n<script>",
    'a"; filename="evil.exe',
    "a\uff02; filename=evil.exe; x=\uff02",
    "a\\",
    "../../etc/passwd",
    "..",
    ".",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "\uff0fetc\uff0fpasswd",
    "℀",
    "a;b",
    "\u037e",
    "100%41",
    "%0d%0aX: y",
    "a\x01b",
    "a\x7fb\x85c",
    "a\u2028b",
    "abc\u202excod.exe",
    "a\u200bb",
    ".hidden",
    "con<>|?*",
    "   ",
    "~",
    "'",
    "ÄÖÜ ß 日本語 🎉",
    "é" * 500,
    "🎉" * 500,
    "x" * 5000,
]


@pytest.mark.parametrize("label", HOSTILE, ids=ascii)
def test_what_a_parameter_cannot_do(server: Server, label: str) -> None:
    answer = server.get(f"/named?label={quote(label)}&format=csv")
    assert answer.status == 200
    assert "x-injected" not in answer.headers
    assert answer.headers.get_all("content-disposition") == [answer.headers["content-disposition"]]

    for name in names(server, f"/named?label={quote(label)}"):
        assert name.endswith(".csv")
        assert len(name.encode()) <= 255
        assert not re.search(r'[\x00-\x1f\x7f-\x9f\u2028\u2029\u202e\u200b/\\:*?"<>|;%]', name)
        assert not name.startswith(".")
        assert name.strip(" .") == name


def test_letters_of_every_language_stay(server: Server) -> None:
    plain, full = names(server, f"/named?label={quote('Çekiç 日本 ½')}")
    assert full == "for Çekiç 日本 ½.csv"
    assert plain.startswith("for Cekic")


def test_a_list_is_joined(server: Server) -> None:
    assert names(server, "/named?label=a&labels=b&labels=c")[1] == "for a b-c.csv"


def test_an_email_parser_reads_the_same_name(server: Server) -> None:
    """Another program's reading of the same grammar."""
    header = server.get(f"/named?label={quote('Çekiç')}&format=csv").headers["content-disposition"]
    message = Message()
    message["content-disposition"] = header.replace('filename="for Cekic.csv"; ', "")
    assert message.get_filename() == "for Çekiç.csv"
