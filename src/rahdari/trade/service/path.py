"""Year by year from today to a target, and how often anybody has gone that way."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, Degenerate, Ground, NothingTraded
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.decades import Sizes
from rahdari.trade.rules.deflators import constant_inflation
from rahdari.trade.rules.fans import Fan, fan
from rahdari.trade.rules.odds import Place, base_rate, own_best, place
from rahdari.trade.rules.paths import (
    Goal,
    Standing,
    YearPath,
    grown,
    growth_path,
    logistic_path,
    real_path,
    required,
    usual_ceiling,
)
from rahdari.trade.rules.ramps import Project, missing
from rahdari.trade.rules.references import Reference, reference_to_frame
from rahdari.trade.rules.windows import (
    History,
    WindowRules,
    Windows,
    find_windows,
    history,
    history_of_exports,
)
from rahdari.trade.service.asking import Asking, Found, is_whole_trade
from rahdari.trade.service.decades import Totals, carried_decades, decades
from rahdari.trade.values import Amounts, Matrix

# The step that the plan takes: from 30 to 150 billion.
MULTIPLE = 5.0
DECADE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PathWish:
    """A target and what is supposed on the way.

    Attributes:
        target_usd: exports wanted in the target year; None takes ``multiple`` times the start.
        multiple: see there.
        years: from now to the target year.
        start_usd: exports now; None takes those in the data.
        is_to_market: exports to the scope's market alone, else to the world.
        ceiling_multiple: the logistic path slows towards so many times the target.
        baseline_growth: of exports without the projects, a year; None takes the exporter's own of the last decade.
        inflation: supposed a year, for the path in constant prices.
        projects: capacity that ramps up.
        start_usd_min: smaller economies are no part of the reference class; None takes a tenth of the start.
        totals: exports of whole countries over decades, against which the plan is held by size at the start.
        draws, seed: of the fan.
    """

    target_usd: float | None = None
    multiple: float = MULTIPLE
    years: int = 10
    start_usd: float | None = None
    is_to_market: bool = False
    ceiling_multiple: float = 2.0
    baseline_growth: float | None = None
    inflation: float = 0.02
    projects: tuple[Project, ...] = ()
    start_usd_min: float | None = None
    totals: Totals | None = None
    draws: int = 10_000
    seed: int = 1

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if not (0 < self.multiple <= 1_000 and 1 < self.ceiling_multiple <= 1_000 and 1 <= self.years <= 50):
            raise BadParameter(
                f"a target of {self.multiple} times within {self.years} years, a ceiling of "
                f"{self.ceiling_multiple} times the target: above 0 to 1,000, 1 to 50, above 1 to 1,000"
            )


USUAL = PathWish()


def ask_path(
    book: FlowBook,
    scope: Scope,
    wish: PathWish = USUAL,
    *,
    reference: Reference | None = None,
    sizes: Sizes = (),
) -> Answer:
    """Lay the path and put the odds beside it: the base rate of these data, and a published one.

    ``sizes`` are figures of decades by size at the start; they stand where the wish brings no totals of its own.

    Raises:
        NothingTraded: the exporter sells nothing in the scope's year.
        BadParameter: a target, a growth or a project that cannot be.
    """
    asking = Asking(book, scope)
    told = _history(asking, wish)
    goal = _goal(asking, told, wish)
    growth = growth_path(goal)
    ceiling = usual_ceiling(goal, multiple=wish.ceiling_multiple)
    paths = (growth, logistic_path(goal, ceiling_usd=ceiling))
    baseline = _baseline(asking, told, wish)
    gap = missing(growth, baseline_usd=grown(goal, growth=baseline), projects=wish.projects)
    asked = required(goal)
    plan = Found(
        table=growth.to_frame(),
        tables={
            "paths": pl.concat([*(one.to_frame() for one in paths), _real(growth, wish).to_frame()]),
            "gap": gap.to_frame(),
        },
        figures={
            "start_usd": goal.start_usd,
            "target_usd": goal.target_usd,
            "years": goal.years,
            "multiple": asked.multiple,
            "growth_share_per_year": asked.growth,
            "baseline_growth_share_per_year": baseline,
            "baseline_end_usd": float(gap.baseline_usd[-1]),
            "missing_usd": float(gap.missing_usd[-1]),
            **_own_decade(told, asking.scope.exporter, goal.years),
        },
        notes=(
            *([Note("already_met")] if goal.standing is Standing.ALREADY_MET else []),
            Note("inflation_supposed", {"inflation_share": wish.inflation}),
        ),
    )
    parts = (
        plan,
        _odds(told, goal, scope, wish),
        _published(reference, goal),
        _decades(asking, goal, wish, sizes),
    )
    return asking.answer("path", wish, _joined(parts))


def _joined(parts: Sequence[Found]) -> Found:
    return Found(
        table=parts[0].table,
        tables={name: table for one in parts for name, table in one.tables.items()},
        figures={name: value for one in parts for name, value in one.figures.items()},
        notes=tuple(note for one in parts for note in one.notes),
    )


def _history(asking: Asking, wish: PathWish) -> History:
    """Give exports of every country by year: to the world, or to the scope's market."""
    book, scope = asking.book, asking.scope
    if not wish.is_to_market:
        return history_of_exports(book)
    by_year = [book.bilateral([year]).of_column(scope.market) for year in book.years]
    columns = [f"{year:04d}" for year in book.years]
    names = [one.code for one in book.countries]
    return history(Matrix(names, columns, np.stack(by_year, axis=1), what="the history of exports"))


def _of(told: History, exporter: str) -> Amounts:
    own: Amounts = told.values_usd[told.countries.index(exporter)]
    return own


