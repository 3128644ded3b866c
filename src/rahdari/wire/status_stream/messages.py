"""Deltas, heads and manifests as values, and their payloads in CBOR."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rahdari.wire import cbor
from rahdari.wire.errors import MalformedInput

# A batch of 500 cards with several features each; more is split into several deltas.
CHANGES_MAX: Final = 4096
# 65,535 lists of 2^20 places are 280 passes for each of 240 million holders.
SHARD_MAX: Final = 65_535
INDEX_BITS: Final = 20
# 16 bytes: a second message with the digest of a given one takes 2^128 tries, and each is signed besides.
DIGEST_BYTES: Final = 16
FIRST: Final = bytes(DIGEST_BYTES)
"""What the first delta names as its predecessor's digest."""

SECONDS_MAX: Final = 253_402_300_799
# 2^53 - 1, the last integer that a browser counts exactly.
SEQUENCE_MAX: Final = (1 << 53) - 1
# As long as the address of a list in a pass may be (status_list.reference).
PREFIX_CHARS_MAX: Final = 1024
_DELTA, _HEAD, _MANIFEST = 1, 2, 3
_STATUS_MAX: Final = 2


class Change(NamedTuple):
    """One place has a new status: 0 VALID, 1 INVALID, 2 SUSPENDED (Token Status List draft, 7.1)."""

    shard: int
    place: int
    status: int


@dataclass(frozen=True, slots=True)
class Delta:
    """The changes of one transaction: ``sequence`` counts from 1, ``previous`` is the digest of the one before.

    ``at`` in seconds since 1970. ``changes`` are ordered by place, each place at most once.

    Raises:
        MalformedInput: a number outside its range, no change or too many, places not in order.
    """

    sequence: int
    at: int
    previous: bytes
    changes: tuple[Change, ...]

    def __post_init__(self) -> None:
        _require_numbers(self.sequence, self.at, first=1)
        _require_digest(self.previous)
        if not 0 < len(self.changes) <= CHANGES_MAX:
            raise MalformedInput(f"a delta of {len(self.changes)} changes; it has 1 to {CHANGES_MAX}")
        last = (0, 0)
        for shard, place, status in self.changes:
            if not (0 < shard <= SHARD_MAX and 0 <= place < 1 << INDEX_BITS and 0 <= status <= _STATUS_MAX):
                raise MalformedInput("a delta names a place or a status that no list has")
            if (shard, place) <= last and last != (0, 0):
                raise MalformedInput("the places of a delta must ascend, each at most once")
            last = (shard, place)

    def payload(self) -> bytes:
        """Write the payload, the bytes under the signature and in the digest."""
        words = [(shard << INDEX_BITS | place) << 2 | status for shard, place, status in self.changes]
        return cbor.encode([_DELTA, self.sequence, self.at, self.previous, words])


@dataclass(frozen=True, slots=True)
class Head:
    """As of ``at`` (seconds since 1970), delta ``sequence`` with this digest is the last one."""

    sequence: int
    at: int
    digest: bytes

    def __post_init__(self) -> None:
        _require_numbers(self.sequence, self.at, first=0)
        _require_digest(self.digest)

    def payload(self) -> bytes:
        """Write the payload."""
        return cbor.encode([_HEAD, self.sequence, self.at, self.digest])


@dataclass(frozen=True, slots=True)
class Manifest:
    """A head, and for each list at ``prefix`` + 1, 2, ... the last delta that touched it (0: none did)."""

    sequence: int
    at: int
    digest: bytes
    prefix: str
    shards: tuple[int, ...]

    def __post_init__(self) -> None:
        _require_numbers(self.sequence, self.at, first=0)
        _require_digest(self.digest)
        if not 0 < len(self.prefix) <= PREFIX_CHARS_MAX or len(self.shards) > SHARD_MAX:
            raise MalformedInput("a manifest names one prefix and at most 65,535 lists")
        if any(not 0 <= one <= self.sequence for one in self.shards):
            raise MalformedInput("a list was touched by a delta that the manifest does not know")

    def payload(self) -> bytes:
        """Write the payload."""
        fields = [_MANIFEST, self.sequence, self.at, self.digest, self.prefix, list(self.shards)]
        return cbor.encode(fields)


Message = Delta | Head | Manifest


def digest_of(payload: bytes) -> bytes:
    """Compute the digest by which the next delta names this one: the first 16 bytes of SHA-256."""
    return hashlib.sha256(payload).digest()[:DIGEST_BYTES]


def read_payload(payload: bytes) -> Message:
    """Read a payload, which must be exactly as ``payload`` writes it.

    Raises:
        MalformedInput: it is none of the three messages.
    """
    match cbor.decode(payload, size_bytes_max=len(payload), depth_max=4):
        case [int() as kind, int() as sequence, int() as at, bytes() as previous, list() as words] if (
            kind == _DELTA
        ):
            read: Message = Delta(sequence, at, previous, _changes(words))
        case [int() as kind, int() as sequence, int() as at, bytes() as digest] if kind == _HEAD:
            read = Head(sequence, at, digest)
        case [
            int() as kind, int() as sequence, int() as at, bytes() as digest, str() as prefix, list() as shards
        ] if kind == _MANIFEST:  # fmt: skip
            read = Manifest(sequence, at, digest, prefix, _numbers(shards))
        case _:
            raise MalformedInput("this is no delta, head or manifest of a status stream")
    # One form alone (RFC 8949, 4.2.1), or two readers could see two digests.
    if read.payload() != payload:
        raise MalformedInput("a message of a status stream is written in deterministic CBOR; this one is not")
    return read


def _changes(words: Sequence[object]) -> tuple[Change, ...]:
    if len(words) > CHANGES_MAX:
        raise MalformedInput(f"a delta of {len(words)} changes; it has 1 to {CHANGES_MAX}")
    return tuple(
        Change(word >> INDEX_BITS + 2, word >> 2 & (1 << INDEX_BITS) - 1, word & 3)
        for word in _numbers(words)
    )


def _numbers(values: Sequence[object]) -> tuple[int, ...]:
    if not all(type(one) is int and one >= 0 for one in values):
        raise MalformedInput("a status stream counts in unsigned integers")
    return tuple(one for one in values if type(one) is int)


def _require_numbers(sequence: int, at: int, *, first: int) -> None:
    # To Python true is an integer, to the format it is none.
    are_integers = type(sequence) is int and type(at) is int
    if not (are_integers and first <= sequence <= SEQUENCE_MAX and 0 <= at <= SECONDS_MAX):
        raise MalformedInput("the sequence or the time of a status message is out of range")


def _require_digest(digest: bytes) -> None:
    if len(digest) != DIGEST_BYTES:
        raise MalformedInput(f"a digest in a status stream has {DIGEST_BYTES} bytes")
