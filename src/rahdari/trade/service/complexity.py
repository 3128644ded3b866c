"""How complex an exporter's products are, what lies near to them, and what each further one would open."""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from rahdari.trade.errors import Degenerate, Ground
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.complexity import RAHDARI, Complexity, Conventions, Reason, Split, measure
from rahdari.trade.service.asking import Asking, Found

THIN = replace(RAHDARI, split=Split.LARGEST)
# With fewer products "complexity" orders variants of one thing, and says little of what a country can make.
PRODUCTS_FEW = 200
# The links that a picture of the product space shows: of each product the strongest.
LINKS_EACH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplexityWish:
    """Under which conventions, and over how many years exports are averaged, so that no single sale decides.

    Where countries fall into groups that share no product, the largest group stays, with a note: thin data fall
    apart often, and an answer of most countries is better than none.
    """

    window_years: int = 3
    conventions: Conventions = field(default=THIN)


USUAL = ComplexityWish()


def ask_complexity(book: FlowBook, scope: Scope, wish: ComplexityWish = USUAL) -> Answer:
    """Measure complexity of all countries and products, and show the exporter's own.

    Raises:
        Degenerate: the figures are not defined, or the exporter is not among those they are defined for.
        NothingTraded: nobody exports anything.
    """
    asking = Asking(book, scope).over(wish.window_years)
    found = measured(book, asking.scope, wish)
    require_measured(found, scope.exporter)
    cells = found.cells_to_frame(asking.names(), country=scope.exporter)
    told = Found(
        table=cells.sort("is_present", "density_share", "product", descending=[False, True, False]),
        tables={
            "countries": found.to_frame(asking.names()),
            "products": found.products_to_frame(asking.names()),
            "dropped": _dropped(found),
            "links": _links(found),
        },
        figures=_figures(found, scope.exporter),
        notes=_notes(found),
    )
    return asking.answer("complexity", wish, told)


def measured(book: FlowBook, scope: Scope, wish: ComplexityWish = USUAL) -> Complexity:
    """Measure complexity over the scope's years, for other questions as well. Raises as ``measure``."""
    return measure(book.exports(scope.years, scope.level), conventions=wish.conventions)


def require_measured(found: Complexity, exporter: str) -> None:
    """Refuse an exporter that left the table. Raises ``Degenerate`` with the reason."""
    for one in found.diagnostics.dropped_countries:
        if one.code == exporter:
            raise Degenerate(
                f"{exporter} is not among the {len(found.countries)} countries that complexity is defined for "
                f"({one.reason}): take coarser products, other years, or data of all products",
                ground=Ground.NOT_MEASURED,
                values={"exporter": exporter, "countries": len(found.countries), "reason": one.reason},
            )


def density_of(found: Complexity, exporter: str) -> dict[str, float]:
    """Give how near each product is to what the exporter has, as a share; empty where it left the table."""
    if exporter not in found.countries:
        return {}
    row = found.space.density[found.countries.index(exporter)]
    return dict(zip(found.products, row.tolist(), strict=True))


def pci_of(found: Complexity) -> dict[str, float]:
    """Give the complexity of each product."""
    return dict(zip(found.products, found.pci.tolist(), strict=True))


def find_density(asking: Asking, wish: ComplexityWish) -> dict[str, float]:
    """Measure the exporter's density where it is defined; empty where it is not, so that its test stays open."""
    try:
        return density_of(
            measured(asking.book, asking.over(wish.window_years).scope, wish), asking.scope.exporter
        )
    except Degenerate:
        return {}


def find_pci(asking: Asking, wish: ComplexityWish) -> dict[str, float]:
    """Measure the complexity of products where it is defined; empty where it is not."""
    try:
        return pci_of(measured(asking.book, asking.over(wish.window_years).scope, wish))
    except Degenerate:
        return {}


def _figures(found: Complexity, exporter: str) -> dict[str, Number]:
    at = found.countries.index(exporter)
    told = found.diagnostics
    return {
        "eci": float(found.eci[at]),
        "eci_rank": int((found.eci > found.eci[at]).sum()) + 1,
        "countries": len(found.countries),
        "products": len(found.products),
        "diversity": int(found.presence.diversity[at]),
        "coi": float(found.coi[at]),
        "second_eigenvalue": told.second_eigenvalue,
        "eigenvalue_gap": told.gap,
        "eci_diversity_correlation": told.correlation,
    }


def _notes(found: Complexity) -> tuple[Note, ...]:
    told = found.diagnostics
    apart = sum(one.reason is Reason.ANOTHER_GROUP for one in told.dropped_countries)
    notes = [Note(one.value, _numbers(found)) for one in told.cautions]
    if apart:
        notes.append(Note("split", {"countries": apart}))
    if len(found.products) < PRODUCTS_FEW:
        notes.append(Note("few_products", {"products": len(found.products)}))
    return tuple(notes)


def _numbers(found: Complexity) -> dict[str, Number]:
    told = found.diagnostics
    return {
        "gap": told.gap,
        "correlation": told.correlation,
        "countries": len(told.dropped_countries),
        "products": len(told.dropped_products),
    }


def _dropped(found: Complexity) -> pl.DataFrame:
    told = found.diagnostics
    rows = [("country", one.code, one.reason.value) for one in told.dropped_countries]
    rows += [("product", one.code, one.reason.value) for one in told.dropped_products]
    schema = {"side": pl.String, "code": pl.String, "reason": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _links(found: Complexity) -> pl.DataFrame:
    """Give each product's strongest proximities, every pair once."""
    near = found.proximity().copy()
    np.fill_diagonal(near, 0.0)
    strongest = np.argsort(-near, axis=1, kind="stable")[:, :LINKS_EACH]
    pairs = {
        (min(row, int(at)), max(row, int(at)))
        for row, ats in enumerate(strongest)
        for at in ats
        if near[row, at] > 0
    }
    ordered = sorted(pairs)
    return pl.DataFrame(
        {
            "product": [found.products[one] for one, _ in ordered],
            "other_product": [found.products[other] for _, other in ordered],
            "proximity_share": [float(near[one, other]) for one, other in ordered],
        },
        schema={"product": pl.String, "other_product": pl.String, "proximity_share": pl.Float64},
    )
