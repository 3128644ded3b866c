"""The edge: a member's information systems call here, in X-Road's protocol for REST (PR-REST 1.0.4).

A call is signed, sent to the provider's gateway, and its answer verified before the first byte of it goes on; of a
body beyond ``HELD_BYTES_MAX`` the last part is held back until its digest is known, and the connection broken if it
is wrong.
"""

from asyncio import CancelledError
from ipaddress import ip_address
from typing import Final

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.upstream import Reply, Unreached, UpstreamFailed
from rahdari.exchange import (
    Accepted,
    CallRefused,
    Concluded,
    Durability,
    LogFull,
    Outgoing,
    Proofs,
    consumer_fault,
)
from rahdari.kernel import Refused
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived, ClientGone, Receive, Scope, Send, arrive
from rahdari.web.exchange.bodies import (
    BUDGET,
    COUNTED_BYTES,
    HELD_BYTES_MAX,
    Body,
    BodyTooLarge,
    SpoolFailed,
    take_request,
)
from rahdari.web.exchange.browsers import own_hosts
from rahdari.web.exchange.consent_lists import PATH as CONSENTS
from rahdari.web.exchange.consent_lists import ConsentLists
from rahdari.web.exchange.figures import Figures, Trip
from rahdari.web.exchange.listing import list_clients
from rahdari.web.exchange.peers import Peers
from rahdari.web.exchange.refusing import NOT_FOUND, Dates, refuse
from rahdari.web.exchange.sending import ReceiptSender
from rahdari.wire.http_signatures import DigestCheck, require_digest
from rahdari.wire.xroad import ErrorType, Fault, Origin, SecurityServerId, Side

_CALL: Final = b"/r1/"
_LISTING: Final = b"/listClients"
_LENGTH: Final = b"content-length"


