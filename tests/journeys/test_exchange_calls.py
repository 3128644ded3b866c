"""A client written from X-Road's documents, and the command line, both against real gateways."""

import base64
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from rahdari.wire.ndel.configuration import write_registry_key
from rahdari.wire.sealed import MEDIA_TYPE
from tests.contract.exchange_corridor import Corridor, serving_corridor
from tests.fakes.gateway_homes import ENVIRONMENT
from tests.journeys.commands import CommandLine
from tests.journeys.xroad_client import XRoadClient, XRoadError, hash_request

pytestmark = pytest.mark.loopback

PERSONS = ("PK", "GOV", "1001", "registry", "persons")
DESCRIPTION = {"openapi": "3.0.3", "info": {"title": "Persons", "version": "1"}, "paths": {}}


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("corridor"), start=False) as made:
        description = made.registry.home.folder / "persons.json"
        description.write_text(json.dumps(DESCRIPTION), encoding="utf-8")
        offer = made.registry.home.services_file
        named = 'id = "PK/GOV/1001/registry/persons"\n'
        described = f'{named}type = "OPENAPI"\ndescription = "persons.json"\n'
        offer.write_text(offer.read_text(encoding="utf-8").replace(named, described, 1), encoding="utf-8")
        made.start(made.registry)
        made.start(made.bank)
        yield made


@pytest.fixture
def client(corridor: Corridor) -> XRoadClient:
    return XRoadClient("127.0.0.1", corridor.bank.home.edge.port, ("PK", "COM", "2002", "app"))


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_a_client_of_the_documents_is_answered(client: XRoadClient) -> None:
    answer = client.call(PERSONS, "/seen/77", query={"fields": "name"}, message_id="m-1")
    assert answer.status == 200
    assert answer.message_id == "m-1"
    assert str(uuid.UUID(answer.request_id)) == answer.request_id
    assert len(base64.b64decode(answer.request_hash)) == 64
    assert answer.headers["x-road-service"] == "PK/GOV/1001/registry/persons"
    told = answer.json()
    assert isinstance(told, dict)
    assert told["target"] == "/seen/77?fields=name"


def test_a_client_of_the_documents_understands_refusals(client: XRoadClient) -> None:
    with pytest.raises(XRoadError) as denied:
        client.call(PERSONS, "/secret")
    assert (denied.value.status, denied.value.type) == (500, "server.serverproxy.access_denied")
    assert str(uuid.UUID(denied.value.detail)) == denied.value.detail


def test_a_client_of_the_documents_finds_out_what_there_is(client: XRoadClient) -> None:
    members = {json.dumps(one["id"], sort_keys=True) for one in client.list_clients()}
    assert any('"subsystem_code": "registry"' in one for one in members)
    listed = {one["service_code"] for one in client.list_methods(PERSONS[:4])}
    allowed = {one["service_code"] for one in client.list_methods(PERSONS[:4], only_allowed=True)}
    assert "persons" in allowed <= listed


def test_every_header_of_an_answer_is_the_documents(client: XRoadClient) -> None:
    sent = {"X-Road-UserId": "PK0000", "X-Road-Issue": "case 7", "X-Own": "kept", "User-Agent": "a client"}
    first = client.call(PERSONS, "/seen", headers=sent)
    assert (first.client, first.service) == ("PK/COM/2002/app", "PK/GOV/1001/registry/persons")
    # 4.3: what the client does not name, its security server does.
    assert str(uuid.UUID(first.message_id)) == first.message_id
    assert first.headers["content-type"] == "application/json"
    assert first.headers["x-own"] == "one"
    assert "x-road-error" not in first.headers
    told = first.json()
    assert isinstance(told, dict)
    received = dict(told["headers"])
    assert (received["x-own"], received["accept"]) == ("kept", "application/json")
    assert not {"user-agent", "x-road-security-server", "x-road-request-hash"} & set(received)
    second = client.call(PERSONS, "/seen", headers=sent)
    assert first.request_id != second.request_id
    assert first.request_hash != second.request_hash, "the id is among the headers that are hashed"


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_the_service_answers_is_no_error_of_the_exchange(client: XRoadClient, status: int) -> None:
    """4.6, category 1; 4.4: redirects go on and are not followed."""
    answer = client.call(PERSONS, f"/status/{status}")
    assert (answer.status, answer.body) == (status, b"told")
    assert answer.headers["location"] == "http://elsewhere.example/"


