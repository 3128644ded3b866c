"""The run: every question of a roadmap in its order, each with its answer or the reason why there is none."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from rahdari.app.analyst import Analyst
from rahdari.app.base_rates import carried_past, carried_reference, carried_sizes
from rahdari.app.ladder_files import carried_ladders
from rahdari.app.roadmap.known import Known, read_known
from rahdari.app.roadmap.plan import Plan
from rahdari.app.roadmap.reported import ask_reported
from rahdari.app.roadmap.tongue import Tongue, tongue_of
from rahdari.app.tariff_files import read_rates
from rahdari.app.trade_refusals import refusal_words
from rahdari.trade.errors import BadParameter, Ground, TradeRefused
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Scope
from rahdari.trade.rules.choice import Effort
from rahdari.trade.rules.potential.conventions import Terms
from rahdari.trade.service.complexity import ComplexityWish, ask_complexity
from rahdari.trade.service.diversify import DiversifyWish, ask_diversify
from rahdari.trade.service.ladder import LadderWish, ask_ladder
from rahdari.trade.service.menus import Origin
from rahdari.trade.service.national import ask_national
from rahdari.trade.service.needs import Budgets
from rahdari.trade.service.past import PastWish, ask_past
from rahdari.trade.service.path import PathWish, ask_path
from rahdari.trade.service.potential import PotentialWish, ask_potential
from rahdari.trade.service.rates import Rates
from rahdari.trade.service.relocate import RelocateWish, ask_relocate
from rahdari.trade.service.screen import ask_screen
from rahdari.trade.service.select import SelectWish, ask_select
from rahdari.trade.service.substitute import ask_substitute
from rahdari.trade.service.tariff import TariffWish, ask_tariff

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
    # These are asked where the plan names what they take (``Plan.asks`` of the table beside each).
    "tariff",
    "diversify",
    "mirror",
)
_TABLES: Final = {"tariff": "tariffs", "diversify": "diversify", "mirror": "mirror"}

# How long each proof of the choice may take: a rougher one that comes later is better than none.
EFFORTS: Final = (Effort(seconds_max=10.0), Effort(1e-2, 120.0))

# Who sold less than half as much at the start is no peer: small beginnings multiply easily.
START_SHARE_MIN: Final = 0.5
# A path of these products may be as long as this (``PathWish``).
PATH_YEARS_MAX: Final = 50

# Full stops of the three languages: the sentence around a refusal has its own.
_STOPS: Final = ".\u3002\u06d4"

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a question has no answer: the refusal's code, its sentence, and its words in the report's language."""

    question: str
    code: str
    why: str
    words: str


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """All answers of a run, by question, and what is missing; ``part_usd`` is the part these products stand for."""

    plan: Plan
    scope: Scope
    book: FlowBook
    part_usd: float
    answers: Mapping[str, Answer]
    missing: Mapping[str, Missing] = field(default_factory=dict)

    @property
    def tongue(self) -> Tongue:
        """Give the language in which the plan wants its report."""
        return tongue_of(self.plan.asks.outputs.language)

    def named(self, code: str) -> str:
        """Name a country in the report's language."""
        known = next((one.name for one in self.book.countries if one.code == code), code)
        return self.tongue.country(code, known)

    @property
    def not_asked(self) -> tuple[str, ...]:
        """List the questions for which the plan names nothing."""
        return tuple(one for one in QUESTIONS if not is_asked(self.plan, one))

    def find(self, question: str) -> Answer | None:
        """Give an answer where there is one."""
        return self.answers.get(question)


def ask_all(
    plan: Plan,
    analyst: Analyst,
    *,
    told: Told = lambda _: None,
    questions: Collection[str] = QUESTIONS,
) -> Findings:
    """Ask every question of a roadmap, or those of ``questions``; ``told`` hears the name of each before.

    Raises:
        BadTradeFile, DataMissing, BadFile, FolderFailed: a file that the plan names is not what it must be.
        UnknownCountry, UnknownYear, UnknownTradeProduct, BadParameter: the plan asks for what the data do not have.
        Infeasible: no choice keeps the plan's limits; the message names those that contradict one another.
    """
    asks = plan.asks
    scope = analyst.scope(exporter=asks.exporter, market=asks.market, year=asks.year, level=asks.level)
    # Every file that the plan names is read before the first question: a run ends at once, not in its middle.
    chain = _Chain(
        plan, scope, analyst.book, _part(plan, scope, analyst.book), _known(plan, scope, analyst.book)
    )
    answers, missing = chain.answers, chain.missing
    for question in QUESTIONS:
        if question not in questions or not is_asked(plan, question):
            continue
        told(question)
        try:
            answers[question] = chain.ask(question)
        except TradeRefused as refused:
            if not _is_passed_over(question, refused):
                raise
            words = refusal_words(refused, asks.outputs.language) or refused.message
            missing[question] = Missing(question, refused.code, refused.message, words.rstrip(_STOPS))
    return Findings(
        plan, scope, analyst.book, chain.part_usd, MappingProxyType(answers), MappingProxyType(missing)
    )


def _known(plan: Plan, scope: Scope, book: FlowBook) -> Known:
    asks = plan.asks
    wishes = (
        Terms(net_importer=asks.levers.net_importer),
        RelocateWish(donor=asks.donor or "", complexity=ComplexityWish()),
    )
    return read_known(asks.terms, asks.relocation, plan.folder, scope=scope, wishes=wishes, book=book)


def is_asked(plan: Plan, question: str) -> bool:
    """Tell whether a plan asks a question; most are always asked."""
    return question not in _TABLES or getattr(plan.asks, _TABLES[question]) is not None


