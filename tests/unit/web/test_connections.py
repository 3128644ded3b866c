"""The sockets of the smaller servers: nobody holds one for nothing, and a request is one request."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn

from rahdari.web import connections
from rahdari.web.connections import PatientProtocol
from rahdari.web.exchange import citizens, registry, timestamper
from rahdari.web.exchange.asgi import Receive, Scope, Send, answer, arrive
from rahdari.web.exchange.bodies import take_request

OFFERED = (
    b"POST /a HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: h2c\r\ncontent-length: 5\r\n\r\nhello"
    b"GET /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    body = await take_request(receive, bytes_max=1 << 10, folder=Path())
    await answer(arrive(scope, receive, send), 200, [], b"[%b]" % (body.held or b""))


def serve(story: Callable[[int], Awaitable[None]]) -> None:
    async def play() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, http=PatientProtocol, lifespan="off", log_config=None, access_log=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve([listening]))
        while not server.started:  # noqa: ASYNC110 - the library tells of nothing else
            await asyncio.sleep(0.01)
        try:
            await story(listening.getsockname()[1])
        finally:
            server.should_exit = True
            await serving

    asyncio.run(play())


@pytest.mark.loopback
@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nho", b"GET / HTTP/1.1\r\nhost: x\r\n\r\n", b"\r\n"]
)
def test_whoever_asks_nothing_is_hung_up_on(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "ASK_SECONDS", 0.1)

    async def story(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        async with asyncio.timeout(1):
            await reader.read()
        writer.close()

    serve(story)


@pytest.mark.loopback
def test_an_offer_of_another_protocol_takes_no_body_away() -> None:
    async def story(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(OFFERED)
        read = await reader.read()
        assert read.count(b"HTTP/1.1 200") == 2
        assert b"[hello]" in read
        writer.close()

    serve(story)


@pytest.mark.parametrize("server", [registry, timestamper, citizens])
def test_the_exchanges_smaller_servers_are_patient_and_no_more(
    server: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[object] = []

    def run(config: uvicorn.Config, _: str) -> int:
        served.append(config.http)
        assert config.limit_concurrency
        return 0

    anything = SimpleNamespace(
        publish=lambda: None,
        close=lambda: None,
        log=SimpleNamespace(catch_up=lambda: None),
        openings=SimpleNamespace(forget=lambda: None),
        listener=SimpleNamespace(host="127.0.0.1", port=1),
        admissions_folder=tmp_path,
        trusted_proxy="",
    )
    for name in ("open_registry", "TimestampingAuthority", "OpenDoor", "read_door", "Admissions", "make_app"):
        monkeypatch.setattr(server, name, lambda *_, **__: anything, raising=False)
    monkeypatch.setattr(server, "read_listener", lambda _: anything.listener, raising=False)
    monkeypatch.setattr(server, "run_announced", run)
    assert server.main(["--home", str(tmp_path)]) == 0  # type: ignore[attr-defined]
    assert served == [PatientProtocol]
