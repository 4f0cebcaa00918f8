"""The reports that belong to the project, without those that a newcomer has added."""

import shutil
from functools import cache
from pathlib import Path

from docs.generate import PROJECT, own_reports


def copy_own_reports(folder: Path) -> None:
    """Copy them into another folder of SQL files, which is made."""
    for file in _files():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / "sql" / file, folder / file)


@cache
def _files() -> list[str]:
    return [endpoint.file for endpoint in own_reports()]
