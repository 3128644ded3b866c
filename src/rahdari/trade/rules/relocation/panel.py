"""Exports of all countries over consecutive years, and what is read from them: shares, windows, advantage."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter, BadTable, Degenerate, UnknownCountry, UnknownYear
from rahdari.trade.values import Amounts, Matrix

# Trade by product is published from 1962 on; more years are a table of something else.
YEARS_MAX = 200

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Panel:
    """One table of exports a year, countries by products, with the same sides in every year, in dollars.

    Example:
        >>> year = Matrix(("CHN", "PAK"), ("6403",), [[3.0], [1.0]])
        >>> Panel({2012: year, 2013: year}).share_of("CHN").tolist()
        [[0.75], [0.75]]

    Raises:
        BadTable: the tables of two years have other sides.
        BadParameter: no year, years that are not consecutive, or too many of them.
    """

    years: tuple[int, ...]
    yearly: tuple[Matrix, ...]

    def __init__(self, yearly: Mapping[int, Matrix]) -> None:
        """Check and take over."""
        years = tuple(sorted(yearly))
        if not 1 <= len(years) <= YEARS_MAX or years[-1] - years[0] != len(years) - 1:
            raise BadParameter(f"a panel needs 1 to {YEARS_MAX} consecutive years, not {_few(years)}")
        first = yearly[years[0]]
        for year in years:
            if (yearly[year].rows, yearly[year].columns) != (first.rows, first.columns):
                raise BadTable(f"the tables of {years[0]} and {year} name other countries or products")
        object.__setattr__(self, "years", years)
        object.__setattr__(self, "yearly", tuple(yearly[year] for year in years))

    @property
    def countries(self) -> tuple[str, ...]:
        """List the countries."""
        return self.yearly[0].rows

    @property
    def products(self) -> tuple[str, ...]:
        """List the products."""
        return self.yearly[0].columns

    def at(self, country: str) -> int:
        """Tell the place of a country. Raises ``UnknownCountry``."""
        if country not in self.countries:
            raise UnknownCountry(f"the panel has no country {country!r} among its {len(self.countries)}")
        return self.countries.index(country)

    def between(self, first: int, last: int) -> "Panel":
        """Cut out the years from ``first`` to ``last``, both included. Raises ``UnknownYear``."""
        if first not in self.years or last not in self.years or first > last:
            raise UnknownYear(
                f"the panel holds {self.years[0]} to {self.years[-1]}, from which {first} to {last} cannot be cut"
            )
        start, end = self.years.index(first), self.years.index(last) + 1
        return Panel(dict(zip(self.years[start:end], self.yearly[start:end], strict=True)))

    def world(self) -> Amounts:
        """Give what the world exported: years by products, dollars."""
        return np.array([table.values.sum(axis=0) for table in self.yearly])

    def of(self, country: str) -> Amounts:
        """Give what one country exported: years by products, dollars. Raises ``UnknownCountry``."""
        at = self.at(country)
        return np.array([table.values[at] for table in self.yearly])

    def share_of(self, country: str) -> Amounts:
        """Give a country's share of world exports: years by products; 0 where nobody exported anything."""
        return ratio(self.of(country), self.world())

    def window(self, years: int, *, at_end: bool) -> Amounts:
        """Give the mean year of the first, or last, ``years`` years: countries by products, dollars.

        Raises:
            BadParameter: the panel is shorter than two such windows, which would overlap.
        """
        if years < 1 or 2 * years > len(self.years):
            raise BadParameter(
                f"{len(self.years)} years hold no two windows of {years}; lengthen the panel or shorten the window"
            )
        chosen = self.yearly[-years:] if at_end else self.yearly[:years]
        return np.asarray(np.mean([table.values for table in chosen], axis=0))


def ratio(part: Amounts, whole: Amounts) -> Amounts:
    """Divide, and give 0 where the whole is nothing: its part is nothing too."""
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)


def advantage(values: Amounts) -> Amounts:
    """Give revealed comparative advantage: RCA_ik = (v_ik V)/(v_i v_k), Balassa (1965), textbook form.

    0 stands where a country or a product trades nothing at all: there is no advantage to be seen in nothing.

    Raises:
        Degenerate: the whole table is 0.
    """
    total = values.sum()
    if total <= 0:
        raise Degenerate("nobody exports anything, so no comparative advantage exists")
    by_country = values.sum(axis=1, keepdims=True) / total
    by_product = values.sum(axis=0, keepdims=True)
    return ratio(ratio(values, by_product), by_country)


def ranks(values: Amounts) -> Amounts:
    """Rank from 1, equal values sharing the mean of their ranks."""
    order = np.argsort(values, kind="stable")
    _, inverse, counts = np.unique(values[order], return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared = last - (counts - 1) / 2.0
    ranked = np.empty(len(values))
    ranked[order] = shared[inverse]
    return ranked


def rank_correlation(left: Amounts, right: Amounts) -> float | None:
    """Give Spearman's rank correlation, -1 to 1; None where a side is constant or has less than two values."""
    if len(left) < 2:
        return None
    one, other = ranks(left), ranks(right)
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return None if scale == 0 else float(one @ other) / scale


def _few(years: tuple[int, ...]) -> str:
    return ", ".join(map(str, years[:3])) + (", ..." if len(years) > 3 else "") if years else "none"
