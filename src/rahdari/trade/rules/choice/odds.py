"""How sure a choice is: gains drawn with common shocks, the odds of a target, the bad cases, what is robust.

A gain is its expected value times ``exp(a W + b S + c P - (a^2 + b^2 + c^2) / 2)`` with independent standard normal
W (the world, one a draw), S (one a draw and sector) and P (one a draw and product): lognormal, of mean 1, so that
shocks spread the gains and do not raise them.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.choice.conflict import refusal
from rahdari.trade.rules.choice.menu import Menu, Picks
from rahdari.trade.rules.choice.model import Numbers, model_of
from rahdari.trade.rules.choice.solver import Effort, relax, solve

# Ten million draws tell a probability to 0.02 per cent; more tells nothing about the world.
DRAWS_MAX = 10_000_000
# Each is a programme to be solved.
REDRAWS_MAX = 2_000
# Draws are made in blocks of so many numbers: 32 MB at a time, whatever is asked for.
BLOCK_NUMBERS = 4_000_000
# A factor of e^3 = 20 either way is no forecast.
SPREAD_MAX = 3.0
# Two-sided 95 % of the normal distribution, for intervals of a drawn share.
_Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Shocks:
    """Standard deviations of the logarithm of gains: common to all, to a sector, and each product's own.

    The defaults are assumptions, not estimates: with them the logarithm of one gain has a standard deviation of
    0.62; those of two products of a sector are correlated with 0.34, of two sectors with 0.11.
    """

    world: float = 0.20
    sector: float = 0.30
    product: float = 0.50

    def __post_init__(self) -> None:
        """Check all three."""
        for name, spread in (("world", self.world), ("sector", self.sector), ("product", self.product)):
            if not 0 <= spread <= SPREAD_MAX:
                raise BadParameter(f"the spread of {name} shocks is {spread}; it is 0 to {SPREAD_MAX:g}")

    @property
    def variance(self) -> float:
        """Give the variance of the logarithm of one product's gain."""
        return self.world**2 + self.sector**2 + self.product**2


@dataclass(frozen=True, slots=True, eq=False)
class Odds:
    """The totals that were drawn, lowest first, in dollars; read-only."""

    totals_usd: Numbers

    @property
    def mean_usd(self) -> float:
        """Give the mean."""
        return float(self.totals_usd.mean())

    def quantile_usd(self, share: float) -> float:
        """Give what is not exceeded in this share of the draws."""
        if not 0 <= share <= 1:
            raise BadParameter(f"a quantile of {share}; it is 0 to 1")
        return float(np.quantile(self.totals_usd, share))

    def tail_mean_usd(self, share: float = 0.05) -> float:
        """Give the mean of the worst ``share`` of the draws: the conditional value at risk, as a gain.

        Source: Rockafellar and Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2 (2000), for
        the definition; here of gains, so that more is better. The draw that the share cuts counts in part.
        """
        return tail_mean(self.totals_usd, share)

    def probability_of(self, target_usd: float) -> tuple[float, float, float]:
        """Give the share of draws that reach a target, and the 95 % interval that the number of draws leaves.

        The interval is Wilson's: it speaks of the drawing alone, not of how wrong the assumed spreads may be.
        """
        count = len(self.totals_usd)
        share = float((self.totals_usd >= target_usd).mean())
        middle = (share + _Z95**2 / (2 * count)) / (1 + _Z95**2 / count)
        half = (
            math.sqrt(share * (1 - share) / count + _Z95**2 / (4 * count**2)) * _Z95 / (1 + _Z95**2 / count)
        )
        return share, min(share, max(0.0, middle - half)), max(share, min(1.0, middle + half))

    def to_frame(self) -> pl.DataFrame:
        """Give the quantiles that a fan chart shows."""
        shares = [0.01, 0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99]
        return pl.DataFrame({"quantile": shares, "gain_usd": [self.quantile_usd(one) for one in shares]})


@dataclass(frozen=True, slots=True, eq=False)
class Robustness:
    """How often each candidate is chosen when the gains are drawn and the choice is made anew.

    ``frequency`` is 0..1 in the order of ``menu.codes``; with fractions allowed it counts the parts.
    """

    menu: Menu
    frequency: Numbers
    draws: int
    is_whole: bool

    def to_frame(self) -> pl.DataFrame:
        """Give a row a candidate, the most robust first."""
        frame = pl.DataFrame(
            {
                "product_code": self.menu.codes,
                "gain_usd": self.menu.gains_usd,
                "selection_frequency": self.frequency,
            }
        )
        return frame.sort("selection_frequency", "gain_usd", "product_code", descending=[True, True, False])


