"""Small worlds with a product that leaves its donor, and decoys that must not be taken for it."""

import numpy as np

from rahdari.trade import Matrix
from rahdari.trade.rules.relocation import Panel

COUNTRIES = ("CHN", "PAK", "VNM", "BGD", "DEU", "USA")
PRODUCTS = ("shoes", "lamps", "chips", "coal", "corn")
YEARS = tuple(range(2005, 2023))


def world(seed: int = 1, *, years: tuple[int, ...] = YEARS) -> Panel:
    """Build a world in which shoes leave CHN.

    * ``shoes``: CHN falls from 60 % to some 20 %, the world buys more each year: the planted one.
    * ``lamps``: CHN falls just as fast from a larger trade, but the world buys less each year: a decoy.
    * ``chips``: CHN rises.
    * ``coal``: CHN never had an advantage and falls.
    * ``corn``: nothing moves but noise.
    """
    rng = np.random.default_rng(seed)
    return Panel({year: _year(at, rng) for at, year in enumerate(years)})


def _year(at: int, rng: np.random.Generator) -> Matrix:
    falling = 0.6 * np.exp(-0.06 * at)
    donor = np.array([falling, falling, min(0.2 + 0.02 * at, 0.7), 0.08 * np.exp(-0.05 * at), 0.2])
    size = np.array([100 * 1.06**at, 400 * 0.93**at, 300 * 1.08**at, 200 * 1.02**at, 100 * 1.01**at]) * 1e6
    # How the rest of each product is split among the other five, in the order of COUNTRIES.
    rest = np.array([[0.2, 0.2, 0.1, 0.05, 0.3], [0.3, 0.2, 0.1, 0.05, 0.1], [0.3, 0.2, 0.05, 0.05, 0.1],
                     [0.1, 0.2, 0.4, 0.35, 0.1], [0.1, 0.2, 0.35, 0.5, 0.4]])  # fmt: skip
    shares = np.vstack([donor, rest * (1 - donor)]) * np.exp(rng.normal(0, 0.02, (6, 5)))
    return Matrix(COUNTRIES, PRODUCTS, shares / shares.sum(axis=0) * size)
