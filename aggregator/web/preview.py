"""`?preview=N`: the first rows of a body, looked at before anything is written."""

from __future__ import annotations

from typing import BinaryIO

from aggregator.catalog.arguments import read_arguments
from aggregator.errors import InvalidParameters, ParameterError
from aggregator.inputs.fields import Fields
from aggregator.web.body import Body
from aggregator.web.request import Request
from aggregator.web.rows import INPUT_OPTIONS, said_of
from aggregator.writes.answers import Answered
from aggregator.writes.preview import MOST_ROWS, USUAL_ROWS, preview
from aggregator.writes.write import Write


def rows_to_show(asked: Fields) -> int:
    """How many rows a preview shall have, 0 when none is asked for; raises InvalidParameters.

    An empty one is asked for too: nobody who names it expects that something is written.
    """
    if "preview" not in asked:
        return 0
    texts = [text for text in asked["preview"] if text]
    if not texts:
        return USUAL_ROWS
    if len(texts) == 1 and texts[0] in _COUNTS:
        return int(texts[0])
    message = f"must be a whole number from 1 to {MOST_ROWS}; {USUAL_ROWS} when it is empty"
    raise InvalidParameters([ParameterError("preview", ", ".join(texts), message)])


_COUNTS = frozenset(map(str, range(1, MOST_ROWS + 1)))


def refuse_unknown(write: Write, given: Fields) -> None:
    """Raises InvalidParameters for names that are none; the others may have any value, or none yet."""
    params = write.header.params
    try:
        read_arguments(params, {name: texts for name, texts in given.items() if name not in INPUT_OPTIONS})
    except InvalidParameters as error:
        if unknown := [each for each in error.errors if each.parameter not in params]:
            raise InvalidParameters(unknown) from None


def previewed(write: Write, request: Request, body: Body, file: BinaryIO, most_rows: int) -> Answered:
    """The answer to a preview; reads the file, so it is not for the event loop.

    Raises UnreadableInput, UnsupportedInput, TooLarge.
    """
    kind, options = said_of(request, body, file)
    shown = preview(file, kind, write.header.input, options, most_rows)
    return Answered(200, [("content-type", "application/json")], shown.to_json(), len(shown.rows))
