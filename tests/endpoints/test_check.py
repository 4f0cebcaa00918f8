"""`check`: every fault of every file, with its line, and missing said of what is right."""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import apsw
import pytest

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.check import check_read
from aggregator.endpoints.compiled import ReadEndpoint
from aggregator.endpoints.registry import EndpointRegistry
from aggregator.engine.sqlite.cell_sql import SQL_FUNCTIONS
from aggregator.engine.sqlite.engine import SqliteEngine
from aggregator.engine.sqlite.snapshot import SnapshotPool
from aggregator.errors import InvalidParameters, MissingDatabases
from aggregator.formats import FORMATS
from aggregator.read.operations import Rows
from aggregator.read.run import Run, Spool
from aggregator.sqlfile.catalog import SqlFolder
from aggregator.sqlfile.header import ColumnSpec, FormatName
from aggregator.values.columns import ColumnType
from tests.server import eventually
from tests.sqlite_files import locked, make_database, run_script

ORDERS = """
CREATE TABLE orders(
    order_id INTEGER PRIMARY KEY, customer_id INT, status TEXT, total_cents INT, placed_date TEXT
);
INSERT INTO orders VALUES (1, 7, 'open', 1050, '2024-02-29'), (2, 8, 'paid', -5, '2024-03-01');
"""


@pytest.fixture
def dbs(tmp_path: Path) -> Path:
    (tmp_path / "dbs").mkdir()
    make_database(tmp_path / "dbs" / "order.db", ORDERS)
    return tmp_path / "dbs"


def registry_of(dbs: Path, sql: Mapping[str, str], lock_wait: float = 0) -> EndpointRegistry[ReadEndpoint]:
    folder = dbs.parent / "sql"
    for name, text in sql.items():
        (folder / f"{name}.sql").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.sql").write_text(text)
    return EndpointRegistry(SqlFolder(folder), SqliteEngine(dbs), lock_wait, check_read)


def faults(dbs: Path, **sql: str) -> list[str]:
    return list(map(str, registry_of(dbs, sql).faults()))


def report_of(dbs: Path, sql: str) -> ReadEndpoint:
    registry = registry_of(dbs, {"r": sql})
    assert [str(fault) for fault in registry.faults()] == []
    return registry.check(registry.catalog(ANYBODY).find("GET", "/r").endpoint)


def csv_of(report: ReadEndpoint, **arguments: object) -> str:
    """What the report gives, header line included."""
    rows = Rows(report, arguments, format=FORMATS["csv"])  # type: ignore[arg-type]
    run = Run(rows, Spool(2**20, None), rows.encode)
    pool = SnapshotPool(SQL_FUNCTIONS, lock_wait=1)
    run.execute(pool, started=lambda: None)
    pool.close_idle(older_than=0)
    body = b"".join(run.output()) if run.body is None else run.body
    return body.decode().replace("\r\n", "\n")


# --- parameters against the SQL ------------------------------------------------------------------


def test_parameters_used_but_not_declared_and_the_other_way_round(dbs: Path) -> None:
    sql = """-- :not_one
/*
params:
  since: {type: date}
  unused: {type: text}
  until:
    type: date
*/
SELECT ':neither' AS text, ":nor" AS more /* :still_not */
FROM (SELECT 1 AS ":nor")
WHERE :since < 'ä' AND :a = 1
    AND :b = :a -- :until
"""
    assert faults(dbs, r=sql) == [
        "r.sql:5: the parameter unused is declared, but the SQL does not use :unused",
        "r.sql:6: the parameter until is declared, but the SQL does not use :until",
        "r.sql:11: :a is not declared under params; add `a: {type: text}, b: {type: text}` to params",
        "r.sql:12: :b is not declared under params; add `a: {type: text}, b: {type: text}` to params",
    ]


@pytest.mark.parametrize(
    ("use", "fault"),
    [
        ("?", "?: write a parameter as :name"),
        ("?1", "?1: write a parameter as :name"),
        ("@since", "@since: write a parameter as :since"),
        ("$since", "$since: write a parameter as :since"),
        (":Since", ":Since is not declared under params; did you mean :since?"),
        (":1", ":1: a name has letters A to Z, digits and _, and does not begin with a digit"),
    ],
)
def test_parameters_of_another_notation(dbs: Path, use: str, fault: str) -> None:
    header = "/* params: {since: {type: date}} */"
    assert faults(dbs, r=f"{header}\nSELECT :since AS a,\n{use} AS b") == [f"r.sql:3: {fault}"]


@pytest.mark.parametrize(
    ("header", "how"),
    [
        ("", "begin the file with `/* params: {id: {type: integer}, since: {type: date}} */`"),
        ("/* title: x */", "add `params: {id: {type: integer}, since: {type: date}}` to the header"),
        ("/* params: {a: {type: text}} */", "add `id: {type: integer}, since: {type: date}` to params"),
    ],
)
def test_what_declares_a_parameter_can_be_copied_from_the_fault(dbs: Path, header: str, how: str) -> None:
    own = ", :a AS c" if "params" in header else ""
    sql = f"SELECT :id AS a, :since AS b{own}"
    assert faults(dbs, r=f"{header} {sql}") == [
        f"r.sql:1: :{name} is not declared under params; {how}" for name in ("id", "since")
    ]
    added = how.split("`")[1]
    whole = {
        "": added,
        "/* title: x */": f"/*\ntitle: x\n{added}\n*/",
        "/* params: {a: {type: text}} */": f"/* params: {{a: {{type: text}}, {added}}} */",
    }[header]
    assert faults(dbs, r=f"{whole} {sql}") == []


