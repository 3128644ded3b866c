"""PyPI pymerkle grows the trees that we grow, and proves in them what we prove.

It runs in the second environment (``make peers``), as a process of its own. Its consistency proofs have another
form than those of RFC 6962; that it connects the very roots that ours connect is what can be compared.
"""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.peer_room import ABSENT, PYTHON, REPOSITORY
from rahdari.wire.tlog import (
    Frontier,
    TreeHead,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_growth,
)

SCRIPT = REPOSITORY / "benchmarks" / "peers" / "merkle_peer.py"
SIZES = [1, 2, 3, 7, 8, 9, 255, 256, 257, 1000, 1003]
INDEXES = [0, 1, 2, 6, 7, 8, 254, 255, 256, 511, 512, 999, 1002]
ENTRIES = [f"exchange {number}".encode() for number in range(1003)]
GROWN = Frontier().append([leaf_hash(entry) for entry in ENTRIES])


def read(level: int, index: int) -> bytes:
    return GROWN.levels[level][index]


def ask(python: Path) -> dict[str, object]:
    request = {"entries": [entry.hex() for entry in ENTRIES], "sizes": SIZES, "indexes": INDEXES}
    done = subprocess.run(  # noqa: S603 - our own script
        [str(python), str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, check=False
    )
    if "No module named 'pymerkle'" in done.stderr:
        pytest.skip(ABSENT)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert isinstance(answer, dict)
    return answer


@pytest.fixture(scope="module")
def answer() -> dict[str, object]:
    if not PYTHON.exists():
        pytest.skip(ABSENT)
    return ask(PYTHON)


def test_pymerkle_gives_our_roots(answer: dict[str, object]) -> None:
    leaves = GROWN.levels[0]
    assert answer["roots"] == {str(size): root_of(leaves[:size]).hex() for size in SIZES}


def test_pymerkle_gives_our_inclusion_proofs(answer: dict[str, object]) -> None:
    assert answer["inclusion"] == {
        str(size): {
            str(index): [one.hex() for one in prove_inclusion(read, index, size=size)]
            for index in INDEXES
            if index < size
        }
        for size in SIZES
    }


def test_pymerkle_connects_the_trees_that_we_connect(answer: dict[str, object]) -> None:
    heads = {size: TreeHead(size, root_of(GROWN.levels[0][:size])) for size in SIZES}
    pairs = [[old, new] for new in SIZES for old in SIZES if old <= new]
    assert answer["consistent"] == pairs
    for old, new in pairs:
        verify_growth(prove_consistency(read, old, size=new), old=heads[old], new=heads[new])
