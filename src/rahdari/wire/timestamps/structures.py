"""The ASN.1 of time stamps, as declared to the DER reader and writer of ``cryptography``. Private to this folder.

That reader is strict: no indefinite or overlong lengths, no unordered SET OF, nothing behind the end; its writer
sorts every SET OF (X.690, 11.6). Two places are read as a list although they are sets, because CMS allows BER there
and OpenSSL 3.0 writes chains in the order they were given: ``certificates`` and ``crls`` (RFC 5652, 5.1).
"""

from typing import Annotated, Final, TypeVar

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import ObjectIdentifier

from rahdari.wire.errors import MalformedInput, TooLarge

# RFC 5652, 5.1 and 11; RFC 3161, 2.4.2; RFC 5035, 3.
SIGNED_DATA: Final = ObjectIdentifier("1.2.840.113549.1.7.2")
TST_INFO: Final = ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE: Final = ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = ObjectIdentifier("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE: Final = ObjectIdentifier("1.2.840.113549.1.9.16.2.12")
SIGNING_CERTIFICATE_V2: Final = ObjectIdentifier("1.2.840.113549.1.9.16.2.47")

# What the library says of bytes, certificates and extensions that it cannot take apart; its warning only where
# warnings were made errors: what it warns of today, such as a serial number of 0, will be an error one day.
UNREADABLE: Final = (
    ValueError,
    OverflowError,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    CryptographyDeprecationWarning,
)

_Structure = TypeVar("_Structure")


@asn1.sequence
class AlgorithmIdentifier:
    """RFC 5280, 4.1.1.2; every algorithm we know has no parameters, or NULL (RFC 5754, 2)."""

    algorithm: ObjectIdentifier
    parameters: asn1.Null | None = None


@asn1.sequence
class Extension:
    """RFC 5280, 4.1."""

    identifier: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(value=False)]
    value: bytes


@asn1.sequence
class MessageImprint:
    """RFC 3161, 2.4.1."""

    algorithm: AlgorithmIdentifier
    digest: bytes


@asn1.sequence
class TimeStampReq:
    """RFC 3161, 2.4.1."""

    version: int
    imprint: MessageImprint
    policy: ObjectIdentifier | None
    nonce: int | None
    wants_certificate: Annotated[bool, asn1.Default(value=False)]
    extensions: Annotated[list[Extension] | None, asn1.Implicit(0)]


@asn1.sequence
class Accuracy:
    """RFC 3161, 2.4.2."""

    seconds: int | None
    millis: Annotated[int | None, asn1.Implicit(0)]
    micros: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class StampContent:
    """TSTInfo of RFC 3161, 2.4.2; ``authority`` is an explicit [0] around one GeneralName, a CHOICE."""

    version: int
    policy: ObjectIdentifier
    imprint: MessageImprint
    serial: int
    at: asn1.GeneralizedTime
    accuracy: Accuracy | None
    ordering: Annotated[bool, asn1.Default(value=False)]
    nonce: int | None
    authority: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    extensions: Annotated[list[Extension] | None, asn1.Implicit(1)]


@asn1.sequence
class IssuerSerial:
    """RFC 5035, 5: GeneralNames and a serial number."""

    issuer: list[asn1.TLV]
    serial: int


@asn1.sequence
class ESSCertIDv2:
    """RFC 5035, 4; without ``algorithm`` the digest is SHA-256."""

    algorithm: AlgorithmIdentifier | None
    digest: bytes
    issuer_serial: IssuerSerial | None


@asn1.sequence
class SigningCertificateV2:
    """RFC 5035, 3; ``policies`` is not used by time stamps."""

    certificates: list[ESSCertIDv2]
    policies: list[asn1.TLV] | None


@asn1.sequence
class Attribute:
    """RFC 5652, 5.3."""

    kind: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class IssuerAndSerialNumber:
    """RFC 5652, 10.2.4; ``issuer`` is a Name."""

    issuer: asn1.TLV
    serial: int


@asn1.sequence
class SignerRecord:
    """SignerInfo of RFC 5652, 5.3."""

    version: int
    signer: IssuerAndSerialNumber | Annotated[bytes, asn1.Implicit(0)]
    digest_algorithm: AlgorithmIdentifier
    signed_attributes: Annotated[asn1.SetOf[Attribute] | None, asn1.Implicit(0)]
    signature_algorithm: AlgorithmIdentifier
    signature: bytes
    unsigned_attributes: Annotated[list[Attribute] | None, asn1.Implicit(1)]


@asn1.sequence
class EncapsulatedContent:
    """EncapsulatedContentInfo of RFC 5652, 5.2."""

    kind: ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedMessage:
    """SignedData of RFC 5652, 5.1."""

    version: int
    digest_algorithms: asn1.SetOf[AlgorithmIdentifier]
    encapsulated: EncapsulatedContent
    certificates: Annotated[list[x509.Certificate] | None, asn1.Implicit(0)]
    crls: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[SignerRecord]


@asn1.sequence
class Envelope:
    """ContentInfo of RFC 5652, 3, with the only content that a time stamp has."""

    kind: ObjectIdentifier
    content: Annotated[SignedMessage, asn1.Explicit(0)]


@asn1.sequence
class StatusReport:
    """PKIStatusInfo of RFC 3161, 2.4.2."""

    status: int
    words: list[str] | None
    failure: asn1.BitString | None


@asn1.sequence
class TimeStampResp:
    """RFC 3161, 2.4.2."""

    status: StatusReport
    token: Envelope | None


def read(structure: type[_Structure], raw: bytes, *, name: str, size_bytes_max: int) -> _Structure:
    """Read one DER value of ``structure`` that fills ``raw``.

    Raises:
        TooLarge: more than ``size_bytes_max`` bytes.
        MalformedInput: other bytes than this structure has in DER.
    """
    if len(raw) > size_bytes_max:
        raise TooLarge(f"{name} of {len(raw)} bytes; at most {size_bytes_max} are read here")
    try:
        return asn1.decode_der(structure, raw)
    except UNREADABLE:
        raise MalformedInput(
            f"these {len(raw)} bytes are not {name} in DER; they are damaged, or were written in BER (X.690, 10)"
        ) from None


def raw_value(raw: bytes) -> asn1.TLV:
    """Wrap a DER value that is written as it is."""
    return asn1.decode_der(asn1.TLV, raw)
