"""Errors as problem documents (RFC 9457): one table from the error tree to HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from aggregator import errors
from aggregator.errors import AggregatorError, Diagnostic, InvalidParameter, RejectedRow
from aggregator.json_documents import Document
from aggregator.web.pages.templating import PAGE_HEADERS, page_url, render
from aggregator.web.request import Request
from aggregator.web.response import Headers
from aggregator.write.request import Notes

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.AggregatorError], tuple[int, str]] = {
    errors.NotFound: (404, "Report not found"),
    errors.MethodNotAllowed: (405, "Method not allowed"),
    errors.NotAcceptable: (406, "This report is not available in that format"),
    errors.InvalidParameters: (422, "Invalid parameters"),
    errors.BrokenEndpoint: (500, "The report's SQL file has errors"),
    errors.MissingDatabases: (500, "The report's databases are missing"),
    errors.UnrepresentableValue: (500, "A value cannot be shown in this format or column type"),
    errors.QueryFailed: (500, "The report failed"),
    errors.DatabaseUnavailable: (503, "A database cannot be read"),
    errors.UnstableDatabases: (503, "The databases change too often"),
    errors.ForeignOrigin: (403, "Requests from other sites cannot write"),
    errors.MisdirectedRequest: (421, "Unknown host name"),
    errors.UnsupportedInput: (415, "Unsupported file format"),
    errors.UnreadableInput: (400, "The body cannot be read"),
    errors.TooLarge: (413, "The body is too large"),
    errors.RejectedRows: (422, "Some rows have errors"),
    errors.SwappedDays: (422, "Day and month seem to be swapped"),
    errors.ConflictingRows: (409, "Some rows conflict with existing data"),
    errors.InvalidWrite: (422, "A value breaks a rule of the database"),
    errors.Conflict: (409, "Conflict with existing data"),
    errors.RecordNotFound: (404, "Not found"),
    errors.StorageFull: (507, "The disk is full"),
    errors.Overloaded: (503, "Too many reports are running"),
    errors.SpoolFull: (503, "The server's spool is full"),
    errors.RequestTimeout: (408, "The body arrived too slowly"),
    errors.Cancelled: (503, "The request was cancelled"),
    errors.TimeLimitExceeded: (504, "The report took too long"),
}
"""Status and title of each error; the title is the same whenever the type is."""

_HINTS: dict[type[errors.AggregatorError], str] = {
    errors.NotFound: "All reports are listed at / and in /openapi.json.",
    errors.BrokenEndpoint: "Fix the file. `python -m aggregator check` lists the errors of all files.",
    errors.MissingDatabases: "Add the files to the database folder. The file order.db is order_db in SQL.",
    errors.DatabaseUnavailable: "Try again, or ask the owner of that file; /health lists all databases.",
    errors.UnstableDatabases: "Try again.",
    errors.RejectedRows: "Fix the rows, or add ?invalid=skip to write the others.",
    errors.SwappedDays: "Add ?date_order=dmy (day first) or ?date_order=mdy (month first) to say which order "
    "is right, or fix the dates.",
    errors.ConflictingRows: "Leave these rows out, or add ?invalid=skip to write the others.",
    errors.StorageFull: "Free up space on the server's disk and try again.",
    errors.Overloaded: "Try again later (see Retry-After).",
    errors.SpoolFull: "Try again later (see Retry-After), or increase spool_space.",
    errors.TimeLimitExceeded: "Narrow the filters, for example to a shorter period, or increase time_limit.",
}

_SLUGS = {kind: "".join(f"-{c.lower()}" if c.isupper() else c for c in kind.__name__)[1:] for kind in STATUS}
_SLUGS |= {
    errors.NotFound: "no-such-report",
    errors.BrokenEndpoint: "broken-report",
    errors.Overloaded: "too-many-reports",
    errors.UnstableDatabases: "unsettled-databases",
    errors.RecordNotFound: "nothing-there",
    errors.UnrepresentableValue: "unfit-value",
}
"""The last word of a problem's type. Clients compare it, so it stays when a class gets another name."""


class Problem(Document):
    """A problem document (RFC 9457)"""

    type: str = Field(json_schema_extra={"format": "uri"})
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path of the request")
    hint: str = Field("", description="What to do")
    errors: tuple[InvalidParameter, ...] = ()
    available: tuple[str, ...] = Field((), description="The formats that are available")
    faults: tuple[Diagnostic, ...] = Field((), description="What is wrong with the SQL file")
    received: int = 0
    rejected_count: int = 0
    rejected: tuple[RejectedRow, ...] = ()
    notes: Notes = ()


