"""The files of a folder as endpoints: found, routed, kept up to date, and never in each other's way."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from aggregator.errors import Diagnostic, MethodNotAllowed, NotFound
from aggregator.sqlfile import catalog as folder_module
from aggregator.sqlfile.catalog import Catalog, SqlFolder, read_sql

WITH_ID = "/* params: {id: {type: integer}} */ SELECT :id AS id"


def write(folder: Path, *files: str, text: str = "SELECT 1 AS one") -> None:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)


def catalog_of(folder: Path) -> Catalog:
    return SqlFolder(folder).catalog()


def faults_of(folder: Path) -> list[str]:
    catalog = catalog_of(folder)
    return [
        str(fault) for fault in (*catalog.faults, *(f for each in catalog.endpoints for f in each.faults))
    ]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the disk again at every question."""
    monkeypatch.setattr(folder_module, "RESCAN_SECONDS", 0)


# --- finding -------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Catalog:
    write(
        tmp_path,
        "index.sql",
        "orders.sql",
        "orders/index.sql",
        "orders/new.sql",
        "my report/ä b.sql",
        "v1.2.sql",
    )
    write(tmp_path, "orders/{id}.sql", "orders/{id}/lines.sql", "{id}/lines/all.sql", text=WITH_ID)
    write(tmp_path, "orders/new.post.sql", "orders/index.post.sql", "orders/late.put.sql")
    write(tmp_path, "orders/{id}.delete.sql", text=WITH_ID)
    return catalog_of(tmp_path)


@pytest.mark.parametrize(
    ("path", "file", "parameters"),
    [
        ("/", "index.sql", {}),
        ("", "index.sql", {}),
        ("/orders", "orders.sql", {}),
        ("/orders/", "orders/index.sql", {}),
        ("/orders/new", "orders/new.sql", {}),
        ("/orders/7", "orders/{id}.sql", {"id": "7"}),
        ("/orders/New", "orders/{id}.sql", {"id": "New"}),
        ("/orders/new/lines", "orders/{id}/lines.sql", {"id": "new"}),
        ("/orders/{id}", "orders/{id}.sql", {"id": "{id}"}),
        ("/orders/ 7%2f é", "orders/{id}.sql", {"id": " 7%2f é"}),
        ("/orders/lines/all", "{id}/lines/all.sql", {"id": "orders"}),
        ("/my report/ä b", "my report/ä b.sql", {}),
        ("/my report/a\u0308 b", "my report/ä b.sql", {}),
        ("/v1.2", "v1.2.sql", {}),
    ],
)
def test_a_name_goes_before_a_parameter(
    shop: Catalog, path: str, file: str, parameters: dict[str, str]
) -> None:
    match = shop.find("GET", path)
    assert (match.endpoint.file, match.path_parameters) == (file, parameters)


@pytest.mark.parametrize(
    "path", ["/nothing", "/orders/7/", "/orders//lines", "/orders/7/lines/all/x", "//", "/Orders", "/v1"]
)
def test_what_is_not_there(shop: Catalog, path: str) -> None:
    with pytest.raises(NotFound, match=f"no report at {path}"):
        shop.find("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "allowed", "detail"),
    [
        ("POST", "/orders", ("GET",), "/orders answers GET, not POST."),
        ("HEAD", "/orders", ("GET",), "/orders answers GET, not HEAD."),
        (
            "PATCH",
            "/orders/new",
            ("DELETE", "GET", "POST"),
            "/orders/new answers DELETE, GET, POST, not PATCH.",
        ),
        ("PUT", "/orders/", ("GET", "POST"), "/orders/ answers GET, POST, not PUT."),
        ("PATCH", "/orders/7", ("DELETE", "GET"), "/orders/7 answers DELETE, GET, not PATCH."),
    ],
)
def test_other_methods(shop: Catalog, method: str, path: str, allowed: tuple[str, ...], detail: str) -> None:
    with pytest.raises(MethodNotAllowed) as raised:
        shop.find(method, path)
    assert raised.value.allowed == allowed
    assert raised.value.detail.startswith(detail)


