"""Connections to other gateways: one pool each, made anew when its certificates or ours change."""

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.tls import client_context
from rahdari.app.exchange.upstream import Late, Place, Pool, Reply, Sending, Unreached, UpstreamFailed
from rahdari.exchange import Directory, Outgoing
from rahdari.web.exchange.bodies import Body
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.xroad import Fault, SecurityServerId

# Longer than any service may take (offers: 110 s), so that the provider's gateway tells why it had no answer.
ANSWER_SECONDS = 120.0
# A page waits for the slowest of many gateways; whoever takes longer is shown as not reached.
FETCH_SECONDS = 5.0
# A batch of receipts is verified in some 60 ms; whoever takes longer gets it again later.
POST_SECONDS = 15.0
# What is told of a batch is a line.
POST_ANSWER_BYTES_MAX = 16 * 1024
# Our own listener keeps connections for 30 s.
IDLE_SECONDS = 25.0
# A member's other gateways are asked before one that was not reached so lately.
AWAY_SECONDS = 10.0

_Marks = tuple[str, tuple[bytes, ...], bytes]


class Peers:
    """Sends signed requests and batches of receipts to other gateways."""

    def __init__(self, gateway: OpenGateway) -> None:
        """Connect when first asked."""
        self._gateway = gateway
        self._pools: dict[SecurityServerId, tuple[Gateway, _Marks, Pool]] = {}
        self._away: dict[SecurityServerId, float] = {}
        gateway.on_change.append(self._follow)
        gateway.consumer.is_away = self.is_away

    async def send(self, outgoing: Outgoing, body: Body) -> Reply:
        """Send a signed request. Raises ``UpstreamFailed``; ``Unreached`` where no byte of it was sent."""
        route = outgoing.route
        sending = Sending(
            route.head.method,
            route.call.target_raw.encode("ascii"),
            outgoing.fields,
            body.facts.size,
            body.held,
            body.parts(),
            ANSWER_SECONDS,
        )
        try:
            reply = await self._pool(route.gateway).send(sending)
        except Unreached:
            self._away[route.gateway.id] = self._gateway.tick() + AWAY_SECONDS
            raise
        self._away.pop(route.gateway.id, None)
        return reply

    def is_away(self, gateway: SecurityServerId) -> bool:
        """Tell whether a gateway was not reached just now; once in a while one call is let through to find out."""
        until = self._away.get(gateway)
        if until is None:
            return False
        now = self._gateway.tick()
        if now < until:
            return True
        self._away[gateway] = now + AWAY_SECONDS
        return False

    async def fetch(self, gateway: Gateway, target: bytes, *, bytes_max: int) -> tuple[int, bytes]:
        """Fetch something that is no exchange; gives status and body.

        Raises:
            UpstreamFailed: not reached, no answer, or more than ``bytes_max``.
        """
        sending = Sending("GET", target, [], 0, timeout_seconds=FETCH_SECONDS)
        return await self._ask(gateway, sending, bytes_max)

    async def fetch_of(
        self, gateways: Sequence[Gateway], target: bytes, *, bytes_max: int
    ) -> tuple[int, bytes]:
        """Fetch from the first of a member's gateways that answers. Raises as ``fetch`` does, for the last one."""
        for one in gateways[:-1]:
            try:
                return await self.fetch(one, target, bytes_max=bytes_max)
            except UpstreamFailed:
                continue
        return await self.fetch(gateways[-1], target, bytes_max=bytes_max)

    async def post(self, gateway: Gateway, target: bytes, body: bytes, content_type: bytes) -> int:
        """Post something small; gives the status. Raises ``UpstreamFailed``."""
        fields = [(b"content-type", content_type)]
        sending = Sending("POST", target, fields, len(body), body, None, POST_SECONDS)
        status, _ = await self._ask(gateway, sending, POST_ANSWER_BYTES_MAX)
        return status

    async def _ask(self, gateway: Gateway, sending: Sending, bytes_max: int) -> tuple[int, bytes]:
        """Ask, and read the whole answer in the time that its head has; gives status and body."""
        held = bytearray()
        try:
            async with asyncio.timeout(sending.timeout_seconds):
                reply = await self._pool(gateway).send(sending)
                try:
                    while part := await reply.read():
                        held += part
                        if len(held) > bytes_max:
                            raise UpstreamFailed(
                                f"the answer has more than {bytes_max} bytes", Fault.HTTP_ERROR
                            )
                finally:
                    reply.release()
        except TimeoutError:
            raise Late("no whole answer in time", Fault.NETWORK_ERROR) from None
        return reply.status, bytes(held)

    def close(self) -> None:
        """Close what is idle."""
        for _, _, pool in self._pools.values():
            pool.close()

    def _pool(self, gateway: Gateway) -> Pool:
        known = self._pools.get(gateway.id)
        if known is not None and known[0] is gateway:
            return known[2]
        directory = self._gateway.directory()
        marks = self._marks(gateway, directory)
        if known is not None and known[1] == marks:
            self._pools[gateway.id] = (gateway, marks, known[2])
            return known[2]
        if known is not None:
            known[2].close()
        split = urlsplit(gateway.url)
        place = Place(
            split.hostname or "",
            split.port or 443,
            split.netloc.encode("ascii"),
            client_context(self._gateway.keys, directory, gateway),
            IDLE_SECONDS,
            is_patient=True,
        )
        pool = Pool(place)
        self._pools[gateway.id] = (gateway, marks, pool)
        return pool

    def _marks(self, gateway: Gateway, directory: Directory) -> _Marks:
        own = self._gateway.keys.certificate_for(directory).certificate.der
        return gateway.url, gateway.certificates, own

    def _follow(self, directory: Directory) -> None:
        """Drop the pools of gateways that are gone, or whose pins or ours are others now."""
        for identifier, (_, marks, pool) in list(self._pools.items()):
            gateway = directory.gateway(identifier)
            if gateway is None or self._marks(gateway, directory) != marks:
                pool.close()
                del self._pools[identifier]
