"""The full complexity set of a world at HS6, 224 countries by 5,000 products, against three peers.

``python -m benchmarks.trade_complexity``; with ``small`` at HS4 (1,184 products), which takes a minute instead of
ten. Every side runs on one core in a process of its own, from a long table of amounts above zero to ECI, PCI,
density, COI and COG (economic-complexity from a wide table, and without COI, which it has not). CPU seconds: ours
is the median of several rounds, each peer runs once, because it takes minutes.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.complexity_room import ONE_CORE, ComplexityRoom, PeerAnswer, synthetic_exports
from benchmarks.peer_room import ABSENT, REPOSITORY, is_present
from benchmarks.rounds import print_row
from rahdari.trade.rules.complexity import (
    ECOMPLEXITY_0_5_3,
    ECONCOMPLEX_1_0_1,
    ECONOMIC_COMPLEXITY_0_3_0,
    Complexity,
    Conventions,
    measure,
)
from rahdari.trade.values import Matrix

COUNTRIES = 224
PRODUCTS = 5_000
PRODUCTS_SMALL = 1_184
ROUNDS = 7
MEMORY_GB_MAX = 0.4
PEERS: dict[str, tuple[Conventions, float]] = {
    "ecomplexity": (ECOMPLEXITY_0_5_3, 70.0),
    "econcomplex": (ECONCOMPLEX_1_0_1, 60.0),
    "economic-complexity": (ECONOMIC_COMPLEXITY_0_3_0, 6.0),
}


def long_table(path: Path) -> pl.DataFrame:
    """Write the amounts above zero as rows of two codes and an amount, as a peer gets them."""
    table = np.load(path)
    rows, columns = np.nonzero(table)
    return pl.DataFrame(
        {
            "country": [f"C{row:03d}" for row in rows],
            "product": [f"P{column:05d}" for column in columns],
            "value_usd": table[rows, columns],
        }
    )


def measured(rows: pl.DataFrame) -> Complexity:
    """Do the whole of our work: from rows to every figure."""
    sides = ("country", "product")
    names = [rows[side].unique().sort().to_list() for side in sides]
    places = [
        rows[side].cast(pl.Enum(known)).to_physical().to_numpy()
        for side, known in zip(sides, names, strict=True)
    ]
    values = np.zeros((len(names[0]), len(names[1])))
    np.add.at(values, (places[0], places[1]), rows["value_usd"].to_numpy())
    return measure(Matrix(names[0], names[1], values))


def run_ours(path: Path) -> None:
    """Measure ourselves in this process, and print seconds and peak as JSON."""
    rows = long_table(path)
    seconds: list[float] = []
    for _ in range(ROUNDS):
        began = time.process_time()
        measured(rows)
        seconds.append(time.process_time() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": statistics.median(seconds), "peak_mb": peak}))


def ask_ours(path: Path) -> dict[str, float]:
    """Run ourselves in a process of our own, on one core like the peers."""
    said = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "benchmarks.trade_complexity", str(path)],
        cwd=REPOSITORY,
        env={**os.environ, **ONE_CORE},
        check=True,
        capture_output=True,
        text=True,
    )
    answer: dict[str, float] = json.loads(said.stdout)
    return answer


def check_agreement(peer: str, theirs: PeerAnswer, ours: Complexity) -> None:
    """Print by how much the figures differ at most: a comparison of speed is one of the same figures.

    A peer that was given no amount for a place answers none for it; those places are passed over.
    """
    worst = {
        name: float(np.nanmax(np.abs(getattr(ours, name) - found)) / np.nanmax(np.abs(found)))
        for name, found in theirs.found.items()
        if found.shape == getattr(ours, name).shape
    }
    print(f"# {peer}: largest difference, as a share: " + ", ".join(f"{k} {v:.0e}" for k, v in worst.items()))


def main(*, is_small: bool) -> None:
    """Print our memory, then one row a peer."""
    level = "hs4" if is_small else "hs6"
    table = synthetic_exports(COUNTRIES, PRODUCTS_SMALL if is_small else PRODUCTS)
    names = [f"C{at:03d}" for at in range(table.shape[0])], [f"P{at:05d}" for at in range(table.shape[1])]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "exports.npy"
        np.save(path, table)
        ours = ask_ours(path)
        memory = ours["peak_mb"] / 1024
        verdict = "ok" if memory <= MEMORY_GB_MAX else "short"
        print(f"trade_complexity_{level}_memory_gb {memory:.2f} {MEMORY_GB_MAX:.2f} {verdict}")
        print(f"# ours: {ours['seconds']:.2f} s of CPU")
        if not is_present():
            print(ABSENT)
            return
        for peer, (mode, target) in PEERS.items():
            with ComplexityRoom(Path(folder)) as room:
                theirs = room.ask(peer, table)
            name = peer.replace("-", "_")
            ratio = theirs.seconds / ours["seconds"]
            if is_small:
                print(f"info_trade_complexity_{level}_over_{name} {ratio:.1f}")
            else:
                print_row(f"trade_complexity_{level}_over_{name}", ratio, target)
            print(f"# {peer}: {theirs.seconds:.1f} s of CPU, {theirs.peak_mb / 1024:.2f} GB")
            check_agreement(peer, theirs, measure(Matrix(*names, table), conventions=mode))


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].endswith(".npy"):
        run_ours(Path(sys.argv[1]))
    else:
        main(is_small="small" in sys.argv[1:])
