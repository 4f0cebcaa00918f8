"""Shapes of a JSON answer that a header may declare."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

ShapeKind = Literal["rows", "page", "record", "group", "nest"]

SHAPES: dict[str, str] = {
    "`rows`": "an array of objects; `[]` without rows",
    "`page`": '`{"items": […], "total": N, "limit": L, "offset": O}`; the SQL ends in '
    "`LIMIT :limit OFFSET :offset`",
    "`record`": "one object, from one row; without a row, 404",
    "`{group: city}`": '`{"Pune": [{…}], "Surat": [{…}]}`: an object of lists, by a column. Its equal '
    "values must be in consecutive rows",
    "`{nest: {lines: [product, quantity]}}`": '`{"order_id": 7, "lines": [{…}, {…}]}`: one object; '
    "the named columns are a list in it. A row with NULL in all of them adds nothing to the list. Without a "
    "row, 404",
}
"""How each is written, for the documentation."""

_PLAIN = ("rows", "page", "record")
_ALLOWED = "must be rows, page, record, {group: a column} or {nest: {a list: [its columns]}}"


class ShapeSpec(BaseModel):
    """column: whose values name the groups, or the name of the list; members: the columns in the list."""

    model_config = ConfigDict(frozen=True)

    kind: ShapeKind = "rows"
    column: str = ""
    members: tuple[str, ...] = ()


def read_shape(value: Any) -> ShapeSpec:
    """The shape of a YAML value; raises ValueError with what is allowed."""
    if value in _PLAIN:
        return ShapeSpec(kind=value)
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(_ALLOWED)
    kind, inside = next(iter(value.items()))
    if kind == "group" and isinstance(inside, str):
        return ShapeSpec(kind=kind, column=inside)
    if kind == "nest" and isinstance(inside, dict) and len(inside) == 1:
        name, members = next(iter(inside.items()))
        is_name = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)) is not None
        if is_name and isinstance(members, list) and members and all(isinstance(m, str) for m in members):
            return ShapeSpec(kind=kind, column=str(name), members=tuple(members))
    raise ValueError(_ALLOWED)
