"""The change files lead to what `schema/*.sql` says, from every version."""

from __future__ import annotations

import re
from pathlib import Path

import apsw
import pytest

from demo.changes import CHANGES, Changes, UpgradeError
from demo.folder import NAMES
from demo.upgrade import upgrade
from tests.sqlite_files import closing, make_database
from tests.upgrades.files import make_version_1, structure

SCHEMAS = CHANGES.parent
FILES = sorted(CHANGES.glob("*/*.sql"))
STEPS = [(name, version) for name in NAMES for version in range(1, Changes(CHANGES / name).newest + 1)]


def test_each_database_has_its_schema_and_its_changes() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.sql")} == set(NAMES)
    assert {path.name for path in CHANGES.iterdir()} == set(NAMES)


@pytest.mark.parametrize(("name", "version"), STEPS)
def test_every_version_is_upgraded_to_what_the_schema_says(name: str, version: int, tmp_path: Path) -> None:
    schema = (SCHEMAS / f"{name}.sql").read_text(encoding="utf-8")
    fresh = make_database(tmp_path / "fresh.db", f"{schema}; ANALYZE")
    old = make_database(tmp_path / "old.db", "ANALYZE")
    changes = Changes(CHANGES / name)
    with closing(old) as connection:
        changes.apply(connection, 0, version)
        connection.pragma("user_version", version)

    assert upgrade(old, changes) == version

    assert structure(old) == structure(fresh)


@pytest.mark.parametrize("name", NAMES)
def test_the_first_version_is_still_the_one_that_was_made_then(name: str, tmp_path: Path) -> None:
    old = make_version_1(tmp_path, names=(name,)) / f"{name}.db"
    made = make_database(tmp_path / "made.db", "ANALYZE; PRAGMA user_version = 1")
    with closing(made) as connection:
        Changes(CHANGES / name).apply(connection, 0, 1)
    assert structure(made) == structure(old)


@pytest.mark.parametrize(
    "path", sorted(CHANGES.glob("*/*.sql")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_change_file_says_why(path: Path) -> None:
    comment = re.match(r"(?:--[^\n]*\n)+", path.read_text(encoding="utf-8"))
    assert comment is not None
    assert len(comment[0].split()) > 5


@pytest.mark.parametrize(
    "names",
    [[], ["2-b.sql"], ["1-a.sql", "3-c.sql"], ["1-a.sql", "1-b.sql"], ["1-a.sql", "2 b.sql"], ["a.sql"]],
)
def test_files_that_do_not_lead_from_nothing_to_the_newest(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    with pytest.raises(UpgradeError, match=re.escape(str(tmp_path))):
        Changes(tmp_path)


@pytest.mark.parametrize(
    "statement", ["COMMIT", "ROLLBACK", "BEGIN", "ATTACH ':memory:' AS b", "PRAGMA user_version = 5"]
)
def test_a_change_file_cannot_leave_its_transaction(statement: str, tmp_path: Path) -> None:
    (tmp_path / "1-first.sql").write_text(f"CREATE TABLE a (b); {statement};")
    connection = apsw.Connection(":memory:")
    with pytest.raises(UpgradeError, match=r"1-first\.sql: a change file has no BEGIN"):
        Changes(tmp_path).apply(connection, 0, 1)
    connection.close()
