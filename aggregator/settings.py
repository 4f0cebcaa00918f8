"""The service's settings: one table of name, default and help.

`python app.py --help`, the environment variables and `docs/settings.md` are all made from it. This
is the only place that reads environment variables, and nothing makes a `Settings` on import.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from pydantic import DirectoryPath, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ENVIRONMENT_PREFIX = "AGGREGATOR_"
_HOST_NAME = r"(?:\*|(?:\*\.)?[A-Za-z0-9_-][A-Za-z0-9._-]*)"
_HOST_NAMES = rf"^(?:{_HOST_NAME}(?: *, *{_HOST_NAME})*)?$"

_EXPLAINED = {
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "finite_number": "must be a finite number",
    "greater_than": "must be more than {gt:.15g}",
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than_equal": "must be at most {le:.15g}",
    "literal_error": "must be {expected}",
    "string_pattern_mismatch": "must be host names separated by commas",
    "path_not_directory": "must be an existing folder",
}
"""By the type of pydantic's errors (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


class Settings(BaseSettings):
    """Each field is a setting: `time_limit` is also `--time-limit` and `AGGREGATOR_TIME_LIMIT`.

    An empty variable counts as not set. Raises pydantic.ValidationError when a value does not fit
    its type or its limits.
    """

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 is every address")
    port: int = Field(8050, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    allowed_hosts: str | None = Field(
        None,
        pattern=_HOST_NAMES,
        description="Host names of the service besides localhost and IP addresses, separated by commas; "
        "`*.example.com` is any subdomain, `*` any name",
    )
    dbs: Path = Field(Path("dbs"), description="Folder of the SQLite files")
    sql: Path = Field(Path("sql"), description="Folder of the SQL files")
    workers: int = Field(1, ge=1, le=64, description="Number of server processes")
    max_reports: int = Field(
        8,
        ge=1,
        le=1000,
        description="Maximum number of concurrent reports in each process; half as many imports",
    )
    queue_wait: float = Field(
        5.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds that a report waits for other reports before it fails with status 503",
    )
    time_limit: float = Field(
        60.0,
        gt=0,
        allow_inf_nan=False,
        description="Time limit in seconds for the SQL of a report or a write, or for reading a body;"
        " the header of an SQL file can set a lower limit",
    )
    lock_wait: float = Field(
        5.0,
        ge=0,
        allow_inf_nan=False,
        description="Seconds to wait for a database that is locked by another program",
    )
    reader_processes: int = Field(
        1,
        ge=0,
        le=64,
        description="Processes for slow reports, for each server process. Another one is started "
        "for a report that SQLite may be unable to interrupt",
    )
    heavy_seconds: float = Field(
        0.25,
        ge=0,
        allow_inf_nan=False,
        description="A report that is new, or took more seconds the last time, runs in such a process",
    )
    max_body: int = Field(
        2**30, ge=0, description="Largest request body in bytes; 1,000,000 for a body without rows"
    )
    max_value: int = Field(
        64 * 2**20,
        ge=1_000_000,
        le=1_000_000_000,
        description="Size limit in bytes of a value, or of a row as text, in SQL",
    )
    spool_memory: int = Field(
        2 * 2**20,
        ge=0,
        description="Bytes of a report in memory for a slow client; the rest is in a temporary file",
    )
    spool_dir: DirectoryPath | None = Field(
        None, description="Folder of the temporary files (default: the system's)"
    )
    spool_space: int = Field(
        4 * 2**30,
        ge=0,
        description="Size limit in bytes of these files in each process. When it is exceeded, the slowest "
        "download breaks off. Request bodies have a separate limit of the same size",
    )
    show_sql: bool = Field(
        True, description="Show the SQL of reports on pages, and SQLite's query plan with `format=plan`"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Log level: debug, info, warning or error; requests are logged at info"
    )

    @property
    def host_names(self) -> list[str]:
        """The names in `allowed_hosts`."""
        return [name.strip() for name in (self.allowed_hosts or "").split(",") if name.strip()]

    def export(self) -> None:
        """Put the settings into the environment, where worker processes find them."""
        for name, value in self:
            if value is not None:
                os.environ[ENVIRONMENT_PREFIX + name.upper()] = str(value)


def add_settings(parser: argparse.ArgumentParser, only: Collection[str] | None = None) -> None:
    """Add an option for each setting, or for those named in `only`."""
    for name, field in Settings.model_fields.items():
        if only is None or name in only:
            default = "" if field.default is None else f"; default: {field.default}"
            text = f"{field.description} ({variable(name)}{default})".replace("%", "%%")
            if field.annotation is bool:
                parser.add_argument(option(name), action=argparse.BooleanOptionalAction, help=text)
            else:
                parser.add_argument(option(name), metavar=name.rsplit("_", 1)[-1].upper(), help=text)


def read_settings(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Settings:
    """The settings of options, environment and defaults, in this order.

    An empty option counts as not given. Ends the process with status 2 and a message for each value
    that does not fit.
    """
    values = {name: getattr(arguments, name, None) for name in Settings.model_fields}
    given = {name: value for name, value in values.items() if value not in (None, "")}
    try:
        return Settings(**given)
    except ValidationError as error:
        parser.error("; ".join(_explained(problem, given) for problem in error.errors()))


def require_folders(parser: argparse.ArgumentParser, settings: Settings) -> None:
    """End the process with status 2 and a message when the folder of databases or of SQL is not there."""
    missing = [
        f"{option(name)} ({variable(name)}): "
        + (f"{path} is not a folder" if path.exists() else f"there is no folder {path}")
        for name, path in (("dbs", settings.dbs), ("sql", settings.sql))
        if not path.is_dir()
    ]
    if missing:
        parser.error("; ".join(missing))


def option(name: str) -> str:
    """The command's option for a setting, `--time-limit`."""
    return f"--{name.replace('_', '-')}"


def variable(name: str) -> str:
    """The environment variable for a setting, `AGGREGATOR_TIME_LIMIT`."""
    return f"{ENVIRONMENT_PREFIX}{name.upper()}"


def _explained(problem: Any, given: Collection[str]) -> str:
    name = str(problem["loc"][0])
    source = option(name) if name in given else variable(name)
    message = _EXPLAINED.get(problem["type"], problem["msg"]).format(**problem.get("ctx", {}))
    return f"{source}: {message.replace(chr(39), '')}, not {problem['input']}"
