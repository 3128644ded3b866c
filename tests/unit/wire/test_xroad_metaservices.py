"""Lists of clients and services: written as X-Road writes them, and read back."""

from xml.etree import ElementTree as ET

import msgspec
import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.xroad import (
    RESERVED_SERVICE_CODES,
    Endpoint,
    ListedClient,
    ListedService,
    MemberId,
    ServiceId,
    ServiceType,
    SubsystemId,
    endpoints_of,
    read_client_list,
    read_service_list,
    read_template,
    write_client_list,
    write_service_list,
)
from rahdari.wire.xroad.metaservices import CLIENTS_MAX, SERVICES_MAX

JSON = [b"application/json"]
MEMBER = ListedClient(MemberId("PK", "GOV", "1001"), "Sample Authority <A&B>")
SUBSYSTEM = ListedClient(
    SubsystemId("PK", "GOV", "1001", "محصول"), "Sample Authority", subsystem_name="Tax register"
)
UNNAMED = ListedClient(SubsystemId("PK", "GOV", "1001", "old"), "Sample Authority")
PERSONS = ListedService(
    ServiceId("PK", "GOV", "1001", "registry", "persons"),
    ServiceType.OPENAPI,
    (Endpoint("GET", "/persons/*"), Endpoint("*", "/files/**")),
)


def test_clients_are_listed_in_json_with_their_names() -> None:
    document = write_client_list([MEMBER, SUBSYSTEM, UNNAMED], accept=JSON)
    assert document.content_type == "application/json"
    members = msgspec.json.decode(document.body)["member"]
    assert members[0] == {
        "id": {
            "member_class": "GOV",
            "member_code": "1001",
            "object_type": "MEMBER",
            "xroad_instance": "PK",
        },
        "name": "Sample Authority <A&B>",
    }
    assert members[1]["id"]["subsystem_code"] == "محصول"
    assert members[1]["id"]["object_type"] == "SUBSYSTEM"
    assert members[1]["subsystem_name"] == "Tax register"
    assert "subsystem_name" not in members[2]
    assert read_client_list(document.body) == [MEMBER, SUBSYSTEM, UNNAMED]


def test_without_an_accept_of_json_clients_are_listed_in_xml() -> None:
    for accept in ([], [b"*/*"], [b"text/xml"], [b"application/json-patch+json"]):
        document = write_client_list([MEMBER, SUBSYSTEM], accept=accept)
        assert document.content_type == "text/xml;charset=utf-8"
        root = ET.fromstring(document.body)  # noqa: S314 - our own bytes
        names = {"i": "http://x-road.eu/xsd/identifiers", "x": "http://x-road.eu/xsd/xroad.xsd"}
        assert root.tag == "{http://x-road.eu/xsd/xroad.xsd}clientList"
        assert [one.text for one in root.findall("x:member/x:name", names)] == [MEMBER.name, SUBSYSTEM.name]
        kinds = [one.get(f"{{{names['i']}}}objectType") for one in root.findall("x:member/x:id", names)]
        assert kinds == ["MEMBER", "SUBSYSTEM"]
        assert [one.text for one in root.findall("x:member/x:id/i:subsystemCode", names)] == ["محصول"]
        assert [one.text for one in root.findall("x:member/x:subsystemName", names)] == ["Tax register"]


def test_json_is_chosen_among_several_kinds() -> None:
    assert (
        write_client_list([], accept=[b"text/xml", b"x/y, Application/JSON;q=0.1"]).body == b'{"member":[]}'
    )


def test_services_are_listed_with_their_endpoints() -> None:
    document = write_service_list([PERSONS])
    assert document.content_type == "application/json"
    assert msgspec.json.decode(document.body) == {
        "service": [
            {
                "xroad_instance": "PK",
                "member_class": "GOV",
                "member_code": "1001",
                "subsystem_code": "registry",
                "service_code": "persons",
                "object_type": "SERVICE",
                "service_type": "OPENAPI",
                "endpoint_list": [
                    {"method": "GET", "path": "/persons/*"},
                    {"method": "*", "path": "/files/**"},
                ],
            }
        ]
    }
    assert read_service_list(document.body) == [PERSONS]


def test_templates_are_shown_as_globs_each_once() -> None:
    written = [("GET", "/persons/{id}"), ("GET", "/persons/{key}"), ("*", "/**"), ("GET", "/")]
    assert endpoints_of([read_template(*one) for one in written]) == (
        Endpoint("GET", "/persons/*"),
        Endpoint("*", "/**"),
        Endpoint("GET", "/"),
    )


@pytest.mark.parametrize("code", sorted(RESERVED_SERVICE_CODES))
def test_a_metaservice_is_never_listed(code: str) -> None:
    with pytest.raises(MalformedInput, match=code):
        ListedService(ServiceId("PK", "GOV", "1001", "registry", code), ServiceType.REST)


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(MalformedInput):
        ListedClient(MEMBER.id, name)
    with pytest.raises(MalformedInput):
        ListedClient(SUBSYSTEM.id, "a", name)
    with pytest.raises(MalformedInput):
        ListedClient(MEMBER.id, "a", "b")


@pytest.mark.parametrize("endpoint", [("get", "/a"), ("TRACE", "/a"), ("GET", "a"), ("GET", "/" * 1021)])
def test_an_endpoint_that_is_none_is_refused(endpoint: tuple[str, str]) -> None:
    with pytest.raises(MalformedInput):
        Endpoint(*endpoint)


BROKEN_CLIENTS: list[object] = [
    [],
    {},
    {"member": {}},
    {"member": [1]},
    {"member": [{"name": "a"}]},
    {"member": [{"id": {}, "name": "a"}]},
    {
        "member": [
            {"id": msgspec.json.decode(write_client_list([MEMBER], accept=JSON).body)["member"][0]["id"]}
        ]
    },
]


def test_broken_lists_are_refused() -> None:
    for broken in BROKEN_CLIENTS:
        with pytest.raises(MalformedInput):
            read_client_list(msgspec.json.encode(broken))
    client = msgspec.json.decode(write_client_list([SUBSYSTEM], accept=JSON).body)["member"][0]
    service = msgspec.json.decode(write_service_list([PERSONS]).body)["service"][0]
    for name, value in (("object_type", "SERVER"), ("subsystem_code", None), ("member_code", "a/b")):
        with pytest.raises(MalformedInput):
            read_client_list(
                msgspec.json.encode({"member": [{**client, "id": {**client["id"], name: value}}]})
            )
    damages: list[tuple[str, object]] = [
        ("object_type", "MEMBER"),
        ("service_type", "SOAP"),
        ("service_code", "listMethods"),
        ("endpoint_list", None),
        ("endpoint_list", [{"method": "GET"}]),
    ]
    for name, damage in damages:
        with pytest.raises(MalformedInput):
            read_service_list(msgspec.json.encode({"service": [{**service, name: damage}]}))


def test_lists_end_at_their_limits() -> None:
    with pytest.raises(TooLarge):
        write_client_list([MEMBER] * (CLIENTS_MAX + 1))
    with pytest.raises(TooLarge):
        write_service_list([PERSONS] * (SERVICES_MAX + 1))
    with pytest.raises(TooLarge):
        read_service_list(msgspec.json.encode({"service": [{}] * (SERVICES_MAX + 1)}))
