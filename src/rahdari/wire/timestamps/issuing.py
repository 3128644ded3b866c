"""A small time-stamping authority: it answers one request with one token, or says why not (RFC 3161, 2.1 to 2.4).

Made for tests and demonstrations; a court will want an authority that somebody audits. It has no clock: whoever
calls tells the time, and answers for it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, ObjectIdentifier

from rahdari.wire.errors import MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.timestamps import structures
from rahdari.wire.timestamps.algorithms import ECDSA_WITH_SHA256, Digest, rsa_identifier
from rahdari.wire.timestamps.certificates import check_purpose
from rahdari.wire.timestamps.requests import Request, read_request, write_identifier, write_imprint
from rahdari.wire.timestamps.responses import Failure, Response, Status
from rahdari.wire.timestamps.tokens import ACCURACY_SECONDS_MAX, CERTIFICATES_MAX, SERIAL_BITS_MAX, read_token

_RSA_BITS_MIN: Final = 2048  # what verifiers ask for; RSA-3072 is what we make
_HALF: Final = 32  # of an ES256 signature (RFC 9053, 2.1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A time-stamping authority: certificate and key, the policies it follows (its own is the first), accuracy.

    ``key`` signs ES256, or is an RSA key. ``chain`` are certificates that go along with the own one.

    Raises:
        TimestampUntrusted: the certificate is not for time stamps alone (RFC 3161, 2.3).
        MalformedInput: the key is not the certificate's, no policy, or an accuracy out of range.
    """

    certificate: Certificate = field(repr=False)
    key: Signer | RSAPrivateKey = field(repr=False)
    policies: tuple[str, ...]
    accuracy: timedelta | None = None
    chain: tuple[Certificate, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        check_purpose(self.certificate)
        if not _belongs(self.key, self.certificate):
            raise MalformedInput(
                "the key is not of this certificate, or neither ES256 nor RSA of at least 2048 bits"
            )
        if not self.policies or len(self.chain) >= CERTIFICATES_MAX:
            raise MalformedInput(f"an authority has a policy, and at most {CERTIFICATES_MAX} certificates")
        for policy in self.policies:
            write_identifier(policy)
        if self.accuracy is not None and not timedelta() < self.accuracy <= timedelta(
            seconds=ACCURACY_SECONDS_MAX
        ):
            raise MalformedInput("an accuracy is more than nothing and at most a day")


def answer(authority: Authority, raw: bytes, *, serial: int, at: datetime) -> bytes:
    """Answer the bytes of a request with those of a response; whatever is wrong in it becomes a rejection."""
    try:
        request = read_request(raw)
    except UnsupportedAlgorithm as refused:
        return reject(Failure.BAD_ALGORITHM, refused.message).encode()
    except MalformedInput as refused:
        return reject(Failure.BAD_DATA_FORMAT, refused.message).encode()
    return issue(authority, request, serial=serial, at=at).encode()


def issue(authority: Authority, request: Request, *, serial: int, at: datetime) -> Response:
    """Stamp the request's imprint at ``at`` (with a time zone), or say why not.

    ``serial`` must never have been used by this authority before (RFC 3161, 2.4.2).

    Raises:
        MalformedInput: ``serial`` is out of range or ``at`` has no time zone.
    """
    if not 0 <= serial < 1 << SERIAL_BITS_MAX or at.tzinfo is None:
        raise MalformedInput(
            f"a serial number has at most {SERIAL_BITS_MAX} bits, and a time has a time zone"
        )
    # RFC 3161, 2.4.2: unacceptedExtension, unacceptedPolicy.
    if request.extensions:
        return reject(Failure.UNACCEPTED_EXTENSION, "no extension is supported; ask without")
    if request.policy is not None and request.policy not in authority.policies:
        return reject(Failure.UNACCEPTED_POLICY, "another policy than ours; ask without or for one of ours")
    if not authority.certificate.not_valid_before_utc <= at <= authority.certificate.not_valid_after_utc:
        return reject(Failure.TIME_NOT_AVAILABLE, "the authority's certificate is not in force")
    info = _write_stamp(authority, request, serial=serial, at=at)
    certificates = (authority.certificate, *authority.chain) if request.wants_certificate else ()
    return Response(Status.GRANTED, read_token(_sign(authority, info, certificates)))


def reject(failure: Failure, words: str = "") -> Response:
    """Say why there is no token."""
    return Response(Status.REJECTION, failures=frozenset({failure}), words=words)


def _write_stamp(authority: Authority, request: Request, *, serial: int, at: datetime) -> bytes:
    return asn1.encode_der(
        structures.StampContent(
            version=1,
            policy=write_identifier(request.policy or authority.policies[0]),
            imprint=write_imprint(request.imprint),
            serial=serial,
            at=asn1.GeneralizedTime(at),
            accuracy=None if authority.accuracy is None else _write_accuracy(authority.accuracy),
            ordering=False,
            nonce=request.nonce,
            authority=None,
            extensions=None,
        )
    )


def _sign(authority: Authority, content: bytes, certificates: tuple[Certificate, ...]) -> bytes:
    attributes = asn1.SetOf(
        [
            _attribute(structures.CONTENT_TYPE, asn1.encode_der(structures.TST_INFO)),
            _attribute(structures.MESSAGE_DIGEST, asn1.encode_der(Digest.SHA256.of(content))),
            _attribute(structures.SIGNING_CERTIFICATE_V2, _certificate_id(authority.certificate)),
        ]
    )
    algorithm, signature = _signature(authority.key, asn1.encode_der(attributes))
    signer = structures.SignerRecord(
        version=1,
        signer=structures.IssuerAndSerialNumber(
            issuer=structures.raw_value(authority.certificate.issuer.public_bytes()),
            serial=authority.certificate.serial_number,
        ),
        digest_algorithm=Digest.SHA256.identifier(),
        signed_attributes=attributes,
        signature_algorithm=algorithm,
        signature=signature,
        unsigned_attributes=None,
    )
    return _wrap(content, signer, certificates)


def _wrap(content: bytes, signer: structures.SignerRecord, certificates: tuple[Certificate, ...]) -> bytes:
    # X.690, 11.6: a SET OF in DER is ordered by the encodings; strict readers refuse a chain in another order.
    ordered = sorted(certificates, key=lambda one: one.public_bytes(Encoding.DER))
    signed = structures.SignedMessage(
        version=3,  # RFC 5652, 5.1
        digest_algorithms=asn1.SetOf([Digest.SHA256.identifier()]),
        encapsulated=structures.EncapsulatedContent(kind=structures.TST_INFO, content=content),
        certificates=ordered or None,
        crls=None,
        signers=asn1.SetOf([signer]),
    )
    return asn1.encode_der(structures.Envelope(kind=structures.SIGNED_DATA, content=signed))


def _attribute(kind: ObjectIdentifier, value: bytes) -> structures.Attribute:
    return structures.Attribute(kind=kind, values=asn1.SetOf([structures.raw_value(value)]))


def _certificate_id(certificate: Certificate) -> bytes:
    """Write SigningCertificateV2; RFC 5035, 4: SHA-256 is the default and so is left out in DER."""
    return asn1.encode_der(
        structures.SigningCertificateV2(
            certificates=[
                structures.ESSCertIDv2(
                    algorithm=None,
                    digest=Digest.SHA256.of(certificate.public_bytes(Encoding.DER)),
                    issuer_serial=structures.IssuerSerial(
                        issuer=[structures.raw_value(_directory_name(certificate.issuer.public_bytes()))],
                        serial=certificate.serial_number,
                    ),
                )
            ],
            policies=None,
        )
    )


def _directory_name(name: bytes) -> bytes:
    """Write a GeneralName: [4] around a Name (RFC 5280, 4.2.1.6), its length in DER (X.690, 10.1)."""
    size = len(name)
    if size < 128:
        return b"\xa4%c%b" % (size, name)
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"\xa4%c%b%b" % (128 + len(length), length, name)


def _signature(key: Signer | RSAPrivateKey, message: bytes) -> tuple[structures.AlgorithmIdentifier, bytes]:
    if isinstance(key, RSAPrivateKey):
        return rsa_identifier(), key.sign(message, PKCS1v15(), Digest.SHA256.hash)
    raw = key.sign(message)
    r, s = int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big")
    return structures.AlgorithmIdentifier(algorithm=ECDSA_WITH_SHA256), encode_dss_signature(r, s)


def _belongs(key: Signer | RSAPrivateKey, certificate: Certificate) -> bool:
    public = certificate.public_key()
    if isinstance(key, RSAPrivateKey):
        return key.key_size >= _RSA_BITS_MIN and key.public_key() == public
    if key.public.algorithm is not Algorithm.ES256 or not isinstance(public, EllipticCurvePublicKey):
        return False
    return PublicKey.from_cryptography(public) == key.public


def _write_accuracy(accuracy: timedelta) -> structures.Accuracy:
    seconds = accuracy.days * 86_400 + accuracy.seconds
    millis, micros = divmod(accuracy.microseconds, 1000)
    return structures.Accuracy(seconds=seconds or None, millis=millis or None, micros=micros or None)
