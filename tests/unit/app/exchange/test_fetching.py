"""Fetching over HTTP: bounded in size and time, and nothing is followed."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typing_extensions import override

from rahdari.app.exchange import fetching as module
from rahdari.app.exchange.fetching import Fetched, Unfetched, fetch_text, post_text
from rahdari.app.exchange.home import create_home
from rahdari.app.exchange.joining import ask_state, kept_request, make_request, send_request, wait_for_entry
from rahdari.exchange.errors import JoinRefused
from rahdari.wire.keys import Algorithm, SoftwareSigner
from tests.fakes.chance import SeededChance
from tests.fakes.exchange_registry import BEGIN, QUICK, clock, elsewhere, planned_home

KEY = SoftwareSigner.generate(Algorithm.EDDSA).public


@dataclass
class Served:
    """What a server answers next, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b"a.b.c"
    fields: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def served() -> Iterator[Served]:
    told = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            told.asked.append(
                (self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            )
            self.send_response(told.status)
            for name, value in told.fields.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        do_POST = do_GET  # noqa: N815

        @override
        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}/configuration.jws"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(url: str, *, etag: str = "", chars_max: int = 1000) -> Fetched | None:
    return asyncio.run(fetch_text(url, etag=etag, chars_max=chars_max))


@pytest.mark.loopback
def test_a_text_is_fetched_with_its_tag(served: Served) -> None:
    served.fields["etag"] = '"x"'
    assert fetch(served.url) == Fetched("a.b.c", '"x"')
    served.status, served.body = 304, b""
    assert fetch(served.url, etag='"x"') is None
    assert served.asked[-1][2]["if-none-match"] == '"x"'


@pytest.mark.loopback
@pytest.mark.parametrize("status", [301, 302, 404, 500])
def test_another_status_is_told_and_nothing_followed(served: Served, status: int) -> None:
    served.status, served.fields["location"] = status, served.url
    with pytest.raises(Unfetched, match=str(status)):
        fetch(served.url)
    assert len(served.asked) == 1


@pytest.mark.loopback
def test_a_body_that_is_too_long_is_not_read_to_its_end(served: Served) -> None:
    served.body = b"a" * 1000
    assert fetch(served.url) == Fetched("a" * 1000, "")
    served.body += b"a"
    with pytest.raises(Unfetched, match="more than 1000"):
        fetch(served.url)


@pytest.mark.loopback
def test_what_is_no_ascii_is_no_signed_text(served: Served) -> None:
    served.body = "é".encode()
    with pytest.raises(Unfetched, match="no signed text"):
        fetch(served.url)


@pytest.mark.loopback
def test_a_server_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOTAL_SECONDS", 0.2)

    async def go() -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Unfetched, match="not reached"):
            await fetch_text(f"http://127.0.0.1:{port}/", etag="", chars_max=10)
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(go())


@pytest.mark.loopback
def test_nobody_at_an_address_is_told() -> None:
    for url in ("http://127.0.0.1:1/x", "http://", "nonsense"):
        with pytest.raises(Unfetched):
            fetch(url)


def test_a_file_is_an_address_too(tmp_path: Path) -> None:
    (tmp_path / "c.jws").write_text("a.b.c\n")
    assert fetch(f"file:{tmp_path / 'c.jws'}") == Fetched("a.b.c", "")
    with pytest.raises(Unfetched, match="cannot be read"):
        fetch(f"file:{tmp_path / 'none.jws'}")


@pytest.mark.loopback
def test_a_text_is_posted(served: Served) -> None:
    served.status, served.body = 202, b"{}"
    told = asyncio.run(post_text(served.url, "text", media_type="application/x", chars_max=10))
    assert told == (202, "{}")
    method, path, fields, body = served.asked[0]
    assert (method, path, fields["content-type"], body) == (
        "POST",
        "/configuration.jws",
        "application/x",
        b"text",
    )
    with pytest.raises(Unfetched):
        asyncio.run(post_text("http://127.0.0.1:1/", "x", media_type="a/b", chars_max=1))


@pytest.mark.loopback
def test_a_request_is_sent_and_its_state_is_asked_for(served: Served, tmp_path: Path) -> None:
    home = elsewhere(planned_home(tmp_path, KEY, served.url), served.url)
    keys = create_home(home, {}, at=BEGIN, chance=SeededChance(), scrypt_n=QUICK)
    text = make_request(home, keys, clock())
    assert kept_request(home) == text
    served.status, served.body = 202, b'{"id": "0123456789abcdef", "state": "waiting"}'
    assert asyncio.run(send_request(home, text)) == ("0123456789abcdef", "waiting")
    assert served.asked[-1][1] == "/join"
    served.status, served.body = 200, b'{"id": "0123456789abcdef", "state": "proposed"}'
    assert asyncio.run(ask_state(home, "0123456789abcdef")) == "proposed"
    assert served.asked[-1][1] == "/join/0123456789abcdef"
    assert asyncio.run(wait_for_entry(home, "0123456789abcdef", seconds=0.05)) == "proposed"
    served.body = b'{"id": "0123456789abcdef", "state": "entered"}'
    assert asyncio.run(wait_for_entry(home, "0123456789abcdef", seconds=5)) == "entered"


@pytest.mark.loopback
@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (422, b'{"detail": "no such thing"}', JoinRefused),
        (202, b"[]", JoinRefused),
        (202, b"<html>", JoinRefused),
        (202, b'{"id": "../x", "state": "waiting"}', JoinRefused),
        (202, b'{"id": "ab", "state": "\\u202e"}', JoinRefused),
        (429, b"{}", Unfetched),
        (503, b"{}", Unfetched),
    ],
)
def test_what_is_no_answer_of_a_registry_is_refused(
    served: Served, tmp_path: Path, status: int, body: bytes, kind: type[Exception]
) -> None:
    served.status, served.body = status, body
    home = planned_home(tmp_path, KEY, served.url)
    with pytest.raises(kind):
        asyncio.run(send_request(home, "a.b.c"))


def test_without_a_server_nothing_is_sent(tmp_path: Path) -> None:
    home = planned_home(tmp_path, KEY, f"file:{tmp_path}/x")
    for asked in (send_request(home, "a.b.c"), ask_state(home, "0" * 16)):
        with pytest.raises(Unfetched, match="by files"):
            asyncio.run(asked)
