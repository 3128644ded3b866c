"""The first look: what the market buys, what the exporter sells, product by product."""

from dataclasses import dataclass

from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.screening import Screen, ScreenConventions, ScreenTrade, screen
from rahdari.trade.service.asking import Asking, Found


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenWish:
    """``window_years``: "now" is a mean of so many years; ``history_years``: growth and trend look back so far."""

    window_years: int = 3
    history_years: int = 15
    few_share: float = 0.8


USUAL = ScreenWish()


def ask_screen(book: FlowBook, scope: Scope, wish: ScreenWish = USUAL) -> Answer:
    """Screen every product that the market buys or the exporter sells.

    Raises:
        BadParameter: a window longer than the history.
        NothingTraded: the market imports, or the exporter exports, nothing of these products.
    """
    asking = Asking(book, scope).over(wish.window_years)
    bought = asking.panel(lambda years: book.bought_by(scope.market, years, scope.level), wish.history_years)
    found = screen(
        scope.exporter,
        scope.market,
        trade=ScreenTrade(bought, book.exports(asking.scope.years, scope.level)),
        conventions=ScreenConventions(window_years=wish.window_years),
    )
    names = asking.product_names()
    tables = {"exports_lorenz": found.exports.to_frame(names=names)}
    if found.sold is not None:
        tables["sold_lorenz"] = found.sold.to_frame(names=names)
    told = Found(
        table=found.to_frame(names=names), tables=tables, figures=_figures(found, wish), notes=_notes(found)
    )
    return asking.answer("screen", wish, told)


def _figures(found: Screen, wish: ScreenWish) -> dict[str, Number]:
    bought = sum(row.market_imports_usd for row in found.rows)
    sold = sum(row.sold_usd for row in found.rows)
    return {
        "market_imports_usd": bought,
        "sold_to_market_usd": sold,
        "exports_usd": sum(row.exports_usd for row in found.rows),
        "market_share": sold / bought,
        "complementarity_index": found.complementarity_index,
        "exports_gini": found.exports.gini,
        "exported_products": found.exports.traded,
        "products_for_most_exports": found.exports.fewest(wish.few_share),
        "few_share": wish.few_share,
    }


def _notes(found: Screen) -> tuple[Note, ...]:
    weightless = Note("no_unit_values")
    return (weightless,) if found.sold is not None else (Note("sells_nothing_there"), weightless)
