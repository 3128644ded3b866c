"""HiGHS, asked for the best whole choice with a proof of how good it is, and for the prices of the relaxed one."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from rahdari.trade.errors import BadParameter, Degenerate, Ground
from rahdari.trade.rules.choice.exact import overrun, tightened, without
from rahdari.trade.rules.choice.fixing import Ceiling, ceiling_at
from rahdari.trade.rules.choice.highs import TOLERANCE, Outcome, find_parts, find_whole
from rahdari.trade.rules.choice.menu import Picks
from rahdari.trade.rules.choice.model import Model, Numbers
from rahdari.trade.rules.choice.swaps import is_fit, swapped

# Above this the solver gives up in any case: nobody waits longer for one choice.
SECONDS_MAX = 3_600.0
# So often what overruns a row is ruled out one by one; then the row itself is made narrower by twice the tolerance.
CUTS_MAX: Final = 10
ROUNDS_MAX: Final = 16
# Below this the solver is as quick with every column open.
NARROWED_MIN: Final = 120
# The core holds the good choices: some times as many columns as a choice among thousands has limits. So many
# branches of its search find what is within reach; the rest of them is proof, of the core alone.
CORE: Final = 50
CORE_NODES: Final = 1_000
# Of the time allowed, what a core may take; the rest is for the proof.
CORE_SHARE: Final = 0.25
# Whoever waits less is served by one centre.
CENTRES_SECONDS_MIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work a proof is worth.

    Attributes:
        gap_max: The solver may stop when no choice can be better by more than this share.
        seconds_max: It stops after so many seconds of the wall clock; the gap that is left is then reported.
    """

    gap_max: float = 1e-4
    seconds_max: float = 30.0

    def __post_init__(self) -> None:
        """Check both."""
        if not 0 <= self.gap_max < 1:
            raise BadParameter(f"a proof gap of {self.gap_max} is none; it is 0 or more and below 1")
        if not 0 < self.seconds_max <= SECONDS_MAX:
            raise BadParameter(
                f"{self.seconds_max} seconds for one choice; allow more than 0, at most {SECONDS_MAX:g}"
            )


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The best choice found, and the bound that no choice exceeds, both in units of the model."""

    picks: Picks
    value: float
    bound: float
    extra: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """The optimum when fractions may be chosen: a bound, and what one more unit of each limit is worth.

    Attributes:
        parts: How much of each candidate is chosen, 0..1.
        value: The optimum, in units of the model.
        row_prices: Gain per unit of each (scaled) row's right-hand side, 0 or more.
        net_gains: Gain of each column less its needs at those prices. A choice that flips the column from
            what ``parts`` says to its other end is worse than ``value`` by at least the size of this.
    """

    parts: Numbers
    value: float
    row_prices: Numbers
    net_gains: Numbers


def solve(model: Model, effort: Effort, relaxed: Relaxed | None = None) -> Best | None:
    """Find the best whole choice; None where no choice keeps all limits.

    A large programme is first narrowed to what the prices of the relaxed one leave open (see ``fixing``); the proof
    is that of the whole programme all the same. ``relaxed`` is the answer of ``relax`` where the caller has it.

    Raises:
        BadParameter: the time ran out before any choice was found.
        Degenerate: the numbers are too far apart for the solver to say anything.
    """
    try:
        if np.count_nonzero(model.is_whole * (model.upper - model.lower)) <= NARROWED_MIN:
            return _solve_open(model, effort)
        relaxed = relaxed or relax(model)
        return None if relaxed is None else _solve_narrowed(model, relaxed, effort)
    except _OutOfTime:
        raise BadParameter(
            f"no choice was found within {effort.seconds_max:g} seconds; allow more",
            ground=Ground.OUT_OF_TIME,
        ) from None


def _solve_narrowed(model: Model, relaxed: Relaxed, effort: Effort) -> Best | None:
    """Find a good choice by swaps and in cores, then the best among the columns that could still better it."""
    ceiling = ceiling_at(model, relaxed.row_prices)
    best = _begun(model, relaxed, ceiling, effort)
    rest = replace(effort, seconds_max=effort.seconds_max * (1 - CORE_SHARE))
    if best is None:
        return _solve_open(model, rest)
    enough = best.value + effort.gap_max * abs(best.value)
    if not _is_enough(best, ceiling, effort):
        kept = ceiling.undecided(enough)
        best = _widened(best, ceiling.narrowed(kept), rest)
        best = replace(best, bound=max(best.bound, ceiling.beyond(kept)))
    return replace(best, bound=max(best.value, min(ceiling.value, best.bound)))


def _begun(model: Model, relaxed: Relaxed, ceiling: Ceiling, effort: Effort) -> Best | None:
    """Find a good choice, with no bound: by swaps, then in the core; None where there is none in either."""
    best, chief = _swapped(ceiling, relaxed.parts), ceiling
    if (
        best is not None
        and effort.seconds_max >= CENTRES_SECONDS_MIN
        and not _is_enough(best, ceiling, effort)
    ):
        for other in _other_centres(model, relaxed):
            found = _swapped(other[1], other[0].parts)
            if found is not None and found.value > best.value:
                best, chief = found, other[1]
    for near in (ceiling, chief) if chief is not ceiling else (ceiling,):
        if best is None or not _is_enough(best, ceiling, effort):
            best = _in_core(near, best, effort)
    return best


def _is_enough(best: Best, ceiling: Ceiling, effort: Effort) -> bool:
    return ceiling.value <= best.value + effort.gap_max * abs(best.value)


def _other_centres(model: Model, relaxed: Relaxed) -> Iterator[tuple[Relaxed, Ceiling]]:
    """Decide the largest of what is chosen in part, either way: the prices then are others, and so is the core."""
    is_part = (np.minimum(relaxed.parts, 1 - relaxed.parts) > TOLERANCE) & (model.is_whole > 0)
    if not is_part.any():
        return
    largest = int(np.argmax(np.where(is_part, np.abs(model.gains), -1.0)))
    for end in (0.0, 1.0):
        lower, upper = model.lower.copy(), model.upper.copy()
        lower[largest] = upper[largest] = end
        found = relax(replace(model, lower=lower, upper=upper))
        if found is not None:
            yield found, ceiling_at(model, found.row_prices)


def _swapped(near: Ceiling, parts: Numbers) -> Best | None:
    model = near.model
    picks = swapped(model, parts, near.losses) if is_fit(model) else None
    return None if picks is None else Best(picks, float(model.gains @ picks), np.inf, np.empty(0))


def _in_core(near: Ceiling, best: Best | None, effort: Effort) -> Best | None:
    """Search among the columns that are nearest to a toss-up, and those where ``best`` is not as the prices say."""
    kept = near.core(CORE)
    if best is not None:
        kept |= np.concatenate([best.picks, best.extra]) != near.ends
    part = replace(effort, seconds_max=effort.seconds_max * CORE_SHARE)
    try:
        found = _solve_open(near.narrowed(kept), part, start=best, nodes_max=CORE_NODES)
    except _OutOfTime:
        return best
    if found is None or (best is not None and found.value <= best.value):
        return best
    return _swapped(near, np.concatenate([found.picks, found.extra])) or replace(found, bound=np.inf)


def _widened(core: Best, model: Model, effort: Effort) -> Best:
    """Search among more columns than the core's; give the better choice, with the bound of this search."""
    try:
        wide = _solve_open(model, effort, start=core)
    except _OutOfTime:
        return replace(core, bound=np.inf)
    if wide is None:
        return replace(core, bound=core.value)
    return wide if wide.value >= core.value else replace(core, bound=max(core.value, wide.bound))


