"""URLs that change data: a request's body as an order, and what came of it as an answer."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from typing import BinaryIO

import orjson

from aggregator.catalog.arguments import read_arguments
from aggregator.databases.counting import Counts
from aggregator.errors import OUT_OF_ROOM, InvalidParameters, NothingThere, ParameterError, StorageFull
from aggregator.inputs.fields import Fields
from aggregator.inputs.kinds import kind_of
from aggregator.inputs.members import open_object
from aggregator.web.answer import Answer
from aggregator.web.body import Body, fields_of
from aggregator.web.headers import disposition, wanted_name
from aggregator.web.negotiation import Found, choose_format, wanted_formats
from aggregator.web.preview import previewed, refuse_unknown, rows_to_show
from aggregator.web.request import Request, given_parameters, merged
from aggregator.web.rows import INPUT_OPTIONS, opened_rows
from aggregator.web.service import Service
from aggregator.web.watching import in_time
from aggregator.writes.answers import Answered
from aggregator.writes.carry_out import carry_out as carry_out_order
from aggregator.writes.effort import READING, Effort, watched
from aggregator.writes.outcome import Outcome, summary
from aggregator.writes.write import RequestKey, Write, WriteOrder

_LONGEST_KEY = 255


async def carry_out(
    service: Service, write: Write, found: Found, request: Request, body: Body, answer: Answer
) -> None:
    """Carry out what a request asks for, and answer.

    Raises AggregatorError; nothing is written then. StaleReport when the tables have changed.
    """
    try:
        answered = await _answered(service, write, found, request, body)
    except OSError as error:
        if error.errno not in OUT_OF_ROOM:
            raise
        raise StorageFull("The server has no room left for these rows; nothing was written.") from error
    request.line.rows = answered.rows
    answer.headers = [*answered.headers, ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    await answer.whole(answered.body, gzip_wanted=False, status=answered.status)


async def _answered(service: Service, write: Write, found: Found, request: Request, body: Body) -> Answered:
    fields, file = _parts(write, body)
    effort = Effort(write.time_limit(service.settings.time_limit))
    rows = watched(file, effort)
    if write.has_input and (shown := rows_to_show(merged(request.query(), body.fields))):
        refuse_unknown(write, merged(_given(found, request), fields))
        effort.begin(READING)
        working = await service.start_load(lambda: previewed(write, request, body, rows, shown))
    else:
        order = _order(write, found, request, fields)
        if key := _key(request):
            digest = _digest(request, await service.in_checker(body.digest))
            order = replace(order, key=RequestKey(key, digest))
        if write.has_input or order.key is not None:
            working = await service.start_load(
                lambda: _carried_out(service, order, request, body, rows, effort)
            )
        else:
            working = asyncio.wrap_future(service.writes.submit(order, render, effort))
    return await in_time(working, effort, write, request.receive, service.settings.lock_wait)


def _carried_out(
    service: Service, order: WriteOrder, request: Request, body: Body, rows: BinaryIO, effort: Effort
) -> Answered:
    """Carry out an order in a transaction of its own; for a thread."""
    effort.begin(READING)
    if order.write.has_input:
        order = replace(order, table=opened_rows(order.write, request, body, rows))
    return carry_out_order(order, service.place, render, effort=effort)


def _parts(write: Write, body: Body) -> tuple[Fields, BinaryIO]:
    """The parameters in a body, and the file of its rows."""
    file: BinaryIO = body.file if body.file is not None else io.BytesIO()
    if not write.has_input:
        return fields_of(body), file
    rows_in = write.header.rows_in
    if rows_in is None or kind_of(file, body.media_type, body.name) != "json":
        return body.fields, file
    fields, rows = open_object(file, rows_in) or ({}, file)
    return merged(body.fields, fields), rows


def _order(write: Write, found: Found, request: Request, fields: Fields) -> WriteOrder:
    query = request.query()
    options = INPUT_OPTIONS if write.has_input else ()
    given = merged(_given(found, request), fields)
    asked = merged(query, fields)
    given = {name: texts for name, texts in given.items() if name not in options}
    params = write.header.params
    request.line.parameters = [name for name in given if name in params]
    format = choose_format(write.formats, wanted_formats(query, found), query, request.header(b"accept"))
    request.line.format = format.name
    return WriteOrder(
        write=write,
        arguments=read_arguments(params, given),
        format=format,
        skip_invalid=_option(asked, "invalid", _invalid_values(write), write),
        is_dry=_option(asked, "dry_run", {"true": True, "false": False}, write),
    )


def _given(found: Found, request: Request) -> Fields:
    return given_parameters(request.query(), found.match.path_parameters)


def _invalid_values(write: Write) -> Mapping[str, bool]:
    """Where the answer has rows, there is no place in it for those that were left out."""
    return {"reject": False} if write.columns else {"skip": True, "reject": False}


def _option(query: Fields, name: str, values: Mapping[str, bool], write: Write) -> bool:
    if not write.has_input:
        return False
    texts = [text for text in query.get(name, []) if text]
    if not texts:
        return False
    if len(texts) > 1 or texts[0] not in values:
        raise InvalidParameters(
            [ParameterError(name, ", ".join(texts), f"must be one of {', '.join(values)}")]
        )
    return values[texts[0]]


def _key(request: Request) -> str:
    """The Idempotency-Key, empty without one; raises InvalidParameters."""
    key = request.header(b"idempotency-key").strip().strip('"')
    if len(key) > _LONGEST_KEY:
        message = f"must be at most {_LONGEST_KEY} characters long"
        raise InvalidParameters([ParameterError("Idempotency-Key", key[:20] + "…", message)])
    return key


def _digest(request: Request, of_body: bytes) -> bytes:
    said = [request.method, request.segments, request.query_string.decode("latin-1"), of_body.hex()]
    return hashlib.blake2b(orjson.dumps(said), digest_size=16).digest()


def _has_created(method: str, counts: Counts) -> bool:
    """A PUT that replaces rows inserts some of them by chance; SQLite gives numbers out again."""
    if method == "PUT":
        return counts.inserted > 0 and not counts.updated and not counts.deleted
    return method == "POST" and counts.inserted > 0


def render(order: WriteOrder, outcome: Outcome) -> Answered:
    """The answer to what was done: the rows that the last statement gives, else the counts.

    Raises NothingThere when a path names what is not there.
    """
    route = order.write.endpoint.route
    rows = outcome.rows
    if route.method != "POST" and route.parameters and not outcome.matched and not rows:
        raise NothingThere("No such row is there, or the rules of this URL keep it; nothing was changed.")
    if rows is not None and not rows and order.write.needs_row:
        raise NothingThere("There is no row to answer with; nothing was changed.")
    is_created = _has_created(route.method, outcome.counted) and not outcome.is_dry
    received = outcome.received.count if outcome.received is not None else outcome.matched
    status = 201 if is_created else 200
    if rows is None:
        return Answered(status, [("content-type", "application/json")], summary(outcome).to_json(), received)
    format = order.format
    writer = format.writer(order.write.columns, order.write.endpoint.sheet)
    name = wanted_name(order.write.header, order.write.endpoint.short_name, order.arguments)
    headers = [
        ("content-type", format.media_type),
        ("content-disposition", disposition(name, format.suffix, format.disposition)),
        ("vary", "Accept"),
    ]
    return Answered(status, headers, b"".join(writer.encode(rows)), received)
