"""A registry in a folder: what two officers signed is published, and nothing that was published is lost."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.errors import AlreadyInitialised, BadSettings, FolderFailed, NotInitialised
from rahdari.app.exchange import join_requests
from rahdari.app.exchange.joining import make_request
from rahdari.app.exchange.journal import Journal
from rahdari.app.exchange.public_configuration import PublicConfiguration
from rahdari.app.exchange.registry import Registry
from rahdari.app.exchange.registry_founding import Founding, found_registry, open_registry, read_listener
from rahdari.exchange.errors import ActRefused, JoinRefused, LogDamaged, UnknownAct
from rahdari.exchange.values.registrations import ProposalState
from rahdari.kernel import Refused
from rahdari.wire.keys import Algorithm, SoftwareSigner
from rahdari.wire.ndel.acts import EnrolOfficer, Enter, Founded, Officer, Suspend, Terms
from rahdari.wire.ndel.configuration import decode
from rahdari.wire.ndel.joining import ReadJoinRequest, read_join
from rahdari.wire.ndel.parties import Configuration
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.exchange_registry import (
    BEGIN,
    OFFICERS,
    QUICK,
    clock,
    decide,
    enter,
    make_gateway,
    make_registry,
)
from tests.unit.wire.ndel_scene import PURPOSE

TIME = clock()


@pytest.fixture
def time() -> WoundClock:
    return clock()


@pytest.fixture
def registry(tmp_path: Path, time: WoundClock) -> Registry:
    return make_registry(tmp_path / "registry", time)


def published(registry: Registry) -> Configuration:
    text = registry.read_public()
    assert text is not None
    return decode(text).verify_with([registry.public])


def reopened(registry: Registry, time: WoundClock) -> Registry:
    return open_registry(registry.folder, {}, clock=time, chance=SeededChance(9))


def test_a_new_registry_has_a_configuration_without_members(registry: Registry) -> None:
    assert published(registry).version == 1
    assert published(registry).members == ()
    assert set(registry.register().officers) == set(OFFICERS)
    assert read_listener(registry.folder).port == 8470


def test_a_gateway_comes_in_once_two_officers_agree(
    registry: Registry, tmp_path: Path, time: WoundClock
) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    text = make_request(home, keys, time)
    read = registry.receive(text)
    assert registry.request_state(read.id) == "waiting"
    assert [(one.read.id, one.proposal) for one in registry.waiting()] == [(read.id, None)]
    registry.approve_any(read.id, *registry.officer(OFFICERS[0], {}))
    assert registry.request_state(read.id) == "proposed"
    assert published(registry).members == ()
    assert len(registry.pending()) == 1
    registry.approve_any(read.id, *registry.officer(OFFICERS[1], {}))
    assert registry.request_state(read.id) == "entered"
    assert registry.waiting() == ()
    assert published(registry).version == 2
    assert published(registry).members[0].gateways == (keys.as_gateway(home.id),)
    assert registry.receive(text).id == read.id
    assert registry.waiting() == ()


def test_a_request_is_declined_and_gone(registry: Registry, tmp_path: Path, time: WoundClock) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    read = registry.receive(make_request(home, keys, time))
    proposal = registry.approve_any(read.id, *registry.officer(OFFICERS[0], {}))
    registry.decline(proposal.number, *registry.officer(OFFICERS[1], {}))
    assert registry.request_state(read.id) == "declined"
    assert registry.waiting() == ()


def test_what_nobody_sent_is_not_known(registry: Registry) -> None:
    for name in ("0" * 16, "999"):
        with pytest.raises(UnknownAct):
            registry.approve_any(name, *registry.officer(OFFICERS[0], {}))
    with pytest.raises(UnknownAct):
        registry.request_state("0" * 16)
    with pytest.raises(Refused):
        registry.request_state("../../etc/passwd")


def test_what_is_not_a_good_request_is_not_kept(registry: Registry, tmp_path: Path, time: WoundClock) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    old = make_request(home, keys, time)
    time.wind(timedelta(days=31))
    with pytest.raises(JoinRefused, match="thirty days"):
        registry.receive(old)
    with pytest.raises(Refused):
        registry.receive("a.b.c")
    assert registry.waiting() == ()


def test_one_address_has_one_gateway(registry: Registry, tmp_path: Path, time: WoundClock) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    enter(registry, home, keys, time)
    other, their_keys = make_gateway(tmp_path / "other", registry, time, code="2001")
    assert other.url == home.url
    with pytest.raises(JoinRefused, match="has the address"):
        registry.receive(make_request(other, their_keys, time))


def test_only_so_many_requests_wait(
    registry: Registry, tmp_path: Path, time: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(join_requests, "REQUESTS_MAX", 2)
    homes = [make_gateway(tmp_path / code, registry, time, code=code) for code in ("1001", "1002", "1003")]
    for home, keys in homes[:2]:
        registry.receive(make_request(home, keys, time))
    with pytest.raises(JoinRefused, match="wait already"):
        registry.receive(make_request(*homes[2], time))
    time.wind(timedelta(days=31))
    registry.receive(make_request(*homes[2], time))
    assert len(registry.waiting()) == 1


def test_a_request_is_declined_before_anybody_approved_it(
    registry: Registry, tmp_path: Path, time: WoundClock
) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    read = registry.receive(make_request(home, keys, time))
    officer, signer = registry.officer(OFFICERS[0], {})
    stranger = SoftwareSigner.generate(Algorithm.EDDSA)
    with pytest.raises(ActRefused, match="no officer"):
        registry.decline_any(read.id, Officer(officer.name, stranger.public), stranger)
    assert len(registry.waiting()) == 1
    assert registry.decline_any(read.id, officer, signer) is None
    assert registry.waiting() == ()
    with pytest.raises(UnknownAct, match="there is no request"):
        registry.decline_any(read.id, officer, signer)
    again = registry.receive(make_request(home, keys, time))
    proposed = registry.approve_any(again.id, officer, signer)
    declined = registry.decline_any(again.id, officer, signer)
    assert declined is not None
    assert (declined.number, declined.state) == (proposed.number, ProposalState.DECLINED)
    other = registry.propose(Enter(PURPOSE), officer, signer)
    assert registry.decline_any(str(other.number), officer, signer) is not None


def test_a_gateway_that_asks_anew_by_the_same_keys_replaces_its_own_request(
    registry: Registry, tmp_path: Path, time: WoundClock
) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    last = registry.receive(make_request(home, keys, time))
    for _ in range(20):
        time.wind(timedelta(seconds=1))
        last = registry.receive(make_request(home, keys, time))
    assert [one.read.id for one in registry.waiting()] == [last.id]
    registry.approve_any(last.id, *registry.officer(OFFICERS[0], {}))
    time.wind(timedelta(seconds=1))
    registry.receive(make_request(home, keys, time))
    assert {one.read.id for one in registry.waiting()} >= {last.id}, "what an officer approved stays"


def test_one_set_of_keys_takes_few_places_whatever_it_calls_itself(
    registry: Registry, tmp_path: Path, time: WoundClock
) -> None:
    made = [make_gateway(tmp_path / str(code), registry, time, code=str(code)) for code in range(1001, 1005)]
    keys = made[0][1]
    requests = [make_request(home, keys, time) for home, _ in made]
    for text in requests[: join_requests.OF_ONE_KEY_MAX]:
        registry.receive(text)
    for text in requests[join_requests.OF_ONE_KEY_MAX :]:
        with pytest.raises(JoinRefused, match="by these keys"):
            registry.receive(text)
    registry.receive(make_request(*made[3], time))


def test_several_may_say_that_they_are_one_gateway_but_few(
    registry: Registry, tmp_path: Path, time: WoundClock
) -> None:
    """The first who comes keeps nobody out: officers compare the keys."""
    made = [make_gateway(tmp_path / str(number), registry, time) for number in range(4)]
    for home, keys in made[: join_requests.OF_ONE_GATEWAY_MAX]:
        registry.receive(make_request(home, keys, time))
    with pytest.raises(JoinRefused, match="which one is yours"):
        registry.receive(make_request(*made[3], time))
    registry.receive(make_request(*made[0], time))


def test_what_waits_is_verified_once(
    registry: Registry, tmp_path: Path, time: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [make_gateway(tmp_path / str(code), registry, time, code=str(code)) for code in range(1001, 1005)]
    verified: list[str] = []

    def counted(text: str) -> ReadJoinRequest:
        verified.append(text)
        return read_join(text)

    monkeypatch.setattr(join_requests, "read_join", counted)
    for home, keys in made:
        registry.receive(make_request(home, keys, time))
        registry.waiting()
    assert verified == []
    other = reopened(registry, time)
    for _ in range(3):
        other.waiting()
    assert len(verified) == len(made)


def test_a_suspension_is_published_at_once(registry: Registry, tmp_path: Path, time: WoundClock) -> None:
    home, keys = make_gateway(tmp_path / "gw", registry, time)
    enter(registry, home, keys, time)
    decide(registry, Suspend(home.member))
    assert published(registry).members[0].suspended_at == int(BEGIN.timestamp())


def test_an_officer_signs_with_her_own_key(registry: Registry) -> None:
    signer = registry.officer(OFFICERS[0], {})
    added = registry.make_officer("Sample Three", {}, scrypt_n=QUICK)
    with pytest.raises(ActRefused, match="no officer"):
        registry.officer("Sample Three", {})
    decide(registry, EnrolOfficer(added))
    assert registry.officer("Sample Three", {})[0] == added
    with pytest.raises(NotInitialised):
        registry.officer("Nobody", {})
    assert signer[0].name == OFFICERS[0]


def test_an_officers_folder_may_be_elsewhere(registry: Registry, tmp_path: Path) -> None:
    folder = next((registry.folder / "officers").glob("sample-one-*"))
    folder.rename(tmp_path / "stick")
    with pytest.raises(NotInitialised):
        registry.officer(OFFICERS[0], {})
    assert registry.officer(OFFICERS[0], {}, tmp_path / "stick")[0].name == OFFICERS[0]


def test_two_processes_see_each_others_acts(registry: Registry, time: WoundClock) -> None:
    other = reopened(registry, time)
    proposal = other.propose(Enter(PURPOSE), *other.officer(OFFICERS[0], {}))
    registry.approve(proposal.number, *registry.officer(OFFICERS[1], {}))
    assert other.register() == registry.register()
    assert published(other).purposes == (PURPOSE,)


def test_a_configuration_is_signed_anew_before_it_expires(registry: Registry, time: WoundClock) -> None:
    first = published(registry)
    assert registry.publish() == 1
    time.wind(timedelta(hours=6))
    assert registry.publish() == 2
    assert published(registry).expires == first.expires + 6 * 3600
    assert published(registry).version == 2


def test_a_clock_that_goes_back_does_not_turn_versions_back(registry: Registry, time: WoundClock) -> None:
    time.wind(timedelta(hours=-1))
    assert registry.publish() == 2
    time.wind(timedelta(hours=2))
    assert registry.publish() == 2
    time.wind(timedelta(hours=6))
    assert registry.publish() == 3


def test_a_public_file_that_is_lost_is_written_again(registry: Registry, time: WoundClock) -> None:
    registry.public_file.unlink()
    assert reopened(registry, time).publish() == 2
    assert published(registry).version == 2


def test_a_crash_between_the_journal_and_the_file_loses_no_version(
    registry: Registry, time: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise FolderFailed("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(PublicConfiguration, "put_in_place", broken)
        with pytest.raises(FolderFailed):
            registry.publish(is_forced=True)
    assert published(registry).version == 1
    again = reopened(registry, time)
    assert again.register().version == 2
    assert again.publish(is_forced=True) == 3
    assert published(again).version == 3


def test_what_was_signed_and_not_put_in_place_is_not_signed_again(
    registry: Registry, tmp_path: Path, time: WoundClock
) -> None:
    aside = registry.public_file.rename(tmp_path / "aside")
    # A folder that stands in the way, as one that cannot be written to.
    registry.public_file.mkdir()
    (registry.public_file / "inside").touch()
    decide(registry, Enter(PURPOSE))
    assert "cannot replace" in registry.unpublished
    size = (registry.folder / "acts" / "journal").stat().st_size
    for _ in range(3):
        with pytest.raises(FolderFailed, match="waits beside it"):
            registry.publish()
    assert reopened(registry, time).register().version == 3
    assert (registry.folder / "acts" / "journal").stat().st_size == size
    (registry.public_file / "inside").unlink()
    registry.public_file.rmdir()
    aside.rename(registry.public_file)
    assert registry.publish() == 3
    assert published(registry).purposes == (PURPOSE,)
    assert registry.unpublished == ""
    assert [one.name for one in registry.public_file.parent.iterdir()] == [registry.public_file.name]


def test_an_act_stands_though_its_publication_waits_for_the_disk(
    registry: Registry, time: WoundClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer is told so; and where she does it again, that it is done already, and then it is published."""

    def full(*_: object, **__: object) -> None:
        raise FolderFailed("cannot write it: No space left on device; nothing was changed")

    proposal = registry.propose(Enter(PURPOSE), *registry.officer(OFFICERS[0], {}))
    size = 0
    with monkeypatch.context() as patched:
        patched.setattr(PublicConfiguration, "prepare", full)
        done = registry.approve(proposal.number, *registry.officer(OFFICERS[1], {}))
        assert done.state is ProposalState.DONE
        assert registry.unpublished == "cannot write it: No space left on device"
        with pytest.raises(ActRefused, match="is done already, and not published yet: cannot write it"):
            registry.approve(proposal.number, *registry.officer(OFFICERS[1], {}))
        size = (registry.folder / "acts" / "journal").stat().st_size
        for _ in range(3):
            with pytest.raises(FolderFailed):
                registry.publish()
    assert (registry.folder / "acts" / "journal").stat().st_size == size
    assert published(registry).purposes == ()
    with pytest.raises(ActRefused, match="is done already"):
        registry.approve(proposal.number, *registry.officer(OFFICERS[1], {}))
    assert published(registry).purposes == (PURPOSE,)


