"""Keeps replays out when the wall clock is set back: signatures of then are young again, and the log knows them.

The guard (``rules.replay``) remembers by a clock that never jumps. Once the wall clock is seen behind where it was,
no request is believed until the log was read around the new time, beside the event loop. What was answered while a
clock ran ahead becomes believable once more when time comes there by itself: until then the log is read again and
again, shortly before.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from rahdari.app.exchange.log import LogReader
from rahdari.app.exchange.replayed import answered_around, latest_hour
from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import provider_fault
from rahdari.exchange.rules.replay import KEPT_SECONDS, SeenRequests
from rahdari.kernel import Clock, Problem
from rahdari.wire.xroad import Fault

# What clocks that are disciplined do not do.
JUMP: Final = timedelta(seconds=5)
# Whoever asks meanwhile waits so long; the log gives some 50,000 requests a second.
WAIT_SECONDS: Final = 5.0
# The log is read five minutes and more around a time: what is found lasts until the next reading.
AGAIN_SECONDS: Final = 120.0
# Between so many the loop does other things.
_AT_ONCE: Final = 2048

_LOG = structlog.get_logger("rahdari.exchange.remembering")


class Remembering:
    """Watches the wall clock of one gateway for its replay guard. Used by one event loop."""

    def __init__(
        self,
        seen: SeenRequests,
        clock: Clock,
        *,
        tick: Callable[[], float],
        reader: Callable[[], LogReader | None] = lambda: None,
        size: Callable[[], int] = lambda: 0,
    ) -> None:
        """Tell ``seen``; ``reader`` opens the log (None: there is none yet), ``size`` counts its records."""
        self._seen, self._clock, self._tick, self._reader, self._size = seen, clock, tick, reader, size
        self._latest = clock.now()
        self._is_owed = False
        self._jumps = 0
        self._cuts: tuple[int, ...] = ()
        self._ahead_until: datetime | None = None
        self._reading: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Remember what the log knows, before the first request; a second for each 50,000 requests."""
        reader, at = self._reader(), self._clock.now()
        if reader is None:
            return
        self._seen.remember(answered_around(reader, at), tick=self._tick())
        ahead = latest_hour(reader)
        # The hour that runs now ends in the future without any jump.
        if ahead is not None and ahead - at > timedelta(hours=1):
            self._ahead_until = ahead + _KEPT

    def is_owed(self, at: datetime) -> bool:
        """Tell whether the log must be asked before a request of now is believed; notes where the clock stands."""
        if at < self._latest - JUMP:
            _LOG.warning("clock_set_back", from_=str(self._latest), to=str(at))
            self._ahead_until = max(self._latest + _KEPT, self._ahead_until or at)
            self._cuts = (*self._cuts, self._size())
            self._latest, self._is_owed = at, True
            self._jumps += 1
        elif at > self._latest:
            self._latest = at
        return self._is_owed

    async def settle(self) -> None:
        """Wait until the log was asked.

        Raises:
            CallRefused: it takes too long, or the log cannot be read; the next request tries again.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                while self._is_owed:
                    await asyncio.shield(self._begin_reading())
        except (TimeoutError, OSError, Problem) as failure:
            _LOG.warning("replays_not_known", why=str(failure) or "not read yet")
            raise CallRefused(
                provider_fault(Fault.LOGGING_FAILED),
                "the clock of the provider's gateway was set back, and its log was not read yet for what it "
                "answered then; try again",
                status=503,
                retry_after=1,
            ) from None

    async def run(self) -> None:
        """Read the log again for as long as it holds what was answered by a clock that ran ahead."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            if self._ahead_until is None:
                continue
            if self._clock.now() > self._ahead_until:
                self._ahead_until = None
                continue
            try:
                await asyncio.shield(self._begin_reading())
            except (OSError, Problem) as failure:
                _LOG.error("log_not_read", why=str(failure))

    def _begin_reading(self) -> "asyncio.Task[None]":
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        return self._reading

    async def _read(self) -> None:
        jumps, at, cuts = self._jumps, self._clock.now(), self._cuts
        found = await asyncio.to_thread(self._find, at, cuts)
        for begin in range(0, len(found), _AT_ONCE):
            self._seen.remember(found[begin : begin + _AT_ONCE], tick=self._tick())
            await asyncio.sleep(0)
        # Another jump meanwhile asks for another reading.
        if jumps == self._jumps:
            self._is_owed = False

    def _find(self, at: datetime, cuts: tuple[int, ...]) -> list[str]:
        reader = self._reader()
        return [] if reader is None else list(answered_around(reader, at, cuts=cuts))


_KEPT: Final = timedelta(seconds=KEPT_SECONDS)
