"""Text files: the encoding, the lines, the delimiter of a CSV, and the line that is its header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import BinaryIO

from aggregator.errors import TooLarge, UnreadableInput
from aggregator.inputs.column_matching import Matcher
from aggregator.inputs.table import LONGEST_LINE, MOST_COLUMNS, Options, shortened

_SAMPLE_BYTES = 1024 * 1024
_HEAD = 4096
_FALLBACK = "windows-1252"
_EXAMPLES = "utf-8, utf-16, windows-1252, iso-8859-15, shift_jis"

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""The longer first: the mark of UTF-32 begins like the one of UTF-16."""

_NO_ENCODINGS_OF_FILES = {"idna", "punycode", "raw-unicode-escape", "unicode-escape", "undefined"}
_READ_BYTES = 64 * 1024
_MARK = "\ufeff"
_MARKS = ("'", '="', "=“")
"""What programs put around a text to keep Excel from reading a formula or a number."""

SEARCHED = 30
"""Lines in which the header is looked for."""

CANDIDATES = (",", ";", "\t", "|")
_HEADER_TEXT = 4_000_000
_LONGEST_SHOWN = 200
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n\x00])\1*"?\s*', re.IGNORECASE)
_BLANK = re.compile(r'[\s,;|"]*')


def find_encoding(file: BinaryIO, declared: str | None) -> tuple[str, str | None]:
    """The name of a file's encoding, and a note when it is a guess.

    Raises UnreadableInput when the declared one is unknown.
    """
    if declared is not None:
        return _known(declared), None
    file.seek(0)
    head = file.read(_HEAD)
    for mark, name in _BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name, None
    wide = unmarked_utf16(head)
    if wide is not None:
        return wide, f"The file looks like UTF-16 without a byte order mark and was read as {wide}."
    if _is_utf8(file):
        return "utf-8", None
    return _FALLBACK, (
        f"The file is not UTF-8. It was read as {_FALLBACK}, which is a guess. If characters are wrong, "
        "set the encoding, for example encoding=windows-1250."
    )


def unmarked_utf16(head: bytes) -> str | None:
    """The order of bytes in UTF-16 without a mark, by the zeros that ASCII characters have in it."""
    first, second = head[0::2].count(0), head[1::2].count(0)
    enough = len(head) // 10
    if second > enough and first * 10 <= second:
        return "utf-16-le"
    return "utf-16-be" if first > enough and second * 10 <= first else None


def _known(name: str) -> str:
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError):
        info = None
    is_text = info is not None and getattr(info, "_is_text_encoding", True)
    if info is None or not is_text or info.name.replace("_", "-") in _NO_ENCODINGS_OF_FILES:
        raise UnreadableInput(f"The encoding {name[:40]!r} is unknown; known are, among others: {_EXAMPLES}.")
    return info.name


