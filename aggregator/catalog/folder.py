"""The files of `sql/` as endpoints, read again when they change."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

from aggregator.catalog.files import Signature, printable, read_sql, sql_files
from aggregator.catalog.header import Source, is_sql, read_source
from aggregator.catalog.paths import (
    METHOD_SUFFIXES,
    RESERVED,
    PathFault,
    Route,
    parameter_of,
    path_of,
    route_of,
)
from aggregator.catalog.tree import UrlTree
from aggregator.errors import OUT_OF_DESCRIPTORS, Cancelled, Fault, MethodNotAllowed, NoSuchReport

UrlPath: TypeAlias = str | Sequence[str]
"""A decoded path, or its decoded parts."""

RESCAN_SECONDS = 0.5
_COLUMN = re.compile(r"\{([^{}]+)\}")
_CLOCK_TICK_NS = 3_000_000_000
"""File systems tell the time of a change to 2 seconds or better."""

_NOT_SQL = "is not SQL: a file begins with a header or with SELECT, WITH, INSERT, UPDATE or DELETE"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One `.sql` file.

    source is None when there are faults; text is empty when it could not be read or is not SQL, and
    digest stands for it.
    """

    file: str
    route: Route
    source: Source | None
    faults: tuple[Fault, ...] = ()
    digest: str = ""
    text: str = ""

    @property
    def name(self) -> str:
        """The file without `.sql`, as `report/customer-orders`."""
        return self.file.removesuffix(".sql")

    @property
    def short_name(self) -> str:
        """The name without its folders and without a method: `import` of `invoices/import.post.sql`.

        An `index` has the name of its folder.
        """
        *folders, name = self.name.split("/")
        own = next((name.removesuffix(each) for each in METHOD_SUFFIXES if name.endswith(each)), name)
        return folders[-1] if own == "index" and folders else own

    @property
    def title(self) -> str:
        """The header's title, or the file's name as words."""
        given = self.source.header.title if self.source is not None else ""
        return given or re.sub(r"[-_]+", " ", self.short_name).capitalize()

    @property
    def sheet(self) -> str:
        """What the sheet of a workbook is called: as the header says, or the short name."""
        given = self.source.header.sheet if self.source is not None else ""
        return given or self.short_name


@dataclass(frozen=True, slots=True)
class Match:
    """An endpoint found for a path, and the path's parameters as text."""

    endpoint: Endpoint
    path_parameters: dict[str, str]


class Catalog:
    """The endpoints at one moment; of the files with the same URL and method only the first is one."""

    def __init__(self, endpoints: Sequence[Endpoint], faults: Sequence[Fault] = ()) -> None:
        self._tree: UrlTree[Endpoint] = UrlTree()
        kept, conflicts = [], []
        for endpoint in endpoints:
            other = self._tree.add(endpoint.route, endpoint)
            if other is endpoint:
                kept.append(endpoint)
            else:
                message = f"answers the same URL as {other.file}; rename one"
                conflicts.append(Fault(endpoint.file, 0, message))
        self.endpoints = tuple(kept)
        self.faults = (*faults, *conflicts)

    def find(self, method: str, path: UrlPath) -> Match:
        """The endpoint for a path such as `/customers/7`; a name goes before a parameter.

        path: decoded, or its decoded parts, which may hold slashes. Raises NoSuchReport, or MethodNotAllowed
        with the methods that there are.
        """
        segments = _parts(path)
        places = self._tree.find(segments)
        for place in places:
            if method in place:
                return _match(place[method], segments)
        if not places:
            raise NoSuchReport(f"There is no report at {path_of(segments)}.")
        allowed = sorted({name for place in places for name in place})
        raise MethodNotAllowed(f"{path_of(segments)} answers {', '.join(allowed)}, not {method}.", allowed)

    def sent_to(self, path: UrlPath) -> Match | None:
        """What takes something at a path that nothing answers by its own name to a GET."""
        segments = _parts(path)
        place = next(iter(self._tree.find(segments)), {})
        if not place or "GET" in place:
            return None
        method = next(name for name in METHOD_SUFFIXES.values() if name in place)
        return _match(place[method], segments)

    def sent_beside(self, match: Match) -> list[Match]:
        """What is sent to the same URL or right below it, without other parameters in its path."""
        own = match.endpoint.route
        below = own.segments[:-1] if own.segments[-1] == "" else own.segments
        return [
            Match(each, match.path_parameters)
            for method in METHOD_SUFFIXES.values()
            for each in self.endpoints
            if each.route.method == method
            and (each.route.segments == own.segments or each.route.segments[:-1] == below)
            and each.route.parameters == own.parameters
        ]

    def taken(self, link: str) -> tuple[tuple[str, str], ...]:
        """The values that lead a link to a URL of another name, each after the column that it is of.

        link: a path with columns in braces, each for a whole part. The names of files go before parameters.
        """
        parts = re.split("[?#]", link.removeprefix("/"), maxsplit=1)[0].split("/")
        columns = [match[1] if (match := _COLUMN.fullmatch(part)) else None for part in parts]
        names = [None if column else unquote(part) for part, column in zip(parts, columns, strict=True)]
        found = set()
        for place, column in enumerate(columns):
            if column is not None:
                taken = self._tree.names("GET", names[:place], parts[place + 1 :])
                found |= {(column, name) for name in (*taken, *(RESERVED if place == 0 else ()))}
        return tuple(sorted(found))

    def of_file(self, file: str) -> Endpoint | None:
        """The endpoint of a file, given its path inside the folder."""
        return next((endpoint for endpoint in self.endpoints if endpoint.file == file), None)


