"""A signed request as the provider's gateway receives it: what it says, and whose key may have signed it."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import provider_fault
from rahdari.exchange.rules.consents import AskedConsent
from rahdari.exchange.rules.directory import SKEW_SECONDS, Directory
from rahdari.exchange.rules.replay import KEPT_SECONDS
from rahdari.exchange.service.calling import CONSENT_CHARS_MAX, PURPOSE_CHARS_MAX
from rahdari.exchange.values.messages import Admitted, Asked, Identity, RequestHead
from rahdari.kernel import Refused
from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick
from rahdari.wire.http_signatures import Request, VerifyingKey, verify_request
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.sealed import MEDIA_TYPE, begins_sealed
from rahdari.wire.xroad import (
    CallHeaders,
    Fault,
    FieldLine,
    MemberId,
    ServiceCall,
    read_call_headers,
    read_target,
    values_of,
)

# What the gateways say to each other and the provider's system needs not; the purpose goes on to it.
_BETWEEN: Final = frozenset(
    b"content-digest signature signature-input ndel-consent ndel-conf-version ndel-purpose".split()
)
# What a server of ours adds or changes between gateways (PR-REST, 4.3, filtered headers).
_HOP: Final = frozenset(
    b"host connection content-length transfer-encoding keep-alive te trailer upgrade expect user-agent".split()
)
_COVERED: Final = (
    "content-digest", "x-road-client", "x-road-id", "x-road-request-id", "ndel-purpose", "ndel-consent",
    "ndel-conf-version", "signature", "signature-input",
)  # fmt: skip
_COVERED_BYTES: Final = frozenset(name.encode() for name in _COVERED)
VERSION_DIGITS_MAX: Final = 15
_asked: Final = quick(Asked)
# RFC 9562, 5.7: a version 7 UUID in its one form; its first 48 bits are the milliseconds in which it was drawn.
_REQUEST_ID: Final = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# As long before and after as the signature may be believed, together as long as ids are remembered (rules.replay):
# none can come back once it is forgotten.
REQUEST_ID_AHEAD_SECONDS: Final = SKEW_SECONDS
REQUEST_ID_AGE_SECONDS: Final = KEPT_SECONDS - SKEW_SECONDS
# RFC 9530, 2: the one form in which gateways write it to one another; 256 bits, the last two of 44 signs are zero.
_DIGEST: Final = re.compile(r"sha-256=:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=:")
_VISIBLE: Final = re.compile(r"[!-~]+")


def is_sealed(fields: Iterable[FieldLine]) -> bool:
    """Tell whether a body is said to be sealed, and nothing else."""
    kinds = values_of(fields, b"content-type")
    return [one.strip().lower() for one in kinds] == [MEDIA_TYPE.encode()]


def require_sealed(admitted: Admitted, beginning: bytes, *, is_answer: bool = False) -> None:
    """Return if a body is sealed by more than its label (``is_sealed``), where the operation says that it must be.

    Args:
        admitted: the call.
        beginning: the body's first ``wire.sealed.HEAD_BYTES_MAX`` bytes.
        is_answer: whether the body is that of the answer.

    Raises:
        CallRefused: it does not begin as a sealed body does; it must not be carried.
    """
    if not admitted.operation.is_sealed or not beginning or begins_sealed(beginning):
        return
    if is_answer:
        raise CallRefused(
            provider_fault(Fault.SERVICE_FAILED, Fault.INVALID_RESPONSE),
            f"the provider's system answered with a body that is called sealed ({MEDIA_TYPE}) and is not; nothing "
            "went on",
        )
    raise CallRefused(
        provider_fault(Fault.INVALID_BODY),
        f"the body for {admitted.operation.name} does not begin as a sealed one does ({MEDIA_TYPE}): seal it to "
        f"{admitted.service.id.provider.member} (rahdari exchange seal), and send what comes out",
    )


def sent_lines(asked: Asked) -> list[FieldLine]:
    """Give the lines that the consumer's gateway hashed: all but what is between gateways or made by a hop."""
    return [line for line in asked.head.fields if line[0] not in _BETWEEN and line[0] not in _HOP]


def read_received(head: RequestHead) -> tuple[ServiceCall, CallHeaders, dict[str, list[str]]]:
    """Read a request between gateways, and the fields that its signature covers. Raises ``CallRefused``."""
    covered: dict[str, list[str]] = {}
    for name, value in head.fields:
        if name in _COVERED_BYTES:
            covered.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
    if any(len(covered.get(name, ())) != 1 for name in _COVERED):
        raise CallRefused(
            provider_fault(Fault.MISSING_SIGNATURE),
            "a request between gateways is signed, and says each thing once",
        )
    try:
        return read_target(head.target_raw), read_call_headers(head.fields), covered
    except MalformedInput as refusal:
        raise CallRefused(provider_fault(Fault.BAD_REQUEST), refusal.message) from None