@pytest.mark.parametrize(
    ("method", "path", "file"),
    [
        ("POST", "/orders/new", "orders/new.post.sql"),
        ("DELETE", "/orders/new", "orders/{id}.delete.sql"),
        ("PUT", "/orders/late", "orders/late.put.sql"),
        ("GET", "/orders/late", "orders/{id}.sql"),
        ("POST", "/orders/", "orders/index.post.sql"),
    ],
)
def test_each_method_has_its_file(shop: Catalog, method: str, path: str, file: str) -> None:
    assert shop.find(method, path).endpoint.file == file


def test_the_method_is_no_part_of_the_path(tmp_path: Path) -> None:
    write(tmp_path, "add.post.sql", "add.delete.sql")
    catalog = catalog_of(tmp_path)
    assert [each.short_name for each in catalog.endpoints] == ["add", "add"]
    with pytest.raises(MethodNotAllowed) as raised:
        catalog.find("GET", "/add")
    assert raised.value.allowed == ("DELETE", "POST")
    with pytest.raises(NotFound):
        catalog.find("POST", "/add.post")


def test_a_get_takes_no_rows(tmp_path: Path) -> None:
    write(tmp_path, "a.sql", text="/*\ntitle: x\ninput: {n: {type: integer}}\n*/ SELECT 1 AS n")
    (fault,) = faults_of(tmp_path)
    assert fault.startswith("a.sql:3: input: a GET has no body")


def test_the_path_and_the_header_of_another_method_are_checked(tmp_path: Path) -> None:
    write(tmp_path, "a.post.sql", text="/*\nsheet: x\ntitel: x\n*/ INSERT INTO a_db.t VALUES (1)")
    write(tmp_path, "{a}.put.sql", text="DELETE FROM a_db.t")
    write(tmp_path, "{b}.put.sql", text="/* params: {b: {type: text}} */ DELETE FROM a_db.t")
    first, second, third = sorted(faults_of(tmp_path))
    assert first.startswith("a.post.sql:3: unknown key titel")
    assert second.startswith("{a}.put.sql:1: the path has {a}, which is not declared under params; begin ")
    assert third == "{b}.put.sql: answers the same URL as {a}.put.sql; rename one"


def test_two_files_for_one_url(tmp_path: Path) -> None:
    write(tmp_path, "{a}.sql", text="/* params: {a: {type: text}} */ SELECT :a AS a")
    write(tmp_path, "{b}.sql", text="/* params: {b: {type: text}} */ SELECT :b AS b")
    write(tmp_path, "x/{b}/{a}.sql", text="/* params: {a: {type: text}, b: {type: text}} */ SELECT :a, :b")
    write(tmp_path, "x/{a}/{b}.sql", text="/* params: {a: {type: text}, b: {type: text}} */ SELECT :a, :b")
    write(tmp_path, "caf\u00e9.sql", "cafe\u0301.sql")
    # The same braces under different names are no conflict where what follows differs.
    write(tmp_path, "y/{a}/one.sql", text="/* params: {a: {type: text}} */ SELECT :a AS a")
    write(tmp_path, "y/{b}/two.sql", text="/* params: {b: {type: text}} */ SELECT :b AS b")
    assert faults_of(tmp_path) == [
        "caf\u00e9.sql: answers the same URL as cafe\u0301.sql; rename one",
        "x/{b}/{a}.sql: answers the same URL as x/{a}/{b}.sql; rename one",
        "{b}.sql: answers the same URL as {a}.sql; rename one",
    ]
    catalog = catalog_of(tmp_path)
    assert catalog.find("GET", "/v").path_parameters == {"a": "v"}
    assert catalog.find("GET", "/y/v/two").path_parameters == {"b": "v"}


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (
            "",
            ":1: the path has {id}, which is not declared under params; "
            "begin the file with `/* params: {id: {type: integer}} */`",
        ),
        (
            "/* params: {ID: {type: text}} */ ",
            ":1: the path has {id}, which is not declared under params; add `id: {type: integer}` to params",
        ),
        (
            "/*\nparams:\n  id:\n    type: text\n    many: true\n*/ ",
            ":5: the path has {id}, which cannot be a list",
        ),
    ],
)
def test_path_parameters_are_declared(tmp_path: Path, header: str, fault: str) -> None:
    write(tmp_path, "a/{id}.sql", text=f"{header}SELECT :id AS id")
    assert faults_of(tmp_path) == [f"a/{{id}}.sql{fault}"]


