"""A disk that is full or broken: what was refused never comes back, what was acknowledged stays, and it goes on."""

import asyncio
import random
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from typing_extensions import override

from rahdari.app.exchange.log import Disk, EvidenceLogFiles, Pace
from rahdari.exchange.errors import LogFull
from tests.unit.app.exchange_log.log_scene import (
    QUICK,
    FailingDisk,
    Place,
    opened,
    put,
    record,
    records,
    root,
    until,
)

SLOW_PROBE = replace(QUICK, probe_seconds=600.0)
QUICK_PROBE = replace(QUICK, probe_seconds=0.01)
TURNS = 40


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


async def until_writable(log: EvidenceLogFiles) -> None:
    await until(lambda: log.standing.is_writable)


@pytest.mark.parametrize("torn", [None, 0, 1, 70, 100_000])
@pytest.mark.parametrize("call", ["append", "sync"])
def test_a_batch_that_could_not_be_written_is_refused_and_never_appears(
    place: Place, call: str, torn: int | None
) -> None:
    disk = FailingDisk(torn=torn)

    async def run() -> None:
        async with opened(place, replace(QUICK_PROBE, disk=disk)) as log:
            await put(log, records(2))
            disk.armed[call] = 0
            outcomes = await asyncio.gather(
                *(log.append(one, b"p") for one in (b"lost 1", b"lost 2")), return_exceptions=True
            )
            assert all(isinstance(one, LogFull) for one in outcomes), outcomes
            await until_writable(log)
            assert b"lost" not in b"".join(one.read_bytes() for one in place.segments())
            assert await put(log, records(2, 2)) == [2, 3]

    asyncio.run(run())
    assert place.all() == place.reopen() == records(4)


@pytest.mark.parametrize("torn", [None, 100_000])
def test_it_never_appears_though_the_disk_could_not_even_be_cut(
    place: Place, tmp_path: Path, torn: int | None
) -> None:
    """The failed batch stays in the old segment as a whole; the new segment's head makes it void."""
    disk = FailingDisk(torn=torn)
    copies: list[Place] = []

    async def run() -> None:
        async with opened(place, replace(QUICK_PROBE, disk=disk)) as log:
            await put(log, records(2))
            disk.armed.update({"sync" if torn is None else "append": 0, "cut": 0})
            with pytest.raises(LogFull):
                await log.append(b"lost 1", b"")
            await until_writable(log)
            copies.append(place.copy(tmp_path / "empty"))
            await put(log, records(2, 2))
            copies.append(place.copy(tmp_path / "written"))

    asyncio.run(run())
    assert b"lost 1" in b"".join(one.read_bytes() for one in copies[1].segments())
    assert copies[0].reopen() == records(2)
    assert copies[1].reopen() == place.all() == records(4)


def test_while_the_disk_is_full_everything_is_refused_and_then_it_goes_on(place: Place) -> None:
    disk = FailingDisk(lasting=True)

    async def run() -> None:
        async with opened(place, replace(QUICK_PROBE, disk=disk)) as log:
            await put(log, records(2))
            disk.armed["append"] = 0
            for number in range(5):
                with pytest.raises(LogFull, match="no space left"):
                    await log.append(b"lost %d" % number, b"")
                await asyncio.sleep(0.01)
            assert (log.standing.is_writable, log.standing.size) == (False, 2)
            assert "no space left" in log.standing.fault
            disk.armed.clear()
            await until_writable(log)
            assert log.standing.fault == ""
            assert await put(log, records(1, 2)) == [2]

    asyncio.run(run())
    assert place.all() == records(3)
    assert len(place.segments()) == 1


def test_a_log_closed_while_its_disk_is_broken_keeps_what_was_acknowledged(place: Place) -> None:
    disk = FailingDisk(lasting=True)

    async def run() -> None:
        async with opened(place, replace(SLOW_PROBE, disk=disk)) as log:
            await put(log, records(2))
            disk.armed["append"] = 0
            with pytest.raises(LogFull):
                await log.append(b"lost 1", b"")

    asyncio.run(run())
    assert place.reopen() == records(2)


def test_those_who_wait_behind_a_failed_batch_are_written_if_the_disk_is_well_again(place: Place) -> None:
    disk = FailingDisk()

    async def run() -> list[int | BaseException]:
        async with opened(place, replace(SLOW_PROBE, disk=disk, gather_count=2, gather_seconds=600.0)) as log:
            disk.armed["sync"] = 0
            futures = [log.append(one, b"") for one in (b"lost 0", b"lost 1", *records(4))]
            async with asyncio.timeout(5):
                return await asyncio.gather(*futures, return_exceptions=True)

    outcomes = asyncio.run(run())
    assert [isinstance(one, LogFull) for one in outcomes] == [True] * 2 + [False] * 4
    assert outcomes[2:] == [0, 1, 2, 3]
    assert place.reopen() == records(4)