def prove(
    head: RequestHead,
    certificate: bytes | None,
    directory: Directory,
    *,
    identity: Callable[[], Identity],
    at: datetime,
) -> Asked:
    """Prove who asks: the gateway by its TLS certificate and its signature, the member by the gateway.

    ``identity`` tells who this gateway is itself. Whether the request was answered before is the caller's to know.

    Raises:
        CallRefused: nobody known signed this, or not for a member of its own.
    """
    seconds = int(at.timestamp())
    # (1) Nothing is exchanged on the word of a configuration that has expired.
    if directory.is_expired(seconds):
        raise CallRefused(
            provider_fault(Fault.GLOBAL_CONF_OUTDATED),
            "the provider's configuration has expired; try again later",
        )
    # (2) The other end of the connection is a gateway of the configuration, by its very certificate.
    sender = directory.gateway_by_certificate(certificate) if certificate else None
    if sender is None:
        raise CallRefused(
            provider_fault(Fault.SSL_AUTHENTICATION_FAILED),
            "the certificate of the connection is that of no gateway in the configuration",
            status=403,
        )
    call, said, covered = read_received(head)
    request = Request(head.method, identity().url + call.target_raw, covered)
    # (3) RFC 9421, 3.2: signature, times, coverage; the key must be one of this gateway.
    try:
        verified = verify_request(request, key_of=keys_of(directory, sender, seconds), at=seconds)
    except Refused as refusal:
        raise CallRefused(
            provider_fault(Fault.SIGNATURE_VERIFICATION),
            f"the request's signature does not hold: {refusal.message}",
        ) from None
    if not verified.is_plain:
        raise CallRefused(
            provider_fault(Fault.SIGNATURE_VERIFICATION),
            "the request's signature is in another form than ndel-req-v1 has; no evidence of it would hold",
        )
    require_recordable(covered, at)
    # (4) A gateway speaks for its own member's clients only.
    if member_of(said) != owner_of(sender):
        raise CallRefused(
            provider_fault(Fault.INVALID_CLIENT_IDENTIFIER),
            f"{said.client} is no client of the gateway {sender.id} that signed for it",
        )
    return _asked(
        head,
        call,
        said,
        said.client,
        sender,
        request,
        verified,
        covered["x-road-request-id"][0],
        covered["ndel-purpose"][0],
        covered["ndel-consent"][0],
        read_version(covered["ndel-conf-version"][0]),
        covered["content-digest"][0],
        int(at.timestamp() * 1000),
    )


def require_recordable(covered: Mapping[str, list[str]], at: datetime) -> None:
    """Return if what was signed has the one form, and the length, in which the log keeps it.

    Whatever is done for a request leaves a record: what none could be made of is not begun.

    Raises:
        CallRefused: an id that is no version 7 UUID of this moment, a digest in another form than
            ``sha-256=:…:``, a purpose or consent that is too long.
    """
    found = _REQUEST_ID.fullmatch(covered["x-road-request-id"][0])
    age = at.timestamp() - int(found[1] + found[2], 16) / 1000 if found else KEPT_SECONDS
    if not -REQUEST_ID_AHEAD_SECONDS <= age <= REQUEST_ID_AGE_SECONDS:
        raise _unrecordable(
            "x-road-request-id is a version 7 UUID (RFC 9562, 5.7) that was drawn at most "
            f"{REQUEST_ID_AGE_SECONDS} s ago"
        )
    if not is_plain_digest(covered["content-digest"][0]):
        raise _unrecordable("content-digest is one SHA-256 between gateways, as sha-256=:…:")
    for name, chars_max in (("ndel-purpose", PURPOSE_CHARS_MAX), ("ndel-consent", CONSENT_CHARS_MAX)):
        text = covered[name][0]
        if len(text) > chars_max or not _VISIBLE.fullmatch(text):
            raise _unrecordable(f"{name} has 1 to {chars_max} visible signs")


def is_plain_digest(field: str) -> bool:
    """Tell whether Content-Digest is in the one form that is exchanged between gateways."""
    return _DIGEST.fullmatch(field) is not None


def _unrecordable(why: str) -> CallRefused:
    return CallRefused(provider_fault(Fault.BAD_REQUEST), why)


def keys_of(directory: Directory, sender: Gateway, at: int) -> Callable[[str], VerifyingKey | None]:
    """Give a finder for the message keys in force of one gateway alone."""

    def key_of(keyid: str) -> VerifyingKey | None:
        found = directory.message_key(keyid, at)
        return found.public if found is not None and found.gateway.id == sender.id else None

    return key_of


def member_of(said: CallHeaders) -> MemberId:
    """Give the member whose client calls."""
    return said.client if isinstance(said.client, MemberId) else said.client.member


def owner_of(gateway: Gateway) -> MemberId:
    """Give the member that a gateway is of."""
    return MemberId(gateway.id.instance, gateway.id.member_class, gateway.id.member_code)


def read_version(text: str) -> int:
    """Read the version of the configuration that the consumer went by. Raises ``CallRefused``."""
    if not text.isascii() or not text.isdigit() or len(text) > VERSION_DIGITS_MAX:
        raise CallRefused(provider_fault(Fault.BAD_REQUEST), "ndel-conf-version is a whole number")
    return int(text)


def asked_consent(admitted: Admitted, subject: str | None) -> AskedConsent:
    """Say what an admitted call needs consent for."""
    asked, operation = admitted.asked, admitted.operation
    return AskedConsent(
        asked.client, asked.call.service, asked.purpose, operation.data_classes, subject, operation.consent
    )
