"""The files of `sql/` as endpoints, read again when they change."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.catalog.header import Source, read_source
from aggregator.catalog.paths import PathFault, Route, parameter_of, route_of
from aggregator.errors import Fault, MethodNotAllowed, NoSuchReport

RESCAN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One `.sql` file. source is None when the file has faults; digest stands for its text."""

    file: str
    route: Route
    source: Source | None
    faults: tuple[Fault, ...] = ()
    digest: str = ""


@dataclass(slots=True)
class _Node:
    """A part of a URL: what follows it by name, what follows as a parameter, what answers here."""

    literals: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    endpoints: dict[str, Endpoint] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint found for a path, and the path's parameters as text."""

    endpoint: Endpoint
    path_parameters: dict[str, str]


class Catalog:
    """The endpoints at one moment."""

    def __init__(self, endpoints: Sequence[Endpoint], faults: Sequence[Fault] = ()) -> None:
        self.endpoints = tuple(endpoints)
        self.faults = tuple(faults)
        self._root = _Node()
        for endpoint in endpoints:
            self._node(endpoint.route).endpoints[endpoint.route.method] = endpoint

    def find(self, method: str, path: str) -> Match:
        """The endpoint for a decoded path such as `/customers/7`; a name goes before a parameter.

        Raises NoSuchReport, or MethodNotAllowed with the methods that there are.
        """
        segments = path.removeprefix("/").split("/")
        found = [node for node in _descend(self._root, segments) if node.endpoints]
        for node in found:
            endpoint = node.endpoints.get(method)
            if endpoint is not None:
                pairs = zip(endpoint.route.segments, segments, strict=True)
                return Match(endpoint, {name: text for part, text in pairs if (name := parameter_of(part))})
        if not found:
            raise NoSuchReport(f"There is no report at {path}.")
        allowed = sorted({name for node in found for name in node.endpoints})
        raise MethodNotAllowed(f"{path} answers {', '.join(allowed)}, not {method}.", allowed)

    def _node(self, route: Route) -> _Node:
        node = self._root
        for segment in route.segments:
            if parameter_of(segment):
                node.parameter = node.parameter or _Node()
                node = node.parameter
            else:
                node = node.literals.setdefault(segment, _Node())
        return node


def _descend(node: _Node, segments: Sequence[str]) -> Iterator[_Node]:
    if not segments:
        yield node
        return
    first, rest = segments[0], segments[1:]
    if first in node.literals:
        yield from _descend(node.literals[first], rest)
    if node.parameter is not None and first:
        yield from _descend(node.parameter, rest)


_Signature = tuple[int, int, int, int]


class SqlFolder:
    """The catalog of a folder, looked up again at most twice a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._known: dict[str, tuple[_Signature, Endpoint]] = {}
        self._catalog = Catalog(())
        self._scanned_at = -RESCAN_SECONDS

    def catalog(self) -> Catalog:
        """The endpoints as they are on the disk now, at most half a second old."""
        now = time.monotonic()
        if now - self._scanned_at >= RESCAN_SECONDS:
            self._refresh()
            self._scanned_at = now
        return self._catalog

    def _refresh(self) -> None:
        if not self.folder.is_dir():
            self._known = {}
            self._catalog = Catalog((), [Fault(self.folder.name, 0, "the folder of SQL files is not there")])
            return
        present = dict(_sql_files(self.folder))
        if present == {file: signature for file, (signature, _) in self._known.items()}:
            return
        known: dict[str, tuple[_Signature, Endpoint]] = {}
        faults: list[Fault] = []
        for file, signature in sorted(present.items()):
            try:
                known[file] = self._known_or_read(file, signature)
            except PathFault as error:
                faults.append(Fault(file, 0, str(error)))
        self._known = known
        endpoints, conflicts = _without_conflicts([endpoint for _, endpoint in known.values()])
        self._catalog = Catalog(endpoints, [*faults, *conflicts])

    def _known_or_read(self, file: str, signature: _Signature) -> tuple[_Signature, Endpoint]:
        old = self._known.get(file)
        if old is not None and old[0] == signature:
            return old
        return signature, _read(self.folder, file)


def _sql_files(folder: Path) -> Iterator[tuple[str, _Signature]]:
    for directory, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if not name.endswith(".sql") or name.startswith("."):
                continue
            path = Path(directory, name)
            try:
                status = path.stat()
            except OSError:
                continue
            signature = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
            yield path.relative_to(folder).as_posix(), signature


def _read(folder: Path, file: str) -> Endpoint:
    route = route_of(file)
    try:
        text = (folder / file).read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        return Endpoint(file, route, None, (Fault(file, line, "the file is not UTF-8 text"),))
    except OSError as error:
        return Endpoint(file, route, None, (Fault(file, 0, f"cannot be read: {error.strerror}"),))
    source, faults = read_source(text, file)
    if source is not None:
        faults = [
            Fault(file, 1, f"the path has {{{name}}}, which params does not declare")
            for name in route.parameters
            if name not in source.header.params
        ]
    digest = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return Endpoint(file, route, None if faults else source, tuple(faults), digest)


def _without_conflicts(endpoints: Sequence[Endpoint]) -> tuple[list[Endpoint], list[Fault]]:
    """Of the files that would answer the same URL, only the first does."""
    taken: dict[tuple[str, ...], str] = {}
    kept: list[Endpoint] = []
    faults: list[Fault] = []
    for endpoint in endpoints:
        segments = ("{}" if parameter_of(segment) else segment for segment in endpoint.route.segments)
        key = (endpoint.route.method, *segments)
        if key in taken:
            faults.append(Fault(endpoint.file, 0, f"answers the same URL as {taken[key]}; rename one"))
        else:
            taken[key] = endpoint.file
            kept.append(endpoint)
    return kept, faults
