"""Text that is not UTF-8 shows its bytes, and what is valid is not touched."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import UnrepresentableValue
from aggregator.formats.base import is_valid, valid_json, valid_text
from aggregator.formats.json import NdJsonWriter
from aggregator.values.columns import Column
from tests.formats.mapping import Raw, as_text
from tests.formats.readers import read_excel, read_json
from tests.formats.service import Service

SQL = "SELECT v.a, v.b FROM data_db.v AS v ORDER BY v.rowid"
MARK_BYTES = [0xC0, 0xC1, *range(0xF5, 0x100)]


@given(st.binary(max_size=30))
def test_bytes_of_any_kind(text: bytes) -> None:
    assert valid_text(text).decode() == as_text(text)
    assert is_valid(text) == (valid_text(text) == text)
    text = text.translate(None, b'"\\' + bytes(range(32)))
    assert json.loads(valid_json(b'"%s"' % text)) == as_text(text)


@given(st.text())
def test_valid_text_stays(text: str) -> None:
    assert valid_text(text.encode()) == text.encode()
    in_json = json.dumps(text, ensure_ascii=False).encode()
    assert valid_json(in_json) == in_json


def test_a_text_that_is_latin_1(service: Service) -> None:
    service.table("v", "a TEXT, b TEXT", [(Raw("Señor".encode("latin-1")), "é")], "STRICT")
    assert read_json(service.read(SQL, "json")) == [{"a": "Se\\xF1or", "b": "é"}]
    assert service.read(SQL, "csv") == 'a,b\r\n"Se\\xF1or","é"\r\n'.encode()
    assert read_excel(service.read(SQL, "excel"))[1] == ["Se\\xF1or", "é"]


def test_two_halves_of_a_character_in_two_cells_do_not_make_one(service: Service) -> None:
    service.table(
        "v", "a TEXT, b TEXT", [(Raw(b"\xc3"), Raw(b"\xa9")), (Raw(b"\xc3\x01\xa9"), None)], "STRICT"
    )
    assert read_excel(service.read(SQL, "excel"))[1:] == [["\\xC3", "\\xA9"], ["\\xC3\x01\\xA9", None]]


@pytest.mark.parametrize("options", ["STRICT", ""])
@pytest.mark.parametrize("byte", MARK_BYTES)
@pytest.mark.parametrize("around", [b"%c", b"a%c", b"%cb", b"\xe9%c\xe9"])
def test_excel_refuses_a_text_with_a_byte_that_stands_for_a_tag(
    service: Service, byte: int, around: bytes, options: str
) -> None:
    service.table("v", "a TEXT, b TEXT", [("x", "y"), (Raw(around % byte), "z"), (None, None)], options)
    with pytest.raises(UnrepresentableValue, match="not valid UTF-8"):
        service.read(SQL, "excel")
    assert len(read_json(service.read(SQL, "json"))) == 3


@pytest.mark.parametrize(
    "forged",
    [
        b"\xf6\xfb\xf5\xf6\xf5",  # ends the cell and the row, and begins another row
        b"x\xf6\xfb\xf5y\xf6\xf5z",
        b"\xf8\xf6\xf5",
        b"\xfc\xf9\xf7",
        b"\xf6\xf8",
        b"\xfb",
        b"\xf9",
        b"\xfa1",
    ],
)
@pytest.mark.parametrize("columns", ["a", "a, b", "b, a"])
def test_a_text_cannot_forge_cells_or_rows(service: Service, forged: bytes, columns: str) -> None:
    service.table("v", "a TEXT, b TEXT", [("x", "y"), (Raw(forged), "z")], "STRICT")
    with pytest.raises(UnrepresentableValue, match="not valid UTF-8"):
        service.read(f"SELECT {columns} FROM data_db.v AS v", "excel")


LINE_ENDS = "\n\r\x0b\x0c\x1c\x1d\x1e\u0085\u2028\u2029"


@given(st.lists(st.text(st.sampled_from(LINE_ENDS + "a–Â\u00a0é🙂")), min_size=1))
def test_a_line_of_ndjson_is_one_by_the_rules_of_unicode_too(texts: list[str]) -> None:
    writer = NdJsonWriter([Column("t", "c0")], "name")
    rows = [json.dumps({"t": text}, ensure_ascii=False).encode() for text in texts]
    file = b"".join(writer.encode([writer.join(rows)])).decode()
    assert [json.loads(line)["t"] for line in file.splitlines()] == texts
