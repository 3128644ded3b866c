"""The chapters of paths, odds and the back-test."""

from typing import Final

import polars as pl

from rahdari.app.charts import Line, Mark, path_fan
from rahdari.app.roadmap.cells import amount, figure, grid, number, share, words, year
from rahdari.app.roadmap.numbers import count, percent, times, usd
from rahdari.app.roadmap.report import Block, Paragraph, Picture
from rahdari.app.roadmap.run import Findings
from rahdari.trade.rules.answers import Answer

_PATHS: Final = {"growth": "the same growth every year", "logistic": "logistic: fast first, then slower"}
_ASKED: Final = {"gain_usd": "who gained most dollars", "growth": "who grew most", "entered": "who entered"}
_SCORERS: Final = {
    "density": "nearness (density), all countries",
    "untapped": "untapped potential, this exporter",
}


def national(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the whole target: both paths, the published decades beside them."""
    goal, target = found.plan.goal, found.plan.asks.target
    lines = [_line(answer.tables["paths"], kind, name) for kind, name in _PATHS.items()]
    decades = answer.tables["decades"]
    for percentile, name in ((95.0, "95 of 100 decades stayed below this"), (50.0, "the middle decade")):
        own = decades.filter(pl.col("percentile") == percentile)
        if len(own):
            lines.append(Line(name, own["year"].to_list(), own["value_usd"].to_list()))
    picture = path_fan(lines, marks=(Mark("target", goal.target_year, goal.target_usd),))
    return (
        Paragraph(
            f"From {usd(goal.start_usd)} to {usd(goal.target_usd)} in {goal.years} years is "
            f"{times(goal.multiple)}: "
            f"{percent(figure(answer, 'all_growth_share_per_year') or 0)} every year. The market's part, from "
            f"{usd(target.market_usd)} to {usd(target.market_wanted_usd)}, is "
            f"{times(target.market_wanted_usd / target.market_usd)}: "
            f"{percent(figure(answer, 'market_growth_share_per_year') or 0)} every year."
        ),
        Picture(
            picture,
            "Paths to the target beside published decades of manufactured exports (ends published; "
            "drawn between them as "
            f"steady growth). Start: {target.source}.",
        ),
        grid(
            _beside(answer.tables["paths"]),
            "Year by year.",
            (
                ("year", "year", year),
                ("growth", _PATHS["growth"], amount),
                ("logistic", _PATHS["logistic"], amount),
            ),
            rows=12,
        ),
        grid(
            answer.tables["published"].with_columns(pl.col("figure").replace(_FIGURES)),
            "The published base rate.",
            (("figure", "figure", words), ("key", "of", words), ("value", "value", number)),
            rows=14,
        ),
    )


_FIGURES: Final = {
    "percentile_ratio": "multiple at this percentile",
    "share_reaching": "share that reached this multiple",
    "largest_ratio": "largest multiple of this country",
}


def path(found: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the path of these products in the market, with its fan where the data hold windows."""
    target = figure(answer, "target_usd") or 0.0
    lines = [
        _line(answer.tables["paths"].filter(pl.col("prices") == "nominal"), kind, name)
        for kind, name in _PATHS.items()
    ]
    end = found.scope.years[-1] + found.plan.asks.target.years
    fan = answer.tables.get("fan")
    band = "bands: middle 50, 80 and 90 of 100 drawn futures; thin line: the middle one"
    picture = path_fan(lines, fan=fan, marks=(Mark("part of the target", end, target),), band=band)
    told = (
        f" Of comparable windows {share(figure(answer, 'reached_share'))} did as much; the plan "
        f"stands at percentile "
        f"{number(figure(answer, 'plan_percentile'))}. The middle future ends at "
        f"{amount(figure(answer, 'median_end_usd'))}."
        if figure(answer, "reached_share") is not None
        else ""
    )
    return (
        Paragraph(
            f"These products' part of the market's target is {usd(target)}, from "
            f"{amount(figure(answer, 'start_usd'))} now: "
            f"{times(figure(answer, 'multiple') or 0)}. Growing as in the last decade "
            f"({share(figure(answer, 'baseline_growth_share_per_year'))} a year) with the plan's projects leaves "
            f"{amount(figure(answer, 'missing_usd'))} missing in {end}.{told}"
        ),
        Picture(
            picture,
            "Paths of these products to the market over futures drawn from what other sellers did there. "
            f"Bands: the middle 50, 80 and 90 of 100. Source: {found.book.source.name} "
            f"{found.book.source.release}.",
        ),
        grid(
            answer.tables["gap"],
            "What is missing, year by year.",
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


def past(_: Findings, answer: Answer) -> tuple[Block, ...]:
    """Write the back-test: each score's lead over the better of the two that need no method."""
    leads = answer.table.filter((pl.col("figure") == "lead") & pl.col("scorer").is_in(list(_SCORERS)))
    shown = leads.with_columns(
        pl.col("scorer").replace(_SCORERS),
        pl.col("asked").replace(_ASKED),
        (pl.col("origin") + pl.col("horizon_years")).alias("later"),
    ).sort("scorer", "asked", "origin")
    return (
        Paragraph(
            f"Density led the better of two scores that need no method (what is large, what grew) for certain in "
            f"{count(figure(answer, 'density_led') or 0)} of "
            f"{count(figure(answer, 'density_questions') or 0)} questions and "
            f"trailed in {count(figure(answer, 'density_trailed') or 0)}; untapped potential led in "
            f"{count(figure(answer, 'untapped_led') or 0)} of "
            f"{count(figure(answer, 'untapped_questions') or 0)} and trailed in "
            f"{count(figure(answer, 'untapped_trailed') or 0)}. Where a score does not lead, its rank "
            f"is no forecast."
        ),
        grid(
            shown,
            "Lead over the better simple score, with 95 % interval (Spearman; AUC for who entered).",
            (
                ("scorer", "score", words),
                ("asked", "asked", words),
                ("origin", "from", year),
                ("later", "to", year),
                ("value", "lead", number),
                ("low", "low", number),
                ("high", "high", number),
            ),
            rows=24,
        ),
    )


def _line(paths: pl.DataFrame, kind: str, name: str) -> Line:
    own = paths.filter(pl.col("path") == kind)
    return Line(name, own["year"].to_list(), own["value_usd"].to_list())


def _beside(paths: pl.DataFrame) -> pl.DataFrame:
    return paths.pivot("path", index="year", values="value_usd").sort("year")
