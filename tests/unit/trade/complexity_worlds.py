"""Small tables whose complexity is known, and drawn ones whose complexity is checked by definition."""

from dataclasses import dataclass

import numpy as np

from benchmarks.complexity_room import synthetic_exports
from rahdari.trade.rules.complexity import Conventions, PresenceTest
from rahdari.trade.values import Amounts, Matrix

GIVEN = Conventions(presence=PresenceTest.MANUAL)

# Three countries, each with one product less than the one before: eigenvalues 1, 1/4, 1/9, worked out by hand.
STAIRS = Matrix(("AAA", "BBB", "CCC"), ("01", "02", "03"), [[1, 1, 1], [1, 1, 0], [1, 0, 0]])


def named(values: object) -> Matrix:
    table = np.asarray(values, dtype=np.float64)
    rows, columns = table.shape
    return Matrix([f"C{at:03d}" for at in range(rows)], [f"P{at:05d}" for at in range(columns)], table)


def drawn(countries: int = 20, products: int = 35, seed: int = 1) -> Matrix:
    return named(synthetic_exports(countries, products, seed))


def tossed(seed: int) -> Matrix:
    """Presences by the toss of a coin: weak directions and small gaps are common among them."""
    return named(np.random.default_rng(seed).integers(0, 2, (12, 15)))


@dataclass(frozen=True)
class Plain:
    """The definitions written as they stand in the papers, slow and without tricks."""

    present: Amounts
    self_proximity: int = 1

    def phi(self) -> Amounts:
        count = self.present.shape[1]
        ubiquity = self.present.sum(axis=0)
        table = np.zeros((count, count))
        for one in range(count):
            for other in range(count):
                both = (self.present[:, one] * self.present[:, other]).sum()
                table[one, other] = both / max(ubiquity[one], ubiquity[other])
            table[one, one] = self.self_proximity
        return table

    def density(self, phi: Amounts) -> Amounts:
        density: Amounts = (self.present @ phi) / phi.sum(axis=0)
        return density

    def outlook(self, phi: Amounts, pci: Amounts) -> Amounts:
        outlook: Amounts = (self.density(phi) * (1 - self.present) * pci).sum(axis=1)
        return outlook

    def with_product(self, country: int, product: int) -> "Plain":
        richer = self.present.copy()
        richer[country, product] = 1.0
        return Plain(richer, self.self_proximity)
