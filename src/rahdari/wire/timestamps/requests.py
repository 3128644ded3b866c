"""What is sent to a time-stamping authority: TimeStampReq (RFC 3161, 2.4.1)."""

from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from rahdari.wire.errors import MalformedInput
from rahdari.wire.timestamps import structures
from rahdari.wire.timestamps.algorithms import Digest, read_digest

# A digest, a policy and a nonce take 150 bytes; extensions are read only to be refused by name.
REQUEST_BYTES_MAX: Final = 4096
# RFC 3161, 2.4.1 speaks of 64 bits; 160 leaves room for those who use a hash. Longer ones buy nothing.
NONCE_BITS_MAX: Final = 160
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Imprint:
    """The digest that is stamped: the authority never sees the content."""

    digest: Digest
    value: bytes

    def __post_init__(self) -> None:
        # RFC 3161, 2.4.1: the length MUST match the algorithm.
        if len(self.value) != self.digest.size_bytes:
            raise MalformedInput(
                f"an imprint of {len(self.value)} bytes; {self.digest.name} has {self.digest.size_bytes}"
            )

    @classmethod
    def of(cls, content: bytes, digest: Digest = Digest.SHA256) -> Self:
        """Compute the imprint of ``content``."""
        return cls(digest, digest.of(content))


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a time-stamping authority.

    ``nonce`` is at most ``NONCE_BITS_MAX`` bits that nobody can foresee; ``policy`` is a dotted object identifier,
    or None for the authority's own; ``extensions`` names those that came along, none of which we understand.
    """

    imprint: Imprint
    nonce: int | None = None
    policy: str | None = None
    wants_certificate: bool = True
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_nonce(self.nonce)

    def encode(self) -> bytes:
        """Write the DER of a TimeStampReq, version 1.

        Raises:
            MalformedInput: ``policy`` is not an object identifier, or there are extensions to write.
        """
        if self.extensions:
            raise MalformedInput("a request with extensions is read, never written: we know none of them")
        return asn1.encode_der(
            structures.TimeStampReq(
                version=_VERSION,
                imprint=write_imprint(self.imprint),
                policy=None if self.policy is None else write_identifier(self.policy),
                nonce=self.nonce,
                wants_certificate=self.wants_certificate,
                extensions=None,
            )
        )


def read_request(raw: bytes) -> Request:
    """Read a TimeStampReq. Trusts nothing.

    Raises:
        TooLarge: more than ``REQUEST_BYTES_MAX`` bytes.
        MalformedInput: not a TimeStampReq of version 1 in DER.
        UnsupportedAlgorithm: the digest is not one of SHA-2.
    """
    request = structures.read(
        structures.TimeStampReq, raw, name="a time stamp request", size_bytes_max=REQUEST_BYTES_MAX
    )
    if request.version != _VERSION:
        raise MalformedInput(f"a request of version {request.version}; there is only 1 (RFC 3161, 2.4.1)")
    return Request(
        imprint=read_imprint(request.imprint),
        nonce=request.nonce,
        policy=None if request.policy is None else request.policy.dotted_string,
        wants_certificate=request.wants_certificate,
        extensions=tuple(one.identifier.dotted_string for one in request.extensions or ()),
    )


def check_nonce(nonce: int | None) -> None:
    """Refuse a nonce that is negative or has more than ``NONCE_BITS_MAX`` bits."""
    if nonce is not None and not 0 <= nonce < 1 << NONCE_BITS_MAX:
        raise MalformedInput(f"a nonce that is negative or has more than {NONCE_BITS_MAX} bits")


def read_imprint(imprint: structures.MessageImprint) -> Imprint:
    """Read a MessageImprint; raises ``UnsupportedAlgorithm`` or ``MalformedInput``."""
    return Imprint(read_digest(imprint.algorithm), imprint.digest)


def write_imprint(imprint: Imprint) -> structures.MessageImprint:
    """Write a MessageImprint."""
    return structures.MessageImprint(algorithm=imprint.digest.identifier(), digest=imprint.value)


def write_identifier(dotted: str) -> ObjectIdentifier:
    """Read a dotted object identifier; raises ``MalformedInput``."""
    try:
        return ObjectIdentifier(dotted)
    except ValueError:
        raise MalformedInput(
            "a policy that is not an object identifier such as 1.3.6.1.4.1.99999.1"
        ) from None
