"""Reading a BACI year: swiftly as CEPII spells it, quickly where nothing is wrong, carefully where something is."""

import re
from collections.abc import Collection
from typing import Final

import polars as pl

from rahdari.wire.baci.careful import read_carefully
from rahdari.wire.baci.checks import Known, converted, is_too_fine
from rahdari.wire.baci.swift import Walk, read_swiftly
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_table import QUANTITY_UNKNOWN, SHOWN_CHARACTERS_MAX, FlowTable, flow_keys, is_in_order

# The largest year so far has 12 million rows and 500 MB; twice that leaves room for a decade.
YEAR_BYTES_MAX: Final = 1 << 30

# The header of a yearly file is one line of six letters.
HEADER_BYTES_MAX: Final = 1_000

_LETTERS: Final = ("t", "i", "j", "k", "v", "q")
_TYPES: Final[dict[str, type[pl.DataType]]] = {
    "t": pl.Int32,
    "i": pl.Int32,
    "j": pl.Int32,
    "k": pl.Int32,
    "v": pl.Float64,
    "q": pl.String,
}


def read_year(
    raw: bytes,
    *,
    year: int,
    countries: Collection[int] | None = None,
    products: Collection[int] | None = None,
    walk: Walk = map,
) -> FlowTable:
    """Read a yearly file: every good row in the file's order, every bad row with its line and reason.

    ``v`` becomes whole dollars exactly (a fourth decimal is a fault); ``q`` is rounded to whole kilograms.

    Args:
        raw: the file, UTF-8, at most ``YEAR_BYTES_MAX`` bytes.
        year: the file's year, from its name; a row of another year is bad.
        countries: the numbers that the release lists; None to take any.
        products: the codes that the release lists, as numbers; None to take any.
        walk: what applies a function to the file's blocks: that of a pool of threads uses several processors.

    Raises:
        MalformedInput: no such file at all: another header, not UTF-8, an open quote, no row.
        TooLarge: more than ``YEAR_BYTES_MAX`` bytes.
    """
    if len(raw) > YEAR_BYTES_MAX:
        raise TooLarge(f"a BACI year of {len(raw)} bytes exceeds {YEAR_BYTES_MAX}; this is no BACI file")
    order = _read_header(raw)
    known = Known(year, countries, products)
    table = read_swiftly(raw, known, walk) or _read_quickly(raw, order, known)
    return table if table is not None else read_carefully(raw, order, known)


def _read_header(raw: bytes) -> list[str]:
    line = re.split(rb"\r\n|\n|\r", raw[:HEADER_BYTES_MAX], maxsplit=1)[0]
    names = [
        name.strip().strip('"').lower() for name in line.decode("utf-8-sig", errors="replace").split(",")
    ]
    if sorted(names) != sorted(_LETTERS):
        told = ", ".join(names)[:SHOWN_CHARACTERS_MAX]
        raise MalformedInput(f"line 1: a BACI year has the columns {', '.join(_LETTERS)}, not {told}")
    return names


def _read_quickly(raw: bytes, order: list[str], known: Known) -> FlowTable | None:
    """Read a file without a fault with all processors; None where there is anything to look at."""
    text = pl.col("q").str.strip_chars_start(" ")
    rows = pl.scan_csv(raw, schema={letter: _TYPES[letter] for letter in order})
    numbers = rows.with_columns(
        text.cast(pl.Float64, strict=False).alias("q"), (text == "NA").alias("unknown")
    )
    # What is not finite does not become a whole number, and so leaves a hole behind.
    holes = pl.col("value_usd").is_null() | (pl.col("quantity_kg").is_null() & ~pl.col("unknown"))
    table = numbers.select(*converted(), "unknown", is_too_fine(pl.col("v")).alias("fine"))
    doubts = table.with_columns((holes | pl.col("fine")).alias("doubt")).drop("unknown", "fine")
    try:
        frame = doubts.collect(engine="streaming")
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # Polars 2.1 panics on a field that is one quote alone; the careful reader has a word for it.
        return None
    # An empty q makes its own doubt a hole: such a row is looked at too.
    if not len(frame) or frame["doubt"].null_count() or frame["doubt"].any():
        return None
    frame = frame.drop("doubt").with_columns(pl.col("quantity_kg").fill_null(QUANTITY_UNKNOWN))
    good = known.spans(frame) and known.lists_all(frame) and _is_each_once(frame)
    return FlowTable(frame) if good else None


def _is_each_once(frame: pl.DataFrame) -> bool:
    # A release stands in this order already; then a look at neighbours is enough.
    if is_in_order(frame):
        return True
    keys = flow_keys(frame)
    keys.sort()
    return bool((keys[1:] != keys[:-1]).all())
