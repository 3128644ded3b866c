"""The relocation screen: the planted product comes first, decoys do not, and every step says why."""

import numpy as np
import pytest

from rahdari.trade import Matrix
from rahdari.trade.errors import (
    BadParameter,
    BadTable,
    Degenerate,
    NothingTraded,
    UnknownCountry,
    UnknownYear,
)
from rahdari.trade.rules.findings import Outcome
from rahdari.trade.rules.relocation import (
    Basis,
    Evidence,
    Panel,
    RelocationConventions,
    RelocationStep,
    TrendState,
    Vacating,
    WageGap,
    advantage,
    learn,
    log_trends,
    preference,
    relocate,
    revealed_labour,
    shift,
)
from rahdari.trade.rules.relocation.screen import vacated
from rahdari.trade.rules.relocation.steps import look
from rahdari.trade.rules.relocation.takers import gains_without
from tests.unit.trade.relocation_worlds import COUNTRIES, PRODUCTS, YEARS, world


def flat(**changed: list[float]) -> Panel:
    """Two countries, two products, ten years; each changed series replaces the constant 100."""
    series = {"AAA_x": [100.0] * 10, "BBB_x": [100.0] * 10, "AAA_y": [100.0] * 10, "BBB_y": [100.0] * 10}
    series |= changed
    return Panel(
        {
            2010 + at: Matrix(
                ("AAA", "BBB"),
                ("x", "y"),
                [[series["AAA_x"][at], series["AAA_y"][at]], [series["BBB_x"][at], series["BBB_y"][at]]],
            )
            for at in range(10)
        }
    )


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("vacating", list(Vacating))
def test_the_planted_sunset_product_ranks_first(seed: int, vacating: Vacating) -> None:
    found = relocate(
        world(seed), donor="CHN", host="PAK", conventions=RelocationConventions(vacating=vacating)
    )
    assert found.products[found.order[0]] == "shoes"
    assert found.is_eligible[found.order[0]]
    assert found.score_usd[found.order[0]] > 0


def test_a_decoy_that_the_world_no_longer_wants_does_not_rank_first_though_it_is_worth_more() -> None:
    found = relocate(world(), donor="CHN", host="PAK")
    shoes, lamps = PRODUCTS.index("shoes"), PRODUCTS.index("lamps")
    assert found.expected_usd[lamps] > found.expected_usd[shoes]
    assert found.score_usd[lamps] == 0
    assert found.finding("lamps", RelocationStep.DEMAND).outcome is Outcome.NOT_MET
    assert found.finding("lamps", RelocationStep.DEMAND).code == "shrinking"
    assert [one.code for one in found.of("lamps") if one.outcome is Outcome.NOT_MET] == ["shrinking"]


def test_without_the_gate_of_demand_the_decoy_comes_first() -> None:
    open_gates = RelocationConventions(
        gates=frozenset(RelocationStep) - {RelocationStep.DEMAND, RelocationStep.TAKERS}
    )
    found = relocate(world(), donor="CHN", host="PAK", conventions=open_gates)
    assert found.products[found.order[0]] == "lamps"


def test_other_products_fail_for_their_own_reasons() -> None:
    found = relocate(world(), donor="CHN", host="PAK")
    assert found.finding("chips", RelocationStep.SHARE_LOSS).code == "not_falling"
    assert found.finding("coal", RelocationStep.ADVANTAGE).code == "never_above_one"
    assert found.finding("shoes", RelocationStep.ADVANTAGE).outcome is Outcome.MET


def test_the_score_is_the_vacated_value_times_the_chance() -> None:
    panel = world()
    found = relocate(panel, donor="CHN", host="PAK")
    moved = shift(panel, 3)
    at = PRODUCTS.index("shoes")
    lost = moved.start_share[0, at] - moved.end_share[0, at]
    assert found.vacated_usd[at] == pytest.approx(lost * moved.start_usd[:, at].sum())
    assert found.score_usd[at] == pytest.approx(found.vacated_usd[at] * found.host_chance[at])


