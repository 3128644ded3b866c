"""A stream of chunks under one key: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizar 2015).

Each chunk of 64 KiB has its own tag under the nonce: 7 bytes from the key derivation, the chunk's number (4 bytes)
and 1 for the last chunk, otherwise 0. Dropped, repeated, exchanged or missing chunks and a missing end do not open.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from rahdari.wire.sealed.envelope import Head

# Small enough to hold a few per exchange, large enough that the tag of 16 bytes costs nothing.
CHUNK_BYTES: Final = 1 << 16
_KEY_BYTES: Final = 32
_PREFIX_BYTES: Final = 7
_INFO: Final = b"rahdari sealed body v1 stream"


@dataclass(frozen=True, slots=True)
class ChunkKeys:
    """The cipher of one body and the beginning of its nonces."""

    cipher: AESGCM | ChaCha20Poly1305
    prefix: bytes

    def nonce(self, number: int, *, last: bool) -> bytes:
        """Write the nonce of chunk ``number``; four bytes count 256 TiB, far beyond any limit on bodies."""
        return self.prefix + number.to_bytes(4, "big") + (b"\1" if last else b"\0")


def derive_keys(head: Head, content_key: bytes) -> ChunkKeys:
    """Derive a body's keys from its content key and its whole head.

    The head holds a fresh encapsulated key, so even a content key used twice would not encrypt twice under one key.
    """
    salt = hashlib.sha256(head.encode()).digest()
    derived = HKDF(hashes.SHA256(), _KEY_BYTES + _PREFIX_BYTES, salt, _INFO).derive(content_key)
    return ChunkKeys(head.aead.cipher(derived[:_KEY_BYTES]), derived[_KEY_BYTES:])
