"""The peer side: other gateways call here, behind mutual TLS; each answer is signed, and recorded.

Strict operations are recorded before the head of their answer is sent.
"""

from asyncio import CancelledError, Future
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hmac import compare_digest
from typing import Final
from urllib.parse import unquote

import structlog

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.upstream import Reply, UpstreamFailed
from rahdari.exchange import (
    Admitted,
    Answer,
    Asked,
    BodyFacts,
    CallRefused,
    Durability,
    LogFull,
    SubjectSource,
    find_subject,
    provider_fault,
    require_sealed,
)
from rahdari.kernel import Problem, Refused
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived, ClientGone, Receive, Scope, Send, arrive
from rahdari.web.exchange.bodies import BUDGET, EMPTY, Body, BodyTooLarge, SpoolFailed, take, take_request
from rahdari.web.exchange.figures import Figures, Trip
from rahdari.web.exchange.peer_refusals import as_call_refused, cut_off, no_room, unrecorded
from rahdari.web.exchange.refusing import NOT_FOUND, Dates, has_body, refuse
from rahdari.web.exchange.sending import TARGET as RECEIPTS
from rahdari.web.exchange.systems import Systems
from rahdari.wire.sealed import HEAD_BYTES_MAX as SEALED_HEAD_BYTES_MAX
from rahdari.wire.xroad import Fault, FieldLine, Side

_CALL: Final = b"/r1/"
# 256 receipts of some 600 bytes (app.exchange.receipts).
_RECEIPT_BYTES_MAX: Final = 1 << 20

_LOG: Final = structlog.get_logger("rahdari.exchange.peer")


