r"""The journal of a log: batches of records, each durable as one, in segments that live until all is in tiles.

A segment is a header and batches behind it. Header (40 bytes): ``F5 'R' 'L' 'J' 'S' 01 0D 0A``, the index of
its first record (8), the digest that its first batch continues (16), CRC-32 of these (4), four zeros. Batch:
``F5 'R' 'L' 'J' 'B' 01 0D 0A``, index of its first record (8), milliseconds since 1970 (8), records (4),
bytes of payload (4), CRC-32 of all these (4), a digest (16), the payload. All numbers are big-endian. The
digest is SHA-256, cut to 16 bytes, of the digest before it, the batch's head and the payload: batches cannot
be altered, taken out or put elsewhere. Payload: for each record its length and that of its sealed particulars
(4 each), then the records, then the particulars.

A batch was acknowledged only after it was durable, and the next one is begun only then: so at most the last
batch of the last segment can be torn, and whatever is wrong before another batch is damage, never a crash.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from rahdari.exchange.errors import LogDamaged

DIGEST_BYTES: Final = 16
START: Final = bytes(DIGEST_BYTES)
# 4,096 records of the greatest length with particulars of a few kilobytes; a batch is held in memory whole.
PAYLOAD_BYTES_MAX: Final = 1 << 29
_SEGMENT: Final = b"\xf5RLJS\x01\r\n"
_BATCH: Final = b"\xf5RLJB\x01\r\n"
_SEGMENT_HEAD: Final = struct.Struct(">8sQ16sI4x")
_BATCH_HEAD: Final = struct.Struct(">8sQQIII")
_CRC_BYTES: Final = 4
SEGMENT_HEAD_BYTES: Final = _SEGMENT_HEAD.size
BATCH_HEAD_BYTES: Final = _BATCH_HEAD.size + DIGEST_BYTES


@dataclass(frozen=True, slots=True)
class Batch:
    """Records that became durable together; ``at`` is in milliseconds, ``digest`` is what the next continues."""

    first: int
    at: int
    records: Sequence[bytes] = field(repr=False)
    particulars: Sequence[bytes] = field(repr=False)
    digest: bytes = field(default=START, repr=False)

    @property
    def end(self) -> int:
        """The index behind the last record."""
        return self.first + len(self.records)


@dataclass(frozen=True, slots=True)
class SegmentHead:
    """How a segment begins: the index of its first record, and the digest that its first batch continues."""

    first: int
    digest: bytes

    def encode(self) -> bytes:
        """Write the 40 bytes."""
        crc = zlib.crc32(_SEGMENT_HEAD.pack(_SEGMENT, self.first, self.digest, 0)[:32])
        return _SEGMENT_HEAD.pack(_SEGMENT, self.first, self.digest, crc)


def read_segment_head(raw: bytes) -> SegmentHead | None:
    """Read how a segment begins; None if it does not, as where it was being made when the machine stopped."""
    if len(raw) < SEGMENT_HEAD_BYTES:
        return None
    magic, first, digest, crc = _SEGMENT_HEAD.unpack_from(raw)
    if magic != _SEGMENT or crc != zlib.crc32(raw[:32]):
        return None
    return SegmentHead(first, digest)


def encode_batch(batch: Batch, after: bytes) -> tuple[bytes, bytes]:
    """Write a batch that continues the digest ``after``; gives its bytes, and the digest to continue."""
    sizes: list[int] = []
    for record, particulars in zip(batch.records, batch.particulars, strict=True):
        sizes += (len(record), len(particulars))
    payload = b"".join((struct.pack(f">{len(sizes)}I", *sizes), *batch.records, *batch.particulars))
    fields = (_BATCH, batch.first, batch.at, len(batch.records), len(payload))
    crc = zlib.crc32(_BATCH_HEAD.pack(*fields, 0)[:-_CRC_BYTES])
    head = _BATCH_HEAD.pack(*fields, crc)
    digest = _digest(after, head, payload)
    return head + digest + payload, digest


@dataclass(frozen=True, slots=True)
class Found:
    """A batch as it was found in a segment, with where it ends."""

    batch: Batch
    end_offset: int


def read_batches(raw: bytes, head: SegmentHead, *, name: str) -> Iterator[Found]:
    """Give the batches of a segment in order, up to the end or to a torn one.

    Raises:
        LogDamaged: something is wrong with a batch that another one follows, or that says what cannot be.
    """
    at, first, digest = SEGMENT_HEAD_BYTES, head.first, head.digest
    while at < len(raw):
        batch = _read_batch(raw, at, first, digest)
        if batch is None:
            if _has_batch(raw, at + 1, first):
                raise LogDamaged(
                    f"{name} of the journal is damaged at byte {at}, in front of records that were acknowledged; "
                    "keep the folder as it is and restore it from a copy"
                )
            return
        at += BATCH_HEAD_BYTES + _payload_size(raw, at)
        first, digest = batch.end, batch.digest
        yield Found(batch, at)


def _read_batch(raw: bytes, at: int, first: int, after: bytes) -> Batch | None:
    fields = _read_head(raw, at)
    if fields is None or fields[0] != first:
        return None
    _, milliseconds, count, size = fields
    start = at + BATCH_HEAD_BYTES
    head, payload = raw[at : at + _BATCH_HEAD.size], raw[start : start + size]
    digest = raw[at + _BATCH_HEAD.size : start]
    if len(payload) < size or digest != _digest(after, head, payload):
        return None
    sizes = struct.unpack_from(f">{2 * count}I", payload)
    offset = 8 * count
    parts: list[bytes] = []
    for length in (*sizes[::2], *sizes[1::2]):
        parts.append(payload[offset : offset + length])
        offset += length
    return Batch(first, milliseconds, parts[:count], parts[count:], digest)


def _read_head(raw: bytes, at: int) -> tuple[int, int, int, int] | None:
    """Read first index, time, count and size of the payload, if a batch's head stands here."""
    if at + BATCH_HEAD_BYTES > len(raw):
        return None
    magic, first, milliseconds, count, size, crc = _BATCH_HEAD.unpack_from(raw, at)
    whole = raw[at : at + _BATCH_HEAD.size - _CRC_BYTES]
    if magic != _BATCH or crc != zlib.crc32(whole) or not 8 * count <= size <= PAYLOAD_BYTES_MAX:
        return None
    return first, milliseconds, count, size


def _has_batch(raw: bytes, start: int, first: int) -> bool:
    """Tell whether a batch of later records begins anywhere behind ``start``."""
    while (start := raw.find(_BATCH, start)) >= 0:
        fields = _read_head(raw, start)
        if fields is not None and fields[0] > first:
            return True
        start += 1
    return False


def _payload_size(raw: bytes, at: int) -> int:
    fields = _BATCH_HEAD.unpack_from(raw, at)
    return int(fields[4])


def _digest(after: bytes, head: bytes, payload: bytes) -> bytes:
    state = sha256(after + head)
    state.update(payload)
    return state.digest()[:DIGEST_BYTES]
