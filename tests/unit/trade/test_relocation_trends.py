"""Trends of logarithms: slopes, robust errors, and what is said where none can be fitted."""

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.relocation import TrendState, bandwidth, log_trends
from rahdari.trade.values import Amounts


def column(*logs: float) -> Amounts:
    return np.exp(np.array(logs, dtype=np.float64))[:, None]


def by_matrices(logs: Amounts, lags: int) -> tuple[float, float]:
    """The same estimator in its textbook form: (X'X)^-1 S (X'X)^-1, with every pair of years in a loop."""
    years = len(logs)
    design = np.column_stack([np.ones(years), np.arange(years)])
    inverse = np.linalg.inv(design.T @ design)
    coefficients = inverse @ design.T @ logs
    scores = design * (logs - design @ coefficients)[:, None]
    middle = np.zeros((2, 2))
    for one in range(years):
        for other in range(years):
            weight = max(0.0, 1 - abs(one - other) / (lags + 1))
            middle += weight * np.outer(scores[one], scores[other])
    variance = inverse @ middle @ inverse * years / (years - 2)
    return float(coefficients[1]), float(np.sqrt(variance[1, 1]))


def test_a_trend_worked_by_hand() -> None:
    # Years centred: -2..2; slope (0 - 1 + 0 + 3 + 6)/10 = 0.8; residuals 0, 0.2, -0.6, 0.6, -0.2; scores
    # 0, -0.2, 0, 0.6, -0.4; squares 0.56, one lag of weight 1/2: 2 x 1/2 x (-0.24). (0.32/100)(5/3).
    found = log_trends(column(0, 1, 1, 3, 3), years_min=5, lags=1)
    assert found.states == (TrendState.FITTED,)
    assert found.slope[0] == pytest.approx(0.8)
    assert found.error[0] == pytest.approx(np.sqrt(0.32 / 100 * 5 / 3))
    assert found.t_value[0] == pytest.approx(10.954451, abs=1e-6)


@pytest.mark.parametrize("lags", [0, 1, 3, 7])
def test_the_errors_are_those_of_the_textbook_form(lags: int) -> None:
    rng = np.random.default_rng(7)
    logs = np.cumsum(rng.normal(0, 0.1, (20, 4)), axis=0) - 0.05 * np.arange(20)[:, None]
    found = log_trends(np.exp(logs), lags=lags)
    for at in range(4):
        slope, error = by_matrices(logs[:, at], lags)
        assert found.slope[at] == pytest.approx(slope, rel=1e-9)
        assert found.error[at] == pytest.approx(error, rel=1e-9)
        assert found.t_value[at] == pytest.approx(slope / error, rel=1e-9)


def test_correlated_years_make_the_error_larger_than_independent_ones_would() -> None:
    rng = np.random.default_rng(3)
    logs = np.repeat(rng.normal(0, 0.2, (10, 1)), 3, axis=0)
    assert log_trends(np.exp(logs), lags=3).error[0] > log_trends(np.exp(logs), lags=0).error[0]


def test_the_unit_of_a_series_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    values = np.exp(rng.normal(0, 1, (15, 3)))
    one, other = log_trends(values), log_trends(values * 1e9)
    np.testing.assert_allclose(one.slope, other.slope, atol=1e-12)
    np.testing.assert_allclose(one.t_value, other.t_value, rtol=1e-6)


def test_an_exact_trend_is_named_and_has_no_t_value() -> None:
    found = log_trends(column(*[-0.05 * year for year in range(12)]))
    assert found.states == (TrendState.EXACT,)
    assert found.slope[0] == pytest.approx(-0.05)
    assert found.t_value[0] == 0
    assert found.error[0] == 0


def test_a_constant_series_is_an_exact_trend_of_nothing() -> None:
    found = log_trends(np.full((12, 1), 0.25))
    assert found.states == (TrendState.EXACT,)
    assert found.slope[0] == pytest.approx(0.0, abs=1e-15)


def test_years_at_zero_are_left_out_and_counted() -> None:
    values = column(*[0.1 * year + 0.01 * (year % 3) for year in range(14)])
    values[4] = values[9] = 0.0
    found = log_trends(values)
    assert found.states == (TrendState.FITTED,)
    assert found.left_out[0] == 2
    assert found.slope[0] == pytest.approx(0.1, abs=0.005)


def test_a_gap_parts_its_neighbours() -> None:
    # With the middle year gone, the years beside it are two apart, so a single lag does not join them.
    logs = np.array([0.0, 0.5, 0.0, 0.4, 0.1, 9.9, 0.3, 0.0, 0.6, 0.1, 0.2])
    values = np.exp(logs)[:, None]
    values[5] = 0.0
    found = log_trends(values, years_min=8, lags=1)
    x = np.delete(np.arange(11.0), 5)
    y = np.delete(logs, 5)
    x = x - x.mean()
    slope = (x * y).sum() / (x * x).sum()
    scores = x * (y - y.mean() - slope * x)
    joined = sum(scores[at] * scores[at + 1] for at in range(9) if at != 4)
    variance = ((scores**2).sum() + joined) / (x * x).sum() ** 2 * 10 / 8
    assert found.error[0] == pytest.approx(np.sqrt(variance), rel=1e-9)


def test_what_cannot_be_fitted_says_why() -> None:
    values = np.zeros((12, 4))
    values[:, 1] = np.exp(-0.1 * np.arange(12))
    values[-2:, 1] = 0.0  # sold nothing in the last two years
    values[[0, 3, 11], 2] = 1.0  # three years only
    values[:, 3] = np.exp(0.02 * np.arange(12) + 0.01 * np.arange(12) ** 2 % 0.07)
    found = log_trends(values)
    assert found.states == (
        TrendState.NOTHING,
        TrendState.GONE,
        TrendState.TOO_FEW_YEARS,
        TrendState.FITTED,
    )
    assert found.slope[:3].tolist() == [0, 0, 0]
    for array in (found.slope, found.error, found.t_value):
        assert np.isfinite(array).all()


def test_one_year_above_zero_divides_by_nothing() -> None:
    values = np.zeros((10, 1))
    values[9] = 5.0
    assert log_trends(values).states == (TrendState.TOO_FEW_YEARS,)


def test_the_bandwidth_grows_slowly() -> None:
    assert [bandwidth(years) for years in (10, 18, 30, 100)] == [2, 2, 3, 4]


@pytest.mark.parametrize("wrong", [{"years_min": 4}, {"gone_years": 0}, {"lags": -1}, {"lags": 12}])
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadParameter, match="a trend needs"):
        log_trends(np.ones((12, 1)), **wrong)


def test_results_cannot_be_changed() -> None:
    found = log_trends(column(0, 1, 1, 3, 3), years_min=5)
    with pytest.raises(ValueError, match="read-only"):
        found.slope[0] = 1.0
