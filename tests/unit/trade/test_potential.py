"""The Export Potential Indicator: the fixture of the notes, the formulas written out, identities, refusals."""

from dataclasses import replace

import numpy as np
import pytest

from rahdari.trade.errors import (
    BadParameter,
    BadTable,
    DataMissing,
    NothingTraded,
    UnknownCountry,
)
from rahdari.trade.rules.potential.conventions import FULL, STATIC, Exponent, Term, Terms
from rahdari.trade.rules.potential.factors import factors_of
from rahdari.trade.rules.potential.groundwork import lay
from rahdari.trade.rules.potential.indicator import all_potentials, potential_of
from rahdari.trade.rules.potential.world import Growth, World, world_of_flows
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.values import Matrix
from rahdari.wire.tariff_schedule import Duty, DutyKind, TariffSchedule
from tests.unit.trade.potential_worlds import (
    ALL_TERMS,
    COUNTRIES,
    PRODUCTS,
    TOY_FLOWS,
    TOY_SIDES,
    Literal,
    made_flows,
    made_world,
    toy_world,
)


def test_the_toy_world_has_the_ease_and_the_potential_of_the_notes() -> None:
    ground = lay(toy_world())
    np.testing.assert_allclose(ground.ease, [[0.834783, 1.152], [1.152, 0.834783]], atol=5e-7)
    expected: dict[str, list[list[float]]] = {
        "AAA": [[15.652174, 24.347826], [12.96, 47.04]],
        "BBB": [[36, 24], [15.652174, 24.347826]],
    }
    for exporter, cells in expected.items():
        np.testing.assert_allclose(potential_of(ground, exporter).values, cells, atol=5e-7)


def test_the_toy_world_grows_to_the_shares_of_the_notes() -> None:
    ground = lay(replace(toy_world(), growth=Growth({"AAA": 1.2, "BBB": 1.1})), Terms(growth=True))
    for exporter, shares in (("AAA", [0.395604, 0.604317]), ("BBB", [0.604396, 0.395683])):
        factors = factors_of(ground, exporter)
        np.testing.assert_allclose((factors[Term.SHARE] * factors[Term.SHARE_GROWTH])[0], shares, atol=5e-7)


def test_static_potential_only_reallocates_what_is_traded_with_each_market() -> None:
    world = made_world()
    ground = lay(world)
    for place, exporter in enumerate(COUNTRIES):
        sums = potential_of(ground, exporter).values.sum(axis=1)
        np.testing.assert_allclose(sums, world.bilateral.values[place], rtol=1e-12)


def test_shares_of_a_product_sum_to_one_before_and_after_growth() -> None:
    world = made_world()
    grown = lay(world, Terms(growth=True))
    np.testing.assert_allclose(grown.shares.sum(axis=0), 1.0, rtol=1e-12)
    factors = [factors_of(grown, exporter) for exporter in COUNTRIES]
    projected = sum((one[Term.SHARE] * one[Term.SHARE_GROWTH])[0] for one in factors)
    np.testing.assert_allclose(projected, 1.0, rtol=1e-12)


TERMS = {
    "static": STATIC,
    "growth": Terms(growth=True, income_elasticity=Exponent(0.7)),
    "net importer": Terms(net_importer=True),
    "supply tariff": Terms(supply_tariff=True),
    "demand tariff": Terms(demand_tariff=True, sigma=Exponent(3.0)),
    "product distance": Terms(product_distance=True),
    "the published form": FULL,
    "all, with exponents by product": ALL_TERMS,
}


@pytest.mark.parametrize("name", TERMS)
def test_each_term_gives_what_its_formula_gives_cell_by_cell(name: str) -> None:
    world = made_world()
    ground, literal = lay(world, TERMS[name]), Literal(world, TERMS[name])
    for exporter in COUNTRIES:
        np.testing.assert_allclose(
            potential_of(ground, exporter).values, literal.table(exporter), rtol=1e-10, atol=1e-9
        )


