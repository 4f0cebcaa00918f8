"""The documentation says what the code says, and its examples run."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from sybil import Document, Example
from sybil.parsers.markdown import CodeBlockParser

import setup_db
from aggregator.settings import Settings, option, variable
from aggregator.sqlfile.header import (
    COLUMN_TYPES,
    ColumnSpec,
    FormatName,
    Header,
    read_source,
)
from aggregator.sqlfile.parameter_types import PARAMETER_TYPES
from aggregator.sqlfile.parameters import Parameter
from aggregator.sqlfile.routing import METHOD_SUFFIXES, RESERVED
from aggregator.values.columns import ColumnType
from docs import generate
from tests.commands import run_text
from tests.own_reports import copy_own_reports

PROJECT = Path(__file__).parent.parent
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SETTINGS = (PROJECT / "docs" / "settings.md").read_text(encoding="utf-8")
SQL_FILES = (PROJECT / "docs" / "sql-files.md").read_text(encoding="utf-8")
FILE = re.compile(r"<!-- file: (\S+) -->\s*\Z")


def lines_of_tables(page: str) -> list[list[str]]:
    """The cells of each line of each table."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def section(page: str, title: str) -> str:
    return page.split(f"\n## {title}\n")[1].split("\n## ")[0]


# --- nothing is missing --------------------------------------------------------------------------


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    (line,) = [line for line in lines_of_tables(SETTINGS) if line[0].startswith(f"`{option(name)}`")]
    field = Settings.model_fields[name]
    assert line[1] == f"`{variable(name)}`"
    assert line[2] == ("" if field.default is None else f"`{field.default}`")
    assert len(line[3]) > 10


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("The header", list(Header.model_fields)),
        ("Parameters", [*Parameter.model_fields, *PARAMETER_TYPES]),
        ("Columns", [*ColumnSpec.model_fields, *COLUMN_TYPES]),
    ],
)
def test_every_key_and_type_is_documented(title: str, names: list[str]) -> None:
    lines = lines_of_tables(section(SQL_FILES, title))
    documented = [line[0].strip("`") for line in lines if line[0].startswith("`")]
    assert documented == names
    assert all(len(line[1]) > 5 for line in lines)


def test_every_type_is_in_its_table() -> None:
    assert tuple(COLUMN_TYPES) == get_args(ColumnType)


def test_every_format_is_documented() -> None:
    documented = {line[0] for line in lines_of_tables(section(README, "Formats"))}
    assert all(any(f"`{name}`" in cell for cell in documented) for name in get_args(FormatName))


def test_every_report_is_documented() -> None:
    endpoints = generate.own_reports()
    lines = {line[0]: line for line in lines_of_tables(section(README, "The reports of the demo"))}
    assert set(lines) == {"URL", *(f"`{each.route.method} {each.route.url}`" for each in endpoints)}
    for endpoint in endpoints:
        line = lines[f"`{endpoint.route.method} {endpoint.route.url}`"]
        assert endpoint.source is not None
        assert line[1] == endpoint.title
        assert re.findall(r"`(\w+)`", line[2]) == list(endpoint.source.header.params)


def test_every_method_and_every_url_of_the_service_is_documented() -> None:
    text = section(SQL_FILES, "From a file to a URL")
    assert all(f"`{suffix}`" in text for suffix in METHOD_SUFFIXES)
    assert all(f"`/{name}`" in text for name in RESERVED)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_what_somebody_has_only_in_a_checkout_is_no_report_of_the_project(copy: Path) -> None:
    for command in (["init", "--quiet"], ["add", "sql"]):
        subprocess.run(["git", *command], cwd=copy, check=True)
    (copy / "sql" / "mine.sql").write_text("SELECT 1 AS one")
    assert "mine.sql" not in [each.file for each in generate.own_reports()]
    assert generate.main(["--check"]) == 0


# --- nothing is stale ----------------------------------------------------------------------------


def test_the_generated_tables_are_up_to_date() -> None:
    assert generate.main(["--check"]) == 0


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "docs").mkdir()
    for page in generate.PAGES:
        shutil.copy(PROJECT / page, tmp_path / page)
    copy_own_reports(tmp_path / "sql")
    shutil.copytree(PROJECT / "schema", tmp_path / "schema")
    monkeypatch.setattr(generate, "PROJECT", tmp_path)
    return tmp_path


