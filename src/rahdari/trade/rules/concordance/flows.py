"""Flows as columns of whole numbers, from one revision to another."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadTable, MixedRevisions, UnknownTradeProduct
from rahdari.trade.rules.concordance.matrices import Unknown
from rahdari.trade.rules.concordance.splitting import Whole
from rahdari.trade.rules.concordance.weights import Concordance
from rahdari.trade.values import Amounts, Revision

COLUMNS = ["year", "exporter", "importer", "product", "value_usd", "quantity_kg"]
_KEY = COLUMNS[:4]


@dataclass(frozen=True, slots=True, eq=False)
class ConvertedFlows:
    """Flows in another revision, columns and types as they were; ``rest`` holds flows whose code is not known."""

    frame: pl.DataFrame
    revision: Revision
    basis: str
    rest: pl.DataFrame


def convert_flows(
    flows: pl.DataFrame,
    concordance: Concordance,
    *,
    revision: Revision | None = None,
    unknown: Unknown = Unknown.REFUSE,
) -> ConvertedFlows:
    """Turn a flow table (six digits) into the target revision; each flow keeps its dollars and its kilograms.

    Both are split by the same weights and rounded by the largest remainder. Where flows with and without a known
    weight (-1) become one, the weight of the sum is not known. A part of 0 dollars and no weight is left out,
    unless the flow itself was of 0 dollars.

    Args:
        flows: the columns ``year, exporter, importer, product, value_usd, quantity_kg`` of whole numbers.
        concordance: the weights, six digits.
        revision: what the flows are of, where the caller knows it; checked.
        unknown: refuse codes that the concordance does not know, or keep their flows in ``rest``.

    Raises:
        BadTable: other columns, or a hole.
        MixedRevisions: the flows are of another revision than the concordance begins with.
        UnknownTradeProduct: a code is not known, and unknown ones are refused.
    """
    if flows.columns != COLUMNS or sum(flows.null_count().row(0)):
        raise BadTable(f"flows have the columns {', '.join(COLUMNS)} and no hole")
    if revision is not None and revision is not concordance.source:
        raise MixedRevisions(
            f"the flows are of {revision.value}, the concordance begins with {concordance.source.value}"
        )
    links = _links(concordance)
    known = pl.col("product").cast(pl.Int64).is_in(links["source"].unique().implode())
    rest = flows.filter(~known)
    if len(rest) and unknown is Unknown.REFUSE:
        raise UnknownTradeProduct(
            f"{concordance.source.value} has no {rest['product'][0]:06} ({len(rest)} flows); is the table of "
            "another revision? Keep them apart, or take the right concordance"
        )
    spread = _spread(flows.filter(known), links)
    added = spread.group_by(_KEY).agg(
        pl.col("value_usd").sum(),
        pl.when(pl.col("quantity_kg").min() < 0)
        .then(-1)
        .otherwise(pl.col("quantity_kg").sum())
        .alias("quantity_kg"),
    )
    frame = added.sort(_KEY).select(pl.col(name).cast(flows.schema[name]) for name in COLUMNS)
    return ConvertedFlows(frame, concordance.target, concordance.basis, rest)


def _links(concordance: Concordance) -> pl.DataFrame:
    links = [
        (int(code), int(other), weight)
        for code, targets in concordance.weights.items()
        for other, weight in targets.items()
    ]
    return pl.DataFrame(
        links, schema={"source": pl.Int64, "target": pl.Int64, "weight": pl.Float64}, orient="row"
    )


def _spread(flows: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    joined = (
        flows.with_columns(pl.col("product").cast(pl.Int64))
        .with_row_index("flow")
        .join(links, left_on="product", right_on="source", how="inner")
        .sort("flow", "target")
    )
    flow, weight = joined["flow"].to_numpy().astype(np.int64), joined["weight"].to_numpy()
    parts = {
        name: pl.Series(name, _parts(joined[name].to_numpy().astype(np.int64), weight, flow))
        for name in ("value_usd", "quantity_kg")
    }
    is_held = (parts["value_usd"] > 0) | (parts["quantity_kg"] > 0) | (joined["value_usd"] == 0)
    return joined.with_columns(*parts.values(), pl.col("target").alias("product")).filter(is_held)


def _parts(totals: Whole, weights: Amounts, flow: Whole) -> Whole:
    """Split the total of each flow, which stands at each of its rows, by the weights of its rows."""
    known = totals >= 0
    exact = np.where(known, totals, 0) * weights
    parts: Whole = np.floor(exact).astype(np.int64)
    begins = np.flatnonzero(np.diff(flow, prepend=-1)) if len(flow) else np.zeros(0, dtype=np.int64)
    if not len(begins):
        return parts
    sizes = np.diff(begins, append=len(flow))
    left = np.repeat(np.where(known, totals, 0)[begins] - np.add.reduceat(parts, begins), sizes)
    order = np.lexsort((-(exact - parts), flow))
    rank = np.empty_like(order)
    rank[order] = np.arange(len(flow)) - np.repeat(begins, sizes)
    # Beyond 2^53 the products are rounded by whole dollars: all of what is left is handed out, however much.
    many = np.repeat(sizes, sizes)
    parts += np.where(left > 0, left // many + (rank < left % many), 0)
    # Rounding in the product may leave a floor one too high near 2^53: the largest part gives it back.
    for begin in begins[left[begins] < 0]:
        mine = slice(begin, begin + int(np.sum(flow == flow[begin])))
        parts[begin + int(parts[mine].argmax())] += left[begin]
    return np.where(known, parts, -1)
