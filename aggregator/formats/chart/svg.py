"""What an SVG needs beside its drawing: names for those who do not see it, and letters and colours."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from aggregator.formats.chart.look import style

_ROOT = re.compile(r"<svg [^>]*?viewBox=\"([\d. ]+)\"[^>]*>")


def finished(drawing: str, title: str, description: str) -> str:
    """The drawing with its title, its description and its style, as large as it is shown."""
    root = _ROOT.match(drawing)
    if root is None:
        raise ValueError(f"no SVG: {drawing[:200]}")
    _, _, width, height = root[1].split()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{root[1]}" width="{width}" height="{height}" '
        f'role="img" aria-labelledby="title description">'
        f'<title id="title">{escape(title)}</title><desc id="description">{escape(description)}</desc>'
        f"<style>{style()}</style>{drawing[root.end() :]}\n"
    )
