"""The names under which clients may use the service.

A page of another site can point its own name at this machine (DNS rebinding), and a browser then takes it
for a page of the service. Its requests still carry that name in `Host`, so a name that is not known is
refused. An IP address in `Host` is safe: the page is then from that very address.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import ip_address

from aggregator.errors import MisdirectedRequest

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]*)?")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_MOST_REMEMBERED = 1_000
_LONGEST_SHOWN = 100


class AllowedHosts:
    """The names that are allowed in `Host`, besides every IP address, `localhost` and its subdomains.

    bound: the address that the service listens on. Unless that is a loopback one, the machine's own name is
    allowed too. listed: further names; `*.example.com` stands for all subdomains, `*` for every name.
    """

    def __init__(self, bound: str, listed: Sequence[str] = ()) -> None:
        own = [] if bound in _LOOPBACK else [socket.gethostname()]
        names = [name.lower().rstrip(".") for name in ("localhost", "*.localhost", bound, *own, *listed)]
        self._names = frozenset(name for name in names if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))
        self._remembered: set[str] = set()

    def require(self, host: str) -> None:
        """Raises MisdirectedRequest for the `Host` of another service; an empty one is of no browser."""
        if host in self._remembered:
            return
        if not self._is_allowed(host):
            shown = host if len(host) <= _LONGEST_SHOWN else host[:_LONGEST_SHOWN] + "…"
            raise MisdirectedRequest(
                f'This service does not answer requests for the host "{shown}". Use localhost or the '
                "IP address, or start the service with this name in --allowed-hosts."
            )
        if len(self._remembered) < _MOST_REMEMBERED:
            self._remembered.add(host)

    def _is_allowed(self, host: str) -> bool:
        if host == "" or "*" in self._names:
            return True
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].lower().rstrip(".")
        return name in self._names or name.endswith(self._suffixes) or _is_ip_address(name)


def _is_ip_address(name: str) -> bool:
    try:
        ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def same_origin(origin: str, scheme: str, host: str) -> bool:
    """Whether an `Origin` is that of the service itself, which the client calls by this scheme and host.

    Either may name the scheme's default port (RFC 6454, section 6.2).
    """
    default_port = ":443" if scheme == "https" else ":80"
    own = f"{scheme}://{host}".lower().removesuffix(default_port)
    return origin.lower().removesuffix(default_port) == own
