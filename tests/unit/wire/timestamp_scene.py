"""A root, an authority and what can be wrong with them, for the tests of time stamps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.timestamps import Authority, Digest, Imprint, Request, Token, Trust, issue, structures
from rahdari.wire.timestamps.algorithms import ECDSA_WITH_SHA256

POLICY = "1.3.6.1.4.1.99999.1"
OTHER_POLICY = "1.3.6.1.4.1.99999.2"
AT = datetime(2026, 3, 1, 9, 0, 0, 123_000, tzinfo=UTC)
CONTENT = b"log.example\n3\nroot\n"
IMPRINT = Imprint.of(CONTENT)
NONCE = 0xFEDCBA9876543210
STAMPING = ExtendedKeyUsageOID.TIME_STAMPING


@dataclass(frozen=True)
class Issuer:
    certificate: Certificate
    key: EllipticCurvePrivateKey


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def builder(
    subject: str, issuer: str, key: EllipticCurvePrivateKey | RSAPrivateKey, *, serial: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(AT - timedelta(days=30))
        .not_valid_after(AT + timedelta(days=300))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def make_root(text: str = "Example Root", *, above: Issuer | None = None, ca: bool = True) -> Issuer:
    key = generate_private_key(SECP256R1())
    signed_by = above or Issuer(None, key)  # type: ignore[arg-type]
    issued_by = text if above is None else above.certificate.subject.rfc4514_string().removeprefix("CN=")
    certificate = (
        builder(text, issued_by, key, serial=1 if above is None else 2)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signed_by.key, hashes.SHA256())
    )
    return Issuer(certificate, key)


def make_certificate(
    key: EllipticCurvePrivateKey | RSAPrivateKey,
    issuer: Issuer,
    *,
    usages: Sequence[x509.ObjectIdentifier] = (STAMPING,),
    critical: bool = True,
    key_usage: x509.KeyUsage | None = None,
) -> Certificate:
    built = builder(
        "Example Stamps", issuer.certificate.subject.rfc4514_string().removeprefix("CN="), key, serial=77
    )
    if usages:
        built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
    if key_usage is not None:
        built = built.add_extension(key_usage, critical=True)
    return built.sign(issuer.key, hashes.SHA256())


ROOT = make_root()
KEY = generate_private_key(SECP256R1())
CERTIFICATE = make_certificate(KEY, ROOT)
AUTHORITY = Authority(CERTIFICATE, SoftwareSigner(KEY), (POLICY, OTHER_POLICY), timedelta(seconds=1))
TRUST = Trust((ROOT.certificate,), frozenset({POLICY}))
REQUEST = Request(IMPRINT, nonce=NONCE)
SHA1 = structures.AlgorithmIdentifier(algorithm=x509.ObjectIdentifier("1.3.14.3.2.26"), parameters=None)
EXTENSION = structures.Extension(identifier=x509.ObjectIdentifier("1.2.3.4"), critical=True, value=b"\x05\0")


@cache
def rsa_authority() -> Authority:
    key = generate_rsa(65537, 2048)
    return Authority(make_certificate(key, ROOT), key, (POLICY,))


def stamped(
    authority: Authority = AUTHORITY, request: Request = REQUEST, *, serial: int = 7, at: datetime = AT
) -> Token:
    return issue(authority, request, serial=serial, at=at).require_token()


def resigned(
    *,
    content: bytes | None = None,
    attributes: Sequence[structures.Attribute] | None = None,
    certificates: tuple[Certificate, ...] = (CERTIFICATE,),
    certificate: Certificate = CERTIFICATE,
    **changes: object,
) -> bytes:
    """Sign a token with the authority's key, each part of which can be given; ``changes`` are of the SignerInfo."""
    whole = stamped()
    content = whole.content if content is None else content
    if attributes is None:
        attributes = good_attributes(content, certificate)
    signed = asn1.SetOf(list(attributes))
    signer = structures.SignerRecord(
        version=1,
        signer=structures.IssuerAndSerialNumber(
            issuer=structures.raw_value(certificate.issuer.public_bytes()), serial=certificate.serial_number
        ),
        digest_algorithm=Digest.SHA256.identifier(),
        signed_attributes=signed,
        signature_algorithm=structures.AlgorithmIdentifier(algorithm=ECDSA_WITH_SHA256),
        signature=KEY.sign(asn1.encode_der(signed), ECDSA(hashes.SHA256())),
        unsigned_attributes=None,
    )
    for field, value in changes.items():
        setattr(signer, field, value)
    return wrapped(content, [signer], certificates)


def wrapped(
    content: bytes | None,
    signers: Sequence[structures.SignerRecord],
    certificates: Sequence[Certificate] = (),
    *,
    kind: x509.ObjectIdentifier = structures.TST_INFO,
    version: int = 3,
) -> bytes:
    signed = structures.SignedMessage(
        version=version,
        digest_algorithms=asn1.SetOf([Digest.SHA256.identifier()]),
        encapsulated=structures.EncapsulatedContent(kind=kind, content=content),
        certificates=list(certificates),
        crls=None,
        signers=asn1.SetOf(list(signers)),
    )
    return asn1.encode_der(structures.Envelope(kind=structures.SIGNED_DATA, content=signed))


def attribute(kind: x509.ObjectIdentifier, *values: bytes) -> structures.Attribute:
    return structures.Attribute(
        kind=kind, values=asn1.SetOf([structures.raw_value(value) for value in values])
    )


def good_attributes(content: bytes, certificate: Certificate = CERTIFICATE) -> list[structures.Attribute]:
    return [
        attribute(structures.CONTENT_TYPE, asn1.encode_der(structures.TST_INFO)),
        attribute(structures.MESSAGE_DIGEST, asn1.encode_der(Digest.SHA256.of(content))),
        attribute(structures.SIGNING_CERTIFICATE_V2, named_certificate(Digest.SHA256, certificate)),
    ]


def named_certificate(digest: Digest, certificate: Certificate, *, issuer_serial: object = None) -> bytes:
    one = structures.ESSCertIDv2(
        algorithm=digest.identifier(),
        digest=digest.of(certificate.public_bytes(Encoding.DER)),
        issuer_serial=issuer_serial,  # type: ignore[arg-type]
    )
    return asn1.encode_der(structures.SigningCertificateV2(certificates=[one], policies=None))


def stamp_bytes(**changes: object) -> bytes:
    """Write the TSTInfo of our token with some fields changed."""
    info = asn1.decode_der(structures.StampContent, stamped().content)
    for field, value in changes.items():
        setattr(info, field, value)
    return asn1.encode_der(info)
