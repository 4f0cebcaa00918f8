"""The regular expressions of headers: Python's syntax, matched by RE2 in time linear in the text.

RE2 (https://github.com/google/re2/wiki/Syntax) never backtracks, so no text can stop the process. What it
cannot express is refused: look-around, backreferences and the like. What it writes differently, or means
differently, is translated: `\\d`, `\\w` and `\\s` hold for all of Unicode, as in Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import re2

_TOKEN = re.compile(
    r"\\p\{\^?\w+\}|\\x\{[0-9A-Fa-f]+\}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\[0-7]{3}|\\.|\[:\^?[a-z]+:\]|\{,[0-9]+\}|.",
    re.DOTALL,
)

_DIGIT, _WORD = r"\p{Nd}", r"\p{L}\p{N}_"
_SPACE = r"\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"

_NO_SPACE = (
    r"\x00-\x08\x0e-\x1b\x21-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}"
    r"\x{202a}-\x{202e}\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{10ffff}"
)

_OUTSIDE = {
    r"\d": _DIGIT,
    r"\D": r"\P{Nd}",
    r"\w": f"[{_WORD}]",
    r"\W": f"[^{_WORD}]",
    r"\s": f"[{_SPACE}]",
    r"\S": f"[^{_SPACE}]",
    r"\Z": r"\z",
}

_INSIDE = {
    r"\d": _DIGIT,
    r"\D": r"\P{Nd}",
    r"\w": _WORD,
    r"\s": _SPACE,
    r"\S": _NO_SPACE,
    r"\b": r"\x08",
}
"""By the escape, what RE2 gets outside of brackets and inside: what Python means by it."""

_NO_BOUNDARIES = "\\b and \\B are not supported; the pattern describes the whole text"
_REFUSED_OUTSIDE = {r"\b": _NO_BOUNDARIES, r"\B": _NO_BOUNDARIES}
_REFUSED_INSIDE = {r"\W": "\\W inside brackets is not supported; name the characters"}
_LINEAR = "look-around and backreferences are not supported, so that matching takes linear time"

_REFUSED = {each: f"{each} is not supported" for each in (r"\C", r"\Q", r"\E", r"\N")} | {
    rf"\{digit}": _LINEAR for digit in range(1, 10)
}

_EXPLAINED = (
    *((f"invalid perl operator: (?{sign}", _LINEAR) for sign in ("=", "!", "<", "P")),
    ("invalid repetition size: ", "a repetition is at most {,1000}; min and max limit the length of a text"),
    ("pattern too large", "is too large; min and max limit the length of a text"),
    ("invalid perl operator: ", "{} is not supported; the flags are i, m and s"),
    ("bad repetition operator: ", "{} is not supported"),
)
"""By the beginning of RE2's messages; {} is what follows it."""

_ONLY_HERE = re.compile(r"\(\?(?!:)|\\[AZzUpP]|\\x\{|\[\[:|\{,")
"""What JavaScript's regular expressions, those of JSON Schema, do not have or read as something else."""


@lru_cache(maxsize=512)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a text as a whole matches the pattern. Raises ValueError with what is wrong with it.

    The texts must be valid Unicode.
    """
    options = re2.Options()
    options.never_capture, options.log_errors = True, False
    translation = _translated(pattern)
    try:
        expression = re2.compile(translation, options)
    except re2.error as error:
        raise ValueError(_explained(error.args[0])) from error
    quick = re2.Set.FullMatchSet(options)
    quick.Add(translation)
    quick.Compile()

    def matches(text: str) -> bool:
        # The set takes a third of the time; it finds nothing when its memory does not suffice.
        return quick.Match(text) is not None or expression.fullmatch(text) is not None

    return matches


def json_schema_pattern(pattern: str) -> str | None:
    """The pattern for JSON Schema, which does not anchor it; None where it would mean something else."""
    return None if _ONLY_HERE.search(pattern) else f"^(?:{pattern})$"


def _translated(pattern: str) -> str:
    """The pattern in RE2's syntax. Raises ValueError."""
    translated, class_start = [], None
    for match in _TOKEN.finditer(pattern):
        token = match[0]
        is_inside = class_start is not None
        refused = _REFUSED | (_REFUSED_INSIDE if is_inside else _REFUSED_OUTSIDE)
        if token in refused:
            raise ValueError(refused[token])
        if token == "[" and not is_inside:
            class_start = match.end() + pattern.startswith("^", match.end())
        elif token == "]" and is_inside and match.start() != class_start:
            class_start = None
        if token[:2] in (r"\u", r"\U"):
            token = rf"\x{{{token[2:]}}}"
        elif token.startswith("{,") and not is_inside:
            token = f"{{0{token[1:]}"
        translated.append((_INSIDE if is_inside else _OUTSIDE).get(token, token))
    return "".join(translated)


def _explained(message: bytes) -> str:
    text = message.decode(errors="replace")
    for start, sentence in _EXPLAINED:
        if text.startswith(start):
            return sentence.replace("{}", text.removeprefix(start))
    return f"is not a regular expression: {text}"
