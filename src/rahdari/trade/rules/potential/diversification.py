"""The diversification indicator: which products an exporter does not yet sell competitively it could turn to.

Density times demand times ease (the Export Potential Map's second indicator). There is no supply to project, so
that the result is an order, not an amount: the score is shown as an index, the best cell 100. What is left out is
left out by name and number, never in silence. That the published indicator keeps products of above-average
complexity was not checked; the filter is off unless it is asked for.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, BadTable, Degenerate
from rahdari.trade.rules.potential.conventions import Term
from rahdari.trade.rules.potential.factors import demand_of, ease_of, multiply
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.rules.potential.result import named
from rahdari.trade.values import Amounts


class Barred(StrEnum):
    """Why a product, or a product in one market, is no candidate; the edges word it."""

    ALREADY_COMPETITIVE = "already_competitive"  # RCA; limit 1
    NO_DENSITY = "no_density"  # density; nothing that the exporter makes is near it
    NOT_IMPORTED = "not_imported"  # dollars that all markets buy
    EXCLUDED = "excluded"  # by the list of the question
    WORLD_DEMAND_FALLS = "world_demand_falls"  # growth of world imports, fraction a year; its limit
    COMPLEXITY_BELOW_AVERAGE = "complexity_below_average"  # PCI; its limit
    COMPLEXITY_UNKNOWN = "complexity_unknown"  # no PCI is given
    TARIFF_DISADVANTAGE = "tariff_disadvantage"  # (1 + market's average) / (1 + exporter's tariff); its limit


@dataclass(frozen=True, slots=True, eq=False)
class Closeness:
    """How near an exporter is to each product: arrays in the order of ``products``.

    ``density`` lies between 0 and 1, ``rca`` is 0 or more, ``complexity`` is the PCI by code where it is known.

    Raises:
        BadTable: lengths that differ, a density outside 0 to 1, an RCA below 0.
        BadParameter: a PCI that is no number.
    """

    products: tuple[str, ...]
    density: Amounts
    rca: Amounts
    complexity: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the two arrays against the products."""
        for what, array, most in (("density", self.density, 1.0), ("RCA", self.rca, math.inf)):
            if array.shape != (len(self.products),):
                raise BadTable(f"{what} has the shape {array.shape}, the products are {len(self.products)}")
            wrong = np.flatnonzero(~(np.isfinite(array) & (array >= 0) & (array <= most)))
            if len(wrong):
                raise BadTable(f"the {what} of {self.products[wrong[0]]} is {array[wrong[0]]}")
        for code, value in self.complexity.items():
            if not math.isfinite(value):
                raise BadParameter(f"the complexity of {code} is {value}; leave it out where it is not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What bars a product. None switches a filter off.

    Attributes:
        demand_growth_min: least yearly growth of world imports of the product, as a fraction, against
            ``demand_growth`` by code (a product that is not named is not barred).
        tariff_advantage_min: least (1 + t_jk) / (1 + t_ijk); 1 bars whoever pays more than the market's average.
        complexity_above_average: keep products at or above the mean PCI of those whose PCI is known.
        excluded: products the exporter cannot make (climate, minerals) or does not want, by prefix.
    """

    demand_growth: Mapping[str, float] = field(default_factory=dict)
    demand_growth_min: float | None = 0.0
    tariff_advantage_min: float | None = None
    complexity_above_average: bool = False
    excluded: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bar:
    """A product, or a product in one market (``importer``), that is out: its number and the limit it missed."""

    product: str
    importer: str | None
    why: Barred
    value: float
    limit: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Diversification:
    """An order of candidates; ``score`` is importers by products, read-only, 0 where barred, 100 the best cell.

    ``bars`` lists each reason that bars a product; reasons in single markets are in ``barred_cells``.
    """

    exporter: str
    importers: tuple[str, ...]
    products: tuple[str, ...]
    score: Amounts
    bars: tuple[Bar, ...]
    barred_cells: tuple[Bar, ...]

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List the cells that are no 0, the best first: ``rank`` from 1 and ``score_index``."""
        rows, columns = np.nonzero(self.score)
        return named(
            pl.DataFrame(
                {
                    "exporter": pl.repeat(self.exporter, len(rows), dtype=pl.String, eager=True),
                    "importer": pl.Series(self.importers, dtype=pl.String).gather(rows),
                    "product": pl.Series(self.products, dtype=pl.String).gather(columns),
                    "score_index": self.score[rows, columns],
                }
            ).pipe(_ranked, "importer", "product"),
            names,
        )

    def products_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List the products over all markets, the best first; the index is again of the best, which has 100."""
        whole = self.score.sum(axis=0)
        kept = np.flatnonzero(whole)
        frame = pl.DataFrame(
            {
                "product": pl.Series(self.products, dtype=pl.String).gather(kept),
                "score_index": whole[kept] / max(whole.max(initial=0.0), 1e-300) * 100,
            }
        )
        return named(frame.pipe(_ranked, "product"), names)

    def bars_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """List what is out and why; ``importer`` is null where it is out everywhere."""
        told = (*self.bars, *self.barred_cells)
        frame = pl.DataFrame(
            {
                "product": [one.product for one in told],
                "importer": [one.importer for one in told],
                "why": [one.why.value for one in told],
                "value": [one.value for one in told],
                "limit": [one.limit for one in told],
            },
            schema=_BARS,
        )
        return named(frame, names)


_BARS = {
    "product": pl.String,
    "importer": pl.String,
    "why": pl.String,
    "value": pl.Float64,
    "limit": pl.Float64,
}


def diversify(
    ground: Groundwork, exporter: str, closeness: Closeness, filters: Filters | None = None
) -> Diversification:
    """Rank the products that an exporter does not yet sell with RCA of 1 or more, by market.

    Raises:
        UnknownCountry, NothingTraded: as ``potential_of``.
        BadTable: closeness is told of other products than the trade.
        Degenerate: nothing is left to rank; the message counts the reasons.
    """
    world, rules = ground.world, filters or Filters()
    if closeness.products != world.products:
        raise BadTable("density and RCA are told of other products than the trade, or in another order")
    factors = demand_of(ground, exporter) | {Term.EASE: ease_of(ground, exporter)[:, None]}
    score = multiply(factors, (len(world.importers), len(world.products))) * closeness.density
    bars = _bars(ground, closeness, rules)
    barred = {one.product for one in bars}
    score[:, [code in barred for code in world.products]] = 0.0
    cells: tuple[Bar, ...] = ()
    if rules.tariff_advantage_min is not None:
        cells = _bar_cells(ground, score, _advantage(ground, exporter), rules.tariff_advantage_min)
    best = float(score.max(initial=0.0))
    if best <= 0:
        raise Degenerate(f"no product is left for {exporter} to turn to: {_counted(bars)}")
    score *= 100 / best
    score.flags.writeable = False
    return Diversification(
        exporter=exporter,
        importers=world.importers,
        products=world.products,
        score=score,
        bars=bars,
        barred_cells=cells,
    )


def _bars(ground: Groundwork, closeness: Closeness, rules: Filters) -> tuple[Bar, ...]:
    bought = ground.world.imports.values.sum(axis=0).tolist()
    known = [closeness.complexity[code] for code in closeness.products if code in closeness.complexity]
    mean = sum(known) / len(known) if known else 0.0
    found: list[Bar] = []
    for code, density, rca, imports in zip(
        closeness.products, closeness.density.tolist(), closeness.rca.tolist(), bought, strict=True
    ):
        tests = (
            (rca >= 1, Barred.ALREADY_COMPETITIVE, rca, 1.0),
            (density == 0, Barred.NO_DENSITY, density, 0.0),
            (imports == 0, Barred.NOT_IMPORTED, imports, 0.0),
            (any(code.startswith(prefix) for prefix in rules.excluded), Barred.EXCLUDED, 0.0, 0.0),
            *_demand_tests(code, rules),
            *_complexity_tests(closeness.complexity.get(code), mean, rules),
        )
        found.extend(Bar(code, None, why, value, limit) for is_out, why, value, limit in tests if is_out)
    return tuple(found)


_Test = tuple[bool, Barred, float, float]


def _demand_tests(code: str, rules: Filters) -> tuple[_Test, ...]:
    growth, least = rules.demand_growth.get(code), rules.demand_growth_min
    if growth is None or least is None:
        return ()
    return ((growth < least, Barred.WORLD_DEMAND_FALLS, growth, least),)


def _complexity_tests(complexity: float | None, mean: float, rules: Filters) -> tuple[_Test, ...]:
    if not rules.complexity_above_average:
        return ()
    if complexity is None:
        return ((True, Barred.COMPLEXITY_UNKNOWN, 0.0, mean),)
    return ((complexity < mean, Barred.COMPLEXITY_BELOW_AVERAGE, complexity, mean),)


def _advantage(ground: Groundwork, exporter: str) -> Amounts:
    """Give (1 + t_jk) / (1 + t_ijk): above 1 where the exporter is charged less than the market's average."""
    book = ground.world.tariffs
    if ground.market_average is None or book is None:
        raise BadParameter("a tariff advantage is asked for, and no term of tariffs is on: switch one on")
    advantage: Amounts = (1 + ground.market_average) / (1 + book.of_exporter(exporter))
    return advantage


def _bar_cells(ground: Groundwork, score: Amounts, advantage: Amounts, least: float) -> tuple[Bar, ...]:
    """Set the score of cells behind the limit to 0, and name those that had one."""
    world, behind = ground.world, (advantage < least) & (score > 0)
    score[behind] = 0.0
    return tuple(
        Bar(
            world.products[column],
            world.importers[row],
            Barred.TARIFF_DISADVANTAGE,
            float(advantage[row, column]),
            least,
        )
        for row, column in np.argwhere(behind).tolist()
    )


def _counted(bars: tuple[Bar, ...]) -> str:
    counts = {why: sum(one.why is why for one in bars) for why in Barred}
    return (
        ", ".join(f"{count} {why}" for why, count in counts.items() if count) or "no market buys any of them"
    )


def _ranked(frame: pl.DataFrame, *sides: str) -> pl.DataFrame:
    return frame.sort("score_index", *sides, descending=[True, *(False for _ in sides)]).with_row_index(
        "rank", 1
    )
