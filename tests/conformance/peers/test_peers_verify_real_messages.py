"""Other people's programs verify what running gateways sent each other, taken off the wire byte for byte.

Each message is verified as it went, and refused with any single covered part altered; which parts those are, the
message itself says. A response is verified with the request that it answers, and with no other.
"""

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import pytest_socket

from rahdari.wire.xroad import SecurityServerId
from tests.conformance.peers.signature_judges import NAMES, Peer, find_peer
from tests.contract.exchange_corridor import PERSONS, Corridor
from tests.fakes.recording_wire import Recorded, Sent, recorded_corridor

pytestmark = [pytest.mark.loopback, pytest.mark.slow]

Fields = Mapping[str, list[str]]
CONSUMER = SecurityServerId("PK", "COM", "2002", "gw1")
PROVIDER = SecurityServerId("PK", "GOV", "1001", "gw1")
# What we say that a request and a response cover (docs/standards/http-signatures.md).
REQUEST_COVERS = [
    "@method", "@target-uri", "content-digest", "x-road-client", "x-road-id", "x-road-request-id", "ndel-purpose",
    "ndel-consent", "ndel-conf-version",
]  # fmt: skip
PARAMETERS = ("created", "expires", "nonce", "keyid", "tag")


@dataclass(frozen=True)
class Asked:
    """A request as RFC 9421 sees it."""

    method: str
    url: str
    headers: Fields

    def told(self) -> dict[str, Any]:
        return {"method": self.method, "url": self.url, "headers": self.headers}


@dataclass(frozen=True)
class Answered:
    """A response with the request that it answers."""

    status: int
    headers: Fields
    request: Asked

    def told(self) -> dict[str, Any]:
        return {"status": self.status, "headers": self.headers}


def lines_of(sent: Sent) -> dict[str, list[str]]:
    return {name: sent.all(name) for name, _ in sent.fields}


def read_pair(pair: tuple[Sent, Sent]) -> tuple[Asked, Answered]:
    method, target, _ = pair[0].first.split(" ")
    asked = Asked(method, f"https://{pair[0].one('host')}{target}", lines_of(pair[0]))
    return asked, Answered(int(pair[1].first.split(" ")[1]), lines_of(pair[1]), asked)


def covered(message: Asked | Answered) -> list[str]:
    """The components as Signature-Input names them."""
    [written] = message.headers["signature-input"]
    inside = written[written.index("(") + 1 : written.index(")")]
    return [re.split(r'"', one, maxsplit=2)[1] + one.split('"', 2)[2].rstrip() for one in inside.split(" ")]


@dataclass
class Wire:
    """The corridor, what went through it, and whose key is whose."""

    corridor: Corridor
    recorded: Recorded

    def key(self, gateway: SecurityServerId, message: Asked | Answered) -> dict[str, str]:
        """The public key that the configuration has of the gateway, under the id that the message names."""
        [named] = re.findall(r';keyid="([^"]+)"', message.headers["signature-input"][0])
        assert self.corridor.instance.configuration is not None
        [key] = [
            key
            for member in self.corridor.instance.configuration.members
            for one in member.gateways
            for key in one.keys
            if one.id == gateway and key.keyid == named
        ]
        jwk = key.public.as_jwk()
        return {name: jwk[name] for name in ("kty", "crv", "x")}

    def call(self, target: str, **more: Any) -> tuple[Asked, Answered]:  # noqa: ANN401
        """Call through the bank's edge; gives what the two gateways said to each other."""
        self.corridor.call(target, **more)
        return read_pair(self.recorded.of(target))


def question(message: Asked | Answered, key: Mapping[str, str]) -> dict[str, Any]:
    request = message.request.told() if isinstance(message, Answered) else None
    return {"message": message.told(), "request": request, "jwk": key}


def with_line(message: Any, name: str, line: str) -> Any:  # noqa: ANN401 - a request or a response
    return replace(message, headers={**message.headers, name: [line]})


def altered_parameters(message: Any) -> Iterator[Any]:  # noqa: ANN401
    """Give the message with each parameter of its signature altered, and with another signature."""
    [written] = message.headers["signature-input"]
    for name in PARAMETERS:
        found = re.search(f';{name}="?[^";]+', written)
        assert found is not None, name
        other = "1" if written[found.end() - 1] == "0" else "0"
        text = written[: found.end() - 1] + other + written[found.end() :]
        yield with_line(message, "signature-input", text)
    [signature] = message.headers["signature"]
    yield with_line(message, "signature", forged(signature))


def forged(signature: str) -> str:
    """Alter the first six bits of a signature."""
    other = "B" if signature[6] == "A" else "A"
    return signature[:6] + other + signature[7:]


def altered_request(asked: Asked) -> Iterator[Asked]:
    for component in covered(asked):
        if component == "@method":
            yield replace(asked, method="GET" if asked.method != "GET" else "POST")
        elif component == "@target-uri":
            yield replace(asked, url=asked.url + "1")
        else:
            yield with_line(asked, component, asked.headers[component][0] + "1")
    yield from altered_parameters(asked)


