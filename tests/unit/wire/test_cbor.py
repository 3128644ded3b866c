import struct
from types import MappingProxyType

import cbor2
import pytest

from rahdari.wire import cbor
from rahdari.wire.claim169 import Gender
from rahdari.wire.compression import Compression
from rahdari.wire.errors import MalformedInput, TooLarge


def read(raw: bytes) -> object:
    return cbor.decode(raw, size_bytes_max=1 << 20)


# RFC 8949, appendix A: examples of the standard, those types that our formats use.
EXAMPLES = [
    (0, "00"), (23, "17"), (24, "1818"), (255, "18ff"), (256, "190100"), (1000, "1903e8"),
    (65536, "1a00010000"), (1000000, "1a000f4240"), (1000000000000, "1b000000e8d4a51000"),
    (18446744073709551615, "1bffffffffffffffff"), (-18446744073709551616, "3bffffffffffffffff"),
    (-1, "20"), (-10, "29"), (-100, "3863"), (-1000, "3903e7"),
    (b"", "40"), (b"\x01\x02\x03\x04", "4401020304"),
    ("", "60"), ("IETF", "6449455446"), ("\u6c34", "63e6b0b4"), ([], "80"), ({}, "a0"),
    ([1, [2, 3], [4, 5]], "8301820203820405"), ({1: 2, 3: 4}, "a201020304"),
    ({"a": 1, "b": [2, 3]}, "a26161016162820203"), (True, "f5"), (False, "f4"), (None, "f6"), (1.5, "f93e00"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "raw"), EXAMPLES)
def test_the_examples_of_the_standard_hold_in_both_directions(value: object, raw: str) -> None:
    assert cbor.encode(value).hex() == raw
    assert read(bytes.fromhex(raw)) == value


def test_keys_are_written_in_the_order_of_their_bytes() -> None:
    # RFC 8949, 4.2.1: 10, 100, -1, "z", "aa", [100], [-1], false
    keys = (10, 100, -1, "z", "aa", (100,), (-1,), False)
    raw = cbor.encode(dict.fromkeys(reversed(keys), 0))
    assert raw.hex() == "a80a001864002000617a006261610081186400812000f400"
    assert cbor.encode({300: 0, 5: 0, 256: 1}).hex() == "a305001901000119012c00"


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65535, 65536])
def test_every_length_of_head_is_the_one_that_cbor2_writes(size: int) -> None:
    for value in (bytes(size), "a" * size, [0] * size, size, {1: "b" * size}):
        assert cbor.encode(value) == cbor2.dumps(value)
    assert cbor.encode_bytes_head(size) + bytes(size) == cbor2.dumps(bytes(size))


def test_frozen_values_enums_and_tags_are_written_like_the_plain_ones() -> None:
    plain = {1: [2, "zlib"], 2: cbor2.CBORTag(61, [1])}
    frozen = MappingProxyType({1: (Gender.FEMALE, Compression.ZLIB), 2: cbor2.CBORTag(61, (1,))})
    assert cbor.encode(frozen) == cbor2.dumps(plain)


def test_a_number_beyond_64_bits_is_our_own_fault() -> None:
    with pytest.raises(AssertionError):
        cbor.encode(1 << 64)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "too early"),
        ("a2", "too early"),
        ("a20102", "too early"),
        ("5bffffffffffffffff", "too early"),  # a byte string of 2**64 - 1 bytes
        ("7b7fffffffffffffff", "too early"),
        ("9bffffffffffffffff", "CBOR"),
        ("9b0000ffffffffffff00", "CBOR"),
        ("bbffffffffffffffff", "CBOR"),
        ("0101", "1 bytes follow"),
        ("a10102ff", "1 bytes follow"),
        ("ff", "not valid"),
        ("1c", "not valid"),
        ("f818", "not valid"),
        ("62ffff", "not valid"),  # not UTF-8
        ("a201010102", "same key twice"),
        ("bf01010102ff", "same key twice"),
        ("a201010102".replace("01010102", "616101616102"), "same key twice"),
        ("5f6101ff", "not valid"),
        ("c11a514b67b0", "tag"),  # a date
        ("c249010000000000000000", "tag"),  # a bignum
        ("c48221196ab3", "tag"),  # a decimal fraction
        ("d8236128", "tag"),  # a regular expression
        ("d81c81d81d00", "tag"),  # a value that holds itself
        ("d9010080", "tag"),  # string references
        ("d9010480", "tag"),  # addresses
        ("d90102820101", "tag"),  # a set
        ("d9d9f700", "tag"),
    ],
)
def test_what_is_not_one_whole_valid_item_is_refused(raw: str, says: str) -> None:
    with pytest.raises(MalformedInput, match=says):
        read(bytes.fromhex(raw))


@pytest.mark.parametrize("head", [b"\x81", b"\xa1\x01", b"\x9f", b"\xbf\x01", b"\xd8\xf0", b"\xa1"])
def test_deep_nesting_is_refused_at_the_limit(head: bytes) -> None:
    with pytest.raises(MalformedInput):
        read(head * 100_000 + b"\x01")
    with pytest.raises(MalformedInput, match="nesting"):
        cbor.decode(b"\x81" * 5 + b"\x01", size_bytes_max=100, depth_max=4)
    assert cbor.decode(b"\x81" * 4 + b"\x01", size_bytes_max=100, depth_max=4) == [[[[1]]]]


def test_an_input_beyond_the_limit_is_refused_undecoded() -> None:
    assert cbor.decode(b"\x42ab", size_bytes_max=3) == b"ab"
    with pytest.raises(TooLarge):
        cbor.decode(b"\x42ab", size_bytes_max=2)


def test_a_refusal_never_quotes_the_input() -> None:
    twice = cbor.encode("Sample Person")
    with pytest.raises(MalformedInput) as caught:
        read(b"\xa2" + twice + b"\x01" + twice + b"\x02")
    assert "Sample" not in str(caught.value)


def test_each_map_that_is_read_is_known_as_one() -> None:
    assert cbor.is_map(read(b"\xa0"))
    tagged = read(b"\xd2\xa0")
    assert isinstance(tagged, cbor2.CBORTag)
    assert cbor.is_map(tagged.value)
    assert not cbor.is_map([])


def test_every_single_byte_and_pair_of_bytes_is_a_value_or_a_refusal() -> None:
    for number in range(1 << 16):
        raw = struct.pack(">H", number)
        for piece in (raw, raw[1:]):
            try:
                read(piece)
            except MalformedInput:
                continue
