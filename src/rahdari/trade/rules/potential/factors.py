"""The terms of one exporter as arrays that multiply: their product is the potential, each of them is a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from rahdari.trade.rules.potential.conventions import Term
from rahdari.trade.rules.potential.groundwork import Groundwork, log_distances, quotient
from rahdari.trade.rules.potential.world import Growth
from rahdari.trade.values import Amounts


@dataclass(frozen=True, slots=True, eq=False)
class Supposed:
    """What is supposed of one exporter instead of what the data say, in the form the factors take.

    ``growth`` replaces the world's; ``added`` is capacity in dollars by product; ``ease`` replaces the exporter's
    row; ``tariff_ratio`` is (1 + t today) / (1 + t supposed), importers by products.
    """

    growth: Growth | None = None
    added: Amounts | None = None
    ease: Amounts | None = None
    tariff_ratio: Amounts | None = None


AS_IT_IS = Supposed()


def factors_of(ground: Groundwork, exporter: str, supposed: Supposed = AS_IT_IS) -> dict[Term, Amounts]:
    """Give each term that is on, of a shape that broadcasts to importers by products.

    Raises:
        UnknownCountry, NothingTraded: as ``World.place_of``.
    """
    demand, ease = demand_of(ground, exporter, supposed), ease_of(ground, exporter, supposed)
    taken = None
    if supposed.added is not None:
        taken = ease @ multiply(demand, (len(ground.world.importers), len(ground.world.products)))
    supply = supply_of(ground, exporter, supposed, taken=taken)
    return supply | demand | {Term.EASE: ease[:, None]}


def multiply(factors: Mapping[Term, Amounts], shape: tuple[int, int]) -> Amounts:
    """Multiply factors of any shapes that broadcast; vectors first, so that few passes over all cells are made."""
    rows, columns, cells = np.ones((shape[0], 1)), np.ones((1, shape[1])), []
    for factor in factors.values():
        if factor.shape == shape:
            cells.append(factor)
        elif factor.shape[0] == 1:
            columns = columns * factor
        else:
            rows = rows * factor
    product: Amounts = rows * columns
    for factor in cells:
        product *= factor
    return product


def ease_of(ground: Groundwork, exporter: str, supposed: Supposed = AS_IT_IS) -> Amounts:
    """Give the ease of trade with each market."""
    return ground.ease[ground.world.place_of(exporter)] if supposed.ease is None else supposed.ease


def supply_of(
    ground: Groundwork, exporter: str, supposed: Supposed = AS_IT_IS, *, taken: Amounts | None = None
) -> dict[Term, Amounts]:
    """Give the terms of supply that are on, each 1 by products.

    ``taken`` is demand times ease summed over all markets, by product: with it, new capacity adds no more over all
    markets than it builds. The others of the terms are then today's, where there is a supply today.
    """
    found = _supply_of(ground, exporter, supposed)
    if supposed.added is None:
        return found
    today = _supply_of(ground, exporter, replace(supposed, added=None))
    was, with_it = (np.prod(np.vstack(list(one.values())), axis=0) for one in (today, found))
    supply = with_it if taken is None else was + np.minimum(with_it - was, _room(supposed.added, taken))
    has = was > 0
    told: dict[Term, Amounts] = {term: np.where(has, today[term], factor) for term, factor in found.items()}
    base = np.where(has, was, with_it)
    told[Term.CAPACITY] = np.divide(supply, base, out=np.ones_like(supply), where=base > 0)[None, :]
    return told


def _room(added: Amounts, taken: Amounts) -> Amounts:
    """Give by how much supply can rise until all markets take what is built; no end where none buys."""
    return np.divide(added, taken, out=np.full_like(added, np.inf), where=taken > 0)


def _supply_of(ground: Groundwork, exporter: str, supposed: Supposed) -> dict[Term, Amounts]:
    world, terms, place = ground.world, ground.terms, ground.world.place_of(exporter)
    sold, total = world.exports.values[place], ground.totals
    if supposed.added is not None:
        # Whoever adds capacity enlarges the world's too, so that all shares still sum to one.
        sold, total = sold + supposed.added, total + supposed.added
    found = {Term.SHARE: quotient(sold, total)[None, :]}
    growth = supposed.growth or (world.growth if terms.growth else None)
    if growth is not None:
        found[Term.SHARE_GROWTH] = _share_growth(ground, place, growth, (sold, total))[None, :]
    if terms.net_importer:
        found[Term.NET_IMPORTER] = _net_importer(ground, place, sold)[None, :]
    if ground.faced is not None:
        found[Term.SUPPLY_TARIFF] = ground.faced[place][None, :]
    return found


def _share_growth(
    ground: Groundwork, place: int, growth: Growth, sold_and_total: tuple[Amounts, Amounts]
) -> Amounts:
    """Give the projected share over today's: g_i v_k / sum of v_i'k g_i'; 1 where nobody exports.

    Written by what each adds, g - 1, so that where nobody grows it is 1 to the last digit.
    """
    sold, total = sold_and_total
    more = growth.of_gdp(ground.world.exporters) - 1.0
    exports = ground.world.exports.values
    added = more @ exports + more[place] * (sold - exports[place])
    grown = 1.0 + np.divide(added, total, out=np.zeros_like(total), where=total > 0)
    return np.where(total > 0, (1.0 + more[place]) / grown, 1.0)


def _net_importer(ground: Groundwork, place: int, sold: Amounts) -> Amounts:
    world = ground.world
    exporter = world.exporters[place]
    if exporter not in world.importers:
        return np.ones(len(world.products))
    bought = world.imports.of_row(exporter)
    return np.where(bought > sold, quotient(sold, bought), 1.0)


def demand_of(ground: Groundwork, exporter: str, supposed: Supposed = AS_IT_IS) -> dict[Term, Amounts]:
    """Give the terms that are neither supply nor ease, each importers by products or by 1."""
    world, terms = ground.world, ground.terms
    found = {Term.IMPORTS: world.imports.values}
    growth = supposed.growth or (world.growth if terms.growth else None)
    if growth is not None:
        people = growth.of_population(world.importers)[:, None]
        income = growth.of_gdp(world.importers)[:, None] / people
        found[Term.INCOME] = raised(income, ground.income_elasticity)
        found[Term.POPULATION] = people
    if terms.demand_tariff and ground.market_average is not None and world.tariffs is not None:
        ratio = (1 + ground.market_average) / (1 + world.tariffs.of_exporter(exporter))
        found[Term.DEMAND_TARIFF] = raised(ratio, ground.sigma)
    if supposed.tariff_ratio is not None:
        found[Term.TARIFF_LEVER] = raised(supposed.tariff_ratio, ground.sigma)
    if ground.usual_distance is not None:
        found[Term.PRODUCT_DISTANCE] = _product_distance(ground, exporter, ground.usual_distance)
    return found


def raised(ratios: Amounts, exponents: Amounts) -> Amounts:
    """Raise to the power of each product's exponent; one power where all have the same, none where it is 1."""
    first = exponents[0] if len(exponents) else 1.0
    if (exponents == first).all():
        return ratios if first == 1 else ratios**first
    powers: Amounts = ratios ** exponents[None, :]
    return powers


def _product_distance(ground: Groundwork, exporter: str, usual: Amounts) -> Amounts:
    """Give exp(-|usual log distance - log distance|), 1 where one of the two is not known."""
    place = ground.world.place_of(exporter)
    logs, known = log_distances(ground.world)
    is_known = (usual > 0) & (known[place] > 0)[:, None]
    return np.where(is_known, np.exp(-np.abs(usual - logs[place][:, None])), 1.0)