def _goal(asking: Asking, told: History, wish: PathWish) -> Goal:
    start = wish.start_usd
    if start is None:
        start = float(_of(told, asking.scope.exporter)[told.years.index(asking.year)])
    if start == 0:
        raise NothingTraded(
            f"{asking.scope.exporter} exports nothing in {asking.year}, so no path leads on from there; take "
            "another year, or say what it starts from",
            ground=Ground.NO_START,
            values={"exporter": asking.scope.exporter, "year": asking.year},
        )
    target = wish.multiple * start if wish.target_usd is None else wish.target_usd
    return Goal(asking.year, asking.year + wish.years, float(start), float(target))


def _baseline(asking: Asking, told: History, wish: PathWish) -> float:
    """Give the growth without projects: what is supposed, else the exporter's own over the last decade."""
    if wish.baseline_growth is not None:
        return wish.baseline_growth
    own = _of(told, asking.scope.exporter)
    end = told.years.index(asking.year)
    start = max(end - DECADE, 0)
    if start == end or own[start] <= 0 or own[end] <= 0:
        return 0.0
    return min(max(math.expm1(math.log(own[end] / own[start]) / (end - start)), -0.5), 0.5)


def _real(path: YearPath, wish: PathWish) -> YearPath:
    return real_path(path, constant_inflation(wish.inflation, base_year=path.years[0], years=path.years))


def _odds(told: History, goal: Goal, scope: Scope, wish: PathWish) -> Found:
    """Tell how often it was done among these data's own windows; nothing but a note where there are too few."""
    least = goal.start_usd / 10 if wish.start_usd_min is None else wish.start_usd_min
    empty = pl.DataFrame()
    try:
        windows = find_windows(told, WindowRules(years=goal.years, start_usd_min=least))
        where = place(windows, goal.multiple)
        generator = np.random.default_rng(wish.seed)
        drawn = fan(goal, windows, generator=generator, projects=wish.projects, draws=wish.draws)
    except Degenerate:
        return Found(table=empty, notes=(Note("no_windows", {"years": goal.years}),))
    return Found(
        table=empty,
        tables={"base_rate": base_rate(windows).to_frame(), "place": where.to_frame(), "fan": drawn.to_frame()},
        figures={
            "window_start_usd": least,
            **_place_figures(where),
            **_fan_figures(drawn),
            **_own_figures(windows, scope.exporter),
        },
        notes=(
            Note("windows_overlap", {"windows": where.count.windows, "disjoint": where.count.disjoint,
                                     "countries": where.count.countries}),
            *([Note("beyond_all", {"largest": where.largest_seen})] if where.is_beyond_all else []),
        ),
    )  # fmt: skip


def _decades(asking: Asking, goal: Goal, wish: PathWish, sizes: Sizes) -> Found:
    """Hold a plan of all exports against decades of whole countries.

    A path to one market alone, or of a part of all products, has no such class: then the classes stand there alone.
    """
    if goal.standing is Standing.ALREADY_MET:
        return Found(table=pl.DataFrame())
    is_whole = wish.start_usd is not None or is_whole_trade(asking.book)
    is_placed = is_whole and not wish.is_to_market
    if wish.totals is not None:
        return decades(wish.totals, goal, str(asking.scope.exporter), is_placed=is_placed)
    return carried_decades(sizes, goal, is_placed=is_placed) if sizes else Found(table=pl.DataFrame())


def _place_figures(where: Place) -> dict[str, Number]:
    return {
        "plan_percentile": where.percentile,
        "reached_share": where.reached.share,
        "reached_low_share": where.reached.low,
        "reached_high_share": where.reached.high,
        "windows": where.count.windows,
        "largest_multiple": where.largest_seen,
    }


def _fan_figures(drawn: Fan) -> dict[str, Number]:
    middle = drawn.values_usd[drawn.percents.index(50.0), -1]
    return {"median_end_usd": float(middle), "drawn_reaching_share": drawn.reaching.share}


def _own_decade(told: History, exporter: str, years: int) -> dict[str, Number]:
    """Give the exporter's own best window of so many years, however small it began; nothing where it has none."""
    own = _of(told, exporter)
    at = {year: float(own[place]) for place, year in enumerate(told.years)}
    pairs = [
        (year, at[year], at[year + years]) for year in at if at.get(year + years, 0.0) > 0 and at[year] > 0
    ]
    if not pairs:
        return {"own_any_multiple": None}
    first, start, end = max(pairs, key=lambda one: (one[2] / one[1], -one[0]))
    return {
        "own_any_multiple": end / start,
        "own_any_start_year": first,
        "own_any_start_usd": start,
        "own_any_end_usd": end,
    }


def _own_figures(windows: Windows, exporter: str) -> dict[str, Number]:
    try:
        best = own_best(windows, exporter)
    except Degenerate:
        return {"own_best_multiple": None}
    return {"own_best_multiple": best.ratio, "own_best_start_year": best.start_year}


def _published(reference: Reference | None, goal: Goal) -> Found:
    """Put the published base rate beside it: of manufactures, and of windows as long as its own alone."""
    empty = pl.DataFrame()
    if reference is None or goal.standing is Standing.ALREADY_MET:
        return Found(table=empty)
    if reference.years != goal.years:
        return Found(table=empty, notes=(Note("published_of_other_length", {"years": reference.years}),))
    found = reference.place(goal.multiple)
    return Found(
        table=empty,
        tables={"published": reference_to_frame(reference)},
        figures={
            "published_reached_share": found.reached,
            "published_percentile_low": found.percentile_low,
            "published_percentile_high": found.percentile_high,
        },
        notes=(Note("published", {"windows": reference.windows, "countries": reference.countries,
                                  "first_year": reference.first_year, "last_year": reference.last_year}),),
    )  # fmt: skip
