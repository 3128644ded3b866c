"""The log after a machine that stopped: nothing acknowledged is missing or twice, and damage is not mended."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rahdari.app.exchange.log import EvidenceLogFiles
from rahdari.exchange.errors import LogDamaged
from tests.unit.app.exchange_log.log_scene import Place, opened, put, records, root


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


def stopped(place: Place, to: Path, work: Callable[[EvidenceLogFiles], object]) -> Place:
    """What is on the disk when the machine stops right after ``work``."""
    found: list[Place] = []

    async def run() -> None:
        async with opened(place) as log:
            done = work(log)
            if asyncio.iscoroutine(done):
                await done
            found.append(place.copy(to))

    asyncio.run(run())
    return found[0]


async def in_four_parts(log: EvidenceLogFiles) -> None:
    """700 records: 300 in durable tiles, 200 in tiles that are not, 200 in the journal alone."""
    await put(log, records(300), b"first")
    await log.publish(settle=True)
    await put(log, records(200, 300), b"second")
    await log.publish()
    await put(log, records(150, 500), b"third")
    await put(log, records(50, 650), b"fourth")


def test_all_that_was_acknowledged_is_there_after_a_stop(place: Place, tmp_path: Path) -> None:
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    assert copy.reader().size == 500
    assert copy.reopen() == records(700)
    reader = copy.reader()
    assert reader.checkpoint()[1].head.root == root(records(700))
    assert [reader.particulars(at) for at in (0, 299, 300, 499, 500, 650, 699)] == [
        b"first", b"first", b"second", b"second", b"third", b"fourth", b"fourth",
    ]  # fmt: skip
    assert reader.find("request-300") == [300]
    assert len(copy.segments()) == 1


def test_recovery_done_twice_is_as_if_done_once(place: Place, tmp_path: Path) -> None:
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    assert copy.reopen() == copy.reopen() == records(700)


def test_it_goes_on_where_it_stopped(place: Place, tmp_path: Path) -> None:
    copy = stopped(place, tmp_path / "copy", in_four_parts)

    async def run() -> None:
        async with opened(copy) as log:
            assert await put(log, records(2, 700), b"fifth") == [700, 701]

    asyncio.run(run())
    assert copy.all() == records(702)
    assert copy.reader().particulars(701) == b"fifth"


def test_tiles_that_never_reached_the_disk_are_made_again(place: Place, tmp_path: Path) -> None:
    """A power cut takes what was not flushed: all tiles behind the 300 durable records, or parts of them."""
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    for name in ("tile/0/001.p/244", "tile/entries/001.p/244"):
        (copy.folder / name).write_bytes(b"")
    (copy.folder / "tile/0/001.p/188").unlink(missing_ok=True)
    for file in (copy.folder / "particulars").iterdir():
        file.write_bytes(file.read_bytes()[: -len(b"torn")])
    with pytest.raises(LogDamaged):
        copy.reader().entry(499)
    # The particulars' places were cut by less than a record: all those behind 300 come from the journal again.
    assert copy.reopen() == records(700)
    assert copy.reader().particulars(499) == b"second"
    assert copy.reader().entry(499) == records(700)[499]


def test_a_write_that_was_torn_at_any_byte_is_cut_off(place: Place, tmp_path: Path) -> None:
    lengths: list[int] = []

    async def work(log: EvidenceLogFiles) -> None:
        await put(log, records(3), b"p")
        lengths.append(place.segments()[0].stat().st_size)
        await put(log, records(1, 3), b"q")

    whole = stopped(place, tmp_path / "whole", work)
    (journal,) = whole.segments()
    raw = journal.read_bytes()
    assert len(raw) > lengths[0] + 60
    for end in range(lengths[0], len(raw)):
        copy = whole.copy(tmp_path / f"torn-{end}")
        copy.segments()[0].write_bytes(raw[:end])
        assert copy.reopen() == records(3), end
        shutil.rmtree(copy.folder)
    assert whole.reopen() == records(4)


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"\xf5RLJB\x01\r\n"])
def test_a_torn_write_may_leave_anything_behind_it(place: Place, tmp_path: Path, filler: bytes) -> None:
    copy = stopped(place, tmp_path / "copy", lambda log: put(log, records(3)))
    with copy.segments()[0].open("ab") as file:
        file.write(filler * 40)
    assert copy.reopen() == records(3)


def test_a_segment_that_was_being_made_is_passed_over(place: Place, tmp_path: Path) -> None:
    copy = stopped(place, tmp_path / "copy", lambda log: put(log, records(3)))
    for count, content in enumerate((b"", b"\xf5RLJ", b"\0" * 40)):
        (copy.folder / "journal" / f"{3:019d}.{900 + count:06d}.journal").write_bytes(content)
    assert copy.reopen() == records(3)


def flip(path: Path, at: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1
    path.write_bytes(raw)


def test_no_bit_of_the_journal_changes_in_front_of_an_acknowledged_record(
    place: Place, tmp_path: Path
) -> None:
    lengths: list[int] = []

    async def work(log: EvidenceLogFiles) -> None:
        await put(log, records(2), b"p")
        lengths.append(place.segments()[0].stat().st_size)
        await put(log, records(2, 2), b"p")

    whole = stopped(place, tmp_path / "whole", work)
    for at in range(0, lengths[0], 3):
        if 36 <= at < 40:  # four zeros that mean nothing
            continue
        copy = whole.copy(tmp_path / f"flipped-{at}")
        flip(copy.segments()[0], at)
        with pytest.raises(LogDamaged):
            copy.open()
        shutil.rmtree(copy.folder)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no checkpoint": lambda log: (log / "checkpoint").unlink(),
    "a shortened checkpoint": lambda log: (log / "checkpoint").write_bytes(
        (log / "checkpoint").read_bytes()[:-9]
    ),
    "another log's checkpoint": lambda log: (log / "checkpoint").write_bytes(
        (log / "checkpoint").read_bytes().replace(b"gw1", b"gw2")
    ),
    "no journal": lambda log: shutil.rmtree(log / "journal"),
    "no tile at the edge": lambda log: shutil.rmtree(log / "tile/0/001.p"),
    "shortened tiles at the edge": lambda log: cut_all(log / "tile/0/001.p", 32),
    "an altered tile at the edge": lambda log: flip(log / "tile/0/001.p/44", 5),
    "an altered tile above": lambda log: flip(log / "tile/1/000.p/1", 5),
    "no tile above": lambda log: (log / "tile/1/000.p/1").unlink(),
    "no bundle at the edge": lambda log: shutil.rmtree(log / "tile/entries/001.p"),
    "a shortened bundle at the edge": lambda log: cut(log / "tile/entries/001.p/44", 1),
    "an altered bundle at the edge": lambda log: flip(log / "tile/entries/001.p/44", 5),
    "a journal without its records": lambda log: cut(next((log / "journal").iterdir()), None),
    "an older journal": lambda log: next((log / "journal").iterdir()).rename(
        log / "journal" / f"{200:019d}.000009.journal"
    ),
}


def cut(path: Path, by: int | None) -> None:
    """Shorten a file ``by`` so many bytes, or a segment to its head."""
    raw = path.read_bytes()
    path.write_bytes(raw[:40] if by is None else raw[:-by])


def cut_all(folder: Path, by: int) -> None:
    for path in folder.iterdir():
        cut(path, by)


async def publish_twice(log: EvidenceLogFiles) -> None:
    await put(log, records(300))
    await log.publish(settle=True)
    await put(log, records(200, 300))
    await log.publish()


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_log_that_does_not_lead_to_what_was_signed_is_not_opened(
    place: Place, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    """300 records are in durable tiles, 200 under the signed checkpoint are in the journal as well."""
    copy = stopped(place, tmp_path / "copy", publish_twice)
    damage(copy.folder)
    with pytest.raises(LogDamaged) as refused:
        copy.open()
    assert "copy" in refused.value.message or "gateway" in refused.value.message


@pytest.mark.parametrize("row", ["0", "entries"])
def test_a_wider_tile_stands_in_for_one_that_is_missing(place: Place, tmp_path: Path, row: str) -> None:
    copy = stopped(place, tmp_path / "copy", publish_twice)
    (copy.folder / f"tile/{row}/001.p/44").unlink()
    assert copy.reopen() == records(500)


def test_an_older_checkpoint_is_noticed_once_its_journal_is_gone(place: Place, tmp_path: Path) -> None:
    async def work(log: EvidenceLogFiles) -> None:
        await put(log, records(10))
        await log.publish(settle=True)
        older = (place.folder / "checkpoint").read_bytes()
        await put(log, records(10, 10))
        await log.publish(settle=True)
        (place.folder / "checkpoint").write_bytes(older)

    copy = stopped(place, tmp_path / "copy", work)
    with pytest.raises(LogDamaged, match="covers 10 records"):
        copy.open()


def test_a_damaged_log_is_left_as_it_is(place: Place, tmp_path: Path) -> None:
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    flip(copy.segments()[0], 60)
    before = {path: path.read_bytes() for path in copy.folder.rglob("*") if path.is_file()}
    with pytest.raises(LogDamaged):
        copy.open()
    assert {path: path.read_bytes() for path in copy.folder.rglob("*") if path.is_file()} == before
    # And the lock was let go: it can be looked at again.
    with pytest.raises(LogDamaged):
        copy.open()


def test_the_index_of_requests_is_made_anew_where_it_is_gone(place: Place, tmp_path: Path) -> None:
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    shutil.rmtree(copy.folder / "found", ignore_errors=True)
    copy.reopen()
    assert copy.reader().find("request-699") == [699]


def test_a_stop_in_the_middle_of_recovery_loses_nothing(place: Place, tmp_path: Path) -> None:
    """Before its records are in tiles, the recovered journal already has a new segment behind it."""
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    with copy.segments()[0].open("ab") as file:
        file.write(b"torn")
    again = copy.copy(tmp_path / "again")
    copy.reopen()
    (new,) = copy.segments()
    shutil.copy(new, again.folder / "journal" / new.name)
    assert again.reopen() == records(700)


def test_rows_of_particulars_that_a_power_cut_made_of_nothing_are_dropped(
    place: Place, tmp_path: Path
) -> None:
    copy = stopped(place, tmp_path / "copy", in_four_parts)
    (places,) = (copy.folder / "particulars").glob("*.places")
    with places.open("r+b") as file:
        file.seek(300 * 16)
        file.write(bytes(200 * 16))
    assert copy.reopen() == records(700)
    reader = copy.reader()
    assert [reader.particulars(at) for at in (0, 299, 300, 499, 500)] == [
        b"first", b"first", b"second", b"second", b"third",
    ]  # fmt: skip
