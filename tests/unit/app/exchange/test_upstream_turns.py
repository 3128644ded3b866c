"""Where connections are dear: a burst takes turns on those there are, and nobody waits for one in vain."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from rahdari.app.exchange import upstream
from rahdari.app.exchange.connection import Connection
from rahdari.app.exchange.upstream import FEW, Place, Pool, Reply, Sending, Unreached

pytestmark = pytest.mark.loopback

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def get(seconds: float = 5.0) -> Sending:
    return Sending("GET", b"/", (), 0, timeout_seconds=seconds)


async def ask(pool: Pool, seconds: float = 5.0) -> bytes:
    reply = await pool.send(get(seconds))
    try:
        return await reply.read()
    finally:
        reply.release()


class System:
    """Answers each request after a while, and counts who connected."""

    def __init__(self, pause: float) -> None:
        self._pause = pause
        self.connections = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(self._pause)
                writer.write(OK)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def run(pause: float, story: Callable[[Pool, System], Awaitable[None]], *, is_patient: bool = True) -> None:
    async def play() -> None:
        system = System(pause)
        server = await asyncio.start_server(system.answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        pool = Pool(Place("127.0.0.1", port, b"system.example", is_patient=is_patient))
        try:
            await asyncio.wait_for(story(pool, system), 20)
        finally:
            pool.close()
            server.close()
            await asyncio.sleep(0.01)

    asyncio.run(play())


@pytest.mark.parametrize(("is_patient", "least", "most"), [(True, 1, 12), (False, 60, 60)])
def test_a_burst_takes_turns_on_few_connections(*, is_patient: bool, least: int, most: int) -> None:
    async def story(pool: Pool, system: System) -> None:
        answers = await asyncio.gather(*(ask(pool) for _ in range(60)))
        assert answers == [b"ok"] * 60
        assert least <= system.connections <= most

    run(0.001, story, is_patient=is_patient)


def test_where_answers_take_long_there_are_soon_connections_enough() -> None:
    async def story(pool: Pool, system: System) -> None:
        began = time.monotonic()
        answers = await asyncio.gather(*(ask(pool) for _ in range(60)))
        assert answers == [b"ok"] * 60
        # Twenty turns on three connections would be 10 s.
        assert time.monotonic() - began < 5
        assert system.connections >= 20

    run(0.5, story)


def test_with_nobody_there_all_who_wait_learn_it_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[float] = []

    async def story() -> None:
        pool = Pool(Place("127.0.0.1", 1, b"x", is_patient=True))
        dial = pool._dial

        async def count(seconds: float) -> Connection:
            tried.append(seconds)
            return await dial(seconds)

        monkeypatch.setattr(pool, "_dial", count)
        ends = await asyncio.gather(*(ask(pool) for _ in range(500)), return_exceptions=True)
        assert {type(one) for one in ends} == {Unreached}

    asyncio.run(story())
    assert len(tried) <= 20, "nobody tries anew what all have seen to fail"


def test_who_waits_behind_connections_that_do_not_come_gives_up_in_its_own_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(pool: Pool, _: System) -> None:
        async def dial(_: float) -> None:
            await asyncio.sleep(60)

        monkeypatch.setattr(pool, "_dial", dial)
        dialling = [asyncio.create_task(ask(pool)) for _ in range(upstream.DIALS)]
        await asyncio.sleep(0)
        began = time.monotonic()
        with pytest.raises(Unreached, match="no connection came free"):
            await ask(pool, 0.2)
        assert time.monotonic() - began < 2
        for one in dialling:
            one.cancel()
        await asyncio.gather(*dialling, return_exceptions=True)

    run(0.0, story)


async def _hold(pool: Pool, count: int) -> list[Reply]:
    return [await pool.send(get()) for _ in range(count)]


def test_who_is_cancelled_with_a_connection_in_hand_gives_it_back() -> None:
    async def story(pool: Pool, system: System) -> None:
        held = await _hold(pool, FEW)
        waiter = asyncio.create_task(ask(pool))
        await asyncio.sleep(0.005)
        for reply in held:
            await reply.read()
        held[0].release()
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        assert await ask(pool) == b"ok"
        for reply in held[1:]:
            reply.release()
        assert system.connections == FEW

    run(0.0, story)


def test_who_is_cancelled_while_it_waits_is_waited_for_by_nobody() -> None:
    async def story(pool: Pool, system: System) -> None:
        held = await _hold(pool, FEW)
        waiter = asyncio.create_task(ask(pool))
        await asyncio.sleep(0.005)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        for reply in held:
            await reply.read()
            reply.release()
        assert await ask(pool) == b"ok"
        assert system.connections == FEW

    run(0.0, story)


def test_a_closed_pool_keeps_nothing() -> None:
    async def story(pool: Pool, system: System) -> None:
        held = await _hold(pool, 1)
        await held[0].read()
        pool.close()
        held[0].release()
        assert await ask(pool) == b"ok"
        assert system.connections == 2

    run(0.0, story)
