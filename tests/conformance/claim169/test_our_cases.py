"""Our own cases: one pass in every dialect of the wild, built byte by byte without the code under test."""

import zlib
from itertools import product

import brotli  # type: ignore[import-untyped]
import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rahdari.wire import claim169
from rahdari.wire.errors import BadSignature
from rahdari.wire.keys import PublicKey

KEY = ec.derive_private_key(0x5EED, ec.SECP256R1())
FACE = {0: b"RIFF....WEBP sample", 1: 0, 2: 4}
FACES: dict[str, dict[int, object]] = {
    "map": {62: FACE},
    "list": {62: [FACE]},
    "photo": {16: FACE[0], 17: 4},
}
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def base45_by_hand(data: bytes) -> str:
    out = ""
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            out += ALPHABET[number % 45]
            number //= 45
    return out


def build(tags: tuple[int, ...], *, wrapped: bool, face: str, packing: str) -> str:
    claim = {1: "SAMPLE-1", 4: "Sample Person One", 8: "19900102", **FACES[face]}
    payload = cbor2.dumps({1: "issuer", 4: 2_000_000_000, 169: cbor2.dumps(claim) if wrapped else claim})
    protected = cbor2.dumps({1: -7})
    der = KEY.sign(cbor2.dumps(["Signature1", protected, b"", payload]), ec.ECDSA(hashes.SHA256()))
    signature = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(der))
    message: object = [protected, {4: b"kid"}, payload, signature]
    for tag in reversed(tags):
        message = cbor2.CBORTag(tag, message)
    raw = cbor2.dumps(message)
    packed = {"zlib": zlib.compress(raw), "brotli": brotli.compress(raw), "none": raw}[packing]
    return base45_by_hand(packed)


DIALECTS = list(product([(61, 18), (18,), ()], [True, False], FACES, ["zlib", "brotli", "none"]))


@pytest.mark.parametrize(("tags", "wrapped", "face", "packing"), DIALECTS)
def test_a_pass_in_every_dialect_says_the_same(
    tags: tuple[int, ...], *, wrapped: bool, face: str, packing: str
) -> None:
    unverified = claim169.read(build(tags, wrapped=wrapped, face=face, packing=packing))
    identity = unverified.identity
    assert (identity.id, identity.full_name) == ("SAMPLE-1", "Sample Person One")
    assert identity.face is not None
    assert (identity.face.data, identity.face.format, identity.face.subformat) == (FACE[0], 0, 4)
    assert (unverified.sign1.tags, unverified.compression) == (tags, packing)
    key = PublicKey.from_cryptography(KEY.public_key())
    key.verify(unverified.sign1.signature, unverified.sign1.signing_input())
    with pytest.raises(BadSignature):
        key.verify(unverified.sign1.signature[::-1], unverified.sign1.signing_input())
