"""JSON and NDJSON; what is expected is what json.dumps was given."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.filetypes import read_table
from aggregator.inputs.table import FileType, Options
from tests.inputs.tables import drained, opened, read, texts, wanted

BOTH: tuple[FileType, FileType] = ("json", "ndjson")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
VALUES = st.none() | st.booleans() | st.integers() | TEXTS | st.lists(st.integers() | TEXTS, max_size=3)


def dumped(objects: list[Any], kind: FileType, ascii: bool = True) -> bytes:
    if kind == "json":
        return json.dumps(objects, ensure_ascii=ascii, indent=1).encode()
    return "".join(json.dumps(one, ensure_ascii=ascii) + "\n" for one in objects).encode()


def shown(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("kind", BOTH)
@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=20), st.booleans())
def test_what_json_writes_is_read_back(kind: FileType, rows: list[tuple[Any, Any]], ascii: bool) -> None:
    data = dumped([{"a": a, "x": 1, "b": b} for a, b in rows], kind, ascii)
    assert read(data, kind, "a", "b") == [
        (line, [shown(a), shown(b)]) for line, (a, b) in enumerate(rows, start=1)
    ]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_the_same_number(number: float) -> None:
    (row,) = texts(dumped([{"a": number}], "json"), "json", "a")
    assert row[0] is not None
    assert float(row[0]) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.1", "0.1"),
        ("5", "5"),
        ("1.50", "1.5"),
        ("-0.0", "0"),
        ("1e3", "1000"),
        ("-2.5E-3", "-0.0025"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("0.12345678901234567890123456789", "0.12345678901234567890123456789"),
        ("1e999999999", "1e999999999"),
        ("1e99999999999999999999", "1e99999999999999999999"),
        ("9" * 5_000, "9" * 5_000),
    ],
)
@pytest.mark.parametrize("kind", BOTH)
def test_no_digit_is_lost(kind: FileType, number: str, text: str) -> None:
    data = f'{{"a": {number}}}'
    assert texts((f"[{data}]" if kind == "json" else data).encode(), kind, "a") == [[text]]


def test_items_over_many_pieces() -> None:
    objects = [{"n": n, "t": "é" * (n % 300)} for n in range(20_000)]
    expected = [(n + 1, [str(n), "é" * (n % 300) or None]) for n in range(20_000)]
    for kind in BOTH:
        assert read(dumped(objects, kind, ascii=False), kind, "n", "t") == expected


def test_one_object_is_one_row() -> None:
    assert read(b'\xef\xbb\xbf {"a": true, "b": {"c": [1.10]}}\n', "json", "a", "b") == [
        (1, ["true", '{"c":[1.1]}'])
    ]


@pytest.mark.parametrize("before", ["", '"total": 2, "next": null, ', '"z \\" {": "}[,", '])
@pytest.mark.parametrize("after", ["", ', "total": 2, "limit": 50, "more": {"a": [1]}'])
@pytest.mark.parametrize("count", [0, 2, 12_000])
def test_a_page_of_items(before: str, after: str, count: int) -> None:
    items = ",\n".join(f'{{"a": {n}, "items": [{n}]}}' for n in range(count))
    data = f' {{{before}"items" : [{items}]{after}}}\n'.encode()
    assert read(data, "json", "a") == [(n + 1, [str(n)]) for n in range(count)]


def test_items_may_be_a_column() -> None:
    assert read(b'{"items": ["x"], "a": 1}', "json", "a", "items") == [(1, ["1", '["x"]'])]
    assert read(b'{"tags": ["x"], "a": {"b": [1]}}', "json", "tags") == [(1, ['["x"]'])]


def test_an_object_with_items_and_columns_is_a_row_or_refused() -> None:
    assert read(b'{"a": 1, "items": [{"x": 2}]}', "json", "a") == [(1, ["1"])]
    assert read(b'{"a": 1, "items": []}', "json", "a") == [(1, ["1"])]
    assert read(b'{"items": [{"total": 1}], "total": 2}', "json", "total") == [(1, ["1"])]
    with pytest.raises(UnreadableInput, match='after them the column "a"'):
        read(b'{"items": [{"a": 1}], "a": 2}', "json", "a")


@pytest.mark.parametrize("kind", BOTH)
def test_a_key_twice_is_rejected(kind: FileType) -> None:
    rows = [
        *('{"a": 1}', '{"a": 1, "b": 2, "a": 3}', '{"x": 1, "x": 2, "a": 1}', '{"a": {"c": 1, "c": 1}}'),
        *('{"a": [[{"d": {"e": 1, "e": 1}}]]}', '{"a": {"c": {}, "d": {"c": 1}}}'),
    ]
    data = ("[" + ",".join(rows) + "]" if kind == "json" else "\n".join(rows)).encode()
    found, rejected = drained(opened(data, kind, wanted("a", "b")))
    assert found == [(1, ["1", None]), (6, ['{"c":{},"d":{"c":1}}', None])]
    assert [(row.line, row.column, row.reason) for row in rejected] == [
        (2, None, 'has the key "a" twice'),
        (3, None, 'has the key "x" twice'),
        (4, "a", 'has the key "c" twice'),
        (5, "a", 'has the key "e" twice'),
    ]


def test_no_objects() -> None:
    table = opened(b" [ ] ", "json", wanted("a", "b"))
    assert (list(table.names), drained(table)) == (["a", "b"], ([], []))


@pytest.mark.parametrize("kind", BOTH)
def test_what_is_no_object_is_rejected(kind: FileType) -> None:
    rows, rejected = drained(opened(dumped([1, {"a": 1}, [2], None, "x"], kind), kind, wanted("a")))
    assert rows == [(2, ["1"])]
    assert [(row.line, row.reason) for row in rejected] == [(n, "is not an object") for n in (1, 3, 4, 5)]


@pytest.mark.parametrize("kind", BOTH)
def test_each_object_has_its_own_keys(kind: FileType) -> None:
    objects = [{"A": 1}, {"b": 2, "a": 3}, {"a": 1, "A": 2}, {"new": 1}]
    table = opened(dumped(objects, kind), kind, wanted("a", "b", "c"))
    rows, rejected = drained(table)
    assert (list(table.names), list(table.ignored)) == (["A", "b", None], ["new"])
    assert rows == [(1, ["1", None, None]), (2, ["3", "2", None]), (4, [None, None, None])]
    assert [(row.line, row.reason) for row in rejected] == [
        (3, 'Both "a" and "A" match the column a; send only one of them.')
    ]


def test_unknown_keys_are_kept_up_to_a_hundred() -> None:
    table = opened(dumped([{"a": 1, f"k{n}": 1} for n in range(30_000)], "ndjson"), "ndjson", wanted("a"))
    drained(table)
    assert list(table.ignored) == [f"k{n}" for n in range(100)]


@pytest.mark.parametrize("kind", BOTH)
def test_no_key_fits(kind: FileType) -> None:
    with pytest.raises(UnreadableInput, match='Expected: "a"; the first object holds: "b", "c"'):
        opened(dumped([{"b": 1, "c": 2}], kind), kind, wanted("a"))


@pytest.mark.parametrize("kind", BOTH)
def test_halves_of_characters_and_nul_are_rejected(kind: FileType) -> None:
    objects = [{"a": "\ud83d"}, {"a": "x\x00"}, {"a": "😀"}, {"a": "x", "\ud83d": 1}]
    table = opened(dumped(objects, kind), kind, wanted("a"))
    rows, rejected = drained(table)
    assert rows == [(3, ["😀"])]
    assert [row.reason for row in rejected] == [
        "holds half of a character",
        "holds a NUL character",
        "has a key that holds half of a character",
    ]
    assert list(table.ignored) == []


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"x", "not JSON: it begins with x.*Send a CSV as text/csv"),
        (b'[{"a":1}', "After item 1 the file ends"),
        (b'[{"a":1},', "Item 2 is not valid JSON"),
        (b'[{"a":1},]', "Item 2 is not valid JSON"),
        (b'[{"a":1} {"a":2}]', "After item 1 comes neither"),
        (b'[{"a":1}] x', "there is more text after the end of the JSON"),
        (b'{"a":1}\n{"a":2}', "After item 1 comes another object.*application/x-ndjson"),
        (b'{"a":1}\n[1]', "there is more text after the end of the JSON"),
        (b'{"items":[{"a":1}]', "the rest is not JSON"),
        (b'{"items":[{"a":1}],"total" 1}', "the rest is not JSON"),
        (b'{"items":[{"a":1}],1:1}', "the rest is not JSON"),
        (b'{"items":[{"a":1}],"total":1} 2', "there is more text after the end of the JSON"),
        (b'{"items":[{"a":1},]}', "Item 2 is not valid JSON"),
        (b'{"a":[1,2],"b":[3,4]}', "a list for each column.*array with an object for each row"),
        (b'{"a":{"0":1,"1":2},"b":{"0":3,"1":4}}', "a list for each column"),
        (b'{"Pune":[{"a":1}],"Surat":[{"a":2},{"a":3}]}', "a list for each column or group"),
        (b'[{"a":1},{"a":2 "b"}]', "Item 2 is not valid JSON.* at its character 8"),
        (b'[{"a":NaN}]', "Item 1 is not valid JSON: NaN"),
        (b'[{"a":"\xff"}]', "not in UTF-8"),
        (b'[{"a":"x\ny"}]', "Item 1 is not valid JSON: Invalid control character"),
    ],
)
def test_faulty_json(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        drained(opened(data, "json", wanted("a")))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b'{"a":1}\n\n{"a":1', "Line 3 is not valid JSON"),
        (b'{"a":1} {"a":2}\n', "Line 1 is not valid JSON: Extra data"),
        (b'{"a":1}\n{"a":Infinity}\n', "Line 2 is not valid JSON: Infinity"),
        (b'{"a":1}\n{"a":"\xff"}\n', "Line 2 contains the byte 0xFF"),
    ],
)
def test_faulty_ndjson(data: bytes, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        drained(opened(data, "ndjson", wanted("a")))


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("depth", [101, 5_000, 400_000])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}")])
def test_deep_nesting(kind: FileType, depth: int, brackets: tuple[str, str]) -> None:
    depth = min(depth, 150_000) if brackets[0] != "[" else depth
    data = '{"a":' + brackets[0] * depth + "1" + brackets[1] * depth + "}"
    with pytest.raises(UnreadableInput, match="has more than 100 arrays and objects in each other"):
        drained(opened((f"[{data}]" if kind == "json" else data).encode(), kind, wanted("a")))


@pytest.mark.parametrize("kind", BOTH)
def test_nesting_within_measure(kind: FileType) -> None:
    data = '{"a":' + "[" * 100 + "]" * 100 + "}"
    found = texts((f"[{data}]" if kind == "json" else data).encode(), kind, "a")
    assert found == [["[" * 100 + "]" * 100]]


@pytest.mark.parametrize("text", ["x" * 1_100_000, "x" * 40_000_000])
def test_long_items(text: str) -> None:
    with pytest.raises(TooLarge, match="Item 2 is longer than 1,000,000"):
        drained(opened(dumped([{"a": 1}, {"a": text}], "json"), "json", wanted("a")))
    with pytest.raises(TooLarge, match="Line 2 is longer than 1,000,000"):
        drained(opened(dumped([{"a": 1}, {"a": text}], "ndjson"), "ndjson", wanted("a")))


def test_a_fault_in_a_large_item_is_a_fault() -> None:
    with pytest.raises(UnreadableInput, match="Item 1 is not valid JSON"):
        drained(opened(b'[{"a" 1,' + b'"b":1,' * 500_000, "json", wanted("a")))


def test_a_long_item_is_refused_without_being_read() -> None:
    file = io.BytesIO(b'[{"a":1},{"a":"' + b"x" * 40_000_000 + b'"}]')
    with pytest.raises(TooLarge, match="Item 2"):
        drained(read_table(file, "json", wanted("a"), Options()))
    assert file.tell() < 3_000_000


@pytest.mark.parametrize(("length", "fits"), [(1_000_000, True), (1_000_001, False)])
def test_the_longest_item(length: int, fits: bool) -> None:
    data = b'[{"a":"' + b"x" * (length - 8) + b'"}]'
    if fits:
        assert len(texts(data, "json", "a")) == 1
    else:
        with pytest.raises(TooLarge, match="Item 1 is longer"):
            opened(data, "json", wanted("a"))


@pytest.mark.parametrize("before", range(256 * 1024 - 8, 256 * 1024))
def test_a_number_between_two_pieces(before: int) -> None:
    data = b"[" + b" " * before + b'123456,{"a":1}]'
    rows, rejected = drained(opened(data, "json", wanted("a")))
    assert rows == [(2, ["1"])]
    assert [row.line for row in rejected] == [1]


@pytest.mark.parametrize("number", ["1e400", "9" * 5_000])
def test_numbers_too_large_for_an_array_are_rejected(number: str) -> None:
    rows, rejected = drained(opened(f'[{{"a":[{number}]}},{{"a":1}}]'.encode(), "json", wanted("a")))
    assert rows == [(2, ["1"])]
    assert [row.line for row in rejected] == [1]
