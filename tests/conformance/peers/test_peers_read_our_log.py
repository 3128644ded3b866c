"""PyPI pymerkle, given the records of a gateway's log, has the roots that the gateway signed as the log grew.

It runs in the second environment (``make peers``), as a process of its own.
"""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.peer_room import ABSENT, PYTHON, REPOSITORY
from tests.unit.app.exchange_log.log_scene import Place, opened, put, records

SCRIPT = REPOSITORY / "benchmarks" / "peers" / "merkle_peer.py"
STEPS = [1, 255, 256, 257, 700, 1003]


def grow(place: Place) -> dict[str, str]:
    """Grow a log in steps; gives the signed root of each."""
    roots: dict[str, str] = {}

    async def run() -> None:
        async with opened(place) as log:
            for step in STEPS:
                await put(log, records(step - log.reader.size, log.reader.size))
                await log.publish(settle=step % 2 == 0)
                roots[str(step)] = log.reader.checkpoint()[1].head.root.hex()

    asyncio.run(run())
    return roots


def test_pymerkle_has_the_roots_that_were_signed(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip(ABSENT)
    place = Place(tmp_path / "log")
    roots = grow(place)
    request = {"entries": [entry.hex() for entry in place.all()], "sizes": STEPS, "indexes": []}
    done = subprocess.run(  # noqa: S603 - our own script
        [str(PYTHON), str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if "No module named 'pymerkle'" in done.stderr:
        pytest.skip(ABSENT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["roots"] == roots
