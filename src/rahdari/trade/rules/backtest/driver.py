"""Every score put to every trial, on the same cells, with the two simple ones beside it."""

from collections.abc import Mapping, Sequence

import numpy as np

from rahdari.trade.errors import BadParameter, BadTable
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.backtest.known_then import KnownThen
from rahdari.trade.rules.backtest.ranks import Flags, Places
from rahdari.trade.rules.backtest.trials import (
    Asked,
    Scorer,
    Scores,
    Simple,
    Trial,
    amounts,
    midpoint_growth,
    revealed_advantage,
    score_current_size,
    score_past_growth,
)
from rahdari.trade.rules.backtest.verdicts import Cells, Verdict, draw_products, judge
from rahdari.trade.values import Amounts, Matrix

# Ten thousand draws of a hundred products stand still to a hundredth; more only takes time.
DRAWS = 1_000
DRAWS_MAX = 20_000
SCORERS_MAX = 50


def back_test(
    book: FlowBook,
    scorers: Mapping[str, Scorer],
    trials: Sequence[Trial],
    *,
    generator: np.random.Generator,
    draws: int = DRAWS,
    at: Sequence[int] = (10, 50),
) -> tuple[Verdict, ...]:
    """Put every score to every trial, with the two simple ones beside them.

    ``generator`` draws the products for the intervals, ``draws`` times; ``at`` are the k of the precision.

    Raises:
        BadParameter: a scorer has the name of a simple one, or there are too many scorers or draws.
        UnknownYear: the book does not hold a year that a trial needs.
        BadTable: a scorer gave other rows and columns than the trial has.
    """
    if len(scorers) > SCORERS_MAX or not 100 <= draws <= DRAWS_MAX:
        raise BadParameter(
            f"{len(scorers)} scorers and {draws} draws; at most {SCORERS_MAX}, and 100 to {DRAWS_MAX}"
        )
    taken = {simple.value for simple in Simple} & set(scorers)
    if taken:
        raise BadParameter(
            f"{taken.pop()} is the name of a simple score that always takes part; choose another"
        )
    verdicts: list[Verdict] = []
    for trial in trials:
        verdicts += _try(book, scorers, trial, generator=generator, draws=draws, at=at)
    return tuple(verdicts)


def _try(
    book: FlowBook,
    scorers: Mapping[str, Scorer],
    trial: Trial,
    *,
    generator: np.random.Generator,
    draws: int,
    at: Sequence[int],
) -> list[Verdict]:
    before = amounts(book, trial, trial.origin)
    after = amounts(book, trial, trial.origin + trial.horizon)
    then = KnownThen(book, trial.origin)
    simple: Mapping[str, Scorer] = {
        Simple.CURRENT_SIZE.value: score_current_size,
        Simple.PAST_GROWTH.value: score_past_growth,
    }
    given = {name: _scores(name, one(then, trial), before) for name, one in {**simple, **scorers}.items()}
    # A score that covers nothing (no growth is known in the data's first year) must not empty the trial for all.
    able = {name for name, scores in given.items() if scores.is_known.any()}
    covered = np.logical_and.reduce([given[name].is_known for name in sorted(able)])
    verdicts: list[Verdict] = []
    for asked in Asked:
        chosen, cells = _question(asked, trial, before, after, covered)
        columns = {name: one.values[chosen] if name in able else None for name, one in given.items()}
        verdicts += judge(trial, cells, columns, draw_products(cells.product, generator, draws), at=at)
    return verdicts


def _scores(name: str, scores: Scores, table: Matrix) -> Scores:
    if (scores.rows, scores.columns) != (table.rows, table.columns):
        raise BadTable(
            f"the score {name} has other rows or columns than the trial; order them like its amounts"
        )
    return scores


def _question(
    asked: Asked, trial: Trial, before: Matrix, after: Matrix, covered: Flags
) -> tuple[Flags, Cells]:
    """Choose the cells of a question, and tell what happened in them."""
    if asked is Asked.ENTERED:
        was, is_now = _presence(trial, before), _presence(trial, after)
        # Only what is traded somewhere can be entered, or it would be guessing about empty rows.
        open_cells = covered & ~was & _alive(before)
        did = is_now[open_cells]
        return open_cells, Cells(asked, did.astype(np.float64), did, _products(open_cells))
    traded = covered & (before.values > 0)
    old, new = before.values[traded], after.values[traded]
    outcomes = new - old if asked is Asked.GAIN else midpoint_growth(old, new)
    return traded, Cells(asked, outcomes, _best(outcomes, trial.top_share), _products(traded))


def _presence(trial: Trial, table: Matrix) -> Flags:
    there: Flags = (
        revealed_advantage(table) >= 1.0 if trial.exporter is None else table.values >= trial.entry_usd
    )
    return there


def _alive(table: Matrix) -> Flags:
    alive: Flags = (table.values.sum(axis=1, keepdims=True) > 0) & (
        table.values.sum(axis=0, keepdims=True) > 0
    )
    return alive


def _products(chosen: Flags) -> Places:
    products: Places = np.nonzero(chosen)[1]
    return products


def _best(outcomes: Amounts, share: float) -> Flags:
    """Mark the best outcomes; ties at the cut all count, so that the order of cells does not matter."""
    if not len(outcomes):
        return np.zeros(0, dtype=bool)
    best: Flags = outcomes >= np.quantile(outcomes, 1.0 - share, method="higher")
    return best
