"""What the indicator is computed from: three margins of one table of flows, and what may be known beside them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter, BadTable, Ground, NothingTraded, UnknownCountry
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.values import Amounts, Matrix

# Means over years leave fractions of a dollar; a gap above a millionth means other goods or other years.
MARGINS_AGREE = 1e-6

# No economy or population grows or shrinks a hundredfold in the years that anybody projects.
GROWTH_MAX = 100.0
GROWTH_MIN = 1 / GROWTH_MAX


@dataclass(frozen=True, slots=True)
class Growth:
    """Expected over current, by country: 1.2 says a fifth more. Over the same years for all, at constant prices.

    A country that is not named is taken to stay as it is; ``World.without_growth`` lists them.

    Raises:
        BadParameter: a ratio below ``GROWTH_MIN`` or above ``GROWTH_MAX``.
    """

    gdp: Mapping[str, float] = field(default_factory=dict)
    population: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that every ratio is one."""
        for what, ratios in (("GDP", self.gdp), ("population", self.population)):
            for country, ratio in ratios.items():
                if not (math.isfinite(ratio) and GROWTH_MIN <= ratio <= GROWTH_MAX):
                    raise BadParameter(
                        f"the {what} of {country} would grow to {ratio} times; give expected over current, as 1.2"
                    )

    def of_gdp(self, countries: Sequence[str]) -> Amounts:
        """Give the ratio of GDP of each country, 1 where it is not known."""
        return np.array([self.gdp.get(code, 1.0) for code in countries])

    def of_population(self, countries: Sequence[str]) -> Amounts:
        """Give the ratio of population of each country, 1 where it is not known."""
        return np.array([self.population.get(code, 1.0) for code in countries])


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The margins of one table of flows x_ijk: who sold how much of what, who bought it, who dealt with whom.

    Attributes:
        exports: v_ik, exporters by products. imports: v_jk, importers by the same products.
        bilateral: v_ij, the same exporters by the same importers.
        growth, tariffs, distances: what the terms need that are switched on. ``distances`` is in kilometres,
            exporters by importers by name; a pair that is missing, or 0, is not known.

    Raises:
        BadTable: sides that differ, or margins that do not add up to the same: they are of other goods or years.
        BadParameter: tariffs that were laid over other markets or products.
    """

    exports: Matrix
    imports: Matrix
    bilateral: Matrix
    growth: Growth | None = None
    tariffs: TariffBook | None = None
    distances: Matrix | None = None

    def __post_init__(self) -> None:
        """Check that the three margins are of one table."""
        sides = (
            ("products of exports and imports", self.exports.columns, self.imports.columns),
            ("exporters of exports and bilateral trade", self.exports.rows, self.bilateral.rows),
            ("importers of imports and bilateral trade", self.imports.rows, self.bilateral.columns),
        )
        for what, one, other in sides:
            if one != other:
                raise BadTable(f"the {what} differ, or stand in another order")
        exports, imports, bilateral = self.exports.values, self.imports.values, self.bilateral.values
        _check_agree("product", self.products, exports.sum(axis=0), imports.sum(axis=0))
        _check_agree("exporter", self.exporters, exports.sum(axis=1), bilateral.sum(axis=1))
        _check_agree("importer", self.importers, imports.sum(axis=1), bilateral.sum(axis=0))
        laid = self.tariffs
        if laid is not None and (laid.importers, laid.products) != (self.importers, self.products):
            raise BadParameter(
                "the tariffs were laid over other markets or products than the trade; lay them again"
            )

    @property
    def exporters(self) -> tuple[str, ...]:
        """The exporters, in the order of every array."""
        return self.exports.rows

    @property
    def importers(self) -> tuple[str, ...]:
        """The markets, in the order of every array."""
        return self.imports.rows

    @property
    def products(self) -> tuple[str, ...]:
        """The products, in the order of every array."""
        return self.exports.columns

    @property
    def without_growth(self) -> tuple[str, ...]:
        """The countries whose growth is not known, and is taken to be none."""
        known = {} if self.growth is None else self.growth.gdp
        return tuple(code for code in dict.fromkeys((*self.exporters, *self.importers)) if code not in known)

    def place_of(self, exporter: str) -> int:
        """Give the place of an exporter that sells something.

        Raises:
            UnknownCountry: the table has no such exporter.
            NothingTraded: it sells nothing, so that no share of it exists.
        """
        if exporter not in self.exporters:
            raise UnknownCountry(f"no exporter {exporter} among the {len(self.exporters)} of these data")
        place = self.exporters.index(exporter)
        if not self.exports.values[place].any():
            raise NothingTraded(
                f"{exporter} exports nothing in these data: no potential follows from past exports",
                ground=Ground.EXPORTS_NOTHING,
                values={"exporter": exporter},
            )
        return place


def world_of_flows(
    exporters: Sequence[str], importers: Sequence[str], products: Sequence[str], flows: npt.ArrayLike
) -> World:
    """Sum a small cube of flows, exporters by importers by products in dollars, to the three margins.

    Raises:
        BadTable: a shape, an amount or a name that is no table of flows.
    """
    cube = np.array(flows, dtype=np.float64)
    if cube.shape != (len(exporters), len(importers), len(products)):
        raise BadTable(f"the flows have the shape {cube.shape}, not exporters by importers by products")
    return World(
        Matrix(exporters, products, cube.sum(axis=1), what="exports"),
        Matrix(importers, products, cube.sum(axis=0), what="imports"),
        Matrix(exporters, importers, cube.sum(axis=2), what="bilateral trade"),
    )


def _check_agree(side: str, names: tuple[str, ...], one: Amounts, other: Amounts) -> None:
    off = np.abs(one - other) > MARGINS_AGREE * np.maximum(np.maximum(one, other), 1.0)
    if off.any():
        first = int(np.argmax(off))
        raise BadTable(
            f"of the {side} {names[first]} one margin holds {one[first]:.0f}, another {other[first]:.0f} dollars; "
            f"take exports, imports and bilateral trade of the same goods and years"
        )