def test_a_parameter_declared_for_the_path_must_be_used_too(dbs: Path) -> None:
    sql = {"orders/{id}": "/* params: {id: {type: integer}} */ SELECT 1 AS one"}
    assert faults(dbs, **sql) == [
        "orders/{id}.sql:1: the parameter id is declared, but the SQL does not use :id"
    ]


# --- columns -------------------------------------------------------------------------------------


def test_columns_of_the_header_are_those_of_the_result(dbs: Path) -> None:
    sql = """/*
columns:
  total: {type: money, currency: ABC}
  Status: {type: text}
*/
SELECT status, total_cents AS total FROM order_db.orders"""
    assert faults(dbs, r=sql) == [
        "r.sql:3: ABC is not an ISO 4217 currency",
        "r.sql:4: there is no column Status; the columns are status, total",
    ]


def test_duplicate_column_names(dbs: Path) -> None:
    sql = "-- x\nSELECT o.order_id, p.status AS ORDER_ID FROM order_db.orders AS o, order_db.orders AS p"
    assert faults(dbs, r=sql) == [
        "r.sql:2: two columns are named ORDER_ID; give one of them another name with AS"
    ]


def test_the_names_of_types_and_formats_are_the_same_in_every_layer() -> None:
    assert get_args(FormatName) == tuple(FORMATS)
    assert ColumnSpec.model_fields["type"].annotation == ColumnType | None


# --- the statement -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("", "1: there is no statement; a report needs one SELECT"),
        ("/* title: x */", "1: there is no statement; a report needs one SELECT"),
        ("/*\ntitle: x\n*/\n-- nothing\n", "3: there is no statement; a report needs one SELECT"),
        ("/*\ntitle: x\n*/\n\nDELETE FROM a.b", "5: the statement writes (DELETE); a report can only read"),
        ("/*\n*/\nSELECT 1 AS a;\nSELECT 2", "4: a second statement begins here; a report has exactly one"),
        ("/*\ntitle: 'größe'\n*/\nSELECT 'ä',\n wrong AS b", "5: no such column: wrong"),
        ("/* title: x */ SELECT 1 AS a /*", "1: the comment that begins here is not closed with */"),
        ("SELECT 1 AS a\nFROM order.orders", '2: near "order": syntax error'),
    ],
)
def test_the_line_is_that_of_the_file(dbs: Path, sql: str, fault: str) -> None:
    assert faults(dbs, r=sql) == [f"r.sql:{fault}"]
    assert faults(dbs, r=sql.replace("\n", "\r\n")) == [f"r.sql:{fault}"]


def test_all_faults_of_all_files_in_their_order(dbs: Path) -> None:
    found = faults(
        dbs,
        b="/*\nparams: {a: {type: txt}}\ntitel: x\n*/ SELECT 1 AS a",
        a="/*\nparams:\n  c: {type: choice, choices_sql: SELECT missing}\n  d: {type: text}\n"
        "columns: {z: {type: money, currency: ABC}}\n*/\nSELECT :c AS x, :e AS X;\nSELECT 2",
        c="SELECT 1 AS fine",
    )
    places = [fault.split(": ")[0] for fault in found]
    assert [place for place in places if place.startswith("a")] == [
        f"a.sql:{line}" for line in (3, 4, 5, 5, 7, 7, 8)
    ]
    assert [place for place in places if not place.startswith("a")] == ["b.sql:2", "b.sql:3"]


def test_the_sql_is_looked_at_also_when_the_header_has_faults(dbs: Path) -> None:
    assert faults(dbs, r="/*\ntitle: 1\nparams: {a: {type: x}}\n*/\nSELECT :a AS a,\n wrong") == [
        "r.sql:2: title: must be a text; put it in quotes",
        "r.sql:3: params.a.type: must be one of integer, number, money, text, boolean, date, datetime, "
        "month, choice, not x",
        "r.sql:6: no such column: wrong",
    ]
    assert faults(dbs, r="/*\ntitle: b: c\n*/\nSELECT 1 AS a;\nSELECT 2") == [
        "r.sql:2: the header is not YAML: a text that holds a colon and a space needs quotes",
        "r.sql:5: a second statement begins here; a report has exactly one",
    ]
    # A database that cannot be read is told when the header is right.
    (dbs / "text.db").write_text("no database " * 1000)
    header_only = faults(dbs, r="/* title: 1 */ SELECT a FROM text_db.t")
    assert header_only == ["r.sql:1: title: must be a text; put it in quotes"]


