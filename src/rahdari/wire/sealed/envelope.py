"""What stands before a sealed body: the head, and the exchange it is bound to.

The head is magic ``RSB1`` (4 bytes), the three HPKE numbers (2 bytes each: KEM, KDF, AEAD), the recipient's kid (8)
and the sealed content key (encapsulated key, 32 bytes of key, 16 of tag). Chunks follow; see ``stream``.
"""

import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from rahdari.wire.errors import MalformedInput, UnsupportedAlgorithm
from rahdari.wire.sealed.suites import HKDF_SHA256, Aead, Kem

MEDIA_TYPE: Final = "application/vnd.rahdari.sealed"
# A field of the binding is an identifier, a path template or a media type; X-Road's longest identifiers fit twice.
FIELD_BYTES_MAX: Final = 1024
CONTENT_KEY_BYTES: Final = 32
TAG_BYTES: Final = 16
_MAGIC: Final = b"RSB1"
_NUMBERS: Final = struct.Struct(">4sHHH8s")
PLAIN_HEAD_BYTES: Final = _NUMBERS.size
_INFO: Final = b"rahdari sealed body v1\0"

_Number = TypeVar("_Number", Kem, Aead)


class Direction(StrEnum):
    """Which way a body goes, so that no answer is taken for a question."""

    REQUEST = "request"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Binding:
    """The exchange that a body belongs to; sealed for one, it opens in no other.

    Both sides know these from the signed message itself; nothing of it is carried in the envelope.

    Raises:
        MalformedInput: a field of more than ``FIELD_BYTES_MAX`` bytes, or with lone surrogates.
    """

    direction: Direction
    request_id: str
    client: str
    service: str
    purpose: str
    content_type: str

    def __post_init__(self) -> None:
        self.encode()

    def encode(self) -> bytes:
        """Write each field behind its length, so that no two bindings have the same bytes."""
        fields = (
            self.direction.value,
            self.request_id,
            self.client,
            self.service,
            self.purpose,
            self.content_type,
        )
        try:
            encoded = [field.encode() for field in fields]
        except UnicodeEncodeError:
            raise MalformedInput("a field of the binding is not text that UTF-8 can write") from None
        longest = max(map(len, encoded))
        if longest > FIELD_BYTES_MAX:
            raise MalformedInput(
                f"a field of {longest} bytes in the binding; at most {FIELD_BYTES_MAX} are taken"
            )
        return b"".join(len(one).to_bytes(2, "big") + one for one in encoded)


@dataclass(frozen=True, slots=True)
class Head:
    """The head as it was read: which suite, whose key, and the sealed content key. Nothing of it is proved."""

    kem: Kem
    aead: Aead
    kid: bytes
    sealed_key: bytes

    def encode(self) -> bytes:
        """Write the head."""
        return self.plain() + self.sealed_key

    def plain(self) -> bytes:
        """Write what stands before the sealed content key, which the sealing of that key covers."""
        return _NUMBERS.pack(_MAGIC, self.kem, HKDF_SHA256, self.aead, self.kid)

    def info(self, binding: Binding) -> bytes:
        """Write HPKE's info: what both sides must agree on for the content key to open (RFC 9180, 5.1)."""
        return _INFO + self.plain() + binding.encode()


def head_bytes(kem: Kem) -> int:
    """Tell how long a whole head is."""
    return PLAIN_HEAD_BYTES + kem.encapsulated_bytes + CONTENT_KEY_BYTES + TAG_BYTES


def read_head(raw: bytes) -> Head | None:
    """Read the head at the beginning of ``raw``; None while it is not complete.

    Raises:
        MalformedInput: another magic: this is no sealed body.
        UnsupportedAlgorithm: a suite that is not one of the house.
    """
    if raw[: len(_MAGIC)] != _MAGIC[: len(raw)]:
        raise MalformedInput(f"this is no sealed body; send one of {MEDIA_TYPE}, or take it as it is")
    if len(raw) < PLAIN_HEAD_BYTES:
        return None
    _, kem_number, kdf_number, aead_number, kid = _NUMBERS.unpack_from(raw)
    kem, aead = _one_of(Kem, kem_number), _one_of(Aead, aead_number)
    if kem is None or aead is None or kdf_number != HKDF_SHA256:
        raise UnsupportedAlgorithm(
            f"a body sealed with suite {kem_number:04x}-{kdf_number:04x}-{aead_number:04x}; the house takes X25519 "
            "and X-Wing with HKDF-SHA256 and AES-256-GCM or ChaCha20Poly1305"
        )
    if len(raw) < head_bytes(kem):
        return None
    return Head(kem, aead, bytes(kid), bytes(raw[PLAIN_HEAD_BYTES : head_bytes(kem)]))


def begins_sealed(beginning: bytes) -> bool:
    """Tell whether bytes begin as a sealed body does; whether it opens, only who has the key can tell.

    ``beginning`` are the first ``HEAD_BYTES_MAX`` bytes of a body, or all that there are.
    """
    try:
        return read_head(beginning) is not None
    except (MalformedInput, UnsupportedAlgorithm):
        return False


def _one_of(numbers: type[_Number], number: int) -> _Number | None:
    return next((one for one in numbers if one == number), None)
