"""The responses to writes: what a request asks for, run in a thread and watched from the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import suppress
from dataclasses import replace
from typing import Any, BinaryIO

import orjson
from starlette.responses import Response

from aggregator.endpoints.access import ANYBODY
from aggregator.endpoints.compiled import WriteEndpoint
from aggregator.engine.model import Counts, StoredResponse
from aggregator.errors import (
    DISK_FULL,
    AggregatorError,
    Cancelled,
    DatabaseUnavailable,
    InvalidParameter,
    InvalidParameters,
    RecordNotFound,
    StorageFull,
)
from aggregator.formats.base import Format
from aggregator.inputs.filetypes import filetype_of
from aggregator.inputs.json_body import Fields, open_object
from aggregator.sqlfile.parameters import read_arguments
from aggregator.web.body import INPUT_OPTIONS, Body, fields_of, option, table_options
from aggregator.web.request import (
    EndpointMatch,
    Request,
    choose_format,
    given_parameters,
    merged,
)
from aggregator.web.response import file_disposition
from aggregator.web.service import Service
from aggregator.write.execute import commit_write
from aggregator.write.preview import USUAL_ROWS, preview
from aggregator.write.request import (
    READING,
    RequestKey,
    WriteBudget,
    WriteRequest,
    WriteResult,
    summary,
    watched,
)
from aggregator.write.staging import open_table

_WATCH_AFTER_SECONDS = 0.05
_LOOK_SECONDS = 0.25

_LET_GO_SECONDS = 0.5
"""A thread that was asked to give up mostly does so at once, but not inside a single SQLite function."""

_LONGER_THAN_A_LOCK = 1.0


async def in_time(
    working: asyncio.Future[StoredResponse],
    budget: WriteBudget,
    write: WriteEndpoint,
    request: Request,
    lock_wait: float,
) -> StoredResponse:
    """The answer of a write, or what ended it; never much later than its time limit.

    It ends with its client, with the service, and when others of the same files keep it waiting for longer
    than a locked file would. Raises AggregatorError, and nothing is written then.
    """
    gone: asyncio.Task[None] | None = None
    try:
        await asyncio.wait({working}, timeout=_WATCH_AFTER_SECONDS)
        while not working.done():
            gone = gone or asyncio.create_task(request.disconnected())
            waited: set[asyncio.Future[Any]] = {working, gone}
            await asyncio.wait(waited, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            error = _reason_to_end(budget, write, gone, lock_wait)
            if error is not None and budget.give_up(error):
                await asyncio.wait({working}, timeout=_LET_GO_SECONDS)
                break
            if error is not None:
                await asyncio.wait({working})
    except asyncio.CancelledError:
        budget.give_up(Cancelled("The service is stopping; nothing was written."))
        raise
    finally:
        if gone is not None:
            gone.cancel()
        working.add_done_callback(_retrieved)
    if not working.done():
        budget.require()
    return await working


def _reason_to_end(
    budget: WriteBudget, write: WriteEndpoint, gone: asyncio.Task[None], lock_wait: float
) -> AggregatorError | None:
    if gone.done():
        return Cancelled("The client has disconnected.")
    if budget.waited > lock_wait + _LONGER_THAN_A_LOCK:
        # A write need not change a file: two SELECTs that a POST runs only read.
        schemas = " or ".join(file.schema for file in write.written or write.files)
        return DatabaseUnavailable(schemas, "is being changed by another long request", "written")
    return budget.ended_by()


def _retrieved(working: asyncio.Future[StoredResponse]) -> None:
    """Nobody may be left to be told of an error."""
    with suppress(asyncio.CancelledError):
        working.exception()


def rows_to_show(given: Fields) -> int:
    """How many rows of a preview are requested, 0 without one; raises InvalidParameters.

    An empty `preview` requests one, too: nobody who names it expects that something is written.
    """
    if "preview" not in given:
        return 0
    return int(option(given, "preview", note=f"; {USUAL_ROWS} when it is empty") or USUAL_ROWS)


def refuse_unknown(write: WriteEndpoint, given: Fields) -> None:
    """Raises InvalidParameters for unknown names; the others may have any value, or none yet."""
    params = write.header.params
    try:
        read_arguments(params, {name: texts for name, texts in given.items() if name not in INPUT_OPTIONS})
    except InvalidParameters as error:
        if unknown := [each for each in error.errors if each.parameter not in params]:
            raise InvalidParameters(unknown) from None


def previewed(
    write: WriteEndpoint, request: Request, body: Body, file: BinaryIO, most_rows: int
) -> StoredResponse:
    """The answer to a preview; reads the file, so it is not for the event loop.

    Raises UnreadableInput, UnsupportedInput, TooLarge.
    """
    kind, options = table_options(request, body, file)
    shown = preview(file, kind, write.header.input, options, most_rows)
    return StoredResponse(200, [("content-type", "application/json")], shown.to_json(), len(shown.rows))


_LONGEST_KEY = 255


async def respond_to_write(
    service: Service, write: WriteEndpoint, match: EndpointMatch, request: Request, body: Body
) -> Response:
    """Execute a write and return its response.

    Raises AggregatorError; nothing is written then. StaleEndpoint when the tables have changed.
    """
    try:
        stored = await _execute(service, write, match, request, body)
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        raise StorageFull("The server's disk is full; nothing was written.") from error
    request.line.rows = stored.rows
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff", **dict(stored.headers)}
    return Response(stored.body, stored.status, headers)


async def _execute(
    service: Service, write: WriteEndpoint, match: EndpointMatch, request: Request, body: Body
) -> StoredResponse:
    fields, file = _parts(write, body)
    budget = WriteBudget(write.time_limit(service.settings.time_limit))
    rows = watched(file, budget)
    given = merged(given_parameters(request.query(), match.path_parameters), fields)
    if write.has_input and (shown := rows_to_show(merged(request.query(), body.fields))):
        refuse_unknown(write, given)
        budget.begin(READING)
        working = await service.start_load(lambda: previewed(write, request, body, rows, shown))
        return await in_time(working, budget, write, request, service.settings.lock_wait)

    write_request = _write_request(write, match, request, given, fields)

    def commit() -> StoredResponse:
        table = None
        budget.begin(READING)
        if write.has_input:
            kind, options = table_options(request, body, rows)
            table = open_table(rows, kind, write.header.input, options)
        return commit_write(replace(write_request, table=table), service.write_context, render, budget=budget)

    if key := _key(request):
        digest = _digest(request, await service.in_checker(body.digest))
        write_request = replace(write_request, key=RequestKey(key, digest))
    if write.has_input or key:
        working = await service.start_load(commit)
    else:
        working = asyncio.wrap_future(service.writes.submit(write_request, render, budget))
    return await in_time(working, budget, write, request, service.settings.lock_wait)


def _parts(write: WriteEndpoint, body: Body) -> tuple[Fields, BinaryIO]:
    """The parameters in a body, and the file of its rows."""
    file: BinaryIO = body.file if body.file is not None else io.BytesIO()
    if not write.has_input:
        return fields_of(body), file
    rows_in = write.header.rows_in
    if rows_in is None or filetype_of(file, body.media_type, body.name) != "json":
        return body.fields, file
    fields, rows = open_object(file, rows_in) or ({}, file)
    return merged(body.fields, fields), rows


def _write_request(
    write: WriteEndpoint, match: EndpointMatch, request: Request, given: Fields, fields: Fields
) -> WriteRequest:
    """given: the parameters of the URL and the body; fields: the latter alone."""
    query, params = request.query(), write.header.params
    skip_invalid = is_dry = False
    if write.has_input:
        given = {name: texts for name, texts in given.items() if name not in INPUT_OPTIONS}
    request.line.parameters = [name for name in given if name in params]
    format = choose_format(write.formats, request, match, query)
    assert isinstance(format, Format)
    request.line.format = format.name
    arguments = read_arguments(params, given)
    if write.has_input:
        options = merged(query, fields)
        # A response with rows has no place for those that were left out.
        skip_invalid = option(options, "invalid", ["reject"] if write.columns else ()) == "skip"
        is_dry = option(options, "dry_run", ["true", "false"]) == "true"
    return WriteRequest(write, arguments, format, skip_invalid=skip_invalid, is_dry=is_dry)


def _key(request: Request) -> str:
    """The Idempotency-Key, empty without one; raises InvalidParameters."""
    key = request.header(b"idempotency-key").strip().strip('"')
    if len(key) > _LONGEST_KEY:
        message = f"must be at most {_LONGEST_KEY} characters long"
        raise InvalidParameters([InvalidParameter("Idempotency-Key", key[:20] + "…", message)])
    return key


def _digest(request: Request, of_body: bytes) -> bytes:
    parts = [request.method, request.segments, request.query_string.decode("latin-1"), of_body.hex()]
    if request.actor != ANYBODY:
        parts.append(request.actor.name)
    return hashlib.blake2b(orjson.dumps(parts), digest_size=16).digest()


def _has_created(method: str, counts: Counts) -> bool:
    """A PUT that replaces rows inserts some of them by chance; SQLite gives numbers out again."""
    if method == "PUT":
        return counts.inserted > 0 and not counts.updated and not counts.deleted
    return method == "POST" and counts.inserted > 0


def render(write_request: WriteRequest, outcome: WriteResult) -> StoredResponse:
    """The answer to what was done: the rows that the last statement gives, else the counts.

    Raises RecordNotFound when no row has the values of the path.
    """
    route = write_request.write.endpoint.route
    rows = outcome.rows
    if route.method != "POST" and route.parameters and not outcome.matched and not rows:
        raise RecordNotFound("The row does not exist, or this URL may not change it; nothing was changed.")
    if rows is not None and not rows and write_request.write.needs_row:
        raise RecordNotFound("The row does not exist; nothing was changed.")
    is_created = _has_created(route.method, outcome.counted) and not outcome.is_dry
    received = outcome.received.count if outcome.received is not None else outcome.matched
    status = 201 if is_created else 200
    if rows is None:
        return StoredResponse(
            status, [("content-type", "application/json")], summary(outcome).to_json(), received
        )
    format = write_request.format
    writer = format.writer(write_request.write.columns, write_request.write.endpoint.sheet)
    headers = [
        ("content-type", format.media_type),
        ("content-disposition", file_disposition(write_request.write, write_request.arguments, format)),
        ("vary", "Accept"),
    ]
    return StoredResponse(status, headers, b"".join(writer.encode(rows)), received)
