"""Server-sent events to thousands: a connection is a place in shared frames, and no queue of its own."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import anyio.to_thread
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from typing_extensions import override

from rahdari.app.status_hub import GAP, Copy, Spot, StatusHub, write_frame
from rahdari.web.errors import Busy, TooManyRequests
from rahdari.web.limits import Buckets, name_address
from rahdari.web.visit import visit_of

EVENTS: Final = "text/event-stream"
STREAM_PATH: Final = "/s/stream"
# Whoever takes no byte in this time has gone, or never read: the kernel's and our own buffers are full by then.
STALLED_SECONDS: Final = 30.0
# Of a server that is full, another one or a later moment may be better.
_BUSY_SECONDS: Final = 5

_HEADERS: Final = (
    (b"content-type", EVENTS.encode()),
    (b"cache-control", b"no-store"),
    # A proxy that buffers would hold a suspension back until its buffer is full.
    (b"x-accel-buffering", b"no"),
    (b"access-control-allow-origin", b"*"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


class _Reader:
    """One connection: what it waits on, and whether it is still there."""

    __slots__ = ("is_gone", "waits_on")

    def __init__(self) -> None:
        self.is_gone = False
        self.waits_on: asyncio.Future[None] | None = None

    def wake(self) -> None:
        if self.waits_on is not None and not self.waits_on.done():
            self.waits_on.set_result(None)


class Streams:
    """All streams of this process. Used by its event loop alone."""

    def __init__(
        self,
        hub: StatusHub,
        *,
        streams_max: int,
        caller_streams_max: int,
        tick: Callable[[], float] = time.monotonic,
        stalled_seconds: float = STALLED_SECONDS,
    ) -> None:
        """Serve what ``hub`` holds to so many at once; a caller may begin as many a minute as it may hold."""
        self.hub = hub
        self._streams_max = streams_max
        self._caller_streams_max = caller_streams_max
        self._stalled_seconds = stalled_seconds
        self._begun = Buckets(caller_streams_max, tick)
        self._callers = Counter[str]()
        self._readers = set[_Reader]()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_ending = False
        self._turns = dict[int, asyncio.Lock]()

    def __len__(self) -> int:
        """Count the streams that are open."""
        return len(self._readers)

    def end(self) -> None:
        """End all streams at once and begin no more: the server stops."""
        self._is_ending = True
        self.hub.forget(self._ring)
        self._wake()

    async def fresh(self, copy: Copy) -> bytes:
        """Give a document that many ask for; one thread makes it, and who waits holds none. Raises ``Problem``."""
        if (held := copy.peek()) is not None:
            return held
        async with self._turns.setdefault(id(copy), asyncio.Lock()):
            if (held := copy.peek()) is not None:
                return held
            return await anyio.to_thread.run_sync(copy.get)

    async def serve(self, after: int, scope: Scope, receive: Receive, send: Send) -> None:
        """Send what follows ``after``, a head, and then whatever comes, until one side ends.

        Raises:
            Busy: too many are connected already. TooManyRequests: too many of this caller. Problem: the
                register cannot say how things stand. All of them before anything is sent.
        """
        client = scope["client"]
        with self._entered(name_address(client[0] if client else "")) as reader:
            head = write_frame(await self.fresh(self.hub.head))
            visit = visit_of(scope)  # type: ignore[arg-type]
            await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})
            if visit.is_head:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            visit.lift_limits()
            watching = asyncio.ensure_future(self._watch(reader, receive))
            try:
                await self._pump(reader, after, head, send)
            finally:
                watching.cancel()

    @contextmanager
    def _entered(self, caller: str) -> Iterator[_Reader]:
        if seconds := self._begun.take(caller):
            raise TooManyRequests(seconds, what="too many streams were begun from one address")
        if self._callers[caller] >= self._caller_streams_max:
            raise TooManyRequests(_BUSY_SECONDS, what="too many streams are open from one address")
        if self._is_ending or len(self._readers) >= self._streams_max:
            raise Busy(_BUSY_SECONDS, "this server holds as many streams as it can")
        self._attach()
        reader = _Reader()
        self._callers[caller] += 1
        self._readers.add(reader)
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            self._callers[caller] -= 1
            if not self._callers[caller]:
                del self._callers[caller]

    async def _pump(self, reader: _Reader, after: int, head: bytes, send: Send) -> None:
        taken = self.hub.enter(after)
        while taken is not None and taken.frames and await self._give(send, taken.frames):
            taken = self.hub.take(taken.spot)
        if taken is None:
            await self._give(send, GAP, is_last=True)
        elif not taken.frames and await self._give(send, head):
            await self._follow(reader, taken.spot, send)

    async def _follow(self, reader: _Reader, spot: Spot, send: Send) -> None:
        while not (reader.is_gone or self._is_ending):
            taken = self.hub.take(spot)
            if taken is None:
                await self._give(send, GAP, is_last=True)
                return
            spot = taken.spot
            if not taken.frames:
                reader.waits_on = asyncio.get_running_loop().create_future()
                await reader.waits_on
            elif not await self._give(send, taken.frames):
                return
        if not reader.is_gone:
            await self._give(send, b"", is_last=True)

    async def _give(self, send: Send, frames: bytes, *, is_last: bool = False) -> bool:
        """Send; False if the other side took nothing for so long that it is given up."""
        try:
            async with asyncio.timeout(self._stalled_seconds):
                await send({"type": "http.response.body", "body": frames, "more_body": not is_last})
        except TimeoutError:
            return False
        return not is_last

    @staticmethod
    async def _watch(reader: _Reader, receive: Receive) -> None:
        """Notice that the other side went away: a send would not tell."""
        while (await receive())["type"] != "http.disconnect":
            pass
        reader.is_gone = True
        reader.wake()

    def _attach(self) -> None:
        """Let the hub wake this loop; the first stream that is begun on it tells which one it is."""
        if (loop := asyncio.get_running_loop()) is not self._loop:
            self._loop = loop
            self.hub.forget(self._ring)
            self.hub.wake_with(self._ring)

    def _ring(self) -> None:
        if self._loop is not None:
            # A loop that was closed has no readers either.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for reader in tuple(self._readers):
            reader.wake()


class StreamAnswer(ASGIResponse):
    """The answer that does not end by itself."""

    __slots__ = ("_after", "_streams")

    def __init__(self, streams: Streams, after: int) -> None:
        """Answer with what follows ``after``."""
        super().__init__(media_type=EVENTS)
        self._streams = streams
        self._after = after

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._streams.serve(self._after, scope, receive, send)
