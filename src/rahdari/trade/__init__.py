"""The export roadmap: flows, complexity, potential, tariffs, choice under limits, paths and their odds.

Example:
    >>> from rahdari.trade import Matrix
    >>> exports = Matrix(("PAK", "CHN"), ("copper ore", "refined copper"), [[3.0, 0.0], [0.0, 5.0]])
    >>> exports.of_row("PAK").tolist()
    [3.0, 0.0]
"""

from rahdari.trade.errors import (
    BadParameter,
    BadTable,
    BadTradeFile,
    DataMissing,
    Degenerate,
    DownloadFailed,
    EngineFailed,
    Infeasible,
    MixedRevisions,
    NothingTraded,
    TradeRefused,
    UnknownCountry,
    UnknownTradeProduct,
    UnknownYear,
)
from rahdari.trade.ports import FlowBook
from rahdari.trade.values import (
    Amounts,
    Country,
    CountryCode,
    Level,
    Matrix,
    Product,
    ProductCode,
    Revision,
    Source,
)

__all__ = [
    "Amounts",
    "BadParameter",
    "BadTable",
    "BadTradeFile",
    "Country",
    "CountryCode",
    "DataMissing",
    "Degenerate",
    "DownloadFailed",
    "EngineFailed",
    "FlowBook",
    "Infeasible",
    "Level",
    "Matrix",
    "MixedRevisions",
    "NothingTraded",
    "Product",
    "ProductCode",
    "Revision",
    "Source",
    "TradeRefused",
    "UnknownCountry",
    "UnknownTradeProduct",
    "UnknownYear",
]
