"""HiGHS, asked for the best whole choice with a proof of how good it is, and for the prices of the relaxed one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.choice.menu import Picks
from rahdari.trade.rules.choice.model import Model, Numbers
from rahdari.trade.rules.choice.quiet import quiet_solver

# What SciPy's `milp` and `linprog` say (OptimizeResult.status).
_DONE, _OUT_OF_TIME, _INFEASIBLE, _UNDECIDED = 0, 1, 2, 4
# Above this the solver gives up in any case: nobody waits longer for one choice.
SECONDS_MAX = 3_600.0
# HiGHS keeps rows to 1e-6; rows are scaled so that their largest number is 1.
TOLERANCE = 1e-6


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


def solve(model: Model, effort: Effort) -> Best | None:
    """Find the best whole choice; None where no choice keeps all limits.

    Raises:
        BadParameter: the time ran out before any choice was found.
        Degenerate: the numbers are too far apart for the solver to say anything.
    """
    with quiet_solver():
        answer: Any = milp(
            -model.gains,
            integrality=model.is_whole,
            bounds=Bounds(model.lower, model.upper),
            constraints=_constraint(model),
            options={"mip_rel_gap": effort.gap_max, "time_limit": effort.seconds_max},
        )
    if _is_infeasible(answer.status, answer.message):
        return None
    if answer.x is None and answer.status == _OUT_OF_TIME:
        raise BadParameter(f"no choice was found within {effort.seconds_max:g} seconds; allow more")
    if answer.status not in {_DONE, _OUT_OF_TIME}:
        raise _undecided(answer.message)
    picks = np.asarray(answer.x[: model.count]) > 0.5
    value = float(model.gains[: model.count] @ picks + model.gains[model.count :] @ answer.x[model.count :])
    bound = value if answer.mip_dual_bound is None else max(value, -float(answer.mip_dual_bound))
    return Best(picks, value, bound, np.asarray(answer.x[model.count :], dtype=np.float64))


def relax(model: Model) -> Relaxed | None:
    """Find the best choice when fractions count; None where even so none keeps all limits."""
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


def _is_infeasible(status: int, message: str) -> bool:
    # HiGHS may stop at "unbounded or infeasible", which SciPy calls 4; every column here has bounds.
    return status == _INFEASIBLE or (status == _UNDECIDED and "nfeasible" in message)


def _undecided(message: str) -> Degenerate:
    return Degenerate(
        f"the solver could not decide ({message}); are amounts of very different size together?"
    )


def _constraint(model: Model) -> LinearConstraint | tuple[()]:
    return LinearConstraint(model.matrix, -np.inf, model.bounds) if model.rows else ()
