"""Pictures as the service draws them, and what another program reads out of their SVG."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from defusedxml import ElementTree

from tests.formats.service import Service

_SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = r"-?[\d.]+(?:e-?\d+)?"


@dataclass(frozen=True)
class Box:
    """What a mark covers, in pixels of its plot; label: what a screen reader says."""

    label: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


def picture(service: Service, chart: str, sql: str, columns: str = "", format: str = "svg") -> bytes:
    """The picture of a report; chart, columns: what its header says, without the braces."""
    report = service.report(
        f"/*\ntitle: A picture & more\ncolumns: {{{columns}}}\nchart: {{{chart}}}\n*/\n{sql}"
    )
    formats = {each.name: each for each in report.pictures}
    return service.run(report, formats[format])


def parsed(svg: bytes) -> Element:
    """The root; fails when it is no well-formed XML, or holds what a picture must not."""
    root: Element = ElementTree.fromstring(svg, forbid_dtd=True)
    for element in root.iter():
        assert element.tag in {f"{_SVG}{name}" for name in ALLOWED}, element.tag
        for name in element.attrib:
            assert not name.startswith("on"), name
            assert "href" not in name, name
    return root


ALLOWED = ("svg", "title", "desc", "style", "rect", "g", "path", "line", "text", "tspan", "defs", "clipPath")
"""Elements of a picture that loads nothing and does nothing."""


def texts(svg: bytes) -> list[str]:
    """All that is written in the picture, by lines."""
    every = (element for element in parsed(svg).iter() if element.tag in (f"{_SVG}text", f"{_SVG}tspan"))
    return [text.strip() for element in every if (text := element.text or "").strip()]


def group(svg: bytes, kind: str) -> list[Element]:
    """The elements of the groups of a class, as `role-axis-label`."""
    groups = (each for each in parsed(svg).iter(f"{_SVG}g") if kind in each.get("class", "").split())
    return [element for each in groups for element in each]


def labels(svg: bytes) -> list[str]:
    """The labels of both axes that can be seen."""
    every = group(svg, "role-axis-label")
    return [(element.text or "").strip() for element in every if element.get("opacity") != "0"]


def boxes(svg: bytes, kind: str = "mark-rect") -> list[Box]:
    """The marks of a class with what they cover."""
    return [_box(element) for element in group(svg, kind) if element.get("aria-label")]


def lines(svg: bytes) -> list[list[list[tuple[float, float]]]]:
    """The points of each line, in the pieces that its gaps leave."""
    return [
        [_points(piece) for piece in element.get("d", "").split("M") if piece]
        for element in group(svg, "mark-line")
        if element.tag == f"{_SVG}path"
    ]


def _points(path: str) -> list[tuple[float, float]]:
    numbers = [float(each) for each in re.findall(_NUMBER, path)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _box(element: Element) -> Box:
    path = element.get("d", "")
    if re.search("[hvHV]", path):
        x, y, width, height = (
            float(each)
            for each in re.fullmatch(  # type: ignore[union-attr]
                rf"M({_NUMBER}),({_NUMBER})h({_NUMBER})v({_NUMBER})h{_NUMBER}Z", path
            ).groups()
        )
        corners = [(x, y), (x + width, y + height)]
    else:
        corners = _points(path)
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return Box(element.get("aria-label", ""), min(across), min(down), max(across), max(down))
