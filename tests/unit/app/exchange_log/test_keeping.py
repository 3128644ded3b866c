"""Once a minute a checkpoint is stamped and cosigned; outages are told, waited out, and in the end overdue."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.exchange.keeping import CheckpointKeeper
from rahdari.app.exchange.stamping import StampAge, Stamper, verify_stamp
from rahdari.app.exchange.witnessing import WitnessCalls
from rahdari.wire.tlog import LogProof, Policy, read_proof, verify_proof
from tests.fakes.chance import SeededChance
from tests.unit.app.exchange_log.log_scene import ORIGIN, SIGNERS, Place, opened, put, record, records, until
from tests.unit.app.exchange_log.vouching_scene import (
    BANK,
    BANK_KEYS,
    WITNESS,
    Network,
    Ticks,
    authority,
    desk,
    timestamper,
)

COURT_URL, SPARE_URL = "http://tsa.example/", "http://spare.example/"
BANK_URL = "https://bank.example/witness/add-checkpoint"


class Scene:
    """A log, a bank that witnesses it, two authorities that stamp it."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(folder / "log")
        self.ticks, self.network = Ticks(), Network()
        self.alarms: list[str] = []
        clock = self.place.clock
        self.network.add_witness(desk(folder / "witness", clock))
        self.court = authority(folder / "court", clock, self.ticks)
        self.spare = authority(folder / "spare", clock, self.ticks, name="spare")
        self.network.add_timestamper(self.court, COURT_URL)
        self.network.add_timestamper(self.spare, SPARE_URL)
        self.stampers = [
            Stamper(timestamper(one, url, name), self.network.post, clock=clock, chance=SeededChance(3))
            for one, url, name in ((self.court, COURT_URL, "court"), (self.spare, SPARE_URL, "spare"))
        ]
        self.grow(10)
        self.keeper = self.make()

    def make(self, seconds_max: float = 3600) -> CheckpointKeeper:
        calls = [WitnessCalls(WITNESS, self.network.post)]
        return CheckpointKeeper(
            self.place.reader(),
            stampers=lambda: self.stampers,
            witnesses=lambda: calls,
            chance=SeededChance(4),
            alarm=self.alarms.append,
            age=StampAge(self.place.clock, seconds_max, tick=self.ticks),
        )

    def grow(self, count: int, *, skipped: int = 0) -> None:
        async def run() -> None:
            async with opened(self.place) as log:
                await put(log, records(count, log.reader.size + skipped))

        asyncio.run(run())

    def round(self, keeper: CheckpointKeeper | None = None) -> None:
        asyncio.run((keeper or self.keeper).round())
        self.ticks.pass_by(self.place.clock, 60)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_checkpoint_is_kept_with_its_stamp_and_cosignatures(scene: Scene) -> None:
    scene.round()
    checkpoints = scene.place.reader().checkpoints
    kept = checkpoints.find_stamped(3)
    assert kept is not None
    assert kept == checkpoints.find_cosigned(3, frozenset({BANK})) == checkpoints.find_kept(10)
    assert kept.stamp is not None
    stamped = verify_stamp(kept.stamp, kept.note.text, scene.stampers[0].timestamper)
    assert stamped.stamp.at < scene.place.clock.now()
    policy = Policy(ORIGIN, SIGNERS.name.keys, BANK_KEYS, quorum=1, is_post_quantum=True)
    proof = LogProof(3, scene.place.reader().proof(3, 10), kept.note)
    assert verify_proof(record(3), read_proof(proof.encode()), policy).vouched.witnessed_at.keys() == {BANK}
    assert scene.alarms == []


def test_what_did_not_grow_is_not_taken_round_again(scene: Scene) -> None:
    scene.round()
    scene.round()
    assert scene.network.asked == [BANK_URL, COURT_URL]


def test_for_a_later_record_the_first_stamped_checkpoint_behind_it_is_found(scene: Scene) -> None:
    for _ in range(3):
        scene.round()
        scene.grow(10)
    checkpoints = scene.place.reader().checkpoints
    sizes = [one.checkpoint.head.size for index in (0, 9, 10, 29) if (one := checkpoints.find_stamped(index))]
    assert sizes == [10, 10, 20, 30]
    assert checkpoints.find_stamped(30) is None
    assert checkpoints.find_cosigned(0, frozenset({"another"})) is None
    assert checkpoints.sizes() == checkpoints.sizes("tst") == [10, 20, 30]
    last = checkpoints.find_last("tst")
    assert last is not None
    assert last.checkpoint.head.size == 30


def test_an_authority_that_is_down_is_told_and_another_one_asked(scene: Scene) -> None:
    scene.network.down.add(COURT_URL)
    scene.round()
    assert any("did not answer" in one for one in scene.alarms)
    assert scene.place.reader().checkpoints.sizes("tst") == [10]
    assert scene.keeper.stamp_age_seconds == 0


