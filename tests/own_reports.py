"""The reports that belong to the project, without those that a newcomer has added."""

import shutil
from functools import cache
from pathlib import Path

from docs.generate import PROJECT
from docs.generate import own_reports as read_own_reports

own_reports = cache(read_own_reports)
"""What `docs.generate.own_reports` returns, read once: that takes more than a second."""


def copy_own_reports(folder: Path) -> None:
    """Copy them into another folder of SQL files, which is made."""
    for endpoint in own_reports():
        (folder / endpoint.file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(PROJECT / "sql" / endpoint.file, folder / endpoint.file)