def _parts(path: UrlPath) -> Sequence[str]:
    return path.removeprefix("/").split("/") if isinstance(path, str) else path


def _match(endpoint: Endpoint, segments: Sequence[str]) -> Match:
    pairs = zip(endpoint.route.segments, segments, strict=True)
    return Match(endpoint, {name: text for part, text in pairs if (name := parameter_of(part))})


@dataclass(frozen=True, slots=True)
class _Known:
    """A file as it was read. settled: False when its next change could have the same signature."""

    signature: Signature
    settled: bool
    endpoint: Endpoint


class SqlFolder:
    """The catalog of a folder, looked up again at most twice a second. Safe to use from many threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._known: dict[str, _Known] = {}
        self._faults: list[Fault] = []
        self._catalog = Catalog(())
        self._scanned_at = -RESCAN_SECONDS
        self._was_read = False
        self._lock = threading.Lock()
        self._is_closed = threading.Event()

    @property
    def was_read(self) -> bool:
        """Whether `catalog` answers at once."""
        return self._was_read

    def close(self) -> None:
        """End a look at the folder that is under way, from any thread."""
        self._is_closed.set()

    def catalog(self) -> Catalog:
        """The endpoints as they are on the disk now, at most half a second old.

        While another thread reads files that have changed, those from before.
        """
        if self.is_due() and self._lock.acquire(blocking=not self._was_read):
            try:
                self._refresh()
                self._scanned_at, self._was_read = time.monotonic(), True
            finally:
                self._lock.release()
        return self._catalog

    def is_due(self) -> bool:
        """Whether `catalog` will look at the folder now, unless another thread is at it."""
        return time.monotonic() - self._scanned_at >= RESCAN_SECONDS

    def _refresh(self) -> None:
        try:
            known, faults = self._read_all()
        except (OSError, Cancelled):
            return
        if faults == self._faults and _endpoints(known) == _endpoints(self._known):
            self._known = known
            return
        self._known, self._faults = known, faults
        self._catalog = Catalog([each.endpoint for each in known.values()], faults)

    def _read_all(self) -> tuple[dict[str, _Known], list[Fault]]:
        """Raises OSError when there are no descriptors left, and Cancelled after `close`."""
        try:
            present, faults = sql_files(self.folder)
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                raise
            message = f"the folder of SQL files cannot be read: {error.strerror}"
            present, faults = {}, [Fault(self.folder.name, 0, message)]
        known: dict[str, _Known] = {}
        for file, signature in present.items():
            if self._is_closed.is_set():
                raise Cancelled("The service is being stopped.")
            try:
                known[file] = self._read_if_changed(file, signature)
            except PathFault as error:
                faults.append(Fault(printable(file), 0, str(error)))
        return known, faults

    def _read_if_changed(self, file: str, signature: Signature) -> _Known:
        old = self._known.get(file)
        if old is not None and old.settled and old.signature == signature:
            return old
        settled = time.time_ns() - max(signature[2:]) > _CLOCK_TICK_NS
        endpoint = _read(self.folder, file, signature, old.endpoint if old is not None else None)
        return _Known(signature, settled and endpoint.digest != "", endpoint)


def _endpoints(known: dict[str, _Known]) -> list[int]:
    return [id(each.endpoint) for each in known.values()]


def _read(folder: Path, file: str, signature: Signature, old: Endpoint | None) -> Endpoint:
    """The endpoint of a file; the old one when the text is the same."""
    route = route_of(file)
    try:
        data = read_sql(folder / file, signature)
    except OSError as error:
        if error.errno in OUT_OF_DESCRIPTORS:
            raise
        return Endpoint(file, route, None, (Fault(file, 0, f"cannot be read: {error.strerror}"),))
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    if old is not None and old.digest == digest:
        return old
    text, fault = _decoded(data, file)
    if fault is not None:
        return Endpoint(file, route, None, (fault,), digest)
    if not is_sql(text):
        # It may be anything, such as a link to a file with passwords. So nothing of it is kept.
        return Endpoint(file, route, None, (Fault(file, 1, _NOT_SQL),), digest)
    source, faults = read_source(text, file)
    if source is not None:
        faults = [*_path_faults(source, file, route)]
    return Endpoint(file, route, None if faults else source, tuple(sorted(faults)), digest, text)


def _decoded(data: bytes, file: str) -> tuple[str, Fault | None]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", Fault(file, line, "the file is not UTF-8 text")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", Fault(file, line, "the file holds a NUL character")
    return text, None


def _path_faults(source: Source, file: str, route: Route) -> Iterator[Fault]:
    if source.header.input and route.method == "GET":
        message = "input: a GET has no body; a file that takes rows is named .post.sql or .put.sql"
        yield Fault(file, source.line_of("input"), message)
    for name in route.parameters:
        if name not in source.header.params:
            missing = [each for each in route.parameters if each not in source.header.params]
            how = source.how_to_declare(missing)
            yield Fault(file, 1, f"the path has {{{name}}}, which is not declared under params; {how}")
        elif source.header.params[name].many:
            line = source.line_of("params", name, "many")
            yield Fault(file, line, f"the path has {{{name}}}, which cannot be a list")
