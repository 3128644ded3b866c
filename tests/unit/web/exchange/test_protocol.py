"""Connections that ask nothing, or never to the end, are hung up on."""

import asyncio
import gc
import socket
import ssl
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rahdari.web.exchange.asgi import App, ClientGone, Receive, Scope, Send, answer, arrive
from rahdari.web.exchange.bodies import take_request
from rahdari.web.exchange.protocol import Door, protocol_for
from rahdari.wire.xroad import FieldLine
from tests.fakes.certificates import MadeCertificate, make_certificate

pytestmark = pytest.mark.loopback

HEAD = b"POST /path%20x?a=%2F HTTP/1.1\r\nhost: x\r\n"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    arrived = arrive(scope, receive, send)
    body = await take_request(receive, bytes_max=1 << 20, folder=Path())
    told = b"%b %d %b" % (arrived.head.target_raw, body.facts.size, arrived.socket.address.encode())
    await answer(arrived, 200, [], told)


def serve(
    story: Callable[[int, Door], Awaitable[None]],
    *,
    tls: ssl.SSLContext | None = None,
    app: App = application,
    keep_seconds: int = 5,
    **limits: float,
) -> None:
    door = Door(**{"head_seconds": 0.25, "look_seconds": 0.05, **limits})  # type: ignore[arg-type]

    async def play() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,
            http=protocol_for(door), lifespan="off", log_config=None, access_log=False,
            timeout_keep_alive=keep_seconds, timeout_graceful_shutdown=1,
        )  # fmt: skip
        config.load()
        config.ssl = tls
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


async def told(port: int, *raws: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for raw in raws:
        writer.write(raw)
        await asyncio.sleep(0.02)
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


def test_a_connection_does_not_outlive_the_certificate_that_was_shown(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    server = make_certificate(tmp_path, "server", begins=now - timedelta(days=1), life=timedelta(days=3))
    # In a certificate times are whole seconds.
    client = make_certificate(
        tmp_path, "client", begins=now - timedelta(days=1), life=timedelta(days=1, seconds=2)
    )

    def context(purpose: int, own: MadeCertificate, other: MadeCertificate) -> ssl.SSLContext:
        made = ssl.SSLContext(purpose)
        made.check_hostname, made.verify_mode = False, ssl.CERT_REQUIRED
        made.load_cert_chain(own.file)
        made.load_verify_locations(cadata=other.der)
        return made

    async def story(port: int, _: Door) -> None:
        shown = context(ssl.PROTOCOL_TLS_CLIENT, client, server)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=shown)
        async with asyncio.timeout(6):
            while True:
                writer.write(HEAD + b"content-length: 3\r\n\r\nabc")
                if not await reader.read(1 << 16):
                    break
                await asyncio.sleep(0.02)
        assert datetime.now(UTC) >= client.certificate.not_valid_after_utc
        writer.close()

    serve(story, tls=context(ssl.PROTOCOL_TLS_SERVER, server, client))


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


OFFER = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n"
CLOSING = b"GET /last HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize(
    "raws",
    [
        (HEAD + OFFER + b"content-length: 5\r\n\r\nhello" + CLOSING,),
        (HEAD + OFFER + b"content-length: 5\r\n\r\n", b"hello", CLOSING),
        (HEAD + OFFER[:60], OFFER[60:] + b"content-length: 5\r\n\r", b"\nhel", b"lo" + CLOSING),
        (HEAD + OFFER + b"transfer-encoding: chunked\r\n\r\n2\r\nhe\r\n", b"3\r\nllo\r\n0\r\n\r\n" + CLOSING),
    ],
)
def test_an_offer_of_another_protocol_takes_no_body_away(raws: tuple[bytes, ...]) -> None:
    async def story(port: int, _: Door) -> None:
        read = await told(port, *raws)
        assert read.count(b"HTTP/1.1 200") == 2
        assert b"/path%20x?a=%2F 5 127.0.0.1" in read
        assert read.endswith(b"/last 0 127.0.0.1")

    serve(story)


def test_a_body_behind_an_offer_is_never_the_next_request() -> None:
    inner = b"GET /inner HTTP/1.1\r\nhost: x\r\n\r\n"

    async def story(port: int, _: Door) -> None:
        read = await told(port, HEAD + OFFER + b"content-length: %d\r\n\r\n" % len(inner), inner, CLOSING)
        assert read.count(b"HTTP/1.1 200") == 2
        assert b"/inner" not in read

    serve(story)


