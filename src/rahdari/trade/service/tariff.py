"""What another tariff of the market would do: who sells more, who is pushed aside, what the treasury loses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

import polars as pl

from rahdari.trade.errors import BadParameter
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.tariffs.effects import TariffEffects
from rahdari.trade.rules.tariffs.market import SUBSTITUTION_USUAL, Diversion, Elasticities, simulate
from rahdari.trade.rules.tariffs.supposed import between, if_charged
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.service.rates import Rates, rates_notes, tariff_book

# No schedule is carried: five per cent on everything is supposed where none is given, and said to be so.
SUPPOSED_PERCENT = 5.0


class Charged(StrEnum):
    """Whom the new rate is for."""

    EXPORTER = "exporter"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffWish:
    """The rates before, and either a whole schedule after or one new rate.

    Attributes:
        rates: before; without a schedule ``SUPPOSED_PERCENT`` on everything is supposed.
        after: a schedule; where it has no lines, ``rate_percent`` on ``prefix`` for ``charged``.
        demand: elasticity of import demand, below 0.
        substitution: between origins.
        supply: of exports; None is infinite.
        diversion: bounded, or linear.
    """

    rates: Rates = field(default_factory=lambda: Rates(supposed_percent=SUPPOSED_PERCENT))
    after: Rates = field(default_factory=Rates)
    rate_percent: float = 0.0
    prefix: str = ""
    charged: Charged = Charged.EXPORTER
    demand: float = -1.0
    substitution: float = SUBSTITUTION_USUAL
    supply: float | None = None
    diversion: Diversion = Diversion.BOUNDED
    window_years: int = 1

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if self.after.supposed_percent is not None:
            raise BadParameter("after is a schedule; name one new rate by rate_percent")


USUAL = TariffWish()


def ask_tariff(book: FlowBook, scope: Scope, wish: TariffWish = USUAL) -> Answer:
    """Simulate the change product by product and origin by origin (partial equilibrium, as in SMART).

    Raises:
        NothingTraded: the market buys nothing.
        DataMissing: the schedule knows no rate for something that the market buys.
        BadParameter, UnknownTradeProduct: a rate, an elasticity or a prefix that cannot be.
    """
    asking = Asking(book, scope).over(wish.window_years)
    bought = book.bought_by(scope.market, asking.scope.years, scope.level)
    before = tariff_book(wish.rates, [scope.market], bought.columns)
    if wish.after.duties:
        after = tariff_book(wish.after, [scope.market], bought.columns)
        change = between(scope.market, bought, before, after)
    else:
        whom = frozenset({str(scope.exporter)}) if wish.charged is Charged.EXPORTER else frozenset[str]()
        change = if_charged(
            scope.market, bought, before,
            rate_percent=wish.rate_percent, exporters=whom, prefix=wish.prefix,
        )  # fmt: skip
    effects = simulate(change, _elasticities(wish))
    rows = effects.to_frame()
    gain = (pl.col("creation_usd") + pl.col("diversion_usd")).alias("gain_usd")
    own = rows.filter(pl.col("exporter") == scope.exporter).with_columns(gain)
    told = Found(
        table=own.sort("gain_usd", "product", descending=[True, False]),
        tables={"origins": _origins(rows.with_columns(gain)), "cells": rows},
        figures=_figures(effects, own),
        notes=(*rates_notes(wish.rates), *_notes(effects, own)),
    )
    return asking.answer("tariff", wish, told)


def _elasticities(wish: TariffWish) -> Elasticities:
    return Elasticities(
        demand=wish.demand,
        substitution=wish.substitution,
        supply=inf if wish.supply is None else wish.supply,
        diversion=wish.diversion,
    )


def _origins(rows: pl.DataFrame) -> pl.DataFrame:
    amounts = (
        "imports_usd",
        "creation_usd",
        "diversion_usd",
        "gain_usd",
        "revenue_change_usd",
        "welfare_usd",
    )
    summed = rows.group_by("exporter", maintain_order=True).agg(pl.col(amounts).sum())
    return summed.sort("gain_usd", "exporter", descending=[True, False])


def _figures(effects: TariffEffects, own: pl.DataFrame) -> Mapping[str, Number]:
    whole = effects.totals()
    return {
        "market_imports_usd": whole.imports_usd,
        "exporter_before_usd": float(own["imports_usd"].sum()),
        "exporter_gain_usd": float(own["gain_usd"].sum()),
        "creation_usd": whole.creation_usd,
        # Of the exporter, with its sign: what others take from it is below 0. What moved in all has none.
        "diverted_usd": float(own["diversion_usd"].sum()),
        "moved_usd": whole.diverted_usd,
        "revenue_change_usd": whole.revenue_change_usd,
        "welfare_usd": whole.welfare_usd,
        "price_effect_usd": whole.price_effect_usd,
    }


def _notes(effects: TariffEffects, own: pl.DataFrame) -> tuple[Note, ...]:
    notes = [Note("elasticities_supposed")]
    if effects.floored:
        notes.append(Note("floored", {"cells": effects.floored}))
    if own.is_empty():
        notes.append(Note("sells_nothing_there"))
    return tuple(notes)
