"""How often countries have grown by so much in so many years: the base rate beside every plan.

A window is one country from one year to T years later, and its ratio what it exported at the end over what it
exported at the start. Windows of one country overlap, so 700 windows are no 700 independent cases: every figure
tells the countries and the windows without overlap beside the count, and intervals are made from those.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadParameter, Degenerate, UnknownCountry
from rahdari.trade.rules.deflators import Prices
from rahdari.trade.rules.paths import require_amount
from rahdari.trade.rules.windows import Windows
from rahdari.trade.values import Amounts

MULTIPLES = (1.5, 2.0, 3.0, 4.0, 5.0, 8.0)
PERCENTS = (5.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0)
# The upper and lower 2.5 % of the normal distribution.
Z_95 = 1.959964
# Enough that the ends of a 95 % interval stand still to half a point; more only takes time.
RESAMPLES = 2_000
RESAMPLES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Count:
    """How much evidence stands behind a figure.

    ``windows`` overlap; ``disjoint`` is the largest number of them of which no two of one country overlap;
    ``countries`` is the number of different countries.
    """

    windows: int
    disjoint: int
    countries: int


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the windows with its 95 % interval: ``share``, ``low`` and ``high`` from 0 to 1."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class BaseRate:
    """The distribution of ratios among windows of one length.

    ``percentiles`` are of the ratio, by percent; ``reached`` the share of windows that reached a multiple.
    """

    years: int
    prices: Prices
    count: Count
    percentiles: Mapping[float, float]
    reached: Mapping[float, Share]

    def to_frame(self) -> pl.DataFrame:
        """Give ``figure, key, value, low, high`` with the counts of the evidence in each row."""
        rows: list[tuple[str, float, float, float | None, float | None]] = [
            ("percentile_ratio", percent, ratio, None, None) for percent, ratio in self.percentiles.items()
        ]
        rows += [("share_reaching", at, one.share, one.low, one.high) for at, one in self.reached.items()]
        frame = pl.DataFrame(
            rows,
            schema={
                "figure": pl.String,
                "key": pl.Float64,
                "value": pl.Float64,
                "low": pl.Float64,
                "high": pl.Float64,
            },
            orient="row",
        )
        return frame.with_columns(
            years=pl.lit(self.years),
            prices=pl.lit(self.prices.label),
            windows=pl.lit(self.count.windows),
            disjoint_windows=pl.lit(self.count.disjoint),
            countries=pl.lit(self.count.countries),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plan stands among what has happened.

    ``percentile`` is the percentage of windows with a smaller ratio; ``reached`` the share with this ratio or
    more, whose interval (Wilson) counts only windows without overlap; ``countries_reached`` those that did it.
    """

    ratio: float
    percentile: float
    reached: Share
    count: Count
    windows_reached: int
    countries_reached: tuple[str, ...]
    largest_seen: float

    @property
    def is_beyond_all(self) -> bool:
        """Tell whether no window reached it."""
        return self.windows_reached == 0

    def to_frame(self) -> pl.DataFrame:
        """Give one row: ``ratio, percentile, share_reaching, low, high`` and the counts of the evidence."""
        return pl.DataFrame(
            {
                "ratio": [self.ratio],
                "percentile": [self.percentile],
                "share_reaching": [self.reached.share],
                "low": [self.reached.low],
                "high": [self.reached.high],
                "windows": [self.count.windows],
                "disjoint_windows": [self.count.disjoint],
                "countries": [self.count.countries],
                "windows_reached": [self.windows_reached],
                "countries_reached": [len(self.countries_reached)],
                "largest_ratio": [self.largest_seen],
            }
        )


@dataclass(frozen=True, slots=True)
class Best:
    """A country's own best window; ``percentile`` is where that stands among the windows of all."""

    country: str
    start_year: int
    end_year: int
    start_usd: float
    end_usd: float
    ratio: float
    percentile: float


@dataclass(frozen=True, slots=True)
class SizeClass:
    """The base rate of those that were of one size at the start; ``rate`` is None where no window is.

    ``low_usd`` belongs to the class, ``high_usd`` to the next one; None is no limit.
    """

    low_usd: float
    high_usd: float | None
    windows: int
    rate: BaseRate | None


