"""The stream in a gate's folder: brought up to date, kept through power cuts, shared by processes."""

import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.gate import Gate
from rahdari.app.gate_store import LOG_BYTES_LONG
from rahdari.credentials import Act, Card, KeyUse, Publisher, StreamOutcome, VerdictKind
from rahdari.credentials.errors import StatusSourceFailed, StatusStreamForked, StatusStreamRefused
from rahdari.wire import status_stream
from rahdari.wire.keys import Signer
from rahdari.wire.status_stream import Change, Delta, Head, Manifest
from tests.fakes.clock import WoundClock
from tests.unit.app.streaming import Server, gate_of, import_trust
from tests.unit.credentials.scene import Office, person

VALID, SUSPENDED, STALE = VerdictKind.VALID, VerdictKind.SUSPENDED, VerdictKind.STALE


class Scene:
    """An office with a card that will be suspended and one that stays good, a server, a gate."""

    def __init__(self, folder: Path) -> None:
        self.office = Office()
        self.card, self.good = self.office.issued(), self.office.issued(person(2))
        self.server = Server(self.office)
        self.folder = folder
        self.gate = gate_of(folder, self.office)

    def sync(self) -> list[str]:
        return [problem.code for _, problem in self.gate.sync(self.server).failed]

    def verdict(self, card: Card | None = None, gate: Gate | None = None) -> VerdictKind:
        return (gate or self.gate).examine(self.office.text(card or self.card)).verdict

    def reopened(self, folder: Path | None = None) -> Gate:
        return Gate(folder or self.folder, self.office.clock)

    @property
    def publisher(self) -> Publisher:
        (one,) = self.gate.list_publishers()
        return one

    @property
    def stream_folder(self) -> Path:
        (one,) = (self.folder / "status").iterdir()
        return one

    def take(self, *messages: bytes) -> StreamOutcome:
        return [self.gate.take(self.publisher, one) for one in messages][-1]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "gate")


def test_the_first_sync_takes_a_copy_and_the_next_ones_only_deltas(scene: Scene) -> None:
    assert scene.verdict() is STALE
    assert scene.sync() == []
    assert scene.server.asked == ["bundle", "deltas"]
    assert scene.verdict() is VALID
    scene.office.act(scene.card, Act.SUSPEND)
    assert scene.sync() == []
    assert scene.server.asked[2:] == ["deltas", "manifest"]
    assert (scene.verdict(), scene.verdict(scene.good)) == (SUSPENDED, VALID)


def test_a_sync_makes_fresh_what_nothing_has_changed_in(scene: Scene) -> None:
    scene.sync()
    for _ in range(3):
        scene.office.clock.wind(timedelta(seconds=61))
        assert scene.verdict() is STALE
        assert scene.sync() == []
        assert scene.verdict() is VALID


def test_pages_of_deltas_are_asked_for_until_the_head_is_reached_and_else_the_lists(scene: Scene) -> None:
    scene.sync()
    scene.server.page = 2
    for act in (Act.SUSPEND, Act.REINSTATE) * 3 + (Act.SUSPEND,):
        scene.office.act(scene.card, act)
    scene.server.asked.clear()
    assert scene.sync() == []
    assert scene.server.asked == ["deltas"] * 4 + ["manifest"]
    for act in (Act.REINSTATE, Act.SUSPEND) * 5:
        scene.office.act(scene.card, act)
    scene.server.asked.clear()
    assert scene.sync() == []
    assert scene.server.asked == ["deltas"] * 4 + ["bundle", "deltas"]
    assert scene.verdict() is SUSPENDED


def test_a_line_that_is_cut_keeps_what_is_held_until_it_is_stale(scene: Scene) -> None:
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.server.is_down = True
    assert scene.sync() == ["credentials.status_source_failed"]
    assert scene.verdict() is VALID
    scene.office.clock.wind(timedelta(seconds=61))
    assert scene.verdict() is STALE
    scene.server.is_down = False
    assert scene.sync() == []
    assert scene.verdict() is SUSPENDED


