"""Certificates come as people have them."""

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.exchange.certificate_files import read_certificate_file
from tests.unit.wire.ndel_scene import certificate, keys_of

DER = certificate(keys_of("1001").tls, "tsa.example")
PEM = x509.load_der_x509_certificate(DER).public_bytes(Encoding.PEM)


@pytest.mark.parametrize("content", [DER, PEM, b"\n" + PEM], ids=["der", "pem", "line first"])
def test_both_forms_are_read(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tsa").write_bytes(content)
    assert read_certificate_file(tmp_path / "tsa") == DER


@pytest.mark.parametrize(
    "content",
    [b"", b"junk", DER[:-1], PEM[:40], b"-----BEGIN CERTIFICATE-----\nx\n"],
    ids=["nothing", "junk", "short der", "short pem", "no base64"],
)
def test_what_is_no_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tsa").write_bytes(content)
    with pytest.raises(BadFile, match="holds no certificate"):
        read_certificate_file(tmp_path / "tsa")
    with pytest.raises(FolderFailed):
        read_certificate_file(tmp_path / "none")