class Peer:
    """The application of the listener for other gateways."""

    def __init__(
        self,
        gateway: OpenGateway,
        systems: Systems,
        *,
        figures: Figures,
        mounts: Mapping[bytes, asgi.App] | None = None,
    ) -> None:
        """Carry calls; ``mounts`` are other applications by the beginning of their paths."""
        self._gateway, self._systems, self._figures = gateway, systems, figures
        self._mounts = dict(mounts or {})
        self._dates = Dates(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        arrived = arrive(scope, receive, send)
        if arrived.head.target_raw.startswith(_CALL):
            await self._exchange(arrived)
        elif arrived.head.target_raw == RECEIPTS and arrived.head.method == "POST":
            await self._take_receipts(arrived)
        else:
            app = next((app for path, app in self._mounts.items() if arrived.path.startswith(path)), None)
            if app is not None:
                await app(scope, receive, send)
            else:
                await refuse(self._gateway, arrived, NOT_FOUND, dates=self._dates)

    async def _exchange(self, arrived: Arrived) -> None:
        gateway = self._gateway
        trip = Trip(Side.PRODUCER, _milliseconds(gateway), gateway.tick(), arrived.head.method)
        self._figures.begin(trip, arrived.head.fields)
        try:
            await self._read(arrived, trip)
        except CallRefused as refusal:
            _note(trip, refusal)
            await refuse(gateway, arrived, refusal, dates=self._dates)
        except ClientGone:
            trip.fault = provider_fault(Fault.IO_ERROR).write()
        finally:
            self._figures.note(trip, tick=gateway.tick(), milliseconds=_milliseconds(gateway))

    async def _read(self, arrived: Arrived, trip: Trip) -> None:
        """Find out who asks. From there on refusals are signed and recorded as answers are."""
        gateway, at = self._gateway, self._gateway.clock.now()
        if gateway.remembering.is_owed(at):
            await gateway.remembering.settle()
        asked = gateway.provider.read(arrived.head, arrived.socket.certificate, at=at, tick=gateway.tick())
        trip.call, trip.said, trip.request_id = asked.call, asked.said, asked.request_id
        step = _Step(asked)
        try:
            await self._serve(arrived, step, trip)
        except Refused as failure:
            refusal = as_call_refused(failure)
            _note(trip, refusal)
            if step.admitted is None:
                gateway.provider.require_patience(asked, tick=gateway.tick())
            await self._refuse(arrived, step, refusal)
        except Problem as problem:
            # Of what is recorded something cannot be made (a month's key); the rest can be, and is told.
            _LOG.error("not_recordable", code=problem.code, why=problem.message)
            refusal = unrecorded()
            _note(trip, refusal)
            step.subject = None
            await self._refuse(arrived, step, refusal)

    async def _serve(self, arrived: Arrived, step: "_Step", trip: Trip) -> None:
        gateway, asked = self._gateway, step.asked
        if not gateway.log.standing.is_writable:
            raise unrecorded()
        if asked.call.metaservice is not None:
            answer = gateway.provider.describe(asked, at=gateway.clock.now(), tick=gateway.tick())
            trip.status = answer.status
            await self._send(arrived, step, answer, Body(EMPTY.facts, answer.body))
            return
        step.admitted = admitted = gateway.provider.admit(asked, tick=gateway.tick())
        trip.operation, trip.service_type = admitted.template, admitted.service.type
        if admitted.operation.durability is Durability.STRICT and gateway.is_stamping_overdue():
            raise CallRefused(
                provider_fault(Fault.TIMESTAMPING_FAILED),
                "time stamps have failed for too long, and this operation must be provable",
            )
        body = await self._take(arrived, admitted)
        step.is_body_read = True
        try:
            trip.request_size = body.facts.size
            await self._answer(arrived, step, body, trip)
        finally:
            body.close()

    async def _take(self, arrived: Arrived, admitted: Admitted) -> Body:
        """Read the body and hold it against the digest that was signed: nothing unsigned goes on."""
        most = min(admitted.service.body_bytes_max, self._gateway.settings.body_bytes_max)
        try:
            body = await take_request(
                arrived.receive, bytes_max=most, folder=self._gateway.home.folder, budget=BUDGET
            )
        except BodyTooLarge:
            raise CallRefused(
                provider_fault(Fault.INVALID_BODY),
                f"{admitted.service.id} takes bodies of at most {most} bytes",
                status=413,
            ) from None
        except SpoolFailed:
            raise no_room() from None
        try:
            _require_digest(admitted.asked.content_digest, body.facts)
            if admitted.operation.is_sealed:
                require_sealed(admitted, body.beginning(SEALED_HEAD_BYTES_MAX))
        except BaseException:
            body.close()
            raise
        return body

    async def _answer(self, arrived: Arrived, step: "_Step", body: Body, trip: Trip) -> None:
        gateway, admitted = self._gateway, step.get_admitted()
        operation, provider = admitted.operation, gateway.provider
        step.subject = subject = _subject_of(admitted, body)
        held = provider.examine(admitted, subject, at=gateway.clock.now())
        status = await gateway.standing_of(held, operation.consent)
        settled = provider.settle(
            admitted,
            body.facts,
            subject,
            consent=None if held is None else (held, status),
            at=gateway.clock.now(),
        )
        step.consent_id = settled.consent_id
        if operation.subject.source is SubjectSource.ANSWER:
            # Whom it was about is known once it was asked; that it can be recorded, before.
            gateway.prepare_subjects()
        trip.request_out = _milliseconds(gateway)
        try:
            reply = await self._systems.ask(admitted, body)
            try:
                trip.response_in = _milliseconds(gateway)
                given = await self._take_answer(admitted, reply)
            finally:
                reply.release()
        except CancelledError:
            # The gateway ends, and the system was asked.
            self._record_refusal(step, cut_off())
            raise
        try:
            if operation.is_sealed:
                require_sealed(admitted, given.beginning(SEALED_HEAD_BYTES_MAX), is_answer=True)
            answer = provider.answer(settled, reply.status, reply.fields, given.facts, at=gateway.clock.now())
            trip.status, trip.response_size = answer.status, given.facts.size
            await self._send(arrived, step, answer, given)
        finally:
            given.close()

    async def _take_answer(self, admitted: Admitted, reply: Reply) -> Body:
        """Read the answer to its end; whether it came whole is what the service's circuit breaker goes by."""
        is_whole: bool | None = None
        try:
            _require_answer(admitted, reply)
            given = await self._read_answer(reply)
            is_whole = True
        except CallRefused:
            is_whole = False
            raise
        finally:
            self._systems.leave(admitted.service, is_whole=is_whole)
        return given

    async def _read_answer(self, reply: Reply) -> Body:
        settings = self._gateway.settings
        try:
            return await take(
                reply.read,
                bytes_max=settings.body_bytes_max,
                folder=self._gateway.home.folder,
                wants_sha512=False,
                budget=BUDGET,
            )
        except UpstreamFailed as failure:
            raise CallRefused(
                provider_fault(Fault.SERVICE_FAILED, *failure.faults),
                f"the service's answer broke off: {failure.message}",
            ) from None
        except BodyTooLarge:
            raise CallRefused(
                provider_fault(Fault.SERVICE_FAILED, Fault.IO_ERROR),
                f"the service's answer has more than {settings.body_bytes_max} bytes",
            ) from None
        except SpoolFailed:
            raise no_room() from None

    async def _send(self, arrived: Arrived, step: "_Step", answer: Answer, body: Body) -> None:
        """Record an answer and send it; a strict one once its record is durable."""
        gateway, asked = self._gateway, step.asked
        written = gateway.log.append(answer.record, answer.particulars)
        if answer.is_strict:
            try:
                await written
            except LogFull:
                raise unrecorded() from None
        gateway.desk.await_receipt(asked.request_id, answer.response_signature, asked.sender)
        await _give(arrived, answer, body)

    async def _refuse(self, arrived: Arrived, step: "_Step", refusal: CallRefused) -> None:
        """Sign a refusal, record it where that is possible, and send it."""
        gateway = self._gateway
        answer, written = self._record_refusal(step, refusal)
        # What happened is that nothing was exchanged; where this cannot be recorded, the refusal itself says so,
        # and waits for no disk that does not answer.
        if refusal.error.faults[0] is not Fault.LOGGING_FAILED:
            try:
                await written
            except LogFull:
                answer = gateway.provider.refuse(
                    step.asked, unrecorded(), admitted=step.admitted, at=gateway.clock.now()
                )
        gateway.desk.await_receipt(step.asked.request_id, answer.response_signature, step.asked.sender)
        await _give(
            arrived,
            answer,
            Body(EMPTY.facts, answer.body),
            is_unread=not step.is_body_read and has_body(arrived),
        )

    def _record_refusal(self, step: "_Step", refusal: CallRefused) -> "tuple[Answer, Future[int]]":
        gateway = self._gateway
        answer = gateway.provider.refuse(
            step.asked,
            refusal,
            admitted=step.admitted,
            subject=step.subject,
            consent_id=step.consent_id,
            at=gateway.clock.now(),
        )
        return answer, gateway.log.append(answer.record, answer.particulars)

    async def _take_receipts(self, arrived: Arrived) -> None:
        gateway = self._gateway
        try:
            body = await take_request(
                arrived.receive, bytes_max=_RECEIPT_BYTES_MAX, folder=gateway.home.folder, wants_sha512=False
            )
            taken = await gateway.desk.take(body.held or b"", arrived.socket.certificate)
        except (BodyTooLarge, SpoolFailed):
            refusal = CallRefused(provider_fault(Fault.BAD_REQUEST), "a batch that is too large", status=413)
            await refuse(gateway, arrived, refusal, dates=self._dates)
        except CallRefused as refusal:
            await refuse(gateway, arrived, refusal, dates=self._dates)
        except ClientGone:
            return
        else:
            told = b'{"logged":%d,"refused":%d}' % (taken.logged, taken.refused)
            fields = [(b"content-type", b"application/json")]
            await asgi.answer(arrived, 200, self._dates.complete(fields), told)


class _Step:
    """How far a call came: what a refusal of it may tell."""

    __slots__ = ("admitted", "asked", "consent_id", "is_body_read", "subject")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.admitted: Admitted | None = None
        self.is_body_read = False
        self.subject: str | None = None
        self.consent_id: str | None = None

    def get_admitted(self) -> Admitted:
        if self.admitted is None:
            raise AssertionError("a call is answered once it is admitted")
        return self.admitted


async def _give(arrived: Arrived, answer: Answer, body: Body, *, is_unread: bool = False) -> None:
    parts = body.parts()
    if parts is None or asgi.is_bodiless(arrived, answer.status):
        fields: Iterable[FieldLine] = (*answer.fields, asgi.CLOSE) if is_unread else answer.fields
        await asgi.answer(arrived, answer.status, fields, body.held or b"")
        return
    length = (b"content-length", b"%d" % body.facts.size)
    await asgi.start(arrived, answer.status, (*answer.fields, length))
    async for part in parts:
        await asgi.go_on(arrived, part, is_last=False)
    await asgi.go_on(arrived, b"", is_last=True)


def _require_digest(field: str, facts: BodyFacts) -> None:
    """Return if the body is the one whose digest was signed; both are one text (service.received)."""
    if not compare_digest(field.encode("latin-1"), facts.content_digest.encode("ascii")):
        raise CallRefused(
            provider_fault(Fault.INVALID_BODY), "the body is not the one whose digest was signed"
        )


def _subject_of(admitted: Admitted, body: Body) -> str | None:
    place, call = admitted.operation.subject, admitted.asked.call
    if place.source in (SubjectSource.NOBODY, SubjectSource.ANSWER):
        return None
    variables = variables_of(admitted.template.path, call.canonical_path)
    return find_subject(place, variables=variables, query=call.query_raw or "", body=body.held)


def variables_of(template: str, canonical: str) -> dict[str, str]:
    """Give the segments that a template names, decoded.

    Example:
        >>> variables_of("/v1/persons/{id}", "/v1/persons/35202%2D1")
        {'id': '35202-1'}
    """
    segments = canonical.split("/")
    return {name: unquote(segments[place]) for place, name in _names_of(template) if place < len(segments)}


@lru_cache(maxsize=1024)
def _names_of(template: str) -> tuple[tuple[int, str], ...]:
    return tuple((place, one[1:-1]) for place, one in enumerate(template.split("/")) if one.startswith("{"))


def _require_answer(admitted: Admitted, reply: Reply) -> None:
    # RFC 9110, 15: what is no status cannot be signed or passed on.
    if not 200 <= reply.status <= 599:
        raise CallRefused(
            provider_fault(Fault.SERVICE_FAILED, Fault.HTTP_ERROR),
            f"the system behind {admitted.service.id} answered with the status {reply.status}",
        )
    place = admitted.operation.subject
    if place.source is SubjectSource.ANSWER and reply.status < 300:
        find_subject(place, variables={}, answer_fields=reply.fields)


def _note(trip: Trip, refusal: CallRefused) -> None:
    trip.status, trip.fault, trip.message = refusal.status, refusal.error.write(), refusal.message


def _milliseconds(gateway: OpenGateway) -> int:
    return int(gateway.clock.now().timestamp() * 1000)