class _OutOfTime(Exception):
    """The time was over before any choice was found."""


def _solve_open(
    model: Model, effort: Effort, *, start: Best | None = None, nodes_max: int | None = None
) -> Best | None:
    """Find the best whole choice that keeps every row to the rounding of its own amounts (see ``exact``)."""
    bound = np.inf
    for rounds in range(1, ROUNDS_MAX + 1):
        found = _found(model, effort, start, nodes_max)
        if found is None:
            return None
        over = overrun(model, found.picks)
        if not over:
            return replace(found, bound=max(found.value, min(found.bound, bound)))
        # Choices that overrun are more than those that do not: what bounds them bounds these.
        bound = min(bound, found.bound)
        model = without(model, found.picks, over)
        if rounds >= CUTS_MAX:
            model = tightened(model, over, 2 * TOLERANCE)
    raise Degenerate(
        "the solver could not decide (what it finds overruns a limit); "
        "are amounts of very different size together?"
    )


def _found(model: Model, effort: Effort, start: Best | None, nodes_max: int | None) -> Best | None:
    found = find_whole(
        model,
        gap_max=effort.gap_max,
        seconds_max=effort.seconds_max,
        nodes_max=nodes_max,
        start=None if start is None else np.concatenate([start.picks, start.extra]),
    )
    if found.outcome is Outcome.IMPOSSIBLE:
        return None
    if found.columns is None:
        raise _OutOfTime
    picks, extra = found.columns[: model.count] > 0.5, found.columns[model.count :]
    value = float(model.gains[: model.count] @ picks + model.gains[model.count :] @ extra)
    return Best(picks, value, max(value, found.bound), extra)


def relax(model: Model) -> Relaxed | None:
    """Find the best choice when fractions count; None where even so none keeps all limits."""
    found = find_parts(model)
    if found.columns is None:
        return None
    net = model.gains - (found.row_prices @ model.matrix if model.rows else 0.0)
    return Relaxed(found.columns, found.bound, found.row_prices, net)
