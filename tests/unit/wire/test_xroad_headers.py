"""Header fields at the edge: what a call says of itself, and what goes on in both directions."""

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.xroad import (
    FILTERED,
    AddressRefused,
    CallHeaders,
    ClientMissing,
    FieldLines,
    RepresentedParty,
    ResponseMarks,
    SecurityServerId,
    forward_request,
    forward_response,
    read_call_headers,
    read_client,
    read_service,
    values_of,
)
from rahdari.wire.xroad.headers import FIELDS_BYTES_MAX, FIELDS_MAX, VALUE_CHARS_MAX

CLIENT = (b"x-road-client", b"PK/COM/2002/app")
MARKS = ResponseMarks(
    "m-1", read_client("PK/COM/2002/app"), read_service("PK/GOV/1001/reg/%C3%B6"), "r-1", "aGFzaA=="
)


def forwarded(*fields: tuple[bytes, bytes]) -> FieldLines:
    return forward_request(list(fields), message_id="m-1", request_id="r-1")


def test_a_call_says_who_calls_and_why() -> None:
    headers = read_call_headers(
        [
            (b"X-Road-Client", b" PK/COM/2002/app "),
            (b"X-ROAD-ID", b"fa2e18a5"),
            (b"x-road-userid", b"PK-sample-officer"),
            (b"x-road-issue", "مقدمہ 7".encode()),
            (b"x-road-security-server", b"PK/GOV/1001/gate-1"),
            (b"x-road-represented-party", b"COM/77"),
            (b"x-other", b"ignored"),
        ]
    )
    assert headers == CallHeaders(
        read_client("PK/COM/2002/app"),
        "fa2e18a5",
        "PK-sample-officer",
        "مقدمہ 7",
        SecurityServerId("PK", "GOV", "1001", "gate-1"),
        RepresentedParty("COM", "77"),
    )


def test_only_the_client_is_needed() -> None:
    assert read_call_headers([CLIENT]) == CallHeaders(read_client("PK/COM/2002/app"))
    with pytest.raises(ClientMissing):
        read_call_headers([(b"x-road-id", b"1")])


def test_whose_affair_it_is_is_not_printed() -> None:
    shown = repr(
        read_call_headers(
            [CLIENT, (b"x-road-userid", b"sample-u"), (b"x-road-represented-party", b"sample-p")]
        )
    )
    assert "sample-u" not in shown
    assert "sample-p" not in shown


@pytest.mark.parametrize(
    "line",
    [
        (b"x-road-client", b""),
        (b"x-road-client", b"PK/COM"),
        (b"x-road-client", "PK/COM/ö".encode()),
        (b"x-road-id", b""),
        (b"x-road-id", b"a b"),
        (b"x-road-id", b"\xc3\xb6"),
        (b"x-road-id", b"x" * (VALUE_CHARS_MAX + 1)),
        (b"x-road-userid", b" "),
        (b"x-road-userid", b"\xff"),
        (b"x-road-issue", b"a\tb"),
        (b"x-road-issue", b"x" * (VALUE_CHARS_MAX + 1)),
        (b"x-road-security-server", b"PK/GOV/1001"),
        (b"x-road-represented-party", b"a/b/c"),
        (b"x-road-represented-party", b"/b"),
    ],
)
def test_a_header_that_is_none_is_refused(line: tuple[bytes, bytes]) -> None:
    with pytest.raises(MalformedInput):
        read_call_headers([CLIENT, line])


def test_of_repeated_headers_the_last_counts_and_alone_goes_on() -> None:
    fields = [
        (b"X-Road-Client", b"PK/COM/2002/app"),
        (b"x-a", b"1"),
        (b"x-road-client", b"PK/COM/3003/app"),
        (b"x-a", b"2"),
    ]
    assert str(read_call_headers(fields).client) == "PK/COM/3003/app"
    sent = forwarded(*fields)
    assert values_of(sent, b"x-road-client") == [b"PK/COM/3003/app"]
    assert values_of(sent, b"x-a") == [b"1", b"2"]
    with pytest.raises(AddressRefused):
        read_call_headers([CLIENT, (b"x-road-client", b"broken")])


@pytest.mark.parametrize("name", sorted(FILTERED))
def test_filtered_headers_go_neither_way(name: bytes) -> None:
    for written in (name, name.upper(), name.title()):
        line = (written, b"x")
        assert values_of(forwarded(CLIENT, line), name) == []
        assert values_of(forward_response([line], MARKS), name) == []


def test_what_connection_names_goes_neither_way() -> None:
    lines = [
        (b"Connection", b"close, X-One ,x-two"),
        (b"connection", b"x-three"),
        (b"x-one", b"1"),
        (b"X-TWO", b"2"),
        (b"x-three", b"3"),
        (b"x-four", b"4"),
    ]
    for kept in (forwarded(CLIENT, *lines), forward_response(lines, MARKS)):
        assert [values_of(kept, b"x-" + one) for one in (b"one", b"two", b"three")] == [[], [], []]
        assert values_of(kept, b"x-four") == [b"4"]


