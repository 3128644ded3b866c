"""The journal: whatever is written is read, whatever is cut off leaves what stood before, junk is nothing."""

from hypothesis import given
from hypothesis import strategies as st

from rahdari.app.exchange.log.edge import Edge
from rahdari.app.exchange.log.journal import (
    START,
    Batch,
    SegmentHead,
    encode_batch,
    read_batches,
    read_segment_head,
)
from rahdari.exchange.errors import LogDamaged
from rahdari.wire.tlog import leaf_hash, root_of

RECORDS = st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), min_size=1, max_size=5)
BATCHES = st.lists(RECORDS, max_size=5)


def written(parts: list[list[tuple[bytes, bytes]]], first: int) -> tuple[bytes, list[Batch], list[int]]:
    """A segment of these batches, the batches, and where each ends."""
    head = SegmentHead(first, START)
    raw, digest, batches, ends = head.encode(), START, list[Batch](), list[int]()
    for at, part in enumerate(parts):
        batch = Batch(first, 1000 + at, [one for one, _ in part], [one for _, one in part])
        encoded, digest = encode_batch(batch, digest)
        raw += encoded
        batches.append(Batch(batch.first, batch.at, batch.records, batch.particulars, digest))
        ends.append(len(raw))
        first = batch.end
    return raw, batches, ends


def read(raw: bytes) -> list[Batch]:
    head = read_segment_head(raw)
    assert head is not None
    return [one.batch for one in read_batches(raw, head, name="segment")]


@given(BATCHES, st.integers(0, 1 << 62))
def test_what_is_written_is_read(parts: list[list[tuple[bytes, bytes]]], first: int) -> None:
    raw, batches, ends = written(parts, first)
    head = read_segment_head(raw)
    assert head == SegmentHead(first, START)
    found = list(read_batches(raw, head, name="segment"))
    assert [one.batch for one in found] == batches
    assert [one.end_offset for one in found] == ends


@given(BATCHES, st.data())
def test_a_cut_leaves_the_whole_batches_in_front_of_it(
    parts: list[list[tuple[bytes, bytes]]], data: st.DataObject
) -> None:
    raw, batches, ends = written(parts, 7)
    cut = data.draw(st.integers(40, len(raw)))
    assert read(raw[:cut]) == [one for one, end in zip(batches, ends, strict=True) if end <= cut]


@given(BATCHES.filter(lambda parts: len(parts) > 1), st.data())
def test_a_flipped_bit_in_front_of_another_batch_is_damage(
    parts: list[list[tuple[bytes, bytes]]], data: st.DataObject
) -> None:
    raw, _, ends = written(parts, 7)
    at = data.draw(st.integers(40, ends[-2] - 1))
    altered = raw[:at] + bytes([raw[at] ^ (1 << data.draw(st.integers(0, 7)))]) + raw[at + 1 :]
    try:
        read(altered)
    except LogDamaged:
        return
    raise AssertionError("the altered batch was read over")


@given(st.binary(max_size=300))
def test_junk_is_no_segment_and_junk_behind_a_head_is_no_batch(junk: bytes) -> None:
    assert read_segment_head(junk) is None
    assert read(SegmentHead(3, START).encode() + junk) == []


@given(st.lists(st.integers(0, 600), min_size=1, max_size=5))
def test_an_edge_grows_in_any_steps_as_in_one(steps: list[int]) -> None:
    entries = [b"entry %d" % number for number in range(sum(steps))]
    edge, files = Edge(), dict[str, bytes]()
    for step in steps:
        grown = edge.grow(entries[edge.size : edge.size + step])
        edge = grown.edge
        files |= grown.files
    assert edge.head.root == root_of([leaf_hash(entry) for entry in entries])
    at_once = Edge().grow(entries)
    assert at_once.edge == edge
    assert at_once.files.items() <= files.items()
