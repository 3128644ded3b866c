"""Each step of the relocation screen by itself: every outcome it can have, with its code and numbers."""

from dataclasses import replace

import numpy as np
import pytest

from rahdari.trade import Matrix
from rahdari.trade.errors import BadTable, NothingTraded
from rahdari.trade.rules.findings import Because, Outcome
from rahdari.trade.rules.relocation import (
    Basis,
    Evidence,
    Panel,
    RelocationConventions,
    RelocationStep,
    TakeoverOdds,
    Trends,
    TrendState,
    WageGap,
    herfindahl,
    learn,
)
from rahdari.trade.rules.relocation.odds import features_of
from rahdari.trade.rules.relocation.steps import (
    Facts,
    above,
    access,
    all_steps,
    demand,
    falling_advantage,
    look,
    share_loss,
    start,
    takers,
    wages,
)
from tests.unit.trade.relocation_worlds import COUNTRIES, PRODUCTS, world

PLAIN = RelocationConventions()


@pytest.fixture(scope="module")
def facts() -> Facts:
    return look(world(), "CHN", "PAK", PLAIN)


def trends(slope: float, t_value: float, state: TrendState) -> Trends:
    one = np.array([slope])
    return Trends(one, np.array([0.01]), np.array([t_value]), np.array([0.0]), (state,), 2)


@pytest.mark.parametrize(
    ("slope", "t_value", "state", "outcome", "code"),
    [
        (-0.05, -1.66, TrendState.FITTED, Outcome.MET, Because.FALLING),
        (-0.05, -1.65, TrendState.FITTED, Outcome.NOT_MET, Because.NOT_SURELY_FALLING),
        (0.05, 3.0, TrendState.FITTED, Outcome.NOT_MET, Because.NOT_FALLING),
        (-0.05, 0.0, TrendState.EXACT, Outcome.MET, Because.EXACT_TREND),
        (0.05, 0.0, TrendState.EXACT, Outcome.NOT_MET, Because.EXACT_TREND),
        (0.0, 0.0, TrendState.GONE, Outcome.MET, Because.FELL_TO_NOTHING),
        (0.0, 0.0, TrendState.NOTHING, Outcome.NOT_JUDGED, Because.NEVER_ABOVE_ZERO),
        (0.0, 0.0, TrendState.TOO_FEW_YEARS, Outcome.NOT_JUDGED, Because.TOO_FEW_YEARS_ABOVE_ZERO),
    ],
)
def test_s1_goes_by_the_t_value_or_says_why_there_is_none(
    facts: Facts, slope: float, t_value: float, state: TrendState, outcome: Outcome, code: Because
) -> None:
    found = share_loss(replace(facts, share=trends(slope, t_value, state)), 0, PLAIN)
    assert (found.outcome, found.code) == (outcome, code)
    assert found.number("share_start") == facts.moved.start_share[0, 0]


@pytest.mark.parametrize(
    ("before", "after", "outcome", "code"),
    [
        (2.0, 1.5, Outcome.MET, Because.ABOVE_ONE_AND_FALLING),
        (2.0, 1.0, Outcome.MET, Because.ABOVE_ONE_AND_FALLING),
        (2.0, 0.5, Outcome.MET, Because.FELL_BELOW_ONE),
        (2.0, 2.0, Outcome.NOT_MET, Because.NOT_FALLING),
        (1.0, 0.5, Outcome.NOT_MET, Because.NEVER_ABOVE_ONE),
        (0.0, 3.0, Outcome.NOT_MET, Because.NEVER_ABOVE_ONE),
    ],
)
def test_s2_asks_for_an_advantage_that_was_and_falls(
    facts: Facts, before: float, after: float, outcome: Outcome, code: Because
) -> None:
    shaped = replace(
        facts,
        advantage_start=np.full((6, 5), before),
        advantage_end=np.full((6, 5), after),
    )
    found = falling_advantage(shaped, 0)
    assert (found.outcome, found.code) == (outcome, code)
    assert (found.number("rca_start"), found.number("rca_end")) == (before, after)


