"""How concentrated amounts are: the Lorenz curve, Gini's coefficient, and how few products give 80 %."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.values import SIDE_MAX, Amounts

# Sums of many amounts differ from the whole in the last digits; a share counts as reached but for these.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Lorenz:
    """Amounts from the largest to the smallest, with their running share; arrays read-only.

    ``gini`` counts the products with an amount alone, ``gini_of_all`` those without one as well. Both are 0 for
    equal amounts and approach 1 where one product has all.
    """

    codes: tuple[str, ...]
    amounts_usd: Amounts
    running_share: Amounts
    gini: float
    gini_of_all: float
    hhi: float

    @property
    def traded(self) -> int:
        """Count the products with an amount."""
        return int((self.amounts_usd > 0).sum())

    def fewest(self, share: float = 0.8) -> int:
        """Count the fewest products that together give so much. Raises ``BadParameter`` outside 0 to 1."""
        if not 0 < share <= 1:
            raise BadParameter(f"a share of {share}; it is above 0 and up to 1, as 0.8")
        return int(np.searchsorted(self.running_share, share - ROUNDING) + 1)

    def to_frame(self, *, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a product, largest first; ``products_share`` and ``running_share`` are the Pareto curve."""
        count = len(self.codes)
        return pl.DataFrame(
            {
                "rank": range(1, count + 1),
                "product_code": self.codes,
                "product_name": pl.Series([(names or {}).get(one) for one in self.codes], dtype=pl.String),
                "value_usd": self.amounts_usd,
                "share": self.amounts_usd / self.amounts_usd.sum(),
                "running_share": self.running_share,
                "products_share": np.arange(1, count + 1) / count,
            }
        )


def lorenz(codes: Sequence[str], amounts_usd: Amounts) -> Lorenz:
    """Order amounts and measure their concentration.

    Gini's coefficient is sum over i of (2i - n - 1) x_i / (n sum x), the amounts in rising order (textbook form).

    Raises:
        BadParameter: codes and amounts differ in number, there are too many, or an amount is negative or no number.
        NothingTraded: all amounts are 0.
    """
    amounts = np.asarray(amounts_usd, dtype=np.float64)
    if amounts.shape != (len(codes),) or len(codes) > SIDE_MAX:
        raise BadParameter(
            f"{len(codes)} codes and amounts of shape {amounts.shape}; at most {SIDE_MAX} of each"
        )
    if not (np.isfinite(amounts) & (amounts >= 0)).all():
        raise BadParameter("an amount is negative or no number; the curve is of amounts of 0 or more")
    total = float(amounts.sum())
    if total <= 0:
        raise NothingTraded("all amounts are 0, so there is no concentration to be seen")
    order = sorted(range(len(codes)), key=lambda at: (-amounts[at], codes[at]))
    ordered = amounts[order]
    running = np.minimum(np.cumsum(ordered) / total, 1.0)
    for array in (ordered, running):
        array.flags.writeable = False
    return Lorenz(
        codes=tuple(codes[at] for at in order),
        amounts_usd=ordered,
        running_share=running,
        gini=_gini(ordered[ordered > 0]),
        gini_of_all=_gini(ordered),
        hhi=float(((ordered / total) ** 2).sum()),
    )


def _gini(falling: Amounts) -> float:
    count = len(falling)
    weights = 2 * np.arange(count, 0, -1) - count - 1
    return float(weights @ (falling / falling.sum())) / count
