"""A client written from X-Road's documents, and the command line, both against real gateways."""

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_socket

from tests.contract.exchange_corridor import Corridor, serving_corridor
from tests.journeys.commands import CommandLine
from tests.journeys.xroad_client import XRoadClient, XRoadError

pytestmark = pytest.mark.loopback

PERSONS = ("PK", "GOV", "1001", "registry", "persons")


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("corridor")) as made:
        description = made.registry.home.folder / "persons.json"
        description.write_text('{"openapi": "3.0.3"}', encoding="utf-8")
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
