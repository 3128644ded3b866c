"""A signed request as the provider's gateway receives it: what it says, and whose key may have signed it."""

from collections.abc import Callable, Iterable
from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import provider_fault
from rahdari.exchange.rules.consents import AskedConsent
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.values.messages import Admitted, Asked, RequestHead
from rahdari.wire.errors import MalformedInput
from rahdari.wire.http_signatures import VerifyingKey
from rahdari.wire.ndel.parties import Gateway
from rahdari.wire.sealed import MEDIA_TYPE
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


def is_sealed(fields: Iterable[FieldLine]) -> bool:
    """Tell whether a body is said to be sealed, and nothing else."""
    kinds = values_of(fields, b"content-type")
    return [one.strip().lower() for one in kinds] == [MEDIA_TYPE.encode()]


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
