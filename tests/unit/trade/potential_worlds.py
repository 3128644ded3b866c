"""Small worlds for the potential, and its formulas written out cell by cell, slow and without any array trick."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rahdari.trade.rules.potential.conventions import Exponent, Terms
from rahdari.trade.rules.potential.world import Growth, World, world_of_flows
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.values import Amounts, Matrix
from rahdari.wire import tariff_schedule

COUNTRIES = ("AAA", "BBB", "CCC", "DDD")
PRODUCTS = ("010101", "010202", "740311", "740400", "870300")

# The fixture of the field notes: two exporters, two other importers, two products.
TOY_FLOWS = np.array([[[10.0, 30.0], [20.0, 40.0]], [[40.0, 20.0], [10.0, 30.0]]])
TOY_SIDES = (("AAA", "BBB"), ("CCC", "DDD"), ("01", "02"))


def toy_world() -> World:
    return world_of_flows(*TOY_SIDES, TOY_FLOWS)


def made_flows(seed: int = 7, countries: int = 4, products: int = 5) -> Amounts:
    """Flows of a world where everybody trades with everybody else, some things not at all."""
    chance = np.random.default_rng(seed)
    flows = np.round(chance.lognormal(8, 2, (countries, countries, products)))
    flows[chance.random(flows.shape) < 0.3] = 0.0
    flows[np.arange(countries), np.arange(countries)] = 0.0
    return flows


SCHEDULE = b"""importer,exporter,product,rate_percent,kind
AAA,,*,5,mfn
AAA,,74,12,mfn
AAA,BBB,7403,0,preference
BBB,,*,10,mfn
BBB,AAA,74,0,preference
BBB,AAA,740400,4,preference
BBB,CCC,*,1.5,preference
CCC,,*,0,mfn
CCC,,87,100,mfn
CCC,DDD,870300,25,preference
"""  # nothing is known of DDD's tariffs


def made_world(flows: Amounts | None = None) -> World:
    """Four countries and five products, with everything that every term can ask for."""
    cube = made_flows() if flows is None else flows
    plain = world_of_flows(COUNTRIES, COUNTRIES, PRODUCTS, cube)
    chance = np.random.default_rng(3)
    kilometres = chance.uniform(300, 15_000, (4, 4))
    kilometres[0, 3] = 0.0  # a pair of which nobody knows
    return World(
        plain.exports,
        plain.imports,
        plain.bilateral,
        Growth({"AAA": 1.2, "BBB": 1.05, "CCC": 0.97}, {"AAA": 1.1, "CCC": 0.99, "DDD": 1.02}),
        TariffBook.of(tariff_schedule.read(SCHEDULE), COUNTRIES, PRODUCTS),
        Matrix(COUNTRIES, COUNTRIES, kilometres),
    )


ALL_TERMS = Terms(
    growth=True,
    net_importer=True,
    supply_tariff=True,
    demand_tariff=True,
    product_distance=True,
    sigma=Exponent(1.3, {"74": 2.5}),
    income_elasticity=Exponent(0.8, {"8703": 1.6}),
)


@dataclass(frozen=True, slots=True)
class Literal:
    """The formulas of the indicator, one cell at a time, over dictionaries."""

    world: World
    terms: Terms

    def sold(self, i: str, k: str) -> float:
        return float(self.world.exports.of_row(i)[self.world.products.index(k)])

    def bought(self, j: str, k: str) -> float:
        return float(self.world.imports.of_row(j)[self.world.products.index(k)])

    def traded(self, i: str, j: str) -> float:
        return float(self.world.bilateral.of_row(i)[self.world.importers.index(j)])

    def share(self, i: str, k: str) -> float:
        total = sum(self.sold(other, k) for other in self.world.exporters)
        return self.sold(i, k) / total if total else 0.0

    def ease(self, i: str, j: str) -> float:
        expected = sum(self.share(i, k) * self.bought(j, k) for k in self.world.products)
        return self.traded(i, j) / expected if expected else 0.0

    def expected(self, i: str, j: str, k: str) -> float:
        """x_ijk as the static indicator has it: the weight of every average."""
        return self.share(i, k) * self.bought(j, k) * self.ease(i, j)

    def tariff(self, i: str, j: str, k: str) -> float | None:
        return literal_rate(SCHEDULE.decode(), j, i, k)

    def market_average(self, j: str, k: str) -> float:
        pairs = [(self.expected(i, j, k), self.tariff(i, j, k)) for i in self.world.exporters]
        known = [(weight, rate) for weight, rate in pairs if rate is not None]
        if not sum(weight for weight, _ in known):
            return literal_rate(SCHEDULE.decode(), j, "", k) or 0.0
        return mean(known)

    def faced(self, i: str, k: str) -> float | None:
        """The mean tariff on i's goods; None where no market of its is known."""
        pairs = [(self.bought(j, k) * self.ease(i, j), self.tariff(i, j, k)) for j in self.world.importers]
        known = [(weight, rate) for weight, rate in pairs if rate is not None]
        return mean(known) if sum(weight for weight, _ in known) else None

    def faced_by_all(self, k: str) -> float:
        pairs = [(self.share(i, k), self.faced(i, k)) for i in self.world.exporters]
        known = [(weight, rate) for weight, rate in pairs if rate is not None]
        return mean(known) if sum(weight for weight, _ in known) else 0.0

    def supply(self, i: str, k: str) -> float:
        terms, world, growth = self.terms, self.world, self.world.growth or Growth()
        value = self.share(i, k)
        if terms.growth:
            grown = sum(self.sold(other, k) * growth.gdp.get(other, 1.0) for other in world.exporters)
            value = self.sold(i, k) * growth.gdp.get(i, 1.0) / grown if grown else 0.0
        if terms.net_importer and i in world.importers and self.bought(i, k):
            value *= min(1.0, self.sold(i, k) / self.bought(i, k))
        faced = self.faced(i, k) if terms.supply_tariff else None
        if faced is not None:
            value *= (1 + faced) / (1 + self.faced_by_all(k))
        return value

    def demand(self, i: str, j: str, k: str) -> float:
        terms, growth = self.terms, self.world.growth or Growth()
        value = self.bought(j, k)
        if terms.growth:
            people = growth.population.get(j, 1.0)
            value *= (growth.gdp.get(j, 1.0) / people) ** literal_exponent(
                terms.income_elasticity, k
            ) * people
        rate = self.tariff(i, j, k) if terms.demand_tariff else None
        if rate is not None:
            value *= ((1 + self.market_average(j, k)) / (1 + rate)) ** literal_exponent(terms.sigma, k)
        return value

    def log_distance(self, i: str, j: str) -> float | None:
        assert self.world.distances is not None
        kilometres = float(self.world.distances.of_row(i)[self.world.importers.index(j)])
        return math.log(kilometres) if kilometres else None

    def distance(self, i: str, j: str, k: str) -> float:
        pairs = [(self.share(o, k) * self.ease(o, j), self.log_distance(o, j)) for o in self.world.exporters]
        known = [(weight, log) for weight, log in pairs if log is not None]
        own = self.log_distance(i, j)
        if own is None or not sum(weight for weight, _ in known):
            return 1.0
        return math.exp(-abs(mean(known) - own))

    def potential(self, i: str, j: str, k: str) -> float:
        value = self.supply(i, k) * self.demand(i, j, k) * self.ease(i, j)
        return value * self.distance(i, j, k) if self.terms.product_distance else value

    def table(self, i: str) -> Amounts:
        return np.array(
            [[self.potential(i, j, k) for k in self.world.products] for j in self.world.importers]
        )


def mean(pairs: Sequence[tuple[float, float]]) -> float:
    return sum(weight * value for weight, value in pairs) / sum(weight for weight, _ in pairs)


def literal_exponent(exponent: Exponent, product: str) -> float:
    return longest(exponent.by_prefix, product, exponent.usual)


def longest(by_prefix: Mapping[str, float], product: str, otherwise: float) -> float:
    for digits in range(len(product), 0, -1):
        if product[:digits] in by_prefix:
            return by_prefix[product[:digits]]
    return otherwise


def literal_rate(schedule: str, importer: str, exporter: str, product: str) -> float | None:
    """Look a rate up in the text of a schedule: the origin's own first, then the general one."""
    lines = [line.split(",") for line in schedule.splitlines()[1:]]
    for origin in (exporter, "") if exporter else ("",):
        found = [
            (len(line[2]) if line[2] != "*" else 0, float(line[3]) / 100)
            for line in lines
            if line[0] == importer and line[1] == origin and (line[2] == "*" or product.startswith(line[2]))
        ]
        if found:
            return max(found)[1]
    return None