def test_a_publisher_whose_stream_has_vanished_is_not_asked_for_plain_lists(scene: Scene) -> None:
    scene.sync()
    scene.server.tamper = lambda what, raw: raw if what == "list" else None
    assert scene.sync() == ["credentials.status_source_failed"]
    assert not [one for one in scene.server.asked if one == "list"]


def test_a_publisher_without_a_stream_is_asked_for_its_lists(scene: Scene) -> None:
    scene.server.tamper = lambda what, raw: raw if what == "list" else None
    assert scene.sync() == []
    assert scene.verdict() is VALID
    assert list((scene.folder / "status").glob("*.stream")) == []


@pytest.mark.parametrize("what", ["bundle", "deltas", "manifest"])
def test_whatever_a_server_makes_of_its_answers_no_suspension_is_forgotten(scene: Scene, what: str) -> None:
    scene.sync()
    old = {"bundle": scene.office.bundle(), "deltas": scene.office.head()}
    old["manifest"] = next(status_stream.read_sequence(old["bundle"], items_max=9, size_bytes_max=1 << 20))
    scene.office.clock.wind(timedelta(seconds=1))
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    junk = (b"", b"junk", b"\xd2\x84" * 1000, b"\0" * 5000, old[what], old[what] * 3, old[what][:-1])
    for answer in junk:
        scene.server.tamper = lambda asked, raw, answer=answer: answer if asked == what else raw  # type: ignore[misc]
        scene.sync()
        assert (scene.verdict(), scene.verdict(gate=scene.reopened())) == (SUSPENDED, SUSPENDED)
    scene.server.tamper = lambda _, raw: raw
    assert scene.sync() == []
    assert (scene.verdict(), scene.verdict(scene.good)) == (SUSPENDED, VALID)


def test_a_fork_is_told_and_what_is_held_is_kept(scene: Scene) -> None:
    scene.sync()
    with scene.office.writing() as desk:
        signer = desk.signer(KeyUse.STATUS)
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    fork = status_stream.sign(signer, Head(1, int(scene.office.clock.now().timestamp()) + 5, bytes(16)))
    with pytest.raises(StatusStreamForked):
        scene.take(fork)
    scene.server.tamper = lambda what, raw: fork if what == "deltas" else raw
    assert scene.sync() == ["credentials.status_stream_forked"]
    assert scene.verdict() is SUSPENDED


class OtherHistory:
    """What a publisher signs whose register was set back: two other deltas, and lists without the suspension."""

    def __init__(self, office: Office, signer: Signer, old: bytes) -> None:
        at = int(office.clock.now().timestamp())
        first = status_stream.sign(signer, Delta(1, at, bytes(16), (Change(1, 3, 2),)))
        second = Delta(2, at, status_stream.decode(first).digest, (Change(1, 4, 2),))
        self.second = status_stream.sign(signer, second)
        digest = status_stream.decode(self.second).digest
        prefix = office.publisher().prefix
        (_, *lists) = status_stream.read_sequence(old, items_max=9, size_bytes_max=1 << 20)
        shards = (0,) * len(lists)
        manifest = status_stream.sign(signer, Manifest(2, at, digest, prefix, shards))
        self.bundle = manifest + b"".join(lists)
        self.deltas = self.second + status_stream.sign(signer, Head(2, at, digest))


@pytest.fixture
def other(scene: Scene) -> OtherHistory:
    """The gate has seen a suspension; then the publisher goes on as if there had been none."""
    old = scene.office.bundle()
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    with scene.office.writing() as desk:
        other = OtherHistory(scene.office, desk.signer(KeyUse.STATUS), old)
    scene.server.tamper = lambda what, raw: getattr(other, what, raw)
    return other


def without_deltas(what: str, _: bytes) -> bytes:
    if what == "deltas":
        raise StatusSourceFailed("503")
    raise AssertionError(f"{what} was asked for, which proves nothing")


