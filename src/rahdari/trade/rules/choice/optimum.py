"""The best choice within the limits, with its proof; and what one more unit of a scarce resource is worth."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.rules.choice.conflict import refusal
from rahdari.trade.rules.choice.exact import is_over
from rahdari.trade.rules.choice.menu import Limit, LimitKind, Menu, Picks
from rahdari.trade.rules.choice.model import model_of, presence, rows_of
from rahdari.trade.rules.choice.solver import Best, Effort, relax, solve

USUAL = Effort()
_NO_STEPS: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """What is chosen from a menu, what it brings, and how good that is known to be.

    Attributes:
        menu: What was chosen from.
        picks: Which candidates, in the order of ``menu.codes``; read-only.
        gain_usd: What they bring together.
        bound_usd: No choice within the limits brings more; proven.
        relaxed_usd: The bound if fractions of products could be chosen (the linear programme).
        gap_max: The gap that was asked for.
    """

    menu: Menu
    picks: Picks
    gain_usd: float
    bound_usd: float
    relaxed_usd: float
    gap_max: float

    @property
    def codes(self) -> tuple[str, ...]:
        """List what is chosen, in the order of the menu."""
        return tuple(code for code, is_in in zip(self.menu.codes, self.picks, strict=True) if is_in)

    @property
    def gap(self) -> float:
        """Tell which share of the best possible may still be missed: 0..1."""
        return 0.0 if self.bound_usd <= 0 else max(0.0, 1 - self.gain_usd / self.bound_usd)

    @property
    def is_proven(self) -> bool:
        """Tell whether the gap that was asked for has been proven; else time ran out."""
        return self.gap <= self.gap_max + 1e-9

    @property
    def used(self) -> dict[str, float]:
        """Tell what the choice takes of each resource."""
        return {name: float(self.menu.needs_of(name) @ self.picks) for name in self.menu.limits.budgets}

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give every candidate with whether it is chosen: chosen first, then by gain."""
        menu = self.menu
        columns: dict[str, object] = {
            "product_code": menu.codes,
            "product_name": [(names or {}).get(code) for code in menu.codes],
            "sector": [one.sector for one in menu.candidates],
            "is_chosen": self.picks,
            "gain_usd": menu.gains_usd,
            **{f"need_{name}": menu.needs_of(name) for name in menu.limits.budgets},
        }
        schema = {"product_name": pl.String}
        frame = pl.DataFrame(columns, schema_overrides=schema)
        return frame.sort("is_chosen", "gain_usd", "product_code", descending=[True, True, False])


@dataclass(frozen=True, slots=True)
class Price:
    """What more of one resource would be worth.

    Attributes:
        resource: Its name; amounts are in its own unit.
        budget: What there is; infinite where it is not scarce.
        used: What the choice takes.
        relaxed_usd_per_unit: Dual price of the linear programme: the worth of the next unit if fractions of
            products could be chosen. A guide only, because a product is whole. None where there is none of it.
        step: By how much the budget was raised to see what really happens.
        step_gain_usd: What the best choice then brings more.
        step_gain_low_usd, step_gain_high_usd: Between these it lies for certain, given the proof gaps.
    """

    resource: str
    budget: float
    used: float
    relaxed_usd_per_unit: float | None
    step: float
    step_gain_usd: float
    step_gain_low_usd: float
    step_gain_high_usd: float

    @property
    def usd_per_unit(self) -> float:
        """Give the worth of a unit over the whole step."""
        return self.step_gain_usd / self.step


def choose(menu: Menu, effort: Effort = USUAL) -> Choice:
    """Find the choice with the greatest gain that keeps every limit.

    Raises:
        Infeasible: there is none; the message names the limits that contradict one another.
        BadParameter: no choice was found in the time allowed.
    """
    found = find_best(menu, effort)
    if found is None:
        raise refusal(menu)
    return found


def find_best(menu: Menu, effort: Effort = USUAL) -> Choice | None:
    """Find the same; None where no choice keeps every limit."""
    model = model_of(menu)
    relaxed = relax(model)
    best: Best | None = solve(model, effort, relaxed) if relaxed is not None else None
    if relaxed is None or best is None:
        return None
    gain = math.fsum(menu.gains_usd[best.picks])
    ceiling = relaxed.value * model.unit_usd
    bound = max(gain, min(ceiling, best.bound * model.unit_usd))
    return chosen(menu, best.picks, bound_usd=bound, relaxed_usd=ceiling, gap_max=effort.gap_max)


def chosen(menu: Menu, picks: Picks, *, bound_usd: float, relaxed_usd: float, gap_max: float) -> Choice:
    """Freeze a choice; its gain is added up anew."""
    frozen = np.array(picks, dtype=np.bool_)
    frozen.flags.writeable = False
    gain = math.fsum(menu.gains_usd[frozen])
    return Choice(menu, frozen, gain, max(gain, bound_usd), relaxed_usd, gap_max)


def broken_limits(menu: Menu, picks: Picks) -> tuple[Limit, ...]:
    """Name the limits that a choice overruns by more than rounding: none for a choice that was found."""
    columns = presence(menu, picks)
    return tuple(dict.fromkeys(row.limit for row in rows_of(menu) if is_over(row, columns)))


def find_prices(
    menu: Menu,
    effort: Effort = USUAL,
    *,
    steps: Mapping[str, float] = _NO_STEPS,
    choice: Choice | None = None,
) -> tuple[Price, ...]:
    """Tell what more of each resource is worth: the relaxed price and a real step, both.

    The dual price belongs to fractions of products and can mislead for whole ones, so each budget is also raised
    by a step (its hundredth unless ``steps`` names another, 1 where there is nothing) and the choice made anew.

    Raises:
        Infeasible: there is no choice at all.
        BadParameter: a step is not above 0, or is of a resource without a budget.
    """
    for resource, step in steps.items():
        if resource not in menu.limits.budgets or not 0 < step < math.inf:
            raise BadParameter(
                f"a step of {step} in {resource!r}; name a resource with a budget and more than 0"
            )
    today = choice or choose(menu, effort)
    duals = _duals(menu)
    return tuple(
        _price(today, resource, steps.get(resource, budget / 100 or 1.0), duals, effort)
        for resource, budget in menu.limits.budgets.items()
    )


def _duals(menu: Menu) -> dict[str, float]:
    model = model_of(menu)
    relaxed = relax(model)
    if relaxed is None:
        raise refusal(menu)
    pairs = zip(model.rows, relaxed.row_prices, strict=True)
    unit = model.unit_usd
    return {
        row.limit.name: float(price) * unit / row.scale
        for row, price in pairs
        if row.limit.kind is LimitKind.BUDGET
    }


def _price(today: Choice, resource: str, step: float, duals: Mapping[str, float], effort: Effort) -> Price:
    menu = today.menu
    budgets = menu.limits.budgets
    budget, used = budgets[resource], today.used[resource]
    if math.isinf(budget):
        return Price(resource, budget, used, 0.0, 1.0, 0.0, 0.0, 0.0)
    richer = menu.within(replace(menu.limits, budgets={**budgets, resource: budget + step}))
    then = choose(richer, effort)
    return Price(
        resource,
        budget,
        used,
        duals[resource] if budget > 0 else None,
        step,
        # What could be had before can be had still: less is only the proof gap speaking.
        max(0.0, then.gain_usd - today.gain_usd),
        max(0.0, then.gain_usd - today.bound_usd),
        max(0.0, then.bound_usd - today.gain_usd),
    )
