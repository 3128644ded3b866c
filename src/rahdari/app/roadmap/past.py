"""Would the scores have told? The back-test of a roadmap, on the data it was made from."""

import numpy as np
import polars as pl

from rahdari.trade.errors import DataMissing, Degenerate
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.backtest import Scores, Trial, amounts, back_test, to_frame
from rahdari.trade.rules.complexity import measure
from rahdari.trade.rules.potential.conventions import STATIC
from rahdari.trade.rules.potential.groundwork import lay
from rahdari.trade.rules.potential.indicator import potential_of
from rahdari.trade.rules.potential.world import World
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.complexity import THIN

HORIZONS = (5, 10)
MEAN_YEARS = 3
DRAWS = 500
# Two trials a horizon: the last that the data can judge, and one ten years before it.
APART = 10


def ask_past(book: FlowBook, scope: Scope, *, seed: int = 1) -> Answer:
    """Put density (all countries) and potential (this exporter's markets) to trials five and ten years back.

    Raises:
        DataMissing: the book is too short for any trial.
    """
    everybody = _trials(book, scope)
    own = [
        Trial(one.origin, one.horizon, level=one.level, exporter=scope.exporter, mean_years=MEAN_YEARS)
        for one in everybody
    ]
    generator = np.random.default_rng(seed)
    verdicts = [
        *back_test(book, {"density": density_scores}, everybody, generator=generator, draws=DRAWS),
        *back_test(book, {"untapped": untapped_scores}, own, generator=generator, draws=DRAWS),
    ]
    frame = to_frame(verdicts)
    parameters = {"horizons": list(HORIZONS), "mean_years": MEAN_YEARS, "draws": DRAWS, "seed": seed}
    found = Found(table=frame, figures=_figures(frame), notes=(Note("raw_release_revised_later"),))
    return Asking(book, scope).answer("past", parameters, found)


def _trials(book: FlowBook, scope: Scope) -> list[Trial]:
    last, first = scope.years[-1], book.years[0]
    found = [
        Trial(origin, horizon, level=scope.level, mean_years=MEAN_YEARS)
        for horizon in HORIZONS
        for origin in (last - horizon - APART, last - horizon)
        # Past growth, against which scores are held, needs years before the origin as well.
        if origin - MEAN_YEARS >= first
    ]
    if not found:
        raise DataMissing(
            f"a back-test needs {HORIZONS[0] + 2 * MEAN_YEARS} years, {book.source.name} holds "
            f"{len(book.years)} up to "
            f"{last}; fetch a longer release"
        )
    return found


def density_scores(book: FlowBook, trial: Trial) -> Scores:
    """Score each country and product by how near the product is to what the country has; others are not known."""
    now = amounts(book, trial, trial.origin)
    values, known = np.zeros(now.values.shape), np.zeros(now.values.shape, dtype=bool)
    try:
        found = measure(now, conventions=THIN)
    except Degenerate:
        return Scores(now.rows, now.columns, values, known)
    rows = [now.rows.index(one) for one in found.countries]
    columns = [now.columns.index(one) for one in found.products]
    values[np.ix_(rows, columns)], known[np.ix_(rows, columns)] = found.space.density, True
    return Scores(now.rows, now.columns, values, known)


def untapped_scores(book: FlowBook, trial: Trial) -> Scores:
    """Score one exporter's markets and products by potential less what is sold there."""
    if trial.exporter is None:
        raise AssertionError("this score is of one exporter's markets")
    now = amounts(book, trial, trial.origin)
    years = list(range(trial.origin - trial.mean_years + 1, trial.origin + 1))
    world = World(book.exports(years, trial.level), book.imports(years, trial.level), book.bilateral(years))
    found = potential_of(lay(world, STATIC), trial.exporter, now)
    return Scores(now.rows, now.columns, found.values - now.values, np.ones(now.values.shape, dtype=bool))


def _figures(frame: pl.DataFrame) -> dict[str, Number]:
    """Count how often each score led the better of the two simple ones for certain."""
    leads = frame.filter((pl.col("figure") == "lead") & pl.col("scorer").is_in(["density", "untapped"]))
    told: dict[str, Number] = {}
    for scorer in ("density", "untapped"):
        own = leads.filter(pl.col("scorer") == scorer)
        told |= {
            f"{scorer}_questions": len(own),
            f"{scorer}_led": int((own["low"].fill_null(0.0) > 0).sum()),
            f"{scorer}_trailed": int((own["high"].fill_null(0.0) < 0).sum()),
        }
    return told
