"""What every endpoint is once its file has been checked against the databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aggregator.catalog.folder import Endpoint
from aggregator.catalog.header import Header
from aggregator.catalog.parameters import Parameter
from aggregator.databases.folder import DatabaseFile
from aggregator.formats import FORMATS, Chart, Column, Format, Shape, pictures, shaped
from aggregator.formats.shapes import Group, Nest, Page, Record


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """An endpoint that was found to be good.

    params: what a request may give. columns: of the rows that it answers with, none when it has none.
    files: the databases that it needs, in the order of their names.
    """

    endpoint: Endpoint
    header: Header
    params: Mapping[str, Parameter]
    columns: tuple[Column, ...]
    files: tuple[DatabaseFile, ...]

    @property
    def name(self) -> str:
        """The file without `.sql`, as `report/customer-orders`."""
        return self.endpoint.name

    @property
    def shape(self) -> Shape | None:
        """The shape of JSON answers; None for an array of rows."""
        said = self.header.shape
        shapes: dict[str, Shape] = {
            "page": Page(),
            "record": Record(),
            "group": Group(said.column),
            "nest": Nest(said.column, said.members),
        }
        return shapes.get(said.kind)

    @property
    def formats(self) -> list[Format]:
        """The formats of the rows, the default first."""
        return [shaped(name, self.shape) for name in self.header.formats or FORMATS]

    @property
    def pictures(self) -> list[Format]:
        """The formats of its chart, none when it has no chart."""
        said = self.header.chart
        if said is None:
            return []
        return pictures(Chart(said.type, said.x, said.y, said.series, said.stacked, self.endpoint.title))

    @property
    def has_bare_names(self) -> bool:
        """Whether the SQL names a table without its schema, which another file may come to have, too."""
        return False

    @property
    def needs_row(self) -> bool:
        """Whether an answer without rows means that there is no such thing."""
        return self.shape is not None and self.shape.needs_row

    def time_limit(self, most: float) -> float:
        """Seconds that the SQL may run: what the header says, but no more than the most."""
        return min(self.header.time_limit or most, most)
