"""Sends receipts behind the answers they are for: in batches, again where a gateway was not reached."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

import structlog

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.receipts import BATCH_MAX
from rahdari.app.exchange.upstream import UpstreamFailed
from rahdari.exchange import CallRefused, Receipt
from rahdari.web.exchange.peers import Peers
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.xroad import SecurityServerId

TARGET: Final = b"/ndel/receipts"
CONTENT_TYPE: Final = b"application/jsonl"
BATCH_SECONDS: Final = 1.0
# While one is taken, the next one is on its way.
BATCHES_AT_ONCE: Final = 2
# A gateway that is not reached is asked again after 1, 2, 4 … seconds.
WAIT_SECONDS_MAX: Final = 60.0

_LOG = structlog.get_logger("rahdari.exchange.receipts")


class ReceiptSender:
    """Owes receipts to other gateways, and sends them."""

    def __init__(self, gateway: OpenGateway, peers: Peers) -> None:
        """Owe what ``gateway`` owes."""
        self._gateway, self._peers = gateway, peers
        self._full = asyncio.Event()
        self._waits: dict[SecurityServerId, tuple[float, float]] = {}
        self._under_way: dict[SecurityServerId, set[asyncio.Task[None]]] = {}

    def owe(self, gateway: Gateway, receipt: Receipt) -> None:
        """Take a receipt; a full batch goes out at once."""
        if self._gateway.owed.owe(gateway, receipt) % BATCH_MAX == 0:
            self._full.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(BATCH_SECONDS):
                    await self._full.wait()
            self._full.clear()
            self._start()

    async def send_all(self) -> None:
        """Send what every gateway is owed that is not left alone for a while; wait until that is done.

        Raises:
            BaseException: what the sending to one of them raised, once the others are done.
        """
        self._start()
        under_way = [one for tasks in self._under_way.values() for one in tasks]
        ended = await asyncio.gather(*under_way, return_exceptions=True)
        for one in ended:
            if isinstance(one, BaseException):
                raise one

    def _start(self) -> None:
        """Begin to send to those that are owed any. Each by itself: one that answers slowly stops no other."""
        tick, owed = self._gateway.tick(), self._gateway.owed
        for one in owed.owed_to():
            if self._waits.get(one, (0.0, 0.0))[0] > tick:
                continue
            under_way = self._under_way.setdefault(one, set())
            # Full batches go side by side; one that is not full goes alone.
            wanted = min(BATCHES_AT_ONCE, max(1, owed.count_owed(one) // BATCH_MAX))
            while len(under_way) < wanted:
                task = asyncio.create_task(self._send(one))
                under_way.add(task)
                task.add_done_callback(partial(self._end, one))

    def _end(self, identifier: SecurityServerId, task: asyncio.Task[None]) -> None:
        under_way = self._under_way[identifier]
        under_way.discard(task)
        if not under_way:
            del self._under_way[identifier]
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._wait(identifier, type(failure).__name__)

    async def _send(self, identifier: SecurityServerId) -> None:
        owed = self._gateway.owed
        while batch := owed.take(identifier):
            try:
                gateway = self._gateway.directory().gateway(identifier)
                if gateway is None:
                    # Suspended or gone: nobody can take them any more.
                    return
                status = await self._peers.post(gateway, TARGET, b"".join(batch), CONTENT_TYPE)
            except (UpstreamFailed, CallRefused) as failure:
                self._wait(identifier, failure.message)
                owed.put_back(identifier, batch)
                return
            except BaseException:
                owed.put_back(identifier, batch)
                raise
            if status >= 500:
                self._wait(identifier, f"status {status}")
                owed.put_back(identifier, batch)
                return
            self._waits.pop(identifier, None)
            if len(batch) < BATCH_MAX:
                return

    def _wait(self, identifier: SecurityServerId, why: str) -> None:
        until, before = self._waits.get(identifier, (0.0, BATCH_SECONDS / 2))
        tick = self._gateway.tick()
        if tick < until:
            # Said by a batch that went beside this one.
            return
        seconds = min(WAIT_SECONDS_MAX, before * 2)
        self._waits[identifier] = (tick + seconds, seconds)
        _LOG.warning("receipts_not_sent", gateway=str(identifier), why=why, again_in=seconds)
