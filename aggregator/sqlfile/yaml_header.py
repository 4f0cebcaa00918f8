"""The YAML of a header as plain values, with the line of each key.

Only JSON's kinds of values come out. A day stays the text that it is, and so does a number in any
but the plain decimal notation, so that nothing is read as something else: `007` is a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from yaml import MappingNode, MarkedYAMLError, Node, ScalarNode, SequenceNode, YAMLError
from yaml._yaml import CParser

from aggregator.errors import Diagnostic
from aggregator.values.invalid import KeyDiagnostics

Keys = tuple[str, ...]
"""The way to a value: `("params", "since", "default")`; an index of a list is a text too."""

_PLAIN = "plain"
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_PLAIN_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,18})")
_PLAIN_DECIMAL = re.compile(r"-?[0-9]+(?=[.eE])(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_BEGINS_WITH_A_KEY = re.compile(r"(\s|#[^\n]*\n)*[\w'\"]+\s*:")
_DEEPEST = 6
_NOT_KEYS = "the header holds YAML keys and nothing else; write other notes in a comment of their own"

_YAML_MESSAGES = (
    ("mapping values are not allowed", "a text that holds a colon and a space needs quotes"),
    ("found a tab", "YAML is indented with spaces, not with tabs"),
    ("found character that cannot start", "a text that begins with this sign needs quotes"),
    ("did not find expected ',' or", "a bracket is not closed, or a text inside of brackets needs quotes"),
    ("found unexpected end of stream", "a quote is not closed"),
    ("found invalid Unicode character escape", "an escape in quotes stands for no character"),
    ("but found another document", "--- begins a second document"),
    ("did not find expected key", "a line is not indented like those above it"),
    ("could not find expected ':'", "a key without its colon, or a text whose lines need quotes"),
)
"""By the first words of libyaml's messages."""

_STAND_INS = {0x85: 0xFFFF0, 0x2028: 0xFFFF1, 0x2029: 0xFFFF2}
"""Stand for characters that end a line for libyaml, but not for an editor or YAML 1.2."""

_RESTORED = {stand_in: character for character, stand_in in _STAND_INS.items()}
_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")

_NAME_OF_KEY = "[key]"
_SEVERAL_KINDS = {"bool", "int", "float", "str"}

