"""The roadmap's desk: answers for a view, the charts that show them, and files to take away."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import Final

from rahdari.app.analyst import Analyst, level_of, open_analyst
from rahdari.app.base_rates import carried_reference
from rahdari.app.charts import ChartDrawer
from rahdari.app.frame_files import MAIN, Form, content_of, document_of
from rahdari.app.roadmap_charts import Easel, Neighbourhood, Picture, money, neighbourhood_of
from rahdari.app.roadmap_kept import KeptAnswers
from rahdari.app.roadmap_rows import Candidate, Row, candidates_of, rank
from rahdari.app.roadmap_view import View
from rahdari.app.roadmap_wishes import EFFORTS, path_wish, potential_wish, select_wish
from rahdari.app.trade_places import Remark
from rahdari.app.trade_words import words_of
from rahdari.trade import (
    BadParameter,
    DataMissing,
    Ground,
    Product,
    Source,
    TradeRefused,
    UnknownTradeProduct,
)
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.choice import WhyNot
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.service.complexity import ask_complexity
from rahdari.trade.service.ladder import ask_ladder
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.path import ask_path
from rahdari.trade.service.potential import PotentialWish, ask_potential, laid
from rahdari.trade.service.relocate import ask_relocate
from rahdari.trade.service.screen import ask_screen
from rahdari.trade.service.select import Asked, ask_select, ask_why_not
from rahdari.trade.values import ProductCode

# An answer of all products has a few megabytes; so many keep the last dozens of views at hand.
KEPT_BYTES_MAX: Final = 64 << 20
# Where points lie is asked of so many exporters, years and levels anew.
_NEIGHBOURHOODS_MAX: Final = 8
# Of five thousand products one takes some ten megabytes beside the flows themselves.
_GROUNDS_MAX: Final = 4


class Question(StrEnum):
    """What the page asks, in the order of a roadmap."""

    SCREEN = "screen"
    COMPLEXITY = "complexity"
    POTENTIAL = "potential"
    RELOCATE = "relocate"
    LADDER = "ladder"
    SELECT = "select"
    PATH = "path"


_SCOPE: Final = ("exporter", "market", "year", "level")
_LEVERS: Final = ("counts", "tariff", "cut", "ease", "growth", "product", "capacity")
# What an answer depends on: a slider that moves leaves the others as they are.
_DEPENDS: Final[Mapping[Question, tuple[str, ...]]] = MappingProxyType({
    Question.SCREEN: _SCOPE,
    Question.COMPLEXITY: _SCOPE,
    Question.POTENTIAL: (*_SCOPE, *_LEVERS),
    Question.RELOCATE: _SCOPE,
    Question.LADDER: _SCOPE,
    Question.SELECT: (*_SCOPE, *_LEVERS, "land", "capital", "slots"),
    Question.PATH: (*_SCOPE, "years", "multiple"),
})  # fmt: skip
_ORIGINS: Final[Mapping[Origin, Question]] = MappingProxyType(
    {
        Origin.POTENTIAL: Question.POTENTIAL,
        Origin.RELOCATE: Question.RELOCATE,
        Origin.LADDER: Question.LADDER,
    }
)


@dataclass(frozen=True, slots=True)
class Choices:
    """What the data hold, for a form to offer."""

    countries: tuple[str, ...]
    years: tuple[int, ...]
    products: tuple[Product, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one view: each question's answer, or why there is none.

    ``space`` tells how many products the product space draws, and of how many.
    """

    view: View
    answers: Mapping[str, Answer]
    refused: Mapping[str, TradeRefused]
    charts: Mapping[str, Picture]
    space: tuple[int, int] = (0, 0)

    def rows(self) -> tuple[Row, ...]:
        """Rank the gains; none where there is no potential."""
        return rank(self.answers)


