"""How often it happened: percentiles, shares, intervals, sizes, a country's own best."""

import math

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, Degenerate, UnknownCountry
from rahdari.trade.rules.odds import (
    base_rate,
    best_of_each,
    by_size,
    count_of,
    own_best,
    place,
    resampled,
    sizes_to_frame,
    wilson,
)
from rahdari.trade.rules.windows import WindowRules, Windows, find_windows, history
from rahdari.trade.values import Matrix


def windows(rows: dict[str, list[float]], *, years: int = 2) -> Windows:
    columns = [str(2000 + at) for at in range(len(next(iter(rows.values()))))]
    table = Matrix(tuple(rows), columns, list(rows.values()))
    return find_windows(history(table), WindowRules(years=years, start_usd_min=0, spike_factor=1e9))


FOUR = windows(
    {"AAA": [1.0, 1.0, 1.0], "BBB": [1.0, 1.0, 2.0], "CCC": [1.0, 1.0, 5.0], "DDD": [10.0, 1.0, 100.0]}
)


def test_percentiles_and_shares_are_those_of_the_windows() -> None:
    rate = base_rate(FOUR, multiples=[2.0, 5.0, 20.0], percents=[0, 50, 100])
    assert rate.percentiles == {0: 1.0, 50: 3.5, 100: 10.0}
    assert {at: one.share for at, one in rate.reached.items()} == {2.0: 0.75, 5.0: 0.5, 20.0: 0.0}
    assert rate.reached[20.0].high > 0.3
    assert (rate.count.windows, rate.count.disjoint, rate.count.countries) == (4, 4, 4)


def test_the_frame_tells_the_evidence_in_each_row() -> None:
    frame = base_rate(FOUR, multiples=[2.0], percents=[50]).to_frame()
    assert frame.rows() == [
        ("percentile_ratio", 50.0, 3.5, None, None, 2, "nominal", 4, 4, 4),
        ("share_reaching", 2.0, 0.75, *_interval(0.75, 4), 2, "nominal", 4, 4, 4),
    ]


def _interval(share: float, trials: int) -> tuple[float, float]:
    told = wilson(share, trials)
    return told.low, told.high


def test_overlapping_windows_are_counted_once_for_intervals() -> None:
    steady = windows({"AAA": [1.0] * 13, "BBB": [1.0] * 13}, years=5)
    count = count_of(steady)
    # 8 starts each; 2000-2005 and 2005-2010 do not overlap, a third would end in 2015.
    assert (count.windows, count.disjoint, count.countries) == (16, 4, 2)
    assert base_rate(steady, multiples=[2.0]).reached[2.0] == wilson(0.0, 4)


def test_the_place_of_a_plan_is_the_share_below_it() -> None:
    at_five = place(FOUR, 5.0)
    assert at_five.percentile == 50.0
    assert (at_five.reached.share, at_five.windows_reached) == (0.5, 2)
    assert at_five.countries_reached == ("CCC", "DDD")
    assert not at_five.is_beyond_all


def test_a_plan_beyond_all_is_told_so_with_a_chance_that_is_not_zero_for_sure() -> None:
    beyond = place(FOUR, 11.0)
    assert beyond.is_beyond_all
    assert (beyond.percentile, beyond.reached.share, beyond.largest_seen) == (100.0, 0.0, 10.0)
    assert beyond.reached.high == pytest.approx(0.4899, abs=1e-4)


def test_a_flat_world_has_a_base_rate_too() -> None:
    flat = windows({"AAA": [3.0, 3.0, 3.0]})
    assert set(base_rate(flat).percentiles.values()) == {1.0}
    assert place(flat, 1.0).percentile == 0.0
    assert place(flat, 1.0).reached.share == 1.0


def test_a_countrys_own_best_window_is_the_earliest_of_the_largest() -> None:
    own = windows({"AAA": [1.0, 1.0, 3.0, 3.0, 9.0], "BBB": [1.0, 1.0, 1.0, 1.0, 1.0]})
    best = own_best(own, "AAA")
    assert (best.start_year, best.end_year, best.ratio) == (2000, 2002, 3.0)
    assert (best.start_usd, best.end_usd) == (1.0, 3.0)
    assert best.percentile == 50.0
    assert best_of_each(own)["country"].to_list() == ["AAA", "BBB"]


