"""Pictures of rows, read as XML and compared with the same rows in plain Python."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.errors import UnrepresentableValue
from tests.formats.charts import boxes, group, labels, lines, parsed, picture, texts
from tests.formats.service import Service

ALL = "SELECT t.x, t.y, t.s FROM data_db.t AS t ORDER BY t.rowid"
PLAIN = "SELECT t.x, t.y FROM data_db.t AS t ORDER BY t.rowid"
BARS = "type: bar, x: x, y: y"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("charts"))
    yield service
    service.close()


def in_proportion(sizes: list[float], numbers: list[float]) -> bool:
    scale = max(sizes) / max(map(abs, numbers))
    expected = [abs(number) * scale for number in numbers]
    return all(math.isclose(*pair, abs_tol=0.51) for pair in zip(sizes, expected, strict=True))


# --- the numbers ---------------------------------------------------------------------------------


def test_bars_are_as_high_as_their_numbers(shared: Service) -> None:
    rows = [("b", 130), ("a", 320.5), ("d", 451), ("c", 99), ("e", 0), ("f", None)]
    shared.table("t", "x, y", rows)
    found = boxes(picture(shared, BARS, PLAIN))

    drawn = [(x, y) for x, y in rows if y is not None]
    assert [box.label for box in found] == ["b: 130", "a: 320.5", "d: 451", "c: 99", "e: 0"]
    assert in_proportion([box.height for box in found], [y for _, y in drawn])
    assert [box.left for box in found] == sorted(box.left for box in found), "in the order of the rows"
    assert len({round(box.bottom, 3) for box in found}) == 1


def test_bars_with_long_names_lie(shared: Service) -> None:
    rows = [(f"A product with a long name, number {n}", 1000 - 37 * n) for n in range(20)]
    shared.table("t", "x, y", rows)
    svg = picture(shared, BARS, PLAIN)

    found = boxes(svg)
    assert in_proportion([box.width for box in found], [y for _, y in rows])
    assert [box.top for box in found] == sorted(box.top for box in found)
    assert set(texts(svg)) >= {"1,000", "963", "297"}, "each bar has its number"


def test_below_zero(shared: Service) -> None:
    rows = [("a", 50), ("b", -20), ("c", 30)]
    shared.table("t", "x, y", rows)
    found = boxes(picture(shared, BARS, PLAIN))

    assert in_proportion([box.height for box in found], [y for _, y in rows])
    assert math.isclose(found[0].bottom, found[1].top, abs_tol=0.01)
    assert found[1].label == "b: −20"


def test_series_stand_side_by_side_or_on_each_other(shared: Service) -> None:
    rows = [(x, y, s) for x, ys in (("p", (5, 9)), ("q", (7, 2))) for s, y in zip("uv", ys, strict=True)]
    shared.table("t", "x, y, s", rows)
    beside = boxes(picture(shared, f"{BARS}, series: s", ALL))
    on_each_other = boxes(picture(shared, f"{BARS}, series: s, stacked: true", ALL))

    for found in (beside, on_each_other):
        by_label = {box.label: box.height for box in found}
        assert in_proportion([by_label[f"{x}, {s}: {y}"] for x, y, s in rows], [y for _, y, _ in rows])
    assert len({round(box.left) for box in beside}) == 4
    assert len({round(box.left) for box in on_each_other}) == 2
    top, bottom = sorted((box for box in on_each_other if box.label[0] == "p"), key=lambda box: box.top)
    assert math.isclose(top.bottom, bottom.top, abs_tol=0.01)


def test_columns_side_by_side(shared: Service) -> None:
    shared.table("t", "x, y, z", [("p", 500, 100), ("q", 300, 50)])
    sql = "SELECT t.x, t.y AS net_cents, t.z AS tax_cents FROM data_db.t AS t ORDER BY t.rowid"
    money = "{type: money, currency: EUR}"
    svg = picture(
        shared,
        "type: bar, x: x, y: [net_cents, tax_cents]",
        sql,
        f"net_cents: {money}, tax_cents: {money}",
    )

    found = boxes(svg)
    assert [box.label for box in found] == [
        "p, Net: €5.00",
        "p, Tax: €1.00",
        "q, Net: €3.00",
        "q, Tax: €0.50",
    ]
    assert in_proportion([box.height for box in found], [500, 100, 300, 50])
    assert {"Net", "Tax", "€5", "€0"} <= set(texts(svg))


def test_a_line_along_time(shared: Service) -> None:
    first = date(2024, 1, 30)
    days = [first + timedelta(days) for days in (0, 1, 2, 10, 20)]
    numbers = [4, 8, 5, 0, 12]
    shared.table("t", "x, y", [(day.isoformat(), y) for day, y in zip(days, numbers, strict=True)])
    (line,) = lines(picture(shared, "type: line, x: x, y: y", PLAIN))

    (points,) = line
    across = [x - points[0][0] for x, _ in points]
    assert in_proportion(across[1:], [(day - first).days for day in days[1:]])
    up = [points[3][1] - y for _, y in points]
    assert in_proportion([up[0], up[1], up[2], up[4]], [4, 8, 5, 12])


def test_a_line_has_gaps(shared: Service) -> None:
    months = [f"2024-{month:02}" for month in range(1, 13)]
    numbers = [1, 2, None, 4, None, None, 7, 8, 9, None, 11, 12]
    shared.table("t", "x, y", list(zip(months, numbers, strict=True)))
    svg = picture(shared, "type: line, x: x, y: y", PLAIN)

    (line,) = lines(svg)
    assert [len(piece) for piece in line if len(piece) > 1] == [2, 3, 2]
    dots = boxes(svg, "mark-symbol")
    assert [box.label for box in dots] == [
        f"{month}: {y}" for month, y in zip(months, numbers, strict=True) if y is not None
    ]


def test_a_point_between_gaps_is_seen(shared: Service) -> None:
    days = [(date(2024, 1, 1) + timedelta(day)).isoformat() for day in range(100)]
    shared.table("t", "x, y", [(day, None if n in (49, 51) else n) for n, day in enumerate(days)])
    svg = picture(shared, "type: line, x: x, y: y", PLAIN)

    assert [box.label for box in boxes(svg, "mark-symbol")] == [f"{days[50]}: 50"]


def test_months_are_labelled(shared: Service) -> None:
    months = [f"20{year}-{month:02}" for year in (22, 23, 24) for month in range(1, 13)]
    shared.table("t", "x, y", [(month, n) for n, month in enumerate(months)])
    for kind in ("bar", "line"):
        found = labels(picture(shared, f"type: {kind}, x: x, y: y", PLAIN, "x: {type: month}"))
        named = [each for each in found if " 20" in each]
        assert named[0] == "Jan 2022"
        assert 4 <= len(named) <= 12
        assert len(set(named)) == len(named)


def test_numbers_along_the_bottom(shared: Service) -> None:
    rows = [(0.5, 3), (1.5, 9), (4.5, 1)]
    shared.table("t", "x, y", rows)
    ((points,),) = lines(picture(shared, "type: line, x: x, y: y", PLAIN))

    assert in_proportion([x - points[0][0] for x, _ in points[1:]], [1, 4])


def test_stacked_areas(shared: Service) -> None:
    rows = [("2024-01", 5, "u"), ("2024-01", 3, "v"), ("2024-02", 4, "u"), ("2024-03", 2, "v")]
    shared.table("t", "x, y, s", rows)
    svg = picture(shared, "type: area, x: x, y: y, series: s, stacked: true", ALL)

    outlines = [element.get("d", "").count("L") for element in group(svg, "mark-area")]
    assert outlines == [5, 5], "both have all three months, there and back"


def test_a_pie(shared: Service) -> None:
    rows = [(f"Slice {n:02}", n) for n in range(1, 13)]
    shared.table("t", "x, y", rows)
    svg = picture(shared, "type: pie, x: x, y: y", PLAIN)

    found = group(svg, "mark-arc")
    kept, rest = rows[5:], rows[:5]
    expected = [f"{x}: {y}" for x, y in kept] + [f"Other (5): {sum(y for _, y in rest)}"]
    assert [element.get("aria-label") for element in found] == expected
    sizes = [*(y for _, y in kept), sum(y for _, y in rest)]
    written = texts(svg)
    assert [text for text in written if text.endswith("%")] == [f"{y} · {y / 78:.1%}" for y in sizes]
    names = [*(x for x, _ in kept), "Other (5)"]
    assert [text for text in written if text in names] == names, "the legend has the order of the slices"
    assert "78" in texts(svg)


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("{type: percent}", [0.1, 0.25], {"0%", "10%", "25%"}),
        ("{type: money, currency: USD}", [123_456_700, 50_000_000], {"$0", "$1.2M", "$1.23M", "$500,000"}),
        ("{type: money, currency: INR}", [100_000, 5_000], {"₹1,000", "₹50"}),
        ("{type: money, currency: CHF}", [100_000, 5_000], {"CHF 1,000", "CHF 50"}),
        ("{type: money, currency: JPY}", [1_234, 5], {"¥1,234", "¥5"}),
        ("{}", [1_500_000_000, 3], {"1.5B", "3", "0.5B", "1.0B"}),
        ("{}", [0.001, 0.004], {"0.004", "0.001"}),
    ],
)
def test_how_numbers_look(shared: Service, column: str, values: list[float], expected: set[str]) -> None:
    shared.table("t", "x, y", list(zip("ab", values, strict=True)))
    found = set(texts(picture(shared, BARS, PLAIN, f"y: {column}")))
    assert expected <= found


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ([0, 1.5], ["0.0", "0.5", "1.0", "1.5"]),
        ([0, 0.04], ["0.00", "0.01", "0.02", "0.03", "0.04"]),
        ([20_000, 45_000], ["20K", "25K", "30K", "35K", "40K", "45K"]),
        ([-12_000, 2_000_000], ["0", "0.5M", "1.0M", "1.5M", "2.0M"]),
        ([-30, 20], ["−30", "−20", "−10", "0", "10", "20"]),
    ],
)
def test_the_labels_of_an_axis_have_as_many_decimals(
    shared: Service, numbers: list[float], expected: list[str]
) -> None:
    shared.table("t", "x, y", list(zip(["first", "last"], numbers, strict=True)))
    found = labels(picture(shared, "type: line, x: x, y: y", PLAIN))
    assert [each for each in found if each not in ("first", "last")] == expected


# --- what does not fit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chart", "rows", "message"),
    [
        (BARS, [("a", "1")], "The column y is drawn, so it must contain numbers"),
        (BARS, [("a", math.inf)], "it contains infinity"),
        (BARS, [("a", b"1")], "The column y is drawn"),
        (BARS, [("a", 1.7e308)], "contains a number larger than 1e\\+300"),
        ("type: pie, x: x, y: y", [("a", -1)], "negative number"),
        ("type: line, x: x, y: y", [("a", 1), ("a", 2)], "Several rows have a as X"),
    ],
)
def test_unfit_values(shared: Service, chart: str, rows: list[tuple[object, ...]], message: str) -> None:
    shared.table("t", "x, y", rows)  # type: ignore[arg-type]
    with pytest.raises(UnrepresentableValue, match=message):
        picture(shared, chart, PLAIN)


def test_too_many_series(shared: Service) -> None:
    sql = "SELECT t.x, t.y, t.s FROM data_db.t AS t WHERE t.s < {} ORDER BY t.rowid"
    shared.table("t", "x, y, s", [("a", 1, n) for n in range(9)])
    assert len(boxes(picture(shared, f"{BARS}, series: s", sql.format(8)))) == 8
    with pytest.raises(UnrepresentableValue, match="at most 8 different values of s"):
        picture(shared, f"{BARS}, series: s", sql.format(9))


def test_too_many_rows_end_early(shared: Service) -> None:
    numbers = (
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {}) "
        "SELECT n.n AS x, n.n AS y FROM n"
    )
    assert parsed(picture(shared, "type: line, x: x, y: y", numbers.format(5_000))) is not None
    with pytest.raises(UnrepresentableValue, match=r"at most 5,000 rows.*shorter period"):
        picture(shared, "type: line, x: x, y: y", numbers.format(5_001))


def test_rows_of_the_same_name_are_bars_of_their_own(shared: Service) -> None:
    shared.table("t", "x, y", [("Ana", 5), ("Ana", 3), ("Ana (2)", 4), (None, 2), ("", 1)])
    found = boxes(picture(shared, BARS, PLAIN))
    names = ["Ana: 5", "Ana (2): 3", "Ana (2) (2): 4", "(none): 2", "(empty): 1"]
    assert [box.label for box in found] == names
    assert in_proportion([box.width for box in found], [5, 3, 4, 2, 1])


@pytest.mark.parametrize("kind", ["bar", "line", "area", "pie"])
def test_nothing_to_draw(shared: Service, kind: str) -> None:
    chart = f"type: {kind}, x: x, y: y"
    shared.table("t", "x, y", [])
    assert texts(picture(shared, chart, PLAIN)) == ["No rows"]
    shared.table("t", "x, y", [("a", None)])
    assert texts(picture(shared, chart, PLAIN)) == ["No values"]


# --- whatever texts there are --------------------------------------------------------------------

HOSTILE = "</text><script>alert(1)</script><image href='http://x.invalid/'/>\"]]>&lt;{{datum.x}} 'x' \\"


@pytest.mark.parametrize("kind", ["bar", "line", "pie"])
def test_texts_are_texts(shared: Service, kind: str) -> None:
    shared.table("t", "x, y", [(HOSTILE, 5), ("http://x.invalid/a.png", 3)])
    svg = picture(shared, f"type: {kind}, x: x, y: y", PLAIN)
    parsed(svg)
    assert b"<script" not in svg
    assert any(text.startswith("</text><script>alert(1)<") for text in texts(svg))


@pytest.mark.parametrize("name", ["a.b", "a[0]", "datum['x']", 'it\'s "x"', "x\\", "</text><script>", "a\nb"])
def test_names_of_columns_are_texts(shared: Service, name: str) -> None:
    shared.table("t", "x, y, s", [("p", 5, "u"), ("q", 3, "v")])
    quoted = name.replace('"', '""')
    columns = ", ".join(f't.{key} AS "{key}{quoted}"' for key in "xys")
    sql = f"SELECT {columns} FROM data_db.t AS t ORDER BY t.y DESC"
    keys = ", ".join(f"{key}: {_yaml(key + name)}" for key in ("x", "y"))
    svg = picture(shared, f"type: bar, {keys}, series: {_yaml('s' + name)}", sql)
    assert [box.label for box in boxes(svg)] == ["p, u: 5", "q, v: 3"]
    assert any(text.startswith("X") and "b" in text for text in texts(svg)) or "b" not in name


def _yaml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), min_size=1, max_size=8))
@example([("\x00\x01\x08\x0b\x1f\x7f\x85\u2028\ufffe\uffff\ud7ff\U0010ffff", "\u202e\u200b<&>\"'")])
@example([("__proto__", "constructor"), ("null", "toString"), ("NaN", "undefined"), ("0", "")])
@example([("ä € ₹ 北京 🙂 שלום دिल्ली", "𝄞")])
def test_any_text_gives_well_formed_xml(shared: Service, names: list[tuple[str, str]]) -> None:
    rows = [(x, n + 1, s) for n, (x, s) in enumerate(dict.fromkeys(names))]
    shared.table("t", "x TEXT, y INTEGER, s TEXT", rows, "STRICT")
    assert len(boxes(picture(shared, f"{BARS}, series: s", ALL))) == len(rows)
    assert len(boxes(picture(shared, BARS, PLAIN))) == len(rows)


def test_text_that_is_not_utf8(shared: Service) -> None:
    sql = "SELECT CAST(x'41e9' AS TEXT) AS x, 1 AS y"
    assert [box.label for box in boxes(picture(shared, BARS, sql))] == ["A\\xE9: 1"]


def test_what_an_eye_cannot_see_is_left_out(shared: Service) -> None:
    shared.table("t", "x, y", [("a\u202eb\u200bc\x00\n d\ufffe", 1), ("क्\u200dष", 2)])
    found = boxes(picture(shared, BARS, PLAIN))
    assert [box.label for box in found] == ["abc d\ufffd: 1", "क्\u200dष: 2"]


def test_long_names_are_cut(shared: Service) -> None:
    shared.table("t", "x, y", [("long " * 10_000, 1), ("long " * 10_000 + "er", 2)])
    svg = picture(shared, BARS, PLAIN)
    assert len(svg) < 20_000
    assert all(box.label.startswith("long long") and "…" in box.label for box in boxes(svg))


# --- the file ------------------------------------------------------------------------------------


def test_the_svg_says_what_it_is_in_light_and_in_dark(shared: Service) -> None:
    shared.table("t", "x, y", [("a", 1), ("b", 2)])
    svg = picture(shared, BARS, PLAIN)
    root = parsed(svg)

    assert root.get("role") == "img"
    assert root.get("viewBox") == "0 0 480 300"
    title, description, style = root[0], root[1], root[2]
    assert title.text == "A picture & more"
    assert description.text == "Bars of Y by X; 2 rows."
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    light, _, dark = (style.text or "").partition("@media (prefers-color-scheme:dark)")
    assert "font-family" in light
    for attribute in ("fill", "stroke"):
        used = {each.get(attribute) for each in root.iter()} - {None, "none", "transparent", "white"}
        assert used
        assert all(f'[{attribute}="{colour}"]' in dark for colour in used), used


def test_the_png(shared: Service) -> None:
    shared.table("t", "x, y", [("ä € ₹ 北京 🙂", 1), ("b", 2)])
    png = picture(shared, BARS, PLAIN, format="png")

    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colours = struct.unpack(">IIBB", png[16:26])
    assert (width, height, depth, colours) == (1440, 900, 8, 6)
    rows = _rows(png, width, height)
    assert next(rows)[:4] == b"\xff\xff\xff\xff", "white to its corner"
    assert any(b"\x2f\x6f\xc4\xff" in row for row in rows), "the colour of the bars"


def _rows(png: bytes, width: int, height: int) -> Iterator[bytes]:
    """Pixels of an RGBA image after its filters (https://www.w3.org/TR/png-3/#9Filters)."""
    data, at = b"", 8
    while at < len(png):
        (length,), kind = struct.unpack(">I", png[at : at + 4]), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    rows, step = zlib.decompress(data), width * 4
    before = bytearray(step)
    for number in range(height):
        filter, line = rows[number * (step + 1)], bytearray(rows[number * (step + 1) + 1 :][:step])
        for i in range(step):
            left, up, corner = line[i - 4] if i >= 4 else 0, before[i], before[i - 4] if i >= 4 else 0
            guess = left + up - corner
            paeth = min((left, up, corner), key=lambda each: abs(guess - each))
            line[i] = (line[i] + (0, left, up, (left + up) // 2, paeth)[filter]) % 256
        yield bytes(line)
        before = line
