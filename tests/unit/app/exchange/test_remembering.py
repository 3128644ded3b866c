"""The wall clock is watched: set back, the log is asked before anybody is believed; where it ran ahead, again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from rahdari.app.exchange import remembering as module
from rahdari.app.exchange.log import LogReader
from rahdari.app.exchange.log.hours import Hour
from rahdari.app.exchange.remembering import Remembering
from rahdari.exchange.errors import CallRefused, LogDamaged
from rahdari.exchange.rules.replay import KEPT_SECONDS, LOT_SECONDS, SeenRequests
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord
from tests.fakes.clock import WoundClock
from tests.unit.app.exchange.test_replayed import Shelf, entry

BEGIN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
_RECORD = read_entry(entry(0, 0))
assert isinstance(_RECORD, ExchangeRecord)


@dataclass
class Watch:
    """A watcher with a log, a clock and a tick that are wound by hand."""

    entries: list[bytes] = field(default_factory=list)
    hours: list[Hour] = field(default_factory=list)
    clock: WoundClock = field(default_factory=lambda: WoundClock(BEGIN))
    tick: float = 0.0
    readings: int = 0
    failure: Exception | None = None
    seen: SeenRequests = field(default_factory=SeenRequests)

    def __post_init__(self) -> None:
        opened = cast("Callable[[], LogReader | None]", self._open)
        self.watcher = Remembering(
            self.seen, self.clock, tick=lambda: self.tick, reader=opened, size=lambda: len(self.entries)
        )

    def _open(self) -> Shelf:
        self.readings += 1
        if self.failure is not None:
            raise self.failure
        return Shelf(self.entries, self.hours)

    def answer(self, number: int) -> None:
        self.entries.append(entry(number, int(self.clock.now().timestamp() * 1000)))
        assert self.seen.accept(f"id-{number}", tick=self.tick)

    def pass_by(self, by: timedelta) -> None:
        self.clock.wind(by)
        self.tick += by.total_seconds()

    def is_replay(self, number: int) -> bool:
        return not self.seen.accept(f"id-{number}", tick=self.tick)


@pytest.fixture
def watch() -> Watch:
    return Watch()


def settle(watch: Watch) -> None:
    if watch.watcher.is_owed(watch.clock.now()):
        asyncio.run(watch.watcher.settle())


def test_while_the_clock_goes_on_the_log_is_left_alone(watch: Watch) -> None:
    for by in (MINUTE, timedelta(seconds=-4), HOUR, timedelta(0)):
        watch.clock.wind(by)
        assert not watch.watcher.is_owed(watch.clock.now())
    assert watch.readings == 0


def test_what_was_answered_an_hour_ago_is_known_once_the_clock_is_an_hour_back(watch: Watch) -> None:
    watch.answer(1)
    watch.pass_by(HOUR)
    watch.answer(2)
    assert not watch.watcher.is_owed(watch.clock.now())
    watch.clock.wind(-HOUR)
    assert watch.watcher.is_owed(watch.clock.now())
    assert watch.watcher.is_owed(watch.clock.now()), "nobody is believed until it is settled"
    settle(watch)
    assert not watch.watcher.is_owed(watch.clock.now())
    assert watch.is_replay(1)
    assert watch.readings == 1


def test_what_was_answered_by_a_clock_that_ran_ahead_is_known_when_time_comes_there(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.clock.wind(HOUR)
    watch.answer(1)
    assert not watch.watcher.is_owed(watch.clock.now())
    watch.pass_by(MINUTE)
    watch.clock.wind(-HOUR)
    settle(watch)
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.0)
    # The signature is believed from two minutes before its time to three after: never may it be news.
    for minute in range(65):
        watch.pass_by(MINUTE)
        assert not watch.watcher.is_owed(watch.clock.now())
        if minute % 2 == 0:
            asyncio.run(_run_once(watch))
        if 56 <= minute <= 62:
            assert watch.is_replay(1), f"in minute {minute}"
    watch.pass_by(HOUR)
    asyncio.run(_run_once(watch))
    before = watch.readings
    asyncio.run(_run_once(watch))
    assert watch.readings == before, "then all is past"


async def _run_once(watch: Watch) -> None:
    running = asyncio.create_task(watch.watcher.run())
    before = watch.readings
    async with asyncio.timeout(5):
        for _ in range(50):
            await asyncio.sleep(0.001)
            if watch.readings > before:
                break
    reading = watch.watcher._reading
    running.cancel()
    if reading is not None and not reading.done():
        await reading


def test_at_a_start_it_is_seen_that_a_clock_ran_ahead(watch: Watch) -> None:
    watch.hours = [Hour("20260301T09", 0)]
    watch.watcher.begin()
    assert watch.watcher._ahead_until is None
    watch.hours = [Hour("20260301T10", 0), Hour("20260301T09", 9)]
    watch.watcher.begin()
    assert watch.watcher._ahead_until == datetime(2026, 3, 1, 11, tzinfo=UTC) + timedelta(
        seconds=KEPT_SECONDS
    )


@pytest.mark.parametrize("failure", [LogDamaged("a bundle is missing"), OSError(5, "input/output error")])
def test_while_the_log_cannot_be_read_nobody_is_believed(watch: Watch, failure: Exception) -> None:
    watch.answer(1)
    watch.pass_by(HOUR)
    assert not watch.watcher.is_owed(watch.clock.now())
    watch.clock.wind(-HOUR)
    watch.failure = failure
    for _ in range(2):
        with pytest.raises(CallRefused, match="set back") as refused:
            settle(watch)
        assert (refused.value.status, refused.value.retry_after) == (503, 1)
    assert watch.watcher.is_owed(watch.clock.now())
    watch.failure = None
    settle(watch)
    assert not watch.watcher.is_owed(watch.clock.now())
    assert watch.is_replay(1)


def test_whoever_asks_meanwhile_waits_and_the_loop_goes_on(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.clock.wind(-HOUR)
    assert watch.watcher.is_owed(watch.clock.now())
    held = asyncio.Event()

    async def slowly(find: Callable[..., object], *words: object) -> object:
        await held.wait()
        return find(*words)

    monkeypatch.setattr(asyncio, "to_thread", slowly)

    async def story() -> None:
        waiting = [asyncio.create_task(watch.watcher.settle()) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert not any(one.done() for one in waiting)
        held.set()
        await asyncio.gather(*waiting)

    asyncio.run(story())
    assert watch.readings == 1, "all wait for one reading"


def test_whoever_waits_too_long_is_told_to_come_again(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    watch.clock.wind(-HOUR)
    assert watch.watcher.is_owed(watch.clock.now())
    monkeypatch.setattr(module, "WAIT_SECONDS", 0.01)

    async def never(*_: object) -> Awaitable[object]:
        await asyncio.sleep(30)
        raise AssertionError("nobody waits so long")

    monkeypatch.setattr(asyncio, "to_thread", never)
    with pytest.raises(CallRefused, match="try again"):
        asyncio.run(watch.watcher.settle())


def test_what_is_remembered_again_is_known_for_longer() -> None:
    seen = SeenRequests()
    seen.remember(["one"], tick=0.0)
    seen.remember(["one"], tick=200.0)
    assert not seen.accept("one", tick=KEPT_SECONDS + LOT_SECONDS + 100.0)
