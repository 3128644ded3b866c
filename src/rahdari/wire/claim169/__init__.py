"""MOSIP Claim 169 (1.2.0, with what 1.2.1 is known to add): an identity in a CWT, as the text of a QR code.

``read`` takes every dialect in the wild, ``write`` one of two profiles. What ``read`` returns is unverified.

Example:
    >>> from rahdari.wire.cwt import Claims
    >>> from rahdari.wire.keys import SoftwareSigner
    >>> signer = SoftwareSigner.generate()
    >>> text = write(signer, Claims(issuer="example"), Identity(full_name="Sample Person One"))
    >>> unverified = read(text)
    >>> signer.public.verify(unverified.sign1.signature, unverified.sign1.signing_input())
    >>> unverified.identity.full_name
    'Sample Person One'
"""

from rahdari.wire.claim169.envelope import TEXT_CHARS_MAX, UnverifiedPass, read, write
from rahdari.wire.claim169.identity import (
    Biometric,
    BiometricFormat,
    BodyPart,
    Gender,
    Identity,
    ImageFormat,
    MaritalStatus,
    PhotoFormat,
    TemplateFormat,
)
from rahdari.wire.claim169.reading import decode
from rahdari.wire.claim169.writing import Profile, encode

__all__ = [
    "TEXT_CHARS_MAX",
    "Biometric",
    "BiometricFormat",
    "BodyPart",
    "Gender",
    "Identity",
    "ImageFormat",
    "MaritalStatus",
    "PhotoFormat",
    "Profile",
    "TemplateFormat",
    "UnverifiedPass",
    "decode",
    "encode",
    "read",
    "write",
]
