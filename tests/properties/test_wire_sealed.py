"""For every body and every way to cut it: it opens as it was, and nothing near it opens at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.wire.errors import MalformedInput, UnsupportedAlgorithm
from rahdari.wire.sealed import (
    CHUNK_BYTES,
    Aead,
    Binding,
    Direction,
    Kem,
    Opener,
    SealBroken,
    SealedToAnother,
    Sealer,
    open_sealed,
)
from tests.unit.wire.sealed_scene import CONTENT_KEY, EXCHANGE, OURS, sealed

REFUSALS = (SealBroken, SealedToAnother, MalformedInput, UnsupportedAlgorithm)
sizes = st.integers(0, 300) | st.sampled_from([n * CHUNK_BYTES + d for n in (1, 2) for d in (-1, 0, 1)])
words = st.text(max_size=6)
bindings = st.builds(Binding, st.sampled_from(Direction), words, words, words, words, words)
GOOD = sealed(b"four")
LONG = sealed(bytes(2 * CHUNK_BYTES + 5), Kem.X_WING)


@settings(max_examples=40)
@given(
    size=sizes,
    kem=st.sampled_from(Kem),
    aead=st.sampled_from(Aead),
    cuts=st.lists(st.integers(1, 2 * CHUNK_BYTES), max_size=6),
)
def test_every_body_in_whatever_pieces_opens_as_it_was(
    size: int, kem: Kem, aead: Aead, cuts: list[int]
) -> None:
    content = bytes(n % 251 for n in range(256)) * (size // 256 + 1)
    content = content[:size]
    sealer = Sealer(OURS[kem].public, binding=EXCHANGE, content_key=CONTENT_KEY, aead=aead)
    raw = b"".join([sealer.head, *(sealer.update(piece) for piece in pieces(content, cuts)), sealer.finish()])
    opener = Opener([OURS[kem]], binding=EXCHANGE, size_bytes_max=size)
    assert b"".join([*(opener.update(piece) for piece in pieces(raw, cuts)), opener.finish()]) == content


def pieces(whole: bytes, cuts: list[int]) -> list[bytes]:
    cut, at = [], 0
    for size in cuts:
        cut.append(whole[at : at + size])
        at += size
    return [*cut, whole[at:]]


def test_no_body_with_a_flipped_bit_opens() -> None:
    for at in range(len(GOOD) * 8):
        raw = bytearray(GOOD)
        raw[at // 8] ^= 1 << at % 8
        with pytest.raises(REFUSALS):
            open_sealed(bytes(raw), [OURS[Kem.X25519]], binding=EXCHANGE)


@settings(max_examples=60)
@given(at=st.integers(0, len(LONG) * 8 - 1))
def test_no_long_body_with_a_flipped_bit_opens(at: int) -> None:
    raw = bytearray(LONG)
    raw[at // 8] ^= 1 << at % 8
    with pytest.raises(REFUSALS):
        open_sealed(bytes(raw), [OURS[Kem.X_WING]], binding=EXCHANGE)


@settings(max_examples=60)
@given(end=st.integers(0, len(LONG) - 1))
def test_no_body_that_was_cut_opens(end: int) -> None:
    with pytest.raises(SealBroken):
        open_sealed(LONG[:end], [OURS[Kem.X_WING]], binding=EXCHANGE)


@settings(max_examples=60)
@given(one=bindings, other=bindings)
def test_no_two_bindings_are_written_alike(one: Binding, other: Binding) -> None:
    assert (one.encode() == other.encode()) == (one == other)


@settings(max_examples=30)
@given(other=bindings)
def test_no_other_exchange_opens_it(other: Binding) -> None:
    with pytest.raises(SealBroken):
        open_sealed(GOOD, [OURS[Kem.X25519]], binding=other)