def test_s3_takes_the_upper_third_of_what_is_known() -> None:
    known = {"a": 0.9, "b": 0.3}
    assert above(RelocationStep.LABOUR, known, "a", 0.9).outcome is Outcome.MET
    assert above(RelocationStep.LABOUR, known, "b", 0.9).code is Because.TOO_LOW
    assert above(RelocationStep.LABOUR, known, "c", 0.9).code is Because.NOT_GIVEN
    assert above(RelocationStep.LABOUR, {}, "a", None).outcome is Outcome.NOT_JUDGED


@pytest.mark.parametrize(("wage", "code"), [(599.0, Because.DEARER), (601.0, Because.CHEAPER)])
def test_s4_is_a_wage_gap_that_outweighs_the_gap_in_output(wage: float, code: Because) -> None:
    # 600/150 of wages beside 40/10 of output: at 600 a unit of output costs the same labour in both.
    found = wages(Evidence(wages=WageGap(wage, 150, 40, 10)))
    assert found.code is code


@pytest.mark.parametrize(
    ("slope", "asked", "state", "outcome", "code"),
    [
        (0.01, 0.0, TrendState.FITTED, Outcome.MET, Because.GROWING),
        (0.0, 0.0, TrendState.EXACT, Outcome.MET, Because.GROWING),
        (0.01, 0.02, TrendState.FITTED, Outcome.NOT_MET, Because.SHRINKING),
        (-0.01, 0.0, TrendState.EXACT, Outcome.NOT_MET, Because.SHRINKING),
        (0.0, 0.0, TrendState.GONE, Outcome.NOT_MET, Because.FELL_TO_NOTHING),
        (0.0, 0.0, TrendState.TOO_FEW_YEARS, Outcome.NOT_JUDGED, Because.TOO_FEW_YEARS_ABOVE_ZERO),
    ],
)
def test_s5_asks_for_growth_of_what_is_set(
    facts: Facts, slope: float, asked: float, state: TrendState, outcome: Outcome, code: Because
) -> None:
    shaped = replace(facts, demand=trends(slope, 1.0, state))
    found = demand(shaped, 0, RelocationConventions(demand_growth_min=asked))
    assert (found.outcome, found.code) == (outcome, code)


@pytest.mark.parametrize(
    ("rca", "rule", "outcome", "code"),
    [
        (0.19, "wide", Outcome.NOT_MET, Because.NO_START),
        (0.2, "wide", Outcome.MET, Because.HAS_A_START),
        (1.0, "narrow", Outcome.MET, Because.HAS_A_START),
        (1.1, "wide", Outcome.MET, Because.ALREADY_COMPETITIVE),
        (1.1, "narrow", Outcome.NOT_MET, Because.ALREADY_COMPETITIVE),
    ],
)
def test_s6_asks_for_a_start(
    facts: Facts,
    rca: float,
    rule: str,
    outcome: Outcome,
    code: Because,
) -> None:
    shaped = replace(facts, advantage_end=np.full((6, 5), rca))
    found = start(shaped, 0, RelocationConventions(accepts_competitive=rule == "wide"))
    assert (found.outcome, found.code) == (outcome, code)


def test_s6_takes_equal_tariffs_for_no_hindrance() -> None:
    evidence = Evidence(margin={"a": 0.5, "b": 0.0, "c": -0.5})
    told = {one: access(evidence, one) for one in "abcd"}
    assert [told[one].outcome for one in "abcd"] == [
        Outcome.MET,
        Outcome.MET,
        Outcome.NOT_MET,
        Outcome.NOT_JUDGED,
    ]


