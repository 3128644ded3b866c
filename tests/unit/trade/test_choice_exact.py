"""Limits are kept to the last digit of what was given, however far apart the amounts lie."""

import itertools
import math

import numpy as np
import pytest

from rahdari.trade.errors import Infeasible
from rahdari.trade.rules.choice import (
    Candidate,
    LimitKind,
    Limits,
    Menu,
    broken_limits,
    choose,
    choose_greedily,
    contradiction,
    find_fewest,
)

ONE_LARGE = (
    Candidate("ore", "26", 4e10, {"r": 9.0}),
    Candidate("b", "25", 1e4),
    Candidate("d", "71", 3.5e4),
)


def test_a_sector_cap_holds_beside_one_large_product_that_cannot_be_had() -> None:
    menu = Menu(ONE_LARGE, Limits(budgets={"r": 1.0}, sector_share_max=0.5))
    assert choose(menu).codes == ()
    assert [one.name for one in broken_limits(menu, menu.picks(["b", "d"]))] == ["71"]


def test_a_sector_cap_holds_beside_one_large_product_that_the_cap_itself_shuts_out() -> None:
    menu = Menu((Candidate("ore", "26", 4e10), *ONE_LARGE[1:]), Limits(sector_share_max=0.5))
    assert choose(menu).codes == ()


def test_a_market_cap_holds_beside_one_large_product() -> None:
    candidates = (
        Candidate("ore", "26", 4e10, {"r": 9.0}),
        Candidate("b", "25", 1e4),
        Candidate("d", "71", 3.5e4, markets={"CHN": 1.0}),
    )
    menu = Menu(candidates, Limits(budgets={"r": 1.0}, market_share_max={"CHN": 0.5}))
    assert choose(menu).codes == ("b",)
    assert [one.name for one in broken_limits(menu, menu.picks(["b", "d"]))] == ["CHN"]


def test_two_large_products_that_nearly_balance_do_not_hide_an_overrun() -> None:
    near = (Candidate("ore", "26", 4e10), Candidate("oil", "27", 4e10 - 1e5), *ONE_LARGE[1:])
    assert "ore" not in choose(Menu(near, Limits(sector_share_max=0.5))).codes
    even = (Candidate("ore", "26", 4e10), Candidate("oil", "27", 4e10 - 1e4), *ONE_LARGE[1:])
    assert {"ore", "oil"} <= set(choose(Menu(even, Limits(sector_share_max=0.5))).codes)


@pytest.mark.parametrize("seed", range(6))
def test_the_choice_is_the_best_of_all_that_keep_the_limits_exactly(seed: int) -> None:
    generator = np.random.default_rng(seed)
    gains = 10 ** generator.uniform(4, 11, 9)
    candidates = tuple(
        Candidate(f"p{at}", f"s{at % 4}", float(gain), {"land": float(generator.uniform(0, 5))})
        for at, gain in enumerate(gains)
    )
    menu = Menu(candidates, Limits(budgets={"land": 11.0}, sector_share_max=0.6))
    best = choose(menu)
    kept = [
        math.fsum(menu.gains_usd[list(picks)])
        for size in range(10)
        for picks in itertools.combinations(range(9), size)
        if not broken_limits(menu, np.isin(np.arange(9), picks))
    ]
    assert best.gain_usd == pytest.approx(max(kept), rel=2e-4)
    assert not broken_limits(menu, best.picks)


def test_a_budget_is_not_overrun_by_what_the_solver_tolerates() -> None:
    needs = 1 / 3 + 2e-7
    candidates = tuple(Candidate(f"p{at}", "x", 5e6, {"r": needs}) for at in range(3))
    best = choose(Menu(candidates, Limits(budgets={"r": 1.0})))
    assert len(best.codes) == 2
    assert best.bound_usd >= best.gain_usd


def test_many_equal_overruns_end_in_a_choice_that_keeps_the_budget() -> None:
    candidates = tuple(Candidate(f"p{at:02d}", "x", 1e6 + at, {"r": 0.05 + 2e-8}) for at in range(60))
    best = choose(Menu(candidates, Limits(budgets={"r": 1.0})))
    assert best.used["r"] <= 1 + 1e-9
    assert len(best.codes) == 19


def test_the_rounding_of_decimals_is_no_overrun() -> None:
    menu = Menu((Candidate("a", "x", 5e6, {"r": 0.1 + 0.2}),), Limits(budgets={"r": 0.3}, sectors_min=1))
    assert choose(menu).codes == ("a",)
    assert choose_greedily(menu) is not None


def test_a_refusal_names_the_budget_that_is_overrun_by_less_than_the_solver_sees() -> None:
    menu = Menu((Candidate("a", "x", 5e6, {"r": 0.3 + 1e-7}),), Limits(budgets={"r": 0.3}, sectors_min=1))
    with pytest.raises(Infeasible, match=r"budget r 0\.3; sectors_min 1\."):
        choose(menu)
    assert {one.kind for one in contradiction(menu)} == {LimitKind.BUDGET, LimitKind.SECTORS_MIN}


def test_what_is_required_is_weighed_as_exactly() -> None:
    limits = Limits(budgets={"r": 0.3}, required=("a",))
    menu = Menu((Candidate("a", "x", 5e6, {"r": 0.3 + 1e-7}),), limits)
    assert {one.kind for one in contradiction(menu)} == {LimitKind.BUDGET, LimitKind.REQUIRED}


def test_the_rule_of_thumb_keeps_budgets_as_exactly() -> None:
    candidates = tuple(Candidate(f"p{at}", "x", 5e6, {"r": 1 / 3 + 2e-7}) for at in range(3))
    found = choose_greedily(Menu(candidates, Limits(budgets={"r": 1.0})))
    assert found is not None
    assert len(found.codes) == 2


def test_the_fewest_for_a_gain_keep_the_limits_exactly_too() -> None:
    candidates = tuple(Candidate(f"p{at}", "x", 5e6, {"r": 1 / 3 + 2e-7}) for at in range(3))
    fewest = find_fewest(Menu(candidates, Limits(budgets={"r": 1.0})), 1.0)
    assert fewest.number == 2


def test_the_rule_of_thumb_takes_nothing_barred_for_the_sake_of_what_is_required() -> None:
    candidates = (Candidate("a", "x", 1e6), Candidate("b", "x", 1e6, after=("a",)))
    assert choose_greedily(Menu(candidates, Limits(required=("b",), barred=("a",)))) is None
