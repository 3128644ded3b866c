"""A time stamp token as it was read: CMS SignedData around a TSTInfo (RFC 3161, 2.4.2; RFC 5652; RFC 5816)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import Certificate, ObjectIdentifier

from rahdari.wire.errors import MalformedInput, UnsupportedAlgorithm
from rahdari.wire.timestamps import structures
from rahdari.wire.timestamps.algorithms import Digest, read_digest, read_signature_algorithm
from rahdari.wire.timestamps.requests import Imprint, check_nonce, read_imprint

# A token with a chain of eight RSA-4096 certificates has 16 KiB.
TOKEN_BYTES_MAX: Final = 1 << 16
# A chain from the authority to its root; what is longer was packed to make us work.
CERTIFICATES_MAX: Final = 8
# content-type, message-digest, signing-certificate, signing-time, algorithm protection, and a few unknown ones.
ATTRIBUTES_MAX: Final = 16
# RFC 3161, 2.4.2: serial numbers up to 160 bits MUST be handled.
SERIAL_BITS_MAX: Final = 160
# An accuracy of more than a day says nothing about a time; its seconds have no bound in RFC 3161.
ACCURACY_SECONDS_MAX: Final = 86_400

_Structure = TypeVar("_Structure")


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the authority says: these bytes existed at ``at`` (UTC), give or take ``accuracy`` if it names one.

    ``policy`` is a dotted object identifier, ``serial`` unique for the authority, ``nonce`` that of the request.
    ``is_ordered``: the authority's stamps are ordered by time whatever the accuracy. ``critical_extensions``
    names those that forbid to rely on the stamp without understanding them; we understand none.
    """

    imprint: Imprint
    at: datetime
    policy: str
    serial: int
    accuracy: timedelta | None = None
    nonce: int | None = None
    is_ordered: bool = False
    critical_extensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CertificateId:
    """Which certificate the authority says it signed with, under its signature (RFC 5035, 4)."""

    digest: Digest
    value: bytes
    issuer: bytes | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """A time stamp token as it was read: nothing in it is trusted until ``verify`` returned.

    ``raw`` is the DER to keep; ``certificates`` are those inside, none if the request did not want them.
    """

    raw: bytes = field(repr=False)
    unverified: Stamp
    certificates: tuple[Certificate, ...] = field(repr=False)
    signer: structures.SignerRecord = field(repr=False, compare=False)
    content: bytes = field(repr=False)
    digest: Digest
    attributes: Mapping[ObjectIdentifier, asn1.TLV] = field(repr=False, compare=False)
    certificate_id: CertificateId

    def signed_bytes(self) -> bytes:
        """Write what the signature covers: the signed attributes as a SET OF (RFC 5652, 5.4)."""
        return asn1.encode_der(self.signer.signed_attributes)


def read_token(raw: bytes) -> Token:
    """Take a time stamp token apart. Trusts nothing.

    Raises:
        TooLarge: more than ``TOKEN_BYTES_MAX`` bytes.
        MalformedInput: not a CMS SignedData in DER with one signer and a TSTInfo.
        UnsupportedAlgorithm: digests or signatures other than SHA-2 with RSA or ECDSA.
    """
    info = structures.read(
        structures.Envelope, raw, name="a time stamp token", size_bytes_max=TOKEN_BYTES_MAX
    )
    return take_apart(raw, info)


def take_apart(raw: bytes, info: structures.Envelope) -> Token:
    """Turn the ContentInfo read from ``raw`` into a token; raises what ``read_token`` does."""
    signed, signers = info.content, info.content.signers.as_list()
    # (1) RFC 3161, 2.4.2: a SignedData whose content is a TSTInfo, and the signature of the authority alone.
    if info.kind != structures.SIGNED_DATA or signed.encapsulated.kind != structures.TST_INFO:
        raise MalformedInput("this CMS message is no time stamp token (RFC 3161, 2.4.2)")
    if len(signers) != 1 or signed.encapsulated.content is None:
        raise MalformedInput(
            f"a token with {len(signers)} signers; it has one, and its content inside (RFC 3161, 2.4.2)"
        )
    signer, content = signers[0], signed.encapsulated.content
    _check_versions(signed, signer)
    digest = read_digest(signer.digest_algorithm)
    # RFC 5652, 5.3: a signer's digest SHOULD be listed; with one signer nothing else belongs there.
    if [one.algorithm.dotted_string for one in signed.digest_algorithms.as_list()] != [digest.value]:
        raise MalformedInput(
            f"the token does not announce {digest.name}, its signer's digest (RFC 5652, 5.1)"
        )
    read_signature_algorithm(signer.signature_algorithm, digest)
    attributes = _read_attributes(signer)
    return Token(
        raw=raw,
        unverified=read_stamp(content),
        certificates=_read_certificates(signed),
        signer=signer,
        content=content,
        digest=digest,
        attributes=attributes,
        certificate_id=_read_certificate_id(attributes),
    )


