"""What the exporter reports against what the market reports of the same goods, with the gap between them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from rahdari.trade.errors import BadParameter, MixedRevisions, UnknownYear
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.mirror import Mirror, join_reports, reconcile
from rahdari.trade.service.asking import Asking, Found
from rahdari.trade.values import Matrix

# Freight and insurance between neighbours; a usual guess where nothing is estimated.
FREIGHT_SHARE = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class MirrorWish:
    """``freight_share``: what freight and insurance add to the importer's value. Years are compared one by one."""

    freight_share: float = FREIGHT_SHARE
    window_years: int = 5


USUAL = MirrorWish()


def ask_mirror(exports: FlowBook, imports: FlowBook, scope: Scope, wish: MirrorWish = USUAL) -> Answer:
    """Compare two books: ``exports`` as exporters reported them (FOB), ``imports`` as importers did (CIF).

    Raises:
        MixedRevisions: the two are coded by different revisions.
        BadParameter: both are one and the same release.
        UnknownCountry, UnknownYear: the importers' book lacks a side, or every year of the window.
        NothingTraded: neither tells of any flow.
    """
    one, other = exports.source, imports.source
    if one.revision is not other.revision:
        raise MixedRevisions(f"{one.release} is coded by {one.revision}, {other.release} by {other.revision}")
    if one.digest == other.digest:
        raise BadParameter(f"{one.release} would be compared with itself; name two releases")
    asking = Asking(exports, scope)
    years = [year for year in asking.last(wish.window_years) if year in imports.years]
    if not years:
        raise UnknownYear(f"{other.name} {other.release} holds none of the years up to {asking.year}")
    sold = _flows(years, [exports.sold_by(scope.exporter, [year], scope.level) for year in years], scope)
    bought = _flows(
        years, [imports.bought_by(scope.market, [year], scope.level) for year in years], scope, is_bought=True
    )
    found = reconcile(join_reports(sold, bought), freight_share=wish.freight_share)
    told = Found(
        table=found.to_frame().sort("year", "gap_usd", descending=[True, False]),
        tables={"totals": found.totals()},
        figures=_figures(found),
        notes=(
            Note("equal_weights"),
            Note("freight_supposed", {"freight_share": wish.freight_share}),
            Note("other_source", {"name": other.name, "release": other.release, "sha256": other.digest}),
        ),
    )
    return asking.answer("mirror", wish, told)


def _flows(
    years: Sequence[int], tables: Sequence[Matrix], scope: Scope, *, is_bought: bool = False
) -> pl.DataFrame:
    """Write the flows between the two, by year and product, as reports have them."""
    side = scope.exporter if is_bought else scope.market
    rows = [
        (year, str(scope.exporter), str(scope.market), product, value)
        for year, table in zip(years, tables, strict=True)
        for product, value in zip(table.columns, table.of_row(side).tolist(), strict=True)
        if value > 0
    ]
    schema = {
        "year": pl.Int32,
        **dict.fromkeys(("exporter", "importer", "product"), pl.String),
        "value_usd": pl.Float64,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _figures(found: Mirror) -> dict[str, Number]:
    frame = found.frame
    sold, bought = (float(frame[name].sum()) for name in ("exporter_usd", "importer_usd"))
    return {
        "exporter_usd": sold,
        "importer_usd": bought,
        "gap_usd": sold - bought,
        "ratio": bought / sold if sold > 0 else None,
        "flows": len(frame),
    }
