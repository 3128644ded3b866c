"""Keys that sign and verify: ES256 (P-256) and EdDSA (Ed25519), as JWK (RFC 7517, 7518, 8037) and by kid.

The kid is the first 8 bytes of the RFC 7638 thumbprint: short enough for a QR code, and the same for whoever
computes it. Eight bytes can collide, so a kid finds candidates; only a signature proves.

Ed25519 is libsodium's, which verifies in two thirds of OpenSSL's time and refuses points of small order and keys
and signatures that are written in a second way (decision 0019); P-256 is OpenSSL's.

Example:
    >>> signer = SoftwareSigner.generate(Algorithm.EDDSA)
    >>> signer.public.verify(signer.sign(b"a pass"), b"a pass")
    >>> PublicKey.from_jwk(signer.public.as_jwk()) == signer.public
    True
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    EllipticCurvePublicNumbers,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from rahdari.wire.errors import BadSignature, MalformedInput, UnsupportedAlgorithm

KID_BYTES: Final = 8
# Both algorithms sign with two 32-byte halves (RFC 9053, 2.1 and 2.2).
SIGNATURE_BYTES: Final = 64
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})  # RFC 7518, 6
_ECDSA: Final = ECDSA(hashes.SHA256())


class Algorithm(StrEnum):
    """The signature algorithms of the house, by their JOSE names."""

    ES256 = "ES256"
    EDDSA = "EdDSA"

    @property
    def cose(self) -> int:
        """The COSE number: -7 or -8 (RFC 9053, 2.1 and 2.2)."""
        return -7 if self is Algorithm.ES256 else -8


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies, with the one algorithm it may be used for.

    ``x`` (and ``y`` for P-256) are the 32-byte coordinates of the JWK. A value of this type is a valid key:
    a point that is not on the curve never becomes one.
    """

    algorithm: Algorithm
    x: bytes = field(repr=False)
    y: bytes = field(default=b"", repr=False)
    kid: bytes = field(init=False, compare=False)
    _key: EllipticCurvePublicKey | bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", _load(self.algorithm, self.x, self.y))
        object.__setattr__(self, "kid", self.thumbprint()[:KID_BYTES])

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return only if ``signature`` (64 bytes: r and s, or R and S) is this key's over ``message``.

        Raises:
            BadSignature: it is not (RFC 9053, 2.1: another length is invalid too; RFC 8032, 5.1.7).
        """
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignature(
                f"a signature of {len(signature)} bytes; {self.algorithm} has {SIGNATURE_BYTES}"
            )
        try:
            if isinstance(self._key, bytes):
                crypto_sign_open(signature + message, self._key)
            else:
                self._key.verify(_as_der(signature), message, _ECDSA)
        except (InvalidSignature, BadSignatureError):
            raise BadSignature("the signature does not belong to these bytes and this key") from None

    def thumbprint(self) -> bytes:
        """Compute the SHA-256 thumbprint over the required members (RFC 7638, 3; RFC 8037, 2)."""
        members = json.dumps(self._required(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(members.encode()).digest()

    def as_jwk(self) -> dict[str, str]:
        """Write the public JWK, with ``alg`` and our ``kid`` (base64url of its 8 bytes)."""
        return {**self._required(), "alg": self.algorithm.value, "kid": _b64url(self.kid), "use": "sig"}

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """Read a public JWK; its own ``kid`` is not believed but computed.

        Raises:
            UnsupportedAlgorithm: another key type, curve, ``alg`` or ``use``.
            MalformedInput: a private member, a coordinate that is not 32 bytes of base64url, or a point
                off the curve.
        """
        if not _PRIVATE_MEMBERS.isdisjoint(jwk):
            raise MalformedInput("a private key where a public one belongs; withdraw it, it has been shown")
        algorithm = _algorithm_of(jwk)
        return cls(
            algorithm, _coordinate(jwk, "x"), _coordinate(jwk, "y") if algorithm is Algorithm.ES256 else b""
        )

    @classmethod
    def from_cryptography(cls, key: EllipticCurvePublicKey | Ed25519PublicKey) -> Self:
        """Take a key object of ``cryptography``; raises UnsupportedAlgorithm for a curve other than P-256."""
        if isinstance(key, Ed25519PublicKey):
            return cls(Algorithm.EDDSA, key.public_bytes(Encoding.Raw, PublicFormat.Raw))
        if not isinstance(key.curve, SECP256R1):
            raise UnsupportedAlgorithm(f"curve {key.curve.name}; ES256 has P-256 (RFC 9053, 2.1)")
        numbers = key.public_numbers()
        return cls(Algorithm.ES256, numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big"))

    def _required(self) -> dict[str, str]:
        if self.algorithm is Algorithm.EDDSA:
            return {"crv": "Ed25519", "kty": "OKP", "x": _b64url(self.x)}
        return {"crv": "P-256", "kty": "EC", "x": _b64url(self.x), "y": _b64url(self.y)}


class Signer(Protocol):
    """Signs with a key that it does not show."""

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``: 64 bytes, for ES256 the raw r and s (RFC 9053, 2.1)."""
        ...


