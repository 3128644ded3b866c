"""Parsers of passes: a value or one of the refusals of `wire.errors`, nothing else, whatever the bytes."""

from collections.abc import Callable

import cbor2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rahdari.wire import base45, cbor, claim169, compression, cose, cwt
from rahdari.wire.claim169 import Biometric, BodyPart, Identity, Profile
from rahdari.wire.compression import Compression, compress
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import PublicKey, SoftwareSigner

SIGNER = SoftwareSigner.generate()
IDENTITY = Identity(
    full_name="Sample", biometrics={BodyPart.FACE: (Biometric(bytes(30), 0, 4),)}, rest={70: {1: 2}}
)
SEEDS = [
    base45.decode(
        claim169.write(SIGNER, Claims(issuer="i", expires=5), IDENTITY, profile=profile, compression=kind)
    )
    for profile in Profile
    for kind in Compression
]
REFUSALS = (MalformedInput, UnsupportedAlgorithm)

keys = st.integers(0, 70) | st.sampled_from([169, 65535, "status_list", "idx", "uri"])
# Anything that CBOR can say: the parsers behind it see every type in every place.
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64 - 1) | st.floats() | st.text(max_size=8)
    | st.binary(max_size=80) | st.sampled_from(["19900101", -7, -8, b"\xa1\x01\x26"]),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(keys, inner, max_size=5)
    | st.builds(cbor2.CBORTag, st.sampled_from([6, 16, 17, 18, 61, 96, 98, 70]), inner),
    max_leaves=15,
)  # fmt: skip


def attempt(raw: bytes, text: str) -> None:
    readers: tuple[Callable[[], object], ...] = (
        lambda: cbor.decode(raw, size_bytes_max=1 << 16),
        lambda: compression.expand(raw, size_bytes_max=1 << 15),
        lambda: cose.decode(raw),
        lambda: cwt.decode(raw),
        lambda: claim169.decode(raw),
        lambda: base45.decode(text),
        lambda: claim169.read(text),
    )
    for read in readers:
        try:
            read()
        except REFUSALS:
            continue


@given(st.binary(max_size=300), st.text(max_size=100) | st.text(base45.ALPHABET, max_size=100))
@example(b"\x1b", "")
def test_any_bytes_and_any_text_are_a_value_or_a_refusal(raw: bytes, text: str) -> None:
    attempt(raw, text)
    attempt(raw, base45.encode(raw))


@given(anything)
def test_any_cbor_is_a_value_or_a_refusal(value: object) -> None:
    raw = cbor2.dumps(value)
    attempt(raw, base45.encode(raw))
    attempt(raw, base45.encode(compress(raw, Compression.ZLIB)))


@given(anything)
def test_any_claims_and_any_identity_in_a_signed_envelope_are_a_value_or_a_refusal(value: object) -> None:
    for payload in (
        value,
        {169: value},
        {1: "i", 169: cbor2.dumps(value)},
        {169: {62: value, 8: value, 18: value}},
    ):
        raw = cose.sign(SIGNER, cbor2.dumps(payload))
        attempt(raw, base45.encode(raw))


@given(anything, anything, anything, anything)
def test_any_four_parts_of_a_message_are_a_value_or_a_refusal(
    a: object, b: object, c: object, d: object
) -> None:
    for parts in ([a, b, c, d], [cbor2.dumps(a), b, c, b""], [b"\xa1\x01\x26", b, b"", b""]):
        raw = cbor2.dumps(cbor2.CBORTag(18, parts))
        attempt(raw, base45.encode(raw))


@settings(max_examples=300)
@given(st.data(), st.sampled_from(SEEDS))
def test_damaged_passes_are_a_value_or_a_refusal(data: st.DataObject, seed: bytes) -> None:
    raw = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        raw = raw or bytearray(b"\0")
    attempt(bytes(raw), base45.encode(bytes(raw)))


members = (
    st.none() | st.text(max_size=50) | st.sampled_from(["EC", "OKP", "P-256", "Ed25519", "A" * 43, "sig"])
)


@given(st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "d", "alg", "use"]), members))
def test_any_jwk_is_a_key_or_a_refusal(jwk: dict[str, object]) -> None:
    for read in (PublicKey.from_jwk, SoftwareSigner.from_private_jwk):
        try:
            read(jwk)
        except REFUSALS:
            continue


@given(st.binary(max_size=130), st.binary(max_size=20))
def test_any_signature_is_refused_by_name(signature: bytes, message: bytes) -> None:
    with pytest.raises(BadSignature):
        SIGNER.public.verify(signature, message)
