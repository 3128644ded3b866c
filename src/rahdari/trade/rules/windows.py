"""Histories of exports and the windows of T years in them that can be trusted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadParameter, BadTable, Degenerate, NothingTraded
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.deflators import NOMINAL, Deflator, Prices
from rahdari.trade.rules.paths import HORIZON_YEARS_MAX, require_year
from rahdari.trade.values import Amounts, Matrix, ProductCode

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
# Trade of single countries is known since about 1800; a longer history is no history of trade.
HISTORY_YEARS_MAX = 400


class LeftOut(StrEnum):
    """Why a window does not count; the first that applies is the one that is told."""

    EXCLUDED = "excluded_by_name"
    NOT_REPORTED = "start_or_end_not_reported"
    TOO_SMALL = "too_small_at_the_start"
    GAPS = "too_many_years_missing_between"
    SPIKE = "start_or_end_is_a_lone_jump"
    COVERAGE = "partners_report_otherwise"


@dataclass(frozen=True, slots=True)
class WindowRules:
    """What makes a window count. Each is a convention, and changes the base rate.

    ``start_usd_min``: smaller economies multiply by one mine or one factory. In the prices of the history.
    ``gap_years_max``: so many years between the ends may be missing.
    ``spike_factor``: a year that lies above (or below) both its neighbours by this factor is a lone jump, mostly an
    error of the record, and neither starts nor ends a window.
    ``mirror_factor``: where partners' reports are given, the reporter's exports may differ from what partners say
    they bought from it by this factor, at either end; and the difference may change by it from start to end.
    ``excluded``: names that are no countries.
    """

    years: int = 10
    start_usd_min: float = 1e9
    gap_years_max: int = 2
    spike_factor: float = 1.6
    mirror_factor: float = 2.0
    excluded: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        if type(self.years) is not int or not 1 <= self.years <= HORIZON_YEARS_MAX:
            raise BadParameter(
                f"a window of {self.years!r} years; 1 to {HORIZON_YEARS_MAX} whole years can be"
            )
        if not 0 <= self.start_usd_min < float("inf") or self.gap_years_max < 0:
            raise BadParameter("the least start and the missing years allowed are 0 or more")
        if not (self.spike_factor > 1 and self.mirror_factor > 1):
            raise BadParameter("the factors of jumps and of partners' reports are above 1")


USUAL = WindowRules()


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Exports of countries in consecutive years, read-only; 0 is a year without a report.

    Example:
        >>> table = Matrix(("PAK",), ("2000", "2002"), [[9.0, 10.0]])
        >>> history(table).values_usd.tolist()
        [[9.0, 0.0, 10.0]]
    """

    countries: tuple[str, ...]
    years: tuple[int, ...]
    values_usd: Amounts
    prices: Prices = NOMINAL

    def deflated(self, deflator: Deflator) -> "History":
        """Give the same history in prices of the deflator's base year.

        Raises:
            DataMissing: the deflator does not hold all its years.
            BadTable: it is in constant prices already.
        """
        if self.prices != NOMINAL:
            raise BadTable(f"the history is in {self.prices.label} prices already")
        return History(
            self.countries, self.years, _frozen(deflator.real(self.values_usd, self.years)), deflator.prices
        )


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The windows that count, arrays of one length and read-only, and how many do not, by reason.

    ``country`` is a place in ``countries``; ``relative[n, t]`` is the amount t years after the start over the
    start, and 0 where that year was not reported.
    """

    countries: tuple[str, ...]
    country: Places
    start_year: Places
    start_usd: Amounts
    end_usd: Amounts
    ratio: Amounts
    relative: Amounts
    rules: WindowRules
    prices: Prices
    left_out: Mapping[LeftOut, int]

    def __len__(self) -> int:
        """Count the windows that count."""
        return len(self.ratio)

    def where(self, chosen: Flags) -> "Windows":
        """Give the windows that are chosen; what was left out before stays told."""
        return replace(
            self,
            country=_frozen_places(self.country[chosen]),
            start_year=_frozen_places(self.start_year[chosen]),
            start_usd=_frozen(self.start_usd[chosen]),
            end_usd=_frozen(self.end_usd[chosen]),
            ratio=_frozen(self.ratio[chosen]),
            relative=_frozen(self.relative[chosen]),
        )

    def complete(self) -> "Windows":
        """Give the windows in which every year was reported."""
        whole: Flags = np.asarray((self.relative > 0).all(axis=1))
        return self.where(whole)

    def to_frame(self) -> pl.DataFrame:
        """Give one row a window: ``country, start_year, end_year, prices, start_usd, end_usd, ratio``."""
        return pl.DataFrame(
            {
                "country": [self.countries[at] for at in self.country],
                "start_year": self.start_year,
                "end_year": self.start_year + self.rules.years,
                "prices": [self.prices.label] * len(self),
                "start_usd": self.start_usd,
                "end_usd": self.end_usd,
                "ratio": self.ratio,
            }
        )


def history(table: Matrix, *, prices: Prices = NOMINAL) -> History:
    """Make a history of countries by years (as text); years that the table skips are years without a report.

    Raises:
        BadTable: a column is no year, or the years span more than 400.
    """
    years = [_year(name) for name in table.columns]
    if not years:
        raise BadTable("a history without years tells nothing")
    first, last = min(years), max(years)
    if last - first >= HISTORY_YEARS_MAX:
        raise BadTable(f"a history from {first} to {last} spans more than {HISTORY_YEARS_MAX} years")
    values = np.zeros((len(table.rows), last - first + 1))
    values[:, [year - first for year in years]] = table.values
    return History(table.rows, tuple(range(first, last + 1)), _frozen(values), prices)


def history_of_exports(book: FlowBook, *, product: ProductCode | None = None) -> History:
    """Make a history of what each country sold to the world in each year of a book, of one product or of all.

    The exporters of one product are the reference class of a path in that product.

    Raises:
        UnknownTradeProduct: the book holds no such product.
        NothingTraded: the book holds no year.
    """
    if not book.years:
        raise NothingTraded("the book of flows holds no year, so there is no history in it")
    by_year = [
        book.bilateral([year]) if product is None else book.of_product(product, [year]) for year in book.years
    ]
    values = np.stack([table.values.sum(axis=1) for table in by_year], axis=1)
    columns = [f"{year:04d}" for year in book.years]
    return history(Matrix(by_year[0].rows, columns, values, what="the history of exports"))


def find_windows(told: History, rules: WindowRules = USUAL, *, mirror: History | None = None) -> Windows:
    """Find every window of ``rules.years`` years that counts, by country and year.

    ``mirror`` is what partners report they bought from each country, with the same countries, years and prices; it
    shows where a reporter began to cover more of its trade. Without it that cannot be seen.

    Raises:
        Degenerate: the history is shorter than one window.
        BadTable: ``mirror`` has other countries, years or prices.
    """
    span = rules.years
    if len(told.years) <= span:
        raise Degenerate(
            f"the history has {len(told.years)} years, a window of {span} needs {span + 1}; "
            "take a shorter window or a longer history"
        )
    if mirror is not None and (mirror.countries, mirror.years, mirror.prices) != (
        told.countries,
        told.years,
        told.prices,
    ):
        raise BadTable("what partners report has other countries, years or prices than the history")
    why = _why_not(told, rules, mirror)
    row, at = np.nonzero(why == 0)
    between = at[:, None] + np.arange(span + 1)
    amounts = told.values_usd[row[:, None], between]
    return Windows(
        countries=told.countries,
        country=_frozen_places(row),
        start_year=_frozen_places(at + told.years[0]),
        start_usd=_frozen(amounts[:, 0].copy()),
        end_usd=_frozen(amounts[:, -1].copy()),
        ratio=_frozen(amounts[:, -1] / amounts[:, 0]),
        relative=_frozen(amounts / amounts[:, :1]),
        rules=rules,
        prices=told.prices,
        left_out=MappingProxyType(
            {reason: int((why == n).sum()) for n, reason in enumerate(LeftOut, start=1)}
        ),
    )


def _why_not(told: History, rules: WindowRules, mirror: History | None) -> Places:
    """Give for each country and start 0, or the place of the first reason (from 1) why it does not count."""
    span, values = rules.years, told.values_usd
    seen = values > 0
    jumps = _lone_jumps(values, rules.spike_factor)
    missing_before: Places = np.cumsum(~seen, axis=1)
    excluded = np.array([name in rules.excluded for name in told.countries], dtype=bool)[:, None]
    found: list[Flags] = [
        np.broadcast_to(excluded, seen[:, span:].shape),
        ~seen[:, :-span] | ~seen[:, span:],
        values[:, :-span] < rules.start_usd_min,
        missing_before[:, span:] - missing_before[:, :-span] > rules.gap_years_max,
        jumps[:, :-span] | jumps[:, span:],
        _covers_otherwise(values, mirror, rules),
    ]
    why = np.zeros(found[0].shape, dtype=np.int64)
    for at, applies in reversed(list(enumerate(found, 1))):
        why[applies] = at
    return why


def _lone_jumps(values: Amounts, factor: float) -> Flags:
    """Tell which years lie above, or below, both their neighbours by a factor; ends and gaps have no neighbours."""
    lone = np.zeros(values.shape, dtype=bool)
    before, now, after = values[:, :-2], values[:, 1:-1], values[:, 2:]
    known = (before > 0) & (now > 0) & (after > 0)
    above = (now > factor * before) & (now > factor * after)
    below = (factor * now < before) & (factor * now < after)
    lone[:, 1:-1] = known & (above | below)
    return lone


def _covers_otherwise(values: Amounts, mirror: History | None, rules: WindowRules) -> Flags:
    span, bound = rules.years, np.log(rules.mirror_factor)
    if mirror is None:
        return np.zeros(values[:, span:].shape, dtype=bool)
    known = (values > 0) & (mirror.values_usd > 0)
    told_over_bought = np.zeros(values.shape)
    told_over_bought[known] = np.log(values[known] / mirror.values_usd[known])
    start, end = told_over_bought[:, :-span], told_over_bought[:, span:]
    differs = (np.abs(start) > bound) | (np.abs(end) > bound) | (np.abs(end - start) > bound)
    # What no partner tells of cannot be confirmed.
    unconfirmed: Flags = differs | ~known[:, :-span] | ~known[:, span:]
    return unconfirmed


def _year(name: str) -> int:
    if not (len(name) == 4 and name.isascii() and name.isdigit()):
        raise BadTable(f"the history has a column {name!r}; its columns are years as 2016")
    year = int(name)
    require_year(year, "a year of the history")
    return year


def _frozen(values: Amounts) -> Amounts:
    values.flags.writeable = False
    return values


def _frozen_places(values: Places) -> Places:
    values.flags.writeable = False
    return values
