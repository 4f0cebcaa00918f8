"""Choices from the data: which there are, and which of them a text means."""

from __future__ import annotations

from itertools import islice

from aggregator.catalog.arguments import Arguments
from aggregator.databases.inspection import Statement
from aggregator.databases.view import View
from aggregator.errors import InvalidParameters, ParameterError
from aggregator.reports.report import Report
from aggregator.reports.sql import choice_by_text

_MOST_OFFERED = 500
_MOST_CHOICES_SHOWN = 20


def chosen(view: View, report: Report, arguments: Arguments) -> Arguments:
    """The arguments, each choice from the data replaced by the data's own value; raises InvalidParameters."""
    arguments = dict(arguments)
    for name, choices in report.choices.items():
        given = arguments.get(name)
        if isinstance(given, list):
            arguments[name] = [_choice(view, name, text, choices) for text in given]
        elif given is not None:
            arguments[name] = _choice(view, name, given, choices)
    return arguments


def offered(view: View, report: Report) -> dict[str, list[str]]:
    """The first choices of each parameter, for a form."""
    return {name: _first(view, choices, _MOST_OFFERED) for name, choices in report.choices.items()}


def _first(view: View, choices: Statement, most: int) -> list[str]:
    rows = view.connection.execute(choices.sql)
    texts = [str(row[0]) for row in islice((row for row in rows if row[0] is not None), most)]
    rows.close(True)
    return texts


def _choice(view: View, name: str, text: object, choices: Statement) -> int | float | str:
    row = view.connection.execute(choice_by_text(choices), (str(text),)).fetchone()
    if row is None:
        raise InvalidParameters([_not_a_choice(view, name, str(text), choices)])
    value: int | float | str = row[0]
    return value


def _not_a_choice(view: View, name: str, text: str, choices: Statement) -> ParameterError:
    shown = _first(view, choices, _MOST_CHOICES_SHOWN + 1)
    more = ", …" if len(shown) > _MOST_CHOICES_SHOWN else ""
    allowed = ", ".join(shown[:_MOST_CHOICES_SHOWN]) + more
    return ParameterError(name, text, f"must be one of {allowed}" if shown else "has no choices in the data")
