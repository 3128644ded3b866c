"""Operational records: X-Road's field names and kinds, and nothing of the path."""

import pytest

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    MISSING_CLIENT,
    Moments,
    OperationalRecord,
    Outcome,
    ServiceType,
    Side,
    read_call_headers,
    read_target,
    read_template,
)
from rahdari.wire.xroad.monitoring import MILLISECONDS_MAX

AT = 1_800_000_000_000
HEADERS = read_call_headers(
    [
        (b"x-road-client", b"PK/COM/2002/app"),
        (b"x-road-id", b"m-1"),
        (b"x-road-userid", b"PK-sample-officer"),
        (b"x-road-issue", b"case-7"),
        (b"x-road-represented-party", b"COM/77"),
    ]
)
SERVICE = read_target(b"/r1/PK/GOV/1001/registry/persons/35202-1").service
RECORD = OperationalRecord(
    Side.CLIENT,
    Moments(AT, AT + 1, AT + 5, AT + 6),
    Outcome(succeeded=True, status=200, request_size=120, response_size=4096),
    HEADERS,
    SERVICE,
    operation=read_template("GET", "/persons/{id}"),
    method="GET",
    request_id="r-1",
    service_type=ServiceType.OPENAPI,
    software_version="0.1.0",
)
# PR-OPMON, annex B, with restMethod, restPath, xRequestId and xRoadVersion, which later releases added.
TEXTS = {
    "securityServerType", "clientXRoadInstance", "clientMemberClass", "clientMemberCode", "clientSubsystemCode",
    "serviceXRoadInstance", "serviceMemberClass", "serviceMemberCode", "serviceSubsystemCode", "serviceCode",
    "representedPartyClass", "representedPartyCode", "messageId", "messageUserId", "messageIssue",
    "messageProtocolVersion", "faultCode", "faultString", "serviceType", "restMethod", "restPath", "xRequestId",
    "xRoadVersion",
}  # fmt: skip
NUMBERS = {
    "requestInTs", "requestOutTs", "responseInTs", "responseOutTs", "requestSize", "responseSize", "statusCode",
}  # fmt: skip


def test_a_record_has_x_roads_fields() -> None:
    assert RECORD.as_json() == {
        "securityServerType": "Client",
        "messageProtocolVersion": "1",
        "restMethod": "GET",
        "restPath": "/persons/{id}",
        "xRequestId": "r-1",
        "serviceType": "OPENAPI",
        "xRoadVersion": "0.1.0",
        "requestInTs": AT,
        "requestOutTs": AT + 1,
        "responseInTs": AT + 5,
        "responseOutTs": AT + 6,
        "clientXRoadInstance": "PK",
        "clientMemberClass": "COM",
        "clientMemberCode": "2002",
        "clientSubsystemCode": "app",
        "messageId": "m-1",
        "messageUserId": "PK-sample-officer",
        "messageIssue": "case-7",
        "representedPartyClass": "COM",
        "representedPartyCode": "77",
        "serviceXRoadInstance": "PK",
        "serviceMemberClass": "GOV",
        "serviceMemberCode": "1001",
        "serviceSubsystemCode": "registry",
        "serviceCode": "persons",
        "succeeded": True,
        "statusCode": 200,
        "requestSize": 120,
        "responseSize": 4096,
    }


def test_a_call_too_broken_to_have_anything_is_recorded_with_its_fault() -> None:
    failed = Outcome(succeeded=False, error=MISSING_CLIENT, error_message="x" * 5000)
    written = OperationalRecord(Side.PRODUCER, Moments(AT), failed).as_json()
    assert written.pop("faultString") == "x" * 2048
    assert written == {
        "securityServerType": "Producer",
        "messageProtocolVersion": "1",
        "requestInTs": AT,
        "succeeded": False,
        "requestSize": 0,
        "faultCode": "server.clientproxy.missing_header_field",
    }


def test_every_field_is_one_of_x_roads_and_of_its_kind() -> None:
    failed = Outcome(succeeded=False, status=500, request_size=1, response_size=0, error=MISSING_CLIENT)
    for record in (RECORD, OperationalRecord(Side.CLIENT, Moments(0), failed, HEADERS)):
        for name, value in record.as_json().items():
            kind = str if name in TEXTS else int if name in NUMBERS else bool
            assert kind is not bool or name == "succeeded", name
            assert type(value) is kind, name


def test_a_member_that_calls_itself_has_no_subsystem() -> None:
    headers = read_call_headers([(b"x-road-client", b"PK/COM/2002")])
    written = OperationalRecord(Side.CLIENT, Moments(AT), Outcome(succeeded=True), headers).as_json()
    assert "clientSubsystemCode" not in written


def test_neither_path_nor_person_is_in_a_printed_record() -> None:
    assert "35202" not in str(RECORD.as_json())
    assert "sample-officer" not in repr(RECORD)


@pytest.mark.parametrize("moment", [-1, MILLISECONDS_MAX + 1])
def test_a_moment_outside_its_range_is_refused(moment: int) -> None:
    with pytest.raises(MalformedInput):
        Moments(moment)
    with pytest.raises(MalformedInput):
        Moments(0, response_out=moment)
