"""Targets: which service is called, what goes on, and what is refused before any right is looked up."""

import pytest

from rahdari.wire.xroad import (
    RESERVED_SERVICE_CODES,
    TARGET_BYTES_MAX,
    AddressFault,
    AddressRefused,
    ClientListing,
    Metaservice,
    ServiceCall,
    ServiceId,
    canonical_path,
    read_client_listing,
    read_description_query,
    read_target,
)
from rahdari.wire.xroad.segments import SEGMENTS_MAX
from rahdari.wire.xroad.targets import PARAMETERS_MAX, find_parameter

SERVICE = "/r1/PK/GOV/1001/registry/persons"


def call(rest: str) -> ServiceCall:
    return read_target(f"{SERVICE}{rest}".encode())


def fault_of(raw: bytes) -> AddressFault:
    with pytest.raises(AddressRefused) as refused:
        read_target(raw)
    return refused.value.fault


def test_a_target_names_the_service_and_what_goes_on() -> None:
    read = call("/v1/persons/7?fields=name&x=%20+")
    assert read.service == ServiceId("PK", "GOV", "1001", "registry", "persons")
    assert read.target_raw == f"{SERVICE}/v1/persons/7?fields=name&x=%20+"
    assert (read.rest_raw, read.query_raw) == ("/v1/persons/7", "fields=name&x=%20+")
    assert read.forwarded == "/v1/persons/7?fields=name&x=%20+"
    assert read.canonical_path == "/v1/persons/7"
    assert read.metaservice is None


@pytest.mark.parametrize(
    ("rest", "forwarded", "canonical"),
    [
        ("", "", "/"),
        ("/", "/", "/"),
        ("?", "?", "/"),
        ("?a=1?b=/../", "?a=1?b=/../", "/"),
        ("/%70erson", "/%70erson", "/person"),
        ("/a%2cb", "/a%2cb", "/a,b"),
        ("/%d8%b9%d9%84%db%8c/", "/%d8%b9%d9%84%db%8c/", "/%D8%B9%D9%84%DB%8C/"),
        ("/e%CC%81", "/e%CC%81", "/%C3%A9"),
        ("/100%25", "/100%25", "/100%25"),
        ("/.well-known/a..b/..c", "/.well-known/a..b/..c", "/.well-known/a..b/..c"),
        ("/a%20b", "/a%20b", "/a%20b"),
        ("/%D9%85%DB%8C%E2%80%8C%D8%B1", "/%D9%85%DB%8C%E2%80%8C%D8%B1", "/%D9%85%DB%8C%E2%80%8C%D8%B1"),
    ],
)
def test_path_and_query_go_on_byte_for_byte_and_match_in_one_form(
    rest: str, forwarded: str, canonical: str
) -> None:
    read = call(rest)
    assert read.forwarded == forwarded
    assert read.canonical_path == canonical
    assert canonical_path(canonical) == canonical


