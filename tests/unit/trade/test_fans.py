"""The fan: as wide as what happened to others, no wider, and never without a number."""

import math

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.deflators import constant_inflation
from rahdari.trade.rules.fans import chances_by_multiple, fan
from rahdari.trade.rules.paths import Goal, growth_path, real_path
from rahdari.trade.rules.ramps import Project
from rahdari.trade.rules.windows import WindowRules, Windows, find_windows, history
from rahdari.trade.values import Amounts, Matrix

GOAL = Goal(2025, 2035, 30e9, 150e9)


def world(
    generator: np.random.Generator, *, countries: int, years: int, mean: float = 0.06, lasting: float = 0.5
) -> Amounts:
    """Draw levels: growth with a mean of each country's own, shocks that last, and common good and bad years."""
    own = generator.normal(mean, 0.03, countries)[:, None]
    common = generator.normal(0, 0.04, years)
    shock = np.zeros((countries, years))
    for year in range(1, years):
        shock[:, year] = lasting * shock[:, year - 1] + generator.normal(0, 0.08, countries)
    levels: Amounts = 1e9 * np.exp(np.cumsum(own + common + shock, axis=1))
    return levels


def windows_of(levels: Amounts, *, years: int = 10) -> Windows:
    names = [f"C{at:03d}" for at in range(len(levels))]
    columns = [str(1960 + at) for at in range(levels.shape[1])]
    return find_windows(
        history(Matrix(names, columns, levels)), WindowRules(years=years, start_usd_min=0, spike_factor=1e9)
    )


def test_eighty_per_cent_of_the_held_out_countries_end_within_the_fan() -> None:
    generator = np.random.default_rng(11)
    levels = world(generator, countries=400, years=40)
    known, held_out = windows_of(levels[:200]), windows_of(levels[200:])
    told = fan(GOAL, known, generator=generator)
    low, high = told.values_usd[told.percents.index(10.0)], told.values_usd[told.percents.index(90.0)]
    truth = GOAL.start_usd * held_out.relative
    inside = (truth >= low) & (truth <= high)
    # Every year of the fan, not its end alone.
    assert inside[:, 1:].mean(axis=0) == pytest.approx([0.8] * 10, abs=0.05)


def test_shocks_that_last_make_a_wider_fan_than_drawing_single_years_would() -> None:
    generator = np.random.default_rng(12)
    known = windows_of(world(generator, countries=300, years=40, lasting=0.9))
    told = fan(GOAL, known, generator=generator)
    steps = np.diff(np.log(known.relative), axis=1).ravel()
    single = GOAL.start_usd * np.exp(generator.choice(steps, size=(20_000, 10)).sum(axis=1))
    width = math.log(told.values_usd[-2, -1] / told.values_usd[1, -1])
    narrow = math.log(np.percentile(single, 90) / np.percentile(single, 10))
    assert width > 1.5 * narrow


def test_the_end_of_the_fan_is_the_base_rate() -> None:
    generator = np.random.default_rng(13)
    known = windows_of(world(generator, countries=100, years=30))
    told = fan(GOAL, known, generator=generator, draws=100_000, percents=[50])
    assert told.values_usd[0, -1] / GOAL.start_usd == pytest.approx(float(np.median(known.ratio)), rel=0.02)
    share = chances_by_multiple(GOAL, known, multiples=[5.0])[5.0]
    assert told.reaching.low <= share.share <= told.reaching.high


def test_percentiles_rise_and_every_future_begins_today() -> None:
    told = fan(
        GOAL,
        windows_of(world(np.random.default_rng(1), countries=20, years=30)),
        generator=np.random.default_rng(2),
    )
    assert (np.diff(told.values_usd, axis=0) >= 0).all()
    assert set(told.values_usd[:, 0].tolist()) == {30e9}
    assert told.years[0] == 2025
    frame = told.to_frame()
    assert frame.columns == ["year", "percentile", "prices", "value_usd"]
    assert frame.height == 11 * 7
    assert frame.filter((frame["year"] == 2035) & (frame["percentile"] == 50.0))["value_usd"][
        0
    ] == pytest.approx(told.values_usd[3, -1])


def test_one_generator_gives_one_fan() -> None:
    known = windows_of(world(np.random.default_rng(1), countries=20, years=30))
    told = [fan(GOAL, known, generator=np.random.default_rng(7)).values_usd for _ in range(2)]
    assert told[0].tolist() == told[1].tolist()


def test_a_flat_class_gives_a_flat_fan() -> None:
    told = fan(GOAL, windows_of(np.ones((3, 12)) * 5e9), generator=np.random.default_rng(1))
    assert set(told.values_usd.ravel().tolist()) == {30e9}
    assert told.reaching.share == 0.0
    assert told.evidence.disjoint == 3


def test_a_project_is_there_in_as_many_futures_as_its_chance_says() -> None:
    flat = windows_of(np.ones((3, 12)) * 5e9)
    sure = Project("zone", 2025, 200e9, innovation=10.0, imitation=1.0, completion=0.3)
    told = fan(GOAL, flat, generator=np.random.default_rng(4), projects=[sure])
    assert told.reaching.share == pytest.approx(0.3, abs=0.02)
    assert told.values_usd[told.percents.index(95.0), -1] == pytest.approx(230e9, rel=1e-6)
    never = Project("zone", 2025, 200e9, completion=0.0)
    assert fan(GOAL, flat, generator=np.random.default_rng(4), projects=[never]).reaching.share == 0.0


def test_windows_of_another_length_or_other_prices_are_refused() -> None:
    flat = windows_of(np.ones((3, 12)) * 5e9, years=5)
    with pytest.raises(BadParameter, match="find windows as long"):
        fan(GOAL, flat, generator=np.random.default_rng(1))
    path = growth_path(GOAL)
    prices = real_path(path, constant_inflation(0.02, base_year=2025, years=path.years)).prices
    constant = Goal(2025, 2035, 30e9, 150e9, prices)
    with pytest.raises(BadParameter, match="deflate one of them"):
        fan(constant, windows_of(np.ones((3, 12)) * 5e9), generator=np.random.default_rng(1))


def test_from_nothing_and_from_windows_with_holes_there_is_no_fan() -> None:
    flat = np.ones((3, 12)) * 5e9
    with pytest.raises(Degenerate, match="applied to nothing"):
        fan(Goal(2025, 2035, 0.0, 1.0), windows_of(flat), generator=np.random.default_rng(1))
    flat[:, 5] = 0
    with pytest.raises(Degenerate, match="none of 6 windows"):
        fan(GOAL, windows_of(flat), generator=np.random.default_rng(1))


@pytest.mark.parametrize("wrong", [{"draws": 10}, {"draws": 10**9}, {"percents": []}, {"percents": [101.0]}])
def test_draws_and_percentiles_have_limits(wrong: dict[str, list[float]]) -> None:
    with pytest.raises(BadParameter):
        fan(GOAL, windows_of(np.ones((3, 12))), generator=np.random.default_rng(1), **wrong)  # type: ignore[arg-type]
