"""The catalog: all `.sql` files of the folder as endpoints, and the faults of those that are none."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

from aggregator.errors import OUT_OF_DESCRIPTORS, Cancelled, Diagnostic, MethodNotAllowed, NotFound
from aggregator.sqlfile.header import Source, is_sql, read_source
from aggregator.sqlfile.routing import (
    METHOD_SUFFIXES,
    RESERVED,
    PathError,
    Route,
    RouteTree,
    parameter_of,
    path_of,
    route_of,
)

Signature = tuple[int, ...]
"""Equal for two moments when the file was not changed between them, or twice in one clock tick."""

_MOST_BYTES = 1_000_000
_OUTSIDE = "is a link to a folder outside the SQL folder, which is not followed; link its files or copy it"
UrlPath: TypeAlias = str | Sequence[str]
"""A decoded path, or its decoded parts."""

RESCAN_SECONDS = 0.5
_COLUMN = re.compile(r"\{([^{}]+)\}")
_CLOCK_TICK_NS = 3_000_000_000
"""File systems tell the time of a change to 2 seconds or better."""

_NOT_SQL = "is not SQL: a file begins with a header or with SELECT, WITH, INSERT, UPDATE or DELETE"


def sql_files(folder: Path) -> tuple[dict[str, Signature], list[Diagnostic]]:
    """The signature of each file by its path inside the folder, and what is wrong with others.

    Hidden files and folders are left out. A link to a file is followed, and one to a folder when it leads
    neither outside nor above itself: a tree outside may be huge, such as /proc. Raises OSError when
    the folder is not there, or no descriptor is left.
    """
    files: dict[str, Signature] = {}
    faults: list[Diagnostic] = []
    top = os.path.realpath(folder)
    waiting = [(str(folder), "", frozenset({_identity(folder.stat())}))]
    while waiting:
        directory, inside, above = waiting.pop()
        try:
            entries = [entry for entry in os.scandir(directory) if not entry.name.startswith(".")]
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                raise
            name = printable(inside) or folder.name
            faults.append(Diagnostic(name, 0, f"the folder cannot be read: {error.strerror}"))
            continue
        for entry in entries:
            path = inside + entry.name
            try:
                status = entry.stat()
            except OSError as error:
                if entry.name.endswith(".sql") and entry.is_symlink():
                    faults.append(Diagnostic(printable(path), 0, f"cannot be read: {error.strerror}"))
                continue
            if stat.S_ISDIR(status.st_mode):
                if _leads_outside(entry, top):
                    faults.append(Diagnostic(printable(path), 0, _OUTSIDE))
                elif _identity(status) not in above:
                    waiting.append((entry.path, f"{path}/", above | {_identity(status)}))
            elif reason := _reason_against(entry.name, status):
                faults.append(Diagnostic(printable(path), 0, reason))
            elif entry.name.endswith(".sql"):
                files[path] = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return dict(sorted(files.items())), sorted(faults)


def read_sql(path: Path, signature: Signature) -> bytes:
    """The content of a file with this signature; raises OSError.

    An empty file is not opened: the system has files of no size whose reading never ends.
    """
    if signature[1] == 0:
        return b""
    with path.open("rb") as file:
        return file.read(_MOST_BYTES + 1)


def printable(path: str) -> str:
    """A path for a message: bytes that are no text and control characters as `\\udce9` and `\\n`."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in path)


def _reason_against(name: str, status: os.stat_result) -> str | None:
    if not name.lower().endswith(".sql"):
        return None
    if not name.endswith(".sql"):
        return "the extension must be .sql, in lower case"
    if not stat.S_ISREG(status.st_mode):
        return "is not a file"
    if status.st_size > _MOST_BYTES:
        return f"is larger than {_MOST_BYTES:,} bytes, the limit for an SQL file"
    return None


def _leads_outside(entry: os.DirEntry[str], top: str) -> bool:
    return entry.is_symlink() and os.path.commonpath([top, os.path.realpath(entry.path)]) != top


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One `.sql` file.

    source is None when there are faults; text is empty when it could not be read or is not SQL, and
    digest stands for it.
    """

    file: str
    route: Route
    source: Source | None
    faults: tuple[Diagnostic, ...] = ()
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
class RouteMatch:
    """An endpoint found for a path, and the path's parameters as text."""

    endpoint: Endpoint
    path_parameters: dict[str, str]