def test_what_is_lost_ahead_follows_the_trend() -> None:
    panel, settings = world(), RelocationConventions(vacating=Vacating.AHEAD, horizon_years=5)
    facts = look(panel, "CHN", "PAK", settings)
    slope = log_trends(panel.share_of("CHN")).slope
    lost = vacated(facts, settings)
    end = panel.window(3, at_end=True)[0]
    shoes, chips = PRODUCTS.index("shoes"), PRODUCTS.index("chips")
    assert lost[shoes] == pytest.approx(end[shoes] * (1 - np.exp(5 * slope[shoes])))
    assert lost[chips] == 0


def test_with_too_little_past_the_chance_is_the_present_share_among_rivals() -> None:
    panel = world()
    found = relocate(panel, donor="CHN", host="PAK")
    assert found.odds.basis is Basis.PRESENT_SHARES
    assert found.odds.fit is None
    end = panel.window(3, at_end=True)
    at = PRODUCTS.index("shoes")
    assert found.host_chance[at] == pytest.approx(end[1, at] / end[1:, at].sum())


def test_with_enough_past_the_chance_is_fitted_and_adds_up() -> None:
    panel = world()
    odds = learn(panel, donors=COUNTRIES, conventions=RelocationConventions(occasions_min=3))
    assert odds.basis is Basis.FITTED
    assert odds.fit is not None
    assert odds.occasions == odds.fit.occasions >= 3
    assert odds.fit.names == ("log_exports", "log_rca")
    told = odds.chances(panel.window(3, at_end=True), 0)
    np.testing.assert_allclose(told.sum(axis=0), 1.0)
    assert (told[0] == 0).all()
    found = relocate(panel, donor="CHN", host="PAK", odds=odds)
    np.testing.assert_allclose(found.host_chance, told[1])
    assert found.products[found.order[0]] == "shoes"


def test_traits_join_the_fit_and_must_fit_the_panel() -> None:
    panel = world()
    trait = Matrix(COUNTRIES, PRODUCTS, np.random.default_rng(2).random((6, 5)))
    evidence = Evidence(traits={"density": (trait, trait)})
    odds = learn(
        panel, donors=COUNTRIES, evidence=evidence, conventions=RelocationConventions(occasions_min=3)
    )
    assert odds.fit is not None
    assert odds.fit.names == ("log_exports", "log_rca", "density")
    with pytest.raises(BadTable, match="3 features, not 2"):
        odds.chances(panel.window(3, at_end=True), 0)
    wrong = Evidence(traits={"density": (Matrix(("CHN",), ("shoes",), [[1.0]]),) * 2})
    with pytest.raises(BadTable, match="countries and products of the panel"):
        learn(panel, donors=COUNTRIES, evidence=wrong, conventions=RelocationConventions(occasions_min=3))


def test_what_is_not_given_is_not_judged_and_stops_nothing() -> None:
    found = relocate(world(), donor="CHN", host="PAK")
    for step in (RelocationStep.LABOUR, RelocationStep.WAGES, RelocationStep.DENSITY, RelocationStep.ACCESS):
        assert found.finding("shoes", step).outcome is Outcome.NOT_JUDGED
        assert found.finding("shoes", step).code == "not_given"
    assert found.is_eligible[PRODUCTS.index("shoes")]


def test_what_is_given_is_judged() -> None:
    evidence = Evidence(
        labour={"shoes": 0.9, "lamps": 0.5, "chips": 0.1, "coal": 0.3, "corn": 0.4},
        wages=WageGap(wage_donor=900, wage_host=150, output_donor=40, output_host=10),
        density={"shoes": 0.3, "lamps": 0.2, "chips": 0.1, "coal": 0.1, "corn": 0.4},
        margin={"shoes": 4.0, "lamps": 0.0, "chips": -1.0},
    )
    found = relocate(world(), donor="CHN", host="PAK", evidence=evidence)
    assert found.finding("shoes", RelocationStep.LABOUR).outcome is Outcome.MET
    assert found.finding("corn", RelocationStep.LABOUR).outcome is Outcome.NOT_MET
    # 900/150 x 10/40 = 1.5: a unit of output costs a third less labour in the host.
    assert found.finding("shoes", RelocationStep.WAGES).number("ratio") == pytest.approx(1.5)
    assert found.finding("shoes", RelocationStep.WAGES).code == "cheaper"
    assert found.finding("shoes", RelocationStep.DENSITY).number("threshold") == pytest.approx(0.2)
    assert found.finding("chips", RelocationStep.DENSITY).outcome is Outcome.NOT_MET
    codes = [found.finding(one, RelocationStep.ACCESS).code for one in ("shoes", "lamps", "chips", "coal")]
    assert codes == ["preferred", "level", "disadvantaged", "not_given"]
    assert found.products[found.order[0]] == "shoes"


