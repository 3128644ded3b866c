"""From schedules to a change of one market: what is charged before and after, and what is not known."""

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, DataMissing, UnknownCountry, UnknownTradeProduct
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.rules.tariffs.market import Elasticities, simulate
from rahdari.trade.rules.tariffs.supposed import between, if_charged
from rahdari.trade.values import Matrix
from rahdari.wire import tariff_schedule
from tests.unit.trade.potential_worlds import COUNTRIES, PRODUCTS, SCHEDULE, made_flows


def laid(schedule: bytes = SCHEDULE) -> TariffBook:
    return TariffBook.of(tariff_schedule.read(schedule), COUNTRIES, PRODUCTS)


def bought(market: str) -> Matrix:
    return Matrix(COUNTRIES, PRODUCTS, made_flows()[:, COUNTRIES.index(market)])


def test_a_change_has_the_rates_of_both_schedules() -> None:
    other = laid(SCHEDULE + b"BBB,DDD,*,0,preference\n")
    change = between("BBB", bought("BBB"), laid(), other)
    np.testing.assert_array_equal(change.before, laid().of_market("BBB", COUNTRIES))
    np.testing.assert_array_equal(change.after, other.of_market("BBB", COUNTRIES))
    told = simulate(change, Elasticities(demand=-1.2))
    assert told.creation[3].sum() > 0
    assert not told.creation[:3].any()


def test_the_same_schedule_twice_changes_nothing() -> None:
    told = simulate(between("AAA", bought("AAA"), laid(), laid()))
    assert told.totals().creation_usd == told.totals().diverted_usd == told.totals().revenue_change_usd == 0


def test_one_rate_is_charged_to_the_origins_and_goods_that_are_named() -> None:
    change = if_charged(
        "BBB", bought("BBB"), laid(), rate_percent=3, exporters=frozenset({"AAA", "DDD"}), prefix="74"
    )
    touched = np.zeros((4, 5), dtype=np.bool_)
    touched[np.ix_([0, 3], [2, 3])] = True
    assert (change.after[touched] == 0.03).all()
    np.testing.assert_array_equal(change.after[~touched], change.before[~touched])


def test_no_origin_and_no_prefix_mean_all_of_them() -> None:
    change = if_charged("BBB", bought("BBB"), laid(), rate_percent=0)
    assert not change.after.any()


def test_a_rate_that_nobody_knows_is_not_taken_for_free_trade() -> None:
    with pytest.raises(DataMissing, match="DDD buys 010"):
        if_charged("DDD", bought("DDD"), laid(), rate_percent=0)
    with pytest.raises(DataMissing, match="DDD buys"):
        between("DDD", bought("DDD"), laid(), laid(SCHEDULE + b"DDD,,*,4,mfn\n"))


def test_what_the_market_does_not_buy_needs_no_rate() -> None:
    nothing = Matrix(COUNTRIES, PRODUCTS, np.zeros((4, 5)))
    assert not if_charged("DDD", nothing, laid(), rate_percent=0).after.any()


def test_origins_goods_and_products_that_are_not_there_are_refused() -> None:
    with pytest.raises(UnknownCountry, match="XXX"):
        if_charged("BBB", bought("BBB"), laid(), rate_percent=0, exporters=frozenset({"XXX"}))
    with pytest.raises(UnknownTradeProduct, match="99"):
        if_charged("BBB", bought("BBB"), laid(), rate_percent=0, prefix="99")
    with pytest.raises(BadParameter, match="market XXX"):
        if_charged("XXX", bought("BBB"), laid(), rate_percent=0)
    with pytest.raises(BadParameter, match="lay them again"):
        if_charged("BBB", Matrix(COUNTRIES, PRODUCTS[:2], np.zeros((4, 2))), laid(), rate_percent=0)
    with pytest.raises(BadParameter, match="above -1"):
        if_charged("BBB", bought("BBB"), laid(), rate_percent=-100)