@pytest.mark.parametrize("pages", [generate.PAGES[:1], generate.PAGES[1:]], ids="-".join)
def test_stale_pages_are_found_and_mended(
    copy: Path, pages: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    good = {page: (copy / page).read_text() for page in pages}
    stale = {
        page: re.sub(r"(<!-- generated: [a-z-]+ -->\n)\|[^\n]+\n", r"\1| changed by hand |\n", text)
        for page, text in good.items()
    }
    for page in pages:
        assert stale[page] != good[page]
        (copy / page).write_text(stale[page])
    assert generate.main(["--check"]) == 1
    said = "".join(f"{page} is not up to date; run `make docs`\n" for page in pages)
    assert capsys.readouterr().err == said
    assert {page: (copy / page).read_text() for page in pages} == stale
    assert generate.main([]) == 0
    assert capsys.readouterr().out == "".join(f"{page}\n" for page in pages)
    assert {page: (copy / page).read_text() for page in pages} == good
    assert generate.main(["--check"]) == 0


def test_a_new_report_makes_the_readme_stale(copy: Path) -> None:
    (copy / "sql" / "new.sql").write_text(
        "/* {title: 'A | B', params: {a: {type: integer, many: true, default: [1, 2]}}} */ SELECT :a AS a"
    )
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert "| `GET /new` | A \\| B | `a` (1, 2) |\n" in (copy / "README.md").read_text()


def test_a_page_that_is_not_there_is_left_out(copy: Path) -> None:
    (copy / "README.md").unlink()
    assert generate.main(["--check"]) == 0


def test_what_stands_around_the_tables_is_kept() -> None:
    page = "a\n<!-- generated: column-keys -->\nold\n<!-- end -->\nb\n<!-- end -->\n"
    new = generate.generated(page)
    assert new.startswith("a\n<!-- generated: column-keys -->\n| key |")
    assert new.endswith("|\n<!-- end -->\nb\n<!-- end -->\n")
    with pytest.raises(KeyError, match="no-such-table"):
        generate.generated("<!-- generated: no-such-table -->\n<!-- end -->")


def test_links_lead_somewhere() -> None:
    for page in (PROJECT / "docs" / "settings.md", PROJECT / "docs" / "sql-files.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists()


# --- the examples --------------------------------------------------------------------------------


def blocks(language: str) -> list[Example]:
    parser = CodeBlockParser(language, evaluator=lambda example: None)
    return list(Document.parse(str(PROJECT / "docs" / "sql-files.md"), parser).examples())


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has made the demo and saved the page's files."""
    folder = tmp_path_factory.mktemp("reader")
    assert setup_db.main(["--dbs", str(folder / "dbs")]) == 0
    copy_own_reports(folder / "sql")
    for block in blocks("sql"):
        match = FILE.search(block.document.text[: block.region.start])
        assert match is not None
        (folder / match[1]).parent.mkdir(exist_ok=True)
        (folder / match[1]).write_text(block.parsed)
    return folder


@pytest.mark.parametrize("block", blocks("console"), ids=lambda block: f"line-{block.line}")
def test_console_block(block: Example, reader: Path) -> None:
    command, _, expected = block.parsed.removeprefix("$ ").partition("\n")
    assert command.startswith(".venv/bin/python ")
    done = run_text(shlex.split(command.removeprefix(".venv/bin/python ")), cwd=reader)
    assert done.stdout.replace("\r\n", "\n").strip() == expected.strip() != ""
    assert done.returncode == (1 if command.endswith(" check") else 0)


def test_texts_that_need_quotes_are_those_that_the_page_names() -> None:
    (signs,) = re.findall(r"begins with one of\n\s+``(.+?)``", SQL_FILES)

    def title_of(yaml: str) -> str | None:
        source, _ = read_source(f"/* {{title: {yaml}}} */", "a.sql")
        return source.header.title if source is not None else None

    for sign in "{}[],&*!|>'\"%@`#":
        assert sign in signs.split()
        assert title_of(f"{sign}x") != f"{sign}x"
        assert title_of(f"'x{sign}x'") == f"x{sign}x" or sign == "'"
    for text in ("no", "on", "12:30", "2024-01-01", "007", "1_000", "0x1F"):
        assert title_of(text) == text
        assert f"`{text}`" in SQL_FILES
    assert title_of("a: b") is None
    assert title_of("'a: b'") == "a: b"
    assert title_of("a, b") is None


@pytest.mark.parametrize("block", blocks("json"), ids=lambda block: f"line-{block.line}")
def test_plan_block(block: Example, reader: Path) -> None:
    """All but the time is as the page says."""
    report = re.search(r"<!-- plan: (\S+) -->\s*\Z", block.document.text[: block.region.start])
    assert report is not None
    done = run_text(["-m", "aggregator", "run", report[1], "--format", "plan"], cwd=reader)
    written, given = json.loads(block.parsed), json.loads(done.stdout)
    assert written.keys() == given.keys()
    for name in written.keys() - {"seconds"}:
        assert written[name] == given[name]