def test_the_endpoint_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, "a/b.sql", "a/b.post.sql")
    catalog = catalog_of(tmp_path)
    assert [catalog.of_file(f"a/{name}.sql") for name in ("b.post", "b")] == list(catalog.endpoints)
    assert catalog.of_file("a/c.sql") is None


# --- what stands in the folder -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("/", ["pay.post.sql", "sales.post.sql", "index.put.sql"]),
        ("/things/", ["things/import.post.sql", "things/index.post.sql"]),
        ("/things/7", ["things/{n}/parts.put.sql", "things/{n}.delete.sql"]),
        ("/sales", ["sales.post.sql"]),
        ("/alone", []),
    ],
)
def test_what_is_sent_beside_a_report(tmp_path: Path, path: str, files: list[str]) -> None:
    write(tmp_path, "index.sql", "index.put.sql", "pay.post.sql", "alone.sql", "sales.sql", "sales.post.sql")
    write(
        tmp_path, "things/index.sql", "things/index.post.sql", "things/import.post.sql", "things/a/b.post.sql"
    )
    header = "/*\nparams: {n: {type: integer}}\n*/\nSELECT :n AS n"
    own = (
        "things/{n}.sql",
        "things/{n}.delete.sql",
        "things/{n}/parts.put.sql",
        "things/{n}/parts/{m}.put.sql",
    )
    write(tmp_path, *own, text=header)
    catalog = catalog_of(tmp_path)

    found = catalog.related_writes(catalog.find("GET", path))
    assert [each.endpoint.file for each in found] == files
    assert {tuple(each.path_parameters.items()) for each in found} <= {(("n", "7"),), ()}


def test_what_is_no_sql_file_is_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.sql~",
        "#a.sql#",
        "a.sql.bak",
        "README.md",
        "sql",
        ".hidden.sql",
        ".git/a.sql",
        "d/.e/f.sql",
    )
    write(tmp_path, "folder.sql/a.sql")
    catalog = catalog_of(tmp_path)
    assert [each.route.url for each in catalog.endpoints] == ["/folder.sql/a"]
    assert catalog.faults == ()


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    sql = tmp_path / "sql"
    write(outside, "b.sql")
    write(sql, "c/d.sql")
    (sql / "b.sql").symlink_to(outside / "b.sql")
    (sql / "alias").symlink_to("c")
    (sql / "c" / "up").symlink_to("..")
    (sql / "c" / "self").symlink_to(".")
    (tmp_path / "linked").symlink_to("sql")
    for folder in (sql, tmp_path / "linked"):
        catalog = catalog_of(folder)
        # A folder may be reached twice, but no folder stands inside of itself.
        assert [each.file for each in catalog.endpoints] == ["alias/d.sql", "b.sql", "c/d.sql"]
        assert catalog.faults == ()


def test_a_link_to_a_folder_outside_is_not_followed(tmp_path: Path) -> None:
    sql = tmp_path / "sql"
    write(tmp_path, "sql-too/a.sql", "sql/b.sql")
    for name, target in (("proc", "/proc"), ("root", "/"), ("up", ".."), ("near", "../sql-too")):
        (sql / name).symlink_to(target)
    (sql / "chain").symlink_to("near")
    assert [each.file for each in catalog_of(sql).endpoints] == ["b.sql"]
    assert faults_of(sql) == [
        f"{name}: is a link to a folder outside the SQL folder, which is not followed; "
        "link its files or copy it"
        for name in ("chain", "near", "proc", "root", "up")
    ]


