"""Levers and what they carry: exact effects of each, shares that sum to the whole, what a target would take."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from rahdari.trade.errors import (
    BadParameter,
    DataMissing,
    Degenerate,
    NothingTraded,
    UnknownCountry,
    UnknownTradeProduct,
)
from rahdari.trade.rules.potential.conventions import STATIC, Exponent, Term, Terms
from rahdari.trade.rules.potential.factors import factors_of, multiply, supply_of
from rahdari.trade.rules.potential.groundwork import Groundwork, lay
from rahdari.trade.rules.potential.indicator import potential_of
from rahdari.trade.rules.potential.levers import (
    CapacityLever,
    EaseLever,
    GrowthLever,
    Lever,
    Levers,
    TariffLever,
    only,
    peers_by,
    suppose,
)
from rahdari.trade.rules.potential.scenario import Scenario, play
from rahdari.trade.rules.potential.target import Route, explain_target
from rahdari.trade.rules.potential.world import Growth, World
from rahdari.trade.values import Amounts, Matrix
from tests.unit.trade.potential_worlds import (
    ALL_TERMS,
    COUNTRIES,
    PRODUCTS,
    Literal,
    made_flows,
    made_world,
    toy_world,
)

EVERYTHING = Levers(
    tariffs=(TariffLever(rate_percent=0), TariffLever(rate_percent=3, importers=frozenset({"CCC"}))),
    growth=(GrowthLever(country="AAA", gdp=1.6), GrowthLever(country="CCC", population=1.05)),
    ease=(EaseLever(quantile=0.75),),
    capacity=(
        CapacityLever(product="740311", value_usd=5_000),
        CapacityLever(product="740400", value_usd=900),
    ),
)


def values_of(ground: Groundwork, exporter: str, levers: Levers) -> Amounts:
    shape = (len(ground.world.importers), len(ground.world.products))
    return multiply(factors_of(ground, exporter, suppose(ground, exporter, levers)), shape)


def test_nothing_pulled_changes_nothing() -> None:
    told = play(lay(made_world(), ALL_TERMS), "AAA", Levers())
    np.testing.assert_array_equal(told.baseline.values, told.supposed.values)
    assert told.effects == ()
    assert told.baseline_usd == told.supposed_usd


@pytest.mark.parametrize("terms", [STATIC, ALL_TERMS], ids=["static", "all terms"])
def test_what_the_levers_carry_sums_to_what_all_of_them_add(terms: Terms) -> None:
    told = play(lay(made_world(), terms), "AAA", EVERYTHING)
    assert [one.lever for one in told.effects] == list(Lever)
    added = sum(one.joint_usd for one in told.effects)
    assert added == pytest.approx(told.supposed_usd - told.baseline_usd, rel=1e-12)
    assert told.supposed_usd == pytest.approx(told.supposed.total_usd, rel=1e-12)
    assert told.baseline_usd == pytest.approx(told.baseline.total_usd, rel=1e-12)


def test_a_joint_effect_is_the_mean_over_all_orders_in_which_levers_can_be_pulled() -> None:
    ground = lay(made_world(), ALL_TERMS)
    supposed = suppose(ground, "AAA", EVERYTHING)

    def total(levers: tuple[Lever, ...]) -> float:
        return float(multiply(factors_of(ground, "AAA", only(supposed, frozenset(levers))), (4, 5)).sum())

    for effect in play(ground, "AAA", EVERYTHING).effects:
        added = []
        for order in permutations(Lever):
            before = order[: order.index(effect.lever)]
            added.append(total((*before, effect.lever)) - total(before))
        assert effect.joint_usd == pytest.approx(sum(added) / len(added), rel=1e-9)
        assert effect.alone_usd == pytest.approx(total((effect.lever,)) - total(()), rel=1e-9)


def test_a_scenario_can_be_asked_about_some_markets_alone() -> None:
    told = play(lay(made_world()), "AAA", EVERYTHING, importers=frozenset({"CCC"}))
    assert told.baseline_usd == pytest.approx(told.baseline.values[2].sum())
    assert told.supposed_usd == pytest.approx(told.supposed.values[2].sum())


def test_a_tariff_lever_moves_demand_by_exactly_the_ratio_to_the_power_of_sigma() -> None:
    terms = Terms(demand_tariff=True, sigma=Exponent(2.0))
    ground = lay(made_world(), terms)
    levers = Levers(tariffs=(TariffLever(rate_percent=0, importers=frozenset({"BBB"}), prefix="01"),))
    before, after = potential_of(ground, "DDD").values, values_of(ground, "DDD", levers)
    np.testing.assert_allclose(after[1, :2], before[1, :2] * 1.1**2, rtol=1e-12)
    np.testing.assert_array_equal(after[1, 2:], before[1, 2:])
    np.testing.assert_array_equal(after[[0, 2, 3]], before[[0, 2, 3]])


def test_a_tariff_lever_says_the_same_whether_or_not_the_tariff_term_is_on() -> None:
    levers = Levers(tariffs=(TariffLever(rate_percent=0),))
    for terms in (STATIC, Terms(demand_tariff=True)):
        ground = lay(made_world(), terms)
        before = potential_of(ground, "DDD").values
        ratio = values_of(ground, "DDD", levers)[before > 0] / before[before > 0]
        # AAA levies 5 and 12 per cent, BBB 10, CCC nothing (25 on cars from DDD).
        assert set(np.round(ratio, 9)) <= {1.05, 1.12, 1.1, 1.0, 1.25}


def test_where_no_tariff_of_today_is_known_a_supposed_one_changes_nothing() -> None:
    ground = lay(made_world())
    levers = Levers(tariffs=(TariffLever(rate_percent=50, importers=frozenset({"DDD"})),))
    np.testing.assert_array_equal(values_of(ground, "AAA", levers), potential_of(ground, "AAA").values)


def test_growth_that_is_supposed_replaces_what_is_expected() -> None:
    world = made_world()
    ground = lay(world, Terms(growth=True))
    levers = Levers(growth=(GrowthLever(country="AAA", gdp=1.5), GrowthLever(country="DDD", population=1.2)))
    other = Growth(
        {**(world.growth or Growth()).gdp, "AAA": 1.5}, {**(world.growth or Growth()).population, "DDD": 1.2}
    )
    literal = Literal(replace(world, growth=other), Terms(growth=True))
    np.testing.assert_allclose(values_of(ground, "BBB", levers), literal.table("BBB"), rtol=1e-10)


def test_growth_that_is_supposed_without_the_growth_term_grows_that_country_alone() -> None:
    ground = lay(made_world())
    levers = Levers(growth=(GrowthLever(country="CCC", gdp=1.5),))
    before, after = potential_of(ground, "AAA").values, values_of(ground, "AAA", levers)
    assert (after[2] >= before[2]).all()
    assert after[2].sum() > before[2].sum()
    assert (after[[1, 3]] <= before[[1, 3]]).all()  # CCC competes there, with a share that grows


def test_new_capacity_adds_to_the_exporter_and_to_the_world_and_shares_still_sum_to_one() -> None:
    world = made_world()
    ground = lay(world)
    levers = Levers(capacity=(CapacityLever(product="740311", value_usd=5_000),))
    sold = world.exports.values[:, 2]
    before, after = potential_of(ground, "AAA").values, values_of(ground, "AAA", levers)
    share, risen = sold[0] / sold.sum(), (sold[0] + 5_000) / (sold.sum() + 5_000)
    np.testing.assert_allclose(after[:, 2], before[:, 2] * risen / share, rtol=1e-12)
    np.testing.assert_array_equal(after[:, [0, 1, 3, 4]], before[:, [0, 1, 3, 4]])
    assert risen + (sold.sum() - sold[0]) / (sold.sum() + 5_000) == pytest.approx(1.0)


def test_new_capacity_grows_with_its_exporter() -> None:
    world = made_world()
    ground = lay(world, Terms(growth=True))
    lever = CapacityLever(product="740311", value_usd=5_000)
    factors = supply_of(ground, "AAA", suppose(ground, "AAA", Levers(capacity=(lever,))))
    sold = world.exports.values[:, 2] * [1.2, 1.05, 0.97, 1.0]
    share = (factors[Term.SHARE] * factors[Term.SHARE_GROWTH] * factors[Term.CAPACITY])[0, 2]
    assert share == pytest.approx((sold[0] + 5_000 * 1.2) / (sold.sum() + 5_000 * 1.2), rel=1e-12)


def test_capacity_can_open_a_product_that_was_never_exported() -> None:
    flows = made_flows()
    flows[0, :, 2] = 0.0
    ground = lay(made_world(flows), ALL_TERMS)
    assert not potential_of(ground, "AAA").values[:, 2].any()
    levers = Levers(capacity=(CapacityLever(product="740311", value_usd=5_000),))
    opened = values_of(ground, "AAA", levers)
    assert opened[:, 2].sum() > 0
    assert np.isfinite(opened).all()


def literal_quantile(values: list[float], quantile: float) -> float:
    values = sorted(values)
    place = quantile * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (place - low) * (values[high] - values[low])


@pytest.mark.parametrize("quantile", [0.0, 0.3, 0.5, 0.75, 1.0])
def test_ease_rises_to_the_quantile_of_peers_that_are_not_the_market_itself(quantile: float) -> None:
    world = made_world()
    ground, literal = lay(world), Literal(world, STATIC)
    supposed = suppose(ground, "AAA", Levers(ease=(EaseLever(quantile=quantile),)))
    assert supposed.ease is not None
    for place, market in enumerate(COUNTRIES):
        today = literal.ease("AAA", market)
        peers = [literal.ease(peer, market) for peer in COUNTRIES if peer not in {"AAA", market}]
        wanted = today if market == "AAA" else max(today, literal_quantile(peers, quantile))
        assert supposed.ease[place] == pytest.approx(wanted)


def test_ease_follows_named_peers_in_named_markets_only() -> None:
    ground = lay(made_world())
    lever = EaseLever(quantile=1.0, peers=frozenset({"BBB"}), importers=frozenset({"CCC", "BBB"}))
    risen = suppose(ground, "AAA", Levers(ease=(lever,))).ease
    assert risen is not None
    assert risen[2] == max(ground.ease[0, 2], ground.ease[1, 2])
    assert risen[1] == ground.ease[0, 1]  # the only peer is the market itself
    assert risen[3] == ground.ease[0, 3]


def test_peers_that_sell_nothing_are_none_and_that_is_refused() -> None:
    flows = made_flows()
    flows[1] = 0.0
    ground = lay(made_world(flows))
    with pytest.raises(Degenerate, match="peers of AAA"):
        suppose(ground, "AAA", Levers(ease=(EaseLever(quantile=0.5, peers=frozenset({"BBB"})),)))


def test_peers_lie_within_a_factor_of_the_measure() -> None:
    measure = {"AAA": 100.0, "BBB": 50.0, "CCC": 200.0, "DDD": 201.0, "EEE": 49.0}
    assert peers_by(measure, "AAA") == {"BBB", "CCC"}
    assert peers_by(measure, "AAA", within=3) == {"BBB", "CCC", "DDD", "EEE"}
    with pytest.raises(DataMissing, match="XXX"):
        peers_by(measure, "XXX")
    with pytest.raises(BadParameter, match="above 1"):
        peers_by(measure, "AAA", within=1)


def test_levers_on_what_the_data_do_not_have_are_refused() -> None:
    ground = lay(made_world())
    unknown = (
        Levers(growth=(GrowthLever(country="XXX", gdp=2),)),
        Levers(ease=(EaseLever(quantile=0.5, peers=frozenset({"XXX"})),)),
        Levers(ease=(EaseLever(quantile=0.5, importers=frozenset({"XXX"})),)),
        Levers(tariffs=(TariffLever(rate_percent=0, importers=frozenset({"XXX"})),)),
    )
    for levers in unknown:
        with pytest.raises(UnknownCountry, match="XXX"):
            suppose(ground, "AAA", levers)
    for levers in (
        Levers(capacity=(CapacityLever(product="999999", value_usd=1),)),
        Levers(tariffs=(TariffLever(rate_percent=0, prefix="99"),)),
    ):
        with pytest.raises(UnknownTradeProduct, match="99"):
            suppose(ground, "AAA", levers)
    with pytest.raises(DataMissing, match="tariffs of today"):
        suppose(lay(toy_world()), "AAA", Levers(tariffs=(TariffLever(rate_percent=0),)))


@pytest.mark.parametrize("wrong", [-1.0, float("nan"), float("inf")])
def test_levers_outside_their_range_are_refused(wrong: float) -> None:
    with pytest.raises(BadParameter, match="tariff"):
        TariffLever(rate_percent=wrong)
    with pytest.raises(BadParameter, match="capacity"):
        CapacityLever(product="01", value_usd=wrong)
    with pytest.raises(BadParameter, match="quantile"):
        EaseLever(quantile=wrong)


def test_the_table_of_a_scenario_climbs_from_the_baseline_to_the_whole() -> None:
    told: Scenario = play(lay(made_world(), ALL_TERMS), "AAA", EVERYTHING)
    frame = told.to_frame()
    assert frame["step"].to_list() == ["baseline", "tariff", "growth", "ease", "capacity", "supposed"]
    totals = frame["total_usd"].to_list()
    assert totals[-2] == pytest.approx(totals[-1])


def test_a_scenario_tells_what_is_untapped_where_sales_are_known() -> None:
    actual = Matrix(COUNTRIES, PRODUCTS, made_flows()[0])
    told = play(lay(made_world()), "AAA", EVERYTHING, actual=actual)
    assert told.supposed.realised().untapped_usd >= told.baseline.realised().untapped_usd


def test_static_potential_carries_no_target_above_todays_trade_however_it_is_spread() -> None:
    world = made_world()
    traded = float(world.bilateral.values[0].sum())
    answer = explain_target(lay(world), "AAA", traded * 2)
    assert answer.static_usd == pytest.approx(answer.traded_usd, rel=1e-12)
    assert answer.traded_usd == traded
    assert answer.potential_usd == pytest.approx(traded)
    assert answer.gap_usd == pytest.approx(traded)


def needed_total(ground: Groundwork, route: Route, value: float) -> float:
    """Compute the total that a route leads to, the long way."""
    world = ground.world
    if route is Route.EASE_QUANTILE:
        return float(values_of(ground, "AAA", Levers(ease=(EaseLever(quantile=value),))).sum())
    if route is Route.MARKET_IMPORTS:
        return float(potential_of(ground, "AAA").values.sum()) * value
    capacity = tuple(
        CapacityLever(product=code, value_usd=float(sold) * (value - 1))
        for code, sold in zip(PRODUCTS, world.exports.values[0], strict=True)
    )
    return float(values_of(ground, "AAA", Levers(capacity=capacity)).sum())


@pytest.mark.parametrize("terms", [STATIC, ALL_TERMS], ids=["static", "all terms"])
@pytest.mark.parametrize("wanted", [1.02, 1.3, 5.0, 500.0])
def test_what_a_route_needs_leads_to_the_wanted_total_and_not_a_dollar_less_does(
    terms: Terms, wanted: float
) -> None:
    ground = lay(made_world(), terms)
    today = potential_of(ground, "AAA").total_usd
    answer = explain_target(ground, "AAA", today * wanted)
    for one in answer.needed:
        if one.value is None:
            most = {Route.EASE_QUANTILE: 1.0}.get(one.route, 10_000.0)
            assert needed_total(ground, one.route, most) < today * wanted
            assert one.reached_usd == pytest.approx(needed_total(ground, one.route, most))
            assert not one.is_reachable
        elif one.value == 0.0:  # the least of the peers already trades as easily as is needed
            assert one.route is Route.EASE_QUANTILE
            assert needed_total(ground, one.route, 0.0) >= today * wanted
        else:
            assert one.is_reachable
            assert needed_total(ground, one.route, one.value) == pytest.approx(today * wanted, rel=1e-6)
    reachable = {one.route for one in answer.needed if one.is_reachable}
    assert Route.MARKET_IMPORTS in reachable


def test_a_target_that_is_met_already_needs_nothing() -> None:
    answer = explain_target(lay(made_world()), "AAA", 1.0)
    assert answer.gap_usd == 0
    assert [one.value for one in answer.needed] == [0.0, 1.0, 1.0]


def test_a_target_can_be_set_for_one_market() -> None:
    world = made_world()
    answer = explain_target(lay(world), "BBB", 1e9, importers=frozenset({"AAA"}))
    assert answer.traded_usd == world.bilateral.values[1, 0]
    assert answer.static_usd == pytest.approx(world.bilateral.values[1, 0])


def test_levers_that_are_supposed_already_narrow_the_gap() -> None:
    ground = lay(made_world())
    plain, levered = (explain_target(ground, "AAA", 1e6, levers=one) for one in (None, EVERYTHING))
    assert levered.levered_usd == pytest.approx(play(ground, "AAA", EVERYTHING).supposed_usd)
    assert levered.gap_usd < plain.gap_usd
    assert levered.potential_usd == plain.potential_usd


def test_a_target_that_cannot_be_asked_is_refused() -> None:
    flows = made_flows()
    flows[0, 2] = 0.0
    ground = lay(made_world(flows))
    for wanted in (0.0, -5.0, float("nan"), float("inf")):
        with pytest.raises(BadParameter, match="wanted"):
            explain_target(ground, "AAA", wanted)
    with pytest.raises(NothingTraded, match="AAA sells nothing"):
        explain_target(ground, "AAA", 1.0, importers=frozenset({"CCC"}))


def test_the_table_of_a_target_lists_the_routes() -> None:
    frame = explain_target(lay(made_world()), "AAA", 1e15).to_frame()
    assert frame.columns == ["exporter", "route", "needed_value", "reached_usd", "wanted_usd"]
    assert frame["needed_value"].null_count() >= 1


def test_the_levered_world_keeps_the_worlds_own_arrays_as_they_were() -> None:
    world: World = made_world()
    before = world.exports.values.copy(), lay(world).ease.copy()
    play(lay(world, ALL_TERMS), "AAA", EVERYTHING)
    np.testing.assert_array_equal(world.exports.values, before[0])
    np.testing.assert_array_equal(lay(world).ease, before[1])


@pytest.mark.parametrize("terms", [STATIC, ALL_TERMS], ids=["static", "all terms"])
@pytest.mark.parametrize("more", [Levers(), EVERYTHING], ids=["alone", "with every other lever"])
def test_new_capacity_adds_no_more_over_all_markets_than_it_builds(terms: Terms, more: Levers) -> None:
    ground = lay(made_world(), terms)
    for built in (10.0, 20_000.0, 1e7):
        with_it = replace(more, capacity=(CapacityLever(product="870300", value_usd=built),))
        added = values_of(ground, "AAA", with_it).sum(axis=0) - values_of(
            ground, "AAA", replace(more, capacity=())
        ).sum(axis=0)
        assert added[4] <= built * (1 + 1e-9)
        assert built > 1e6 or added[4] > 0.99 * built  # the limit is reached here
        assert added[:4] == pytest.approx(0.0)


def test_what_a_scenario_and_a_target_say_of_new_capacity_is_the_same() -> None:
    ground, there = lay(made_world(), ALL_TERMS), frozenset({"BBB", "CCC"})
    levers = replace(EVERYTHING, capacity=(CapacityLever(product="870300", value_usd=20_000),))
    told = play(ground, "AAA", levers, importers=there)
    answer = explain_target(ground, "AAA", told.supposed_usd * 1.5, importers=there, levers=levers)
    assert answer.levered_usd == pytest.approx(told.supposed_usd, rel=1e-9)
    built = next(one for one in told.effects if one.lever is Lever.CAPACITY)
    assert built.joint_usd <= 20_000
    for one in answer.needed:
        if one.value is not None:
            assert one.reached_usd == pytest.approx(told.supposed_usd * 1.5, rel=1e-6)


def test_markets_that_buy_more_do_not_make_a_mine_larger() -> None:
    ground, there = lay(made_world()), frozenset({"BBB"})
    levers = Levers(capacity=(CapacityLever(product="870300", value_usd=20_000),))
    today = play(ground, "AAA", levers, importers=there)
    answer = explain_target(ground, "AAA", 3 * today.supposed_usd, importers=there, levers=levers)
    more = next(one.value for one in answer.needed if one.route is Route.MARKET_IMPORTS)
    assert more is not None
    assert more > 3.1