def test_connection_cannot_take_away_what_the_exchange_needs() -> None:
    names = [b"x-road-client", b"x-road-userid", b"ndel-purpose", b"signature-input", b"content-digest"]
    sent = forwarded((b"connection", b", ".join(names)), *[(one, b"PK/COM/1") for one in names])
    assert all(values_of(sent, one) for one in names)


def test_names_with_an_underscore_cannot_pass_for_the_exchanges_own() -> None:
    sent = forwarded(CLIENT, (b"X_Road_Client", b"PK/COM/1"), (b"ndel_purpose", b"x"), (b"x_other", b"1"))
    assert [name for name, _ in sent] == [
        b"x-road-client",
        b"x_other",
        b"accept",
        b"x-road-request-id",
        b"x-road-id",
    ]


def test_what_gateways_alone_say_is_dropped_from_a_clients_call() -> None:
    said = (b"X-Road-Request-Id", b"X-Road-Request-Hash", b"x-road-error", b"x-road-service")
    sent = forwarded(CLIENT, *[(one, b"forged") for one in said])
    assert b"forged" not in [value for _, value in sent]
    assert values_of(sent, b"x-road-request-id") == [b"r-1"]


def test_all_other_headers_go_on_unchanged_and_in_order() -> None:
    fields = [
        (b"Content-Type", b"text/plain; charset=utf-8"),
        CLIENT,
        (b"X-Road-Id", b"mine"),
        (b"Cache-Control", b"no-store"),
        (b"Accept", b"application/xml;q=0.1"),
        (b"x-empty", b""),
        (b"x-bytes", b"\xc3\xb6\xff"),
        (b"Authorization", b"Bearer x"),
    ]
    assert forwarded(*fields) == [*fields, (b"x-road-request-id", b"r-1")]


def test_an_id_and_the_default_accept_are_added_where_there_is_none() -> None:
    assert forwarded(CLIENT) == [
        CLIENT,
        (b"accept", b"application/json"),
        (b"x-road-request-id", b"r-1"),
        (b"x-road-id", b"m-1"),
    ]


def test_the_answer_carries_what_the_gateway_says_and_no_copy_of_it() -> None:
    provider = [
        (b"Content-Type", b"application/json"),
        (b"X-Road-Error", b"server.serverproxy.access_denied"),
        (b"x-road-id", b"forged"),
        (b"x-road-client", b"forged"),
        (b"x-road-service", b"forged"),
        (b"x-road-request-id", b"forged"),
        (b"x-road-request-hash", b"forged"),
        (b"date", b"first"),
        (b"location", b"/elsewhere"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"Date", b"second"),
    ]
    assert forward_response(provider, MARKS) == [
        (b"Content-Type", b"application/json"),
        (b"location", b"/elsewhere"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"Date", b"second"),
        (b"x-road-id", b"m-1"),
        (b"x-road-client", b"PK/COM/2002/app"),
        (b"x-road-service", b"PK/GOV/1001/reg/%C3%B6"),
        (b"x-road-request-id", b"r-1"),
        (b"x-road-request-hash", b"aGFzaA=="),
    ]


@pytest.mark.parametrize(
    "line", [(b"", b"x"), (b"a b", b"x"), (b"a:b", b"x"), (b"a,b", b"x"), (b"a", b"x\r\ny"), (b"a", b"\x00")]
)
def test_a_line_that_could_pass_for_two_is_refused(line: tuple[bytes, bytes]) -> None:
    with pytest.raises(MalformedInput):
        forwarded(CLIENT, line)
    with pytest.raises(MalformedInput):
        forward_response([line], MARKS)


@pytest.mark.parametrize("bad", ["", "a b", "a\r\nb", "ö", "x" * (VALUE_CHARS_MAX + 1)])
def test_an_id_that_cannot_be_signed_is_not_written(bad: str) -> None:
    with pytest.raises(MalformedInput):
        forward_request([CLIENT], message_id="m-1", request_id=bad)
    with pytest.raises(MalformedInput):
        forward_request([CLIENT], message_id=bad, request_id="r-1")


def test_too_many_or_too_long_lines_are_refused() -> None:
    many = [CLIENT, *[(b"x-a", b"1")] * FIELDS_MAX]
    with pytest.raises(TooLarge):
        read_call_headers(many)
    for lines in (many, [CLIENT, (b"x-a", b"1" * FIELDS_BYTES_MAX)]):
        with pytest.raises(TooLarge):
            forwarded(*lines)
    assert len(forwarded(*many[:FIELDS_MAX])) == FIELDS_MAX + 3