NOT_SQL = [
    "root:x:0:0:root:/root:/bin/bash\n",
    "password = hunter2\n",
    "-- notes\n/* nothing */ hunter2",
    '{"key": "hunter2"}',
    "selected hunter2",
    "(hunter2",
    "\ufeffhunter2",
]


@pytest.mark.parametrize("text", NOT_SQL)
def test_what_is_not_sql_is_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(text)
    (tmp_path / "a.sql").symlink_to("secret")
    (endpoint,) = catalog_of(tmp_path).endpoints
    assert endpoint.text == ""
    assert [str(fault) for fault in endpoint.faults] == [
        "a.sql:1: is not SQL: a file begins with a header or with SELECT, WITH, INSERT, UPDATE or DELETE"
    ]


@pytest.mark.parametrize(
    "text", ["SELEC 1", "select 1", "-- x\n;\nWITH", "/* a */ /* b */\nvalues (1)", "", "-- x"]
)
def test_sql_with_a_slip_is_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.sql").write_text(text)
    (endpoint,) = catalog_of(tmp_path).endpoints
    assert (endpoint.text, endpoint.faults) == (text, ())


def test_a_file_of_no_size_is_not_opened() -> None:
    """Reading /proc/kmsg, for one, waits for ever."""
    assert read_sql(Path("/nowhere"), (1, 0, 1, 1)) == b""


def test_a_look_that_nobody_wants_ends(tmp_path: Path) -> None:
    write(tmp_path, "a.sql")
    folder = SqlFolder(tmp_path)
    folder.close()
    assert folder.catalog().endpoints == ()


def test_what_cannot_be_read_is_named_and_harms_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, "good.sql")
    (tmp_path / "latin.sql").write_bytes("SELECT 1;\n-- ä\nSELECT 'é'".encode("latin-1"))
    (tmp_path / "utf16.sql").write_bytes("SELECT 1".encode("utf-16"))
    (tmp_path / "nul.sql").write_bytes(b"SELECT 1,\n2\0")
    (tmp_path / "UPPER.SQL").write_text("SELECT 1")
    (tmp_path / "gone.sql").symlink_to("nowhere.sql")
    (tmp_path / "loop.sql").symlink_to("loop.sql")
    (tmp_path / "huge.sql").write_bytes(b"-" * 1_000_001)
    os.mkfifo(tmp_path / "pipe.sql")
    os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9/a.sql")).write_text("SELECT 1")
    (tmp_path / "two\nlines.sql").write_text("SELECT 1")
    assert sorted(faults_of(tmp_path)) == [
        "UPPER.SQL: the extension must be .sql, in lower case",
        "caf\\udce9/a.sql: the name has control characters, or is not UTF-8",
        "gone.sql: cannot be read: No such file or directory",
        "huge.sql: is larger than 1,000,000 bytes, the limit for an SQL file",
        "latin.sql:2: the file is not UTF-8 text",
        "loop.sql: cannot be read: Too many levels of symbolic links",
        "nul.sql:2: the file contains a NUL character",
        "pipe.sql: is not a file",
        "two\\nlines.sql: the name has control characters, or is not UTF-8",
        "utf16.sql:1: the file is not UTF-8 text",
    ]
    catalog = catalog_of(tmp_path)
    good = catalog.find("GET", "/good").endpoint
    assert good.source is not None
    assert good.source.sql == "SELECT 1 AS one"
    # A file with faults has its URL nevertheless, and answers with them.
    latin = catalog.find("GET", "/latin").endpoint
    assert (latin.source, len(latin.faults)) == (None, 1)


