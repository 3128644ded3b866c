"""Two reports of each flow, side by side."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from rahdari.trade.errors import BadTable
from rahdari.trade.values import Matrix

KEY: Final = ["year", "exporter", "importer", "product"]
ALL_PRODUCTS: Final = "all"

# A year of the whole world at six digits has some 12 million flows on either side.
FLOWS_MAX: Final = 30_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """Flows with what each side says of them; 0 where a side says nothing.

    ``frame`` has ``year`` (Int32), ``exporter``, ``importer``, ``product`` (text), ``exporter_usd`` (FOB) and
    ``importer_usd`` (CIF), ordered by these names. ``domestic`` counts flows of a country with itself, which are
    left out.
    """

    frame: pl.DataFrame
    domestic: int = 0

    def __len__(self) -> int:
        """Count the flows of which somebody tells."""
        return len(self.frame)

    def both(self) -> pl.DataFrame:
        """Give the flows of which both tell."""
        return self.frame.filter((pl.col("exporter_usd") > 0) & (pl.col("importer_usd") > 0))


def join_reports(exports: pl.DataFrame, imports: pl.DataFrame) -> Reports:
    """Put exporters' and importers' reports side by side.

    Each frame has ``year``, ``exporter``, ``importer``, ``product`` and ``value_usd``, as flow tables have them:
    in ``exports`` the exporter reported, in ``imports`` the importer. Numbers of countries become text.

    Raises:
        BadTable: a column is missing, a flow stands twice, an amount is no finite number of 0 or more, or there
            are more flows than ``FLOWS_MAX``.
    """
    told = [_checked(frame, side) for frame, side in ((exports, "exporter"), (imports, "importer"))]
    joined = (
        told[0]
        .join(told[1], on=KEY, how="full", coalesce=True)
        .with_columns(pl.col("exporter_usd", "importer_usd").fill_null(0.0))
    )
    abroad = joined.filter(pl.col("exporter") != pl.col("importer"))
    heard = abroad.filter((pl.col("exporter_usd") > 0) | (pl.col("importer_usd") > 0))
    return Reports(heard.sort(KEY), len(joined) - len(abroad))


def reports_of(exports: Matrix, imports: Matrix, *, year: int, product: str = ALL_PRODUCTS) -> Reports:
    """Put two matrices side by side, both exporters by importers, of one year and one product (or of all).

    Raises:
        BadTable: as ``join_reports``.
    """
    return join_reports(_tidy(exports, year, product), _tidy(imports, year, product))


def _tidy(amounts: Matrix, year: int, product: str) -> pl.DataFrame:
    at, to = np.nonzero(amounts.values)
    return pl.DataFrame(
        {
            "year": np.full(len(at), year, dtype=np.int32),
            "exporter": [amounts.rows[place] for place in at],
            "importer": [amounts.columns[place] for place in to],
            "product": [product] * len(at),
            "value_usd": amounts.values[at, to],
        },
        schema_overrides={"exporter": pl.String, "importer": pl.String, "product": pl.String},
    )


def _checked(frame: pl.DataFrame, side: str) -> pl.DataFrame:
    absent = [name for name in (*KEY, "value_usd") if name not in frame.columns]
    if absent:
        raise BadTable(f"the {side}s' reports have no column {absent[0]}")
    if len(frame) > FLOWS_MAX:
        raise BadTable(
            f"the {side}s' reports have {len(frame)} flows, more than {FLOWS_MAX}; take fewer years"
        )
    try:
        told = frame.select(
            pl.col("year").cast(pl.Int32),
            pl.col("exporter", "importer", "product").cast(pl.String),
            pl.col("value_usd").cast(pl.Float64).alias(f"{side}_usd"),
        )
    except pl.exceptions.PolarsError:
        raise BadTable(f"the {side}s' reports have a column of another kind than a flow table") from None
    amounts = told[f"{side}_usd"]
    if sum(told.null_count().row(0)) or not amounts.is_finite().all() or not (amounts >= 0).all():
        raise BadTable(f"the {side}s' reports hold a hole, or an amount that is no number of 0 or more")
    twice = told.filter(told.select(KEY).is_duplicated())
    if not twice.is_empty():
        raise BadTable(
            f"the {side}s' reports tell {' '.join(map(str, twice.row(0)[:4]))} twice; add it up first"
        )
    return told