def altered_response(answered: Answered) -> Iterator[Answered]:
    for component in covered(answered):
        if component == "@status":
            yield replace(answered, status=answered.status + 1)
        elif component.endswith(";req"):
            *_, other = altered_parameters(answered.request)
            yield replace(answered, request=other)
        else:
            yield with_line(answered, component, answered.headers[component][0] + "1")
    yield from altered_parameters(answered)


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    pytest_socket.enable_socket()
    with recorded_corridor(tmp_path_factory.mktemp("recorded")) as (corridor, recorded):
        yield Wire(corridor, recorded)


@pytest.fixture(params=NAMES)
def peer(request: pytest.FixtureRequest) -> Peer:
    return find_peer(request.param)


@pytest.fixture(scope="module")
def exchanged(wire: Wire) -> list[tuple[Asked, Answered]]:
    """A question with a query, one with a body and all optional headers, a refusal, and a metaservice."""
    more = [("X-Road-UserId", "PK0000"), ("X-Road-Issue", "case 7"), ("Content-Type", "text/plain")]
    return [
        wire.call(f"{PERSONS}/seen/%C3%A9?a=1&b=%20"),
        wire.call(f"{PERSONS}/echo", method="POST", body=b"said to be signed", headers=more),
        wire.call(f"{PERSONS}/secret"),
        wire.call("/r1/PK/GOV/1001/registry/listMethods"),
    ]


def test_what_is_signed_is_what_we_say(exchanged: list[tuple[Asked, Answered]]) -> None:
    for asked, answered in exchanged:
        assert covered(asked) == REQUEST_COVERS
        bound = ["@status", "content-digest", "x-road-request-hash", 'signature;key="sig1";req']
        assert covered(answered) == bound
    assert [answered.status for _, answered in exchanged] == [200, 200, 500, 200]


def test_each_request_verifies_as_it_went_and_none_with_a_part_altered(
    wire: Wire, exchanged: list[tuple[Asked, Answered]], peer: Peer
) -> None:
    for asked, _ in exchanged:
        key = wire.key(CONSUMER, asked)
        altered = list(altered_request(asked))
        assert len(altered) == len(REQUEST_COVERS) + len(PARAMETERS) + 1
        told = peer([question(one, key) for one in (asked, *altered)])
        assert told == ["yes"] + ["no"] * len(altered)
        assert peer([question(asked, wire.key(PROVIDER, exchanged[0][1]))]) == ["no"], "by another's key"


def test_each_response_verifies_with_its_request_and_with_no_other_one(
    wire: Wire, exchanged: list[tuple[Asked, Answered]], peer: Peer
) -> None:
    for place, (_, answered) in enumerate(exchanged):
        key = wire.key(PROVIDER, answered)
        altered = list(altered_response(answered))
        assert len(altered) == 4 + len(PARAMETERS) + 1
        others = [replace(answered, request=asked) for asked, _ in exchanged[:place] + exchanged[place + 1 :]]
        told = peer([question(one, key) for one in (answered, *altered, *others)])
        assert told == ["yes"] + ["no"] * (len(altered) + len(others))


def test_the_receipt_verifies_over_the_responses_signature(
    wire: Wire, exchanged: list[tuple[Asked, Answered]]
) -> None:
    """By npm's: PyPI's takes no message where a signature stands without its own input, as here the covered one."""
    peer = find_peer("npm")
    receipts = receipts_of(wire, {asked.headers["x-road-request-id"][0] for asked, _ in exchanged})
    for asked, answered in exchanged:
        receipt = receipts[asked.headers["x-road-request-id"][0]]
        message = replace(answered, headers=beside(answered, receipt))
        key = wire.key(CONSUMER, asked)
        another = with_line(answered, "signature", forged(answered.headers["signature"][0]))
        other = replace(answered, headers=beside(another, receipt))
        assert peer([question(message, key), question(other, key)]) == ["yes", "no"]


def receipts_of(wire: Wire, wanted: set[str], seconds: float = 10.0) -> dict[str, Mapping[str, str]]:
    """Give the receipts by request, once those that are wanted were sent: in one batch, or in several."""
    deadline = time.monotonic() + seconds
    while True:
        sent = [one for one in wire.recorded.pairs() if one[0].first.startswith("POST /ndel/receipts ")]
        found = {
            receipt["request_id"]: receipt
            for batch, _ in sent
            for receipt in map(json.loads, batch.body.splitlines())
        }
        if wanted <= set(found):
            assert sum(json.loads(answered.body)["logged"] for _, answered in sent) == len(found)
            return found
        assert time.monotonic() < deadline, "the receipts were not sent"
        time.sleep(0.05)


def beside(answered: Answered, receipt: Mapping[str, str]) -> Fields:
    """Put the receipt into the response that it is for. A label is not signed: it gets one of its own."""
    told, signature = (receipt[name].replace("sig1=", "rcp=", 1) for name in ("signature_input", "signature"))
    return {
        "signature": [f"{answered.headers['signature'][0]}, {signature}"],
        "signature-input": [told],
    }
