"""A client's call as its own gateway reads it: what it says, whether it is that client, and why it asks."""

from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import consumer_fault
from rahdari.exchange.values.messages import NO_CONSENT, Proofs, RequestHead
from rahdari.exchange.values.services import ClientProof, LocalClient
from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    METHODS,
    MISSING_CLIENT,
    CallHeaders,
    ClientMissing,
    ErrorType,
    Fault,
    Origin,
    ServiceCall,
    read_call_headers,
    read_target,
    values_of,
)

# A consent as a JWS has about 1,000 characters (wire.ndel.consent_token ends at 2 KiB).
CONSENT_CHARS_MAX: Final = 2048
PURPOSE_CHARS_MAX: Final = 64
# Metaservices tell of services, not of persons; X-Road's clients call them without more ado.
METADATA_PURPOSE: Final = "metadata"
_TOKEN: Final = b"ndel-client-token"


def read_call(head: RequestHead) -> tuple[ServiceCall, CallHeaders]:
    """Read target, method and headers (PR-REST, 4.1 and 4.3). Raises ``CallRefused``."""
    if head.method not in METHODS:
        raise CallRefused(
            consumer_fault(Fault.INVALID_HTTP_METHOD), "a method that is not exchanged (RFC 9110, 9)"
        )
    try:
        return read_target(head.target_raw), read_call_headers(head.fields)
    except ClientMissing as refusal:
        raise CallRefused(MISSING_CLIENT, refusal.message) from None
    except MalformedInput as refusal:
        raise CallRefused(consumer_fault(Fault.BAD_REQUEST), refusal.message) from None


def is_proved(client: LocalClient, head: RequestHead, proofs: Proofs) -> bool:
    """Tell whether the call proves, as its gateway demands, that it comes from this client."""
    match client.proof:
        case ClientProof.NETWORK:
            return proofs.is_near
        case ClientProof.CERTIFICATE:
            return _is_among(proofs.certificate, client.secret_digests)
        case ClientProof.TOKEN:
            tokens = values_of(head.fields, _TOKEN)
            return len(tokens) == 1 and _is_among(tokens[0].strip(), client.secret_digests)


def _is_among(shown: bytes | None, digests: Iterable[bytes]) -> bool:
    if not shown:
        return False
    digest = sha256(shown).digest()
    # Each is compared, so that the time tells nothing of which.
    return sum(compare_digest(digest, one) for one in digests) > 0


def purpose_of(head: RequestHead, client: LocalClient, call: ServiceCall) -> str:
    """Give the purpose that the call names, else the one that its gateway knows. Raises ``CallRefused``."""
    named = _one_text(head, b"ndel-purpose", PURPOSE_CHARS_MAX)
    purpose = named or client.purposes.get(str(call.service)) or client.purposes.get("")
    if call.metaservice is not None:
        return purpose or METADATA_PURPOSE
    if not purpose:
        raise CallRefused(
            ErrorType(Origin.CLIENT, (Fault.MISSING_HEADER_FIELD,)),
            "the call names no purpose; send ndel-purpose, or have the gateway's operator set one for the client",
        )
    return purpose


def consent_of(head: RequestHead) -> str:
    """Give the consent that the call shows, not read yet; ``NO_CONSENT`` without one. Raises ``CallRefused``."""
    return _one_text(head, b"ndel-consent", CONSENT_CHARS_MAX) or NO_CONSENT


def _one_text(head: RequestHead, name: bytes, chars_max: int) -> str:
    values = values_of(head.fields, name)
    text = values[0].decode("latin-1").strip(" \t") if len(values) == 1 else ""
    if len(values) > 1 or len(text) > chars_max or not text.isascii() or (text and not text.isprintable()):
        raise CallRefused(
            ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,)),
            f"{name.decode('ascii')} stands once, in at most {chars_max} visible characters",
        )
    return text
