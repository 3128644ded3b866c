"""Digest and signature algorithms of time stamps by their object identifiers (RFC 5754, 2 and 3; RFC 5758, 3.2)."""

import hashlib
from enum import Enum
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.exceptions import UnsupportedAlgorithm as UnknownToLibrary
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, ObjectIdentifier

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.timestamps.structures import UNREADABLE, AlgorithmIdentifier

RSA_ENCRYPTION: Final = ObjectIdentifier("1.2.840.113549.1.1.1")  # RFC 3370, 3.2: the digest stands beside it
ECDSA_WITH_SHA256: Final = ObjectIdentifier("1.2.840.10045.4.3.2")


class Digest(Enum):
    """The digests that a time stamp may be made over or signed with; SHA-1 and MD5 are not among them."""

    SHA256 = "2.16.840.1.101.3.4.2.1"
    SHA384 = "2.16.840.1.101.3.4.2.2"
    SHA512 = "2.16.840.1.101.3.4.2.3"

    @property
    def size_bytes(self) -> int:
        """How long such a digest is."""
        return self.hash.digest_size

    @property
    def hash(self) -> hashes.HashAlgorithm:
        """The same algorithm as the cryptographic library knows it."""
        return _HASHES[self]

    def of(self, content: bytes) -> bytes:
        """Compute the digest of ``content``."""
        return hashlib.new(self.name, content).digest()

    def identifier(self) -> AlgorithmIdentifier:
        """Write the identifier; RFC 5754, 2: implementations MUST generate it without parameters."""
        return AlgorithmIdentifier(algorithm=ObjectIdentifier(self.value))


_HASHES: Final = MappingProxyType(
    {Digest.SHA256: hashes.SHA256(), Digest.SHA384: hashes.SHA384(), Digest.SHA512: hashes.SHA512()}
)
_ECDSA: Final = MappingProxyType(
    {
        "1.2.840.10045.4.3.2": Digest.SHA256,
        "1.2.840.10045.4.3.3": Digest.SHA384,
        "1.2.840.10045.4.3.4": Digest.SHA512,
    }
)
_RSA: Final = MappingProxyType(
    {
        "1.2.840.113549.1.1.11": Digest.SHA256,
        "1.2.840.113549.1.1.12": Digest.SHA384,
        "1.2.840.113549.1.1.13": Digest.SHA512,
    }
)


def read_digest(identifier: AlgorithmIdentifier) -> Digest:
    """Find the digest that is named.

    Raises:
        UnsupportedAlgorithm: another one than SHA-256, SHA-384 and SHA-512.
    """
    named = identifier.algorithm.dotted_string
    found = next((digest for digest in Digest if digest.value == named), None)
    if found is None:
        raise UnsupportedAlgorithm(f"digest algorithm {named}; the house takes SHA-256, SHA-384 and SHA-512")
    return found


def read_signature_algorithm(identifier: AlgorithmIdentifier, digest: Digest) -> Digest:
    """Return ``digest`` if the signature algorithm is made for it.

    Raises:
        UnsupportedAlgorithm: neither ECDSA nor RSA (PKCS #1 v1.5) with a digest of ours.
        MalformedInput: the signature's digest is not the one of the signer (RFC 5652, 5.3).
    """
    named = identifier.algorithm.dotted_string
    used = digest if identifier.algorithm == RSA_ENCRYPTION else _ECDSA.get(named) or _RSA.get(named)
    if used is None:
        raise UnsupportedAlgorithm(f"signature algorithm {named}; the house takes ECDSA and RSA with SHA-2")
    if used is not digest:
        raise MalformedInput(f"the signer names {digest.name}, its signature algorithm {used.name}")
    return used


def verify_signature(
    certificate: Certificate,
    identifier: AlgorithmIdentifier,
    digest: Digest,
    *,
    signature: bytes,
    message: bytes,
) -> None:
    """Return if the certificate's key signed ``message``.

    Raises:
        BadSignature: it did not, or the algorithm named is not one of its key.
        UnsupportedAlgorithm: a key that is neither RSA nor on an elliptic curve.
    """
    named = identifier.algorithm.dotted_string
    try:
        key = certificate.public_key()
        if isinstance(key, EllipticCurvePublicKey) and named in _ECDSA:
            return key.verify(signature, message, ECDSA(digest.hash))
        if isinstance(key, RSAPublicKey) and named not in _ECDSA:
            return key.verify(signature, message, PKCS1v15(), digest.hash)
    except InvalidSignature:
        raise BadSignature(
            "the token's signature does not belong to its content and this certificate"
        ) from None
    except (*UNREADABLE, UnknownToLibrary):
        raise UnsupportedAlgorithm(
            "the certificate's key is of a kind or curve that is not read here"
        ) from None
    raise BadSignature(f"signature algorithm {named} is not one of the key in the certificate")


def rsa_identifier() -> AlgorithmIdentifier:
    """Write rsaEncryption; RFC 3370, 3.2: its parameters MUST be NULL."""
    return AlgorithmIdentifier(algorithm=RSA_ENCRYPTION, parameters=asn1.Null())
