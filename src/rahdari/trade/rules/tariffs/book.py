"""Tariff rates by market, origin and product: the most-favoured-nation rate, and where an origin has its own.

A rate is a fraction of the value at the border: 0.1 is ten per cent. The longest product prefix wins; an origin's
own rate wins over the most-favoured-nation rate however short its prefix, for an origin that has a rate of its own
is charged that one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter, BadTable
from rahdari.trade.values import Amounts
from rahdari.wire.tariff_schedule import Duty, DutyKind, TariffSchedule

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Preferences:
    """What one origin is charged where it has a rate of its own: parallel arrays, read-only, each cell once."""

    importers: Indices
    products: Indices
    rates: Amounts


@dataclass(frozen=True, slots=True, eq=False)
class TariffBook:
    """The rates of a schedule, laid over the markets and products of a question.

    ``mfn`` and ``is_known`` are importers by products, read-only; where a rate is not known ``mfn`` is 0 and
    ``is_known`` False, so that no formula mistakes silence for free trade.
    """

    importers: tuple[str, ...]
    products: tuple[str, ...]
    mfn: Amounts
    is_known: npt.NDArray[np.bool_]
    preferences: Mapping[str, Preferences] = field(default_factory=dict)

    @classmethod
    def of(cls, schedule: TariffSchedule, importers: Sequence[str], products: Sequence[str]) -> "TariffBook":
        """Lay a schedule over markets and products; what it says of others is left aside.

        Raises:
            BadParameter: it is finer than the products that were asked about.
            BadTable: an origin has a rate of its own on goods whose general rate is not there.
        """
        _check_fineness(schedule, products)
        duties = sorted(schedule.duties, key=lambda duty: len(duty.prefix))
        by_prefix = _by_prefix(products, {"", *(duty.prefix for duty in duties)})
        places = {code: place for place, code in enumerate(importers)}
        mfn = np.full((len(importers), len(products)), np.nan)
        for duty in duties:
            if duty.kind is DutyKind.MFN and duty.importer in places and duty.prefix in by_prefix:
                mfn[places[duty.importer], by_prefix[duty.prefix]] = duty.rate_percent / 100
        is_known = ~np.isnan(mfn)
        own = _own_rates(duties, places, by_prefix)
        book = cls(tuple(importers), tuple(products), np.where(is_known, mfn, 0.0), is_known, own)
        book.mfn.flags.writeable = book.is_known.flags.writeable = False
        for exporter, given in own.items():
            _check_general(book, exporter, given)
        return book

    def of_exporter(self, exporter: str) -> Amounts:
        """Give what goods of this origin are charged, importers by products; 0 where it is not known."""
        rates = self.mfn.copy()
        given = self.preferences.get(exporter)
        if given is not None:
            rates[given.importers, given.products] = given.rates
        rates.flags.writeable = False
        return rates

    def of_market(self, importer: str, exporters: Sequence[str]) -> Amounts:
        """Give what one market charges each origin, exporters by products; 0 where it is not known.

        Raises:
            BadParameter: the book has no such market.
        """
        if importer not in self.importers:
            raise BadParameter(f"the tariff schedule was not laid over the market {importer}")
        place = self.importers.index(importer)
        rates = np.repeat(self.mfn[place][None, :], len(exporters), axis=0)
        for row, exporter in enumerate(exporters):
            given = self.preferences.get(exporter)
            if given is not None:
                here = given.importers == place
                rates[row, given.products[here]] = given.rates[here]
        rates.flags.writeable = False
        return rates


def _check_fineness(schedule: TariffSchedule, products: Sequence[str]) -> None:
    digits = max((len(code) for code in products), default=0)
    finer = next((duty for duty in schedule.duties if len(duty.prefix) > digits), None)
    if finer is not None:
        raise BadParameter(
            f"the schedule gives a rate to {finer.prefix}, the products asked about have {digits} digits; "
            f"ask at the level of the schedule, or average its rates first"
        )


def _by_prefix(products: Sequence[str], prefixes: Collection[str]) -> dict[str, Indices]:
    """Give the places of the products that begin with each of these prefixes; none for one that no product has."""
    lengths = sorted({len(one) for one in prefixes} & {0, 2, 4, 6})
    found: dict[str, list[int]] = {}
    for place, code in enumerate(products):
        for digits in lengths:
            if digits <= len(code) and code[:digits] in prefixes:
                found.setdefault(code[:digits], []).append(place)
    return {prefix: np.array(places, dtype=np.int64) for prefix, places in found.items()}


def _own_rates(
    duties: Iterable[Duty], places: Mapping[str, int], by_prefix: Mapping[str, Indices]
) -> dict[str, Preferences]:
    width = len(by_prefix.get("", ()))
    rows: dict[str, dict[int, Amounts]] = {}
    for duty in duties:
        if duty.kind is DutyKind.PREFERENCE and duty.importer in places and duty.prefix in by_prefix:
            of_origin = rows.setdefault(duty.exporter, {})
            row = of_origin.setdefault(places[duty.importer], np.full(width, np.nan))
            row[by_prefix[duty.prefix]] = duty.rate_percent / 100
    return {exporter: _gathered(of_origin) for exporter, of_origin in rows.items()}


def _gathered(rows: Mapping[int, Amounts]) -> Preferences:
    products = [np.flatnonzero(~np.isnan(row)) for row in rows.values()]
    importers = [np.full(len(known), place) for place, known in zip(rows, products, strict=True)]
    rates = [row[known] for row, known in zip(rows.values(), products, strict=True)]
    given = Preferences(
        np.concatenate(importers).astype(np.int64), np.concatenate(products), np.concatenate(rates)
    )
    for side in (given.importers, given.products, given.rates):
        side.flags.writeable = False
    return given


def _check_general(book: TariffBook, exporter: str, given: Preferences) -> None:
    unknown = np.flatnonzero(~book.is_known[given.importers, given.products])
    if len(unknown):
        first = unknown[0]
        market, product = book.importers[given.importers[first]], book.products[given.products[first]]
        raise BadTable(
            f"{market} gives {exporter} a rate of its own on {product}, its general rate is not in the schedule; "
            f"without it nobody can say what the preference is worth"
        )
