"""What both sides report of the same trade, from the downloads that a plan names."""

from typing import Final

import polars as pl

from rahdari.app.comtrade_pull import read_both_sides
from rahdari.app.manifests import digest_of
from rahdari.app.roadmap.plan import Plan
from rahdari.app.trade_tables import read_table
from rahdari.trade.errors import DataMissing
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.mirror import Mirror, reconcile
from rahdari.trade.rules.mirror import Reports as TwoSides
from rahdari.trade.service.asking import Asking, Found

_SIDES: Final = ("exporter_usd", "importer_usd")


def ask_reported(book: FlowBook, scope: Scope, plan: Plan) -> Answer:
    """Compare the two reports of what the exporter sells the market, in every year that the plan's files hold.

    The files are a source of their own: their names and digests stand among the answer's parameters, products keep
    the codes of the files, and nothing of them enters another question.

    Raises:
        BadTradeFile, MixedRevisions: a file is no download of Comtrade, or they are coded by several revisions.
        DataMissing: a file is not there, or none tells of trade between the two.
    """
    asked = plan.asks.mirror
    if asked is None:
        raise AssertionError("what both sides report is asked where the plan names files of it")
    paths = [plan.file(name) for name in asked.files]
    frame = read_both_sides(paths).frame.filter(
        (pl.col("exporter") == scope.exporter) & (pl.col("importer") == scope.market)
    )
    if frame.is_empty():
        raise DataMissing(
            f"{', '.join(asked.files)[:200]} tell of no trade from {scope.exporter} to {scope.market}; download "
            "what either reports of the other"
        )
    found = reconcile(TwoSides(frame), freight_share=asked.freight_share)
    files = [{"role": "report", "name": path.name, "sha256": digest_of(read_table(path))} for path in paths]
    parameters = {"files": files, "freight_share": asked.freight_share}
    return Asking(book, scope).answer("mirror", parameters, _found(found, asked.freight_share))


def _found(found: Mirror, freight_share: float) -> Found:
    frame = found.to_frame()
    by_gap = frame.sort(pl.col("gap_usd").abs(), descending=True, nulls_last=True, maintain_order=True)
    return Found(
        table=by_gap,
        tables={"totals": found.totals()},
        figures=_figures(frame),
        notes=(Note("equal_weights"), Note("freight_supposed", {"freight_share": freight_share})),
    )


def _figures(frame: pl.DataFrame) -> dict[str, Number]:
    """Sum both reports over what both tell: what only one tells is a gap of another kind."""
    both = frame.drop_nulls(_SIDES).filter(pl.all_horizontal(pl.col(_SIDES) > 0))
    sold, bought = (float(both[side].sum()) for side in _SIDES)
    return {
        "exporter_usd": sold,
        "importer_usd": bought,
        "ratio": bought / sold if sold > 0 else None,
        "first_year": int(str(frame["year"].min())),
        "last_year": int(str(frame["year"].max())),
        "flows": len(frame),
        "flows_both": len(both),
    }
