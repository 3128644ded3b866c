"""Tables of needs from CSV files: what a million dollars of further exports takes of each scarce resource."""

import csv
import io
from pathlib import Path
from typing import Final

from rahdari.app.files import read_limited
from rahdari.trade import BadParameter, BadTradeFile, Need, Needs

COLUMNS: Final = ("resource", "prefix", "per_million_usd", "fixed")
# Fifty thousand rows of some twenty bytes; anything larger is another file.
FILE_BYTES_MAX: Final = 4 << 20


def read_needs(path: Path) -> Needs:
    """Read a table of needs; its name is the file's. An empty prefix is for everything, an empty amount is 0.

    Raises:
        BadTradeFile: a line is not what it must be; the message names it and the reason.
        BadFile, FolderFailed: the file is too large, or cannot be read.
    """
    raw = read_limited(path, size_bytes_max=FILE_BYTES_MAX)
    try:
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as wrong:
        raise BadTradeFile(f"{path.name}: no CSV in UTF-8 ({wrong}); save it so") from None
    if not rows or tuple(rows[0][1]) != COLUMNS:
        raise BadTradeFile(f"{path.name} line 1: the columns of a table of needs are {','.join(COLUMNS)}")
    try:
        return Needs(rows=tuple(_need(path, line, row) for line, row in rows[1:]), name=path.name)
    except BadParameter as wrong:
        raise BadTradeFile(f"{path.name}: {wrong.message}") from None


def _need(path: Path, line: int, row: list[str]) -> Need:
    where = f"{path.name} line {line}"
    if len(row) != len(COLUMNS) or not row[0]:
        raise BadTradeFile(
            f"{where}: {len(row)} cells; a need has a resource and {len(COLUMNS) - 1} cells more"
        )
    resource, prefix, per_million, fixed = row
    if prefix and not (prefix.isascii() and prefix.isdigit() and len(prefix) <= 6):
        raise BadTradeFile(
            f"{where}: {prefix[:20]!r} is no beginning of a product code; write up to six digits"
        )
    try:
        return Need(
            resource=resource, prefix=prefix, per_million_usd=float(per_million or 0), fixed=float(fixed or 0)
        )
    except (ValueError, BadParameter) as wrong:
        raise BadTradeFile(f"{where}: {wrong}; amounts are numbers, 0 or more") from None
