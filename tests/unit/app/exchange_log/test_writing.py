"""The log as it is written: what is acknowledged is in it, in order, once, signed, and found again."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange.log import Pace
from rahdari.exchange.errors import LogDamaged, LogFull, UnknownExchange
from rahdari.wire.errors import TooLarge
from rahdari.wire.tlog import (
    Checkpoint,
    KeyKind,
    LogProof,
    Policy,
    TreeHead,
    leaf_hash,
    read_proof,
    verify_growth,
    verify_inclusion,
    verify_proof,
)
from tests.unit.app.exchange_log.log_scene import (
    ORIGIN,
    QUICK,
    SIGNERS,
    Place,
    opened,
    put,
    record,
    records,
    request_of,
    root,
    until,
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "log")


def test_records_get_their_indices_in_the_order_in_which_they_came(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            assert await put(log, records(600)) == list(range(600))
            assert await put(log, records(3, 600)) == [600, 601, 602]

    asyncio.run(run())
    assert place.all() == records(603)


def test_an_append_that_nobody_waits_for_is_logged_all_the_same(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            log.append(record(0), b"")

    asyncio.run(run())
    assert place.all() == [record(0)]


def test_whoever_stops_waiting_does_not_stop_the_record(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            futures = [log.append(one, b"") for one in records(3)]
            futures[1].cancel()
            assert [await futures[0], await futures[2]] == [0, 2]

    asyncio.run(run())
    assert place.all() == records(3)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 511, 512, 513, 700])
def test_the_checkpoint_is_the_root_of_the_records_signed_by_both_keys(place: Place, size: int) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(size))

    asyncio.run(run())
    note, checkpoint = place.reader().checkpoint()
    assert checkpoint == Checkpoint(ORIGIN, TreeHead(size, root(records(size))))
    assert {key.kind for key in SIGNERS.name.keys} == {KeyKind.ED25519, KeyKind.ML_DSA_44}
    assert len(note.signatures) == 2


def test_it_grows_over_many_small_publications_as_in_one(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            for at in range(0, 1400, 70):
                await put(log, records(70, at))
                await log.publish(settle=at % 3 == 0)
                assert log.reader.size == at + 70

    asyncio.run(run())
    reader = place.reader()
    assert reader.checkpoint()[1].head.root == root(records(1400))
    assert place.all() == records(1400)


def test_a_record_is_visible_once_it_is_published_and_durable_before(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(5))
            assert (log.standing.size, log.standing.published, log.reader.size) == (5, 0, 0)
            with pytest.raises(UnknownExchange):
                log.reader.entry(0)
            await log.publish()
            assert (log.standing.published, log.reader.entry(4)) == (5, record(4))

    asyncio.run(run())


def test_it_is_published_every_second_without_being_asked(place: Place) -> None:
    async def run() -> None:
        async with opened(place, Pace(gather_seconds=0.0, publish_seconds=0.02)) as log:
            await put(log, records(5))
            await until(lambda: log.reader.size == 5)

    asyncio.run(run())


def test_many_bytes_are_published_before_the_second_is_over(place: Place) -> None:
    async def run() -> None:
        async with opened(place, Pace(gather_seconds=0.0, publish_seconds=600.0, publish_bytes=1000)) as log:
            await put(log, records(5))
            await until(lambda: log.reader.size == 5)

    asyncio.run(run())


def test_records_that_come_together_are_one_write_and_one_flush(place: Place) -> None:
    async def run() -> None:
        async with opened(place, Pace(gather_seconds=0.02, publish_seconds=600.0)) as log:
            before = place.segments()[0].stat().st_size
            await put(log, records(200))
            written = place.segments()[0].read_bytes()[before:]
            assert written.count(b"\xf5RLJB") == 1

    asyncio.run(run())


def test_a_full_batch_does_not_wait(place: Place) -> None:
    async def run() -> None:
        async with opened(place, Pace(gather_seconds=600.0, gather_count=3, publish_seconds=600.0)) as log:
            async with asyncio.timeout(5):
                assert await put(log, records(3)) == [0, 1, 2]

    asyncio.run(run())


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 700])
def test_every_record_is_proved(place: Place, size: int) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(size))

    asyncio.run(run())
    reader = place.reader()
    note, checkpoint = reader.checkpoint()
    policy = Policy(ORIGIN, SIGNERS.name.keys, quorum=0, is_post_quantum=True)
    for index in {0, size // 2, size - 1}:
        proof = LogProof(index, reader.proof(index), note)
        assert verify_proof(record(index), read_proof(proof.encode()), policy).index == index
        verify_inclusion(
            leaf_hash(record(index)), reader.proof(index, size), index=index, head=checkpoint.head
        )


def test_growth_is_proved_between_any_two_sizes_up_to_the_checkpoint(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(530))

    asyncio.run(run())
    reader = place.reader()
    new = reader.checkpoint()[1].head
    for old in (1, 200, 256, 300, 512, 529, 530):
        verify_growth(reader.consistency(old, 530), old=TreeHead(old, root(records(old))), new=new)
    assert reader.consistency(0, 530) == ()
    for old, size in ((1, 531), (300, 200)):
        with pytest.raises(UnknownExchange):
            reader.consistency(old, size)


def test_a_request_is_found_with_all_its_records(place: Place) -> None:
    entries = [b"a one", b"b two", b"- of no request", b"a three", b"b four", b"a five"]

    async def run() -> None:
        async with opened(place) as log:
            await put(log, entries[:4])
            await log.publish()
            assert log.reader.find("a") == [0, 3]
            await put(log, entries[4:])
            assert log.reader.find("a") == [0, 3]
            await log.publish()
            assert (log.reader.find("a"), log.reader.find("b")) == ([0, 3, 5], [1, 4])
            assert log.reader.find("c") == log.reader.find("-") == log.reader.find("") == []

    asyncio.run(run())
    assert place.reader().find("a") == [0, 3, 5]


def test_particulars_are_kept_sealed_and_open_with_the_key(place: Place) -> None:
    secret = b"what the log must not hold"

    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(3), secret)
            await put(log, records(2, 3))
            await put(log, records(1, 5), secret)
            await log.publish()
            assert secret not in b"".join(one.read_bytes() for one in place.segments())
            assert [log.reader.particulars(at) for at in range(6)] == [secret] * 3 + [None] * 2 + [secret]

    asyncio.run(run())
    reader = place.reader()
    assert [reader.particulars(at) for at in range(6)] == [secret] * 3 + [None] * 2 + [secret]
    for file in place.folder.rglob("*"):
        assert not file.is_file() or secret not in file.read_bytes()


def test_particulars_are_those_of_their_record_alone(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(2), b"equal words, equal length")

    asyncio.run(run())
    seals = next((place.folder / "particulars").glob("*.seals"))
    raw = seals.read_bytes()
    half = len(raw) // 2
    seals.write_bytes(raw[half:] + raw[:half])
    with pytest.raises(LogDamaged, match="particulars"):
        place.reader().particulars(0)


def test_particulars_are_erased_by_the_hour_and_the_log_stays(place: Place) -> None:
    began = place.clock.now()

    async def run() -> None:
        async with opened(place) as log:
            for hour in range(3):
                await put(log, records(2, 2 * hour), b"particulars")
                await log.publish(settle=True)
                place.clock.wind(timedelta(hours=1))

    asyncio.run(run())
    reader = place.reader()
    before = reader.checkpoint()
    assert reader.erase_particulars(before=began + timedelta(minutes=59)) == 0
    assert reader.erase_particulars(before=began + timedelta(hours=2)) == 2
    assert [reader.particulars(at) for at in range(6)] == [None] * 4 + [b"particulars"] * 2
    assert reader.checkpoint() == before
    assert reader.proof(0)
    assert len(list((place.folder / "particulars").iterdir())) == 2


def test_a_clock_that_jumps_by_an_hour_harms_nothing(place: Place) -> None:
    sizes = []

    async def run() -> None:
        async with opened(place) as log:
            for turn, hours in enumerate((0, 1, -1, -1, 1, 1, -1)):
                place.clock.wind(timedelta(hours=hours))
                await put(log, records(3, 3 * turn), b"p%d" % turn)
                await log.publish(settle=turn % 2 == 0)
                sizes.append(log.reader.size)

    asyncio.run(run())
    assert sizes == [3, 6, 9, 12, 15, 18, 21]
    reader = place.reader()
    assert [reader.particulars(at) for at in range(21)] == [b"p%d" % (at // 3) for at in range(21)]
    assert place.reopen() == records(21)


def test_what_is_too_large_is_refused_at_once_and_alone(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            with pytest.raises(TooLarge):
                log.append(b"x" * 65_536, b"")
            with pytest.raises(TooLarge):
                log.append(b"x", b"p" * ((1 << 18) + 1))
            assert await log.append(b"big " + b"x" * 65_531, b"p" * (1 << 18)) == 0
            await log.publish()
            assert log.reader.particulars(0) == b"p" * (1 << 18)

    asyncio.run(run())


def test_no_more_is_held_in_memory_than_was_allowed(place: Place) -> None:
    async def run() -> None:
        pace = Pace(gather_seconds=0.0, publish_seconds=600.0, publish_bytes=1 << 40, held_bytes_max=5000)
        async with opened(place, pace) as log:
            outcomes = await asyncio.gather(
                *(log.append(one, b"x" * 100) for one in records(100)), return_exceptions=True
            )
            refused = [one for one in outcomes if isinstance(one, LogFull)]
            assert 0 < len(refused) < 100
            await log.publish()
            assert await log.append(record(100), b"") == 100 - len(refused)

    asyncio.run(run())


def test_after_it_was_closed_nothing_is_taken(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(1))
        with pytest.raises(LogFull, match="ends"):
            await log.append(record(1), b"")

    asyncio.run(run())
    assert place.all() == records(1)


def test_two_processes_cannot_write_one_log(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            with pytest.raises(LogFull, match="another process"):
                place.open()
            await put(log, records(1))

    asyncio.run(run())
    assert place.reopen() == records(1)


def test_readers_need_no_lock_and_no_private_key(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(300), b"particulars")
            await log.publish()
            assert place.reader().find("request-299") == [299]

    asyncio.run(run())
    reader = place.reader()
    assert reader.entry(299) == record(299)
    for index in (-1, 300):
        with pytest.raises(UnknownExchange):
            reader.entry(index)


def test_an_empty_folder_is_no_log_to_a_reader(place: Place) -> None:
    with pytest.raises(LogDamaged, match="no log"):
        place.reader().checkpoint()


def test_iterating_begins_where_it_is_told(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(600))

    asyncio.run(run())
    reader = place.reader()
    for start in (0, 1, 255, 256, 300, 599, 600, 700):
        assert list(reader.iterate(start)) == list(enumerate(records(600)))[start:]


def test_superseded_partial_tiles_go_and_the_full_one_stays(place: Place) -> None:
    async def run() -> None:
        async with opened(place) as log:
            await put(log, records(100))
            await log.publish(settle=True)
            assert (place.folder / "tile/0/000.p/100").is_file()
            await put(log, records(200, 100))
            await log.publish()
            assert (place.folder / "tile/0/000.p/100").is_file()
            await log.publish(settle=True)
            await put(log, records(1, 300))
            await log.publish(settle=True)

    asyncio.run(run())
    assert not (place.folder / "tile/0/000.p").exists()
    assert not (place.folder / "tile/entries/000.p").exists()
    assert (place.folder / "tile/0/000").stat().st_size == 8192
    # A proof for the old size is made from the full tile.
    assert place.reader().proof(3, 100)


def test_the_journal_is_given_up_when_it_is_large_or_old(place: Place) -> None:
    async def run() -> None:
        async with opened(place, Pace(gather_seconds=0.0, publish_seconds=600.0, segment_bytes=2000)) as log:
            for at in range(0, 200, 20):
                await put(log, records(20, at))
                await log.publish()
            assert len(place.segments()) == 1
            assert place.segments()[0].stat().st_size < 3000

    asyncio.run(run())
    assert place.reopen() == records(200)


def test_the_request_of_a_record_in_the_scene_is_its_first_word() -> None:
    assert (request_of(b"a b"), request_of(b"- b")) == ("a", None)
    assert QUICK.publish_seconds > 1
