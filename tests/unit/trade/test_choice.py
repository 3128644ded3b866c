"""The best choice within limits, its proof, and what scarcity is worth."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from rahdari.trade import BadParameter, Infeasible, UnknownTradeProduct
from rahdari.trade.rules.choice import (
    Candidate,
    Effort,
    Limit,
    LimitKind,
    Limits,
    Menu,
    broken_limits,
    choose,
    choose_greedily,
    contradiction,
    find_prices,
    loss_share,
)
from tests.unit.trade.choice_scene import CAPITAL, LAND, best_by_trying, is_kept, land, large_menu, product

EXACT = Effort(gap_max=0)
# The rule of thumb takes the densest first and is left with land that nothing fits.
TRAP = Menu((product("a", 60, 6), product("b", 50, 5.5), product("c", 49, 5.5)), land(11))


def test_the_best_choice_is_not_the_greedy_one() -> None:
    best, greedy = choose(TRAP, EXACT), choose_greedily(TRAP)
    assert best.codes == ("b", "c")
    assert best.gain_usd == 99
    assert greedy is not None
    assert greedy.codes == ("a",)
    assert loss_share(greedy, best) == pytest.approx(1 - 60 / 99)


def test_a_proof_says_how_much_better_any_choice_can_be() -> None:
    best = choose(TRAP, EXACT)
    assert best.bound_usd == best.gain_usd
    assert best.gap == 0
    assert best.is_proven
    # Fractions: all of a, and 5 of 5.5 acres of b.
    assert best.relaxed_usd == pytest.approx(60 + 50 * 5 / 5.5)


def test_a_proof_that_time_cut_short_is_reported_as_such() -> None:
    # It takes a quick machine many times as long.
    menu = large_menu(800, seed=4)
    hurried = choose(menu, Effort(gap_max=0, seconds_max=0.4))
    assert not hurried.is_proven
    assert 0 < hurried.gap < 0.5
    assert hurried.gain_usd < hurried.bound_usd <= hurried.relaxed_usd
    assert broken_limits(menu, hurried.picks) == ()


def test_no_time_at_all_is_a_refusal_that_says_so() -> None:
    with pytest.raises(BadParameter, match=r"within 1e-09 seconds; allow more"):
        choose(large_menu(90), Effort(seconds_max=1e-9))


def test_what_swaps_find_is_a_choice_even_where_no_time_is_left_to_prove_it() -> None:
    hurried = choose(large_menu(400), Effort(seconds_max=1e-9))
    assert not hurried.is_proven
    assert 0 < hurried.gap < 0.05
    assert hurried.bound_usd == pytest.approx(hurried.relaxed_usd)
    assert broken_limits(hurried.menu, hurried.picks) == ()


def test_what_is_used_is_told_for_each_resource() -> None:
    assert choose(TRAP).used == {LAND: 11}


def test_a_prerequisite_comes_along() -> None:
    menu = Menu(
        (product("refined", 90, 3, after=("power",)), product("power", 0, 4), product("ore", 40, 3)), land(7)
    )
    assert choose(menu, EXACT).codes == ("refined", "power")
    assert choose(menu.within(land(6)), EXACT).codes == ("ore",)


def test_of_two_variants_one_is_chosen() -> None:
    menu = Menu((product("big", 90, 5, variant_of="x"), product("small", 60, 2, variant_of="x")), land(10))
    assert choose(menu, EXACT).codes == ("big",)
    assert choose(menu.within(land(4)), EXACT).codes == ("small",)


def test_a_sector_keeps_its_number_and_a_minimum_of_sectors_is_kept() -> None:
    menu = Menu(
        (product("a", 9), product("b", 8), product("c", 7), product("d", 1, sector="gems")),
        land(3, sector_number_max={"metals": 2}),
    )
    assert choose(menu, EXACT).codes == ("a", "b", "d")
    spread = menu.within(land(2, sectors_min=2))
    assert choose(spread, EXACT).codes == ("a", "d")


def test_no_sector_and_no_market_takes_more_than_its_share() -> None:
    menu = Menu(
        (
            product("a", 60, markets={"CHN": 1.0}),
            product("b", 30, sector="gems", markets={"CHN": 0.5}),
            product("c", 20, sector="hides"),
        ),
        land(3, sector_share_max=0.6),
    )
    assert choose(menu, EXACT).codes == ("a", "b", "c")  # 60 of 110 is below 0.6
    assert choose(menu.within(land(3, sector_share_max=0.5)), EXACT).codes == ()
    capped = menu.within(land(3, market_share_max={"CHN": 0.5}))
    assert choose(capped, EXACT).codes == ("b", "c")


def test_at_most_so_many_are_chosen_and_what_is_barred_is_not() -> None:
    assert choose(TRAP.within(land(11, number_max=1)), EXACT).codes == ("a",)
    assert choose(TRAP.within(land(11, barred=("b",))), EXACT).codes == ("a",)
    assert choose(TRAP.within(land(11, required=("c",), number_max=1)), EXACT).codes == ("c",)


def test_without_limits_everything_is_chosen() -> None:
    menu = Menu((Candidate("a", "metals", 1.0), Candidate("b", "metals", 2.0)))
    assert choose(menu).codes == ("a", "b")
    assert choose_greedily(menu) is not None


def test_of_nothing_nothing_is_taken_but_what_needs_nothing() -> None:
    menu = Menu((product("a", 9, 1e-9), product("b", 1, 0)), land(0))
    assert choose(menu).codes == ("b",)


def test_a_need_far_above_the_budget_does_not_blur_the_small_ones() -> None:
    menu = Menu((product("huge", 1e12, 1e9), product("a", 60, 0.006), product("b", 50, 0.0055)), land(0.011))
    assert choose(menu, EXACT).codes == ("a",)


def test_a_resource_that_is_not_scarce_does_not_limit() -> None:
    menu = TRAP.within(land(math.inf))
    assert choose(menu).codes == ("a", "b", "c")
    assert find_prices(menu)[0].usd_per_unit == 0


def test_a_table_tells_all_candidates_chosen_first() -> None:
    frame = choose(TRAP, EXACT).to_frame({"b": "Copper, refined"})
    assert frame.columns == [
        "product_code",
        "product_name",
        "sector",
        "is_chosen",
        "gain_usd",
        "need_land_acres",
    ]
    assert frame["product_code"].to_list() == ["b", "c", "a"]
    assert frame["product_name"].to_list() == ["Copper, refined", None, None]
    assert frame.schema["product_name"] == pl.String


# What more is worth


def test_an_acre_is_worth_what_one_more_acre_brings_and_the_dual_price_misleads() -> None:
    (price,) = find_prices(TRAP, EXACT, steps={LAND: 0.5})
    assert price.budget == price.used == 11
    assert price.relaxed_usd_per_unit == pytest.approx(50 / 5.5)
    assert price.step_gain_usd == 11
    assert price.step_gain_low_usd == pytest.approx(11)
    assert price.step_gain_high_usd == pytest.approx(11)
    assert price.usd_per_unit == 22
    (small,) = find_prices(TRAP, EXACT, steps={LAND: 0.25})
    assert small.step_gain_usd == 0


def test_what_is_left_over_is_worth_nothing() -> None:
    (price,) = find_prices(TRAP.within(land(100)), EXACT)
    assert price.relaxed_usd_per_unit == 0
    assert price.step_gain_usd == 0
    assert price.step == 1


def test_where_there_is_nothing_the_step_tells_the_worth() -> None:
    (price,) = find_prices(TRAP.within(land(0)), EXACT, steps={LAND: 6})
    assert price.relaxed_usd_per_unit is None
    assert price.usd_per_unit == 10


def test_a_dual_price_is_in_dollars_a_unit_whatever_the_scale() -> None:
    rich = Menu(tuple(replace(one, gain_usd=one.gain_usd * 1e6) for one in TRAP.candidates), TRAP.limits)
    (price,) = find_prices(rich, EXACT)
    assert price.relaxed_usd_per_unit == pytest.approx(50e6 / 5.5)


@pytest.mark.parametrize("steps", [{LAND: 0}, {LAND: -1}, {LAND: math.inf}, {"water": 1}])
def test_a_step_that_is_none_is_refused(steps: dict[str, float]) -> None:
    with pytest.raises(BadParameter, match="name a resource with a budget and more than 0"):
        find_prices(TRAP, steps=steps)


# What contradicts


def contradicting(menu: Menu) -> set[str]:
    with pytest.raises(Infeasible) as caught:
        choose(menu)
    named = contradiction(menu)
    assert all(str(limit) in caught.value.message for limit in named)
    return {str(limit) for limit in named}


def test_a_menu_that_has_a_choice_has_no_contradiction() -> None:
    assert contradiction(TRAP) == ()


def test_the_budget_that_makes_a_choice_impossible_is_named_alone() -> None:
    menu = Menu(
        (
            Candidate("a", "metals", 9, {LAND: 4, CAPITAL: 1}),
            Candidate("b", "gems", 8, {LAND: 4, CAPITAL: 1}),
            Candidate("c", "hides", 7, {LAND: 4, CAPITAL: 1}),
        ),
        Limits({LAND: 7, CAPITAL: 100}, sectors_min=2, number_max=3),
    )
    assert contradicting(menu) == {"budget land_acres 7", "sectors_min 2"}


def test_required_products_that_do_not_fit_are_named_with_what_they_do_not_fit() -> None:
    menu = TRAP.within(land(11, required=("a", "b"), number_max=3))
    assert contradicting(menu) == {"budget land_acres 11", "required a 1", "required b 1"}


def test_a_required_product_whose_prerequisite_is_barred_is_named() -> None:
    menu = Menu((product("x", 1, after=("y",)), product("y", 1)), land(9, required=("x",), barred=("y",)))
    assert contradicting(menu) == {"prerequisite x after y 1", "required x 1", "barred y 1"}


@pytest.mark.parametrize("budget", [0.0, 11.0])
def test_a_required_product_of_absurd_need_is_named_with_the_budget(budget: float) -> None:
    menu = Menu((product("x", 1, 1e200), product("y", 1, 1e-3)), land(budget, required=("x",)))
    assert contradicting(menu) == {f"budget land_acres {budget:g}", "required x 1"}


def test_two_required_variants_contradict() -> None:
    menu = Menu(
        (product("x", 1, variant_of="v"), product("y", 1, variant_of="v")), land(9, required=("x", "y"))
    )
    assert contradicting(menu) == {"variants v 1", "required x 1", "required y 1"}


def test_a_contradiction_that_only_whole_products_have_is_found() -> None:
    # Half of each would do: the relaxed programme sees nothing wrong.
    menu = Menu((product("a", 10, 6), product("b", 10, 6)), land(9, gain_min_usd=12))
    assert contradicting(menu) == {"budget land_acres 9", "gain_min 12"}


def test_every_limit_named_is_needed_for_the_contradiction() -> None:
    menu = TRAP.within(land(11, required=("a", "b"), number_max=1))
    named = contradiction(menu)
    assert {str(one) for one in named} in (
        {"number_max 1", "required a 1", "required b 1"},
        {"budget land_acres 11", "required a 1", "required b 1"},
    )


# Greedy


def test_the_rule_of_thumb_keeps_every_limit_it_is_given() -> None:
    menu = Menu(
        (
            product("a", 60, 3, markets={"CHN": 1.0}),
            product("b", 30, 3, sector="gems", after=("d",)),
            product("c", 20, 2, sector="hides", variant_of="v"),
            product("d", 1, 1, sector="gems"),
            product("e", 19, 2, sector="hides", variant_of="v"),
        ),
        land(8, sectors_min=2, market_share_max={"CHN": 0.7}, sector_number_max={"hides": 1}),
    )
    greedy = choose_greedily(menu)
    assert greedy is not None
    assert is_kept(menu, greedy.codes)
    assert greedy.gain_usd <= (best_by_trying(menu) or 0)


def test_the_rule_of_thumb_puts_back_what_breaks_a_share() -> None:
    menu = Menu(
        (product("a", 60), product("b", 50, sector="gems"), product("c", 30)), land(3, sector_share_max=0.6)
    )
    greedy = choose_greedily(menu)
    assert greedy is not None
    assert greedy.codes == ("a", "b")


def test_the_rule_of_thumb_says_when_it_finds_nothing() -> None:
    assert choose_greedily(TRAP.within(land(11, gain_min_usd=80))) is None
    assert choose_greedily(TRAP.within(land(11, required=("a", "b")))) is None


def test_the_rule_of_thumb_never_beats_the_proof_on_a_large_menu() -> None:
    menu = large_menu(300)
    best, greedy = choose(menu, Effort(gap_max=1e-3, seconds_max=20)), choose_greedily(menu)
    assert greedy is not None
    assert broken_limits(menu, greedy.picks) == ()
    assert greedy.gain_usd <= best.bound_usd
    assert 0 <= loss_share(greedy, best) < 0.5


def test_a_share_of_nothing_is_lost_as_nothing() -> None:
    nothing = choose(Menu((product("a", 0),), land(1)))
    assert nothing.gap == 0
    assert loss_share(nothing, nothing) == 0


# What is refused


@pytest.mark.parametrize("gain", [-1.0, math.nan, math.inf])
def test_a_gain_that_is_no_amount_is_refused(gain: float) -> None:
    with pytest.raises(BadParameter, match=r"the gain of a is .*; it is a number, 0 or more"):
        Menu((product("a", gain),), land(1))


def test_a_negative_need_and_a_negative_budget_are_refused_by_name() -> None:
    with pytest.raises(BadParameter, match="what a needs of land_acres is -1"):
        Menu((product("a", 1, -1),), land(1))
    with pytest.raises(BadParameter, match="the budget of land_acres is -5"):
        Menu((product("a", 1),), land(-5))


def test_a_need_without_a_budget_is_refused_by_name() -> None:
    with pytest.raises(
        BadParameter, match=r"a needs 'land_acres', which has no budget \(those that have: water\)"
    ):
        Menu((product("a", 1),), Limits({"water": 1}))


def test_a_code_twice_or_empty_and_an_empty_menu_are_refused() -> None:
    for codes in (("a", "a"), ("",)):
        with pytest.raises(BadParameter, match="stands twice or has no code"):
            Menu(tuple(product(code, 1) for code in codes), land(1))
    with pytest.raises(BadParameter, match="0 candidates"):
        Menu((), land(1))


def test_prerequisites_in_a_circle_are_refused_with_the_circle() -> None:
    ring = (product("a", 1, after=("b",)), product("b", 1, after=("c",)), product("c", 1, after=("a",)))
    with pytest.raises(BadParameter, match=r"wait for one another: (\w -> ){3}\w"):
        Menu(ring, land(1))
    with pytest.raises(BadParameter, match="wait for one another: a -> a"):
        Menu((product("a", 1, after=("a",)),), land(1))


def test_prerequisites_that_exclude_one_another_are_refused() -> None:
    three = (
        product("a", 1, after=("b", "c")),
        product("b", 1, variant_of="v"),
        product("c", 1, variant_of="v"),
    )
    with pytest.raises(BadParameter, match=r"a needs both b and c, of which only one may be \(v\)"):
        Menu(three, land(1))


@pytest.mark.parametrize(
    "limits",
    [land(1, required=("zz",)), land(1, barred=("zz",))],
)
def test_a_limit_on_a_code_that_is_no_candidate_is_refused(limits: Limits) -> None:
    with pytest.raises(UnknownTradeProduct, match="'zz', which is no candidate"):
        Menu((product("a", 1),), limits)


def test_a_prerequisite_that_is_no_candidate_is_refused() -> None:
    with pytest.raises(UnknownTradeProduct, match="a prerequisite of a names 'zz'"):
        Menu((product("a", 1, after=("zz",)),), land(1))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (land(1, sector_number_max={"gems": 1}), "the sector 'gems', of which there is no candidate"),
        (land(1, sector_number_max={"metals": -1}), "the number of products of metals is -1"),
        (land(1, market_share_max={"CHN": 0.3}), "the market 'CHN', to which no candidate goes"),
        (land(1, market_share_max={"CHN": 1.3}), "the market CHN may have 1.3 of the gain"),
        (land(1, sector_share_max=0), "a sector may have 0 of the gain"),
        (land(1, sectors_min=2), "2 sectors are asked for; the candidates are of 1"),
        (land(1, sectors_min=-1), "-1 sectors are asked for"),
        (land(1, number_max=0), "at most 0 products leaves nothing to choose"),
        (land(1, gain_min_usd=-1), "the gain to be reached is -1"),
        (land(1, required=("a",), barred=("a",)), "required and barred at once: a"),
        (Limits(dict.fromkeys((LAND, *(f"r{at}" for at in range(60))), 1.0)), "61 resources, more than 50"),
    ],
)
def test_a_limit_that_is_none_is_refused_by_name(limits: Limits, words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        Menu((product("a", 1),), limits)


def test_markets_that_take_more_than_everything_are_refused() -> None:
    with pytest.raises(BadParameter, match="more than the whole gain of a goes to its markets"):
        Menu((product("a", 1, markets={"CHN": 0.7, "USA": 0.7}),), land(1))


@pytest.mark.parametrize("effort", [(-1e-4, 1), (1, 1), (1e-4, 0), (1e-4, 1e9), (math.nan, 1)])
def test_an_effort_that_is_none_is_refused(effort: tuple[float, float]) -> None:
    with pytest.raises(BadParameter):
        Effort(*effort)


def test_a_choice_names_what_it_picks_and_refuses_what_is_not_there() -> None:
    assert TRAP.picks(["b"]).tolist() == [False, True, False]
    with pytest.raises(UnknownTradeProduct):
        TRAP.picks(["zz"])
    with pytest.raises(UnknownTradeProduct):
        TRAP.closure("zz")


def test_a_broken_limit_is_named_once() -> None:
    menu = TRAP.within(land(11, number_max=2))
    assert broken_limits(menu, np.ones(3, dtype=np.bool_)) == (
        Limit(LimitKind.BUDGET, LAND, 11),
        Limit(LimitKind.NUMBER_MAX, "", 2),
    )
