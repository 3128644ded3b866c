"""The base rates and the price index that the package carries: a plan meets its odds without any download."""

from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np

from rahdari.app.files import read_limited
from rahdari.trade.rules.decades import OwnDecade, Sizes, read_own_decades, read_sizes
from rahdari.trade.rules.deflators import Deflator, given_deflator
from rahdari.trade.rules.references import Reference, read_index, read_reference
from rahdari.trade.rules.windows import History, history
from rahdari.trade.service.national import Past
from rahdari.trade.values import Matrix

_CARRIED: Final = resources.files("rahdari.trade") / "data"
# A table of yearly figures of one reference has some kilobytes.
FILE_BYTES_MAX: Final = 200_000


def carried_reference() -> Reference:
    """Give the published base rate of ten-year windows of manufactures that the package carries."""
    return read_reference((_CARRIED / "base-rates.csv").read_text(encoding="utf-8"))


def carried_sizes() -> Sizes:
    """Give the shares of ten-year windows that reached each multiple, by size at the start."""
    return read_sizes((_CARRIED / "decades-by-size.csv").read_text(encoding="utf-8"))


def carried_own_decades() -> tuple[OwnDecade, ...]:
    """Give each country's own best ten years of all exports, 1962 to 2016."""
    return read_own_decades((_CARRIED / "own-best-decades.csv").read_text(encoding="utf-8"))


def carried_past() -> Past:
    """Give all that the package carries on what countries did in ten years."""
    return Past(carried_reference(), carried_sizes(), carried_own_decades())


def carried_price_index(*, base_year: int) -> Deflator:
    """Give US consumer prices as a deflator, 1 in ``base_year``.

    Raises:
        DataMissing: the index does not hold the base year.
    """
    index = read_index((_CARRIED / "base-rates-us-cpi.csv").read_text(encoding="utf-8"))
    return given_deflator("US consumer prices (CPI-U, BLS)", index, base_year=base_year)


def reference_in(file: Path) -> Reference:
    """Read a base rate of one's own, in the form of the carried one.

    Raises:
        BadTradeFile, BadFile, FolderFailed: the file is not of this form, too large, or cannot be read.
    """
    return read_reference(read_limited(file, size_bytes_max=FILE_BYTES_MAX).decode("utf-8", "replace"))


def history_of(rows: Iterable[tuple[str, int, float]]) -> History:
    """Make a history of (country, year, dollars); what comes twice is added up, what does not come is no report.

    Raises:
        BadTable: an amount is negative or not finite, or the years span centuries.
    """
    sums: dict[tuple[str, int], float] = {}
    for country, year, amount in rows:
        sums[country, year] = sums.get((country, year), 0.0) + amount
    countries = sorted({country for country, _ in sums})
    years = sorted({year for _, year in sums})
    row = {country: at for at, country in enumerate(countries)}
    column = {year: at for at, year in enumerate(years)}
    values = np.zeros((len(countries), len(years)))
    for (country, year), amount in sums.items():
        values[row[country], column[year]] = amount
    return history(
        Matrix(countries, [f"{year:04d}" for year in years], values, what="the history of exports")
    )
