"""Talks to the peers' side of complexity (``peers/complexity_peer.py``); and the worlds that both sides measure."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from benchmarks.peer_room import PYTHON, REPOSITORY

Amounts = npt.NDArray[np.float64]

# One core for every side: CPU seconds of a library that spins on several tell of the waiting too.
ONE_CORE = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def synthetic_exports(countries: int, products: int, seed: int = 1) -> Amounts:
    """Draw a nested world: capable countries sell many things, demanding products are sold by few."""
    draw = np.random.default_rng(seed)
    capability = draw.uniform(0.05, 1.0, countries)
    demanding = draw.uniform(0.0, 0.95, products)
    chance = 1.0 / (1.0 + np.exp(-6.0 * (capability[:, None] - demanding)))
    sold = draw.random((countries, products)) < chance
    exports = np.rint(sold * draw.lognormal(12.0, 2.0, (countries, products)) * capability[:, None] ** 2)
    exports[draw.integers(countries, size=products), np.arange(products)] += 1000.0
    exports[np.arange(countries), draw.integers(products, size=countries)] += 1000.0
    return exports


@dataclass(frozen=True, slots=True)
class PeerAnswer:
    """What a peer found, and what it took: CPU seconds, and the peak of its process in MB."""

    found: dict[str, Amounts]
    seconds: float
    peak_mb: float


class ComplexityRoom:
    """A running peers' side; use it in a ``with`` statement. ``folder`` takes the files that pass between."""

    def __init__(self, folder: Path) -> None:
        """Remember the folder."""
        self._folder = folder

    def __enter__(self) -> Self:
        """Start the peers' side."""
        script = REPOSITORY / "benchmarks" / "peers" / "complexity_peer.py"
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [str(PYTHON), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, **ONE_CORE},
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its input, upon which it ends."""
        self._process.communicate()

    def ask(self, peer: str, table: Amounts, *, threshold: float = 1.0, more: bool = False) -> PeerAnswer:
        """Let ``peer`` measure ``table``; raises AssertionError with the peer's words where it fails."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        here, there = self._folder / "table.npy", self._folder / "found.npz"
        np.save(here, table)
        request = {"peer": peer, "table": str(here), "into": str(there), "threshold": threshold, "more": more}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or "null")
        assert isinstance(answer, dict), "the peers' side has ended; run it by hand to see why"
        assert answer["ok"], answer["error"]
        with np.load(there) as found:
            return PeerAnswer(dict(found), float(answer["seconds"]), float(answer["peak_mb"]))