def test_what_could_not_be_entered_in_the_journal_is_not_kept_beside_the_configuration(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FolderFailed("cannot write the journal: No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", full)
        with pytest.raises(FolderFailed):
            registry.publish(is_forced=True)
    assert [one.name for one in registry.public_file.parent.iterdir()] == [registry.public_file.name]


def test_what_is_no_request_keeps_nobody_out(
    registry: Registry, tmp_path: Path, time: WoundClock, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = registry.folder / "requests"
    folder.mkdir()
    (folder / "junk.jws").write_text("junk")
    (folder / "binary.jws").write_bytes(b"\xff\xfe")
    (folder / "folder.jws").mkdir()
    os.mkfifo(folder / "pipe.jws")
    home, keys = make_gateway(tmp_path / "g1", registry, time)
    read = registry.receive(make_request(home, keys, time))
    assert [one.read.id for one in registry.waiting()] == [read.id]
    assert registry.waiting()
    assert capsys.readouterr().out.count("request_left_out") == 4


def test_the_file_is_written_again_after_a_crash_without_being_forced(
    registry: Registry, time: WoundClock
) -> None:
    """A suspension whose file was not written must not wait for the next signing hours later."""
    kept = registry.public_file.read_bytes()
    decide(registry, Enter(PURPOSE))
    registry.public_file.write_bytes(kept)
    assert reopened(registry, time).publish() == 3
    assert published(registry).purposes == (PURPOSE,)


def test_a_journal_that_lacks_what_was_published_is_refused(registry: Registry, time: WoundClock) -> None:
    decide(registry, Enter(PURPOSE))
    journal = registry.folder / "acts" / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:2]))
    with pytest.raises(LogDamaged, match="its end is missing"):
        reopened(registry, time)


