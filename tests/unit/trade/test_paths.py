"""From today to the target: growth, logistic, ramps, what is missing, and what is refused."""

import math

import numpy as np
import pytest

from rahdari.trade.errors import BadParameter, BadTable, DataMissing, Degenerate
from rahdari.trade.rules.deflators import NOMINAL, PriceBase, constant_inflation, given_deflator
from rahdari.trade.rules.paths import (
    AMOUNT_USD_MAX,
    Goal,
    PathKind,
    Standing,
    both_paths,
    grown,
    growth_path,
    in_nominal_and_real,
    logistic_path,
    required,
    usual_ceiling,
)
from rahdari.trade.rules.paths import real_path as real
from rahdari.trade.rules.ramps import Project, bass_share, missing, ramp

BN = 1e9
PLAN = Goal(2025, 2035, 30 * BN, 150 * BN)
# Field notes, 1.13: x0 = 30, xT = 150, T = 10, K = 220, in billions.
LOGISTIC = [30, 37.4, 46.2, 56.5, 68.1, 80.9, 94.6, 108.9, 123.2, 137, 150]
GROWTH = [30, 35.2, 41.4, 48.6, 57.1, 67.1, 78.8, 92.6, 108.7, 127.7, 150]


def test_the_growth_path_is_that_of_the_notes() -> None:
    path = growth_path(PLAN)
    assert path.years == tuple(range(2025, 2036))
    assert [round(value / BN, 1) for value in path.values_usd] == GROWTH


def test_the_logistic_path_is_that_of_the_notes() -> None:
    path = logistic_path(PLAN, ceiling_usd=220 * BN)
    assert [round(value / BN, 1) for value in path.values_usd] == LOGISTIC


def test_the_rate_of_the_logistic_is_that_of_the_notes() -> None:
    values = logistic_path(PLAN, ceiling_usd=220 * BN).values_usd / BN
    # x/(K-x) grows by e^r a year.
    odds = values / (220 - values)
    assert np.diff(np.log(odds)) == pytest.approx([0.260797] * 10, abs=5e-7)


def test_the_two_paths_differ_by_13_8_billion_at_the_half() -> None:
    paths = both_paths(PLAN, ceiling_usd=220 * BN)
    halves = [paths[kind].values_usd[5] / BN for kind in (PathKind.LOGISTIC, PathKind.GROWTH)]
    assert halves[0] - halves[1] == pytest.approx(13.8, abs=0.05)


def test_thirty_to_one_hundred_and_fifty_in_ten_years_needs_17_46_per_cent() -> None:
    asked = required(PLAN)
    assert asked.multiple == pytest.approx(5)
    assert 100 * asked.growth == pytest.approx(17.46, abs=0.005)
    assert (asked.standing, asked.years) == (Standing.OPEN, 10)


@pytest.mark.parametrize("kind", list(PathKind))
def test_both_ends_are_what_was_asked_to_the_dollar(kind: PathKind) -> None:
    path = both_paths(Goal(2025, 2036, 31_234_567.0, 98_765_432.0), ceiling_usd=99e6)[kind]
    assert (path.values_usd[0], path.values_usd[-1]) == (31_234_567.0, 98_765_432.0)
    assert (np.diff(path.values_usd) > 0).all()


def test_a_target_that_is_met_already_is_told_and_asks_for_nothing() -> None:
    met = Goal(2025, 2030, 30 * BN, 20 * BN)
    assert required(met).standing is Standing.ALREADY_MET
    assert required(met).growth == 0
    for path in both_paths(met, ceiling_usd=40 * BN).values():
        assert path.standing is Standing.ALREADY_MET
        assert path.values_usd.tolist() == [30 * BN] * 6


def test_a_target_equal_to_the_start_is_met() -> None:
    assert Goal(2025, 2026, 5.0, 5.0).standing is Standing.ALREADY_MET
    assert growth_path(Goal(2025, 2026, 5.0, 5.0)).values_usd.tolist() == [5.0, 5.0]


def test_a_target_of_nothing_is_met_and_has_no_logarithm() -> None:
    met = Goal(2025, 2026, 5.0, 0.0)
    assert logistic_path(met, ceiling_usd=6.0).values_usd.tolist() == [5.0, 5.0]
    assert required(met).multiple == 0


def test_from_nothing_no_growth_rate_leads_anywhere() -> None:
    goal = Goal(2025, 2030, 0.0, 1 * BN)
    for ask in (required, growth_path):
        with pytest.raises(Degenerate, match="plan it by projects"):
            ask(goal)
    with pytest.raises(Degenerate):
        logistic_path(goal, ceiling_usd=2 * BN)


@pytest.mark.parametrize("ceiling", [150 * BN, 149 * BN, 0.0])
def test_a_ceiling_that_is_not_above_the_target_is_refused(ceiling: float) -> None:
    with pytest.raises(BadParameter, match="ceiling above target"):
        logistic_path(PLAN, ceiling_usd=ceiling)


