"""What is untapped and what is realised: sums over cells with potential, tables for an analyst."""

import numpy as np
import pytest

from rahdari.trade.errors import DataMissing
from rahdari.trade.rules.potential.groundwork import lay
from rahdari.trade.rules.potential.indicator import potential_of
from rahdari.trade.rules.potential.result import Potential
from rahdari.trade.values import Matrix
from tests.unit.trade.potential_worlds import (
    ALL_TERMS,
    COUNTRIES,
    PRODUCTS,
    TOY_FLOWS,
    TOY_SIDES,
    made_flows,
    made_world,
    toy_world,
)


def toy_potential() -> Potential:
    return potential_of(lay(toy_world()), "AAA", Matrix(*TOY_SIDES[1:], TOY_FLOWS[0]))


def test_untapped_is_potential_less_sales_and_never_below_zero() -> None:
    np.testing.assert_allclose(toy_potential().untapped(), [[5.652174, 0], [0, 7.04]], atol=5e-7)


def test_realised_and_untapped_sum_to_the_potential() -> None:
    actual = Matrix(COUNTRIES, PRODUCTS, made_flows()[1])
    potential = potential_of(lay(made_world(), ALL_TERMS), "BBB", actual)
    for one in (potential.realised(), *potential.by_market(), *potential.by_product()):
        assert one.realised_usd + one.untapped_usd == pytest.approx(one.potential_usd)
        assert one.share is None or 0 <= one.share <= 1
    whole = potential.realised()
    assert whole.potential_usd == pytest.approx(potential.total_usd)
    assert sum(one.untapped_usd for one in potential.by_market()) == pytest.approx(whole.untapped_usd)
    assert sum(one.untapped_usd for one in potential.by_product()) == pytest.approx(whole.untapped_usd)


def test_sales_where_there_is_no_potential_are_not_counted() -> None:
    flows = made_flows()
    flows[:, 3] = 0.0
    actual = np.zeros((4, 5))
    actual[3, 0] = 1e9
    actual[2, 0] = 5.0
    potential = potential_of(lay(made_world(flows)), "AAA", Matrix(COUNTRIES, PRODUCTS, actual))
    assert potential.by_market()[3].actual_usd == 0
    assert potential.by_market()[3].share is None
    assert potential.realised().actual_usd == 5.0


def test_nobody_knows_what_is_untapped_without_sales() -> None:
    potential = potential_of(lay(toy_world()), "AAA")
    for ask in (potential.untapped, potential.realised, potential.by_market, potential.by_product):
        with pytest.raises(DataMissing, match="AAA"):
            ask()
    assert potential.to_frame().columns == ["exporter", "importer", "product", "potential_usd"]


def test_the_table_has_codes_names_and_units_and_the_largest_first() -> None:
    frame = toy_potential().to_frame({"AAA": "Aland", "CCC": "Celand", "01": "horses"})
    assert frame.columns == [
        "exporter",
        "exporter_name",
        "importer",
        "importer_name",
        "product",
        "product_name",
        "potential_usd",
        "actual_usd",
        "untapped_usd",
        "realised_share",
    ]
    assert frame.row(0)[:6] == ("AAA", "Aland", "DDD", None, "02", None)
    assert frame["potential_usd"].to_list() == sorted(frame["potential_usd"], reverse=True)
    small = frame.filter(importer="CCC", product="01").row(0, named=True)
    assert small["realised_share"] == pytest.approx(10 / 15.652174, abs=1e-6)
    assert small["product_name"] == "horses"


def test_cells_under_a_dollar_of_both_are_left_out_of_the_table_only() -> None:
    world = toy_world()
    potential = potential_of(lay(world), "AAA", Matrix(*TOY_SIDES[1:], np.array([[10.0, 0.0], [0.2, 0.0]])))
    assert potential.to_frame().height == 4
    tiny = Potential(
        exporter=potential.exporter,
        importers=potential.importers,
        products=potential.products,
        values=np.array([[0.5, 2.0], [0.5, 0.0]]),
        actual=np.array([[0.5, 0.0], [1.5, 0.0]]),
    )
    told = tiny.to_frame().select("importer", "product").rows()
    assert told == [("CCC", "02"), ("DDD", "01")]
    assert tiny.realised().potential_usd == 3.0


def test_a_cell_that_was_sold_to_without_potential_has_no_realised_share() -> None:
    one = Potential(
        exporter=toy_potential().exporter,
        importers=("CCC",),
        products=("01",),
        values=np.array([[0.0]]),
        actual=np.array([[4.0]]),
    )
    assert one.to_frame()["realised_share"].to_list() == [None]


def test_markets_and_products_are_listed_by_what_is_untapped() -> None:
    markets = toy_potential().markets_frame({"DDD": "Deland"})
    assert markets["importer"].to_list() == ["DDD", "CCC"]
    assert markets["importer_name"].to_list() == ["Deland", None]
    assert markets["potential_usd"].to_list() == pytest.approx([60.0, 40.0])
    products = toy_potential().products_frame()
    assert products["product"].to_list() == ["02", "01"]
    assert products["untapped_usd"].to_list() == pytest.approx([7.04, 5.652174], abs=1e-6)
