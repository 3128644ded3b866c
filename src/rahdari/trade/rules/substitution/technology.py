"""How a product would be made at home: inputs and costs as shares of its world price, and what follows."""

from dataclasses import dataclass
from enum import StrEnum

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.findings import require_share

# A product is put together from some dozens of inputs in an input-output table; a bill of materials is none.
INPUTS_MAX = 200
# Inputs worth five times the product, or a tariff of 1,000 %, are a wrong unit.
COEFFICIENT_MAX = 5.0
TARIFF_MAX = 10.0
YEARS_MAX = 50


@dataclass(frozen=True, slots=True)
class Input:
    """One traded input of one dollar of output, all at world prices.

    Attributes:
        name: what it is.
        coefficient: its value for a dollar of output at world prices (a).
        tariff: the home country's tariff on it, as a share.
        imported_share: what part of it comes from abroad.
        is_available: whether it can be had at home in the quality that is needed.
    """

    name: str
    coefficient: float
    tariff: float = 0.0
    imported_share: float = 1.0
    is_available: bool = False

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        require_share(self.imported_share, f"the imported share of {self.name}")
        if not 0 <= self.coefficient <= COEFFICIENT_MAX or not 0 <= self.tariff <= TARIFF_MAX:
            raise BadParameter(
                f"{self.name} has coefficient {self.coefficient} and tariff {self.tariff}; they are shares, "
                f"0 to {COEFFICIENT_MAX} and 0 to {TARIFF_MAX}"
            )


@dataclass(frozen=True, slots=True)
class Technology:
    """How one product would be made at home.

    Attributes:
        inputs: its traded inputs.
        tariff: the home country's tariff on the product itself, as a share.
        attainable_share: what part of today's imports home production may take the place of.
        scale_usd: the smallest output a year that is efficient (MES), None where it is not known.
        factor_cost: wages, capital and other home factors for a dollar of output, at the prices that firms pay.
        social_factor_cost: the same at shadow prices, for the domestic resource cost.
        exports_from_year: after how many years it shall sell abroad without protection; None is no plan.
    """

    inputs: tuple[Input, ...]
    tariff: float = 0.0
    attainable_share: float = 1.0
    scale_usd: float | None = None
    factor_cost: float | None = None
    social_factor_cost: float | None = None
    exports_from_year: int | None = None

    def __post_init__(self) -> None:
        """Check. Raises ``BadParameter``."""
        require_share(self.attainable_share, "the attainable share")
        if len(self.inputs) > INPUTS_MAX or not 0 <= self.tariff <= TARIFF_MAX:
            raise BadParameter(
                f"{len(self.inputs)} inputs and a tariff of {self.tariff}; at most {INPUTS_MAX} inputs, "
                f"and a tariff is a share of 0 to {TARIFF_MAX}"
            )
        for what, cost in (("factor cost", self.factor_cost), ("social cost", self.social_factor_cost)):
            if cost is not None and not 0 <= cost <= COEFFICIENT_MAX:
                raise BadParameter(f"a {what} of {cost} for a dollar of output; it is 0 to {COEFFICIENT_MAX}")
        if self.scale_usd is not None and not 0 <= self.scale_usd < float("inf"):
            raise BadParameter(f"an efficient scale of {self.scale_usd} dollars; it is 0 or more, and finite")
        if self.exports_from_year is not None and not 0 <= self.exports_from_year <= YEARS_MAX:
            raise BadParameter(f"exports from year {self.exports_from_year} on; 0 to {YEARS_MAX} years")

    @property
    def inputs_share(self) -> float:
        """Give the value of all traded inputs for a dollar of output at world prices: sum of a."""
        return sum(one.coefficient for one in self.inputs)

    @property
    def imported_share(self) -> float:
        """Give what is paid abroad for inputs for a dollar of output."""
        return sum(one.coefficient * one.imported_share for one in self.inputs)


class ValueAdded(StrEnum):
    """Whether making the product adds value when all is counted at world prices."""

    POSITIVE = "positive"
    NONE_OR_NEGATIVE = "none_or_negative"


def value_added(technology: Technology) -> ValueAdded:
    """Tell whether inputs cost less than the product at world prices: sum of a < 1.

    Where they do not, no rate of protection and no resource cost exists: making it destroys value at any tariff.
    """
    return ValueAdded.POSITIVE if technology.inputs_share < 1 else ValueAdded.NONE_OR_NEGATIVE


def effective_protection(technology: Technology) -> float:
    """Give the effective rate of protection, (t_out - sum a t_in)/(1 - sum a), as a share.

    Corden (1966), textbook form; the paper was not consulted.

    Raises:
        Degenerate: value added at world prices is 0 or negative, see ``value_added``.
    """
    own = _own_value(technology, "effective protection")
    taxed = sum(one.coefficient * one.tariff for one in technology.inputs)
    return (technology.tariff - taxed) / own


def needed_protection(technology: Technology) -> float | None:
    """Give the effective protection at which home production pays for itself: cost of factors/(1 - sum a) - 1.

    None where the factors' cost is not given; 0 or below where it needs none.

    Raises:
        Degenerate: see ``effective_protection``.
    """
    if technology.factor_cost is None:
        return None
    return technology.factor_cost / _own_value(technology, "needed protection") - 1.0


def domestic_resource_cost(technology: Technology) -> float | None:
    """Give home resources used for a dollar of foreign exchange saved: social factor cost/(1 - sum a).

    Bruno (1972), textbook form; the paper was not consulted. Above 1 the dollar costs more than it is worth. None
    where the social cost is not given.

    Raises:
        Degenerate: see ``effective_protection``.
    """
    if technology.social_factor_cost is None:
        return None
    return technology.social_factor_cost / _own_value(technology, "domestic resource cost")


def _own_value(technology: Technology, what: str) -> float:
    if value_added(technology) is ValueAdded.NONE_OR_NEGATIVE:
        raise Degenerate(
            f"no {what} exists: inputs of {technology.inputs_share:.4g} for a dollar of output leave no value "
            "added at world prices, so making it loses value at any tariff"
        )
    return 1.0 - technology.inputs_share