@pytest.mark.parametrize("name", [name for name in TERMS if name != "static"])
def test_each_term_changes_something_in_the_world_that_it_is_tested_in(name: str) -> None:
    plain = potential_of(lay(made_world()), "AAA").values
    assert not np.allclose(potential_of(lay(made_world(), TERMS[name]), "AAA").values, plain, rtol=1e-3)


def test_only_the_terms_with_every_switch_off_are_static() -> None:
    assert STATIC.is_static
    assert not any(terms.is_static for name, terms in TERMS.items() if name != "static")


def test_the_currency_does_not_matter() -> None:
    ours = potential_of(lay(made_world(), ALL_TERMS), "BBB").values
    theirs = potential_of(lay(made_world(made_flows() * 280), ALL_TERMS), "BBB").values
    np.testing.assert_allclose(theirs, ours * 280, rtol=1e-10)


def test_all_exporters_come_one_by_one_and_those_that_sell_nothing_not_at_all() -> None:
    flows = made_flows()
    flows[2] = 0.0
    world = made_world(flows)
    ground = lay(world, FULL)
    streamed = dict(all_potentials(ground))
    assert list(streamed) == ["AAA", "BBB", "DDD"]
    for exporter, values in streamed.items():
        np.testing.assert_array_equal(values, potential_of(ground, exporter).values)


def test_an_exporter_that_sells_nothing_is_refused_by_name() -> None:
    flows = made_flows()
    flows[2] = 0.0
    with pytest.raises(NothingTraded, match="CCC exports nothing"):
        potential_of(lay(made_world(flows)), "CCC")


def test_a_market_that_buys_nothing_has_potential_zero_and_nothing_is_nan() -> None:
    flows = made_flows()
    flows[:, 1] = 0.0
    flows[:, :, 3] = 0.0
    ground = lay(made_world(flows), ALL_TERMS)
    for exporter in ("AAA", "CCC", "DDD"):
        values = potential_of(ground, exporter).values
        assert np.isfinite(values).all()
        assert not values[1].any()
        assert not values[:, 3].any()


def test_nobody_has_potential_at_home() -> None:
    for place, exporter in enumerate(COUNTRIES):
        assert not potential_of(lay(made_world(), ALL_TERMS), exporter).values[place].any()


def test_an_exporter_that_is_no_market_is_no_net_importer() -> None:
    ground = lay(toy_world(), Terms(net_importer=True))
    np.testing.assert_array_equal(factors_of(ground, "AAA")[Term.NET_IMPORTER], [[1.0, 1.0]])


def test_an_unknown_exporter_is_refused() -> None:
    with pytest.raises(UnknownCountry, match="XXX"):
        potential_of(lay(toy_world()), "XXX")


@pytest.mark.parametrize(
    ("terms", "what"),
    [
        (Terms(growth=True), "growth"),
        (Terms(supply_tariff=True), "tariffs"),
        (Terms(demand_tariff=True), "tariffs"),
        (Terms(product_distance=True), "distances"),
    ],
)
def test_a_term_without_its_input_is_refused_and_says_which(terms: Terms, what: str) -> None:
    with pytest.raises(DataMissing, match=f"term of {what}"):
        lay(toy_world(), terms)


def test_margins_of_other_goods_are_refused_with_the_first_that_differs() -> None:
    world = toy_world()
    with pytest.raises(BadTable, match="product 02 one margin holds 120, another 121"):
        replace(world, imports=Matrix(*TOY_SIDES[1:], np.add(TOY_FLOWS.sum(axis=0), [[0, 0.5], [0, 0.5]])))
    swapped = Matrix(TOY_SIDES[0], TOY_SIDES[1], np.add(TOY_FLOWS.sum(axis=2), [[1, -1], [1, -1]]))
    with pytest.raises(BadTable, match="of the importer CCC"):
        replace(world, bilateral=swapped)
    doubled = Matrix(TOY_SIDES[0], TOY_SIDES[1], TOY_FLOWS.sum(axis=2) * 2)
    with pytest.raises(BadTable, match="of the exporter AAA"):
        replace(world, bilateral=doubled)


