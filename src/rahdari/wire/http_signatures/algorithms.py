"""The algorithms that sign HTTP messages here, by their names in RFC 9421, 6.2.2, and C2SP httpsig-pq.

``ed25519`` and ``ecdsa-p256-sha256`` sign with the keys of ``wire.keys``; ``ml-dsa-44`` (FIPS 204, context
empty, message not hashed beforehand) is for a second label where a service asks for it: it costs 600 us and
2,420 bytes a signature. HMAC is refused: who can verify could sign, and proof to a third party would be none.

Example:
    >>> signer = MlDsaSigner.from_seed(bytes(32))
    >>> signer.public.verify(signer.sign(b"base"), b"base")
    >>> name_of(signer.public)
    <SignatureAlgorithm.ML_DSA_44: 'ml-dsa-44'>
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, Signer

# httpsig-pq, "Algorithms": the sizes of Ks, Kv and S.
ML_DSA_44_SEED_BYTES: Final = 32
ML_DSA_44_KEY_BYTES: Final = 1312
ML_DSA_44_SIGNATURE_BYTES: Final = 2420


class SignatureAlgorithm(StrEnum):
    """The values of ``alg`` that are accepted; whatever else the registry holds is refused."""

    ED25519 = "ed25519"
    ECDSA_P256 = "ecdsa-p256-sha256"
    ML_DSA_44 = "ml-dsa-44"


_ACCEPTED: Final = frozenset(one.value for one in SignatureAlgorithm)


@dataclass(frozen=True, slots=True)
class MlDsaKey:
    """An ML-DSA-44 key that verifies: 1,312 bytes of ``pkEncode`` (FIPS 204, algorithm 22)."""

    raw: bytes = field(repr=False)
    _key: MLDSA44PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != ML_DSA_44_KEY_BYTES:
            raise MalformedInput(f"an ML-DSA-44 key of {len(self.raw)} bytes; it has {ML_DSA_44_KEY_BYTES}")
        object.__setattr__(self, "_key", MLDSA44PublicKey.from_public_bytes(self.raw))

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return only if ``signature`` is this key's over ``message``. Raises ``BadSignature``."""
        if len(signature) != ML_DSA_44_SIGNATURE_BYTES:  # httpsig-pq, HTTP_VERIFY, step 2
            raise BadSignature(
                f"a signature of {len(signature)} bytes; ml-dsa-44 has {ML_DSA_44_SIGNATURE_BYTES}"
            )
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise BadSignature("the signature does not belong to these bytes and this key") from None


class MlDsaSigner:
    """Signs with an ML-DSA-44 key in this program's memory, hedged (FIPS 204, 3.4). Its repr shows no secret."""

    __slots__ = ("_key", "_public")

    def __init__(self, key: MLDSA44PrivateKey) -> None:
        """Take a private key object of ``cryptography``."""
        self._key = key
        self._public = MlDsaKey(key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> Self:
        """Make a new key with the generator of the cryptographic library."""
        return cls(MLDSA44PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Take the 32 bytes of the seed, the one form of this private key (httpsig-pq, "Key material")."""
        if len(seed) != ML_DSA_44_SEED_BYTES:
            raise MalformedInput(f"a seed of {len(seed)} bytes; ML-DSA-44 has {ML_DSA_44_SEED_BYTES}")
        return cls(MLDSA44PrivateKey.from_seed_bytes(seed))

    @property
    def public(self) -> MlDsaKey:
        """The key that verifies what this signs."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``: 2,420 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:  # type: ignore[explicit-override] # typing.override begins with 3.12
        """Show which sort of key, never the key."""
        return "MlDsaSigner(ml-dsa-44)"


VerifyingKey = PublicKey | MlDsaKey


class MlDsaSigning(Protocol):
    """Signs with an ML-DSA-44 key that it does not show; ``MlDsaSigner`` is one."""

    @property
    def public(self) -> MlDsaKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``: 2,420 bytes."""
        ...


MessageSigner = Signer | MlDsaSigning


def name_of(key: VerifyingKey) -> SignatureAlgorithm:
    """Tell the one algorithm that a key is for."""
    if isinstance(key, MlDsaKey):
        return SignatureAlgorithm.ML_DSA_44
    return SignatureAlgorithm.ED25519 if key.algorithm is Algorithm.EDDSA else SignatureAlgorithm.ECDSA_P256


def require_algorithm(alg: str | None, key: VerifyingKey) -> None:
    """Return if a signature that names ``alg`` may be checked with ``key`` (RFC 9421, 3.2, step 6).

    Raises:
        UnsupportedAlgorithm: ``alg`` is one that the house does not accept, HMAC and RSA included.
        BadSignature: ``alg`` is another than the key's: the key decides, and a signature that says
            otherwise is an attack (7.3.6).
    """
    if alg is None:
        return
    if alg not in _ACCEPTED:
        raise UnsupportedAlgorithm("the signature's alg is none of ed25519, ecdsa-p256-sha256 and ml-dsa-44")
    if alg != name_of(key):
        raise BadSignature(f"the signature says {alg}, its key signs with {name_of(key)}")
