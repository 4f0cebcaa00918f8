"""Guards: a SELECT before the last statement of a file that writes, each row of which is a reason not to.

The name of its first column says of which kind the reason is, and the text in it is the sentence for the
client. Where there are rows of a body, a guard may also say which `line` of them it is about, and which
`column`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

GuardKind = Literal["missing", "conflict", "invalid"]

_KINDS: tuple[GuardKind, ...] = get_args(GuardKind)
_LINE, _COLUMN = "line", "column"


@dataclass(frozen=True, slots=True)
class Guard:
    """What a guard's rows say.

    line, column: the places of those columns in a row, None without them.
    """

    kind: GuardKind
    line: int | None = None
    column: int | None = None


def guard_of(names: Sequence[str], has_input: bool) -> tuple[Guard | None, str | None]:
    """The guard whose rows have columns of these names, or what is wrong with them."""
    lowered = [name.lower() for name in names]
    kind = next((kind for kind in _KINDS if kind == lowered[0]), None)
    if kind is None:
        return None, (
            "a SELECT before the last statement gives reasons not to write, and its first column is called "
            f"{', '.join(_KINDS[:-1])} or {_KINDS[-1]}, not {names[0]}"
        )
    places = {name: place for place, name in enumerate(lowered) if place}
    if places and kind == "missing":
        return None, f"a guard of what is missing has no column besides it; this one has {names[1]}"
    if places and not has_input:
        return None, f"a guard has no column besides {kind} in a file without input; this one has {names[1]}"
    unknown = next((names[place] for name, place in places.items() if name not in (_LINE, _COLUMN)), None)
    if unknown is not None:
        return None, f"a guard has the columns {kind}, {_LINE} and {_COLUMN}, not {unknown}"
    if _COLUMN in places and _LINE not in places:
        return None, f"a guard that names a {_COLUMN} says of which {_LINE}, too"
    return Guard(kind, places.get(_LINE), places.get(_COLUMN)), None
