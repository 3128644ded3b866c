"""Why a potential is what it is: every term beside a stated neutral, and the reasons that follow, as codes.

The neutral is a world without specialisation or neighbourhood: the exporter has its share of all exports in every
product, every market its share of all imports, and each pair trades what shares give. A cell's potential is then
v_i v_j v_k / V^2, and it differs from that by the product of value over neutral of each term: the logarithms add up
exactly. The logarithm of the share term is ln RCA (Balassa 1965), that of the imports term the same for imports.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import polars as pl

from rahdari.trade.errors import UnknownCountry, UnknownTradeProduct
from rahdari.trade.rules.potential.conventions import Term
from rahdari.trade.rules.potential.factors import AS_IT_IS, Supposed, factors_of
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.values import Amounts

# Less than this on the logarithm (5 per cent) moves no rank that anybody would act on: no reason is made of it.
TOLD_LOG_MIN = math.log(1.05)


class Why(StrEnum):
    """A reason for a potential; the edges word it."""

    NOT_EXPORTED = "not_exported"
    NOT_IMPORTED = "not_imported"
    OWN_MARKET = "own_market"
    NO_TRADE_WITH_MARKET = "no_trade_with_market"
    SPECIALISED = "specialised"
    NOT_SPECIALISED = "not_specialised"
    NEW_CAPACITY = "new_capacity"
    SHARE_GROWS = "share_grows"
    SHARE_SHRINKS = "share_shrinks"
    NET_IMPORTER = "net_importer"
    SHARE_WON_BY_PREFERENCE = "share_won_by_preference"
    SHARE_WON_DESPITE_TARIFFS = "share_won_despite_tariffs"
    MARKET_BUYS_MUCH = "market_buys_much"
    MARKET_BUYS_LITTLE = "market_buys_little"
    INCOME_GROWS = "income_grows"
    INCOME_FALLS = "income_falls"
    POPULATION_GROWS = "population_grows"
    POPULATION_FALLS = "population_falls"
    TARIFF_ADVANTAGE = "tariff_advantage"
    TARIFF_DISADVANTAGE = "tariff_disadvantage"
    TARIFF_SUPPOSED_LOWER = "tariff_supposed_lower"
    TARIFF_SUPPOSED_HIGHER = "tariff_supposed_higher"
    TRADES_EASILY = "trades_easily"
    TRADES_LITTLE = "trades_little"
    OTHER_DISTANCE = "other_distance"


# What a term above its neutral says, and what one below.
REASONS: Mapping[Term, tuple[Why, Why]] = MappingProxyType(
    {
        Term.SHARE: (Why.SPECIALISED, Why.NOT_SPECIALISED),
        Term.CAPACITY: (Why.NEW_CAPACITY, Why.NEW_CAPACITY),
        Term.SHARE_GROWTH: (Why.SHARE_GROWS, Why.SHARE_SHRINKS),
        Term.NET_IMPORTER: (Why.NET_IMPORTER, Why.NET_IMPORTER),
        Term.SUPPLY_TARIFF: (Why.SHARE_WON_DESPITE_TARIFFS, Why.SHARE_WON_BY_PREFERENCE),
        Term.IMPORTS: (Why.MARKET_BUYS_MUCH, Why.MARKET_BUYS_LITTLE),
        Term.INCOME: (Why.INCOME_GROWS, Why.INCOME_FALLS),
        Term.POPULATION: (Why.POPULATION_GROWS, Why.POPULATION_FALLS),
        Term.DEMAND_TARIFF: (Why.TARIFF_ADVANTAGE, Why.TARIFF_DISADVANTAGE),
        Term.TARIFF_LEVER: (Why.TARIFF_SUPPOSED_LOWER, Why.TARIFF_SUPPOSED_HIGHER),
        Term.EASE: (Why.TRADES_EASILY, Why.TRADES_LITTLE),
        Term.PRODUCT_DISTANCE: (Why.OTHER_DISTANCE, Why.OTHER_DISTANCE),
    }
)


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of one cell: value, neutral, and ln(value / neutral); no logarithm where one of the two is 0."""

    term: Term
    value: float
    neutral: float
    log: float | None


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and its numbers: ``value`` against ``neutral`` of a term."""

    why: Why
    value: float
    neutral: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One cell taken apart: ``neutral_usd`` times exp of the sum of logarithms is ``potential_usd``.

    ``reasons`` have the strongest first; where the potential is 0 they say only why it is.
    """

    exporter: str
    importer: str
    product: str
    potential_usd: float
    neutral_usd: float
    contributions: tuple[Contribution, ...]
    reasons: tuple[Reason, ...]

    def to_frame(self) -> pl.DataFrame:
        """List the terms: value, neutral, logarithm (null where there is none)."""
        return pl.DataFrame(
            {
                "exporter": [self.exporter] * len(self.contributions),
                "importer": self.importer,
                "product": self.product,
                "term": [one.term.value for one in self.contributions],
                "value": [one.value for one in self.contributions],
                "neutral": [one.neutral for one in self.contributions],
                "log_contribution": [one.log for one in self.contributions],
            },
            schema_overrides={"log_contribution": pl.Float64},
        )


