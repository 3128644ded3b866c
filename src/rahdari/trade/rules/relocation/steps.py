"""The steps of the screen: each looks at every product and says met, not met or not judged, and why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from rahdari.trade.rules.findings import Because, Finding, judged, not_judged
from rahdari.trade.rules.relocation.panel import Panel, advantage
from rahdari.trade.rules.relocation.settings import Evidence, RelocationConventions, RelocationStep
from rahdari.trade.rules.relocation.takers import Shift, gains_without, herfindahl, shift
from rahdari.trade.rules.relocation.trends import Trends, TrendState, log_trends
from rahdari.trade.values import Amounts

# A comparative advantage of 1: a country sells as much of a product as the world does.
NEUTRAL = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the steps read, reckoned once for all products."""

    products: tuple[str, ...]
    donor: int
    host: int
    moved: Shift
    share: Trends
    demand: Trends
    advantage_start: Amounts
    advantage_end: Amounts
    won: Amounts


def look(panel: Panel, donor: str, host: str, conventions: RelocationConventions) -> Facts:
    """Reckon what the steps read. Raises as ``Panel.window``, ``log_trends`` and ``advantage``."""
    fitted = {
        "years_min": conventions.years_min,
        "gone_years": conventions.gone_years,
        "lags": conventions.lags,
    }
    moved = shift(panel, conventions.window_years)
    donor_at = panel.at(donor)
    return Facts(
        products=panel.products,
        donor=donor_at,
        host=panel.at(host),
        moved=moved,
        share=log_trends(panel.share_of(donor), **fitted),  # type: ignore[arg-type]
        demand=log_trends(panel.world(), **fitted),  # type: ignore[arg-type]
        advantage_start=advantage(moved.start_usd),
        advantage_end=advantage(moved.end_usd),
        won=gains_without(moved, donor_at),
    )


def all_steps(
    facts: Facts, evidence: Evidence, conventions: RelocationConventions
) -> tuple[tuple[Finding, ...], ...]:
    """Judge every step of every product; the findings of a product stand in the order of ``RelocationStep``."""
    labour_from = _quantile(list(evidence.labour.values()), conventions.labour_quantile)
    density_from = _quantile(list(evidence.density.values()), conventions.density_quantile)
    steps: tuple[Callable[[int], Finding], ...] = (
        lambda at: share_loss(facts, at, conventions),
        lambda at: falling_advantage(facts, at),
        lambda at: above(RelocationStep.LABOUR, evidence.labour, facts.products[at], labour_from),
        lambda _: wages(evidence),
        lambda at: demand(facts, at, conventions),
        lambda at: above(RelocationStep.DENSITY, evidence.density, facts.products[at], density_from),
        lambda at: start(facts, at, conventions),
        lambda at: access(evidence, facts.products[at]),
        lambda at: takers(facts, at, conventions),
    )
    return tuple(tuple(step(at) for step in steps) for at in range(len(facts.products)))


def share_loss(facts: Facts, at: int, conventions: RelocationConventions) -> Finding:
    """S1: the donor's share of world exports falls, by the t-value of its logarithm's trend."""
    state = facts.share.states[at]
    numbers = {
        "share_start": facts.moved.start_share[facts.donor, at],
        "share_end": facts.moved.end_share[facts.donor, at],
        "years_left_out": facts.share.left_out[at],
    }
    if state is TrendState.GONE:
        return judged(RelocationStep.SHARE_LOSS, is_met=True, code=Because(state.value), numbers=numbers)
    if state in {TrendState.NOTHING, TrendState.TOO_FEW_YEARS}:
        return not_judged(RelocationStep.SHARE_LOSS, Because(state.value), numbers)
    slope, t_value = facts.share.slope[at], facts.share.t_value[at]
    numbers["slope_per_year"] = slope
    if state is TrendState.EXACT:
        return judged(
            RelocationStep.SHARE_LOSS, is_met=bool(slope < 0), code=Because(state.value), numbers=numbers
        )
    is_met = bool(t_value < conventions.t_critical)
    code = Because.FALLING if is_met else (Because.NOT_SURELY_FALLING if slope < 0 else Because.NOT_FALLING)
    return judged(
        RelocationStep.SHARE_LOSS, is_met=is_met, code=code, numbers={**numbers, "t_value": t_value}
    )


