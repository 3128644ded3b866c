"""The sums by country and product that a cache keeps beside its flows, so that the usual question reads a tenth.

They are made once, of the very rows that are written, when a release is read; a cache without them answers the same
from its flows.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadTradeFile
from rahdari.wire.flow_table import BLOCK_ROWS, COUNTRY_NUMBER_MAX, PRODUCT_NUMBER_MAX

# A sum is a whole number of 63 bits; half of that leaves room for the float's error in telling. All countries
# together trade a hundred-thousandth of it in a year.
YEAR_USD_MAX: Final = float(1 << 62)

SIDES: Final[Mapping[str, str]] = {"exporter": "exports_usd", "importer": "imports_usd"}
"""The columns of sums, by the side of a flow that they are summed for."""


def sums_of(
    year: int, frame: pl.DataFrame, countries: set[int], products: set[int]
) -> dict[str, npt.NDArray[np.integer]]:
    """Add up a year's flow table to whole dollars for each country and product that traded.

    Gives the columns ``year``, ``country``, ``product``, ``exports_usd``, ``imports_usd``, ordered by country and
    product; ``countries`` and ``products`` are the numbers that stand in the frame.

    Raises:
        BadTradeFile: the year's amounts together are more than a whole number of the cache holds.
    """
    if (frame["value_usd"].cast(pl.Float64).sum() or 0.0) >= YEAR_USD_MAX:
        raise BadTradeFile(f"{year}: the amounts add up to more than {YEAR_USD_MAX:.0e} dollars")
    rows, columns = (np.array(sorted(one), np.int64) for one in (countries, products))
    row_at, column_at = _places(rows, COUNTRY_NUMBER_MAX), _places(columns, PRODUCT_NUMBER_MAX)
    totals = np.zeros((len(SIDES), len(rows) * len(columns)), np.int64)
    for start in range(0, len(frame), BLOCK_ROWS):
        block = frame[start : start + BLOCK_ROWS]
        places, dollars = column_at.take(block["product"].to_numpy()), block["value_usd"].to_numpy()
        for side, total in zip(SIDES, totals, strict=True):
            np.add.at(total, row_at.take(block[side].to_numpy()) * len(columns) + places, dollars)
    traded = np.flatnonzero(totals.any(axis=0))
    row, column = np.divmod(traded, max(1, len(columns)))
    return {
        "year": np.full(len(traded), year, np.int16),
        "country": rows[row].astype(np.int32),
        "product": columns[column].astype(np.int32),
        **dict(zip(SIDES.values(), totals[:, traded], strict=True)),
    }


def _places(numbers: npt.NDArray[np.int64], most: int) -> npt.NDArray[np.int64]:
    places = np.zeros(most + 1, np.int64)
    places[numbers] = np.arange(len(numbers))
    return places
