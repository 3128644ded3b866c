"""Requests to join and to renew: every key in them signed them, and they agree with themselves."""

import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_der_x509_certificate

from rahdari.wire import base64url, jws
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.certificates import LIFE_DAYS_MAX, read_certificate_of
from rahdari.wire.ndel.joining import (
    JOIN_TYP,
    KEY_LIFE_SECONDS_MAX,
    RENEWAL_TYP,
    TEXT_CHARS_MAX,
    JoinRequest,
    read_join,
    read_renewal,
    sign_join,
    sign_renewal,
)
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.ndel.parties_as_json import keyid_of
from tests.unit.wire.ndel_scene import (
    DAY,
    NOW,
    certificate,
    gateway_of,
    join_request,
    keys_of,
    member_of,
    message_key,
    signed_join,
    signed_renewal,
)

KEYS = keys_of("1001")
TEXT = signed_join("1001")
URL = gateway_of("1001").url


def payload(text: str = TEXT) -> dict[str, Any]:
    return dict(jws.decode(text).payload_object())


def resigned(changed: object, *, typ: str = JOIN_TYP, signer: SoftwareSigner = KEYS.message) -> str:
    header = {"typ": typ, "kid": keyid_of(signer.public)}
    return jws.sign(signer, header, json.dumps(changed).encode())


def joining(gateway: Gateway, *, at: int = NOW) -> JoinRequest:
    return JoinRequest(at, replace(member_of("1001"), gateways=(gateway,)))


def test_a_request_is_read_back() -> None:
    read = read_join(TEXT)
    assert read.request == join_request("1001")
    assert read.request.gateway == gateway_of("1001")
    assert read.certificate.der == gateway_of("1001").certificates[0]
    assert len(read.id) == 16
    assert read.id != read_join(signed_join("1001", at=NOW + 1)).id


def test_the_request_is_the_very_bytes_that_were_signed() -> None:
    changed = payload()
    raw = json.loads(base64url.decode(changed["request"]))
    changed["request"] = base64url.encode(json.dumps(raw, indent=1).encode())
    with pytest.raises(BadSignature):
        read_join(resigned(changed))


# The names of note keys end with the key, which is another one each time.
PROOFS = sorted(payload()["proofs"])


@pytest.mark.parametrize("name", PROOFS, ids=[name.partition(":")[0] for name in PROOFS])
def test_each_key_must_have_signed(name: str) -> None:
    for text in (TEXT, signed_join("1002")):
        forged = payload()
        proof = bytearray(base64url.decode(payload(text)["proofs"].get(name, forged["proofs"][name])))
        proof[-1] ^= 1
        forged["proofs"][name] = base64url.encode(bytes(proof))
        with pytest.raises(BadSignature):
            read_join(resigned(forged))


@pytest.mark.parametrize("name", PROOFS, ids=[name.partition(":")[0] for name in PROOFS])
def test_no_proof_may_be_missing_and_none_may_stand_beside_them(name: str) -> None:
    lacking = payload()
    proof = lacking["proofs"].pop(name)
    with pytest.raises(MalformedInput, match="one proof"):
        read_join(resigned(lacking))
    lacking["proofs"] |= {name: proof, "other": proof}
    with pytest.raises(MalformedInput, match="one proof"):
        read_join(resigned(lacking))


def test_a_proof_by_one_key_is_none_by_another() -> None:
    swapped = payload()
    first, second = [name for name in swapped["proofs"] if len(swapped["proofs"][name]) < 100][:2]
    proofs = swapped["proofs"]
    proofs[first], proofs[second] = proofs[second], proofs[first]
    with pytest.raises(BadSignature):
        read_join(resigned(swapped))


def test_a_request_that_another_message_key_signed_is_refused() -> None:
    other = SoftwareSigner.generate(Algorithm.EDDSA)
    with pytest.raises(MalformedInput, match="the message key that stands in it"):
        read_join(resigned(payload(), signer=other))
    header = {"typ": JOIN_TYP, "kid": keyid_of(KEYS.message.public)}
    with pytest.raises(BadSignature):
        read_join(jws.sign(other, header, json.dumps(payload()).encode()))


