"""The product space: proximity, density, distance, outlook (COI) and what a product would add to it (COG).

phi_pp' = (M'M)_pp' / max(k_p, k_p') (Hidalgo et al. 2007). Sums over phi never need phi itself. Sort products by
ubiquity: for all products p of ubiquity k,

    sum over p' of a_cp' phi_p'p  =  [G_k / k + H_k] M_p
    G_k = sum over p' with k_p' <= k of a_cp' M_.p''        H_k = sum over p' with k_p' > k of a_cp' M_.p'' / k_p'

where G_k and H_k are as small as countries by countries and grow from one ubiquity to the next. That is exact and
takes some 8 C^2 P operations instead of 2 C P^2: at 225 countries and 5,000 products an eleventh, and no
table of products by products.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from rahdari.trade.errors import BadParameter, Degenerate
from rahdari.trade.rules.complexity.conventions import CoiScale, Gain
from rahdari.trade.values import Amounts

# Rows of proximities that are held at once: 256 of 5,000 products are 10 MB.
BLOCK = 256


def proximity(present: Amounts, *, self_proximity: int = 1) -> Amounts:
    """Compute all proximities, products by products: 200 MB for 5,000 of them, so ask for rows where that does.

    Every product needs a country that has it.
    """
    whole = np.empty((present.shape[1], present.shape[1]))
    for start, rows in proximity_rows(present, self_proximity=self_proximity):
        whole[start : start + len(rows)] = rows
    return whole


def proximity_rows(present: Amounts, *, self_proximity: int = 1) -> Iterator[tuple[int, Amounts]]:
    """Walk over proximities in blocks: the place of the first product of a block, and the block's rows."""
    ubiquity = present.sum(axis=0)
    for start in range(0, present.shape[1], BLOCK):
        places = slice(start, start + BLOCK)
        rows = present[:, places].T @ present
        rows /= np.maximum(ubiquity[places, None], ubiquity)
        at = np.arange(len(rows))
        rows[at, start + at] = self_proximity
        yield start, rows


def continuous_proximity(advantage: Amounts) -> Amounts:
    """Compute (1 + correlation) / 2 of the advantages of two products over countries.

    Raises:
        Degenerate: a product of the same advantage everywhere correlates with nothing.
    """
    centred = advantage - advantage.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    flat = length <= 1e-12 * np.abs(advantage).max(axis=0)
    if flat.any():
        raise Degenerate(
            f"{int(flat.sum())} products have the same advantage everywhere: no correlation exists"
        )
    centred /= length
    whole: Amounts = np.clip((1.0 + centred.T @ centred) / 2.0, 0.0, 1.0)
    return whole


def sum_over_proximity(weights: Amounts, present: Amounts) -> Amounts:
    """Compute ``weights @ phi`` with phi_pp = 1, without phi; see the head of this module.

    Args:
        weights: any number of rows by products.
        present: countries by products, 0 or 1, every product somewhere.
    """
    ubiquity = present.sum(axis=0)
    order = np.argsort(ubiquity, kind="stable")
    sides = np.ascontiguousarray(present.T[order]), np.ascontiguousarray(weights.T[order])
    values, sizes = np.unique(ubiquity, return_counts=True)
    ends = np.cumsum(sizes).tolist()
    levels = list(zip([0, *ends[:-1]], ends, strict=True))
    summed = np.empty(sides[1].shape)
    _add_up(summed, sides, levels, values)
    unsorted = np.empty_like(weights, dtype=np.float64)
    unsorted[:, order] = summed.T
    return unsorted


def _add_up(
    summed: Amounts, sides: tuple[Amounts, Amounts], levels: list[tuple[int, int]], ubiquity: Amounts
) -> None:
    """Go up through the ubiquities for G and down again for H, so that neither is found by a difference."""
    present, weights = sides
    lower = np.zeros((present.shape[1], weights.shape[1]))
    for (start, end), k in zip(levels, ubiquity, strict=True):
        lower += present[start:end].T @ weights[start:end]
        summed[start:end] = present[start:end] @ (lower / k)
    upper = np.zeros_like(lower)
    for (start, end), k in zip(reversed(levels), ubiquity[::-1], strict=True):
        summed[start:end] += present[start:end] @ upper
        upper += present[start:end].T @ (weights[start:end] / k)


@dataclass(frozen=True, slots=True, eq=False)
class Space:
    """Densities and the sums of proximities that they were divided by; shares from 0 to 1."""

    present: Amounts
    density: Amounts
    sums: Amounts
    self_proximity: int


