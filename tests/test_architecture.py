"""What docs/architecture.md and the docstrings name is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
MODULES = sorted((PROJECT / "aggregator").rglob("*.py"))
PACKAGES = [path for path in MODULES if path.name == "__init__.py"]
CAMEL_CASE = re.compile(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b")
OTHER_WORDS = {"BusyError", "InvoiceNumber", "JavaScript"}
SHORTEST, LONGEST, MOST_SHORT = 40, 480, 5


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def identifiers() -> set[str]:
    """Every name that the code uses or defines."""
    found: set[str] = set()
    for node in (node for path in MODULES for node in ast.walk(tree_of(path))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.alias):
            found.add(node.name.rpartition(".")[2])
    return found


def docstrings(tree: ast.Module) -> Iterator[str]:
    """All docstrings of a module, its own included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def test_every_named_module_exists() -> None:
    named = set(re.findall(r"`([a-z_/]+(?:\.py|/))`", PAGE))
    assert len(named) > 40
    roots = [PROJECT, PROJECT / "aggregator"]
    assert [name for name in sorted(named) if not any((root / name).exists() for root in roots)] == []


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_every_package_is_described(path: Path) -> None:
    name = path.parent.relative_to(PROJECT / "aggregator").as_posix()
    assert name == "." or f"`{name}/`" in PAGE
    assert ast.get_docstring(tree_of(path))


def test_docstrings_name_classes_that_exist() -> None:
    known = identifiers() | OTHER_WORDS
    wrong = [
        (path.name, name)
        for path in MODULES
        for text in docstrings(tree_of(path))
        for name in CAMEL_CASE.findall(text)
        if name not in known
    ]
    assert wrong == []


def test_modules_are_neither_tiny_nor_huge() -> None:
    lengths = {
        path.relative_to(PROJECT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for path in MODULES
        if path.name not in ("__init__.py", "__main__.py")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
    assert len([name for name, length in lengths.items() if length < SHORTEST]) <= MOST_SHORT


SQL = re.compile(
    r"^\s*(SELECT|WITH|INSERT|DELETE|UPDATE|CREATE|PRAGMA)\s|\b(json_(object|array)|CAST|typeof)\("
)


def test_only_the_engine_writes_sql() -> None:
    found = []
    for path in MODULES:
        tree = tree_of(path)
        name = path.relative_to(PROJECT / "aggregator").as_posix()
        described = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [
            node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in described
        ]
        if not name.startswith("engine/sqlite/"):
            found += [(name, node.lineno) for node in texts if SQL.search(str(node.value))]
    assert found == []