def test_a_certificate_of_somebody_else_is_refused() -> None:
    """Whoever saw another's certificate cannot enter it as hers."""
    stolen = replace(gateway_of("1001"), certificates=gateway_of("1002").certificates)
    text = sign_join(joining(stolen), KEYS.message, tls=SoftwareSigner(KEYS.tls), notes=KEYS.notes)
    with pytest.raises(BadSignature):
        read_join(text)


WRONG = {
    "two certificates": replace(gateway_of("1001"), certificates=(certificate(KEYS.tls, "127.0.0.1"),) * 2),
    "no certificate": replace(gateway_of("1001"), certificates=()),
    "no message key": replace(gateway_of("1001"), keys=()),
    "a key that ran out": replace(gateway_of("1001"), keys=(message_key(KEYS.message, NOW - 99, NOW),)),
    "a key to come": replace(gateway_of("1001"), keys=(message_key(KEYS.message, NOW + 1, NOW + 99),)),
    "a key for ever": replace(
        gateway_of("1001"), keys=(message_key(KEYS.message, NOW, NOW + KEY_LIFE_SECONDS_MAX + 1),)
    ),
    "a key that is withdrawn": replace(
        gateway_of("1001"), keys=(replace(gateway_of("1001").keys[0], withdrawn_at=NOW),)
    ),
    "a key of P-256": replace(
        gateway_of("1001"), keys=(message_key(SoftwareSigner.generate(Algorithm.ES256)),)
    ),
    "another member's gateway": gateway_of("1002"),
    "a certificate for another host": replace(
        gateway_of("1001"), certificates=(certificate(KEYS.tls, "127.0.0.2"),)
    ),
}


@pytest.mark.parametrize("gateway", WRONG.values(), ids=WRONG)
def test_what_nobody_would_take_is_not_signed(gateway: Gateway) -> None:
    with pytest.raises(MalformedInput):
        sign_join(joining(gateway), KEYS.message, tls=SoftwareSigner(KEYS.tls), notes=KEYS.notes)


def test_a_request_has_one_gateway_and_says_nothing_of_suspension() -> None:
    for member in (
        replace(member_of("1001"), gateways=()),
        member_of("1001", "gw1", "gw2"),
        replace(member_of("1001"), suspended_at=NOW),
    ):
        with pytest.raises(MalformedInput):
            sign_join(JoinRequest(NOW, member), KEYS.message, tls=SoftwareSigner(KEYS.tls), notes=KEYS.notes)


def test_a_request_has_a_size() -> None:
    with pytest.raises(TooLarge):
        read_join("A" * (TEXT_CHARS_MAX + 1))
    with pytest.raises(TooLarge):
        read_join(resigned({**payload(), "proofs": {str(n): "AA" for n in range(17)}}))
    with pytest.raises(TooLarge):
        read_join(resigned({**payload(), "proofs": {"tls": "A" * 9000}}))


@pytest.mark.parametrize("proofs", [None, [], "x", {"tls": 1}, {"tls": ""}])
def test_proofs_are_an_object_of_signatures(proofs: object) -> None:
    with pytest.raises(MalformedInput):
        read_join(resigned({**payload(), "proofs": proofs}))


def test_a_renewal_is_read_back() -> None:
    text, message, asked = signed_renewal("1001", at=NOW + 60 * DAY)
    read = read_renewal(text)
    assert read.keyid == keyid_of(KEYS.message.public)
    renewal, found = read.verify_with(KEYS.message.public, url=URL)
    assert renewal == asked
    assert renewal.key.public == message.public
    assert found.der == asked.certificate


def test_a_renewal_that_another_key_signed_is_refused() -> None:
    other = SoftwareSigner.generate(Algorithm.EDDSA)
    text, _, _ = signed_renewal("1001", at=NOW, by=other)
    with pytest.raises(BadSignature):
        read_renewal(text).verify_with(KEYS.message.public, url=URL)


@pytest.mark.parametrize("name", ["tls", "message"])
def test_both_new_keys_sign_a_renewal(name: str) -> None:
    text, _, _ = signed_renewal("1001", at=NOW)
    other, _, _ = signed_renewal("1001", at=NOW)
    forged = payload(text)
    forged["proofs"][name] = payload(other)["proofs"][name]
    read = read_renewal(resigned(forged, typ=RENEWAL_TYP))
    with pytest.raises(BadSignature):
        read.verify_with(KEYS.message.public, url=URL)
    del forged["proofs"][name]
    with pytest.raises(MalformedInput):
        read_renewal(resigned(forged, typ=RENEWAL_TYP))


