"""The plan of a roadmap, as a ministry writes it down: one TOML file, read strictly."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from rahdari.app.errors import BadPlan
from rahdari.app.files import read_limited
from rahdari.app.roadmap.known import EvidenceKeys, TermKeys
from rahdari.app.roadmap.tongue import Language
from rahdari.trade.rules.choice import Limits
from rahdari.trade.rules.paths import HORIZON_YEARS_MAX, Goal
from rahdari.trade.rules.potential.levers import CapacityLever, EaseLever, GrowthLever, Levers, TariffLever
from rahdari.trade.rules.ramps import Project
from rahdari.trade.service.national import NationalWish
from rahdari.trade.service.needs import Need, Needs
from rahdari.wire.errors import MalformedInput
from rahdari.wire.strict_toml import read_toml

# A plan with every lever and need by chapter has some ten kilobytes.
PLAN_BYTES_MAX: Final = 256 * 1024
SAMPLE: Final = Path(__file__).parent / "pakistan-china.toml"

Usd = Annotated[float, Meta(ge=0, le=1e15)]
Share = Annotated[float, Meta(ge=0, le=1)]
Year = Annotated[int, Meta(ge=1960, le=2200)]
Code = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Prefix = Annotated[str, Meta(pattern=r"^[0-9]{0,6}$")]
Text = Annotated[str, Meta(min_length=1, max_length=300)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9_-]{1,40}$")]
Amount = Annotated[float, Meta(ge=0, le=1e15)]
Resource = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
# A product, what relocates of it, or a step of a ladder: the names in the table of the choice.
Candidate = Annotated[str, Meta(pattern=r"^[0-9a-z_-]{2,40}(:[0-9a-z>_-]{1,80})?$")]
Chapter = Annotated[str, Meta(pattern=r"^[0-9]{2}$")]


class Target(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From what, to what, by when: in all, and in the market. ``source`` names where today's figures come from."""

    year: Year
    years: Annotated[int, Meta(ge=1, le=50)]
    exports_usd: Annotated[float, Meta(gt=0, le=1e15)]
    wanted_usd: Annotated[float, Meta(gt=0, le=1e15)]
    market_usd: Annotated[float, Meta(gt=0, le=1e15)]
    market_wanted_usd: Annotated[float, Meta(gt=0, le=1e15)]
    market_year: Year
    ceiling_usd: Usd | None = None
    source: Text
    market_source: Text


class Tariffs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Suppose another tariff in the market on a prefix of codes; none is everything."""

    rate_percent: Annotated[float, Meta(ge=0, le=3000)]
    prefix: Prefix = ""


class Schedules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Tariff schedules as files, and what is supposed of them; paths are relative to the plan.

    ``today`` takes the place of ``levers.market_tariff_percent``. The other tariff is the schedule ``after``, or
    else ``rate_percent`` on the codes of ``prefix`` for the exporter alone.
    """

    today: Text
    after: Text | None = None
    rate_percent: Annotated[float, Meta(ge=0, le=3000)] = 0.0
    prefix: Prefix = ""
    demand: Annotated[float, Meta(ge=-100, lt=0)] = -1.0
    substitution: Annotated[float, Meta(ge=0, le=100)] = 1.5


class Beginnings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What could be begun: which products stay out, by prefix, and how world demand must have moved a year."""

    exclude: tuple[Prefix, ...] = ()
    growth_years: Annotated[int, Meta(ge=1, le=100)] = 10
    demand_growth_min: Annotated[float, Meta(ge=-1, le=10)] | None = 0.0
    complexity_above_average: bool = False


class Reported(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Downloads of Comtrade with what both sides report, relative to the plan; see ``rahdari.wire.comtrade``."""

    files: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=100)]
    freight_share: Annotated[float, Meta(ge=0, le=1)] = 0.06


class Growing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Suppose growth of a country, expected over current."""

    country: Code
    gdp: Annotated[float, Meta(gt=0, le=100)] | None = None
    population: Annotated[float, Meta(gt=0, le=100)] | None = None


class Ease(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Suppose that ease with the market rises to a quantile of peers; none named are all exporters."""

    quantile: Share
    peers: tuple[Code, ...] = ()


class Capacity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Suppose new exports of a product, dollars a year."""

    product: Annotated[str, Meta(pattern=r"^([0-9]{2}|[0-9]{4}|[0-9]{6})$")]
    value_usd: Usd


class Pulled(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All that is supposed; ``market_tariff_percent`` is the tariff of today, itself an assumption.

    ``net_importer`` counts of a product that the exporter buys more of than it sells only the part that it sells.
    """

    market_tariff_percent: Annotated[float, Meta(ge=0, le=3000)] | None = None
    net_importer: bool = False
    tariff: tuple[Tariffs, ...] = ()
    growth: tuple[Growing, ...] = ()
    ease: Ease | None = None
    capacity: tuple[Capacity, ...] = ()


class NeedRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What products of a prefix take of a resource: ``fixed`` each, ``per_million_usd`` of gain a year on top."""

    resource: Resource
    prefix: Prefix = ""
    per_million_usd: Amount = 0.0
    fixed: Amount = 0.0


class NeedTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What gains take. ``is_sample`` says that the numbers are no estimates; every page then says so."""

    is_sample: bool
    source: Text
    row: tuple[NeedRow, ...] = ()


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Limits beside the budgets; sectors are chapters of the Harmonized System.

    ``required`` are chosen whatever they bring, ``barred`` are not; what has names in ``after`` is chosen only with
    all of them.
    """

    products_max: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    sector_share_max: Annotated[float, Meta(gt=0, le=1)] | None = None
    sectors_min: Annotated[int, Meta(ge=0, le=97)] = 0
    sectors: dict[Chapter, Annotated[int, Meta(ge=0, le=10_000)]] = {}
    required: tuple[Candidate, ...] = ()
    barred: tuple[Candidate, ...] = ()
    after: dict[Candidate, tuple[Candidate, ...]] = {}


class Ramp(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A project of the plan, as ``rahdari.trade.rules.ramps.Project``."""

    name: Text
    start_year: Year
    peak_usd: Usd
    delay_years: Annotated[int, Meta(ge=0, le=50)] = 0
    completion: Share = 1.0
    innovation: Annotated[float, Meta(gt=0, le=1)] = 0.03
    imitation: Annotated[float, Meta(ge=0, le=5)] = 0.6


class Outputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is written beside the page and the tables, and in which language: en, ur or zh."""

    pdf: bool = True
    charts: bool = True
    forecasts: bool = True
    language: Language = "en"


class PlanFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The file's own form."""

    title: Text
    exporter: Code
    market: Code
    year: Year | None = None
    level: Annotated[str, Meta(pattern=r"^hs[246]$")] = "hs6"
    release: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,40}$")] | None = None
    donor: Code | None = None
    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 1
    target: Target
    levers: Pulled = Pulled()
    budgets: dict[Resource, Amount] = {}
    needs: NeedTable
    caps: Caps = Caps()
    chains: tuple[Name, ...] = ()
    projects: tuple[Ramp, ...] = ()
    tariffs: Schedules | None = None
    diversify: Beginnings | None = None
    mirror: Reported | None = None
    terms: TermKeys = TermKeys()
    relocation: EvidenceKeys = EvidenceKeys()
    outputs: Outputs = Outputs()


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan that was read: what it asks, the bytes it was read from, and their digest.

    ``folder`` is where the files that it names lie.
    """

    asks: PlanFile
    raw: bytes
    name: str
    folder: Path = Path()

    @property
    def digest(self) -> str:
        """Give SHA-256 of the file, in hexadecimal."""
        return hashlib.sha256(self.raw).hexdigest()

    def file(self, name: str) -> Path:
        """Find a file that the plan names: beside the plan, unless the name is a whole path."""
        return self.folder / name

    def in_language(self, language: Language | None) -> "Plan":
        """Give the same plan with its report in another language; None leaves it."""
        if language is None:
            return self
        asks = msgspec.structs.replace(
            self.asks, outputs=msgspec.structs.replace(self.asks.outputs, language=language)
        )
        return replace(self, asks=asks)

    @property
    def goal(self) -> Goal:
        """Give the whole target as a path's goal."""
        target = self.asks.target
        return Goal(target.year, target.year + target.years, target.exports_usd, target.wanted_usd)

    @property
    def market_goal(self) -> Goal:
        """Give the market's part of the target: from the year of the market's figure to the target's last."""
        target = self.asks.target
        return Goal(
            target.market_year, target.year + target.years, target.market_usd, target.market_wanted_usd
        )

    @property
    def national(self) -> NationalWish:
        """Give both targets as the question of the whole has them."""
        return NationalWish(**msgspec.structs.asdict(self.asks.target))

    @property
    def levers(self) -> Levers:
        """Give the levers as the potential takes them, all of them in the plan's market."""
        pulled, there = self.asks.levers, frozenset({str(self.asks.market)})
        ease = () if pulled.ease is None else (
            EaseLever(quantile=pulled.ease.quantile, peers=frozenset(pulled.ease.peers), importers=there),
        )  # fmt: skip
        return Levers(
            tariffs=tuple(
                TariffLever(rate_percent=one.rate_percent, prefix=one.prefix, importers=there)
                for one in pulled.tariff
            ),
            growth=tuple(
                GrowthLever(country=one.country, gdp=one.gdp, population=one.population)
                for one in pulled.growth
            ),
            ease=ease,
            capacity=tuple(
                CapacityLever(product=one.product, value_usd=one.value_usd) for one in pulled.capacity
            ),
        )

    @property
    def needs(self) -> Needs:
        """Give the needs as the choice takes them."""
        table = self.asks.needs
        rows = tuple(
            Need(
                resource=one.resource, prefix=one.prefix, per_million_usd=one.per_million_usd, fixed=one.fixed
            )
            for one in table.row
        )
        return Needs(rows=rows, name=table.source, is_sample=table.is_sample)

    @property
    def limits(self) -> Limits:
        """Give all limits beside the budgets."""
        caps = self.asks.caps
        return Limits(
            sector_number_max=caps.sectors,
            sector_share_max=caps.sector_share_max,
            sectors_min=caps.sectors_min,
            number_max=caps.products_max,
            required=caps.required,
            barred=caps.barred,
        )

    @property
    def projects(self) -> tuple[Project, ...]:
        """Give the projects as the path takes them."""
        return tuple(
            Project(
                one.name,
                one.start_year,
                one.peak_usd,
                innovation=one.innovation,
                imitation=one.imitation,
                delay_years=one.delay_years,
                completion=one.completion,
            )
            for one in self.asks.projects
        )


