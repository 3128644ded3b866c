"""For every world of flows: the identities of the indicator hold, and nothing is ever NaN, infinite or negative."""

import math
from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rahdari.trade.rules.potential.conventions import FULL, STATIC, Exponent, Terms
from rahdari.trade.rules.potential.factors import factors_of, multiply
from rahdari.trade.rules.potential.groundwork import Groundwork, lay
from rahdari.trade.rules.potential.indicator import all_potentials, potential_of
from rahdari.trade.rules.potential.levers import (
    CapacityLever,
    EaseLever,
    GrowthLever,
    Levers,
    TariffLever,
    suppose,
)
from rahdari.trade.rules.potential.reasons import explain_cells
from rahdari.trade.rules.potential.scenario import play
from rahdari.trade.rules.potential.target import explain_target
from rahdari.trade.rules.potential.world import Growth, World, world_of_flows
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.values import Amounts, Matrix
from rahdari.wire.tariff_schedule import Duty, DutyKind, TariffSchedule

COUNTRIES = tuple("ABCD")
PRODUCTS = ("0101", "0102", "7403")
# Mostly nothing, as in trade, and amounts from a dollar to a trillion.
AMOUNTS = st.sampled_from([0.0, 0.0, 0.0, 1.0, 7.0, 1e3, 12_345.0, 1e6, 5e8, 1e12])
RATIOS = st.floats(0.5, 2.0)
PREFIXES = ("", "01", "0101", "74", "7403")


@st.composite
def flows(draw: st.DrawFn) -> Amounts:
    cube: Amounts = draw(arrays.arrays(np.float64, (4, 4, 3), elements=AMOUNTS))
    cube[np.arange(4), np.arange(4)] = 0.0
    assume(cube.any())
    return cube


@st.composite
def books(draw: st.DrawFn) -> TariffBook:
    duties = [Duty(market, "", "", draw(st.floats(0, 50)), DutyKind.MFN) for market in COUNTRIES[:3]]
    for _ in range(draw(st.integers(0, 6))):
        market, origin = draw(st.permutations(COUNTRIES[:3]))[:2]
        kind = draw(st.sampled_from(DutyKind))
        exporter = origin if kind is DutyKind.PREFERENCE else ""
        duties.append(Duty(market, exporter, draw(st.sampled_from(PREFIXES)), draw(st.floats(0, 3000)), kind))
    unique = {(duty.importer, duty.exporter, duty.prefix): duty for duty in duties}
    return TariffBook.of(TariffSchedule(tuple(unique.values())), COUNTRIES, PRODUCTS)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    plain = world_of_flows(COUNTRIES, COUNTRIES, PRODUCTS, draw(flows()))
    kilometres = draw(
        arrays.arrays(np.float64, (4, 4), elements=st.sampled_from([0.0, 1.0, 300.0, 4e3, 2e4]))
    )
    growth = Growth(
        draw(st.dictionaries(st.sampled_from(COUNTRIES), RATIOS)),
        draw(st.dictionaries(st.sampled_from(COUNTRIES), RATIOS)),
    )
    return replace(
        plain, growth=growth, tariffs=draw(books()), distances=Matrix(COUNTRIES, COUNTRIES, kilometres)
    )


TERMS = st.builds(
    Terms,
    growth=st.booleans(),
    net_importer=st.booleans(),
    supply_tariff=st.booleans(),
    demand_tariff=st.booleans(),
    product_distance=st.booleans(),
    sigma=st.builds(Exponent, st.sampled_from([0.0, 1.0, 3.5]), st.just({"74": 2.0})),
    income_elasticity=st.builds(Exponent, st.sampled_from([0.0, 1.0, 1.4])),
)


# A world takes longer to draw than to compute; sixty of them reach every term, lever and hole many times.
WORLDS_ARE_LARGE = settings(deadline=None, max_examples=60)


def table(ground: Groundwork, exporter: str, levers: Levers) -> Amounts:
    return multiply(factors_of(ground, exporter, suppose(ground, exporter, levers)), (4, 3))


@WORLDS_ARE_LARGE
@given(world=worlds())
def test_static_potential_sums_to_what_is_traded_with_every_market(world: World) -> None:
    for exporter, values in all_potentials(lay(world, STATIC)):
        np.testing.assert_allclose(values.sum(axis=1), world.bilateral.of_row(exporter), rtol=1e-9)


@WORLDS_ARE_LARGE
@given(world=worlds())
def test_static_potentials_of_all_exporters_sum_to_the_worlds_trade(world: World) -> None:
    total = math.fsum(float(values.sum()) for _, values in all_potentials(lay(world, STATIC)))
    assert math.isclose(total, float(world.exports.values.sum()), rel_tol=1e-9)


@WORLDS_ARE_LARGE
@given(world=worlds(), terms=TERMS)
def test_no_potential_is_ever_nan_infinite_negative_or_at_home(world: World, terms: Terms) -> None:
    for exporter, values in all_potentials(lay(world, terms)):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
        assert not values[COUNTRIES.index(exporter)].any()


