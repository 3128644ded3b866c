"""Keys of logs and witnesses, and what each kind signs (signed-note, Signature types; c2sp.org/tlog-cosignature).

Example:
    >>> key = read_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    >>> key.name, key.kind.name, key.key_id.hex()
    ('example.com/foo', 'ED25519', '530d903a')
"""

import re
from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.tlog.lines import NAME_BYTES_MAX, read_base64, require_name, write_base64
from rahdari.wire.tlog.note import KEY_ID_BYTES

ML_DSA_44_PUBLIC_BYTES: Final = 1312  # FIPS 204, table 2
ML_DSA_44_SIGNATURE_BYTES: Final = 2420
# A name, 8 digits, and the Base64 of one byte and an ML-DSA-44 key.
KEY_CHARS_MAX: Final = NAME_BYTES_MAX + 2 + 8 + 4 * (-(-(1 + ML_DSA_44_PUBLIC_BYTES) // 3))
_ID: Final = re.compile(r"[0-9a-f]{8}")


class KeyKind(IntEnum):
    """What a key signs, by its signature type identifier byte (signed-note, Signature types).

    ``ED25519``: the text of the note. ``COSIGNATURE``: the time and the text, by Ed25519. ``ML_DSA_44``: the names
    of cosigner and log, the time, and the head of the tree. Other kinds (ECDSA, RFC 6962) are refused.
    """

    ED25519 = 0x01
    COSIGNATURE = 0x04
    ML_DSA_44 = 0x06

    @property
    def is_timestamped(self) -> bool:
        """Whether a signature says when it was made: witnesses' do."""
        return self is not KeyKind.ED25519


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that verifies signature lines of its name and id. A value of this type is a valid key.

    ``public`` is the raw key: 32 bytes of Ed25519, 1,312 of ML-DSA-44.
    """

    name: str
    kind: KeyKind
    public: bytes = field(repr=False)
    key_id: bytes = field(init=False)
    _key: PublicKey | MLDSA44PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Load the key. Raises ``MalformedInput`` for a name or key that is none."""
        require_name(self.name)
        object.__setattr__(self, "_key", _load(self.kind, self.public))
        # tlog-cosignature, Format: SHA-256(name || "\n" || type || key)[:4].
        named = sha256(self.name.encode() + b"\n" + bytes((self.kind,)) + self.public)
        object.__setattr__(self, "key_id", named.digest()[:KEY_ID_BYTES])

    @property
    def text(self) -> str:
        """The key as configurations carry it: name, id in hex, Base64 of type and key, joined by plus signs."""
        return f"{self.name}+{self.key_id.hex()}+{write_base64(bytes((self.kind,)) + self.public)}"

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return only if ``signature`` is this key's over ``message``. Raises ``BadSignature``."""
        if isinstance(self._key, PublicKey):
            self._key.verify(signature, message)
            return
        if len(signature) != ML_DSA_44_SIGNATURE_BYTES:
            raise BadSignature(
                f"a signature of {len(signature)} bytes; ML-DSA-44 has {ML_DSA_44_SIGNATURE_BYTES}"
            )
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise BadSignature("the signature does not belong to these bytes and this key") from None


def read_key(text: str) -> NoteKey:
    """Read a key as ``NoteKey.text`` writes it (signed-note, Verifier keys).

    Raises:
        MalformedInput: another form, or an id that is not this key's (``TooLarge`` beyond ``KEY_CHARS_MAX``).
        UnsupportedAlgorithm: a signature type that the house does not verify.
    """
    if len(text) > KEY_CHARS_MAX:
        raise TooLarge(f"a key of {len(text)} characters; none has more than {KEY_CHARS_MAX}")
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = read_base64(encoded, "the key")
    if not _ID.fullmatch(key_id) or not raw:
        raise MalformedInput("a key is a name, 8 small hexadecimal digits and Base64, joined by plus signs")
    if raw[0] not in list(KeyKind):
        raise UnsupportedAlgorithm(f"signature type 0x{raw[0]:02x}; the house verifies 0x01, 0x04 and 0x06")
    key = NoteKey(name, KeyKind(raw[0]), raw[1:])
    if key.key_id.hex() != key_id:
        raise MalformedInput(
            f"the id {key_id} is not that of this name and key; one of the three was altered"
        )
    return key


class NoteSigner(Protocol):
    """Signs for a log or a witness with a key that it does not show."""

    @property
    def key(self) -> NoteKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes of Ed25519, 2,420 of ML-DSA-44."""
        ...


class Ed25519NoteSigner:
    """Signs notes or cosignatures with an Ed25519 signer of the house."""

    __slots__ = ("_key", "_signer")

    def __init__(self, name: str, signer: Signer, kind: KeyKind = KeyKind.ED25519) -> None:
        """Take a signer of EdDSA and the kind that it signs as; one witness, one key (tlog-cosignature).

        Raises:
            UnsupportedAlgorithm: the signer is not an Ed25519 one, or ``kind`` is that of another algorithm.
        """
        if signer.public.algorithm is not Algorithm.EDDSA or kind is KeyKind.ML_DSA_44:
            raise UnsupportedAlgorithm("kinds 0x01 and 0x04 sign with Ed25519, and with nothing else")
        self._key, self._signer = NoteKey(name, kind, signer.public.x), signer

    @property
    def key(self) -> NoteKey:
        """The key that verifies what this signs."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Sign: 64 bytes."""
        return self._signer.sign(message)


class MlDsa44NoteSigner:
    """Signs checkpoints with ML-DSA-44 (FIPS 204), pure and without a context. Signing takes 0.6 ms of CPU."""

    __slots__ = ("_key", "_private")

    def __init__(self, name: str, private: MLDSA44PrivateKey) -> None:
        """Take a private key object of ``cryptography``."""
        self._key = NoteKey(name, KeyKind.ML_DSA_44, private.public_key().public_bytes_raw())
        self._private = private

    @property
    def key(self) -> NoteKey:
        """The key that verifies what this signs."""
        return self._key

    def sign(self, message: bytes) -> bytes:
        """Sign: 2,420 bytes, others each time."""
        return self._private.sign(message)


def _load(kind: KeyKind, public: bytes) -> PublicKey | MLDSA44PublicKey:
    if kind is not KeyKind.ML_DSA_44:
        return PublicKey(Algorithm.EDDSA, public)
    try:
        return MLDSA44PublicKey.from_public_bytes(public)
    except ValueError:
        raise MalformedInput(
            f"{len(public)} bytes are not an ML-DSA-44 key of {ML_DSA_44_PUBLIC_BYTES} bytes"
        ) from None
