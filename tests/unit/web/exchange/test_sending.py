"""Receipts go out to each gateway by itself: one that answers slowly, or without end, keeps no other waiting."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.app.exchange.upstream import Late, Pool, Sending, UpstreamFailed
from rahdari.exchange import Receipt
from rahdari.web.exchange import peers as peers_module
from rahdari.web.exchange.peers import FETCH_SECONDS, POST_ANSWER_BYTES_MAX, Peers
from rahdari.web.exchange.sending import ReceiptSender
from rahdari.wire.http_signatures import SignatureFields
from rahdari.wire.ndel.parties import Gateway
from tests.fakes.gateway_homes import add_gateway, make_instance
from tests.fakes.peer_calls import open_made
from tests.unit.web.exchange.in_memory import BANK, REGISTRY


@pytest.fixture
def bank(tmp_path: Path) -> OpenGateway:
    instance = make_instance(tmp_path)
    for ports in ((9001, 9002), (9005, 9006)):
        add_gateway(instance, REGISTRY, "registry", ports=ports)
    made = add_gateway(instance, BANK, "app", ports=(9003, 9004))
    instance.publish()
    return open_made(made)


class Line:
    """Posts, and waits for the gateways that are told to hang."""

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.hanging: set[str] = set()
        self.free = asyncio.Event()
        self.failure: Exception | None = None

    async def post(self, gateway: Gateway, *_: object) -> int:
        self.posted.append(gateway.url)
        if self.failure is not None:
            raise self.failure
        if gateway.url in self.hanging:
            await self.free.wait()
        return 200


def gateways(bank: OpenGateway) -> tuple[Gateway, Gateway]:
    first, second = bank.directory().gateways_of(REGISTRY)
    return first, second


def receipt(number: int = 0) -> Receipt:
    return Receipt(f"request-{number}", SignatureFields("input", "signature"))


def test_one_that_hangs_keeps_no_other_waiting(bank: OpenGateway) -> None:
    slow, quick = gateways(bank)

    async def story() -> None:
        line = Line()
        line.hanging.add(slow.url)
        sender = ReceiptSender(bank, cast("Peers", line))
        running = asyncio.create_task(sender.run())
        for one in (slow, quick, quick):
            for number in range(256):  # a whole batch goes out at once
                sender.owe(one, receipt(number))
            await asyncio.sleep(0.01)
        assert line.posted == [slow.url, quick.url, quick.url]
        line.free.set()
        await sender.send_all()
        running.cancel()
        assert len(bank.owed) == 0

    asyncio.run(story())


def test_what_fails_of_itself_is_tried_again_later_and_told(bank: OpenGateway) -> None:
    one, _ = gateways(bank)
    now = 100.0
    bank.tick = lambda: now

    async def story() -> None:
        line = Line()
        line.failure = ValueError("x")
        sender = ReceiptSender(bank, cast("Peers", line))
        sender.owe(one, receipt())
        with pytest.raises(ValueError, match="x"):
            await sender.send_all()
        line.failure = None
        await sender.send_all()
        assert len(line.posted) == 1
        nonlocal now
        now += 1.5
        await sender.send_all()
        assert (len(line.posted), len(bank.owed)) == (2, 0)

    asyncio.run(story())


class Answer:
    """An answer whose body comes as it is told."""

    status, fields = 200, ()

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.is_released = False

    async def read(self) -> bytes:
        return await anext(self._parts, b"")

    def release(self) -> None:
        self.is_released = True


async def drips() -> AsyncIterator[bytes]:
    while True:
        yield b"x"
        await asyncio.sleep(0.02)


async def pours() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 1000


@pytest.mark.parametrize("body", [drips, pours])
def test_an_answer_to_a_batch_is_bounded_in_time_and_size(
    bank: OpenGateway, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    answer = Answer(body())  # type: ignore[operator]

    async def send(_: Pool, sending: Sending) -> Answer:
        assert sending.timeout_seconds == 0.1
        return answer

    monkeypatch.setattr(Pool, "send", send)
    monkeypatch.setattr(peers_module, "POST_SECONDS", 0.1)
    assert FETCH_SECONDS < 10
    assert POST_ANSWER_BYTES_MAX < 1 << 20
    posting = Peers(bank).post(gateways(bank)[0], b"/ndel/receipts", b"{}", b"application/jsonl")
    with pytest.raises(Late if body is drips else UpstreamFailed):
        asyncio.run(asyncio.wait_for(posting, 2))
    assert answer.is_released
