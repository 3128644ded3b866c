"""The roadmap's desk: answers for a view, the charts that show them, and files to take away."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Final

from rahdari.app.analyst import Analyst, level_of, open_analyst
from rahdari.app.base_rates import carried_reference
from rahdari.app.charts import ChartDrawer
from rahdari.app.frame_files import MAIN, Form, content_of, document_of
from rahdari.app.roadmap_charts import Neighbourhood, Picture, draw_all, money, neighbourhood_of
from rahdari.app.roadmap_rows import Row, rank
from rahdari.app.roadmap_view import View
from rahdari.app.trade_words import words_of
from rahdari.trade import Product, Source, TradeRefused, UnknownTradeProduct
from rahdari.trade.rules.answers import Answer, Number, Scope
from rahdari.trade.rules.choice import Effort, WhyNot
from rahdari.trade.rules.potential.levers import CapacityLever, EaseLever, GrowthLever, Levers, TariffLever
from rahdari.trade.service.complexity import ask_complexity
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.needs import Budgets
from rahdari.trade.service.path import PathWish, ask_path
from rahdari.trade.service.potential import PotentialWish, ask_potential
from rahdari.trade.service.rates import Rates
from rahdari.trade.service.screen import ask_screen
from rahdari.trade.service.select import SelectWish, ask_select, ask_why_not

# An answer of all products has a few megabytes; so many keep the last dozens of views at hand.
KEPT_BYTES_MAX: Final = 64 << 20
# A visitor reads the first products; the files hold all of them.
EXPLAINED_MAX: Final = 60
# Proofs of a third of a second leave a slider's answer within one; the gap that is left is told.
_EFFORT: Final = Effort(1e-3, 0.3)
_FRONT_POINTS: Final = 8
_DRAWS: Final = 2_000


class Question(StrEnum):
    """What the page asks, in the order of a roadmap."""

    SCREEN = "screen"
    COMPLEXITY = "complexity"
    POTENTIAL = "potential"
    SELECT = "select"
    PATH = "path"


_SCOPE: Final = ("exporter", "market", "year", "level")
_LEVERS: Final = ("tariff", "cut", "ease", "growth", "product", "capacity")
# What an answer depends on: a slider that moves leaves the others as they are.
_DEPENDS: Final[Mapping[Question, tuple[str, ...]]] = {
    Question.SCREEN: _SCOPE,
    Question.COMPLEXITY: _SCOPE,
    Question.POTENTIAL: (*_SCOPE, *_LEVERS),
    Question.SELECT: (*_SCOPE, *_LEVERS, "land", "capital", "slots"),
    Question.PATH: (*_SCOPE, "years", "multiple"),
}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the data hold, for a form to offer."""

    countries: tuple[str, ...]
    years: tuple[int, ...]
    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one view: each question's answer, or why there is none."""

    view: View
    answers: Mapping[str, Answer]
    refused: Mapping[str, TradeRefused]
    charts: Mapping[str, Picture]

    def rows(self) -> tuple[Row, ...]:
        """Rank the products; none where there is no potential."""
        potential = self.answers.get(Question.POTENTIAL.value)
        return () if potential is None else rank(potential, self.answers.get(Question.SELECT.value))