def test_after_a_fork_nothing_is_taken_any_more_by_this_process_or_the_next(
    scene: Scene, other: OtherHistory
) -> None:
    assert scene.sync() == ["credentials.status_stream_forked"]
    scene.server.tamper = lambda what, _: other.bundle if what == "bundle" else None
    for gate in (scene.gate, scene.reopened(), scene.reopened()):
        assert [one.code for _, one in gate.sync(scene.server).failed] == ["credentials.status_stream_forked"]
        assert gate.is_forked(scene.publisher)
        assert scene.verdict(gate=gate) is SUSPENDED
        with pytest.raises(StatusStreamForked, match="begin with an empty folder"):
            gate.take(scene.publisher, scene.office.head())
    # Nor where the copy that was held is lost: the other one is fresh, and says valid.
    (scene.stream_folder / "bundle").unlink()
    gate = scene.reopened()
    gate.sync(scene.server)
    assert scene.verdict(gate=gate) is STALE
    scene.office.clock.wind(timedelta(seconds=61))
    assert scene.verdict(scene.good, gate) is STALE


def test_a_fork_is_remembered_on_a_full_disk_and_under_a_new_trust_list(
    scene: Scene, other: OtherHistory
) -> None:
    with full_disk(0):
        assert scene.sync() == ["credentials.status_stream_forked"]
    assert not (scene.stream_folder / "forked").exists()
    scene.office.clock.wind(timedelta(seconds=5))
    scene.office.renew_keys()
    import_trust(scene.gate, scene.office)
    scene.server.tamper = lambda what, _: other.bundle if what == "bundle" else None
    assert scene.sync() == ["credentials.status_stream_forked"]


def test_whoever_has_what_is_held_takes_no_copy_while_the_deltas_cannot_be_had(
    scene: Scene, other: OtherHistory
) -> None:
    scene.server.tamper = without_deltas
    assert scene.sync() == ["credentials.status_source_failed"]
    scene.server.tamper = lambda what, raw: b"" if what == "deltas" else getattr(other, what, raw)
    assert scene.sync() == ["credentials.status_source_failed"]
    assert scene.verdict() is SUSPENDED


def test_a_copy_is_held_against_the_newest_head_where_the_lists_are_lost(
    scene: Scene, other: OtherHistory
) -> None:
    scene.office.act(scene.card, Act.REINSTATE)
    scene.server.tamper = lambda _, raw: raw
    assert scene.sync() == []
    (scene.stream_folder / "bundle").unlink()
    scene.server.tamper = lambda what, raw: other.bundle if what == "bundle" else raw
    gate = scene.reopened()
    assert [one.code for _, one in gate.sync(scene.server).failed] == ["credentials.status_stream_forked"]
    assert gate.is_forked(scene.publisher)


# What is on the disk.


def test_a_restart_at_any_time_finds_what_was_taken(scene: Scene) -> None:
    scene.sync()
    for number, act in enumerate((Act.SUSPEND, Act.REINSTATE, Act.SUSPEND), 1):
        scene.office.act(scene.card, act)
        assert scene.take(*scene.office.deltas(number - 1)) is StreamOutcome.APPLIED
        again = scene.reopened()
        assert scene.verdict(gate=again) is (VALID if act is Act.REINSTATE else SUSPENDED)
        (held,) = again.streams()
        assert held.sequence == number
    scene.office.clock.wind(timedelta(seconds=50))
    assert scene.take(scene.office.head()) is StreamOutcome.CONFIRMED
    scene.office.clock.wind(timedelta(seconds=50))
    assert scene.verdict(scene.good, scene.reopened()) is VALID


