"""The examples of X-Road's protocol documents, and damaged copies of them."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    Metaservice,
    is_portable,
    read_call_headers,
    read_client,
    read_client_list,
    read_description_query,
    read_error_type,
    read_security_server,
    read_service,
    read_service_list,
    read_target,
    write_client_list,
    write_service_list,
)

HERE = Path(__file__).parent


def test_the_example_of_list_clients_is_read_and_written_in_both_forms() -> None:
    raw = (HERE / "list_clients" / "response.json").read_bytes()
    clients = read_client_list(raw)
    assert [str(one.id) for one in clients] == [
        "AA/GOV/TS1OWNER",
        "AA/GOV/TS2OWNER",
        "AA/ENT/CLIENT1",
        "AA/ENT/CLIENT1/sub",
    ]
    assert json.loads(write_client_list(clients, accept=[b"application/json"]).body) == json.loads(raw)
    published = (HERE / "list_clients" / "response.xml").read_text(encoding="utf-8")
    written = write_client_list(clients).body.decode()
    assert ET.canonicalize(written, strip_text=True) == ET.canonicalize(published, strip_text=True)


def test_the_example_of_allowed_methods_is_read_and_written() -> None:
    raw = (HERE / "allowed_methods" / "response.json").read_bytes()
    (service,) = read_service_list(raw)
    assert str(service.id) == "INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/payloadgen"
    assert [one.path for one in service.endpoints] == ["/pet/findByStatus", "/pet/findByTags", "/pet/*"]
    assert json.loads(write_service_list([service]).body) == json.loads(raw)


@pytest.mark.parametrize("case", ["list_clients", "allowed_methods"])
def test_damaged_copies_are_refused(case: str) -> None:
    raw = (HERE / case / "response.json").read_bytes()
    read = read_client_list if case == "list_clients" else read_service_list
    for damaged in (
        raw[:-3],
        raw.replace(b'"member_code"', b'"memberCode"'),
        raw.replace(b'"object_type": "', b'"object_type": "X'),
        raw.replace(b"CLIENT1", b"CLIENT/1").replace(b"MEMBER2", b"MEM/BER2"),
        raw.replace(b'"member"', b'"service"') if case == "list_clients" else b'{"member": []}',
    ):
        with pytest.raises(MalformedInput):
            read(damaged)


def test_the_request_of_chapter_4_1_is_taken_apart_as_the_document_does() -> None:
    call = read_target(b"/r1/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/BARSERVICE/v1/bar/zyggy?quu=1")
    assert str(call.service) == "INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/BARSERVICE"
    assert (call.rest_raw, call.query_raw, call.forwarded) == (
        "/v1/bar/zyggy",
        "quu=1",
        "/v1/bar/zyggy?quu=1",
    )
    headers = read_call_headers(
        [
            (b"X-Road-Client", b"INSTANCE/CLASS1/MEMBER1/SUBSYSTEM1"),
            (b"X-Road-Id", b"fa2e18a5-c2cb-4d09-b994-f57727f7c3fb"),
            (b"X-Road-UserId", b"EE12345678901"),
            (b"X-Road-Issue", b"MT324223MSD"),
            (b"X-Road-Security-Server", b"INSTANCE/MEMBERCLASS/MEMBERCODE/SERVERCODE"),
            (b"X-Road-Represented-Party", b"MEMBERCLASS/MEMBERCODE"),
        ]
    )
    assert headers.client == read_client("INSTANCE/CLASS1/MEMBER1/SUBSYSTEM1")
    assert (headers.user_id, headers.issue) == ("EE12345678901", "MT324223MSD")
    assert headers.security_server == read_security_server("INSTANCE/MEMBERCLASS/MEMBERCODE/SERVERCODE")
    assert str(headers.represented_party) == "MEMBERCLASS/MEMBERCODE"


def test_the_encodings_of_chapter_4_2_are_refused_both() -> None:
    """The document calls the second one valid, and "not recommended"; we do not take a slash in an identifier."""
    for text in (
        "INSTANCE%2FCLASS%2FMEMBER%2FSUBSYSTEM%2FBARSERVICE",
        "INSTANCE/CLASS/MEMBER/SUBSYSTEM/BAR%2FSERVICE",
    ):
        with pytest.raises(MalformedInput):
            read_service(text)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("Server.ServerProxy.NetworkError", 500),
        ("Client.BadRequest", 400),
        ("Server.ServerProxy.DatabaseError", 500),
        ("Server.ServerProxy.ServiceFailed", 500),
        ("Server.ClientProxy.OutdatedGlobalConf", 500),
    ],
)
def test_the_error_types_of_chapter_4_6_are_known_with_their_status(text: str, status: int) -> None:
    assert read_error_type(text).status == status


def test_the_request_of_get_open_api_is_read() -> None:
    call = read_target(b"/r1/INSTANCE/CLASS2/MEMBER2/SUBSYSTEM2/getOpenAPI?serviceCode=listFirms")
    assert call.metaservice is Metaservice.GET_OPEN_API
    assert read_description_query(call.query_raw) == "listFirms"


def test_the_signs_of_chapter_4_8_are_portable() -> None:
    assert is_portable(read_client("AZ/az/09/'()+,-.=%3F"))
