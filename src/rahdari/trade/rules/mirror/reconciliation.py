"""One value for each flow from two reports, beside both of them: nothing is hidden behind the mean.

    importer, FOB = importer, CIF / (1 + freight share)
    reconciled = w exporter + (1 - w) importer, FOB        w = b_j / (a_i + b_j)

where a and b are how unreliable the two are (``reliability``); w is one half where one of them is not rated. A
textbook form: weights by the typical error of each. Gaulier and Zignago (CEPII working paper 2010-23, section 2.4)
weigh by a variance analysis of the errors instead; theirs was not reproduced.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.mirror.freight import Freight
from rahdari.trade.rules.mirror.reliability import Reliability
from rahdari.trade.rules.mirror.reports import KEY, Reports
from rahdari.trade.values import Amounts

# Equal weights where nobody knows who is to be believed more.
EQUAL = 0.5


class ToldBy(StrEnum):
    """Who tells of a flow, and so where its value comes from."""

    BOTH = "both"
    BOTH_UNRATED = "both_unrated"  # one of them could not be rated: equal weights
    EXPORTER = "exporter_only"
    IMPORTER = "importer_only"


@dataclass(frozen=True, slots=True, eq=False)
class Mirror:
    """Flows with both reports, what lies between them, and one value.

    ``frame``, one row a flow: ``year, exporter, importer, product``; ``exporter_usd`` (FOB) and ``importer_usd``
    (CIF) as reported; ``gap_usd``, exporter less importer; ``ratio``, importer over exporter, and ``log_ratio``
    (null where one side says nothing: ``told_by`` has the reason); ``freight_share``; ``importer_fob_usd``;
    ``exporter_weight``; ``reconciled_usd``; ``told_by``.
    """

    frame: pl.DataFrame
    freight: Freight | float
    reliability: Reliability | None
    domestic: int

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give the flows, with the names of the countries behind their codes where they are known."""
        if names is None:
            return self.frame
        named = [
            pl.Series(f"{side}_name", [names.get(code, "") for code in self.frame[side]], dtype=pl.String)
            for side in ("exporter", "importer")
        ]
        return self.frame.with_columns(named).select(
            "year", "exporter", "exporter_name", "importer", "importer_name", *self.frame.columns[3:]
        )

    def totals(self) -> pl.DataFrame:
        """Give both reports added up by year and by who tells: how much of the trade rests on one word alone."""
        return (
            self.frame.group_by("year", "told_by")
            .agg(pl.len().alias("flows"), pl.col("exporter_usd", "importer_usd", "reconciled_usd").sum())
            .sort("year", "told_by")
        )


def reconcile(
    reports: Reports, *, freight_share: Freight | float, reliability: Reliability | None = None
) -> Mirror:
    """Give each flow one value and keep both reports beside it.

    Args:
        reports: what both sides say.
        freight_share: estimated by pair, or one share for all, such as 0.06.
        reliability: who is to be believed; without it both sides weigh the same.

    Raises:
        BadParameter: the share is outside 0 to 1.
        NothingTraded: nobody tells of any flow.
    """
    if not len(reports):
        raise NothingTraded("neither exporters nor importers tell of any flow; there is nothing to compare")
    frame = add_fob(reports.frame, freight_share)
    sold, bought = frame["exporter_usd"].to_numpy(), frame["importer_fob_usd"].to_numpy()
    weight, told_by = _weights(frame, sold, bought, reliability)
    both = (pl.col("exporter_usd") > 0) & (pl.col("importer_usd") > 0)
    ratio = pl.when(both).then(pl.col("importer_usd") / pl.col("exporter_usd"))
    done = frame.with_columns(
        (pl.col("exporter_usd") - pl.col("importer_usd")).alias("gap_usd"),
        ratio.alias("ratio"),
        ratio.log().alias("log_ratio"),
        pl.Series("exporter_weight", weight),
        pl.Series("reconciled_usd", weight * sold + (1 - weight) * bought),
        pl.Series("told_by", told_by, dtype=pl.String),
    )
    order = ("exporter_usd", "importer_usd", "gap_usd", "ratio", "log_ratio", "freight_share", "importer_fob_usd",
             "exporter_weight", "reconciled_usd", "told_by")  # fmt: skip
    return Mirror(done.select(*KEY, *order), freight_share, reliability, reports.domestic)


def add_fob(frame: pl.DataFrame, freight_share: Freight | float) -> pl.DataFrame:
    """Add ``freight_share`` and ``importer_fob_usd`` to flows with ``importer_usd``.

    Raises:
        BadParameter: the share is outside 0 to 1.
    """
    if isinstance(freight_share, Freight):
        shares = freight_share.of(frame["exporter"], frame["importer"])
    elif 0 <= freight_share <= 1:
        shares = np.full(len(frame), float(freight_share))
    else:
        raise BadParameter(f"a freight share of {freight_share}; it is 0 to 1, such as 0.06 for 6 %")
    return frame.with_columns(
        pl.Series("freight_share", shares),
        (pl.col("importer_usd") / (1 + pl.Series(shares))).alias("importer_fob_usd"),
    )


def _weights(
    frame: pl.DataFrame, sold: Amounts, bought: Amounts, reliability: Reliability | None
) -> tuple[Amounts, list[str]]:
    """Give the weight of the exporter's report in each flow, and who tells of it."""
    rated = _rated(frame, reliability)
    weight = np.where(np.isnan(rated), EQUAL, rated)
    weight[bought == 0], weight[sold == 0] = 1.0, 0.0
    told = np.where(np.isnan(rated), ToldBy.BOTH_UNRATED.value, ToldBy.BOTH.value).astype(object)
    told[bought == 0], told[sold == 0] = ToldBy.EXPORTER.value, ToldBy.IMPORTER.value
    return weight, told.tolist()


def _rated(frame: pl.DataFrame, reliability: Reliability | None) -> Amounts:
    """Give the weight by reliability, NaN inside where there is none: it never leaves this module."""
    if reliability is None:
        return np.full(len(frame), np.nan)
    a = np.array([reliability.as_exporter.get(code, np.nan) for code in frame["exporter"]])
    b = np.array([reliability.as_importer.get(code, np.nan) for code in frame["importer"]])
    rated: Amounts = b / (a + b)
    return rated