def test_a_renewal_is_for_the_gateways_own_address() -> None:
    text, _, _ = signed_renewal("1001", at=NOW)
    with pytest.raises(MalformedInput, match="does not name"):
        read_renewal(text).verify_with(KEYS.message.public, url="https://127.0.0.2:5001")


def test_a_request_to_join_is_no_renewal() -> None:
    text, message, asked = signed_renewal("1001", at=NOW)
    with pytest.raises(MalformedInput):
        read_renewal(TEXT)
    with pytest.raises(MalformedInput):
        read_join(text)
    with pytest.raises(MalformedInput):
        sign_renewal(
            replace(asked, key=replace(asked.key, not_after=asked.key.not_before)),
            KEYS.message,
            message=message,
            tls=SoftwareSigner(KEYS.tls),
        )


def test_a_certificate_names_its_host_by_name_or_address() -> None:
    for host, url in (
        ("gate.example", "https://gate.example:5500"),
        ("127.0.0.1", "https://127.0.0.1:5500"),
        ("::1", "https://[::1]:5500"),
    ):
        der = certificate(KEYS.tls, host)
        assert read_certificate_of(der, url=url).public == SoftwareSigner(KEYS.tls).public
        with pytest.raises(MalformedInput, match="does not name"):
            read_certificate_of(der, url="https://other.example:5500")


def test_a_certificate_lives_no_longer_than_it_may() -> None:
    read_certificate_of(certificate(KEYS.tls, "a.example", days=LIFE_DAYS_MAX), url="https://a.example:1")
    with pytest.raises(MalformedInput, match="lives at most"):
        read_certificate_of(
            certificate(KEYS.tls, "a.example", days=LIFE_DAYS_MAX + 1), url="https://a.example:1"
        )


def test_what_is_no_certificate_of_ours_is_refused() -> None:
    der = certificate(KEYS.tls, "a.example")
    other = generate_private_key(SECP256R1())
    assert other.public_key() != KEYS.tls.public_key()
    for wrong in (b"", b"\x30\x00", der[:-1], der + b"\x00", der[:-5] + bytes([der[-5] ^ 1]) + der[-4:]):
        with pytest.raises(MalformedInput):
            read_certificate_of(wrong, url="https://a.example:1")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    long = size.to_bytes(2 if size > 0xFF else 1, "big")
    return bytes([tag]) + (bytes([size]) if size < 0x80 else bytes([0x80 + len(long)]) + long) + content


@pytest.mark.parametrize(("serial", "is_good"), [(b"\x01", True), (b"\x00", False), (b"\x81", False)])
def test_a_serial_number_is_positive(serial: bytes, *, is_good: bool) -> None:
    """RFC 5280, 4.1.2.2. The library's own builder writes no other, so these are signed anew."""
    made = load_der_x509_certificate(certificate(KEYS.tls, "a.example"))
    tbs = made.tbs_certificate_bytes
    begin = 2 + (tbs[1] & 0x7F)  # behind them [0] with the version, and then the number
    number = begin + 5
    content = tbs[begin:number] + _der(2, serial) + tbs[number + 2 + tbs[number + 1] :]
    tbs = _der(0x30, content)
    signature = KEYS.tls.sign(tbs, ECDSA(SHA256()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    der = _der(0x30, tbs + algorithm + _der(3, b"\x00" + signature))
    for action in ("error", "ignore"):
        with warnings.catch_warnings():
            warnings.simplefilter(action)
            if is_good:
                assert read_certificate_of(der, url="https://a.example:1").der == der
            else:
                with pytest.raises(MalformedInput):
                    read_certificate_of(der, url="https://a.example:1")


def test_a_certificate_of_another_curve_is_refused() -> None:
    der = certificate(generate_private_key(SECP384R1()), "a.example")
    with pytest.raises((MalformedInput, UnsupportedAlgorithm)):
        read_certificate_of(der, url="https://a.example:1")