def read_stamp(raw: bytes) -> Stamp:
    """Read a TSTInfo. Trusts nothing.

    Raises:
        MalformedInput: not a TSTInfo of version 1 in DER.
        UnsupportedAlgorithm: the imprint's digest is not one of SHA-2.
    """
    info = structures.read(structures.StampContent, raw, name="a TSTInfo", size_bytes_max=TOKEN_BYTES_MAX)
    if info.version != 1:
        raise MalformedInput(f"a TSTInfo of version {info.version}; there is only 1 (RFC 3161, 2.4.2)")
    check_nonce(info.nonce)
    if not 0 <= info.serial < 1 << SERIAL_BITS_MAX:
        raise MalformedInput(f"a serial number that is negative or has more than {SERIAL_BITS_MAX} bits")
    return Stamp(
        imprint=read_imprint(info.imprint),
        at=info.at.as_datetime(),
        policy=info.policy.dotted_string,
        serial=info.serial,
        accuracy=None if info.accuracy is None else _read_accuracy(info.accuracy),
        nonce=info.nonce,
        is_ordered=info.ordering,
        critical_extensions=tuple(
            one.identifier.dotted_string for one in info.extensions or () if one.critical
        ),
    )


def read_attribute(attribute: asn1.TLV, structure: type[_Structure], *, name: str) -> _Structure:
    """Read the one value of a signed attribute; raises ``MalformedInput``."""
    return structures.read(structure, asn1.encode_der(attribute), name=name, size_bytes_max=TOKEN_BYTES_MAX)


def _check_versions(signed: structures.SignedMessage, signer: structures.SignerRecord) -> None:
    # RFC 5652, 5.1: 3, as the content is not id-data; 5.3: 1 with issuer and serial, 3 with a key identifier.
    expected = 3 if isinstance(signer.signer, bytes) else 1
    if signed.version != 3 or signer.version != expected:
        raise MalformedInput(
            f"versions {signed.version} and {signer.version} are not those of RFC 5652, 5.1 and 5.3"
        )


def _read_certificates(signed: structures.SignedMessage) -> tuple[Certificate, ...]:
    certificates = tuple(signed.certificates or ())
    if len(certificates) > CERTIFICATES_MAX:
        raise MalformedInput(
            f"a token with {len(certificates)} certificates; at most {CERTIFICATES_MAX} are read"
        )
    return certificates


def _read_attributes(signer: structures.SignerRecord) -> Mapping[ObjectIdentifier, asn1.TLV]:
    """Keep the first value of each signed attribute.

    RFC 5652, 5.3 and 11: one instance of each of ours, with one value; two are refused for unknown ones too.
    """
    attributes = [] if signer.signed_attributes is None else signer.signed_attributes.as_list()
    if len(attributes) > ATTRIBUTES_MAX:
        raise MalformedInput(f"{len(attributes)} signed attributes; at most {ATTRIBUTES_MAX} are read")
    found: dict[ObjectIdentifier, asn1.TLV] = {}
    for attribute in attributes:
        values = attribute.values.as_list()
        if len(values) != 1 or attribute.kind in found:
            raise MalformedInput(f"signed attribute {attribute.kind.dotted_string} has not exactly one value")
        found[attribute.kind] = values[0]
    if not {structures.CONTENT_TYPE, structures.MESSAGE_DIGEST} <= found.keys():
        raise MalformedInput("content-type or message-digest is missing among what is signed (RFC 5652, 5.3)")
    return MappingProxyType(found)


def _read_certificate_id(attributes: Mapping[ObjectIdentifier, asn1.TLV]) -> CertificateId:
    value = attributes.get(structures.SIGNING_CERTIFICATE_V2)
    if value is None and structures.SIGNING_CERTIFICATE in attributes:
        # RFC 5816, 2.2.1 keeps ESSCertID for SHA-1 alone, and SHA-1 names no certificate for certain.
        raise UnsupportedAlgorithm(
            "the token names its certificate by SHA-1; ask for one with ESSCertIDv2 (RFC 5816)"
        )
    if value is None:
        raise MalformedInput(
            "the token does not say which certificate signed it (RFC 3161, 2.4.2; RFC 5816, 2.2)"
        )
    listed = read_attribute(value, structures.SigningCertificateV2, name="a signing certificate").certificates
    if not 1 <= len(listed) <= CERTIFICATES_MAX:
        raise MalformedInput(
            f"{len(listed)} signing certificates; 1 to {CERTIFICATES_MAX} are read (RFC 5035, 3)"
        )
    # RFC 5035, 5: the first is the signer's own.
    return _certificate_id(listed[0])


def _certificate_id(one: structures.ESSCertIDv2) -> CertificateId:
    digest = Digest.SHA256 if one.algorithm is None else read_digest(one.algorithm)
    named = one.issuer_serial
    if named is None:
        return CertificateId(digest, one.digest)
    # RFC 5035, 5: the issuer MUST be one directoryName, [4] around the Name.
    if len(named.issuer) != 1 or named.issuer[0].tag_bytes != b"\xa4":
        raise MalformedInput("the issuer of the signing certificate is not one directory name (RFC 5035, 5)")
    return CertificateId(digest, one.digest, bytes(named.issuer[0].data), named.serial)


def _read_accuracy(accuracy: structures.Accuracy) -> timedelta:
    seconds, millis, micros = accuracy.seconds or 0, accuracy.millis, accuracy.micros
    # RFC 3161, 2.4.2: INTEGER (1..999).
    fractions_are_good = all(part is None or 1 <= part <= 999 for part in (millis, micros))
    if not fractions_are_good or not 0 <= seconds <= ACCURACY_SECONDS_MAX:
        raise MalformedInput(
            "an accuracy with parts out of range: 1 to 999, and at most a day (RFC 3161, 2.4.2)"
        )
    return timedelta(seconds=seconds, milliseconds=millis or 0, microseconds=micros or 0)
