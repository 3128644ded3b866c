"""Schemathesis attacks the exchange's own servers, started as the programs they are, by their own descriptions.

What X-Road's protocol answers with 500 is not a broken gateway: such an answer has ``X-Road-Error``, of a type that
the description lists. Any other 5xx fails, and so does any answer that is not described as it came.
"""

import http.client
import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_socket
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rahdari.app.clock import SystemClock
from rahdari.app.exchange.tls import client_context
from rahdari.web.exchange.description.edge import PATH, describe_edge
from rahdari.web.exchange.description.faults import TYPES
from rahdari.web.exchange.description.peer import describe_peer
from rahdari.web.exchange.description.registry import REGISTRY_PATH, describe_registry
from rahdari.web.exchange.description.timestamper import describe_timestamper
from tests.contract.exchange_corridor import CLIENT, REGISTRY, Corridor, serving_corridor
from tests.fakes.exchange_registry import make_registry
from tests.fakes.exchange_servers import Connect, started
from tests.fakes.peer_calls import open_made

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

Check = Callable[[CheckContext, Response, Case[Any]], bool | None]
DESCRIBED: tuple[Check, ...] = (
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)
# Of these the library knows no form: their bodies are sent as they are drawn.
schemathesis.serializer.alias(
    ["application/timestamp-query", "application/jose", "application/jsonl"], "application/octet-stream"
)
# Draws of one operation in one mode; each costs some 20 ms, most of it the drawing.
EXAMPLES = 6
# Right words, so that not every call fails at its first step.
KNOWN: Mapping[str, Mapping[str, str]] = {
    "path_parameters": {
        "xRoadInstance": "PK", "memberClass": "GOV", "memberCode": "1001", "subsystemCode": "registry",
        "serviceCode": "persons", "path": "seen", "number": "0", "name": "noto-sans-bold.woff2",
        "service": "PK/GOV/1001/registry/persons", "level": "0", "tile": "000",
    },
    "query": {"serviceCode": "persons", "xRoadInstance": "PK", "id": "PK/GOV/1001/registry/persons"},
    "headers": {"X-Road-Client": CLIENT, "ndel-purpose": "kyc"},
}  # fmt: skip


EVERYTHING = "everything"
# What of a request stays as it was drawn, where the rest is right.
DRAWN = (EVERYTHING, "nothing", "memberCode", "serviceCode", "X-Road-Client")


