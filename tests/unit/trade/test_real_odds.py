"""The odds of real trade, and whether scores would have told, on published data where they are at hand."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.app.base_rates import carried_own_decades, carried_price_index, carried_sizes, history_of
from rahdari.app.totals_files import read_totals
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.backtest import Asked, Scores, Trial, Verdict, amounts, back_test, to_frame
from rahdari.trade.rules.backtest.trials import revealed_advantage
from rahdari.trade.rules.decades import sizes_of
from rahdari.trade.rules.fans import fan
from rahdari.trade.rules.odds import base_rate, by_size, own_best, place, resampled
from rahdari.trade.rules.paths import Goal
from rahdari.trade.rules.windows import History, LeftOut, WindowRules, find_windows, history_of_exports
from rahdari.trade.values import CountryCode, ProductCode
from tests.fakes.past_flows import FrameBook

RULES = WindowRules(excluded=frozenset({"EUN"}))


@pytest.fixture(scope="module")
def trade(shared_folder: Path) -> Path:
    folder = shared_folder / "data" / "trade"
    if not folder.is_dir():
        pytest.skip("published vectors are absent: no trade data beside them")
    return folder


@pytest.fixture(scope="module")
def totals(trade: Path) -> tuple[History, History]:
    """What reporters say they sold, and what all others say they bought from them, 1962 to 2016."""
    # A country does not export to itself; some reporters list re-imports so.
    pairs = pl.read_parquet(trade / "bilateral_totals_wits_1962_2016.parquet").filter(
        pl.col("reporter_iso3") != pl.col("partner_iso3")
    )
    sold = pairs.group_by("reporter_iso3", "year").agg(pl.col("exports_usd").sum()).drop_nulls()
    bought = pairs.group_by("partner_iso3", "year").agg(pl.col("imports_usd").sum()).drop_nulls()
    reporters = set(sold["reporter_iso3"])
    told = history_of(sold.iter_rows())
    nothing = [(country, year, 0.0) for country in told.countries for year in told.years]
    mirror = [row for row in bought.iter_rows() if row[0] in reporters]
    return told, history_of([*nothing, *mirror])


def test_one_in_ten_decades_multiplied_exports_by_five_in_money_of_the_day(
    totals: tuple[History, History],
) -> None:
    told, mirror = totals
    found = find_windows(told, RULES, mirror=mirror)
    rate, at_five = base_rate(found), place(found, 5.0)
    assert (rate.count.windows, rate.count.countries) == (2438, 113)
    assert rate.count.disjoint < 350
    assert at_five.reached.share == pytest.approx(0.102, abs=0.001)
    assert rate.percentiles[50.0] == pytest.approx(2.34, abs=0.01)
    assert {"CHN", "KOR", "THA", "VNM", "IND"} < set(at_five.countries_reached)
    assert {"PAK", "BGD", "LKA"}.isdisjoint(at_five.countries_reached)
    interval = resampled(found, 5.0, generator=np.random.default_rng(1))
    assert interval.low < 0.102 < interval.high < 0.14


def test_in_constant_dollars_it_was_one_in_thirty_five(totals: tuple[History, History]) -> None:
    deflator = carried_price_index(base_year=2016)
    told, mirror = (one.deflated(deflator) for one in totals)
    found = find_windows(told, RULES, mirror=mirror)
    assert found.prices.label == "real_2016"
    assert place(found, 5.0).reached.share == pytest.approx(0.0287, abs=0.0005)
    best = own_best(found, "PAK")
    assert (best.start_year, best.end_year) == (2001, 2011)
    assert best.ratio == pytest.approx(2.157, abs=0.001)


def test_the_larger_at_the_start_the_rarer(totals: tuple[History, History]) -> None:
    told, mirror = totals
    classes = by_size(find_windows(told, RULES, mirror=mirror), edges_usd=[5e9, 20e9, 50e9])
    shares = [one.rate.reached[5.0].share for one in classes if one.rate]
    assert len(shares) == 4
    assert shares == sorted(shares, reverse=True)
    assert shares[2] == pytest.approx(0.074, abs=0.001)


def test_the_carried_figures_by_size_are_those_of_the_totals(trade: Path) -> None:
    totals = read_totals(trade / "bilateral_totals_wits_1962_2016.parquet")
    told, mirror = totals.histories()
    found = find_windows(told, RULES, mirror=mirror)
    for own, carried in zip(sizes_of(found), carried_sizes(), strict=True):
        counts = (own.low_usd, own.high_usd, own.windows, own.disjoint, own.countries)
        assert counts == (
            carried.low_usd, carried.high_usd, carried.windows, carried.disjoint, carried.countries
        )  # fmt: skip
        assert own.reached == pytest.approx(carried.reached, abs=6e-5)
    for best in carried_own_decades():
        computed = own_best(found, best.country)
        assert computed.start_year == best.start_year
        assert (computed.start_usd, computed.end_usd) == pytest.approx(
            (best.start_usd, best.end_usd), abs=5e5
        )
    large = found.where(found.start_usd >= 20e9)
    assert len(large) == 914
    assert place(large, 5.0).reached.share == pytest.approx(0.047, abs=0.0005)


def test_what_partners_report_takes_out_windows_that_only_reported_more(
    totals: tuple[History, History],
) -> None:
    told, mirror = totals
    without, with_them = find_windows(told, RULES), find_windows(told, RULES, mirror=mirror)
    assert with_them.left_out[LeftOut.COVERAGE] == len(without) - len(with_them) == 207
    # The 38-fold decade of an oil exporter whose partners saw another one is gone; that of Indonesia stays.
    assert place(without, 5.0).largest_seen == pytest.approx(38.1, abs=0.1)
    assert place(with_them, 5.0).largest_seen == pytest.approx(20.8, abs=0.1)


def test_the_fan_of_thirty_billion_says_what_the_base_rate_says(totals: tuple[History, History]) -> None:
    told, mirror = totals
    plan = Goal(2024, 2034, 30e9, 150e9)
    drawn = fan(plan, find_windows(told, RULES, mirror=mirror), generator=np.random.default_rng(1))
    assert drawn.reaching.share == pytest.approx(0.10, abs=0.02)
    assert drawn.values_usd[drawn.percents.index(50.0), -1] == pytest.approx(70e9, rel=0.03)


@pytest.fixture(scope="module")
def raw_materials(trade: Path) -> FrameBook:
    flows = pl.read_parquet(trade / "flows_baci_hs92_6d_rawmaterials_1995_2024.parquet").select(
        "year",
        exporter="exporter_iso3",
        importer="importer_iso3",
        product="product_code",
        value_usd="value_usd",
    )
    return FrameBook(flows)


def test_the_history_of_copper_ore_is_that_of_its_exporters(raw_materials: FrameBook) -> None:
    told = history_of_exports(raw_materials, product=ProductCode("260300"))
    found = find_windows(told, WindowRules(start_usd_min=50e6))
    rate = base_rate(found)
    # Prices rose between: a decade that doubles copper ore is usual, one that does five times as much is not.
    assert rate.count.countries > 10
    assert 1.5 < rate.percentiles[50.0] < 4
    assert rate.reached[5.0].share < 0.4


def density(flows: FlowBook, trial: Trial) -> Scores:
    """Nearness of a product to what a country sells with advantage, as the field notes write it (1.3)."""
    now = amounts(flows, trial, trial.origin)
    present = (revealed_advantage(now) >= 1).astype(np.float64)
    ubiquity = present.sum(axis=0)
    near = (present.T @ present) / np.maximum(np.maximum.outer(ubiquity, ubiquity), 1)
    np.fill_diagonal(near, 0)
    values = present @ near / np.maximum(near.sum(axis=0), 1e-12)
    return Scores(now.rows, now.columns, values, np.ones(values.shape, dtype=bool))


def test_density_would_have_told_who_enters_raw_materials_better_than_size_did(
    raw_materials: FrameBook,
) -> None:
    trials = [Trial(2004, 5, mean_years=3), Trial(2014, 10, mean_years=3)]
    verdicts = back_test(raw_materials, {"density": density}, trials, generator=np.random.default_rng(1))
    by_name: dict[tuple[int, Asked, str], Verdict] = {
        (one.trial.origin, one.asked, one.scorer): one for one in verdicts
    }
    entered = by_name[2004, Asked.ENTERED, "density"].figures
    assert entered["auc"].value == pytest.approx(0.729, abs=0.002)
    assert (entered["lead"].low or 0) > 0
    # Ten years on from 2014 the lead is no longer sure, and of dollars gained size told more.
    later = by_name[2014, Asked.ENTERED, "density"].figures["lead"]
    assert (later.low or 0) < 0 < (later.high or 0)
    assert (by_name[2004, Asked.GAIN, "density"].figures["lead"].high or 0) < 0
    assert to_frame(verdicts)["value"].is_nan().sum() == 0


def test_pakistans_own_markets_are_too_few_to_be_sure(raw_materials: FrameBook) -> None:
    trial = Trial(2004, 10, mean_years=3, exporter=CountryCode("PAK"))
    verdicts = back_test(raw_materials, {}, [trial], generator=np.random.default_rng(1))
    size = next(one for one in verdicts if one.asked is Asked.ENTERED and one.scorer == "current_size")
    figure = size.figures["auc"]
    assert (figure.high or 0) - (figure.low or 0) > 0.1
    assert size.products < 40
