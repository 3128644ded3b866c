"""Where a question's tariffs come from: a schedule that somebody gives, or one rate that is only supposed."""

from collections.abc import Sequence
from dataclasses import dataclass

from rahdari.trade.errors import BadParameter, DataMissing
from rahdari.trade.rules.answers import Note
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.wire.tariff_schedule import RATE_PERCENT_MAX, Duty, DutyKind, TariffSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Tariffs of today: the lines of a schedule, else ``supposed_percent`` on everything from everybody.

    ``name`` says whose schedule it is, ``sha256`` of which bytes. A supposed rate is an assumption, and every
    answer from it says so.
    """

    duties: tuple[Duty, ...] = ()
    supposed_percent: float | None = None
    name: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if self.supposed_percent is not None and not 0 <= self.supposed_percent <= RATE_PERCENT_MAX:
            raise BadParameter(
                f"a supposed tariff of {self.supposed_percent} per cent; it lies between 0 and {RATE_PERCENT_MAX:g}"
            )


def tariff_book(rates: Rates, importers: Sequence[str], products: Sequence[str]) -> TariffBook:
    """Lay the tariffs of today over markets and products.

    Raises:
        DataMissing: neither a schedule nor a supposed rate is given.
        BadParameter, BadTable: as ``TariffBook.of``.
    """
    if rates.duties:
        return TariffBook.of(TariffSchedule(rates.duties), importers, products)
    if rates.supposed_percent is None:
        raise DataMissing(
            "tariffs are asked for, and none are given: give a schedule (importer, exporter, product, "
            "rate_percent, kind), or suppose one rate for everything"
        )
    flat = tuple(Duty(code, "", "", rates.supposed_percent, DutyKind.MFN) for code in importers)
    return TariffBook.of(TariffSchedule(flat), importers, products)


def rates_notes(rates: Rates) -> tuple[Note, ...]:
    """Say it where a rate is only supposed."""
    if rates.duties:
        return (Note("rates_from", {"name": rates.name, "lines": len(rates.duties)}),)
    if rates.supposed_percent is None:
        return ()
    return (Note("rates_supposed", {"percent": rates.supposed_percent}),)
