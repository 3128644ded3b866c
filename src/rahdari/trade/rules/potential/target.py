"""How far static potential carries towards a wanted total, and what each lever by itself would have to be.

Without growth, tariffs and corrections the potential to each market sums to what is traded with it already: the
indicator re-allocates, it adds nothing. A target above today's trade therefore needs levers, and this module says
how strong each would have to be, or that even its strongest would not do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadParameter, NothingTraded
from rahdari.trade.rules.potential.conventions import STATIC, Term
from rahdari.trade.rules.potential.factors import AS_IT_IS, Supposed, demand_of, ease_of, multiply, supply_of
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.rules.potential.levers import Levers, PeerEase, markets_mask, suppose
from rahdari.trade.values import Amounts

# Half of the interval each time: sixty halvings of 10,000 leave less than a float can tell.
HALVINGS_MAX = 60

# Twelve digits of a lever are more than any data have.
NARROW = 1e-12

# Imports or exports ten thousand times today's: what is not reached by then is out of reach.
FACTOR_MAX = 10_000.0


class Route(StrEnum):
    """One thing that could be raised until the total is reached, everything else left as it is."""

    EASE_QUANTILE = "ease_quantile"  # the quantile of peers' ease, 0 to 1, in every market that is meant
    MARKET_IMPORTS = "market_imports"  # how many times today's imports the markets would buy, of everything
    CAPACITY = (
        "capacity"  # how many times today's exports the exporter could supply, of everything it exports
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """How much of one route it takes: ``value`` is None where ``reached_usd``, its most, is less than wanted."""

    route: Route
    value: float | None
    reached_usd: float

    @property
    def is_reachable(self) -> bool:
        """Whether this route by itself leads to the wanted total."""
        return self.value is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAnswer:
    """Where a wanted total stands, in dollars a year, over the markets that are meant.

    Attributes:
        traded_usd: what is traded today; ``static_usd`` equals it, whatever the product mix (the identity).
        potential_usd: with the terms that are on. levered_usd: with the levers pulled as well.
        gap_usd: what is still missing then, 0 where nothing is.
        needed: what each route by itself would take from there.
    """

    exporter: str
    wanted_usd: float
    traded_usd: float
    static_usd: float
    potential_usd: float
    levered_usd: float
    gap_usd: float
    needed: tuple[Needed, ...]

    def to_frame(self) -> pl.DataFrame:
        """List the routes; ``needed_value`` is null where a route does not lead there."""
        return pl.DataFrame(
            {
                "exporter": self.exporter,
                "route": [one.route.value for one in self.needed],
                "needed_value": [one.value for one in self.needed],
                "reached_usd": [one.reached_usd for one in self.needed],
                "wanted_usd": self.wanted_usd,
            },
            schema_overrides={"needed_value": pl.Float64},
        )


def explain_target(
    ground: Groundwork,
    exporter: str,
    wanted_usd: float,
    *,
    importers: frozenset[str] = frozenset(),
    levers: Levers | None = None,
    peers: frozenset[str] = frozenset(),
) -> TargetAnswer:
    """Tell how far potential carries towards a total, and what it would take to get there.

    Args:
        ground: the groundwork over the world's margins.
        exporter: whose exports.
        wanted_usd: the total that is wanted, a year.
        importers: the markets that are meant; none named means all.
        levers: what is supposed already.
        peers: whose ease the route of ease follows; none named means every other exporter.

    Raises:
        BadParameter: the wanted total is not above 0.
        NothingTraded: nothing at all is sold to the markets that are meant.
    """
    if not (np.isfinite(wanted_usd) and wanted_usd > 0):
        raise BadParameter(f"a wanted total of {wanted_usd} dollars; it lies above 0")
    mask = markets_mask(ground, importers)
    supposed = suppose(ground, exporter, levers or Levers())
    traded = float(ground.world.bilateral.values[ground.world.place_of(exporter)][mask].sum())
    if traded == 0:
        raise NothingTraded(f"{exporter} sells nothing to the {int(mask.sum())} markets that are meant")
    levered = _Sums.of(ground, exporter, mask, supposed)
    total = levered.total()
    return TargetAnswer(
        exporter=exporter,
        wanted_usd=float(wanted_usd),
        traded_usd=traded,
        static_usd=_Sums.of(_static(ground), exporter, mask, AS_IT_IS).total(),
        potential_usd=_Sums.of(ground, exporter, mask, AS_IT_IS).total(),
        levered_usd=total,
        gap_usd=max(float(wanted_usd) - total, 0.0),
        needed=(
            _needed(Route.EASE_QUANTILE, wanted_usd, levered.with_ease(peers), 1.0),
            _needed(Route.MARKET_IMPORTS, wanted_usd, levered.with_imports(), FACTOR_MAX),
            _needed(Route.CAPACITY, wanted_usd, levered.with_capacity(), FACTOR_MAX),
        ),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """The factors of one exporter, summed so far that a lever of one side is moved in a moment."""

    ground: Groundwork
    exporter: str
    supposed: Supposed
    ease: Amounts  # by market, 0 in those that are not meant
    mask: npt.NDArray[np.bool_]
    supply: Amounts  # by product: all terms of supply
    demand: Amounts  # importers by products
    taken: Amounts  # by product: what all markets, meant or not, take for a share of 1
    by_market: Amounts  # everything but ease
    by_product: Amounts  # everything but supply

    @classmethod
    def of(
        cls, ground: Groundwork, exporter: str, mask: npt.NDArray[np.bool_], supposed: Supposed
    ) -> "_Sums":
        world = ground.world
        every = ease_of(ground, exporter, supposed)
        ease = np.where(mask, every, 0.0)
        demand = multiply(demand_of(ground, exporter, supposed), (len(world.importers), len(world.products)))
        taken = every @ demand
        supply = _product(supply_of(ground, exporter, supposed, taken=taken))
        return cls(
            ground, exporter, supposed, ease, mask, supply, demand, taken, demand @ supply, ease @ demand
        )

    def total(self) -> float:
        return float(self.by_product @ self.supply)

    def with_ease(self, peers: frozenset[str]) -> Callable[[float], float]:
        """Give the total as a function of the quantile of peers' ease."""
        of_peers = PeerEase.of(self.ground, self.exporter, peers)
        importers = np.array(self.ground.world.importers)
        meant = self.mask & (importers != self.exporter)

        def total(quantile: float) -> float:
            risen = np.where(meant, np.maximum(self.ease, of_peers.at(quantile)), self.ease)
            if self.supposed.added is None:
                return float(risen @ self.by_market)
            # What was built is sold once: markets that trade more easily share it among more.
            by_product = risen @ self.demand
            return self._sold(by_product, self.taken + by_product - self.by_product)

        return total

    def with_imports(self) -> Callable[[float], float]:
        """Give the total as a function of how many times as much the markets that are meant would buy."""

        def total(factor: float) -> float:
            if self.supposed.added is None:
                return self.total() * factor
            return self._sold(factor * self.by_product, self.taken + (factor - 1) * self.by_product)

        return total

    def _sold(self, by_product: Amounts, taken: Amounts, supposed: Supposed | None = None) -> float:
        terms = supply_of(self.ground, self.exporter, supposed or self.supposed, taken=taken)
        return float(by_product @ _product(terms))

    def with_capacity(self) -> Callable[[float], float]:
        """Give the total as a function of how many times as much the exporter could supply of everything."""
        place = self.ground.world.place_of(self.exporter)
        added = 0.0 if self.supposed.added is None else self.supposed.added
        sold = self.ground.world.exports.values[place] + added

        def total(factor: float) -> float:
            more = replace(self.supposed, added=added + (factor - 1) * sold)
            return self._sold(self.by_product, self.taken, more)

        return total


def _product(factors: Mapping[Term, Amounts]) -> Amounts:
    product: Amounts = np.prod(np.vstack(list(factors.values())), axis=0)
    return product


def _static(ground: Groundwork) -> Groundwork:
    return replace(ground, terms=STATIC, faced=None, market_average=None, usual_distance=None)


def _needed(route: Route, wanted: float, total: Callable[[float], float], most: float) -> Needed:
    """Halve the interval until it closes on the least value that reaches what is wanted; totals never fall."""
    low = 0.0 if route is Route.EASE_QUANTILE else 1.0
    reached = total(most)
    if reached < wanted:
        return Needed(route=route, value=None, reached_usd=reached)
    if total(low) >= wanted:
        return Needed(route=route, value=low, reached_usd=total(low))
    high = most
    for _ in range(HALVINGS_MAX):
        if high - low <= NARROW * high:
            break
        middle = (low + high) / 2
        low, high = (low, middle) if total(middle) >= wanted else (middle, high)
    return Needed(route=route, value=high, reached_usd=total(high))
