"""Keys that bodies are sealed to, and that open them. They sign nothing.

A private key is 32 bytes: the X25519 scalar, or the seed that X-Wing expands (draft-connolly-cfrg-xwing-kem, 5.2).
"""

import hashlib
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from rahdari.wire.errors import MalformedInput
from rahdari.wire.sealed.suites import Kem

KID_BYTES: Final = 8
SECRET_BYTES: Final = 32
_ML_KEM_PUBLIC_BYTES: Final = 1184  # FIPS 203, 8
_ML_KEM_SEED_BYTES: Final = 64  # FIPS 203, 7.1: d and z


@dataclass(frozen=True, slots=True)
class RecipientKey:
    """A public key that bodies are sealed to: 32 bytes for X25519, 1216 for X-Wing.

    ``kid`` is the beginning of a SHA-256 over the KEM's number and the key; it finds a key and proves nothing.

    Raises:
        MalformedInput: another length, or not a key of ML-KEM (FIPS 203, 7.2, the modulus check).
    """

    kem: Kem
    raw: bytes = field(repr=False)
    kid: bytes = field(init=False, compare=False)
    key: X25519PublicKey | MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != self.kem.public_bytes:
            raise MalformedInput(
                f"a key of {len(self.raw)} bytes; {self.kem.name} has {self.kem.public_bytes}"
            )
        object.__setattr__(self, "key", _load(self.kem, self.raw))
        kid = hashlib.sha256(self.kem.to_bytes(2, "big") + self.raw).digest()[:KID_BYTES]
        object.__setattr__(self, "kid", kid)


class OpeningKey:
    """A private key that opens what was sealed to ``public``. Its repr shows the public part alone."""

    __slots__ = ("_secret", "key", "public")

    def __init__(self, kem: Kem, secret: bytes) -> None:
        """Take 32 secret bytes that nobody can foresee.

        Raises:
            MalformedInput: another number of bytes.
        """
        if len(secret) != SECRET_BYTES:
            raise MalformedInput(f"a private key of {len(secret)} bytes; it has {SECRET_BYTES}")
        self._secret = secret
        self.key: X25519PrivateKey | MLKEM768X25519PrivateKey
        if kem is Kem.X25519:
            plain = X25519PrivateKey.from_private_bytes(secret)
            self.key, self.public = plain, RecipientKey(kem, plain.public_key().public_bytes_raw())
        else:
            self.key, self.public = _expand(secret)

    def as_secret_bytes(self) -> bytes:
        """Give the 32 bytes. They are a secret: encrypt them before they are kept anywhere."""
        return self._secret

    def __repr__(self) -> str:  # type: ignore[explicit-override] # typing.override begins with 3.12
        """Show which key, never the key."""
        return f"OpeningKey({self.public!r})"


def _expand(seed: bytes) -> tuple[MLKEM768X25519PrivateKey, RecipientKey]:
    """Expand X-Wing's seed by SHAKE-256 to the seeds of both halves (draft-connolly-cfrg-xwing-kem, 5.2)."""
    expanded = hashlib.shake_256(seed).digest(_ML_KEM_SEED_BYTES + SECRET_BYTES)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED_BYTES])
    curve = X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED_BYTES:])
    raw = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
    return MLKEM768X25519PrivateKey(lattice, curve), RecipientKey(Kem.X_WING, raw)


def _load(kem: Kem, raw: bytes) -> X25519PublicKey | MLKEM768X25519PublicKey:
    try:
        if kem is Kem.X25519:
            return X25519PublicKey.from_public_bytes(raw)
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(raw[_ML_KEM_PUBLIC_BYTES:]),
        )
    except ValueError:
        raise MalformedInput(f"these bytes are not a key of {kem.name}; it is damaged or forged") from None