def test_s7_tells_whether_one_takes_most(facts: Facts) -> None:
    won = np.zeros((6, 5))
    won[:, 0] = [0, 0.25, 0.75, 0, 0, 0]
    won[1:, 1] = 0.2
    shaped = replace(facts, won=won)
    one, spread, nobody = (takers(shaped, at, PLAIN) for at in (0, 1, 2))
    # 1/16 + 9/16; five equal parts; nothing at all.
    assert (one.code, spread.code) == (Because.ONE_TAKES_MOST, Because.SPREAD)
    assert [one.number("hhi"), spread.number("hhi")] == pytest.approx([0.625, 0.2])
    assert (one.number("host_part"), one.number("largest_part")) == (0.25, 0.75)
    assert nobody.code is Because.NOBODY_GAINED


def test_all_steps_come_in_their_order_for_every_product(facts: Facts) -> None:
    found = all_steps(facts, Evidence(), PLAIN)
    assert len(found) == len(PRODUCTS)
    for findings in found:
        assert [one.test for one in findings] == list(RelocationStep)


def test_concentration_is_of_something() -> None:
    assert herfindahl(np.array([1.0, 1.0, 2.0])) == pytest.approx(0.375)
    with pytest.raises(NothingTraded, match="no concentration"):
        herfindahl(np.zeros(3))


def test_features_of_who_sells_nothing_are_finite() -> None:
    values = np.array([[0.0, 0.0], [3.0, 0.0], [1.0, 4.0]])
    found = features_of(values, [], floor=0.01)
    assert np.isfinite(found).all()
    assert found.shape == (3, 2, 2)
    assert found[1, 0, 0] == pytest.approx(np.log(3.0))
    # 3/3 over 4/8 of the world: an advantage of 2.
    assert found[1, 0, 1] == pytest.approx(np.log(2.01))
    assert found[1, 1, 1] == pytest.approx(np.log(0.01))


def test_present_shares_leave_the_donor_out_and_nobody_else() -> None:
    odds = TakeoverOdds(Basis.PRESENT_SHARES, 0, None, 0.01)
    told = odds.chances(np.array([[90.0, 5.0], [6.0, 0.0], [2.0, 0.0]]), 0)
    assert told.tolist() == [[0.0, 0.0], [0.75, 0.0], [0.25, 0.0]]
    with pytest.raises(NothingTraded, match="nobody but the donor"):
        odds.chances(np.array([[9.0, 5.0], [0.0, 0.0]]), 0)


def test_a_trait_that_decides_is_learned() -> None:
    # Who is near wins all that the donor loses; near and far sell the same at the start.
    rng = np.random.default_rng(8)
    products = tuple(f"p{at}" for at in range(40))
    countries = ("DON", *(f"C{at}" for at in range(8)))
    near = rng.random((9, 40))
    pull = np.exp(3 * near[1:])
    pull = pull / pull.sum(axis=0)
    yearly = {}
    for at in range(8):
        donor = 100 * 0.9**at
        others = 50.0 / 8 + pull * (100 - donor)
        yearly[2010 + at] = Matrix(countries, products, np.vstack([np.full((1, 40), donor), others]))
    trait = Matrix(countries, products, near)
    found = learn(
        Panel(yearly),
        donors=("DON",),
        evidence=Evidence(traits={"nearness": (trait, trait)}),
        conventions=PLAIN,
    )
    assert found.fit is not None
    at = found.fit.names.index("nearness")
    assert found.fit.coefficients[at] == pytest.approx(3.0, abs=0.6)
    assert found.fit.coefficients[at] > 5 * found.fit.errors[at]


def test_traits_of_another_order_are_refused() -> None:
    turned = Matrix(COUNTRIES[::-1], PRODUCTS, np.ones((6, 5)))
    with pytest.raises(BadTable, match="in its order"):
        learn(
            world(),
            donors=COUNTRIES,
            evidence=Evidence(traits={"t": (turned, turned)}),
            conventions=RelocationConventions(occasions_min=1),
        )