def test_dear_labour_closes_every_gate() -> None:
    dear = Evidence(wages=WageGap(wage_donor=900, wage_host=300, output_donor=40, output_host=10))
    found = relocate(world(), donor="CHN", host="PAK", evidence=dear)
    assert not found.is_eligible.any()
    assert (found.score_usd == 0).all()
    assert found.finding("shoes", RelocationStep.WAGES).code == "dearer"


def test_a_host_without_a_start_is_stopped() -> None:
    falling = [60.0 * 0.9**at for at in range(10)]
    found = relocate(flat(AAA_x=falling, BBB_x=[0.001] * 10, BBB_y=[1e6] * 10), donor="AAA", host="BBB")
    assert found.finding("x", RelocationStep.START).code == "no_start"
    assert not found.is_eligible[0]


def test_a_host_that_competes_already_may_be_shut_out() -> None:
    strict = RelocationConventions(accepts_competitive=False)
    kept = relocate(world(), donor="CHN", host="PAK")
    shut = relocate(world(), donor="CHN", host="PAK", conventions=strict)
    for found, outcome in ((kept, Outcome.MET), (shut, Outcome.NOT_MET)):
        assert found.finding("shoes", RelocationStep.START).code == "already_competitive"
        assert found.finding("shoes", RelocationStep.START).outcome is outcome


def test_a_share_that_fell_to_nothing_is_met_by_name() -> None:
    found = relocate(flat(AAA_x=[50.0, 40, 30, 20, 10, 5, 2, 1, 0, 0]), donor="AAA", host="BBB")
    finding = found.finding("x", RelocationStep.SHARE_LOSS)
    assert (finding.outcome, finding.code) == (Outcome.MET, TrendState.GONE.value)


def test_a_product_that_the_donor_never_sold_is_not_judged() -> None:
    found = relocate(flat(AAA_x=[0.0] * 10), donor="AAA", host="BBB")
    finding = found.finding("x", RelocationStep.SHARE_LOSS)
    assert (finding.outcome, finding.code) == (Outcome.NOT_JUDGED, TrendState.NOTHING.value)
    assert found.vacated_usd[0] == 0


def test_a_product_nobody_trades_any_more_is_not_wanted() -> None:
    gone = [9.0, 9, 9, 9, 9, 9, 9, 9, 0, 0]
    found = relocate(flat(AAA_x=gone, BBB_x=gone), donor="AAA", host="BBB")
    assert found.finding("x", RelocationStep.DEMAND).code == TrendState.GONE.value
    assert found.finding("x", RelocationStep.DEMAND).outcome is Outcome.NOT_MET


def test_a_product_nobody_ever_traded_gives_reasons_and_numbers() -> None:
    found = relocate(flat(AAA_x=[0.0] * 10, BBB_x=[0.0] * 10), donor="AAA", host="BBB")
    assert found.finding("x", RelocationStep.DEMAND).code == TrendState.NOTHING.value
    assert found.finding("x", RelocationStep.TAKERS).code == "nobody_gained"
    frame = found.to_frame()
    for column in ("score_usd", "vacated_value_usd", "host_chance_share"):
        assert frame[column].is_finite().all()


