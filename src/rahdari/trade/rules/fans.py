"""How wide the future of a path is: percentiles by year, drawn from what has happened to others.

Each draw takes one whole window of the reference class, with the windows' own good and bad years in their order (a
block bootstrap whose block is the horizon), scales it to the start, and adds the projects that the draw lets be
built. So the fan's last year has exactly the spread of the base rate, shocks that lasted keep lasting, and nothing
about the shape of growth is assumed. What it assumes: that the exporter is one of the class, picked blindly; choose
the class (size at the start, period) accordingly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.deflators import Prices
from rahdari.trade.rules.odds import Count, Share, count_of, wilson
from rahdari.trade.rules.paths import Goal
from rahdari.trade.rules.ramps import Project, ramp
from rahdari.trade.rules.windows import Windows
from rahdari.trade.values import Amounts

PERCENTS = (5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0)
DRAWS = 10_000
# A million draws of a century are 0.8 GB; more tells nothing more about some hundred windows.
DRAWS_MAX = 200_000


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """Percentiles of exports by year: ``values_usd[percent, year]``, read-only, and the chance of the target.

    ``reaching`` is the share of draws at or above the target in the target year; its interval tells the error of
    drawing alone. How little the class itself knows is told by ``evidence``.
    """

    years: tuple[int, ...]
    percents: tuple[float, ...]
    values_usd: Amounts
    prices: Prices
    draws: int
    reaching: Share
    evidence: Count

    def to_frame(self) -> pl.DataFrame:
        """Give one row a year and percentile: ``year, percentile, prices, value_usd``."""
        return pl.DataFrame(
            {
                "year": np.repeat(np.array(self.years), len(self.percents)),
                "percentile": list(self.percents) * len(self.years),
                "prices": [self.prices.label] * (len(self.years) * len(self.percents)),
                "value_usd": self.values_usd.T.ravel(),
            }
        )


def fan(
    goal: Goal,
    windows: Windows,
    *,
    generator: np.random.Generator,
    projects: Sequence[Project] = (),
    draws: int = DRAWS,
    percents: Sequence[float] = PERCENTS,
) -> Fan:
    """Draw futures of the goal's exporter from the windows of a reference class.

    Windows with a missing year are passed over. A project is built in a draw with its chance ``completion``,
    independently of others, and then ramps up in full.

    Raises:
        Degenerate: the start is nothing, or no window was reported in every year.
        BadParameter: the windows have another length than the goal, or other prices; too many draws.
    """
    usable = _usable(goal, windows)
    if not 100 <= draws <= DRAWS_MAX:
        raise BadParameter(f"{draws} draws; 100 to {DRAWS_MAX} can be")
    if not percents or any(not 0 <= percent <= 100 for percent in percents):
        raise BadParameter("the percentiles of a fan are percents from 0 to 100")
    picked = generator.integers(len(usable), size=draws)
    futures = goal.start_usd * usable.relative[picked]
    futures += _built(projects, goal, generator=generator, draws=draws)
    values = np.percentile(futures, percents, axis=0)
    values.flags.writeable = False
    return Fan(
        years=goal.calendar,
        percents=tuple(percents),
        values_usd=values,
        prices=goal.prices,
        draws=draws,
        reaching=wilson(float((futures[:, -1] >= goal.target_usd).mean()), draws),
        evidence=count_of(usable),
    )


def chances_by_multiple(goal: Goal, windows: Windows, *, multiples: Sequence[float]) -> Mapping[float, Share]:
    """Tell the share of the class that went from the start to each multiple of it: the fan's end without drawing.

    Raises:
        Degenerate, BadParameter: see ``fan``.
    """
    usable = _usable(goal, windows)
    disjoint = count_of(usable).disjoint
    return {at: wilson(float((usable.relative[:, -1] >= at).mean()), disjoint) for at in multiples}


def _usable(goal: Goal, windows: Windows) -> Windows:
    if goal.start_usd == 0:
        raise Degenerate(
            f"exports of {goal.start_year} are 0; what others' grew by cannot be applied to nothing"
        )
    if windows.rules.years != goal.years:
        raise BadParameter(
            f"the goal lies {goal.years} years ahead, the windows have {windows.rules.years}; find windows as long"
        )
    if windows.prices.base is not goal.prices.base:
        raise BadParameter(
            f"the goal is in {goal.prices.label} prices, the windows in {windows.prices.label}; "
            "nominal growth says nothing of real growth: deflate one of them"
        )
    usable = windows.complete()
    if not len(usable):
        raise Degenerate(f"none of {len(windows)} windows was reported in every year; no path can be drawn")
    return usable


def _built(projects: Sequence[Project], goal: Goal, *, generator: np.random.Generator, draws: int) -> Amounts:
    """Give draws by years: what the projects that are built in a draw add."""
    if not projects:
        return np.zeros((draws, goal.years + 1))
    # In expectation the ramp holds the chance already; a draw has the project whole, or not.
    expected = ramp(projects, goal.calendar).values
    chance = np.array([one.completion for one in projects])
    whole = np.divide(expected, chance[:, None], out=np.zeros_like(expected), where=chance[:, None] > 0)
    built = generator.random((draws, len(projects))) < chance
    added: Amounts = built.astype(np.float64) @ whole
    return added
