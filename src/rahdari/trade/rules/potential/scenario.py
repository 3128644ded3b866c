"""A potential with levers pulled beside the one without, and what each lever carries, to the dollar.

The levers act on one another (capacity sells more where ease has risen), so that what each adds alone does not sum
to what all add. ``joint_usd`` is its Shapley value: its mean addition over every order in which the levers could
be pulled (Shapley 1953). These do sum to the whole, and no order is preferred.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from rahdari.trade.rules.potential.factors import Supposed, demand_of, ease_of, multiply, supply_of
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.rules.potential.indicator import check_actual
from rahdari.trade.rules.potential.levers import Lever, Levers, markets_mask, only, suppose
from rahdari.trade.rules.potential.result import Potential
from rahdari.trade.values import Amounts, Matrix


@dataclass(frozen=True, slots=True, kw_only=True)
class LeverEffect:
    """What one kind of lever adds, in dollars: pulled alone, and its Shapley share of what all add together."""

    lever: Lever
    alone_usd: float
    joint_usd: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Scenario:
    """Two potentials of one exporter and the levers between them, over the markets that are named (none: all)."""

    baseline: Potential
    supposed: Potential
    baseline_usd: float
    supposed_usd: float
    effects: tuple[LeverEffect, ...]

    def to_frame(self) -> pl.DataFrame:
        """List baseline, levers and the whole: ``step``, ``alone_usd``, ``joint_usd``, ``total_usd``."""
        rows: list[dict[str, str | float | None]] = [_row("baseline", None, None, self.baseline_usd)]
        total = self.baseline_usd
        for one in self.effects:
            total += one.joint_usd
            rows.append(_row(one.lever.value, one.alone_usd, one.joint_usd, total))
        schema = {"step": pl.String, **dict.fromkeys(("alone_usd", "joint_usd", "total_usd"), pl.Float64)}
        return pl.DataFrame([*rows, _row("supposed", None, None, self.supposed_usd)], schema=schema)


def play(
    ground: Groundwork,
    exporter: str,
    levers: Levers,
    *,
    importers: frozenset[str] = frozenset(),
    actual: Matrix | None = None,
) -> Scenario:
    """Pull the levers and tell what each carries, over the markets that are named.

    Raises:
        UnknownCountry, UnknownTradeProduct, NothingTraded, DataMissing, Degenerate, BadTable: as ``suppose`` and
            ``potential_of``.
    """
    check_actual(ground, actual)
    supposed = suppose(ground, exporter, levers)
    demands = _demands(ground, exporter, supposed, levers.pulled)
    mask = markets_mask(ground, importers)
    ends: dict[frozenset[Lever], Amounts] = {}
    totals: dict[frozenset[Lever], float] = {}
    for some in _subsets(levers.pulled):
        demand = demands[some & _OF_DEMAND]
        ease, supply = _vectors(ground, exporter, only(supposed, some), demand)
        totals[some] = float(np.where(mask, ease, 0.0) @ (demand @ supply))
        if len(some) in {0, len(levers.pulled)}:
            ends[some] = demand * ease[:, None] * supply
    nothing, everything = frozenset[Lever](), frozenset(levers.pulled)
    return Scenario(
        baseline=Potential.of(ground.world, exporter, ends[nothing], actual),
        supposed=Potential.of(ground.world, exporter, ends[everything], actual),
        baseline_usd=totals[nothing],
        supposed_usd=totals[everything],
        effects=tuple(_effect(lever, levers.pulled, totals) for lever in levers.pulled),
    )


# A potential is ease times demand times supply, and a lever moves one or two of the three: sixteen subsets of the
# levers take only four passes over all cells, those of demand.
_OF_DEMAND = frozenset({Lever.TARIFF, Lever.GROWTH})


def _demands(
    ground: Groundwork, exporter: str, supposed: Supposed, pulled: tuple[Lever, ...]
) -> dict[frozenset[Lever], Amounts]:
    shape = (len(ground.world.importers), len(ground.world.products))
    moving = tuple(lever for lever in pulled if lever in _OF_DEMAND)
    return {
        some: multiply(demand_of(ground, exporter, only(supposed, some)), shape) for some in _subsets(moving)
    }


def _vectors(
    ground: Groundwork, exporter: str, supposed: Supposed, demand: Amounts
) -> tuple[Amounts, Amounts]:
    """Give ease by market and supply by product."""
    ease = ease_of(ground, exporter, supposed)
    terms = supply_of(ground, exporter, supposed, taken=None if supposed.added is None else ease @ demand)
    supply: Amounts = np.prod(np.vstack(list(terms.values())), axis=0)
    return ease, supply


def _subsets(levers: tuple[Lever, ...]) -> Iterator[frozenset[Lever]]:
    for size in range(len(levers) + 1):
        for some in combinations(levers, size):
            yield frozenset(some)


def _effect(lever: Lever, levers: tuple[Lever, ...], totals: Mapping[frozenset[Lever], float]) -> LeverEffect:
    count, joint = len(levers), 0.0
    for before in _subsets(tuple(other for other in levers if other is not lever)):
        weight = math.factorial(len(before)) * math.factorial(count - len(before) - 1) / math.factorial(count)
        joint += weight * (totals[before | {lever}] - totals[before])
    alone = totals[frozenset({lever})] - totals[frozenset()]
    return LeverEffect(lever=lever, alone_usd=alone, joint_usd=joint)


def _row(step: str, alone: float | None, joint: float | None, total: float) -> dict[str, str | float | None]:
    return {"step": step, "alone_usd": alone, "joint_usd": joint, "total_usd": total}
