"""Year by year from today's exports to a target: by growth, and by a logistic.

A path is what a target asks for, not what will happen; what projects add is told by ``rahdari.trade.rules.ramps``,
how often such a thing has happened by ``rahdari.trade.rules.odds``, how wide the future is by
``rahdari.trade.rules.fans``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.deflators import NOMINAL, Deflator, Prices
from rahdari.trade.values import Amounts

# No plan of a ministry looks further, and e to the power of a growth rate times it stays a number.
HORIZON_YEARS_MAX = 100
# A thousand trillion dollars, some nine times the world's yearly product: a larger amount is a wrong unit.
AMOUNT_USD_MAX = 1e15


class Standing(StrEnum):
    """Whether there is anything to be done."""

    OPEN = "open"
    ALREADY_MET = "already_met"


class PathKind(StrEnum):
    """How the years between are filled."""

    GROWTH = "growth"
    LOGISTIC = "logistic"


@dataclass(frozen=True, slots=True)
class Goal:
    """A target: from ``start_usd`` in ``start_year`` to ``target_usd`` in ``target_year``.

    Raises:
        BadParameter: years that are not whole, a horizon of no years or of too many, an amount that is
            negative, not finite or larger than the world.
    """

    start_year: int
    target_year: int
    start_usd: float
    target_usd: float
    prices: Prices = NOMINAL

    def __post_init__(self) -> None:
        """Check."""
        require_year(self.start_year, "the start year")
        require_year(self.target_year, "the target year")
        if not 1 <= self.years <= HORIZON_YEARS_MAX:
            raise BadParameter(
                f"from {self.start_year} to {self.target_year} is a horizon of {self.years} years; "
                f"a path has 1 to {HORIZON_YEARS_MAX}"
            )
        require_amount(self.start_usd, "the start")
        require_amount(self.target_usd, "the target")

    @property
    def years(self) -> int:
        """The horizon T in years."""
        return self.target_year - self.start_year

    @property
    def standing(self) -> Standing:
        """Tell whether the target is met at the start already."""
        return Standing.ALREADY_MET if self.target_usd <= self.start_usd else Standing.OPEN

    @property
    def multiple(self) -> float:
        """Target over start. Raises ``Degenerate`` where the start is nothing."""
        if self.start_usd == 0:
            raise Degenerate(
                f"exports of {self.start_year} are 0, so no multiple and no growth rate lead to "
                f"{self.target_usd:.0f}; plan it by projects"
            )
        return self.target_usd / self.start_usd

    @property
    def calendar(self) -> tuple[int, ...]:
        """List the years of the path, both ends included."""
        return tuple(range(self.start_year, self.target_year + 1))


@dataclass(frozen=True, slots=True, eq=False)
class YearPath:
    """Amounts year by year, read-only; ``values_usd[t]`` belongs to ``years[t]``."""

    kind: PathKind
    standing: Standing
    years: tuple[int, ...]
    values_usd: Amounts
    prices: Prices = NOMINAL

    def to_frame(self) -> pl.DataFrame:
        """Give ``year, path, prices, value_usd, growth_percent``; the first year's growth is null."""
        before = np.concatenate([[0.0], self.values_usd[:-1]])
        grown = [
            100.0 * (now / was - 1.0) if was > 0 else None
            for now, was in zip(self.values_usd, before, strict=True)
        ]
        return pl.DataFrame(
            {
                "year": self.years,
                "path": [self.kind.value] * len(self.years),
                "prices": [self.prices.label] * len(self.years),
                "value_usd": self.values_usd,
                "growth_percent": pl.Series(grown, dtype=pl.Float64),
            }
        )


@dataclass(frozen=True, slots=True)
class Required:
    """What a goal asks for: ``growth`` a year as a share (0.1746 is 17.46 %) and the whole ``multiple``.

    Where the target is met already, ``growth`` is 0: nothing has to grow.
    """

    standing: Standing
    growth: float
    multiple: float
    years: int


def required(goal: Goal) -> Required:
    """Tell the yearly growth that a goal asks for: (target/start)^(1/T) - 1.

    Raises:
        Degenerate: the start is nothing.
    """
    multiple = goal.multiple
    if goal.standing is Standing.ALREADY_MET:
        return Required(goal.standing, 0.0, multiple, goal.years)
    return Required(goal.standing, math.expm1(math.log(multiple) / goal.years), multiple, goal.years)


def growth_path(goal: Goal) -> YearPath:
    """Give the path of one and the same growth each year: x_t = x0 (xT/x0)^(t/T).

    A target that is met already needs no growth: the path stays where it is, and ``standing`` says so.

    Raises:
        Degenerate: the start is nothing.
    """
    multiple = goal.multiple
    if goal.standing is Standing.ALREADY_MET:
        return _flat(goal, PathKind.GROWTH)
    elapsed = np.arange(goal.years + 1) / goal.years
    values = goal.start_usd * np.exp(math.log(multiple) * elapsed)
    return _between(goal, PathKind.GROWTH, values)