@pytest.mark.parametrize(
    ("rest", "fault"),
    [
        ("/a%2Fb", AddressFault.SLASH),
        ("/a%2fb", AddressFault.SLASH),
        ("/a%EF%BC%8Fb", AddressFault.SLASH),
        ("/%E2%84%80", AddressFault.SLASH),
        ("/a%5Cb", AddressFault.BACKSLASH),
        ("/a\\b", AddressFault.BACKSLASH),
        ("/.", AddressFault.DOT_SEGMENT),
        ("/a/../b", AddressFault.DOT_SEGMENT),
        ("/a/..", AddressFault.DOT_SEGMENT),
        ("/%2e%2e/b", AddressFault.DOT_SEGMENT),
        ("/.%2E", AddressFault.DOT_SEGMENT),
        ("/..%20/b", AddressFault.DOT_SEGMENT),
        ("/.../b", AddressFault.DOT_SEGMENT),
        ("/%EF%BC%8E%EF%BC%8E/b", AddressFault.DOT_SEGMENT),
        ("/%252e%252e/b", AddressFault.ENCODED_TWICE),
        ("/a%252Fb", AddressFault.ENCODED_TWICE),
        ("/a%25%32%46b", AddressFault.ENCODED_TWICE),
        ("/a%252541", AddressFault.ENCODED_TWICE),
        ("/%EF%BC%8541", AddressFault.ENCODED_TWICE),
        ("//a", AddressFault.EMPTY_SEGMENT),
        ("/a//b", AddressFault.EMPTY_SEGMENT),
        ("/a//", AddressFault.EMPTY_SEGMENT),
        ("/a;v=1", AddressFault.DELIMITER),
        ("/a%3Bb", AddressFault.DELIMITER),
        ("/..;/b", AddressFault.DELIMITER),
        ("/a%CD%BEb", AddressFault.DELIMITER),
        ("/a%3Fb", AddressFault.DELIMITER),
        ("/a%23b", AddressFault.DELIMITER),
        ("/a#b", AddressFault.DELIMITER),
        ("/a%00", AddressFault.CONTROL),
        ("/a\x00b", AddressFault.CONTROL),
        ("/a%0d%0ab", AddressFault.CONTROL),
        ("/a%7f", AddressFault.CONTROL),
        ("/a%C2%9Fb", AddressFault.CONTROL),
        ("/a\nb", AddressFault.CONTROL),
        ("/a b", AddressFault.CHARACTER),
        ("/a{b}", AddressFault.CHARACTER),
        ("/é", AddressFault.CHARACTER),
        ("/a%", AddressFault.ESCAPE),
        ("/a%4", AddressFault.ESCAPE),
        ("/a%u0041", AddressFault.ESCAPE),
        ("/%C0%AE%C0%AE/b", AddressFault.ENCODING),
        ("/%C0%AF", AddressFault.ENCODING),
        ("/%E0%80%AF", AddressFault.ENCODING),
        ("/%80", AddressFault.ENCODING),
        ("/%ED%A0%80", AddressFault.ENCODING),
        ("?a=%zz", AddressFault.CHARACTER),
        ("?a=%00", AddressFault.CONTROL),
        ("?a=\x00", AddressFault.CHARACTER),
        ("?a=b c", AddressFault.CHARACTER),
        ("?a=b\\c", AddressFault.CHARACTER),
        ("?a=b#c", AddressFault.CHARACTER),
        ("?a\r\nx-road-client: y", AddressFault.CHARACTER),
    ],
)
def test_what_two_servers_could_read_differently_is_refused(rest: str, fault: AddressFault) -> None:
    assert fault_of(f"{SERVICE}{rest}".encode()) is fault


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b"", AddressFault.NOT_A_CALL),
        (b"*", AddressFault.NOT_A_CALL),
        (b"gate.example:443", AddressFault.NOT_A_CALL),
        (b"http://gate.example/r1/PK/GOV/1001/registry/persons", AddressFault.NOT_A_CALL),
        (b"/listClients", AddressFault.NOT_A_CALL),
        (b"/r2/PK/GOV/1001/registry/persons", AddressFault.VERSION),
        (b"/r0", AddressFault.VERSION),
        (b"/r11/PK/GOV/1001/registry/persons", AddressFault.NOT_A_CALL),
        (b"/R1/PK/GOV/1001/registry/persons", AddressFault.NOT_A_CALL),
        (b"/r1", AddressFault.VERSION),
        (b"/r1/", AddressFault.PARTS),
        (b"/r1/invalid", AddressFault.PARTS),
        (b"/r1/PK/GOV/1001/registry", AddressFault.PARTS),
        (b"/r1/PK/GOV/1001/registry/", AddressFault.PARTS),
        (b"/r1//GOV/1001/registry/persons", AddressFault.PARTS),
        (b"/r1/PK%2FGOV%2F1001%2Fregistry%2Fpersons", AddressFault.PARTS),
        (b"/r1/PK/GOV/1001/reg%2Fistry/persons", AddressFault.SLASH),
        (b"/r1/PK/GOV/1001/../persons", AddressFault.DOT_SEGMENT),
        (b"/r1/PK/GOV/1001/registry/persons;x", AddressFault.DELIMITER),
        (b"/r1/PK/GOV/1001/registry/person\xff", AddressFault.CHARACTER),
    ],
)
def test_what_is_no_call_is_refused(raw: bytes, fault: AddressFault) -> None:
    assert fault_of(raw) is fault


def test_a_target_ends_at_its_limit() -> None:
    room = TARGET_BYTES_MAX - len(SERVICE) - 1
    assert len(call("/" + "a" * room).rest_raw) == room + 1
    assert fault_of(f"{SERVICE}/{'a' * (room + 1)}".encode()) is AddressFault.TOO_LONG
    assert call("/a" * SEGMENTS_MAX).canonical_path == "/a" * SEGMENTS_MAX
    assert fault_of(f"{SERVICE}{'/a' * (SEGMENTS_MAX + 1)}".encode()) is AddressFault.TOO_LONG


def test_neither_a_refusal_nor_a_printed_call_repeats_the_path() -> None:
    with pytest.raises(AddressRefused) as refused:
        call("/persons/35202-1/..")
    assert "35202" not in refused.value.message
    assert "35202" not in repr(call("/persons/35202-1?id=35202-1"))


@pytest.mark.parametrize("metaservice", list(Metaservice))
def test_metaservices_are_known_by_their_service_code(metaservice: Metaservice) -> None:
    raw = f"/r1/PK/GOV/1001/registry/{metaservice}?serviceCode=persons"
    assert read_target(raw.encode()).metaservice is metaservice
    assert metaservice in RESERVED_SERVICE_CODES


def test_list_clients_stands_outside_the_protocol_and_takes_an_instance() -> None:
    assert read_client_listing(b"/listClients") == ClientListing(None)
    assert read_client_listing(b"/listClients?xRoadInstance=C%4E&x=1") == ClientListing("CN")
    for raw in (b"/listClients/", b"/listClients?xRoadInstance=A&xRoad%49nstance=B", b"/listCentralServices"):
        with pytest.raises(AddressRefused):
            read_client_listing(raw)


def test_get_open_api_names_one_service() -> None:
    assert read_description_query("serviceCode=persons") == "persons"
    assert read_description_query("v=1&serviceCode=tax+office%20x") == "tax office x"
    for query in (
        None,
        "",
        "servicecode=a",
        "serviceCode=",
        "serviceCode=a&serviceCode=a",
        "serviceCode=%FF",
    ):
        with pytest.raises(AddressRefused):
            read_description_query(query)


def test_a_query_of_too_many_parameters_is_refused() -> None:
    assert find_parameter("&".join(["a"] * PARAMETERS_MAX), "b") is None
    with pytest.raises(AddressRefused) as refused:
        find_parameter("&".join(["a"] * (PARAMETERS_MAX + 1)), "b")
    assert refused.value.fault is AddressFault.PARAMETER
