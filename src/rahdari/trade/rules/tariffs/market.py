"""What a change of tariffs does to one market: creation, diversion, prices, revenue and welfare, as in SMART.

Partial equilibrium of one importer, each product by itself, origins as imperfect substitutes (Armington). Formulas
after the annex of Laird and Yeats (1986) and, for the linear form, Jammes and Olarreaga (2005); the welfare
triangle is the textbook form and was not checked against either.

Both papers know one favoured group A and the rest B. Here every origin may have a change of its own, and the order
of origins does not matter:

* bounded: origins are ranked by r = (1 + t1)/(1 + t0). Each gets a weight, that of the next less favoured origin
  times 1 + sigma (1 - r/r_next), the least favoured 1, and the imports of the product are shared out anew in
  proportion to imports times weight. With two groups this is the formula of Laird and Yeats to the letter.
* linear: from each origin b to each more favoured a moves M_a M_b / M sigma (1 - r_a/r_b); with two groups this is
  the formula of Jammes and Olarreaga. Where b would lose more than it sells, all that leaves it is scaled down
  until it loses just that.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.tariffs.effects import TariffEffects
from rahdari.trade.values import Amounts, Matrix

# What the SMART documentation gives as the usual elasticity of substitution between origins.
SUBSTITUTION_USUAL = 1.5


class Diversion(StrEnum):
    """How trade moves from one origin to another."""

    BOUNDED = "bounded"  # Laird and Yeats 1986: tends to all of the rest's sales as sigma grows
    LINEAR = "linear"  # Jammes and Olarreaga 2005: cut off at the rest's sales


@dataclass(frozen=True, slots=True, kw_only=True)
class Elasticities:
    """The three elasticities of SMART and the form of diversion.

    ``demand`` (epsilon, below 0) is of import demand, one number or one a product by code; ``substitution`` (sigma,
    above 0) is between origins; ``supply`` (mu, above 0) is of the origins' exports, the same for all: infinite
    where the market is too small to move world prices, the usual assumption.

    Raises:
        BadParameter: a value outside these bounds.
    """

    demand: float | Mapping[str, float] = -1.0
    substitution: float = SUBSTITUTION_USUAL
    supply: float = math.inf
    diversion: Diversion = Diversion.BOUNDED

    def __post_init__(self) -> None:
        """Check the bounds that the formulas are defined in."""
        demands = self.demand.values() if isinstance(self.demand, Mapping) else (self.demand,)
        for demand in demands:
            if not (math.isfinite(demand) and demand < 0):
                raise BadParameter(f"an elasticity of import demand is {demand}; it is a number below 0")
        if not (math.isfinite(self.substitution) and self.substitution > 0):
            raise BadParameter(
                f"the elasticity of substitution is {self.substitution}; it is a number above 0"
            )
        if math.isnan(self.supply) or self.supply <= 0:
            raise BadParameter(
                f"the elasticity of export supply is {self.supply}; it is above 0, or infinite"
            )

    def of_demand(self, products: tuple[str, ...]) -> Amounts:
        """Give the elasticity of demand of each product. Raises ``BadParameter`` where one has none."""
        if not isinstance(self.demand, Mapping):
            return np.full(len(products), self.demand)
        missing = [code for code in products if code not in self.demand]
        if missing:
            raise BadParameter(
                f"no elasticity of import demand for {missing[0]} and {len(missing) - 1} others"
            )
        return np.array([self.demand[code] for code in products])


@dataclass(frozen=True, slots=True, eq=False)
class TariffChange:
    """One market, what it buys from whom, and its rates before and after; rates are fractions of the border value.

    ``imports`` is origins by products in dollars; both rates have its shape.

    Raises:
        BadParameter: another shape, a rate that is no number, or one of -100 per cent or less.
    """

    importer: str
    imports: Matrix
    before: Amounts
    after: Amounts

    def __init__(self, importer: str, imports: Matrix, before: npt.ArrayLike, after: npt.ArrayLike) -> None:
        """Check and take over."""
        object.__setattr__(self, "importer", importer)
        object.__setattr__(self, "imports", imports)
        for name, rates in (("before", before), ("after", after)):
            object.__setattr__(self, name, _checked_rates(rates, imports, name))


def simulate(change: TariffChange, elasticities: Elasticities | None = None) -> TariffEffects:
    """Tell what the change does to the market, product by product and origin by origin.

    Without ``elasticities`` demand has -1, substitution 1.5 and supply is infinitely elastic: state your own.

    Raises:
        NothingTraded: the market buys nothing, so that there is nothing to create or divert.
        BadParameter: a product has no elasticity.
    """
    given = elasticities or Elasticities()
    traded, products = change.imports.values, change.imports.columns
    if not traded.any():
        raise NothingTraded(
            f"{change.importer} buys none of these {len(products)} products: no tariff matters"
        )
    demand = given.of_demand(products)[None, :]
    steps = (change.after - change.before) / (1 + change.before)
    diversion = _diversion(traded, (1 + change.after) / (1 + change.before), given)
    wanted = traded * demand * steps / (1 - demand / given.supply)
    # The linear form has no floor: a prohibitive tariff would take more than is sold, and nobody sells less than 0.
    creation = np.maximum(wanted, -(traded + diversion))
    return TariffEffects(
        importer=change.importer,
        imports=change.imports,
        before=change.before,
        after=change.after,
        creation=creation,
        diversion=diversion,
        price_change=_price_change(steps, demand, given.supply),
        floored=int((creation > wanted).sum()),
    )


def _price_change(steps: Amounts, demand: Amounts, supply: float) -> Amounts:
    """Give the relative change of the exporters' price: up when the tariff falls, none if mu is infinite."""
    if math.isinf(supply):
        return np.zeros_like(steps)
    change: Amounts = -demand / (demand - supply) * steps
    return change


