"""Files of what is known beside the flows - growth, distances, elasticities, wages - as questions take them.

Nothing of this is carried: whoever asks gives it. Every file is named with its SHA-256 in the answer's parameters,
and so in its manifest.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from rahdari.app.files import read_limited
from rahdari.trade import BadTradeFile, DataMissing, Distances, Exponent, FileUsed, Growth, WageGap
from rahdari.trade.rules.answers import Scope
from rahdari.trade.service.given import Role
from rahdari.trade.service.potential import PotentialWish, check_given
from rahdari.trade.service.relocate import RelocateWish
from rahdari.wire import country_distances, country_series, product_numbers
from rahdari.wire.country_series import CountrySeries, Measure
from rahdari.wire.errors import MalformedInput
from rahdari.wire.product_numbers import ProductMeasure

T = TypeVar("T")

# Growth is expected over so many years, as the indicator's authors have it.
GROWTH_YEARS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesFiles:
    """What is given for a potential; each file switches its term on.

    Attributes:
        growth: GDP and population by country and year, or their ratios (``docs/standards/country-series.md``).
        growth_from, growth_to: between which years growth is taken; else the question's year and five more.
        distances: kilometres by exporter and importer.
        elasticities: of income and of tariffs, by product.
    """

    growth: Path | None = None
    growth_from: int | None = None
    growth_to: int | None = None
    distances: Path | None = None
    elasticities: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFiles:
    """What is given for a relocation screen.

    Attributes:
        wages: wage and output of a worker by country, of donor and host at least.
        labour: labour intensity by product.
        incomes: GDP per head by country, for a stand-in of labour intensity.
    """

    wages: Path | None = None
    labour: Path | None = None
    incomes: Path | None = None


def with_series(wish: PotentialWish, files: SeriesFiles, scope: Scope) -> PotentialWish:
    """Read what is given into a wish, and switch its terms on.

    Raises:
        BadTradeFile: a file is not of its form; the message names line and reason.
        DataMissing: it does not hold the years, or neither exporter nor market.
        BadParameter: growth, or an elasticity, outside what its formula is defined for.
        BadFile, FolderFailed: a file is too large, or cannot be read.
    """
    if files.growth is not None:
        growth, used = read_growth(files.growth, *_years(files, scope))
        terms = replace(wish.terms, growth=True)
        wish = replace(wish, terms=terms, growth=growth, files=(*wish.files, used))
    elif files.growth_from is not None or files.growth_to is not None:
        raise DataMissing("years of growth are named, and no file of growth is given")
    if files.distances is not None:
        distances, used = read_distances(files.distances)
        terms = replace(wish.terms, product_distance=True)
        wish = replace(wish, terms=terms, distances=distances, files=(*wish.files, used))
    if files.elasticities is not None:
        wish = _with_elasticities(wish, files.elasticities)
    check_given(wish, scope)
    return wish


def with_evidence(wish: RelocateWish, files: EvidenceFiles, *, donor: str, scope: Scope) -> RelocateWish:
    """Read what is given into a wish.

    Raises:
        BadTradeFile: a file is not of its form; the message names line and reason.
        DataMissing: wages of donor or host are not in it.
        BadFile, FolderFailed: a file is too large, or cannot be read.
    """
    if files.wages is not None:
        wages, used = read_wages(files.wages, donor=donor, host=scope.exporter, until=scope.years[-1])
        wish = replace(wish, wages=wages, files=(*wish.files, used))
    if files.labour is not None:
        labour, used = read_labour(files.labour)
        wish = replace(wish, labour=labour, files=(*wish.files, used))
    if files.incomes is not None:
        incomes, used = read_incomes(files.incomes, until=scope.years[-1])
        wish = replace(wish, income_usd=incomes, files=(*wish.files, used))
    return wish


def read_growth(path: Path, first: int, last: int) -> tuple[Growth, FileUsed]:
    """Read growth from one year to another; a table of ratios has no years, and gives them as they stand.

    A country without both years has no growth here.

    Raises:
        BadTradeFile, DataMissing, BadParameter, BadFile, FolderFailed: as ``with_series``.
    """
    series, used = _read(path, country_series.read, country_series.BYTES_MAX, Role.GROWTH)
    if series.has(Measure.GDP_RATIO):
        return Growth(series.at(Measure.GDP_RATIO, None), series.at(Measure.POPULATION_RATIO, None)), used
    if not series.has(Measure.GDP):
        raise BadTradeFile(f"{path.name}: growth needs a column gdp_usd (with year), or gdp_ratio")
    if first >= last:
        raise DataMissing(f"growth from {first} to {last} is none: name an earlier and a later year")
    ratios = [
        _ratios(series, measure, first, last, path.name) for measure in (Measure.GDP, Measure.POPULATION)
    ]
    return Growth(*ratios), replace(used, years=(first, last))


def read_distances(path: Path) -> tuple[Distances, FileUsed]:
    """Read distances. Raises ``BadTradeFile``, ``BadFile``, ``FolderFailed``."""
    read, used = _read(path, country_distances.read, country_distances.BYTES_MAX, Role.DISTANCES)
    ways: dict[str, dict[str, float]] = {}
    for (here, there), value in read.kilometres.items():
        # The same way back, and a country's way to itself, would only fill every manifest.
        if here != there and ways.get(there, {}).get(here) != value:
            ways.setdefault(here, {})[there] = value
    return Distances(kilometres=ways), used


def read_wages(path: Path, *, donor: str, host: str, until: int) -> tuple[WageGap, FileUsed]:
    """Read wages and output of donor and host, of the latest year up to ``until`` that has all four.

    Raises:
        DataMissing: no year has them; the message names what is not there.
        BadTradeFile, BadFile, FolderFailed: as ``with_evidence``.
    """
    series, used = _read(path, country_series.read, country_series.BYTES_MAX, Role.WAGES)
    if not series.has(Measure.WAGE, Measure.OUTPUT):
        raise BadTradeFile(f"{path.name}: wages need the columns wage_usd and output_per_worker_usd")
    years: list[int | None] = [one for one in reversed(series.years(Measure.WAGE)) if one <= until]
    for year in (*years, None):
        wage, output = (series.at(measure, year) for measure in (Measure.WAGE, Measure.OUTPUT))
        if all(code in known for code in (donor, host) for known in (wage, output)):
            taken = () if year is None else (year,)
            return WageGap(wage[donor], wage[host], output[donor], output[host]), replace(used, years=taken)
    raise DataMissing(
        f"{path.name} has no year up to {until} with wage and output of both {donor} and {host}; add what is "
        "missing, or leave wages out"
    )


def read_labour(path: Path) -> tuple[Mapping[str, float], FileUsed]:
    """Read labour intensity by prefix. Raises ``BadTradeFile``, ``BadFile``, ``FolderFailed``."""
    read, used = _read(path, product_numbers.read, product_numbers.BYTES_MAX, Role.LABOUR)
    labour = read.of(ProductMeasure.LABOUR)
    if not labour:
        raise BadTradeFile(f"{path.name}: labour intensity needs a column labour_intensity")
    if "" in labour:
        raise BadTradeFile(
            f"{path.name}: a labour intensity of all goods (*) tells no product from another; name prefixes"
        )
    return dict(labour), used


def read_incomes(path: Path, *, until: int) -> tuple[Mapping[str, float], FileUsed]:
    """Read GDP per head of the latest year up to ``until``, or what has no year; else GDP over population.

    Raises:
        DataMissing: there is no such year.
        BadTradeFile, BadFile, FolderFailed: as ``with_evidence``.
    """
    series, used = _read(path, country_series.read, country_series.BYTES_MAX, Role.INCOMES)
    if series.has(Measure.INCOME):
        plain = series.at(Measure.INCOME, None)
        if plain:
            return plain, used
        year = _latest(series, Measure.INCOME, until, path.name)
        return series.at(Measure.INCOME, year), replace(used, years=(year,))
    if not series.has(Measure.GDP, Measure.POPULATION):
        raise BadTradeFile(f"{path.name}: incomes need gdp_per_head_usd, or gdp_usd and population")
    year = _latest(series, Measure.POPULATION, until, path.name)
    gdp, people = series.at(Measure.GDP, year), series.at(Measure.POPULATION, year)
    return {code: gdp[code] / people[code] for code in gdp if code in people}, replace(used, years=(year,))


def _with_elasticities(wish: PotentialWish, path: Path) -> PotentialWish:
    read, used = _read(path, product_numbers.read, product_numbers.BYTES_MAX, Role.ELASTICITIES)
    income, sigma = read.of(ProductMeasure.INCOME_ELASTICITY), read.of(ProductMeasure.SIGMA)
    if not income and not sigma:
        raise BadTradeFile(f"{path.name}: elasticities need a column income_elasticity, or sigma")
    terms = replace(
        wish.terms,
        income_elasticity=_exponent(wish.terms.income_elasticity, income),
        sigma=_exponent(wish.terms.sigma, sigma),
    )
    return replace(wish, terms=terms, files=(*wish.files, used))


def _exponent(usual: Exponent, by_prefix: Mapping[str, float]) -> Exponent:
    told = {prefix: value for prefix, value in by_prefix.items() if prefix}
    return Exponent(by_prefix.get("", usual.usual), {**usual.by_prefix, **told})


def _years(files: SeriesFiles, scope: Scope) -> tuple[int, int]:
    first = scope.years[-1] if files.growth_from is None else files.growth_from
    return first, first + GROWTH_YEARS if files.growth_to is None else files.growth_to


def _ratios(series: CountrySeries, measure: Measure, first: int, last: int, name: str) -> dict[str, float]:
    if not series.has(measure):
        return {}
    ends = [series.at(measure, year) for year in (first, last)]
    for year, end in zip((first, last), ends, strict=True):
        if not end:
            years = series.years(measure)
            raise DataMissing(
                f"{name} has no {measure.value} of {year}; it has {years[0]} to {years[-1]}. Name two of its years "
                "(growth_from, growth_to), or give a projection"
            )
    return {code: ends[1][code] / ends[0][code] for code in ends[0] if code in ends[1]}


def _latest(series: CountrySeries, measure: Measure, until: int, name: str) -> int:
    years = [one for one in series.years(measure) if one <= until]
    if not years:
        raise DataMissing(f"{name} has no {measure.value} of {until} or before")
    return years[-1]


def _read(path: Path, read: Callable[[bytes], T], size_bytes_max: int, role: Role) -> tuple[T, FileUsed]:
    raw = read_limited(path, size_bytes_max=size_bytes_max)
    used = FileUsed(role=role, name=path.name, sha256=hashlib.sha256(raw).hexdigest())
    try:
        return read(raw), used
    except MalformedInput as wrong:
        raise BadTradeFile(f"{path.name}: {wrong.message}") from None
