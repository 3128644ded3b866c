"""The provider's gateway: who asks, whether they may, and the signed answer with its record.

Without input or output: ``web.exchange`` carries the bytes. In order: ``read`` (who asks), ``admit`` (may they, by
the head), ``examine`` and ``settle`` (the consent, whose data), ``answer``; ``refuse`` wherever that ends early.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from rahdari.exchange.errors import CallRefused, ConsentRefused, SubjectUnreadable
from rahdari.exchange.rules.access import ACCESS_DENIED, find_operation, provider_fault
from rahdari.exchange.rules.consents import (
    HeldConsent,
    KnownStatus,
    VerifiedConsents,
    require_scope,
    require_standing,
)
from rahdari.exchange.rules.descriptions import describe_services
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.rules.limits import Buckets
from rahdari.exchange.rules.replay import SeenRequests
from rahdari.exchange.rules.subjects import find_subject
from rahdari.exchange.service.received import (
    asked_consent,
    is_sealed,
    prove,
    sent_lines,
)
from rahdari.exchange.service.recording import Kept, Outcome, kept_of, marks_of, particulars_of, record_of
from rahdari.exchange.values.messages import (
    NO_CONSENT,
    Admitted,
    Answer,
    Asked,
    BodyFacts,
    Identity,
    RequestHead,
    Settled,
)
from rahdari.exchange.values.services import (
    ConsentRule,
    Offer,
    Rate,
    SubjectPlace,
    SubjectSource,
)
from rahdari.kernel import Chance, Refused, time_ordered_id
from rahdari.wire.frozen import quick
from rahdari.wire.http_signatures import (
    Response,
    content_digest,
    sign_response,
)
from rahdari.wire.ndel.record_bytes import encode_entry
from rahdari.wire.ndel.records import SubjectIndex
from rahdari.wire.sealed import MEDIA_TYPE
from rahdari.wire.xroad import (
    Fault,
    FieldLine,
    Spelling,
    deliver_request,
    forward_response,
    header_part,
    request_hash,
    values_of,
    write_error,
)

_SUBJECT: Final = b"ndel-subject"
_IN_ANSWER: Final = SubjectPlace(SubjectSource.ANSWER)
# What a provider's system may not say in the gateway's name.
_ANSWER_DROPPED: Final = frozenset(b"content-digest signature signature-input ndel-subject".split())
# Where no service sets a rate: what a careless loop cannot exceed, and a busy member hardly reaches.
RATE: Final = Rate(per_second=500.0, burst=1000)
# Refusals of calls without any right, by the gateway that asks: each is signed and logged, and of use to nobody.
REFUSALS: Final = Rate(per_second=20.0, burst=200)
# What a client may learn of services, which changes once in days.
DESCRIPTIONS: Final = Rate(per_second=20.0, burst=200)

_admitted, _settled = quick(Admitted), quick(Settled)

Subjects = Callable[[str, datetime], SubjectIndex]
"""Gives the pseudonym of an identifier in the period of an instant."""


@dataclass(frozen=True, slots=True)
class ProviderParts:
    """What a provider's gateway consults; each is asked anew for every call."""

    offer: Callable[[], Offer]
    directory: Callable[[], Directory]
    identity: Callable[[], Identity]
    subjects: Subjects