def logistic_path(goal: Goal, *, ceiling_usd: float) -> YearPath:
    """Give the path that slows towards a ceiling K: x_t = K/(1 + ((K-x0)/x0) e^(-rt)).

    r = ln[xT (K-x0) / (x0 (K-xT))]/T, so that the path meets the target in the target year.

    Raises:
        BadParameter: the ceiling is not above the target.
        Degenerate: the start is nothing.
    """
    require_amount(ceiling_usd, "the ceiling")
    if ceiling_usd <= max(goal.target_usd, goal.start_usd):
        raise BadParameter(
            f"a logistic path to {goal.target_usd:.0f} needs a ceiling above target and start, "
            f"not {ceiling_usd:.0f}; raise the ceiling or take the growth path"
        )
    multiple = goal.multiple
    if goal.standing is Standing.ALREADY_MET:
        return _flat(goal, PathKind.LOGISTIC)
    # Logarithms of each part: their product may leave the range of a double, their sum cannot.
    open_then, open_at_last = ceiling_usd - goal.start_usd, ceiling_usd - goal.target_usd
    rate = (math.log(multiple) + math.log(open_then) - math.log(open_at_last)) / goal.years
    elapsed = np.arange(goal.years + 1)
    values = ceiling_usd / (1.0 + open_then / goal.start_usd * np.exp(-rate * elapsed))
    return _between(goal, PathKind.LOGISTIC, values)


def usual_ceiling(goal: Goal, *, multiple: float) -> float:
    """Give so many times the larger of target and start: the ceiling where nobody gave one.

    Raises:
        BadParameter: the target leaves no room above it; the refusal speaks of the target, which was given.
    """
    largest = max(goal.target_usd, goal.start_usd)
    if largest * multiple > AMOUNT_USD_MAX:
        raise BadParameter(
            f"a target or start of {largest:g} dollars leaves no room for a path that slows towards {multiple:g} "
            f"times as much: amounts end at {AMOUNT_USD_MAX:g} dollars, some nine times the world's yearly "
            "product; is the unit right?"
        )
    return multiple * largest


def grown(goal: Goal, *, growth: float) -> Amounts:
    """Give a baseline that grows by one share each year from the goal's start, one amount for each of its years.

    Raises:
        BadParameter: growth below -100 % or above 1000 % a year, or an end larger than the world.
    """
    if not -1.0 <= growth <= 10.0:
        raise BadParameter(f"a growth of {growth} a year is a share from -1 to 10, as 0.05 for 5 %")
    values: Amounts = goal.start_usd * (1.0 + growth) ** np.arange(goal.years + 1, dtype=np.float64)
    require_amount(float(values[-1]), f"the baseline of {goal.target_year}")
    return _frozen(values)


def real_path(path: YearPath, deflator: Deflator) -> YearPath:
    """Give a path in money of the day in prices of the deflator's base year.

    Raises:
        BadParameter: it is in constant prices already.
        DataMissing: the deflator does not hold all its years.
    """
    if path.prices != NOMINAL:
        raise BadParameter(f"the path is in {path.prices.label} prices already")
    values = deflator.real(path.values_usd, path.years)
    return replace(path, values_usd=_frozen(values), prices=deflator.prices)


def in_nominal_and_real(path: YearPath, real: YearPath) -> pl.DataFrame:
    """Put a path in money of the day and the same path in constant prices into one tidy frame."""
    return pl.concat([path.to_frame(), real.to_frame()])


def both_paths(goal: Goal, *, ceiling_usd: float) -> Mapping[PathKind, YearPath]:
    """Give growth and logistic side by side: at the half of ten years they differ by a tenth of the target.

    Raises:
        BadParameter, Degenerate: see ``growth_path`` and ``logistic_path``.
    """
    return {
        PathKind.GROWTH: growth_path(goal),
        PathKind.LOGISTIC: logistic_path(goal, ceiling_usd=ceiling_usd),
    }


def require_year(year: object, what: str) -> None:
    """Refuse what is no whole year of the common era. Raises ``BadParameter``."""
    if type(year) is not int or not 1 <= year <= 9999:
        raise BadParameter(f"{what} is {year!r}; a year is a whole number as 2030")


def require_amount(amount: float, what: str) -> None:
    """Refuse an amount that is negative, not finite or larger than the world. Raises ``BadParameter``."""
    if not 0 <= amount <= AMOUNT_USD_MAX:
        raise BadParameter(f"{what} is {amount} dollars; an amount is 0 to {AMOUNT_USD_MAX:.0e} dollars")


def _flat(goal: Goal, kind: PathKind) -> YearPath:
    values = np.full(goal.years + 1, float(goal.start_usd))
    return YearPath(kind, goal.standing, goal.calendar, _frozen(values), goal.prices)


def _between(goal: Goal, kind: PathKind, values: Amounts) -> YearPath:
    # Both ends are what was asked for, to the dollar, and not what rounding left of it.
    values[0], values[-1] = goal.start_usd, goal.target_usd
    return YearPath(kind, goal.standing, goal.calendar, _frozen(values), goal.prices)


def _frozen(values: Amounts) -> Amounts:
    values.flags.writeable = False
    return values
