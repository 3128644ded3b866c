"""Small tables in CSV whose columns are told by their names: cells with their line, checked one by one.

What three forms of the project share (``country_series``, ``country_distances``, ``product_numbers``): a header
whose order does not matter, codes that are refused rather than guessed at, and numbers that are numbers.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from rahdari.wire import csv_rows
from rahdari.wire.csv_rows import Row, shown
from rahdari.wire.errors import MalformedInput, TooLarge

# A text for people beside a code; it is not looked at.
NAME_COLUMNS: Final = frozenset({"country_name", "exporter_name", "importer_name", "product_name", "source"})

# Nobody published national accounts, or distances, for earlier years; later ones are no projection.
YEAR_MIN: Final = 1800
YEAR_MAX: Final = 2200

_COUNTRY: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,40}\.?\d{0,40}|\.\d{1,40})([eE][+-]?\d{1,3})?", re.ASCII)
_YEAR: Final = re.compile(r"\d{4}", re.ASCII)
_PREFIX: Final = re.compile(r"\d{2}|\d{4}|\d{6}", re.ASCII)

# How publishers write that nobody knows; the World Bank writes two dots.
_UNKNOWN: Final = frozenset({"", "..", "NA", "N/A", "n/a", "null"})


@dataclass(frozen=True, slots=True)
class Cells:
    """One row by the names of its columns; ``line`` is where it begins."""

    line: int
    by_column: Mapping[str, str]

    def country(self, column: str) -> str:
        """Read a code of three letters, strictly: a name, or two letters, is refused and not guessed at."""
        text = self.by_column[column]
        if not _COUNTRY.fullmatch(text):
            raise MalformedInput(
                f"line {self.line}: the {column} is {shown(text)}; it is three capitals of ISO 3166-1, as PAK"
            )
        return text

    def year(self) -> int:
        """Read the year."""
        return year_of(self.by_column["year"], self.line)

    def prefix(self, column: str = "product") -> str:
        """Read digits of the Harmonized System, or ``*`` for all goods, which gives nothing."""
        text = self.by_column[column]
        if text == "*":
            return ""
        if not _PREFIX.fullmatch(text):
            raise MalformedInput(
                f"line {self.line}: the {column} is {shown(text)}; it is 2, 4 or 6 digits of the HS, or * for all "
                "goods (was a leading zero lost?)"
            )
        return text

    def number(self, column: str, *, least: float, most: float, is_least_in: bool = False) -> float | None:
        """Read a number between two bounds; None where the cell says that nobody knows."""
        return number_of(
            self.by_column[column],
            f"line {self.line}: the {column}",
            least=least,
            most=most,
            is_least_in=is_least_in,
        )


def read(raw: bytes, *, needed: Collection[str], allowed: Collection[str], rows_max: int) -> Iterator[Cells]:
    """Give the rows of a table whose header has all ``needed`` columns and else only ``allowed`` ones.

    Raises:
        TooLarge: a limit of ``csv_rows``, or more than ``rows_max`` rows.
        MalformedInput: no such table; the message names the line.
    """
    rows = csv_rows.read_rows(raw)
    columns = header_of(next(rows), needed=needed, allowed=allowed)
    yield from below(rows, columns, rows_max=rows_max)


def header_of(header: Row, *, needed: Collection[str], allowed: Collection[str]) -> tuple[str, ...]:
    """Read the header. Raises ``MalformedInput``."""
    columns = tuple(name.lower() for name in header.cells)
    lacking = [name for name in needed if name not in columns]
    twice = [name for name in columns if columns.count(name) > 1]
    strange = [name for name in columns if name not in {*needed, *allowed, *NAME_COLUMNS}]
    if lacking:
        raise MalformedInput(
            f"line {header.line}: no column {lacking[0]}; there are {shown(', '.join(columns))}"
        )
    if twice:
        raise MalformedInput(f"line {header.line}: the column {shown(twice[0])} stands twice")
    if strange:
        known = ", ".join((*needed, *allowed))
        raise MalformedInput(
            f"line {header.line}: the column {shown(strange[0])} is not known; known are {known}. Leave it out, or "
            "mend its name"
        )
    return columns


def below(rows: Iterator[Row], columns: tuple[str, ...], *, rows_max: int) -> Iterator[Cells]:
    """Give the rows below a header. Raises as ``read``."""
    for count, row in enumerate(rows, 1):
        if count > rows_max:
            raise TooLarge(f"line {row.line}: more than {rows_max} rows; this cannot be the right table")
        if len(row.cells) != len(columns):
            raise MalformedInput(
                f"line {row.line}: {len(row.cells)} cells under {len(columns)} columns; count the commas"
            )
        yield Cells(row.line, dict(zip(columns, row.cells, strict=True)))


def year_of(text: str, line: int) -> int:
    """Read a year. Raises ``MalformedInput``."""
    if not _YEAR.fullmatch(text) or not YEAR_MIN <= int(text) <= YEAR_MAX:
        raise MalformedInput(
            f"line {line}: the year is {shown(text)}; it is four digits, {YEAR_MIN} to {YEAR_MAX}"
        )
    return int(text)


def number_of(text: str, what: str, *, least: float, most: float, is_least_in: bool = False) -> float | None:
    """Read a number above ``least`` (or equal to it, where that is allowed) and up to ``most``; None where unknown.

    Raises:
        MalformedInput: no number, or one outside; ``what`` names line and column.
    """
    if text in _UNKNOWN:
        return None
    if not _NUMBER.fullmatch(text):
        raise MalformedInput(
            f"{what} is {shown(text)}; it is a number with a decimal point and no thousands signs, or empty where "
            "nobody knows"
        )
    value = float(text)
    is_within = value >= least if is_least_in else value > least
    if not (math.isfinite(value) and is_within and value <= most):
        bound = f"{least:g} or more" if is_least_in else f"above {least:g}"
        raise MalformedInput(f"{what} is {shown(text)}; it is {bound}, and at most {most:g}")
    return value
