"""The conditional logit: known coefficients come back, errors are right, and trouble is named."""

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, BadTable, Degenerate
from rahdari.trade.rules.relocation import Choices, FitNote, chances, fit
from rahdari.trade.values import Amounts


def drawn(
    occasions: int, coefficients: list[float], *, seed: int = 5, rivals: int = 6, split: int = 1
) -> Choices:
    """Draw occasions from a logit; each is won in ``split`` equal parts drawn one by one."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1, (occasions, rivals, len(coefficients)))
    utility = z @ np.array(coefficients)
    odds = np.exp(utility) / np.exp(utility).sum(axis=1, keepdims=True)
    won = np.array([rng.multinomial(split, one) for one in odds]) / split
    names = tuple(f"z{at}" for at in range(len(coefficients)))
    return Choices(names, z, won, np.ones((occasions, rivals), dtype=bool))


def numeric_gradient(choices: Choices, at: Amounts) -> Amounts:
    step = 1e-6
    return np.array(
        [
            (likelihood(choices, at + step * unit) - likelihood(choices, at - step * unit)) / (2 * step)
            for unit in np.eye(len(at))
        ]
    )


def likelihood(choices: Choices, b: Amounts) -> float:
    utility = np.where(choices.is_rival, choices.features @ b, -np.inf)
    odds = np.exp(utility) / np.exp(utility).sum(axis=1, keepdims=True)
    return float((choices.won * np.log(np.where(choices.is_rival, odds, 1.0))).sum())


def test_two_rivals_and_one_sign_worked_by_hand() -> None:
    # One feature that is 1 for the first rival and 0 for the second, who wins 1 of 4: b = ln((3/4)/(1/4)) = ln 3,
    # and the information is n p (1 - p) = 4 x 3/16 = 3/4, so the classical error is sqrt(4/3).
    z = np.zeros((4, 2, 1))
    z[:, 0, 0] = 1.0
    won = np.array([[1.0, 0.0]] * 3 + [[0.0, 1.0]])
    found = fit(Choices(("first",), z, won, np.ones((4, 2), dtype=bool)))
    assert found.coefficients[0] == pytest.approx(np.log(3))
    assert found.errors_classical[0] == pytest.approx(np.sqrt(4 / 3))
    # Whole wins of a true logit: both errors agree.
    assert found.errors[0] == pytest.approx(np.sqrt(4 / 3))
    assert found.log_likelihood == pytest.approx(3 * np.log(0.75) + np.log(0.25))
    assert found.log_likelihood_even == pytest.approx(4 * np.log(0.5))
    assert found.note is FitNote.PLAIN
    assert not found.is_regularised


def test_known_coefficients_come_back_within_their_errors() -> None:
    truth = [0.8, -0.5, 0.0]
    found = fit(drawn(1500, truth))
    assert np.abs((found.coefficients - truth) / found.errors).max() < 3
    assert found.gradient < 1e-6
    assert 0 < found.pseudo_r_squared < 1


def test_the_gradient_at_the_maximum_is_nothing_by_differences_too() -> None:
    choices = drawn(80, [1.0, -1.0])
    found = fit(choices)
    np.testing.assert_allclose(numeric_gradient(choices, found.coefficients), 0.0, atol=1e-4)
    for change in ([0.05, 0.0], [0.0, -0.05]):
        assert likelihood(choices, found.coefficients + change) < found.log_likelihood


def test_shares_count_as_what_they_are() -> None:
    # Split in tenths an occasion says more than one whole win, and the robust error knows it.
    whole, tenths = fit(drawn(400, [0.7], split=1)), fit(drawn(400, [0.7], split=10))
    assert tenths.errors[0] < 0.6 * whole.errors[0]
    assert tenths.errors_classical[0] > 1.5 * tenths.errors[0]


def test_the_unit_of_a_feature_scales_its_coefficient_alone() -> None:
    choices = drawn(200, [0.5, 1.0])
    rescaled = Choices(choices.names, choices.features * [1000.0, 1.0], choices.won, choices.is_rival)
    one, other = fit(choices), fit(rescaled)
    np.testing.assert_allclose(other.coefficients * [1000.0, 1.0], one.coefficients, rtol=1e-5)
    assert other.log_likelihood == pytest.approx(one.log_likelihood)


def test_a_feature_that_always_tells_the_winner_is_held_and_said() -> None:
    z = np.zeros((30, 3, 1))
    z[:, 0, 0] = 1.0
    won = np.zeros((30, 3))
    won[:, 0] = 1.0
    found = fit(Choices(("tells_all",), z, won, np.ones((30, 3), dtype=bool)))
    assert found.note is FitNote.SEPARABLE
    assert found.is_regularised
    assert np.isfinite(found.coefficients).all()
    assert np.isfinite(found.errors).all()
    assert found.coefficients[0] > 0


def test_two_features_that_say_the_same_are_held_and_said() -> None:
    choices = drawn(100, [0.6])
    twice = np.concatenate([choices.features, 2 * choices.features], axis=2)
    found = fit(Choices(("one", "same"), twice, choices.won, choices.is_rival))
    assert found.note is FitNote.COLLINEAR
    assert np.isfinite(found.coefficients).all()


def test_a_feature_that_tells_no_rival_from_another_is_dropped_by_name() -> None:
    choices = drawn(100, [0.6])
    constant = np.ones((100, 6, 1)) * np.arange(100)[:, None, None]
    wide = np.concatenate([choices.features, constant], axis=2)
    found = fit(Choices(("z", "the_year"), wide, choices.won, choices.is_rival))
    assert found.dropped == ("the_year",)
    assert found.coefficients[1] == 0
    assert found.coefficients[0] == pytest.approx(fit(choices).coefficients[0])
    with pytest.raises(BadParameter, match="the_year"):
        fit(Choices(("the_year",), constant, choices.won, choices.is_rival))


def test_chances_add_up_over_the_rivals_and_are_nothing_elsewhere() -> None:
    found = fit(drawn(100, [0.6]))
    z = np.array([[[5.0], [1.0], [-2.0]]])
    is_rival = np.array([[False, True, True]])
    told = chances(found, z, is_rival)
    assert told[0, 0] == 0
    assert told.sum() == pytest.approx(1.0)
    assert told[0, 1] > told[0, 2]


def test_huge_utilities_stay_numbers() -> None:
    found = fit(drawn(100, [0.6]))
    told = chances(found, np.array([[[1e6], [-1e6], [0.0]]]), np.ones((1, 3), dtype=bool))
    assert told.tolist() == [[1.0, 0.0, 0.0]]


def test_an_occasion_without_a_rival_is_refused() -> None:
    found = fit(drawn(100, [0.6]))
    with pytest.raises(Degenerate, match="no rival"):
        chances(found, np.zeros((1, 2, 1)), np.zeros((1, 2), dtype=bool))


def test_occasions_that_are_none_are_refused() -> None:
    z, rivals = np.zeros((1, 2, 1)), np.ones((1, 2), dtype=bool)
    with pytest.raises(BadTable, match="add up to 1"):
        Choices(("z",), z, np.array([[0.5, 0.4]]), rivals)
    with pytest.raises(BadTable, match="only rivals"):
        Choices(("z",), z, np.array([[0.5, 0.5]]), np.array([[True, False]]))
    with pytest.raises(BadTable, match="not finite"):
        Choices(("z",), z + np.nan, np.array([[0.5, 0.5]]), rivals)
    with pytest.raises(BadTable, match="not \\(1, 2, 2\\)"):
        Choices(("z", "more"), z, np.array([[0.5, 0.5]]), rivals)
    with pytest.raises(BadTable, match="51 features"):
        Choices(("z",) * 51, np.zeros((1, 2, 51)), np.array([[0.5, 0.5]]), rivals)
    with pytest.raises(BadParameter, match="no occasion"):
        fit(Choices(("z",), np.zeros((0, 2, 1)), np.zeros((0, 2)), np.zeros((0, 2), dtype=bool)))