def falling_advantage(facts: Facts, at: int) -> Finding:
    """S2: the donor's comparative advantage was above 1 and has fallen, to above 1 or through it."""
    before, after = facts.advantage_start[facts.donor, at], facts.advantage_end[facts.donor, at]
    numbers = {"rca_start": before, "rca_end": after}
    if before <= NEUTRAL:
        return judged(RelocationStep.ADVANTAGE, is_met=False, code=Because.NEVER_ABOVE_ONE, numbers=numbers)
    if after >= before:
        return judged(RelocationStep.ADVANTAGE, is_met=False, code=Because.NOT_FALLING, numbers=numbers)
    code = Because.ABOVE_ONE_AND_FALLING if after >= NEUTRAL else Because.FELL_BELOW_ONE
    return judged(RelocationStep.ADVANTAGE, is_met=True, code=code, numbers=numbers)


def above(step: RelocationStep, known: Mapping[str, float], product: str, threshold: float | None) -> Finding:
    """S3 and S6: a number of the product lies in the upper part of all that are known."""
    if threshold is None or product not in known:
        return not_judged(step, Because.NOT_GIVEN)
    numbers = {"value": known[product], "threshold": threshold}
    is_met = known[product] >= threshold
    return judged(
        step, is_met=is_met, code=Because.HIGH_ENOUGH if is_met else Because.TOO_LOW, numbers=numbers
    )


def wages(evidence: Evidence) -> Finding:
    """S4: a unit of output costs less labour with the host: (w_d/w_i)(prod_i/prod_d) > 1."""
    if evidence.wages is None:
        return not_judged(RelocationStep.WAGES, Because.NOT_GIVEN)
    gap = evidence.wages.advantage
    is_met = gap > 1
    return judged(
        RelocationStep.WAGES,
        is_met=is_met,
        code=Because.CHEAPER if is_met else Because.DEARER,
        numbers={"ratio": gap},
    )


def demand(facts: Facts, at: int, conventions: RelocationConventions) -> Finding:
    """S5: world trade in the product grows by what is asked, in money of the day, or more."""
    state, slope = facts.demand.states[at], facts.demand.slope[at]
    if state is TrendState.GONE:
        return judged(RelocationStep.DEMAND, is_met=False, code=Because(state.value))
    if state in {TrendState.NOTHING, TrendState.TOO_FEW_YEARS}:
        return not_judged(RelocationStep.DEMAND, Because(state.value))
    is_met = bool(slope >= conventions.demand_growth_min)
    numbers = {"slope_per_year": slope, "threshold": conventions.demand_growth_min}
    return judged(
        RelocationStep.DEMAND,
        is_met=is_met,
        code=Because.GROWING if is_met else Because.SHRINKING,
        numbers=numbers,
    )


def start(facts: Facts, at: int, conventions: RelocationConventions) -> Finding:
    """S6: the host has a start, an advantage from 0.2 on; above 1 it is a competitor already."""
    now = facts.advantage_end[facts.host, at]
    numbers = {"rca": now, "threshold": conventions.host_advantage_min}
    if now < conventions.host_advantage_min:
        return judged(RelocationStep.START, is_met=False, code=Because.NO_START, numbers=numbers)
    if now > NEUTRAL:
        is_met = conventions.accepts_competitive
        return judged(RelocationStep.START, is_met=is_met, code=Because.ALREADY_COMPETITIVE, numbers=numbers)
    return judged(RelocationStep.START, is_met=True, code=Because.HAS_A_START, numbers=numbers)


def access(evidence: Evidence, product: str) -> Finding:
    """S6: the host pays less tariff than the donor in the markets that matter."""
    if product not in evidence.margin:
        return not_judged(RelocationStep.ACCESS, Because.NOT_GIVEN)
    margin = evidence.margin[product]
    code = Because.PREFERRED if margin > 0 else (Because.LEVEL if margin == 0 else Because.DISADVANTAGED)
    # Equal tariffs hinder nobody: the step asks that access be no reason against the host.
    return judged(
        RelocationStep.ACCESS, is_met=margin >= 0, code=code, numbers={"margin_percent_points": margin}
    )


def takers(facts: Facts, at: int, conventions: RelocationConventions) -> Finding:
    """S7: who gained while the donor lost, and whether one rival takes it all."""
    won = facts.won[:, at]
    if won.sum() <= 0:
        return not_judged(RelocationStep.TAKERS, Because.NOBODY_GAINED)
    concentration = herfindahl(won)
    is_met = concentration <= conventions.concentration_max
    numbers = {"hhi": concentration, "host_part": won[facts.host], "largest_part": won.max()}
    return judged(
        RelocationStep.TAKERS,
        is_met=is_met,
        code=Because.SPREAD if is_met else Because.ONE_TAKES_MOST,
        numbers=numbers,
    )


def _quantile(values: list[float], quantile: float) -> float | None:
    return float(np.quantile(values, quantile)) if values else None