class Edge:
    """The application of the edge's listener."""

    def __init__(
        self, gateway: OpenGateway, peers: Peers, *, figures: Figures, receipts: ReceiptSender, own: asgi.App
    ) -> None:
        """Carry calls; ``own`` answers what is about the gateway itself, for this machine alone."""
        self._gateway, self._peers, self._figures, self._receipts = gateway, peers, figures, receipts
        self._own = own
        self._consents = ConsentLists(gateway)
        self._dates = Dates(gateway)
        self._near: dict[str, bool] = {}
        self._hosts = own_hosts(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        arrived = arrive(scope, receive, send)
        target = arrived.head.target_raw
        # PR-REST, 2.3: /r1 and whatever begins like another version are calls, if only broken ones.
        if target.startswith((b"/r1", b"/r2", b"/r0")):
            await self._exchange(arrived)
        elif arrived.path == _LISTING:
            await list_clients(self._gateway, arrived, dates=self._dates)
        elif target.startswith(CONSENTS):
            await self._consents(scope, receive, send)
        elif self._is_near(arrived):
            await self._own(scope, receive, send)
        else:
            await refuse(self._gateway, arrived, NOT_FOUND, dates=self._dates)

    async def _exchange(self, arrived: Arrived) -> None:
        gateway = self._gateway
        trip = Trip(Side.CLIENT, _milliseconds(gateway), gateway.tick(), arrived.head.method)
        self._figures.begin(trip, arrived.head.fields)
        try:
            await self._carry(arrived, trip)
        except CallRefused as refusal:
            trip.status, trip.fault, trip.message = refusal.status, refusal.error.write(), refusal.message
            ids = [(b"x-road-request-id", trip.request_id.encode("ascii"))] if trip.request_id else []
            await refuse(gateway, arrived, refusal, dates=self._dates, also=ids)
        except ClientGone:
            trip.fault = _GONE.write()
        finally:
            self._figures.note(trip, tick=gateway.tick(), milliseconds=_milliseconds(gateway))

    async def _carry(self, arrived: Arrived, trip: Trip) -> None:
        gateway = self._gateway
        # A browser on this machine carries the calls of any page that it shows.
        is_near = self._is_near(arrived) and self._hosts.is_of_no_other_page(arrived.head.fields)
        proofs = Proofs(is_near, arrived.socket.certificate)
        route = gateway.consumer.route(arrived.head, proofs, at=gateway.clock.now())
        trip.call, trip.said, trip.request_id = route.call, route.said, route.request_id
        # What could not be recorded is not asked.
        if not gateway.log.standing.is_writable:
            raise _unrecorded()
        body = await self._take(arrived)
        try:
            trip.request_size = body.facts.size
            outgoing = gateway.consumer.sign(route, body.facts, at=gateway.clock.now())
            trip.request_id = outgoing.route.request_id
            trip.request_out = _milliseconds(gateway)
            await self._ask(arrived, outgoing, body, trip)
        finally:
            body.close()

    async def _take(self, arrived: Arrived) -> Body:
        settings = self._gateway.settings
        try:
            return await take_request(
                arrived.receive,
                bytes_max=settings.body_bytes_max,
                folder=self._gateway.home.folder,
                budget=BUDGET,
            )
        except BodyTooLarge:
            raise CallRefused(
                ErrorType(Origin.CLIENT, (Fault.INVALID_BODY,)),
                f"the body has more than {settings.body_bytes_max} bytes",
                status=413,
            ) from None
        except SpoolFailed:
            raise CallRefused(
                consumer_fault(Fault.IO_ERROR), "the gateway has no room for the body; try again later"
            ) from None

    async def _ask(self, arrived: Arrived, outgoing: Outgoing, body: Body, trip: Trip) -> None:
        """Ask the provider's gateway. Whatever comes of it is recorded."""
        gateway = self._gateway
        try:
            try:
                outgoing, reply = await self._reach(outgoing, body)
            except CancelledError:
                self._record_failure(outgoing, _CUT_OFF)
                raise
            try:
                trip.response_in = _milliseconds(gateway)
                accepted = gateway.consumer.accept(
                    outgoing, reply.status, reply.fields, at=gateway.clock.now()
                )
                trip.status, trip.fault = accepted.status, accepted.fault
                await self._hand_on(arrived, accepted, reply, trip)
            finally:
                reply.release()
        except UpstreamFailed as failure:
            refusal = CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, *failure.faults),
                f"the provider's gateway was not to be had: {failure.message}",
            )
            self._record_failure(outgoing, refusal.error)
            raise refusal from None
        except CallRefused as refusal:
            if refusal.error.faults[0] is not Fault.LOGGING_FAILED:
                self._record_failure(outgoing, refusal.error)
            raise
        except Refused as failure:
            # Whatever the answer holds that nothing can be made of: the question went out, and is recorded.
            unreadable = CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.INCONSISTENT_RESPONSE),
                f"the provider's gateway answered with what cannot be passed on: {failure.message}",
            )
            self._record_failure(outgoing, unreadable.error)
            raise unreadable from None

    async def _reach(self, outgoing: Outgoing, body: Body) -> tuple[Outgoing, Reply]:
        """Send a request; where its gateway was not reached at all, to the member's next one, signed for that."""
        tried: set[SecurityServerId] = set()
        while True:
            try:
                return outgoing, await self._peers.send(outgoing, body)
            except Unreached:
                tried.add(outgoing.route.gateway.id)
                consumer, at = self._gateway.consumer, self._gateway.clock.now()
                diverted = consumer.divert(outgoing, tried, at=at)
                if diverted is None:
                    raise
                outgoing = diverted

    async def _hand_on(self, arrived: Arrived, accepted: Accepted, reply: Reply, trip: Trip) -> None:
        """Give the answer to the client: small ones once they are known to be whole and right."""
        held: list[bytes] = []
        size = counted = 0
        try:
            while part := await self._read_part(accepted, reply):
                held.append(part)
                size += len(part)
                self._require_size(size)
                if size > COUNTED_BYTES:
                    if size > HELD_BYTES_MAX or not BUDGET.take(size - counted):
                        await self._stream(arrived, accepted, reply, b"".join(held), trip)
                        return
                    counted = size
            trip.response_size = size
            await self._give(arrived, accepted, held[0] if len(held) == 1 else b"".join(held))
        finally:
            BUDGET.give_back(counted)

    async def _read_part(self, accepted: Accepted, reply: Reply) -> bytes:
        try:
            return await reply.read()
        except CancelledError:
            self._record_failure(accepted.outgoing, _CUT_OFF)
            raise

    async def _give(self, arrived: Arrived, accepted: Accepted, body: bytes) -> None:
        try:
            require_digest(accepted.content_digest, body)
        except Refused:
            raise _inconsistent() from None
        await self._conclude(accepted)
        fields = [line for line in accepted.fields if line[0] != _LENGTH]
        try:
            await asgi.answer(arrived, accepted.status, self._dates.complete(fields), body)
        finally:
            self._acknowledge(accepted)

    def _require_size(self, size: int) -> None:
        most = self._gateway.settings.body_bytes_max
        if size > most:
            raise CallRefused(
                consumer_fault(Fault.SERVICE_FAILED, Fault.IO_ERROR),
                f"the answer has more than {most} bytes",
            )

    async def _stream(
        self, arrived: Arrived, accepted: Accepted, reply: Reply, first: bytes, trip: Trip
    ) -> None:
        """Give a large answer as it comes, but for its last part: that follows once the digest is known."""
        try:
            check = DigestCheck(accepted.content_digest)
        except Refused:
            raise _inconsistent() from None
        await asgi.start(arrived, accepted.status, self._dates.complete(accepted.fields))
        trip.response_size, is_whole = len(first), False
        try:
            last = await self._pass_on(arrived, reply, first, trip, check)
            is_whole = True
            await self._conclude(accepted)
        except CancelledError:
            if not is_whole:
                self._record_failure(accepted.outgoing, _CUT_OFF)
            raise
        except (UpstreamFailed, Refused) as failure:
            refusal = failure if isinstance(failure, CallRefused) else _inconsistent()
            trip.fault, trip.message = refusal.error.write(), refusal.message
            self._record_failure(accepted.outgoing, refusal.error)
            asgi.break_off(arrived)
            return
        except ClientGone:
            # Whether the rest was right nobody will know: it is not read to its end for nobody.
            self._record_failure(accepted.outgoing, _GONE)
            raise
        await self._give_last(arrived, accepted, last)

    async def _pass_on(
        self, arrived: Arrived, reply: Reply, waiting: bytes, trip: Trip, check: DigestCheck
    ) -> bytes:
        """Give all but the last part of an answer; gives that one, once the digest is known to be right."""
        check.update(waiting)
        while part := await reply.read():
            check.update(part)
            trip.response_size += len(part)
            self._require_size(trip.response_size)
            await asgi.go_on(arrived, waiting, is_last=False)
            waiting = part
        check.require_match()
        return waiting

    async def _give_last(self, arrived: Arrived, accepted: Accepted, part: bytes) -> None:
        try:
            await asgi.go_on(arrived, part, is_last=True)
        finally:
            self._acknowledge(accepted)

    async def _conclude(self, accepted: Accepted) -> None:
        gateway = self._gateway
        concluded = gateway.consumer.conclude(accepted, at=gateway.clock.now())
        await self._record(concluded)

    def _acknowledge(self, accepted: Accepted) -> None:
        """Owe the provider's gateway its receipt. Signed behind the answer: no client waits for it."""
        receipt = self._gateway.consumer.acknowledge(accepted, at=self._gateway.clock.now())
        self._receipts.owe(accepted.outgoing.route.gateway, receipt)

    async def _record(self, concluded: Concluded) -> None:
        written = self._gateway.log.append(concluded.record, concluded.particulars)
        if self._gateway.settings.own_record is Durability.STRICT:
            try:
                await written
            except LogFull:
                raise _unrecorded() from None

    def _record_failure(self, outgoing: Outgoing, error: ErrorType) -> None:
        gateway = self._gateway
        failed = gateway.consumer.fail(outgoing, error, at=gateway.clock.now())
        gateway.log.append(failed.record, failed.particulars)

    def _is_near(self, arrived: Arrived) -> bool:
        """Tell whether the caller is on this machine: what a call by ``network`` proves."""
        address = arrived.socket.address
        known = self._near.get(address)
        if known is None:
            known = _is_loopback(address)
            if len(self._near) >= _ADDRESSES_MAX:
                self._near.clear()
            self._near[address] = known
        return known


_ADDRESSES_MAX: Final = 4096
_GONE: Final = ErrorType(Origin.CLIENT, (Fault.NETWORK_ERROR,))
# This gateway ended, and waited for the answer as long as it waits for any.
_CUT_OFF: Final = consumer_fault(Fault.SERVICE_FAILED, Fault.NETWORK_ERROR)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _inconsistent() -> CallRefused:
    return CallRefused(
        consumer_fault(Fault.SERVICE_FAILED, Fault.INCONSISTENT_RESPONSE),
        "the answer's body is not the one that the provider's gateway signed",
    )


def _unrecorded() -> CallRefused:
    return CallRefused(
        consumer_fault(Fault.LOGGING_FAILED),
        "the gateway's log cannot be written, and nothing is exchanged that cannot be recorded",
    )


def _milliseconds(gateway: OpenGateway) -> int:
    return int(gateway.clock.now().timestamp() * 1000)
