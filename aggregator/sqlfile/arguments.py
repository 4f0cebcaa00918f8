"""Reads the parameters of one request, and collects all of their errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.sqlfile.types import Parameter, Value
from aggregator.values.vocabulary import InvalidValue

Arguments = dict[str, Value | list[Value] | None]
"""The value of each declared parameter; a list for `many`, None for one that is not given."""


def read_arguments(params: Mapping[str, Parameter], given: Mapping[str, Sequence[str]]) -> Arguments:
    """Check what was given against what is declared.

    given: the texts of each name, in order; an empty text counts as not given, as an HTML form sends
    it. Raises InvalidParameters with an entry for each parameter that is missing, unknown, repeated
    without being a list, or of a wrong value.
    """
    errors = [_unknown(name, texts, params) for name, texts in given.items() if name not in params]
    arguments: Arguments = {}
    for name, parameter in params.items():
        texts = [text for text in given.get(name, ()) if text != ""]
        try:
            arguments[name] = _read(parameter, texts)
        except InvalidValue as error:
            errors.append(InvalidParameter(name, _culprit(parameter, texts), str(error)))
    if errors:
        raise InvalidParameters(errors)
    return arguments


def _read(parameter: Parameter, texts: Sequence[str]) -> Value | list[Value] | None:
    if not texts:
        if parameter.is_required:
            raise InvalidValue(
                "is required" + (f" ({parameter.description})" if parameter.description else "")
            )
        return parameter.default_value()
    if parameter.many:
        return [parameter.parse_one(text) for text in texts]
    if len(texts) > 1:
        raise InvalidValue("is given more than once, but is not a list")
    return parameter.parse_one(texts[0])


def _culprit(parameter: Parameter, texts: Sequence[str]) -> str | None:
    """Of several texts of a list the first wrong one, else all that was given."""
    if parameter.many:
        for text in texts:
            try:
                parameter.parse_one(text)
            except InvalidValue:
                return text
    return ", ".join(texts) or None


def _unknown(name: str, texts: Sequence[str], params: Mapping[str, Parameter]) -> InvalidParameter:
    by_lower = {known.lower(): known for known in params}
    close = get_close_matches(name.lower(), by_lower, n=1)
    hint = f" (did you mean {by_lower[close[0]]}?)" if close else ""
    known = ", ".join(params) or "none"
    message = f"unknown parameter{hint}; the parameters are: {known}"
    return InvalidParameter(name, ", ".join(texts), message)