def test_many_offers_in_one_piece_are_as_many_requests() -> None:
    async def story(port: int, _: Door) -> None:
        read = await told(port, (b"GET /a HTTP/1.1\r\nhost: x\r\n" + OFFER + b"\r\n") * 2000 + CLOSING)
        assert read.count(b"HTTP/1.1 200") == 2001

    serve(story, head_seconds=5.0)


def test_what_else_connection_says_counts_beside_an_offer() -> None:
    async def story(port: int, _: Door) -> None:
        read = await told(
            port, HEAD + b"connection: close, upgrade\r\nupgrade: h2c\r\ncontent-length: 2\r\n\r\nab"
        )
        assert read.count(b"HTTP/1.1 200") == 1

    serve(story)


def test_trailers_are_no_headers() -> None:
    shown: list[FieldLine] = []

    async def showing(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, receive, send)
        shown.extend(arrive(scope, receive, send).head.fields)

    raw = (
        b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
        b"1\r\na\r\n0\r\nX-Road-Client: PK/COM/2002/app\r\nhost: y\r\n\r\n"
    )

    async def story(port: int, _: Door) -> None:
        assert (await told(port, raw)).startswith(b"HTTP/1.1 200")

    serve(story, app=showing)
    assert [name for name, _ in shown] == [b"host", b"connection", b"transfer-encoding"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n",
        b"GET / HTTP/1.0\r\nhost: a\r\nHost: a\r\n",
        HEAD + b"transfer-encoding: gzip, chunked\r\n",
        HEAD + b"transfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nhost: x\r\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(head: bytes) -> None:
    async def story(port: int, _: Door) -> None:
        read = await told(port, head + b"\r\n1\r\na\r\n0\r\n\r\n")
        assert read.startswith(b"HTTP/1.1 400")
        assert read.count(b"HTTP/1.1") == 1
        assert b"RFC 911" in read

    serve(story)


def test_a_request_of_the_older_version_needs_no_host() -> None:
    async def story(port: int, _: Door) -> None:
        assert (await told(port, b"GET / HTTP/1.0\r\n\r\n")).startswith(b"HTTP/1.1 200")

    serve(story)


@pytest.mark.parametrize("behind", [b"", b"\r\n", b"\r\n\r\n"])
def test_line_ends_do_not_keep_an_idle_connection(behind: bytes) -> None:
    async def story(port: int, _: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD + b"content-length: 0\r\n\r\n")
        await reader.readuntil(b"127.0.0.1")
        await asyncio.sleep(0.02)
        writer.write(behind)
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()

    serve(story, keep_seconds=1)


def test_half_begun_heads_of_all_together_are_bounded() -> None:
    half = HEAD + b"x: " + b"y" * 20_000

    async def story(port: int, door: Door) -> None:
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        for _, writer in held:
            writer.write(half)
            await asyncio.sleep(0.02)
        assert (await held[2][0].read()).startswith(b"HTTP/1.1 503")
        held[0][1].write(b"\r\nconnection: close\r\n\r\n")
        assert (await held[0][0].read()).startswith(b"HTTP/1.1 200")
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        assert door.heads_bytes == 0

    serve(story, heads_bytes_max=50_000, head_seconds=5.0)


def test_whoever_reads_too_slowly_is_hung_up_on_and_an_answer_waits_in_parts() -> None:
    gone = asyncio.Event()
    written = 0

    async def large(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal written

        async def counting(event: Mapping[str, object]) -> None:
            nonlocal written
            await send(event)
            written += len(event.get("body", b""))  # type: ignore[arg-type]

        try:
            await answer(arrive(scope, receive, counting), 200, [], b"x" * 40_000_000)
        except ClientGone:
            gone.set()

    async def story(port: int, _: Door) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        writer.write(HEAD + b"content-length: 0\r\n\r\n")
        await reader.read(100)
        async with asyncio.timeout(3):
            await gone.wait()
        assert written < 20_000_000
        writer.close()

    serve(story, app=large, untaken_seconds=0.3)


def test_of_a_connection_that_broke_off_nothing_is_kept() -> None:
    def count() -> int:
        gc.collect()
        return sum(isinstance(one, HttpToolsProtocol) for one in gc.get_objects())

    async def story(port: int, _: Door) -> None:
        for _number in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HEAD + b"content-length: 0\r\n\r\n")
            await reader.readuntil(b"0 127.0.0.1")
            # Nothing lingers: the other side is told that the connection is reset, not that it is over.
            made: socket.socket = writer.get_extra_info("socket")
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        until = time.monotonic() + 5
        while count() and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells when it is forgotten
            await asyncio.sleep(0.05)
        assert count() == 0

    serve(story, keep_seconds=30)
