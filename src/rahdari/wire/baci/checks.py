"""What a row of a BACI year is measured against, and the whole numbers that come of a good one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from rahdari.wire.flow_table import (
    COLUMNS,
    COUNTRY_NUMBER_MAX,
    PRODUCT_NUMBER_MAX,
    QUANTITY_UNKNOWN,
    RowFault,
    distinct,
)

# Chapters begin at 01: the least six-digit code is 010000.
PRODUCT_NUMBER_MIN: Final = 10_000

# Ten trillion dollars, or tonnes: no single flow comes near, and up to here three decimals survive as a float.
THOUSANDS_MAX: Final = 1e10
AMOUNT_MAX: Final = 10**13

# An amount is v times a thousand; what is left after rounding is the float's own error (below 1e-2 up to
# THOUSANDS_MAX), not a fourth decimal (0.1).
ROUNDING_MAX: Final = 0.05


@dataclass(frozen=True, slots=True)
class Known:
    """What the rows are measured against."""

    year: int
    countries: Collection[int] | None
    products: Collection[int] | None

    def faults(self) -> Iterator[tuple[RowFault, str, pl.Expr]]:
        """Give every check of a row whose numbers could be read, as an expression that is true for a bad one."""
        i, j, k, v, q = (pl.col(letter) for letter in "ijkvq")
        yield RowFault.YEAR, "t", pl.col("t") != self.year
        for letter in "ij":
            yield RowFault.COUNTRY, letter, ~pl.col(letter).is_between(1, COUNTRY_NUMBER_MAX)
        yield RowFault.SAME_COUNTRY, "j", i == j
        yield RowFault.PRODUCT, "k", ~k.is_between(PRODUCT_NUMBER_MIN, PRODUCT_NUMBER_MAX)
        yield RowFault.NEGATIVE, "v", (v * 1000).round() < 0
        # NaN counts as larger than every number in Polars, so these two catch it as well.
        yield RowFault.TOO_LARGE, "v", v > THOUSANDS_MAX
        yield RowFault.TOO_FINE, "v", is_too_fine(v)
        yield RowFault.NEGATIVE, "q", ((q * 1000).round() < 0).fill_null(value=False)
        yield RowFault.TOO_LARGE, "q", (q > THOUSANDS_MAX).fill_null(value=False)

    def faults_by_list(self) -> Iterator[tuple[RowFault, str, pl.Expr]]:
        """Give the checks against the release's own lists."""
        if self.countries is not None:
            for letter in "ij":
                yield RowFault.COUNTRY, letter, ~pl.col(letter).is_in(sorted(self.countries))
        if self.products is not None:
            yield RowFault.PRODUCT, "k", ~pl.col("k").is_in(sorted(self.products))

    def spans(self, frame: pl.DataFrame) -> bool:
        """Tell quickly whether every row of a frame passes ``faults``; holes fail."""
        bounds = {
            "year": (self.year, self.year),
            "exporter": (1, COUNTRY_NUMBER_MAX),
            "importer": (1, COUNTRY_NUMBER_MAX),
            "product": (PRODUCT_NUMBER_MIN, PRODUCT_NUMBER_MAX),
            "value_usd": (0, AMOUNT_MAX),
            "quantity_kg": (QUANTITY_UNKNOWN, AMOUNT_MAX),
        }
        whole = (frame[name].null_count() == 0 for name in bounds)
        least = (frame[name].min() >= span[0] for name, span in bounds.items())  # type: ignore[operator]
        most = (frame[name].max() <= span[1] for name, span in bounds.items())  # type: ignore[operator]
        return all(whole) and all(least) and all(most) and not (frame["exporter"] == frame["importer"]).any()

    def lists_all(self, frame: pl.DataFrame) -> bool:
        """Tell quickly whether the lists name every country and product of a frame of numbers in range."""
        named = (("exporter", self.countries), ("importer", self.countries), ("product", self.products))
        return all(listed is None or set(distinct(frame[name])) <= set(listed) for name, listed in named)


def converted() -> tuple[pl.Expr, ...]:
    """Give the columns of a flow table from ``t, i, j, k, v, q``; a hole in ``q`` stays one."""
    v, q = pl.col("v"), pl.col("q")
    return (
        pl.col("t").cast(COLUMNS["year"], strict=False).alias("year"),
        pl.col("i").alias("exporter"),
        pl.col("j").alias("importer"),
        pl.col("k").alias("product"),
        (v * 1000).round().cast(pl.Int64, strict=False).alias("value_usd"),
        (q * 1000).round().cast(pl.Int64, strict=False).alias("quantity_kg"),
    )


def is_too_fine(thousands: pl.Expr) -> pl.Expr:
    """Tell where thousands of dollars have a fourth decimal, so that no whole dollar is meant."""
    dollars = thousands * 1000
    return (dollars - dollars.round()).abs() > ROUNDING_MAX
