"""Connections before they are any: counted when they come, so that nobody takes all by never shaking hands.

The loop's own server counts nothing before a TLS handshake is over; 5,000 connections that say nothing would be
every file that a gateway may open, its log among them.
"""

import asyncio
import errno
import resource
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Final

import structlog

from rahdari.web.exchange.protocol import Door, GatewayProtocol

# In one turn of the loop; what else came waits in the kernel.
ACCEPTED_AT_ONCE: Final = 64
# Two listeners have a third of the files each; a third is left for the log, bodies and calls to others.
_SHARE: Final = 3
# Handshakes under way, as a part of what a listener may hold.
_ARRIVING_SHARE: Final = 2
_REST_SECONDS: Final = 0.5
_FULL: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_LOG = structlog.get_logger("rahdari.exchange.accepting")


def connections_in_all() -> int:
    """Give how many connections one listener may hold, by what this process may open (RLIMIT_NOFILE)."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (1 << 20 if soft == resource.RLIM_INFINITY else soft) // _SHARE


class Entrance:
    """Takes the connections of one listening socket, as many as its door allows."""

    def __init__(
        self,
        listening: socket.socket,
        door: Door,
        make: Callable[[], GatewayProtocol],
        *,
        tls: ssl.SSLContext | None,
        handshake_seconds: float,
        connections_max: int | None = None,
    ) -> None:
        """Begin to take connections; needs a running loop."""
        self._listening, self._door, self._make = listening, door, make
        self._tls, self._seconds = tls, handshake_seconds
        self._most = connections_in_all() if connections_max is None else connections_max
        self._loop = asyncio.get_running_loop()
        self.arriving: Counter[str] = Counter()
        self._greeting: set[asyncio.Task[None]] = set()
        self._resting: asyncio.TimerHandle | None = None
        listening.setblocking(False)  # noqa: FBT003 - the library's own signature
        self._loop.add_reader(listening.fileno(), self._accept)

    def close(self) -> None:
        """Take no more connections; those that are open go on."""
        if self._resting is not None:
            self._resting.cancel()
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening.fileno())
            self._listening.close()
        for one in self._greeting:
            one.cancel()

    async def wait_closed(self) -> None:
        """Wait until no handshake is under way."""
        await asyncio.gather(*self._greeting, return_exceptions=True)

    def _accept(self) -> None:
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, name = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as failure:
                if failure.errno in _FULL:
                    self._rest(failure)
                    return
                continue
            address = str(name[0])
            if self._has_room(address):
                self.arriving[address] += 1
                task = self._loop.create_task(self._greet(accepted, address))
                self._greeting.add(task)
                task.add_done_callback(self._greeting.discard)
            else:
                accepted.close()

    def _has_room(self, address: str) -> bool:
        door, arriving = self._door, len(self._greeting)
        return (
            door.held[address] + self.arriving[address] < door.connections_max
            and arriving < self._most // _ARRIVING_SHARE
            and door.held_in_all + arriving < self._most
        )

    async def _greet(self, accepted: socket.socket, address: str) -> None:
        seconds = self._seconds if self._tls is not None else None
        try:
            await self._loop.connect_accepted_socket(
                self._make, accepted, ssl=self._tls, ssl_handshake_timeout=seconds
            )
        except OSError:
            # No handshake, in one of the many ways: there is nobody to tell.
            accepted.close()
        except asyncio.CancelledError:
            accepted.close()
            raise
        finally:
            self.arriving[address] -= 1
            if not self.arriving[address]:
                del self.arriving[address]

    def _rest(self, failure: OSError) -> None:
        """Look away for a while: what cannot be opened stays in the queue, and would be told again at once."""
        _LOG.error("no_connections_taken", why=failure.strerror)
        self._loop.remove_reader(self._listening.fileno())
        self._resting = self._loop.call_later(_REST_SECONDS, self._go_on)

    def _go_on(self) -> None:
        self._resting = None
        self._loop.add_reader(self._listening.fileno(), self._accept)