@pytest.mark.parametrize(
    ("sql", "lines"),
    [
        ("SELECT 1 AS one -- a comment without a line end", ["one", "1"]),
        ("SELECT 1 AS one; -- after it", ["one", "1"]),
        ("SELECT ';' AS s, '--' AS c, '/*' AS o; /* ; */ ;;", ["s,c,o", '";","--","/*"']),
        (";; SELECT 1 AS one", ["one", "1"]),
        ("VALUES (1, 'a'), (2, 'b')", ["column1,column2", '1,"a"', '2,"b"']),
        ("WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b", ["x,y", "1,2"]),
        (
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 3) SELECT i FROM n",
            ["i", "1", "2", "3"],
        ),
        (
            "SELECT order_id, sum(total_cents) OVER w AS s FROM order_db.orders WINDOW w AS (ORDER BY 1)",
            ["order_id,s", "1,1045", "2,1045"],
        ),
        ("SELECT status FROM order_db.orders ORDER BY order_id DESC LIMIT 1", ["status", '"paid"']),
        (
            "SELECT status FROM order_db.orders UNION SELECT 'x' ORDER BY 1",
            ["status", *['"open"', '"paid"', '"x"']],
        ),
        ("SELECT count(*) FILTER (WHERE status = 'open') AS n FROM order_db.orders", ["n", "1"]),
        ('SELECT \'a\'\'b\' AS "x ""y"""', ['"x ""y"""', '"a\'b"']),
        ("SELECT key, value FROM json_each('{\"a\": 1}')", ["key,value", '"a",1']),
        ("\ufeffSELECT 1 AS one", ["one", "1"]),
        ("SELECT\r\n1 AS one\r\n;\r\n", ["one", "1"]),
        ("SELECT 1 AS one WHERE 0", ["one"]),
    ],
)
def test_what_is_right_also_runs(dbs: Path, sql: str, lines: list[str]) -> None:
    assert csv_of(report_of(dbs, sql)).splitlines() == lines


# --- choices from the data -----------------------------------------------------------------------

CHOICE = "/*\nparams:\n  s: {{type: choice, choices_sql: {}}}\n*/\nSELECT :s AS s, typeof(:s) AS t"


@pytest.mark.parametrize(
    ("choices_sql", "fault"),
    [
        ("SELECT missing FROM order_db.orders", "no such column: missing"),
        ("DELETE FROM order_db.orders", "the statement writes (DELETE); a report can only read"),
        ("SELECT 1; SELECT 2", "a second statement begins here; a report has exactly one"),
        ("'SELECT :x AS x'", ":x: parameters are not allowed here"),
        ("SELECT ? AS x", "?: parameters are not allowed here"),
        ("PRAGMA table_list", "PRAGMA is not allowed; a report is a SELECT"),
        ("''", "there is no statement; a report needs one SELECT"),
    ],
)
def test_faults_of_choices_from_the_data(dbs: Path, choices_sql: str, fault: str) -> None:
    assert faults(dbs, r=CHOICE.format(choices_sql)) == [f"r.sql:3: choices_sql of s: {fault}"]


def test_a_fault_in_choices_of_several_lines_has_the_line_of_the_file(dbs: Path) -> None:
    sql = """/*
params:
  s:
    type: choice
    choices_sql: |
      SELECT status
      FROM order_db.orders
      WHERE missing = 1
*/
SELECT :s AS s"""
    assert faults(dbs, r=sql) == ["r.sql:8: choices_sql of s: no such column: missing"]


def test_a_choice_is_the_datas_own_value(dbs: Path) -> None:
    report = report_of(dbs, CHOICE.format("SELECT customer_id FROM order_db.orders"))
    assert csv_of(report, s="7") == 's,t\n7,"integer"\n'
    report = report_of(dbs, CHOICE.format("SELECT status FROM order_db.orders"))
    assert csv_of(report, s="open") == 's,t\n"open","text"\n'


def refusal(report: ReadEndpoint, **arguments: object) -> str:
    with pytest.raises(InvalidParameters) as raised:
        csv_of(report, **arguments)
    return str(raised.value)


@pytest.mark.parametrize(
    ("rows", "given", "answer"),
    [
        ("(1), (2)", "2", 's,t\n2,"integer"\n'),
        ("('1'), ('02')", "02", 's,t\n"02","text"\n'),
        ("(2.5)", "2.5", 's,t\n2.5,"real"\n'),
        ("(NULL), ('ä')", "ä", 's,t\n"ä","text"\n'),
        ("(1), (2)", "02", "s: must be one of 1, 2"),
        ("('a'), ('b')", "A", "s: must be one of a, b"),
        ("('a'), ('b')", "a ", "s: must be one of a, b"),
        ("('a')", "' OR 1 --", "s: must be one of a"),
    ],
)
def test_values_of_choices(dbs: Path, rows: str, given: str, answer: str) -> None:
    make_database(dbs / "lists.db", f"CREATE TABLE words(word); INSERT INTO words VALUES {rows}")
    report = report_of(dbs, CHOICE.format("SELECT word FROM lists_db.words WHERE word IS NOT NULL"))
    if answer.startswith("s,t"):
        assert csv_of(report, s=given) == answer
    else:
        assert refusal(report, s=given) == answer


