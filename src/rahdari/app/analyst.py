"""One front door to all questions of trade, for a notebook, the command line and the web alike.

Example:
    >>> from rahdari.app.analyst import open_analyst
    >>> pk = open_analyst(release="carried")
    >>> answer = pk.potential(exporter="PAK", market="CHN")
    >>> answer.table.columns[:4]
    ['exporter_code', 'exporter_name', 'importer_code', 'importer_name']
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

import msgspec

from rahdari.app.base_rates import carried_past, carried_reference, carried_sizes
from rahdari.app.clock import SystemClock
from rahdari.app.countries import spell_country
from rahdari.app.ladder_files import carried_ladders
from rahdari.app.manifests import Manifest, manifest_of, recipe_of
from rahdari.app.remembered_flows import RememberedFlows
from rahdari.app.series_files import EvidenceFiles, SeriesFiles, with_evidence, with_series
from rahdari.app.trade_data import find_trade_folder, open_release
from rahdari.kernel import Clock
from rahdari.trade import BadParameter, FlowBook, Level
from rahdari.trade.rules.answers import Answer, Note, Scope
from rahdari.trade.rules.choice import WhyNot
from rahdari.trade.rules.ladders import Ladder
from rahdari.trade.service.asking import check_names, find_country, scope_of
from rahdari.trade.service.complexity import ComplexityWish, ask_complexity
from rahdari.trade.service.diversify import DiversifyWish, ask_diversify
from rahdari.trade.service.ladder import LadderWish, ask_ladder
from rahdari.trade.service.mirror import MirrorWish, ask_mirror
from rahdari.trade.service.national import NationalWish, ask_national
from rahdari.trade.service.past import PastWish, ask_past
from rahdari.trade.service.path import PathWish, ask_path
from rahdari.trade.service.potential import PotentialWish, ask_potential
from rahdari.trade.service.relocate import RelocateWish, ask_relocate
from rahdari.trade.service.screen import ScreenWish, ask_screen
from rahdari.trade.service.select import SelectWish, ask_select, ask_why_not
from rahdari.trade.service.substitute import SubstituteWish, ask_substitute
from rahdari.trade.service.tariff import TariffWish, ask_tariff

T = TypeVar("T")

EXPORTER = "PAK"
MARKET = "CHN"


class Where(TypedDict, total=False):
    """Who, where and when; what is left out is Pakistan, China, the latest year, and six digits."""

    exporter: str
    market: str
    year: int | None
    level: Level | str


class Analyst:
    """Answers questions from one book of flows. Each method takes a wish (how) and a scope (who, where, when).

    Every question refuses with the room's own errors: ``UnknownCountry``, ``UnknownYear``, ``BadParameter``,
    ``NothingTraded``, ``Degenerate``, and what its function in ``rahdari.trade.service`` names.
    """

    def __init__(self, book: FlowBook, *, clock: Clock | None = None, remarks: tuple[Note, ...] = ()) -> None:
        """Ask ``book``, whose answers are remembered.

        ``clock`` dates the manifests; ``remarks`` tell which release that is, and what to know of the choice.
        """
        self.book, self.remarks = RememberedFlows(book), remarks
        self._clock = clock or SystemClock()

    def scope(self, **where: Unpack[Where]) -> Scope:
        """Check who, where and when. Countries may be codes of three or two letters, or whole English names.

        Raises:
            UnknownCountry, UnknownYear, BadParameter: as ``scope_of``.
        """
        level = where.get("level", Level.HS6)
        codes = {str(one.code) for one in self.book.countries}
        return scope_of(
            self.book,
            exporter=spell_country(where.get("exporter", EXPORTER), codes),
            market=spell_country(where.get("market", MARKET), codes),
            year=where.get("year"),
            level=level_of(level),
        )

    def screen(self, wish: ScreenWish | None = None, **where: Unpack[Where]) -> Answer:
        """Look at every product that the market buys or the exporter sells."""
        return ask_screen(self.book, self.scope(**where), wish or ScreenWish())

    def complexity(self, wish: ComplexityWish | None = None, **where: Unpack[Where]) -> Answer:
        """Measure complexity, and tell how near each product is to what the exporter makes."""
        return ask_complexity(self.book, self.scope(**where), wish or ComplexityWish())

    def potential(self, wish: PotentialWish | None = None, **where: Unpack[Where]) -> Answer:
        """Tell what the exporter could sell in the market, why, and what levers add."""
        return ask_potential(self.book, self.scope(**where), wish or PotentialWish())

    def with_series(
        self, files: SeriesFiles, wish: PotentialWish | None = None, **where: Unpack[Where]
    ) -> PotentialWish:
        """Read growth, distances and elasticities into a wish; each file switches its term on.

        Raises:
            BadTradeFile: a file is not of its form; the message names line and reason.
            DataMissing: it does not hold the years, or not exporter and market.
        """
        return with_series(wish or PotentialWish(), files, self.scope(**where))

    def with_evidence(
        self, files: EvidenceFiles, wish: RelocateWish | None = None, **where: Unpack[Where]
    ) -> RelocateWish:
        """Read wages, labour intensity and incomes into a wish. Raises as ``with_series``."""
        asked, scope = wish or RelocateWish(), self.scope(**where)
        donor = find_country(self.book, asked.donor) if asked.donor else scope.market
        return with_evidence(asked, files, donor=donor, scope=scope)

    def diversify(self, wish: DiversifyWish | None = None, **where: Unpack[Where]) -> Answer:
        """Rank the products that the exporter does not yet sell competitively, for the market."""
        return ask_diversify(self.book, self.scope(**where), wish or DiversifyWish())

    def tariff(self, wish: TariffWish | None = None, **where: Unpack[Where]) -> Answer:
        """Simulate another tariff of the market."""
        return ask_tariff(self.book, self.scope(**where), wish or TariffWish())

    def relocate(self, wish: RelocateWish | None = None, **where: Unpack[Where]) -> Answer:
        """Screen what leaves a donor (the market, unless another is named) and may come to the exporter."""
        return ask_relocate(self.book, self.scope(**where), wish or RelocateWish())

    def ladder(self, wish: LadderWish | None = None, **where: Unpack[Where]) -> Answer:
        """Read the ladders from raw to made for what the exporter ships."""
        return ask_ladder(self.book, self.scope(**where), self.ladders, wish or LadderWish())

    def substitute(self, wish: SubstituteWish | None = None, **where: Unpack[Where]) -> Answer:
        """Judge what the exporter's country imports and might make at home."""
        return ask_substitute(self.book, self.scope(**where), wish or SubstituteWish())

    def select(self, wish: SelectWish | None = None, **where: Unpack[Where]) -> Answer:
        """Choose the products that bring most within the limits, and the fewest that bring most of it."""
        return ask_select(self.book, self.scope(**where), self.ladders, wish or SelectWish())

    def why_not(self, candidate: str, wish: SelectWish | None = None, **where: Unpack[Where]) -> WhyNot:
        """Tell why a product is not chosen by ``select``. Raises ``UnknownTradeProduct``, ``BadParameter``."""
        return ask_why_not(self.book, self.scope(**where), self.ladders, candidate, wish or SelectWish())

    def path(self, wish: PathWish | None = None, **where: Unpack[Where]) -> Answer:
        """Lay the path to a target, and put beside it how often anybody has gone that way."""
        return ask_path(
            self.book,
            self.scope(**where),
            wish or PathWish(),
            reference=carried_reference(),
            sizes=carried_sizes(),
        )

    def national(self, wish: NationalWish, **where: Unpack[Where]) -> Answer:
        """Hold a whole target, and its part in the market, beside what countries did before."""
        return ask_national(self.book, self.scope(**where), wish, carried_past())

    def past(self, wish: PastWish | None = None, **where: Unpack[Where]) -> Answer:
        """Put the scores to the test some years back, on these very data."""
        return ask_past(self.book, self.scope(**where), wish or PastWish())

    def mirror(self, imports: FlowBook, wish: MirrorWish | None = None, **where: Unpack[Where]) -> Answer:
        """Compare this book, as exporters reported, with ``imports``, as importers did."""
        return ask_mirror(self.book, imports, self.scope(**where), wish or MirrorWish())

    def ask(self, question: str, parameters: Mapping[str, object], **where: Unpack[Where]) -> Answer:
        """Ask by name, with parameters as JSON holds them: a manifest's, or a web page's.

        Raises:
            BadParameter: there is no such question, or a parameter is not of it.
        """
        wishes: Mapping[str, tuple[type, Callable[..., Answer]]] = {
            "screen": (ScreenWish, self.screen),
            "complexity": (ComplexityWish, self.complexity),
            "potential": (PotentialWish, self.potential),
            "diversify": (DiversifyWish, self.diversify),
            "tariff": (TariffWish, self.tariff),
            "relocate": (RelocateWish, self.relocate),
            "ladder": (LadderWish, self.ladder),
            "substitute": (SubstituteWish, self.substitute),
            "select": (SelectWish, self.select),
            "path": (PathWish, self.path),
            "national": (NationalWish, self.national),
            "past": (PastWish, self.past),
        }
        if question not in wishes:
            raise BadParameter(f"there is no question {question[:40]!r}; there are {', '.join(wishes)}")
        kind, method = wishes[question]
        return method(wish_of(kind, parameters), **where)

    def again(self, manifest: Mapping[str, object]) -> Answer:
        """Make the answer of a manifest again, from the same data; also those that stand in a roadmap's folder.

        Raises:
            BadParameter: it is no manifest of one of the questions, or of other data than these.
        """
        recipe = recipe_of(manifest)
        if recipe.source_digest != self.book.source.digest:
            raise BadParameter(
                f"the manifest is of other data (SHA-256 {recipe.source_digest[:12]}...) than these "
                f"({self.book.source.digest[:12]}...); open the release that it names"
            )
        return self.ask(
            recipe.question,
            recipe.parameters,
            exporter=recipe.exporter,
            market=recipe.market,
            year=recipe.years[-1],
            level=recipe.level,
        )

    @property
    def ladders(self) -> tuple[Ladder, ...]:
        """The chains that the package carries. Raises ``BadTradeFile`` where one was damaged."""
        return carried_ladders()

    def manifest(self, answer: Answer) -> Manifest:
        """Tell everything that is needed to make this answer's figures again."""
        return manifest_of(answer, made_at=self._clock.now())


