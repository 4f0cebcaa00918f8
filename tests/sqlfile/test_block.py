"""YAML as a header has it: nothing is read as something else, and each fault has its line."""

import json

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from aggregator.sqlfile.yaml_header import read_yaml

FIRST_LINE = 10


def values(text: str) -> object:
    block, faults = read_yaml(text, "a.sql", FIRST_LINE)
    assert faults == []
    return block.values


def faults(text: str) -> list[tuple[int, str]]:
    _, found = read_yaml(text, "a.sql", FIRST_LINE)
    assert {fault.file for fault in found} <= {"a.sql"}
    return [(fault.line - FIRST_LINE + 1, fault.message) for fault in found]


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        # What YAML 1.1 made of these is why people fear it.
        ("no", "no"),
        ("NO", "NO"),
        ("on", "on"),
        ("y", "y"),
        ("12:30:00", "12:30:00"),
        ("1:30", "1:30"),
        ("007", "007"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("0b11", "0b11"),
        ("1_000", "1_000"),
        ("1_000.5", "1_000.5"),
        ("+1", "+1"),
        ("1970-01-01", "1970-01-01"),
        ("2024-02-30", "2024-02-30"),
        ("2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"),
        ("2024-02", "2024-02"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("01.5", 1.5),
        # Plain values.
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-3", -3),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("1" * 30, "1" * 30),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("-2.5e-3", -0.0025),
        ("'1'", "1"),
        ('"true"', "true"),
        ("'null'", "null"),
        ("The customer's number", "The customer's number"),
        ("a #b", "a"),
        ("'a #b'", "a #b"),
        ("[1, x, 'y']", [1, "x", "y"]),
        ("{b: 1}", {"b": 1}),
        ("|\n  two\n  lines", "two\nlines"),
        (">\n  one\n  line", "one line"),
        ("one\n  line", "one line"),
        ("!!str 5", "5"),
        ("!!int x", "x"),
        ("!!float x1", "x1"),
        ("!!python/object:os.system x", "x"),
    ],
)
def test_values(yaml: str, value: object) -> None:
    found = values(f"a: {yaml}")
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is type(value)


def test_a_directive_cannot_bring_the_old_yaml_back() -> None:
    assert values("%YAML 1.1\n---\na: no\nb: 1:30") == {"a": "no", "b": "1:30"}


@pytest.mark.parametrize("yaml", ["", "  \n\n", "# only a comment\n", "---\n", "{}"])
def test_nothing(yaml: str) -> None:
    assert values(yaml) == {}


def test_lines_of_keys_and_items() -> None:
    text = "\ntitle: a\nparams:\n  b:\n    type: date\n  c: {type: text,\n      default: x}\n"
    text += "formats:\n  - csv\n  - json\n"
    block, _ = read_yaml(text, "a.sql", FIRST_LINE)
    assert {".".join(keys): line - FIRST_LINE + 1 for keys, line in block.lines.items()} == {
        "": 1,
        "title": 2,
        "params": 3,
        "params.b": 4,
        "params.b.type": 5,
        "params.c": 6,
        "params.c.type": 6,
        "params.c.default": 7,
        "formats": 8,
        "formats.0": 9,
        "formats.1": 10,
    }
    assert block.line_of(("params", "c", "nothing", "x")) == FIRST_LINE + 5
    assert block.line_of(("nothing",)) == FIRST_LINE


def test_lines_of_texts() -> None:
    block, _ = read_yaml("a: x\nb: |\n  x\nc: >\n  x\nd:\n  x\ne: {f: 'x'}", "a.sql", 1)
    lines = {name: block.line_of_text((name,)) for name in "abcd"}
    assert lines == {"a": 1, "b": 3, "c": 5, "d": 7}
    assert block.line_of_text(("e", "f")) == 8


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_those_of_an_editor(end: str) -> None:
    # YAML ends a line at these as well; an editor does not.
    text = f"a: one\u2028two\u0085three{end}b: 1{end}b: 2"
    assert faults(text) == [(3, "b appears twice")]


PROSE = "the header holds YAML keys and nothing else; write other notes in a comment of their own"