_MESSAGES = {
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


@dataclass(frozen=True, slots=True)
class YamlBlock:
    """values: what the YAML says; lines: the line of the file for each key and each item.

    text_lines: where a text begins that is not on the line of its key.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Keys, int] = field(default_factory=dict)
    text_lines: dict[Keys, int] = field(default_factory=dict)

    def line_of(self, keys: Keys) -> int:
        """The line of a key, or of the nearest key above it, or 1."""
        for end in range(len(keys), 0, -1):
            if keys[:end] in self.lines:
                return self.lines[keys[:end]]
        return self.lines.get((), 1)

    def line_of_text(self, keys: Keys) -> int:
        """The first line of the text that a key has."""
        return self.text_lines.get(keys) or self.line_of(keys)


def read_yaml(text: str, file: str, first_line: int) -> tuple[YamlBlock, list[Diagnostic]]:
    """Read the YAML of a comment.

    text: what stands between the comment's signs; first_line: the line of the file on which it
    begins. What has faults is left out of the block.
    """
    reader = _Reader(text, file, first_line)
    return reader.read(), reader.faults


class _Parser(CParser):
    """libyaml, which tells plain scalars from those in quotes or with a tag, and leaves their kind to us."""

    def resolve(self, kind: type[Node], value: object, implicit: tuple[bool, bool]) -> str:
        return _PLAIN if kind is ScalarNode and implicit[0] else ""

    def descend_resolver(self, *above: object) -> None: ...

    def ascend_resolver(self) -> None: ...


class _Reader:
    def __init__(self, text: str, file: str, first_line: int) -> None:
        self.faults: list[Diagnostic] = []
        self._lines: dict[Keys, int] = {(): first_line}
        self._text_lines: dict[Keys, int] = {}
        self._seen: set[int] = set()
        self._text = _one_character_each(text)
        self._file = file
        self._first_line = first_line

    def read(self) -> YamlBlock:
        node = self._compose()
        if isinstance(node, MappingNode):
            return YamlBlock(self._mapping(node, ()), self._lines, self._text_lines)
        if node is not None and (node.value or node.tag != _PLAIN):
            self._add(0, _NOT_KEYS)
        return YamlBlock({}, self._lines)

    def _compose(self) -> Node | None:
        try:
            node: Node | None = _Parser(self._text).get_single_node()
        except MarkedYAMLError as error:
            problem = (error.problem or "").strip()
            hint = next((hint for start, hint in _YAML_MESSAGES if problem.startswith(start)), problem)
            mark = error.problem_mark or error.context_mark
            prose = "" if _BEGINS_WITH_A_KEY.match(self._text) else f" ({_NOT_KEYS})"
            self._add(mark.index if mark else 0, f"the header is not YAML: {hint}{prose}")
        except (YAMLError, RecursionError, ValueError) as error:
            reason = str(error).split("\n", 1)[0] or type(error).__name__
            self._add(0, f"the header is not YAML: {reason}")
        else:
            return node
        return None

    def _mapping(self, node: MappingNode, above: Keys) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._add(key.start_mark.index, "a key is one word")
                continue
            name = _text_of(key)
            keys = (*above, name)
            if name in values:
                self._add(key.start_mark.index, f"{'.'.join(keys)} appears twice")
                continue
            self._lines[keys] = self._line(key.start_mark.index)
            values[name] = self._value(value, keys)
        return values

    def _value(self, node: Node, keys: Keys) -> Any:
        if id(node) in self._seen:
            self._add(node.start_mark.index, f"{'.'.join(keys)} is an alias; write the value again")
            return None
        self._seen.add(id(node))
        if len(keys) > _DEEPEST:
            self._add(node.start_mark.index, f"{'.'.join(keys[:3])} is nested too deep")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, keys)
        if isinstance(node, SequenceNode):
            for position, item in enumerate(node.value):
                self._lines[*keys, str(position)] = self._line(item.start_mark.index)
            return [self._value(item, (*keys, str(position))) for position, item in enumerate(node.value)]
        is_below_its_key = isinstance(node, ScalarNode) and node.style in ("|", ">")
        self._text_lines[keys] = self._line(node.start_mark.index) + is_below_its_key
        return _scalar(_text_of(node)) if node.tag == _PLAIN else _text_of(node)

    def _line(self, index: int) -> int:
        return self._first_line + self._text.count("\n", 0, index)

    def _add(self, index: int, message: str) -> None:
        self.faults.append(Diagnostic(self._file, self._line(index), message))


def _one_character_each(text: str) -> str:
    """The text with stand-ins, and each pair of surrogates that JSON has escaped as one character."""
    return _SURROGATES.sub(lambda pair: str(json.loads(f'"{pair[0]}"')), text.translate(_STAND_INS))


def _text_of(node: Node) -> str:
    return str(node.value).translate(_RESTORED)


def _scalar(text: str) -> object:
    """A plain scalar by the core schema (https://yaml.org/spec/1.2.2/#103-core-schema), decimals only."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _PLAIN_INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _PLAIN_DECIMAL.fullmatch(text) else text


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of YAML that a model is read from."""
    return [field.alias or name for name, field in model.model_fields.items()]


def header_messages(
    error: ValidationError, allowed: Callable[[Keys], Collection[str]]
) -> list[tuple[Keys, str]]:
    """Each fault once: the keys that lead to it, and a sentence.

    allowed: the keys that there are inside of the object that some keys lead to.
    """
    faults = [fault for problem in error.errors() for fault in _messages(problem, allowed)]
    return list(dict.fromkeys(faults))


def _messages(problem: Any, allowed: Callable[[Keys], Collection[str]]) -> Iterator[tuple[Keys, str]]:
    keys = tuple(str(key) for key in problem["loc"])
    cause = problem.get("ctx", {}).get("error")
    if isinstance(cause, KeyDiagnostics):
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
        yield keys, _sentence(keys, _message(problem))


def _message(problem: Any) -> str:
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
    return str(_MESSAGES.get(kind) or problem["msg"].removeprefix("Value error, "))


def _sentence(keys: Keys, message: str) -> str:
    return f"{'.'.join(keys)}: {message}" if keys else message


def _unknown_key(keys: Keys, value: object, allowed: Collection[str]) -> str:
    close = get_close_matches(keys[-1].lower(), allowed, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    if value is None:
        hint = f"{hint} (or is it the end of a text with a comma, which needs quotes?)"
    return f"unknown key {'.'.join(keys)}{hint}; the keys are {', '.join(allowed)}"
