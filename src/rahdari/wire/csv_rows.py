"""Rows of delimited text from strangers: each with its line, and a limit on everything that can grow.

RFC 4180 as it is met in the wild: UTF-8 with or without a byte order mark, any line end, a comma, a semicolon or a
tab between fields (told from the header). Nothing is guessed beyond that.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from rahdari.wire.errors import MalformedInput, TooLarge

# The largest answer of a publisher is a few hundred megabytes; more belongs into several files.
BYTES_MAX: Final = 512 * 1024 * 1024

# 47 columns with their descriptions make some 8 KiB; a megabyte without a line end is no table.
LINE_CHARACTERS_MAX: Final = 1 << 20

# A quoted description may hold line ends; one that goes on for longer has lost its closing quote.
LINES_OF_ROW_MAX: Final = 64

# The widest table that is known has 47 columns.
COLUMNS_MAX: Final = 256

# What is shown of a strange cell: enough to see what it is, too little to flood a log.
SHOWN_CHARACTERS_MAX: Final = 60

_DELIMITERS: Final = (",", "\t", ";")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row, without the blanks around them; ``line`` is where it begins, the header being 1."""

    line: int
    cells: list[str]


def read_rows(raw: bytes) -> Iterator[Row]:
    """Give the header, then each row that is not blank.

    Raises:
        TooLarge: the whole, a line, a row or a cell exceeds its named maximum.
        MalformedInput: no UTF-8, a NUL, no header, a quote that never ends; the message names the line.
    """
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"the file has {len(raw)} bytes, more than {BYTES_MAX}; split it")
    nul = raw.find(b"\0")
    if nul >= 0:
        raise MalformedInput(
            f"line {_line_at(raw, nul)}: a NUL byte; the file is no text, or not UTF-8: save it as UTF-8"
        )
    lines = _Lines(raw)
    rows = csv.reader(lines, delimiter=_delimiter(raw), strict=True)
    found = False
    try:
        for cells in rows:
            row = Row(lines.begin_next(), list(map(str.strip, cells)))
            if any(row.cells):
                _check_width(row, is_header=not found)
                found = True
                yield row
    except csv.Error as wrong:
        raise MalformedInput(f"line {lines.begins}: no CSV ({wrong})") from None
    if not found:
        raise MalformedInput("line 1: the file is empty; a table begins with a row of column names")


def shown(text: str) -> str:
    """Quote what stands in a cell, cut to what a person needs to find it."""
    cut = text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "..."
    return repr(cut)


class _Lines(Iterator[str]):
    """The lines of a file, with where the present row begins; stops a line or a row that never ends."""

    def __init__(self, raw: bytes) -> None:
        """Read ``raw`` piece by piece: it is never held twice."""
        self._text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8-sig", newline="")
        self._read = 0
        self.begins = 1

    @override
    def __next__(self) -> str:
        """Give the next line with its end."""
        try:
            line = self._text.readline(LINE_CHARACTERS_MAX + 1)
        except UnicodeDecodeError:
            raise MalformedInput(
                f"behind line {self._read}: no UTF-8; save the file as UTF-8 (a spreadsheet calls it CSV UTF-8)"
            ) from None
        if not line:
            raise StopIteration
        self._read += 1
        if len(line) > LINE_CHARACTERS_MAX:
            raise TooLarge(f"line {self._read}: longer than {LINE_CHARACTERS_MAX} characters")
        if self._read - self.begins >= LINES_OF_ROW_MAX:
            raise TooLarge(
                f"line {self.begins}: a row over more than {LINES_OF_ROW_MAX} lines; is a closing quote missing?"
            )
        return line

    def begin_next(self) -> int:
        """Tell where the row began that was just read; the next one begins behind it."""
        began, self.begins = self.begins, self._read + 1
        return began


def _check_width(row: Row, *, is_header: bool) -> None:
    # A row that differs from its header is the caller's to report; a header this wide is no header.
    if is_header and len(row.cells) > COLUMNS_MAX:
        raise TooLarge(f"line {row.line}: {len(row.cells)} columns, more than {COLUMNS_MAX}")


def _delimiter(raw: bytes) -> str:
    header = raw[: 64 * 1024].lstrip().split(b"\n", 1)[0].split(b"\r", 1)[0]
    return max(_DELIMITERS, key=lambda sign: header.count(sign.encode()))


def _line_at(raw: bytes, at: int) -> int:
    return raw.count(b"\n", 0, at) + 1
