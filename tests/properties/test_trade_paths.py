"""For every goal: paths end where they must, never bend back, and no number is missing."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rahdari.trade.errors import BadParameter, Degenerate, TradeRefused
from rahdari.trade.rules.deflators import constant_inflation
from rahdari.trade.rules.odds import base_rate, count_of, place, wilson
from rahdari.trade.rules.paths import AMOUNT_USD_MAX, Goal, growth_path, logistic_path, real_path, required
from rahdari.trade.rules.ramps import Project, bass_share, missing
from rahdari.trade.rules.windows import WindowRules, find_windows, history
from rahdari.trade.values import Matrix

amounts = st.floats(1.0, 1e13)
goals = st.builds(
    lambda year, ahead, start, target: Goal(year, year + ahead, start, target),
    st.integers(1962, 2050),
    st.integers(1, 60),
    amounts,
    amounts,
)
anything = st.floats() | st.integers() | st.booleans()


@given(goals, st.floats(1.0001, 50))
def test_paths_begin_and_end_where_they_must_and_never_bend_back(goal: Goal, room: float) -> None:
    ceiling = max(goal.start_usd, goal.target_usd) * room
    assume(ceiling <= AMOUNT_USD_MAX)
    for path in (growth_path(goal), logistic_path(goal, ceiling_usd=ceiling)):
        assert np.isfinite(path.values_usd).all()
        assert path.values_usd[0] == goal.start_usd
        assert path.values_usd[-1] == max(goal.start_usd, goal.target_usd)
        slack = 1e-9 * path.values_usd[-1]
        assert (np.diff(path.values_usd) >= -slack).all()


@given(goals)
def test_the_required_growth_leads_to_the_target(goal: Goal) -> None:
    asked = required(goal)
    reached = goal.start_usd * (1 + asked.growth) ** goal.years
    assert reached == pytest.approx(max(goal.start_usd, goal.target_usd), rel=1e-6)


@given(goals, st.floats(-0.05, 0.2))
def test_in_constant_prices_the_growth_is_less_by_the_inflation(goal: Goal, inflation: float) -> None:
    path = growth_path(goal)
    real = real_path(path, constant_inflation(inflation, base_year=goal.start_year, years=path.years))
    nominal = required(goal).growth
    expected = goal.start_usd * ((1 + nominal) / (1 + inflation)) ** np.arange(goal.years + 1)
    assert real.values_usd == pytest.approx(expected, rel=1e-6)


@given(goals, anything, anything)
def test_a_goal_is_made_or_refused_and_nothing_else(goal: Goal, start: float, target: float) -> None:
    try:
        made = Goal(goal.start_year, goal.target_year, start, target)
    except BadParameter:
        return
    try:
        path = growth_path(made)
    except Degenerate:
        assert made.start_usd == 0
        return
    assert np.isfinite(path.values_usd).all()


@given(
    st.floats(1e-6, 100),
    st.floats(0, 100),
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20),
)
def test_a_ramp_rises_from_nothing_to_no_more_than_everything(p: float, q: float, years: list[float]) -> None:
    share = bass_share(sorted(years), innovation=p, imitation=q)
    assert np.isfinite(share).all()
    assert (share >= 0).all()
    assert (share <= 1).all()
    assert (np.diff(share) >= -1e-12).all()


@given(
    goals,
    st.lists(
        st.builds(
            Project,
            name=st.uuids().map(str),
            start_year=st.integers(1950, 2060),
            peak_usd=st.floats(0, 1e12),
            innovation=st.floats(0.001, 1),
            imitation=st.floats(0, 2),
            delay_years=st.integers(0, 10),
            completion=st.floats(0, 1),
        ),
        max_size=4,
    ),
)
def test_what_is_missing_and_what_is_spare_close_the_sum(goal: Goal, projects: list[Project]) -> None:
    path = growth_path(goal)
    gap = missing(path, baseline_usd=np.full(len(path.years), goal.start_usd), projects=projects)
    left = gap.needed_usd - gap.baseline_usd - gap.projects_usd
    assert np.allclose(left, gap.missing_usd - gap.spare_usd, rtol=0, atol=1e-6 * AMOUNT_USD_MAX / 1e3)
    assert (np.minimum(gap.missing_usd, gap.spare_usd) == 0).all()


@given(st.floats(0, 1), st.integers(1, 10**9))
def test_wilsons_interval_holds_its_share(share: float, trials: int) -> None:
    told = wilson(share, trials)
    assert 0 <= told.low <= share <= told.high <= 1


histories = st.integers(1, 5).flatmap(
    lambda countries: st.integers(2, 15).flatmap(
        lambda years: st.lists(
            st.lists(st.just(0.0) | st.floats(1e-3, 1e12), min_size=years, max_size=years),
            min_size=countries,
            max_size=countries,
        )
    )
)


@given(histories, st.integers(1, 12), st.integers(0, 3), st.floats(0.01, 1e6))
def test_every_window_counts_or_has_its_reason_and_the_rate_is_whole(
    rows: list[list[float]], years: int, gaps: int, ratio: float
) -> None:
    table = Matrix(
        [f"C{at}" for at in range(len(rows))], [str(2000 + at) for at in range(len(rows[0]))], rows
    )
    rules = WindowRules(years=years, start_usd_min=0, gap_years_max=gaps)
    try:
        found = find_windows(history(table), rules)
        rate, where = base_rate(found), place(found, ratio)
    except TradeRefused:
        return
    assert len(found) + sum(found.left_out.values()) == len(rows) * (len(rows[0]) - years)
    assert math.isclose(where.percentile / 100 + where.reached.share, 1.0, abs_tol=1e-9)
    assert 1 <= count_of(found).disjoint <= len(found)
    told = [rate.percentiles[percent] for percent in sorted(rate.percentiles)]
    assert all(math.isfinite(one) for one in told)
    assert told == sorted(told)