def base_rate(
    windows: Windows, *, multiples: Sequence[float] = MULTIPLES, percents: Sequence[float] = PERCENTS
) -> BaseRate:
    """Tell percentiles of the ratio and the share of windows that reached each multiple.

    Percentiles are linear between neighbours (Hyndman and Fan 1996, definition 7, textbook form).

    Raises:
        Degenerate: there is no window.
        BadParameter: a percent outside 0 to 100, a multiple that is not above 0.
    """
    _require_some(windows)
    for percent in percents:
        if not 0 <= percent <= 100:
            raise BadParameter(f"{percent} is no percent from 0 to 100")
    count = count_of(windows)
    return BaseRate(
        years=windows.rules.years,
        prices=windows.prices,
        count=count,
        percentiles={percent: float(np.percentile(windows.ratio, percent)) for percent in percents},
        reached={at: _reaching(windows, _require_ratio(at), count) for at in multiples},
    )


def by_size(windows: Windows, *, edges_usd: Sequence[float]) -> tuple[SizeClass, ...]:
    """Tell the base rate by size at the start; ``edges_usd`` are where one class ends and the next begins.

    Raises:
        BadParameter: the edges do not rise.
    """
    for edge in edges_usd:
        require_amount(edge, "an edge between sizes")
    edges = [0.0, *edges_usd]
    if any(later <= earlier for earlier, later in itertools.pairwise(edges)):
        raise BadParameter(f"the edges between sizes must rise from above 0, not {list(edges_usd)}")
    classes = []
    for low, high in zip(edges, [*edges[1:], None], strict=True):
        inside = windows.start_usd >= low if high is None else _between(windows.start_usd, low, high)
        of_size = windows.where(inside)
        rate = base_rate(of_size) if len(of_size) else None
        classes.append(SizeClass(low, high, len(of_size), rate))
    return tuple(classes)


def sizes_to_frame(classes: Sequence[SizeClass], *, multiple: float) -> pl.DataFrame:
    """Give one row a size: ``low_usd, high_usd, windows, median_ratio, share_reaching``; null where none is known.

    ``share_reaching`` is that of ``multiple``, which must be one of ``MULTIPLES``.

    Raises:
        BadParameter: it is another one.
    """
    if multiple not in MULTIPLES:
        raise BadParameter(f"{multiple} is none of the multiples {list(MULTIPLES)} that a base rate tells")
    rates = [one.rate for one in classes]
    whole = pl.Series([one.windows for one in classes], dtype=pl.Int64)
    high = pl.Series([one.high_usd for one in classes], dtype=pl.Float64)
    median = pl.Series([rate.percentiles[50.0] if rate else None for rate in rates], dtype=pl.Float64)
    shares = pl.Series([rate.reached[multiple].share if rate else None for rate in rates], dtype=pl.Float64)
    return pl.DataFrame(
        {
            "low_usd": [one.low_usd for one in classes],
            "high_usd": high,
            "windows": whole,
            "median_ratio": median,
            "share_reaching": shares,
        }
    )


def place(windows: Windows, ratio: float) -> Place:
    """Tell where a plan to multiply by ``ratio`` stands among the windows.

    Raises:
        Degenerate: there is no window.
        BadParameter: the ratio is not above 0.
    """
    _require_some(windows)
    _require_ratio(ratio)
    did = windows.ratio >= ratio
    count = count_of(windows)
    return Place(
        ratio=ratio,
        percentile=float(100.0 * (windows.ratio < ratio).mean()),
        reached=_reaching(windows, ratio, count),
        count=count,
        windows_reached=int(did.sum()),
        countries_reached=tuple(windows.countries[at] for at in np.unique(windows.country[did])),
        largest_seen=float(windows.ratio.max()),
    )


def own_best(windows: Windows, country: str) -> Best:
    """Tell a country's own best window; of several alike the earliest.

    Raises:
        UnknownCountry: the history knows no such country.
        Degenerate: it has no window that counts.
    """
    if country not in windows.countries:
        raise UnknownCountry(f"the history holds no country {country!r} among its {len(windows.countries)}")
    own = np.flatnonzero(windows.country == windows.countries.index(country))
    if not len(own):
        raise Degenerate(
            f"{country} has no window of {windows.rules.years} years that counts; see what was left out and why"
        )
    at = own[np.argmax(windows.ratio[own])]
    start, ratio = int(windows.start_year[at]), float(windows.ratio[at])
    return Best(
        country=country,
        start_year=start,
        end_year=start + windows.rules.years,
        start_usd=float(windows.start_usd[at]),
        end_usd=float(windows.end_usd[at]),
        ratio=ratio,
        percentile=float(100.0 * (windows.ratio < ratio).mean()),
    )


