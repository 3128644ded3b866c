"""The first look at an exporter and a market: one row a product, worked by hand."""

from dataclasses import replace

import numpy as np
import pytest

from rahdari.trade import Matrix
from rahdari.trade.errors import BadParameter, BadTable, NothingTraded, UnknownCountry
from rahdari.trade.rules.relocation import Panel
from rahdari.trade.rules.screening import ScreenConventions, ScreenTrade, screen
from rahdari.trade.values import Amounts

PRODUCTS = ("ore", "cloth", "cars", "gone", "nobody")
COUNTRIES = ("PAK", "CHL", "DEU")
# What the market bought in the last year, of it PAK's first row.
NOW = [[50.0, 30.0, 0.0, 0.0, 0.0], [150.0, 0.0, 0.0, 0.0, 0.0], [0.0, 70.0, 700.0, 0.0, 0.0]]


def trade(years: int = 1, *, factor: float = 1.1, now: list[list[float]] | None = None) -> ScreenTrade:
    """The market's purchases grow by one factor a year up to ``NOW``; "gone" was bought in the first year alone."""
    last = np.array(now or NOW)
    yearly = {}
    for at in range(years):
        values = last / factor ** (years - 1 - at)
        if at == 0 and years > 1:
            values = values + np.array([[0.0, 0, 0, 5, 0]] * 3)
        yearly[2020 + at] = Matrix(COUNTRIES, PRODUCTS, values)
    exports = [[60.0, 140.0, 0.0, 0.0, 0.0], [300.0, 0.0, 0.0, 0.0, 0.0], [0.0, 100.0, 400.0, 0.0, 0.0]]
    return ScreenTrade(bought=Panel(yearly), exports=Matrix(COUNTRIES, PRODUCTS, exports))


def weighed(numbers: ScreenTrade, kilograms: Amounts) -> ScreenTrade:
    sides = (COUNTRIES, PRODUCTS)
    return replace(numbers, weighed=(Matrix(*sides, NOW), Matrix(*sides, kilograms)))


def test_one_row_worked_by_hand() -> None:
    found = screen("PAK", "CHN", trade=trade())
    ore = found.of("ore")
    assert (ore.market_imports_usd, ore.sold_usd, ore.exports_usd) == (200.0, 50.0, 60.0)
    assert ore.share == pytest.approx(0.25)
    assert ore.suppliers_hhi == pytest.approx(0.25**2 + 0.75**2)
    # PAK exports 60 of ore in 200, the world 360 in 1,000.
    assert ore.rca == pytest.approx((60 / 200) / (360 / 1000))
    # The lesser of 200/1000 of the market's imports and 60/200 of the exports.
    assert ore.complementarity == pytest.approx(0.2)


def test_the_complementarity_index_is_that_of_michaely() -> None:
    found = screen("PAK", "CHN", trade=trade())
    market = np.array([0.2, 0.1, 0.7, 0.0, 0.0])
    exporter = np.array([0.3, 0.7, 0.0, 0.0, 0.0])
    assert found.complementarity_index == pytest.approx(100 * (1 - 0.5 * np.abs(market - exporter).sum()))
    assert found.complementarity_index == pytest.approx(30.0)


def test_the_fixture_of_the_index_that_is_in_print() -> None:
    # s = (0.5, 0.3, 0.2) and m = (0.2, 0.3, 0.5) give 70.
    numbers = ScreenTrade(
        bought=Panel({2020: Matrix(("A", "B"), ("x", "y", "z"), [[0.0, 0.0, 0.0], [2.0, 3.0, 5.0]])}),
        exports=Matrix(("A", "B"), ("x", "y", "z"), [[5.0, 3.0, 2.0], [1.0, 1.0, 1.0]]),
    )
    assert screen("A", "M", trade=numbers).complementarity_index == pytest.approx(70.0)


def test_products_that_neither_trades_have_no_row() -> None:
    found = screen("PAK", "CHN", trade=trade())
    assert [row.product for row in found.rows] == ["ore", "cloth", "cars"]


def test_growth_is_that_of_a_year() -> None:
    found = screen("PAK", "CHN", trade=trade(6, factor=1.1))
    assert found.of("ore").market_growth == pytest.approx(0.1)
    halved = screen("PAK", "CHN", trade=trade(5, factor=0.5))
    assert halved.of("ore").market_growth == pytest.approx(-0.5)


def test_growth_over_windows_counts_the_years_between_their_middles() -> None:
    found = screen("PAK", "CHN", trade=trade(6, factor=1.1), conventions=ScreenConventions(window_years=2))
    assert found.of("ore").market_growth == pytest.approx(0.1)


def test_one_year_alone_has_no_growth_and_no_trend_but_reasons() -> None:
    ore = screen("PAK", "CHN", trade=trade()).of("ore")
    assert ore.market_growth is None
    assert ore.trend is None
    assert dict(ore.gaps) == {
        "market_growth": "one_window_only",
        "unit_value_usd_per_kg": "no_weight_known",
        "unit_value_ratio": "no_weight_known",
        "trend": "too_few_years_above_zero",
        "trend_t": "too_few_years_above_zero",
    }


