"""What all exporters have in common, computed once: ease, shares, averages of tariffs and distances.

The averages of tariffs (what a market levies on a product on average, what an exporter is charged on average) weigh
by trade x_ijk. The indicator's own inputs are margins, so the weights are the static potential of the cell, the
indicator's own account of x_ijk. The docs say where that matters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import DataMissing
from rahdari.trade.rules.potential.conventions import STATIC, Terms
from rahdari.trade.rules.potential.world import World
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.values import Amounts

# An exporter's row, a market's, the products, and the exporter's own rates less the general ones.
_OwnRates = tuple[int, int, npt.NDArray[np.int64] | slice, Amounts]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Groundwork:
    """The arrays that every exporter's potential takes from; read-only. Lay it once, ask it for many exporters.

    Attributes:
        totals: v_k, what the world exports of each product.
        shares: v_ik / v_k, exporters by products; 0 where nobody exports the product.
        ease: exporters by importers; 0 where a pair does not trade.
        faced: mean tariff that an exporter's goods meet less the world's, as (1 + t_ik) / (1 + t_k), or None.
        market_average: t_jk, importers by products, or None.
        usual_distance: mean log distance from which a market gets a product, or None; 0 where unknown.
        sigma, income_elasticity: the exponents by product.
    """

    world: World
    terms: Terms
    totals: Amounts
    shares: Amounts
    ease: Amounts
    faced: Amounts | None
    market_average: Amounts | None
    usual_distance: Amounts | None
    sigma: Amounts
    income_elasticity: Amounts


def lay(world: World, terms: Terms = STATIC) -> Groundwork:
    """Compute what all exporters have in common.

    Ease is v_ij over the trade that shares alone would give, sum over k of v_ik / v_k times v_jk (Decreux and Spies
    2016, in the form of the published replications; the primary paper was not read).

    Raises:
        DataMissing: a term is on whose input the world does not have.
    """
    _check_inputs(world, terms)
    totals = world.exports.values.sum(axis=0)
    shares = quotient(world.exports.values, totals)
    ease = quotient(world.bilateral.values, shares @ world.imports.values.T)
    faced, average = None, None
    if world.tariffs is not None and (terms.supply_tariff or terms.demand_tariff):
        own = list(_own_rates(world, world.tariffs))
        average = _market_average(world.tariffs, own, shares, ease)
        faced = _faced(world, own, shares, ease) if terms.supply_tariff else None
    usual = _usual_distance(world, shares, ease) if terms.product_distance else None
    for array in (totals, shares, ease, faced, average, usual):
        if array is not None:
            array.flags.writeable = False
    return Groundwork(
        world=world,
        terms=terms,
        totals=totals,
        shares=shares,
        ease=ease,
        faced=faced,
        market_average=average,
        usual_distance=usual,
        sigma=terms.sigma.of(world.products),
        income_elasticity=terms.income_elasticity.of(world.products),
    )


def quotient(above: Amounts, below: Amounts) -> Amounts:
    """Divide; 0 where there is nothing to divide by, which is where nothing is traded."""
    # Without end stands for nothing: a mask would take every division apart.
    found: Amounts = above / np.where(below > 0, below, np.inf)
    return found


def log_distances(world: World) -> tuple[Amounts, Amounts]:
    """Give log kilometres and 1 where they are known, exporters by importers; 0 and 0 where they are not."""
    shape = (len(world.exporters), len(world.importers))
    kilometres = np.zeros(shape)
    if world.distances is not None:
        given = world.distances
        rows = {code: place for place, code in enumerate(given.rows)}
        columns = {code: place for place, code in enumerate(given.columns)}
        here = [place for place, code in enumerate(world.exporters) if code in rows]
        there = [place for place, code in enumerate(world.importers) if code in columns]
        taken_rows = [rows[world.exporters[place]] for place in here]
        taken_columns = [columns[world.importers[place]] for place in there]
        kilometres[np.ix_(here, there)] = given.values[np.ix_(taken_rows, taken_columns)]
    known = (kilometres > 0).astype(np.float64)
    return np.log(np.where(kilometres > 0, kilometres, 1.0)), known


def _check_inputs(world: World, terms: Terms) -> None:
    needed = (
        ("growth", terms.growth, world.growth),
        ("tariffs", terms.supply_tariff or terms.demand_tariff, world.tariffs),
        ("distances", terms.product_distance, world.distances),
    )
    for what, is_on, given in needed:
        if is_on and given is None:
            raise DataMissing(
                f"a term of {what} is on, and no {what} are given: give them, or switch the term off"
            )


def _market_average(book: TariffBook, own: Sequence[_OwnRates], shares: Amounts, ease: Amounts) -> Amounts:
    """Give t_jk: the general rate, moved by what the preferred origins' weight in the market makes of it."""
    moved: dict[int, Amounts] = {}
    for row, market, products, more in own:
        here = moved.setdefault(market, np.zeros(shares.shape[1]))
        here[products] += ease[row, market] * shares[row, products] * more
    average = book.mfn.copy()
    if moved:
        touched = list(moved)
        average[touched] += quotient(np.vstack(list(moved.values())), ease[:, touched].T @ shares)
    return average


def _own_rates(world: World, book: TariffBook) -> Iterator[_OwnRates]:
    """Give, market by market, the products for which an exporter has rates of its own, and those less the general.

    A market's rates stand together, mostly of all products: slices are read ten times as fast as cells.
    """
    for exporter, given in book.preferences.items():
        if exporter in world.exporters and len(given.importers):
            ends = np.flatnonzero(np.diff(given.importers)) + 1
            row, starts = world.exporters.index(exporter), [0, *ends.tolist()]
            for start, end in zip(starts, [*starts[1:], len(given.importers)], strict=True):
                market, products = int(given.importers[start]), given.products[start:end]
                here = slice(None) if end - start == len(book.products) else products
                yield row, market, here, given.rates[start:end] - book.mfn[market, here]


def _faced(world: World, own: Sequence[_OwnRates], shares: Amounts, ease: Amounts) -> Amounts:
    """Give (1 + t_ik) / (1 + t_k), exporters by products: below 1 where preferences helped to win the share."""
    book = world.tariffs
    if book is None:
        raise AssertionError("only asked for where there are tariffs")
    bought = np.where(book.is_known, world.imports.values, 0.0)
    paid, weight = ease @ (bought * book.mfn), ease @ bought
    for row, market, products, more in own:
        paid[row, products] += ease[row, market] * bought[market, products] * more
    rate = quotient(paid, weight)
    # An exporter whose markets' rates are not known is no part of the world's mean, and keeps its share.
    is_unknown = weight <= 0
    known = np.where(is_unknown, 0.0, shares)
    mean = quotient(np.einsum("ik,ik->k", known, rate), known.sum(axis=0))
    rate += 1
    rate /= 1 + mean
    rate[is_unknown] = 1.0
    return rate


def _usual_distance(world: World, shares: Amounts, ease: Amounts) -> Amounts:
    logs, known = log_distances(world)
    usual: Amounts = quotient((ease * logs * known).T @ shares, (ease * known).T @ shares)
    return usual