def test_no_choices_at_all(dbs: Path) -> None:
    report = report_of(dbs, CHOICE.format("SELECT status FROM order_db.orders WHERE 0"))
    assert refusal(report, s="open") == "s: has no choices in the data"


def test_choices_that_change_while_the_service_runs(dbs: Path) -> None:
    report = report_of(dbs, CHOICE.format("SELECT status FROM order_db.orders"))
    assert refusal(report, s="new").startswith("s: must be one of ")
    run_script(dbs / "order.db", "INSERT INTO orders(status) VALUES ('new')")
    assert csv_of(report, s="new") == 's,t\n"new","text"\n'


def test_choices_may_come_from_a_database_that_the_report_does_not_read(dbs: Path) -> None:
    make_database(dbs / "lists.db", "CREATE TABLE words(word); INSERT INTO words VALUES ('a')")
    report = report_of(dbs, CHOICE.format("SELECT word FROM lists_db.words"))
    assert [file.schema for file in report.files] == ["lists_db"]
    assert csv_of(report, s="a") == 's,t\n"a","text"\n'


def test_a_list_of_choices_goes_through_json_each(dbs: Path) -> None:
    sql = """/*
params:
  s: {type: choice, many: true, required: false, choices_sql: SELECT status FROM order_db.orders}
*/
SELECT order_id FROM order_db.orders
WHERE :s IS NULL OR status IN (SELECT value FROM json_each(:s))
ORDER BY order_id"""
    report = report_of(dbs, sql)
    assert csv_of(report, s=["paid"]) == "order_id\n2\n"
    assert csv_of(report, s=["paid", "open"]) == "order_id\n1\n2\n"
    assert csv_of(report, s=None) == "order_id\n1\n2\n"


# --- databases that nobody here made -------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("2024-orders.db", '"2024-orders_db"'),
        ("my shop.v2.sqlite", '"my shop_v2_sqlite"'),
        ("größe.sqlite3", "größe_sqlite3"),
        ("Order.db", "Order_db"),
        ('with"quote.db', '"with""quote_db"'),
        ("it's.db", '"it\'s_db"'),
        ("a?b#c%20d.db", '"a?b#c%20d_db"'),
        ("select.db", "select_db"),
        ("[brackets].db", '"[brackets]_db"'),
    ],
)
def test_names_of_databases(tmp_path: Path, file: str, schema: str) -> None:
    (tmp_path / "dbs").mkdir()
    make_database(
        tmp_path / "dbs" / file, 'CREATE TABLE "group by"("order" INT); INSERT INTO "group by" VALUES (3)'
    )
    report = report_of(tmp_path / "dbs", f'SELECT "order" FROM {schema}."group by"')
    assert csv_of(report) == "order\n3\n"
    assert [each.path.name for each in report.files] == [file]


@pytest.mark.parametrize(
    ("sql", "csv"),
    [
        ("SELECT word FROM lib_db.words('hello')", 'word\n"hello world"\n'),
        ("SELECT bm25(words) < 0 AS good FROM lib_db.words('hello')", "good\n1\n"),
        ("SELECT id FROM lib_db.boxes WHERE low <= 2", "id\n1\n"),
        ("SELECT a, b, c FROM lib_db.made", 'a,b,c\n3,6,"3!"\n'),
        ("SELECT a FROM lib_db.seen", "a\n3\n"),
        ("SELECT word FROM lib_db.words_seen", 'word\n"hello world"\n'),
    ],
)
def test_tables_of_other_kinds(tmp_path: Path, sql: str, csv: str) -> None:
    (tmp_path / "dbs").mkdir()
    make_database(
        tmp_path / "dbs" / "lib.db",
        """
        CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES ('hello world');
        CREATE VIRTUAL TABLE boxes USING rtree(id, low, high); INSERT INTO boxes VALUES (1, 2, 3);
        CREATE TABLE made(a INT, b AS (a * 2), c TEXT AS (a || '!') STORED); INSERT INTO made(a) VALUES (3);
        CREATE VIEW seen AS SELECT a FROM made;
        CREATE VIEW words_seen AS SELECT word FROM words;
        """,
    )
    report = report_of(tmp_path / "dbs", sql)
    assert csv_of(report) == csv
    assert [each.schema for each in report.files] == ["lib_db"]


@pytest.mark.parametrize("condition", ["= :ids", "IN (:ids)", "NOT IN (1, :ids)", "IN (VALUES (:ids))"])
def test_a_list_is_not_compared_as_it_is(dbs: Path, condition: str) -> None:
    header = "/* params: {ids: {type: integer, many: true}} */\n"
    sql = f"{header}SELECT order_id FROM order_db.orders\nWHERE order_id {condition}"
    message = ":ids is a list, passed to SQL as a JSON array; write IN (SELECT value FROM json_each(:ids))"
    assert faults(dbs, r=sql) == [f"r.sql:3: {message}"]


