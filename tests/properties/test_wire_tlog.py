"""For every tree: proofs hold and nothing near them does; a log grown in batches is the log built at once."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.tlog import (
    EMPTY_ROOT,
    SIZE_MAX,
    TILE_WIDTH,
    Bundle,
    Checkpoint,
    Frontier,
    Growth,
    LogProof,
    Note,
    NoteSignature,
    Policy,
    PolicyNotMet,
    ProofRefused,
    Tile,
    TreeHead,
    join_entries,
    join_hashes,
    leaf_hash,
    new_tiles,
    prove_consistency,
    prove_inclusion,
    read_checkpoint,
    read_note,
    read_path,
    read_proof,
    reader_of_tiles,
    root_of,
    split_entries,
    verify_growth,
    verify_inclusion,
    verify_proof,
)
from tests.unit.wire.tlog_world import COURT, LOG_ML_DSA, ORIGIN, REGULATOR, entries, proof_of, reader

LARGEST = 300
LEAVES = [leaf_hash(entry) for entry in entries(LARGEST)]
READ = reader(Frontier().append(LEAVES))
HEADS = [TreeHead(size, root_of(LEAVES[:size])) for size in range(LARGEST + 1)]

sizes = st.integers(1, LARGEST)
names = st.text(st.characters(codec="utf-8", exclude_characters="+ "), min_size=1, max_size=20).filter(
    lambda name: not any(one.isspace() or one < " " for one in name)
)
lines = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n"), max_size=60).map(
    "{}\n".format
)
notes = st.builds(Note, texts, st.lists(lines, min_size=1, max_size=4).map(tuple))


def flipped(proof: tuple[bytes, ...], bit: int) -> tuple[bytes, ...]:
    at, within = divmod(bit, 256)
    altered = bytearray(proof[at])
    altered[within // 8] ^= 1 << within % 8
    return (*proof[:at], bytes(altered), *proof[at + 1 :])


def is_refused(leaf: bytes, proof: tuple[bytes, ...], index: int, head: TreeHead) -> bool:
    try:
        verify_inclusion(leaf, proof, index=index, head=head)
    except ProofRefused:
        return True
    return False


@settings(max_examples=20)
@given(sizes, st.data())
def test_every_index_of_a_tree_is_proved_and_no_flipped_bit_is(size: int, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, 256 * 9 - 1))
    for index in range(size):
        proof = prove_inclusion(READ, index, size=size)
        verify_inclusion(LEAVES[index], proof, index=index, head=HEADS[size])
        if proof:
            assert is_refused(LEAVES[index], flipped(proof, bit % (256 * len(proof))), index, HEADS[size])
        damaged = flipped((LEAVES[index],), bit % 256)[0]
        assert is_refused(damaged, proof, index, HEADS[size])
        root = flipped((HEADS[size].root,), bit % 256)[0]
        assert is_refused(LEAVES[index], proof, index, TreeHead(size, root))


@settings(max_examples=10)
@given(st.integers(2, 40), st.data())
def test_every_bit_of_a_proof_matters(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = prove_inclusion(READ, index, size=size)
    for bit in range(256 * len(proof)):
        assert is_refused(LEAVES[index], flipped(proof, bit), index, HEADS[size])


@given(sizes, sizes, st.data())
def test_a_proof_is_for_its_own_index_and_size(size: int, other_size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, other_size - 1))
    proof = prove_inclusion(READ, index, size=size)
    if (index, size) != (other, other_size):
        assert is_refused(LEAVES[index], proof, other, HEADS[other_size])


@settings(max_examples=20)
@given(sizes, st.integers(0, 256 * 10 - 1))
def test_a_tree_is_consistent_with_every_older_one_and_no_flipped_bit_is(size: int, bit: int) -> None:
    for old in range(1, size + 1):
        proof = prove_consistency(READ, old, size=size)
        verify_growth(proof, old=HEADS[old], new=HEADS[size])
        for damaged in damaged_growths(proof, HEADS[old], HEADS[size], bit):
            assert not has_grown(*damaged)


def damaged_growths(
    proof: tuple[bytes, ...], old: TreeHead, new: TreeHead, bit: int
) -> Iterator[tuple[tuple[bytes, ...], TreeHead, TreeHead]]:
    if proof:
        yield flipped(proof, bit % (256 * len(proof))), old, new
    yield proof, TreeHead(old.size, flipped((old.root,), bit % 256)[0]), new
    yield proof, old, TreeHead(new.size, flipped((new.root,), bit % 256)[0])


def has_grown(proof: tuple[bytes, ...], old: TreeHead, new: TreeHead) -> bool:
    try:
        verify_growth(proof, old=old, new=new)
    except ProofRefused:
        return False
    return True


@settings(max_examples=40)
@given(st.lists(st.integers(0, 90), max_size=6))
def test_a_frontier_grown_in_batches_is_the_tree_built_at_once(batches: list[int]) -> None:
    frontier = Frontier()
    for count in batches:
        frontier = frontier.append(LEAVES[frontier.size : frontier.size + count]).frontier
        assert frontier.root == root_of(LEAVES[: frontier.size])
        assert Frontier.from_bytes(frontier.to_bytes()) == frontier


@given(st.binary(max_size=200))
def test_bytes_are_a_frontier_or_malformed(raw: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(raw)
    except MalformedInput:
        return
    assert frontier.to_bytes() == raw


@given(st.integers(0, 63), st.integers(0, SIZE_MAX >> 8), st.integers(1, TILE_WIDTH))
def test_a_tile_has_one_path(level: int, index: int, width: int) -> None:
    for tile in (Tile(level, index, width), Bundle(index, width)):
        assert read_path(tile.path) == tile


@settings(max_examples=60)
@given(st.from_regex(r"tile/(entries|[0-9]{1,3})/(x[0-9]{3}/){0,3}[0-9]{3}(\.p/[0-9]{1,3})?", fullmatch=True))
def test_a_path_that_is_read_is_the_path_of_its_tile(path: str) -> None:
    try:
        tile = read_path(path)
    except MalformedInput:
        return
    assert tile.path == path


@given(st.lists(st.binary(max_size=40), max_size=20), st.binary(min_size=1, max_size=3))
def test_a_bundle_gives_back_its_entries_and_nothing_more_or_less(listed: list[bytes], more: bytes) -> None:
    raw = join_entries(listed)
    assert split_entries(raw, len(listed)) == listed
    for damaged, width in ((raw + more, len(listed)), (raw[:-1], len(listed)), (raw, len(listed) + 1)):
        if damaged != raw or width > len(listed):
            try:
                split_entries(damaged, width)
            except MalformedInput:
                continue
            raise AssertionError("a damaged bundle was read")


@settings(max_examples=40)
@given(notes)
def test_a_note_is_written_and_read(note: Note) -> None:
    assert read_note(note.encode()) == note


@settings(max_examples=40)
@given(names, st.integers(1, SIZE_MAX), st.binary(min_size=32, max_size=32), st.lists(names, max_size=4))
def test_a_checkpoint_is_written_and_read(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    checkpoint = Checkpoint(origin, TreeHead(size, root), tuple(extensions))
    assert read_checkpoint(checkpoint.text) == checkpoint


PROOF = proof_of(21, 37, LOG_ML_DSA, COURT, REGULATOR, extra=b"context")
RAW = PROOF.encode()
POLICY = Policy(ORIGIN, (LOG_ML_DSA.key,), (COURT.key, REGULATOR.key), 2, is_post_quantum=True)
# The extra is not authenticated: it is the one part that may be altered.
SIGNED_FROM = RAW.index(b"index ")


@settings(max_examples=200)
@given(st.integers(SIGNED_FROM * 8, len(RAW) * 8 - 1))
def test_no_flipped_bit_of_a_carried_proof_is_accepted(bit: int) -> None:
    damaged = bytearray(RAW)
    damaged[bit // 8] ^= 1 << bit % 8
    try:
        verify_proof(b"entry 21", read_proof(bytes(damaged)), POLICY)
    except (MalformedInput, BadSignature, ProofRefused, PolicyNotMet):
        return
    raise AssertionError(f"bit {bit} does not matter")


@settings(max_examples=30)
@given(st.integers(0, 36), notes, st.binary(max_size=30))
def test_a_proof_that_is_read_is_written_alike(index: int, note: Note, extra: bytes) -> None:
    proof = LogProof(index, PROOF.hashes, Note(PROOF.note.text, note.signatures), extra)
    assert read_proof(proof.encode()) == proof


class GrowingLog(RuleBasedStateMachine):
    """A log that appends in random batches, keeps tiles, and forgets all but its state between them."""

    def __init__(self) -> None:
        super().__init__()
        self.state = Frontier().to_bytes()
        self.size = 0
        self.rows: dict[int, list[bytes]] = {}
        self.files: dict[str, bytes] = {}
        self.heads = {0: EMPTY_ROOT}

    @rule(count=st.integers(0, 300) | st.sampled_from([1, 255, 256, 257]))
    def append(self, count: int) -> None:
        batch = [leaf_hash(b"%d" % number) for number in range(self.size, self.size + count)]
        growth = Frontier.from_bytes(self.state).append(batch)
        self._keep(growth)
        self.state, self.size = growth.frontier.to_bytes(), growth.frontier.size
        self.heads[self.size] = growth.frontier.root

    def _keep(self, growth: Growth) -> None:
        for level, row in enumerate(growth.levels):
            self.rows.setdefault(level, []).extend(row)
        for tile in new_tiles(self.size, growth.frontier.size):
            start = tile.index * TILE_WIDTH
            self.files[tile.path] = join_hashes(self.rows[8 * tile.level][start : start + tile.width])

    @rule(data=st.data())
    def prove(self, data: st.DataObject) -> None:
        size = data.draw(st.sampled_from(sorted(self.heads)))
        if not size:
            return
        read = reader_of_tiles(lambda tile: self.files[tile.path], size=size)
        head = TreeHead(size, self.heads[size])
        index = data.draw(st.integers(0, size - 1))
        verify_inclusion(
            leaf_hash(b"%d" % index), prove_inclusion(read, index, size=size), index=index, head=head
        )
        old = data.draw(st.sampled_from([one for one in self.heads if 0 < one <= size]))
        verify_growth(prove_consistency(read, old, size=size), old=TreeHead(old, self.heads[old]), new=head)

    @invariant()
    def the_root_is_that_of_the_whole_log_from_scratch(self) -> None:
        assert self.heads[self.size] == root_of([leaf_hash(b"%d" % number) for number in range(self.size)])


TestGrowingLog = GrowingLog.TestCase
TestGrowingLog.settings = settings(max_examples=12, stateful_step_count=8, deadline=None)
