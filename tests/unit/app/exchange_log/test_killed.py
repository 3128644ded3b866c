"""kill -9, again and again: every acknowledged record is in the log, at the index that was told, once."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.unit.app.exchange_log.log_scene import Place, record, root

KILLS = 5
SCRIPT = "tests.unit.app.exchange_log.killed_writer"


def run_and_kill(folder: Path, seed: int, seconds: float) -> dict[int, int]:
    """Let a writer run for some time behind its first acknowledgement, kill it; gives what it acknowledged."""
    with subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, "-m", SCRIPT, str(folder), str(seed)], stdout=subprocess.PIPE, cwd=REPOSITORY
    ) as writer:
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(seconds)
        writer.kill()
        lines = (first + writer.stdout.read()).splitlines(keepends=True)
    whole = [line.split() for line in lines if line.endswith(b"\n")]
    return {int(number): int(index) for number, index in whole}


@pytest.mark.slow
def test_a_killed_gateway_has_logged_all_that_it_acknowledged_and_nothing_twice(tmp_path: Path) -> None:
    chance, place = random.Random(9), Place(tmp_path / "log")
    told: dict[int, int] = {}
    for seed in range(1, KILLS + 1):
        fresh = run_and_kill(place.folder, seed, chance.random() * 0.4)
        assert fresh
        told |= fresh
    found = place.reopen()
    assert len(set(found)) == len(found)
    for number, index in told.items():
        assert found[index] == record(number)
    # What was not acknowledged may be there: at most what the callers waited for when the process was killed.
    assert len(found) - len(told) <= KILLS * 41
    reader = place.reader()
    assert reader.checkpoint()[1].head.root == root(found)
    for number, index in list(told.items())[:: len(told) // 20]:
        assert reader.find(f"request-{number}") == [index]
        assert reader.particulars(index) == (b"particulars" if number % 3 else None)


def test_a_file_that_may_not_grow_refuses_and_takes_records_again_once_it_may(tmp_path: Path) -> None:
    """RLIMIT_FSIZE: the operating system writes a part of the batch, and no more."""
    place = Place(tmp_path / "log")
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-m", "tests.unit.app.exchange_log.full_disk", str(place.folder)],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = done.stdout.split()
    at = told.index("full")
    assert at > 10
    assert told[at + 1 :] == ["1000"]
    assert place.reopen() == [record(int(one)) + b"x" * 500 for one in told[:at]] + [record(1000)]