@pytest.mark.parametrize("accept", ["application/json", "text/xml", "application/xml", ""])
@pytest.mark.parametrize(
    ("service", "headers", "component", "kind"),
    [
        ((*PERSONS[:4], "nobody"), {}, "their server", "server.serverproxy.service_failed.network_error"),
        ((*PERSONS[:4], "absent"), {}, "their server", "server.serverproxy.unknown_service"),
        (("PK", "GOV", "9999", "registry", "x"), {}, "own server", "server.clientproxy.unknown_member"),
        (PERSONS, {"X-Road-Client": "nobody"}, "own server", "server.clientproxy.bad_request"),
        (
            PERSONS,
            {"X-Road-Security-Server": "PK/GOV/1001/other"},
            "own server",
            "server.clientproxy.unknown_member",
        ),
    ],
)
def test_errors_are_understood_in_the_kind_that_was_asked_for(
    client: XRoadClient,
    service: tuple[str, ...],
    headers: dict[str, str],
    component: str,
    kind: str,
    accept: str,
) -> None:
    # The service whose system is away has one operation, and is left alone after five calls.
    path = "" if service[-1] == "nobody" else "/seen"
    with pytest.raises(XRoadError) as failed:
        client.call(service, path, headers=headers | ({"Accept": accept} if accept else {}))
    error = failed.value
    assert (error.type, error.component, error.status) == (kind, component, 500)
    assert str(uuid.UUID(error.detail)) == error.detail
    assert error.message


def test_a_security_server_may_be_named(client: XRoadClient) -> None:
    named = {"X-Road-Security-Server": "PK/GOV/1001/gw1"}
    assert client.call(PERSONS, "/seen", headers=named).status == 200


def test_a_client_of_the_documents_reads_each_metaservice(client: XRoadClient) -> None:
    listed = client.list_clients()
    in_xml = {(kind, *parts) for kind, *parts, _ in client.list_clients_in_xml()}
    names = ("object_type", "xroad_instance", "member_class", "member_code", "subsystem_code")
    ids = [one["id"] for one in listed]
    assert in_xml == {tuple(one[name] for name in names if name in one) for one in ids}  # type: ignore[operator,index]
    assert ("SUBSYSTEM", "PK", "GOV", "1001", "registry") in in_xml
    assert client.list_clients("PK") == listed
    assert client.list_clients("XX") == []
    persons = next(one for one in client.list_methods(PERSONS[:4]) if one["service_code"] == "persons")
    assert {name: persons[name] for name in persons if name != "endpoint_list"} == {
        "object_type": "SERVICE", "service_type": "OPENAPI", "xroad_instance": "PK", "member_class": "GOV",
        "member_code": "1001", "subsystem_code": "registry", "service_code": "persons",
    }  # fmt: skip
    assert {"method": "GET", "path": "/secret"} in persons["endpoint_list"]  # type: ignore[operator]
    assert json.loads(client.get_description(PERSONS[:4], "persons")) == DESCRIPTION
    for code, kind in (("nobody", "service_type"), ("absent", "unknown_service")):
        with pytest.raises(XRoadError) as refused:
            client.get_description(PERSONS[:4], code)
        assert refused.value.type == f"server.serverproxy.{kind}"


@pytest.mark.parametrize("body", [b"", b"said with the question"])
def test_the_request_hash_is_that_of_the_documents_over_what_the_provider_kept(
    corridor: Corridor, client: XRoadClient, line: CommandLine, tmp_path: Path, body: bytes
) -> None:
    answer = client.call(PERSONS, "/echo", method="POST", body=body)
    home, file, parts = corridor.registry.home.folder, tmp_path / "evidence.json", tmp_path / "parts"
    line.environment |= ENVIRONMENT
    deadline = time.monotonic() + 15
    export = ("exchange", "evidence", "export", answer.request_id, "--out", file)
    while (ended := line.json(*export, home=home)).code:
        assert time.monotonic() < deadline, ended.out
        time.sleep(0.2)
    key = f"PK={write_registry_key(corridor.instance.registry.public)}"
    # Whether the header lines are those that were hashed takes the body to tell; nothing untold is unpacked.
    (tmp_path / "body").write_bytes(body)
    words = ("--registry-key", key, "--request-body", tmp_path / "body", "--unpack", parts)
    done = line.json("exchange", "evidence", "verify", file, *words)
    assert done.code == 0, done.out
    kept = (parts / "0-request-header.txt").read_bytes()
    assert kept.startswith(b"POST\r\n/r1/PK/GOV/1001/registry/persons/echo\r\n")
    assert hash_request(kept, body) == answer.request_hash
    assert hash_request(kept, body + b".") != answer.request_hash


def test_people_call_from_the_command_line(corridor: Corridor, line: CommandLine) -> None:
    home = corridor.bank.home.folder
    ended = line.json("exchange", "call", "PK/GOV/1001/registry/persons/seen/7?x=1", home=home)
    assert ended.code == 0, ended.out + ended.err
    assert ended.document["status"] == 200
    assert '"/seen/7?x=1"' in str(ended.document["body"])
    assert "x-road-request-id" in ended.document["headers"]  # type: ignore[operator]
    said = line("exchange", "call", "PK/GOV/1001/registry/persons/secret", home=home)
    assert said.code == 1
    assert "server.serverproxy.access_denied" in said.out


