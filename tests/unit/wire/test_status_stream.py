"""Deltas, heads and manifests of the status stream: one form each, and nothing else is read."""

import base64
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.wire import cbor, cose
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.status_stream import (
    CHANGES_MAX,
    DELTA_BYTES_MAX,
    FIRST,
    MANIFEST_BYTES_MAX,
    Change,
    Delta,
    Head,
    Manifest,
    Message,
    decode,
    digest_of,
    read_sequence,
    sign,
)

SIGNER = SoftwareSigner.generate()
AT = 1_800_000_000
DELTA = Delta(7, AT, bytes(range(16)), (Change(1, 0, 2), Change(1, 5, 0), Change(2, 4, 1)))
HEAD = Head(7, AT, bytes(16))
MANIFEST = Manifest(7, AT, bytes(16), "https://s.example/", (7, 0, 3))
MESSAGES: list[Message] = [DELTA, HEAD, MANIFEST, Head(0, AT, FIRST), Manifest(0, AT, FIRST, "x:", ())]


@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("message", MESSAGES, ids=lambda one: type(one).__name__)
def test_a_message_comes_back_as_it_was_signed(message: Message, algorithm: Algorithm) -> None:
    signer = SoftwareSigner.generate(algorithm)
    signed = decode(sign(signer, message))
    signed.verify(signer.public)
    assert signed.unverified == message
    assert signed.kid == signer.public.kid
    assert signed.digest == digest_of(message.payload())
    assert len(signed.digest) == 16


def test_another_key_did_not_sign_it() -> None:
    signed = decode(sign(SIGNER, DELTA))
    with pytest.raises(BadSignature):
        signed.verify(SoftwareSigner.generate().public)
    with pytest.raises(BadSignature):
        signed.verify(SoftwareSigner.generate(Algorithm.EDDSA).public)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_one_suspension_is_less_than_two_hundred_bytes_on_the_wire(algorithm: Algorithm) -> None:
    """Two passes and a decoy, at the far end of what 240 million holders need, after 4 billion changes."""
    places = (Change(914, 1_000_000, 2), Change(915, 77, 2), Change(915, 1_048_575, 2))
    raw = sign(SoftwareSigner.generate(algorithm), Delta(4_000_000_000, AT, FIRST, places))
    event = b"data:" + base64.urlsafe_b64encode(raw).rstrip(b"=") + b"\n\n"
    chunk = b"%x\r\n" % len(event)
    assert len(chunk + event + b"\r\n") <= 200


@pytest.mark.parametrize(
    "make",
    [
        lambda: replace(DELTA, sequence=0),
        lambda: replace(DELTA, sequence=1 << 53),
        lambda: replace(DELTA, at=-1),
        lambda: replace(DELTA, at=253_402_300_800),
        lambda: replace(DELTA, previous=bytes(15)),
        lambda: replace(DELTA, previous=bytes(32)),
        lambda: replace(DELTA, changes=()),
        lambda: replace(DELTA, changes=DELTA.changes[::-1]),
        lambda: replace(DELTA, changes=(DELTA.changes[0], DELTA.changes[0]._replace(status=1))),
        lambda: replace(DELTA, changes=(Change(0, 1, 1),)),
        lambda: replace(DELTA, changes=(Change(65_536, 1, 1),)),
        lambda: replace(DELTA, changes=(Change(1, 1 << 20, 1),)),
        lambda: replace(DELTA, changes=(Change(1, -1, 1),)),
        lambda: replace(DELTA, changes=(Change(1, 1, 3),)),
        lambda: replace(DELTA, changes=tuple(Change(1, one, 2) for one in range(CHANGES_MAX + 1))),
        lambda: replace(HEAD, sequence=-1),
        lambda: replace(HEAD, digest=b""),
        lambda: replace(MANIFEST, prefix=""),
        lambda: replace(MANIFEST, prefix="x" * 1025),
        lambda: replace(MANIFEST, shards=(8,)),
        lambda: replace(MANIFEST, shards=(-1,)),
        lambda: replace(MANIFEST, shards=(0,) * 65_536),
    ],
)
def test_what_no_authority_means_is_no_message(make: Callable[[], Message]) -> None:
    with pytest.raises(MalformedInput):
        make()


