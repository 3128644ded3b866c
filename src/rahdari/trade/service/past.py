"""Would the scores have told? They are put to the test on the data they are made from, some years back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, DataMissing, Degenerate, TradeRefused
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.backtest import Scores, Trial, amounts, back_test, to_frame
from rahdari.trade.rules.complexity import measure
from rahdari.trade.rules.potential.conventions import STATIC
from rahdari.trade.rules.potential.groundwork import lay
from rahdari.trade.rules.potential.indicator import potential_of
from rahdari.trade.rules.potential.world import World
from rahdari.trade.rules.relocation import Panel
from rahdari.trade.rules.relocation import back_test as test_relocation
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.complexity import THIN

HORIZONS = (5, 10)
MEAN_YEARS = 3
DRAWS = 500
# Two trials a horizon: the last that the data can judge, and one ten years before it.
APART = 10
# The screen looks back so far when it is asked for the future (``RelocateWish.history_years``).
HISTORY_YEARS = 20
# Two correlations this near are one.
EVEN = 1e-9
_RELOCATION = {
    "origin": pl.Int32,
    "horizon_years": pl.Int32,
    "question": pl.String,
    "forecast": pl.String,
    "cases": pl.Int64,
    "rank_correlation": pl.Float64,
    "hit_at_3_share": pl.Float64,
    "captured_by_3_share": pl.Float64,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PastWish:
    """Whose leaving is foretold, and what is drawn; the rest are this program's own numbers, kept beside an answer.

    Raises:
        BadParameter: numbers of another version of the program, whose trials these would not be.
    """

    donor: str = ""
    seed: int = 1
    draws: int = DRAWS
    horizons: tuple[int, ...] = HORIZONS
    mean_years: int = MEAN_YEARS
    history_years: int = HISTORY_YEARS

    def __post_init__(self) -> None:
        """Check."""
        told = (self.draws, self.horizons, self.mean_years, self.history_years)
        if told != (DRAWS, HORIZONS, MEAN_YEARS, HISTORY_YEARS):
            raise BadParameter(
                f"a back-test of {self.draws} draws, {self.horizons} years ahead, means of {self.mean_years} and "
                f"{self.history_years} years back; this program makes {DRAWS}, {HORIZONS}, {MEAN_YEARS} and "
                f"{HISTORY_YEARS}"
            )


USUAL = PastWish()


def ask_past(book: FlowBook, scope: Scope, wish: PastWish = USUAL) -> Answer:
    """Put density, potential and the screen of relocation to trials five and ten years back.

    Density is tried on all countries, potential on this exporter's markets, relocation on what left ``donor`` (the
    market, where none is named). The table ``relocation`` holds what ``RelocationBackTest.to_frame`` gives, a trial
    after the other; a trial that cannot be judged has a row in ``relocation_open`` with its reason.

    Raises:
        DataMissing: the book is too short for any trial.
    """
    everybody = _trials(book, scope)
    own = [
        Trial(one.origin, one.horizon, level=one.level, exporter=scope.exporter, mean_years=MEAN_YEARS)
        for one in everybody
    ]
    generator = np.random.default_rng(wish.seed)
    verdicts = [
        *back_test(book, {"density": density_scores}, everybody, generator=generator, draws=DRAWS),
        *back_test(book, {"untapped": untapped_scores}, own, generator=generator, draws=DRAWS),
    ]
    frame = to_frame(verdicts)
    moved, unjudged = relocation_trials(book, everybody, wish.donor or str(scope.market))
    found = Found(
        table=frame,
        tables={"relocation": moved, "relocation_open": unjudged},
        figures=_figures(frame) | relocation_figures(moved),
        notes=(Note("raw_release_revised_later"),),
    )
    return Asking(book, scope).answer("past", replace(wish, donor=wish.donor or str(scope.market)), found)


def relocation_trials(
    book: FlowBook, trials: Sequence[Trial], donor: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Foretell at each trial's origin who takes over from the donor and what leaves it; judge it by what happened.

    The screen sees the ``HISTORY_YEARS`` up to the origin and nothing later, as it would have then. Beside it stand
    two rules that need no screen: present shares, and mere size.

    Returns:
        The judged trials, four rows each, and those that could not be judged with the reason.
    """
    judged, unjudged = [], []
    for trial in trials:
        first = max(book.years[0], trial.origin - HISTORY_YEARS + 1)
        end = trial.origin + trial.horizon
        try:
            panel = Panel({year: book.exports([year], trial.level) for year in range(first, end + 1)})
            frame = test_relocation(panel, donor=donor, split_year=trial.origin).to_frame()
        except TradeRefused as refused:
            unjudged.append({"origin": trial.origin, "horizon_years": trial.horizon, "why": refused.message})
            continue
        place = (pl.lit(trial.origin).alias("origin"), pl.lit(trial.horizon).alias("horizon_years"))
        judged.append(frame.select(*place, pl.all()))
    schema = {"origin": pl.Int32, "horizon_years": pl.Int32, "why": pl.String}
    moved = pl.concat(judged) if judged else pl.DataFrame(schema=_RELOCATION)
    return moved, pl.DataFrame(unjudged, schema=schema)


def relocation_figures(moved: pl.DataFrame) -> dict[str, Number]:
    """Count the trials in which the screen ordered better than its simple rule; even is not better."""
    told: dict[str, Number] = {}
    for name, question in (("who", "who_takes_over"), ("what", "what_leaves")):
        own = moved.filter(pl.col("question") == question)
        simple = pl.col("forecast").str.starts_with("naive")
        pairs = own.filter(~simple).join(
            own.filter(simple), on=["origin", "horizon_years"], suffix="_simple", how="inner"
        ).drop_nulls(["rank_correlation", "rank_correlation_simple"])  # fmt: skip
        led = pairs["rank_correlation"] > pairs["rank_correlation_simple"] + EVEN
        told |= {f"{name}_questions": len(pairs), f"{name}_led": int(led.sum())}
    told["who_unlearned"] = int((moved["forecast"] == "present_shares").sum())
    return told


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
