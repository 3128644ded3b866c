"""Readers of time stamps: a value, or a refusal by name, and nothing else; no damaged token is believed."""

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.timestamps import (
    TimestampMismatch,
    TimestampUntrusted,
    answer,
    read_request,
    read_response,
    read_stamp,
    read_token,
    verify,
)
from tests.unit.wire.timestamp_scene import AT, AUTHORITY, IMPRINT, NONCE, REQUEST, TRUST, stamped

REFUSALS = (MalformedInput, UnsupportedAlgorithm, BadSignature, TimestampMismatch, TimestampUntrusted)


def read_believed(raw: bytes) -> object:
    return verify(read_token(raw), TRUST, imprint=IMPRINT, nonce=NONCE).stamp


READERS: dict[str, tuple[Callable[[bytes], object], bytes]] = {
    "token": (read_believed, stamped().raw),
    "stamp": (read_stamp, stamped().content),
    "request": (read_request, REQUEST.encode()),
    "response": (read_response, answer(AUTHORITY, REQUEST.encode(), serial=7, at=AT)),
    "rejection": (read_response, answer(AUTHORITY, b"junk", serial=7, at=AT)),
}
readers = pytest.mark.parametrize("name", list(READERS))
PIECES = st.binary(max_size=8) | st.sampled_from(
    [
        b"\x30\x80",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x02\x00",
        b"\x05\x00",
        b"\xa0\x00",
        b"\x18\x0f",
        b"\x06\x00",
        b"\x03\x01\x08",
    ]
)


def survives(read: Callable[[bytes], object], raw: bytes) -> None:
    try:
        read(raw)
    except REFUSALS:
        return


@readers
def test_the_good_example_is_read(name: str) -> None:
    read, good = READERS[name]
    read(good)


@readers
@settings(max_examples=50)
@given(data=st.binary(max_size=200))
@example(data=b"\x30\x80\0\0")
@example(data=b"\x30" * 4000)
def test_arbitrary_bytes_are_refused_by_name(name: str, data: bytes) -> None:
    survives(READERS[name][0], data)


@readers
@settings(max_examples=80)
@given(data=st.data())
def test_a_good_example_that_was_damaged_is_refused_by_name(name: str, data: st.DataObject) -> None:
    read, good = READERS[name]
    at = data.draw(st.integers(0, len(good)))
    until = data.draw(st.integers(at, min(len(good), at + 20)))
    survives(read, good[:at] + data.draw(PIECES) + good[until:])


@settings(max_examples=60)
@given(data=st.binary(max_size=300))
def test_the_authority_answers_whatever_it_is_sent(data: bytes) -> None:
    assert read_response(answer(AUTHORITY, data, serial=7, at=AT)).token is None


def test_no_token_with_a_flipped_bit_is_believed() -> None:
    """Everything in a token of ours is signed, or compared with what is signed."""
    good = stamped().raw
    read_believed(good)
    for at in range(0, len(good) * 8, 5):
        raw = bytearray(good)
        raw[at // 8] ^= 1 << at % 8
        with pytest.raises(REFUSALS):
            read_believed(bytes(raw))
