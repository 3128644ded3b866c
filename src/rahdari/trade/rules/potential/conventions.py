"""Which terms of the Export Potential Indicator are on, and the parameters they take. One object declares all."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter
from rahdari.trade.values import Amounts

# Elasticities above this are no estimate that anybody published for trade; they would only blow rounding up.
EXPONENT_MAX = 50.0


class Term(StrEnum):
    """The factors whose product a potential is, in the order supply, demand, ease."""

    SHARE = "share"  # v_ik / v_k: the exporter's share of the world's exports of the product
    CAPACITY = "capacity"  # what new capacity does to supply, at most what it builds
    SHARE_GROWTH = "share_growth"  # what growth does to that share
    NET_IMPORTER = "net_importer"  # min(1, v_ik / m_ik)
    SUPPLY_TARIFF = "supply_tariff"  # (1 + t_ik) / (1 + t_k)
    IMPORTS = "imports"  # v_jk: what the market buys, in dollars
    INCOME = "income"  # (GDP growth / population growth) ** income elasticity
    POPULATION = "population"  # population growth
    DEMAND_TARIFF = "demand_tariff"  # ((1 + t_jk) / (1 + t_ijk)) ** sigma
    TARIFF_LEVER = "tariff_lever"  # ((1 + t today) / (1 + t supposed)) ** sigma
    EASE = "ease"  # v_ij over what shares alone would give
    PRODUCT_DISTANCE = (
        "product_distance"  # exp(-|mean log distance of the product's suppliers - log distance|)
    )


@dataclass(frozen=True, slots=True)
class Exponent:
    """A number for all products, with others by product prefix; the longest prefix wins.

    Raises:
        BadParameter: a value below 0, above ``EXPONENT_MAX``, or no number.
    """

    usual: float = 1.0
    by_prefix: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that every value is one an elasticity can have."""
        for value in (self.usual, *self.by_prefix.values()):
            if not (math.isfinite(value) and 0 <= value <= EXPONENT_MAX):
                raise BadParameter(f"an exponent is {value}; it lies between 0 and {EXPONENT_MAX:.0f}")

    def of(self, products: tuple[str, ...]) -> Amounts:
        """Give the value of each product."""
        if not self.by_prefix:
            return np.full(len(products), self.usual)
        lengths = sorted({len(prefix) for prefix in self.by_prefix}, reverse=True)
        return np.array(
            [
                next(
                    (self.by_prefix[code[:size]] for size in lengths if code[:size] in self.by_prefix),
                    self.usual,
                )
                for code in products
            ],
            dtype=np.float64,
        )

    def unmatched(self, products: tuple[str, ...]) -> tuple[str, ...]:
        """List the prefixes that none of the products begins with."""
        begun = {code[:size] for code in products for size in (0, 2, 4, 6)}
        return tuple(sorted(prefix for prefix in self.by_prefix if prefix not in begun))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms that are on; all off is the static indicator, which re-allocates what is traded and adds nothing.

    Attributes:
        growth: project supply shares by GDP and demand by income and population (needs ``World.growth``).
        net_importer: scale the supply of a product down to exports over imports where more is bought than sold.
        supply_tariff: scale the supply share down where preferences helped to win it (needs ``World.tariffs``).
        demand_tariff: scale demand by the exporter's tariff against the market's average (needs ``World.tariffs``).
        product_distance: scale by how far the product usually travels to the market (needs ``World.distances``).
        sigma: exponent of the demand tariff term. 1 reproduces the published form in which the exponent is left
            out; the primary document was not read, so state yours.
        income_elasticity: exponent of the income term, of imports a head to GDP a head.
    """

    growth: bool = False
    net_importer: bool = False
    supply_tariff: bool = False
    demand_tariff: bool = False
    product_distance: bool = False
    sigma: Exponent = field(default_factory=Exponent)
    income_elasticity: Exponent = field(default_factory=Exponent)

    @property
    def is_static(self) -> bool:
        """Whether no term is on, so that the potential to each market sums to what is traded with it."""
        return not any(getattr(self, one.name) for one in fields(self) if one.type is bool)


STATIC = Terms()
FULL = Terms(growth=True, net_importer=True, supply_tariff=True, demand_tariff=True, product_distance=True)
