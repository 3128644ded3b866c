"""The certificate that a gateway makes for its own edge, where its operator names none.

Self-signed, for whoever pins it: a member's systems are told it once, from a file. So it lives long, and what it is
good for is set by names, not by an authority.
"""

import json
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rahdari.app.exchange.gateway_keys import GatewayKeys
from rahdari.app.files import write_whole
from rahdari.exchange.errors import KeysLocked

# Every system that pins it must be told of the next one.
LIFE: Final = timedelta(days=5 * 365)
_RENEWED_BEFORE: Final = timedelta(days=60)
_EARLIER: Final = timedelta(hours=1)
_SECRET: Final = "edge-tls"  # noqa: S105 - the name of a file
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, not listened at


def names_of_edge(host: str, url: str) -> tuple[str, ...]:
    """Give the names by which a member's systems reach an edge: its address, this machine, the gateway's own host.

    Example:
        >>> names_of_edge("0.0.0.0", "https://gw.bank.example:5500")
        ('gw.bank.example', 'localhost', '127.0.0.1', '::1')
    """
    every = (host, urlsplit(url).hostname or "", "localhost", "127.0.0.1", "::1")
    return tuple(dict.fromkeys(one for one in every if one not in _EVERYWHERE))


class EdgeCertificate:
    """Makes the certificate at its first use and keeps it, with its key, among the gateway's keys."""

    def __init__(self, keys: GatewayKeys, names: tuple[str, ...]) -> None:
        """Use ``names``; a certificate for others is made anew."""
        self._keys, self._names = keys, names
        self._certificate: x509.Certificate | None = None

    def is_due(self, at: datetime) -> bool:
        """Tell whether the certificate in use runs out soon."""
        found = self._certificate
        return found is not None and at > found.not_valid_after_utc - _RENEWED_BEFORE

    def load(self, context: ssl.SSLContext, file: Path, *, at: datetime) -> None:
        """Put the certificate with its key into a context, and the certificate alone into ``file``.

        Raises:
            KeysLocked: what is kept is not what was kept. FolderFailed: it cannot be kept.
        """
        certificate, private = self._find(at) or self._make(at)
        self._keys.load_pair(context, certificate.public_bytes(Encoding.DER), private)
        pem = certificate.public_bytes(Encoding.PEM)
        if not file.is_file() or file.read_bytes() != pem:
            write_whole(file, pem)
        self._certificate = certificate

    def _find(self, at: datetime) -> tuple[x509.Certificate, EllipticCurvePrivateKey] | None:
        raw = self._keys.secret(_SECRET)
        if raw is None:
            return None
        kept = json.loads(raw)
        certificate = x509.load_der_x509_certificate(bytes.fromhex(kept["certificate"]))
        private = load_der_private_key(bytes.fromhex(kept["private"]), password=None)
        if not isinstance(private, EllipticCurvePrivateKey):
            raise KeysLocked("the key of the edge is not of P-256; restore the keys from a backup")
        if kept["names"] != list(self._names) or at > certificate.not_valid_after_utc - _RENEWED_BEFORE:
            return None
        return certificate, private

    def _make(self, at: datetime) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
        private = generate_private_key(SECP256R1())
        certificate = _certify(private, self._names, at)
        kept = {
            "names": list(self._names),
            "certificate": certificate.public_bytes(Encoding.DER).hex(),
            "private": private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex(),
        }
        self._keys.keep(_SECRET, json.dumps(kept).encode())
        return certificate, private


def _certify(private: EllipticCurvePrivateKey, names: tuple[str, ...], at: datetime) -> x509.Certificate:
    # RFC 5280, 4.1.2.6: a common name has at most 64 characters.
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
    begins = (at - _EARLIER).astimezone(UTC).replace(microsecond=0)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + LIFE)
        .add_extension(x509.SubjectAlternativeName([_name(one) for one in names]), critical=False)
        # Its own issuer, so that a TLS library can verify it with itself as the one anchor.
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(private, hashes.SHA256())
    )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)
