"""How well scores told what happened: figures with intervals, and the lead over the scores that need no method.

Cells of one product move together, so intervals come from drawing whole products anew, not cells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.rules.backtest.ranks import (
    Figure,
    Flags,
    Places,
    Undefined,
    auc,
    average_ranks,
    kendall,
    placements,
    precision_at,
    spearman,
    why_no_order,
    why_no_two,
)
from rahdari.trade.rules.backtest.trials import Asked, Simple, Trial
from rahdari.trade.values import Amounts

# The figures of every verdict, besides ``precision_at_<k>``.
SPEARMAN, KENDALL, AUC, LEAD = "spearman", "kendall", "auc", "lead"
_SIMPLE = tuple(simple.value for simple in Simple)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How well one score told one thing, on ``cells`` cells that every score of the trial covers.

    ``figures`` by name: ``spearman``, ``kendall``, ``auc`` (of hits), ``precision_at_<k>`` (the share of hits among
    the k highest scores; ``hit_share`` is what blind choice would give), and ``lead``: by how much the score beats
    the better of the two simple ones in Spearman, or in AUC where it was asked who entered. A lead whose interval
    lies above 0 told more than no method at all.
    """

    trial: Trial
    asked: Asked
    scorer: str
    cells: int
    products: int
    hit_share: float | None
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of one question: outcomes, hits, and to which product each belongs."""

    asked: Asked
    outcomes: Amounts
    hits: Flags
    product: Places


@dataclass(frozen=True, slots=True)
class Draws:
    """How often each product was drawn, draws by products; the same for all scores of a question."""

    times: npt.NDArray[np.int64]
    product: Places


def to_frame(verdicts: Sequence[Verdict]) -> pl.DataFrame:
    """Give one row a figure: ``origin, horizon_years, asked, scorer, figure, value, low, high, why, cells``."""
    rows = [
        (*_heading(one), name, figure.value, figure.low, figure.high, figure.why and figure.why.value)
        for one in verdicts
        for name, figure in one.figures.items()
    ]
    text, number, whole = pl.String, pl.Float64, pl.Int64
    names = (
        "origin",
        "horizon_years",
        "level",
        "exporter",
        "asked",
        "scorer",
        "cells",
        "products",
        "hit_share",
    )
    types = (whole, whole, text, text, text, text, whole, whole, number)
    schema: dict[str, pl.DataType | type[pl.DataType]] = dict(zip(names, types, strict=True))
    schema |= {"figure": text, "value": number, "low": number, "high": number, "why": text}
    return pl.DataFrame(rows, schema=schema, orient="row")


def draw_products(product: Places, generator: np.random.Generator, draws: int) -> Draws:
    """Draw as many products as there are, with repetition, ``draws`` times."""
    present, place = np.unique(product, return_inverse=True)
    if not len(present):
        return Draws(np.zeros((draws, 0), dtype=np.int64), place)
    even = np.full(len(present), 1.0 / len(present))
    return Draws(generator.multinomial(len(present), even, size=draws), place)


def judge(
    trial: Trial, cells: Cells, columns: Mapping[str, Amounts | None], drawn: Draws, *, at: Sequence[int]
) -> list[Verdict]:
    """Give the verdict on each column of scores; None stands for a score that covers nothing."""
    measure = _told_entry if cells.asked is Asked.ENTERED else _told_order
    nothing = Figure(None, why=Undefined.NO_SCORE), np.zeros(0)
    told = {
        name: nothing if scores is None else measure(scores, cells, drawn) for name, scores in columns.items()
    }
    verdicts = []
    for name, scores in columns.items():
        figures = _plain_figures(scores, cells, at)
        figures[AUC if cells.asked is Asked.ENTERED else SPEARMAN] = told[name][0]
        figures[LEAD] = _lead(told[name], [told[one] for one in _SIMPLE if one in told and one != name])
        share = float(cells.hits.mean()) if len(cells.hits) else None
        counted = len(cells.outcomes), drawn.times.shape[1]
        verdicts.append(Verdict(trial, cells.asked, name, *counted, share, MappingProxyType(figures)))
    return verdicts


def _plain_figures(scores: Amounts | None, cells: Cells, at: Sequence[int]) -> dict[str, Figure]:
    """Give the figures that carry no interval."""
    names = [SPEARMAN, KENDALL, AUC, *(f"precision_at_{k}" for k in at)]
    if scores is None:
        return dict.fromkeys(names, Figure(None, why=Undefined.NO_SCORE))
    orders = [spearman(scores, cells.outcomes), kendall(scores, cells.outcomes), auc(scores, cells.hits)]
    firsts = [precision_at(scores, cells.hits, k) for k in at]
    return dict(zip(names, [*orders, *firsts], strict=True))


def _told_order(scores: Amounts, cells: Cells, drawn: Draws) -> tuple[Figure, Amounts]:
    """Give Spearman's rho with its interval, and its value in each draw; ranks stay those of the whole sample."""
    if why := why_no_order(scores, cells.outcomes):
        return Figure(None, why=why), np.zeros(0)
    x, y = (_centred(average_ranks(values)) for values in (scores, cells.outcomes))
    parts = [np.ones_like(x), x, y, x * x, y * y, x * y]
    n, sx, sy, sxx, syy, sxy = (_sums(part, drawn) for part in parts)
    spread = np.maximum((n * sxx - sx * sx) * (n * syy - sy * sy), 0.0)
    rho = np.divide(n * sxy - sx * sy, np.sqrt(spread), out=np.zeros_like(n), where=spread > 0)
    return _interval(spearman(scores, cells.outcomes), rho), rho


