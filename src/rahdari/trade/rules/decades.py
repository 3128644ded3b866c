"""How often exports were multiplied, by size at the start: computed from a history, or as figures that are carried.

The larger an economy's exports are at the start, the rarer is the multiple: a plan is held against its own class.
"""

import csv
import io
from dataclasses import dataclass

import polars as pl

from rahdari.trade.errors import BadTradeFile
from rahdari.trade.rules.odds import base_rate, by_size
from rahdari.trade.rules.windows import Windows

# Where one class ends and the next begins: 1, 5, 20 and 50 billion dollars, for exports of whole countries.
EDGES_USD = (5e9, 20e9, 50e9)
MULTIPLES = (2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)
LINES_MAX = 100
# There are some 200 countries, and there were some more.
COUNTRIES_MAX = 400
_OWN_HEADER = "country,start_year,start_usd_million,end_usd_million"
_COLUMNS = ("low_usd", "high_usd", "windows", "disjoint", "countries", "median")
_HEADER = [*_COLUMNS, *(f"reached_{multiple:g}" for multiple in MULTIPLES)]


@dataclass(frozen=True, slots=True)
class SizeRate:
    """One class: from ``low_usd`` up to ``high_usd`` (None: no limit), its evidence, and the share by multiple."""

    low_usd: float
    high_usd: float | None
    windows: int
    disjoint: int
    countries: int
    median: float
    reached: tuple[float, ...]

    def holds(self, start_usd: float) -> bool:
        """Tell whether a start is of this size."""
        return self.low_usd <= start_usd and (self.high_usd is None or start_usd < self.high_usd)

    def share(self, multiple: float) -> float | None:
        """Give the share that reached a multiple; None for one that is not counted."""
        return self.reached[MULTIPLES.index(multiple)] if multiple in MULTIPLES else None


Sizes = tuple[SizeRate, ...]


@dataclass(frozen=True, slots=True)
class OwnDecade:
    """The ten years in which a country's own exports were multiplied most, in money of the day."""

    country: str
    start_year: int
    start_usd: float
    end_usd: float

    @property
    def multiple(self) -> float:
        """Give the end over the start."""
        return self.end_usd / self.start_usd


def sizes_of(windows: Windows) -> Sizes:
    """Compute the classes of a history's windows; those in which no window begins are left out."""
    found = []
    for one in by_size(windows, edges_usd=EDGES_USD):
        if one.rate is None:
            continue
        low = max(one.low_usd, windows.rules.start_usd_min)
        high = float("inf") if one.high_usd is None else one.high_usd
        inside = windows.where((windows.start_usd >= one.low_usd) & (windows.start_usd < high))
        rate = base_rate(inside, multiples=MULTIPLES, percents=(50.0,))
        count, shares = rate.count, tuple(rate.reached[at].share for at in MULTIPLES)
        found.append(
            SizeRate(
                low,
                one.high_usd,
                count.windows,
                count.disjoint,
                count.countries,
                rate.percentiles[50.0],
                shares,
            )
        )
    return tuple(found)


def class_of(sizes: Sizes, start_usd: float) -> SizeRate | None:
    """Find the class of a start; None for one below the least."""
    return next((one for one in sizes if one.holds(start_usd)), None)


def to_frame(sizes: Sizes) -> pl.DataFrame:
    """Give one row a class: its ends, its evidence, the median ratio, and the share that reached each multiple."""
    rows = [
        (one.low_usd, one.high_usd, one.windows, one.disjoint, one.countries, one.median, *one.reached)
        for one in sizes
    ]
    names = ["low_usd", "high_usd", "windows", "disjoint_windows", "countries", "median_ratio"]
    whole = {"windows", "disjoint_windows", "countries"}
    names += [f"reached_{multiple:g}_share" for multiple in MULTIPLES]
    schema = {name: pl.Int64 if name in whole else pl.Float64 for name in names}
    return pl.DataFrame(rows, schema=schema, orient="row")


def read_sizes(text: str) -> Sizes:
    """Read the carried figures; lines that begin with ``#`` are remarks.

    Raises:
        BadTradeFile: it is no such table.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rows = list(csv.reader(io.StringIO("\n".join(lines))))
    if len(rows) > LINES_MAX or not rows or rows[0] != _HEADER:
        raise BadTradeFile(f"the table of decades by size does not begin with {','.join(_HEADER[:3])}")
    try:
        return tuple(_rate(row) for row in rows[1:])
    except (ValueError, IndexError):
        raise BadTradeFile("the table of decades by size holds something that is no number") from None


def read_own_decades(text: str) -> tuple[OwnDecade, ...]:
    """Read the carried best decades of countries, in millions of dollars; lines that begin with ``#`` are remarks.

    Raises:
        BadTradeFile: it is no such table.
    """
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if not lines or len(lines) > COUNTRIES_MAX or lines[0] != _OWN_HEADER:
        raise BadTradeFile(f"the table of countries' best decades does not begin with {_OWN_HEADER}")
    try:
        return tuple(_own(*line.split(",")) for line in lines[1:])
    except (ValueError, TypeError):
        raise BadTradeFile("the table of countries' best decades holds a row of another form") from None


def _own(country: str, start_year: str, start: str, end: str) -> OwnDecade:
    found = OwnDecade(country, int(start_year), 1e6 * int(start), 1e6 * int(end))
    if not 0 < found.start_usd <= found.end_usd:
        raise ValueError(country)
    return found


def _rate(row: list[str]) -> SizeRate:
    low, high, windows, disjoint, countries, median = row[:6]
    shares = tuple(float(cell) for cell in row[6:])
    if len(shares) != len(MULTIPLES) or not all(0 <= one <= 1 for one in shares):
        raise ValueError(row)
    upper = float(high) if high else None
    return SizeRate(float(low), upper, int(windows), int(disjoint), int(countries), float(median), shares)