def test_a_country_that_is_unknown_or_has_no_window_is_told_apart() -> None:
    own = windows({"AAA": [1.0, 1.0, 3.0], "BBB": [0.0, 1.0, 1.0]})
    with pytest.raises(UnknownCountry, match="'CCC'"):
        own_best(own, "CCC")
    with pytest.raises(Degenerate, match="BBB has no window"):
        own_best(own, "BBB")


def test_sizes_at_the_start_share_the_windows_out() -> None:
    classes = by_size(FOUR, edges_usd=[2.0, 1000.0])
    assert [(one.low_usd, one.high_usd, one.windows) for one in classes] == [
        (0.0, 2.0, 3),
        (2.0, 1000.0, 1),
        (1000.0, None, 0),
    ]
    assert classes[1].rate is not None
    assert classes[1].rate.percentiles[50.0] == 10.0
    assert classes[2].rate is None


def test_places_and_sizes_as_frames_have_nulls_and_no_nan() -> None:
    frame = sizes_to_frame(by_size(FOUR, edges_usd=[2.0, 1000.0]), multiple=5.0)
    assert frame["share_reaching"].to_list() == [pytest.approx(1 / 3), 1.0, None]
    assert frame["high_usd"].to_list() == [2.0, 1000.0, None]
    assert place(FOUR, 5.0).to_frame().row(0, named=True)["countries_reached"] == 2
    with pytest.raises(BadParameter, match="none of the multiples"):
        sizes_to_frame([], multiple=5.5)


@pytest.mark.parametrize("edges", [[0.0], [2.0, 2.0], [3.0, 2.0], [math.nan], [-1.0]])
def test_edges_that_do_not_rise_are_refused(edges: list[float]) -> None:
    with pytest.raises(BadParameter):
        by_size(FOUR, edges_usd=edges)


def test_without_windows_nothing_is_said_but_why() -> None:
    none = windows({"AAA": [0.0, 1.0, 1.0]})
    for ask in (base_rate, lambda one: place(one, 2.0)):
        with pytest.raises(Degenerate, match="1 start_or_end_not_reported"):
            ask(none)


@pytest.mark.parametrize("ratio", [0.0, -1.0, math.nan, math.inf])
def test_a_ratio_that_is_none_is_refused(ratio: float) -> None:
    with pytest.raises(BadParameter):
        place(FOUR, ratio)
    with pytest.raises(BadParameter):
        resampled(FOUR, ratio, generator=np.random.default_rng(1))


def test_a_percent_that_is_none_is_refused() -> None:
    with pytest.raises(BadParameter):
        base_rate(FOUR, percents=[101])


# Wilson (1927); these four cases stand in Newcombe, Statistics in Medicine 17 (1998), table I.
@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_the_published_one(hits: int, trials: int, low: float, high: float) -> None:
    told = wilson(hits / trials, trials)
    assert (told.low, told.high) == pytest.approx((low, high), abs=5e-5)


def test_an_interval_of_no_cases_is_degenerate() -> None:
    with pytest.raises(Degenerate):
        wilson(0.5, 0)
    with pytest.raises(BadParameter):
        wilson(math.nan, 3)


def test_countries_are_drawn_whole() -> None:
    # Each country always does the same: many windows, but no more to learn from than twenty countries.
    rows = {f"C{at:02d}": [2.0**year if at < 5 else 1.0 for year in range(30)] for at in range(20)}
    own = windows(rows)
    told = resampled(own, 3.0, generator=np.random.default_rng(5))
    assert told.share == 0.25
    # As if twenty coins: 0.25 +- 1.96 sqrt(.25 x .75/20) = 0.06 to 0.44; 560 coins would give 0.21 to 0.29.
    assert told.low == pytest.approx(0.06, abs=0.05)
    assert told.high == pytest.approx(0.44, abs=0.06)


def test_one_country_cannot_tell_of_others() -> None:
    with pytest.raises(Degenerate, match="one country alone"):
        resampled(windows({"AAA": [1.0, 2.0, 3.0, 4.0]}), 2.0, generator=np.random.default_rng(1))


@pytest.mark.parametrize("draws", [99, 10**6])
def test_too_few_or_too_many_draws_are_refused(draws: int) -> None:
    with pytest.raises(BadParameter, match="draws"):
        resampled(FOUR, 2.0, generator=np.random.default_rng(1), draws=draws)
