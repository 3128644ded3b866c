"""The charts of a roadmap's page: which answer each is drawn from, and in which words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.app.charts import (
    Chart,
    ChartDrawer,
    Labels,
    Line,
    Mark,
    Space,
    labels_in,
    lay_out,
    lever_steps,
    lorenz_curve,
    market_bars,
    pareto_front,
    path_fan,
    product_space,
)
from rahdari.app.charts.chart import digits, scale_of
from rahdari.app.errors import ChartFailed
from rahdari.trade import FlowBook
from rahdari.trade.rules.answers import Answer, Scope
from rahdari.trade.rules.complexity import proximity
from rahdari.trade.service.asking import Asking
from rahdari.trade.service.complexity import USUAL, measured

# More points are a cloud, and their places take longer than a visitor waits: the largest of world trade are drawn.
SPACE_PRODUCTS_MAX: Final = 400

Naming = Callable[[str], str]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbourhood:
    """The products that the world trades most, how near they are, their trade in dollars, and which are present.

    ``products`` counts all that have a place, drawn or not.
    """

    space: Space
    sizes_usd: Mapping[str, float]
    present: frozenset[str]
    products: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn chart, or none where it could not be drawn; ``alt`` says in words what it shows."""

    svg: str
    alt: str


def money(value: float, language: str) -> str:
    """Write dollars with three digits that count, in the visitor's words.

    Example:
        >>> money(1.24e9, "en"), money(0.0, "zh")
        ('1.24 bn USD', '0 美元')
    """
    unit, name = scale_of([value], labels_in(language))
    return f"{digits(value / unit)} {name}"


def neighbourhood_of(book: FlowBook, scope: Scope) -> Neighbourhood:
    """Measure proximity and keep the products that the world trades most. Raises as ``measured``."""
    found = measured(book, Asking(book, scope).over(USUAL.window_years).scope, USUAL)
    traded = found.presence.exports.values.sum(axis=0)
    order = np.sort(np.argsort(-traded, kind="stable")[:SPACE_PRODUCTS_MAX])
    codes = tuple(found.products[at] for at in order)
    has = found.presence.present[found.countries.index(scope.exporter)] > 0
    near = proximity(found.presence.present[:, order])
    return Neighbourhood(
        Space(codes, near, _placed(near)),
        {found.products[at]: float(traded[at]) for at in order},
        frozenset(code for code, there in zip(found.products, has.tolist(), strict=True) if there),
        len(found.products),
    )


def _placed(near: npt.NDArray[np.float64]) -> npt.NDArray[np.float64] | None:
    try:
        return lay_out(near)
    except ChartFailed:
        # Too few products: there is no picture then.
        return None


def draw_all(
    drawer: ChartDrawer,
    answers: Mapping[str, Answer],
    near: Neighbourhood | None,
    language: str,
    country: Naming,
) -> dict[str, Picture]:
    """Draw every chart that the answers allow; one that cannot be drawn stays empty beside its words."""
    words = labels_in(language)
    return {
        name: _drawn(drawer, chart)
        for name, chart in (
            *_of_potential(answers.get("potential"), words, country),
            *_of_choice(answers.get("select"), words),
            *_of_screen(answers.get("screen"), words),
            *_of_space(near, answers, words),
            *_of_path(answers.get("path"), words),
        )
    }


def _drawn(drawer: ChartDrawer, chart: Chart) -> Picture:
    try:
        return Picture(drawer.svg(chart), chart.alt)
    except ChartFailed:
        return Picture("", chart.alt)


def _of_potential(answer: Answer | None, words: Labels, country: Naming) -> Iterator[tuple[str, Chart]]:
    if answer is None:
        return
    traded = answer.figures.get("traded_usd")
    yield (
        "levers",
        lever_steps(
            answer.tables["levers"],
            traded_usd=float(traded) if isinstance(traded, int | float) else None,
            labels=words,
        ),
    )
    markets = answer.tables["markets"]
    frame = pl.DataFrame(
        {
            "code": markets["importer_code"],
            "name": [country(code) for code in markets["importer_code"]],
            "value_usd": markets["potential_usd"],
        },
        schema_overrides={"name": pl.String},
    )
    yield "markets", market_bars(frame, title=words["supposed"], mine=str(answer.scope.market), labels=words)


def _of_choice(answer: Answer | None, words: Labels) -> Iterator[tuple[str, Chart]]:
    if answer is not None and len(answer.tables.get("front", ())):
        yield "front", pareto_front(answer.tables["front"], labels=words)


def _of_screen(answer: Answer | None, words: Labels) -> Iterator[tuple[str, Chart]]:
    if answer is not None and len(answer.tables["exports_lorenz"]):
        yield "lorenz", lorenz_curve(answer.tables["exports_lorenz"], labels=words)


def _of_space(
    near: Neighbourhood | None, answers: Mapping[str, Answer], words: Labels
) -> Iterator[tuple[str, Chart]]:
    if near is None:
        return
    choice = answers.get("select")
    pairs = (
        {}
        if choice is None
        else dict(choice.table.filter(pl.col("is_chosen")).select("product_code", "product_name").iter_rows())
    )
    try:
        chart = product_space(
            near.space,
            present=near.present,
            chosen=frozenset(pairs),
            sizes_usd=near.sizes_usd,
            names={code: name or code for code, name in pairs.items()},
            labels=words,
        )
    except ChartFailed:
        return
    yield "space", chart


def _of_path(answer: Answer | None, words: Labels) -> Iterator[tuple[str, Chart]]:
    if answer is None:
        return
    growth = answer.table
    asked = Line(words["same_growth"], growth["year"].to_list(), growth["value_usd"].to_list())
    fan = answer.tables.get("fan")
    last = int(growth["year"][-1])
    mark = Mark(str(last), last, float(growth["value_usd"][-1]))
    yield "path", path_fan([asked], fan=fan, marks=[mark], labels=words)
