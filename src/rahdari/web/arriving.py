"""A request's body on its way in: counted, timed, and watched for a caller who goes away."""

from dataclasses import dataclass
from typing import cast

import anyio
from litestar.types import Receive
from litestar.types.asgi_types import HTTPReceiveMessage

from rahdari.web.errors import TooManyRequests, TooSlow
from rahdari.web.limits import BODIES_WAIT_SECONDS, REQUEST_SECONDS_MAX, Bodies
from rahdari.web.visit import Visit


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a request may take, and within it the body of a stranger: longer only for what keeps coming.

    A stranger's body has ``seconds``. Each ``bytes_a_second`` that arrived count for one, to ``seconds_max``: a
    pass as text, which fits a few packets, has 10 s; a picture of 2 MB from a telephone with 1 Mbit/s takes 17 s
    and may take 30 s. Whoever sends a byte now and then has bought nothing.
    """

    request_seconds: float = REQUEST_SECONDS_MAX

    seconds: float = 10.0
    seconds_max: float = 30.0
    bytes_a_second: int = 32 * 1024

    def allow(self, taken: int) -> float:
        """Tell the seconds from the request's head by which more must come, after ``taken`` bytes."""
        return min(self.seconds_max, max(self.seconds, taken / self.bytes_a_second))


class Arriving:
    """Receives for one request. Give back what was counted when the request ends."""

    def __init__(self, receive: Receive, visit: Visit) -> None:
        """Receive by ``receive``; nothing is counted or timed before ``expect``."""
        self._receive = receive
        self._visit = visit
        self._bodies: Bodies | None = None
        self._pace: Pace | None = None
        self._began = 0.0
        self._taken = 0
        self._is_complete = False

    def expect(self, bodies: Bodies, pace: Pace | None) -> None:
        """Count what comes from now on in ``bodies``, and hold it to ``pace`` if there is one."""
        self._bodies, self._pace, self._began = bodies, pace, anyio.current_time()

    async def __call__(self) -> HTTPReceiveMessage:
        """Receive. Raises ``TooSlow``, and ``TooManyRequests`` where all bodies together are too much."""
        message = await self._next()
        if message["type"] == "http.request":
            self._count(len(message.get("body", b"")))
            self._is_complete = not message.get("more_body", False)
        elif not self._is_complete:
            self._visit.is_gone = True
        return message

    async def _next(self) -> HTTPReceiveMessage:
        if self._pace is None or self._is_complete or self._visit.status:
            return cast("HTTPReceiveMessage", await self._receive())
        left = self._began + self._pace.allow(self._taken) - anyio.current_time()
        with anyio.move_on_after(left):
            return cast("HTTPReceiveMessage", await self._receive())
        raise TooSlow("the body of the request came too slowly; send it again where the network is better")

    def _count(self, size: int) -> None:
        if self._bodies is None:
            return
        if not self._bodies.take(size):
            raise TooManyRequests(BODIES_WAIT_SECONDS, what="too much is being sent to this server at once")
        self._taken += size

    def give_back(self) -> None:
        """Count no byte of this body any more."""
        if self._bodies is not None:
            self._bodies.give_back(self._taken)
        self._taken = 0
