"""The pass that the pass benchmarks measure: eleven text fields, a 1034 B photo, a status reference, a kid."""

import hashlib
from datetime import date

from rahdari.wire.claim169 import (
    Biometric,
    BiometricFormat,
    BodyPart,
    Gender,
    Identity,
    ImageFormat,
    MaritalStatus,
)
from rahdari.wire.cwt import Claims
from rahdari.wire.keys import SoftwareSigner
from rahdari.wire.status_list import StatusReference

PHOTO_BYTES = 1034


def photo() -> bytes:
    """Make bytes that pack as badly as a WebP picture does, the same in every run."""
    blocks = (hashlib.sha256(bytes([number])).digest() for number in range(PHOTO_BYTES // 32 + 1))
    return b"".join(blocks)[:PHOTO_BYTES]


SIGNER = SoftwareSigner.generate()
CLAIMS = Claims(
    issuer="https://authority.example",
    issued_at=1_700_000_000,
    not_before=1_700_000_000,
    expires=4_000_000_000,
    status=StatusReference("https://authority.example/status/17", 123_456),
)
IDENTITY = Identity(
    id="SAMPLE-0001",
    version="1.2.0",
    language="eng",
    full_name="Sample Person One",
    date_of_birth=date(1990, 1, 2),
    gender=Gender.FEMALE,
    address="House 1\nSample Street 2\nSample Town",
    nationality="PAK",
    marital_status=MaritalStatus.MARRIED,
    secondary_full_name="نمونہ شخص ایک",
    secondary_language="urd",
    biometrics={BodyPart.FACE: (Biometric(photo(), BiometricFormat.IMAGE, ImageFormat.WEBP),)},
)
