"""Time stamps: whom a relying party believes, and which tokens it reads at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, SECP384R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.timestamps import (
    Authority,
    Digest,
    Imprint,
    Request,
    TimestampMismatch,
    TimestampUntrusted,
    Trust,
    read_stamp,
    read_token,
    structures,
    verify,
)
from tests.unit.wire.timestamp_scene import (
    AT,
    AUTHORITY,
    CERTIFICATE,
    CONTENT,
    EXTENSION,
    IMPRINT,
    KEY,
    NONCE,
    OTHER_POLICY,
    POLICY,
    ROOT,
    SHA1,
    STAMPING,
    TRUST,
    attribute,
    good_attributes,
    make_certificate,
    make_root,
    named_certificate,
    resigned,
    stamp_bytes,
    stamped,
    wrapped,
)

OID = x509.ObjectIdentifier
ECDSA_SHA256 = ECDSA(Digest.SHA256.hash)


def accepted(raw: bytes, trust: Trust = TRUST) -> None:
    verify(read_token(raw), trust, imprint=IMPRINT, nonce=NONCE)


def test_a_token_made_by_hand_is_accepted() -> None:
    accepted(resigned())


def test_a_stamp_of_other_bytes_another_request_or_policy_is_refused() -> None:
    token = stamped()
    for imprint in (Imprint.of(b"x"), Imprint.of(CONTENT, Digest.SHA512)):
        with pytest.raises(TimestampMismatch, match="other bytes"):
            verify(token, TRUST, imprint=imprint)
    with pytest.raises(TimestampMismatch, match="nonce"):
        verify(token, TRUST, imprint=IMPRINT, nonce=NONCE + 1)
    with pytest.raises(TimestampMismatch, match="nonce"):
        verify(stamped(request=Request(IMPRINT)), TRUST, imprint=IMPRINT, nonce=NONCE)
    for policies in (frozenset[str](), frozenset({OTHER_POLICY})):
        with pytest.raises(TimestampMismatch, match="policy"):
            verify(token, replace(TRUST, policies=policies), imprint=IMPRINT)


def test_without_our_nonce_that_of_the_token_is_not_looked_at() -> None:
    verify(stamped(), TRUST, imprint=IMPRINT)


def test_a_critical_extension_is_refused_and_another_passed_over() -> None:
    other = structures.Extension(identifier=OID("1.2.3.4"), critical=False, value=b"\x05\0")
    accepted(resigned(content=stamp_bytes(extensions=[other])))
    with pytest.raises(TimestampMismatch, match=r"1\.2\.3\.4"):
        accepted(resigned(content=stamp_bytes(extensions=[EXTENSION])))


def test_a_root_of_the_same_name_is_another_root() -> None:
    with pytest.raises(TimestampUntrusted, match="does not lead to a pinned root"):
        accepted(stamped().raw, replace(TRUST, roots=(make_root().certificate,)))


def test_the_chain_is_judged_at_the_time_of_the_stamp() -> None:
    late = resigned(content=stamp_bytes(at=asn1.GeneralizedTime(AT + timedelta(days=301))))
    with pytest.raises(TimestampUntrusted, match="in force at 2026-12-27"):
        accepted(late)


def test_a_chain_over_an_intermediate_is_followed() -> None:
    between = make_root("Example Between", above=ROOT)
    certificate = make_certificate(KEY, between)
    authority = replace(AUTHORITY, certificate=certificate, chain=(between.certificate,))
    accepted(stamped(authority).raw)
    accepted(stamped(replace(authority, chain=())).raw, replace(TRUST, certificates=(between.certificate,)))
    with pytest.raises(TimestampUntrusted, match="does not lead"):
        accepted(stamped(replace(authority, chain=())).raw)


def test_a_certificate_of_somebody_who_may_not_issue_is_refused() -> None:
    between = make_root("Example Between", above=ROOT, ca=False)
    authority = replace(AUTHORITY, certificate=make_certificate(KEY, between), chain=(between.certificate,))
    with pytest.raises(TimestampUntrusted, match="does not lead"):
        accepted(stamped(authority).raw)


def test_a_certificate_for_other_purposes_is_refused_by_the_verifier_too() -> None:
    for certificate in (
        make_certificate(KEY, ROOT, usages=()),
        make_certificate(KEY, ROOT, critical=False),
        make_certificate(KEY, ROOT, usages=(STAMPING, ExtendedKeyUsageOID.CODE_SIGNING)),
    ):
        with pytest.raises(TimestampUntrusted, match="key usage"):
            accepted(resigned(certificate=certificate, certificates=(certificate,)))


def test_the_certificate_must_be_the_one_that_is_named_under_the_signature() -> None:
    """Same key, same issuer and serial number, another certificate: the substitution of RFC 5035, 1."""
    twin = make_certificate(KEY, ROOT)
    content = stamped().content
    with pytest.raises(TimestampUntrusted, match="ESSCertIDv2"):
        accepted(resigned(certificates=(twin,)))
    for wrong in (
        resigned(attributes=good_attributes(content, ROOT.certificate)),
        resigned(signer=structures.IssuerAndSerialNumber(
            issuer=structures.raw_value(CERTIFICATE.subject.public_bytes()), serial=77)),
        resigned(signer=structures.IssuerAndSerialNumber(
            issuer=structures.raw_value(CERTIFICATE.issuer.public_bytes()), serial=78)),
        resigned(version=3, signer=b"another key"),
        resigned(attributes=with_named(issuer_serial(CERTIFICATE.issuer, 78))),
        resigned(attributes=with_named(issuer_serial(CERTIFICATE.subject, 77))),
    ):  # fmt: skip
        with pytest.raises(TimestampUntrusted, match="ESSCertIDv2"):
            accepted(wrong)
    accepted(resigned(attributes=with_named(issuer_serial(CERTIFICATE.issuer, 77))))


def issuer_serial(issuer: x509.Name, serial: int) -> structures.IssuerSerial:
    raw = issuer.public_bytes()
    return structures.IssuerSerial(issuer=[structures.raw_value(b"\xa4%c" % len(raw) + raw)], serial=serial)


def with_named(named: object, digest: Digest = Digest.SHA256) -> list[structures.Attribute]:
    value = named_certificate(digest, CERTIFICATE, issuer_serial=named)
    return [*good_attributes(stamped().content)[:2], attribute(structures.SIGNING_CERTIFICATE_V2, value)]


def test_a_signer_may_be_named_by_its_key_identifier() -> None:
    identifier = x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()).digest
    accepted(resigned(version=3, signer=identifier))


@pytest.mark.parametrize("digest", [Digest.SHA384, Digest.SHA512])
def test_the_certificate_may_be_named_by_another_digest(digest: Digest) -> None:
    accepted(resigned(attributes=with_named(None, digest)))


def test_what_was_not_signed_is_refused() -> None:
    content = stamped().content
    other_type = attribute(structures.CONTENT_TYPE, asn1.encode_der(OID("1.2.840.113549.1.7.1")))
    other_digest = attribute(structures.MESSAGE_DIGEST, asn1.encode_der(bytes(32)))
    good = good_attributes(content)
    for raw in (
        resigned(attributes=[other_type, *good[1:]]),
        resigned(attributes=[good[0], other_digest, good[2]]),
        resigned(content=stamp_bytes(serial=8), attributes=good),
        resigned(signature=KEY.sign(b"something else", ECDSA_SHA256)),
        resigned(signature=b"no signature"),
        resigned(signature_algorithm=identifier("1.2.840.113549.1.1.11")),
        resigned(signed_attributes=asn1.SetOf([*good, attribute(OID("1.2.3"), b"\x05\0")])),
    ):
        with pytest.raises(BadSignature):
            accepted(raw)


def identifier(dotted: str) -> structures.AlgorithmIdentifier:
    return structures.AlgorithmIdentifier(algorithm=OID(dotted))


def test_signatures_and_digests_of_other_kinds_are_refused_by_name() -> None:
    for raw in (
        resigned(signature_algorithm=identifier("1.3.101.112")),
        resigned(digest_algorithm=SHA1),
        resigned(attributes=[*good_attributes(stamped().content)[:2],
                             attribute(structures.SIGNING_CERTIFICATE, b"0\0")]),
    ):  # fmt: skip
        with pytest.raises(UnsupportedAlgorithm):
            read_token(raw)
    with pytest.raises(MalformedInput, match="SHA256, its signature algorithm SHA384"):
        read_token(resigned(signature_algorithm=identifier("1.2.840.10045.4.3.3")))


def test_tokens_of_another_shape_are_malformed() -> None:
    content, good = stamped().content, good_attributes(stamped().content)
    signer = stamped().signer
    twice = named_certificate(Digest.SHA256, CERTIFICATE)
    for raw in (
        wrapped(content, []),
        wrapped(content, [signer, signer]),
        wrapped(None, [signer]),
        wrapped(content, [signer], kind=OID("1.2.840.113549.1.7.1")),
        wrapped(content, [signer], version=1),
        wrapped(content, [signer], [CERTIFICATE] * 9),
        resigned(version=2),
        resigned(signed_attributes=None),
        resigned(attributes=good[:2]),
        resigned(attributes=good[1:]),
        resigned(attributes=[*good, good[0]]),
        resigned(attributes=[*good[:2], attribute(structures.SIGNING_CERTIFICATE_V2, twice, twice)]),
        resigned(attributes=[*good[:2], attribute(structures.SIGNING_CERTIFICATE_V2)]),
        resigned(attributes=[*good[:2], attribute(structures.SIGNING_CERTIFICATE_V2, b"\x30\x02\x30\x00")]),
        resigned(attributes=with_named(structures.IssuerSerial(issuer=[], serial=77))),
        resigned(attributes=[*good, *(attribute(OID(f"1.2.{n}"), b"\x05\0") for n in range(14))]),
        stamped().raw + b"\0",
        stamped().raw[:-1],
    ):
        with pytest.raises(MalformedInput):
            read_token(raw)


def odd_accuracy(seconds: int | None, millis: int | None, micros: int | None) -> bytes:
    return stamp_bytes(accuracy=structures.Accuracy(seconds=seconds, millis=millis, micros=micros))


def test_stamps_out_of_range_are_malformed() -> None:
    for raw in (
        stamp_bytes(version=2),
        stamp_bytes(serial=-1),
        stamp_bytes(serial=1 << 160),
        stamp_bytes(nonce=-1),
        odd_accuracy(-1, None, None),
        odd_accuracy(86_401, None, None),
        odd_accuracy(1, 0, None),
        odd_accuracy(1, 1000, None),
        odd_accuracy(None, None, 0),
    ):
        with pytest.raises(MalformedInput):
            read_stamp(raw)
    assert read_stamp(odd_accuracy(None, None, None)).accuracy == timedelta()
    assert read_stamp(stamp_bytes(ordering=True)).is_ordered


def test_a_key_on_another_curve_verifies_nothing_of_ours() -> None:
    key = generate_private_key(SECP384R1())
    certificate = make_certificate(key, ROOT)
    with pytest.raises(BadSignature):
        accepted(resigned(certificate=certificate, certificates=(certificate,)))


def test_a_chain_is_written_in_the_order_of_der() -> None:
    """Strict readers refuse a SET OF in another order (X.690, 11.6)."""
    others = tuple(make_root(f"Example {n}").certificate for n in range(3))
    found = [one.public_bytes(Encoding.DER) for one in stamped(replace(AUTHORITY, chain=others)).certificates]
    assert found == sorted(found)
    assert len(found) == 4


def test_signing_needs_no_more_than_a_signer() -> None:
    key = generate_private_key(SECP256R1())
    authority = Authority(make_certificate(key, ROOT), SoftwareSigner(key), (POLICY,))
    assert verify(stamped(authority), TRUST, imprint=IMPRINT).stamp.serial == 7


def test_a_certificate_with_serial_number_zero_is_not_read() -> None:
    """The library only warns; this suite has made warnings errors, as an operator may."""
    raw = stamped().raw
    odd = raw.replace(b"\x02\x01\x4d\x30\x0a", b"\x02\x01\x00\x30\x0a", 1)
    assert odd != raw
    with pytest.raises(MalformedInput):
        read_token(odd)
