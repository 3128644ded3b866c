"""Bodies of any length in little memory: digested as they come, held up to a limit, beyond it in an unlinked file.

A body is read to its end before it goes on: its digest stands in the signed head that goes before it.
"""

import asyncio
import hashlib
import os
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from rahdari.exchange import BodyFacts
from rahdari.web.exchange.asgi import ClientGone, Receive

# Most bodies are a few kilobytes; a megabyte each for some dozens at once fits into a gateway's 100 MB.
HELD_BYTES_MAX: Final = 1 << 20
# A body larger than this counts towards what all calls hold together: that many readers may be slow ones.
COUNTED_BYTES: Final = 64 * 1024
# Half of a gateway's 100 MB; beyond, bodies lie in files and answers pass through.
HELD_IN_ALL_BYTES_MAX: Final = 48 * 1024 * 1024
# Four of the largest: the disk that they lie on is the log's too, and the log goes first.
SPOOLED_IN_ALL_BYTES_MAX: Final = 8 * 1024**3
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


class Budget:
    """What all calls of a process together hold; in memory, bodies up to ``COUNTED_BYTES`` are free."""

    def __init__(self, bytes_max: int = HELD_IN_ALL_BYTES_MAX) -> None:
        """Hold nothing."""
        self.bytes_max, self.held = bytes_max, 0

    def take(self, size: int) -> bool:
        """Count ``size`` bytes; False, and nothing is counted, where there is no room for them."""
        if self.held + size > self.bytes_max:
            return False
        self.held += size
        return True

    def give_back(self, size: int) -> None:
        """Count no longer what was taken."""
        self.held -= size


BUDGET: Final = Budget()
"""That of this process: one gateway."""
SPOOLED: Final = Budget(SPOOLED_IN_ALL_BYTES_MAX)
"""The same for files."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body as a whole: ``held`` in memory, or in a ``file`` that vanishes with the last who has it open."""

    facts: BodyFacts
    held: bytes | None = field(default=b"", repr=False)
    file: int | None = None
    # What it took of this budget is given back by ``close``.
    budget: Budget | None = field(default=None, repr=False)

    def parts(self) -> AsyncIterator[bytes] | None:
        """Give the body piece by piece where it is in a file; None where it is held."""
        return None if self.file is None else _parts_of(self.file)

    def beginning(self, size: int) -> bytes:
        """Give the first ``size`` bytes, or all where there are fewer."""
        return (self.held or b"")[:size] if self.file is None else os.pread(self.file, size, 0)

    def close(self) -> None:
        """Let the file, or the memory, go. Called once."""
        if self.file is not None:
            os.close(self.file)
            SPOOLED.give_back(self.facts.size)
        elif self.budget is not None:
            self.budget.give_back(self.facts.size)


EMPTY: Final = Body(NO_BODY)


async def take_request(
    receive: Receive,
    *,
    bytes_max: int,
    folder: Path,
    wants_sha512: bool = True,
    budget: Budget | None = None,
) -> Body:
    """Read a request's body to its end. With a ``budget``, it is in a file where that has no room for it.

    Raises:
        BodyTooLarge: more than ``bytes_max``.
        SpoolFailed: it could not be kept.
        ClientGone: it broke off.
    """
    event = await receive()
    if event["type"] == "http.disconnect":
        raise ClientGone
    first = event["body"]
    first, is_over = first if isinstance(first, bytes) else b"", not event["more_body"]
    if is_over and (budget is None or len(first) <= COUNTED_BYTES):
        return _whole(first, bytes_max, wants_sha512=wants_sha512)
    parts = _Parts(receive, first, is_over=is_over)
    return await take(
        parts.read, bytes_max=bytes_max, folder=folder, wants_sha512=wants_sha512, budget=budget
    )


async def take(
    read: ReadPart, *, bytes_max: int, folder: Path, wants_sha512: bool, budget: Budget | None = None
) -> Body:
    """Read a body to its end, as ``take_request``.

    Raises:
        BodyTooLarge: more than ``bytes_max``.
        SpoolFailed: it could not be kept.
        Exception: what ``read`` raises.
    """
    held: list[bytes] = []
    size = counted = 0
    try:
        while part := await read():
            held.append(part)
            size += len(part)
            if size > bytes_max:
                raise BodyTooLarge
            if size > HELD_BYTES_MAX or (
                budget is not None and size > COUNTED_BYTES and not budget.take(size - counted)
            ):
                return await _spool(b"".join(held), read, bytes_max, folder, wants_sha512=wants_sha512)
            counted = size if budget is not None and size > COUNTED_BYTES else 0
        whole = held[0] if len(held) == 1 else b"".join(held)
        body = _whole(whole, bytes_max, wants_sha512=wants_sha512)
        if counted:
            body, counted = replace(body, budget=budget), 0
        return body
    finally:
        if budget is not None:
            budget.give_back(counted)


def digest_field(digest: bytes) -> str:
    """Write Content-Digest as both gateways write it."""
    return f"sha-256=:{b64encode(digest).decode('ascii')}:"


class _Parts:
    """The rest of a request's body as the server hands it over."""

    def __init__(self, receive: Receive, first: bytes, *, is_over: bool) -> None:
        self._receive, self._first, self._is_over = receive, first, is_over

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


def _require_space(size: int) -> None:
    if not SPOOLED.take(size):
        raise SpoolFailed


def _require_room(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise BodyTooLarge


async def _spool(first: bytes, read: ReadPart, bytes_max: int, folder: Path, *, wants_sha512: bool) -> Body:
    loop = asyncio.get_running_loop()
    spool, counted = await loop.run_in_executor(None, _Spool, folder, wants_sha512), 0
    try:
        pending, held = bytearray(first), len(first)
        _require_space(len(first))
        counted = held
        while (part := await read()) and held <= bytes_max:
            pending += part
            held += len(part)
            _require_space(len(part))
            counted = held
            if len(pending) >= PART_BYTES:
                piece, pending = bytes(pending), bytearray()
                await loop.run_in_executor(None, spool.take, piece)
        await loop.run_in_executor(None, spool.take, bytes(pending))
        _require_room(held, bytes_max)
    except BaseException:
        os.close(spool.file)
        SPOOLED.give_back(counted)
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
