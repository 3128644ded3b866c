"""What is put to the test: trials, scores from the past alone, and the two scores that need no method."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter, BadTable, UnknownYear
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.backtest.ranks import Flags
from rahdari.trade.values import Amounts, CountryCode, Level, Matrix


class Asked(StrEnum):
    """What was to be told."""

    GAIN = "gain_usd"
    GROWTH = "growth"
    ENTERED = "entered"


class Simple(StrEnum):
    """The scores that need no method."""

    CURRENT_SIZE = "current_size"
    PAST_GROWTH = "past_growth"


@dataclass(frozen=True, slots=True)
class Trial:
    """One test: scores of what was known at the end of ``origin`` against ``horizon`` years later.

    Without ``exporter`` the cells are exporters by products; with one they are its markets by products.
    ``mean_years`` is how many years end in the origin, and in the later year, that are averaged on either side: one
    shipload is no trend. ``top_share`` is which share of the best outcomes counts as a hit for the precision.
    ``entry_usd`` is, with an exporter, from which amount on it has entered a market; without one, entering is a
    revealed comparative advantage that rises from below 1 to 1 or more.
    """

    origin: int
    horizon: int
    level: Level = Level.HS6
    exporter: CountryCode | None = None
    mean_years: int = 1
    top_share: float = 0.1
    entry_usd: float = 1e5

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if type(self.horizon) is not int or not 1 <= self.horizon <= 100:
            raise BadParameter(f"a horizon of {self.horizon!r} years; 1 to 100 whole years can be")
        if type(self.mean_years) is not int or not 1 <= self.mean_years <= min(self.horizon, 10):
            raise BadParameter(
                f"means of {self.mean_years!r} years; 1 to 10 can be, and not above the horizon of {self.horizon}"
            )
        if not 0 < self.top_share < 1 or not 0 < self.entry_usd < float("inf"):
            raise BadParameter("the share of hits lies between 0 and 1, the amount of an entry above 0")


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """A score for each cell, ``values[row, column]``, higher is better; ``is_known`` tells where there is one.

    Raises:
        BadTable: the shapes differ, or a score that is said to be known is not finite.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: Amounts
    is_known: Flags

    def __post_init__(self) -> None:
        """Check."""
        shape = (len(self.rows), len(self.columns))
        if self.values.shape != shape or self.is_known.shape != shape:
            raise BadTable(f"scores of {self.values.shape} and {self.is_known.shape} for a table of {shape}")
        if not np.isfinite(self.values[self.is_known]).all():
            raise BadTable("a score that is said to be known is not finite; mark it as unknown")


Scorer = Callable[[FlowBook, Trial], Scores]
"""Scores from a book that ends with the trial's origin."""


def amounts(book: FlowBook, trial: Trial, year: int) -> Matrix:
    """Give the trial's cells as they stood at the end of a year, the mean of its last years."""
    years = list(range(year - trial.mean_years + 1, year + 1))
    absent = [one for one in years if one not in book.years]
    if absent:
        raise UnknownYear(
            f"the trial from {trial.origin} needs {absent[0]}; the data hold {book.years[0]} to {book.years[-1]}"
        )
    if trial.exporter is None:
        return book.exports(years, trial.level)
    return book.sold_by(trial.exporter, years, trial.level)


def midpoint_growth(before: Amounts, after: Amounts) -> Amounts:
    """Give the change over the mean of both, from -2 (gone) to 2 (new), 0 where there is nothing in either.

    Davis and Haltiwanger (1992), textbook form: unlike a logarithm it is defined for what begins or ends.
    """
    total = before + after
    growth: Amounts = np.divide(2.0 * (after - before), total, out=np.zeros_like(total), where=total > 0)
    return growth


def revealed_advantage(exports: Matrix) -> Amounts:
    """Give Balassa's (1965) index of each cell; 0 where a country or product trades nothing."""
    values = exports.values
    by_row, by_column = values.sum(axis=1, keepdims=True), values.sum(axis=0, keepdims=True)
    expected = by_row * by_column
    index: Amounts = np.divide(values * values.sum(), expected, out=np.zeros_like(values), where=expected > 0)
    return index


def score_current_size(book: FlowBook, trial: Trial) -> Scores:
    """Score each cell by what is traded now."""
    now = amounts(book, trial, trial.origin)
    return Scores(now.rows, now.columns, now.values, np.ones(now.values.shape, dtype=bool))


def score_past_growth(book: FlowBook, trial: Trial) -> Scores:
    """Score each cell by how it grew over as many years before, or as many as the data hold."""
    now = amounts(book, trial, trial.origin)
    earliest = book.years[0] + trial.mean_years - 1
    before = max(earliest, trial.origin - trial.horizon)
    then = amounts(book, trial, before)
    growth = midpoint_growth(then.values, now.values)
    return Scores(now.rows, now.columns, growth, np.full(growth.shape, before < trial.origin))
