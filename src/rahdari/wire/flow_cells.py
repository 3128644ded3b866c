"""One cell of a trade statistic: text to a whole number of the flow table, or the reason why not.

Amounts are read as decimals and rounded once, half to even, so that two readers of one file agree to the dollar.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from types import MappingProxyType
from typing import Final

from rahdari.wire import flow_table
from rahdari.wire.flow_table import QUANTITY_UNKNOWN, BadRow, RowFault

# A plain or scientific number. Two digits of exponent: 1e99 is refused for its size, 1e999999999 never built.
_NUMBER: Final = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,2})?", re.ASCII)
_WHOLE: Final = re.compile(r"\d{1,9}", re.ASCII)

# How publishers write that nobody knows.
_UNKNOWN: Final = frozenset({"", "NA", "N/A", "null", "None"})


class BadCell(Exception):
    """A cell cannot be taken; the reader of the row makes a ``BadRow`` of it and goes on."""

    def __init__(self, fault: RowFault, column: str, text: str) -> None:
        """Keep what the row's report needs."""
        super().__init__(fault.value)
        self.fault = fault
        self.column = column
        self.text = text[: flow_table.SHOWN_CHARACTERS_MAX]


@dataclass(frozen=True, slots=True)
class Numbering:
    """How a publisher numbers customs territories, and which of its numbers are no single territory.

    ``countries`` gives the alpha-3 code of each number; ``areas`` are groups and leftovers ("areas, not elsewhere
    specified", bunkers, free zones), whose rows belong to no country.
    """

    countries: Mapping[int, str]
    areas: frozenset[int] = frozenset()
    numbers: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(slots=True)
class Complaints:
    """The rows that were not taken: the first of them in full, all of them counted."""

    kept: list[BadRow] = field(default_factory=list)
    total: int = 0

    def add(self, line: int, cell: BadCell) -> None:
        """Take one down."""
        self.total += 1
        if len(self.kept) < flow_table.BAD_ROWS_KEPT_MAX:
            self.kept.append(BadRow(line, cell.fault, cell.column, cell.text))


def whole(text: str, column: str) -> int:
    """Read a number without sign or point. Raises ``BadCell``."""
    if not _WHOLE.fullmatch(text):
        raise BadCell(RowFault.NOT_A_NUMBER, column, text)
    return int(text)


def year(text: str, column: str) -> int:
    """Read a calendar year of four digits. Raises ``BadCell``."""
    if len(text) != 4 or not _WHOLE.fullmatch(text):
        raise BadCell(RowFault.YEAR, column, text)
    found = int(text)
    if not flow_table.YEAR_MIN <= found <= flow_table.YEAR_MAX:
        raise BadCell(RowFault.YEAR, column, text)
    return found


def product(text: str, column: str) -> int:
    """Read six digits of the Harmonized System. Raises ``BadCell``."""
    if len(text) != 6 or not _WHOLE.fullmatch(text):
        raise BadCell(RowFault.PRODUCT, column, text)
    return int(text)


def amount(text: str, column: str, *, unit: int = 1) -> int:
    """Read an amount that must be there, in ``unit`` dollars or kilograms: a whole number, rounded half to even.

    Raises:
        BadCell: it is no number, negative, or beyond ``AMOUNT_MAX``.
    """
    if not _NUMBER.fullmatch(text):
        raise BadCell(RowFault.NOT_A_NUMBER, column, text)
    value = Decimal(text)
    if value < 0:
        raise BadCell(RowFault.NEGATIVE, column, text)
    if value * unit > flow_table.AMOUNT_MAX:
        raise BadCell(RowFault.TOO_LARGE, column, text)
    return int((value * unit).to_integral_value(rounding=ROUND_HALF_EVEN))


def quantity(text: str, column: str, *, unit: int = 1) -> int:
    """Read a weight, or ``QUANTITY_UNKNOWN`` where the publisher has none: an empty cell, NA, or 0 of a weight.

    Raises:
        BadCell: as ``amount``.
    """
    if text in _UNKNOWN:
        return QUANTITY_UNKNOWN
    return amount(text, column, unit=unit)
