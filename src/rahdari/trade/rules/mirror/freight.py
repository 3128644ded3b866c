"""What freight and insurance add between the border of departure and that of arrival.

The observed ratio of the two reports holds the freight and everybody's errors. Over many pairs the errors, which go
both ways, average out, and what remains is explained by distance and a common border:

    ln(CIF / FOB) = a + b ln(km) + c contiguous + error                 (least squares)
    share = exp(fitted) - 1, clipped to 0 ... 0.2

The textbook form, after Gaulier and Zignago (CEPII working paper 2010-23, section 2.3), whose own equation also
has the square of the distance, landlocked countries, years and world unit values of products, and after the Growth
Lab's reconciliation, which has effects of reporters; neither was reproduced digit by digit.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadParameter, BadTable, Degenerate
from rahdari.trade.rules.mirror.reports import Reports
from rahdari.trade.values import Amounts, Matrix

# More than a fifth is seen for coal and gravel, never for a country's trade; the Growth Lab clips here as well.
FREIGHT_SHARE_MAX: Final = 0.2

# With fewer pairs the two slopes are noise.
PAIRS_MIN: Final = 30


@dataclass(frozen=True, slots=True)
class FreightRules:
    """What counts.

    ``ratio_max``: pairs whose reports differ by more than this factor, either way, tell of errors, not of freight.
    ``value_usd_min``: smaller flows are left out for the same reason.
    ``share_max``: the estimate is clipped to 0 ... this.
    """

    ratio_max: float = 2.0
    value_usd_min: float = 1e6
    share_max: float = FREIGHT_SHARE_MAX

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if not 1 < self.ratio_max <= 1e6 or not 0 <= self.value_usd_min < float("inf"):
            raise BadParameter("the largest ratio is above 1, the least value 0 or more")
        if not 0 <= self.share_max <= 1:
            raise BadParameter("a share of freight is 0 to 1")


USUAL: Final = FreightRules()


@dataclass(frozen=True, slots=True, eq=False)
class Freight:
    """The share of freight of each pair, by ``exporters`` and ``importers``, with how it was found.

    ``pairs_used`` observations gave ``constant``, ``by_log_km`` and ``by_contiguity``; ``explained_share`` is how
    much of the variance of the log ratios they explain (little, as a rule: most of the gap is no freight).
    ``pairs_clipped`` had an estimate outside the bounds; ``typical_share`` serves pairs without a distance.
    """

    exporters: tuple[str, ...]
    importers: tuple[str, ...]
    shares: Amounts
    is_known: npt.NDArray[np.bool_]
    constant: float
    by_log_km: float
    by_contiguity: float
    explained_share: float
    pairs_used: int
    pairs_clipped: int
    typical_share: float

    def of(self, exporters: pl.Series, importers: pl.Series) -> Amounts:
        """Give the share of each flow; ``typical_share`` where the pair has no distance."""
        rows = {code: at for at, code in enumerate(self.exporters)}
        columns = {code: at for at, code in enumerate(self.importers)}
        row = np.array([rows.get(code, -1) for code in exporters], dtype=np.int64)
        column = np.array([columns.get(code, -1) for code in importers], dtype=np.int64)
        found = np.full(len(row), self.typical_share)
        inside = (row >= 0) & (column >= 0)
        inside[inside] = self.is_known[row[inside], column[inside]]
        found[inside] = self.shares[row[inside], column[inside]]
        return found

    def to_frame(self) -> pl.DataFrame:
        """Give one row a pair: ``exporter, importer, freight_share, is_known``."""
        return pl.DataFrame(
            {
                "exporter": np.repeat(self.exporters, len(self.importers)),
                "importer": np.tile(self.importers, len(self.exporters)),
                "freight_share": self.shares.ravel(),
                "is_known": self.is_known.ravel(),
            }
        )


def estimate_freight(
    reports: Reports, distance_km: Matrix, contiguous: Matrix, rules: FreightRules = USUAL
) -> Freight:
    """Estimate the share of freight of each pair from what both sides report.

    Args:
        reports: flows; each of which both tell is one observation.
        distance_km: exporters by importers, kilometres; 0 where it is not known.
        contiguous: the same sides, 1 for a common border and 0 else.
        rules: what counts.

    Raises:
        BadTable: the two matrices have other sides.
        Degenerate: too few pairs, or all of one distance: nothing can be told about freight.
    """
    if (distance_km.rows, distance_km.columns) != (contiguous.rows, contiguous.columns):
        raise BadTable("distances and common borders are of other countries")
    ratio, km, border = _observations(reports, distance_km, contiguous, rules)
    design = np.column_stack([np.ones(len(km)), np.log(km), border])
    if len(ratio) < PAIRS_MIN or np.ptp(km) == 0:
        raise Degenerate(
            f"{len(ratio)} pairs tell about freight, {PAIRS_MIN} of different distances are needed; give a share "
            "instead, such as 0.06"
        )
    # Where no pair, or each, has a common border, least squares gives that slope 0: the solution of least norm.
    slopes = np.linalg.lstsq(design, ratio, rcond=None)[0]
    return _freight(distance_km, contiguous, rules, slopes, _explained(design, slopes, ratio))


def _observations(
    reports: Reports, distance_km: Matrix, contiguous: Matrix, rules: FreightRules
) -> tuple[Amounts, Amounts, Amounts]:
    flows = reports.both()
    rows = {code: at for at, code in enumerate(distance_km.rows)}
    columns = {code: at for at, code in enumerate(distance_km.columns)}
    row = np.array([rows.get(code, -1) for code in flows["exporter"]], dtype=np.int64)
    column = np.array([columns.get(code, -1) for code in flows["importer"]], dtype=np.int64)
    sold, bought = (flows[name].to_numpy() for name in ("exporter_usd", "importer_usd"))
    ratio = np.log(bought / sold)
    counts = (row >= 0) & (column >= 0) & (np.minimum(sold, bought) >= rules.value_usd_min)
    counts &= np.abs(ratio) <= np.log(rules.ratio_max)
    counts[counts] = distance_km.values[row[counts], column[counts]] > 0
    at = row[counts], column[counts]
    return ratio[counts], distance_km.values[at], np.minimum(contiguous.values[at], 1.0)


def _explained(design: Amounts, slopes: Amounts, ratio: Amounts) -> tuple[float, int]:
    spread = float(np.sum((ratio - ratio.mean()) ** 2))
    left = float(np.sum((ratio - design @ slopes) ** 2))
    return (0.0 if spread == 0 else max(0.0, 1 - left / spread)), len(ratio)


def _freight(
    distance_km: Matrix, contiguous: Matrix, rules: FreightRules, slopes: Amounts, told: tuple[float, int]
) -> Freight:
    known = distance_km.values > 0
    log_km = np.log(np.where(known, distance_km.values, 1.0))
    fitted = slopes[0] + slopes[1] * log_km + slopes[2] * np.minimum(contiguous.values, 1.0)
    # Bounded before the exponential: a wild slope must not overflow.
    raw = np.expm1(np.clip(fitted, -50, 50))
    shares = np.where(known, np.clip(raw, 0, rules.share_max), 0.0)
    clipped = int(np.sum(known & (raw != np.clip(raw, 0, rules.share_max))))
    shares.flags.writeable = False
    known.flags.writeable = False
    explained, used = told
    return Freight(
        distance_km.rows, distance_km.columns, shares, known, float(slopes[0]), float(slopes[1]),
        float(slopes[2]), explained, used, clipped,
        float(np.median(shares[known])),
    )  # fmt: skip
