"""For every small menu: the proof is right, more is never less, and no order or scale changes a choice's worth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from rahdari.trade import BadParameter, Infeasible
from rahdari.trade.rules.choice import (
    Candidate,
    Effort,
    Limits,
    Menu,
    Reason,
    broken_limits,
    choose,
    choose_greedily,
    contradiction,
    explain_absence,
    find_fewest_for,
    find_prices,
    trace_front,
)
from rahdari.trade.rules.choice.conflict import _is_possible
from rahdari.trade.rules.choice.odds import tail_mean
from tests.unit.trade.choice_scene import best_by_trying, every_choice, fewest_by_trying, gain_of, is_kept

EXACT = Effort(gap_max=0)
RESOURCES = ("land_acres", "energy_mw")
few = settings(max_examples=60, deadline=None)


@st.composite
def candidates(draw: st.DrawFn) -> tuple[Candidate, ...]:
    """Up to seven, with whole numbers so that no sum lies within a solver's tolerance of a limit."""
    found: list[Candidate] = []
    for at in range(draw(st.integers(1, 7))):
        code = f"p{at}"
        before = draw(st.lists(st.sampled_from([one.code for one in found]), max_size=1)) if found else []
        found.append(
            Candidate(
                code,
                draw(st.sampled_from(("metals", "gems", "hides"))),
                float(draw(st.integers(0, 30))),
                {name: float(draw(st.integers(0, 8))) for name in RESOURCES},
                after=tuple(before),
                variant_of=draw(st.sampled_from((None, None, None, "v"))),
                markets={"CHN": draw(st.sampled_from((0.0, 0.5, 1.0)))},
            )
        )
    return tuple(found)


@st.composite
def menus(draw: st.DrawFn) -> Menu:
    some = draw(candidates())
    sectors = sorted({one.sector for one in some})
    codes = [one.code for one in some]
    required = draw(st.lists(st.sampled_from(codes), max_size=1))
    limits = Limits(
        {name: float(draw(st.integers(0, 24))) for name in RESOURCES},
        sector_number_max={sectors[0]: draw(st.integers(0, 3))} if draw(st.booleans()) else {},
        sectors_min=draw(st.integers(0, min(2, len(sectors)))),
        number_max=draw(st.none() | st.integers(1, 5)),
        required=tuple(required),
        barred=tuple(
            code for code in draw(st.lists(st.sampled_from(codes), max_size=1)) if code not in required
        ),
    )
    try:
        return Menu(some, limits)
    except BadParameter:  # prerequisites that exclude one another
        assume(False)  # noqa: FBT003
        raise


@few
@given(menus())
def test_the_choice_is_the_best_of_all_that_keep_the_limits(menu: Menu) -> None:
    best = best_by_trying(menu)
    event("a choice exists" if best is not None else "none exists")
    if best is None:
        named = contradiction(menu)
        assert named
        with pytest.raises(Infeasible) as refused:
            choose(menu, EXACT)
        assert all(str(one) in refused.value.message for one in named)
        return
    found = choose(menu, EXACT)
    assert is_kept(menu, found.codes)
    assert broken_limits(menu, found.picks) == ()
    assert abs(found.gain_usd - best) < 1e-9
    assert found.gain_usd <= found.bound_usd <= found.relaxed_usd + 1e-6 * max(1, best)


@few
@given(menus(), st.floats(0.3, 1.0), st.floats(0.3, 1.0))
def test_shares_of_sectors_and_markets_are_kept_exactly(menu: Menu, sector: float, market: float) -> None:
    shared = menu.within(
        replace(menu.limits, sector_share_max=round(sector, 2), market_share_max={"CHN": round(market, 2)})
    )
    best = best_by_trying(shared)
    if best is not None:
        found = choose(shared, EXACT)
        assert is_kept(shared, found.codes)
        assert abs(found.gain_usd - best) < 1e-6


@few
@given(menus())
def test_the_rule_of_thumb_keeps_the_limits_and_never_beats_the_proof(menu: Menu) -> None:
    greedy = choose_greedily(menu)
    event("greedy found one" if greedy is not None else "greedy found none")
    if greedy is not None:
        assert is_kept(menu, greedy.codes)
        assert greedy.gain_usd <= choose(menu, EXACT).gain_usd + 1e-9


@few
@given(menus(), st.sampled_from(RESOURCES), st.integers(1, 10))
def test_more_of_a_resource_never_brings_less(menu: Menu, resource: str, more: int) -> None:
    assume(best_by_trying(menu) is not None)
    richer = {**menu.limits.budgets, resource: menu.limits.budgets[resource] + more}
    after = choose(menu.within(replace(menu.limits, budgets=richer)), EXACT)
    before = choose(menu, EXACT)
    assert after.gain_usd >= before.gain_usd - 1e-9
    for price in find_prices(menu, EXACT, steps={resource: float(more)}, choice=before):
        assert price.relaxed_usd_per_unit is None or price.relaxed_usd_per_unit >= 0
        assert price.step_gain_low_usd <= price.step_gain_usd <= price.step_gain_high_usd
        if price.resource == resource:
            assert abs(price.step_gain_usd - (after.gain_usd - before.gain_usd)) < 1e-9