def test_sides_that_differ_or_stand_in_another_order_are_refused() -> None:
    world = toy_world()
    with pytest.raises(BadTable, match="products of exports and imports"):
        replace(world, imports=Matrix(("CCC", "DDD"), ("02", "01"), world.imports.values))
    with pytest.raises(BadTable, match="exporters of exports"):
        replace(world, exports=Matrix(("BBB", "AAA"), ("01", "02"), world.exports.values))
    with pytest.raises(BadTable, match="importers of imports"):
        replace(world, imports=Matrix(("DDD", "CCC"), ("01", "02"), world.imports.values))


def test_flows_of_another_shape_are_refused() -> None:
    with pytest.raises(BadTable, match="shape"):
        world_of_flows(("AAA",), ("CCC", "DDD"), ("01", "02"), TOY_FLOWS)


def test_tariffs_of_other_markets_are_refused() -> None:
    with pytest.raises(BadParameter, match="lay them again"):
        replace(toy_world(), tariffs=made_world().tariffs)


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("nan"), float("inf"), 101.0])
def test_growth_that_is_no_ratio_is_refused(ratio: float) -> None:
    with pytest.raises(BadParameter, match="GDP of AAA"):
        Growth({"AAA": ratio})
    with pytest.raises(BadParameter, match="population of AAA"):
        Growth({}, {"AAA": ratio})


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), 51.0])
def test_an_exponent_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(BadParameter, match="exponent"):
        Exponent(value)
    with pytest.raises(BadParameter, match="exponent"):
        Exponent(1.0, {"74": value})


def test_the_longest_prefix_of_an_exponent_wins() -> None:
    assert Exponent(1.0, {"74": 2.0, "7403": 3.0}).of(PRODUCTS).tolist() == [1, 1, 3, 2, 1]


def test_countries_whose_growth_is_not_known_are_listed() -> None:
    assert made_world().without_growth == ("DDD",)
    assert toy_world().without_growth == ("AAA", "BBB", "CCC", "DDD")


def test_a_preference_scales_the_supply_that_it_bought_down_and_the_demand_up() -> None:
    world = made_world()
    favoured = factors_of(lay(world, ALL_TERMS), "AAA")
    assert favoured[Term.DEMAND_TARIFF][1, 2] > 1
    assert (favoured[Term.DEMAND_TARIFF][3] == 1).all()  # nothing is known of this market's tariffs
    assert favoured[Term.SUPPLY_TARIFF][0, 2] != 1


def test_neither_the_worlds_nor_a_results_array_can_be_written_to() -> None:
    ground = lay(made_world(), ALL_TERMS)
    for array in (ground.shares, ground.ease, ground.faced, potential_of(ground, "AAA").values):
        assert array is not None
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1.0


def test_actual_sales_of_other_markets_are_refused() -> None:
    with pytest.raises(BadTable, match="other markets or products"):
        potential_of(lay(toy_world()), "AAA", Matrix(("DDD", "CCC"), ("01", "02"), TOY_FLOWS[0]))


def test_a_world_can_have_one_country_on_each_side_and_one_product() -> None:
    world: World = world_of_flows(("AAA",), ("BBB",), ("01",), [[[7.0]]])
    assert potential_of(lay(world), "AAA").values.tolist() == [[7.0]]


def test_an_exporter_of_whose_markets_no_rate_is_known_keeps_its_share() -> None:
    world = World(
        Matrix(["AAA", "BBB"], ["010121"], np.array([[8.0], [4.0]])),
        Matrix(["XXX", "YYY"], ["010121"], np.array([[8.0], [4.0]])),
        Matrix(["AAA", "BBB"], ["XXX", "YYY"], np.array([[8.0, 0.0], [0.0, 4.0]])),
        tariffs=TariffBook.of(
            TariffSchedule((Duty("XXX", "", "01", 10.0, DutyKind.MFN),)), ["XXX", "YYY"], ["010121"]
        ),
    )
    faced = lay(world, Terms(supply_tariff=True)).faced
    assert faced is not None
    # The first is charged what the world is, the ten per cent of the one market that is known.
    assert faced.tolist() == [[1.0], [1.0]]