class SoftwareSigner:
    """A signer whose private key lies in this program's memory. Its repr shows the public part alone."""

    __slots__ = ("_key", "_public", "_secret")

    def __init__(self, key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> None:
        """Take a private key object of ``cryptography``."""
        self._key = key
        self._public = PublicKey.from_cryptography(key.public_key())
        # RFC 8032, 5.1.5, as libsodium holds it: the seed, and the public key behind it.
        self._secret = crypto_sign_seed_keypair(_seed(key))[1] if isinstance(key, Ed25519PrivateKey) else b""

    @classmethod
    def generate(cls, algorithm: Algorithm = Algorithm.ES256) -> Self:
        """Make a new key with the generator of the cryptographic library."""
        return cls(generate_ec(SECP256R1()) if algorithm is Algorithm.ES256 else Ed25519PrivateKey.generate())

    @property
    def public(self) -> PublicKey:
        """The key that verifies what this signs."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign ``message``: 64 bytes, for ES256 the raw r and s (RFC 9053, 2.1)."""
        if isinstance(self._key, Ed25519PrivateKey):
            return crypto_sign(message, self._secret)[:SIGNATURE_BYTES]
        return _from_der(self._key.sign(message, _ECDSA))

    def as_private_jwk(self) -> dict[str, str]:
        """Write the private JWK. It is a secret: encrypt it before it is kept anywhere."""
        if isinstance(self._key, Ed25519PrivateKey):
            secret = _seed(self._key)
        else:
            secret = self._key.private_numbers().private_value.to_bytes(32, "big")
        return {**self._public.as_jwk(), "d": _b64url(secret)}

    @classmethod
    def from_private_jwk(cls, jwk: Mapping[str, object]) -> Self:
        """Read a private JWK whose public members belong to its private one.

        Raises:
            UnsupportedAlgorithm: another key type, curve, ``alg`` or ``use``.
            MalformedInput: a member is missing, has another length, or the two halves are not of one key.
        """
        algorithm, secret = _algorithm_of(jwk), _coordinate(jwk, "d")
        try:
            signer = cls(_load_private(algorithm, secret))
        except ValueError:
            raise MalformedInput("the private member 'd' is not a key of this curve") from None
        if PublicKey.from_jwk({name: value for name, value in jwk.items() if name != "d"}) != signer.public:
            raise MalformedInput("the private and public members of the JWK are not of one key")
        return signer

    def __repr__(self) -> str:  # type: ignore[explicit-override] # typing.override begins with 3.12
        """Show which key, never the key."""
        return f"SoftwareSigner({self._public!r})"


def _load_private(algorithm: Algorithm, secret: bytes) -> EllipticCurvePrivateKey | Ed25519PrivateKey:
    if algorithm is Algorithm.EDDSA:
        return Ed25519PrivateKey.from_private_bytes(secret)
    return derive_private_key(int.from_bytes(secret, "big"), SECP256R1())


def _seed(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())


def _load(algorithm: Algorithm, x: bytes, y: bytes) -> EllipticCurvePublicKey | bytes:
    if len(x) != 32 or len(y) != (32 if algorithm is Algorithm.ES256 else 0):
        raise MalformedInput(
            f"coordinates of {len(x)} and {len(y)} bytes; an {algorithm} key has other lengths"
        )
    try:
        if algorithm is Algorithm.EDDSA:
            return x
        numbers = EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), SECP256R1())
        return numbers.public_key()  # RFC 9053, 7.1.1: the point must be on the curve
    except ValueError:
        raise MalformedInput(
            "the coordinates are not a point of the curve; the key is damaged or forged"
        ) from None


def _algorithm_of(jwk: Mapping[str, object]) -> Algorithm:
    kinds = {("EC", "P-256"): Algorithm.ES256, ("OKP", "Ed25519"): Algorithm.EDDSA}
    kind = (jwk.get("kty"), jwk.get("crv"))
    algorithm = next((algorithm for named, algorithm in kinds.items() if named == kind), None)
    if algorithm is None:
        raise UnsupportedAlgorithm("a JWK of another type or curve; the house takes EC P-256 and OKP Ed25519")
    # RFC 7517, 4.4 and 4.2; RFC 9864 names EdDSA with Ed25519 also "Ed25519".
    if jwk.get("alg", algorithm.value) not in (
        ("EdDSA", "Ed25519") if algorithm is Algorithm.EDDSA else ("ES256",)
    ):
        raise UnsupportedAlgorithm(f"the JWK's alg is not the one of its curve, {algorithm}")
    if jwk.get("use", "sig") != "sig":
        raise UnsupportedAlgorithm("the JWK is not meant for signatures (RFC 7517, 4.2)")
    return algorithm


def _coordinate(jwk: Mapping[str, object], name: str) -> bytes:
    """Read 32 bytes of unpadded base64url in their one canonical form (RFC 7518, 2 and 6.2.1.2)."""
    text = jwk.get(name)
    try:
        value = base64.b64decode(f"{text}=", altchars=b"-_", validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != 32 or _b64url(value) != text:
        raise MalformedInput(f"the JWK member {name!r} is not 32 bytes in base64url")
    return value


def _b64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _as_der(signature: bytes) -> bytes:
    """Write r and s as the DER sequence of two integers that OpenSSL reads (RFC 3279, 2.2.3)."""
    r, s = signature[:32].lstrip(b"\0") or b"\0", signature[32:].lstrip(b"\0") or b"\0"
    if r[0] > 127:
        r = b"\0" + r
    if s[0] > 127:
        s = b"\0" + s
    return b"0%c\x02%c%b\x02%c%b" % (len(r) + len(s) + 4, len(r), r, len(s), s)


def _from_der(der: bytes) -> bytes:
    """Read r and s, 32 bytes each, from the DER that OpenSSL wrote: never longer than 127 bytes for P-256."""
    middle = 4 + der[3]
    return der[4:middle].lstrip(b"\0").rjust(32, b"\0") + der[middle + 2 :].lstrip(b"\0").rjust(32, b"\0")
