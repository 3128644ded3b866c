"""Whose reports differ from everybody's: one number for each country as exporter and one as importer.

The difference of a pair's reports is modelled as a product, how unreliable the one is as an exporter times how
unreliable the other is as an importer:

    d_ij ~ a_i b_j        d = |ln(importer, FOB / exporter)|, between 0.05 and ln 10
    a_i = mean over j of d_ij / b_j        b_j = mean over i of d_ij / a_i

and the two lines are repeated until nothing changes. It is the iteration of the Growth Lab's reconciliation (their
code takes |x - m| / (x + m) and stops after 25 rounds), which is Sinkhorn's scaling of a matrix to given sums of
rows and columns: it converges wherever there is a report to compare. The product leaves one scale free; it is set
so that exporters and importers are equally unreliable in the geometric mean, among the countries that are compared
with one another.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.values import SIDE_MAX, Amounts

# Convergence is geometric; tables of real trade take a few dozen rounds.
ROUNDS_MAX: Final = 10_000
STILL: Final = 1e-10

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ReliabilityRules:
    """What counts.

    ``equal_below``: log ratios nearer to 0 count as this: nobody agrees better than customs can (0.05: 5 %).
    ``differ_at_most``: log ratios beyond count as this, so that one forgotten report does not brand a country.
    ``partners_min``: who can be compared with fewer partners is not rated.
    """

    equal_below: float = 0.05
    differ_at_most: float = float(np.log(10))
    partners_min: int = 5

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if not 1e-6 <= self.equal_below < self.differ_at_most <= 100:
            raise BadParameter(
                "the bounds of a difference are 0.000001 <= equal_below < differ_at_most <= 100"
            )
        if type(self.partners_min) is not int or self.partners_min < 1:
            raise BadParameter("a country is rated by one partner or more")


USUAL: Final = ReliabilityRules()


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """How unreliable each country is: the typical log difference that it brings in; lower is better.

    Who has too few partners to be compared with stands in neither. ``rounds`` the iteration took.
    """

    as_exporter: Mapping[str, float]
    as_importer: Mapping[str, float]
    rounds: int
    pairs: int

    def exporter_weight(self, exporter: str, importer: str) -> float | None:
        """Give the weight of the exporter's report, 0 to 1; None where one of the two is not rated."""
        sold, bought = self.as_exporter.get(exporter), self.as_importer.get(importer)
        return None if sold is None or bought is None else bought / (sold + bought)

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a country: ``country, name, as_exporter, as_importer``; null where it is not rated."""
        codes = sorted(self.as_exporter.keys() | self.as_importer.keys())
        return pl.DataFrame(
            {
                "country": codes,
                "name": [(names or {}).get(code, "") for code in codes],
                "as_exporter": [self.as_exporter.get(code) for code in codes],
                "as_importer": [self.as_importer.get(code) for code in codes],
            },
            schema={
                "country": pl.String, "name": pl.String, "as_exporter": pl.Float64, "as_importer": pl.Float64,
            },
        )  # fmt: skip


def rate_reporters(pairs: pl.DataFrame, rules: ReliabilityRules = USUAL) -> Reliability:
    """Rate every country by how its reports differ from its partners'.

    Args:
        pairs: one row a pair (and year): ``exporter``, ``importer``, ``exporter_usd`` and ``importer_fob_usd``,
            both above 0; of several years the mean difference counts.
        rules: what counts.

    Raises:
        Degenerate: no pair is left to compare, or the iteration does not end.
    """
    differences = _differences(pairs, rules)
    if differences.is_empty():
        raise Degenerate(
            f"no country has {rules.partners_min} partners with reports of both sides; nobody can be rated"
        )
    exporters, importers = (sorted(differences[side].unique()) for side in ("exporter", "importer"))
    if max(len(exporters), len(importers)) > SIDE_MAX:
        raise Degenerate(f"more than {SIDE_MAX} countries")
    rows = {code: at for at, code in enumerate(exporters)}
    columns = {code: at for at, code in enumerate(importers)}
    row = np.array([rows[code] for code in differences["exporter"]])
    column = np.array([columns[code] for code in differences["importer"]])
    table = _Table(row, column, differences["difference"].to_numpy(), len(rows), len(columns))
    sold, bought, rounds = _iterate(table)
    return Reliability(
        MappingProxyType(dict(zip(exporters, map(float, sold), strict=True))),
        MappingProxyType(dict(zip(importers, map(float, bought), strict=True))),
        rounds,
        len(differences),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Differences by pair, as places and values."""

    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    differences: Amounts
    rows: int
    columns: int


def _differences(pairs: pl.DataFrame, rules: ReliabilityRules) -> pl.DataFrame:
    differ = (pl.col("importer_fob_usd") / pl.col("exporter_usd")).log().abs()
    found = (
        pairs.filter((pl.col("exporter_usd") > 0) & (pl.col("importer_fob_usd") > 0))
        .with_columns(differ.clip(rules.equal_below, rules.differ_at_most).alias("difference"))
        .group_by("exporter", "importer")
        .agg(pl.col("difference").mean())
        .sort("exporter", "importer")
    )
    # Leaving out who has too few partners may leave others with too few; each round leaves out one country or more.
    while True:
        enough = [pl.len().over(side) >= rules.partners_min for side in ("exporter", "importer")]
        fewer = found.filter(enough[0] & enough[1])
        if len(fewer) == len(found):
            return found
        found = fewer


def _iterate(table: _Table) -> tuple[Amounts, Amounts, int]:
    sold, bought = np.ones(table.rows), np.ones(table.columns)
    partners_sold = np.bincount(table.row, minlength=table.rows)
    partners_bought = np.bincount(table.column, minlength=table.columns)
    for rounds in range(1, ROUNDS_MAX + 1):
        before = sold
        sold = np.bincount(table.row, table.differences / bought[table.column], table.rows) / partners_sold
        bought = (
            np.bincount(table.column, table.differences / sold[table.row], table.columns) / partners_bought
        )
        if np.max(np.abs(np.log(sold / before))) < STILL:
            return *_same_scale(table, sold, bought), rounds
    raise Degenerate(f"the reliability of reporters does not settle in {ROUNDS_MAX} rounds")


def _same_scale(table: _Table, sold: Amounts, bought: Amounts) -> tuple[Amounts, Amounts]:
    """Make the geometric means of both sides equal among those who are compared, directly or through others."""
    from scipy.sparse import coo_array  # noqa: PLC0415 - a server that only verifies does without it
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    size = table.rows + table.columns
    links = coo_array((np.ones(len(table.row)), (table.row, table.rows + table.column)), shape=(size, size))
    groups = connected_components(links, directed=False)[1]
    for group in range(int(groups.max()) + 1):
        mine, theirs = groups[: table.rows] == group, groups[table.rows :] == group
        scale = np.exp((np.log(bought[theirs]).mean() - np.log(sold[mine]).mean()) / 2)
        sold[mine], bought[theirs] = sold[mine] * scale, bought[theirs] / scale
    return sold, bought