class Provider:
    """Decides and signs for the services behind one gateway."""

    def __init__(
        self,
        parts: ProviderParts,
        chance: Chance,
        *,
        seen: SeenRequests,
        spelling: Spelling = Spelling.SMALL,
    ) -> None:
        """Take the parts; ``seen`` already knows what the log remembers of before a restart."""
        self._parts, self._chance, self._seen, self._spelling = parts, chance, seen, spelling
        self._buckets, self._opened = Buckets(), VerifiedConsents()

    def read(self, head: RequestHead, certificate: bytes | None, *, at: datetime, tick: float) -> Asked:
        """Prove who asks: the gateway by its TLS certificate and its signature, the member by the gateway.

        Args:
            head: the request without its body.
            certificate: what the other side's TLS showed (DER).
            at: now.
            tick: seconds of a clock that never jumps.

        Raises:
            CallRefused: nobody known signed this, or it is a replay. It is neither signed nor logged.
        """
        asked = prove(head, certificate, self._parts.directory(), identity=self._parts.identity, at=at)
        # (5) RFC 9421, 7.2.2: a signed request counts once.
        if not self._seen.accept(asked.request_id, tick=tick):
            raise CallRefused(
                provider_fault(Fault.INVALID_REQUEST), "this request was answered already; sign a new one"
            )
        return asked

    def admit(self, asked: Asked, *, tick: float) -> Admitted:
        """Decide by the head whether the call may be made. Raises ``CallRefused``; ``refuse`` signs it."""
        directory = self._parts.directory()
        # (1) The client is registered and in good standing, and both instances agreed on this.
        if not directory.is_client(asked.client):
            raise CallRefused(
                provider_fault(Fault.UNKNOWN_MEMBER),
                f"{asked.client} is no client of any instance known here",
            )
        if not directory.may_ask(asked.client, asked.call.service, asked.purpose):
            raise CallRefused(
                ACCESS_DENIED,
                f"{asked.client} may not ask: {directory.why_not(asked.client, asked.call.service, asked.purpose)}",
            )
        service, operation, template = find_operation(self._parts.offer(), asked)
        # (2) Token buckets by client, service and operation: one client's haste is not another's wait.
        rate = operation.rate or self._parts.offer().rates.get(str(asked.client)) or RATE
        key = (asked.client, service.id, operation.name)
        self._require_pace(key, rate, tick, f"{asked.client} calls {operation.name}")
        # (3) What must be sealed to its recipient is not carried open.
        is_bodied = asked.head.method not in {"GET", "HEAD", "DELETE", "OPTIONS"}
        if operation.is_sealed and is_bodied and not is_sealed(asked.head.fields):
            raise CallRefused(
                provider_fault(Fault.INVALID_CONTENT_TYPE),
                f"bodies of {operation.name} are sealed to their recipient ({MEDIA_TYPE})",
            )
        sent = sent_lines(asked)
        part = header_part(asked.head.method, asked.call.target_raw, sent)
        sent = deliver_request(sent)
        sent.append((b"ndel-purpose", asked.purpose.encode()))
        if service.bearer:
            # The gateway's own proof takes the place of whatever the client sent: one line, one meaning.
            sent = [line for line in sent if line[0] != b"authorization"]
            sent.append((b"authorization", b"Bearer " + service.bearer.encode()))
        return _admitted(asked, service, operation, template, tuple(sent), part)

    def examine(self, admitted: Admitted, subject: str | None, *, at: datetime) -> HeldConsent | None:
        """Hold the consent against the call: who, what, why, about whom; its standing is for ``settle``.

        Args:
            admitted: the call.
            subject: the identifier of whom is asked about, where the operation names its place in the request.
            at: now.

        Returns:
            The consent; None where the operation needs none.

        Raises:
            CallRefused: none was shown, or it does not cover the call.
        """
        if admitted.operation.consent is ConsentRule.NONE:
            return None
        # Not told from the head alone, though it could be: whom it was about stands in the record of the refusal.
        if admitted.asked.consent == NO_CONSENT:
            raise CallRefused(
                ACCESS_DENIED,
                f"{admitted.operation.name} needs the consent of the person; send it as ndel-consent",
            )
        try:
            held = self._opened.open(
                admitted.asked.consent, issuers=self._parts.directory(), at=int(at.timestamp())
            )
            require_scope(held, asked_consent(admitted, subject))
        except Refused as refusal:
            raise CallRefused(ACCESS_DENIED, refusal.message) from None
        return held

    def settle(
        self,
        admitted: Admitted,
        body: BodyFacts | None,
        subject: str | None,
        *,
        consent: tuple[HeldConsent, KnownStatus | None] | None = None,
        at: datetime,
    ) -> Settled:
        """Decide what the head could not: whether the consent stands, and whose data it is.

        Args:
            admitted: the call.
            body: its body's facts, held against the digest that was signed; None where there is none.
            subject: the identifier of whom is asked about.
            consent: what ``examine`` gave, and its status as it was found out; None where none is needed.
            at: now.

        Raises:
            CallRefused: the consent is revoked, or nobody can tell whether it is.
        """
        hashed = request_hash(admitted.header_part, None if body is None else body.sha512)
        index = None if subject is None else self._parts.subjects(subject, at)
        if admitted.operation.consent is ConsentRule.NONE:
            return _settled(admitted, hashed, None, index)
        if consent is None:
            raise AssertionError("an operation that needs a consent is settled with one")
        try:
            given = require_standing(consent[0], asked_consent(admitted, subject), consent[1])
        except ConsentRefused as refusal:
            raise CallRefused(ACCESS_DENIED, refusal.message) from None
        return _settled(admitted, hashed, given.id, index)

    def describe(self, asked: Asked, *, at: datetime, tick: float) -> Answer:
        """Answer a metaservice: listMethods, allowedMethods or getOpenAPI (PR-MREST, 4 and 5).

        Raises:
            CallRefused: unknown client, no such service, one without a description, or asked too often.
        """
        if not self._parts.directory().is_client(asked.client):
            raise CallRefused(
                provider_fault(Fault.UNKNOWN_MEMBER),
                f"{asked.client} is no client of any instance known here",
            )
        self._require_pace(
            ("descriptions", asked.client), DESCRIPTIONS, tick, f"{asked.client} asks for descriptions"
        )
        document = describe_services(self._parts.offer(), asked, self._parts.directory())
        hashed = request_hash(header_part(asked.head.method, asked.call.target_raw, sent_lines(asked)), None)
        fields = [
            (b"content-type", document.content_type.encode("ascii")),
            *marks_of(asked, hashed).as_fields(),
        ]
        outcome = Outcome(200, hashed, content_digest(document.body))
        kept = Kept(
            f"{asked.head.method} {asked.call.service.service_code}", b"", is_strict=False, is_kept=False
        )
        return replace(self._signed(asked, outcome, fields, kept, at=at), body=document.body)

    def answer(
        self,
        settled: Settled,
        status: int,
        fields: Iterable[FieldLine],
        body: BodyFacts,
        *,
        at: datetime,
    ) -> Answer:
        """Sign the provider's answer and give its record.

        ``fields`` are those of the provider's system, names in small letters; its ``ndel-subject`` goes no further.

        Raises:
            CallRefused: the operation's bodies are sealed, and this one is open; it must not leave the gateway.
        """
        asked = settled.admitted.asked
        fields = tuple(fields)
        if settled.admitted.operation.is_sealed and body.size and not is_sealed(fields):
            raise CallRefused(
                provider_fault(Fault.SERVICE_FAILED, Fault.INVALID_CONTENT_TYPE),
                f"the provider's system answered open where bodies are sealed ({MEDIA_TYPE}); nothing went on",
            )
        subject = settled.subject or self._told_subject(fields, at)
        kept = [line for line in fields if line[0] not in _ANSWER_DROPPED]
        marks = marks_of(asked, settled.request_hash)
        outcome = Outcome(status, settled.request_hash, body.content_digest)
        return self._signed(
            asked,
            outcome,
            forward_response(kept, marks),
            kept_of(settled.admitted, consent_id=settled.consent_id, subject=subject),
            at=at,
        )

    def refuse(
        self,
        asked: Asked,
        refusal: CallRefused,
        *,
        admitted: Admitted | None = None,
        subject: str | None = None,
        consent_id: str | None = None,
        at: datetime,
    ) -> Answer:
        """Sign a refusal of a call whose sender is proved, and give its record.

        The record of a call that was ``admitted`` and asked about ``subject`` says so: whoever was asked about sees
        who tried.

        Its request hash is that of the head alone: the body of a call that is refused need not be read. What binds
        it to the request is the signature, which covers the request's (RFC 9421, 2.4).
        """
        index = None if subject is None else self._parts.subjects(subject, at)
        kept = Kept(asked.head.method, b"")
        if admitted is not None:
            kept = kept_of(admitted, consent_id=consent_id, subject=index)
        part = kept.header_part or header_part(asked.head.method, asked.call.target_raw, sent_lines(asked))
        hashed = request_hash(part, None)
        error = write_error(
            refusal.error,
            refusal.message,
            detail=UUID(time_ordered_id(at, self._chance)),
            accept=values_of(asked.head.fields, b"accept"),
            spelling=self._spelling,
        )
        fields = [*error.fields, *marks_of(asked, hashed).as_fields()]
        if refusal.retry_after is not None:
            fields.append((b"retry-after", str(refusal.retry_after).encode()))
        outcome = Outcome(refusal.status, hashed, content_digest(error.body), refusal.error.write())
        # Of a call that may not be made, what was signed is kept; not up to 64 KiB of lines that it came with.
        answer = self._signed(asked, outcome, fields, kept, at=at)
        return replace(answer, body=error.body)

    def require_patience(self, asked: Asked, *, tick: float) -> None:
        """Return if one more call of this gateway that has no right may be refused with a record.

        Raises:
            CallRefused: too many were; this one is neither signed nor logged.
        """
        self._require_pace(
            ("refusals", asked.sender.id), REFUSALS, tick, f"{asked.sender.id} calls what it has no right to"
        )

    def _require_pace(self, key: Hashable, rate: Rate, tick: float, who: str) -> None:
        wait = self._buckets.take(key, rate, tick)
        if wait > 0.0:
            raise CallRefused(
                ACCESS_DENIED,
                f"{who} more often than {rate.per_second:g} times a second",
                status=429,
                retry_after=max(1, int(wait + 0.999)),
            )

    def _told_subject(self, fields: Iterable[FieldLine], at: datetime) -> SubjectIndex | None:
        if not values_of(fields, _SUBJECT):
            return None
        try:
            told = find_subject(_IN_ANSWER, variables={}, answer_fields=tuple(fields))
            return None if told is None else self._parts.subjects(told, at)
        except SubjectUnreadable as refusal:
            # Whose data these are would be missing from the person's own view: they do not leave.
            raise CallRefused(
                provider_fault(Fault.SERVICE_FAILED, Fault.INVALID_RESPONSE),
                f"the provider's system names a subject that cannot be read: {refusal.message}",
            ) from None

    def _signed(
        self, asked: Asked, outcome: Outcome, fields: Iterable[FieldLine], kept: Kept, *, at: datetime
    ) -> Answer:
        identity = self._parts.identity()
        covered = {"content-digest": [outcome.digest], "x-road-request-hash": [outcome.request_hash]}
        signed = sign_response(
            Response(outcome.status, covered, asked.request),
            identity.signer,
            keyid=identity.keyid,
            created=int(at.timestamp()),
        )
        lines = (
            *fields,
            (b"content-digest", outcome.digest.encode()),
            (b"signature-input", signed.signature_input.encode()),
            (b"signature", signed.signature.encode()),
        )
        record = record_of(asked, outcome, kept, signed, identity=identity, at=at)
        particulars = particulars_of(asked, kept, signed) if kept.is_kept else b""
        return Answer(
            outcome.status, lines, None, encode_entry(record), particulars, kept.is_strict, signed.raw
        )
