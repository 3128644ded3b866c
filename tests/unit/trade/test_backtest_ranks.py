"""Agreement of two orders, checked against SciPy and by hand."""

import itertools

import numpy as np
import pytest
from scipy import stats

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.backtest.ranks import (
    Undefined,
    auc,
    average_ranks,
    kendall,
    placements,
    precision_at,
    spearman,
)
from rahdari.trade.values import Amounts


def pairs(seed: int, cells: int, *, kinds: int) -> tuple[Amounts, Amounts]:
    """Draw scores and outcomes with many ties."""
    generator = np.random.default_rng(seed)
    scores = generator.integers(0, kinds, cells).astype(np.float64)
    return scores, np.round(scores * 0.3 + generator.normal(0, kinds / 3, cells))


@pytest.mark.parametrize(
    ("seed", "cells", "kinds"), [(1, 6, 3), (2, 64, 5), (3, 65, 50), (4, 1000, 7), (5, 1000, 10**6)]
)
def test_rank_correlations_are_those_of_scipy(seed: int, cells: int, kinds: int) -> None:
    scores, outcomes = pairs(seed, cells, kinds=kinds)
    assert spearman(scores, outcomes).value == pytest.approx(
        float(stats.spearmanr(scores, outcomes)[0]), abs=1e-12
    )
    assert kendall(scores, outcomes).value == pytest.approx(
        float(stats.kendalltau(scores, outcomes)[0]), abs=1e-12
    )


def test_average_ranks_share_the_mean() -> None:
    assert average_ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_one_order_agrees_with_itself_and_not_with_its_reverse() -> None:
    scores = np.arange(200.0)
    for figure in (spearman, kendall):
        assert figure(scores, scores**3).value == pytest.approx(1.0)
        assert figure(scores, -scores).value == pytest.approx(-1.0)


def test_the_auc_is_the_share_of_pairs_told_apart() -> None:
    scores = np.array([3.0, 1.0, 2.0, 2.0, 5.0, 0.0])
    did = np.array([True, False, True, False, False, False])
    told = [
        1.0 if mine > theirs else 0.5 if mine == theirs else 0.0
        for mine, theirs in itertools.product(scores[did], scores[~did])
    ]
    assert auc(scores, did).value == pytest.approx(sum(told) / len(told))
    assert placements(scores, did)[did].tolist() == [0.75, 0.625]


def test_a_score_that_says_nothing_tells_half_of_the_pairs_apart() -> None:
    assert auc(np.ones(10), np.arange(10) < 3).value == 0.5


def test_precision_among_the_first_does_not_depend_on_the_order_of_ties() -> None:
    scores = np.array([9.0, 5.0, 5.0, 5.0, 1.0])
    did = np.array([True, True, False, False, True])
    assert precision_at(scores, did, 1).value == 1.0
    # One sure, and one of three tied cells of which a third did it.
    assert precision_at(scores, did, 2).value == pytest.approx((1 + 1 / 3) / 2)
    assert precision_at(scores, did, 5).value == pytest.approx(0.6)
    for order in itertools.permutations(range(5)):
        assert precision_at(scores[list(order)], did[list(order)], 3).value == pytest.approx((1 + 2 / 3) / 3)


def test_the_first_k_of_fewer_cells_are_not_defined() -> None:
    assert precision_at(np.ones(3), np.ones(3, dtype=bool), 4).why is Undefined.FEWER_THAN_K
    with pytest.raises(BadParameter):
        precision_at(np.ones(3), np.ones(3, dtype=bool), 0)


@pytest.mark.parametrize(
    ("scores", "outcomes", "why"),
    [
        ([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], Undefined.TOO_FEW),
        ([], [], Undefined.TOO_FEW),
        ([1.0] * 5, [1.0, 2.0, 3.0, 4.0, 5.0], Undefined.SCORES_ALIKE),
        ([1.0, 2.0, 3.0, 4.0, 5.0], [1.0] * 5, Undefined.OUTCOMES_ALIKE),
    ],
)
def test_orders_that_cannot_be_compared_say_why(
    scores: list[float], outcomes: list[float], why: Undefined
) -> None:
    for figure in (spearman, kendall):
        told = figure(np.array(scores), np.array(outcomes))
        assert (told.value, told.why) == (None, why)


def test_an_auc_of_one_group_says_why() -> None:
    scores = np.arange(6.0)
    assert auc(scores, np.zeros(6, dtype=bool)).why is Undefined.NOBODY
    assert auc(scores, np.ones(6, dtype=bool)).why is Undefined.EVERYBODY
    assert auc(scores[:2], np.array([True, False])).why is Undefined.TOO_FEW
