"""How every picture looks: colours, letters and lines, in light and in dark."""

from __future__ import annotations

from typing import Any

WIDTH, HEIGHT, PADDING = 960, 320, 16

COLOURS = ("#2f6fc4", "#e0700f", "#549a77", "#9d206a", "#77580f", "#2137aa", "#710d2c", "#501069")
"""Of series, on white: each with a contrast of 3 at least, and told apart by the colour-blind."""

_DARK_COLOURS = ("#6ea3f2", "#f59a4a", "#7fd8a0", "#b55c81", "#96860d", "#4bd4d4", "#e6da4c", "#8657d6")
OTHER, _DARK_OTHER = "#8a919e", "#7b8494"
"""Of what was put together."""

TEXT, QUIET, _GRID, _DOMAIN, PAPER = "#1b2429", "#55626a", "#e5e9eb", "#b3bdc2", "#ffffff"
_DARK = {TEXT: "#e4eaed", QUIET: "#a3b0b7", _GRID: "#2b363b", _DOMAIN: "#4c5a61", PAPER: "#1a2125"}
_FONTS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Helvetica Neue',Arial,sans-serif"


def config() -> dict[str, Any]:
    """Vega-Lite's `config`."""
    return {
        "font": "sans-serif",
        "view": {"stroke": None},
        "axis": {
            "labelColor": QUIET,
            "labelFontSize": 12,
            "titleColor": TEXT,
            "titleFontSize": 12,
            "titleFontWeight": 600,
            "gridColor": _GRID,
            "domainColor": _DOMAIN,
            "tickColor": _DOMAIN,
            "labelPadding": 6,
            "labelLimit": 0,
            "titleLimit": 0,
            "titlePadding": 10,
        },
        "legend": {
            "labelColor": TEXT,
            "labelFontSize": 12,
            "titleColor": QUIET,
            "titleFontSize": 12,
            "titleFontWeight": 600,
            "titleOrient": "left",
            "titlePadding": 12,
            "columnPadding": 18,
            "layout": {"top": {"anchor": "end"}},
            "symbolType": "circle",
            "symbolSize": 110,
            "symbolStrokeWidth": 0,
            "labelLimit": 0,
            "titleLimit": 0,
        },
        "mark": {"color": COLOURS[0]},
        "text": {"color": TEXT, "fontSize": 12},
        "range": {"category": list(COLOURS)},
    }


def style() -> str:
    """The style sheet of an SVG: its letters, and its colours on a dark page.

    Rules win over the attributes that the library writes.
    """
    pairs = {**_DARK, **dict(zip(COLOURS, _DARK_COLOURS, strict=True)), OTHER: _DARK_OTHER}
    rules = "".join(
        f'[{attribute}="{light}"]{{{attribute}:{dark}}}'
        for light, dark in pairs.items()
        for attribute in ("fill", "stroke")
    )
    return f"text{{font-family:{_FONTS}}}@media (prefers-color-scheme:dark){{{rules}}}"