@WORLDS_ARE_LARGE
@given(world=worlds(), terms=TERMS, unit=st.sampled_from([0.5, 4.0, 2.0**20]))
def test_another_currency_scales_every_potential_and_nothing_else(
    world: World, terms: Terms, unit: float
) -> None:
    theirs = replace(
        world,
        exports=Matrix(COUNTRIES, PRODUCTS, world.exports.values * unit),
        imports=Matrix(COUNTRIES, PRODUCTS, world.imports.values * unit),
        bilateral=Matrix(COUNTRIES, COUNTRIES, world.bilateral.values * unit),
    )
    pairs = zip(all_potentials(lay(world, terms)), all_potentials(lay(theirs, terms)), strict=True)
    for (_, ours), (_, other) in pairs:
        np.testing.assert_allclose(other, ours * unit, rtol=1e-9)


@WORLDS_ARE_LARGE
@given(world=worlds())
def test_equal_growth_everywhere_moves_demand_and_no_share(world: World) -> None:
    even = replace(world, growth=Growth(dict.fromkeys(COUNTRIES, 1.3), {}))
    for exporter, values in all_potentials(lay(even, Terms(growth=True))):
        np.testing.assert_allclose(values, potential_of(lay(world, STATIC), exporter).values * 1.3, rtol=1e-9)


@WORLDS_ARE_LARGE
@given(world=worlds(), terms=TERMS)
def test_the_reasons_of_every_cell_multiply_to_its_potential(world: World, terms: Terms) -> None:
    ground = lay(world, terms)
    cells = [(importer, product) for importer in COUNTRIES for product in PRODUCTS]
    for exporter, values in all_potentials(ground):
        for told, value in zip(explain_cells(ground, exporter, cells), values.ravel(), strict=True):
            assert math.isclose(told.potential_usd, value, rel_tol=1e-9)
            if value == 0:
                assert told.reasons
                assert all(one.value == 0 for one in told.reasons)


LEVERS = st.builds(
    Levers,
    tariffs=st.lists(
        st.builds(
            TariffLever,
            rate_percent=st.floats(0, 100),
            importers=st.frozensets(st.sampled_from(COUNTRIES)),
            prefix=st.sampled_from(PREFIXES),
        ),
        max_size=2,
    ).map(tuple),
    growth=st.lists(
        st.builds(GrowthLever, country=st.sampled_from(COUNTRIES), gdp=RATIOS, population=RATIOS), max_size=2
    ).map(tuple),
    ease=st.lists(st.builds(EaseLever, quantile=st.floats(0, 1)), max_size=1).map(tuple),
    capacity=st.lists(
        st.builds(CapacityLever, product=st.sampled_from(PRODUCTS), value_usd=st.floats(0, 1e9)), max_size=2
    ).map(tuple),
)


@WORLDS_ARE_LARGE
@given(world=worlds(), terms=TERMS, levers=LEVERS)
def test_what_levers_carry_sums_to_what_they_add(world: World, terms: Terms, levers: Levers) -> None:
    assume(world.exports.values.any(axis=1).sum() > 1)
    ground = lay(world, terms)
    exporter = next(code for code in COUNTRIES if world.exports.of_row(code).any())
    told = play(ground, exporter, levers)
    scale = max(told.baseline_usd, told.supposed_usd, 1.0)
    added = math.fsum(one.joint_usd for one in told.effects)
    assert math.isclose(added, told.supposed_usd - told.baseline_usd, abs_tol=1e-9 * scale)
    assert math.isclose(told.supposed_usd, told.supposed.total_usd, rel_tol=1e-9, abs_tol=1e-9)
    assert np.isfinite(told.supposed.values).all()


@WORLDS_ARE_LARGE
@given(world=worlds(), low=st.floats(0, 1), high=st.floats(0, 1))
def test_more_ease_and_more_capacity_never_lower_a_potential(world: World, low: float, high: float) -> None:
    assume(world.exports.values.any(axis=1).sum() > 1)
    ground = lay(world, FULL)
    low, high = sorted((low, high))
    exporter = next(code for code in COUNTRIES if world.exports.of_row(code).any())
    eases = [table(ground, exporter, Levers(ease=(EaseLever(quantile=one),))) for one in (low, high)]
    assert (eases[1] >= eases[0] * (1 - 1e-12)).all()
    capacities = [
        table(ground, exporter, Levers(capacity=(CapacityLever(product="7403", value_usd=one * 1e6),)))
        for one in (low, high)
    ]
    assert (capacities[1] >= capacities[0] * (1 - 1e-12)).all()


@WORLDS_ARE_LARGE
@given(world=worlds(), terms=TERMS, times=st.floats(0.1, 100))
def test_every_route_to_a_target_reaches_it_or_says_that_it_cannot(
    world: World, terms: Terms, times: float
) -> None:
    assume(world.exports.values.any(axis=1).sum() > 1)
    ground = lay(world, terms)
    exporter = next(code for code in COUNTRIES if world.exports.of_row(code).any())
    wanted = float(world.bilateral.of_row(exporter).sum()) * times
    answer = explain_target(ground, exporter, wanted)
    assert math.isclose(answer.static_usd, answer.traded_usd, rel_tol=1e-9)
    for one in answer.needed:
        assert math.isfinite(one.reached_usd)
        assert (one.reached_usd >= wanted * (1 - 1e-9)) == one.is_reachable
