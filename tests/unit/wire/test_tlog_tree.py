"""The tree of a log: hashes, roots, and a frontier that grows and is restored."""

from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tlog import EMPTY_ROOT, SIZE_MAX, Frontier, leaf_hash, node_hash, root_of
from tests.unit.wire.tlog_world import entries

LEAVES = [leaf_hash(entry) for entry in entries(300)]


def root_as_the_rfc_writes_it(leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word: split at the largest power of two below n."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256().digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = root_as_the_rfc_writes_it(leaves[:split]), root_as_the_rfc_writes_it(leaves[split:])
    return sha256(b"\x01" + left + right).digest()


def test_leaves_and_nodes_are_hashed_with_different_prefixes() -> None:
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root == root_of([]) == EMPTY_ROOT == sha256().digest()


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33, 127, 128, 129, 255, 256, 257, 300])
def test_a_root_is_the_one_that_the_rfc_defines(size: int) -> None:
    assert root_of(LEAVES[:size]) == root_as_the_rfc_writes_it(LEAVES[:size])


def test_leaves_taken_one_by_one_give_the_root_of_the_batch() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES, 1):
        frontier = frontier.append([leaf]).frontier
        assert frontier.size == size
        assert frontier.root == root_of(LEAVES[:size])


def test_an_append_names_every_node_that_became_complete_and_no_other() -> None:
    whole = Frontier().append(LEAVES).levels
    cuts = (0, 1, 5, 8, 130, 131, 256, 300)
    frontier = Frontier()
    for old, new in pairwise(cuts):
        growth = frontier.append(LEAVES[old:new])
        for level, row in enumerate(growth.levels):
            assert row == whole[level][old >> level : new >> level]
        assert all(old >> level == new >> level for level in range(len(growth.levels), 10))
        frontier = growth.frontier


def test_appending_nothing_changes_nothing() -> None:
    frontier = Frontier().append(LEAVES[:7]).frontier
    growth = frontier.append([])
    assert growth.frontier == frontier
    assert growth.levels == ()


def test_the_state_has_one_hash_for_each_bit_of_the_size() -> None:
    frontier = Frontier().append(LEAVES[:299]).frontier
    assert len(frontier.peaks) == (299).bit_count()
    assert len(frontier.to_bytes()) == 8 + 32 * (299).bit_count()
    assert frontier.head.size == 299
    assert frontier.head.root == frontier.root


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 300])
def test_a_frontier_is_restored_from_its_bytes_and_grows_on(size: int) -> None:
    frontier = Frontier().append(LEAVES[:size]).frontier
    restored = Frontier.from_bytes(frontier.to_bytes())
    assert restored == frontier
    assert restored.append(LEAVES[size:]).frontier.root == root_of(LEAVES)


@pytest.mark.parametrize(
    "damage", [lambda raw: raw[:-1], lambda raw: raw + b"\0", lambda raw: raw[:0], lambda raw: raw[:7]]
)
def test_bytes_of_another_length_are_no_frontier(damage: Callable[[bytes], bytes]) -> None:
    raw = Frontier().append(LEAVES[:5]).frontier.to_bytes()
    with pytest.raises(MalformedInput, match="frontier"):
        Frontier.from_bytes(damage(raw))


def test_a_size_beyond_63_bits_is_no_frontier() -> None:
    with pytest.raises(MalformedInput):
        Frontier.from_bytes((1 << 63).to_bytes(8, "big") + bytes(32))


def test_a_full_log_takes_no_more_leaves() -> None:
    full = Frontier(SIZE_MAX, (bytes(32),) * 63)
    with pytest.raises(TooLarge, match="at most"):
        full.append([bytes(32)])


def test_a_frontier_whose_peaks_do_not_fit_its_size_cannot_be_made() -> None:
    with pytest.raises(AssertionError, match="peaks"):
        Frontier(3, (bytes(32),))
