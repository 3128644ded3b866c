"""Money of the day and constant prices, and the label that tells which of the two a number is in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter, DataMissing
from rahdari.trade.values import Amounts

# Yearly series since trade statistics exist have some 200 entries; a thousand is another table.
YEARS_MAX = 1_000


class PriceBase(StrEnum):
    """Which money."""

    NOMINAL = "nominal"
    REAL = "real"


@dataclass(frozen=True, slots=True)
class Prices:
    """What the dollars of a number are worth: of each its own year, or of one ``base_year`` by a named deflator."""

    base: PriceBase
    base_year: int | None = None
    deflator: str | None = None

    @property
    def label(self) -> str:
        """Give a short word for tables: ``nominal``, ``real_2024``."""
        return self.base.value if self.base_year is None else f"{self.base.value}_{self.base_year}"


NOMINAL = Prices(PriceBase.NOMINAL)


@dataclass(frozen=True, slots=True)
class Deflator:
    """A price index by year, 1 in ``base_year``; ``name`` tells whose it is, or that it is an assumption."""

    name: str
    base_year: int
    index: Mapping[int, float]

    @property
    def prices(self) -> Prices:
        """Give the label of amounts that this deflator has made real."""
        return Prices(PriceBase.REAL, self.base_year, self.name)

    def of(self, years: Sequence[int]) -> Amounts:
        """Give the index of each year. Raises ``DataMissing`` where the series holds no such year."""
        absent = [year for year in years if year not in self.index]
        if absent:
            raise DataMissing(
                f"the deflator {self.name} holds no {absent[0]}, only {min(self.index)} to {max(self.index)}; "
                "give a longer series, or an inflation to assume"
            )
        return np.array([self.index[year] for year in years], dtype=np.float64)

    def real(self, values_usd: Amounts, years: Sequence[int]) -> Amounts:
        """Turn money of the day into prices of the base year; the last axis is that of the years."""
        return values_usd / self.of(years)

    def nominal(self, values_usd: Amounts, years: Sequence[int]) -> Amounts:
        """Turn prices of the base year into money of the day; the last axis is that of the years."""
        return values_usd * self.of(years)


def given_deflator(name: str, series: Mapping[int, float], *, base_year: int) -> Deflator:
    """Take a published index, whatever its own base, and set it to 1 in ``base_year``.

    Raises:
        BadParameter: an entry is not above 0 and finite, or there are too many.
        DataMissing: the series does not hold the base year.
    """
    if len(series) > YEARS_MAX:
        raise BadParameter(f"the deflator {name} has {len(series)} entries, more than {YEARS_MAX}")
    for year, entry in series.items():
        if not 1e-9 <= entry <= 1e12:
            raise BadParameter(f"the deflator {name} is {entry} in {year}; an index is above 0")
    if base_year not in series:
        raise DataMissing(
            f"the deflator {name} holds no {base_year}, so it cannot be the base; choose another year"
        )
    at_base = series[base_year]
    return Deflator(name, base_year, {year: entry / at_base for year, entry in series.items()})


def constant_inflation(share: float, *, base_year: int, years: Sequence[int]) -> Deflator:
    """Assume the same inflation each year: (1 + share)^(year - base), labelled as the assumption that it is.

    Raises:
        BadParameter: the share is outside -0.5 to 10, or a year lies more than 200 years from the base.
    """
    if not -0.5 <= share <= 10.0:
        raise BadParameter(f"an inflation of {share} a year is a share from -0.5 to 10, as 0.02 for 2 %")
    far = [year for year in years if abs(year - base_year) > 200]
    if far:
        raise BadParameter(f"{far[0]} lies more than 200 years from the base year {base_year}")
    index = {year: (1.0 + share) ** (year - base_year) for year in years}
    return Deflator(f"assumed inflation of {100 * share:g} % a year", base_year, index)
