"""Certificates in files, as people have them: PEM (RFC 7468) or DER."""

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.errors import BadFile
from rahdari.app.files import read_limited

_FILE_BYTES_MAX = 64 * 1024


def read_certificate_file(path: Path) -> bytes:
    """Give a certificate's DER. Raises ``FolderFailed``, ``BadFile``."""
    raw = read_limited(path, size_bytes_max=_FILE_BYTES_MAX)
    try:
        if raw.lstrip().startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(raw).public_bytes(Encoding.DER)
        return x509.load_der_x509_certificate(raw).public_bytes(Encoding.DER)
    except ValueError:
        raise BadFile(f"{path} holds no certificate; give the authority's, as PEM or DER") from None