def explain(
    ground: Groundwork, exporter: str, *, importer: str, product: str, supposed: Supposed = AS_IT_IS
) -> Explanation:
    """Take one cell apart, term by term; raises as ``explain_cells``."""
    return explain_cells(ground, exporter, [(importer, product)], supposed=supposed)[0]


def explain_cells(
    ground: Groundwork, exporter: str, cells: Iterable[tuple[str, str]], *, supposed: Supposed = AS_IT_IS
) -> tuple[Explanation, ...]:
    """Take cells (importer, product) apart, in their order; the terms are computed once for all of them.

    Raises:
        UnknownCountry, UnknownTradeProduct: the data have no such side.
        NothingTraded: the exporter sells nothing at all.
    """
    factors, begun = factors_of(ground, exporter, supposed), _begun(ground, exporter, supposed)
    usual = _usual(ground, exporter)
    return tuple(_explained(ground, (exporter, *cell), factors, usual, begun=begun) for cell in cells)


def _begun(ground: Groundwork, exporter: str, supposed: Supposed) -> frozenset[str]:
    """Give the products that nothing but new capacity supplies: their share is no strength of today."""
    if supposed.added is None:
        return frozenset()
    sold = ground.world.exports.values[ground.world.place_of(exporter)]
    places = (sold <= 0) & (supposed.added > 0)
    return frozenset(
        code for code, is_new in zip(ground.world.products, places.tolist(), strict=True) if is_new
    )


def _explained(
    ground: Groundwork,
    codes: tuple[str, str, str],
    factors: Mapping[Term, Amounts],
    usual: tuple[float, Amounts],
    *,
    begun: frozenset[str],
) -> Explanation:
    exporter, importer, product = codes
    cell = _place(ground, importer, product)
    share, bought = usual[0], float(usual[1][cell[0]] * ground.totals[cell[1]])
    neutrals = {Term.SHARE: share, Term.IMPORTS: bought}
    told = tuple(_contribution(term, _at(factor, cell), neutrals) for term, factor in factors.items())
    potential = math.prod(one.value for one in told)
    return Explanation(
        exporter=exporter,
        importer=importer,
        product=product,
        potential_usd=potential,
        neutral_usd=share * bought,
        contributions=told,
        reasons=_reasons(told, is_begun=product in begun)
        if potential > 0
        else _reasons_of_nothing(told, is_own=exporter == importer),
    )


def _place(ground: Groundwork, importer: str, product: str) -> tuple[int, int]:
    world = ground.world
    if importer not in world.importers:
        raise UnknownCountry(f"no market {importer} among the {len(world.importers)} of these data")
    if product not in world.products:
        raise UnknownTradeProduct(f"no product {product} among the {len(world.products)} of these data")
    return world.importers.index(importer), world.products.index(product)


def _usual(ground: Groundwork, exporter: str) -> tuple[float, Amounts]:
    """Give the exporter's share of all trade, and each market's: of these a cell without any reason is made."""
    world, total = ground.world, float(ground.world.exports.values.sum())
    share = float(world.exports.values[world.place_of(exporter)].sum()) / total
    return share, world.imports.values.sum(axis=1) / total


def _at(factor: Amounts, cell: tuple[int, int]) -> float:
    row, column = cell
    return float(factor[min(row, factor.shape[0] - 1), min(column, factor.shape[1] - 1)])


def _contribution(term: Term, value: float, neutrals: Mapping[Term, float]) -> Contribution:
    neutral = neutrals.get(term, 1.0)
    log = math.log(value / neutral) if value > 0 and neutral > 0 else None
    return Contribution(term, value, neutral, log)


def _reasons(contributions: tuple[Contribution, ...], *, is_begun: bool) -> tuple[Reason, ...]:
    strong = [(one.log, one) for one in contributions if one.log is not None and abs(one.log) >= TOLD_LOG_MIN]
    strong.sort(key=lambda pair: -abs(pair[0]))
    if is_begun:
        # The whole share is the new capacity; that it is sold no further than it reaches is no reason of its own.
        return tuple(
            Reason(
                Why.NEW_CAPACITY if one.term is Term.SHARE else REASONS[one.term][log < 0],
                one.value,
                one.neutral,
            )
            for log, one in strong
            if one.term is not Term.CAPACITY
        )
    return tuple(Reason(REASONS[one.term][log < 0], one.value, one.neutral) for log, one in strong)


def _reasons_of_nothing(contributions: tuple[Contribution, ...], *, is_own: bool) -> tuple[Reason, ...]:
    why = {
        Term.SHARE: Why.NOT_EXPORTED,
        Term.NET_IMPORTER: Why.NET_IMPORTER,
        Term.IMPORTS: Why.NOT_IMPORTED,
        Term.EASE: Why.OWN_MARKET if is_own else Why.NO_TRADE_WITH_MARKET,
    }
    return tuple(
        Reason(why[one.term], one.value, one.neutral)
        for one in contributions
        if one.value == 0 and one.term in why
    )
