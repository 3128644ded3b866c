"""The first look: for an exporter and a market, one row a product with what both do in it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadParameter, BadTable, Ground, NothingTraded
from rahdari.trade.rules.concentration import Lorenz, lorenz
from rahdari.trade.rules.findings import Because
from rahdari.trade.rules.relocation.panel import Panel, advantage
from rahdari.trade.rules.relocation.takers import herfindahl
from rahdari.trade.rules.relocation.trends import Trends, TrendState, log_trends
from rahdari.trade.values import Amounts, Matrix


@dataclass(frozen=True, slots=True)
class ScreenConventions:
    """Thresholds.

    Attributes:
        window_years: amounts of "now", and of the start for growth, are means over so many years.
        years_min: a trend of the exporter's share is fitted to so many years above zero, or not at all.
    """

    window_years: int = 1
    years_min: int = 5


PLAIN = ScreenConventions()


@dataclass(frozen=True, slots=True, eq=False)
class ScreenTrade:
    """What the screen is read with; all tables have the same products.

    Attributes:
        bought: what the market bought from whom, year by year: exporters by products, dollars.
        exports: what every country sold to the world now, countries by products, dollars.
        weighed: dollars and kilograms of those flows into the market whose weight is known, exporters by
            products; None where weights are not known.
    """

    bought: Panel
    exports: Matrix
    weighed: tuple[Matrix, Matrix] | None = None

    def __post_init__(self) -> None:
        """Check. Raises ``BadTable``."""
        tables = [self.exports, *(self.weighed or ())]
        if any(table.columns != self.bought.products for table in tables):
            raise BadTable("the market's purchases, the exports and the weights need the same products")
        if any(table.rows != self.bought.countries for table in self.weighed or ()):
            raise BadTable("the weights need the suppliers of the market's purchases, in their order")


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """One product. None stands where a number is not defined; ``gaps`` names it with the reason.

    Attributes:
        product: its code.
        market_imports_usd: what the market buys of it now.
        market_growth: how much more a year, as a share.
        sold_usd: what the exporter sells there.
        share: the exporter's part of the market's imports.
        exports_usd: what the exporter sells to the world.
        rca: its comparative advantage.
        complementarity: the lesser of the product's part in the market's imports and in the exporter's exports;
            over all products they add up to the complementarity index over 100.
        suppliers_hhi: how concentrated the market's suppliers are, 1/n to 1.
        unit_value_usd_per_kg: what the exporter gets there.
        unit_value_ratio: the same over what all suppliers get: above 1 it sells dearer.
        trend: how the exporter's share moves, log points a year.
        trend_t: its t-value (Newey-West); None as well where the trend is exact.
        gaps: pairs of number and reason.
    """

    product: str
    market_imports_usd: float
    market_growth: float | None
    sold_usd: float
    share: float | None
    exports_usd: float
    rca: float
    complementarity: float
    suppliers_hhi: float | None
    unit_value_usd_per_kg: float | None
    unit_value_ratio: float | None
    trend: float | None
    trend_t: float | None
    gaps: tuple[tuple[str, Because], ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """The table: rows by falling complementarity, then by what the market buys."""

    exporter: str
    market: str
    years: tuple[int, ...]
    rows: tuple[ScreenRow, ...]
    exports: Lorenz
    sold: Lorenz | None

    @property
    def complementarity_index(self) -> float:
        """Give 100 (1 - half the sum of |m - s|), Michaely's index: 0 where nothing fits, 100 where all does."""
        return 100.0 * math.fsum(row.complementarity for row in self.rows)

    def of(self, product: str) -> ScreenRow:
        """Give one row. Raises ``BadParameter`` where the screen did not see the product."""
        for row in self.rows:
            if row.product == product:
                return row
        raise BadParameter(f"the screen saw no product {product!r} among its {len(self.rows)}")

    def to_frame(self, *, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a product; null where a number is not defined, and ``gaps`` says why."""
        rows = [_row(row, self, (names or {}).get(row.product)) for row in self.rows]
        return pl.DataFrame(rows, infer_schema_length=None)


def screen(
    exporter: str, market: str, *, trade: ScreenTrade, conventions: ScreenConventions = PLAIN
) -> Screen:
    """Look at every product that the market buys or the exporter sells.

    Raises:
        UnknownCountry: the exporter is not among the market's suppliers' table.
        BadTable: the exporter is not in the table of exports.
        BadParameter: a window longer than the panel, or too few years asked of a trend.
        NothingTraded: the market imports nothing, or the exporter exports nothing.
    """
    years = conventions.window_years
    if not 1 <= years <= len(trade.bought.years):
        raise _short_history(years, len(trade.bought.years))
    now = _mean(trade.bought, years, at_end=True)
    before = _mean(trade.bought, years, at_end=False)
    sold = trade.exports.of_row(exporter)
    at = trade.bought.at(exporter)
    if now.sum() <= 0:
        raise _nothing(f"{market} imports", Ground.IMPORTS_NOTHING, {"market": market})
    if sold.sum() <= 0:
        raise _nothing(f"{exporter} exports", Ground.EXPORTS_NOTHING, {"exporter": exporter})
    facts = _Facts(
        now=now, before=before, sold=sold, at=at,
        rca=advantage(trade.exports.values)[trade.exports.rows.index(exporter)],
        fits=np.minimum(now.sum(axis=0) / now.sum(), sold / sold.sum()),
        trends=_trends(trade.bought, exporter, conventions),
        apart=len(trade.bought.years) - years,
        weighed=trade.weighed,
    )  # fmt: skip
    rows = [
        facts.row(place, code)
        for place, code in enumerate(trade.bought.products)
        if now[:, place].sum() > 0 or sold[place] > 0
    ]
    rows.sort(key=lambda row: (-row.complementarity, -row.market_imports_usd, row.product))
    return Screen(
        exporter, market, trade.bought.years, tuple(rows),
        exports=lorenz(trade.exports.columns, sold),
        sold=lorenz(trade.bought.products, now[at]) if now[at].sum() > 0 else None,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Facts:
    now: Amounts
    before: Amounts
    sold: Amounts
    at: int
    rca: Amounts
    fits: Amounts
    trends: Trends | None
    apart: int
    weighed: tuple[Matrix, Matrix] | None

    def row(self, place: int, code: str) -> ScreenRow:
        wanted, earlier = float(self.now[:, place].sum()), float(self.before[:, place].sum())
        gaps: dict[str, Because] = {}
        growth = self._growth(wanted, earlier, gaps)
        price, ratio = self._price(place, gaps)
        slope, t_value = self._trend(place, gaps)
        if wanted <= 0:
            gaps["share"] = gaps["suppliers_hhi"] = Because.MARKET_IMPORTS_NONE
        return ScreenRow(
            product=code,
            market_imports_usd=wanted,
            market_growth=growth,
            sold_usd=float(self.now[self.at, place]),
            share=float(self.now[self.at, place]) / wanted if wanted > 0 else None,
            exports_usd=float(self.sold[place]),
            rca=float(self.rca[place]),
            complementarity=float(self.fits[place]),
            suppliers_hhi=herfindahl(self.now[:, place]) if wanted > 0 else None,
            unit_value_usd_per_kg=price,
            unit_value_ratio=ratio,
            trend=slope,
            trend_t=t_value,
            gaps=tuple(gaps.items()),
        )

    def _growth(self, wanted: float, earlier: float, gaps: dict[str, Because]) -> float | None:
        if self.apart == 0:
            gaps["market_growth"] = Because.ONE_WINDOW_ONLY
        elif earlier <= 0:
            gaps["market_growth"] = Because.IMPORTED_NONE_BEFORE
        elif wanted <= 0:
            return -1.0
        else:
            return math.expm1(math.log(wanted / earlier) / self.apart)
        return None

    def _price(self, place: int, gaps: dict[str, Because]) -> tuple[float | None, float | None]:
        own, everyone = self._unit_value(place, own=True), self._unit_value(place, own=False)
        if own is None:
            gaps["unit_value_usd_per_kg"] = gaps["unit_value_ratio"] = Because.NO_WEIGHT_KNOWN
            return None, None
        if not everyone:
            gaps["unit_value_ratio"] = Because.NO_WEIGHT_KNOWN
            return own, None
        return own, own / everyone

    def _unit_value(self, place: int, *, own: bool) -> float | None:
        if self.weighed is None:
            return None
        dollars, kilograms = (
            float(table.values[self.at, place] if own else table.values[:, place].sum())
            for table in self.weighed
        )
        return dollars / kilograms if kilograms > 0 else None

    def _trend(self, place: int, gaps: dict[str, Because]) -> tuple[float | None, float | None]:
        state = self.trends.states[place] if self.trends else TrendState.TOO_FEW_YEARS
        if self.trends is None or state not in {TrendState.FITTED, TrendState.EXACT}:
            gaps["trend"] = gaps["trend_t"] = Because(state.value)
            return None, None
        if state is TrendState.EXACT:
            gaps["trend_t"] = Because(state.value)
            return float(self.trends.slope[place]), None
        return float(self.trends.slope[place]), float(self.trends.t_value[place])


def _short_history(needed: int, held: int) -> BadParameter:
    return BadParameter(
        f"a window takes {needed} years or more, the panel has {held}",
        ground=Ground.SHORT_HISTORY,
        values={"needed": needed, "held": held},
    )


def _nothing(what: str, ground: Ground, values: Mapping[str, str]) -> NothingTraded:
    return NothingTraded(
        f"{what} nothing in these years, so there is nothing to compare; take other years",
        ground=ground,
        values=values,
    )


def _trends(bought: Panel, exporter: str, conventions: ScreenConventions) -> Trends | None:
    if len(bought.years) < conventions.years_min:
        return None
    return log_trends(bought.share_of(exporter), years_min=conventions.years_min)


def _mean(bought: Panel, years: int, *, at_end: bool) -> Amounts:
    chosen = bought.yearly[-years:] if at_end else bought.yearly[:years]
    return np.asarray(np.mean([table.values for table in chosen], axis=0))


def _row(row: ScreenRow, whole: Screen, name: str | None) -> dict[str, object]:
    return {
        "exporter_code": whole.exporter,
        "market_code": whole.market,
        "product_code": row.product,
        "product_name": name,
        "market_imports_value_usd": row.market_imports_usd,
        "market_growth_share_per_year": row.market_growth,
        "sold_value_usd": row.sold_usd,
        "market_share": row.share,
        "exports_value_usd": row.exports_usd,
        "rca_ratio": row.rca,
        "complementarity_share": row.complementarity,
        "suppliers_hhi": row.suppliers_hhi,
        "unit_value_usd_per_kg": row.unit_value_usd_per_kg,
        "unit_value_ratio": row.unit_value_ratio,
        "share_trend_log_per_year": row.trend,
        "share_trend_t_value": row.trend_t,
        "gaps": " ".join(f"{what}={why}" for what, why in row.gaps),
    }