def test_a_log_cut_at_any_byte_is_the_state_before_or_after_each_delta(scene: Scene) -> None:
    scene.sync()
    (scene.stream_folder / "head").unlink(missing_ok=True)
    lengths = [0]
    for act in (Act.SUSPEND, Act.REINSTATE, Act.SUSPEND):
        scene.office.act(scene.card, act)
        scene.take(scene.office.deltas()[-1])
        lengths.append((scene.stream_folder / "deltas").stat().st_size)
    whole = (scene.stream_folder / "deltas").read_bytes()
    deltas = scene.office.deltas()
    for cut in range(len(whole) + 1):
        (scene.stream_folder / "deltas").write_bytes(whole[:cut])
        gate = scene.reopened()
        (held,) = gate.streams()
        done = sum(1 for length in lengths[1:] if length <= cut)
        assert held.sequence == done
        assert scene.verdict(gate=gate) is (SUSPENDED if done % 2 else VALID)
        if cut % 7 == 0:
            # Whoever writes next begins where the last whole delta ends.
            gate.take(scene.publisher, deltas[done] if done < len(deltas) else scene.office.head())
            (again,) = scene.reopened().streams()
            assert again.sequence == min(done + 1, 3)


def test_no_byte_of_the_log_or_the_head_can_be_altered_so_that_a_dead_pass_is_valid(scene: Scene) -> None:
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.take(scene.office.deltas()[-1])
    scene.office.clock.wind(timedelta(seconds=1))
    scene.take(scene.office.head())
    for name in ("deltas", "head"):
        path = scene.stream_folder / name
        whole = path.read_bytes()
        for at in range(len(whole)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
            assert scene.verdict(gate=scene.reopened()) in (SUSPENDED, STALE)
        for cut in range(0, len(whole), 5):
            path.write_bytes(whole[:cut])
            assert scene.verdict(gate=scene.reopened()) in (SUSPENDED, STALE)
        path.write_bytes(whole)
    path = scene.stream_folder / "deltas"
    path.write_bytes(b"")
    gate = scene.reopened()
    assert (scene.verdict(gate=gate), scene.verdict(scene.good, gate)) == (STALE, STALE)
    assert gate.sync(scene.server).failed == ()
    assert (scene.verdict(gate=gate), scene.verdict(scene.good, gate)) == (SUSPENDED, VALID)


def test_a_damaged_copy_is_as_good_as_none_and_the_next_sync_mends_it(scene: Scene) -> None:
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    path = scene.stream_folder / "bundle"
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert scene.verdict(gate=scene.reopened()) is STALE
    for cut in range(0, len(whole), 11):
        path.write_bytes(whole[:cut])
        assert scene.verdict(gate=scene.reopened()) is STALE
    gate = scene.reopened()
    assert gate.sync(scene.server).failed == ()
    assert scene.verdict(gate=gate) is SUSPENDED


def test_with_its_copy_lost_a_gate_still_takes_no_older_one_than_its_head_knows(scene: Scene) -> None:
    old = scene.office.bundle()
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    scene.office.clock.wind(timedelta(seconds=1))
    scene.take(scene.office.head())
    (scene.stream_folder / "bundle").unlink()
    scene.server.tamper = lambda what, raw: old if what == "bundle" else raw
    gate = scene.reopened()
    (failed,) = gate.sync(scene.server).failed
    assert isinstance(failed[1], StatusStreamRefused)
    assert scene.verdict(gate=gate) is STALE


def test_a_cut_between_the_new_copy_and_the_new_log_leaves_the_state_after(scene: Scene) -> None:
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.take(*scene.office.deltas())
    log = (scene.stream_folder / "deltas").read_bytes()
    scene.office.act(scene.card, Act.REINSTATE)
    scene.office.act(scene.card, Act.SUSPEND)
    shutil.copytree(scene.folder, scene.folder.with_name("cut"))
    cut = scene.reopened(scene.folder.with_name("cut"))
    scene.server.tamper = lambda what, raw: None if what == "deltas" else raw
    assert cut.sync(scene.server).failed == ()
    (folder,) = (scene.folder.with_name("cut") / "status").iterdir()
    assert (folder / "deltas").read_bytes() == b""
    (folder / "deltas").write_bytes(log)
    again = scene.reopened(scene.folder.with_name("cut"))
    (held,) = again.streams()
    assert (held.sequence, held.is_behind, scene.verdict(gate=again)) == (3, False, SUSPENDED)


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process may grow beyond ``size`` bytes (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 1, 70, 110])
def test_on_a_full_disk_what_came_is_held_in_memory_and_written_when_there_is_room(
    scene: Scene, room: int
) -> None:
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    with full_disk(room), pytest.raises(FolderFailed):
        scene.take(scene.office.deltas()[-1])
    assert scene.verdict() is SUSPENDED
    assert (scene.stream_folder / "deltas").stat().st_size == 0
    with full_disk(room):
        (failed,) = scene.gate.sync(scene.server).failed
    assert isinstance(failed[1], (FolderFailed, StatusSourceFailed))
    assert scene.sync() == []
    assert scene.verdict(gate=scene.reopened()) is SUSPENDED


