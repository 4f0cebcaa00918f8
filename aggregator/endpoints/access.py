"""Who may use which endpoint and see which database: today anybody may, all of them.

`EndpointRegistry.catalog(actor)` is the only way to an endpoint, so what an actor may not use does not exist:
not on a page, in a form, in the description of the API or in a hint. Roles come in here, as another `Access`;
`web/request_log.py` says where the actor of a request comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aggregator.engine.base import Source
from aggregator.sqlfile.catalog import Endpoint


@dataclass(frozen=True, slots=True)
class Actor:
    """Who makes a request."""

    name: str
    roles: frozenset[str] = frozenset()


ANYBODY = Actor("anybody")


class Access(Protocol):
    """Says what an actor may do. The same actor always gets the same answers."""

    def may_use(self, actor: Actor, endpoint: Endpoint) -> bool:
        """Whether there is such an endpoint for the actor."""

    def may_see(self, actor: Actor, database: Source) -> bool:
        """Whether the first page lists the database and its tables for the actor."""


class OpenAccess:
    """Anybody may use and see everything."""

    def may_use(self, actor: Actor, endpoint: Endpoint) -> bool:
        return True

    def may_see(self, actor: Actor, database: Source) -> bool:
        return True
