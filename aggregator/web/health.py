"""Whether every database can be read now."""

from __future__ import annotations

from typing import Any

from aggregator.databases.connection import ReadOnlyConnection
from aggregator.databases.folder import DatabaseFile, DatabaseFolder
from aggregator.errors import DatabaseUnavailable

_PATIENCE_SECONDS = 0.5


def health(databases: DatabaseFolder) -> tuple[int, dict[str, Any]]:
    """Status and body: 200 and `{"status": "ok"}`, or 503 with what fails and why."""
    failing = {}
    for file in databases.files().values():
        reason = _reason(file)
        if reason is not None:
            failing[file.schema] = reason
    faults = [str(fault) for fault in databases.faults()]
    if not failing and not faults:
        return 200, {"status": "ok"}
    return 503, {"status": "failing", "databases": failing, "folder": faults}


def _reason(file: DatabaseFile) -> str | None:
    try:
        connection = ReadOnlyConnection([file], _PATIENCE_SECONDS)
        try:
            connection.read_schema(file)
        finally:
            connection.close()
    except DatabaseUnavailable as error:
        return error.reason
    return None