def test_a_full_disk_during_a_new_copy_leaves_the_old_one(scene: Scene) -> None:
    scene.sync()
    before = (scene.stream_folder / "bundle").read_bytes()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.server.tamper = lambda what, raw: None if what == "deltas" else raw
    with full_disk(100):
        assert scene.sync() == ["app.folder_failed"]
    assert (scene.stream_folder / "bundle").read_bytes() == before
    assert scene.sync() == []
    assert scene.verdict() is SUSPENDED


# Several processes on one folder.


def test_what_one_process_takes_the_other_sees_at_its_next_question(scene: Scene) -> None:
    other = scene.reopened()
    assert scene.verdict(gate=other) is STALE
    scene.sync()
    assert scene.verdict(gate=other) is VALID
    for act, wanted in ((Act.SUSPEND, SUSPENDED), (Act.REINSTATE, VALID), (Act.SUSPEND, SUSPENDED)):
        scene.office.act(scene.card, act)
        scene.take(scene.office.deltas()[-1])
        assert scene.verdict(gate=other) is wanted
    assert other.sync(scene.server).failed == ()
    scene.office.clock.wind(timedelta(seconds=61))
    assert scene.verdict(scene.good, other) is STALE
    scene.take(scene.office.head())
    assert scene.verdict(scene.good, other) is VALID


def test_two_processes_that_take_the_same_stream_do_not_spoil_the_log(scene: Scene) -> None:
    scene.sync()
    other = scene.reopened()
    for number, act in enumerate((Act.SUSPEND, Act.REINSTATE) * 4 + (Act.SUSPEND,)):
        scene.office.act(scene.card, act)
        delta = scene.office.deltas(number)[0]
        for gate in (other, scene.gate) if number % 2 else (scene.gate, other, scene.gate):
            assert gate.take(scene.publisher, delta) in (StreamOutcome.APPLIED, StreamOutcome.IGNORED)
    (held,) = scene.reopened().streams()
    assert (held.sequence, scene.verdict(gate=scene.reopened())) == (9, SUSPENDED)


def test_a_folder_that_was_put_back_to_an_older_state_under_a_running_gate_is_noticed(
    scene: Scene, tmp_path: Path
) -> None:
    scene.sync()
    shutil.copytree(scene.stream_folder, tmp_path / "old")
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    assert scene.verdict() is SUSPENDED
    where = scene.stream_folder
    shutil.rmtree(where)
    shutil.copytree(tmp_path / "old", where)
    assert scene.verdict() is STALE
    assert scene.sync() == []
    assert scene.verdict() is SUSPENDED


def test_a_folder_that_was_put_back_in_two_steps_is_noticed_too(scene: Scene, tmp_path: Path) -> None:
    scene.sync()
    shutil.copytree(scene.stream_folder, tmp_path / "old")
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    where = scene.stream_folder
    for name in ("head", "deltas", "bundle"):
        (where / name).unlink(missing_ok=True)
    assert scene.verdict() is STALE
    shutil.copytree(tmp_path / "old", where, dirs_exist_ok=True)
    assert (scene.verdict(), scene.verdict(scene.good)) == (STALE, STALE)
    assert scene.sync() == []
    assert (scene.verdict(), scene.verdict(scene.good)) == (SUSPENDED, VALID)


