"""Inclusion and consistency: what a proof shows, and everything a verifier refuses."""

from collections.abc import Sequence

import pytest

from rahdari.wire.errors import MalformedInput
from rahdari.wire.tlog import (
    SIZE_MAX,
    ProofRefused,
    TreeHead,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_growth,
    verify_inclusion,
)
from tests.unit.wire.tlog_world import entries, grown, reader

GROWN = grown(65)
READ = reader(GROWN)
LEAVES = [leaf_hash(entry) for entry in entries(65)]


def head(size: int) -> TreeHead:
    return TreeHead(size, root_of(LEAVES[:size]))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 63, 64, 65])
def test_every_leaf_is_shown_to_be_in_the_tree(size: int) -> None:
    for index in range(size):
        verify_inclusion(LEAVES[index], prove_inclusion(READ, index, size=size), index=index, head=head(size))


def test_every_tree_is_shown_to_have_grown_from_every_smaller_one() -> None:
    heads = [head(size) for size in range(66)]
    for size in range(1, 66):
        for old in range(1, size + 1):
            verify_growth(prove_consistency(READ, old, size=size), old=heads[old], new=heads[size])


def test_a_proof_reads_only_complete_nodes() -> None:
    asked: list[tuple[int, int]] = []

    def read(level: int, index: int) -> bytes:
        asked.append((level, index))
        return READ(level, index)

    for size in (5, 37, 64, 65):
        for index in range(size):
            prove_inclusion(read, index, size=size)
            prove_consistency(read, index + 1, size=size)
        assert all((index + 1) << level <= size for level, index in asked)
        asked.clear()


def test_the_one_leaf_of_a_tree_needs_no_hashes() -> None:
    assert prove_inclusion(READ, 0, size=1) == ()
    verify_inclusion(LEAVES[0], (), index=0, head=head(1))


def test_a_tree_needs_no_hashes_to_be_consistent_with_itself() -> None:
    assert prove_consistency(READ, 9, size=9) == ()
    verify_growth((), old=head(9), new=head(9))


INDEX, SIZE = 21, 37
PROOF = prove_inclusion(READ, INDEX, size=SIZE)


@pytest.mark.parametrize(
    "proof",
    [PROOF[:-1], PROOF[1:], (*PROOF, bytes(32)), (bytes(32), *PROOF), (*PROOF, head(SIZE).root), ()],
    ids=["cut", "without the sibling", "one more", "one before", "with the root", "none"],
)
def test_a_proof_of_another_length_is_refused(proof: Sequence[bytes]) -> None:
    with pytest.raises(ProofRefused, match="has exactly"):
        verify_inclusion(LEAVES[INDEX], proof, index=INDEX, head=head(SIZE))


@pytest.mark.parametrize("index", [i for i in range(SIZE) if i != INDEX])
def test_a_proof_is_for_one_index_only(index: int) -> None:
    with pytest.raises(ProofRefused):
        verify_inclusion(LEAVES[INDEX], PROOF, index=index, head=head(SIZE))


def test_another_leaf_order_or_root_is_refused() -> None:
    swapped = (PROOF[1], PROOF[0], *PROOF[2:])
    for leaf, proof, root in (
        (LEAVES[INDEX + 1], PROOF, head(SIZE).root),
        (LEAVES[INDEX], swapped, head(SIZE).root),
        (LEAVES[INDEX], PROOF, head(SIZE + 1).root),
    ):
        with pytest.raises(ProofRefused, match="does not lead"):
            verify_inclusion(leaf, proof, index=INDEX, head=TreeHead(SIZE, root))


@pytest.mark.parametrize(
    ("index", "size"), [(0, 0), (1, 1), (-1, 5), (5, 5), (2**63, 2**63 + 1), (0, 2**63), (-1, 0)]
)
def test_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(ProofRefused, match="no leaf"):
        verify_inclusion(LEAVES[0], (), index=index, head=TreeHead(size, LEAVES[0]))
    with pytest.raises(MalformedInput, match="no leaf"):
        prove_inclusion(READ, index, size=size)


@pytest.mark.parametrize("hash_", [b"", bytes(31), bytes(33)])
def test_a_hash_of_another_length_is_malformed(hash_: bytes) -> None:
    with pytest.raises(MalformedInput, match="32 bytes"):
        verify_inclusion(LEAVES[INDEX], (*PROOF[:-1], hash_), index=INDEX, head=head(SIZE))
    with pytest.raises(MalformedInput, match="32 bytes"):
        verify_inclusion(hash_, PROOF, index=INDEX, head=head(SIZE))
    with pytest.raises(MalformedInput, match="32 bytes"):
        verify_growth((hash_,), old=head(2), new=head(3))


@pytest.mark.parametrize(("old", "new"), [(6, 7), (8, 9), (5, 64), (64, 65), (21, 37), (32, 37)])
def test_a_consistency_proof_of_another_length_is_refused(old: int, new: int) -> None:
    proof = prove_consistency(READ, old, size=new)
    assert proof
    for wrong in (proof[:-1], proof[1:], (*proof, bytes(32)), (proof[0], *proof), ()):
        with pytest.raises(ProofRefused, match="has exactly"):
            verify_growth(wrong, old=head(old), new=head(new))


@pytest.mark.parametrize(("old", "new"), [(6, 7), (8, 9), (5, 64), (64, 65), (21, 37), (9, 9)])
def test_another_old_or_new_root_is_refused(old: int, new: int) -> None:
    proof = prove_consistency(READ, old, size=new)
    other = TreeHead(old, bytes(32)), TreeHead(new, bytes(32))
    for before, after in ((other[0], head(new)), (head(old), other[1]), other):
        if before == after:
            continue
        with pytest.raises(ProofRefused, match="does not lead"):
            verify_growth(proof, old=before, new=after)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (2, 1), (-1, 3), (1, 2**63)])
def test_sizes_that_nothing_can_be_proved_of_are_refused(old: int, new: int) -> None:
    with pytest.raises(ProofRefused, match="cannot be shown"):
        verify_growth((), old=TreeHead(old, LEAVES[0]), new=TreeHead(new, LEAVES[0]))
    with pytest.raises(MalformedInput, match="no consistency"):
        prove_consistency(READ, old, size=new)


def test_a_proof_in_the_largest_tree_has_63_hashes() -> None:
    leaf = bytes(32)
    asked: set[tuple[int, int]] = set()

    def read(level: int, index: int) -> bytes:
        asked.add((level, index))
        return leaf

    assert len(prove_inclusion(read, 0, size=SIZE_MAX)) == 63
    assert len(asked) <= 126
    with pytest.raises(ProofRefused, match="does not lead"):
        verify_inclusion(leaf, (leaf,) * 63, index=0, head=TreeHead(SIZE_MAX, leaf))
