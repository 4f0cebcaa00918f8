"""What is wrong with the values of a header, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from aggregator.catalog.block import Keys

_NAME_OF_KEY = "[key]"
_SEVERAL_KINDS = {"bool", "int", "float", "str"}
_EXPLAINED = {
    "string_type": "must be a text; put it in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "list_type": "must be a list, such as [a, b]",
    "dict_type": "must hold keys, each with its own values",
    "model_type": "must hold keys, such as {type: text}",
    "missing": "is missing",
    "too_short": "must not be empty",
}
"""By the type of pydantic's errors (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


class Findings(ValueError):
    """Several faults of one object, each with the key that it is about.

    A validator raises it to have more than one fault known at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def add(self, key: str, message: str) -> None:
        """Note what is wrong with the value of a key."""
        self.found.append((key, message))

    def raise_any(self) -> None:
        """Raise these findings when there are any."""
        if self.found:
            raise self

    def __str__(self) -> str:
        return "; ".join(f"{key}: {message}" for key, message in self.found)


class InvalidValue(ValueError):
    """A text is not a value of its type; the message says what is allowed."""


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of YAML that a model is read from."""
    return [field.alias or name for name, field in model.model_fields.items()]


def explained(error: ValidationError, allowed: Callable[[Keys], Collection[str]]) -> list[tuple[Keys, str]]:
    """Each fault once: the keys that lead to it, and a sentence.

    allowed: the keys that there are inside of the object that some keys lead to.
    """
    faults = [fault for problem in error.errors() for fault in _faults(problem, allowed)]
    return list(dict.fromkeys(faults))


def _faults(problem: Any, allowed: Callable[[Keys], Collection[str]]) -> Iterator[tuple[Keys, str]]:
    keys = tuple(str(key) for key in problem["loc"])
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, Findings):
        for key, message in cause.found:
            yield (*keys, *key.split(".")), _sentence((*keys, *key.split(".")), message)
    elif problem["type"] == "extra_forbidden":
        yield keys, _unknown_key(keys, problem["input"], allowed(keys[:-1]))
    elif keys[-1] == _NAME_OF_KEY:
        owner = "a column" if keys[0] == "input" else "a parameter"
        message = f"{owner}'s name has letters, digits and _, and does not begin with a digit"
        yield keys[:-1], _sentence(keys[:-1], message)
    elif any(key in _SEVERAL_KINDS or key.startswith("list[") for key in keys):
        end = next(i for i, key in enumerate(keys) if key in _SEVERAL_KINDS or key.startswith("list["))
        yield keys[:end], _sentence(keys[:end], "must be a value such as 1, 2.5, true or text")
    else:
        yield keys, _sentence(keys, _explained(problem))


def _explained(problem: Any) -> str:
    kind = problem["type"]
    if problem.get("input", ...) is None:
        return "has no value; give one or leave the key away"
    if kind == "literal_error":
        allowed = problem["ctx"]["expected"].replace(" or ", ", ").replace("'", "")
        return f"must be one of {allowed}, not {problem['input']}"
    if kind == "greater_than":
        return f"must be more than {problem['ctx']['gt']:g}"
    if kind == "string_pattern_mismatch":
        if problem["ctx"]["pattern"].startswith("^(/"):
            return "must be a path that begins with one /, such as /customers/{customer_id}"
        return "must be three capital letters, such as USD"
    return str(_EXPLAINED.get(kind) or problem["msg"].removeprefix("Value error, "))


def _sentence(keys: Keys, message: str) -> str:
    return f"{'.'.join(keys)}: {message}" if keys else message


def _unknown_key(keys: Keys, value: object, allowed: Collection[str]) -> str:
    close = get_close_matches(keys[-1].lower(), allowed, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    if value is None:
        hint = f"{hint} (or is it the end of a text with a comma, which needs quotes?)"
    return f"unknown key {'.'.join(keys)}{hint}; the keys are {', '.join(allowed)}"