def test_what_the_market_no_longer_or_newly_buys_is_told() -> None:
    exports = Matrix(COUNTRIES, PRODUCTS, [[60.0, 0.0, 0.0, 9.0, 2.0], [1.0] * 5, [1.0] * 5])
    found = screen("PAK", "CHN", trade=replace(trade(3), exports=exports))
    gone, nobody = found.of("gone"), found.of("nobody")
    assert gone.market_growth == -1.0
    assert gone.share is gone.suppliers_hhi is None
    assert dict(gone.gaps)["share"] == "market_imports_none"
    assert nobody.market_growth is None
    assert dict(nobody.gaps)["market_growth"] == "imported_none_before"


def test_unit_values_worked_by_hand() -> None:
    kilograms = np.array([[10.0, 0, 0, 0, 0], [90.0, 0, 0, 0, 0], [0.0, 10, 100, 0, 0]])
    found = screen("PAK", "CHN", trade=weighed(trade(), kilograms))
    # PAK gets 50/10 = 5, all suppliers 200/100 = 2.
    assert found.of("ore").unit_value_usd_per_kg == pytest.approx(5.0)
    assert found.of("ore").unit_value_ratio == pytest.approx(2.5)
    assert dict(found.of("cloth").gaps)["unit_value_ratio"] == "no_weight_known"


def test_the_exporters_share_has_a_trend() -> None:
    rng = np.random.default_rng(9)
    yearly = {}
    for at in range(10):
        share = 0.4 * 0.9**at * np.exp(rng.normal(0, 0.03))
        yearly[2010 + at] = Matrix(("PAK", "CHL"), ("ore",), [[share], [1 - share]])
    numbers = ScreenTrade(bought=Panel(yearly), exports=Matrix(("PAK", "CHL"), ("ore",), [[1.0], [1.0]]))
    ore = screen("PAK", "CHN", trade=numbers).of("ore")
    assert ore.trend == pytest.approx(np.log(0.9), abs=0.02)
    assert ore.trend_t is not None
    assert ore.trend_t < -5
    assert "trend" not in dict(ore.gaps)


def test_an_exact_trend_has_a_slope_and_no_t_value() -> None:
    found = screen("PAK", "CHN", trade=trade(6))
    assert found.of("ore").trend == pytest.approx(0.0, abs=1e-12)
    assert found.of("ore").trend_t is None
    assert dict(found.of("ore").gaps)["trend_t"] == "exact_trend"
    assert dict(found.of("cars").gaps)["trend"] == "never_above_zero"


def test_rows_come_by_how_well_they_fit() -> None:
    rows = screen("PAK", "CHN", trade=trade()).rows
    fits = [row.complementarity for row in rows]
    assert fits == sorted(fits, reverse=True)


def test_the_concentration_of_exports_comes_along() -> None:
    found = screen("PAK", "CHN", trade=trade())
    assert found.exports.codes[:2] == ("cloth", "ore")
    assert found.exports.fewest(0.7) == 1
    assert found.sold is not None
    assert found.sold.amounts_usd.tolist()[:2] == [50.0, 30.0]
    away = [[0.0] * 5, *NOW[1:]]
    assert screen("PAK", "CHN", trade=trade(now=away)).sold is None


def test_the_frame_is_tidy_and_holds_no_nan() -> None:
    frame = screen("PAK", "CHN", trade=trade(6)).to_frame(names={"ore": "Copper ore"})
    assert frame["product_name"].to_list()[0] == "Copper ore"
    for column in frame.columns:
        if frame[column].dtype.is_float():
            assert not frame[column].is_nan().any()
    assert frame.filter(product_code="ore")["market_share"].item() == pytest.approx(0.25)


def test_questions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UnknownCountry, match="'FJI'"):
        screen(
            "FJI", "CHN",
            trade=replace(trade(), exports=Matrix(("FJI",), PRODUCTS, [[1.0] * 5])),
        )  # fmt: skip
    with pytest.raises(BadTable, match="'FJI'"):
        screen("FJI", "CHN", trade=trade())
    with pytest.raises(NothingTraded, match="CHN imports nothing"):
        screen("PAK", "CHN", trade=trade(now=[[0.0] * 5] * 3))
    nothing = Matrix(COUNTRIES, PRODUCTS, [[0.0] * 5, [1.0] * 5, [1.0] * 5])
    with pytest.raises(NothingTraded, match="PAK exports nothing"):
        screen("PAK", "CHN", trade=replace(trade(), exports=nothing))
    with pytest.raises(BadParameter, match="takes 2 years or more, the panel has 1"):
        screen("PAK", "CHN", trade=trade(), conventions=ScreenConventions(window_years=2))
    with pytest.raises(BadParameter, match="no product 'hats'"):
        screen("PAK", "CHN", trade=trade()).of("hats")
    with pytest.raises(BadTable, match="same products"):
        replace(trade(), exports=Matrix(COUNTRIES, ("x",), [[1.0]] * 3))
    other = Matrix(COUNTRIES[::-1], PRODUCTS, NOW)
    with pytest.raises(BadTable, match="in their order"):
        replace(trade(), weighed=(other, other))
