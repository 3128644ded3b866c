"""The run: every question of a roadmap in its order, each with its answer or the reason why there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from rahdari.app.analyst import Analyst
from rahdari.app.base_rates import carried_reference
from rahdari.app.ladder_files import carried_ladders
from rahdari.app.roadmap.national import ask_national
from rahdari.app.roadmap.past import ask_past
from rahdari.app.roadmap.plan import Plan
from rahdari.trade.errors import TradeRefused
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Scope
from rahdari.trade.rules.potential.conventions import Terms
from rahdari.trade.service.complexity import ComplexityWish, ask_complexity
from rahdari.trade.service.ladder import LadderWish, ask_ladder
from rahdari.trade.service.needs import Budgets
from rahdari.trade.service.path import PathWish, ask_path
from rahdari.trade.service.potential import PotentialWish, ask_potential
from rahdari.trade.service.rates import Rates
from rahdari.trade.service.relocate import RelocateWish, ask_relocate
from rahdari.trade.service.screen import ask_screen
from rahdari.trade.service.select import SelectWish, ask_select
from rahdari.trade.service.substitute import ask_substitute

# What the data at hand cannot tell leaves one question without its answer. Whatever else is refused ends the run: a
# plan that names no country of the data, or limits that contradict one another, would make every page wrong.
PASSED_OVER: Final = frozenset({"trade.degenerate", "trade.nothing_traded", "trade.no_data"})
# These look back over years that a young release may not hold.
_LOOKING_BACK: Final = frozenset({"relocate", "substitute", "past"})

QUESTIONS: Final = (
    "screen",
    "complexity",
    "potential",
    "relocate",
    "ladder",
    "substitute",
    "select",
    "national",
    "path",
    "past",
)

# Who sold less than half as much at the start is no peer: small beginnings multiply easily.
START_SHARE_MIN: Final = 0.5

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a question has no answer: the refusal's code and its sentence."""

    question: str
    code: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All answers of a run, by question, and what is missing; ``part_usd`` is the part these products stand for."""

    plan: Plan
    scope: Scope
    book: FlowBook
    part_usd: float
    answers: Mapping[str, Answer]
    missing: Mapping[str, Missing] = field(default_factory=dict)

    def find(self, question: str) -> Answer | None:
        """Give an answer where there is one."""
        return self.answers.get(question)


def ask_all(plan: Plan, analyst: Analyst, *, told: Told = lambda _: None) -> Findings:
    """Ask every question of a roadmap. ``told`` hears the name of each before it is asked.

    Raises:
        UnknownCountry, UnknownYear, UnknownTradeProduct, BadParameter: the plan asks for what the data do not have.
        Infeasible: no choice keeps the plan's limits; the message names those that contradict one another.
    """
    asks = plan.asks
    scope = analyst.scope(exporter=asks.exporter, market=asks.market, year=asks.year, level=asks.level)
    chain = _Chain(plan, scope, analyst.book, _part(plan, scope, analyst.book))
    answers: dict[str, Answer] = {}
    missing: dict[str, Missing] = {}
    for question in QUESTIONS:
        told(question)
        try:
            answers[question] = chain.ask(question)
        except TradeRefused as refused:
            if not _is_passed_over(question, refused.code):
                raise
            missing[question] = Missing(question, refused.code, refused.message)
    return Findings(
        plan, scope, analyst.book, chain.part_usd, MappingProxyType(answers), MappingProxyType(missing)
    )


def _is_passed_over(question: str, code: str) -> bool:
    return code in PASSED_OVER or (
        question in _LOOKING_BACK and code in {"trade.bad_parameter", "trade.unknown_year"}
    )


def _part(plan: Plan, scope: Scope, book: FlowBook) -> float:
    """Give the part of the market's target that the products of these data stand for, were all to grow alike."""
    target = plan.asks.target
    now = traded(book, scope)
    return target.market_wanted_usd * min(now / target.market_usd, 1.0)


def traded(book: FlowBook, scope: Scope) -> float:
    """Give what the exporter sells to the market in the scope's years, all products of the data."""
    flows = book.bilateral(scope.years)
    return float(flows.of_row(scope.exporter)[flows.columns.index(scope.market)])


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """The questions with what each takes from the plan."""

    plan: Plan
    scope: Scope
    book: FlowBook
    part_usd: float

    def ask(self, question: str) -> Answer:
        answered: Mapping[str, Callable[[], Answer]] = {
            "screen": lambda: ask_screen(self.book, self.scope),
            "complexity": lambda: ask_complexity(self.book, self.scope),
            "potential": lambda: ask_potential(self.book, self.scope, self.potential),
            "relocate": lambda: ask_relocate(self.book, self.scope, self.relocate),
            "ladder": lambda: ask_ladder(self.book, self.scope, carried_ladders(), self.ladder),
            "substitute": lambda: ask_substitute(self.book, self.scope),
            "select": lambda: ask_select(self.book, self.scope, carried_ladders(), self.select),
            "national": lambda: ask_national(self.book, self.scope, self.plan, carried_reference()),
            "path": lambda: ask_path(self.book, self.scope, self.path),
            "past": lambda: ask_past(self.book, self.scope, seed=self.plan.asks.seed),
        }
        return answered[question]()

    @property
    def potential(self) -> PotentialWish:
        rates = Rates(supposed_percent=self.plan.asks.levers.market_tariff_percent)
        target = self.part_usd if self.part_usd > 0 else None
        terms = Terms(net_importer=self.plan.asks.levers.net_importer)
        return PotentialWish(terms=terms, levers=self.plan.levers, rates=rates, target_usd=target)

    @property
    def relocate(self) -> RelocateWish:
        return RelocateWish(donor=self.plan.asks.donor or "", complexity=ComplexityWish())

    @property
    def ladder(self) -> LadderWish:
        return LadderWish(chains=self.plan.asks.chains)

    @property
    def select(self) -> SelectWish:
        asks = self.plan.asks
        return SelectWish(
            potential=self.potential,
            relocate=self.relocate,
            ladder=self.ladder,
            needs=self.plan.needs,
            budgets=Budgets(amounts=asks.budgets, is_sample=asks.needs.is_sample),
            limits=self.plan.limits,
            seed=asks.seed,
        )

    @property
    def path(self) -> PathWish:
        return PathWish(
            target_usd=self.part_usd if self.part_usd > 0 else None,
            years=self.plan.asks.target.years,
            is_to_market=True,
            start_usd_min=traded(self.book, self.scope) * START_SHARE_MIN,
            projects=self.plan.projects,
            seed=self.plan.asks.seed,
        )
