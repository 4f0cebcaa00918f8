"""Which kind of file it is."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile

import pytest

from aggregator.errors import UnreadableInput, UnsupportedInput
from aggregator.inputs.filetypes import MEDIA_TYPES, OPENERS, filetype_of

ZIP = b"PK\x03\x04xx"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(("media_type", "kind"), MEDIA_TYPES.items())
def test_every_media_type(media_type: str, kind: str) -> None:
    file = io.BytesIO({"excel": ZIP, "json": b"a,b", "ndjson": b"a,b", "csv": b"[1]"}[kind])
    assert filetype_of(file, media_type) == kind
    assert filetype_of(file, f"{media_type.upper()} ; charset=utf-8; header=present") == kind
    assert kind in OPENERS


@pytest.mark.parametrize("media_type", [None, "", "application/octet-stream", "application/vnd.ms-excel"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("A.CSV", "csv"), ("a.b.tsv", "csv"), ("a.json", "json"), ("a.jsonl", "ndjson"), ("a.xlsx", "excel")],
)
def test_the_name_counts_when_the_type_says_nothing(media_type: str | None, name: str, kind: str) -> None:
    assert filetype_of(io.BytesIO(b"\x01?"), media_type, name) == kind


OBJECT, LINES, ARRAY = b'{"a": 1}', b'\n {"a": {"b": 1}}\n\n{"a": 2}', b'\xef\xbb\xbf [ {"a": 1} ]'


@pytest.mark.parametrize(
    ("declared", "content", "kind"),
    [
        *((f".{name}", ZIP, "excel") for name in ("csv", "txt", "json", "ndjson", "xlsx")),
        (".xlsx", b"a,b\n1,2\n", "csv"),
        (".xlsx", "a,\u00fc\n".encode("cp1252"), "csv"),
        (".xlsx", "a,\u00fc\n".encode("utf-16"), "csv"),
        (".xlsx", "a,b\n1,2\n".encode("utf-16-be"), "csv"),
        (".xlsx", b"", "csv"),
        (".xlsx", b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR", "excel"),
        (".xlsx", ARRAY, "json"),
        (".csv", OBJECT, "json"),
        (".csv", LINES, "ndjson"),
        (".csv", ARRAY, "json"),
        (".csv", b"[a];{b}\n", "csv"),
        (".csv", b"{a}\n{b}\n", "csv"),
        (".json", LINES, "ndjson"),
        (".json", b'{"a":\n1}', "json"),
        (".json", b'{"a": 1}\n[2]', "json"),
        (".json", b"a,b\n", "json"),
        (".ndjson", ARRAY, "json"),
        (".ndjson", OBJECT, "ndjson"),
        ("", LINES, "ndjson"),
        ("", OBJECT, "json"),
        ("", b'{"a": "' + b"x" * 100_000 + b'"}\n{"a": 1}', "json"),
    ],
)
def test_the_content_corrects_a_wrong_name(declared: str, content: bytes, kind: str) -> None:
    file = io.BytesIO(content)
    assert filetype_of(file, None, f"rows{declared}") == kind
    assert file.read() == content


def test_a_media_type_goes_before_the_name_unless_it_is_vague() -> None:
    assert filetype_of(io.BytesIO(b"?"), "text/csv", "a.json") == "csv"
    assert filetype_of(io.BytesIO(b"?"), "text/plain", "a.json") == "json"
    assert filetype_of(io.BytesIO(b"{"), "text/plain", "a.dat") == "csv"


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"PK\x03\x04xx", "excel"),
        (b' \n{"a"', "json"),
        (b"\xef\xbb\xbf[", "json"),
        (b"a,b\n", "csv"),
        (b"", "csv"),
        (b"\xff\xfea\x00", "csv"),
    ],
)
@pytest.mark.parametrize("name", [None, "", "csv", "upload", "a.xls"])
def test_the_first_bytes_decide_last(head: bytes, kind: str, name: str | None) -> None:
    file = io.BytesIO(head)
    assert filetype_of(file, None, name) == kind
    assert file.read() == head


@pytest.mark.parametrize("media_type", ["image/png", "text/html", "csv"])
def test_other_media_types(media_type: str) -> None:
    with pytest.raises(UnsupportedInput, match=rf"{media_type} is not supported.*text/csv") as error:
        filetype_of(io.BytesIO(b"a,b"), media_type, "a.csv")
    assert error.value.available == tuple(MEDIA_TYPES)


def test_the_type_that_curl_sends_says_nothing() -> None:
    form = "application/x-www-form-urlencoded"
    for content, kind in (
        (ZIP, "excel"),
        (b"a,b\n1,2\n", "csv"),
        (ARRAY, "json"),
        (LINES, "ndjson"),
        (b"", "csv"),
    ):
        assert filetype_of(io.BytesIO(content), form) == kind
    for content in (b"a,b1,23,4", b"customer=1&item=Tea"):
        with pytest.raises(UnreadableInput, match=r"no line ends.*--data-binary"):
            filetype_of(io.BytesIO(content), form)


def zipped(*files: tuple[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files:
            archive.writestr(name, text)
    return file.getvalue()


SHEET = "<table><tr><td>a</td></tr></table>"


@pytest.mark.parametrize("media_type", [None, "application/vnd.ms-excel", "text/csv", "image/png"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (OLE, "old workbook (.xls), or a workbook with a password. Save it as .xlsx"),
        (b"\x09\x08\x10\x00\x00\x06\x05\x00", "old workbook (.xls)"),
        (
            zipped(("mimetype", "application/vnd.oasis.opendocument.spreadsheet")),
            "OpenDocument file (such as .ods)",
        ),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "gzip (.gz) file. Unpack it"),
        (bz2.compress(b"a,b\n1,2\n"), "bzip2 (.bz2) file"),
        (lzma.compress(b"a,b\n1,2\n"), "xz (.xz) file"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"SQLite format 3\x00\x10\x00", "SQLite database"),
        (f"<html><body>{SHEET}".encode(), "an HTML page"),
        (f"\ufeff\r\n<!DOCTYPE html>{SHEET}".encode(), "an HTML page"),
        (SHEET.encode("utf-16"), "an HTML page"),
        (
            f'<html xmlns:x="urn:schemas-microsoft-com:office:excel">{SHEET}'.encode("utf-16-le"),
            "an HTML page",
        ),
        (f'<?xml version="1.0"?>\n<!DOCTYPE x>\n<html>{SHEET}'.encode(), "an HTML page"),
        (b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook>', "an XML file"),
    ],
)
def test_files_of_other_programs(media_type: str | None, content: bytes, says: str) -> None:
    with pytest.raises(UnsupportedInput, match=re.escape(says)):
        filetype_of(io.BytesIO(content), media_type, "a.xls")


@pytest.mark.parametrize("text", ["<a>,b\n1,2\n", "<10;>20\n", "BZh;PAR1\n"])
def test_csv_that_only_looks_like_other_files(text: str) -> None:
    assert filetype_of(io.BytesIO(text.encode()), "text/csv") == "csv"
