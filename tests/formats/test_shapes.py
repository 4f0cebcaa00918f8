"""Shapes of JSON answers, over random rows, against the same put together in plain Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aggregator.errors import RecordNotFound, UnrepresentableValue
from aggregator.formats.json import Group, Nest, Page, PageEnd, Record, Shape
from aggregator.values.columns import Column
from tests.formats import mapping
from tests.formats.mapping import Value
from tests.formats.service import Service
from tests.formats.test_random_tables import DECLARED, TEXTS

ANY = st.one_of(st.none(), DECLARED["ANY"])
ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 3), TEXTS), ANY, ANY, ANY), max_size=30)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("shapes"))
    yield service
    service.close()


def answer(service: Service, sql: str, header: str) -> Any:
    report = service.report(f"/*\n{header}\n*/\n{sql}")
    return json.loads(service.run(report, report.formats[0]))


def shown(row: tuple[Value, ...]) -> list[Any]:
    return [mapping.plain(value) for value in row]


def key_of(value: Value) -> str:
    shown = mapping.plain(value)
    return shown if isinstance(shown, str) else json.dumps(shown)


FAST = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FAST
@given(ROWS)
def test_groups(shared: Service, rows: list[tuple[Value, ...]]) -> None:
    # SQLite tells numbers, texts and BLOBs with the same text apart: the text is what groups here.
    by_key: dict[str, list[tuple[Value, ...]]] = {}
    for row in rows:
        by_key.setdefault(key_of(row[0]), []).append(row)
    together = [row for group in by_key.values() for row in group]
    shared.table("g", "k, a, b, c", together)
    sql = "SELECT g.a, g.k, g.b, g.c FROM data_db.g AS g ORDER BY g.rowid"

    found = answer(shared, sql, "shape: {group: k}")

    expected = {
        key: [dict(zip("abc", shown(row[1:]), strict=True)) for row in group] for key, group in by_key.items()
    }
    assert list(found) == list(expected)
    assert found == expected


@FAST
@given(ANY, ANY, st.lists(st.tuples(ANY, ANY), max_size=30))
def test_a_list_inside(shared: Service, a: Value, z: Value, inside: list[tuple[Value, ...]]) -> None:
    shared.table("n", "a, b, c, z", [(a, *row, z) for row in inside])
    sql = "SELECT n.a, n.b, n.c, n.z FROM data_db.n AS n ORDER BY n.rowid"
    header = "shape: {nest: {list: [b, c]}}"
    if not inside:
        with pytest.raises(RecordNotFound):
            answer(shared, sql, header)
        return

    found = answer(shared, sql, header)

    items = [dict(zip("bc", shown(row), strict=True)) for row in inside if row != (None, None)]
    assert list(found) == ["a", "list", "z"]
    assert found == {"a": shown((a,))[0], "list": items, "z": shown((z,))[0]}


def test_the_list_may_be_all_there_is(shared: Service) -> None:
    shared.table("n", "b, c", [(1, "x"), (2, None)])
    sql = "SELECT n.b, n.c FROM data_db.n AS n ORDER BY n.rowid"
    found = answer(shared, sql, "shape: {nest: {list: [c, b]}}")
    assert found == {"list": [{"b": 1, "c": "x"}, {"b": 2, "c": None}]}


@FAST
@given(st.lists(ANY, max_size=20), st.integers(1, 12), st.integers(0, 25))
def test_pages(shared: Service, values: list[Value], limit: int, offset: int) -> None:
    shared.table("p", "n INTEGER PRIMARY KEY, v", list(enumerate(values)))
    header = (
        f"shape: page\nparams:\n  limit: {{type: integer, default: {limit}, min: 1}}\n"
        f"  offset: {{type: integer, default: {offset}, min: 0}}"
    )
    sql = "SELECT p.n, p.v FROM data_db.p AS p ORDER BY p.n LIMIT :limit OFFSET :offset"
    report = shared.report(f"/*\n{header}\n*/\n{sql}")

    found = json.loads(shared.run(report, report.formats[0], {"limit": limit, "offset": offset}))

    items = [{"n": n, "v": shown((value,))[0]} for n, value in enumerate(values)]
    assert list(found) == ["items", "total", "limit", "offset"]
    assert found == {
        "items": items[offset : offset + limit],
        "total": len(values),
        "limit": limit,
        "offset": offset,
    }


def test_one_record(shared: Service) -> None:
    assert answer(shared, "SELECT 'x' AS a, NULL AS b", "shape: record") == {"a": "x", "b": None}
    with pytest.raises(RecordNotFound):
        answer(shared, "SELECT 1 AS a FROM data_db.one AS one WHERE one.one = 2", "shape: record")
    with pytest.raises(UnrepresentableValue, match="more than one row"):
        answer(shared, "SELECT 1 AS a UNION ALL SELECT 2", "shape: record")


def test_what_does_not_stand_together_is_an_error(shared: Service) -> None:
    shared.table("g", "k, v", [("x", 1), ("y", 2), ("x", 3)])
    sql = "SELECT g.k, g.v FROM data_db.g AS g ORDER BY g.rowid"
    with pytest.raises(UnrepresentableValue, match='"x" do not stand together'):
        answer(shared, sql, "shape: {group: k}")
    with pytest.raises(UnrepresentableValue, match="more than one record"):
        answer(shared, sql, "shape: {nest: {list: [v]}}")


def test_marks_in_the_data_are_only_data(shared: Service) -> None:
    text = "\x1e\n\x1e"
    shared.table("m", "k, v, j", [(text, text, json.dumps({"a": text}))])
    sql = "SELECT m.k, m.v, m.j FROM data_db.m AS m"
    row = {"v": text, "j": {"a": text}}
    header = "columns: {j: {type: json}}\nshape: "
    assert answer(shared, sql, header + "{group: k}") == {text: [row]}
    assert answer(shared, sql, header + "{nest: {list: [v, j]}}") == {"k": text, "list": [row]}
    assert answer(shared, sql, header + "record") == {"k": text, **row}


ROW_OF = {
    Page(): lambda n: json.dumps({"n": n}),
    Record(): lambda n: json.dumps({"n": n}),
    Group("k"): lambda n: f'"{n // 7}"\x1e' + json.dumps({"n": n}),
    Nest("list", ("n",)): lambda n: '{"a":1}\x1e' + json.dumps({"n": n}) + '\x1e{"z":2}',
}


@pytest.mark.parametrize("shape", ROW_OF, ids=lambda shape: type(shape).__name__)
@pytest.mark.parametrize("cut", [1, 3, 7, 50])
def test_wherever_the_chunks_are_cut(shape: Shape, cut: int) -> None:
    writer = shape([Column("k", "c0"), Column("n", "c1"), Column("z", "c2")], "name")
    count = 1 if shape == Record() else 50
    rows = [ROW_OF[shape](n).encode() for n in range(count)]
    chunks: list[bytes | PageEnd] = [writer.join(rows[i : i + cut]) for i in range(0, count, cut)]
    if shape == Page():
        chunks.append(PageEnd(50, 50, 0))
    found = json.loads(b"".join(writer.encode(chunks)))
    items = [{"n": n} for n in range(count)]
    assert (
        found
        == {
            Page(): {"items": items, "total": 50, "limit": 50, "offset": 0},
            Record(): items[0],
            Group("k"): {str(k): items[k * 7 : k * 7 + 7] for k in range(8)},
            Nest("list", ("n",)): {"a": 1, "list": items, "z": 2},
        }[shape]
    )


HALF = rb'{"j":"\ud800"}'


@pytest.mark.parametrize(
    ("shape", "row"),
    [
        (Page(), HALF),
        (Record(), HALF),
        (Group("k"), b'"x"\x1e' + HALF),
        (Nest("list", ("j",)), b'{"k":1}\x1e' + HALF + b"\x1e{}"),
        (Nest("list", ("k",)), b'{}\x1e{"k":1}\x1e' + HALF),
    ],
)
def test_half_of_a_surrogate_pair_spoils_no_shape(shape: Shape, row: bytes) -> None:
    writer = shape([Column("k", "c0"), Column("j", "c1", type="json")], "name")
    end = [PageEnd(1, 1, 0)] if shape == Page() else []
    answer = b"".join(writer.encode([writer.join([row]), *end]))
    assert rb'"j":"\\ud800"' in orjson.dumps(orjson.loads(answer))
