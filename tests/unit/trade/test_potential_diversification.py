"""The diversification indicator: an order of products that are not yet sold, and why each other product is out."""

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, BadTable, Degenerate
from rahdari.trade.rules.potential.conventions import STATIC, Terms
from rahdari.trade.rules.potential.diversification import Barred, Closeness, Filters, diversify
from rahdari.trade.rules.potential.groundwork import lay
from rahdari.trade.values import Amounts
from tests.unit.trade.potential_worlds import (
    ALL_TERMS,
    COUNTRIES,
    PRODUCTS,
    Literal,
    made_flows,
    made_world,
)

DENSITY = np.array([0.10, 0.25, 0.40, 0.05, 0.0])
RCA = np.array([0.2, 0.0, 1.4, 0.9, 0.1])
COMPLEXITY = {"010101": -1.0, "010202": -0.2, "740311": 0.4, "740400": 1.2}


def close(density: Amounts = DENSITY, rca: Amounts = RCA) -> Closeness:
    return Closeness(PRODUCTS, density, rca, COMPLEXITY)


@pytest.mark.parametrize("terms", [STATIC, ALL_TERMS], ids=["static", "all terms"])
def test_the_score_is_density_times_demand_times_ease_and_the_best_has_a_hundred(terms: Terms) -> None:
    world = made_world()
    told = diversify(lay(world, terms), "AAA", close())
    literal = Literal(world, terms)
    expected = np.zeros((4, 5))
    for row, market in enumerate(COUNTRIES):
        for column in (0, 1, 3):  # 740311 is sold already, nothing is near 870300
            product = PRODUCTS[column]
            score = DENSITY[column] * literal.demand("AAA", market, product) * literal.ease("AAA", market)
            distance = literal.distance("AAA", market, product) if terms.product_distance else 1.0
            expected[row, column] = score * distance
    np.testing.assert_allclose(told.score, expected / expected.max() * 100, rtol=1e-10)
    assert told.score.max() == pytest.approx(100)


def test_each_product_that_is_out_is_out_for_a_reason_with_its_number() -> None:
    bars = diversify(lay(made_world()), "AAA", close()).bars
    assert [(one.product, one.why, one.value, one.limit) for one in bars] == [
        ("740311", Barred.ALREADY_COMPETITIVE, 1.4, 1.0),
        ("870300", Barred.NO_DENSITY, 0.0, 0.0),
    ]


def test_all_reasons_are_told_not_only_the_first() -> None:
    filters = Filters(
        demand_growth={"740311": -0.05, "010101": 0.01},
        complexity_above_average=True,
        excluded=frozenset({"7403", "0102"}),
    )
    told = diversify(lay(made_world()), "AAA", close(), filters)
    why = [(one.product, one.why) for one in told.bars]
    assert why == [
        ("010101", Barred.COMPLEXITY_BELOW_AVERAGE),
        ("010202", Barred.EXCLUDED),
        ("010202", Barred.COMPLEXITY_BELOW_AVERAGE),
        ("740311", Barred.ALREADY_COMPETITIVE),
        ("740311", Barred.EXCLUDED),
        ("740311", Barred.WORLD_DEMAND_FALLS),
        ("870300", Barred.NO_DENSITY),
        ("870300", Barred.COMPLEXITY_UNKNOWN),
    ]
    mean = sum(COMPLEXITY.values()) / 4
    assert [one.limit for one in told.bars if one.why is Barred.COMPLEXITY_BELOW_AVERAGE] == [mean, mean]
    assert told.products_frame()["product"].to_list() == ["740400"]


def test_falling_demand_bars_only_below_the_limit_and_where_it_is_known() -> None:
    growth = {"010101": -0.03, "010202": 0.0}
    told = diversify(lay(made_world()), "AAA", close(), Filters(demand_growth=growth))
    assert Barred.WORLD_DEMAND_FALLS in {one.why for one in told.bars if one.product == "010101"}
    assert "010202" not in {one.product for one in told.bars}
    off = diversify(lay(made_world()), "AAA", close(), Filters(demand_growth=growth, demand_growth_min=None))
    assert "010101" not in {one.product for one in off.bars}


def test_a_product_that_nobody_buys_is_out() -> None:
    flows = made_flows()
    flows[:, :, 3] = 0.0
    told = diversify(lay(made_world(flows)), "AAA", close())
    assert (Barred.NOT_IMPORTED, "740400") in {(one.why, one.product) for one in told.bars}
    assert np.isfinite(told.score).all()


def test_a_tariff_above_the_markets_average_bars_the_market_alone() -> None:
    ground = lay(made_world(), Terms(demand_tariff=True))
    free = diversify(ground, "DDD", close())
    told = diversify(ground, "DDD", close(), Filters(tariff_advantage_min=1.0))
    assert told.barred_cells
    for one in told.barred_cells:
        assert one.why is Barred.TARIFF_DISADVANTAGE
        assert one.value < 1 == one.limit
        assert one.importer in {"AAA", "BBB"}  # where others have preferences
        cell = COUNTRIES.index(one.importer), PRODUCTS.index(one.product)
        assert told.score[cell] == 0 < free.score[cell]
    assert told.bars == free.bars


def test_the_tariff_filter_needs_tariffs() -> None:
    with pytest.raises(BadParameter, match="no term of tariffs"):
        diversify(lay(made_world()), "AAA", close(), Filters(tariff_advantage_min=1.0))


def test_nothing_left_to_rank_is_refused_with_the_counts_of_the_reasons() -> None:
    with pytest.raises(Degenerate, match="5 already_competitive, 1 no_density"):
        diversify(lay(made_world()), "AAA", close(rca=np.full(5, 2.0)))


def test_tables_rank_from_one_and_name_what_is_out() -> None:
    told = diversify(lay(made_world()), "AAA", close())
    frame = told.to_frame({"740311": "copper cathodes", "BBB": "Beland"})
    assert frame["rank"].to_list() == list(range(1, frame.height + 1))
    assert frame["score_index"].to_list() == sorted(frame["score_index"], reverse=True)
    assert set(frame.columns) >= {"exporter_name", "importer_name", "product_name"}
    products = told.products_frame()
    assert products["score_index"][0] == pytest.approx(100)
    assert set(products["product"]) == {"010101", "010202", "740400"}
    bars = told.bars_frame({"740311": "copper cathodes"})
    assert bars.row(0) == ("740311", "copper cathodes", None, None, "already_competitive", 1.4, 1.0)


def test_closeness_that_is_no_density_or_of_other_products_is_refused() -> None:
    with pytest.raises(BadTable, match="density of 010202 is 1"):
        close(density=np.array([0.1, 1.5, 0.1, 0.1, 0.1]))
    with pytest.raises(BadTable, match="RCA of 010101"):
        close(rca=np.array([-1.0, 0, 0, 0, 0]))
    with pytest.raises(BadTable, match="density of 010101 is nan"):
        close(density=np.array([np.nan, 0, 0, 0, 0]))
    with pytest.raises(BadTable, match="shape"):
        close(density=DENSITY[:4])
    with pytest.raises(BadParameter, match="complexity of 01"):
        Closeness(("01",), np.zeros(1), np.zeros(1), {"01": float("nan")})
    with pytest.raises(BadTable, match="other products"):
        diversify(lay(made_world()), "AAA", Closeness(PRODUCTS[::-1], DENSITY, RCA))
