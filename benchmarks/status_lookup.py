"""Claim: offline, the status of one of 240 million passes is found in at most a microsecond.

Builds 229 status lists of 2^20 entries of 2 bits (60 MB), 1 % of them not valid, from a seed; then looks up
random (address, index) pairs the way a verifier does. CPU time of one core, median of 11 rounds.

Beside it: the same lookup written out on the raw bytes, the least that Python can do, as the limit.
"""

import random
import statistics
import time
from collections.abc import Callable

from rahdari.wire.keys import Algorithm
from rahdari.wire.status_list import StatusArray, StatusList, StatusListToken, StatusType

LISTS, ENTRIES = 229, 1 << 20
NOT_VALID = 0.01
LOOKUPS, ROUNDS = 100_000, 11
TARGET_US = 1.0
RATIO_MAX = 3.0
SEED = 240


def build(chance: random.Random) -> dict[str, StatusListToken]:
    """Build the whole snapshot: address to list."""
    return {f"https://status.example/{number}": token(number, chance) for number in range(LISTS)}


def token(number: int, chance: random.Random) -> StatusListToken:
    """Build one list as it stands in memory after its signature was checked."""
    indexes = chance.sample(range(ENTRIES), int(ENTRIES * NOT_VALID))
    kinds = (StatusType.INVALID, StatusType.SUSPENDED)
    statuses = StatusArray.of_size(ENTRIES, ((index, kinds[index & 1]) for index in indexes))
    listed = StatusList(f"https://status.example/{number}", 1_800_000_000, statuses)
    return StatusListToken(listed, Algorithm.ES256, None, b"", b"")


def measure(look_up: Callable[[list[tuple[str, int]]], int], wanted: list[tuple[str, int]]) -> float:
    """Give the median CPU time of one lookup, in microseconds."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.process_time()
        look_up(wanted)
        rounds.append(time.process_time() - began)
    return statistics.median(rounds) / len(wanted) * 1e6


def main() -> None:
    """Print one row for the claim and one for the limit."""
    chance = random.Random(SEED)
    snapshot = build(chance)
    raw = {uri: each.unverified.statuses.packed for uri, each in snapshot.items()}
    uris = list(snapshot)
    wanted = [(chance.choice(uris), chance.randrange(ENTRIES)) for _ in range(LOOKUPS)]

    def ours(references: list[tuple[str, int]]) -> int:
        return sum(1 for uri, index in references if snapshot[uri].status_of(index))

    def bare(references: list[tuple[str, int]]) -> int:
        return sum(1 for uri, index in references if raw[uri][index >> 2] >> ((index & 3) << 1) & 3)

    # What is measured must be right: both ways agree, and about 1 % is not valid.
    assert ours(wanted) == bare(wanted)
    assert 0.005 < ours(wanted) / LOOKUPS < 0.015
    entries = sum(each.unverified.statuses.size for each in snapshot.values())
    figure, limit = measure(ours, wanted), measure(bare, wanted)
    print_row(f"status_lookup_us_of_{entries}", figure, TARGET_US)
    print_row("status_lookup_against_bare_bytes", figure / limit, RATIO_MAX)


def print_row(name: str, figure: float, target: float) -> None:
    """Print ``name figure target ok|short``; here less is better."""
    print(f"{name} {figure:.2f} {target:.2f} {'ok' if figure <= target else 'short'}")


if __name__ == "__main__":
    main()