def find_space(present: Amounts, *, self_proximity: int = 1) -> Space:
    """Compute density: the share of a product's proximities that lead to products the country has.

    omega_cp = sum over p' of M_cp' phi_pp' over sum over p' of phi_pp' (Hidalgo et al. 2007).

    Raises:
        Degenerate: a product without proximity to any other.
    """
    weights = np.vstack([present, np.ones((1, present.shape[1]))])
    summed = sum_over_proximity(weights, present)
    if not self_proximity:
        summed -= weights
    sums = summed[-1].copy()
    if sums.min() <= 0:
        raise Degenerate(
            f"{int((sums <= 0).sum())} products share no country with any other, so they have no density"
        )
    density = summed[:-1]
    density /= sums
    np.clip(density, 0.0, 1.0, out=density)
    return Space(present, density, sums, self_proximity)


def complexity_outlook(space: Space, pci: Amounts, scale: CoiScale = CoiScale.SUM) -> Amounts:
    """Compute COI: sum over absent products of density times PCI (Hausmann et al., Atlas, technical box).

    Raises:
        Degenerate: to be standardised, though it is the same for all.
    """
    coi: Amounts = ((1.0 - space.present) * space.density) @ pci
    if scale is CoiScale.SUM:
        return coi
    deviation = float(coi.std())
    if deviation <= 0:
        raise Degenerate("the outlook is the same for all countries and cannot be standardised")
    standard: Amounts = (coi - coi.mean()) / deviation
    return standard


def complexity_gain(space: Space, pci: Amounts, gain: Gain = Gain.EXACT) -> Amounts:
    """Compute COG, countries by products: what the outlook gains with a product; 0 where it is there already.

    Proximity and PCI are held fixed. With ``Gain.EXACT`` the figure is COI of the table with that presence set,
    less COI; the other formulas are those of the peers (see ``Gain``).
    """
    present, absent = space.present, 1.0 - space.present
    normaliser = space.sums if gain in {Gain.EXACT, Gain.NO_OWN_TERM} else 1.0
    weights = absent * (pci / normaliser)
    found = sum_over_proximity(weights, present)
    if gain is Gain.EXACT or not space.self_proximity:
        found -= weights
    if gain in {Gain.TARGET_SUM, Gain.TARGET_SUM_LESS_OWN}:
        found /= space.sums
    if gain in {Gain.EXACT, Gain.TARGET_SUM_LESS_OWN}:
        found -= space.density * pci
    if gain is not Gain.TARGET_SUM_LESS_OWN:
        found *= absent
    return found


def nearest_density(present: Amounts, neighbours: int) -> Amounts:
    """Compute density over the nearest products only, a product never among its own neighbours.

    omega_cp = sum over p' in N_p of M_cp' phi_pp' over sum over p' in N_p of phi_pp'. N_p holds the products at
    least as near as the ``neighbours``-th nearest: all that tie with it count, so order of input does not matter.

    Raises:
        BadParameter: neighbours from 1 to one less than there are products.
        Degenerate: a product without proximity to any other.
    """
    products = present.shape[1]
    if not 1 <= neighbours < products:
        raise BadParameter(f"{neighbours} neighbours among {products} products: 1 to {products - 1}")
    density = np.empty(present.shape)
    for start, rows in proximity_rows(present, self_proximity=0):
        rows[rows < np.partition(rows, products - neighbours, axis=1)[:, [products - neighbours]]] = 0.0
        sums = rows.sum(axis=1)
        if sums.min() <= 0:
            raise Degenerate("a product shares no country with any other, so it has no neighbours")
        density[:, start : start + len(rows)] = present @ rows.T / sums
    return np.clip(density, 0.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class Relative:
    """Relative relatedness of the countries it is defined for.

    ``values`` holds one row for each of ``countries``; ``undefined`` names those whose options all have the same
    density, or who have fewer than two.
    """

    countries: tuple[str, ...]
    values: Amounts
    undefined: tuple[str, ...]


def relative_relatedness(space: Space, countries: tuple[str, ...], *, ddof: int = 0) -> Relative:
    """Standardise density over a country's options, the products it does not have (Pinheiro et al. 2022).

    Products that the country has are measured on the same scale, though they are no options.
    """
    rows: list[Amounts] = []
    known: list[str] = []
    for name, density, present in zip(countries, space.density, space.present, strict=True):
        options = density[present == 0]
        deviation = float(options.std(ddof=ddof)) if len(options) > 1 else 0.0
        if deviation > 1e-12:
            known.append(name)
            rows.append((density - options.mean()) / deviation)
    values = np.array(rows).reshape(len(rows), space.density.shape[1])
    return Relative(tuple(known), values, tuple(name for name in countries if name not in set(known)))
