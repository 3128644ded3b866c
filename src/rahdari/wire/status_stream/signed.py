"""Status messages under their signature: COSE_Sign1 (RFC 9052), tag 18, by the authority's status key."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rahdari.wire import cose
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge
from rahdari.wire.keys import Algorithm, PublicKey, Signer
from rahdari.wire.status_stream.messages import Message, digest_of, read_payload

# 4096 changes of at most 9 bytes, and headers.
DELTA_BYTES_MAX: Final = 1 << 16
# 65,535 sequence numbers of at most 9 bytes, the prefix and headers.
MANIFEST_BYTES_MAX: Final = 1 << 20
_LABELS: Final = frozenset({1, 4})  # RFC 9052, 3.1: alg, kid


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A status message as it was read. Nothing in it is trusted until ``verify`` returned."""

    unverified: Message
    digest: bytes
    algorithm: Algorithm
    kid: bytes
    signature: bytes
    signing_input: bytes

    def verify(self, public: PublicKey) -> None:
        """Return if ``public`` signed this message. Raises ``BadSignature``."""
        if self.algorithm is not public.algorithm:
            raise BadSignature(f"the header says {self.algorithm}, the key signs with {public.algorithm}")
        public.verify(self.signature, self.signing_input)


def sign(signer: Signer, message: Message) -> bytes:
    """Sign a message: at most 200 bytes on the wire for one suspension, base64url and frame included."""
    return cose.sign(signer, message.payload())


def decode(raw: bytes, *, size_bytes_max: int = DELTA_BYTES_MAX) -> SignedMessage:
    """Take a signed status message apart. Trusts nothing.

    Raises:
        TooLarge: more than ``size_bytes_max`` bytes.
        MalformedInput: not a COSE_Sign1 with tag 18, alg and kid protected, and one of the three payloads.
        UnsupportedAlgorithm.
    """
    sign1 = cose.decode(raw, size_bytes_max=size_bytes_max)
    if sign1.tags != (18,) or sign1.unprotected or set(sign1.headers) != _LABELS or sign1.kid is None:
        raise MalformedInput("a status message has tag 18, and alg and kid in its protected header alone")
    return SignedMessage(
        unverified=read_payload(sign1.payload),
        digest=digest_of(sign1.payload),
        algorithm=sign1.algorithm,
        kid=sign1.kid,
        signature=sign1.signature,
        signing_input=sign1.signing_input(),
    )


def read_sequence(raw: bytes, *, items_max: int, size_bytes_max: int) -> Iterator[bytes]:
    """Cut a CBOR sequence (RFC 8742) of COSE_Sign1 messages into its items, without decoding their payloads.

    Raises:
        TooLarge: more than ``items_max`` items, or than ``size_bytes_max`` bytes.
        MalformedInput: something else stands among them, or the last one is cut short.
    """
    if len(raw) > size_bytes_max:
        raise TooLarge(f"a sequence of {len(raw)} bytes; at most {size_bytes_max} are read here")
    at, items = 0, 0
    while at < len(raw):
        items += 1
        if items > items_max:
            raise TooLarge(f"a sequence of more than {items_max} messages; no more are read here")
        end = _end_of(raw, at)
        yield raw[at:end]
        at = end


def _end_of(raw: bytes, at: int) -> int:
    """Find where the COSE_Sign1 at ``at`` ends: d2 84, a byte string, a0, two byte strings."""
    if raw[at : at + 2] != b"\xd2\x84":
        raise MalformedInput("the sequence holds something other than COSE_Sign1 messages")
    at = _behind_bytes(raw, at + 2)
    if raw[at : at + 1] != b"\xa0":
        raise MalformedInput("a message of this sequence has an unprotected header; none has")
    return _behind_bytes(raw, _behind_bytes(raw, at + 1))


def _behind_bytes(raw: bytes, at: int) -> int:
    """Find where the byte string (RFC 8949, 3: major type 2, shortest head) at ``at`` ends."""
    first = raw[at] if at < len(raw) else -1
    extra = {0x58: 1, 0x59: 2, 0x5A: 4}.get(first, 0)
    if not extra and not 0x40 <= first < 0x58:
        raise MalformedInput("a byte string is missing in a message of this sequence")
    count = int.from_bytes(raw[at + 1 : at + 1 + extra], "big") if extra else first - 0x40
    end = at + 1 + extra + count
    if end > len(raw):
        raise MalformedInput("the sequence is cut short")
    return end
