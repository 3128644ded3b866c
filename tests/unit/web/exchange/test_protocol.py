"""Connections that ask nothing, or never to the end, are hung up on."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import uvicorn

from rahdari.web.exchange.asgi import Receive, Scope, Send, answer, arrive
from rahdari.web.exchange.bodies import take_request
from rahdari.web.exchange.protocol import Door, protocol_for

pytestmark = pytest.mark.loopback

HEAD = b"POST /path%20x?a=%2F HTTP/1.1\r\nhost: x\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    arrived = arrive(scope, receive, send)
    body = await take_request(receive, bytes_max=1 << 20, folder=Path())
    told = b"%b %d %b" % (arrived.head.target_raw, body.facts.size, arrived.socket.address.encode())
    await answer(arrived, 200, [], told)


def serve(story: Callable[[int, Door], Awaitable[None]], **limits: float) -> None:
    door = Door(**{"head_seconds": 0.25, "look_seconds": 0.05, **limits})  # type: ignore[arg-type]

    async def play() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, http=protocol_for(door), lifespan="off", log_config=None, access_log=False,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listening]))
        while not server.started:  # noqa: ASYNC110 - the library tells of nothing else
            await asyncio.sleep(0.01)
        try:
            await story(listening.getsockname()[1], door)
        finally:
            server.should_exit = True
            await serving

    asyncio.run(play())


async def ended_after(port: int, first: bytes, drip: bytes = b"", *, most: float = 3.0) -> float:
    """Send, go on dripping, and tell after how many seconds the other side hung up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    writer.write(first)
    reading = asyncio.create_task(reader.read())
    while not reading.done() and time.monotonic() - began < most:
        await asyncio.wait([reading], timeout=0.03)
        if drip and not reading.done():
            writer.write(drip)
    took = time.monotonic() - began
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    writer.close()
    return took


async def told(port: int, raw: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    read = await reader.read()
    writer.close()
    return read


def test_the_application_is_told_the_target_byte_for_byte() -> None:
    async def story(port: int, _: Door) -> None:
        read = await told(port, HEAD + b"connection: close\r\ncontent-length: 3\r\n\r\nabc")
        assert read.endswith(b"/path%20x?a=%2F 3 127.0.0.1")

    serve(story)


@pytest.mark.parametrize(
    ("first", "drip"),
    [(b"", b""), (b"P", b""), (HEAD, b"x: y\r\n"), (HEAD + b"content-length: 100000\r\n\r\n", b"b")],
)
def test_whoever_does_not_come_to_the_end_is_hung_up_on(first: bytes, drip: bytes) -> None:
    async def story(port: int, _: Door) -> None:
        assert await ended_after(port, first, drip) < 2.0

    serve(story)


def test_whoever_sends_a_body_in_time_is_served() -> None:
    async def story(port: int, _: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"connection: close\r\ncontent-length: 100000\r\n\r\n")
        for _number in range(20):
            writer.write(b"b" * 5000)
            await asyncio.sleep(0.03)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()

    serve(story, pace_min=2048)


def test_a_second_request_has_its_own_time() -> None:
    async def story(port: int, _: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _number in range(3):
            writer.write(HEAD + b"content-length: 0\r\n\r\n")
            assert await reader.readuntil(b"127.0.0.1")
            await asyncio.sleep(0.35)
        writer.write(HEAD)
        began = time.monotonic()
        assert await reader.read() == b""
        assert time.monotonic() - began < 2.0
        writer.close()

    serve(story)


def test_an_endless_head_is_refused() -> None:
    async def story(port: int, _: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"x: ")
        for _number in range(20):
            writer.write(b"y" * 8192)
            await asyncio.sleep(0)
        try:
            read = await reader.read()
        except ConnectionResetError:
            read = b"HTTP/1.1 431"
        assert read.startswith(b"HTTP/1.1 431")
        writer.close()

    serve(story)


@pytest.mark.parametrize(
    "raw", [b"nonsense\r\n\r\n", b"GET / HTTX/1.1\r\n\r\n", b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n"]
)
def test_what_is_no_request_is_told_in_the_words_of_the_exchange(raw: bytes) -> None:
    async def story(port: int, _: Door) -> None:
        read = await told(port, raw)
        assert read.startswith(b"HTTP/1.1 400")
        assert b"x-road-error: client.bad_request" in read

    serve(story)


def test_one_address_holds_so_many_connections_and_no_more() -> None:
    async def story(port: int, door: Door) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _number in range(2)]
        await asyncio.sleep(0.02)
        assert door.held == {"127.0.0.1": 2}
        assert await ended_after(port, HEAD) < 0.2
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        assert not door.held
        assert b"200" in await told(port, HEAD + b"connection: close\r\n\r\n")

    serve(story, connections_max=2, head_seconds=5.0)
