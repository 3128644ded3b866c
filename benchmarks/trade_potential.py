"""What the export potential of one exporter costs, and of all of them, at the size of the world's trade by HS6.

``python -m benchmarks.trade_potential``. 225 exporters, 225 markets, 5,000 products, synthetic flows whose three
margins agree. ``one`` is CPU seconds to the potential of one exporter in all 1.1 million cells: from the margins
with every term off, and with all terms on over a groundwork that is laid once for all exporters (a row of its own).
``cold`` is both together, all terms on, as the first question of a fresh process; the median of a few processes.
``all`` is CPU seconds for every exporter, one after the other, groundwork included; then what a slider costs, and
the peak memory of this process in MB. No package computes the indicator; the peer is the same formula over plain
numbers, a cell at a time, on a sample of cells, which is also checked to agree.
"""

import itertools
import math
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.complexity_room import ONE_CORE
from benchmarks.rounds import print_row
from rahdari.trade.rules.potential.conventions import FULL, STATIC, Term
from rahdari.trade.rules.potential.factors import factors_of
from rahdari.trade.rules.potential.groundwork import Groundwork, lay
from rahdari.trade.rules.potential.indicator import all_potentials, potential_of
from rahdari.trade.rules.potential.levers import CapacityLever, EaseLever, GrowthLever, Levers, TariffLever
from rahdari.trade.rules.potential.scenario import play
from rahdari.trade.rules.potential.target import explain_target
from rahdari.trade.rules.potential.world import Growth, World
from rahdari.trade.rules.tariffs.book import TariffBook
from rahdari.trade.values import Matrix
from rahdari.wire.tariff_schedule import Duty, DutyKind, TariffSchedule

COUNTRIES, PRODUCTS = 225, 5_000
BLOCS = 6
ROUNDS = 5
SAMPLE = 4_000
ONE_SECONDS_MAX = 0.3
ALL_SECONDS_MAX = 25.0
# Six products of matrices of 225 by 225 by 5,000: half a second, once a world.
GROUNDWORK_SECONDS_MAX = 1.0
COLD_PROCESSES = 5
MEGABYTES_MAX = 2_000.0
SCENARIO_SECONDS_MAX = 1.0
# A loop over plain numbers costs about a microsecond a multiplication; arrays a nanosecond.
TIMES_FASTER_MIN = 50.0


def make_world() -> World:
    """Make flows that are sums over a few blocs, so that margins agree without a cube of 250 million cells."""
    chance = np.random.default_rng(11)
    size, world_size = chance.lognormal(15, 2, COUNTRIES), chance.lognormal(0, 1.5, PRODUCTS)
    sells, buys = (chance.gamma(0.5, 1.0, (BLOCS, COUNTRIES)) * size for _ in range(2))
    of_products = chance.gamma(0.3, 1.0, (BLOCS, PRODUCTS)) * world_size / 1e9
    of_products[chance.random(of_products.shape) < 0.3] = 0.0
    countries = [f"C{place:02X}" for place in range(COUNTRIES)]
    products = [f"{10_000 + place * 17:06d}" for place in range(PRODUCTS)]
    return World(
        Matrix(countries, products, (sells * buys.sum(axis=1, keepdims=True)).T @ of_products),
        Matrix(countries, products, (buys * sells.sum(axis=1, keepdims=True)).T @ of_products),
        Matrix(countries, countries, (sells * of_products.sum(axis=1, keepdims=True)).T @ buys),
        Growth({code: float(chance.uniform(0.9, 1.5)) for code in countries}, dict.fromkeys(countries, 1.05)),
        make_book(countries, products),
        Matrix(countries, countries, chance.uniform(100, 15_000, (COUNTRIES, COUNTRIES))),
    )


def make_book(countries: list[str], products: list[str]) -> TariffBook:
    """Give every market a rate a chapter, and each pair of twenty neighbours free trade."""
    chance = np.random.default_rng(12)
    chapters = sorted({code[:2] for code in products})
    duties = [
        Duty(market, "", chapter, float(chance.integers(0, 30)), DutyKind.MFN)
        for market, chapter in itertools.product(countries, chapters)
    ]
    for market, origin in itertools.permutations(countries[:20], 2):
        duties.append(Duty(market, origin, "", 0.0, DutyKind.PREFERENCE))
    return TariffBook.of(TariffSchedule(tuple(duties)), countries, products)


