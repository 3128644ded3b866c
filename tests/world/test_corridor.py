"""The whole corridor under faults. A failure names its seed; RAHDARI_WORLD_SEED=n runs that one again."""

import os

import pytest

from rahdari.credentials import VerdictKind
from tests.world.corridor import Corridor

SEEDS = [int(os.environ["RAHDARI_WORLD_SEED"])] if "RAHDARI_WORLD_SEED" in os.environ else list(range(1, 11))
STEPS = 120


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_no_dead_pass_is_let_through_and_nothing_is_lost(seed: int) -> None:
    corridor = Corridor(seed)
    try:
        corridor.run(STEPS)
    except BaseException as failure:
        failure.add_note(f"RAHDARI_WORLD_SEED={seed}, step {corridor.step}")
        raise


def test_the_faults_that_the_world_speaks_of_do_happen_in_it() -> None:
    told: dict[str, int] = {}
    for seed in (1, 2, 3, 4):
        corridor = Corridor(seed)
        corridor.run(STEPS)
        for what, count in corridor.told.items():
            told[what] = told.get(what, 0) + count
    wanted = {"killed", "list refused", "suspend", "rotate", "import_trust", "ask_everywhere"}
    wanted |= {VerdictKind.VALID, VerdictKind.SUSPENDED, VerdictKind.STALE, VerdictKind.REVOKED}
    wanted |= {"bundle refused", "stream applied", "stream confirmed", "stream ignored", "stream gap"}
    assert wanted <= told.keys()
    assert told["killed"] >= 4


def test_a_world_from_the_same_seed_is_the_same() -> None:
    first, second = Corridor(5), Corridor(5)
    first.run(40)
    second.run(40)
    assert first.told == second.told
