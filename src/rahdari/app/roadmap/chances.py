"""The chapters of paths, odds and the back-test."""

from typing import Final

import polars as pl

from rahdari.app.charts import Chart, Line, Mark, path_fan
from rahdari.app.roadmap.cells import (
    amount,
    captioned,
    figure,
    grid,
    number,
    pictured,
    share,
    whole,
    year,
)
from rahdari.app.roadmap.headline import is_met
from rahdari.app.roadmap.report import Block, Paragraph
from rahdari.app.roadmap.run import Findings, horizon
from rahdari.app.roadmap.tongue import Tongue
from rahdari.trade.rules.answers import Answer

_PATHS: Final = ("growth", "logistic")
_SCORERS: Final = ("density", "untapped")
_DECADES: Final = ((95.0, "paths.decade_95"), (50.0, "paths.decade_50"))


def national(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the whole target: both paths, the published decades beside them."""
    tongue, goal, target = found.tongue, found.plan.goal, found.plan.asks.target
    lines = _lines(tongue, answer.tables["paths"])
    decades = answer.tables["decades"]
    for percentile, key in _DECADES:
        own = decades.filter(pl.col("percentile") == percentile)
        if len(own):
            lines.append(Line(tongue.say(key), own["year"].to_list(), own["value_usd"].to_list()))
    mark = Mark(tongue.say("paths.target"), goal.target_year, goal.target_usd)
    return (
        Paragraph(tongue.joined((_asked(found, answer), _market_asked(found, answer)))),
        pictured(
            found,
            lambda: path_fan(lines, marks=(mark,), labels=tongue.labels),
            tongue.say("national.picture", source=target.source),
        ),
        grid(
            tongue,
            _beside(answer.tables["paths"]),
            tongue.say("national.table"),
            (
                ("year", "year", year),
                ("growth", "path_growth", amount),
                ("logistic", "path_logistic", amount),
            ),
            rows=12,
        ),
        grid(
            tongue,
            _published(tongue, answer.tables["published"]),
            tongue.say("national.published"),
            (("figure", "figure", whole), ("value", "value", whole)),
            rows=14,
        ),
    )


def _asked(found: Findings, answer: Answer) -> str:
    tongue, goal = found.tongue, found.plan.goal
    start, end = tongue.usd(goal.start_usd), tongue.usd(goal.target_usd)
    if is_met(goal):
        return tongue.say("national.met", start=start, end=end, first=str(goal.start_year))
    growth = tongue.percent(figure(answer, "all_growth_share_per_year") or 0)
    asked = {"years": str(goal.years), "multiple": tongue.times(goal.multiple), "growth": growth}
    return tongue.say("national.told", start=start, end=end, **asked)


def _market_asked(found: Findings, answer: Answer) -> str:
    tongue, goal = found.tongue, found.plan.market_goal
    told = {
        "start": tongue.usd(goal.start_usd),
        "first": str(goal.start_year),
        "end": tongue.usd(goal.target_usd),
    }
    if is_met(goal):
        return tongue.say("national.market_met", **told)
    growth = tongue.percent(figure(answer, "market_growth_share_per_year") or 0)
    multiple = tongue.times(goal.multiple)
    return tongue.say("national.market", last=str(goal.target_year), multiple=multiple, growth=growth, **told)


def _published(tongue: Tongue, table: pl.DataFrame) -> pl.DataFrame:
    """Word each published figure: what it is, of which percentile, multiple or country, and how much."""
    rows = []
    for kind, key, value in table.select("figure", "key", "value").iter_rows():
        of = tongue.country(key, key) if kind == "largest_ratio" else key
        told = tongue.percent(value) if kind == "share_reaching" else tongue.times(value)
        rows.append((tongue.say(f"national.{kind}", of=of), told))
    return pl.DataFrame(rows, schema={"figure": pl.String, "value": pl.String}, orient="row")


def path(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the path of these products in the market, with its fan where the data hold windows."""
    tongue, target = found.tongue, figure(answer, "target_usd") or 0.0
    end = found.scope.years[-1] + horizon(found.plan, found.scope)

    def draw() -> Chart:
        return path_fan(
            _lines(tongue, answer.tables["paths"].filter(pl.col("prices") == "nominal")),
            fan=answer.tables.get("fan"),
            marks=(Mark(tongue.say("paths.part"), end, target),),
            band=tongue.say("paths.band"),
            labels=tongue.labels,
        )

    return (
        Paragraph(_path_told(found, answer, end)),
        pictured(found, draw, captioned(found, "path.picture")),
        grid(
            tongue,
            answer.tables["gap"],
            tongue.say("path.table"),
            (
                ("year", "year", year),
                ("needed_usd", "path", amount),
                ("baseline_usd", "baseline", amount),
                ("projects_usd", "projects", amount),
                ("missing_usd", "missing", amount),
            ),
            rows=12,
        ),
    )


def _path_told(found: Findings, answer: Answer, end: int) -> str:
    tongue = found.tongue
    if (figure(answer, "multiple") or 0) <= 1:
        met = {name: tongue.usd(figure(answer, f"{name}_usd") or 0.0) for name in ("target", "start")}
        return tongue.say("path.met", **met)
    told = tongue.say(
        "path.told",
        target=tongue.usd(figure(answer, "target_usd") or 0.0),
        start=amount(tongue, figure(answer, "start_usd")),
        multiple=tongue.times(figure(answer, "multiple") or 0),
        baseline=share(tongue, figure(answer, "baseline_growth_share_per_year")),
        missing=amount(tongue, figure(answer, "missing_usd")),
        year=str(end),
    )
    if figure(answer, "reached_share") is None:
        return told
    windows = tongue.say(
        "path.windows",
        reached=share(tongue, figure(answer, "reached_share")),
        percentile=number(tongue, figure(answer, "plan_percentile")),
        median=amount(tongue, figure(answer, "median_end_usd")),
    )
    return tongue.joined((told, windows))


def past(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the back-test: each score beside the rules that need no method, then the screen of relocation."""
    tongue = found.tongue
    leads = answer.table.filter((pl.col("figure") == "lead") & pl.col("scorer").is_in(_SCORERS))
    shown = leads.with_columns((pl.col("origin") + pl.col("horizon_years")).alias("later"))
    counted = {
        f"{scorer}_{what}": tongue.count(figure(answer, f"{scorer}_{what}") or 0)
        for scorer in _SCORERS
        for what in ("led", "questions", "trailed")
    }
    return (
        Paragraph(tongue.say("past.told", **counted)),
        grid(
            tongue,
            shown.sort("scorer", "asked", "origin"),
            tongue.say("past.table"),
            (
                ("scorer", "score", _past),
                ("asked", "asked", _past),
                ("origin", "from", year),
                ("later", "to", year),
                ("value", "lead", number),
                ("low", "low", number),
                ("high", "high", number),
            ),
            rows=24,
        ),
        *_relocation(tongue, answer),
    )


def _relocation(tongue: Tongue, answer: Answer) -> tuple[Block, ...]:
    moved = answer.tables["relocation"]
    if moved.is_empty():
        whys = answer.tables["relocation_open"]["why"].to_list()
        return (Paragraph(tongue.say("past.relocation_none", why=whys[0] if whys else "")),)
    counted = {
        name: tongue.count(figure(answer, name) or 0)
        for name in ("who_led", "who_questions", "who_unlearned", "what_led", "what_questions")
    }
    # Where nothing could be learned the screen is the simple rule itself, and stands once.
    learned = pl.col("forecast") != "present_shares"
    is_double = (pl.col("forecast") == "naive_present_shares") & ~learned.all().over(
        "origin", "horizon_years"
    )
    shown = moved.filter(~is_double).with_columns((pl.col("origin") + pl.col("horizon_years")).alias("later"))
    return (
        Paragraph(tongue.say("past.relocation", **counted)),
        grid(
            tongue,
            shown.sort(pl.col("question") != "who_takes_over", "origin", maintain_order=True),
            tongue.say("past.relocation_table"),
            (
                ("question", "asked", _past),
                ("forecast", "forecast", _past),
                ("origin", "from", year),
                ("later", "to", year),
                ("cases", "cases", number),
                ("rank_correlation", "correlation", number),
                ("hit_at_3_share", "hit", share),
            ),
            rows=16,
        ),
    )


def _past(tongue: Tongue, value: object) -> str:
    return tongue.say(f"past.{value}")


def _lines(tongue: Tongue, paths: pl.DataFrame) -> list[Line]:
    lines = []
    for kind in _PATHS:
        own = paths.filter(pl.col("path") == kind)
        lines.append(Line(tongue.say(f"paths.{kind}"), own["year"].to_list(), own["value_usd"].to_list()))
    return lines


def _beside(paths: pl.DataFrame) -> pl.DataFrame:
    return paths.pivot("path", index="year", values="value_usd").sort("year")