def _told_entry(scores: Amounts, cells: Cells, drawn: Draws) -> tuple[Figure, Amounts]:
    """Give the AUC with its interval, and its value in each draw; placements stay those of the whole sample."""
    if why := why_no_two(cells.hits):
        return Figure(None, why=why), np.zeros(0)
    placed = np.where(cells.hits, placements(scores, cells.hits), 0.0)
    entered = _sums(cells.hits.astype(np.float64), drawn)
    # A draw in which nobody entered tells nothing: a coin.
    drawn_auc = np.divide(_sums(placed, drawn), entered, out=np.full_like(entered, 0.5), where=entered > 0)
    return _interval(auc(scores, cells.hits), drawn_auc), drawn_auc


def _sums(part: Amounts, drawn: Draws) -> Amounts:
    """Sum a quantity in each draw: over products, how often it was drawn times what its cells hold."""
    of_each = np.bincount(drawn.product, weights=part, minlength=drawn.times.shape[1])
    sums: Amounts = drawn.times.astype(np.float64) @ of_each
    return sums


def _interval(figure: Figure, drawn: Amounts) -> Figure:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(figure.value, float(low), float(high))


def _lead(mine: tuple[Figure, Amounts], rivals: Sequence[tuple[Figure, Amounts]]) -> Figure:
    """Compare with the better rival, in the same draws; a rival that is not defined is none."""
    figure, drawn = mine
    if figure.value is None:
        return figure
    best = max(
        (one for one in rivals if one[0].value is not None), key=lambda one: one[0].value or 0.0, default=None
    )
    if best is None or best[0].value is None:
        return Figure(None, why=Undefined.NO_RIVAL)
    return _interval(Figure(figure.value - best[0].value), drawn - best[1])


def _centred(values: Amounts) -> Amounts:
    centred: Amounts = values - float(values.mean())
    return centred


def _heading(one: Verdict) -> tuple[object, ...]:
    trial = one.trial
    return (
        trial.origin,
        trial.horizon,
        trial.level.value,
        trial.exporter,
        one.asked.value,
        one.scorer,
        one.cells,
        one.products,
        one.hit_share,
    )
