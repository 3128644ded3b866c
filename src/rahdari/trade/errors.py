"""The refusals of the trade room, each with its code."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class TradeRefused(Refused):
    """The room refuses what it was asked."""

    code: ClassVar[str] = "trade.refused"


class BadTable(TradeRefused):
    """A table is no matrix of amounts: a hole, a negative amount, a name that stands twice, sides that differ."""

    code: ClassVar[str] = "trade.bad_table"


class MixedRevisions(TradeRefused):
    """Codes of different revisions of the Harmonized System would be added up as if they were one."""

    code: ClassVar[str] = "trade.mixed_revisions"


class UnknownCountry(TradeRefused):
    """The data know no such country."""

    code: ClassVar[str] = "trade.unknown_country"


class UnknownTradeProduct(TradeRefused):
    """The data know no such product."""

    code: ClassVar[str] = "trade.unknown_product"


class UnknownYear(TradeRefused):
    """The data hold no such year."""

    code: ClassVar[str] = "trade.unknown_year"


class NothingTraded(TradeRefused):
    """What was asked about exports, or imports, nothing: no share of it exists."""

    code: ClassVar[str] = "trade.nothing_traded"


class Degenerate(TradeRefused):
    """A number is not defined for this input, and the message says why: no NaN is given in its place."""

    code: ClassVar[str] = "trade.degenerate"


class BadParameter(TradeRefused):
    """A parameter lies outside what its formula is defined for."""

    code: ClassVar[str] = "trade.bad_parameter"


class Infeasible(TradeRefused):
    """No choice keeps every limit; the message names the limits that contradict one another."""

    code: ClassVar[str] = "trade.infeasible"


class BadTradeFile(TradeRefused):
    """A file is not of the form that was expected; the message names line and reason."""

    code: ClassVar[str] = "trade.bad_file"


class DataMissing(TradeRefused):
    """The question needs data that are not here; the message says how to get them."""

    code: ClassVar[str] = "trade.no_data"


class DownloadFailed(CounterpartFailed):
    """A publisher of data could not be reached, broke off, or sent something else than was promised."""

    code: ClassVar[str] = "trade.download_failed"


class EngineFailed(CounterpartFailed):
    """The engine that sums the flows could not be reached or gave up."""

    code: ClassVar[str] = "trade.engine_failed"
