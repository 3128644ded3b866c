"""Why a potential is what it is: term by term, exactly, and as codes with numbers."""

import math

import numpy as np
import pytest

from rahdari.trade.errors import NothingTraded, UnknownCountry, UnknownTradeProduct
from rahdari.trade.rules.potential.conventions import Term, Terms
from rahdari.trade.rules.potential.groundwork import lay
from rahdari.trade.rules.potential.indicator import potential_of
from rahdari.trade.rules.potential.levers import CapacityLever, Levers, TariffLever, suppose
from rahdari.trade.rules.potential.reasons import REASONS, Why, explain, explain_cells
from tests.unit.trade.potential_worlds import ALL_TERMS, COUNTRIES, PRODUCTS, made_flows, made_world


def test_the_terms_of_every_cell_multiply_to_its_potential_and_their_logarithms_add_up() -> None:
    world = made_world()
    ground = lay(world, ALL_TERMS)
    cells = [(importer, product) for importer in COUNTRIES for product in PRODUCTS]
    for exporter in COUNTRIES:
        values = potential_of(ground, exporter).values.ravel()
        for told, value in zip(explain_cells(ground, exporter, cells), values, strict=True):
            assert told.potential_usd == pytest.approx(value, rel=1e-12)
            logs = [one.log for one in told.contributions]
            if value > 0:
                total = math.fsum(log for log in logs if log is not None)
                assert None not in logs
                assert told.neutral_usd * math.exp(total) == pytest.approx(value, rel=1e-10)
            else:
                assert None in logs


def test_the_logarithm_of_the_share_is_that_of_the_revealed_comparative_advantage() -> None:
    world = made_world()
    told = explain(lay(world), "BBB", importer="CCC", product="740400")
    sold = world.exports.values
    advantage = (sold[1, 3] / sold[1].sum()) / (sold[:, 3].sum() / sold.sum())
    (share,) = (one for one in told.contributions if one.term is Term.SHARE)
    assert share.log == pytest.approx(math.log(advantage))


def test_neutral_is_trade_in_proportion_to_what_all_buy_and_sell() -> None:
    world = made_world()
    told = explain(lay(world), "BBB", importer="CCC", product="740400")
    total = world.exports.values.sum()
    sold, bought = world.exports.values[1].sum(), world.imports.values[2].sum()
    of_product = world.exports.values[:, 3].sum()
    assert told.neutral_usd == pytest.approx(sold * bought * of_product / total**2)


def test_the_strongest_reason_comes_first_and_each_has_its_numbers() -> None:
    told = explain(lay(made_world(), ALL_TERMS), "AAA", importer="BBB", product="740311")
    strengths = [abs(math.log(one.value / one.neutral)) for one in told.reasons]
    assert strengths == sorted(strengths, reverse=True)
    assert min(strengths) >= math.log(1.05)
    advantage = next(one for one in told.reasons if one.why is Why.TARIFF_ADVANTAGE)
    assert advantage.value > 1
    assert advantage.neutral == 1


def test_a_tariff_that_is_only_supposed_is_a_reason_of_its_own() -> None:
    ground = lay(made_world(), Terms(demand_tariff=True))
    supposed = suppose(ground, "BBB", Levers(tariffs=(TariffLever(rate_percent=0, prefix="87"),)))
    told = explain(ground, "BBB", importer="CCC", product="870300", supposed=supposed)
    assert Why.TARIFF_SUPPOSED_LOWER in [one.why for one in told.reasons]
    assert {one.term: one.value for one in told.contributions}[Term.TARIFF_LEVER] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("exporter", "importer", "product", "why"),
    [
        ("AAA", "AAA", "740311", Why.OWN_MARKET),
        ("AAA", "BBB", "010202", Why.NOT_EXPORTED),
        ("AAA", "CCC", "740400", Why.NOT_IMPORTED),
        ("BBB", "DDD", "740311", Why.NO_TRADE_WITH_MARKET),
    ],
)
def test_a_potential_of_nothing_says_why_it_is_nothing(
    exporter: str, importer: str, product: str, why: Why
) -> None:
    flows = made_flows() + 10.0
    flows[np.arange(4), np.arange(4)] = 0.0
    flows[0, :, 1] = 0.0
    flows[:, 2, 3] = 0.0
    flows[1, 3, :] = 0.0
    told = explain(lay(made_world(flows), ALL_TERMS), exporter, importer=importer, product=product)
    assert told.potential_usd == 0
    assert why in [one.why for one in told.reasons]
    assert all(one.value == 0 for one in told.reasons)


def test_every_term_has_words_for_both_directions() -> None:
    assert set(REASONS) == set(Term)


def test_unknown_sides_are_refused() -> None:
    ground = lay(made_world())
    with pytest.raises(UnknownCountry, match="XXX"):
        explain(ground, "AAA", importer="XXX", product="740311")
    with pytest.raises(UnknownTradeProduct, match="999999"):
        explain(ground, "AAA", importer="BBB", product="999999")
    flows = made_flows()
    flows[0] = 0.0
    with pytest.raises(NothingTraded):
        explain(lay(made_world(flows)), "AAA", importer="BBB", product="740311")


def test_the_table_of_a_cell_lists_its_terms() -> None:
    frame = explain(lay(made_world(), ALL_TERMS), "AAA", importer="BBB", product="740311").to_frame()
    assert frame.columns == [
        "exporter",
        "importer",
        "product",
        "term",
        "value",
        "neutral",
        "log_contribution",
    ]
    assert frame["term"].to_list()[0] == "share"
    assert frame.height == len(Term) - 2  # no lever of tariffs or capacity was pulled


def test_what_only_the_plan_builds_is_told_as_new_capacity_and_not_as_a_strength() -> None:
    ground = lay(made_world())
    before = explain(ground, "AAA", importer="CCC", product="740311")
    levers = Levers(capacity=(CapacityLever(product="740311", value_usd=50_000),))
    after = explain(ground, "AAA", importer="CCC", product="740311", supposed=suppose(ground, "AAA", levers))
    told = {one.why for one in after.reasons}
    assert told == {one.why for one in before.reasons} | {Why.NEW_CAPACITY}
    product = after.neutral_usd * math.exp(sum(one.log or 0.0 for one in after.contributions))
    assert product == pytest.approx(after.potential_usd, rel=1e-9)


def test_a_product_that_is_new_altogether_has_new_capacity_for_its_reason() -> None:
    flows = made_flows()
    flows[0, :, 2] = 0.0
    ground = lay(made_world(flows))
    levers = Levers(capacity=(CapacityLever(product="740311", value_usd=50_000),))
    told = explain(ground, "AAA", importer="CCC", product="740311", supposed=suppose(ground, "AAA", levers))
    codes = [one.why for one in told.reasons]
    assert codes.count(Why.NEW_CAPACITY) == 1
    assert not {Why.SPECIALISED, Why.NOT_SPECIALISED, Why.NOT_EXPORTED} & set(codes)