def cpu_seconds(work: Callable[[], object]) -> float:
    """Measure one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def median_seconds(work: Callable[[], object]) -> float:
    """Measure a few calls after one that warms up."""
    work()
    return statistics.median(cpu_seconds(work) for _ in range(ROUNDS))


def plain_cells(ground: Groundwork, exporter: str, cells: list[tuple[int, int]]) -> list[float]:
    """Multiply the static indicator out, a cell at a time, over plain numbers."""
    world, place = ground.world, ground.world.exporters.index(exporter)
    sold = world.exports.values[place].tolist()
    totals = world.exports.values.sum(axis=0).tolist()
    bought, traded = world.imports.values.tolist(), world.bilateral.values[place].tolist()
    eases: dict[int, float] = {}
    found = []
    for row, column in cells:
        if row not in eases:
            pairs = zip(sold, totals, bought[row], strict=True)
            expected = math.fsum(one / total * wanted for one, total, wanted in pairs if total)
            eases[row] = traded[row] / expected if expected else 0.0
        share = sold[column] / totals[column] if totals[column] else 0.0
        found.append(share * bought[row][column] * eases[row])
    return found


def times_faster(ground: Groundwork, exporter: str, ours_seconds: float) -> float:
    """Compare seconds a cell with the plain loop, on a sample; check that both say the same."""
    chance = np.random.default_rng(13)
    rows, columns = chance.integers(0, COUNTRIES, SAMPLE), chance.integers(0, PRODUCTS, SAMPLE)
    cells = list(zip(rows.tolist(), columns.tolist(), strict=True))
    found: list[float] = []
    seconds = cpu_seconds(lambda: found.extend(plain_cells(ground, exporter, cells)))
    np.testing.assert_allclose(potential_of(ground, exporter).values[rows, columns], found, rtol=1e-9)
    return (seconds / SAMPLE) / (ours_seconds / (COUNTRIES * PRODUCTS))


def print_ceiling(name: str, figure: float, target: float) -> None:
    """Print the row that ``make bench`` collects; here less is better."""
    print(f"{name} {figure:.3f} {target:.3f} {'ok' if figure <= target else 'short'}")


def check_identity(world: World) -> None:
    """Refuse to measure a computation that is wrong: static potential sums to what is traded."""
    ground = lay(world, STATIC)
    place = len(world.exporters) // 2
    values = potential_of(ground, world.exporters[place]).values
    np.testing.assert_allclose(values.sum(axis=1), world.bilateral.values[place], rtol=1e-9, atol=1e-6)
    assert Term.SHARE in factors_of(ground, world.exporters[place])


def cold() -> None:
    """Print the CPU seconds of the first potential that this process is asked for, groundwork included."""
    world = make_world()
    print(cpu_seconds(lambda: potential_of(lay(world, FULL), world.exporters[10])))


def in_room(step: str) -> str:
    """Run a step in a fresh process on one core: threads that wait for one another count as work."""
    command = [sys.executable, "-m", "benchmarks.trade_potential", step]
    environment = {**os.environ, **ONE_CORE}
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603


def main() -> None:
    """Print one row for each claim."""
    seconds = statistics.median(float(in_room("cold")) for _ in range(COLD_PROCESSES))
    print_ceiling("potential_one_exporter_cpu_seconds_all_terms_cold", seconds, ONE_SECONDS_MAX)
    print(in_room("warm"), end="")


def warm() -> None:
    """Print the other rows."""
    world = make_world()
    exporter = world.exporters[10]
    check_identity(world)

    static = median_seconds(lambda: potential_of(lay(world, STATIC), exporter))
    print_ceiling("potential_one_exporter_cpu_seconds_static", static, ONE_SECONDS_MAX)
    full = lay(world, FULL)
    again = median_seconds(lambda: potential_of(full, exporter))
    print_ceiling("potential_one_exporter_cpu_seconds_all_terms", again, ONE_SECONDS_MAX)
    ground_seconds = median_seconds(lambda: lay(world, FULL))
    print_ceiling("potential_groundwork_cpu_seconds_all_terms", ground_seconds, GROUNDWORK_SECONDS_MAX)
    for name, terms in (("static", STATIC), ("all_terms", FULL)):
        seconds = cpu_seconds(lambda terms=terms: [None for _ in all_potentials(lay(world, terms))])  # type: ignore[misc]
        print_ceiling(f"potential_all_exporters_cpu_seconds_{name}", seconds, ALL_SECONDS_MAX)
    levers = Levers(
        tariffs=(TariffLever(rate_percent=0),),
        growth=(GrowthLever(country=exporter, gdp=1.5),),
        ease=(EaseLever(quantile=0.75),),
        capacity=(CapacityLever(product=world.products[3], value_usd=1e9),),
    )
    print_ceiling(
        "potential_scenario_of_four_levers_cpu_seconds",
        median_seconds(lambda: play(full, exporter, levers)),
        SCENARIO_SECONDS_MAX,
    )
    print_ceiling(
        "potential_target_cpu_seconds",
        median_seconds(lambda: explain_target(full, exporter, 1e12)),
        SCENARIO_SECONDS_MAX,
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print_ceiling("potential_peak_memory_mb", peak, MEGABYTES_MAX)
    print_row("potential_over_a_plain_loop", times_faster(lay(world), exporter, static), TIMES_FASTER_MIN)


if __name__ == "__main__":
    {"cold": cold, "warm": warm}.get("".join(sys.argv[1:]), main)()
