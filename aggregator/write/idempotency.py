"""The responses to requests with an Idempotency-Key, kept as long as such a request may come again.

They are written in the transaction of the write: either both are there or none
(https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/).
"""

from __future__ import annotations

import time

from aggregator.engine.base import Responses, WriteConnection
from aggregator.engine.model import StoredResponse
from aggregator.errors import InvalidParameter, InvalidParameters
from aggregator.write.request import WriteRequest

KEPT_SECONDS = 24 * 60 * 60


def given_before(
    responses: Responses, connection: WriteConnection, request: WriteRequest
) -> StoredResponse | None:
    """The first response to the same request. Raises InvalidParameters when the key was another's."""
    assert request.key is not None
    kept = responses.get(connection, request.write.name, request.key.key, time.time() - KEPT_SECONDS)
    if kept is None:
        return None
    digest, response = kept
    if digest != request.key.digest:
        message = "was already used for a different request; use a new key"
        raise InvalidParameters([InvalidParameter("Idempotency-Key", request.key.key, message)])
    return response


def keep(
    responses: Responses, connection: WriteConnection, request: WriteRequest, answered: StoredResponse
) -> None:
    """Remember a response, and forget the old ones."""
    assert request.key is not None
    responses.forget(connection, time.time() - KEPT_SECONDS)
    responses.put(connection, request.write.name, request.key.key, request.key.digest, answered)