def tail_mean(totals_usd: Numbers, share: float) -> float:
    """Give the mean of the lowest ``share`` of totals; the one that the share cuts counts in part."""
    if not 0 < share <= 1:
        raise BadParameter(f"the worst {share} of the cases; it is above 0 and at most 1")
    ordered = np.sort(totals_usd)
    mass = share * len(ordered)
    whole = min(math.floor(mass), len(ordered))
    part = (mass - whole) * float(ordered[whole]) if whole < len(ordered) else 0.0
    return (math.fsum(ordered[:whole]) + part) / mass


def draw_totals(
    menu: Menu,
    picks: Picks,
    generator: np.random.Generator,
    *,
    shocks: Shocks | None = None,
    draws: int = 10_000,
) -> Odds:
    """Draw the total gain of a choice many times.

    Args:
        menu: What was chosen from.
        picks: What is chosen, in the order of ``menu.codes``.
        generator: Where the draws come from; the same seed gives the same draws.
        shocks: How gains spread.
        draws: How many.

    Raises:
        BadParameter: not 1 to ``DRAWS_MAX`` draws.
    """
    _check_draws(draws, DRAWS_MAX)
    sectors, gains = _sector_numbers(menu)[picks], menu.gains_usd[picks]
    block = max(1, BLOCK_NUMBERS // max(1, len(gains)))
    totals = np.concatenate(
        [
            _factors(sectors, shocks or Shocks(), generator, min(block, draws - start)) @ gains
            for start in range(0, draws, block)
        ]
    )
    totals.sort()
    totals.flags.writeable = False
    return Odds(totals)


def draw_gains(
    menu: Menu, generator: np.random.Generator, *, shocks: Shocks | None = None, draws: int = 200
) -> Numbers:
    """Draw the gains of all candidates: draws x candidates, in dollars.

    Raises:
        BadParameter: no draws, or more numbers than a block holds.
    """
    _check_draws(draws, max(1, BLOCK_NUMBERS // len(menu.candidates)))
    factors = _factors(_sector_numbers(menu), shocks or Shocks(), generator, draws)
    return factors * menu.gains_usd


def find_robust(menu: Menu, gains_usd: Numbers, effort: Effort | None = None) -> Robustness:
    """Make the choice anew for each row of drawn gains and count how often each candidate is in it.

    Without ``effort`` fractions of products may be chosen: one linear programme a draw, some milliseconds. With it
    each draw is a proof of its own. Caps on shares of the gain and the gain to be reached keep to expected gains.

    Raises:
        BadParameter: more draws than ``REDRAWS_MAX``, or gains of another number of candidates.
        Infeasible: no choice keeps the limits.
    """
    _check_draws(len(gains_usd), REDRAWS_MAX)
    model = model_of(menu)
    if gains_usd.shape[1] != model.count:
        raise BadParameter(f"gains of {gains_usd.shape[1]} candidates were drawn for a menu of {model.count}")
    counts = np.zeros(model.count)
    for gains in gains_usd:
        drawn = model.with_gains(gains)
        if effort is None:
            relaxed = relax(drawn)
            found = None if relaxed is None else relaxed.parts[: model.count]
        else:
            best = solve(drawn, effort)
            found = None if best is None else best.picks.astype(np.float64)
        if found is None:
            raise refusal(menu)
        counts += found
    frequency = np.clip(counts / len(gains_usd), 0.0, 1.0)
    frequency.flags.writeable = False
    return Robustness(menu, frequency, len(gains_usd), is_whole=effort is not None)


def _sector_numbers(menu: Menu) -> npt.NDArray[np.intp]:
    place = {sector: at for at, sector in enumerate(menu.sectors)}
    return np.array([place[one.sector] for one in menu.candidates], dtype=np.intp)


def _factors(
    sectors: npt.NDArray[np.intp], shocks: Shocks, generator: np.random.Generator, draws: int
) -> Numbers:
    """Draw factors of mean 1: draws x products."""
    present, place = np.unique(sectors, return_inverse=True)
    factors = generator.standard_normal((draws, len(sectors)))
    factors *= shocks.product
    common = generator.standard_normal((draws, len(present))) * shocks.sector
    common += generator.standard_normal((draws, 1)) * shocks.world - shocks.variance / 2
    factors += common[:, place]
    return np.exp(factors, out=factors)


def _check_draws(draws: int, most: int) -> None:
    if not 1 <= draws <= most:
        raise BadParameter(f"{draws} draws; 1 to {most:,} can be made here")
