"""Settings as options of a command: one for each field, the environment's value its default."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from pydantic import ValidationError

from aggregator.settings import ENVIRONMENT_PREFIX, Settings


def add_settings(parser: argparse.ArgumentParser, only: Collection[str] | None = None) -> None:
    """Add an option for each setting, or for those named in `only`."""
    for name, field in Settings.model_fields.items():
        if only is None or name in only:
            default = "" if field.default is None else f"; {field.default} when not given"
            parser.add_argument(
                f"--{name.replace('_', '-')}",
                metavar=name.rsplit("_", 1)[-1].upper(),
                help=f"{field.description} ({ENVIRONMENT_PREFIX}{name.upper()}{default})".replace("%", "%%"),
            )


def read_settings(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Settings:
    """The settings of options, environment and defaults, in this order.

    Ends the process with status 2 and a message for each option that does not fit.
    """
    given = {
        name: value for name in Settings.model_fields if (value := getattr(arguments, name, None)) is not None
    }
    try:
        return Settings(**given)
    except ValidationError as error:
        parser.error("; ".join(_explained(problem["loc"], problem["msg"]) for problem in error.errors()))


def _explained(location: Sequence[int | str], message: str) -> str:
    name = str(location[0]) if location else ""
    return f"--{name.replace('_', '-')} ({ENVIRONMENT_PREFIX}{name.upper()}): {message}"
