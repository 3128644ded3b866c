"""Straight lines through logarithms, with errors that stand serial correlation: many series at one go.

Ordinary least squares of ln y_t on t; the variance of the slope is that of Newey and West (1987, Econometrica 55,
eq. 5, textbook form) with the Bartlett kernel, which is never negative.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.relocation.panel import Booleans
from rahdari.trade.values import Amounts

# With two parameters and a correlation between neighbours, fewer than five points say nothing.
YEARS_MIN = 5
# Residuals this small against the series' own movement are rounding, and a t-value of them would be noise.
EXACT_SHARE = 1e-12


class TrendState(StrEnum):
    """What could be fitted. Only ``FITTED`` has a t-value; ``EXACT`` has a slope that needs none."""

    FITTED = "fitted"
    EXACT = "exact_trend"
    GONE = "fell_to_nothing"
    TOO_FEW_YEARS = "too_few_years_above_zero"
    NOTHING = "never_above_zero"


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """Slopes of logarithms by series, per year (-0.05 is some 5 % a year less); arrays read-only.

    ``slope``, ``error`` and ``t_value`` are 0 where ``states`` says that they were not fitted; ``t_value`` and
    ``error`` are 0 as well where the trend is exact. ``left_out`` counts the years whose value was 0.
    """

    slope: Amounts
    error: Amounts
    t_value: Amounts
    left_out: Amounts
    states: tuple[TrendState, ...]
    bandwidth: int


def bandwidth(years: int) -> int:
    """Give the number of lags for so many years: floor(4 (T/100)^(2/9)), the rule that goes with Newey-West.

    Textbook form of Newey and West (1994); the paper was not consulted.
    """
    return int(4 * (years / 100) ** (2 / 9))


def log_trends(
    values: Amounts, *, years_min: int = 8, gone_years: int = 2, lags: int | None = None
) -> Trends:
    """Fit ln y_t = a + b t to each column, leaving out the years in which it is 0.

    A year that is left out counts as a gap, not as if its neighbours followed one another: its score is 0 in
    the sum over lags. The variance is scaled by n/(n-2) for small samples.

    Args:
        values: years by series, 0 or more.
        years_min: with fewer years above zero a series is not fitted.
        gone_years: a series that is 0 in so many last years, and was not before, has fallen to nothing.
        lags: how many neighbours may be correlated; by default ``bandwidth`` of the number of years.

    Raises:
        BadParameter: ``years_min`` below 5, ``gone_years`` below 1, lags as many as there are years.
    """
    lags = bandwidth(len(values)) if lags is None else lags
    if years_min < YEARS_MIN or gone_years < 1 or not 0 <= lags < max(len(values), 1):
        raise BadParameter(
            f"a trend needs {YEARS_MIN} years or more (asked: {years_min}), at least one year to be gone "
            f"({gone_years}) and fewer lags ({lags}) than years ({len(values)})"
        )
    is_seen = values > 0
    slope, residual, x = _line(values, is_seen)
    spread = (x**2).sum(axis=0)
    seen = is_seen.sum(axis=0)
    small = seen / np.maximum(seen - 2, 1)
    # A series with one year above zero has no spread of years, and no slope that could be in error.
    variance = _long_run(x * residual, lags) / np.where(spread > 0, spread, 1.0) ** 2 * small
    states = _states(is_seen, years_min=years_min, gone_years=gone_years)
    is_exact = (residual**2).sum(axis=0) <= EXACT_SHARE**2 * np.maximum(slope**2 * spread, 1.0)
    told = tuple(_or_exact(state, exact=bool(exact)) for state, exact in zip(states, is_exact, strict=True))
    return _trends(slope, np.sqrt(variance), len(values) - seen, told, lags)


def _line(values: Amounts, is_seen: Booleans) -> tuple[Amounts, Amounts, Amounts]:
    """Give slope, residuals and centred years; the latter two are 0 in years that are left out."""
    logs = np.log(np.where(is_seen, values, 1.0))
    seen = np.maximum(is_seen.sum(axis=0), 1)
    years = np.arange(len(values), dtype=np.float64)[:, None]
    x = np.where(is_seen, years - (years * is_seen).sum(axis=0) / seen, 0.0)
    centred = np.where(is_seen, logs - logs.sum(axis=0) / seen, 0.0)
    spread = (x**2).sum(axis=0)
    slope = np.divide((x * centred).sum(axis=0), spread, out=np.zeros(values.shape[1]), where=spread > 0)
    return slope, centred - slope * x, x


def _long_run(scores: Amounts, lags: int) -> Amounts:
    total: Amounts = (scores**2).sum(axis=0)
    for lag in range(1, lags + 1):
        total = total + 2 * (1 - lag / (lags + 1)) * (scores[lag:] * scores[:-lag]).sum(axis=0)
    return np.maximum(total, 0.0)


def _states(is_seen: Booleans, *, years_min: int, gone_years: int) -> list[TrendState]:
    seen = is_seen.sum(axis=0)
    is_gone = (is_seen[-gone_years:].sum(axis=0) == 0) & (seen > 0)
    states = []
    for gone, count in zip(is_gone, seen, strict=True):
        if count == 0:
            states.append(TrendState.NOTHING)
        elif gone:
            states.append(TrendState.GONE)
        else:
            states.append(TrendState.FITTED if count >= years_min else TrendState.TOO_FEW_YEARS)
    return states


def _or_exact(state: TrendState, *, exact: bool) -> TrendState:
    return TrendState.EXACT if exact and state is TrendState.FITTED else state


def _trends(
    slope: Amounts, error: Amounts, left_out: Amounts, states: tuple[TrendState, ...], lags: int
) -> Trends:
    has_slope = np.array([state in {TrendState.FITTED, TrendState.EXACT} for state in states], dtype=bool)
    has_error = np.array([state is TrendState.FITTED for state in states], dtype=bool) & (error > 0)
    slope = np.where(has_slope, slope, 0.0)
    error = np.where(has_error, error, 0.0)
    t_value = np.divide(slope, error, out=np.zeros(len(slope)), where=has_error)
    gaps = np.asarray(left_out, dtype=np.float64)
    for one in (slope, error, t_value, gaps):
        one.flags.writeable = False
    return Trends(slope, error, t_value, gaps, states, lags)