def test_those_who_wait_behind_a_failed_batch_are_refused_if_it_is_not(place: Place) -> None:
    disk = FailingDisk(lasting=True)

    async def run() -> None:
        async with opened(place, replace(SLOW_PROBE, disk=disk, gather_count=2, gather_seconds=600.0)) as log:
            disk.armed["sync"] = 0
            futures = [log.append(b"lost %d" % number, b"") for number in range(5)]
            async with asyncio.timeout(5):
                outcomes = await asyncio.gather(*futures, return_exceptions=True)
            assert all(isinstance(one, LogFull) for one in outcomes)

    asyncio.run(run())
    assert place.reopen() == []


def test_a_gateway_that_ends_with_a_broken_disk_tries_once_more(place: Place) -> None:
    """Else a batch that was refused would stand in the journal, whole, and be found at the next start."""
    disk = FailingDisk(lasting=True, torn=100_000)

    async def run() -> None:
        async with opened(place, replace(SLOW_PROBE, disk=disk)) as log:
            disk.armed.update({"append": 0, "cut": 0})
            with pytest.raises(LogFull):
                await log.append(b"lost 1", b"")
            assert b"lost 1" in place.segments()[-1].read_bytes() + place.segments()[0].read_bytes()
            disk.armed.clear()

    asyncio.run(run())
    assert place.reopen() == []


@pytest.mark.parametrize("call", ["put", "put_durably", "sync_files"])
def test_what_could_not_be_published_is_published_later_and_once(place: Place, call: str) -> None:
    disk = FailingDisk()

    async def run() -> None:
        async with opened(place, replace(QUICK, disk=disk)) as log:
            await put(log, records(300), b"p")
            await log.publish()
            await put(log, records(300, 300), b"q")
            disk.armed[call] = 0
            with pytest.raises(OSError, match="no space"):
                await log.publish(settle=True)
            assert log.reader.size == 300
            await log.publish(settle=True)
            assert log.reader.size == 600

    asyncio.run(run())
    reader = place.reader()
    assert place.all() == records(600)
    assert [reader.particulars(at) for at in (0, 299, 300, 599)] == [b"p", b"p", b"q", b"q"]
    assert reader.find("request-599") == [599]
    assert reader.checkpoint()[1].head.root == root(records(600))


def test_what_fails_behind_the_signature_is_not_published_again(place: Place) -> None:
    disk = FailingDisk()

    async def run() -> None:
        async with opened(place, replace(QUICK, disk=disk)) as log:
            await put(log, records(5))
            await log.publish()
            # A full tile: the partial one goes, or does not.
            await put(log, records(300, 5))
            disk.armed["remove"] = 0
            with pytest.raises(OSError, match="no space"):
                await log.publish(settle=True)
            assert log.reader.size == 305
            await put(log, records(10, 305))
            await log.publish(settle=True)
            assert log.reader.size == 315
            assert not (place.folder / "tile/0/000.p").exists()
            assert len(place.segments()) == 1

    asyncio.run(run())
    assert place.all() == place.reopen() == records(315)


def test_a_journal_that_begins_where_nothing_was_published_is_taken_up(place: Place, tmp_path: Path) -> None:
    """A failure begins a segment at 7 records, tiles are made of 4 and of 12; it stops while old segments go."""
    disk = FailingDisk()
    copies: list[Place] = []

    async def run() -> None:
        async with opened(place, replace(QUICK_PROBE, disk=disk)) as log:
            await put(log, records(4))
            await log.publish(settle=True)
            await put(log, records(3, 4))
            disk.armed["sync"] = 0
            with pytest.raises(LogFull):
                await log.append(b"lost", b"")
            await until_writable(log)
            await put(log, records(5, 7))
            disk.armed["remove"] = 1
            with pytest.raises(OSError, match="no space"):
                await log.publish(settle=True)
            copies.append(place.copy(tmp_path / "stopped"))

    asyncio.run(run())
    assert [int(one.name.partition(".")[0]) for one in copies[0].segments()] == [7, 12]
    assert copies[0].reopen() == place.reopen() == records(12)


@pytest.mark.parametrize("call", ["append", "sync", "sync_folder"])
@pytest.mark.parametrize("is_erased", [False, True])
def test_a_segment_that_could_not_be_begun_takes_nothing_from_the_one_before(
    place: Place, tmp_path: Path, call: str, *, is_erased: bool
) -> None:
    """What is left of it, or is there again after a power cut, says that no record follows in the one before."""
    disk = FailingDisk()
    copies: list[Place] = []

    async def run() -> None:
        async with opened(place, replace(QUICK, disk=disk)) as log:
            await put(log, records(4))
            disk.armed[call] = 0
            if not is_erased:
                disk.armed["remove"] = 0
            with pytest.raises(OSError, match="no space"):
                await log.publish(settle=True)
            assert await put(log, records(3, 4)) == [4, 5, 6]
            copies.append(place.copy(tmp_path / "stopped"))
            await log.publish(settle=True)
            await put(log, records(3, 7))
            copies.append(place.copy(tmp_path / "stopped later"))

    asyncio.run(run())
    assert copies[0].reopen() == records(7)
    assert copies[1].reopen() == place.reopen() == records(10)


