"""The suites that bodies are sealed with, by their HPKE numbers (RFC 9180, 7; draft-ietf-hpke-pq, 4)."""

from enum import IntEnum
from types import MappingProxyType
from typing import Final

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305


class Kem(IntEnum):
    """How the key reaches the recipient: by X25519, or by X-Wing, which adds ML-KEM-768."""

    X25519 = 0x0020
    X_WING = 0x647A

    @property
    def public_bytes(self) -> int:
        """The length of a public key."""
        return 32 if self is Kem.X25519 else 1216

    @property
    def encapsulated_bytes(self) -> int:
        """The length of an encapsulated key (RFC 9180, 7.1, Nenc)."""
        return 32 if self is Kem.X25519 else 1120


class Aead(IntEnum):
    """What encrypts: both with 256-bit keys, 96-bit nonces and 128-bit tags (RFC 9180, 7.3)."""

    AES_256_GCM = 0x0002
    CHACHA20_POLY1305 = 0x0003

    def cipher(self, key: bytes) -> AESGCM | ChaCha20Poly1305:
        """Make the cipher for a key of 32 bytes."""
        return AESGCM(key) if self is Aead.AES_256_GCM else ChaCha20Poly1305(key)


HKDF_SHA256: Final = 0x0001  # RFC 9180, 7.2: the one key derivation function of all our suites
_KEMS: Final = MappingProxyType({Kem.X25519: hpke.KEM.X25519, Kem.X_WING: hpke.KEM.MLKEM768_X25519})
_AEADS: Final = MappingProxyType(
    {Aead.AES_256_GCM: hpke.AEAD.AES_256_GCM, Aead.CHACHA20_POLY1305: hpke.AEAD.CHACHA20_POLY1305}
)
# Suites of the library are made once; they hold no secret.
SUITES: Final = MappingProxyType(
    {(kem, aead): hpke.Suite(_KEMS[kem], hpke.KDF.HKDF_SHA256, _AEADS[aead]) for kem in Kem for aead in Aead}
)