def test_who_took_the_share_is_ranked_without_the_donor() -> None:
    found = relocate(world(), donor="CHN", host="PAK")
    taken = found.takers("shoes", count=3)
    assert len(taken) == 3
    assert "CHN" not in dict(taken)
    assert [gain for _, gain in taken] == sorted((gain for _, gain in taken), reverse=True)
    finding = found.finding("shoes", RelocationStep.TAKERS)
    parts = np.array([0.2, 0.3, 0.3, 0.1, 0.1])
    assert finding.number("hhi") == pytest.approx((parts**2).sum(), abs=0.02)
    assert finding.number("host_part") == pytest.approx(0.2, abs=0.02)


def test_one_rival_that_takes_everything_is_told() -> None:
    falling, rising = [200 * 0.95**at for at in range(10)], [100 * 1.2**at for at in range(10)]
    found = relocate(flat(AAA_x=falling, BBB_x=rising), donor="AAA", host="BBB")
    finding = found.finding("x", RelocationStep.TAKERS)
    assert (finding.outcome, finding.code) == (Outcome.NOT_MET, "one_takes_most")
    assert finding.number("hhi") == pytest.approx(1.0)
    # It is told, but it is no gate: the rival may be the host itself.
    assert found.is_eligible[0]


def test_the_frame_is_tidy() -> None:
    frame = relocate(world(), donor="CHN", host="PAK").to_frame(names={"shoes": "Leather footwear"})
    assert frame["rank"].to_list() == [1, 2, 3, 4, 5]
    assert frame["product_code"][0] == "shoes"
    assert frame["product_name"][0] == "Leather footwear"
    assert frame["product_name"].null_count() == 4
    assert frame["score_usd"].to_list() == sorted(frame["score_usd"], reverse=True)
    assert set(frame["s1_share_loss"]) <= {"met", "not_met", "not_judged"}
    assert frame.filter(product_code="lamps")["s5_demand_code"].item() == "shrinking"


def test_the_order_of_countries_and_products_does_not_matter() -> None:
    panel = world()
    turned = Panel(
        {
            year: Matrix(table.rows[::-1], table.columns[::-1], table.values[::-1, ::-1])
            for year, table in zip(panel.years, panel.yearly, strict=True)
        }
    )
    one, other = (relocate(each, donor="CHN", host="PAK").to_frame() for each in (panel, turned))
    assert one["product_code"].to_list() == other["product_code"].to_list()
    np.testing.assert_allclose(one["score_usd"], other["score_usd"])


def test_questions_that_make_no_sense_are_refused() -> None:
    panel = world()
    with pytest.raises(BadParameter, match="cannot take over from itself"):
        relocate(panel, donor="CHN", host="CHN")
    with pytest.raises(UnknownCountry, match="'XXX'"):
        relocate(panel, donor="CHN", host="XXX")
    with pytest.raises(UnknownYear, match="2005 to 2022"):
        panel.between(1999, 2010)
    with pytest.raises(BadParameter, match="two windows of 3"):
        relocate(panel.between(2005, 2009), donor="CHN", host="PAK")
    with pytest.raises(NothingTraded, match="BBB exports nothing"):
        relocate(flat(BBB_x=[0.0] * 10, BBB_y=[0.0] * 10), donor="AAA", host="BBB")
    with pytest.raises(BadParameter, match="no product 'hats'"):
        relocate(panel, donor="CHN", host="PAK").of("hats")
    with pytest.raises(Degenerate, match="has no number 'gone'"):
        relocate(panel, donor="CHN", host="PAK").finding("shoes", RelocationStep.WAGES).number("gone")


def test_panels_that_are_none_are_refused() -> None:
    one = Matrix(("A",), ("x",), [[1.0]])
    with pytest.raises(BadParameter, match="consecutive years, not none"):
        Panel({})
    with pytest.raises(BadParameter, match="2010, 2012"):
        Panel({2010: one, 2012: one})
    with pytest.raises(BadTable, match="2010 and 2011"):
        Panel({2010: one, 2011: Matrix(("B",), ("x",), [[1.0]])})
    with pytest.raises(Degenerate, match="nobody exports anything"):
        advantage(np.zeros((2, 2)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"labour_quantile": 1.5},
        {"density_quantile": -0.1},
        {"concentration_max": 2.0},
        {"advantage_floor": 0.0},
        {"horizon_years": 0},
        {"occasions_min": 0},
    ],
)
def test_conventions_outside_their_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter):
        RelocationConventions(**wrong)  # type: ignore[arg-type]