@pytest.mark.parametrize("query", ["chat-send", "grammar::fa", "20.04", "don't", '"foo'])
def test_a_query_that_full_text_search_refuses(tmp_path: Path, query: str) -> None:
    """`no such column: send` is what SQLite says of a value here, and not of changed tables."""
    (tmp_path / "dbs").mkdir()
    script = "CREATE VIRTUAL TABLE words USING fts5(word); INSERT INTO words VALUES ('chat send');"
    make_database(tmp_path / "dbs" / "lib.db", script)
    sql = "/* params: {q: {type: text}} */ SELECT word FROM lib_db.words WHERE words MATCH :q"
    report = report_of(tmp_path / "dbs", sql)
    assert csv_of(report, q="chat") == 'word\n"chat send"\n'
    with pytest.raises(InvalidParameters) as raised:
        csv_of(report, q=query)
    assert [(error.parameter, error.given) for error in raised.value.errors] == [("q", query)]


def test_a_collation_that_only_its_owner_knows(tmp_path: Path) -> None:
    """Its column can be read, but not sorted by."""
    (tmp_path / "dbs").mkdir()
    connection = apsw.Connection(str(tmp_path / "dbs" / "owned.db"))
    connection.create_collation("mine", lambda a, b: (a > b) - (a < b))
    connection.execute(
        """
        CREATE TABLE items (name TEXT COLLATE mine, number INTEGER);
        CREATE INDEX items_by_name ON items (name);
        INSERT INTO items VALUES ('x', 2), ('y', 1);
        """
    )
    connection.close()
    dbs = tmp_path / "dbs"
    plain = "SELECT items.name FROM owned_db.items AS items ORDER BY items.number"
    assert csv_of(report_of(dbs, plain)) == 'name\n"y"\n"x"\n'

    found = faults(dbs, r="SELECT items.name\nFROM owned_db.items AS items\nORDER BY items.name")
    assert found == ["r.sql:1: no such collation sequence: mine"]


def test_125_databases(tmp_path: Path) -> None:
    dbs = tmp_path / "dbs"
    dbs.mkdir()
    make_database(dbs / "d000.db", "CREATE TABLE t(a); INSERT INTO t VALUES (1)")
    for number in range(1, 125):
        (dbs / f"d{number:03}.db").write_bytes((dbs / "d000.db").read_bytes())
    tables = [f"SELECT a FROM d{number:03}_db.t" for number in range(125)]
    every = f"SELECT sum(a) AS total FROM (\n{' UNION ALL '.join(tables)})"
    some = "SELECT sum(x.a + y.a + z.a) AS total FROM d000_db.t AS x, d077_db.t AS y, d124_db.t AS z"
    registry = registry_of(dbs, {"every": every, "some": some})
    assert registry.faults() == []
    for path, files, csv in (("/every", 125, "total\n125\n"), ("/some", 3, "total\n3\n")):
        report = registry.check(registry.catalog(ANYBODY).find("GET", path).endpoint)
        assert len(report.files) == files
        assert csv_of(report) == csv
    (dbs / "d125.db").write_bytes((dbs / "d000.db").read_bytes())
    assert [str(fault) for fault in registry_of(dbs, {}).faults()] == [
        "d125.db: left out: SQLite attaches 125 files at most"
    ]


def test_two_databases_of_one_name(dbs: Path) -> None:
    make_database(dbs / "order_db", "CREATE TABLE t(a)").rename(dbs / "Order.DB.db")
    make_database(dbs / "order.DB.db", "CREATE TABLE t(a)")
    (fault,) = faults(dbs, r="SELECT 1 AS one")
    assert fault == "order.DB.db: has the same schema name, order_DB_db, as Order.DB.db; rename one"


READ = "SELECT order_id FROM order_db.orders"


def test_a_database_that_is_missing(dbs: Path) -> None:
    (dbs / "order.db").unlink()
    assert faults(dbs, r=f"-- x\n{READ}") == [
        "r.sql:2: there is no database order_db",
    ]


def test_databases_that_are_missing_are_one_fault_of_a_file(dbs: Path) -> None:
    joined = "SELECT a.x, o.order_id\nFROM order_db.orders AS o, a_db.t AS a\nJOIN b_db.t USING (x)"
    assert faults(dbs, r=joined) == ["r.sql:2: there are no databases a_db and b_db"]
    assert faults(dbs, r="SELECT o.order_id FROM oder_db.orders AS o") == [
        "r.sql:1: there is no database oder_db (did you mean order_db?)"
    ]
    choices = "/* params: {a: {type: choice, choices_sql: SELECT x FROM c_db.t}} */\nSELECT :a AS a"
    assert faults(dbs, r=choices) == ["r.sql:1: there is no database c_db"]
    assert faults(dbs, r="SELECT 1 AS a, :x AS b FROM d_db.t;\nSELECT 2") == [
        "r.sql:1: :x is not declared under params; begin the file with `/* params: {x: {type: text}} */`",
        "r.sql:1: there is no database d_db",
        "r.sql:2: a second statement begins here; a report has exactly one",
    ]