class RoadmapDesk:
    """Answers for views. Threads may share it; the same view on the same data has the same answer."""

    def __init__(self, analyst: Analyst, *, kept_bytes_max: int = KEPT_BYTES_MAX) -> None:
        """Answer from what ``analyst`` has, and keep answers of at most so many bytes."""
        self.analyst = analyst
        self._kept = KeptAnswers(kept_bytes_max)
        self._known: OrderedDict[object, Neighbourhood] = OrderedDict()
        self._measuring = Lock()
        self._grounds: OrderedDict[object, Groundwork] = OrderedDict()
        self._laying = Lock()
        self._drawer = ChartDrawer()
        self._reference = carried_reference()

    @property
    def source(self) -> Source:
        """Tell where the figures come from."""
        return self.analyst.book.source

    @property
    def remarks(self) -> tuple[Note, ...]:
        """Tell which release that is; what else could be opened is the server's business, not the visitor's."""
        return tuple(one for one in self.analyst.remarks if one.code == Remark.USED)

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
            raise UnknownTradeProduct(
                f"the data hold no product {product} of level {scope.level.value}",
                ground=Ground.UNKNOWN_PRODUCT,
                values={"product": product},
            )
        return replace(view, year=str(scope.years[-1]), product=product, data=view.data or self.digest)

    def require_data(self, view: View) -> None:
        """See that a view that pins its data is answered from them: figures alone cannot tell whose they are.

        Raises:
            DataMissing: these are other data.
        """
        if view.data not in {"", self.digest}:
            raise DataMissing(
                f"the address is of data that begin with the SHA-256 {view.data}; here are those that begin with "
                f"{self.digest}. Leave data out, or have that release served",
                ground=Ground.OTHER_DATA,
                values={"wanted": view.data, "held": self.digest},
            )

    def choices(self, view: View) -> Choices:
        """Tell what a form may offer beside this view."""
        book = self.analyst.book
        codes = tuple(str(one.code) for one in book.countries if str(one.code).isalpha())
        return Choices(codes, tuple(reversed(book.years)), book.products(level_of(view.level)))

    def ask(self, question: Question, view: View) -> Answer:
        """Answer one question, or give the answer that is kept. Raises what the question raises."""
        key = (question, *(getattr(view, name) for name in _DEPENDS[question]))
        return self._kept.get(key, lambda: self._answer(question, view))

    def show(self, view: View, language: str, country: Callable[[str], str]) -> Shown:
        """Answer everything about a settled view, with charts in ``language``; ``country`` names countries."""
        answers: dict[str, Answer] = {}
        refused: dict[str, TradeRefused] = {}
        with Easel(self._drawer, language, country) as easel:
            for question in Question:
                try:
                    answers[question.value] = self.ask(question, view)
                except TradeRefused as one:
                    refused[question.value] = one
                else:
                    easel.show(question.value, answers[question.value])
            near = self._near(view) if Question.COMPLEXITY.value in answers else None
            if near is not None:
                easel.show_space(near, answers.get(Question.SELECT.value))
            pictures = easel.pictures()
        space = (0, 0) if near is None else (len(near.space.codes), near.products)
        return Shown(view, answers, refused, pictures, space)

    def candidates(self, view: View) -> Mapping[str, Candidate]:
        """Tell what the choice chooses from, by the names that it has there. Raises what ``ask`` raises."""
        return candidates_of(self.ask(Question.SELECT, view))

    def name(self, view: View, candidate: str) -> Candidate:
        """Tell what a name stands for, be it a candidate or a product that is none. Raises what ``ask`` raises."""
        found = self.candidates(view).get(candidate)
        if found is not None:
            return found
        code, _, origin = candidate.partition(":")
        names = {one.code: one.name for one in self.analyst.book.products(level_of(view.level))}
        return Candidate(code, names.get(ProductCode(code), code), origin or Origin.POTENTIAL.value)

    def why_not(self, view: View, candidate: str) -> WhyNot:
        """Tell why a product is not chosen: as a candidate of the choice, or because it is none.

        Raises:
            UnknownTradeProduct: the data hold no such product.
            BadParameter: it is chosen. And what ``ask`` raises.
        """
        asked, book, scope = self._asked(view), self.analyst.book, self._scope(view)
        wish = select_wish(view, tuple(asked))
        return ask_why_not(book, scope, self.analyst.ladders, candidate, wish, asked=asked)

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
            Question.POTENTIAL: lambda: self._potential(view, scope),
            Question.RELOCATE: lambda: ask_relocate(book, scope),
            Question.LADDER: lambda: ask_ladder(book, scope, self.analyst.ladders),
            Question.SELECT: lambda: self._choose(view),
            Question.PATH: lambda: ask_path(book, scope, path_wish(view), reference=self._reference),
        }
        return asked[question]()

    def _potential(self, view: View, scope: Scope) -> Answer:
        """Ask over a groundwork that is laid once for a year, a level and the terms: no slider moves it."""
        wish = potential_wish(view)
        # Of a view, nothing but what it counts decides the terms.
        key = (*scope.years, scope.level, view.counts)
        with self._laying:
            if key not in self._grounds:
                self._grounds[key] = laid(self.analyst.book, scope, PotentialWish(terms=wish.terms))
                while len(self._grounds) > _GROUNDS_MAX:
                    self._grounds.popitem(last=False)
            ground = self._grounds[key]
        return ask_potential(self.analyst.book, scope, wish, ground=ground)

    def _choose(self, view: View) -> Answer:
        asked, book, scope = self._asked(view), self.analyst.book, self._scope(view)
        for effort in EFFORTS[:-1]:
            with suppress(BadParameter):
                wish = select_wish(view, tuple(asked), effort)
                return ask_select(book, scope, self.analyst.ladders, wish, asked=asked)
        wish = select_wish(view, tuple(asked), EFFORTS[-1])
        return ask_select(book, scope, self.analyst.ladders, wish, asked=asked)

    def _asked(self, view: View) -> Asked:
        """Ask for the gains to choose from. Where nothing can leave or be refined, the potential is there alone."""
        found: dict[Origin, Answer] = {Origin.POTENTIAL: self.ask(Question.POTENTIAL, view)}
        for origin in (Origin.RELOCATE, Origin.LADDER):
            with suppress(TradeRefused):
                found[origin] = self.ask(_ORIGINS[origin], view)
        return found

    def _near(self, view: View) -> Neighbourhood:
        key = (view.exporter, view.year, view.level)
        with self._measuring:
            if key not in self._known:
                self._known[key] = neighbourhood_of(self.analyst.book, self._scope(view))
                while len(self._known) > _NEIGHBOURHOODS_MAX:
                    self._known.popitem(last=False)
            return self._known[key]


def open_desk(folder: Path, *, release: str | None = None) -> RoadmapDesk:
    """Open the desk on the newest release in ``folder``, else on what the package carries.

    Raises:
        DataMissing, EngineFailed: as ``open_analyst``.
    """
    return RoadmapDesk(open_analyst(folder, release=release))
