"""The options of those questions of trade that have many."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.series_files import EvidenceFiles, SeriesFiles
from rahdari.app.trade_pull import BACI_RELEASE
from rahdari.trade import Exponent, Origin, Revision, Terms
from rahdari.wire.comtrade import Side


def _help(text: str) -> Parameter:
    return Parameter(help=text)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class LeverOptions:
    """What policy pulls, and what is wanted."""

    ease: Annotated[
        float | None, _help("Lever: trade as easily as this quantile of all exporters, 0 to 1.")
    ] = None
    tariff: Annotated[float | None, _help("Lever: the market charges the exporter this rate, per cent.")] = (
        None
    )
    tariffs: Annotated[Path | None, _help("Tariff schedule of today, CSV.")] = None
    supposed: Annotated[
        float | None, _help("Suppose this rate on everything today, per cent, where there is no schedule.")
    ] = None
    capacity: Annotated[
        tuple[str, ...], _help("Lever: new capacity in dollars a year, as 740311=2e9; may be repeated.")
    ] = ()
    grow: Annotated[
        tuple[str, ...],
        _help("Lever: a country grows to so many times, GDP or GDP:population, as CHN=1.3:1.02; repeatable."),
    ] = ()
    target: Annotated[
        float | None, _help("A wanted total in this market, dollars a year: tell what it would take.")
    ] = None
    net_importer: Annotated[
        bool, _help("Scale down what the exporter itself buys more of than it sells.")
    ] = False


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TermOptions:
    """The terms of the indicator; a file switches its term on. Nothing of this is carried."""

    growth: Annotated[
        Path | None,
        _help("Growth, CSV: country, year, gdp_usd, population; or gdp_ratio; or the World Bank's download."),
    ] = None
    growth_from: Annotated[
        int | None, _help("Growth is taken from this year; else the year asked about.")
    ] = None
    growth_to: Annotated[int | None, _help("... to this year; else five years later.")] = None
    distances: Annotated[Path | None, _help("Distances, CSV: exporter, importer, km.")] = None
    elasticities: Annotated[
        Path | None, _help("By product, CSV: product, income_elasticity, sigma; either may be left out.")
    ] = None
    income_elasticity: Annotated[
        float, _help("Of imports a head to GDP a head, where no file says otherwise.")
    ] = 1.0
    sigma: Annotated[float, _help("Exponent of the tariff term, where no file says otherwise.")] = 1.0
    supply_tariff: Annotated[
        bool, _help("Scale down shares that preferences helped to win; needs --tariffs.")
    ] = False
    demand_tariff: Annotated[
        bool, _help("Scale demand by the exporter's tariff against the market's average; needs --tariffs.")
    ] = False

    def files(self) -> SeriesFiles:
        """Give the files."""
        return SeriesFiles(
            growth=self.growth, growth_from=self.growth_from, growth_to=self.growth_to, distances=self.distances,
            elasticities=self.elasticities,
        )  # fmt: skip

    def terms(self, *, net_importer: bool = False) -> Terms:
        """Give the terms that need no file of their own, and the exponents."""
        return Terms(
            net_importer=net_importer,
            supply_tariff=self.supply_tariff,
            demand_tariff=self.demand_tariff,
            sigma=Exponent(self.sigma),
            income_elasticity=Exponent(self.income_elasticity),
        )


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class EvidenceOptions:
    """What is known of work and market access; what is not given leaves its step unjudged."""

    wages: Annotated[
        Path | None, _help("Of donor and host, CSV: country, wage_usd, output_per_worker_usd, perhaps year.")
    ] = None
    labour: Annotated[Path | None, _help("By product, CSV: product, labour_intensity.")] = None
    incomes: Annotated[
        Path | None, _help("GDP per head, a stand-in for labour intensity, CSV: country, gdp_per_head_usd.")
    ] = None
    tariffs: Annotated[Path | None, _help("Tariff schedule, CSV: who pays less, host or donor.")] = None

    def files(self) -> EvidenceFiles:
        """Give the files but the schedule."""
        return EvidenceFiles(wages=self.wages, labour=self.labour, incomes=self.incomes)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class TariffOptions:
    """The rates before and after."""

    rate: Annotated[float, _help("The new rate, per cent.")] = 0.0
    prefix: Annotated[str, _help("On products that begin with these digits; else on everything.")] = ""
    everybody: Annotated[bool, _help("The new rate is for every origin, not for the exporter alone.")] = False
    tariffs: Annotated[Path | None, _help("Tariff schedule of today, CSV.")] = None
    tariffs_after: Annotated[Path | None, _help("A whole schedule in the place of one new rate.")] = None
    supposed: Annotated[
        float | None, _help("Suppose this rate on everything today, per cent; without a schedule, else 5.")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class SelectOptions:
    """Candidates and limits."""

    origin: Annotated[tuple[Origin, ...], _help("Where gains come from; may be repeated.")] = tuple(Origin)
    needs: Annotated[
        Path | None, _help("Table of needs, CSV: resource, prefix, per_million_usd, fixed; else a sample.")
    ] = None
    budget: Annotated[
        tuple[str, ...],
        _help("What there is of a resource, as land_acres=6000; may be repeated; else a sample."),
    ] = ()
    share: Annotated[float, _help("Seek the fewest products that bring this part of what can be had.")] = 0.8
    number_max: Annotated[int | None, _help("Choose so many products at most.")] = None
    target: Annotated[float | None, _help("A gain in dollars a year whose odds are told.")] = None
    why_not: Annotated[str, _help("Tell why this candidate is not chosen, and nothing else.")] = ""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class PathOptions:
    """The target and what is supposed on the way."""

    target: Annotated[float | None, _help("Wanted exports in dollars a year; else five times today's.")] = (
        None
    )
    horizon: Annotated[int, _help("In so many years.")] = 10
    start: Annotated[float | None, _help("Exports today in dollars a year; else those in the data.")] = None
    to_market: Annotated[bool, _help("Of exports to the market alone, not to the world.")] = False
    growth: Annotated[
        float | None, _help("Growth without the plan, a year, as 0.03; else the exporter's own of ten years.")
    ] = None
    inflation: Annotated[float, _help("Supposed a year, for the path in constant prices.")] = 0.02
    totals: Annotated[
        Path | None,
        _help("Exports of whole countries by year, CSV or Parquet: decades by size, and one's own best."),
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class BaciOptions:
    """Which release, and how strictly it is read."""

    revision: Annotated[
        Revision | None, _help("Revision of the Harmonized System; else HS92, or what a named zip holds.")
    ] = None
    release: Annotated[
        str, _help(f"Release, as year and month; else {BACI_RELEASE}, or what a named zip holds.")
    ] = ""
    sha256: Annotated[str, _help("Digest that the zip must have, also one on the disk.")] = ""
    keep: Annotated[bool, _help("Keep the zip when it has been read.")] = False
    bad_rows: Annotated[int, _help("So many bad rows may be left out.")] = 0


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class ComtradeOptions:
    """What to ask for, and how strictly it is read."""

    reporter: Annotated[str, _help("Ask the API: who reports, three letters.")] = ""
    year: Annotated[tuple[int, ...], _help("Ask the API: which year; may be repeated.")] = ()
    side: Annotated[Side, _help("What the reporters tell of: exports or imports.")] = Side.EXPORTS
    name: Annotated[str, _help("What to call the release.")] = ""
    bad_rows: Annotated[int, _help("So many bad rows may be left out.")] = 0