@contextmanager
def nobody() -> Iterator[Path]:
    """A folder, and rights like those of a service: root may read everything."""
    folder = Path(tempfile.mkdtemp(prefix="sql-of-nobody-"))
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for directory, _, _ in os.walk(folder):
            os.chmod(directory, 0o700)
        shutil.rmtree(folder)


def drop_rights() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_what_may_not_be_read_is_named(eager: None) -> None:
    with nobody() as folder:
        write(folder, "a.sql", "closed/b.sql", "c.sql")
        (folder / "a.sql").chmod(0)
        (folder / "closed").chmod(0)
        drop_rights()
        sql = SqlFolder(folder)
        catalog = sql.catalog()
        assert [str(fault) for fault in catalog.faults] == [
            "closed/: the folder cannot be read: Permission denied"
        ]
        assert [(each.file, *map(str, each.faults)) for each in catalog.endpoints] == [
            ("a.sql", "a.sql: cannot be read: Permission denied"),
            ("c.sql",),
        ]
        if os.getuid() == 0:
            os.seteuid(0)
        (folder / "a.sql").chmod(0o644)
        (folder / "closed").chmod(0o755)
        drop_rights()
        catalog = sql.catalog()
        assert [each.file for each in catalog.endpoints] == ["a.sql", "c.sql", "closed/b.sql"]
        assert not [fault for each in catalog.endpoints for fault in each.faults] + [*catalog.faults]


def test_a_missing_folder_is_a_fault_until_it_is_there(tmp_path: Path, eager: None) -> None:
    sql = SqlFolder(tmp_path / "sql")
    message = "the folder of SQL files cannot be read: No such file or directory"
    assert sql.catalog().faults == (Diagnostic("sql", 0, message),)
    write(tmp_path / "sql", "a.sql")
    catalog = sql.catalog()
    assert (catalog.faults, len(catalog.endpoints)) == ((), 1)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    write(tmp_path, "sql")
    assert faults_of(tmp_path / "sql") == ["sql: the folder cannot be read: Not a directory"]


# --- keeping up ----------------------------------------------------------------------------------


def test_changes_are_seen_and_what_did_not_change_stays_the_same_object(tmp_path: Path, eager: None) -> None:
    write(tmp_path, "a.sql", "b.sql")
    sql = SqlFolder(tmp_path)
    first = sql.catalog()
    assert sql.catalog() is first
    old = first.find("GET", "/a").endpoint
    write(tmp_path, "b.sql", text="SELECT 2 AS two")
    write(tmp_path, "c.sql")
    second = sql.catalog()
    assert second.find("GET", "/a").endpoint is old
    changed = second.find("GET", "/b").endpoint
    assert changed.source is not None
    assert changed.source.sql == "SELECT 2 AS two"
    assert changed.digest != first.find("GET", "/b").endpoint.digest
    (tmp_path / "a.sql").unlink()
    with pytest.raises(NotFound):
        sql.catalog().find("GET", "/a")


def test_a_touched_file_is_the_same_report(tmp_path: Path, eager: None) -> None:
    write(tmp_path, "a.sql")
    sql = SqlFolder(tmp_path)
    first = sql.catalog()
    os.utime(tmp_path / "a.sql", (1, 1))
    assert sql.catalog().endpoints[0] is first.endpoints[0]


def test_a_fault_comes_and_goes_with_its_cause(tmp_path: Path, eager: None) -> None:
    write(tmp_path, "a.sql")
    sql = SqlFolder(tmp_path)
    assert sql.catalog().faults == ()
    (tmp_path / "B.SQL").touch()
    assert len(sql.catalog().faults) == 1
    (tmp_path / "B.SQL").unlink()
    assert sql.catalog().faults == ()


