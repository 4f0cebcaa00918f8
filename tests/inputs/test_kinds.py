"""Which kind of file it is."""

from __future__ import annotations

import io

import pytest

from aggregator.errors import UnsupportedInput
from aggregator.inputs.kinds import MEDIA_TYPES, kind_of
from aggregator.inputs.reading import OPENERS


@pytest.mark.parametrize(("media_type", "kind"), MEDIA_TYPES.items())
def test_every_media_type(media_type: str, kind: str) -> None:
    file = io.BytesIO(b"PK\x03\x04" if kind == "csv" else b"a,b")
    assert kind_of(file, media_type) == kind
    assert kind_of(file, f"{media_type.upper()} ; charset=utf-8; header=present") == kind
    assert kind in OPENERS


@pytest.mark.parametrize("media_type", [None, "", "application/octet-stream", "application/vnd.ms-excel"])
@pytest.mark.parametrize(
    ("name", "kind"),
    [("A.CSV", "csv"), ("a.b.tsv", "csv"), ("a.json", "json"), ("a.jsonl", "ndjson"), ("a.xlsx", "excel")],
)
def test_the_name_counts_when_the_type_says_nothing(media_type: str | None, name: str, kind: str) -> None:
    assert kind_of(io.BytesIO(b"?"), media_type, name) == kind


def test_a_media_type_goes_before_the_name_unless_it_is_vague() -> None:
    assert kind_of(io.BytesIO(b"?"), "text/csv", "a.json") == "csv"
    assert kind_of(io.BytesIO(b"?"), "text/plain", "a.json") == "json"
    assert kind_of(io.BytesIO(b"{"), "text/plain", "a.dat") == "csv"


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
    assert kind_of(file, None, name) == kind
    assert file.read() == head


@pytest.mark.parametrize("media_type", ["image/png", "text/html", "application/x-www-form-urlencoded", "csv"])
def test_other_media_types(media_type: str) -> None:
    with pytest.raises(UnsupportedInput, match=f"{media_type} is not read here.*text/csv") as error:
        kind_of(io.BytesIO(b"a,b"), media_type, "a.csv")
    assert error.value.available == tuple(MEDIA_TYPES)


@pytest.mark.parametrize("media_type", [None, "application/vnd.ms-excel", "text/csv"])
def test_old_workbooks(media_type: str | None) -> None:
    with pytest.raises(UnsupportedInput, match=r"save it as \.xlsx"):
        kind_of(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), media_type, "a.xls")
