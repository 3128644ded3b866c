"""The one form that every reader of trade flows gives: integer columns, and the rows that could not be taken.

A flow table is a Polars frame of exactly these columns, in this order, without a null:

| column | type | unit |
|---|---|---|
| ``year`` | Int16 | calendar year |
| ``exporter``, ``importer`` | Int32 | number of the customs territory, as the release spells it (BACI: M49) |
| ``product`` | Int32 | the six digits of the Harmonized System as a number: 10121 is ``010121`` |
| ``value_usd`` | Int64 | whole US dollars at current prices |
| ``quantity_kg`` | Int64 | whole kilograms; ``QUANTITY_UNKNOWN`` where nobody knows |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import numpy as np
import polars as pl

from rahdari.wire.errors import MalformedInput

COLUMNS: Final[Mapping[str, type[pl.DataType]]] = MappingProxyType(
    {
        "year": pl.Int16,
        "exporter": pl.Int32,
        "importer": pl.Int32,
        "product": pl.Int32,
        "value_usd": pl.Int64,
        "quantity_kg": pl.Int64,
    }
)

QUANTITY_UNKNOWN: Final = -1

# Customs territories have numbers of three digits (M49); a fourth leaves room for what registries add.
COUNTRY_NUMBER_MAX: Final = 9_999

# Six digits are what the Harmonized System settles; national digits behind them are no part of a release.
PRODUCT_NUMBER_MAX: Final = 999_999

# Statistics of trade by product begin after 1950; a year further ahead than this is a slipped column.
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2200

# Up to here every whole number is exact as a float too; the whole world trades a hundredth of it in a year.
AMOUNT_MAX: Final = 1 << 53

# Rows looked at together: what is computed of them stays in the processor's cache.
BLOCK_ROWS: Final = 1 << 16

# A broken file names enough lines to see the pattern; the total is always counted.
BAD_ROWS_KEPT_MAX: Final = 100

# What is shown of a bad row: enough to find it, too little to flood a log.
SHOWN_CHARACTERS_MAX: Final = 120


class RowFault(StrEnum):
    """Why a row was not taken."""

    COLUMNS = "columns"  # more or fewer fields than the header
    NOT_A_NUMBER = "not_a_number"
    NEGATIVE = "negative"
    TOO_LARGE = "too_large"
    TOO_FINE = "too_fine"  # more decimals than the release has: dollars or kilograms would be cut
    COUNTRY = "country"  # no number of a customs territory, or none that the release lists
    PRODUCT = "product"  # not six digits, or none that the release lists
    YEAR = "year"  # another year than the file's
    DUPLICATE = "duplicate"  # the same exporter, importer and product as an earlier row
    UNKNOWN_CODE = "unknown_code"  # a flow or a classification that the format does not know
    SAME_COUNTRY = "same_country"  # exporter and importer are one: domestic trade is no part of a release


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not taken; ``line`` counts from 1, the header included."""

    line: int
    fault: RowFault
    column: str
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class FlowTable:
    """What a reader took, and what it did not: nothing is dropped in silence.

    ``frame`` has the ``COLUMNS``; ``bad_rows`` are the first ``BAD_ROWS_KEPT_MAX`` of ``bad_rows_total``.
    """

    frame: pl.DataFrame
    bad_rows: tuple[BadRow, ...] = ()
    bad_rows_total: int = 0


def check_columns(frame: pl.DataFrame) -> None:
    """Check that a frame has the form of a flow table: names, order, types, no null.

    Raises:
        MalformedInput: it has not; the message names the first column that differs.
    """
    if frame.columns != list(COLUMNS):
        raise MalformedInput(
            f"a flow table has the columns {', '.join(COLUMNS)}, not {', '.join(frame.columns)}"
        )
    for name, kind in COLUMNS.items():
        if frame.schema[name] != kind:
            raise MalformedInput(
                f"the column {name} is {frame.schema[name]}, a flow table has {kind.__name__}"
            )
        if frame[name].null_count():
            raise MalformedInput(f"the column {name} has {frame[name].null_count()} holes")


def distinct(column: pl.Series) -> list[int]:
    """Give the distinct numbers of a column of small whole numbers, least first."""
    if not len(column):
        return []
    seen = np.zeros(int(column.max()) + 1, dtype=np.bool_)  # type: ignore[arg-type]
    for start in range(0, len(column), BLOCK_ROWS):
        block = column[start : start + BLOCK_ROWS].to_numpy().astype(np.intp)
        differs = block[1:] != block[:-1]
        # Where rows stand in order, one of many neighbours speaks for them.
        is_ordered = np.count_nonzero(differs) * 4 < len(block)
        seen[np.append(block[:-1][differs], block[-1]) if is_ordered else block] = True
    present: list[int] = np.flatnonzero(seen).tolist()
    return present


def flow_keys(frame: pl.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Give one number a row that orders by exporter, importer, product; equal only where all three are."""
    i, j, k = (frame[name].to_numpy().astype(np.int64) for name in ("exporter", "importer", "product"))
    keys: np.ndarray[tuple[int], np.dtype[np.int64]] = (i << 34) | (j << 20) | k
    return keys


def is_in_order(frame: pl.DataFrame) -> bool:
    """Tell whether the rows stand by exporter, importer, product, no two of them with the same three."""
    last = -1
    for start in range(0, len(frame), BLOCK_ROWS):
        keys = flow_keys(frame[start : start + BLOCK_ROWS])
        if keys[0] <= last or not bool((keys[1:] > keys[:-1]).all()):
            return False
        last = int(keys[-1])
    return True
