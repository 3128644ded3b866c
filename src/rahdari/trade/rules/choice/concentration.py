"""How many eggs in how many baskets: the Herfindahl-Hirschman index of products, sectors and markets."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from rahdari.trade.errors import NothingTraded
from rahdari.trade.rules.choice.optimum import Choice

ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Spread:
    """How a gain divides: ``index`` is the sum of squared shares, 1/n for n equal parts, 1 for one alone."""

    index: float
    largest: str
    largest_share: float

    @property
    def equal_parts(self) -> float:
        """Tell how many equal parts would be as concentrated."""
        return 1 / self.index


@dataclass(frozen=True, slots=True)
class Concentration:
    """Of a choice's gain. ``markets`` is None where no candidate says where its gain goes."""

    products: Spread
    sectors: Spread
    markets: Spread | None

    def to_frame(self) -> pl.DataFrame:
        """Give a row a way to divide."""
        sides = {"product": self.products, "sector": self.sectors, "market": self.markets}
        rows = [
            {
                "by": by,
                "hhi": one.index,
                "equal_parts": one.equal_parts,
                "largest": one.largest,
                "largest_share": one.largest_share,
            }
            for by, one in sides.items()
            if one is not None
        ]
        return pl.DataFrame(rows)


def concentration_of(choice: Choice) -> Concentration:
    """Measure how concentrated a choice's gain is; what goes to no named market counts as one market, elsewhere.

    Raises:
        NothingTraded: the choice brings nothing, so it has no shares.
    """
    if choice.gain_usd <= 0:
        raise NothingTraded("the choice brings no gain: nothing of which a share could be concentrated")
    chosen = [one for one, is_in in zip(choice.menu.candidates, choice.picks, strict=True) if is_in]
    markets = [(market, one.gain_usd * share) for one in chosen for market, share in one.markets.items()]
    rest = choice.gain_usd - math.fsum(amount for _, amount in markets)
    if markets and rest > 1e-9 * choice.gain_usd:
        markets.append((ELSEWHERE, rest))
    return Concentration(
        products=_spread((one.code, one.gain_usd) for one in chosen),
        sectors=_spread((one.sector, one.gain_usd) for one in chosen),
        markets=_spread(markets) if markets else None,
    )


def _spread(parts: Iterable[tuple[str, float]]) -> Spread:
    sums: dict[str, float] = {}
    for name, amount in parts:
        sums[name] = sums.get(name, 0.0) + amount
    shares = _shares(sums)
    largest = max(sorted(shares), key=lambda name: shares[name])
    return Spread(math.fsum(one**2 for one in shares.values()), largest, shares[largest])


def _shares(sums: Mapping[str, float]) -> dict[str, float]:
    total = math.fsum(sums.values())
    return {name: amount / total for name, amount in sums.items()}