@pytest.mark.parametrize(
    ("yaml", "line", "message"),
    [
        ("a: 1\nb: x: y", 2, "the header is not YAML: a text that holds a colon and a space needs quotes"),
        ("a: 1\n\tb: 2", 2, "the header is not YAML: YAML is indented with spaces, not with tabs"),
        ("a:\n  b: 1\n\tc: 2", 3, "the header is not YAML: YAML is indented with spaces, not with tabs"),
        ("a: @x", 1, "the header is not YAML: a text that begins with this sign needs quotes"),
        ("a: `x`", 1, "the header is not YAML: a text that begins with this sign needs quotes"),
        (
            "a: 1\nb: [1, 2\nc: 3",
            3,
            "the header is not YAML: a bracket is not closed, or a text inside of brackets needs quotes",
        ),
        (
            "a: {b: c: d}",
            1,
            "the header is not YAML: a bracket is not closed, or a text inside of brackets needs quotes",
        ),
        ('a: 1\nb: "\\ud800"', 2, "the header is not YAML: an escape in quotes stands for no character"),
        ('a: {"\\udc00x": 1}', 1, "the header is not YAML: an escape in quotes stands for no character"),
        ("a: 'x\nb: 1\n", 3, "the header is not YAML: a quote is not closed"),
        ("a: 1\n---\nb: 2", 2, "the header is not YAML: --- begins a second document"),
        ("a:\n  b: 1\n c: 2", 3, "the header is not YAML: a line is not indented like those above it"),
        ("a: *b", 1, "the header is not YAML: found undefined alias"),
        (
            "a: \x07",
            1,
            "the header is not YAML: unacceptable character #x0007: control characters are not allowed",
        ),
        ("a: &x {b: 1}\nc: *x", 1, "c is an alias; write the value again"),
        ("a: &x [*x]", 1, "a.0 is an alias; write the value again"),
        ("a: [[[[[[[1]]]]]]]", 1, "a.0.0 is nested too deep"),
        ("[a, b]: 1", 1, "a key is one word"),
        ("? {a: b}\n: 1", 1, "a key is one word"),
        ("a: 1\nb:\n  c: 1\n  c: 2", 4, "b.c appears twice"),
        # Prose, which people put there too.
        ("This shows all orders.", 1, PROSE),
        (
            "Orders of one customer\n\nBy: Max",
            3,
            f"the header is not YAML: a text that holds a colon and a space needs quotes ({PROSE})",
        ),
        (
            "*****\n* A box\n*****",
            1,
            f"the header is not YAML: did not find expected alphabetic or numeric character ({PROSE})",
        ),
        ("- a list\n- of notes", 1, PROSE),
        ("=== Report ===", 1, PROSE),
    ],
)
def test_faults(yaml: str, line: int, message: str) -> None:
    assert faults(yaml) == [(line, message)]


def test_all_that_comes_twice_is_told_at_once() -> None:
    assert faults("a: 1\na: 2\nb: 1\nb: 2\na: 3") == [
        (2, "a appears twice"),
        (4, "b appears twice"),
        (5, "a appears twice"),
    ]


@pytest.mark.parametrize("count", [20_000, pytest.param(100_000, marks=pytest.mark.torture)])
def test_very_many_brackets(count: int) -> None:
    ((line, message),) = faults("a: " + "[" * count)
    assert line == 1
    assert message.startswith("the header is not YAML: ")


def test_laughing_a_billion_times_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert len(faults("\n".join(lines))) == 72


YAML_SIGNS = st.text(st.sampled_from("abt:-?#&*!|>'\"%@`,[]{}<~=.0123456789_ \n\r\t\\é\u2028\x00\x07\ud800"))


@given(st.one_of(st.text(), YAML_SIGNS))
@example("a: !!timestamp x")
@example("a: !!binary x")
@example("!!map [a]")
@example("a: !!merge x\n<<: 1")
@example("<<: {a: 1}")
@example("a: !!set {b}")
@example("a: &x 1\nb: &x 2")
@example('"\\ud800": "\\udfff"')
def test_any_text_is_a_block_or_a_fault_on_one_of_its_lines(text: str) -> None:
    block, found = read_yaml(text, "a.sql", FIRST_LINE)
    json.dumps(block.values, ensure_ascii=False).encode()
    for line in (*block.lines.values(), *(fault.line for fault in found)):
        assert FIRST_LINE <= line <= FIRST_LINE + text.count("\n")


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co"))),
)
KEYS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=50)
TREES = st.dictionaries(
    KEYS, st.one_of(SCALARS, st.lists(SCALARS), st.dictionaries(KEYS, SCALARS)), max_size=5
)


@given(TREES)
def test_json_reads_as_itself(tree: dict[str, object]) -> None:
    """JSON is YAML, so what another program writes as JSON comes back."""
    assert values(json.dumps(tree)) == tree


def test_pyyaml_agrees_on_what_we_do_not_change() -> None:
    text = "title: x\nparams:\n  a: {type: integer, min: 1, default: 2.5}\nformats: [csv, json]\n"
    text += "long: >\n  a\n  b\n"
    assert values(text) == yaml.safe_load(text)
