"""The refusals of the trade room, each with its code."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class Ground(StrEnum):
    """Why a question that was asked well has no answer in these data; the edges word it in each language."""

    SHORT_HISTORY = "short_history"
    EXPORTS_NOTHING = "exports_nothing"
    IMPORTS_NOTHING = "imports_nothing"
    NO_START = "no_start"
    NOT_MEASURED = "not_measured"
    NOTHING_TO_CHOOSE = "nothing_to_choose"
    OUT_OF_TIME = "out_of_time"
    OTHER_REVISION = "other_revision"
    SAME_COUNTRY = "same_country"
    UNKNOWN_YEAR = "unknown_year"
    UNKNOWN_PRODUCT = "unknown_product"
    UNKNOWN_COUNTRY = "unknown_country"
    UNKNOWN_CANDIDATE = "unknown_candidate"
    CHOSEN_ALREADY = "chosen_already"
    OTHER_DATA = "other_data"
    UNKNOWN_TABLE = "unknown_table"
    UNKNOWN_FILE = "unknown_file"
    UNKNOWN_PARAMETER = "unknown_parameter"
    TWICE = "twice"
    BAD_FORM = "bad_form"
    OUT_OF_BOUNDS = "out_of_bounds"
    NOT_WHOLE = "not_whole"
    BAD_QUERY = "bad_query"


class TradeRefused(Refused):
    """The room refuses what it was asked.

    Attributes:
        ground: why, where a visitor who only chose from lists can meet it; None elsewhere.
        values: the numbers and codes that the ground's words name.
    """

    code: ClassVar[str] = "trade.refused"

    def __init__(
        self,
        message: str,
        *,
        ground: Ground | None = None,
        values: Mapping[str, str | int | float] = MappingProxyType({}),
    ) -> None:
        """Keep the sentence, and what it is worded from in other languages."""
        super().__init__(message)
        self.ground = ground
        self.values = values


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


class DataDamaged(DataMissing):
    """The flows on the disk are not those that were written: they would answer, and wrongly."""

    code: ClassVar[str] = "trade.data_damaged"


class DownloadFailed(CounterpartFailed):
    """A publisher of data could not be reached, broke off, or sent something else than was promised."""

    code: ClassVar[str] = "trade.download_failed"


class EngineFailed(CounterpartFailed):
    """The engine that sums the flows could not be reached or gave up."""

    code: ClassVar[str] = "trade.engine_failed"
