"""Which products an exporter does not yet sell competitively it could turn to, for this market."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Scope
from rahdari.trade.rules.complexity import Complexity
from rahdari.trade.rules.potential.diversification import Closeness, Diversification, Filters, diversify
from rahdari.trade.rules.relocation import advantage
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.complexity import ComplexityWish, density_of, measured, pci_of, require_measured
from rahdari.trade.service.given import given_notes
from rahdari.trade.service.potential import CELLS_MAX, PotentialWish, laid
from rahdari.trade.service.rates import rates_notes
from rahdari.trade.values import Matrix

GROWTH_YEARS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DiversifyWish:
    """How nearness is measured, how demand, and what is out.

    ``growth_years``: world demand is held against that of so many years before; a product that is not traded at
    both ends is not barred for it. ``excluded``: prefixes that the exporter cannot, or will not, make.
    """

    complexity: ComplexityWish = field(default_factory=ComplexityWish)
    potential: PotentialWish = field(default_factory=PotentialWish)
    growth_years: int = 10
    demand_growth_min: float | None = 0.0
    complexity_above_average: bool = False
    excluded: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if not 1 <= self.growth_years <= GROWTH_YEARS_MAX:
            raise BadParameter(f"demand over {self.growth_years} years; 1 to {GROWTH_YEARS_MAX}")


USUAL = DiversifyWish()


def ask_diversify(book: FlowBook, scope: Scope, wish: DiversifyWish = USUAL) -> Answer:
    """Rank what the exporter could turn to, by its nearness, the market's demand and the ease of trade.

    Raises:
        Degenerate: complexity is not defined for these data or this exporter, or nothing is left to rank.
        NothingTraded: the exporter sells nothing.
    """
    asking = Asking(book, scope)
    wide = asking.over(wish.complexity.window_years)
    found = measured(book, wide.scope, wish.complexity)
    require_measured(found, scope.exporter)
    exports = book.exports(wide.scope.years, scope.level)
    filters = Filters(
        demand_growth=demand_growth(asking, wish.growth_years),
        demand_growth_min=wish.demand_growth_min,
        complexity_above_average=wish.complexity_above_average,
        excluded=frozenset(wish.excluded),
    )
    near = _closeness(found, exports, scope.exporter)
    ground = laid(book, scope, wish.potential)
    told = diversify(ground, scope.exporter, near, filters)
    table = _market_table(told, near, scope.market)
    given = given_notes(ground, wish.potential.distances, wish.potential.files)
    notes = [*rates_notes(wish.potential.rates), *given, Note("order_not_amount")]
    if not len(table):
        notes.append(Note("nothing_for_market", {"market": str(scope.market)}))
    return asking.answer(
        "diversify",
        wish,
        Found(
            table=table,
            tables={
                "products": told.products_frame(),
                "cells": told.to_frame().head(CELLS_MAX),
                "bars": told.bars_frame(),
            },
            figures={"candidates": len(table), "barred": len({one.product for one in told.bars})},
            notes=tuple(notes),
        ),
    )


def demand_growth(asking: Asking, years: int) -> dict[str, float]:
    """Give how much more of each product the world bought a year, over the last years; as shares, by code."""
    span = asking.last(years + 1)
    if len(span) < 2:
        return {}
    ends = [asking.book.imports([year], asking.scope.level) for year in (span[0], span[-1])]
    before, now = (table.values.sum(axis=0) for table in ends)
    return {
        code: math.expm1(math.log(late / early) / (len(span) - 1))
        for code, early, late in zip(ends[0].columns, before.tolist(), now.tolist(), strict=True)
        if early > 0 and late > 0
    }


def _closeness(found: Complexity, exports: Matrix, exporter: str) -> Closeness:
    """Tell density, RCA and PCI of all products; what left the table of complexity has no density."""
    density = density_of(found, exporter)
    return Closeness(
        exports.columns,
        np.array([min(density.get(code, 0.0), 1.0) for code in exports.columns]),
        advantage(exports.values)[exports.rows.index(exporter)],
        pci_of(found),
    )


def _market_table(told: Diversification, near: Closeness, market: str) -> pl.DataFrame:
    scores = told.score[told.importers.index(market)]
    columns: Mapping[str, object] = {
        "exporter": [told.exporter] * len(near.products),
        "importer": market,
        "product": near.products,
        "score_index": scores,
        "density_share": near.density,
        "rca_ratio": near.rca,
        "pci": [near.complexity.get(code) for code in near.products],
    }
    frame = pl.DataFrame(columns, schema_overrides={"pci": pl.Float64}).filter(pl.col("score_index") > 0)
    best = pl.col("score_index") / pl.col("score_index").max() * 100
    ordered = frame.with_columns(best).sort("score_index", "product", descending=[True, False])
    return ordered.with_row_index("rank", 1)
