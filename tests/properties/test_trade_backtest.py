"""For every pair of orders: correlations and shares stay in their bounds and depend on the order alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rahdari.trade.rules.backtest.ranks import auc, kendall, precision_at, spearman

# Few kinds of values, so that ties are common; and values that differ in the last digit alone.
orders = st.integers(0, 40).flatmap(
    lambda cells: st.tuples(
        *[
            st.lists(st.integers(-3, 3).map(float) | st.floats(-1e6, 1e6), min_size=cells, max_size=cells)
            for _ in range(2)
        ]
    )
)


@given(orders)
def test_correlations_are_numbers_within_their_bounds_or_say_why(
    told: tuple[list[float], list[float]],
) -> None:
    scores, outcomes = (np.array(one) for one in told)
    for figure in (spearman(scores, outcomes), kendall(scores, outcomes)):
        assert (figure.value is None) == (figure.why is not None)
        assert figure.value is None or -1 <= figure.value <= 1


@given(orders)
def test_kendalls_tau_is_that_of_scipy(told: tuple[list[float], list[float]]) -> None:
    scores, outcomes = (np.array(one) for one in told)
    figure = kendall(scores, outcomes)
    if figure.value is not None:
        assert figure.value == pytest.approx(float(stats.kendalltau(scores, outcomes)[0]), abs=1e-9)


@given(orders, st.integers(1, 50))
def test_shares_are_shares_and_a_reversed_score_tells_the_other_half(
    told: tuple[list[float], list[float]], k: int
) -> None:
    scores, outcomes = (np.array(one) for one in told)
    did = outcomes > 0
    figure, other = auc(scores, did), auc(-scores, did)
    if figure.value is not None and other.value is not None:
        assert 0 <= figure.value <= 1
        assert math.isclose(figure.value + other.value, 1.0, abs_tol=1e-9)
    precise = precision_at(scores, did, k)
    assert precise.value is None or -1e-12 <= precise.value <= 1 + 1e-12
    if k == len(scores):
        assert precise.value == pytest.approx(float(did.mean()))