def _is_passed_over(question: str, refused: TradeRefused) -> bool:
    if refused.ground is Ground.OUT_OF_TIME:
        return True
    return refused.code in PASSED_OVER or (
        question in _LOOKING_BACK and refused.code in {"trade.bad_parameter", "trade.unknown_year"}
    )


def _part(plan: Plan, scope: Scope, book: FlowBook) -> float:
    """Give the part of the market's target that the products of these data stand for, were all to grow alike."""
    target = plan.asks.target
    now = traded(book, scope)
    return target.market_wanted_usd * min(now / target.market_usd, 1.0)


def horizon(plan: Plan, scope: Scope) -> int:
    """Give the years from the data's last to the plan's last, so that every path ends in the same year.

    A plan that looks at older data, or whose target's year has passed, keeps its own length.
    """
    years = plan.goal.target_year - scope.years[-1]
    return years if 1 <= years <= PATH_YEARS_MAX else plan.asks.target.years


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
    known: Known
    # A schedule is read once for all questions that take it.
    schedules: dict[str, Rates] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    missing: dict[str, Missing] = field(default_factory=dict)

    def ask(self, question: str) -> Answer:
        answered: Mapping[str, Callable[[], Answer]] = {
            "screen": lambda: ask_screen(self.book, self.scope),
            "complexity": lambda: ask_complexity(self.book, self.scope),
            "potential": lambda: ask_potential(self.book, self.scope, self.potential),
            "relocate": lambda: ask_relocate(self.book, self.scope, self.relocate),
            "ladder": lambda: ask_ladder(self.book, self.scope, carried_ladders(), self.ladder),
            "substitute": lambda: ask_substitute(self.book, self.scope),
            "select": self.choose,
            "national": lambda: ask_national(self.book, self.scope, self.plan.national, carried_past()),
            "path": lambda: ask_path(
                self.book, self.scope, self.path, reference=carried_reference(), sizes=carried_sizes()
            ),
            "past": lambda: ask_past(
                self.book, self.scope, PastWish(donor=self.plan.asks.donor or "", seed=self.plan.asks.seed)
            ),
            "tariff": lambda: ask_tariff(self.book, self.scope, self.tariff),
            "diversify": lambda: ask_diversify(self.book, self.scope, self.diversify),
            "mirror": lambda: ask_reported(self.book, self.scope, self.plan),
        }
        return answered[question]()

    @property
    def rates(self) -> Rates:
        asked = self.plan.asks.tariffs
        if asked is None:
            return Rates(supposed_percent=self.plan.asks.levers.market_tariff_percent)
        return self._schedule(asked.today)

    def _schedule(self, name: str) -> Rates:
        if name not in self.schedules:
            self.schedules[name] = read_rates(self.plan.file(name))
        return self.schedules[name]

    @property
    def tariff(self) -> TariffWish:
        asked = self.plan.asks.tariffs
        if asked is None:
            raise AssertionError("the question of tariffs is asked where the plan names a schedule")
        return TariffWish(
            rates=self.rates,
            after=Rates() if asked.after is None else self._schedule(asked.after),
            rate_percent=asked.rate_percent,
            prefix=asked.prefix,
            demand=asked.demand,
            substitution=asked.substitution,
        )

    @property
    def diversify(self) -> DiversifyWish:
        asked = self.plan.asks.diversify
        if asked is None:
            raise AssertionError("the question of beginnings is asked where the plan has its table")
        return DiversifyWish(
            potential=replace(self.known.potential, rates=self.rates),
            growth_years=asked.growth_years,
            demand_growth_min=asked.demand_growth_min,
            complexity_above_average=asked.complexity_above_average,
            excluded=asked.exclude,
        )

    @property
    def potential(self) -> PotentialWish:
        target = self.part_usd if self.part_usd > 0 else None
        return replace(self.known.potential, levers=self.plan.levers, rates=self.rates, target_usd=target)

    @property
    def relocate(self) -> RelocateWish:
        # One rate supposed for everybody tells nobody's advantage; a schedule does.
        rates = self.rates
        return replace(self.known.relocate, rates=rates) if rates.duties else self.known.relocate

    @property
    def ladder(self) -> LadderWish:
        return LadderWish(chains=self.plan.asks.chains)

    def choose(self) -> Answer:
        """Choose; on a machine that does much else nothing may be found in the usual time, and more is allowed."""
        *usual, longest = EFFORTS
        for effort in usual:
            try:
                return self._chosen(effort)
            except BadParameter as refused:
                if refused.ground is not Ground.OUT_OF_TIME:
                    raise
        return self._chosen(longest)

    def _chosen(self, effort: Effort) -> Answer:
        wish = replace(self.select, effort=effort)
        return ask_select(self.book, self.scope, carried_ladders(), wish, asked=self.asked)

    @property
    def asked(self) -> dict[Origin, Answer]:
        """Give the answers that the choice chooses from, where they are there already."""
        return {one: self.answers[one.value] for one in Origin if one.value in self.answers}

    @property
    def select(self) -> SelectWish:
        asks = self.plan.asks
        # What the data cannot tell is nothing to choose from; its own chapter says why.
        return SelectWish(
            origins=tuple(one for one in Origin if one.value not in self.missing),
            potential=self.potential,
            relocate=self.relocate,
            ladder=self.ladder,
            needs=self.plan.needs,
            budgets=Budgets(amounts=asks.budgets, is_sample=asks.needs.is_sample),
            limits=self.plan.limits,
            after=asks.caps.after,
            seed=asks.seed,
        )

    @property
    def path(self) -> PathWish:
        return PathWish(
            target_usd=self.part_usd if self.part_usd > 0 else None,
            years=horizon(self.plan, self.scope),
            is_to_market=True,
            start_usd_min=traded(self.book, self.scope) * START_SHARE_MIN,
            projects=self.plan.projects,
            seed=self.plan.asks.seed,
        )
