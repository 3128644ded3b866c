"""The peers' side for trees of logs: roots and proofs as PyPI pymerkle makes them, in its own environment.

Reads one JSON object from its input: ``{"entries", "sizes", "indexes"}`` (entries in hex). Answers with one:
``{"roots", "inclusion", "consistent"}``: the root of each size; for each size and index below it the path in hex,
the leaf's sibling first; and the pairs of sizes that pymerkle's own verifier connects. Imports nothing of the
project.
"""

import json
import sys

from pymerkle import InmemoryTree, verify_consistency


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    tree = InmemoryTree(algorithm="sha256")
    for entry in request["entries"]:
        tree.append_entry(bytes.fromhex(entry))
    sizes = request["sizes"]
    answer = {
        "roots": {size: tree.get_root(size).hex() for size in sizes},
        # pymerkle counts leaves from 1, and its path begins with the leaf itself.
        "inclusion": {
            size: {
                index: [one.hex() for one in tree.prove_inclusion(index + 1, size).path[1:]]
                for index in request["indexes"]
                if index < size
            }
            for size in sizes
        },
        "consistent": [
            [old, new] for new in sizes for old in sizes if 0 < old <= new and is_connected(tree, old, new)
        ],
    }
    json.dump(answer, sys.stdout)


def is_connected(tree: InmemoryTree, old: int, new: int) -> bool:
    """Let pymerkle verify a proof of its own; its proofs are not those of RFC 6962, but say the same."""
    verify_consistency(tree.get_root(old), tree.get_root(new), tree.prove_consistency(old, new))
    return True


if __name__ == "__main__":
    main()
