"""The packed statuses and the reference to one of them."""

import zlib

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.status_list import LIST_BYTES_MAX, StatusArray, StatusReference, StatusType
from rahdari.wire.status_list.reference import INDEX_MAX, URI_CHARS_MAX

URI = "https://status.example/1"


def test_the_bits_of_a_byte_are_counted_from_the_lowest() -> None:
    # Token Status List, 4.1: the two examples of the text, 0xB9A3 with 1 bit and 0xC944F9 with 2 bits.
    ones = StatusArray(1, b"\xb9\xa3")
    assert [ones.get(at) for at in range(16)] == [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    twos = StatusArray(2, b"\xc9\x44\xf9")
    assert [twos.get(at) for at in range(12)] == [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    fours = StatusArray(4, b"\x21\x43")
    assert [fours.get(at) for at in range(4)] == [1, 2, 3, 4]
    eights = StatusArray(8, b"\x00\xff")
    assert [eights.get(at) for at in range(2)] == [0, 255]


@pytest.mark.parametrize(("bits", "size"), [(1, 24), (2, 12), (4, 6), (8, 3)])
def test_an_index_outside_the_list_is_refused(bits: int, size: int) -> None:
    statuses = StatusArray(bits, b"\xff\xff\xff")
    assert statuses.size == size
    assert statuses.get(size - 1) == (1 << bits) - 1
    for index in (size, size + 1, -1, -size, 1 << 70):
        with pytest.raises(MalformedInput, match="outside"):
            statuses.get(index)
        with pytest.raises(MalformedInput):
            statuses.with_changes({index: 0})


@pytest.mark.parametrize("bits", [-1, 0, 3, 5, 16])
def test_no_other_width_of_an_entry_exists(bits: int) -> None:
    with pytest.raises(MalformedInput):
        StatusArray(bits, b"\0")
    with pytest.raises(MalformedInput):
        StatusArray.of_size(8, bits=bits)
    with pytest.raises(MalformedInput):
        StatusArray.inflate(bits, zlib.compress(b"\0"))


def test_a_change_touches_its_entry_and_gives_a_new_array() -> None:
    before = StatusArray.of_size(1000, [(5, StatusType.SUSPENDED), (6, 3)])
    after = before.with_changes({5: StatusType.VALID, 999: StatusType.INVALID})
    assert [index for index in range(1000) if before.get(index)] == [5, 6]
    assert {index: after.get(index) for index in range(1000) if after.get(index)} == {6: 3, 999: 1}


@pytest.mark.parametrize(("bits", "status"), [(1, 2), (2, 4), (4, 16), (8, 256), (2, -1)])
def test_a_status_that_does_not_fit_is_refused(bits: int, status: int) -> None:
    with pytest.raises(MalformedInput):
        StatusArray.of_size(8, [(0, status)], bits=bits)


def test_a_size_is_rounded_up_to_whole_bytes() -> None:
    assert StatusArray.of_size(1).size == 4
    assert StatusArray.of_size(5).size == 8
    assert StatusArray.of_size(9, bits=1).size == 16


@pytest.mark.parametrize("size", [0, -1, LIST_BYTES_MAX * 4 + 1])
def test_an_array_of_no_entries_or_of_too_many_is_refused(size: int) -> None:
    with pytest.raises(MalformedInput):
        StatusArray.of_size(size)


def test_an_index_given_twice_is_refused() -> None:
    with pytest.raises(MalformedInput, match="twice"):
        StatusArray.of_size(8, [(1, 2), (1, 0)])


def test_more_bytes_than_the_limit_are_refused() -> None:
    assert StatusArray(1, bytes(LIST_BYTES_MAX)).size == 1 << 23
    with pytest.raises(TooLarge):
        StatusArray(1, bytes(LIST_BYTES_MAX + 1))


def test_an_inflation_bomb_is_refused_at_the_limit() -> None:
    with pytest.raises(TooLarge, match="inflates beyond"):
        StatusArray.inflate(1, zlib.compress(bytes(LIST_BYTES_MAX + 1), 9))
    with pytest.raises(TooLarge, match="inflates beyond"):
        StatusArray.inflate(1, zlib.compress(bytes(64 * LIST_BYTES_MAX), 9))
    assert StatusArray.inflate(8, zlib.compress(bytes(LIST_BYTES_MAX), 9)).size == LIST_BYTES_MAX


@pytest.mark.parametrize(
    "compressed",
    [
        b"", b"\x78", b"junk", zlib.compress(b""), zlib.compress(b"abc")[:-1], zlib.compress(b"abc") + b"\0",
        zlib.compress(b"abc")[2:-4], b"\x1f\x8b" + zlib.compress(b"abc"),
    ],
)  # fmt: skip
def test_what_is_not_one_complete_zlib_stream_is_refused(compressed: bytes) -> None:
    with pytest.raises(MalformedInput):
        StatusArray.inflate(1, compressed)


def test_the_highest_compression_is_written() -> None:
    statuses = StatusArray.of_size(1 << 16, ((index, 1) for index in range(0, 1 << 16, 37)))
    assert statuses.deflate() == zlib.compress(statuses.packed, 9)
    assert StatusArray.inflate(2, statuses.deflate()) == statuses


# --- references ---


def test_a_reference_has_the_same_form_in_cbor_and_json() -> None:
    reference = StatusReference(URI, 412)
    assert reference.as_cbor() == {"status_list": {"idx": 412, "uri": URI}} == reference.as_json()
    assert StatusReference.from_cbor(reference.as_cbor()) == reference
    assert StatusReference.from_json(reference.as_json()) == reference


def test_other_members_of_a_status_claim_are_ignored() -> None:
    claim = {"status_list": {"idx": 0, "uri": URI, "more": 1}, "identifier_list": {}}
    assert StatusReference.from_json(claim) == StatusReference(URI, 0)


@pytest.mark.parametrize(
    "claim",
    [
        None, 5, [], {}, {"status_list": None}, {"status_list": []}, {"status_list": {"idx": 1}},
        {"status_list": {"uri": URI}}, {"status_list": {"idx": "1", "uri": URI}},
        {"status_list": {"idx": True, "uri": URI}}, {"status_list": {"idx": 1.0, "uri": URI}},
        {"status_list": {"idx": -1, "uri": URI}}, {"status_list": {"idx": INDEX_MAX + 1, "uri": URI}},
        {"status_list": {"idx": 1, "uri": b"x:y"}}, {"status_list": {"idx": 1, "uri": ""}},
        {"status_list": {"idx": 1, "uri": "no-scheme"}}, {"status_list": {"idx": 1, "uri": URI + " "}},
        {"status_list": {"idx": 1, "uri": URI + "\n"}}, {"status_list": {"idx": 1, "uri": URI + "é"}},
        {"status_list": {"idx": 1, "uri": "x:" + "y" * URI_CHARS_MAX}},
    ],
)  # fmt: skip
def test_a_claim_that_points_nowhere_is_refused(claim: object) -> None:
    with pytest.raises(MalformedInput):
        StatusReference.from_cbor(claim)