def _diversion(traded: Amounts, ratios: Amounts, given: Elasticities) -> Amounts:
    # An origin that sells nothing neither gains nor loses, and must not stand between two that do.
    worst = np.max(np.where(traded > 0, ratios, 0.0), axis=0, keepdims=True)
    level = np.where(traded > 0, ratios, worst)
    order = np.argsort(level, axis=0, kind="stable")
    spread = _bounded if given.diversion is Diversion.BOUNDED else _linear
    moved = spread(
        np.take_along_axis(traded, order, axis=0),
        np.take_along_axis(level, order, axis=0),
        given.substitution,
    )
    diversion = np.zeros_like(traded)
    np.put_along_axis(diversion, order, moved, axis=0)
    return diversion


def _bounded(traded: Amounts, ratios: Amounts, substitution: float) -> Amounts:
    """Share the imports out anew; origins come sorted, the most favoured first."""
    steps = 1 + substitution * (1 - _safe_quotient(ratios[:-1], ratios[1:], 1.0))
    # The weights are relative, so that the largest is 1: a product of many steps must not overflow.
    logs = np.zeros_like(traded)
    logs[1:] = -np.cumsum(np.log(steps), axis=0)
    weighted = traded * np.exp(logs)
    total, shared = traded.sum(axis=0), weighted.sum(axis=0)
    moved: Amounts = _safe_quotient(total, shared, 0.0) * weighted - traded
    return np.where((ratios == ratios[0]).all(axis=0), 0.0, moved)


def _linear(traded: Amounts, ratios: Amounts, substitution: float) -> Amounts:
    """Sum what each pair of origins moves; origins come sorted, the most favoured first."""
    inverse = _safe_quotient(np.ones_like(ratios), ratios, 0.0)
    per_total = _safe_quotient(np.full(traded.shape[1], substitution), traded.sum(axis=0), 0.0)
    wanted = traded * np.maximum(_below(traded) - inverse * _below(traded * ratios), 0.0) * per_total
    # (1) Jammes and Olarreaga 2005: the rest loses at most what it sells, and whoever gains from it gains less.
    lost = np.minimum(wanted, traded)
    held = traded * _safe_quotient(lost, wanted, 1.0)
    gained = traded * np.maximum(_above(held) - ratios * _above(held * inverse), 0.0) * per_total
    moved: Amounts = gained - lost
    return np.where((ratios == ratios[0]).all(axis=0), 0.0, moved)


def _above(sorted_amounts: Amounts) -> Amounts:
    """Sum, for each place, of what comes after it."""
    return np.cumsum(sorted_amounts[::-1], axis=0)[::-1] - sorted_amounts


def _below(sorted_amounts: Amounts) -> Amounts:
    """Sum, for each place, of what comes before it."""
    return np.cumsum(sorted_amounts, axis=0) - sorted_amounts


def _safe_quotient(above: Amounts, below: Amounts, otherwise: float) -> Amounts:
    shape = np.broadcast(above, below).shape
    quotient: Amounts = np.divide(above, below, out=np.full(shape, otherwise), where=below != 0)
    return quotient


def _checked_rates(rates: npt.ArrayLike, imports: Matrix, when: str) -> Amounts:
    taken = np.array(rates, dtype=np.float64)
    if taken.shape != imports.values.shape:
        raise BadParameter(
            f"the rates {when} have the shape {taken.shape}, the imports {imports.values.shape}"
        )
    wrong = np.argwhere(~(np.isfinite(taken) & (taken > -1)))
    if len(wrong):
        row, column = wrong[0]
        raise BadParameter(
            f"the rate {when} of {imports.rows[row]}, {imports.columns[column]} is {taken[row, column]}; "
            f"a rate is a fraction above -1 (-100 per cent)"
        )
    taken.flags.writeable = False
    return taken
