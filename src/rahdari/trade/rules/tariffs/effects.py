"""The effects of a change of tariffs on one market, and what follows from them: revenue, welfare, tidy tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.values import Amounts, Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectTotals:
    """Sums over origins and products, in dollars; diversion nets to zero, ``diverted_usd`` is what moved."""

    imports_usd: float
    creation_usd: float
    diverted_usd: float
    price_effect_usd: float
    revenue_before_usd: float
    revenue_change_usd: float
    welfare_usd: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TariffEffects:
    """What the change does, origins by products, read-only: dollars, but ``price_change``, a fraction of the price.

    ``floored`` counts the cells in which the linear form of creation would have taken more than is sold.
    """

    importer: str
    imports: Matrix
    before: Amounts
    after: Amounts
    creation: Amounts
    diversion: Amounts
    price_change: Amounts
    floored: int

    def __post_init__(self) -> None:
        """Close the arrays: an answer is not changed after it was given."""
        for array in (self.before, self.after, self.creation, self.diversion, self.price_change):
            array.flags.writeable = False

    @property
    def price_effect(self) -> Amounts:
        """What exporters get more for what they sold already, in dollars."""
        effect: Amounts = self.imports.values * self.price_change
        return effect

    @property
    def revenue_change(self) -> Amounts:
        """What the treasury gets more: sum of t1 (M + TC + TD) - t0 M."""
        bought = self.imports.values
        change: Amounts = self.after * (bought + self.creation + self.diversion) - self.before * bought
        return change

    @property
    def welfare(self) -> Amounts:
        """What buyers gain by creation: (t0 + t1)/2 TC. Textbook form, not checked against a primary document."""
        welfare: Amounts = (self.before + self.after) / 2 * self.creation
        return welfare

    def totals(self) -> EffectTotals:
        """Sum over origins and products."""
        bought = self.imports.values
        return EffectTotals(
            imports_usd=float(bought.sum()),
            creation_usd=float(self.creation.sum()),
            diverted_usd=float(np.maximum(self.diversion, 0).sum()),
            price_effect_usd=float(self.price_effect.sum()),
            revenue_before_usd=float((self.before * bought).sum()),
            revenue_change_usd=float(self.revenue_change.sum()),
            welfare_usd=float(self.welfare.sum()),
        )

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List what is touched: a row for each origin and product that is sold, the largest creation first."""
        rows, columns = np.nonzero(self.imports.values)
        frame = pl.DataFrame(
            {
                "importer": np.repeat(self.importer, len(rows)).tolist(),
                "exporter": [self.imports.rows[row] for row in rows],
                "product": [self.imports.columns[column] for column in columns],
            },
            schema={"importer": pl.String, "exporter": pl.String, "product": pl.String},
        )
        if names is not None:
            told = pl.Series("product_name", [names.get(code) for code in frame["product"]], dtype=pl.String)
            frame = frame.with_columns(told)
        return frame.with_columns(pl.Series(name, array[rows, columns]) for name, array in self._told()).sort(
            "creation_usd", "exporter", "product", descending=[True, False, False]
        )

    def _told(self) -> tuple[tuple[str, Amounts], ...]:
        return (
            ("imports_usd", self.imports.values),
            ("tariff_before_percent", self.before * 100),
            ("tariff_after_percent", self.after * 100),
            ("creation_usd", self.creation),
            ("diversion_usd", self.diversion),
            ("price_change_percent", self.price_change * 100),
            ("price_effect_usd", self.price_effect),
            ("revenue_change_usd", self.revenue_change),
            ("welfare_usd", self.welfare),
        )
