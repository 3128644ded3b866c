"""Mutated passes through the Python verifier and the JavaScript one: how often they disagree.

``python -m benchmarks.two_verifiers --count 100000 --seed 2``. The figure is the number of
disagreements; the target is 0.
"""

import argparse
import json
from collections import Counter

from tests.conformance.verifier.sides import NO_NODE, NODE
from tests.fuzz.test_two_verifiers import disagreements

SHOWN_MAX = 10


def main() -> None:
    """Print the mix of verdicts, the first disagreements, and the row that ``make bench`` collects."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=2)
    asked = parser.parse_args()
    if NODE is None:
        print(NO_NODE)
        return
    mix: Counter[str] = Counter()
    found = 0
    for mutant, ours, theirs in disagreements(asked.count, asked.seed, mix):
        found += 1
        if found <= SHOWN_MAX:
            print(json.dumps([mutant.sort, mutant.context, mutant.at, mutant.raw[:4096], ours, theirs]))
    print("; ".join(f"{name}: {count}" for name, count in mix.most_common()))
    print(f"two_verifiers_disagreements_in_{asked.count} {found} 0 {'short' if found else 'ok'}")


if __name__ == "__main__":
    main()