def test_an_outage_of_all_makes_stamps_overdue_and_ends_by_itself(scene: Scene) -> None:
    scene.network.down |= {COURT_URL, SPARE_URL, BANK_URL}
    for _ in range(60):
        scene.round()
        assert not scene.keeper.is_stamping_overdue()
    scene.round()
    assert scene.keeper.is_stamping_overdue()
    assert scene.keeper.stamp_age_seconds == 61 * 60
    assert scene.keeper.is_stamping_overdue(scene.ticks.at - 120) is False
    # It was asked less and less often, and the log still grows.
    assert 5 < scene.network.asked.count(BANK_URL) < 15
    scene.grow(10)
    scene.network.down.clear()
    for _ in range(17):
        scene.round()
    assert (scene.keeper.stamp_age_seconds, scene.keeper.is_stamping_overdue()) == (0, False)
    checkpoints = scene.place.reader().checkpoints
    assert checkpoints.sizes("tst") == [20]
    assert checkpoints.find_cosigned(0, frozenset({BANK})) is not None


def test_a_clock_that_jumps_makes_no_stamp_overdue(scene: Scene) -> None:
    scene.network.down |= {COURT_URL, SPARE_URL}
    scene.round()
    scene.place.clock.wind(timedelta(hours=5))
    assert scene.keeper.stamp_age_seconds == 60


def test_where_nobody_stamps_nothing_is_overdue(scene: Scene) -> None:
    scene.stampers = []
    for _ in range(70):
        scene.round()
    assert not scene.keeper.is_stamping_overdue()


def test_an_authority_that_answers_nonsense_is_as_one_that_is_down(scene: Scene) -> None:
    scene.network.handlers[COURT_URL] = scene.network.handlers[BANK_URL]
    scene.round()
    assert scene.place.reader().checkpoints.sizes("tst") == [10]
    assert scene.alarms


def test_an_empty_log_is_taken_to_nobody(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    place = Place(tmp_path / "empty")
    place.reopen()
    scene.place = place
    scene.round(scene.make())
    assert scene.network.asked == []


def test_as_a_task_it_knows_after_a_restart_what_was_stamped(scene: Scene) -> None:
    scene.round()
    scene.network.asked.clear()

    async def run(keeper: CheckpointKeeper) -> None:
        task = asyncio.create_task(keeper.run())
        await asyncio.sleep(0.1)
        task.cancel()

    asyncio.run(run(scene.make()))
    assert COURT_URL not in scene.network.asked
    scene.grow(10)
    scene.network.down |= {COURT_URL, SPARE_URL}
    scene.ticks.pass_by(scene.place.clock, 7200)
    keeper = scene.make()
    asyncio.run(run(keeper))
    # The last stamp is two hours old, and there is something to stamp.
    assert keeper.is_stamping_overdue()


def test_as_a_task_it_makes_its_rounds_as_often_as_it_is_told(scene: Scene) -> None:
    async def run() -> None:
        task = asyncio.create_task(scene.keeper.run(1))
        await asyncio.sleep(0.2)
        first = len(scene.network.asked)
        async with opened(scene.place) as log:
            await put(log, records(5, log.reader.size))
        await asyncio.sleep(1.3)
        assert len(scene.network.asked) > first > 0
        task.cancel()

    asyncio.run(run())


def test_a_damaged_stamp_is_told_and_the_next_checkpoint_is_stamped(scene: Scene) -> None:
    scene.round()
    next((scene.place.folder / "kept").rglob("*.tst")).write_bytes(b"damaged")
    scene.grow(10)
    keeper = scene.make()

    async def run() -> None:
        task = asyncio.create_task(keeper.run())
        await until(lambda: scene.place.reader().checkpoints.sizes("tst") == [10, 20])
        task.cancel()

    asyncio.run(run())
    assert any("cannot be read" in one for one in scene.alarms)


def test_a_log_that_is_an_older_copy_of_itself_is_doubted_until_it_is_whole_again(
    scene: Scene, tmp_path: Path
) -> None:
    older = scene.place.copy(tmp_path / "older")
    scene.grow(20)
    scene.round()
    assert not scene.keeper.doubts
    whole, scene.place = scene.place, older
    scene.keeper = scene.make()
    scene.round()
    assert ["older copy" in one for one in scene.keeper.doubts] == [True]
    # It grows beyond what the witness saw, by another history.
    scene.grow(40, skipped=500)
    scene.round()
    assert scene.keeper.doubts
    scene.place = whole
    scene.keeper._reader = whole.reader()
    for _ in range(4):
        scene.round()
    scene.round()
    assert not scene.keeper.doubts
