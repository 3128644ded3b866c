"""What is asked of a product that might be made at home, and what the screen is read with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rahdari.trade.errors import BadParameter, BadTable
from rahdari.trade.rules.findings import require_share
from rahdari.trade.rules.substitution.technology import Technology
from rahdari.trade.values import Matrix


class SubstitutionVerdict(StrEnum):
    """What the tests come to. Open is what nothing speaks against, for want of numbers that might."""

    ACCEPTED = "accepted"
    OPEN = "open"
    REJECTED = "rejected"


class SubstitutionTest(StrEnum):
    """What is asked of each product."""

    GROWTH = "growth"
    DEPENDENCE = "dependence"
    SCALE = "scale"
    DENSITY = "density"
    VALUE_ADDED = "value_added"
    PROTECTION = "protection"
    RESOURCE_COST = "resource_cost"
    EXPORTS = "exports"
    PARTS = "parts"
    NET_SAVING = "net_saving"


# Growth and dependence tell how much it matters; they are no reason to turn a product down.
GATES = frozenset(SubstitutionTest) - {SubstitutionTest.GROWTH, SubstitutionTest.DEPENDENCE}


@dataclass(frozen=True, slots=True)
class SubstitutionConventions:
    """Thresholds.

    Attributes:
        years: between the earlier imports and today's.
        dependence_min: above this share m/(m + x) the country depends on imports.
        density_min: relatedness from which on making it is near to what is made.
        protection_max: the effective protection that a government is ready to grant, as a share (0.5 is 50 %).
        resource_cost_max: domestic resources for a dollar saved.
        exports_years_max: after so many years it must export, or the protection ends.
        parts_min: what part of the inputs, by value, must be had at home.
        net_share_min: what part of the gross saving must remain net.
        gates: the tests that turn a product down when they fail.
    """

    years: int = 5
    dependence_min: float = 0.5
    density_min: float = 0.1
    protection_max: float = 0.5
    resource_cost_max: float = 1.0
    exports_years_max: int = 5
    parts_min: float = 0.1
    net_share_min: float = 0.1
    gates: frozenset[SubstitutionTest] = GATES

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        for what in ("dependence_min", "density_min", "parts_min", "net_share_min"):
            require_share(getattr(self, what), what)
        if not 1 <= self.years <= 100:
            raise BadParameter(f"{self.years} years between two imports; 1 to 100")


@dataclass(frozen=True, slots=True, eq=False)
class Substitutable:
    """What the screen is read with: one country's imports now and before, its exports, and technologies.

    Tables are countries by products with the same products; products without a technology are judged on trade
    alone. ``density`` is the country's own around each product.
    """

    imports: Matrix
    imports_before: Matrix
    exports: Matrix
    technologies: Mapping[str, Technology] = field(default_factory=dict)
    density: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check. Raises ``BadTable`` for tables of other products, ``BadParameter`` for a technology of none."""
        if {self.imports_before.columns, self.exports.columns} != {self.imports.columns}:
            raise BadTable("imports now, imports before and exports need the same products")
        stray = sorted(set(self.technologies) - set(self.imports.columns))
        if stray:
            raise BadParameter(f"a technology is given for {stray[0]}, which is not among the products")


@dataclass(frozen=True, slots=True)
class Saving:
    """What making a product at home saves in a year, gross and net, and what the treasury loses; dollars.

    ``net_usd`` = imports x attainable share x (1 - imported inputs): parts that still come from abroad are no
    saving. ``revenue_lost_usd`` is the duty on the product no longer paid, less the duty now paid on its parts.
    """

    gross_usd: float
    net_usd: float
    revenue_lost_usd: float
