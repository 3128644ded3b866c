"""What an exporter could sell in a market, why, what levers add, and what a wanted total would take."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.potential.conventions import STATIC, Terms
from rahdari.trade.rules.potential.groundwork import Groundwork, lay
from rahdari.trade.rules.potential.levers import Lever, Levers, suppose
from rahdari.trade.rules.potential.reasons import explain_cells
from rahdari.trade.rules.potential.result import Potential
from rahdari.trade.rules.potential.scenario import Scenario, play
from rahdari.trade.rules.potential.target import TargetAnswer, explain_target
from rahdari.trade.rules.potential.world import Growth, World
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.given import Distances, FileUsed, given_notes, require_growth, require_way
from rahdari.trade.service.rates import Rates, rates_notes, tariff_book
from rahdari.trade.values import Matrix

# A table of all markets and products has a million cells; nobody reads, or mails, more than this.
CELLS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PotentialWish:
    """What is on and what is supposed.

    Attributes:
        terms: the terms of the indicator; all off is the static indicator.
        levers: what policy pulls.
        growth: expected growth by country, for the term of growth.
        distances: between countries, for the term of product distance.
        rates: where the tariffs of today come from, for terms and levers of tariffs.
        actual_years: what is sold today is a mean of so many years.
        target_usd: a wanted total a year, of these products in this market; None asks for none.
        explained: the potential of so many products is taken apart, term by term.
        files: where growth, distances and elasticities were read from.
    """

    terms: Terms = STATIC
    levers: Levers = field(default_factory=Levers)
    growth: Growth = field(default_factory=Growth)
    distances: Distances = field(default_factory=Distances)
    rates: Rates = field(default_factory=Rates)
    actual_years: int = 5
    target_usd: float | None = None
    explained: int = 25
    files: tuple[FileUsed, ...] = ()

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if not 0 <= self.explained <= CELLS_MAX or not 1 <= self.actual_years <= 50:
            raise BadParameter(
                f"{self.explained} products to explain, {self.actual_years} years: 0 to {CELLS_MAX}, 1 to 50"
            )


USUAL = PotentialWish()


def ask_potential(
    book: FlowBook, scope: Scope, wish: PotentialWish = USUAL, *, ground: Groundwork | None = None
) -> Answer:
    """Give the potential in the scope's market, product by product, with the levers pulled where there are any.

    ``ground`` is what is laid already, of this very book, of the scope's years and level and the wish's terms, none
    of which is one of tariffs: levers alone move nothing of it.

    Raises:
        NothingTraded: the exporter sells nothing.
        DataMissing: a term is on, or a lever pulled, whose input is not given, or not of exporter and market.
        UnknownCountry, UnknownTradeProduct: a lever names what the data do not have.
    """
    asking = Asking(book, scope)
    ground = laid(book, scope, wish) if ground is None else _with_tariffs(ground, wish)
    actual = sold(asking, wish.actual_years)
    market = frozenset({str(scope.market)})
    played = play(ground, scope.exporter, wish.levers, importers=market, actual=actual)
    table = _market_table(played.supposed, scope.market)
    if wish.levers.pulled:
        table = _beside_baseline(table, played.baseline, scope.market)
    tables = {
        "markets": played.supposed.markets_frame(),
        "products": played.supposed.products_frame(),
        "cells": played.supposed.to_frame().head(CELLS_MAX),
        "levers": played.to_frame(),
        **_apart(ground, scope, table.head(wish.explained), wish),
    }
    target = _target(ground, scope, wish)
    if target is not None:
        tables["target"] = target.to_frame()
    given = given_notes(ground, wish.distances, wish.files)
    notes = (*rates_notes(wish.rates), *given, *_notes(wish, played, target))
    told = Found(table=table, tables=tables, figures=_figures(ground, scope, played, target), notes=notes)
    return asking.answer("potential", wish, told)


def laid(book: FlowBook, scope: Scope, wish: PotentialWish = USUAL) -> Groundwork:
    """Lay the groundwork over the margins of the scope's years. Raises as ``ask_potential``."""
    exports, imports = (ask(scope.years, scope.level) for ask in (book.exports, book.imports))
    check_given(wish, scope)
    far = wish.distances.matrix(exports.rows, imports.rows) if wish.terms.product_distance else None
    return lay(
        World(
            exports, imports, book.bilateral(scope.years),
            growth=wish.growth if wish.terms.growth else None, tariffs=_tariffs(wish, imports), distances=far,
        ),
        wish.terms,
    )  # fmt: skip


def _with_tariffs(ground: Groundwork, wish: PotentialWish) -> Groundwork:
    """Put the tariffs under a groundwork against which the levers are measured."""
    if ground.terms != wish.terms or ground.terms.supply_tariff or ground.terms.demand_tariff:
        raise AssertionError("a groundwork that is given is of the wish's terms, and of none of tariffs")
    tariffs = _tariffs(wish, ground.world.imports)
    return replace(ground, world=replace(ground.world, tariffs=tariffs))


def check_given(wish: PotentialWish, scope: Scope) -> None:
    """Refuse a term that is on and of which exporter or market are not told. Raises ``DataMissing``."""
    if wish.terms.growth:
        require_growth(wish.growth, scope)
    if wish.terms.product_distance:
        require_way(wish.distances, scope)


def sold(asking: Asking, years: int) -> Matrix:
    """Give what the exporter sold where, as a mean of the last years."""
    return asking.book.sold_by(asking.scope.exporter, asking.last(years), asking.scope.level)


