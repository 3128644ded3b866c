"""What policy could pull: tariffs, growth, ease and capacity. Each lever says exactly what it supposes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rahdari.trade.errors import BadParameter, DataMissing, Degenerate, UnknownCountry, UnknownTradeProduct
from rahdari.trade.rules.potential.factors import Supposed
from rahdari.trade.rules.potential.groundwork import Groundwork
from rahdari.trade.rules.potential.world import Growth
from rahdari.trade.values import Amounts

# The highest bound tariffs reach 3,000 per cent; what is supposed above that is a slip of the decimal point.
SUPPOSED_PERCENT_MAX = 3_000.0

# More than the whole world trades in a product; beyond it a capacity is a slip of units.
CAPACITY_USD_MAX = 1e14


class Lever(StrEnum):
    """The kinds of levers."""

    TARIFF = "tariff"
    GROWTH = "growth"
    EASE = "ease"
    CAPACITY = "capacity"


@dataclass(frozen=True, slots=True, kw_only=True)
class TariffLever:
    """Suppose that markets charge the exporter ``rate_percent`` on a product prefix; no markets named means all.

    Demand moves by ((1 + t today) / (1 + t supposed)) ** sigma; the market's average is left as it is, so that the
    effect is overstated where the exporter supplies most of the market.
    """

    rate_percent: float
    importers: frozenset[str] = frozenset()
    prefix: str = ""

    def __post_init__(self) -> None:
        """Check the rate."""
        if not 0 <= self.rate_percent <= SUPPOSED_PERCENT_MAX:
            raise BadParameter(f"a tariff of {self.rate_percent} per cent; it lies between 0 and 3,000")


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthLever:
    """Suppose other growth of one country, expected over current; None leaves what is expected already."""

    country: str
    gdp: float | None = None
    population: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EaseLever:
    """Suppose that ease rises, market by market, to a quantile of peers' ease; where it is higher already it stays.

    No peers named means every other exporter, no markets named all of them. A market itself is no peer there.
    """

    quantile: float
    peers: frozenset[str] = frozenset()
    importers: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Check the quantile."""
        if not 0 <= self.quantile <= 1:
            raise BadParameter(f"a quantile of {self.quantile}; it lies between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityLever:
    """Suppose new exports of a product, in dollars a year, on top of today's; the world's grow by the same.

    What markets buy and the ease are left as they are: new capacity wins share, it does not make demand. Over all
    markets it adds at most ``value_usd`` to what the other levers leave.
    """

    product: str
    value_usd: float

    def __post_init__(self) -> None:
        """Check the amount."""
        if not 0 <= self.value_usd <= CAPACITY_USD_MAX:
            raise BadParameter(
                f"a capacity of {self.value_usd} dollars; it lies between 0 and {CAPACITY_USD_MAX:.0e}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Levers:
    """All that is supposed at once. Within a kind, later tariffs and ease override earlier, capacities add up."""

    tariffs: tuple[TariffLever, ...] = ()
    growth: tuple[GrowthLever, ...] = ()
    ease: tuple[EaseLever, ...] = ()
    capacity: tuple[CapacityLever, ...] = ()

    @property
    def pulled(self) -> tuple[Lever, ...]:
        """The kinds of which something is supposed."""
        pulled = (bool(self.tariffs), bool(self.growth), bool(self.ease), bool(self.capacity))
        return tuple(lever for lever, is_pulled in zip(Lever, pulled, strict=True) if is_pulled)


def suppose(ground: Groundwork, exporter: str, levers: Levers) -> Supposed:
    """Turn levers into what the factors take.

    Raises:
        DataMissing: a tariff is supposed, and no tariffs of today are given to measure it against.
        UnknownCountry, UnknownTradeProduct: a lever names what the data do not have.
        Degenerate: ease is to follow peers of whom none trades with a market that is named.
    """
    return Supposed(
        growth=_growth(ground, levers.growth) if levers.growth else None,
        added=_added(ground, levers.capacity) if levers.capacity else None,
        ease=_ease(ground, exporter, levers.ease) if levers.ease else None,
        tariff_ratio=_tariff_ratio(ground, exporter, levers.tariffs) if levers.tariffs else None,
    )


def only(supposed: Supposed, levers: frozenset[Lever]) -> Supposed:
    """Leave of what is supposed only some kinds of levers."""
    return replace(
        supposed,
        growth=supposed.growth if Lever.GROWTH in levers else None,
        added=supposed.added if Lever.CAPACITY in levers else None,
        ease=supposed.ease if Lever.EASE in levers else None,
        tariff_ratio=supposed.tariff_ratio if Lever.TARIFF in levers else None,
    )


def peers_by(measure: Mapping[str, float], exporter: str, *, within: float = 2.0) -> frozenset[str]:
    """Give the countries whose measure (GDP a head, exports) is at most ``within`` times apart from the exporter's.

    Raises:
        BadParameter: ``within`` is not above 1.
        DataMissing: the exporter's own measure is not known or not above 0.
    """
    if not (math.isfinite(within) and within > 1):
        raise BadParameter(f"peers lie within a factor above 1, not {within}")
    own = measure.get(exporter, 0.0)
    if not own > 0:
        raise DataMissing(f"the measure of {exporter} that its peers would be found by is not known")
    return frozenset(
        code for code, value in measure.items() if code != exporter and own / within <= value <= own * within
    )


@dataclass(frozen=True, slots=True, eq=False)
class PeerEase:
    """The ease of peers by market, sorted upwards; ``counts`` are those that count there, the rest is infinite."""

    eases: Amounts
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, ground: Groundwork, exporter: str, peers: frozenset[str]) -> "PeerEase":
        """Take the peers that export something; a market is no peer of its own. None named means all others.

        Raises:
            UnknownCountry: a peer is not in the data.
            Degenerate: none of them exports anything.
        """
        world = ground.world
        unknown = peers - set(world.exporters)
        if unknown:
            raise UnknownCountry(f"no exporter {min(unknown)} among the {len(world.exporters)} of these data")
        trades = world.exports.values.sum(axis=1) > 0
        rows = [
            place
            for place, code in enumerate(world.exporters)
            if trades[place] and code != exporter and (not peers or code in peers)
        ]
        if not rows:
            raise Degenerate(f"none of the peers of {exporter} exports anything: there is no ease to rise to")
        eases = ground.ease[rows]
        codes = {code: place for place, code in enumerate(world.importers)}
        is_own = np.zeros(eases.shape, dtype=np.bool_)
        for place, row in enumerate(rows):
            if world.exporters[row] in codes:
                is_own[place, codes[world.exporters[row]]] = True
        eases[is_own] = np.inf
        return cls(np.sort(eases, axis=0), len(rows) - is_own.sum(axis=0))

    def at(self, quantile: float) -> Amounts:
        """Give the quantile of each market, between two peers in proportion; 0 where it has no peer at all."""
        last = np.maximum(self.counts - 1, 0)
        place = quantile * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        low, high = (np.take_along_axis(self.eases, rows[None, :], axis=0)[0] for rows in (below, above))
        low, high = np.where(self.counts > 0, low, 0.0), np.where(self.counts > 0, high, 0.0)
        level: Amounts = low + (place - below) * (high - low)
        return level


def markets_mask(ground: Groundwork, importers: frozenset[str]) -> npt.NDArray[np.bool_]:
    """Tell which markets are meant; none named means all. Raises ``UnknownCountry``."""
    unknown = importers - set(ground.world.importers)
    if unknown:
        raise UnknownCountry(
            f"no market {min(unknown)} among the {len(ground.world.importers)} of these data"
        )
    return np.array([not importers or code in importers for code in ground.world.importers], dtype=np.bool_)


def _growth(ground: Groundwork, levers: tuple[GrowthLever, ...]) -> Growth:
    world = ground.world
    current = world.growth if ground.terms.growth and world.growth is not None else Growth()
    gdp, population = dict(current.gdp), dict(current.population)
    for lever in levers:
        if lever.country not in world.exporters and lever.country not in world.importers:
            raise UnknownCountry(f"growth is supposed of {lever.country}, which these data do not have")
        if lever.gdp is not None:
            gdp[lever.country] = lever.gdp
        if lever.population is not None:
            population[lever.country] = lever.population
    return Growth(gdp, population)


def _added(ground: Groundwork, levers: tuple[CapacityLever, ...]) -> Amounts:
    added = np.zeros(len(ground.world.products))
    for lever in levers:
        if lever.product not in ground.world.products:
            raise UnknownTradeProduct(
                f"capacity is supposed for {lever.product}, which these data do not have"
            )
        added[ground.world.products.index(lever.product)] += lever.value_usd
    return added


def _ease(ground: Groundwork, exporter: str, levers: tuple[EaseLever, ...]) -> Amounts:
    current = ground.ease[ground.world.place_of(exporter)]
    risen: Amounts = current.copy()
    for lever in levers:
        mask = markets_mask(ground, lever.importers)
        if exporter in ground.world.importers:
            mask[ground.world.importers.index(exporter)] = False
        level = PeerEase.of(ground, exporter, lever.peers).at(lever.quantile)
        risen[mask] = np.maximum(current, level)[mask]
    return risen


def _tariff_ratio(ground: Groundwork, exporter: str, levers: tuple[TariffLever, ...]) -> Amounts:
    world = ground.world
    if world.tariffs is None:
        raise DataMissing(
            "another tariff is supposed, and the tariffs of today are not given: give a schedule"
        )
    today = world.tariffs.of_exporter(exporter)
    supposed = today.copy()
    for lever in levers:
        columns = np.array([code.startswith(lever.prefix) for code in world.products], dtype=np.bool_)
        if not columns.any():
            raise UnknownTradeProduct(f"a tariff is supposed on {lever.prefix}, which no product begins with")
        cells = markets_mask(ground, lever.importers)[:, None] & columns[None, :]
        supposed[cells] = lever.rate_percent / 100
    # Nothing is known of today's rate there, so nothing is known of what a change would be worth.
    ratio: Amounts = np.where(world.tariffs.is_known, (1 + today) / (1 + supposed), 1.0)
    return ratio
