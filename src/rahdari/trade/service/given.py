"""What is known beside the flows: growth, distances, elasticities, and the files they came from.

A market or exporter that is asked about and of which nothing is known is refused; whoever else is not known stays
as it is (its factor is 1), and the answer says how many these are and names some.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter, DataMissing
from rahdari.trade.rules.answers import Note, Scope
from rahdari.trade.rules.potential.groundwork import Groundwork, log_distances
from rahdari.trade.rules.potential.world import Growth
from rahdari.trade.values import Matrix
from rahdari.wire.country_distances import KM_MAX

# A note has room for so many codes.
NAMED_MAX = 6


class Role(StrEnum):
    """What a file was given for."""

    GROWTH = "growth"
    DISTANCES = "distances"
    ELASTICITIES = "elasticities"
    TARIFFS = "tariffs"
    WAGES = "wages"
    LABOUR = "labour"
    INCOMES = "incomes"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUsed:
    """A file that numbers came from: its name, SHA-256 of its bytes, and the years that were taken of it."""

    role: Role
    name: str
    sha256: str
    years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """Kilometres by exporter, then importer. A way that is told in one direction alone is taken for both.

    Raises:
        BadParameter: a distance that is not above 0, or above once around the world.
    """

    kilometres: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check."""
        for here, ways in self.kilometres.items():
            for there, value in ways.items():
                if not (math.isfinite(value) and 0 < value <= KM_MAX):
                    raise BadParameter(
                        f"{here} and {there} would be {value} km apart; above 0, at most {KM_MAX:.0f}"
                    )

    def between(self, here: str, there: str) -> float | None:
        """Give the way between two countries, in either direction; None where it is not known."""
        found = self.kilometres.get(here, {}).get(there)
        return self.kilometres.get(there, {}).get(here) if found is None else found

    def matrix(self, exporters: Sequence[str], importers: Sequence[str]) -> Matrix:
        """Lay them over exporters and importers; 0 stands where a way is not known."""
        rows = {code: at for at, code in enumerate(exporters)}
        columns = {code: at for at, code in enumerate(importers)}
        values = np.zeros((len(rows), len(columns)))
        # What is told of a direction itself comes last and stays.
        for is_turned in (True, False):
            for here, ways in self.kilometres.items():
                for there, value in ways.items():
                    one, other = (there, here) if is_turned else (here, there)
                    if one in rows and other in columns:
                        values[rows[one], columns[other]] = value
        return Matrix(tuple(exporters), tuple(importers), values, what="distances")


def require_growth(growth: Growth, scope: Scope) -> None:
    """Refuse growth that does not tell of those who are asked about.

    Raises:
        DataMissing: exporter or market have no growth of GDP; or others have one of population, and the market not.
    """
    if not growth.gdp and not growth.population:
        raise DataMissing("a term of growth is on, and no growth is given: give it, or switch the term off")
    wanted = [("GDP", growth.gdp, scope.exporter), ("GDP", growth.gdp, scope.market)]
    if growth.population:
        wanted.append(("population", growth.population, scope.market))
    for what, known, country in wanted:
        if country not in known:
            raise DataMissing(
                f"growth of {what} is given for {len(known)} countries, and {country} is none of them: add both "
                "its years (or its ratio), or leave the term of growth off"
            )


def require_way(distances: Distances, scope: Scope) -> None:
    """Refuse distances that do not tell how far the market is. Raises ``DataMissing``."""
    if not distances.kilometres:
        raise DataMissing(
            "the term of product distance is on, and no distances are given: give them, or switch the term off"
        )
    if distances.between(scope.exporter, scope.market) is None:
        raise DataMissing(
            f"distances are given, and the way from {scope.exporter} to {scope.market} is none of them: add it, or "
            "leave the term off"
        )


def given_notes(ground: Groundwork, distances: Distances, files: Collection[FileUsed]) -> tuple[Note, ...]:
    """Say what growth, distances and elasticities were taken, and of whom nothing was known."""
    notes: list[Note] = []
    if ground.terms.growth and ground.world.growth is not None:
        notes += _growth_notes(ground, ground.world.growth, files)
    if ground.usual_distance is not None:
        notes += _distance_notes(ground, distances, files)
    used = of_role(files, Role.ELASTICITIES)
    if used is not None:
        notes.append(Note("elasticities_from", {"name": used.name}))
    exponents = (ground.terms.sigma, ground.terms.income_elasticity)
    idle = sorted({prefix for one in exponents for prefix in one.unmatched(ground.world.products)})
    if idle:
        notes.append(Note("elasticities_of_others", {"products": len(idle), "codes": named(idle)}))
    return tuple(notes)


def of_role(files: Iterable[FileUsed], role: Role) -> FileUsed | None:
    """Give the file that was given for something."""
    return next((one for one in files if one.role is role), None)


def named(codes: Sequence[str]) -> str:
    """Name the first few codes."""
    return ", ".join(codes[:NAMED_MAX]) + (", ..." if len(codes) > NAMED_MAX else "")


def _growth_notes(ground: Groundwork, growth: Growth, files: Collection[FileUsed]) -> list[Note]:
    world, used = ground.world, of_role(files, Role.GROWTH)
    name, notes = used.name if used is not None else "-", []
    if used is not None and used.years:
        first, last = used.years[0], used.years[-1]
        notes.append(Note("growth_over_years", {"name": name, "from_year": first, "to_year": last}))
    else:
        notes.append(Note("growth_given", {"name": name}))
    # Only who trades matters: a country without exports and imports moves nothing.
    trades = {code for code, row in zip(world.exporters, world.exports.values, strict=True) if row.any()}
    trades |= {code for code, row in zip(world.importers, world.imports.values, strict=True) if row.any()}
    still = [code for code in world.without_growth if code in trades]
    if still:
        notes.append(Note("growth_not_known", {"countries": len(still), "codes": named(still)}))
    strange = sorted((set(growth.gdp) | set(growth.population)) - {*world.exporters, *world.importers})
    if strange:
        notes.append(Note("growth_of_others", {"countries": len(strange), "codes": named(strange)}))
    if not growth.population:
        notes.append(Note("growth_without_population"))
    return notes


def _distance_notes(ground: Groundwork, distances: Distances, files: Collection[FileUsed]) -> list[Note]:
    used = of_role(files, Role.DISTANCES)
    notes = [Note("distances_from", {"name": used.name if used is not None else "-"})]
    world = ground.world
    _, known = log_distances(world)
    flows = world.bilateral.values
    unknown = (flows > 0) & (known == 0)
    if unknown.any():
        share = float(flows[unknown].sum() / flows.sum())
        notes.append(Note("distances_not_known", {"pairs": int(unknown.sum()), "traded_share": share}))
    told = set(distances.kilometres) | {code for ways in distances.kilometres.values() for code in ways}
    strange = sorted(told - {*world.exporters, *world.importers})
    if strange:
        notes.append(Note("distances_of_others", {"countries": len(strange), "codes": named(strange)}))
    return notes
