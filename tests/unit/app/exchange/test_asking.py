"""Small questions over HTTP: one attempt, bounded, and nothing but what was asked for goes out."""

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rahdari.app.exchange.asking import Answer, NotAnswered, Question, ask
from rahdari.app.exchange.posting import posting
from tests.fakes.certificates import make_certificate

pytestmark = pytest.mark.loopback

HELLO = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"
CHUNKS = b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def saying(raw: bytes, heads: list[bytes] | None = None) -> Answering:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if heads is not None:
            heads.append(head)
        writer.write(raw)
        await writer.drain()
        writer.close()

    return answer


def asked(
    answering: Answering, path: str = "/", *, tls: ssl.SSLContext | None = None,
    shown: ssl.SSLContext | None = None, bytes_max: int = 1000, seconds: float = 10.0,
) -> Answer:  # fmt: skip
    """Ask a server that answers so; ``shown`` is what it shows, ``tls`` what is believed."""

    async def go() -> Answer:
        served: list[asyncio.Task[None]] = []

        async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            served.append(task)
            try:
                await answering(reader, writer)
            except OSError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(connect, "127.0.0.1", 0, ssl=shown)
        port = server.sockets[0].getsockname()[1]
        url = f"http{'s' if shown else ''}://127.0.0.1:{port}{path}"
        try:
            return await ask(Question("GET", url), bytes_max=bytes_max, seconds=seconds, tls=tls)
        finally:
            server.close()
            for task in served:
                task.cancel()
            await asyncio.gather(*served, return_exceptions=True)

    return asyncio.run(go())


@pytest.mark.parametrize(
    "raw",
    [
        HELLO,
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n%b" % CHUNKS,
        b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello",
        b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n%b" % HELLO,
    ],
)
def test_an_answer_is_read_however_its_length_is_told(raw: bytes) -> None:
    heads: list[bytes] = []
    found = asked(saying(raw, heads), "/a/b?c=%20d")
    assert (found.status, found.body, found.field(b"content-type")) == (200, b"hello", "text/plain")
    assert heads[0].startswith(b"GET /a/b?c=%20d HTTP/1.1\r\nhost: 127.0.0.1:")
    assert b"cookie" not in heads[0].lower()


def test_a_redirect_is_an_answer_like_others() -> None:
    raw = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    assert asked(saying(raw)).status == 302


def test_a_field_that_is_there_twice_has_no_value() -> None:
    found = asked(saying(b'HTTP/1.1 200 OK\r\netag: "a"\r\netag: "b"\r\ncontent-length: 0\r\n\r\n'))
    assert found.field(b"etag") == found.field(b"absent") == ""


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000,
    ],
)
def test_what_is_no_whole_answer_is_none(raw: bytes) -> None:
    with pytest.raises(NotAnswered, match="was not reached"):
        asked(saying(raw))


def test_more_than_was_asked_for_is_not_read_to_its_end() -> None:
    sent = 0

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(bytes(1 << 16))
            await writer.drain()
            sent += 1 << 16

    with pytest.raises(NotAnswered, match="more than 1000 bytes"):
        asked(endless)
    assert sent < 32 << 20


@pytest.mark.parametrize(("head_end", "piece"), [(b"x: ", b"a"), (b"\r\n", b"a"), (b"\r\n", b"a" * 400)])
def test_neither_drops_nor_a_slow_stream_keep_a_question(head_end: bytes, piece: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n" + head_end)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.02)

    began = time.monotonic()
    with pytest.raises(NotAnswered, match=r"in time"):
        asked(drip, seconds=0.3, bytes_max=1 << 20)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "http://", "https:///x", "ftp://127.0.0.1/", "file:/etc/hostname", "http://127.0.0.1:99999/",
        "http://127.0.0.1:x/", "http://user:word@127.0.0.1/", "http://127.0.0.1/a b", "http://127.0.0.1/\x00",
        "http://127.0.0.1/é", "http://bücher.example/", "http://a b/", "http://[::1/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_not_asked(url: str) -> None:
    with pytest.raises(NotAnswered, match="address"):
        asyncio.run(ask(Question("GET", url), bytes_max=10, seconds=5.0))


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example", "."])
def test_nobody_is_at_a_name_that_is_none(host: str) -> None:
    with pytest.raises(NotAnswered, match="no connection"):
        asyncio.run(ask(Question("GET", f"http://{host}/"), bytes_max=10, seconds=5.0))


def test_who_vouches_at_no_address_is_not_asked() -> None:
    def context_of(url: str) -> None:
        urlsplit(url)

    async def go(url: str) -> None:
        await posting(context_of)(url, b"", "text/plain", 10)

    for url in ("https://[::1/witness", "witness"):
        with pytest.raises(NotAnswered, match="address"):
            asyncio.run(go(url))


def test_a_certificate_is_believed_where_it_is_pinned_and_nowhere_else(tmp_path: Path) -> None:
    def made(name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        one = make_certificate(
            tmp_path, name, begins=datetime.now(UTC) - timedelta(1), life=timedelta(days=3)
        )
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        shown.load_cert_chain(one.file)
        pinned = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        pinned.check_hostname = False
        pinned.load_verify_locations(cadata=one.der)
        return shown, pinned

    (shown, pinned), (_, other) = made("server"), made("other")
    ok = saying(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
    assert asked(ok, tls=pinned, shown=shown).body == b"ok"
    for wrong in (None, other):
        with pytest.raises(NotAnswered, match="certificate"):
            asked(ok, tls=wrong, shown=shown)


def test_what_is_asked_with_certificates_is_never_asked_without() -> None:
    with pytest.raises(NotAnswered, match="address"):
        asked(saying(b"HTTP/1.1 200 OK\r\n\r\n"), tls=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
