"""Which of a donor's products are leaving it, who took them so far, and what the exporter may expect as a host."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, DataMissing, Ground
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.relocation import (
    Evidence,
    Relocation,
    RelocationConventions,
    RelocationStep,
    WageGap,
    preference,
    relocate,
    revealed_labour,
)
from rahdari.trade.service.asking import Asking, Found, find_country
from rahdari.trade.service.complexity import ComplexityWish, find_density
from rahdari.trade.service.given import FileUsed, Role, of_role
from rahdari.trade.service.rates import Rates, rates_notes, tariff_book
from rahdari.trade.values import Matrix

TAKERS_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RelocateWish:
    """What is known beside the exports.

    Attributes:
        donor: whose products may leave; empty for the market.
        history_years: how far back shares are looked at.
        labour: labour intensity by prefix of the product, any unit; the longest prefix counts.
        income_usd: GDP per head by country, for a stand-in of labour intensity where ``labour`` is not given;
            neither leaves that step unjudged.
        wages: of donor and host; None leaves that step unjudged.
        margin: by product, how much less the host is charged than the donor, percentage points.
        rates: a schedule from which the margin is reckoned where it is not given.
        conventions: the thresholds.
        complexity: how density is measured.
        files: where wages, labour intensity and incomes were read from.
    """

    donor: str = ""
    history_years: int = 20
    labour: Mapping[str, float] = field(default_factory=dict)
    income_usd: Mapping[str, float] = field(default_factory=dict)
    wages: WageGap | None = None
    margin: Mapping[str, float] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    conventions: RelocationConventions = field(default_factory=RelocationConventions)
    complexity: ComplexityWish = field(default_factory=ComplexityWish)
    files: tuple[FileUsed, ...] = ()


USUAL = RelocateWish()


def ask_relocate(book: FlowBook, scope: Scope, wish: RelocateWish = USUAL) -> Answer:
    """Screen every product for what leaves the donor and may come to the exporter.

    Raises:
        BadParameter: donor and exporter are the same, or the book holds too few years.
        UnknownCountry: there is no such donor.
        NothingTraded: the exporter sells nothing in the last years.
        DataMissing: labour intensity, or incomes, are given of no product or country of the book.
    """
    asking = Asking(book, scope)
    donor = find_country(book, wish.donor) if wish.donor else scope.market
    panel = asking.panel(lambda years: book.exports(years, scope.level), wish.history_years)
    needed = 2 * wish.conventions.window_years
    if len(panel.years) < needed:
        raise BadParameter(
            f"relocation needs {needed} years or more up to {asking.year}, the book has {len(panel.years)}",
            ground=Ground.SHORT_HISTORY,
            values={"needed": needed, "held": len(panel.years)},
        )
    density = find_density(asking, wish.complexity)
    evidence = Evidence(
        labour=_labour(panel.yearly[-1], wish),
        wages=wish.wages,
        density=density,
        margin=wish.margin or _margin(asking, donor, wish.rates),
    )
    found = relocate(panel, donor=donor, host=scope.exporter, evidence=evidence, conventions=wish.conventions)
    told = Found(
        table=found.to_frame(names=asking.product_names()),
        tables={"findings": _findings(found), "takers": _takers(found)},
        figures=_figures(found, donor),
        notes=_notes(found, wish, evidence),
    )
    return asking.answer("relocate", wish, told)


def by_longest_prefix(known: Mapping[str, float], products: Sequence[str]) -> dict[str, float]:
    """Give each product the value of the longest prefix that it begins with; the others are left out."""
    lengths = sorted({len(prefix) for prefix in known}, reverse=True)
    found = {}
    for code in products:
        prefix = next((code[:count] for count in lengths if code[:count] in known), None)
        if prefix is not None:
            found[code] = known[prefix]
    return found


def _labour(exports: Matrix, wish: RelocateWish) -> dict[str, float]:
    if wish.labour:
        found = by_longest_prefix(wish.labour, exports.columns)
        if not found:
            raise DataMissing(
                f"labour intensity is given for {len(wish.labour)} prefixes, and no product of these data begins "
                f"with one of them ({min(wish.labour)}, ...); are its codes finer, or of another classification?"
            )
        return found
    if not wish.income_usd:
        return {}
    if not set(wish.income_usd) & set(exports.rows):
        raise DataMissing(
            f"incomes are given for {len(wish.income_usd)} countries, and these data hold none of them"
        )
    return revealed_labour(exports, wish.income_usd)


def _margin(asking: Asking, donor: str, rates: Rates) -> dict[str, float]:
    """Reckon how much less the host pays than the donor in the largest markets whose rates are known."""
    if not rates.duties:
        return {}
    host, imports = asking.scope.exporter, asking.book.imports(asking.scope.years, asking.scope.level)
    book = tariff_book(rates, imports.rows, imports.columns)
    others = np.array([code not in {donor, host} for code in imports.rows], dtype=np.bool_)
    # Neither pays a tariff at home, and where no rate is known none can be compared.
    weights = np.where(book.is_known & others[:, None], imports.values, 0.0)
    paid = [
        Matrix(imports.rows, imports.columns, book.of_exporter(code) * 100, what="tariffs")
        for code in (donor, host)
    ]
    return preference(
        Matrix(imports.rows, imports.columns, weights), donor_tariff=paid[0], host_tariff=paid[1]
    )


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


def _notes(found: Relocation, wish: RelocateWish, evidence: Evidence) -> tuple[Note, ...]:
    absent = (
        ("no_labour", not evidence.labour),
        ("no_wages", evidence.wages is None),
        ("no_margin", not evidence.margin),
        ("no_density", not evidence.density),
        ("nothing_eligible", not bool(found.is_eligible.any())),
    )
    basis = Note(f"chance_{found.odds.basis.value}")
    return (
        basis,
        *rates_notes(wish.rates),
        *_given(found, wish, evidence),
        *(Note(code) for code, is_so in absent if is_so),
    )


def _given(found: Relocation, wish: RelocateWish, evidence: Evidence) -> list[Note]:
    """Say what was taken from which file, and what it does not tell."""
    notes = []
    wages, labour = (of_role(wish.files, role) for role in (Role.WAGES, Role.LABOUR))
    if wages is not None and evidence.wages is not None:
        when = str(wages.years[-1]) if wages.years else "-"
        notes.append(
            Note("wages_from", {"name": wages.name, "when": when, "ratio": evidence.wages.advantage})
        )
    if wish.labour:
        known = sum(code in evidence.labour for code in found.products)
        name = labour.name if labour is not None else "-"
        values: dict[str, Number] = {"name": name, "known": known, "products": len(found.products)}
        notes.append(Note("labour_from", values))
    elif evidence.labour:
        notes.append(Note("labour_stands_in"))
    return notes
