"""All complexity figures of one table at once, and as frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from rahdari.trade.errors import BadTable
from rahdari.trade.rules.complexity.conventions import (
    RAHDARI,
    Conventions,
    DensityScale,
    Gain,
    OutlookPci,
    PresenceTest,
)
from rahdari.trade.rules.complexity.index import Diagnostics, Fitness, Indices, find_fitness, find_indices
from rahdari.trade.rules.complexity.presence import Presence, find_presence
from rahdari.trade.rules.complexity.space import (
    Relative,
    Space,
    complexity_gain,
    complexity_outlook,
    find_space,
    nearest_density,
    proximity,
    relative_relatedness,
)
from rahdari.trade.values import Amounts, Matrix


@dataclass(frozen=True, slots=True, eq=False)
class Complexity:
    """Complexity of countries and products under declared conventions; arrays are read-only and hold no NaN.

    ``countries`` and ``products`` are those that remained; ``diagnostics`` names the others and the cautions.
    ``density`` is in the unit of the conventions, ``cog`` in that of ``pci``; ``coi`` as ``coi_scale`` says.
    """

    conventions: Conventions
    presence: Presence
    indices: Indices
    space: Space
    coi: Amounts
    cog: Amounts

    @property
    def countries(self) -> tuple[str, ...]:
        """List the countries that remained, in the order of the rows."""
        return self.presence.exports.rows

    @property
    def products(self) -> tuple[str, ...]:
        """List the products that remained, in the order of the columns."""
        return self.presence.exports.columns

    @property
    def diagnostics(self) -> Diagnostics:
        """Say how far the figures can be trusted."""
        return self.indices.diagnostics

    @property
    def eci(self) -> Amounts:
        """Give the complexity of each country."""
        return self.indices.eci

    @property
    def pci(self) -> Amounts:
        """Give the complexity of each product."""
        return self.indices.pci

    @property
    def density(self) -> Amounts:
        """Give how near each product is to what each country has, in the unit of the conventions."""
        if self.conventions.density_scale is DensityScale.PERCENT:
            percent: Amounts = self.space.density * 100.0
            return percent
        return self.space.density

    @property
    def distance(self) -> Amounts:
        """Give 1 less density, always as a share."""
        away: Amounts = 1.0 - self.space.density
        return away

    def proximity(self) -> Amounts:
        """Compute the proximities, products by products (200 MB for 5,000)."""
        return proximity(self.presence.present, self_proximity=self.conventions.self_proximity)

    def nearest_density(self, neighbours: int) -> Amounts:
        """Compute density over the nearest products only, as a share."""
        return nearest_density(self.presence.present, neighbours)

    def relative_relatedness(self) -> Relative:
        """Standardise density over each country's options."""
        return relative_relatedness(self.space, self.countries, ddof=self.conventions.ddof)

    def fitness(self, *, updates: int = 19) -> Fitness:
        """Compute fitness of the same presences."""
        return find_fitness(self.presence, updates=updates)

    def to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a country, the most complex first.

        Columns: ``country``, ``country_name`` (null where unknown), ``value_usd`` (null where presences were
        given), ``diversity``, ``eci``, ``eci_rank``, ``coi``.
        """
        totals = self.presence.exports.values.sum(axis=1)
        return pl.DataFrame(
            {
                "country": self.countries,
                "country_name": _known(self.countries, names),
                "value_usd": None if self._is_given else totals,
                "diversity": self.presence.diversity.astype(np.int64),
                "eci": self.eci,
                "eci_rank": _ranks(self.eci),
                "coi": self.coi,
            },
            schema_overrides={"country_name": pl.String, "value_usd": pl.Float64},
        ).sort("eci_rank", "country")

    def products_to_frame(self, names: Mapping[str, str] | None = None) -> pl.DataFrame:
        """Give one row a product, the most complex first, with columns like those of ``to_frame``."""
        totals = self.presence.exports.values.sum(axis=0)
        return pl.DataFrame(
            {
                "product": self.products,
                "product_name": _known(self.products, names),
                "value_usd": None if self._is_given else totals,
                "ubiquity": self.presence.ubiquity.astype(np.int64),
                "pci": self.pci,
                "pci_rank": _ranks(self.pci),
            },
            schema_overrides={"product_name": pl.String, "value_usd": pl.Float64},
        ).sort("pci_rank", "product")

    def cells_to_frame(
        self, names: Mapping[str, str] | None = None, *, country: str | None = None
    ) -> pl.DataFrame:
        """Give one row for each product of each country, or of one.

        Columns: codes and names, ``value_usd`` and ``advantage`` (null where presences were given), ``is_present``,
        ``pci``, ``density_share``, ``distance_share``, ``cog`` (null where the country has the product already,
        unless the conventions give it there too).

        Raises:
            BadTable: this country is not among those that remained.
        """
        rows = range(len(self.countries)) if country is None else [self._place(country)]
        return pl.concat([self._cells_of(row, names) for row in rows])

    @property
    def _is_given(self) -> bool:
        return self.conventions.presence is PresenceTest.MANUAL

    def _place(self, country: str) -> int:
        if country not in self.countries:
            raise BadTable(f"{country!r} is not among the {len(self.countries)} countries with complexity")
        return self.countries.index(country)

    def _cells_of(self, row: int, names: Mapping[str, str] | None) -> pl.DataFrame:
        is_present = self.presence.present[row] == 1.0
        is_gain_shown = ~is_present | (self.conventions.gain is Gain.TARGET_SUM_LESS_OWN)
        code = self.countries[row]
        return (
            pl.DataFrame(
                {
                    "country": pl.repeat(code, len(self.products), eager=True),
                    "country_name": pl.repeat(
                        (names or {}).get(code), len(self.products), dtype=pl.String, eager=True
                    ),
                    "product": self.products,
                    "product_name": _known(self.products, names),
                    "value_usd": None if self._is_given else self.presence.exports.values[row],
                    "advantage": None if self._is_given else self.presence.advantage[row],
                    "is_present": is_present,
                    "pci": self.pci,
                    "density_share": self.space.density[row],
                    "distance_share": 1.0 - self.space.density[row],
                    "cog": self.cog[row],
                    "is_gain_shown": is_gain_shown,
                },
                schema_overrides={
                    "product_name": pl.String,
                    "value_usd": pl.Float64,
                    "advantage": pl.Float64,
                },
            )
            .with_columns(cog=pl.when("is_gain_shown").then("cog"))
            .drop("is_gain_shown")
        )


def measure(
    exports: Matrix,
    *,
    conventions: Conventions = RAHDARI,
    population: Sequence[float] | Amounts | None = None,
) -> Complexity:
    """Measure complexity: presence, ECI, PCI, density, outlook and gains.

    Args:
        exports: whole dollars, countries by products; 0 and 1 with ``PresenceTest.MANUAL``.
        conventions: every choice the figures depend on.
        population: one number a row, for ``PresenceTest.RPOP``.

    Raises:
        NothingTraded: the table holds no amount.
        Degenerate: a figure is not defined for this table; the message says why.
        BadTable: given presences are neither 0 nor 1.
        BadParameter: RPOP without populations.

    Sources: Hidalgo and Hausmann 2009; Hidalgo et al. 2007; Hausmann et al., The Atlas of Economic Complexity.
    """
    presence = find_presence(exports, conventions, population)
    indices = find_indices(presence, conventions)
    space = find_space(presence.present, self_proximity=conventions.self_proximity)
    is_centred = conventions.outlook_pci is OutlookPci.STANDARDISED
    pci = indices.pci if is_centred else indices.uncentred_pci
    coi = complexity_outlook(space, pci, conventions.coi_scale)
    cog = complexity_gain(space, pci, conventions.gain)
    for values in (space.density, space.sums, coi, cog):
        values.flags.writeable = False
    return Complexity(conventions, presence, indices, space, coi, cog)


def _known(codes: Sequence[str], names: Mapping[str, str] | None) -> list[str | None]:
    return [(names or {}).get(code) for code in codes]


def _ranks(values: Amounts) -> list[int]:
    """Rank from the largest, 1; equals share the better rank."""
    ordered = np.sort(-values)
    ranks: list[int] = (np.searchsorted(ordered, -values, side="left") + 1).tolist()
    return ranks