def test_a_damaged_stream_does_not_give_way_to_lists_from_before_it(scene: Scene) -> None:
    scene.server.tamper = lambda what, raw: raw if what == "list" else None
    assert scene.sync() == []
    assert scene.verdict() is VALID
    scene.server.tamper = lambda _, raw: raw
    scene.office.act(scene.card, Act.SUSPEND)
    assert scene.sync() == []
    assert scene.verdict() is SUSPENDED
    (folder,) = (scene.folder / "status").glob("*.stream")
    (folder / "bundle").write_bytes(b"damaged")
    assert scene.verdict() is STALE
    # Nor are such lists fetched in its place.
    scene.server.tamper = lambda what, raw: raw if what == "list" else None
    assert scene.sync() == ["credentials.status_source_failed"]
    assert scene.verdict(gate=scene.reopened()) is STALE


def test_a_log_that_has_grown_long_gives_way_to_a_new_copy(scene: Scene) -> None:
    scene.sync()
    scene.office.act(scene.card, Act.SUSPEND)
    scene.sync()
    log = scene.stream_folder / "deltas"
    # Old deltas over and over are passed over; only their number counts here.
    log.write_bytes(log.read_bytes() * (LOG_BYTES_LONG // log.stat().st_size + 1))
    scene.server.asked.clear()
    assert scene.gate.take(scene.publisher, scene.office.head()) is StreamOutcome.GAP
    assert scene.sync() == []
    # The deltas first: they alone tell that the copy continues what is held.
    assert scene.server.asked == ["deltas", "bundle", "deltas"]
    assert (log.stat().st_size, scene.verdict()) == (0, SUSPENDED)


def test_a_list_that_was_opened_since_is_fetched_alone(scene: Scene) -> None:
    scene.sync()
    late = [scene.office.issued(person(number)) for number in range(3, 40)]
    assert scene.verdict(late[-1]) is STALE
    scene.server.asked.clear()
    assert scene.sync() == []
    assert "bundle" not in scene.server.asked
    assert "list" in scene.server.asked
    assert scene.verdict(late[-1]) is VALID
    scene.office.act(late[-1], Act.SUSPEND)
    scene.sync()
    assert scene.verdict(late[-1], scene.reopened()) is SUSPENDED


def test_a_new_trust_list_is_followed_at_once(scene: Scene) -> None:
    scene.sync()
    scene.office.clock.wind(timedelta(seconds=5))
    scene.office.renew_keys()
    scene.office.clock.wind(timedelta(seconds=5))
    scene.office.act(scene.card, Act.SUSPEND)
    assert scene.sync() == ["credentials.status_stream_refused"]
    import_trust(scene.gate, scene.office)
    assert scene.sync() == []
    assert scene.verdict() is SUSPENDED


# The gate's own clock.


def test_a_clock_that_is_behind_makes_nothing_valid_by_catching_up_later(scene: Scene) -> None:
    behind = WoundClock(scene.office.clock.now() - timedelta(seconds=1000))
    gate = Gate(scene.folder, behind)
    scene.office.clock.wind(timedelta(days=1))
    behind.wind(timedelta(days=1))
    assert gate.sync(scene.server).failed == ()
    for _ in range(30):
        report = gate.examine(scene.office.text(scene.card))
        assert report.verdict is STALE
        behind.wind(timedelta(seconds=50))
    assert gate.sync(scene.server).failed == ()


def test_a_clock_that_is_a_little_behind_does_not_stretch_a_status(scene: Scene) -> None:
    scene.office.clock.wind(timedelta(days=1))
    behind = WoundClock(scene.office.clock.now() - timedelta(seconds=50))
    gate = Gate(scene.folder, behind)
    gate.sync(scene.server)
    assert scene.verdict(gate=gate) is VALID
    behind.wind(timedelta(seconds=60))
    assert scene.verdict(gate=gate) is VALID
    behind.wind(timedelta(seconds=1))
    assert scene.verdict(gate=gate) is STALE


def test_a_clock_that_is_ahead_makes_everything_stale(scene: Scene) -> None:
    ahead = WoundClock(scene.office.clock.now() + timedelta(seconds=61))
    gate = Gate(scene.folder, ahead)
    gate.sync(scene.server)
    assert scene.verdict(gate=gate) is STALE
