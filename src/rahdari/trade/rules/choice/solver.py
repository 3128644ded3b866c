"""HiGHS, asked for the best whole choice with a proof of how good it is, and for the prices of the relaxed one."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rahdari.trade.errors import BadParameter, Degenerate, Ground
from rahdari.trade.rules.choice.exact import overrun, tightened, without
from rahdari.trade.rules.choice.fixing import Ceiling, ceiling_at
from rahdari.trade.rules.choice.menu import Picks
from rahdari.trade.rules.choice.model import Model, Numbers
from rahdari.trade.rules.choice.quiet import quiet_solver

if TYPE_CHECKING:
    from scipy.optimize import LinearConstraint

# What SciPy's `milp` and `linprog` say (OptimizeResult.status).
_DONE, _OUT_OF_TIME, _INFEASIBLE, _UNDECIDED = 0, 1, 2, 4
# Above this the solver gives up in any case: nobody waits longer for one choice.
SECONDS_MAX = 3_600.0
# HiGHS keeps rows to 1e-6; rows are scaled so that their largest number is 1.
TOLERANCE = 1e-6
# So often what overruns a row is ruled out one by one; then the row itself is made narrower by twice the tolerance.
CUTS_MAX: Final = 10
ROUNDS_MAX: Final = 16
# Below this the solver is as quick with every column open.
NARROWED_MIN: Final = 120
# The core holds the good choices: some times as many columns as a choice among thousands has limits. What is still
# missed there costs more to find than it narrows.
CORE: Final = 100
CORE_GAP: Final = 1e-3
# Of the time allowed, what the core may take; the rest is for the proof.
CORE_SHARE: Final = 0.25


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
        return None if relaxed is None else _solve_narrowed(ceiling_at(model, relaxed.row_prices), effort)
    except _OutOfTime:
        raise BadParameter(
            f"no choice was found within {effort.seconds_max:g} seconds; allow more",
            ground=Ground.OUT_OF_TIME,
        ) from None


def _solve_narrowed(ceiling: Ceiling, effort: Effort) -> Best | None:
    """Find a good choice in the core, then the best among the columns that could still better it."""
    rest = replace(effort, seconds_max=effort.seconds_max * (1 - CORE_SHARE))
    kept = ceiling.core(CORE)
    try:
        core = Effort(max(effort.gap_max, CORE_GAP), effort.seconds_max * CORE_SHARE)
        best = _solve_open(ceiling.narrowed(kept), core)
    except _OutOfTime:
        best = None
    if best is None:
        return _solve_open(ceiling.model, rest)
    enough = best.value + effort.gap_max * abs(best.value)
    if max(best.bound, ceiling.beyond(kept)) > enough:
        kept = ceiling.undecided(enough)
        best = _widened(best, ceiling.narrowed(kept), rest)
    bound = max(best.value, min(ceiling.value, max(best.bound, ceiling.beyond(kept))))
    return replace(best, bound=bound)


def _widened(core: Best, model: Model, effort: Effort) -> Best:
    """Search among more columns than the core's; give the better choice, with the bound of this search."""
    try:
        wide = _solve_open(model, effort)
    except _OutOfTime:
        return replace(core, bound=np.inf)
    if wide is None:
        return replace(core, bound=core.value)
    return wide if wide.value >= core.value else replace(core, bound=max(core.value, wide.bound))


class _OutOfTime(Exception):
    """The time was over before any choice was found."""


def _solve_open(model: Model, effort: Effort) -> Best | None:
    """Find the best whole choice that keeps every row to the rounding of its own amounts (see ``exact``)."""
    bound = np.inf
    for rounds in range(1, ROUNDS_MAX + 1):
        found = _found(model, effort)
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
    raise _undecided("what it finds overruns a limit")


def _found(model: Model, effort: Effort) -> Best | None:
    from scipy.optimize import Bounds, milp  # noqa: PLC0415 - a server that only verifies does without it

    with quiet_solver():
        answer: Any = milp(
            -model.gains,
            integrality=model.is_whole,
            bounds=Bounds(model.lower, model.upper),
            constraints=_constraint(model),
            options={
                "mip_rel_gap": effort.gap_max,
                "time_limit": effort.seconds_max,
                "presolve": not _is_wide(model),
            },
        )
    if _is_infeasible(answer.status, answer.message):
        return None
    if answer.x is None and answer.status == _OUT_OF_TIME:
        raise _OutOfTime
    if answer.status not in {_DONE, _OUT_OF_TIME}:
        raise _undecided(answer.message)
    picks = np.asarray(answer.x[: model.count]) > 0.5
    value = float(model.gains[: model.count] @ picks + model.gains[model.count :] @ answer.x[model.count :])
    bound = value if answer.mip_dual_bound is None else max(value, -float(answer.mip_dual_bound))
    return Best(picks, value, bound, np.asarray(answer.x[model.count :], dtype=np.float64))


def relax(model: Model) -> Relaxed | None:
    """Find the best choice when fractions count; None where even so none keeps all limits."""
    from scipy.optimize import linprog  # noqa: PLC0415 - a server that only verifies does without it

    with quiet_solver():
        answer: Any = linprog(
            -model.gains,
            A_ub=model.matrix if model.rows else None,
            b_ub=model.bounds if model.rows else None,
            bounds=np.column_stack([model.lower, model.upper]),
            method="highs",
        )
    if _is_infeasible(answer.status, answer.message):
        return None
    if answer.status != _DONE:
        raise _undecided(answer.message)
    prices = np.maximum(-np.asarray(answer.ineqlin.marginals, dtype=np.float64), 0.0)
    net = model.gains - (prices @ model.matrix if model.rows else 0.0)
    return Relaxed(np.asarray(answer.x, dtype=np.float64), -float(answer.fun), prices, net)


def _is_wide(model: Model) -> bool:
    """Tell whether a row holds numbers so far apart that presolving would take the small ones for rounding."""
    sizes = (np.abs(row.values) for row in model.rows if len(row.values))
    return any(one.min() < TOLERANCE * one.max() for one in sizes)


def _is_infeasible(status: int, message: str) -> bool:
    # HiGHS may stop at "unbounded or infeasible", which SciPy calls 4; every column here has bounds.
    return status == _INFEASIBLE or (status == _UNDECIDED and "nfeasible" in message)


def _undecided(message: str) -> Degenerate:
    return Degenerate(
        f"the solver could not decide ({message}); are amounts of very different size together?"
    )


def _constraint(model: Model) -> "LinearConstraint | tuple[()]":
    from scipy.optimize import LinearConstraint  # noqa: PLC0415 - a server that only verifies does without it

    return LinearConstraint(model.matrix, -np.inf, model.bounds) if model.rows else ()
