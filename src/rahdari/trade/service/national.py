"""The whole target, and its part in the market, beside what countries have done before."""

from dataclasses import dataclass

import polars as pl

from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.decades import OwnDecade, Sizes
from rahdari.trade.rules.paths import Goal, YearPath, growth_path, logistic_path, required, usual_ceiling
from rahdari.trade.rules.references import Reference, reference_to_frame
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.decades import carried_decades, carried_own

# Without a given ceiling, the logistic path slows towards so many times the target.
CEILING_MULTIPLE = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalWish:
    """From what, to what, by when: in all, and in the market. ``source`` names where today's figures come from.

    ``market_year`` is that of the market's figure, from which its path begins; both end ``years`` after ``year``.
    """

    year: int
    years: int
    exports_usd: float
    wanted_usd: float
    market_usd: float
    market_wanted_usd: float
    market_year: int
    ceiling_usd: float | None = None
    source: str = ""
    market_source: str = ""

    @property
    def goal(self) -> Goal:
        """Give the whole target."""
        return Goal(self.year, self.year + self.years, self.exports_usd, self.wanted_usd)

    @property
    def market_goal(self) -> Goal:
        """Give the market's part: from the year of its own figure to the target's last."""
        return Goal(self.market_year, self.year + self.years, self.market_usd, self.market_wanted_usd)


@dataclass(frozen=True, slots=True)
class Past:
    """What countries did before: a published base rate, decades by size at the start, each country's own best."""

    reference: Reference
    sizes: Sizes = ()
    own: tuple[OwnDecade, ...] = ()


def ask_national(book: FlowBook, scope: Scope, wish: NationalWish, past: Past) -> Answer:
    """Tell what both targets ask for, and where that lies among published decades of other countries.

    Figures with ``all_`` are of the whole target, with ``market_`` of the market's part. A target lies between two
    published percentiles; nothing closer is guessed. A horizon other than the reference's has no place in it.
    Figures with ``class_`` are of decades that began at the whole target's own size, ``own_decade_`` are
    the exporter's best.

    Raises:
        BadParameter: a year or an amount that cannot be, or a ceiling that is not above the target.
    """
    reference, sized = past.reference, carried_decades(past.sizes, wish.goal)
    goals = {"all": wish.goal, "market": wish.market_goal}
    figures: dict[str, Number] = {}
    for name, goal in goals.items():
        figures |= {f"{name}_{key}": value for key, value in _asked(goal, reference).items()}
    figures |= _pace(wish.market_goal, reference)
    figures |= {
        "reference_years": reference.years,
        "reference_windows": reference.windows,
        "reference_countries": reference.countries,
        "reference_first_year": reference.first_year,
        "reference_last_year": reference.last_year,
        "reference_reached_five_share": reference.reached.get(5.0),
        "reference_median_multiple": reference.percentiles.get(50.0),
    }
    figures |= {**sized.figures, **carried_own(past.own, str(scope.exporter))}
    found = Found(
        table=growth_path(wish.goal).to_frame(),
        tables={
            "paths": pl.concat([growth_path(wish.goal).to_frame(), _logistic(wish).to_frame()]),
            "market_path": growth_path(wish.market_goal).to_frame(),
            "decades": _decades(wish.goal, reference),
            "published": reference_to_frame(reference),
            **{f"{name}_by_size": table for name, table in sized.tables.items()},
        },
        figures=figures,
        notes=(*_notes(wish.goal, reference), *sized.notes),
    )
    return Asking(book, scope).answer("national", wish, found)


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


def _pace(goal: Goal, reference: Reference) -> dict[str, Number]:
    """Tell what the market's pace makes of as many years as the reference has, where the path is that long.

    The market's figure is often a year older than the plan, and its path a year longer than a published decade.
    """
    if reference.years > goal.years:
        return {}
    multiple = (1.0 + required(goal).growth) ** reference.years
    place = reference.place(multiple)
    return {
        "market_decade_multiple": multiple,
        "market_percentile_low": place.percentile_low,
        "market_percentile_high": place.percentile_high,
        "market_largest_multiple": place.largest[1] if place.largest else None,
        "market_largest_country": place.largest[0] if place.largest else None,
    }


def _logistic(wish: NationalWish) -> YearPath:
    given = wish.ceiling_usd
    ceiling = usual_ceiling(wish.goal, multiple=CEILING_MULTIPLE) if given is None else given
    return logistic_path(wish.goal, ceiling_usd=ceiling)


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