def test_reports_that_lack_the_same_databases_are_one_fault_at_the_end(dbs: Path) -> None:
    lacking = {
        "z/a": "SELECT 1 AS x FROM a_db.t, b_db.t",
        "z/b": "SELECT 1 AS x FROM a_db.t",
        "z/c": "SELECT 1 AS x FROM b_db.t",
    }
    registry = registry_of(dbs, lacking | {"fine": READ, "typo": "SELECT 1 AS x FROM oder_db.orders"})
    assert list(map(str, registry.faults())) == [
        "typo.sql:1: there is no database oder_db (did you mean order_db?)",
        "sql: 3 reports need databases that are missing: a_db and b_db",
    ]
    endpoint = registry.catalog(ANYBODY).find("GET", "/z/b").endpoint
    assert isinstance(registry.trouble(endpoint), MissingDatabases)

    make_database(dbs / "a.db", "CREATE TABLE t(x)")
    eventually(lambda: registry.trouble(endpoint) is None)
    assert registry.check(endpoint).columns[0].name == "x"


def test_a_missing_folder(tmp_path: Path) -> None:
    assert faults(tmp_path / "dbs", r="SELECT 1 AS one") == [
        "dbs: the folder of databases cannot be read: No such file or directory"
    ]
    registry = EndpointRegistry(SqlFolder(tmp_path / "none"), SqliteEngine(tmp_path), 0, check_read)
    assert [str(fault) for fault in registry.faults()] == [
        "none: the folder of SQL files cannot be read: No such file or directory"
    ]


def test_databases_that_cannot_be_read_are_named(dbs: Path) -> None:
    make_database(dbs / "wide.db", "PRAGMA encoding = 'UTF-16'; CREATE TABLE t(a)")
    (dbs / "text.db").write_text("no database " * 1000)
    make_database(dbs / "busy.db", "CREATE TABLE t(a)")
    sql = {name: f"SELECT a FROM {name}_db.t, order_db.orders" for name in ("wide", "text", "busy")}
    with locked(dbs / "busy.db"):
        found = faults(dbs, **sql, fine=READ)
    assert found == [
        "busy.sql: The database busy_db cannot be read: it is locked by another program.",
        "text.sql: The database text_db cannot be read: it is not an SQLite database.",
        "wide.sql: The database wide_db cannot be read: it stores text as UTF-16; only UTF-8 files are read.",
    ]
    assert faults(dbs, busy=sql["busy"])[0].startswith("text.sql")


@pytest.mark.parametrize("sql", ["VALUES (1)", "WITH v (n) AS (VALUES (1)) SELECT v.n FROM v"])
def test_values_of_no_table(dbs: Path, sql: str) -> None:
    assert csv_of(report_of(dbs, sql)).endswith("\n1\n")


def test_a_report_without_any_database(tmp_path: Path) -> None:
    (tmp_path / "dbs").mkdir()
    report = report_of(tmp_path / "dbs", "/* params: {a: {type: text}} */ SELECT :a AS a")
    assert report.files == ()
    assert csv_of(report, a="ä") == 'a\n"ä"\n'


# --- afterwards ----------------------------------------------------------------------------------


def test_a_check_holds_no_file_open_and_writes_none(dbs: Path) -> None:
    before = sorted(path.name for path in dbs.iterdir())
    assert faults(dbs, r=READ, s="SELECT wrong FROM order_db.orders") != []
    assert sorted(path.name for path in dbs.iterdir()) == before
    connection = apsw.Connection(str(dbs / "order.db"))
    connection.execute("BEGIN EXCLUSIVE")
    connection.close()


def test_check_itself_says_what_a_report_is(dbs: Path) -> None:
    sql = """/*
title: ""
params: {since: {type: date, default: today}}
columns: {total: {type: money, currency: JPY}}
*/
SELECT order_id, placed_date, total_cents AS total FROM order_db.orders WHERE placed_date < :since"""
    registry = registry_of(dbs, {"some/open-orders_2": sql})
    endpoint = registry.catalog(ANYBODY).find("GET", "/some/open-orders_2").endpoint
    engine = SqliteEngine(dbs)
    report = check_read(engine, endpoint, engine.sources(), 0)
    assert (report.name, report.title) == ("some/open-orders_2", "Open orders 2")
    assert [(column.name, column.type, column.is_declared) for column in report.columns] == [
        ("order_id", None, False),
        ("placed_date", "date", False),
        ("total", "money", True),
    ]
    assert (report.columns[2].currency, report.columns[2].digits) == ("JPY", 0)
    assert [format.name for format in report.formats] == list(FORMATS)


# --- links ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("/x/{b}", "r.sql:2: link uses {b}, which is not a column; the columns are a"),
        ("//elsewhere.example/{a}", "r.sql:2: columns.a.link: "),
        ("javascript:alert(1)", "r.sql:2: columns.a.link: "),
    ],
)
def test_links_that_lead_nowhere(dbs: Path, link: str, fault: str) -> None:
    (found,) = faults(dbs, r=f'/*\ncolumns: {{a: {{link: "{link}"}}}}\n*/\nSELECT 1 AS a')
    assert found.startswith(fault)


