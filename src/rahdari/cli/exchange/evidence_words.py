"""What a record of an exchange says, in words for people: when, who asked whom for what, and what came of it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

from rahdari.cli.terminal import Document
from rahdari.wire.ndel.parties import Purpose
from rahdari.wire.ndel.records import ExchangeRecord, Role

# X-Road's words (the end of an error type) that a court will meet; others are told as they are.
_FAULTS: Final = {
    "access_denied": "no right to this, no such purpose, or no consent that covers it",
    "unknown_member": "the client, or whom it asked, was not known or was suspended",
    "unknown_service": "there was no such service",
    "service_disabled": "the service was closed by its owner",
    "signature_verification": "a signature did not hold",
    "network_error": "the other side was not reached, or broke off",
    "logging_failed": "the exchange could not be recorded, so it was not made",
    "timestamping_failed": "time stamps had failed for too long for a strict service",
    "global_conf_outdated": "the configuration had expired",
    "invalid_request": "the request had been answered before, or could not be read",
}


def record_document(record: ExchangeRecord, purposes: Mapping[str, Purpose]) -> Document:
    """Describe a record for a program: the same as the words say."""
    purpose = purposes.get(record.purpose)
    return {
        "role": record.role.value,
        "client": str(record.client),
        "service": str(record.service),
        "operation": record.operation,
        "purpose": record.purpose,
        "purpose_title": None if purpose is None else dict(purpose.title),
        "basis": None if purpose is None else purpose.basis,
        "status": record.status,
        "fault": record.fault or None,
        "outcome": outcome_of(record),
        "began": _instant(record.began),
        "ended": _instant(record.ended),
        "began_ms": record.began,
        "ended_ms": record.ended,
        "consent": record.consent_id,
    }


def record_words(record: ExchangeRecord, purposes: Mapping[str, Purpose]) -> Document:
    """Say a record in words, each line under the question that it answers."""
    return {
        "recorded_by": f"the {record.role.value}'s gateway",
        "when": f"{_instant(record.began)}, for {record.ended - record.began} ms, by its own clock",
        "who_asked": str(record.client),
        "whom": str(record.service),
        "which_operation": _operation(record),
        "what_for": _purpose(record, purposes.get(record.purpose)),
        "with_what_consent": _consent(record),
        "what_came_of_it": outcome_of(record),
    }


def outcome_of(record: ExchangeRecord) -> str:
    """Say what came of an exchange: answered, refused by a gateway, or a failure of the provider's system."""
    if not record.fault:
        kind = "answered" if 200 <= record.status < 400 else "the provider's own system answered"
        return f"{kind}, status {record.status}"
    why = _FAULTS.get(record.fault.rpartition(".")[2])
    told = record.fault if why is None else f"{why} ({record.fault})"
    if ".service_failed" in record.fault:
        return f"failed, status {record.status}: {told}"
    # The consumer's gateway writes what befell it; only a signed refusal is the provider's own word.
    whose = "refused" if record.response is not None else "no answer of the provider's gateway"
    return f"{whose}, status {record.status}, and no data were given: {told}"


def _operation(record: ExchangeRecord) -> str:
    if record.role is Role.PROVIDER:
        is_found = " " in record.operation
        return record.operation if is_found else f"{record.operation} (refused before an operation was found)"
    return f"{record.operation} (the provider's record names the operation: paths are in no log)"


def _purpose(record: ExchangeRecord, purpose: Purpose | None) -> str:
    if purpose is None:
        return f"{record.purpose} (no configuration in the file has this purpose)"
    title = purpose.title.get("en") or next(iter(purpose.title.values()))
    return f"{record.purpose}: {title}; it rests on: {purpose.basis}"


def _consent(record: ExchangeRecord) -> str:
    if record.consent_id is not None:
        return record.consent_id
    return "none" if record.consent_digest is None else "one was sent; the provider's record names it"


def _instant(milliseconds: int) -> str:
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def file_word(request_id: str) -> str:
    """Give a word for the name of a file: the other party chose the id, which may be a path for all one knows."""
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", request_id):
        return request_id
    return sha256(request_id.encode()).hexdigest()[:16]
