"""Self-signed TLS certificates of gateways (X.509, RFC 5280): pinned, never chained.

Nothing but the configuration makes one trusted. What is checked is that a TLS library will take it for the
gateway's address, and which key it has.
"""

from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as UnknownToLibrary
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import (
    Certificate,
    DNSName,
    DuplicateExtension,
    ExtensionNotFound,
    InvalidVersion,
    IPAddress,
    SubjectAlternativeName,
    UnsupportedGeneralNameType,
    load_der_x509_certificate,
)

from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey
from rahdari.wire.ndel.json_members import require_origin

# CA/Browser Forum, Baseline Requirements, 6.3.2, as of 2026: 200 days; room for clocks that differ.
LIFE_DAYS_MAX: Final = 201
_DAY_SECONDS: Final = 86_400
# All that the library says of bytes that are no certificate it can read.
_NO_CERTIFICATE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    InvalidSignature,
    UnknownToLibrary,
    InvalidVersion,
    ExtensionNotFound,
    DuplicateExtension,
    UnsupportedGeneralNameType,
    # Where warnings are errors: what a later version of the library will refuse.
    CryptographyDeprecationWarning,
)


@dataclass(frozen=True, slots=True)
class GatewayCertificate:
    """A certificate that was checked: its P-256 key, and its window in seconds since 1970."""

    der: bytes = field(repr=False)
    public: PublicKey
    not_before: int
    not_after: int


def read_certificate_of(der: bytes, *, url: str) -> GatewayCertificate:
    """Read a certificate that a gateway at ``url`` can show.

    Raises:
        MalformedInput: not X.509, not signed by its own P-256 key, of a life longer than ``LIFE_DAYS_MAX``, or not
            naming the host of ``url`` (RFC 9525, 6: DNS name or IP address in subjectAltName).
    """
    host, _ = require_origin(url)
    try:
        certificate = load_der_x509_certificate(der)
        key = certificate.public_key()
        if not isinstance(key, EllipticCurvePublicKey):
            raise MalformedInput("the key of a gateway's certificate is of P-256")
        public = PublicKey.from_cryptography(key)
        certificate.verify_directly_issued_by(certificate)
        names = _names(certificate)
        window = _seconds(certificate.not_valid_before_utc), _seconds(certificate.not_valid_after_utc)
    except _NO_CERTIFICATE as refusal:
        raise MalformedInput(
            f"{len(der)} bytes are not a self-signed certificate with subjectAltName"
        ) from refusal
    if certificate.serial_number < 1:
        raise MalformedInput("the serial number of a certificate is positive (RFC 5280, 4.1.2.2)")
    if host not in names:
        raise MalformedInput(
            f"the certificate does not name {host} in subjectAltName; make it for this address"
        )
    if not 0 < window[1] - window[0] <= LIFE_DAYS_MAX * _DAY_SECONDS:
        raise MalformedInput(f"a gateway's certificate lives at most {LIFE_DAYS_MAX} days")
    return GatewayCertificate(der, public, *window)


def _names(certificate: Certificate) -> set[str]:
    listed = certificate.extensions.get_extension_for_class(SubjectAlternativeName).value
    addresses = {str(ip_address(one)) for one in listed.get_values_for_type(IPAddress)}  # type: ignore[arg-type]
    return addresses | {name.lower() for name in listed.get_values_for_type(DNSName)}


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