def test_a_ceiling_just_above_the_target_gives_finite_numbers() -> None:
    values = logistic_path(PLAN, ceiling_usd=float(np.nextafter(150 * BN, np.inf))).values_usd
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


@pytest.mark.parametrize(
    ("first", "last"), [(2025, 2025), (2030, 2025), (2025, 2126), (0, 10), (2025.0, 2035), (True, 9)]
)
def test_years_that_are_no_horizon_are_refused(first: int, last: int) -> None:
    with pytest.raises(BadParameter):
        Goal(first, last, 1.0, 2.0)


@pytest.mark.parametrize("amount", [-1.0, math.nan, math.inf, 2e15])
def test_amounts_that_cannot_be_are_refused(amount: float) -> None:
    with pytest.raises(BadParameter):
        Goal(2025, 2035, amount, 2.0)
    with pytest.raises(BadParameter):
        Goal(2025, 2035, 1.0, amount)
    with pytest.raises(BadParameter):
        logistic_path(Goal(2025, 2035, 1.0, 2.0), ceiling_usd=amount)


def test_a_path_as_a_frame_tells_unit_and_prices() -> None:
    frame = growth_path(PLAN).to_frame()
    assert frame.columns == ["year", "path", "prices", "value_usd", "growth_percent"]
    assert frame["prices"].unique().to_list() == ["nominal"]
    assert frame["growth_percent"].to_list()[0] is None
    assert frame["growth_percent"].to_list()[1:] == pytest.approx([17.4619] * 10, abs=1e-4)


def test_the_bass_share_starts_at_nothing_and_obeys_its_equation() -> None:
    p, q, step = 0.03, 0.38, 1e-5
    at = np.array([0.5, 3.0, 7.0, 15.0])
    share = bass_share(at, innovation=p, imitation=q)
    ahead = bass_share(at + step, innovation=p, imitation=q)
    behind = bass_share(at - step, innovation=p, imitation=q)
    assert (ahead - behind) / (2 * step) == pytest.approx((p + q * share) * (1 - share), rel=1e-6)
    assert bass_share([0.0], innovation=p, imitation=q).tolist() == [0.0]


def test_the_bass_share_is_fastest_at_the_logarithm_of_q_over_p() -> None:
    p, q = 0.03, 0.38
    peak = math.log(q / p) / (p + q)
    around = np.array([peak - 0.5, peak, peak + 0.5])
    speeds = np.diff(
        bass_share(np.concatenate([around, around + 1e-4]), innovation=p, imitation=q).reshape(2, 3), axis=0
    )[0]
    assert speeds[1] > speeds[0]
    assert speeds[1] > speeds[2]


def test_before_the_start_nothing_and_after_long_everything_is_taken_up() -> None:
    share = bass_share([-5.0, 1000.0], innovation=0.03, imitation=0.4)
    assert share.tolist() == [0.0, 1.0]


def test_without_imitation_the_ramp_is_exponential() -> None:
    assert bass_share([2.0], innovation=0.2, imitation=0.0)[0] == pytest.approx(1 - math.exp(-0.4))


@pytest.mark.parametrize(("p", "q"), [(0.0, 0.4), (-0.1, 0.4), (math.nan, 0.4), (0.1, -1.0), (0.1, math.nan)])
def test_a_ramp_that_never_starts_is_refused(p: float, q: float) -> None:
    with pytest.raises(BadParameter):
        bass_share([1.0], innovation=p, imitation=q)


def test_a_ramp_at_a_year_that_is_none_is_refused() -> None:
    with pytest.raises(BadParameter, match="finite"):
        bass_share([math.nan], innovation=0.1, imitation=0.1)


def test_projects_ramp_from_their_start_and_delay_with_their_chance() -> None:
    smelter = Project("smelter", 2027, 4 * BN, innovation=0.1, imitation=0.5, delay_years=2, completion=0.5)
    table = ramp([smelter], [2026, 2029, 2030, 2034])
    taken = bass_share([-3.0, 0.0, 1.0, 5.0], innovation=0.1, imitation=0.5)
    assert table.values[0] == pytest.approx(0.5 * 4 * BN * taken)
    assert table.columns == ("2026", "2029", "2030", "2034")


def test_without_projects_the_ramps_are_an_empty_table() -> None:
    assert ramp([], [2026, 2027]).values.shape == (0, 2)


def test_two_projects_of_one_name_are_refused() -> None:
    with pytest.raises(BadTable, match="twice"):
        ramp([Project("zone", 2027, BN), Project("zone", 2028, BN)], [2030])


@pytest.mark.parametrize(
    "wrong",
    [
        {"completion": 1.1},
        {"completion": math.nan},
        {"delay_years": -1},
        {"peak_usd": -1.0},
        {"innovation": 0.0},
    ],
)
def test_a_project_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter):
        Project("zone", 2027, **{"peak_usd": BN, **wrong})  # type: ignore[arg-type]