# --- shapes --------------------------------------------------------------------------------------

PAGE_PARAMS = (
    "params: {limit: {type: integer, default: 5, min: 1}, offset: {type: integer, default: 0, min: 0}}\n"
)
ONE_PAGE = "SELECT orders.status FROM order_db.orders AS orders ORDER BY orders.order_id"


@pytest.mark.parametrize(
    ("header", "sql", "fault"),
    [
        ("shape: pages", "SELECT 1 AS a", "r.sql:2: shape: must be rows, page, record, {group: a column} or"),
        ("shape: {group: [a]}", "SELECT 1 AS a", "r.sql:2: shape: must be rows, page, record,"),
        ("shape: {nest: {'b\"': [a]}}", "SELECT 1 AS a", "r.sql:2: shape: must be rows, page, record,"),
        ("shape: {nest: {b: []}}", "SELECT 1 AS a", "r.sql:2: shape: must be rows, page, record,"),
        (
            "shape: {group: b}",
            "SELECT 1 AS a, 2 AS c",
            "r.sql:2: shape: there is no column b; the",
        ),
        ("shape: {group: a}", "SELECT 1 AS a", "r.sql:2: shape: beside a there is no column to group"),
        (
            "shape: {nest: {b: [c]}}",
            "SELECT 1 AS a",
            "r.sql:2: shape: there is no column c; the",
        ),
        ("shape: {nest: {b: [a, a]}}", "SELECT 1 AS a", "r.sql:2: shape: a appears twice"),
        (
            "shape: {nest: {b: [a]}}",
            "SELECT 1 AS a, 2 AS b",
            "r.sql:2: shape: the list b has the same name",
        ),
        (
            PAGE_PARAMS + "shape: page",
            ONE_PAGE + " LIMIT :limit",
            "r.sql:3: shape: the SQL of a page must",
        ),
        (
            PAGE_PARAMS + "shape: page",
            ONE_PAGE + " LIMIT :offset OFFSET :limit",
            "r.sql:3: shape: the SQL of",
        ),
        (
            PAGE_PARAMS + "shape: page",
            "SELECT * FROM (SELECT 1 AS a ORDER BY 1) LIMIT :limit OFFSET :offset",
            "r.sql:3: shape: the SQL of a page must end in ORDER BY … LIMIT :limit OFFSET :offset",
        ),
        (
            PAGE_PARAMS.replace("default: 5, ", "") + "shape: page",
            ONE_PAGE + " LIMIT :limit OFFSET :offset",
            "r.sql:2: shape: page needs limit: {type: integer, default: …, min: 1}",
        ),
        (
            PAGE_PARAMS.replace("min: 0", "min: -1") + "shape: page",
            ONE_PAGE + " LIMIT :limit OFFSET :offset",
            "r.sql:2: shape: page needs offset: {type: integer, default: …, min: 0}",
        ),
    ],
)
def test_shapes_that_do_not_fit(dbs: Path, header: str, sql: str, fault: str) -> None:
    found = faults(dbs, r=f"/*\n{header}\n*/\n{sql}")
    assert any(each.startswith(fault) for each in found), found


def test_a_page_may_end_in_small_letters_and_a_comment(dbs: Path) -> None:
    sql = ONE_PAGE + " limit :limit -- rows\noffset :offset;\n-- the end\n"
    assert faults(dbs, r=f"/*\n{PAGE_PARAMS}shape: page\n*/\n{sql}") == []


# --- sorting -------------------------------------------------------------------------------------

SORT = "sort: {default: placed_date.desc, columns: [placed_date, total], then: order_id}\n"
SORTED = "SELECT order_id, placed_date, total_cents AS total FROM order_db.orders "


@pytest.mark.parametrize(
    "end",
    [
        "ORDER BY placed_date DESC, order_id",
        "ORDER BY orders.placed_date DESC NULLS LAST, total_cents, order_db.orders.order_id DESC LIMIT 1;",
        'order by "PLACED_DATE" desc, [order_id] asc -- unique',
    ],
)
def test_files_that_end_in_their_default_order(dbs: Path, end: str) -> None:
    assert faults(dbs, r=f"/*\n{SORT}*/\n{SORTED}{end}") == []


