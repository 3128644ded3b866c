"""What the provider's gateway keeps of an exchange: the record for the log, and the particulars beside it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from rahdari.exchange.values.messages import NO_CONSENT, Admitted, Asked, Identity
from rahdari.exchange.values.services import Durability
from rahdari.wire.frozen import quick
from rahdari.wire.http_signatures import SignatureFields
from rahdari.wire.ndel.record_bytes import encode_particulars
from rahdari.wire.ndel.records import ExchangeRecord, Particulars, Role, SignatureMark, SubjectIndex
from rahdari.wire.xroad import ResponseMarks

_record = quick(ExchangeRecord)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the answer by its digest, or an X-Road error type."""

    status: int
    request_hash: str
    digest: str
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """What the record takes from the operation and from what was found out about the call."""

    operation: str
    header_part: bytes
    is_strict: bool = True
    is_sealed: bool = False
    is_kept: bool = True
    consent_id: str | None = None
    subject: SubjectIndex | None = None


def kept_of(
    admitted: Admitted, *, consent_id: str | None = None, subject: SubjectIndex | None = None
) -> Kept:
    """Take from an admitted call what its record keeps."""
    operation = admitted.operation
    return Kept(
        operation.name,
        admitted.header_part,
        operation.durability is Durability.STRICT,
        operation.is_sealed,
        admitted.service.keeps_particulars,
        consent_id,
        subject,
    )


def record_of(
    asked: Asked, outcome: Outcome, kept: Kept, signed: SignatureFields, *, identity: Identity, at: datetime
) -> ExchangeRecord:
    """Make the record of an answer that was signed."""
    verified = asked.verified
    return _record(
        role=Role.PROVIDER,
        request_id=asked.request_id,
        message_id=asked.said.message_id or asked.request_id,
        began=asked.began,
        ended=max(asked.began, int(at.timestamp() * 1000)),
        client=asked.client,
        service=asked.call.service,
        operation=kept.operation,
        purpose=asked.purpose,
        configuration_version=asked.configuration_version,
        request_hash=outcome.request_hash,
        request_digest=asked.content_digest,
        request=SignatureMark(verified.parameters, verified.keyid, verified.signature),
        request_base=sha256(verified.base).digest(),
        status=outcome.status,
        response_digest=outcome.digest,
        response=SignatureMark(signed.signature_input.partition("=")[2], identity.keyid, signed.raw),
        response_base=sha256(signed.base).digest(),
        consent_id=kept.consent_id,
        consent_digest=None if asked.consent == NO_CONSENT else sha256(asked.consent.encode()).digest(),
        subject=kept.subject,
        is_strict=kept.is_strict,
        is_sealed=kept.is_sealed,
        fault=outcome.fault,
    )


def particulars_of(asked: Asked, kept: Kept, signed: SignatureFields) -> bytes:
    """Write what a court needs and the log must not hold."""
    consent = None if asked.consent == NO_CONSENT else asked.consent
    request_base, response_base = asked.verified.base.decode("ascii"), signed.base.decode("ascii")
    return encode_particulars(Particulars(request_base, response_base, kept.header_part, consent))


def marks_of(asked: Asked, hashed: str) -> ResponseMarks:
    """Give the gateway's own fields of an answer (PR-REST, 4.3)."""
    message_id = asked.said.message_id or asked.request_id
    return ResponseMarks(message_id, asked.client, asked.call.service, asked.request_id, hashed)
