"""Errors of the exchange layer: their types in both spellings, their bodies, and what Accept chooses."""

from uuid import UUID
from xml.etree import ElementTree as ET

import msgspec
import pytest

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    MALFORMED_CALL,
    MISSING_CLIENT,
    ErrorType,
    Fault,
    Origin,
    Spelling,
    choose_error_kind,
    read_error_type,
    write_error,
)
from rahdari.wire.xroad.faults import MESSAGE_CHARS_MAX, TYPE_CHARS_MAX

DETAIL = UUID("018cbcae-537e-421b-b6f6-2608dc97bd90")
DENIED = ErrorType(Origin.SERVER_PROXY, (Fault.ACCESS_DENIED,))


@pytest.mark.parametrize(
    ("error", "small", "capitals", "status"),
    [
        (DENIED, "server.serverproxy.access_denied", "Server.ServerProxy.AccessDenied", 500),
        (MALFORMED_CALL, "server.clientproxy.bad_request", "Server.ClientProxy.BadRequest", 500),
        (
            MISSING_CLIENT,
            "server.clientproxy.missing_header_field",
            "Server.ClientProxy.MissingHeaderField",
            500,
        ),
        (ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,)), "client.bad_request", "Client.BadRequest", 400),
        (ErrorType(Origin.SIGNER, (Fault.CANNOT_SIGN,)), "signer.cannot_sign", "Signer.CannotSign", 400),
        (
            ErrorType(Origin.CLIENT_PROXY, (Fault.GLOBAL_CONF_OUTDATED,)),
            "server.clientproxy.global_conf_outdated",
            "Server.ClientProxy.OutdatedGlobalConf",
            500,
        ),
        (
            ErrorType(Origin.SERVER_PROXY, (Fault.SERVICE_FAILED, Fault.IO_ERROR)),
            "server.serverproxy.service_failed.io_error",
            "Server.ServerProxy.ServiceFailed.IOError",
            500,
        ),
        (
            ErrorType(Origin.CLIENT_PROXY, (Fault.SSL_AUTHENTICATION_FAILED,)),
            "server.clientproxy.ssl_authentication_failed",
            "Server.ClientProxy.SslAuthenticationFailed",
            500,
        ),
    ],
)
def test_a_type_has_two_spellings_and_one_status(
    error: ErrorType, small: str, capitals: str, status: int
) -> None:
    assert error.write() == small
    assert error.write(Spelling.CAPITALS) == capitals
    assert error.status == status
    assert read_error_type(small) == read_error_type(capitals) == error


def test_every_fault_is_read_in_both_spellings() -> None:
    for origin in Origin:
        for fault in Fault:
            error = ErrorType(origin, (fault,))
            assert {read_error_type(error.write(one)) for one in Spelling} == {error}


@pytest.mark.parametrize(
    "text",
    ["", "server", "server.serverproxy", "client", "client.", "client.unheard_of", "other.bad_request",
     "client.bad_request.x",
     "client" + ".bad_request" * 5, "x" * (TYPE_CHARS_MAX + 1), "client.bad_request\n"],
)  # fmt: skip
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        read_error_type(text)


def test_an_error_is_json_with_type_message_and_detail() -> None:
    answer = write_error(DENIED, 'Request is not allowed: "x"', detail=DETAIL)
    assert answer.status == 500
    assert answer.fields == (
        (b"content-type", b"application/json"),
        (b"x-road-error", b"server.serverproxy.access_denied"),
    )
    assert msgspec.json.decode(answer.body) == {
        "type": "server.serverproxy.access_denied",
        "message": 'Request is not allowed: "x"',
        "detail": "018cbcae-537e-421b-b6f6-2608dc97bd90",
    }


def test_an_error_is_xml_where_accept_says_so() -> None:
    answer = write_error(
        DENIED, "a < b & c > d", detail=DETAIL, accept=[b"application/xml"], spelling=Spelling.CAPITALS
    )
    assert answer.fields[0] == (b"content-type", b"application/xml;charset=utf-8")
    assert answer.fields[1] == (b"x-road-error", b"Server.ServerProxy.AccessDenied")
    root = ET.fromstring(answer.body)  # noqa: S314 - our own bytes
    assert root.tag == "error"
    assert [(one.tag, one.text) for one in root] == [
        ("type", "Server.ServerProxy.AccessDenied"),
        ("message", "a < b & c > d"),
        ("detail", str(DETAIL)),
    ]


@pytest.mark.parametrize("message", ["\x00\x1b", "\ud800", "\ufffe", "محصول", "]]>", "a\r\nb", "𐀀"])
def test_any_message_is_a_well_formed_body(message: str) -> None:
    for accept in ([], [b"text/xml"]):
        body = write_error(DENIED, message, detail=DETAIL, accept=accept).body
        assert ET.fromstring(body) if accept else msgspec.json.decode(body)  # noqa: S314 - our own bytes


def test_a_long_message_is_cut() -> None:
    body = msgspec.json.decode(write_error(DENIED, "x" * 10_000, detail=DETAIL).body)
    assert len(body["message"]) == MESSAGE_CHARS_MAX


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ([], "application/json"),
        ([b""], "application/json"),
        ([b"*/*"], "application/json"),
        ([b"text/html, APPLICATION/XML;q=0.1"], "application/xml"),
        ([b"application/json, text/xml"], "text/xml"),
        ([b"application/json", b"text/*"], "text/xml"),
        ([b"\xff\xfe, text/xml"], "text/xml"),
        ([b"," * 1000 + b"text/xml"], "application/json"),
    ],
)
def test_accept_chooses_the_kind_of_an_error(accept: list[bytes], kind: str) -> None:
    assert choose_error_kind(accept) == kind


@pytest.mark.parametrize("count", [0, 5])
def test_a_type_has_one_to_four_faults(count: int) -> None:
    with pytest.raises(MalformedInput):
        ErrorType(Origin.CLIENT, (Fault.BAD_REQUEST,) * count)
