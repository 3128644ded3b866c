"""Amounts from one revision of the Harmonized System to another: split by weights, and not a dollar lost.

A code of one revision may have become several of another, and several may have become one. A concordance gives each
source code weights over its target codes that add up to 1, so that

    x'_t = sum over s of w_st x_s        and        sum over t of x'_t = sum over s of x_s

Where nothing is known of the weights, the targets of a code share it equally; better weights come from trade itself
(``weigh_by_value``): in years that are reported in both revisions, or by the targets' sizes in a later year. The
Growth Lab estimates weights by constrained least squares; its files are read by ``read_concordance``.

Converted figures are estimates. Detail that a revision never had cannot be won back, and a comparison of shares or
of comparative advantage across a change of revision compares the weights as well.

Example:
    >>> from rahdari.trade.values import Matrix, Revision
    >>> links = [("100110", "100111"), ("100110", "100119"), ("100190", "100199")]
    >>> turned = equal_concordance(Revision.HS07, Revision.HS12, links)
    >>> wheat = Matrix(["PAK"], ["100110", "100190"], [[5.0, 2.0]])
    >>> converted = convert(wheat, turned)
    >>> converted.matrix.columns, converted.matrix.values.tolist(), converted.lost_usd
    (('100111', '100119', '100199'), [[3.0, 2.0, 2.0]], 0.0)
"""

from rahdari.trade.rules.concordance.flows import ConvertedFlows, convert_flows
from rahdari.trade.rules.concordance.matrices import REST, Converted, Unknown, convert
from rahdari.trade.rules.concordance.reading import read_concordance
from rahdari.trade.rules.concordance.splitting import share_out
from rahdari.trade.rules.concordance.weights import (
    Concordance,
    chain,
    equal_concordance,
    require_same,
    weigh_by_value,
)

__all__ = [
    "REST",
    "Concordance",
    "Converted",
    "ConvertedFlows",
    "Unknown",
    "chain",
    "convert",
    "convert_flows",
    "equal_concordance",
    "read_concordance",
    "require_same",
    "share_out",
    "weigh_by_value",
]
