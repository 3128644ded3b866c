"""Operational monitoring: one record of each call, with X-Road's field names (PR-OPMON, annex B).

``restPath`` is the template that matched, never the path itself: X-Road 7.6.2 had to stop writing raw paths, for
they hold who was asked about.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad.faults import MESSAGE_CHARS_MAX, ErrorType
from rahdari.wire.xroad.headers import CallHeaders
from rahdari.wire.xroad.identifiers import MemberId, ServiceId
from rahdari.wire.xroad.metaservices import ServiceType
from rahdari.wire.xroad.templates import PathTemplate

# The year 9999 in milliseconds; what is larger was counted in other units.
MILLISECONDS_MAX: Final = 253_402_300_799_999
PROTOCOL_VERSION: Final = "1"


class Side(StrEnum):
    """Which of the two gateways of a call made the record."""

    CLIENT = "Client"
    PRODUCER = "Producer"


@dataclass(frozen=True, slots=True)
class Moments:
    """When a gateway got and passed on request and response, in milliseconds since 1970; None: it never came to it.

    Raises:
        MalformedInput: a number outside its range.
    """

    request_in: int
    request_out: int | None = None
    response_in: int | None = None
    response_out: int | None = None

    def __post_init__(self) -> None:
        for moment in (self.request_in, self.request_out, self.response_in, self.response_out):
            if moment is not None and not 0 <= moment <= MILLISECONDS_MAX:
                raise MalformedInput("a moment is in milliseconds since 1970")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended: ``succeeded`` tells of the exchange; ``status`` is the provider's answer, if one came."""

    succeeded: bool
    status: int | None = None
    request_size: int = 0
    response_size: int | None = None
    error: ErrorType | None = None
    error_message: str = ""


@dataclass(frozen=True, slots=True)
class OperationalRecord:
    """One call as one gateway saw it; ``headers`` and ``service`` are None where the call was too broken."""

    side: Side
    moments: Moments
    outcome: Outcome
    headers: CallHeaders | None = field(default=None, repr=False)
    service: ServiceId | None = None
    operation: PathTemplate | None = None
    method: str | None = None
    request_id: str | None = None
    service_type: ServiceType | None = None
    software_version: str | None = None

    def as_json(self) -> dict[str, object]:
        """Give the record with X-Road's field names; what is not known is left out."""
        written = {
            "securityServerType": self.side.value,
            "messageProtocolVersion": PROTOCOL_VERSION,
            "restMethod": self.method,
            "restPath": None if self.operation is None else self.operation.path,
            "xRequestId": self.request_id,
            "serviceType": None if self.service_type is None else self.service_type.value,
            "xRoadVersion": self.software_version,
            **_moments(self.moments),
            **_client(self.headers),
            **_service(self.service),
            **_outcome(self.outcome),
        }
        return {name: value for name, value in written.items() if value is not None}


def _moments(moments: Moments) -> dict[str, object]:
    return {
        "requestInTs": moments.request_in,
        "requestOutTs": moments.request_out,
        "responseInTs": moments.response_in,
        "responseOutTs": moments.response_out,
    }


def _client(headers: CallHeaders | None) -> dict[str, object]:
    if headers is None:
        return {}
    client, party = headers.client, headers.represented_party
    return {
        "clientXRoadInstance": client.instance,
        "clientMemberClass": client.member_class,
        "clientMemberCode": client.member_code,
        "clientSubsystemCode": None if isinstance(client, MemberId) else client.subsystem_code,
        "messageId": headers.message_id,
        "messageUserId": headers.user_id,
        "messageIssue": headers.issue,
        "representedPartyClass": None if party is None else party.party_class,
        "representedPartyCode": None if party is None else party.party_code,
    }


def _service(service: ServiceId | None) -> dict[str, object]:
    if service is None:
        return {}
    return {
        "serviceXRoadInstance": service.instance,
        "serviceMemberClass": service.member_class,
        "serviceMemberCode": service.member_code,
        "serviceSubsystemCode": service.subsystem_code,
        "serviceCode": service.service_code,
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    error = outcome.error
    return {
        "succeeded": outcome.succeeded,
        "statusCode": outcome.status,
        "requestSize": outcome.request_size,
        "responseSize": outcome.response_size,
        "faultCode": None if error is None else error.write(),
        "faultString": outcome.error_message[:MESSAGE_CHARS_MAX] or None,
    }