def _tariffs(wish: PotentialWish, imports: Matrix) -> TariffBook | None:
    needed = wish.terms.supply_tariff or wish.terms.demand_tariff or bool(wish.levers.tariffs)
    return tariff_book(wish.rates, imports.rows, imports.columns) if needed else None


def _market_table(found: Potential, market: str) -> pl.DataFrame:
    row = found.importers.index(market)
    could, did = (
        found.values[row],
        np.zeros(len(found.products)) if found.actual is None else found.actual[row],
    )
    frame = pl.DataFrame(
        {
            "exporter": [found.exporter] * len(found.products),
            "importer": market,
            "product": found.products,
            "potential_usd": could,
            "actual_usd": did,
            "untapped_usd": np.maximum(could - did, 0.0),
        }
    )
    told = frame.filter((pl.col("potential_usd") >= 1) | (pl.col("actual_usd") >= 1))
    share = pl.when(pl.col("potential_usd") > 0).then(
        pl.min_horizontal("actual_usd", "potential_usd") / pl.col("potential_usd")
    )
    return told.with_columns(share.alias("realised_share")).sort(
        "untapped_usd", "potential_usd", "product", descending=[True, True, False]
    )


def _beside_baseline(table: pl.DataFrame, baseline: Potential, market: str) -> pl.DataFrame:
    """Add what the potential is without the levers, and what is gained with them, and order by that.

    Gained is only what lies above what is sold already: a potential that has risen and is still below today's sales
    gains nothing.
    """
    row = baseline.values[baseline.importers.index(market)].tolist()
    without = dict(zip(baseline.products, row, strict=True))
    told = pl.Series("baseline_usd", [without[code] for code in table["product"]], dtype=pl.Float64)
    floor = pl.max_horizontal("actual_usd", "baseline_usd")
    gain = pl.max_horizontal(pl.col("potential_usd") - floor, pl.lit(0.0))
    return table.with_columns(told).with_columns(gain.alias("gain_usd")).sort(
        "gain_usd", "potential_usd", "product", descending=[True, True, False]
    )  # fmt: skip


def _apart(
    ground: Groundwork, scope: Scope, table: pl.DataFrame, wish: PotentialWish
) -> dict[str, pl.DataFrame]:
    """Take the first products apart: every term of each, and its reasons, the strongest first."""
    cells = [(str(scope.market), code) for code in table["product"]]
    supposed = suppose(ground, scope.exporter, wish.levers)
    told = explain_cells(ground, scope.exporter, cells, supposed=supposed)
    reasons = [
        (one.product, place, reason.why.value, reason.value, reason.neutral, one.potential_usd)
        for one in told
        for place, reason in enumerate(one.reasons, 1)
    ]
    terms = [
        (one.product, term.term.value, term.value, term.neutral, term.log)
        for one in told
        for term in one.contributions
    ]
    numbers = {"value": pl.Float64, "neutral": pl.Float64}
    return {
        "reasons": pl.DataFrame(
            reasons,
            schema={
                "product": pl.String,
                "place": pl.Int64,
                "why": pl.String,
                **numbers,
                "potential_usd": pl.Float64,
            },
            orient="row",
        ),
        "terms": pl.DataFrame(
            terms,
            schema={"product": pl.String, "term": pl.String, **numbers, "log_contribution": pl.Float64},
            orient="row",
        ),
    }


def _target(ground: Groundwork, scope: Scope, wish: PotentialWish) -> TargetAnswer | None:
    if wish.target_usd is None:
        return None
    return explain_target(
        ground, scope.exporter, wish.target_usd, importers=frozenset({str(scope.market)}), levers=wish.levers
    )


def _figures(
    ground: Groundwork, scope: Scope, played: Scenario, target: TargetAnswer | None
) -> Mapping[str, Number]:
    at = ground.world.importers.index(scope.market)
    there = played.supposed.by_market()[at]
    traded = float(ground.world.bilateral.of_row(scope.exporter)[at])
    figures: dict[str, Number] = {
        "traded_usd": traded,
        "potential_usd": played.baseline_usd,
        "supposed_usd": played.supposed_usd,
        "levers_add_usd": played.supposed_usd - played.baseline_usd,
        "actual_usd": there.actual_usd,
        "untapped_usd": there.untapped_usd,
        "realised_share": there.share,
        "all_markets_potential_usd": played.supposed.total_usd,
    }
    if target is not None:
        figures |= {"target_usd": target.wanted_usd, "gap_usd": target.gap_usd}
    return figures


def _notes(wish: PotentialWish, played: Scenario, target: TargetAnswer | None) -> tuple[Note, ...]:
    notes: list[Note] = []
    if wish.terms.is_static and not wish.levers.pulled:
        notes.append(Note("static_reallocates"))
    if wish.levers.pulled:
        notes.append(Note("gains_above_sales", {"years": wish.actual_years}))
    if wish.levers.tariffs:
        notes.append(Note("tariff_average_kept"))
    if wish.levers.capacity:
        notes.append(Note("capacity_wins_share"))
    if any(one.lever is Lever.EASE and one.alone_usd == 0 for one in played.effects):
        notes.append(Note("ease_is_higher_already"))
    if target is not None and target.gap_usd == 0:
        return (*notes, Note("target_reached", {"reached_usd": target.levered_usd}))
    for one in target.needed if target is not None else ():
        code = f"route_{one.route.value}" if one.is_reachable else f"route_{one.route.value}_too_short"
        notes.append(Note(code, {"value": one.value, "reached_usd": one.reached_usd}))
    return tuple(notes)
