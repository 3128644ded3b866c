"""HiGHS behind two questions: the best whole columns with a bound, and the best fractions with prices.

The one module that knows the library; its words become those of the room here. One thread and a fixed seed: the
same programme has the same answer on every machine of one kind, as long as no time limit cuts the search short.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from rahdari.trade.errors import Degenerate
from rahdari.trade.rules.choice.model import Model, Numbers

if TYPE_CHECKING:
    import highspy

# HiGHS keeps rows to this; rows are scaled so that their largest number is 1.
TOLERANCE: Final = 1e-6
# What HiGHS calls a solution that keeps the rows (HighsInfo.primal_solution_status; kSolutionStatusFeasible).
_FEASIBLE: Final = 2

Setting = bool | int | float | str
ALWAYS: Final[Mapping[str, Setting]] = MappingProxyType(
    {"output_flag": False, "threads": 1, "random_seed": 0}
)
# Measured on menus of 1,850 products with few, dense rows: three of its searches within the search (RINS, RENS, by
# reduced costs) take two fifths of the time and find what is in hand already; cuts that are kept for long fill the
# relaxed programme, which has two dozen rows of its own. What was no quicker, and stays as it is: symmetry,
# presolving, the share of heuristics, how soon branching trusts its own costs.
WHOLE: Final[Mapping[str, Setting]] = MappingProxyType(
    {
        "mip_heuristic_run_rins": False,
        "mip_heuristic_run_rens": False,
        "mip_heuristic_run_root_reduced_cost": False,
        "mip_pool_age_limit": 2,
        "mip_pool_soft_limit": 10,
    }
)


class Outcome(Enum):
    """What became of a search."""

    PROVEN = "proven"
    STOPPED = "stopped"
    """The time or the branches allowed were over; it may hold a solution all the same."""
    IMPOSSIBLE = "impossible"
    """No columns keep the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What HiGHS found.

    Attributes:
        outcome: What became of the search.
        columns: The best columns; None where it holds none.
        bound: What no columns exceed; infinite where it knows nothing.
        row_prices: Gain per unit of each row's right-hand side, 0 or more; empty for whole columns.
    """

    outcome: Outcome
    columns: Numbers | None
    bound: float
    row_prices: Numbers


def find_whole(
    model: Model,
    *,
    gap_max: float,
    seconds_max: float,
    nodes_max: int | None = None,
    start: Numbers | None = None,
) -> Found:
    """Search the best columns, whole where the model has them whole.

    Args:
        model: The programme.
        gap_max: It may stop when nothing can be better by more than this share.
        seconds_max: It stops after so many seconds of the wall clock.
        nodes_max: It stops after so many branches, which unlike seconds are the same on every machine.
        start: Columns to begin with; where they keep the rows, only what is better is searched.

    Raises:
        Degenerate: the numbers are too far apart for the solver to say anything.
    """
    # Presolving takes numbers that are very small beside others of their row for rounding.
    presolve = "off" if _is_wide(model) else "choose"
    limits: dict[str, Setting] = {"mip_rel_gap": gap_max, "time_limit": seconds_max, "presolve": presolve}
    if nodes_max is not None:
        limits["mip_max_nodes"] = nodes_max
    solver = _solver(model, {**WHOLE, **limits}, is_whole=True)
    if start is not None:
        solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
    outcome = _outcome(solver)
    told = solver.getInfo()
    # An empty search, done before anything was bounded, says nothing of a bound.
    bound = -told.mip_dual_bound if np.isfinite(told.mip_dual_bound) else np.inf
    return Found(outcome, _columns(solver), bound, np.empty(0))


def find_parts(model: Model) -> Found:
    """Search the best columns when fractions count, and the prices of the rows.

    Raises:
        Degenerate: the numbers are too far apart for the solver to say anything.
    """
    solver = _solver(model, {}, is_whole=False)
    outcome = _outcome(solver)
    if outcome is Outcome.IMPOSSIBLE:
        return Found(outcome, None, -np.inf, np.empty(0))
    prices = np.maximum(-np.asarray(solver.getSolution().row_dual, dtype=np.float64), 0.0)
    return Found(outcome, _columns(solver), -solver.getInfo().objective_function_value, prices)


def _solver(model: Model, settings: Mapping[str, Setting], *, is_whole: bool) -> "highspy.Highs":
    """Hand a programme over: HiGHS seeks the least, so gains change their sign."""
    import highspy  # noqa: PLC0415 - a server that only verifies does without it

    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    for name, value in {**ALWAYS, **settings}.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise AssertionError(f"HiGHS has no setting {name} = {value}")
    matrix = model.matrix
    taken = solver.passModel(
        len(model.lower),
        len(model.rows),
        int(matrix.nnz),
        highspy.MatrixFormat.kRowwise.value,
        highspy.ObjSense.kMinimize.value,
        0.0,
        -model.gains,
        model.lower,
        model.upper,
        np.full(len(model.rows), -np.inf),
        model.bounds,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        (model.is_whole if is_whole else np.zeros_like(model.is_whole)).astype(np.int32),
    )
    # It looks for what is too large, not for what is no number.
    if taken == highspy.HighsStatus.kError or not np.isfinite([matrix.data.sum(), model.gains.sum()]).all():
        raise _undecided("it does not take the numbers")
    return solver


def _outcome(solver: "highspy.Highs") -> Outcome:
    """Run, and tell what came of it; every status of HiGHS has its place here."""
    from highspy import HighsModelStatus  # noqa: PLC0415

    solver.run()
    status = solver.getModelStatus()
    if status in {HighsModelStatus.kOptimal, HighsModelStatus.kModelEmpty}:
        return Outcome.PROVEN
    # Branches allowed are a limit of solutions to HiGHS.
    if status in {HighsModelStatus.kTimeLimit, HighsModelStatus.kSolutionLimit}:
        return Outcome.STOPPED
    # Every column here has bounds: what is "unbounded or infeasible" is not the first.
    if status in {HighsModelStatus.kInfeasible, HighsModelStatus.kUnboundedOrInfeasible}:
        return Outcome.IMPOSSIBLE
    raise _undecided(solver.modelStatusToString(status))


def _columns(solver: "highspy.Highs") -> Numbers | None:
    if solver.getInfo().primal_solution_status != _FEASIBLE:
        return None
    return np.asarray(solver.getSolution().col_value, dtype=np.float64)


def _is_wide(model: Model) -> bool:
    """Tell whether a row holds numbers so far apart that presolving would take the small ones for rounding."""
    sizes = (np.abs(row.values) for row in model.rows if len(row.values))
    return any(one.min() < TOLERANCE * one.max() for one in sizes)


def _undecided(message: str) -> Degenerate:
    return Degenerate(
        f"the solver could not decide ({message}); are amounts of very different size together?"
    )
