"""A log whose disk does not answer, or whose folder somebody touches: it says so, and acknowledges nothing more."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import structlog
from typing_extensions import override

from rahdari.app.exchange.log import Disk
from rahdari.exchange.errors import LogFull
from tests.unit.app.exchange_log.log_scene import (
    QUICK,
    FailingDisk,
    Place,
    opened,
    put,
    record,
    records,
    until,
)

QUICK_PROBE = replace(QUICK, probe_seconds=0.01)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


class StuckDisk(Disk):
    """A disk that does not come back from a flush until it is let go."""

    def __init__(self) -> None:
        self.is_free = Event()
        self.is_free.set()

    @override
    def sync(self, handle: int) -> None:
        assert self.is_free.wait(30)
        super().sync(handle)


@contextmanager
def stuck(disk: StuckDisk) -> Iterator[None]:
    disk.is_free.clear()
    try:
        yield
    finally:
        disk.is_free.set()


def test_behind_a_write_that_does_not_come_back_nothing_is_writable(place: Place) -> None:
    disk = StuckDisk()

    async def run() -> None:
        async with opened(place, replace(QUICK, stuck_seconds=0.1, disk=disk)) as log:
            await put(log, records(3))
            with stuck(disk):
                waiting = log.append(record(3), b"")
                assert log.standing.is_writable, "a moment is no fault"
                await until(lambda: not log.standing.is_writable)
                assert "has not answered for" in log.standing.fault
            assert await waiting == 3
            assert log.standing.is_writable
            assert not log.standing.fault

    with structlog.testing.capture_logs() as told:
        asyncio.run(run())
    assert [one["event"] for one in told] == ["log_not_writable"]


def test_with_memory_full_of_what_waits_nothing_is_writable(place: Place) -> None:
    disk = StuckDisk()

    async def run() -> None:
        async with opened(place, replace(QUICK, held_bytes_max=2000, disk=disk)) as log:
            with stuck(disk):
                waiting = [log.append(record(number), bytes(500)) for number in range(6)]
                assert not log.standing.is_writable
                assert "memory" in log.standing.fault
                refused = sum(one.done() for one in waiting)
                assert 0 < refused < 6
                assert log.standing.unwritten == refused
            await asyncio.wait(waiting)
            await log.publish()
            assert log.standing.is_writable

    asyncio.run(run())


def test_records_that_could_not_be_written_are_counted_and_told(place: Place) -> None:
    disk = FailingDisk()

    async def run() -> None:
        async with opened(place, replace(QUICK_PROBE, disk=disk)) as log:
            await put(log, records(2))
            disk.armed, disk.lasting = {"append": 0, "open_new": 0}, True
            lost = [log.append(record(number), b"") for number in (2, 3)]
            await asyncio.wait(lost)
            assert not log.standing.is_writable
            assert log.standing.unwritten == 2
            disk.armed = {}
            await until(lambda: log.standing.is_writable)
            assert await log.append(record(4), b"") == 2

    with structlog.testing.capture_logs() as told:
        asyncio.run(run())
    assert [one["event"] for one in told] == ["records_not_written", "log_not_writable", "log_writable_again"]
    assert told[-1]["unwritten"] == 2


def test_a_lock_that_was_erased_lets_no_second_writer_in(place: Place) -> None:
    async def run() -> None:
        async with opened(place, QUICK) as log:
            await put(log, records(3))
            (place.folder / "lock").unlink()
            with pytest.raises(LogFull, match="one writer"):
                async with opened(place, QUICK):
                    pass
            await put(log, records(2, start=3))
            assert log.standing.size == 5

    asyncio.run(run())


@pytest.mark.parametrize("taken", [".", "journal"])
def test_what_would_be_written_where_nobody_finds_it_is_not_acknowledged(place: Place, taken: str) -> None:
    source, aside = place.folder / taken, place.folder.with_name("aside")

    async def run() -> None:
        async with opened(place, QUICK_PROBE) as log:
            await put(log, records(3))
            source.rename(aside)
            with pytest.raises(LogFull, match=r"not the one that is written|No such file"):
                await log.append(record(3), b"")
            with pytest.raises(OSError, match=r"No such file|Stale|not the one"):
                await log.publish()
            assert not log.standing.is_writable
            assert not source.exists(), "nothing is begun beside it"
            aside.rename(source)
            await until(lambda: log.standing.is_writable)
            assert await log.append(record(4), b"") == 3
        async with opened(place, QUICK) as log:
            await log.publish()
            assert log.standing.size == log.reader.size == 4

    asyncio.run(run())


def test_a_log_whose_folder_cannot_be_held_is_not_opened(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = os.open

    def refuse(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_DIRECTORY:
            raise OSError(24, "Too many open files")
        return opening(path, flags, mode)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(LogFull, match="Too many open files"):
        place.open()


def test_a_log_that_gets_no_thread_is_not_opened(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> None:
        async with opened(place, QUICK):
            pass

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(LogFull, match="no thread"):
            asyncio.run(run())
    asyncio.run(run())


def test_a_thread_is_there_before_the_first_record(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def run() -> None:
        async with opened(place, QUICK) as log:
            monkeypatch.setattr(threading.Thread, "start", refuse)
            await put(log, records(3))
            monkeypatch.undo()
            await log.publish()
            assert log.reader.size == 3

    asyncio.run(run())
