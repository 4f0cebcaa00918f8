"""Settings as options of a command: one for each field, the environment's value its default."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from pydantic import ValidationError

from aggregator.settings import ENVIRONMENT_PREFIX, Settings

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
    "path_not_directory": "must be a folder that is there",
}
"""By the type of pydantic's errors (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def add_settings(parser: argparse.ArgumentParser, only: Collection[str] | None = None) -> None:
    """Add an option for each setting, or for those named in `only`."""
    for name, field in Settings.model_fields.items():
        if only is None or name in only:
            default = "" if field.default is None else f"; {field.default} when not given"
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
