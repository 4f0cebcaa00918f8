"""Tables of random values, in every format, read back and compared with the table of docs/formats.md."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats import mapping
from tests.formats.mapping import Raw, Value, assert_same
from tests.formats.readers import csv_fields, field_value, read_csv, read_excel, read_json, read_ndjson
from tests.formats.service import SPREADSHEET, Service

PITFALLS = "\x00\x01\t\n\r\x1f \"',;\\/=+-@_x0041D{}[]<>&nul\x7fé€\u2028\ufeff\ufffe\uffff😀"
SAFE_BYTES = [byte for byte in range(1, 256) if byte not in (0xC0, 0xC1) and byte < 0xF5]
INTEGERS = st.one_of(st.integers(-(2**63), 2**63 - 1), st.integers(-(10**16), 10**16), st.integers(-100, 100))
REALS = st.floats(allow_nan=False)
TEXTS = st.one_of(
    st.text(st.sampled_from(PITFALLS), max_size=12),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.lists(st.sampled_from(SAFE_BYTES), max_size=8).map(bytes).map(Raw),
)
BLOBS = st.binary(max_size=12)
DECLARED: dict[str, st.SearchStrategy[Value]] = {
    "INTEGER": INTEGERS,
    "REAL": REALS,
    "TEXT": TEXTS,
    "BLOB": BLOBS,
    "ANY": st.one_of(INTEGERS, REALS, TEXTS, BLOBS),
}


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[tuple[Value, ...]]]:
    declared = draw(st.lists(st.sampled_from(sorted(DECLARED)), min_size=1, max_size=6))
    row = st.tuples(*(st.one_of(st.none(), DECLARED[type]) for type in declared))
    return declared, draw(st.lists(row, max_size=12))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("random"))
    yield service
    service.close()


@settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(tables(), st.booleans())
def test_random_tables(
    shared: Service, table: tuple[list[str], list[tuple[Value, ...]]], strict: bool
) -> None:
    declared, rows = table
    names = [f"c{n}" for n in range(len(declared))]
    columns = ", ".join(f"{n} {type}" if strict else n for n, type in zip(names, declared, strict=True))
    shared.table("v", columns, rows, "STRICT" if strict else "")
    sql = f"SELECT {', '.join(f'v.{name}' for name in names)} FROM data_db.v AS v ORDER BY v.rowid"
    plain = [mapping.plain(value) for row in rows for value in row]
    for format, read in (("json", read_json), ("ndjson", read_ndjson)):
        assert_same([row[name] for row in read(shared.read(sql, format)) for name in names], plain)
    if len(names) == 1:
        plain = ["" if value is None else value for value in plain]
    fields = csv_fields(shared.read(sql, "csv"))
    assert fields[0] == names
    assert_same([field_value(field) for row in fields[1:] for field in row], plain)
    assert_by_other_readers(shared.read(sql, "csv"), fields)
    fields = csv_fields(shared.read(sql, SPREADSHEET).removeprefix(b"\xef\xbb\xbf"))
    guarded = [mapping.guarded(value) if isinstance(value, str) else value for value in plain]
    assert_same([field_value(field) for row in fields[1:] for field in row], guarded)
    head, *body = read_excel(shared.read(sql, "excel"))
    assert head == names
    assert_same([value for row in body for value in row], [mapping.in_excel(v) for row in rows for v in row])


def assert_by_other_readers(file: bytes, fields: list[list[str]]) -> None:
    texts = [[str(field_value(f)) if f.startswith('"') else f for f in row] for row in fields]
    assert read_csv(file) == texts
    if not any("\x00" in text for row in texts for text in row):  # the end of a field for pandas
        frame = pandas.read_csv(io.BytesIO(file), dtype=str, keep_default_na=False)
        assert [frame.columns.tolist(), *frame.to_numpy().tolist()] == texts
