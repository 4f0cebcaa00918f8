"""What runs needs only requirements.txt."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

PROJECT = Path(__file__).parents[1]

IMPORT_ALL = """
import importlib, pkgutil, sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))  # None: importing it fails
import aggregator, app, demo, setup_db
for package in (aggregator, demo):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            print(module.name)
"""


def names_in(file: str) -> set[str]:
    """The packages that a requirements file lists itself."""
    return set(re.findall(r"^([A-Za-z0-9._-]+)", (PROJECT / file).read_text(), re.MULTILINE)) - {"-r"}


def test_nothing_that_runs_imports_what_only_tests_need() -> None:
    tools = names_in("requirements-dev.txt") | {"numpy"}
    assert "pandas" in tools
    modules = [name for name, packages in packages_distributions().items() if tools & set(packages)]
    assert {"pandas", "numpy", "httpx", "pytest"} <= set(modules)

    code = [sys.executable, "-c", IMPORT_ALL, *modules]
    done = subprocess.run(code, cwd=PROJECT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    files = [*(PROJECT / "aggregator").rglob("*.py"), *(PROJECT / "demo").rglob("*.py")]
    expected = {each for each in files if each.name not in ("__main__.py", "__init__.py")}
    assert len(set(done.stdout.split())) >= len(expected)
