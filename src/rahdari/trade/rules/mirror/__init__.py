"""What the exporter reports against what the importer reports: the gap, who is to be believed, and both shown.

One shipment stands in two statistics: where it left (valued FOB) and where it arrived (valued CIF, with freight and
insurance). They should agree but for the freight, and do not.

Example:
    >>> from rahdari.trade.rules.mirror import reconcile, reports_of
    >>> from rahdari.trade.values import Matrix
    >>> sold = Matrix(["PAK"], ["CHN"], [[100.0]])
    >>> bought = Matrix(["PAK"], ["CHN"], [[165.0]])
    >>> told = reconcile(reports_of(sold, bought, year=2016), freight_share=0.1)
    >>> told.to_frame().select("gap_usd", "ratio", "importer_fob_usd", "reconciled_usd").rows()
    [(-65.0, 1.65, 150.0, 125.0)]
"""

from rahdari.trade.rules.mirror.freight import FREIGHT_SHARE_MAX, Freight, FreightRules, estimate_freight
from rahdari.trade.rules.mirror.reconciliation import Mirror, ToldBy, reconcile
from rahdari.trade.rules.mirror.reliability import Reliability, ReliabilityRules, rate_reporters
from rahdari.trade.rules.mirror.reports import Reports, join_reports, reports_of

__all__ = [
    "FREIGHT_SHARE_MAX",
    "Freight",
    "FreightRules",
    "Mirror",
    "Reliability",
    "ReliabilityRules",
    "Reports",
    "ToldBy",
    "estimate_freight",
    "join_reports",
    "rate_reporters",
    "reconcile",
    "reports_of",
]
