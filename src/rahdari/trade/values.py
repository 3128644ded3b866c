"""The nouns of trade. Amounts are whole US dollars at current prices, quantities whole kilograms."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadTable

CountryCode = NewType("CountryCode", str)
"""ISO 3166-1 alpha-3 as the release spells it, upper case: ``PAK``."""

ProductCode = NewType("ProductCode", str)
"""Digits of the Harmonized System, leading zeros kept: ``74`` (chapter), ``7403`` (heading), ``740311``."""

Amounts = npt.NDArray[np.float64]

# The world has some 240 customs territories and 6,000 subheadings; a larger side is no trade table.
SIDE_MAX = 20_000


class Level(StrEnum):
    """How finely products are told apart."""

    HS2 = "hs2"
    HS4 = "hs4"
    HS6 = "hs6"

    @property
    def digits(self) -> int:
        """How many digits a code of this level has."""
        return int(self.value[2:])


class Revision(StrEnum):
    """A revision of the Harmonized System; codes of two revisions are never added up."""

    HS92 = "HS92"
    HS96 = "HS96"
    HS02 = "HS02"
    HS07 = "HS07"
    HS12 = "HS12"
    HS17 = "HS17"
    HS22 = "HS22"


@dataclass(frozen=True, slots=True)
class Country:
    """A customs territory; ``number`` is what the release calls it (BACI: M49, with its own exceptions)."""

    code: CountryCode
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class Product:
    """A product of some level and revision."""

    code: ProductCode
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """Where amounts come from, so that a figure can be made again and its owner named.

    ``digest`` is the SHA-256 of the bytes that were read, in hexadecimal.
    """

    name: str
    release: str
    revision: Revision
    digest: str
    attribution: str


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Amounts by two sides, all finite and not negative: ``values[row, column]``, read-only.

    Example:
        >>> exports = Matrix(("PAK", "CHN"), ("74", "26"), [[1.0, 2.0], [3.0, 0.0]])
        >>> exports.of_row("PAK").tolist()
        [1.0, 2.0]

    Raises:
        BadTable: a hole, a negative amount, a name twice, or sides that do not fit the shape.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Amounts

    def __init__(
        self, rows: Sequence[str], columns: Sequence[str], values: npt.ArrayLike, *, what: str = "the table"
    ) -> None:
        """Check and take over; ``what`` names the table in a refusal."""
        amounts = np.array(values, dtype=np.float64)
        for side, names in (("row", rows), ("column", columns)):
            _check_names(names, side, what)
        if amounts.shape != (len(rows), len(columns)):
            raise BadTable(
                f"{what} has {len(rows)} rows and {len(columns)} columns, its values {amounts.shape}"
            )
        _check_amounts(amounts, rows, columns, what)
        amounts.flags.writeable = False
        object.__setattr__(self, "rows", tuple(rows))
        object.__setattr__(self, "columns", tuple(columns))
        object.__setattr__(self, "values", amounts)

    def of_row(self, name: str) -> Amounts:
        """Give one row. Raises ``BadTable`` where there is none of this name."""
        row: Amounts = self.values[_position(self.rows, name)]
        return row

    def of_column(self, name: str) -> Amounts:
        """Give one column. Raises ``BadTable`` where there is none of this name."""
        return self.values[:, _position(self.columns, name)]


def _check_names(names: Sequence[str], side: str, what: str) -> None:
    if len(names) > SIDE_MAX:
        raise BadTable(f"{what} has {len(names)} {side}s, more than {SIDE_MAX}")
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadTable(f"{what} has the {side} {name!r} twice; add its amounts up first")
        seen.add(name)


def _check_amounts(amounts: Amounts, rows: Sequence[str], columns: Sequence[str], what: str) -> None:
    wrong = np.argwhere(~(np.isfinite(amounts) & (amounts >= 0)))
    if len(wrong):
        row, column = wrong[0]
        raise BadTable(
            f"{what} holds {amounts[row, column]} at {rows[row]}, {columns[column]}; an amount is 0 or more"
        )


def _position(names: tuple[str, ...], name: str) -> int:
    try:
        return names.index(name)
    except ValueError:
        raise BadTable(f"there is no {name!r} among the {len(names)} names of this side") from None
