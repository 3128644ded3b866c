"""Connections are counted from the first packet: whoever never shakes hands takes no more places than others."""

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
import uvicorn
import uvloop
from uvicorn.server import ServerState

from rahdari.web.exchange.accepting import Entrance, connections_in_all
from rahdari.web.exchange.asgi import Receive, Scope, Send, answer, arrive
from rahdari.web.exchange.protocol import Door, protocol_for
from tests.fakes.certificates import make_certificate

pytestmark = pytest.mark.loopback

ASK = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await answer(arrive(scope, receive, send), 200, [], b"here")


class Hall:
    """An entrance, and ways to come to it."""

    def __init__(self, entrance: Entrance, door: Door, port: int, shown: ssl.SSLContext | None) -> None:
        self.entrance, self.door, self._port, self._shown = entrance, door, port, shown

    async def come(self) -> Pair:
        """Connect, and say nothing."""
        pair = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.sleep(0.02)
        return pair

    async def ask(self) -> bytes:
        """Ask as one should."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._shown)
        writer.write(ASK)
        read = await reader.read()
        writer.close()
        return read


async def is_closed(pair: Pair) -> bool:
    try:
        async with asyncio.timeout(0.05):
            return await pair[0].read() == b""
    except TimeoutError:
        return False


def open_hall(
    story: Callable[[Hall], Awaitable[None]],
    folder: Path | None = None,
    *,
    most: int = 100,
    handshake_seconds: float = 5.0,
    connections_max: int = 100,
) -> None:
    tls = shown = None
    if folder is not None:
        made = make_certificate(
            folder, "server", begins=datetime.now(UTC) - timedelta(1), life=timedelta(days=3)
        )
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(made.file)
        shown = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        shown.check_hostname = False
        shown.load_verify_locations(cadata=made.der)
    door = Door(connections_max)

    async def play() -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            application, http=protocol_for(door), lifespan="off", log_config=None, access_log=False,
        )  # fmt: skip
        config.load()
        state, loop = ServerState(), asyncio.get_running_loop()
        entrance = Entrance(
            listening,
            door,
            lambda: protocol_for(door)(config, state, {}, loop),
            tls=tls,
            handshake_seconds=handshake_seconds,
            connections_max=most,
        )
        try:
            await story(Hall(entrance, door, listening.getsockname()[1], shown))
        finally:
            entrance.close()
            await entrance.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play())


@pytest.mark.parametrize("has_tls", [True, False])
def test_who_comes_is_served(has_tls: bool, tmp_path: Path) -> None:  # noqa: FBT001 - with TLS or without
    async def story(hall: Hall) -> None:
        for _ in range(3):
            assert (await hall.ask()).endswith(b"here")
        await asyncio.sleep(0.02)
        assert not hall.entrance.arriving
        assert (hall.door.held_in_all, dict(hall.door.held)) == (0, {})

    open_hall(story, tmp_path if has_tls else None)


def test_whoever_never_shakes_hands_is_counted_with_the_others(tmp_path: Path) -> None:
    async def story(hall: Hall) -> None:
        held = [await hall.come() for _ in range(4)]
        assert [await is_closed(one) for one in held] == [False, False, False, True]
        assert hall.entrance.arriving == {"127.0.0.1": 3}
        for _, writer in held:
            writer.close()
        await asyncio.sleep(0.05)
        assert not hall.entrance.arriving
        assert (await hall.ask()).endswith(b"here")

    open_hall(story, tmp_path, connections_max=3)


def test_handshakes_under_way_take_half_of_all_places_at_most(tmp_path: Path) -> None:
    async def story(hall: Hall) -> None:
        held = [await hall.come() for _ in range(4)]
        assert [await is_closed(one) for one in held] == [False, False, False, True]
        for _, writer in held:
            writer.close()

    open_hall(story, tmp_path, most=6)


def test_all_addresses_together_have_so_many_places() -> None:
    async def story(hall: Hall) -> None:
        held = [await hall.come() for _ in range(4)]
        assert [await is_closed(one) for one in held] == [False, False, False, True]
        assert hall.door.held_in_all == 3
        for _, writer in held:
            writer.close()

    open_hall(story, most=3)


def test_a_handshake_that_does_not_end_is_ended(tmp_path: Path) -> None:
    async def story(hall: Hall) -> None:
        held = await hall.come()
        await asyncio.sleep(0.4)
        assert await is_closed(held)
        assert not hall.entrance.arriving
        held[1].close()

    open_hall(story, tmp_path, handshake_seconds=0.2)


class Full:
    """A listening socket on a machine where no more files may be opened."""

    def __init__(self) -> None:
        self._made = socket.create_server(("127.0.0.1", 0))
        self.tried = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.tried += 1
        raise OSError(errno.EMFILE, "Too many open files")

    def fileno(self) -> int:
        return self._made.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - the library's own signature
        self._made.setblocking(flag)

    def getsockname(self) -> tuple[str, int]:
        return cast("tuple[str, int]", self._made.getsockname())

    def close(self) -> None:
        self._made.close()


def test_without_files_it_looks_away_for_a_while() -> None:
    async def play() -> None:
        full = Full()
        entrance = Entrance(
            cast("socket.socket", full),
            Door(),
            lambda: protocol_for(Door())(uvicorn.Config(application), ServerState(), {}),
            tls=None,
            handshake_seconds=1,
        )
        _, writer = await asyncio.open_connection(*full.getsockname())
        await asyncio.sleep(0.2)
        assert full.tried == 1
        writer.close()
        entrance.close()
        await entrance.wait_closed()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(play())


def test_two_listeners_leave_files_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rahdari.web.exchange.accepting.resource.getrlimit", lambda _: (1024, 4096))
    assert 2 * connections_in_all() < 700
