r"""What is known of countries by year (GDP, population, wages) as CSV: the project's own form, or the World Bank's.

The own form, columns in any order, an empty cell where nobody knows:

| column | holds |
|---|---|
| ``country`` | ISO 3166-1 alpha-3 |
| ``year`` | four digits; needed for ``gdp_usd`` and ``population``, left out for ratios |
| ``gdp_usd``, ``population`` | levels, above 0; GDP in one money of one year (constant prices) |
| ``gdp_ratio``, ``population_ratio`` | expected over current, as 1.2; no ``year`` beside them |
| ``gdp_per_head_usd`` | an income |
| ``wage_usd``, ``output_per_worker_usd`` | of one worker over the same time, in one money |

The World Bank's download has a column a year; its own indicator codes tell what it holds.

Example:
    >>> text = b"country,year,gdp_usd\nPAK,2015,100\nPAK,2020,120\nCHN,2020,900\n"
    >>> read(text).at(Measure.GDP, 2020)
    {'PAK': 120.0, 'CHN': 900.0}
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rahdari.wire import csv_rows, named_columns
from rahdari.wire.csv_rows import Row, shown
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.named_columns import Cells

# 300 territories over 200 years are 60,000 rows.
ROWS_MAX: Final = 100_000

# A row of the own form has under 100 bytes; the World Bank's whole file of one indicator half a megabyte.
BYTES_MAX: Final = 16 << 20

# The whole world makes about 1e14 dollars a year; in the smallest money of the world that is below 1e18.
AMOUNT_MAX: Final = 1e18

# More people than the world has, or will have.
PEOPLE_MAX: Final = 1e11

# No economy or population grows or shrinks a hundredfold in the years that anybody projects.
RATIO_MAX: Final = 100.0
RATIO_MIN: Final = 1 / RATIO_MAX


class Measure(StrEnum):
    """What a column holds."""

    GDP = "gdp_usd"
    POPULATION = "population"
    GDP_RATIO = "gdp_ratio"
    POPULATION_RATIO = "population_ratio"
    INCOME = "gdp_per_head_usd"
    WAGE = "wage_usd"
    OUTPUT = "output_per_worker_usd"


_MOST: Final = MappingProxyType(
    {
        Measure.POPULATION: PEOPLE_MAX,
        Measure.GDP_RATIO: RATIO_MAX,
        Measure.POPULATION_RATIO: RATIO_MAX,
    }
)
_LEVELS: Final = (Measure.GDP, Measure.POPULATION)
_RATIOS: Final = (Measure.GDP_RATIO, Measure.POPULATION_RATIO)

# World Development Indicators: GDP and GDP a head at current and at constant prices, and total population.
INDICATORS: Final = MappingProxyType(
    {
        "NY.GDP.MKTP.KD": Measure.GDP,
        "NY.GDP.MKTP.CD": Measure.GDP,
        "NY.GDP.MKTP.PP.KD": Measure.GDP,
        "SP.POP.TOTL": Measure.POPULATION,
        "NY.GDP.PCAP.KD": Measure.INCOME,
        "NY.GDP.PCAP.CD": Measure.INCOME,
        "NY.GDP.PCAP.PP.KD": Measure.INCOME,
    }
)
# A column of a year, as the bulk download and as the DataBank write it.
_WIDE_YEAR: Final = re.compile(r"(\d{4})(?: \[YR\d{4}\])?", re.ASCII)
_WIDE_CODES: Final = ("indicator code", "series code")


@dataclass(frozen=True, slots=True)
class CountrySeries:
    """Values above 0 by measure, then by country and year; the year is None where the table has none."""

    values: Mapping[Measure, Mapping[tuple[str, int | None], float]]

    def has(self, *measures: Measure) -> bool:
        """Tell whether every one of them has a value."""
        return all(self.values.get(one) for one in measures)

    def at(self, measure: Measure, year: int | None) -> dict[str, float]:
        """Give one year by country; None is for a table without years."""
        return {
            country: value for (country, when), value in self.values.get(measure, {}).items() if when == year
        }

    def years(self, measure: Measure) -> tuple[int, ...]:
        """List the years in which a measure has a value, earliest first."""
        return tuple(sorted({when for _, when in self.values.get(measure, {}) if when is not None}))


def read(raw: bytes) -> CountrySeries:
    """Read a table whole, or refuse it at its first bad line.

    Raises:
        TooLarge: more than ``BYTES_MAX`` bytes or ``ROWS_MAX`` rows, or a limit of ``csv_rows``.
        MalformedInput: another header, a bad code, year or number, the same country and year twice. The message
            names the line and the reason.
    """
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"the table has {len(raw)} bytes, more than {BYTES_MAX}")
    rows = csv_rows.read_rows(raw)
    header = next(rows)
    if header.cells[0] == "Data Source":
        # The bulk download of the World Bank begins with where it is from and when it was updated.
        header = next((row for row in rows if row.cells[0] == "Country Name"), header)
    if any(name.lower() in _WIDE_CODES for name in header.cells):
        return _gathered(_wide(rows, header))
    return _gathered(_long(rows, header))


_Told = Iterator[tuple[int, Measure, str, int | None, float]]


def _gathered(told: _Told) -> CountrySeries:
    values: dict[Measure, dict[tuple[str, int | None], float]] = {}
    lines: dict[tuple[Measure, str, int | None], int] = {}
    for line, measure, country, year, value in told:
        earlier = lines.setdefault((measure, country, year), line)
        if earlier != line:
            when = "" if year is None else f" of {year}"
            raise MalformedInput(
                f"line {line}: line {earlier} already gives {country} a {measure.value}{when}; keep one of the two"
            )
        values.setdefault(measure, {})[(country, year)] = value
    if not values:
        raise MalformedInput("there is no number below the header")
    return CountrySeries(MappingProxyType({name: MappingProxyType(one) for name, one in values.items()}))


def _long(rows: Iterator[Row], header: Row) -> _Told:
    names = tuple(one.value for one in Measure)
    columns = named_columns.header_of(header, needed=("country",), allowed=("year", *names))
    measures = [one for one in Measure if one.value in columns]
    _check_columns(columns, measures, header.line)
    for cells in named_columns.below(rows, columns, rows_max=ROWS_MAX):
        country, year = cells.country("country"), cells.year() if "year" in columns else None
        for measure in measures:
            value = _value(cells, measure)
            if value is not None:
                yield cells.line, measure, country, year, value


def _check_columns(columns: tuple[str, ...], measures: list[Measure], line: int) -> None:
    if not measures:
        raise MalformedInput(
            f"line {line}: no column of numbers; there may be {', '.join(one.value for one in Measure)}"
        )
    level = next((one for one in measures if one in _LEVELS), None)
    ratio = next((one for one in measures if one in _RATIOS), None)
    if level is not None and "year" not in columns:
        raise MalformedInput(f"line {line}: a {level.value} is of a year; add the column year")
    if ratio is not None and "year" in columns:
        raise MalformedInput(
            f"line {line}: a {ratio.value} is expected over current and has no year; leave the column year out"
        )


def _value(cells: Cells, measure: Measure) -> float | None:
    is_ratio = measure in _RATIOS
    least = RATIO_MIN if is_ratio else 0.0
    return cells.number(measure.value, least=least, most=_MOST.get(measure, AMOUNT_MAX), is_least_in=is_ratio)


def _wide(rows: Iterator[Row], header: Row) -> _Told:
    """Read the World Bank's form: a row a country and indicator, a column a year."""
    names = [name.lower() for name in header.cells]
    if "country code" not in names:
        raise MalformedInput(
            f"line {header.line}: no column Country Code; this is no table of the World Bank"
        )
    country_at = names.index("country code")
    code_at = next(at for at, name in enumerate(names) if name in _WIDE_CODES)
    years = [
        (at, int(found[1])) for at, name in enumerate(names) if (found := _WIDE_YEAR.fullmatch(name.upper()))
    ]
    if not years:
        raise MalformedInput(f"line {header.line}: no column is a year; there are {shown(', '.join(names))}")
    for count, row in enumerate(rows, 1):
        if count > ROWS_MAX:
            raise TooLarge(f"line {row.line}: more than {ROWS_MAX} rows")
        # Below the DataBank's table stand lines on where it is from, with nothing in this column.
        if len(row.cells) > country_at and row.cells[country_at]:
            yield from _wide_row(row, country_at, code_at, years)


def _wide_row(row: Row, country_at: int, code_at: int, years: list[tuple[int, int]]) -> _Told:
    if len(row.cells) <= max(code_at, years[-1][0]):
        raise MalformedInput(f"line {row.line}: {len(row.cells)} cells, fewer than the header has")
    country = Cells(row.line, {"Country Code": row.cells[country_at]}).country("Country Code")
    measure = INDICATORS.get(row.cells[code_at])
    if measure is None:
        raise MalformedInput(
            f"line {row.line}: the indicator is {shown(row.cells[code_at])}; taken are {', '.join(INDICATORS)}"
        )
    for at, year in years:
        what = f"line {row.line}: the {measure.value} of {year}"
        value = named_columns.number_of(row.cells[at], what, least=0.0, most=_MOST.get(measure, AMOUNT_MAX))
        if value is not None:
            yield row.line, measure, country, year, value
