"""Readers of X-Road's edge: a value or a refusal of ``wire``, nothing else, whatever the bytes."""

from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    MALFORMED_CALL,
    ResponseMarks,
    TemplateSet,
    choose_error_kind,
    forward_request,
    forward_response,
    read_call_headers,
    read_client,
    read_client_list,
    read_client_listing,
    read_description_query,
    read_error_type,
    read_represented_party,
    read_security_server,
    read_service,
    read_service_list,
    read_target,
    read_template,
    write_error,
)

CALL = b"/r1/PK/GOV/1001/registry/persons/v1/%70/7?fields=name&x=%20"
PIECES = [
    b"/r1/", b"/r2/", b"PK/GOV/1001/registry/persons", b"/listClients", b"?xRoadInstance=", b"?serviceCode=", b"&",
    b"/", b"..", b"%2e", b"%2F", b"%25", b"%", b"%C0%AF", b"%00", b"\x00", b"\xff", b";", b"\\", b"#", b"%E2%84%80",
    b"%EF%BC%8F", b"{id}", b"**", b"*", b" ", b"\r\n", b"%CC%81", b"%CD%BE",
]  # fmt: skip
pieces = st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=10).map(b"".join)
MARKS = ResponseMarks("m", read_client("PK/COM/2002"), read_service("PK/GOV/1/r/p"), "r", "h")


@st.composite
def spliced(draw: st.DrawFn) -> bytes:
    """A valid target with something put into it."""
    begin = draw(st.integers(0, len(CALL)))
    return CALL[:begin] + draw(pieces) + CALL[min(len(CALL), begin + draw(st.integers(0, 6))) :]


@given(pieces | spliced() | pieces.map(b"/r1/PK/GOV/1001/registry/persons/".__add__) | st.binary())
@example(b"/r1/" + b"a/" * 3000)
@example(b"/r1/PK/GOV/1001/registry/persons/" + b"%41" * 2000 + b"%")
@example(b"/r1/PK/GOV/1001/registry/persons/" + b"." * 7000 + b"x y")
@example(b"/r1/PK/GOV/1001/registry/persons?" + b"a" * 7000 + b" ")
def test_any_bytes_are_a_target_or_refused(raw: bytes) -> None:
    for read in (read_target, read_client_listing):
        try:
            read(raw)
        except MalformedInput:
            continue


texts = st.text(max_size=20) | pieces.map(lambda raw: raw.decode("latin-1"))


@settings(max_examples=40)
@given(texts)
def test_any_text_is_an_identifier_a_type_or_a_query_or_is_refused(text: str) -> None:
    for read in (
        read_client, read_service, read_security_server, read_represented_party, read_error_type,
        read_description_query,
    ):  # fmt: skip
        try:
            read(text)
        except MalformedInput:
            continue


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["GET", "*", "get"]) | texts, texts), max_size=4), texts)
def test_any_texts_are_templates_that_are_found_or_refused(written: list[tuple[str, str]], path: str) -> None:
    try:
        among = TemplateSet([read_template(*one) for one in written])
    except MalformedInput:
        return
    assert len(among.overlaps()) <= 6
    found = among.find("GET", path)
    assert found is None or found in among.templates


lines = st.lists(
    st.tuples(
        st.sampled_from(
            [b"x-road-client", b"X-Road-Id", b"x-road-userid", b"x-road-security-server", b"x-road-issue",
             b"x-road-represented-party", b"connection", b"accept"]
        )
        | st.binary(max_size=4),
        st.sampled_from([b"PK/COM/2002/app", b"PK/COM/2002", b"a, b"]) | pieces,
    ),
    max_size=6,
)  # fmt: skip


@settings(max_examples=40)
@given(lines)
def test_any_lines_are_headers_or_refused(fields: list[tuple[bytes, bytes]]) -> None:
    for attempt in (
        lambda: read_call_headers(fields),
        lambda: forward_request(fields, message_id="m", request_id="r"),
        lambda: forward_response(fields, MARKS),
    ):
        try:
            attempt()
        except MalformedInput:
            continue


@settings(max_examples=40)
@given(st.lists(pieces | st.binary(), max_size=3), st.text())
def test_any_accept_and_any_message_give_an_error(accept: list[bytes], message: str) -> None:
    assert choose_error_kind(accept) in ("application/json", "application/xml", "text/xml")
    assert write_error(MALFORMED_CALL, message, detail=UUID(int=1), accept=accept).body


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "member",
                    "service",
                    "id",
                    "name",
                    "object_type",
                    "xroad_instance",
                    "member_class",
                    "endpoint_list",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=40)
@given(json_values.map(repr).map(str.encode) | st.binary() | st.just(b'{"member":[{"id":{}}]}'))
def test_any_bytes_are_a_list_or_refused(raw: bytes) -> None:
    written = raw.replace(b"'", b'"').replace(b"None", b"null").replace(b"True", b"true")
    for read in (read_client_list, read_service_list):
        try:
            read(written)
        except MalformedInput:
            continue


def test_the_pieces_reach_a_target_that_is_read() -> None:
    assert read_target(CALL).canonical_path == "/v1/p/7"
    with pytest.raises(MalformedInput):
        read_target(CALL + b"\xff")
