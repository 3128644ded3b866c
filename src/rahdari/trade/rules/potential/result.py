"""A potential beside what was sold: what is untapped, what share is realised, by market, product or in all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import DataMissing
from rahdari.trade.rules.potential.world import World
from rahdari.trade.values import Amounts, CountryCode, Matrix

# A cell under a dollar a year is rounding, not trade; it is counted in sums and left out of tables.
SHOWN_USD_MIN = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Realised:
    """Sums over the cells whose potential is above 0, in dollars; ``share`` is realised over potential, or None.

    ``actual_usd`` counts only what was sold in these cells (as the Export Potential Map does), ``realised_usd`` of
    it only up to each cell's potential, so that ``realised_usd + untapped_usd`` is ``potential_usd``.
    """

    potential_usd: float
    actual_usd: float
    realised_usd: float
    untapped_usd: float
    share: float | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Potential:
    """What one exporter could sell, importers by products in dollars a year; arrays are read-only.

    ``actual`` is None where nobody told what was sold; then nothing is known to be untapped.
    """

    exporter: CountryCode
    importers: tuple[str, ...]
    products: tuple[str, ...]
    values: Amounts
    actual: Amounts | None

    @classmethod
    def of(cls, world: World, exporter: str, values: Amounts, actual: Matrix | None) -> "Potential":
        """Take over an array that nobody else writes to."""
        values.flags.writeable = False
        return cls(
            exporter=CountryCode(exporter),
            importers=world.importers,
            products=world.products,
            values=values,
            actual=None if actual is None else actual.values,
        )

    @property
    def total_usd(self) -> float:
        """The sum over all markets and products."""
        return float(self.values.sum())

    def untapped(self) -> Amounts:
        """Give max(potential - actual, 0). Raises ``DataMissing`` where nobody told what was sold."""
        untapped: Amounts = np.maximum(self.values - self._actual(), 0.0)
        return untapped

    def realised(self) -> Realised:
        """Sum over all markets and products. Raises ``DataMissing`` where nobody told what was sold."""
        return _summed(self.values.reshape(1, -1), self._actual().reshape(1, -1))[0]

    def by_market(self) -> tuple[Realised, ...]:
        """Sum over products, in the order of ``importers``. Raises ``DataMissing`` as ``realised``."""
        return _summed(self.values, self._actual())

    def by_product(self) -> tuple[Realised, ...]:
        """Sum over markets, in the order of ``products``. Raises ``DataMissing`` as ``realised``."""
        return _summed(self.values.T, self._actual().T)

    def markets_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List the markets, the largest untapped first."""
        return _summed_frame("importer", self.importers, self.by_market(), names)

    def products_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List the products, the largest untapped first."""
        return _summed_frame("product", self.products, self.by_product(), names)

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List the cells of a dollar or more of potential or sales, the largest potential first.

        Columns: exporter, importer, product, names where given, ``potential_usd`` and, where it is known what was
        sold, ``actual_usd``, ``untapped_usd`` and ``realised_share`` (null where there is no potential).
        """
        told = self.values >= SHOWN_USD_MIN
        if self.actual is not None:
            told = told | (self.actual >= SHOWN_USD_MIN)
        rows, columns = np.nonzero(told)
        frame = named(
            pl.DataFrame(
                {
                    "exporter": pl.repeat(self.exporter, len(rows), dtype=pl.String, eager=True),
                    "importer": pl.Series(self.importers, dtype=pl.String).gather(rows),
                    "product": pl.Series(self.products, dtype=pl.String).gather(columns),
                    "potential_usd": self.values[rows, columns],
                }
            ),
            names,
        )
        if self.actual is not None:
            frame = _beside_actual(frame.with_columns(pl.Series("actual_usd", self.actual[rows, columns])))
        return frame.sort("potential_usd", "importer", "product", descending=[True, False, False])

    def _actual(self) -> Amounts:
        if self.actual is None:
            raise DataMissing(
                f"what {self.exporter} sold is not given: without it nothing is known to be untapped"
            )
        return self.actual


def named(frame: pl.DataFrame, names: Mapping[str, str] | None) -> pl.DataFrame:
    """Put ``<side>_name`` behind each column of codes; null where a code has no name."""
    if names is None:
        return frame
    known = pl.DataFrame({"code": list(names), "name": list(names.values())}, schema=_NAMES)
    for side in ("exporter", "importer", "product"):
        if side in frame.columns:
            told = frame.select(pl.col(side).alias("code")).join(
                known, on="code", how="left", maintain_order="left"
            )
            frame.insert_column(frame.columns.index(side) + 1, told["name"].alias(f"{side}_name"))
    return frame


_NAMES = {"code": pl.String, "name": pl.String}


def _beside_actual(frame: pl.DataFrame) -> pl.DataFrame:
    sold, could = pl.col("actual_usd"), pl.col("potential_usd")
    return frame.with_columns(
        pl.max_horizontal(could - sold, pl.lit(0.0)).alias("untapped_usd"),
        pl.when(could > 0).then(pl.min_horizontal(sold, could) / could).alias("realised_share"),
    )


def _summed(values: Amounts, actual: Amounts) -> tuple[Realised, ...]:
    """Sum each row over its cells with potential."""
    sold = np.where(values > 0, actual, 0.0)
    sums = (values.sum(axis=1), sold.sum(axis=1), np.minimum(sold, values).sum(axis=1))
    untapped = np.maximum(values - sold, 0.0).sum(axis=1)
    return tuple(
        Realised(
            potential_usd=could,
            actual_usd=did,
            realised_usd=realised,
            untapped_usd=rest,
            share=min(realised / could, 1.0) if could > 0 else None,
        )
        for could, did, realised, rest in zip(*(one.tolist() for one in (*sums, untapped)), strict=True)
    )


def _summed_frame(
    side: str, codes: tuple[str, ...], sums: tuple[Realised, ...], names: Mapping[str, str] | None
) -> pl.DataFrame:
    columns = {
        "potential_usd": [one.potential_usd for one in sums],
        "actual_usd": [one.actual_usd for one in sums],
        "realised_usd": [one.realised_usd for one in sums],
        "untapped_usd": [one.untapped_usd for one in sums],
        "realised_share": [one.share for one in sums],
    }
    frame = pl.DataFrame(
        {side: codes, **columns}, schema={side: pl.String, **dict.fromkeys(columns, pl.Float64)}
    )
    return named(frame, names).sort("untapped_usd", side, descending=[True, False])