@pytest.mark.parametrize(
    ("header", "sql", "fault"),
    [
        (
            SORT.replace("total]", "sum]"),
            SORTED + "ORDER BY placed_date DESC, order_id",
            "r.sql:2: sort.columns: there is no column sum; the columns are order_id, placed_date, total",
        ),
        (
            SORT.replace("then: order_id", "then: id"),
            SORTED + "ORDER BY placed_date DESC, id",
            "r.sql:5: no such column: id",
        ),
        (
            SORT.replace("then: order_id", "then: customer_id"),
            SORTED + "ORDER BY placed_date DESC, customer_id",
            "r.sql:2: sort.then: there is no column customer_id; the columns are order_id, placed_date,",
        ),
        *(
            (
                SORT,
                SORTED + end,
                "r.sql:2: sort: the SQL must end in the default order, ORDER BY placed_date DESC, …",
            )
            for end in (
                "",
                "ORDER BY placed_date, order_id",
                "ORDER BY order_id, placed_date DESC",
                "ORDER BY placed_date DESC",
                "ORDER BY lower(placed_date) DESC, order_id",
                "ORDER BY placed_date || '' DESC, order_id",
                "ORDER BY placed_date DESC, -order_id",
            )
        ),
        (
            SORT,
            f"SELECT * FROM ({SORTED} ORDER BY placed_date DESC, order_id)",
            "r.sql:2: sort: the SQL must end in",
        ),
        (
            SORT + "shape: {group: placed_date}",
            SORTED + "ORDER BY placed_date DESC, order_id",
            "r.sql:2: sort: is only for the shapes rows and page",
        ),
    ],
)
def test_orders_that_do_not_fit(dbs: Path, header: str, sql: str, fault: str) -> None:
    found = faults(dbs, r=f"/*\n{header}\n*/\n{sql}")
    assert any(each.startswith(fault) for each in found), found


# --- charts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "sql", "fault"),
    [
        (
            "chart: {type: bar, x: nam, y: n}",
            "SELECT 'x' AS name, 1 AS n",
            "r.sql:2: chart.x: there is no column nam (did you mean name?); the columns are name, n",
        ),
        (
            "chart:\n  type: bar\n  x: name\n  y: [n, m]",
            "SELECT 'x' AS name, 1 AS n",
            "r.sql:5: chart.y: there is no column m",
        ),
        (
            "chart:\n  type: bar\n  x: name\n  y: n\n  series: s",
            "SELECT 'x' AS name, 1 AS n",
            "r.sql:6: chart.series: there is no column s",
        ),
        (
            "columns: {n: {type: text}}\nchart: {type: bar, x: name, y: n}",
            "SELECT 'x' AS name, 1 AS n",
            "r.sql:3: chart.y: n holds text; only numeric columns are allowed",
        ),
        (
            "chart: {type: bar, x: name, y: due_date}",
            "SELECT 'x' AS name, 1 AS due_date",
            "r.sql:2: chart.y: due_date holds date; only numeric columns are allowed",
        ),
        (
            "columns: {n: {type: money, currency: EUR}, m: {type: percent}}\n"
            "chart: {type: line, x: name, y: [n, m]}",
            "SELECT 'x' AS name, 1 AS n, 2 AS m",
            "r.sql:3: chart.y: n is money in EUR and m is percent; one axis cannot show them together",
        ),
        (
            "shape: record\nchart: {type: bar, x: name, y: n}",
            "SELECT 'x' AS name, 1 AS n",
            "r.sql:3: chart: shape: record has one row",
        ),
    ],
)
def test_charts_that_do_not_fit(dbs: Path, header: str, sql: str, fault: str) -> None:
    found = faults(dbs, r=f"/*\n{header}\n*/\n{sql}")
    assert len(found) == 1
    assert found[0].startswith(fault), found


@pytest.mark.parametrize("shape", ["rows", "{group: name}", "{nest: {list: [n]}}"])
def test_a_chart_of_any_list(dbs: Path, shape: str) -> None:
    header = f"shape: {shape}\nchart: {{type: bar, x: name, y: n}}"
    assert faults(dbs, r=f"/*\n{header}\n*/\nSELECT 'x' AS name, 1 AS n") == []


# --- money ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("declared", "stored", "found"),
    [
        ("INTEGER", "", None),
        ("BIGINT", "", None),
        ("", "", None),
        (
            "REAL",
            "",
            "REAL, which holds numbers such as 1.98, not a whole number of cents; add stored: major",
        ),
        ("DOUBLE PRECISION", ", stored: minor", "DOUBLE PRECISION, which holds numbers such as 1.98"),
        ("VARCHAR(20)", "", "VARCHAR(20), which holds text, not a whole number of cents; add stored: major"),
        (
            "DECIMAL(10,2)",
            "",
            "DECIMAL(10,2), which holds 1.98 as well as 198; add stored: major for amounts",
        ),
        (
            "NUMERIC",
            "",
            "NUMERIC, which holds 1.98 as well as 198; add stored: major for amounts such as 1.98",
        ),
        ("NUMERIC", ", stored: minor", None),
        *((declared, ", stored: major", None) for declared in ("REAL", "INTEGER", "NUMERIC", "TEXT", "")),
    ],
)
def test_money_is_stored_as_its_table_declares(
    dbs: Path, declared: str, stored: str, found: str | None
) -> None:
    make_database(dbs / "shop.db", f"CREATE TABLE items(price {declared}); INSERT INTO items VALUES (NULL)")
    header = f"/*\ncolumns:\n  p: {{type: money{stored}}}\n*/\n"
    told = faults(dbs, r=header + "WITH i AS (SELECT price FROM shop_db.items) SELECT i.price AS p FROM i")
    if found is None:
        assert told == []
    else:
        assert len(told) == 1
        assert told[0].startswith(f"r.sql:3: columns.p: its table declares it {found}")