@pytest.mark.parametrize(
    "payload",
    [
        [],
        {1: 1},
        "text",
        [0, 7, AT, bytes(16)],
        [4, 7, AT, bytes(16)],
        [1, 7, AT, bytes(16)],
        [2, 7, AT, bytes(16), 1],
        [2, True, AT, bytes(16)],
        [True, 7, AT, bytes(16), [6]],
        [2, 7.0, AT, bytes(16)],
        [2, 7, AT, "0123456789abcdef"],
        [1, 7, AT, bytes(16), [-6]],
        [1, 7, AT, bytes(16), [4194305, "x"]],
        [1, 7, AT, bytes(16), [True]],
        [1, 7, AT, bytes(16), [[4194305]]],
        [1, 7, AT, bytes(16), [6]],
        [1, 7, AT, bytes(16), list(range(4_194_304, 4_194_304 + 4 * (CHANGES_MAX + 1), 4))],
        [3, 7, AT, bytes(16), b"https://s.example/", [7]],
        [3, 7, AT, bytes(16), "https://s.example/", [None]],
        [1, 7, None, bytes(16), [4194305]],
        [1, 1 << 60, AT, bytes(16), [4194305]],
    ],
)
def test_a_payload_of_another_shape_is_refused(payload: object) -> None:
    with pytest.raises(MalformedInput):
        decode(cose.sign(SIGNER, cbor.encode(payload)))


def test_one_content_has_one_form() -> None:
    usual = HEAD.payload()
    longer = usual.replace(b"\x07", b"\x18\x07", 1)
    indefinite = b"\x9f" + usual[1:] + b"\xff"
    assert cbor.decode(longer, size_bytes_max=99) == cbor.decode(usual, size_bytes_max=99)
    for other in (longer, indefinite, usual + b"\x00", usual[:-1]):
        with pytest.raises(MalformedInput):
            decode(cose.sign(SIGNER, other))


def test_only_the_usual_envelope_is_read() -> None:
    payload = HEAD.payload()
    for raw in (
        cose.sign(SIGNER, payload, tags=()),
        cose.sign(SIGNER, payload, tags=(61, 18)),
        cose.sign(SIGNER, payload, kid_protected=False),
        cose.sign(SIGNER, payload, extra_protected={16: "application/statuslist+cwt"}),
    ):
        with pytest.raises(MalformedInput):
            decode(raw)
    with pytest.raises(TooLarge):
        decode(sign(SIGNER, HEAD), size_bytes_max=50)


def test_no_status_list_can_be_taken_for_a_message() -> None:
    """Both are signed by one key: a list's payload is a map, a message's an array."""
    with pytest.raises(MalformedInput):
        decode(cose.sign(SIGNER, cbor.encode({2: "https://s.example/1", 6: AT})))


def test_a_sequence_is_cut_into_its_messages_and_nothing_else_is_read() -> None:
    raws = [sign(SIGNER, one) for one in MESSAGES]
    whole = b"".join(raws)
    assert list(read_sequence(whole, items_max=9, size_bytes_max=1 << 16)) == raws
    assert list(read_sequence(b"", items_max=0, size_bytes_max=0)) == []
    with pytest.raises(TooLarge):
        list(read_sequence(whole, items_max=4, size_bytes_max=1 << 16))
    with pytest.raises(TooLarge):
        list(read_sequence(whole, items_max=9, size_bytes_max=len(whole) - 1))
    for cut in range(1, len(raws[0])):
        with pytest.raises(MalformedInput):
            list(read_sequence(raws[1] + raws[0][:cut], items_max=9, size_bytes_max=1 << 16))
    with pytest.raises(MalformedInput):
        list(read_sequence(raws[0] + b"\x00", items_max=9, size_bytes_max=1 << 16))


def test_large_messages_fit_their_limits() -> None:
    full = Delta(1 << 40, AT, FIRST, tuple(Change(65_535, one, 2) for one in range(CHANGES_MAX)))
    assert decode(sign(SIGNER, full), size_bytes_max=DELTA_BYTES_MAX).unverified == full
    every = Manifest(1 << 52, AT, FIRST, "https://s.example/", (1 << 52,) * 65_535)
    assert decode(sign(SIGNER, every), size_bytes_max=MANIFEST_BYTES_MAX).unverified == every


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(raw: bytes) -> None:
    for attempt in (raw, b"\xd2\x84" + raw, cose.sign(SIGNER, raw)):
        with suppress(MalformedInput, UnsupportedAlgorithm):
            decode(attempt)
        with suppress(MalformedInput):
            assert b"".join(read_sequence(attempt, items_max=9, size_bytes_max=4096)) == attempt


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_flipped_bit_is_refused_or_not_signed(place: int, mask: int) -> None:
    raw = bytearray(sign(SIGNER, DELTA))
    raw[place % len(raw)] ^= mask
    with pytest.raises((MalformedInput, UnsupportedAlgorithm, BadSignature)):
        decode(bytes(raw)).verify(SIGNER.public)
