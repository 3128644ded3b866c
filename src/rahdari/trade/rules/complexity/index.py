"""ECI and PCI: the second eigenvector on the country side, reflections, and fitness.

With M the presences, D and U the diagonals of diversity and ubiquity, ECI is the second right eigenvector of
W = D^-1 M U^-1 M' (Hidalgo and Hausmann 2009; Mealy, Farmer and Teytelboym 2019 for what it means). W is similar
to the symmetric S = B B' with B = D^-1/2 M U^-1/2, whose side is the number of countries: 225 and not 5,000.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.complexity.conventions import Conventions, Method, PciScale, PciSign
from rahdari.trade.rules.complexity.presence import Dropped, Presence
from rahdari.trade.values import Amounts

# The first eigenvalue is trivial and two countries are always ordered: an index of fewer than 3 says nothing.
SIDE_MIN = 3

# Below this an eigenvalue, or the distance of two, is rounding: ``eigh`` is good to some 1e-15 of the largest.
EIGENVALUE_MIN = 1e-10

# A gap this small lets the order of countries turn with the last digits of the data: said, not refused.
GAP_SMALL = 0.01
CORRELATION_SMALL = 0.1

# Below this the sign of a correlation is rounding, and with it the direction of the whole index.
CORRELATION_MIN = 1e-9

# Farther than this from the eigenvector (in standard deviations) reflections have not arrived.
REFLECTED_FAR = 0.01

FITNESS_UPDATES_MAX = 1_000


class Caution(StrEnum):
    """What a reader of the figures should know before trusting their order."""

    SMALL_GAP = "small_gap"
    WEAK_SIGN = "weak_sign"
    PCI_AGAINST_ECI = "pci_against_eci"
    NOT_CONVERGED = "not_converged"
    COUNTRIES_DROPPED = "countries_dropped"
    PRODUCTS_DROPPED = "products_dropped"


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """How far the figures can be trusted.

    Attributes:
        second_eigenvalue: of W, between 0 and 1; near 1 the world nearly falls into two groups.
        gap: second less third eigenvalue; near 0 the index could as well be another mixture of both.
        correlation: of ECI with diversity before the flip that makes it positive, absolute.
        dropped_countries: who left the table, and why.
        dropped_products: what left the table, and why.
        cautions: what to say beside the figures.
    """

    second_eigenvalue: float
    gap: float
    correlation: float
    dropped_countries: tuple[Dropped, ...]
    dropped_products: tuple[Dropped, ...]
    cautions: tuple[Caution, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Indices:
    """ECI by country and PCI by product, standardised as the conventions say; arrays are read-only.

    ``uncentred_pci`` is PCI over the deviation of ECI, its mean not removed.
    """

    eci: Amounts
    pci: Amounts
    uncentred_pci: Amounts
    diagnostics: Diagnostics


def find_indices(presence: Presence, conventions: Conventions) -> Indices:
    """Order countries and products by complexity.

    Raises:
        Degenerate: fewer than 3 countries or products, no second eigenvalue, two equal ones, or no direction.
    """
    present, diversity, ubiquity = presence.present, presence.diversity, presence.ubiquity
    if min(present.shape) < SIDE_MIN:
        raise Degenerate(
            f"{present.shape[0]} countries by {present.shape[1]} products remain; an index needs {SIDE_MIN} each"
        )
    values, exact = _second_eigenvector(present, diversity, ubiquity)
    correlation = _correlation(exact, diversity, "diversity")
    countries = exact * np.sign(correlation)
    products = present.T @ countries / ubiquity / values[0]
    cautions = _cautions(presence, values, correlation)
    if conventions.method is Method.REFLECTIONS:
        reflected = _reflect(present, conventions.reflections)
        if np.abs(_standard(reflected[0], reflected[0], 0) - _standard(countries, countries, 0)).max() > (
            REFLECTED_FAR
        ):
            cautions.append(Caution.NOT_CONVERGED)
        countries, products = reflected
    signed = _signed(products, ubiquity, conventions)
    if signed is not products:
        cautions.append(Caution.PCI_AGAINST_ECI)
    scale = countries if conventions.pci_scale is PciScale.ECI else signed
    return Indices(
        eci=_sealed(_standard(countries, countries, conventions.ddof)),
        pci=_sealed(_standard(signed, scale, conventions.ddof)),
        uncentred_pci=_sealed(signed / countries.std(ddof=conventions.ddof)),
        diagnostics=Diagnostics(
            second_eigenvalue=float(values[0]),
            gap=float(values[0] - values[1]),
            correlation=abs(correlation),
            dropped_countries=presence.dropped_countries,
            dropped_products=presence.dropped_products,
            cautions=tuple(cautions),
        ),
    )


def _second_eigenvector(
    present: Amounts, diversity: Amounts, ubiquity: Amounts
) -> tuple[tuple[float, float], Amounts]:
    """Give the second and third eigenvalue of W, and the right eigenvector of the second."""
    root = np.sqrt(diversity)
    scaled = present / root[:, None] / np.sqrt(ubiquity)
    values, vectors = np.linalg.eigh(scaled @ scaled.T)
    second, third = float(values[-2]), float(values[-3])
    if second < EIGENVALUE_MIN:
        raise Degenerate(
            "there is no second eigenvalue: all countries have the same mix of products, and nothing orders them"
        )
    if second - third < EIGENVALUE_MIN:
        raise Degenerate(
            f"the second and third eigenvalue are both {second:.12f}: countries can be ordered in many ways,"
            " and none is the index"
        )
    exact: Amounts = vectors[:, -2] / root
    return (second, third), exact


def _correlation(one: Amounts, other: Amounts, what: str) -> float:
    """Correlate; where there is nothing to correlate with, the sign of an index has no ground."""
    left, right = one - one.mean(), other - other.mean()
    spread = float(np.sqrt((left @ left) * (right @ right)))
    value = float(left @ right) / spread if spread > 0 else 0.0
    if abs(value) < CORRELATION_MIN:
        raise Degenerate(f"the index does not move with {what} at all, so nothing says which end of it is up")
    return value


def _cautions(presence: Presence, values: tuple[float, float], correlation: float) -> list[Caution]:
    told = [
        (Caution.SMALL_GAP, values[0] - values[1] < GAP_SMALL),
        (Caution.WEAK_SIGN, abs(correlation) < CORRELATION_SMALL),
        (Caution.COUNTRIES_DROPPED, bool(presence.dropped_countries)),
        (Caution.PRODUCTS_DROPPED, bool(presence.dropped_products)),
    ]
    return [caution for caution, holds in told if holds]


def _reflect(present: Amounts, times: int) -> tuple[Amounts, Amounts]:
    """Average back and forth, ``times`` for countries and once more for products (equations 1 and 2 of HH 2009).

    The mean is taken out at every step: averages of averages converge to a constant, and what is wanted is the
    small rest that the constant would swallow.
    """
    diversity, ubiquity = present.sum(axis=1), present.sum(axis=0)
    countries = diversity - diversity.mean()
    products = present.T @ countries / ubiquity
    for _ in range(times // 2):
        countries = present @ products / diversity
        countries = countries - countries.mean()
        countries /= np.abs(countries).max() or 1.0
        products = present.T @ countries / ubiquity
    if not countries.any():
        raise Degenerate("all reflections are equal: the countries differ in nothing that products tell")
    return countries, products


def _signed(products: Amounts, ubiquity: Amounts, conventions: Conventions) -> Amounts:
    """Turn PCI over where the conventions let ubiquity decide; the same object where nothing was turned."""
    if conventions.pci_sign is PciSign.UBIQUITY and np.ptp(ubiquity) > 0:
        against = float((products - products.mean()) @ (ubiquity - ubiquity.mean()))
        return -products if against > 0 else products
    return products


def _standard(values: Amounts, scale: Amounts, ddof: int) -> Amounts:
    deviation = float(scale.std(ddof=ddof))
    if deviation <= 0:
        raise Degenerate("the index is the same everywhere; it has no deviation to be measured in")
    standard: Amounts = (values - scale.mean()) / deviation
    return standard


def _sealed(values: Amounts) -> Amounts:
    values.flags.writeable = False
    return values


@dataclass(frozen=True, slots=True, eq=False)
class Fitness:
    """Fitness of countries and complexity of products, each with mean 1; arrays are read-only.

    ``change`` is how much the last update still moved a value, as a share of the largest.
    """

    countries: tuple[str, ...]
    products: tuple[str, ...]
    fitness: Amounts
    complexity: Amounts
    change: float


def find_fitness(
    presence: Presence, *, updates: int = 19, extremality: float = 1.0, is_lagged: bool = True
) -> Fitness:
    """Iterate fitness and complexity (Tacchella et al. 2012, equation 1), beginning with ones.

    F_n = M Q_{n-1} over its mean; Q_n = (M' F^-a)^(-1/a) over its mean, with F of the step before (lagged, as
    the paper writes it) or of the same step (as some programs do).

    Args:
        presence: who is present in what.
        updates: how often; 19 after the ones is what a table of 20 columns holds.
        extremality: the exponent a, above zero; 1 in the paper.
        is_lagged: which F the products see.

    Raises:
        BadParameter: a number of updates or an exponent that nothing is defined for.
        Degenerate: a fitness has fallen below what a number can hold.
    """
    if not 1 <= updates <= FITNESS_UPDATES_MAX or not 0 < extremality <= 10:
        raise BadParameter(f"{updates} updates with exponent {extremality}: 1 to 1000, above 0 and up to 10")
    present = presence.present
    fitness, complexity = np.ones(present.shape[0]), np.ones(present.shape[1])
    before = fitness, complexity
    for _ in range(updates):
        before = fitness, complexity
        fitness = present @ complexity
        fitness = fitness / fitness.mean()
        seen = before[0] if is_lagged else fitness
        if seen.min() ** extremality < 1e-290:
            raise Degenerate("a country's fitness has fallen to nothing; take fewer updates")
        complexity = (present.T @ seen**-extremality) ** (-1.0 / extremality)
        complexity = complexity / complexity.mean()
    change = max(
        float(np.abs(new - old).max() / old.max())
        for new, old in zip((fitness, complexity), before, strict=True)
    )
    exports = presence.exports
    return Fitness(exports.rows, exports.columns, _sealed(fitness), _sealed(complexity), change)