def test_what_is_missing_is_needed_less_baseline_less_projects() -> None:
    path = growth_path(PLAN)
    baseline = grown(PLAN, growth=0.05)
    mine = Project("mine", 2026, 10 * BN, innovation=0.2, imitation=0.5)
    gap = missing(path, baseline_usd=baseline, projects=[mine])
    assert gap.needed_usd - gap.baseline_usd - gap.projects_usd == pytest.approx(
        gap.missing_usd - gap.spare_usd
    )
    assert gap.missing_usd[0] == 0
    assert gap.missing_usd[-1] > 80 * BN
    assert gap.to_frame().columns == [
        "year",
        "prices",
        "needed_usd",
        "baseline_usd",
        "projects_usd",
        "missing_usd",
        "spare_usd",
    ]


def test_where_projects_carry_further_nothing_is_missing_and_the_rest_is_told() -> None:
    gap = missing(
        growth_path(Goal(2025, 2027, 10.0, 12.0)),
        baseline_usd=np.array([10.0, 20.0, 30.0]),
        projects=[],
    )
    assert gap.missing_usd.tolist() == [0, 0, 0]
    assert gap.spare_usd == pytest.approx([0, 20 - math.sqrt(120), 18])


def test_a_baseline_of_other_years_is_refused() -> None:
    with pytest.raises(BadParameter, match="11 years"):
        missing(growth_path(PLAN), baseline_usd=np.array([1.0, 2.0]), projects=[])
    with pytest.raises(BadParameter, match="baseline of 2025"):
        missing(growth_path(PLAN), baseline_usd=np.full(11, math.nan), projects=[])


@pytest.mark.parametrize("growth", [-1.5, 11.0, math.nan])
def test_a_baseline_growth_that_cannot_be_is_refused(growth: float) -> None:
    with pytest.raises(BadParameter):
        grown(PLAN, growth=growth)


def test_a_baseline_larger_than_the_world_is_refused() -> None:
    with pytest.raises(BadParameter, match="dollars"):
        grown(Goal(2025, 2095, AMOUNT_USD_MAX / 10, 1.0), growth=5.0)


def test_assumed_inflation_takes_the_nominal_path_down_to_constant_prices() -> None:
    path = growth_path(PLAN)
    deflator = constant_inflation(0.02, base_year=2025, years=path.years)
    constant = real(path, deflator)
    assert constant.values_usd[-1] == pytest.approx(150 * BN / 1.02**10)
    assert constant.prices.label == "real_2025"
    assert "assumed inflation of 2 %" in str(constant.prices.deflator)
    both = in_nominal_and_real(path, constant)
    assert both["prices"].unique(maintain_order=True).to_list() == ["nominal", "real_2025"]


def test_what_is_real_already_is_not_deflated_again() -> None:
    path = growth_path(PLAN)
    deflator = constant_inflation(0.02, base_year=2025, years=path.years)
    with pytest.raises(BadParameter, match="real_2025 prices already"):
        real(real(path, deflator), deflator)


def test_a_given_index_may_have_any_base_of_its_own() -> None:
    deflator = given_deflator("an index", {2024: 50.0, 2025: 100.0, 2026: 110.0}, base_year=2025)
    assert deflator.of([2024, 2025, 2026]).tolist() == pytest.approx([0.5, 1.0, 1.1])
    back = deflator.nominal(deflator.real(np.array([7.0, 8.0]), [2024, 2026]), [2024, 2026])
    assert back.tolist() == pytest.approx([7.0, 8.0])
    assert (deflator.prices.base, NOMINAL.base) == (PriceBase.REAL, PriceBase.NOMINAL)


def test_a_year_that_the_index_does_not_hold_is_no_data() -> None:
    with pytest.raises(DataMissing, match="holds no 2027"):
        given_deflator("an index", {2025: 1.0}, base_year=2025).of([2025, 2027])
    with pytest.raises(DataMissing, match="cannot be the base"):
        given_deflator("an index", {2025: 1.0}, base_year=2024)


@pytest.mark.parametrize("entry", [0.0, -1.0, math.nan, math.inf])
def test_an_index_that_is_not_above_zero_is_refused(entry: float) -> None:
    with pytest.raises(BadParameter, match="in 2025"):
        given_deflator("an index", {2025: entry}, base_year=2025)


@pytest.mark.parametrize("share", [-0.6, 11.0, math.nan])
def test_an_inflation_that_cannot_be_is_refused(share: float) -> None:
    with pytest.raises(BadParameter, match="inflation"):
        constant_inflation(share, base_year=2025, years=[2025])


def test_an_inflation_over_centuries_is_refused() -> None:
    with pytest.raises(BadParameter, match="200 years"):
        constant_inflation(0.02, base_year=2025, years=[1700])


def test_without_a_given_ceiling_a_refusal_speaks_of_the_target() -> None:
    with pytest.raises(BadParameter, match=r"a target or start of 1e\+15 dollars leaves no room"):
        usual_ceiling(Goal(2025, 2035, 30e9, 1e15), multiple=1.5)
    assert usual_ceiling(Goal(2025, 2035, 30e9, 150e9), multiple=1.5) == 225e9
    assert usual_ceiling(Goal(2025, 2035, 30e9, 10e9), multiple=2.0) == 60e9
