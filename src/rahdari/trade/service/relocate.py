"""Which of a donor's products are leaving it, who took them so far, and what the exporter may expect as a host."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.relocation import (
    Evidence,
    Relocation,
    RelocationConventions,
    RelocationStep,
    WageGap,
    relocate,
    revealed_labour,
)
from rahdari.trade.service.asking import Asking, Found, find_country
from rahdari.trade.service.complexity import ComplexityWish, find_density

TAKERS_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RelocateWish:
    """What is known beside the exports.

    Attributes:
        donor: whose products may leave; empty for the market.
        history_years: how far back shares are looked at.
        income_usd: GDP per head by country, for a stand-in of labour intensity; none leaves that step unjudged.
        wages: of donor and host; None leaves that step unjudged.
        margin: by product, how much less the host is charged than the donor, percentage points.
        conventions: the thresholds.
        complexity: how density is measured.
    """

    donor: str = ""
    history_years: int = 20
    income_usd: Mapping[str, float] = field(default_factory=dict)
    wages: WageGap | None = None
    margin: Mapping[str, float] = field(default_factory=dict)
    conventions: RelocationConventions = field(default_factory=RelocationConventions)
    complexity: ComplexityWish = field(default_factory=ComplexityWish)


USUAL = RelocateWish()


def ask_relocate(book: FlowBook, scope: Scope, wish: RelocateWish = USUAL) -> Answer:
    """Screen every product for what leaves the donor and may come to the exporter.

    Raises:
        BadParameter: donor and exporter are the same, or the book holds too few years.
        UnknownCountry: there is no such donor.
        NothingTraded: the exporter sells nothing in the last years.
    """
    asking = Asking(book, scope)
    donor = find_country(book, wish.donor) if wish.donor else scope.market
    panel = asking.panel(lambda years: book.exports(years, scope.level), wish.history_years)
    needed = 2 * wish.conventions.window_years
    if len(panel.years) < needed:
        raise BadParameter(
            f"relocation needs {needed} years or more up to {asking.year}, the book has {len(panel.years)}"
        )
    density = find_density(asking, wish.complexity)
    labour = revealed_labour(panel.yearly[-1], wish.income_usd) if wish.income_usd else {}
    evidence = Evidence(labour=labour, wages=wish.wages, density=density, margin=wish.margin)
    found = relocate(panel, donor=donor, host=scope.exporter, evidence=evidence, conventions=wish.conventions)
    told = Found(
        table=found.to_frame(names=asking.product_names()),
        tables={"findings": _findings(found), "takers": _takers(found)},
        figures=_figures(found, donor),
        notes=_notes(found, wish, has_density=bool(density)),
    )
    return asking.answer("relocate", wish, told)


def _findings(found: Relocation) -> pl.DataFrame:
    rows = [
        (product, step.value, one.outcome.value, one.code.value, name, value)
        for product, findings in zip(found.products, found.findings, strict=True)
        for step, one in zip(RelocationStep, findings, strict=True)
        for name, value in (one.numbers or (("", None),))
    ]
    schema = {
        "product": pl.String, "step": pl.String, "outcome": pl.String, "why": pl.String, "number": pl.String,
        "value": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def _takers(found: Relocation) -> pl.DataFrame:
    rows = [
        (product, place, country, gain)
        for product in found.products
        for place, (country, gain) in enumerate(found.takers(product, count=TAKERS_NAMED), 1)
    ]
    schema = {"product": pl.String, "place": pl.Int64, "country": pl.String, "gained_share": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _figures(found: Relocation, donor: str) -> dict[str, Number]:
    return {
        "donor": donor,
        "products": len(found.products),
        "eligible": int(found.is_eligible.sum()),
        "vacated_usd": float(found.vacated_usd.sum()),
        "expected_usd": float(found.score_usd.sum()),
        "chance_basis": found.odds.basis.value,
    }


def _notes(found: Relocation, wish: RelocateWish, *, has_density: bool) -> tuple[Note, ...]:
    absent = (
        ("no_labour", not wish.income_usd),
        ("no_wages", wish.wages is None),
        ("no_margin", not wish.margin),
        ("no_density", not has_density),
        ("nothing_eligible", not bool(found.is_eligible.any())),
    )
    basis = Note(f"chance_{found.odds.basis.value}")
    return (basis, *(Note(code) for code, is_so in absent if is_so))