def open_analyst(folder: Path | None = None, *, release: str | None = None, engine: str = "") -> Analyst:
    """Open the flows as ``open_flows`` does; without a folder the one of the settings, else the user's own.

    Raises:
        DataMissing: there is no such release here; the message says how to get it.
        EngineFailed: the engine cannot be reached, or cannot read the files.
    """
    setting = os.environ.get("RAHDARI_TRADE_FOLDER", "")
    found = folder if folder is not None else find_trade_folder(setting, os.environ)
    opened = open_release(found, release, engine=engine)
    return Analyst(opened.book, remarks=opened.remarks)


def level_of(text: Level | str) -> Level:
    """Read a level. Raises ``BadParameter``."""
    try:
        return Level(str(text).lower())
    except ValueError:
        raise BadParameter(f"{str(text)[:20]!r} is no level; write hs2, hs4 or hs6") from None


def wish_of(kind: type[T], parameters: Mapping[str, object]) -> T:
    """Read a wish from parameters as JSON holds them; what is not named keeps its default.

    Raises:
        BadParameter: an unknown name, a value of another kind, or one outside its range.
    """
    try:
        check_names(kind, parameters)
        return msgspec.convert(parameters, kind)
    except msgspec.ValidationError as wrong:
        raise BadParameter(f"a parameter of {kind.__name__.removesuffix('Wish').lower()}: {wrong}") from None
