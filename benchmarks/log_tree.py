"""Claim: a log hashes at least 200,000 entries a CPU second into its tree, in batches of 256.

Entries have 322 bytes, as the record of an exchange has. Hashed are the leaves and every node that becomes
complete; the root is computed after each batch. CPU time of one core, median of the rounds.

Beside it: the same number of bare SHA-256 over the same bytes, the least that can be done, as the limit.
"""

import random
import statistics
from hashlib import sha256

from benchmarks.rounds import cpu_seconds
from rahdari.wire.tlog import Frontier, leaf_hash

ENTRIES, ENTRY_BYTES, BATCH, ROUNDS = 51_200, 322, 256, 9
TARGET_PER_SECOND = 200_000
SEED = 6962


def grow(entries: list[bytes]) -> bytes:
    """Append all entries in batches, with a root after each."""
    frontier, root = Frontier(), b""
    for at in range(0, len(entries), BATCH):
        frontier = frontier.append([leaf_hash(entry) for entry in entries[at : at + BATCH]]).frontier
        root = frontier.root
    return root


def hash_alone(entries: list[bytes]) -> None:
    """Hash each entry, and 65 bytes for each node, without building anything."""
    node = bytes(65)
    for entry in entries:
        sha256(entry).digest()
        sha256(node).digest()


def main() -> None:
    """Print one row for the claim and one for the limit."""
    chance = random.Random(SEED)
    entries = [chance.randbytes(ENTRY_BYTES) for _ in range(ENTRIES)]
    ours = statistics.median(cpu_seconds(lambda: grow(entries), 1) for _ in range(ROUNDS))
    bare = statistics.median(cpu_seconds(lambda: hash_alone(entries), 1) for _ in range(ROUNDS))
    rate = ENTRIES / ours
    verdict = "ok" if rate >= TARGET_PER_SECOND else "short"
    print(f"log_entries_appended_per_second {rate:.0f} {TARGET_PER_SECOND} {verdict}")
    print(f"# bare SHA-256 {ENTRIES / bare:.0f}/s, {ours / bare:.1f} times our own")


if __name__ == "__main__":
    main()
