"""The lines of a text file, each with its end, and never more of the file than some lines in memory."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.limits import LONGEST_LINE

_PIECE = 64 * 1024
_MARK = "\ufeff"
_MARKS = ("'", '="', "=“")
"""What programs put around a text to keep Excel from reading a formula or a number."""


class TooMuchText(Exception):
    """More was asked for than `may_give` allows."""


class TextLines:
    """The lines of a file: LF, CR LF and CR end one, as in the files of every system.

    given, lines_given: characters and lines handed out so far; may_give: how many characters may be.
    holds_nul, holds_marks: whether a NUL character, or an apostrophe or ="…", was among them. Iterating
    begins anew at the first line. Raises TooLarge for a line that is too long, without reading it to its
    end, and UnreadableInput for what is not in the encoding.
    """

    def __init__(self, file: BinaryIO, encoding: str, is_guess: bool = False) -> None:
        self._file = file
        self._encoding = encoding
        self._is_guess = is_guess
        self.given = self.lines_given = 0
        self.may_give: int | None = None
        self.holds_nul = self.holds_marks = False

    def __iter__(self) -> Iterator[str]:
        self.given = self.lines_given = 0
        return chain.from_iterable(io.StringIO(piece, newline="") for piece in self._pieces())

    def _pieces(self) -> Iterator[str]:
        """The text in pieces of whole lines."""
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(self._encoding)()
        rest, mark = "", _MARK
        while data := self._file.read(_PIECE):
            text = rest + self._decoded(decoder, data, rest).removeprefix(mark)
            mark = mark if not text else ""
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
            if len(text) > LONGEST_LINE:
                self._refuse_long_first_line(text)
            rest = text[end:]
            if end:
                yield self._handed_out(text[:end])
        rest += self._decoded(decoder, b"", rest)
        if rest:
            yield self._handed_out(rest)

    def _decoded(self, decoder: codecs.IncrementalDecoder, data: bytes, before: str) -> str:
        try:
            return decoder.decode(data, not data)
        except UnicodeError as error:
            what = "what cannot be read"
            if isinstance(error, UnicodeDecodeError):
                before += error.object[: error.start].decode(self._encoding, "replace")
                what = f"the byte 0x{error.object[error.start]:02X}, which cannot be read"
            raise UnreadableInput(
                f"Line {self.lines_given + line_ends(before) + 1:,} holds {what} as {self._encoding}"
                + (", a guess because the file is not UTF-8. " if self._is_guess else ". ")
                + "Save the file as UTF-8, or say which encoding it has, such as encoding=windows-1250."
            ) from None

    def _refuse_long_first_line(self, text: str) -> None:
        first = io.StringIO(text, newline="").readline().rstrip("\r\n")
        if len(first) > LONGEST_LINE:
            raise TooLarge(f"Line {self.lines_given + 1:,} is longer than {LONGEST_LINE:,} characters.")

    def _handed_out(self, piece: str) -> str:
        self.given += len(piece)
        self.lines_given += line_ends(piece) + (piece[-1] not in "\r\n")
        if self.may_give is not None and self.given > self.may_give:
            raise TooMuchText
        self.holds_nul = self.holds_nul or "\x00" in piece
        self.holds_marks = self.holds_marks or any(mark in piece for mark in _MARKS)
        return piece


def line_ends(text: str) -> int:
    """How many lines end in a text."""
    returns = text.count("\r") - text.count("\r\n") if "\r" in text else 0
    return text.count("\n") + returns