def test_wages_are_above_nothing() -> None:
    with pytest.raises(BadParameter, match="above 0"):
        WageGap(wage_donor=900, wage_host=0, output_donor=1, output_host=1)


def test_labour_is_revealed_by_who_excels() -> None:
    # RCA of x: POOR (90/100)/(100/200) = 1.8, RICH 0.2; weights 0.9 and 0.1 of ln 1,000 and ln 50,000.
    exports = Matrix(("POOR", "RICH"), ("x", "y", "none"), [[90.0, 10.0, 0.0], [10.0, 90.0, 0.0]])
    told = revealed_labour(exports, {"POOR": 1_000.0, "RICH": 50_000.0})
    assert told["x"] == pytest.approx(-(0.9 * np.log(1_000) + 0.1 * np.log(50_000)))
    assert told["x"] > told["y"]
    assert "none" not in told
    assert revealed_labour(exports, {}) == {}
    with pytest.raises(BadParameter, match="POOR is 0"):
        revealed_labour(exports, {"POOR": 0.0})


def test_the_tariff_margin_is_that_of_the_largest_markets() -> None:
    sides = (("USA", "DEU", "JPN", "FJI"), ("x", "none"))
    imports = Matrix(*sides, [[60.0, 0.0], [30.0, 0.0], [10.0, 0.0], [1.0, 0.0]])
    donor = Matrix(*sides, [[10.0, 0.0], [8.0, 0.0], [0.0, 0.0], [90.0, 0.0]])
    host = Matrix(*sides, [[10.0, 0.0], [0.0, 0.0], [4.0, 0.0], [0.0, 0.0]])
    # (60 x 0 + 30 x 8 - 10 x 4)/100 = 2; the small market with its wall does not count.
    assert preference(imports, donor_tariff=donor, host_tariff=host) == {"x": pytest.approx(2.0)}
    with pytest.raises(BadParameter, match="same markets"):
        preference(imports, donor_tariff=donor, host_tariff=Matrix(("USA",), ("x",), [[1.0]]))


def test_the_panel_gives_shares_and_windows() -> None:
    panel = flat(AAA_x=[0.0] * 10, BBB_x=[0.0] * 10)
    assert panel.share_of("AAA")[:, 0].tolist() == [0.0] * 10
    assert panel.share_of("AAA")[:, 1].tolist() == [0.5] * 10
    assert panel.between(2012, 2014).years == (2012, 2013, 2014)
    assert YEARS[0] == world().years[0]


def test_a_donor_that_gains_is_not_among_those_who_took_from_it() -> None:
    won = gains_without(shift(world(), 3), COUNTRIES.index("CHN"))
    assert (won[0] == 0).all()
    np.testing.assert_allclose(won[:, PRODUCTS.index("corn")].sum(), 1.0)


def test_the_frame_shows_the_numbers_behind_each_step() -> None:
    found = relocate(world(), donor="CHN", host="PAK")
    shoes = found.to_frame().row(0, named=True)
    assert shoes["donor_share_start"] == found.finding("shoes", RelocationStep.SHARE_LOSS).number(
        "share_start"
    )
    assert shoes["donor_share_slope_log_per_year"] == pytest.approx(-0.06, abs=0.01)
    assert shoes["donor_share_t_value"] < -1.65
    assert shoes["world_slope_log_per_year"] == pytest.approx(np.log(1.06), abs=0.01)
    assert shoes["wage_advantage_ratio"] is None
    taken = [one.split(":") for one in shoes["largest_takers"].split()]
    assert [name for name, _ in taken] == [name for name, _ in found.takers("shoes")]
    assert sum(float(gain) for _, gain in taken) == pytest.approx(
        shoes["donor_share_start"] - shoes["donor_share_end"], abs=0.01
    )
