"""Work that keeps a core or a lock busy: done by few threads at a time, so that the others stay free for checks."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from rahdari.web.errors import Busy

_Made = TypeVar("_Made")


class Turns:
    """Lets ``at_once`` threads work and ``waiting_max`` requests wait for them; refuses whoever comes beyond."""

    def __init__(self, at_once: int, waiting_max: int, *, wait_seconds: int) -> None:
        """Begin with nobody; ``wait_seconds`` is what a refused caller is told."""
        self._limiter = anyio.CapacityLimiter(at_once)
        self._asked_max = at_once + waiting_max
        self._wait_seconds = wait_seconds
        self._asked = 0

    async def run(self, work: Callable[[], _Made]) -> _Made:
        """Do ``work`` in a thread of these. Raises ``Busy``, and whatever ``work`` raises."""
        if self._asked >= self._asked_max:
            raise Busy(self._wait_seconds, "as many are waiting for this work as this server lets wait")
        self._asked += 1
        try:
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)
        finally:
            self._asked -= 1