@dataclass
class Attack:
    """Requests drawn from a description, sent to a server, and what came of them."""

    connect: Connect
    checks: tuple[Check, ...] = DESCRIBED
    statuses: set[int] = field(default_factory=set)
    types: set[str] = field(default_factory=set)

    def run(
        self, document: Mapping[str, object], *, modes: Iterable[GenerationMode] = GenerationMode
    ) -> None:
        for found in schemathesis.openapi.from_dict(dict(document)).get_all_operations():
            assert isinstance(found, Ok), found
            for mode in modes:
                operation = found.ok()
                if mode is GenerationMode.POSITIVE or operation.body or operation.path_parameters:
                    # Of what allows everything nothing wrong can be drawn.
                    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
                        self._draw(operation, mode)

    def _draw(self, operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
        @settings(
            max_examples=EXAMPLES if operation.path_parameters or operation.body or operation.query else 2,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(case=operation.as_strategy(generation_mode=mode), drawn=st.sampled_from(DRAWN))
        def draw(case: Case[Any], drawn: str) -> None:
            for place, words in KNOWN.items() if drawn != EVERYTHING else ():
                held = getattr(case, place)
                for name in set(held or ()) & set(words) - {drawn}:
                    held[name] = words[name]
            # Under another name a gateway's own pages are not shown.
            server = "http://elsewhere.example" if drawn == EVERYTHING else "http://127.0.0.1"
            asked = requests.Request(**case.as_transport_kwargs(base_url=server)).prepare()
            response = self._send(asked)
            self.statuses.add(response.status_code)
            case.validate_response(response, checks=list(self.checks))
            self._require_word(response)

        draw()

    def _send(self, asked: requests.PreparedRequest) -> httpx.Response:
        """Send what one library prepared over a connection of our own, and hand it to the other as it came."""
        body = asked.body.encode() if isinstance(asked.body, str) else asked.body
        assert body is None or isinstance(body, bytes)
        connection = self.connect()
        try:
            try:
                connection.request(asked.method or "", asked.path_url, body, dict(asked.headers))
            except (ValueError, UnicodeEncodeError):  # what no HTTP client would send
                reject()
            answer = connection.getresponse()
            told = httpx.Response(
                answer.status,
                headers=answer.getheaders(),
                content=answer.read(),
                request=httpx.Request(asked.method or "", asked.url or ""),
            )
            told.elapsed = timedelta()
            return told
        finally:
            connection.close()

    def _require_word(self, response: httpx.Response) -> None:
        """An error of the exchange has a type that is described, the same in header and body; a 5xx has one."""
        told = response.headers.get("x-road-error")
        assert told is not None or response.status_code < 500, response.text
        if told is None:
            return
        self.types.add(told)
        assert told in TYPES
        if response.headers["content-type"] == "application/json":
            assert response.json()["type"] == told
        assert response.status_code in ({400, 403, 404, 413, 429, 500, 503})
        if response.status_code == 500:
            assert told.startswith(("server.", "signer."))


@pytest.fixture(scope="module")
def corridor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corridor]:
    pytest_socket.enable_socket()
    with serving_corridor(tmp_path_factory.mktemp("corridor")) as made:
        yield made


def test_no_request_drawn_from_its_description_breaks_the_edge(corridor: Corridor) -> None:
    port = corridor.bank.home.edge.port
    document = json.loads(corridor.call(PATH).body)
    assert document == describe_edge()
    attack = Attack(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=20))
    attack.run(document)
    assert attack.statuses >= {200, 403, 404, 500}
    assert attack.types >= {
        "server.clientproxy.unknown_member",
        "server.serverproxy.access_denied",
        "client.not_found",
        "client.access_denied",
    }
    assert corridor.call("/health").status == 200
    assert corridor.persons("/seen").status == 200


def test_no_request_drawn_from_its_description_breaks_the_peer_side(corridor: Corridor) -> None:
    bank = open_made(corridor.bank)
    (peer,) = bank.directory().gateways_of(REGISTRY)
    context = client_context(bank.keys, bank.directory(), peer)
    port = urlsplit(peer.url).port
    attack = Attack(lambda: http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context))
    attack.run(describe_peer())
    assert attack.statuses >= {200, 400, 404, 500}
    assert attack.types >= {"server.serverproxy.missing_signature", "server.serverproxy.bad_request"}
    assert corridor.persons("/seen").status == 200


def test_whoever_shows_no_certificate_is_not_even_answered(corridor: Corridor) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(
        "127.0.0.1", corridor.registry.home.peer.port, timeout=20, context=context
    )

    def ask() -> None:
        connection.request("GET", "/ndel/catalogue")
        connection.getresponse()

    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask()


def test_no_request_drawn_from_its_description_breaks_the_registry(tmp_path: Path) -> None:
    pytest_socket.enable_socket()
    make_registry(tmp_path / "registry", SystemClock())
    with started("rahdari.web.exchange.registry", tmp_path / "registry", environment={}) as connect:
        connection = connect()
        connection.request("GET", REGISTRY_PATH)
        document = json.loads(connection.getresponse().read())
        connection.close()
        assert document == describe_registry()
        attack = Attack(connect, (not_a_server_error, *DESCRIBED))
        attack.run(document)
    assert attack.statuses >= {200, 404, 422}
    assert not attack.types


def test_no_request_drawn_from_its_description_breaks_the_time_stamping_authority(tmp_path: Path) -> None:
    pytest_socket.enable_socket()
    with started("rahdari.web.exchange.timestamper", tmp_path, "--name", "Example Stamper") as connect:
        attack = Attack(connect, (not_a_server_error, *DESCRIBED))
        # Its bodies are any bytes: none is a wrong one.
        attack.run(describe_timestamper(), modes=[GenerationMode.POSITIVE])
    assert attack.statuses >= {200}
