"""Certificates of information systems, as operators make them: self-signed, or by an authority of their own."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(slots=True)
class MadeCertificate:
    """A certificate with its key, and the file that holds both."""

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey = field(repr=False)
    file: Path

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def digest(self) -> str:
        return sha256(self.der).hexdigest()


def make_certificate(
    folder: Path,
    name: str,
    *,
    begins: datetime,
    life: timedelta = timedelta(days=1),
    by: MadeCertificate | None = None,
) -> MadeCertificate:
    """Make a certificate for 127.0.0.1 and write it with its key to ``NAME.pem``; self-signed without ``by``."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + life)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .sign(by.key if by else key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + pem)
    return MadeCertificate(certificate, key, file)
