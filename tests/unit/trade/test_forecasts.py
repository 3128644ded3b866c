"""What may be said of a future year, and how good it turned out to be."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.forecast_chain import GENESIS, Head, chain
from rahdari.trade.rules.forecast_scores import (
    Naive,
    ScoreSheet,
    Waits,
    brier,
    crps,
    naive_usd,
    pinball,
    score,
    score_all,
)
from rahdari.trade.rules.forecasts import Chance, Claim, Forecast, Kind, Known, Quantiles
from tests.unit.trade.past_worlds import SEVEN, chance, claim

MADE = datetime(2026, 3, 1, tzinfo=UTC)


def made(*claims: Claim) -> tuple[Forecast, ...]:
    return chain(claims, Head(0, GENESIS), at=MADE)


def test_the_pinball_loss_weighs_above_and_below_by_the_level() -> None:
    assert pinball(10.0, 14.0, level=0.9) == pytest.approx(3.6)
    assert pinball(10.0, 6.0, level=0.9) == pytest.approx(0.4)
    assert pinball(10.0, 10.0, level=0.9) == 0


def test_the_pinball_loss_is_least_at_the_quantile() -> None:
    outcomes = np.random.default_rng(1).gamma(2.0, 10.0, 20_000)
    at = {
        value: float(np.mean([pinball(value, float(one), level=0.8) for one in outcomes[:4000]]))
        for value in np.percentile(outcomes, [70, 80, 90])
    }
    assert list(at.values())[1] == min(at.values())


def test_the_crps_of_percentiles_comes_near_that_of_the_normal_distribution() -> None:
    levels = tuple(at / 100 for at in range(1, 100))
    # Quantiles of the standard normal, moved to stay above 0: the inverse by bisection on erf.
    values = tuple(100 + 10 * _normal_quantile(level) for level in levels)
    for outcome in (100.0, 112.0, 85.0):
        z = (outcome - 100) / 10
        density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        exact = 10 * (z * math.erf(z / math.sqrt(2)) + 2 * density - 1 / math.sqrt(math.pi))
        assert crps(Quantiles(levels, values), outcome) == pytest.approx(exact, rel=0.02)


def _normal_quantile(level: float) -> float:
    low, high = -10.0, 10.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 + math.erf(middle / math.sqrt(2))) / 2 < level else (low, middle)
    return low


def test_the_crps_of_one_amount_is_its_distance() -> None:
    said = Quantiles((0.1, 0.5, 0.9), (40.0, 40.0, 40.0))
    assert crps(said, 47.0) == pytest.approx(7.0)
    assert crps(said, 33.0) == pytest.approx(7.0)


def test_the_brier_score_is_the_squared_miss() -> None:
    assert brier(Chance(0.3, 40.0), 40.0) == pytest.approx(0.49)
    assert brier(Chance(0.3, 40.0), 39.9) == pytest.approx(0.09)


def test_simple_rules_stand_on_what_was_known_then() -> None:
    told = claim()
    assert naive_usd(told, Naive.NO_CHANGE) == 30e9
    # 20 % in five years, carried on for six.
    assert naive_usd(told, Naive.SAME_GROWTH) == pytest.approx(30e9 * 1.2**1.2)


@pytest.mark.parametrize("earlier", [None, 0.0])
def test_from_nothing_the_same_growth_is_not_defined(earlier: float | None) -> None:
    told = claim(known=Known(2024, 30e9, 2019, earlier))
    assert naive_usd(told, Naive.SAME_GROWTH) is None
    assert score(made(told)[0], 31e9).skill(Naive.SAME_GROWTH) is None


def test_a_growth_that_leaves_every_measure_is_not_a_number_of_dollars() -> None:
    told = claim(known=Known(2024, 1e14, 2023, 1e-12), target_year=2100)
    assert naive_usd(told, Naive.SAME_GROWTH) is None
    large = claim(known=Known(2024, 1e14, 2023, 1e3), target_year=2026)
    assert math.isfinite(score(made(large)[0], 1e12).naive[Naive.SAME_GROWTH] or math.nan)


def test_a_score_stands_beside_the_simple_rules() -> None:
    told = score(made(claim())[0], 37e9)
    assert told.loss < 4e9
    assert told.naive[Naive.NO_CHANGE] == pytest.approx(7e9)
    assert told.skill(Naive.NO_CHANGE) == pytest.approx(1 - told.loss / 7e9)
    assert told.is_inside is True
    assert told.inside_expected == pytest.approx(0.9)
    assert score(made(claim())[0], 46e9).is_inside is False


def test_a_rule_that_hit_exactly_leaves_no_skill_to_measure() -> None:
    for outcome in (30e9, 30e9 + 1e-5):
        told = score(made(claim())[0], outcome)
        assert (told.naive[Naive.NO_CHANGE] or 0) < 1e-4
        assert told.skill(Naive.NO_CHANGE) is None


def test_amounts_next_to_nothing_do_not_leave_the_range_of_numbers() -> None:
    told = claim(known=Known(2024, 5e-324, 2023, 1e15))
    assert naive_usd(told, Naive.SAME_GROWTH) == 0
    scored = score(made(told)[0], 0.0)
    assert scored.skill(Naive.NO_CHANGE) is None


def test_a_single_quantile_is_no_interval() -> None:
    told = score(made(claim(said=Quantiles((0.5,), (30e9,))))[0], 31e9)
    assert (told.is_inside, told.inside_expected, told.pinball) == (None, None, 0.5e9)


def test_a_probability_is_scored_against_rules_that_are_sure() -> None:
    told = score(made(chance(0.2))[0], 45e9)
    assert told.loss == pytest.approx(0.64)
    # Neither 30 nor 37 billion reach 40: both rules said no, and were wholly wrong.
    assert dict(told.naive) == {Naive.NO_CHANGE: 1.0, Naive.SAME_GROWTH: 1.0}
    assert told.skill(Naive.NO_CHANGE) == pytest.approx(0.36)


def test_years_that_are_not_over_and_outcomes_that_are_not_there_wait() -> None:
    forecasts = made(claim(target_year=2027), claim(target_year=2028), claim(target_year=2029), claim())
    sheet = score_all(
        forecasts, this_year=2029, outcome_of=lambda told: 30e9 if told.target_year == 2027 else None
    )
    assert [one.forecast.number for one in sheet.scores] == [1]
    assert [(one.forecast.number, one.why) for one in sheet.waiting] == [
        (2, Waits.NO_OUTCOME),
        (3, Waits.YEAR_NOT_OVER),
        (4, Waits.YEAR_NOT_OVER),
    ]


def test_the_summary_never_mixes_dollars_and_probabilities() -> None:
    sheet = score_all(made(claim(), claim(), chance(0.5)), this_year=2031, outcome_of=lambda _: 46e9)
    dollars, chances = sheet.summary(Kind.QUANTILES), sheet.summary(Kind.PROBABILITY)
    assert (dollars.count, chances.count) == (2, 1)
    assert dollars.loss == pytest.approx(sheet.scores[0].loss)
    assert chances.loss == pytest.approx(0.25)
    assert dollars.inside == 0.0
    assert dollars.inside_expected == pytest.approx(0.9)
    assert (chances.inside, chances.inside_expected) == (None, None)
    assert dollars.better_than[Naive.NO_CHANGE] == 1.0


def test_a_summary_of_nothing_has_no_means() -> None:
    nothing = ScoreSheet((), ()).summary(Kind.QUANTILES)
    assert (nothing.count, nothing.loss, nothing.inside) == (0, None, None)
    assert ScoreSheet((), ()).to_frame().height == 0


def test_intervals_that_are_right_cover_as_often_as_they_say() -> None:
    generator = np.random.default_rng(9)
    outcomes = iter(30e9 * np.exp(generator.normal(0, 0.2, 500)))
    levels = (0.1, 0.5, 0.9)
    values = tuple(30e9 * math.exp(0.2 * _normal_quantile(level)) for level in levels)
    forecasts = made(*[claim(said=Quantiles(levels, values))] * 500)
    told = score_all(forecasts, this_year=2031, outcome_of=lambda _: float(next(outcomes)))
    summary = told.summary(Kind.QUANTILES)
    assert summary.inside == pytest.approx(0.8, abs=0.05)
    assert summary.inside_expected == pytest.approx(0.8)


def test_the_frame_tells_each_score_with_its_naive_rivals() -> None:
    frame = score_all(made(claim(), chance(0.5)), this_year=2031, outcome_of=lambda _: 37e9).to_frame()
    assert frame["kind"].to_list() == ["quantiles", "probability"]
    assert frame["loss_no_change"].to_list() == pytest.approx([7e9, 0.0])
    assert frame["pinball_usd"].null_count() == 1
    assert frame["target_year"].to_list() == [2030, 2030]


@pytest.mark.parametrize(
    ("levels", "values"),
    [
        ((), ()),
        ((0.5,), (1.0, 2.0)),
        ((0.0, 0.5), (1.0, 2.0)),
        ((0.5, 1.0), (1.0, 2.0)),
        ((0.5, 0.5), (1.0, 2.0)),
        ((0.9, 0.1), (1.0, 2.0)),
        ((0.1, 0.9), (2.0, 1.0)),
        ((0.1, 0.9), (1.0, math.inf)),
        ((0.1, math.nan), (1.0, 2.0)),
        ((0.1, 0.9), (-1.0, 2.0)),
        (tuple(at / 1000 for at in range(1, 201)), tuple([1.0] * 200)),
    ],
)
def test_quantiles_that_are_none_are_refused(levels: tuple[float, ...], values: tuple[float, ...]) -> None:
    with pytest.raises(BadParameter):
        Quantiles(levels, values)


@pytest.mark.parametrize(("probability", "mark"), [(-0.1, 1.0), (1.1, 1.0), (math.nan, 1.0), (0.5, math.nan)])
def test_probabilities_that_are_none_are_refused(probability: float, mark: float) -> None:
    with pytest.raises(BadParameter):
        Chance(probability, mark)


@pytest.mark.parametrize(
    "wrong",
    [
        {"exporter": ""},
        {"exporter": "PAK\n"},
        {"market": "a" * 65},
        {"what": "two words"},
        {"target_year": 2024},
        {"target_year": 2125},
        {"target_year": 2030.5},
        {"release_digest": "A" * 64},
        {"parameters_digest": "a" * 63},
    ],
)
def test_claims_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        claim(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [(2019, 1.0, 2019, 1.0), (2019, -1.0, 2018, 1.0), (2019, 1.0, 2018, math.nan), (0, 1.0, 2018, 1.0)],
)
def test_what_cannot_have_been_known_is_refused(wrong: tuple[int, float, int, float]) -> None:
    with pytest.raises(BadParameter):
        Known(*wrong)


def test_an_outcome_that_is_no_amount_is_refused() -> None:
    with pytest.raises(BadParameter, match="outcome"):
        score(made(claim())[0], math.nan)


def test_the_kind_follows_from_what_is_said() -> None:
    assert claim().said is SEVEN
    assert (claim().kind, chance(0.5).kind) == (Kind.QUANTILES, Kind.PROBABILITY)
