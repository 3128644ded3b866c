"""The client towards systems and gateways: byte for byte, bounded in everything, deceived by nobody."""

import asyncio
import gc
import ssl
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from rahdari.app.exchange import upstream
from rahdari.app.exchange.connection import Connection
from rahdari.app.exchange.upstream import (
    HEAD_BYTES_MAX,
    Late,
    Place,
    Pool,
    Sending,
    Unreached,
    UpstreamFailed,
)
from rahdari.wire.xroad import FieldLine

pytestmark = pytest.mark.loopback

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers each connection by a function, and remembers what was asked."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self.connections = 0

    async def __aenter__(self) -> Pool:
        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                await self._answering(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        self._server = await asyncio.start_server(connect, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self._pool = Pool(Place("127.0.0.1", port, b"system.example", connections_max=2))
        return self._pool

    async def __aexit__(self, *_: object) -> None:
        self._pool.close()
        self._server.close()
        await asyncio.sleep(0.01)


def saying(*raws: bytes, pause: float = 0.0, stays: bool = True) -> Answering:
    """Answer each request by these bytes, in pieces."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            for raw in raws:
                writer.write(raw)
                await writer.drain()
                await asyncio.sleep(pause)
            if not stays:
                return

    return answer


def get(method: str = "GET", fields: tuple[FieldLine, ...] = (), **more: object) -> Sending:
    return Sending(method, b"/path?q", fields, **{"size": 0, "timeout_seconds": 2.0, **more})  # type: ignore[arg-type]


async def whole(pool: Pool, sending: Sending | None = None) -> tuple[int, list[FieldLine], bytes]:
    reply = await pool.send(sending or get())
    try:
        body = b""
        while part := await reply.read():
            body += part
        return reply.status, reply.fields, body
    finally:
        reply.release()


def run(answering: Answering, story: Callable[[Pool, Server], Awaitable[None]]) -> None:
    async def play() -> None:
        server = Server(answering)
        async with server as pool:
            await story(pool, server)

    asyncio.run(play())


def test_lines_go_out_byte_for_byte_in_their_order() -> None:
    received = bytearray()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.extend(await reader.readuntil(b"\r\n\r\n"))
        received.extend(await reader.readexactly(3))
        writer.write(OK)
        await writer.drain()

    async def story(pool: Pool, _: Server) -> None:
        lines = ((b"x-b", b"caf\xe9"), (b"X-a", b"\xff"), (b"x-b", b"2"))
        await whole(pool, get("POST", lines, size=3, body=b"abc"))

    run(answer, story)
    assert bytes(received) == (
        b"POST /path?q HTTP/1.1\r\nhost: system.example\r\nx-b: caf\xe9\r\nX-a: \xff\r\nx-b: 2\r\n"
        b"content-length: 3\r\n\r\nabc"
    )


@pytest.mark.parametrize(
    ("raws", "body"),
    [
        ([OK], b"ok"),
        ([OK[:10], OK[10:40], OK[40:]], b"ok"),
        ([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"2\r\nok\r\n", b"0\r\n\r\n"], b"ok"),
        ([b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + OK], b"ok"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n", OK], b"ok"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
        ([b"HTTP/1.1 304 Not Modified\r\ncontent-length: 500\r\n\r\n"], b""),
    ],
)
def test_an_answer_is_read_however_it_comes_and_the_connection_kept(raws: list[bytes], body: bytes) -> None:
    async def story(pool: Pool, server: Server) -> None:
        for _ in range(3):
            _, fields, read = await whole(pool)
            assert read == body
            assert (b"link", b"x") not in fields
        assert server.connections == 1

    run(saying(*raws, pause=0.005), story)


def test_an_answer_to_head_has_no_body_whatever_it_says() -> None:
    async def story(pool: Pool, server: Server) -> None:
        for _ in range(3):
            status, fields, body = await whole(pool, get("HEAD"))
            assert (status, body) == (200, b"")
            assert (b"content-length", b"2") in fields
        assert server.connections == 1

    run(saying(OK.removesuffix(b"ok")), story)


def test_a_body_may_end_with_its_connection() -> None:
    async def story(pool: Pool, server: Server) -> None:
        for _ in range(2):
            assert (await whole(pool))[2] == b"until the end"
        assert server.connections == 2

    run(saying(b"HTTP/1.1 200 OK\r\n\r\n", b"until the end", stays=False), story)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1 200",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * (HEAD_BYTES_MAX + 1) + b"\r\n",
    ],
)
def test_what_is_no_whole_answer_is_a_failure(raw: bytes) -> None:
    async def story(pool: Pool, _: Server) -> None:
        with pytest.raises(UpstreamFailed):
            await whole(pool)

    run(saying(raw, stays=False), story)


@pytest.mark.parametrize("raw", [OK + OK, OK + b"more"])
def test_a_second_answer_is_never_taken_for_the_next_ones(raw: bytes) -> None:
    async def story(pool: Pool, server: Server) -> None:
        for number in (1, 2, 3):
            status, fields, body = await whole(pool)
            assert (status, body, len(fields)) == (200, b"ok", 1)
            assert server.connections == number

    run(saying(raw), story)


def test_what_comes_unasked_ends_the_connection() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged")
        await writer.drain()
        await asyncio.sleep(0.05)

    async def story(pool: Pool, server: Server) -> None:
        assert (await whole(pool))[2] == b"ok"
        await asyncio.sleep(0.05)
        assert (await whole(pool))[2] == b"ok"
        assert server.connections == 2

    run(answer, story)


def test_half_a_second_answer_behind_the_first_is_nobodys() -> None:
    """Its other half comes behind the next request, and would be read as the answer to that."""
    number = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal number
        while True:
            await reader.readuntil(b"\r\n\r\n")
            number += 1
            writer.write(
                OK + b"HTTP/1.1 200 OK\r\nx-poison: yes"
                if number == 1
                else b"\r\ncontent-length: 6\r\n\r\npoison"
            )
            await writer.drain()

    async def story(pool: Pool, server: Server) -> None:
        assert (await whole(pool))[2] == b"ok"
        with pytest.raises(UpstreamFailed):
            await whole(pool)
        assert server.connections == 2

    run(answer, story)


@pytest.mark.parametrize("first", [b"H", b"HTTP/1.1 2"])
def test_a_letter_behind_an_answer_ends_its_connection(first: bytes) -> None:
    async def story(pool: Pool, server: Server) -> None:
        for connections in (1, 2):
            assert (await whole(pool))[2] == b"ok"
            assert server.connections == connections

    run(saying(OK + first), story)


def test_trailers_are_no_headers() -> None:
    raw = (
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        b"2\r\nok\r\n0\r\ncontent-type: text/evil\r\nx-road-error: none\r\n\r\n"
    )

    async def story(pool: Pool, server: Server) -> None:
        for _ in range(2):
            _, fields, body = await whole(pool)
            assert (fields, body) == ([(b"transfer-encoding", b"chunked")], b"ok")
        assert server.connections == 1

    run(saying(raw), story)


def test_interim_answers_give_nobody_more_time() -> None:
    async def story(pool: Pool, _: Server) -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Late):
            await whole(pool, get(timeout_seconds=0.2))
        assert asyncio.get_running_loop().time() - began < 0.4

    run(saying(*[b"HTTP/1.1 102 Processing\r\n\r\n"] * 12, OK, pause=0.05), story)


def test_a_head_that_drips_has_no_more_time_than_another() -> None:
    async def story(pool: Pool, _: Server) -> None:
        with pytest.raises(Late):
            await whole(pool, get(timeout_seconds=0.2))

    run(saying(*(bytes([one]) for one in OK), pause=0.02), story)


def test_an_answer_that_drips_is_given_up_and_one_that_comes_at_a_pace_is_not() -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n"

    async def dripping(pool: Pool, _: Server) -> None:
        began = asyncio.get_running_loop().time()
        with pytest.raises(Late):
            await whole(pool, get(timeout_seconds=0.2))
        assert asyncio.get_running_loop().time() - began < 0.4

    async def steady(pool: Pool, _: Server) -> None:
        assert len((await whole(pool, get(timeout_seconds=0.2)))[2]) == 16_000

    run(saying(head % 20, *[b"x"] * 20, pause=0.05), dripping)
    run(saying(head % 16_000, *[b"x" * 2000] * 8, pause=0.05), steady)


def test_a_slow_reader_is_not_taken_for_a_slow_server() -> None:
    async def story(pool: Pool, _: Server) -> None:
        reply = await pool.send(get(timeout_seconds=0.2))
        total = 0
        while part := await reply.read():
            total += len(part)
            await asyncio.sleep(0.1)
        reply.release()
        assert total == 8000

    run(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 8000\r\n\r\n", *[b"x" * 1000] * 8, pause=0.03), story)


@pytest.mark.parametrize("raws", [[b""], [OK[:-1]], [OK[:20]]])
def test_whoever_does_not_go_on_is_given_up(raws: list[bytes]) -> None:
    async def story(pool: Pool, _: Server) -> None:
        with pytest.raises(Late):
            await whole(pool, get(timeout_seconds=0.1))

    run(saying(*raws, pause=0.3), story)


@pytest.mark.parametrize(
    ("method", "is_repeated"), [("GET", True), ("PUT", True), ("POST", False), ("PATCH", False)]
)
def test_a_kept_connection_that_died_is_replaced_where_a_request_may_be_repeated(
    method: str,
    is_repeated: bool,  # noqa: FBT001 - a case of the test
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")  # and hangs up on the second one

    async def story(pool: Pool, server: Server) -> None:
        await whole(pool)
        if is_repeated:
            assert (await whole(pool, get(method)))[2] == b"ok"
        else:
            with pytest.raises(UpstreamFailed):
                await whole(pool, get(method))
        assert server.connections == 1 + is_repeated

    run(answer, story)


def test_nothing_that_went_out_counts_as_never_sent() -> None:
    """The kept connection took the request and died; that there is no other one now says nothing of the first."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")

    async def story(pool: Pool, server: Server) -> None:
        await whole(pool)
        pool.place = replace(pool.place, port=1)
        with pytest.raises(UpstreamFailed) as failed:
            await whole(pool)
        assert not isinstance(failed.value, Unreached)
        with pytest.raises(Unreached):
            await whole(pool)
        assert server.connections == 1

    run(answer, story)


def test_a_large_body_is_sent_in_parts_and_stops_where_the_answer_comes_first() -> None:
    sent = 0

    async def parts() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b"p" * 100_000
            await asyncio.sleep(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 No\r\ncontent-length: 2\r\n\r\nno")
        await writer.drain()
        await asyncio.sleep(0.2)

    async def story(pool: Pool, _: Server) -> None:
        status, _fields, body = await whole(pool, get("POST", size=100_000_000, body=None, parts=parts()))
        assert (status, body) == (413, b"no")
        assert sent < 1000

    run(answer, story)


def test_nobody_who_takes_nothing_is_waited_for() -> None:
    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"p" * 1_000_000

    async def answer(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.5)

    async def story(pool: Pool, _: Server) -> None:
        with pytest.raises(Late):
            await whole(pool, get("POST", size=1 << 40, body=None, parts=parts(), timeout_seconds=0.1))

    run(answer, story)


def test_connections_are_bounded() -> None:
    async def story(pool: Pool, _: Server) -> None:
        held = [await pool.send(get()) for _number in range(2)]
        with pytest.raises(UpstreamFailed, match="under way"):
            await pool.send(get())
        for one in held:
            one.release()
        assert (await whole(pool))[2] == b"ok"

    run(saying(OK), story)


def test_a_slow_reader_holds_little() -> None:
    size = 20_000_000

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % size)
        for _ in range(200):
            writer.write(b"b" * (size // 200))
            await writer.drain()

    async def story(pool: Pool, _: Server) -> None:
        reply = await pool.send(get())
        await asyncio.sleep(0.1)
        first = await reply.read()
        assert len(first) < 2_000_000
        total = len(first)
        while part := await reply.read():
            total += len(part)
        reply.release()
        assert total == size

    run(answer, story)


def test_nobody_listening_is_a_failure() -> None:
    async def story() -> None:
        with pytest.raises(UpstreamFailed, match="no connection"):
            await Pool(Place("127.0.0.1", 1, b"x")).send(get())

    asyncio.run(story())


@pytest.mark.parametrize("stays", [True, False])
def test_a_connection_that_is_over_waits_for_no_collector(*, stays: bool) -> None:
    async def story() -> None:
        made: list[weakref.ref[Connection]] = []
        async with Server(saying(OK, stays=stays)) as pool:
            for _ in range(3):
                reply = await pool.send(get())
                made.append(weakref.ref(reply._connection))
                assert await reply.read() == b"ok"
                reply.release()
                del reply
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert [one() for one in made] == [None] * 3

    gc.collect()
    gc.disable()
    try:
        asyncio.run(story())
    finally:
        gc.enable()


@pytest.mark.parametrize("first", ["refuses", "says nothing"])
def test_a_name_is_reached_at_its_second_address_where_the_first_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    async def story(pool: Pool, server: Server) -> None:
        asked: list[str] = []
        connect = pool._connect_to

        async def connect_to(address: str) -> Connection:
            asked.append(address)
            if address == "refuses":
                raise ConnectionRefusedError
            if address == "says nothing":
                await asyncio.sleep(60)
            return await connect(address)

        async def addresses(_: Place) -> list[str]:
            return [first, "127.0.0.1"]

        monkeypatch.setattr(upstream, "_addresses_of", addresses)
        monkeypatch.setattr(pool, "_connect_to", connect_to)
        assert (await whole(pool, get(timeout_seconds=1.0)))[0] == 200
        assert asked == [first, "127.0.0.1"]
        assert server.connections == 1

    run(saying(OK), story)


def test_another_certificate_at_the_first_address_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(pool: Pool, server: Server) -> None:
        async def connect_to(_: str) -> Connection:
            raise ssl.SSLError("another certificate")

        async def addresses(_: Place) -> list[str]:
            return ["first", "127.0.0.1"]

        monkeypatch.setattr(upstream, "_addresses_of", addresses)
        tried = pool._connect_to
        monkeypatch.setattr(
            pool, "_connect_to", lambda one: connect_to(one) if one == "first" else tried(one)
        )
        with pytest.raises(Unreached, match="certificate"):
            await whole(pool)
        assert not server.connections

    run(saying(OK), story)


def test_a_name_is_looked_up_and_an_address_is_its_own() -> None:
    async def look_up(host: str) -> list[str]:
        return await upstream._addresses_of(Place(host, 80, b"x"))

    assert "127.0.0.1" in asyncio.run(look_up("localhost"))
    assert asyncio.run(look_up("::1")) == ["::1"]
    assert asyncio.run(look_up("192.0.2.1")) == ["192.0.2.1"]
