"""Which of a member's gateways is asked, and what is never sent to a second one."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.upstream import Pool, Sending, Unreached, UpstreamFailed
from rahdari.exchange import Outgoing
from rahdari.web.exchange.bodies import EMPTY
from rahdari.web.exchange.peers import AWAY_SECONDS, Peers
from rahdari.wire.xroad import Fault, SecurityServerId
from tests.fakes.gateway_homes import add_gateway, make_instance
from tests.fakes.peer_calls import open_made, sign
from tests.unit.web.exchange.in_memory import BANK, PERSONS, REGISTRY

FIRST, SECOND = (SecurityServerId("PK", "GOV", "1001", one) for one in ("gw1", "gw2"))


class Line:
    """Stands where the pools' way out is: fails for whom it is told, and tells who was asked."""

    def __init__(self) -> None:
        self.failing: dict[str, Exception] = {}
        self.asked: list[str] = []

    async def send(self, pool: Pool, sending: Sending) -> object:
        assert sending.size == 0
        place = pool.place.authority.decode()
        self.asked.append(place)
        if place in self.failing:
            raise self.failing[place]
        return object()


@pytest.fixture
def bank(tmp_path: Path) -> OpenGateway:
    instance = make_instance(tmp_path)
    for ports in ((9001, 9002), (9005, 9006)):
        add_gateway(instance, REGISTRY, "registry", ports=ports)
    made = add_gateway(instance, BANK, "app", ports=(9003, 9004))
    instance.publish()
    return open_made(made)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    made = Line()

    async def send(pool: Pool, sending: Sending) -> object:
        return await made.send(pool, sending)

    monkeypatch.setattr(Pool, "send", send)
    return made


def gone() -> Unreached:
    return Unreached("no connection", Fault.NETWORK_ERROR)


def chosen(bank: OpenGateway) -> SecurityServerId:
    return sign(bank, f"{PERSONS}/seen").route.gateway.id


def test_the_first_gateway_of_the_registrys_order_is_asked(bank: OpenGateway) -> None:
    assert chosen(bank) == FIRST


def test_one_that_was_not_reached_is_passed_by_for_a_while_and_then_found_out_about(
    bank: OpenGateway, line: Line
) -> None:
    now = 100.0
    bank.tick = lambda: now
    peers = Peers(bank)
    line.failing["127.0.0.1:9002"] = gone()
    with pytest.raises(Unreached):
        asyncio.run(peers.send(sign(bank, f"{PERSONS}/seen"), EMPTY))
    assert chosen(bank) == SECOND
    now += AWAY_SECONDS - 0.1
    assert chosen(bank) == SECOND
    now += 0.2
    assert chosen(bank) == FIRST, "one call finds out"
    assert chosen(bank) == SECOND, "and no other waits for it"
    line.failing.clear()
    now += AWAY_SECONDS
    asyncio.run(peers.send(sign(bank, f"{PERSONS}/seen"), EMPTY))
    assert [chosen(bank), chosen(bank)] == [FIRST, FIRST]


def test_where_all_were_not_reached_the_first_is_asked_all_the_same(bank: OpenGateway, line: Line) -> None:
    peers = Peers(bank)
    line.failing = {f"127.0.0.1:{port}": gone() for port in (9002, 9006)}
    for _ in range(2):
        with pytest.raises(Unreached):
            asyncio.run(peers.send(sign(bank, f"{PERSONS}/seen"), EMPTY))
    assert peers.is_away(FIRST)
    assert peers.is_away(SECOND)
    assert chosen(bank) == FIRST


def test_one_that_answers_badly_is_not_away(bank: OpenGateway, line: Line) -> None:
    peers = Peers(bank)
    line.failing["127.0.0.1:9002"] = UpstreamFailed("the connection ended", Fault.NETWORK_ERROR)
    with pytest.raises(UpstreamFailed):
        asyncio.run(peers.send(sign(bank, f"{PERSONS}/seen"), EMPTY))
    assert not peers.is_away(FIRST)


def test_a_diverted_request_is_the_same_one_signed_for_the_other(bank: OpenGateway) -> None:
    at = datetime.now(UTC)
    outgoing = sign(bank, f"{PERSONS}/seen")
    diverted = bank.consumer.divert(outgoing, {FIRST}, at=at)
    assert isinstance(diverted, Outgoing)
    assert diverted.route == replace(outgoing.route, gateway=diverted.route.gateway)
    assert diverted.route.gateway.id == SECOND
    assert diverted.request.target_uri != outgoing.request.target_uri
    assert diverted.signature.raw != outgoing.signature.raw
    assert diverted.request_hash == outgoing.request_hash
    assert bank.consumer.divert(outgoing, {FIRST, SECOND}, at=at) is None
