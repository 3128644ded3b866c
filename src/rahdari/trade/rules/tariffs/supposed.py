"""Changes of tariffs to simulate: from one schedule to another, or one rate for some origins and goods."""

import numpy as np

from rahdari.trade.errors import BadParameter, DataMissing, UnknownCountry, UnknownTradeProduct
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.rules.tariffs.market import TariffChange
from rahdari.trade.values import Amounts, Matrix


def between(importer: str, imports: Matrix, before: TariffBook, after: TariffBook) -> TariffChange:
    """Give the change of a market from one schedule to another; ``imports`` is origins by products in dollars.

    Raises:
        BadParameter: a schedule was laid over other products, or not over this market.
        DataMissing: the market buys something whose rate one of the schedules does not know.
    """
    rates = [_rates(importer, imports, book) for book in (before, after)]
    return TariffChange(importer, imports, rates[0], rates[1])


def if_charged(
    importer: str,
    imports: Matrix,
    before: TariffBook,
    *,
    rate_percent: float,
    exporters: frozenset[str] = frozenset(),
    prefix: str = "",
) -> TariffChange:
    """Give the change of a market that charges some origins (none named: all) one rate on a product prefix.

    Raises:
        BadParameter, DataMissing: as ``between``, and a rate outside what the formulas are defined for.
        UnknownCountry: an origin that is not among those the market's imports are told of.
        UnknownTradeProduct: no product begins with the prefix.
    """
    rates = _rates(importer, imports, before)
    unknown = exporters - set(imports.rows)
    if unknown:
        raise UnknownCountry(
            f"no origin {min(unknown)} among the {len(imports.rows)} that {importer} buys from"
        )
    rows = np.array([not exporters or code in exporters for code in imports.rows], dtype=np.bool_)
    columns = np.array([code.startswith(prefix) for code in imports.columns], dtype=np.bool_)
    if not columns.any():
        raise UnknownTradeProduct(f"a tariff is supposed on {prefix}, which no product begins with")
    after = rates.copy()
    after[np.ix_(rows, columns)] = rate_percent / 100
    return TariffChange(importer, imports, rates, after)


def _rates(importer: str, imports: Matrix, book: TariffBook) -> Amounts:
    if book.products != imports.columns:
        raise BadParameter("the tariffs were laid over other products than the imports; lay them again")
    rates = book.of_market(importer, imports.rows)
    known = book.is_known[book.importers.index(importer)]
    silent = np.flatnonzero(imports.values.any(axis=0) & ~known)
    if len(silent):
        raise DataMissing(
            f"{importer} buys {imports.columns[silent[0]]}, and the schedule knows no rate for it "
            f"(nor for {len(silent) - 1} other products): complete the schedule, or leave these products out"
        )
    return rates
