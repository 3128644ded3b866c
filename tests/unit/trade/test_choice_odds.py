"""How sure a choice is: shocks, targets, bad cases, what is robust, and how concentrated it is."""

import math

import numpy as np
import pytest

from rahdari.trade import BadParameter, Infeasible, NothingTraded
from rahdari.trade.rules.choice import (
    Candidate,
    Effort,
    Limits,
    Menu,
    Odds,
    Shocks,
    choose,
    choose_cautiously,
    concentration_of,
    draw_gains,
    draw_totals,
    find_robust,
)
from rahdari.trade.rules.choice import odds as odds_module
from rahdari.trade.rules.choice.odds import tail_mean
from tests.unit.trade.choice_scene import land, large_menu, product

EXACT = Effort(gap_max=0)
STILL = Shocks(0, 0, 0)
MENU = Menu(
    (product("a", 50), product("b", 40), product("c", 30, sector="gems"), product("d", 20, sector="gems")),
    land(3),
)
ALL = np.ones(4, dtype=np.bool_)


def dice(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


# Draws


def test_without_shocks_every_draw_is_the_expected_gain() -> None:
    odds = draw_totals(MENU, ALL, dice(), shocks=STILL, draws=10)
    assert odds.totals_usd.tolist() == [140] * 10
    assert odds.probability_of(140)[0] == 1
    assert odds.probability_of(141)[0] == 0


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    first, again, other = (draw_totals(MENU, ALL, dice(seed), draws=50).totals_usd for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()


def test_shocks_spread_the_total_and_do_not_raise_it() -> None:
    odds = draw_totals(MENU, ALL, dice(), draws=200_000)
    assert odds.mean_usd == pytest.approx(140, rel=0.005)


def test_spread_and_correlation_are_those_that_were_asked_for() -> None:
    logs = np.log(draw_gains(MENU, dice(), shocks=Shocks(0.2, 0.3, 0.5), draws=100_000) / MENU.gains_usd)
    assert logs.std(axis=0) == pytest.approx(math.sqrt(0.38), rel=0.01)
    together = np.corrcoef(logs.T)
    assert together[0, 1] == pytest.approx(0.13 / 0.38, abs=0.01)
    assert together[0, 2] == pytest.approx(0.04 / 0.38, abs=0.01)


def test_common_shocks_do_not_cancel_out_and_own_shocks_do() -> None:
    many = Menu(tuple(product(f"p{at}", 1.0) for at in range(400)), land(400))
    picks = np.ones(400, dtype=np.bool_)
    own = draw_totals(many, picks, dice(), shocks=Shocks(0, 0, 0.4), draws=4_000).totals_usd
    common = draw_totals(many, picks, dice(), shocks=Shocks(0.4, 0, 0), draws=4_000).totals_usd
    assert own.std() / own.mean() == pytest.approx(math.sqrt(math.exp(0.16) - 1) / 20, rel=0.1)
    assert common.std() / common.mean() == pytest.approx(math.sqrt(math.exp(0.16) - 1), rel=0.1)


def test_blocks_do_not_show_in_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odds_module, "BLOCK_NUMBERS", 100)
    odds = draw_totals(MENU, ALL, dice(), draws=1_003)
    assert len(odds.totals_usd) == 1_003
    assert odds.mean_usd == pytest.approx(140, rel=0.1)
    assert not odds.totals_usd.flags.writeable


def test_nothing_chosen_brings_nothing_in_every_draw() -> None:
    assert draw_totals(MENU, ~ALL, dice(), draws=5).totals_usd.tolist() == [0] * 5


@pytest.mark.parametrize("draws", [0, -1, 10_000_001])
def test_a_number_of_draws_that_is_none_is_refused(draws: int) -> None:
    with pytest.raises(BadParameter, match="draws; 1 to 10,000,000"):
        draw_totals(MENU, ALL, dice(), draws=draws)


def test_drawn_gains_that_fill_the_memory_are_refused() -> None:
    with pytest.raises(BadParameter, match="1 to 1,000,000 can be made here"):
        draw_gains(MENU, dice(), draws=1_000_001)


@pytest.mark.parametrize("spreads", [(-0.1, 0, 0), (0, 3.1, 0), (0, 0, math.nan)])
def test_a_spread_that_is_none_is_refused(spreads: tuple[float, float, float]) -> None:
    with pytest.raises(BadParameter, match="shocks is"):
        Shocks(*spreads)


# What the draws say


def test_the_worst_cases_are_averaged_and_the_one_on_the_edge_counts_in_part() -> None:
    totals = np.arange(1.0, 11.0)
    assert tail_mean(totals, 0.2) == pytest.approx(1.5)
    assert tail_mean(totals, 0.25) == pytest.approx((1 + 2 + 0.5 * 3) / 2.5)
    assert tail_mean(totals, 0.05) == 1
    assert tail_mean(totals, 1) == pytest.approx(5.5)
    assert tail_mean(totals[::-1], 0.2) == pytest.approx(1.5)


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_of_cases_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(BadParameter, match="of the cases"):
        Odds(np.ones(3)).tail_mean_usd(share)


def test_the_tail_of_a_lognormal_is_what_its_formula_says() -> None:
    one = Menu((product("a", 100.0),), land(1))
    odds = draw_totals(one, np.ones(1, dtype=np.bool_), dice(), shocks=Shocks(0, 0, 0.5), draws=400_000)
    # E[X | X below its 5 % quantile] = mean x Phi(z - s) / 0.05, z = -1.644854, s = 0.5: Phi(-2.144854) = 0.015982.
    assert odds.tail_mean_usd(0.05) == pytest.approx(100 * 0.015982 / 0.05, rel=0.01)
    assert odds.quantile_usd(0.5) == pytest.approx(100 * math.exp(-0.125), rel=0.01)


def test_a_probability_comes_with_the_interval_that_the_draws_leave() -> None:
    odds = Odds(np.array([1.0, 2.0, 3.0, 4.0]))
    share, low, high = odds.probability_of(3)
    assert share == 0.5
    # Wilson's interval of 2 in 4 at 95 %.
    assert (low, high) == pytest.approx((0.1500, 0.8500), abs=1e-4)
    assert odds.probability_of(0)[0] == odds.probability_of(0)[2] == 1
    assert odds.probability_of(9)[0] == odds.probability_of(9)[1] == 0


def test_quantiles_are_a_table_and_a_quantile_that_is_none_is_refused() -> None:
    frame = draw_totals(MENU, ALL, dice(), draws=100).to_frame()
    assert frame["gain_usd"].is_sorted()
    assert frame["quantile"].to_list()[4] == 0.5
    with pytest.raises(BadParameter, match="it is 0 to 1"):
        Odds(np.ones(3)).quantile_usd(1.5)


# What is robust


def test_without_shocks_the_choice_is_made_again_every_time() -> None:
    gains = draw_gains(MENU, dice(), shocks=STILL, draws=5)
    robust = find_robust(MENU, gains, EXACT)
    assert robust.frequency.tolist() == [1, 1, 1, 0]
    assert (robust.draws, robust.is_whole) == (5, True)


def test_close_rivals_share_the_draws_and_a_clear_winner_does_not() -> None:
    menu = Menu((product("a", 1_000), product("b", 10.0), product("c", 9.9)), land(2))
    robust = find_robust(menu, draw_gains(menu, dice(), draws=100), EXACT)
    frequency = dict(zip(menu.codes, robust.frequency, strict=True))
    assert frequency["a"] == 1
    assert 0.3 < frequency["b"] < 0.7
    assert frequency["b"] + frequency["c"] == pytest.approx(1)
    assert robust.to_frame()["product_code"][0] == "a"


def test_fractions_are_counted_where_no_proof_is_asked_for() -> None:
    menu = Menu((product("a", 10, 2), product("b", 1, 2)), land(3))
    robust = find_robust(menu, draw_gains(menu, dice(), shocks=STILL, draws=2))
    assert robust.frequency.tolist() == pytest.approx([1, 0.5])
    assert not robust.is_whole


def test_draws_of_another_menu_are_refused() -> None:
    with pytest.raises(BadParameter, match="gains of 3 candidates were drawn for a menu of 4"):
        find_robust(MENU, np.ones((2, 3)))
    with pytest.raises(BadParameter, match="2001 draws; 1 to 2,000"):
        find_robust(MENU, np.ones((2_001, 4)))


@pytest.mark.parametrize("effort", [None, EXACT])
def test_what_cannot_be_chosen_cannot_be_robust(effort: Effort | None) -> None:
    impossible = MENU.within(land(1, required=("a", "b")))
    with pytest.raises(Infeasible, match="required a 1"):
        find_robust(impossible, np.ones((1, 4)), effort)


# Caution


def gamble() -> tuple[Menu, np.ndarray[tuple[int, int], np.dtype[np.float64]]]:
    """A product that brings 100 or nothing, and one that always brings 40: room for one."""
    menu = Menu((product("gamble", 50), product("sure", 40)), land(1))
    return menu, np.array([[100.0, 40.0], [0.0, 40.0]] * 10)


def test_without_caution_the_mean_decides_and_with_it_the_bad_cases_do() -> None:
    menu, gains = gamble()
    bold = choose_cautiously(menu, gains, caution=0, effort=EXACT)
    assert bold.choice.codes == ("gamble",)
    assert (bold.mean_usd, bold.tail_mean_usd, bold.score_usd) == (50, 0, 50)
    careful = choose_cautiously(menu, gains, caution=1, effort=EXACT)
    assert careful.choice.codes == ("sure",)
    assert (careful.mean_usd, careful.tail_mean_usd, careful.score_usd) == (40, 40, 80)
    assert careful.score_bound_usd == pytest.approx(80)


def test_the_caution_at_which_the_choice_turns_is_where_the_scores_cross() -> None:
    menu, gains = gamble()  # 50 + 0 c against 40 + 40 c: at c = 0.25
    assert choose_cautiously(menu, gains, caution=0.24, effort=EXACT).choice.codes == ("gamble",)
    assert choose_cautiously(menu, gains, caution=0.26, effort=EXACT).choice.codes == ("sure",)


def test_a_cautious_score_is_the_best_of_all_choices_tried() -> None:
    menu = MENU.within(land(2))
    gains = draw_gains(menu, dice(), draws=40)
    found = choose_cautiously(menu, gains, caution=2, tail_share=0.1, effort=EXACT)
    tried = []
    for first in range(4):
        for second in range(first):
            totals = gains[:, [first, second]].sum(axis=1)
            tried.append(totals.mean() + 2 * tail_mean(totals, 0.1))
    assert found.score_usd == pytest.approx(max(tried))
    assert found.score_bound_usd == pytest.approx(max(tried), rel=1e-5)


def test_caution_keeps_the_limits() -> None:
    menu, gains = gamble()
    kept = choose_cautiously(menu.within(land(1, required=("gamble",))), gains, caution=5)
    assert kept.choice.codes == ("gamble",)
    with pytest.raises(Infeasible):
        choose_cautiously(menu.within(land(1, required=("gamble", "sure"))), gains)


@pytest.mark.parametrize(
    ("gains", "settings", "words"),
    [
        (np.ones((2, 3)), {}, r"shape \(2, 3\) for 2 candidates"),
        (np.ones((0, 2)), {}, "scenarios of the shape"),
        (np.ones((100_001, 2)), {}, "more than 200,000 numbers"),
        (-np.ones((2, 2)), {}, "negative or no number"),
        (np.full((2, 2), np.nan), {}, "negative or no number"),
        (np.ones((2, 2)), {"caution": -1.0}, "a caution of -1.0"),
        (np.ones((2, 2)), {"tail_share": 0.0}, "the worst 0.0"),
    ],
)
def test_scenarios_and_weights_that_are_none_are_refused(
    gains: np.ndarray[tuple[int, int], np.dtype[np.float64]], settings: dict[str, float], words: str
) -> None:
    with pytest.raises(BadParameter, match=words):
        choose_cautiously(gamble()[0], gains, **settings)  # type: ignore[arg-type]


# Concentration


def test_equal_parts_are_counted_and_one_part_is_one() -> None:
    menu = Menu(tuple(product(code, 10, sector=code) for code in "abcd"), land(4))
    spread = concentration_of(choose(menu))
    assert spread.products.index == pytest.approx(0.25)
    assert spread.products.equal_parts == pytest.approx(4)
    assert concentration_of(choose(Menu((product("a", 10),), land(1)))).products.index == 1


def test_sectors_and_markets_are_added_up_and_the_rest_goes_elsewhere() -> None:
    menu = Menu(
        (
            Candidate("a", "metals", 60, markets={"CHN": 0.5}),
            Candidate("b", "metals", 20, markets={"CHN": 1.0}),
            Candidate("c", "gems", 20, markets={"USA": 1.0}),
        ),
        Limits(),
    )
    spread = concentration_of(choose(menu))
    assert spread.sectors.index == pytest.approx(0.8**2 + 0.2**2)
    assert spread.sectors.largest == "metals"
    assert spread.markets is not None
    assert spread.markets.index == pytest.approx(0.5**2 + 0.2**2 + 0.3**2)
    assert spread.markets.largest == "CHN"
    assert spread.markets.largest_share == pytest.approx(0.5)
    assert spread.to_frame()["by"].to_list() == ["product", "sector", "market"]


def test_without_markets_there_is_no_concentration_of_them() -> None:
    spread = concentration_of(choose(MENU))
    assert spread.markets is None
    assert spread.to_frame()["by"].to_list() == ["product", "sector"]


def test_of_nothing_there_are_no_shares() -> None:
    with pytest.raises(NothingTraded, match="no gain"):
        concentration_of(choose(Menu((product("a", 0),), land(1))))


def test_ten_thousand_draws_of_a_large_choice_are_made_at_once() -> None:
    menu = large_menu(200)
    odds = draw_totals(menu, np.ones(200, dtype=np.bool_), dice(), draws=10_000)
    assert odds.mean_usd == pytest.approx(menu.gains_usd.sum(), rel=0.05)