class StrangeDisk(FailingDisk):
    """A disk that fails as none should."""

    @override
    def _step(self, name: str) -> None:
        try:
            super()._step(name)
        except OSError:
            raise ZeroDivisionError from None


@pytest.mark.parametrize("disk", [FailingDisk(), StrangeDisk()], ids=["full", "strange"])
def test_the_second_goes_on_after_a_publication_that_failed(place: Place, disk: FailingDisk) -> None:
    async def run() -> None:
        pace = Pace(gather_seconds=0.0, publish_seconds=0.02, disk=disk)
        async with opened(place, pace) as log:
            disk.armed["put_durably"] = 0
            await put(log, records(5))
            await until(lambda: "could not be published" in log.standing.fault)
            await until(lambda: log.reader.size == 5)
            await until(lambda: not log.standing.fault)

    asyncio.run(run())


class HangingDisk(Disk):
    """A disk that hangs at every tile until it is let go."""

    def __init__(self) -> None:
        self.is_free = Event()

    @override
    def put(self, path: Path, content: bytes) -> None:
        assert self.is_free.wait(30)
        super().put(path, content)


def test_a_log_whose_disk_hangs_says_so(place: Place) -> None:
    disk = HangingDisk()

    async def run() -> None:
        pace = Pace(gather_seconds=0.0, publish_seconds=0.01, late_seconds=0.2, disk=disk)
        async with opened(place, pace) as log:
            assert not log.standing.fault
            await put(log, records(5))
            await until(lambda: "was not published for" in log.standing.fault)
            disk.is_free.set()
            await until(lambda: log.reader.size == 5)
            await until(lambda: not log.standing.fault)

    asyncio.run(run())


class Weather:
    """Turns of appending to a disk that fails by a seed; the machine may stop before whatever the disk does."""

    def __init__(self, place: Place, folder: Path, seed: int) -> None:
        self.place, self.folder = place, folder
        self.chance, self.disk = random.Random(seed), FailingDisk(before=self.stop)
        self.stopping = random.Random(seed)
        self.kept: list[bytes] = []
        self.refused: set[bytes] = set()
        self.stops: list[tuple[Place, int]] = []

    async def run(self) -> None:
        pace = replace(QUICK_PROBE, disk=self.disk, probe_seconds=0.001, segment_bytes=1500)
        async with opened(self.place, pace) as log:
            for turn in range(TURNS):
                self.spoil()
                await self.append(log, turn)
                await self.publish(log)
            self.disk.armed.clear()
            await until_writable(log)

    def stop(self) -> None:
        if self.stopping.random() < 0.05:
            acknowledged = len(self.kept)
            copy = self.place.copy(self.folder / f"stop-{len(self.stops)}")
            self.stops.append((copy, acknowledged))

    def spoil(self) -> None:
        if self.chance.random() < 0.3:
            self.disk.torn = self.chance.choice([None, 0, 30, 90, 10_000])
            call = self.chance.choice(
                ["append", "sync", "sync_folder", "cut", "put", "put_durably", "sync_files", "remove"]
            )
            self.disk.armed[call] = self.chance.randrange(3)

    async def append(self, log: EvidenceLogFiles, turn: int) -> None:
        batch = [record(100 * turn + at) for at in range(self.chance.randrange(1, 6))]
        futures = [log.append(one, b"particulars") for one in batch]
        for one, outcome in zip(batch, await asyncio.gather(*futures, return_exceptions=True), strict=True):
            if isinstance(outcome, int):
                assert outcome == len(self.kept)
                self.kept.append(one)
            else:
                self.refused.add(one)

    async def publish(self, log: EvidenceLogFiles) -> None:
        if self.chance.random() < 0.3:
            with suppress(OSError):
                await log.publish(settle=self.chance.random() < 0.5)
        if self.chance.random() < 0.5:
            await until_writable(log)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_nothing_acknowledged_is_lost_nothing_refused_appears(
    place: Place, tmp_path: Path, seed: int
) -> None:
    weather = Weather(place, tmp_path, seed)
    try:
        asyncio.run(weather.run())
        assert place.reopen() == weather.kept
        assert weather.disk.met, "no fault was met"
        assert weather.stops, "nothing stopped"
        for copy, count in weather.stops:
            found = copy.reopen()
            assert found[:count] == weather.kept[:count]
            # What is being written may be there or not, and so may a batch that failed just now: nothing else.
            assert not set(found[count:]) - weather.refused - set(weather.kept)
            assert len(set(found)) == len(found)
    except BaseException as failure:
        failure.add_note(f"seed {seed}")
        raise
