"""The charts of a roadmap's page: which answer each is drawn from, and in which words."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

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
from rahdari.app.product_words import product_words
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


class Easel:
    """Draws a page's charts beside its computation: each begins as soon as it is told. Use it in a ``with``."""

    def __init__(self, drawer: ChartDrawer, language: str, country: Naming) -> None:
        """Draw with words of ``language``; ``country`` names countries."""
        self._drawer, self._language, self._country = drawer, language, country
        self._words = labels_in(language)
        # One thread: one process draws, a picture at a time.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="easel")
        self._begun: dict[str, Future[Picture]] = {}

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Draw nothing further that was not begun."""
        self._pool.shutdown(cancel_futures=True)

    def show(self, question: str, answer: Answer) -> None:
        """Begin every chart that one answer alone allows."""
        charts: Mapping[str, Callable[[], Iterator[tuple[str, Chart]]]] = {
            "potential": lambda: _of_potential(answer, self._words, self._country),
            "select": lambda: _of_choice(answer, self._words),
            "screen": lambda: _of_screen(answer, self._words),
            "path": lambda: _of_path(answer, self._words),
        }
        if question in charts:
            self._begin(charts[question]())

    def show_space(self, near: Neighbourhood, choice: Answer | None) -> None:
        """Begin the product space, with what is chosen."""
        self._begin(_of_space(near, choice, self._words, self._language))

    def pictures(self) -> dict[str, Picture]:
        """Wait for what was begun; a chart that cannot be drawn stays empty beside its words."""
        return {name: drawn.result() for name, drawn in self._begun.items()}

    def _begin(self, charts: Iterator[tuple[str, Chart]]) -> None:
        for name, chart in charts:
            self._begun[name] = self._pool.submit(_drawn, self._drawer, chart)


def _drawn(drawer: ChartDrawer, chart: Chart) -> Picture:
    try:
        return Picture(drawer.svg(chart), chart.alt)
    except ChartFailed:
        return Picture("", chart.alt)


def _of_potential(answer: Answer, words: Labels, country: Naming) -> Iterator[tuple[str, Chart]]:
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


def _of_choice(answer: Answer, words: Labels) -> Iterator[tuple[str, Chart]]:
    if len(answer.tables.get("front", ())):
        yield "front", pareto_front(answer.tables["front"], labels=words)


def _of_screen(answer: Answer, words: Labels) -> Iterator[tuple[str, Chart]]:
    if len(answer.tables["exports_lorenz"]):
        yield "lorenz", lorenz_curve(answer.tables["exports_lorenz"], labels=words)


def _of_space(
    near: Neighbourhood, choice: Answer | None, words: Labels, language: str
) -> Iterator[tuple[str, Chart]]:
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
            names={code: product_words(name or code, language) for code, name in pairs.items()},
            labels=words,
        )
    except ChartFailed:
        return
    yield "space", chart


def _of_path(answer: Answer, words: Labels) -> Iterator[tuple[str, Chart]]:
    growth = answer.table
    asked = Line(words["same_growth"], growth["year"].to_list(), growth["value_usd"].to_list())
    fan = answer.tables.get("fan")
    last = int(growth["year"][-1])
    mark = Mark(str(last), last, float(growth["value_usd"][-1]))
    yield "path", path_fan([asked], fan=fan, marks=[mark], labels=words)
