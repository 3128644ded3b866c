"""Finds the addresses of names, so that a name whose servers never answer holds up nobody but its own institution.

The system's look-up blocks a thread and cannot be stopped. So each has a thread of its own that nobody waits for:
not the deliverer, which goes on after a deadline, and not the end of the process.
"""

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress

# What a resolver commonly takes for one retry; a name that is known is found in a hundredth of it.
RESOLVE_SECONDS = 5.0
# Of one institution: one that hangs leaves room for another, and more are not needed at eight streams.
EACH_AT_ONCE = 2
# Of all: a thread each while it hangs. A hundred institutions that do it at once do not use them up.
ALL_AT_ONCE = 256

LookUp = Callable[[str, int], list[str]]


class Names:
    """Looks names up, a few at once for each institution. Used by one event loop."""

    def __init__(self, look_up: LookUp | None = None, *, seconds: float = RESOLVE_SECONDS) -> None:
        """Look up as the system does it, or by ``look_up``, which may block for as long as it likes."""
        self._look_up = look_up or _ask_system
        self._seconds = seconds
        self._all = asyncio.Semaphore(ALL_AT_ONCE)
        # One for each institution that has ever been sent to by this deliverer.
        self._each: dict[str, asyncio.Semaphore] = {}

    async def find(self, owner: str, host: str, port: int) -> list[str]:
        """Find the addresses of ``host``, in the order in which they are tried, for the institution ``owner``.

        Raises:
            TimeoutError: not within the deadline, or others of the same institution hang.
            OSError, UnicodeError: there is no such name.
        """
        async with asyncio.timeout(self._seconds):
            each = self._each.setdefault(owner, asyncio.Semaphore(EACH_AT_ONCE))
            await each.acquire()
            try:
                await self._all.acquire()
            except BaseException:
                each.release()
                raise
            return await self._begin(host, port, each)

    def _begin(self, host: str, port: int, each: asyncio.Semaphore) -> "asyncio.Future[list[str]]":
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()

        def end(addresses: list[str], failure: Exception | None) -> None:
            # The places are free only now: whoever stopped waiting did not stop the look-up.
            self._all.release()
            each.release()
            if found.done():
                return
            if failure is None:
                found.set_result(addresses)
            else:
                found.set_exception(failure)

        def ask() -> None:
            addresses, failure = list[str](), None
            try:
                addresses = self._look_up(host, port)
            # Whatever it was, the one who waits must hear of it.
            except Exception as error:  # noqa: BLE001
                failure = error
            # A loop that has ended meanwhile waits for nothing any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(end, addresses, failure)

        threading.Thread(target=ask, name="signals-name", daemon=True).start()
        return found


def _ask_system(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    return [str(one[4][0]) for one in found]