def test_a_body_of_several_lines_is_shown_line_by_line(
    corridor: Corridor, line: CommandLine, tmp_path: Path
) -> None:
    body = tmp_path / "body.txt"
    body.write_text("first\nsecond\n", encoding="utf-8")
    words = ("--method", "POST", "--body", body, "--content-type", "text/plain")
    said = line(
        "exchange", "call", "PK/GOV/1001/registry/persons/echo", *words, home=corridor.bank.home.folder
    )
    assert said.out.endswith("first\nsecond\n")


def test_people_send_a_body_for_a_purpose(corridor: Corridor, line: CommandLine, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"asked": true}', encoding="utf-8")
    words = ("--method", "POST", "--body", body, "--purpose", "tax", "--client", "PK/COM/2002/app")
    ended = line.json(
        "exchange", "call", "PK/GOV/1001/registry/persons/seen", *words, home=corridor.bank.home.folder
    )
    assert ended.document["error"] == "server.serverproxy.access_denied", (
        "no operation of it has this purpose"
    )


def test_a_body_is_sealed_to_a_member_sent_and_opened(
    corridor: Corridor, line: CommandLine, tmp_path: Path
) -> None:
    """As docs/do/exchange-sealed.md has it; the system of these tests gives back what it was sent."""
    plain, sealed, answer, opened, keys = (tmp_path / name for name in ("p", "s", "a", "o", "keys.json"))
    plain.write_bytes(b'{"asked":"a secret of tests"}')
    line.environment |= ENVIRONMENT
    bank, registry = corridor.bank.home.folder, corridor.registry.home.folder
    service = "PK/GOV/1001/registry/persons"
    bound = ("--id", "case-7", "--client", "PK/COM/2002/app", "--service", service, "--purpose", "kyc")
    assert line("exchange", "seal", plain, sealed, *bound, home=bank).code == 0
    sending = ("--method", "POST", "--body", sealed, "--content-type", MEDIA_TYPE, "--out", answer)
    done = line.json(
        "exchange", "call", f"{service}/sealed", "--id", "case-7", "--purpose", "kyc", *sending, home=bank
    )
    assert done.code == 0, done.out + done.err
    assert done.document["headers"]["x-road-id"] == "case-7"  # type: ignore[index]
    assert (done.document["file"], done.document["body"]) == (str(answer), None)
    assert answer.read_bytes() == sealed.read_bytes()
    assert line("exchange", "sealing-keys", "hand-over", "--out", keys, home=registry).code == 0
    assert line("exchange", "open", answer, opened, "--keys", keys, *bound, home=registry).code == 0
    assert opened.read_bytes() == plain.read_bytes()


@pytest.mark.parametrize("name", ["two\nlines", "نام"])
def test_an_id_that_cannot_stand_in_a_header_is_told(
    corridor: Corridor, line: CommandLine, name: str
) -> None:
    ended = line.json(
        "exchange", "call", "PK/GOV/1001/registry/persons/seen", "--id", name, home=corridor.bank.home.folder
    )
    assert (ended.code, ended.problem) == (2, "cli.bad_usage")


def test_a_gateway_that_is_not_served_is_told(corridor: Corridor, line: CommandLine) -> None:
    where = ("--gateway", "http://127.0.0.1:1", "--client", "PK/COM/2002/app")
    ended = line.json("exchange", "call", "PK/GOV/1001/registry/persons", *where)
    assert (ended.code, ended.problem) == (6, "exchange.call_refused")


@pytest.mark.parametrize("target", ["nothing", "PK/GOV/1001/registry", "PK/GOV/1001/registry/persons/../x"])
def test_what_is_no_target_is_told_before_anything_is_asked(line: CommandLine, target: str) -> None:
    ended = line.json("exchange", "call", target)
    assert ended.code in {2, 17}
    assert "problem" in ended.document


def test_what_is_offered_is_listed(corridor: Corridor, line: CommandLine) -> None:
    home = corridor.registry.home.folder
    ended = line.json("exchange", "service", "list", home=home)
    services = ended.document["services"]
    assert isinstance(services, list)
    persons = next(one for one in services if one["service"].endswith("/persons"))
    assert {"operation": "* /echo", "durability": "strict"}.items() <= persons["operations"][1].items()
    assert "registry/persons" in line("exchange", "service", "list", home=home).out


def test_an_offer_is_checked_before_it_is_used(corridor: Corridor, line: CommandLine, tmp_path: Path) -> None:
    home = corridor.registry.home.folder
    ended = line.json("exchange", "service", "check", home=home)
    assert ended.code == 0
    assert ended.document["services"] == 10
    broken = tmp_path / "services.toml"
    broken.write_text('\n[[service]]\nid = "PK/GOV/9/x/y"\n', encoding="utf-8")
    ended = line.json("exchange", "service", "check", "--file", broken, home=home)
    assert (ended.code, ended.problem) == (2, "exchange.offer_refused")
    assert "line 2" in ended.out


def test_a_port_that_is_taken_is_told_before_a_gateway_begins(corridor: Corridor, line: CommandLine) -> None:
    ended = line.json("exchange", "serve", home=corridor.bank.home.folder)
    assert ended.problem == "cli.port_taken"
