"""A page's table read back by Python's own parser of HTML."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_UNCLOSED = {"br", "img", "input", "link", "meta", "hr", "option"}
_KNOWN = {"a", "details", "summary", "span", "time"}
"""The elements that a cell may have."""


@dataclass
class Cell:
    """One cell. text: what it shows, unfolded; beginning: what a folded one shows; href: of its link."""

    attributes: dict[str, str | None]
    text: str = ""
    beginning: str = ""
    href: str | None = None
    label: str | None = None
    elements: list[str] = field(default_factory=list)


@dataclass
class Table:
    """Rows of cells. `head` are those of thead, `foot` those of tfoot."""

    head: list[list[Cell]] = field(default_factory=list)
    body: list[list[Cell]] = field(default_factory=list)
    foot: list[list[Cell]] = field(default_factory=list)

    def texts(self) -> list[list[str]]:
        return [[cell.text for cell in row] for row in self.body]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.table = Table()
        self._rows: list[list[Cell]] | None = None
        self._cell: Cell | None = None
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNCLOSED:
            self._open.append(tag)
        attributes = dict(attrs)
        if tag in ("thead", "tbody", "tfoot"):
            self._rows = {"thead": self.table.head, "tbody": self.table.body, "tfoot": self.table.foot}[tag]
        elif self._rows is not None and tag == "tr":
            self._rows.append([])
        elif self._rows is not None and tag in ("td", "th"):
            self._cell = Cell(attributes)
            self._rows[-1].append(self._cell)
        elif self._cell is not None:
            assert tag in _KNOWN, f"<{tag}> in a cell"
            self._cell.elements.append(tag)
            if tag == "a":
                self._cell.href = attributes["href"]
            self._cell.label = attributes.get("aria-label", self._cell.label)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNCLOSED:
            return
        assert self._open.pop() == tag, f"</{tag}> closes something else"
        if tag in ("td", "th"):
            self._cell = None
        elif tag in ("thead", "tbody", "tfoot"):
            self._rows = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None and "summary" in self._open:
            self._cell.beginning += data
        elif self._cell is not None:
            self._cell.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def close(self) -> None:
        super().close()
        assert self._open == [], f"{self._open} never end"


def read_table(html: str) -> Table:
    """The table in a page, or in a piece of one; every element in it must be closed."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.table