def test_an_altered_journal_is_refused(registry: Registry, time: WoundClock) -> None:
    decide(registry, Enter(PURPOSE))
    journal = registry.folder / "acts" / "journal"
    good = journal.read_bytes()
    for place in range(0, len(good) - 1, 499):
        altered = bytearray(good)
        altered[place] ^= 1
        journal.write_bytes(bytes(altered))
        with pytest.raises(LogDamaged):
            reopened(registry, time)


def test_a_torn_line_is_cut_off(registry: Registry, time: WoundClock) -> None:
    journal = registry.folder / "acts" / "journal"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b"eyJhbGci")
    again = reopened(registry, time)
    decide(again, Enter(PURPOSE))
    assert journal.read_bytes().startswith(whole)
    assert published(reopened(registry, time)).purposes == (PURPOSE,)


def test_there_is_one_registry_in_a_folder(registry: Registry, tmp_path: Path, time: WoundClock) -> None:
    with pytest.raises(AlreadyInitialised):
        make_registry(registry.folder, time)
    with pytest.raises(NotInitialised):
        open_registry(tmp_path, {}, clock=time, chance=SeededChance())
    with pytest.raises(AlreadyInitialised):
        registry.found(registry_founded(registry))


def registry_founded(registry: Registry) -> Founded:
    return Founded("PK", (registry.officer(OFFICERS[0], {})[0],), Terms(1))