def open_plan(file: Path | None = None) -> Plan:
    """Read a plan; without a file the sample that the package carries: Pakistan's minerals to China.

    Raises:
        BadPlan: it is not TOML, has a key that is not known, or a value that cannot be; the place is named.
        BadFile, FolderFailed: it is too large, or cannot be read.
    """
    path = file or SAMPLE
    return read_plan(read_limited(path, size_bytes_max=PLAN_BYTES_MAX), name=path.name, folder=path.parent)


def read_plan(raw: bytes, *, name: str, folder: Path = Path()) -> Plan:
    """Read a plan from its bytes; the files that it names lie in ``folder``. Raises ``BadPlan``."""
    try:
        document = read_toml(raw, bytes_max=PLAN_BYTES_MAX)
    except MalformedInput as error:
        raise BadPlan(f"{name}: {error.message}") from None
    try:
        asks = msgspec.convert(document, PlanFile, strict=True)
    except (msgspec.ValidationError, OverflowError) as error:
        raise BadPlan(f"{name}: {_told(str(error))}") from None
    _check(asks, name)
    return Plan(asks, raw, name, folder)


def _told(message: str) -> str:
    """Word the reader's message: ``$.target.years`` becomes target.years."""
    what, _, place = message.partition(" - at `$.")
    where = f", at {place.rstrip('`')}" if place else ""
    return f"{what[:300]}{where}; docs/do/make-a-roadmap.md names every key"


def _check(asks: PlanFile, name: str) -> None:
    if asks.exporter == asks.market:
        raise BadPlan(f"{name}: {asks.exporter} is exporter and market at once; name two countries")
    if asks.target.market_wanted_usd > asks.target.wanted_usd:
        raise BadPlan(f"{name}: more is wanted in {asks.market} than in all, at target.market_wanted_usd")
    last = asks.target.year + asks.target.years
    if not 1 <= last - asks.target.market_year <= HORIZON_YEARS_MAX:
        raise BadPlan(
            f"{name}: from {asks.target.market_year} to {last} is no path of 1 to {HORIZON_YEARS_MAX} years, at "
            "target.market_year"
        )
    if asks.tariffs and asks.levers.market_tariff_percent is not None:
        raise BadPlan(
            f"{name}: today's tariff is given twice, at tariffs.today and levers.market_tariff_percent"
        )
    if asks.levers.tariff and asks.tariffs is None and asks.levers.market_tariff_percent is None:
        raise BadPlan(
            f"{name}: a tariff is supposed and none of today is given, at levers.market_tariff_percent or "
            "tariffs.today"
        )
    is_taxed = asks.terms.supply_tariff or asks.terms.demand_tariff
    if is_taxed and asks.tariffs is None and asks.levers.market_tariff_percent is None:
        raise BadPlan(f"{name}: a term of tariffs is on and no tariff is given, at tariffs.today")
    lacking = sorted({one.resource for one in asks.needs.row} - set(asks.budgets))
    if lacking:
        raise BadPlan(f"{name}: {lacking[0]} is needed and has no budget; add it under budgets")
