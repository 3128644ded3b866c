"""How few are enough, and why a product is not among them."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from rahdari.trade import BadParameter, Infeasible, UnknownTradeProduct
from rahdari.trade.errors import Ground
from rahdari.trade.rules.choice import (
    Candidate,
    Choice,
    Effort,
    Limits,
    Menu,
    Reason,
    choose,
    explain_absence,
    explain_absences,
    find_fewest,
    find_fewest_for,
    trace_front,
)
from rahdari.trade.rules.choice.optimum import find_best
from rahdari.trade.rules.choice.why import to_frame
from tests.unit.trade.choice_scene import (
    CAPITAL,
    LAND,
    best_by_trying,
    fewest_by_trying,
    land,
    large_menu,
    product,
)

EXACT = Effort(gap_max=0)
# Five of ten acres: 50 + 30 + 12 + 5 + 3 = 100 is attainable; 80 of it with two.
STEEP = Menu(
    tuple(
        product(code, gain, 2, sector)
        for code, gain, sector in zip("abcdef", (50, 30, 12, 5, 3, 2), "mmgghh", strict=True)
    ),
    land(10),
)


# The front


def test_the_front_tells_the_best_gain_of_each_number() -> None:
    front = trace_front(STEEP, EXACT, stop_share=1)
    assert [one.number_max for one in front.points] == [1, 2, 3, 4, 5]
    assert [one.choice.gain_usd for one in front.points] == [50, 80, 92, 97, 100]
    assert [one.share for one in front.points] == pytest.approx([0.5, 0.8, 0.92, 0.97, 1])
    assert front.attainable.gain_usd == 100


def test_the_front_stops_where_more_products_bring_next_to_nothing() -> None:
    front = trace_front(STEEP, EXACT, stop_share=0.92)
    assert [one.number_max for one in front.points] == [1, 2, 3]
    whole = front.to_the_end()
    assert [one.number_max for one in whole.points] == [1, 2, 3, 5]
    assert whole.points[-1].choice is front.attainable
    assert whole.to_the_end() is whole


def test_a_limit_on_the_number_is_not_part_of_what_is_attainable() -> None:
    numbered = STEEP.within(land(10, number_max=1))
    assert trace_front(numbered, EXACT).attainable.gain_usd == 100


def test_numbers_too_small_for_what_is_required_are_left_out() -> None:
    menu = STEEP.within(land(10, required=("e", "f")))
    front = trace_front(menu, EXACT)
    assert front.points[0].number_max == 2
    assert front.points[0].choice.codes == ("e", "f")


def test_a_long_front_has_its_points_where_it_bends() -> None:
    front = trace_front(large_menu(120), Effort(gap_max=1e-2), points=5)
    numbers = [one.number_max for one in front.points]
    steps = [later - earlier for earlier, later in pairwise(numbers)]
    assert numbers[0] == 1
    assert len(numbers) <= 5
    # Whole numbers are rounded, so that a step may be one shorter than the one before.
    assert all(later >= earlier - 1 for earlier, later in pairwise(steps))
    assert steps[-1] > steps[0]


def test_gains_and_bounds_of_the_front_never_fall() -> None:
    front = trace_front(large_menu(120), Effort(gap_max=1e-2), points=6)
    gains = [one.choice.gain_usd for one in front.points]
    bounds = [one.choice.bound_usd for one in front.points]
    assert gains == sorted(gains)
    assert bounds == sorted(bounds)
    assert all(gain <= bound for gain, bound in zip(gains, bounds, strict=True))


def test_the_front_is_a_table() -> None:
    frame = trace_front(STEEP, EXACT).to_frame()
    assert frame.columns == ["number_max", "number", "gain_usd", "bound_usd", "attainable_share", "is_proven"]
    assert frame["number"].to_list() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(("points", "share"), [(0, 0.9), (201, 0.9), (5, 0), (5, 1.1)])
def test_a_front_of_no_points_is_refused(points: int, share: float) -> None:
    with pytest.raises(BadParameter, match="points up to a share"):
        trace_front(STEEP, points=points, stop_share=share)


def test_a_front_of_nothing_reaches_everything_at_once() -> None:
    front = trace_front(Menu((product("a", 0),), land(1)), EXACT)
    assert all(one.share == 1 for one in front.points)


# The fewest


def test_four_fifths_of_the_gain_need_two_products_of_six() -> None:
    fewest = find_fewest(STEEP, 0.8, EXACT)
    assert (fewest.number, fewest.number_low) == (2, 2)
    assert fewest.is_proven
    assert fewest.goal_usd == 80
    assert fewest.choice.codes == ("a", "b")
    assert not fewest.is_met_already


def test_of_the_fewest_the_best_are_chosen() -> None:
    fewest = find_fewest_for(STEEP, 55, EXACT)
    assert fewest.number == 2
    assert fewest.choice.gain_usd == 80


def test_the_front_and_the_fewest_agree_on_a_larger_menu() -> None:
    menu = large_menu(60, sectors=4, tightness=0.2)
    front = trace_front(menu, EXACT, stop_share=1, points=60)
    fewest = find_fewest(menu, 0.8, EXACT, attainable=front.attainable)
    reaching = [one.number_max for one in front.points if one.choice.gain_usd >= fewest.goal_usd]
    assert fewest.is_proven
    assert fewest.number == min(reaching)


def test_a_hurried_count_is_never_proven_too_low_or_too_high() -> None:
    menu = large_menu(60, sectors=4, tightness=0.2)
    best = choose(menu, EXACT)
    exact = find_fewest(menu, 0.8, EXACT, attainable=best)
    for gap in (0.9, 0.5, 0.2, 0.05):
        hurried = find_fewest(menu, 0.8, Effort(gap_max=gap), attainable=best)
        assert hurried.number_low <= exact.number <= hurried.number
        assert hurried.choice.gain_usd >= exact.goal_usd * (1 - 1e-6)
        assert hurried.choice.picks.sum() <= hurried.number


def test_a_goal_that_is_met_already_needs_nothing_and_says_so() -> None:
    for goal in (0.0, -5.0):
        fewest = find_fewest_for(STEEP, goal, EXACT)
        assert fewest.is_met_already
        assert fewest.number == 0
        assert fewest.choice.codes == ()


def test_a_goal_that_is_met_already_still_keeps_what_is_required() -> None:
    fewest = find_fewest_for(STEEP.within(land(10, required=("f",))), 0, EXACT)
    assert fewest.number == fewest.number_low == 1
    assert fewest.choice.codes == ("f",)


def test_a_goal_out_of_reach_is_refused_with_what_can_be_had_and_what_is_in_the_way() -> None:
    with pytest.raises(Infeasible) as caught:
        find_fewest_for(STEEP, 101, EXACT)
    assert "a gain of 101 dollars is out of reach: within the limits at most 100" in caught.value.message
    assert "budget land_acres 10" in caught.value.message


def test_a_goal_within_impossible_limits_blames_the_limits() -> None:
    with pytest.raises(Infeasible, match=r"budget land_acres 1; required a 1"):
        find_fewest_for(STEEP.within(land(1, required=("a",))), 10, EXACT)


@pytest.mark.parametrize("share", [0, -0.1, 1.01, math.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(BadParameter, match="above 0 and at most 1"):
        find_fewest(STEEP, share)


@pytest.mark.parametrize("goal", [math.nan, math.inf])
def test_a_goal_that_is_no_number_is_refused(goal: float) -> None:
    with pytest.raises(BadParameter, match="dollars is none"):
        find_fewest_for(STEEP, goal)


def test_the_fewest_of_a_menu_with_prerequisites_counts_them() -> None:
    menu = Menu(
        (
            product("a", 50, 1, after=("x", "y")),
            product("x", 0, 1),
            product("y", 0, 1),
            product("b", 30),
            product("c", 25),
        ),
        land(9),
    )
    for goal in (20, 50, 60, 90, 105):
        assert find_fewest_for(menu, goal, EXACT).number == fewest_by_trying(menu, goal)


# Why not


def test_a_product_that_is_outbid_learns_what_it_would_have_to_bring() -> None:
    best = choose(STEEP, EXACT)
    why = explain_absence(best, "f", EXACT)
    assert why.reason is Reason.OUTBID
    assert why.cost_usd == 1
    assert why.displaced == ("e",)
    assert why.joined == ()
    assert why.threshold_usd == 3
    assert why.missing_usd == 1
    assert why.cost_low_usd == pytest.approx(1)
    assert why.cost_high_usd == pytest.approx(1)


def test_a_product_above_its_threshold_is_chosen_and_below_it_not() -> None:
    menu = Menu((product("a", 60, 6), product("b", 50, 5.5), product("c", 49, 5.5)), land(11))
    why = explain_absence(choose(menu, EXACT), "a", EXACT)
    assert why.threshold_usd == 99
    for gain, is_in in ((98.9, False), (99.1, True)):
        other = Menu((product("a", gain, 6), *menu.candidates[1:]), menu.limits)
        assert ("a" in choose(other, EXACT).codes) is is_in
    assert why.displaced == ("b", "c")


def test_what_it_pays_for_scarcity_is_told_limit_by_limit() -> None:
    menu = Menu((product("a", 50, 5), product("b", 40, 5), product("c", 20, 4)), land(10))
    why = explain_absence(choose(menu, EXACT), "c", EXACT)
    (charge,) = why.charges
    assert str(charge.limit) == "budget land_acres 10"
    assert charge.share == pytest.approx(0.4)
    # An acre is worth what the marginal product makes of it: between c's 5 and b's 8 dollars.
    assert 4 * 5 - 1e-6 <= charge.usd <= 4 * 8 + 1e-6
    frame = to_frame(why, {"c": "Hides"})
    assert frame["limit_kind"].to_list() == ["budget"]
    assert frame["product_name"].to_list() == ["Hides"]


def test_a_product_that_no_choice_can_hold_learns_which_limit_it_breaks() -> None:
    menu = Menu((product("a", 5, 1), product("huge", 900, 7_000)), land(6_000))
    why = explain_absence(choose(menu, EXACT), "huge", EXACT)
    assert why.reason is Reason.CANNOT
    assert {str(one) for one in why.contradiction} == {"budget land_acres 6000", "required huge 1"}
    assert why.threshold_usd is None
    assert why.missing_usd is None


def test_a_variant_says_that_another_is_chosen() -> None:
    menu = Menu((product("big", 90, 5, variant_of="x"), product("small", 60, 2, variant_of="x")), land(10))
    why = explain_absence(choose(menu, EXACT), "small", EXACT)
    assert why.reason is Reason.VARIANT
    assert why.displaced == ("big",)


def test_a_barred_product_says_what_its_bar_costs() -> None:
    menu = Menu((product("a", 90), product("b", 10)), land(1, barred=("a",)))
    why = explain_absence(choose(menu, EXACT), "a", EXACT)
    assert why.reason is Reason.BARRED
    assert why.cost_usd == -80
    assert why.threshold_usd is None


def test_a_product_whose_prerequisite_is_barred_says_so_too() -> None:
    menu = Menu((product("a", 90, after=("p",)), product("p", 0), product("b", 10)), land(2, barred=("p",)))
    assert explain_absence(choose(menu, EXACT), "a", EXACT).reason is Reason.BARRED


def test_a_tie_is_a_matter_of_taste() -> None:
    menu = Menu((product("a", 10), product("b", 10)), land(1))
    best = choose(menu, EXACT)
    (other,) = {"a", "b"} - set(best.codes)
    why = explain_absence(best, other, EXACT)
    assert why.reason is Reason.NO_WORSE
    assert why.cost_usd == 0


def test_a_product_that_brings_others_with_it_names_them() -> None:
    menu = Menu((product("a", 20, 1, after=("p",)), product("p", 1, 1), product("b", 30, 2)), land(2))
    why = explain_absence(choose(menu, EXACT), "a", EXACT)
    assert why.joined == ("p",)
    assert why.displaced == ("b",)
    assert why.cost_usd == 9


def test_asking_about_what_is_chosen_or_unknown_is_refused() -> None:
    best = choose(STEEP, EXACT)
    with pytest.raises(BadParameter, match="a is chosen"):
        explain_absence(best, "a")
    with pytest.raises(UnknownTradeProduct):
        explain_absence(best, "zz")


def test_the_quick_word_never_claims_more_than_the_full_answer() -> None:
    menu = large_menu(40, sectors=3, tightness=0.15)
    best = choose(menu, EXACT)
    frame = explain_absences(best)
    assert set(frame["product_code"]) == set(menu.codes) - set(best.codes)
    for code, low in frame.select("product_code", "cost_low_usd").iter_rows():
        why = explain_absence(best, code, EXACT)
        assert why.reason is Reason.CANNOT or why.cost_usd >= low - 1e-6 * best.gain_usd


def test_the_quick_word_names_the_scarcest_limit() -> None:
    menu = Menu(
        (product("a", 50, 5), product("b", 10, 5)),
        Limits({LAND: 6, CAPITAL: 100}),
    )
    frame = explain_absences(choose(menu, EXACT))
    assert frame.row(0, named=True)["scarcest"] == "budget land_acres 6"
    # What one budget rules out by itself is told, whatever the price of another limit is.
    heavy = Candidate("c", "metals", 90, {LAND: 1, CAPITAL: 500})
    ruled = explain_absences(choose(Menu((*menu.candidates, heavy), menu.limits), EXACT))
    told = dict(ruled.select("product_code", "scarcest").iter_rows())
    assert told == {"c": "budget capital_usd 100", "b": "budget land_acres 6"}
    both = Candidate("c", "metals", 90, {LAND: 60, CAPITAL: 500})
    worse = explain_absences(choose(Menu((*menu.candidates, both), menu.limits), EXACT))
    assert (
        worse.row(0, named=True)["scarcest"] == "budget land_acres 6"
    )  # ten times it, and five times the other
    none = explain_absences(choose(Menu(menu.candidates, Limits({LAND: 6, CAPITAL: 0, "x": 0})), EXACT))
    assert none["scarcest"].to_list() == ["budget land_acres 6"]
    free = explain_absences(choose(Menu((product("a", 5), product("b", 1)), land(9, barred=("b",))), EXACT))
    assert free["scarcest"].to_list() == [None]


def test_what_is_chosen_in_another_way_is_told_so_and_not_to_be_outbid() -> None:
    ways = (
        Candidate("a", "metals", 50, {LAND: 2}, variant_of="a"),
        Candidate("a:relocate", "metals", 40, {LAND: 2}, variant_of="a"),
        Candidate("b", "metals", 30, {LAND: 4}, variant_of="b"),
    )
    frame = explain_absences(choose(Menu(ways, land(5)), EXACT))
    told = dict(frame.select("product_code", "scarcest").iter_rows())
    assert told == {"a:relocate": "variants a 1", "b": "budget land_acres 5"}


def test_forcing_in_is_the_same_as_trying_every_choice() -> None:
    best = choose(STEEP, EXACT)
    forced = STEEP.within(land(10, required=("f",)))
    assert best.gain_usd - explain_absence(best, "f", EXACT).cost_usd == best_by_trying(forced)


def test_what_time_left_open_is_not_called_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    menu, goal = Menu(tuple(product(f"p{at}", 10.0) for at in range(6)), land(6)), 25.0

    def hurried(asked: Menu, effort: Effort) -> Choice | None:
        if asked.limits.gain_min_usd:
            raise BadParameter("the time is over", ground=Ground.OUT_OF_TIME)
        found = find_best(asked, effort)
        assert found is not None
        # With three the goal lies in the gap of the proof, and nothing tells whether it is reached.
        is_open = asked.limits.number_max == 3
        return replace(found, gain_usd=0.9 * goal, bound_usd=1.1 * goal) if is_open else found

    monkeypatch.setattr("rahdari.trade.rules.choice.front.find_best", hurried)
    fewest = find_fewest_for(menu, goal, EXACT)
    assert (fewest.number, fewest.number_low) == (4, 3)
    assert not fewest.is_proven