def document(error: errors.AggregatorError, path: str) -> Problem:
    """The problem document of an error; path: of the request."""
    status, title = STATUS[type(error)]
    more: dict[str, Any] = {}
    if type(error) in _HINTS:
        more["hint"] = _HINTS[type(error)]
    match error:
        case errors.InvalidParameters():
            more["errors"] = error.errors
        case errors.NotAcceptable() | errors.UnsupportedInput():
            more["available"] = error.available
        case errors.BrokenEndpoint():
            more["faults"] = error.faults
        case errors.RejectedRows():
            more |= {"received": error.received, "rejected_count": error.count, "rejected": error.rows}
            if error.notes:
                more["notes"] = error.notes
    return Problem(
        type=f"urn:aggregator:problem:{_SLUGS[type(error)]}",
        title=title,
        status=status,
        detail=error.detail,
        instance=path,
        **more,
    )


def _headers(error: errors.AggregatorError) -> Headers:
    """The headers that go with an error."""
    match error:
        case errors.MethodNotAllowed():
            return {"allow": allowed_methods(error.allowed)}
        case errors.Overloaded():
            return {"retry-after": str(error.retry_after)}
        case errors.SpoolFull():
            return {"retry-after": "10"}
        case errors.RequestTimeout():
            return {"connection": "close"}
        case errors.DatabaseUnavailable() | errors.UnstableDatabases():
            return {"retry-after": "1"}
    return {}


def allowed_methods(methods: Sequence[str]) -> str:
    """The Allow header of these methods, with HEAD and OPTIONS."""
    return ", ".join([*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"])


async def no_response(scope: Scope, receive: Receive, send: Send) -> None:
    """Send nothing: the client has gone."""


def error_response(
    error: Exception | asyncio.CancelledError, request: Request, shows_sql: bool, page: bytes | None = None
) -> ASGIApp:
    """A problem document, or a page for a browser; the error goes into the access log.

    shows_sql: whether the page of a file with faults leads to its SQL; page: one instead of the usual page.
    """
    if isinstance(error, errors.Cancelled):
        request.line.fail(error)
        return no_response
    error = to_api_error(error, request)
    request.line.fail(error)
    problem = document(error, request.path)
    headers = {"cache-control": "no-store", **_headers(error)}
    if not request.accepts_html:
        return Response(problem.to_json(), problem.status, headers, MEDIA_TYPE)
    root = request.page_url().root
    files = {fault.file for fault in problem.faults} if shows_sql else ()
    sources = {file: page_url(root, "sql", file.removesuffix(".sql"), {}) for file in files}
    page = page or render("problem.html", root=root, problem=problem, sources=sources)
    return Response(page, problem.status, headers | PAGE_HEADERS)


def to_api_error(error: Exception | asyncio.CancelledError, request: Request) -> errors.AggregatorError:
    """The error for a client of any exception."""
    match error:
        case errors.AggregatorError():
            return error
        case HTTPException(status_code=405):
            return errors.MethodNotAllowed(f"{request.path} is read-only.", ["GET"])
        case HTTPException():
            return errors.NotFound(f"Not found: {request.path}")
        case asyncio.CancelledError(args=[errors.SpoolFull() as full]):
            return full
        case asyncio.CancelledError():
            unknown = "" if request.method == "GET" else " It is unknown whether the data was written."
            return errors.Cancelled(f"The service is stopping.{unknown}")
    return errors.QueryFailed("Internal error. The service's log has the details.", repr(error))


class Handler:
    """The ASGI application of a function that takes a request, and returns a response or raises an error."""

    def __init__(self, respond: Callable[[Request], Awaitable[ASGIApp]], shows_sql: bool) -> None:
        self._respond = respond
        self._shows_sql = shows_sql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
            await response(scope, receive, send)
        except (Exception, asyncio.CancelledError) as error:
            if not isinstance(error, AggregatorError | asyncio.CancelledError):
                log.exception("unexpected error in a request")
            response = error_response(error, request, self._shows_sql)
            # Without a last chunk the server closes the connection, so the client sees a broken file.
            if not request.line.status:
                await response(scope, receive, send)