def test_a_registry_that_cannot_be_is_not_made(tmp_path: Path) -> None:
    for officers, terms in (((), Terms()), (("one",), Terms(2)), (("a", "a"), Terms(2))):
        with pytest.raises(ActRefused):
            found_registry(
                tmp_path / "r",
                Founding("PK", officers, terms),
                {},
                clock=TIME,
                chance=SeededChance(),
                scrypt_n=QUICK,
            )
        assert not (tmp_path / "r" / "acts").exists()


@pytest.mark.parametrize(
    "changed", ["port = 0x\n", 'instance = "PK"\ncolour = 1\n', 'instance = "PK"\nport = 70000\n']
)
def test_settings_that_cannot_be_are_told(registry: Registry, changed: str) -> None:
    (registry.folder / "registry.toml").write_text(changed)
    with pytest.raises(BadSettings):
        read_listener(registry.folder)


PROGRAM = """
import os, sys
from pathlib import Path
from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.registry_founding import open_registry
from rahdari.wire.ndel.acts import Enter
from rahdari.wire.ndel.parties import Purpose
registry = open_registry(Path(sys.argv[1]), {}, clock=SystemClock(), chance=SystemChance())
officers = [registry.officer(name, {}) for name in ("Sample One", "Sample Two")]
number = 0
while True:
    number += 1
    proposal = registry.propose(Enter(Purpose(f"p{number}", {"en": "x"}, "law")), *officers[0])
    registry.approve(proposal.number, *officers[1])
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_what_was_told_to_be_done_survives_a_kill(registry: Registry, time: WoundClock) -> None:
    words = [sys.executable, "-c", PROGRAM, str(registry.folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=dict(os.environ), text=True) as process:  # noqa: S603
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(5)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    done = [int(line) for line in told if line.endswith("\n")]
    codes = {one.code for one in published(reopened(registry, time)).purposes}
    assert len(done) >= 5
    assert {f"p{number}" for number in done} <= codes
    decide(registry, Enter(PURPOSE))
    assert PURPOSE.code in {one.code for one in published(registry).purposes}