class _Kept:
    """Answers by key, the least used forgotten first once they take more bytes than allowed."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self._bytes = bytes_max, 0
        self._held: OrderedDict[object, tuple[Answer | TradeRefused, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object) -> Answer | TradeRefused | None:
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def keep(self, key: object, value: Answer | TradeRefused) -> None:
        size = _size(value)
        with self._lock:
            self._bytes += size - self._held.pop(key, (value, 0))[1]
            self._held[key] = (value, size)
            while self._bytes > self._bytes_max and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1][1]

    def __len__(self) -> int:
        return len(self._held)


class RoadmapDesk:
    """Answers for views. Threads may share it; the same view on the same data has the same answer."""

    def __init__(self, analyst: Analyst, *, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        """Answer from what ``analyst`` has, and keep answers of at most so many bytes."""
        self.analyst = analyst
        self._kept = _Kept(kept_bytes_max)
        self._known: OrderedDict[object, Neighbourhood] = OrderedDict()
        self._drawer = ChartDrawer()
        self._reference = carried_reference()

    @property
    def source(self) -> Source:
        """Tell where the figures come from."""
        return self.analyst.book.source

    @property
    def digest(self) -> str:
        """Give the beginning of the release's SHA-256, which a link carries."""
        return self.analyst.book.source.digest[:12]

    def settle(self, view: View) -> View:
        """Pin what a view leaves open, so that its address shows the same tomorrow.

        Raises:
            UnknownCountry, UnknownYear, UnknownTradeProduct, BadParameter: the data hold no such thing.
        """
        scope = self._scope(view)
        product = view.product[: scope.level.digits]
        if product and product not in {one.code for one in self.analyst.book.products(scope.level)}:
            raise UnknownTradeProduct(f"the data hold no product {product} of level {scope.level.value}")
        return replace(view, year=str(scope.years[-1]), product=product, data=view.data or self.digest)

    def choices(self, view: View) -> Choices:
        """Tell what a form may offer beside this view."""
        book = self.analyst.book
        codes = tuple(str(one.code) for one in book.countries if str(one.code).isalpha())
        return Choices(codes, tuple(reversed(book.years)), book.products(level_of(view.level)))

    def ask(self, question: Question, view: View) -> Answer:
        """Answer one question, or give the answer that is kept. Raises what the question raises."""
        key = (question, self.digest, *(getattr(view, name) for name in _DEPENDS[question]))
        found = self._kept.get(key)
        if found is None:
            try:
                found = self._answer(question, view)
            except TradeRefused as refused:
                found = refused
            self._kept.keep(key, found)
        if isinstance(found, TradeRefused):
            raise found.with_traceback(None)
        return found

    def show(self, view: View, language: str, country: Callable[[str], str]) -> Shown:
        """Answer everything about a settled view, with charts in ``language``; ``country`` names countries."""
        answers: dict[str, Answer] = {}
        refused: dict[str, TradeRefused] = {}
        for question in Question:
            try:
                answers[question.value] = self.ask(question, view)
            except TradeRefused as one:
                refused[question.value] = one
        near = self._near(view) if Question.COMPLEXITY.value in answers else None
        pictures = draw_all(self._drawer, answers, near, language, country)
        return Shown(view, answers, refused, pictures)

    def why_not(self, view: View, product: str) -> WhyNot:
        """Tell why a product of the choice is not chosen.

        Raises:
            UnknownTradeProduct: it is no candidate.
            BadParameter: it is chosen. And what ``ask`` raises.
        """
        return ask_why_not(self.analyst.book, self._scope(view), (), product, _select_wish(view))

    def file(self, question: str, view: View, table: str, form: str) -> bytes:
        """Write a table of an answer; ``table`` empty is the first. Raises ``BadParameter`` for no table."""
        answer = self.ask(Question(question), view)
        return content_of(answer, self.analyst.manifest(answer), Form(form), table=table or MAIN)

    def manifest(self, question: str, view: View) -> bytes:
        """Tell all that is needed to make the answer's figures again."""
        return self.analyst.manifest(self.ask(Question(question), view)).to_json()

    def document(self, question: str, view: View, *, rows_max: int) -> dict[str, object]:
        """Give an answer as JSON holds it, each table cut after ``rows_max`` rows."""
        answer = self.ask(Question(question), view)
        return document_of(answer, self.analyst.manifest(answer), rows_max=rows_max)

    def product_name(self, view: View, code: str) -> str:
        """Name a product of the view's level; its code where the release has no name."""
        found = (one.name for one in self.analyst.book.products(level_of(view.level)) if one.code == code)
        return next(found, "") or code

    @staticmethod
    def money(value: float, language: str) -> str:
        """Write dollars in the visitor's words."""
        return money(value, language)

    @staticmethod
    def say(section: str, code: str, language: str, values: Mapping[str, Number] | None = None) -> str:
        """Word a note (section: its question) or a reason in the visitor's language."""
        return words_of(section, code, language, values)

    def _scope(self, view: View) -> Scope:
        return self.analyst.scope(
            exporter=view.exporter,
            market=view.market,
            year=int(view.year) if view.year else None,
            level=view.level,
        )

    def _answer(self, question: Question, view: View) -> Answer:
        book, scope = self.analyst.book, self._scope(view)
        asked: Mapping[Question, Callable[[], Answer]] = {
            Question.SCREEN: lambda: ask_screen(book, scope),
            Question.COMPLEXITY: lambda: ask_complexity(book, scope),
            Question.POTENTIAL: lambda: ask_potential(book, scope, _potential_wish(view)),
            Question.SELECT: lambda: ask_select(book, scope, (), _select_wish(view)),
            Question.PATH: lambda: ask_path(book, scope, _path_wish(view), reference=self._reference),
        }
        return asked[question]()

    def _near(self, view: View) -> Neighbourhood:
        key = (view.exporter, view.year, view.level)
        if key not in self._known:
            self._known[key] = neighbourhood_of(self.analyst.book, self._scope(view))
            while len(self._known) > 8:
                self._known.popitem(last=False)
        return self._known[key]


def open_desk(folder: Path, *, release: str | None = None) -> RoadmapDesk:
    """Open the desk on the newest release in ``folder``, else on what the package carries.

    Raises:
        DataMissing, EngineFailed: as ``open_analyst``.
    """
    return RoadmapDesk(open_analyst(folder, release=release))


def levers_of(view: View) -> Levers:
    """Turn sliders into levers; all of them act in the view's market alone."""
    there = frozenset({view.market})
    rate = view.tariff * (1 - view.cut / 100)
    return Levers(
        tariffs=(TariffLever(rate_percent=rate, importers=there),) if rate < view.tariff else (),
        growth=(GrowthLever(country=view.market, gdp=1 + view.growth / 100),) if view.growth else (),
        ease=(EaseLever(quantile=view.ease / 100, importers=there),) if view.ease else (),
        capacity=(CapacityLever(product=view.product, value_usd=view.capacity * 1e6),)
        if view.product and view.capacity
        else (),
    )


def _potential_wish(view: View) -> PotentialWish:
    levers = levers_of(view)
    rates = Rates(supposed_percent=view.tariff) if levers.tariffs else Rates()
    return PotentialWish(levers=levers, rates=rates, explained=EXPLAINED_MAX)


def _select_wish(view: View) -> SelectWish:
    budgets = Budgets(
        amounts={
            **Budgets().amounts,
            "land_acres": view.land,
            "capital_usd": view.capital * 1e6,
            "programme_slots": view.slots,
        }
    )
    return SelectWish(
        origins=(Origin.POTENTIAL,),
        potential=_potential_wish(view),
        budgets=budgets,
        effort=_EFFORT,
        front_points=_FRONT_POINTS,
        draws=_DRAWS,
        redraws=0,
    )


def _path_wish(view: View) -> PathWish:
    return PathWish(years=int(view.years), multiple=view.multiple)


def _size(value: Answer | TradeRefused) -> int:
    if isinstance(value, TradeRefused):
        return 1_000
    return 1_000 + sum(int(one.estimated_size()) for one in (value.table, *value.tables.values()))
