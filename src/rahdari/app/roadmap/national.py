"""The whole target, and its part in the market, beside what countries have done before."""

import polars as pl

from rahdari.app.roadmap.plan import Plan
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.paths import Goal, YearPath, growth_path, logistic_path, required
from rahdari.trade.rules.references import Reference, reference_to_frame
from rahdari.trade.service.asking import Asking, Found

# Without a ceiling in the plan, the logistic path slows towards so many times the target.
CEILING_MULTIPLE = 1.5


def ask_national(book: FlowBook, scope: Scope, plan: Plan, reference: Reference) -> Answer:
    """Tell what both targets ask for, and where that lies among published decades of other countries.

    Figures with ``all_`` are of the whole target, with ``market_`` of the market's part. A target lies between two
    published percentiles; nothing closer is guessed. A horizon other than the reference's has no place in it.

    Raises:
        BadParameter: the plan's ceiling is not above its target.
    """
    goals = {"all": plan.goal, "market": plan.market_goal}
    figures: dict[str, Number] = {}
    for name, goal in goals.items():
        figures |= {f"{name}_{key}": value for key, value in _asked(goal, reference).items()}
    figures |= {
        "reference_windows": reference.windows,
        "reference_countries": reference.countries,
        "reference_first_year": reference.first_year,
        "reference_last_year": reference.last_year,
        "reference_reached_five_share": reference.reached.get(5.0),
        "reference_median_multiple": reference.percentiles.get(50.0),
    }
    found = Found(
        table=growth_path(plan.goal).to_frame(),
        tables={
            "paths": pl.concat([growth_path(plan.goal).to_frame(), _logistic(plan).to_frame()]),
            "market_path": growth_path(plan.market_goal).to_frame(),
            "decades": _decades(plan.goal, reference),
            "published": reference_to_frame(reference),
        },
        figures=figures,
        notes=_notes(plan.goal, reference),
    )
    return Asking(book, scope).answer("national", plan.asks.target, found)


def _asked(goal: Goal, reference: Reference) -> dict[str, Number]:
    asked = required(goal)
    told: dict[str, Number] = {
        "start_usd": goal.start_usd,
        "target_usd": goal.target_usd,
        "start_year": goal.start_year,
        "target_year": goal.target_year,
        "multiple": asked.multiple,
        "growth_share_per_year": asked.growth,
    }
    if reference.years != goal.years:
        return told
    place = reference.place(goal.multiple)
    return told | {
        "percentile_low": place.percentile_low,
        "percentile_high": place.percentile_high,
        "reached_share": place.reached,
        "largest_multiple": place.largest[1] if place.largest else None,
        "largest_country": place.largest[0] if place.largest else None,
    }


def _logistic(plan: Plan) -> YearPath:
    ceiling = plan.asks.target.ceiling_usd
    return logistic_path(
        plan.goal, ceiling_usd=CEILING_MULTIPLE * plan.goal.target_usd if ceiling is None else ceiling
    )


def _decades(goal: Goal, reference: Reference) -> pl.DataFrame:
    """Give where each published percentile leads; steady growth between, for only the ends are published."""
    schema = {"percentile": pl.Float64, "year": pl.Int64, "value_usd": pl.Float64}
    if reference.years != goal.years:
        return pl.DataFrame(schema=schema)
    rows = [
        (percent, year, goal.start_usd * ratio ** (place / goal.years))
        for percent, ratio in sorted(reference.percentiles.items())
        for place, year in enumerate(goal.calendar)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _notes(goal: Goal, reference: Reference) -> tuple[Note, ...]:
    if reference.years != goal.years:
        return (Note("published_of_other_length", {"years": reference.years}),)
    return (Note("published_nominal_manufactures"),)