def test_a_change_within_one_tick_of_the_clock_is_seen(
    tmp_path: Path, eager: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file system that keeps whole seconds shows no difference between two quick changes."""
    second = time.time_ns() // 1_000_000_000 * 1_000_000_000
    files = {"a.sql": (1, 15, second, second)}
    monkeypatch.setattr(folder_module, "sql_files", lambda folder: (dict(files), []))
    sql = SqlFolder(tmp_path)
    write(tmp_path, "a.sql", text="SELECT 1 AS one")
    assert sql.catalog().endpoints[0].source.sql == "SELECT 1 AS one"  # type: ignore[union-attr]
    write(tmp_path, "a.sql", text="SELECT 2 AS two")
    assert sql.catalog().endpoints[0].source.sql == "SELECT 2 AS two"  # type: ignore[union-attr]


def test_an_old_file_is_not_read_again(tmp_path: Path, eager: None, monkeypatch: pytest.MonkeyPatch) -> None:
    long_ago = time.time_ns() - 60_000_000_000
    monkeypatch.setattr(
        folder_module, "sql_files", lambda folder: ({"a.sql": (1, 15, long_ago, long_ago)}, [])
    )
    sql = SqlFolder(tmp_path)
    write(tmp_path, "a.sql", text="SELECT 1 AS one")
    first = sql.catalog()
    (tmp_path / "a.sql").unlink()
    assert sql.catalog() is first


def test_a_change_takes_effect_within_a_second(tmp_path: Path) -> None:
    write(tmp_path, "a.sql")
    sql = SqlFolder(tmp_path)
    assert len(sql.catalog().endpoints) == 1
    write(tmp_path, "b.sql")
    deadline = time.monotonic() + 1
    while len(sql.catalog().endpoints) == 1:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_disk_is_looked_at_twice_a_second_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0
    look: Callable[[Path], object] = folder_module.sql_files

    def counting(folder: Path) -> object:
        nonlocal looks
        looks += 1
        return look(folder)

    monkeypatch.setattr(folder_module, "sql_files", counting)
    sql = SqlFolder(tmp_path)
    for _ in range(1000):
        sql.catalog()
    assert looks == 1


def test_many_threads_ask_at_once(tmp_path: Path, eager: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of them looks at the disk at a time, so that none puts older files in the place of newer ones."""
    write(tmp_path, "a.sql")
    sql = SqlFolder(tmp_path)
    look: Callable[[Path], object] = folder_module.sql_files
    looking: list[int] = []
    most = 0

    def slowly(folder: Path) -> object:
        nonlocal most
        looking.append(1)
        most = max(most, len(looking))
        time.sleep(0.01)
        found = look(folder)
        looking.pop()
        return found

    monkeypatch.setattr(folder_module, "sql_files", slowly)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: len(sql.catalog().endpoints), range(40)))
    assert (set(found), most) == ({1}, 1)


def test_looking_through_a_thousand_reports_costs_less_than_reading_them(tmp_path: Path, eager: None) -> None:
    for number in range(1000):
        path = tmp_path / f"report-{number}.sql"
        path.write_text("/*\ntitle: One\nparams: {n: {type: integer}}\n*/\nSELECT :n AS one")
        os.utime(path, (1, 1))

    def seconds(sql: SqlFolder) -> float:
        began = time.thread_time()
        assert len(sql.catalog().endpoints) == 1000
        return time.thread_time() - began

    sql = SqlFolder(tmp_path)
    reading = seconds(sql)
    assert min(seconds(sql) for _ in range(3)) < reading / 3


def test_a_directory_that_turns_into_a_file_and_back(tmp_path: Path, eager: None) -> None:
    sql = SqlFolder(tmp_path)
    write(tmp_path, "a.sql/b.sql")
    assert [each.route.url for each in sql.catalog().endpoints] == ["/a.sql/b"]
    (tmp_path / "a.sql" / "b.sql").unlink()
    (tmp_path / "a.sql").rmdir()
    write(tmp_path, "a.sql")
    assert stat.S_ISREG((tmp_path / "a.sql").stat().st_mode)
    assert [each.route.url for each in sql.catalog().endpoints] == ["/a"]
