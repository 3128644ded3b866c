"""Bodies of any length in little memory: digested as they come, held up to a limit, beyond it in an unlinked file.

A body is read to its end before it goes on: its digest stands in the signed head that goes before it.
"""

import asyncio
import hashlib
import os
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rahdari.exchange import BodyFacts
from rahdari.web.exchange.asgi import ClientGone, Receive

# Most bodies are a few kilobytes; a megabyte each for some dozens at once fits into a gateway's 100 MB.
HELD_BYTES_MAX: Final = 1 << 20
# One write, and one piece of digesting, of about half a millisecond; done in a thread beside the loop.
PART_BYTES: Final = 256 * 1024

_EMPTY_DIGEST: Final = f"sha-256=:{b64encode(hashlib.sha256(b'').digest()).decode()}:"
NO_BODY: Final = BodyFacts(0, _EMPTY_DIGEST, None)

ReadPart = Callable[[], Awaitable[bytes]]
"""Gives the next part of a body; none at its end."""


class BodyTooLarge(Exception):
    """A body has more bytes than are taken."""


class SpoolFailed(Exception):
    """A large body could not be kept: the disk is full, or broken."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a whole: ``held`` in memory, or in a ``file`` that vanishes with the last who has it open."""

    facts: BodyFacts
    held: bytes | None = field(default=b"", repr=False)
    file: int | None = None

    def parts(self) -> AsyncIterator[bytes] | None:
        """Give the body piece by piece where it is in a file; None where it is held."""
        return None if self.file is None else _parts_of(self.file)

    def close(self) -> None:
        """Let the file go."""
        if self.file is not None:
            os.close(self.file)


EMPTY: Final = Body(NO_BODY)


async def take_request(receive: Receive, *, bytes_max: int, folder: Path, wants_sha512: bool = True) -> Body:
    """Read a request's body to its end.

    Raises:
        BodyTooLarge: more than ``bytes_max``.
        SpoolFailed: it could not be kept.
        ClientGone: it broke off.
    """
    event = await receive()
    if event["type"] == "http.disconnect":
        raise ClientGone
    first = event["body"]
    if isinstance(first, bytes) and not event["more_body"]:
        return _whole(first, bytes_max, wants_sha512=wants_sha512)
    parts = _Parts(receive, first if isinstance(first, bytes) else b"")
    return await take(parts.read, bytes_max=bytes_max, folder=folder, wants_sha512=wants_sha512)


async def take(read: ReadPart, *, bytes_max: int, folder: Path, wants_sha512: bool) -> Body:
    """Read a body to its end. Raises ``BodyTooLarge``, ``SpoolFailed``, and what ``read`` raises."""
    held: list[bytes] = []
    size = 0
    while part := await read():
        held.append(part)
        size += len(part)
        if size > bytes_max:
            raise BodyTooLarge
        if size > HELD_BYTES_MAX:
            return await _spool(b"".join(held), read, bytes_max, folder, wants_sha512=wants_sha512)
    return _whole(held[0] if len(held) == 1 else b"".join(held), bytes_max, wants_sha512=wants_sha512)


def digest_field(digest: bytes) -> str:
    """Write Content-Digest as both gateways write it."""
    return f"sha-256=:{b64encode(digest).decode('ascii')}:"


class _Parts:
    """The rest of a request's body as the server hands it over."""

    def __init__(self, receive: Receive, first: bytes) -> None:
        self._receive, self._first, self._is_over = receive, first, False

    async def read(self) -> bytes:
        part, self._first = self._first, b""
        while not part and not self._is_over:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientGone
            body = event["body"]
            part = body if isinstance(body, bytes) else b""
            self._is_over = not event["more_body"]
        return part


def _whole(body: bytes, bytes_max: int, *, wants_sha512: bool) -> Body:
    if not body:
        return EMPTY
    if len(body) > bytes_max:
        raise BodyTooLarge
    sha512 = hashlib.sha512(body).digest() if wants_sha512 else None
    return Body(BodyFacts(len(body), digest_field(hashlib.sha256(body).digest()), sha512), body)


def _require_room(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise BodyTooLarge


async def _spool(first: bytes, read: ReadPart, bytes_max: int, folder: Path, *, wants_sha512: bool) -> Body:
    loop = asyncio.get_running_loop()
    spool = await loop.run_in_executor(None, _Spool, folder, wants_sha512)
    try:
        pending, held = bytearray(first), len(first)
        while (part := await read()) and held <= bytes_max:
            pending += part
            held += len(part)
            if len(pending) >= PART_BYTES:
                piece, pending = bytes(pending), bytearray()
                await loop.run_in_executor(None, spool.take, piece)
        await loop.run_in_executor(None, spool.take, bytes(pending))
        _require_room(held, bytes_max)
    except BaseException:
        os.close(spool.file)
        raise
    return Body(spool.facts(), None, spool.file)


class _Spool:
    """A file without a name, with digests of what was written to it."""

    def __init__(self, folder: Path, wants_sha512: bool) -> None:  # noqa: FBT001 - called through an executor
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as made:
                self.file = os.dup(made.fileno())
        except OSError:
            raise SpoolFailed from None
        self._sha256, self._sha512 = hashlib.sha256(), hashlib.sha512() if wants_sha512 else None
        self._size = 0

    def take(self, piece: bytes) -> None:
        self._sha256.update(piece)
        if self._sha512 is not None:
            self._sha512.update(piece)
        left = memoryview(piece)
        try:
            while left:
                left = left[os.write(self.file, left) :]
        except OSError:
            raise SpoolFailed from None
        self._size += len(piece)

    def facts(self) -> BodyFacts:
        sha512 = None if self._sha512 is None else self._sha512.digest()
        return BodyFacts(self._size, digest_field(self._sha256.digest()), sha512)


async def _parts_of(file: int) -> AsyncIterator[bytes]:
    loop, at = asyncio.get_running_loop(), 0
    while part := await loop.run_in_executor(None, os.pread, file, PART_BYTES, at):
        yield part
        at += len(part)
