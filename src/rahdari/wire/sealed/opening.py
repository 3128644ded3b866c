"""Opening: what comes out was sealed to us, for this exchange, and is whole once ``finish`` returned."""

from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag

from rahdari.wire.errors import TooLarge
from rahdari.wire.sealed.envelope import TAG_BYTES, Binding, Head, head_bytes, read_head
from rahdari.wire.sealed.recipients import OpeningKey
from rahdari.wire.sealed.refusals import SealBroken, SealedToAnother
from rahdari.wire.sealed.stream import CHUNK_BYTES, ChunkKeys, derive_keys
from rahdari.wire.sealed.suites import SUITES, Kem

# The largest body that gateways carry; whoever expects less says so.
BODY_BYTES_MAX: Final = 1 << 30
# The longest head, that of X-Wing.
HEAD_BYTES_MAX: Final = max(map(head_bytes, Kem))
_SEALED_CHUNK_BYTES: Final = CHUNK_BYTES + TAG_BYTES
_BROKEN: Final = "the body does not open: it was altered, or sealed for another exchange; have it sent again"
_CUT: Final = "the sealed body is cut short: its last chunk is missing or damaged; have it sent again"


class Opener:
    """Opens one body piece by piece; at most one chunk and the piece given are held.

    ``update`` gives content that is authentic and in order, yet only ``finish`` proves that nothing is missing at
    the end: do not act upon the content before. After a refusal the opener refuses everything.

    ``keys`` are ours, several while one key follows another; ``size_bytes_max`` limits the content.
    """

    __slots__ = ("_binding", "_buffer", "_chunks", "_closed", "_keys", "_number", "_size", "size_bytes_max")

    def __init__(
        self, keys: Sequence[OpeningKey], *, binding: Binding, size_bytes_max: int = BODY_BYTES_MAX
    ) -> None:
        """Wait for a body of this exchange."""
        self.size_bytes_max = size_bytes_max
        self._keys, self._binding = keys, binding
        self._chunks: ChunkKeys | None = None
        self._buffer = bytearray()
        self._number = self._size = 0
        self._closed = False

    def update(self, raw: bytes) -> bytes:
        """Take more of the sealed body; give the content that is known to be authentic.

        Raises:
            MalformedInput: this is no sealed body.
            UnsupportedAlgorithm: a suite that is not one of the house.
            SealedToAnother: sealed to a key that is not among ours.
            SealBroken: altered, chunks out of order, or another exchange.
            TooLarge: more content than ``size_bytes_max``.
        """
        self._check()
        self._closed = True  # until this piece is through
        self._buffer += raw
        if self._chunks is None:
            self._chunks = self._read_head()
        content = b"" if self._chunks is None else self._open_ready(self._chunks)
        self._closed = False
        return content

    def finish(self) -> bytes:
        """Give the rest of the content, which is now known to be whole.

        Raises:
            SealBroken: it is cut short, or the last chunk was altered.
            TooLarge: more content than ``size_bytes_max``.
        """
        self._check()
        self._closed = True
        # The construction's own rule: an empty last chunk stands alone, or one content would have two forms.
        if self._chunks is None or len(self._buffer) < TAG_BYTES + (self._number > 0):
            raise SealBroken(_CUT)
        return self._open(self._chunks, self._buffer, last=True)

    def _read_head(self) -> ChunkKeys | None:
        head = read_head(bytes(self._buffer[:HEAD_BYTES_MAX]))
        if head is None:
            return None
        del self._buffer[: head_bytes(head.kem)]
        return derive_keys(head, _open_key(head, self._keys, self._binding))

    def _open_ready(self, chunks: ChunkKeys) -> bytes:
        ready, at = [], 0
        # One byte more than a chunk tells that this chunk is not the last one.
        while len(self._buffer) - at > _SEALED_CHUNK_BYTES:
            ready.append(self._open(chunks, self._buffer[at : at + _SEALED_CHUNK_BYTES], last=False))
            at += _SEALED_CHUNK_BYTES
        del self._buffer[:at]
        return b"".join(ready)

    def _open(self, chunks: ChunkKeys, chunk: bytearray, *, last: bool) -> bytes:
        self._size += len(chunk) - TAG_BYTES
        if self._size > self.size_bytes_max:
            raise TooLarge(f"a sealed body of more than {self.size_bytes_max} bytes; send less, or in parts")
        try:
            content = chunks.cipher.decrypt(chunks.nonce(self._number, last=last), chunk, None)
        except InvalidTag:
            raise SealBroken(_CUT if last else _BROKEN) from None
        self._number += 1
        return content

    def _check(self) -> None:
        if self._closed:
            raise SealBroken("this body was refused or has ended; nothing more of it is read")


def open_sealed(
    raw: bytes, keys: Sequence[OpeningKey], *, binding: Binding, size_bytes_max: int = BODY_BYTES_MAX
) -> bytes:
    """Open a body that is held whole; raises what ``Opener`` does."""
    opener = Opener(keys, binding=binding, size_bytes_max=size_bytes_max)
    return opener.update(raw) + opener.finish()


def _open_key(head: Head, keys: Sequence[OpeningKey], binding: Binding) -> bytes:
    key = next((one for one in keys if one.public.kid == head.kid and one.public.kem is head.kem), None)
    if key is None:
        raise SealedToAnother(
            f"the body is sealed to key {head.kid.hex()}, which is not ours; take our key from the "
            "catalogue and seal it again"
        )
    try:
        return SUITES[head.kem, head.aead].decrypt(head.sealed_key, key.key, head.info(binding))
    except (InvalidTag, ValueError):
        raise SealBroken(_BROKEN) from None
