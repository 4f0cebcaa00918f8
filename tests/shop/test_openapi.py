"""/openapi.json of the demo, whole: what changes it changes the file beside this one."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.shop.conftest import Shop

GOLDEN = Path(__file__).with_name("openapi.golden.json")
_DEPTH = 5
"""Down to the single parameter, response or property, which has a line."""


def pretty(node: Any, depth: int = 0) -> str:
    """JSON with sorted keys, whose differences are found by their lines."""
    if not isinstance(node, dict | list) or not node or depth == _DEPTH:
        return json.dumps(node, ensure_ascii=False, sort_keys=True)
    start, end = "\n" + " " * (depth + 1), "\n" + " " * depth
    if isinstance(node, list):
        return f"[{start}{f',{start}'.join(pretty(each, depth + 1) for each in node)}{end}]"
    members = [f"{json.dumps(key)}: {pretty(node[key], depth + 1)}" for key in sorted(node)]
    return f"{{{start}{f',{start}'.join(members)}{end}}}"


def test_the_description_is_as_it_was(mixed_shop: Shop) -> None:
    """After a wanted change: `RENEW=1 python -m pytest tests/shop/test_openapi.py`, and read the diff."""
    text = pretty(mixed_shop.get("/openapi.json").json()) + "\n"
    if os.environ.get("RENEW"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