@few
@given(menus(), st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_does_not_change_the_gain(menu: Menu, shuffler: st.DataObject) -> None:
    assume(best_by_trying(menu) is not None)
    mixed = list(menu.candidates)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    assert choose(Menu(tuple(mixed), menu.limits), EXACT).gain_usd == choose(menu, EXACT).gain_usd


@few
@given(menus(), st.sampled_from((1e-3, 1e3, 1e9)), st.sampled_from((1e-6, 1e6)))
def test_neither_currency_nor_units_change_the_choice(menu: Menu, currency: float, unit: float) -> None:
    best = best_by_trying(menu)
    assume(best is not None)
    scaled = Menu(
        tuple(
            replace(
                one,
                gain_usd=one.gain_usd * currency,
                needs={name: amount * unit for name, amount in one.needs.items()},
            )
            for one in menu.candidates
        ),
        replace(menu.limits, budgets={name: most * unit for name, most in menu.limits.budgets.items()}),
    )
    assert abs(choose(scaled, EXACT).gain_usd - (best or 0) * currency) <= 1e-9 * currency * max(1, best or 0)


@few
@given(menus())
def test_the_front_is_the_best_of_each_number(menu: Menu) -> None:
    free = menu.within(replace(menu.limits, number_max=None))
    assume(best_by_trying(free) is not None)
    front = trace_front(menu, EXACT, stop_share=1)
    gains = [one.choice.gain_usd for one in front.points]
    assert gains == sorted(gains)
    for point in front.points:
        tried = [gain_of(free, codes) for codes in every_choice(free) if len(codes) <= point.number_max]
        assert abs(point.choice.gain_usd - max(tried)) < 1e-9


@few
@given(menus(), st.integers(0, 60))
def test_the_fewest_are_the_fewest_of_all_that_reach_the_goal(menu: Menu, goal: int) -> None:
    free = menu.within(replace(menu.limits, number_max=None))
    tried = fewest_by_trying(free, goal)
    event("reachable" if tried is not None else "out of reach")
    try:
        found = find_fewest_for(menu, float(goal), EXACT)
    except Infeasible:
        assert tried is None
    else:
        assert found.number == found.number_low == tried
        assert found.choice.gain_usd >= goal
        assert found.is_met_already is (goal <= 0)


@st.composite
def roomy_menus(draw: st.DrawFn) -> Menu:
    """Menus on which most products could be chosen, were they not outbid."""
    limits = Limits({name: float(draw(st.integers(10, 20))) for name in RESOURCES})
    gains, needs = st.integers(1, 30), st.integers(2, 8)
    return Menu(
        tuple(
            Candidate(
                f"p{at}", "metals", float(draw(gains)), {name: float(draw(needs)) for name in RESOURCES}
            )
            for at in range(6)
        ),
        limits,
    )


@few
@given(menus() | roomy_menus(), st.data())
def test_forcing_a_product_in_costs_what_trying_says(menu: Menu, data: st.DataObject) -> None:
    assume(best_by_trying(menu) is not None)
    best = choose(menu, EXACT)
    left = sorted(set(menu.codes) - set(best.codes) - set(menu.limits.barred))
    assume(left)
    code = data.draw(st.sampled_from(left))
    why = explain_absence(best, code, EXACT)
    event(why.reason)
    bars = tuple(one for one in menu.limits.barred if one not in menu.closure(code))
    limits = replace(menu.limits, required=(*menu.limits.required, code), barred=bars)
    tried = best_by_trying(menu.within(limits))
    if why.reason is Reason.CANNOT:
        assert tried is None
        assert why.contradiction
    else:
        assert tried is not None
        assert abs(best.gain_usd - why.cost_usd - tried) < 1e-9


@few
@given(menus())
def test_a_contradiction_is_irreducible(menu: Menu) -> None:
    named = contradiction(menu)
    event(f"{len(named)} limits")
    if named:
        assert best_by_trying(menu) is None
        assert not _is_possible(menu, frozenset(named))
    for one in named:
        assert _is_possible(menu, frozenset(named) - {one})


# The smallest numbers that a double can hold have no part of a ninth digit left to compare.
@given(st.lists(st.floats(0, 1e12, allow_subnormal=False), min_size=1, max_size=60), st.floats(0.01, 1))
def test_the_mean_of_the_worst_is_between_the_worst_and_the_mean(totals: list[float], share: float) -> None:
    found = tail_mean(np.array(totals), share)
    size = max(totals)
    assert min(totals) - 1e-9 * size <= found <= sum(totals) / len(totals) + 1e-9 * size