def best_of_each(windows: Windows) -> pl.DataFrame:
    """Give each country's own best window, the best first: ``country, start_year, end_year, start_usd, ...``."""
    with_one = [windows.countries[at] for at in np.unique(windows.country)]
    rows = [own_best(windows, country) for country in with_one]
    frame = pl.DataFrame(
        [(b.country, b.start_year, b.end_year, b.start_usd, b.end_usd, b.ratio, b.percentile) for b in rows],
        schema={
            "country": pl.String,
            "start_year": pl.Int64,
            "end_year": pl.Int64,
            "start_usd": pl.Float64,
            "end_usd": pl.Float64,
            "ratio": pl.Float64,
            "percentile": pl.Float64,
        },
        orient="row",
    )
    return frame.sort(["ratio", "country"], descending=[True, False])


def resampled(
    windows: Windows, ratio: float, *, generator: np.random.Generator, draws: int = RESAMPLES
) -> Share:
    """Give the share that reached ``ratio`` with an interval from drawing whole countries anew.

    Countries are drawn, not windows (a cluster bootstrap): all overlapping windows of a country come or stay away
    together. The interval is from percentile 2.5 to 97.5 of the draws.

    Raises:
        Degenerate: there is no window, or one country alone, which cannot differ from itself.
        BadParameter: the ratio is not above 0, or too many draws.
    """
    _require_some(windows)
    _require_ratio(ratio)
    if not 100 <= draws <= RESAMPLES_MAX:
        raise BadParameter(f"{draws} draws; 100 to {RESAMPLES_MAX} can be")
    present, inverse = np.unique(windows.country, return_inverse=True)
    if len(present) < 2:
        raise Degenerate("the windows are of one country alone; nothing can be said about others from it")
    of_each = np.bincount(inverse).astype(np.float64)
    did = np.bincount(inverse, weights=(windows.ratio >= ratio).astype(np.float64))
    times = generator.multinomial(len(present), np.full(len(present), 1.0 / len(present)), size=draws)
    shares = (times @ did) / (times @ of_each)
    low, high = np.percentile(shares, [2.5, 97.5])
    return Share(float(did.sum() / of_each.sum()), float(low), float(high))


def wilson(share: float, trials: int, *, z: float = Z_95) -> Share:
    """Give Wilson's (1927) interval of a share from ``trials`` cases, textbook form; it stays within 0 to 1.

    Raises:
        Degenerate: there are no cases.
        BadParameter: the share is none.
    """
    if trials < 1:
        raise Degenerate("a share of no cases is not defined")
    if not 0 <= share <= 1:
        raise BadParameter(f"{share} is no share from 0 to 1")
    spread = z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return Share(share, max(0.0, min(share, middle - half)), min(1.0, max(share, middle + half)))


def count_of(windows: Windows) -> Count:
    """Count windows, those without overlap, and countries."""
    return Count(len(windows), _disjoint(windows), len(np.unique(windows.country)))


def _disjoint(windows: Windows) -> int:
    """Count the most windows of which no two of one country overlap: always the next that ends first."""
    total, country, free_from = 0, -1, 0
    order = np.lexsort((windows.start_year, windows.country))
    for own, start in zip(windows.country[order], windows.start_year[order], strict=True):
        if own != country or start >= free_from:
            total, country, free_from = total + 1, int(own), int(start) + windows.rules.years
    return total


def _reaching(windows: Windows, ratio: float, count: Count) -> Share:
    return wilson(float((windows.ratio >= ratio).mean()), count.disjoint)


def _between(values: Amounts, low: float, high: float) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (values >= low) & (values < high)
    return inside


def _require_some(windows: Windows) -> None:
    if not len(windows):
        why = ", ".join(f"{count} {reason.value}" for reason, count in windows.left_out.items() if count)
        raise Degenerate(f"no window of {windows.rules.years} years counts ({why or 'the history is empty'})")


def _require_ratio(ratio: float) -> float:
    if not 0 < ratio <= 1e12:
        raise BadParameter(f"{ratio} is no ratio; 5 is five times as much")
    return ratio