class Catalog:
    """The endpoints at one moment; of the files with the same URL and method only the first is one."""

    def __init__(self, endpoints: Sequence[Endpoint], faults: Sequence[Diagnostic] = ()) -> None:
        self._tree: RouteTree[Endpoint] = RouteTree()
        kept, conflicts = [], []
        for endpoint in endpoints:
            other = self._tree.add(endpoint.route, endpoint)
            if other is endpoint:
                kept.append(endpoint)
            else:
                message = f"answers the same URL as {other.file}; rename one"
                conflicts.append(Diagnostic(endpoint.file, 0, message))
        self.endpoints = tuple(kept)
        self.faults = (*faults, *conflicts)

    def find(self, method: str, path: UrlPath) -> RouteMatch:
        """The endpoint for a path such as `/customers/7`; a name goes before a parameter.

        path: decoded, or its decoded parts, which may hold slashes. Raises NotFound, or MethodNotAllowed
        with the methods that there are.
        """
        segments = _parts(path)
        places = self._tree.find(segments)
        for place in places:
            if method in place:
                return _match(place[method], segments)
        if not places:
            raise NotFound(f"There is no report at {path_of(segments)}.")
        allowed = sorted({name for place in places for name in place})
        raise MethodNotAllowed(f"{path_of(segments)} answers {', '.join(allowed)}, not {method}.", allowed)

    def sent_to(self, path: UrlPath) -> RouteMatch | None:
        """What takes something at a path that nothing answers by its own name to a GET."""
        segments = _parts(path)
        place = next(iter(self._tree.find(segments)), {})
        if not place or "GET" in place:
            return None
        method = next(name for name in METHOD_SUFFIXES.values() if name in place)
        return _match(place[method], segments)

    def related_writes(self, match: RouteMatch) -> list[RouteMatch]:
        """What is sent to the same URL or right below it, without other parameters in its path."""
        own = match.endpoint.route
        below = own.segments[:-1] if own.segments[-1] == "" else own.segments
        return [
            RouteMatch(each, match.path_parameters)
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

    def named(self, name: str) -> Endpoint:
        """The endpoint of a file without its `.sql`; raises NotFound."""
        endpoint = self.of_file(f"{name}.sql")
        if endpoint is None:
            raise NotFound(f"There is no report {name}.")
        return endpoint


def _parts(path: UrlPath) -> Sequence[str]:
    return path.removeprefix("/").split("/") if isinstance(path, str) else path


def _match(endpoint: Endpoint, segments: Sequence[str]) -> RouteMatch:
    pairs = zip(endpoint.route.segments, segments, strict=True)
    return RouteMatch(endpoint, {name: text for part, text in pairs if (name := parameter_of(part))})


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
        self._faults: list[Diagnostic] = []
        self._catalog = Catalog(())
        self._scanned_at = -RESCAN_SECONDS
        self.was_read = False
        """Whether `catalog` answers at once."""
        self._lock = threading.Lock()
        self._is_closed = threading.Event()

    def close(self) -> None:
        """End a look at the folder that is under way, from any thread."""
        self._is_closed.set()

    def catalog(self) -> Catalog:
        """The endpoints as they are on the disk now, at most half a second old.

        While another thread reads files that have changed, those from before.
        """
        if self.is_due() and self._lock.acquire(blocking=not self.was_read):
            try:
                self._refresh()
                self._scanned_at, self.was_read = time.monotonic(), True
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

    def _read_all(self) -> tuple[dict[str, _Known], list[Diagnostic]]:
        """Raises OSError when there are no descriptors left, and Cancelled after `close`."""
        try:
            present, faults = sql_files(self.folder)
        except OSError as error:
            if error.errno in OUT_OF_DESCRIPTORS:
                raise
            message = f"the folder of SQL files cannot be read: {error.strerror}"
            present, faults = {}, [Diagnostic(self.folder.name, 0, message)]
        known: dict[str, _Known] = {}
        for file, signature in present.items():
            if self._is_closed.is_set():
                raise Cancelled("The service is stopping.")
            try:
                known[file] = self._read_if_changed(file, signature)
            except PathError as error:
                faults.append(Diagnostic(printable(file), 0, str(error)))
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
        return Endpoint(file, route, None, (Diagnostic(file, 0, f"cannot be read: {error.strerror}"),))
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    if old is not None and old.digest == digest:
        return old
    text, fault = _decoded(data, file)
    if fault is not None:
        return Endpoint(file, route, None, (fault,), digest)
    if not is_sql(text):
        # It may be anything, such as a link to a file with passwords. So nothing of it is kept.
        return Endpoint(file, route, None, (Diagnostic(file, 1, _NOT_SQL),), digest)
    source, faults = read_source(text, file)
    if source is not None:
        faults = [*_path_faults(source, file, route)]
    return Endpoint(file, route, None if faults else source, tuple(sorted(faults)), digest, text)


def _decoded(data: bytes, file: str) -> tuple[str, Diagnostic | None]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", Diagnostic(file, line, "the file is not UTF-8 text")
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return "", Diagnostic(file, line, "the file contains a NUL character")
    return text, None


def _path_faults(source: Source, file: str, route: Route) -> Iterator[Diagnostic]:
    if source.header.input and route.method == "GET":
        message = "input: a GET has no body; name a file that accepts rows .post.sql or .put.sql"
        yield Diagnostic(file, source.line_of("input"), message)
    for name in route.parameters:
        if name not in source.header.params:
            missing = [each for each in route.parameters if each not in source.header.params]
            how = source.how_to_declare(missing)
            yield Diagnostic(file, 1, f"the path has {{{name}}}, which is not declared under params; {how}")
        elif source.header.params[name].many:
            line = source.line_of("params", name, "many")
            yield Diagnostic(file, line, f"the path has {{{name}}}, which cannot be a list")