def _is_utf8(file: BinaryIO) -> bool:
    """Read the whole file once, because an é may stand on the last line alone."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(_SAMPLE_BYTES):
            decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


class TooMuchText(Exception):
    """The text is longer than `max_characters`."""


class TextLines:
    """The lines of a file: LF, CR LF and CR end one, as in the files of every system.

    characters_read, lines_read: so far; max_characters: how many may be read, None for any number.
    holds_nul, holds_marks: whether a NUL character, or an apostrophe or ="…", was among them. Iterating
    begins anew at the first line. Raises TooLarge for a line that is too long, without reading it to its
    end, and UnreadableInput for what is not in the encoding.
    """

    def __init__(self, file: BinaryIO, encoding: str, is_guess: bool = False) -> None:
        self._file = file
        self._encoding = encoding
        self._is_guess = is_guess
        self.characters_read = self.lines_read = 0
        self.max_characters: int | None = None
        self.holds_nul = self.holds_marks = False

    def __iter__(self) -> Iterator[str]:
        self.characters_read = self.lines_read = 0
        return chain.from_iterable(io.StringIO(piece, newline="") for piece in self._pieces())

    def _pieces(self) -> Iterator[str]:
        """The text in pieces of whole lines."""
        self._file.seek(0)
        decoder = codecs.getincrementaldecoder(self._encoding)()
        rest, mark = "", _MARK
        while data := self._file.read(_READ_BYTES):
            text = rest + self._decoded(decoder, data, rest).removeprefix(mark)
            mark = mark if not text else ""
            end = max(text.rfind("\n"), text.rfind("\r", 0, -1)) + 1
            if len(text) > LONGEST_LINE:
                self._refuse_long_first_line(text)
            rest = text[end:]
            if end:
                yield self._counted(text[:end])
        rest += self._decoded(decoder, b"", rest)
        if rest:
            yield self._counted(rest)

    def _decoded(self, decoder: codecs.IncrementalDecoder, data: bytes, before: str) -> str:
        try:
            return decoder.decode(data, not data)
        except UnicodeError as error:
            what = "text that cannot be read"
            if isinstance(error, UnicodeDecodeError):
                before += error.object[: error.start].decode(self._encoding, "replace")
                what = f"the byte 0x{error.object[error.start]:02X}, which cannot be read"
            raise UnreadableInput(
                f"Line {self.lines_read + line_ends(before) + 1:,} contains {what} as {self._encoding}"
                + (", a guess because the file is not UTF-8. " if self._is_guess else ". ")
                + "Save the file as UTF-8, or set its encoding, for example encoding=windows-1250."
            ) from None

    def _refuse_long_first_line(self, text: str) -> None:
        first = io.StringIO(text, newline="").readline().rstrip("\r\n")
        if len(first) > LONGEST_LINE:
            raise TooLarge(f"Line {self.lines_read + 1:,} is longer than {LONGEST_LINE:,} characters.")

    def _counted(self, piece: str) -> str:
        self.characters_read += len(piece)
        self.lines_read += line_ends(piece) + (piece[-1] not in "\r\n")
        if self.max_characters is not None and self.characters_read > self.max_characters:
            raise TooMuchText
        self.holds_nul = self.holds_nul or "\x00" in piece
        self.holds_marks = self.holds_marks or any(mark in piece for mark in _MARKS)
        return piece


def line_ends(text: str) -> int:
    """How many lines end in a text."""
    returns = text.count("\r") - text.count("\r\n") if "\r" in text else 0
    return text.count("\n") + returns


@dataclass(frozen=True, slots=True)
class HeaderLine:
    """line: from 1; skipped: number and text of the lines above it that are not blank.

    has_spaces: whether spaces stand between a delimiter and a quote, as in `1, "a, b"`.
    """

    line: int
    delimiter: str
    has_spaces: bool
    skipped: Sequence[tuple[int, str]]


def check_delimiter(delimiter: str) -> None:
    """Raises UnreadableInput for what cannot be a delimiter."""
    if len(delimiter) != 1 or delimiter in '"\r\n\x00':
        raise UnreadableInput("The delimiter is one character, such as , or ; or a tab.")


def find_header(lines: TextLines, matcher: Matcher, options: Options) -> HeaderLine:
    """The line with the most wanted columns among the first, and the delimiter that makes most of them.

    A line below the first needs two of them, or all that are required: a title may hold one by chance.
    Raises UnreadableInput for a declared line that is blank or not there, and for a delimiter that is none.
    """
    if options.delimiter is not None:
        check_delimiter(options.delimiter)
    begins = options.header_line or 1
    window = _window(lines, begins)
    separator = _SEPARATOR_LINE.fullmatch(window[0]) if window and begins == 1 else None
    delimiter = options.delimiter or (separator[1] if separator else None)
    delimiters = CANDIDATES if delimiter is None else (delimiter,)
    filled = [
        index
        for index, text in enumerate(window)
        if not (_BLANK.fullmatch(text) or (separator and index == 0))
    ]
    if options.header_line is not None:
        if not filled or filled[0] != 0:
            raise UnreadableInput(f"Line {begins:,} cannot be the header: it is blank, or not in the file.")
        filled = filled[:1]

    spaced = {each: _has_spaces(window, each) for each in delimiters}
    indexes = [index for index in filled if index < SEARCHED] or filled[:1] or [1 if separator else 0]
    candidates = (
        (index, [(each, _row(window, index, each, spaced[each])) for each in delimiters]) for index in indexes
    )
    header, delimiter = _best(matcher, candidates)
    above = [index for index in filled if index < header]
    skipped = [(begins + index, shortened(window[index].strip(), _LONGEST_SHOWN)) for index in above]
    return HeaderLine(begins + header, delimiter, spaced[delimiter], skipped)


def best_row(matcher: Matcher, rows: Sequence[Sequence[str]]) -> int:
    """The index of the row that is the header: the first with the most wanted columns.

    A row below the first needs two of them, or all that are required.
    """
    return _best(matcher, ((index, [("", row)]) for index, row in enumerate(rows)))[0]


def _best(
    matcher: Matcher, candidates: Iterable[tuple[int, Sequence[tuple[str, Sequence[str]]]]]
) -> tuple[int, str]:
    """The index of the header and its delimiter. candidates: indexes with the cells by each delimiter."""
    most, best = -1, (0, "")
    for index, splits in candidates:
        columns, _, delimiter = max(
            ((matcher.found(cells[:MOST_COLUMNS]), len(cells), each) for each, cells in splits),
            key=lambda fit: (len(fit[0]), fit[1]),
        )
        if len(columns) > most and (most < 0 or matcher.is_header(columns)):
            most, best = len(columns), (index, delimiter)
            if matcher.is_complete(columns):
                break
    return best


def _window(lines: TextLines, begins: int) -> list[str]:
    """The lines in which the header may begin, and as many more, in which it may end."""
    lines.max_characters = None if begins > 1 else _HEADER_TEXT
    window: list[str] = []
    try:
        window.extend(islice(lines, begins - 1, begins - 1 + 2 * SEARCHED))
    except TooMuchText:
        pass
    except (TooLarge, UnreadableInput):
        # A fault in a later line is reported when that line is read.
        if not window:
            raise
    return window


def _has_spaces(window: Sequence[str], delimiter: str) -> bool:
    sign = re.escape(delimiter)
    quoted = re.compile(rf'{sign} +"(?:[^"]|"")*+" *(?:{sign}|[\r\n]|$)')
    return delimiter != " " and any(map(quoted.search, window))


def _row(window: Sequence[str], index: int, delimiter: str, has_spaces: bool) -> list[str]:
    rows = csv.reader(window[index:], delimiter=delimiter, strict=True, skipinitialspace=has_spaces)
    try:
        return next(rows, [])
    except csv.Error:
        return []
