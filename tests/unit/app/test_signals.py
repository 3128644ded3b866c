"""The office of subscriptions: nothing falls between showing a pass and watching its card; which keys sign."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typing_extensions import override

from rahdari.app.authority import AuthorityOffice
from rahdari.app.errors import BadSettings
from rahdari.app.settings import read_settings
from rahdari.app.signals import SignalOffice
from rahdari.credentials import KeyUse, Report
from rahdari.oversight import UseNotRecorded
from rahdari.oversight.schema import USE
from rahdari.signals import KEPT, Method, PassNotGood, State, UnknownStream
from rahdari.wire import security_events
from rahdari.wire.errors import BadSignature
from rahdari.wire.keys import PublicKey
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import officer
from tests.unit.app.signalling import Scene, enrol, make_scene


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def scene(tmp_path: Path, clock: WoundClock) -> Iterator[Scene]:
    made = make_scene(tmp_path, clock=clock)
    yield made
    made.house.close()


class Interrupted(AuthorityOffice):
    """Verifies as always; right after the first verification, the card is suspended."""

    scene: Scene
    looks: int = 0

    @override
    def examine(self, raw: str) -> Report:
        report = super().examine(raw)
        self.looks += 1
        if self.looks == 1:
            self.scene.suspend()
        return report


def interrupted(scene: Scene) -> SignalOffice:
    house = scene.house
    authority = Interrupted(house.foundation, house.gate, house.oversight)
    authority.scene = scene
    return SignalOffice(house.foundation, authority, house.oversight)


def poll(scene: Scene, stream: str) -> list[str]:
    office = scene.house.signals
    found = next(one for one in office.list_streams() if one.id == stream)
    _, sets = office.poll(found.id, acknowledged=(), refused=(), limit=99, actor=scene.bank)
    return list(sets.values())


def test_a_suspension_between_the_look_and_the_watch_is_seen_by_the_second_look(scene: Scene) -> None:
    stream = scene.open(None, Method.POLL)
    text = scene.house.registry.get_pass(scene.card.number).text
    with pytest.raises(PassNotGood, match="suspended"):
        interrupted(scene).add_subject(stream.id, text, actor=scene.bank)
    assert scene.house.signals.report(stream.id).watched == 0


def uses(scene: Scene) -> list[tuple[str, str, str, str]]:
    found = reversed(scene.house.oversight.list_uses(scene.card.number))
    return [(one.institution, one.use.purpose.value, one.use.verdict, one.use.institution) for one in found]


def test_the_holder_reads_of_every_look_that_is_answered_and_of_who_is_told(
    scene: Scene, clock: WoundClock
) -> None:
    office, stream = scene.house.signals, scene.open(None, Method.POLL)
    assert office.list_watchers(scene.card.number) == ()
    subject = scene.show(stream)
    bank = ("Sample Bank", "watching", "valid", scene.bank.id)
    assert uses(scene) == [bank], "two looks for one answer are one use"
    assert office.list_watchers(scene.card.number) == ("Sample Bank",)
    clock.wind(timedelta(seconds=1))
    scene.suspend()
    with pytest.raises(PassNotGood, match="suspended"):
        scene.show(stream)
    assert uses(scene) == [bank, ("Sample Bank", "watching", "suspended", scene.bank.id)]
    office.remove_subject(stream.id, subject, actor=scene.bank)
    assert office.list_watchers(scene.card.number) == ()


def test_a_second_look_that_is_refused_is_written_down_too(scene: Scene) -> None:
    stream = scene.open(None, Method.POLL)
    text = scene.house.registry.get_pass(scene.card.number).text
    with pytest.raises(PassNotGood):
        interrupted(scene).add_subject(stream.id, text, actor=scene.bank)
    assert {verdict for _, _, verdict, _ in uses(scene)} == {"valid", "suspended"}


def test_whoever_asks_with_a_stream_of_somebody_else_learns_no_verdict_and_leaves_no_use(
    scene: Scene,
) -> None:
    stream, insurer = scene.open(None, Method.POLL), enrol(scene.house, "Sample Insurer")
    scene.suspend()
    with pytest.raises(UnknownStream):
        scene.show(stream, by=insurer)
    assert uses(scene) == []


def test_what_is_no_pass_of_ours_is_written_down_as_nobodys(scene: Scene) -> None:
    stream = scene.open(None, Method.POLL)
    with pytest.raises(PassNotGood, match="malformed"):
        scene.house.signals.add_subject(stream.id, "nothing", actor=scene.bank)
    assert uses(scene) == []
    with scene.house.foundation.database.reading() as connection:
        found = connection.execute(select(USE.c.card, USE.c.institution, USE.c.purpose)).all()
    assert [tuple(one) for one in found] == [(None, scene.bank.id, "watching")]


def test_without_the_record_nothing_is_watched_and_no_verdict_is_told(
    tmp_path: Path, clock: WoundClock
) -> None:
    scene = make_scene(tmp_path, clock=clock, environment={"RAHDARI_LOCK_WAIT_SECONDS": "0"})
    stream = scene.open(None, Method.POLL)
    text = scene.house.registry.get_pass(scene.card.number).text
    with scene.house.foundation.writing(), pytest.raises(UseNotRecorded):
        scene.house.signals.add_subject(stream.id, text, actor=scene.bank)
    assert scene.house.signals.report(stream.id).watched == 0
    assert uses(scene) == []
    scene.house.close()


def test_a_look_for_watching_counts_towards_a_flag(scene: Scene) -> None:
    stream = scene.open(None, Method.POLL)
    for _ in range(scene.house.oversight.policy.uses_max + 1):
        scene.show(stream)
    assert scene.house.oversight.log_openings() == 1


def test_giving_up_is_told_to_whoever_polls_next(scene: Scene) -> None:
    """The house gives up on what is sent; a stream of another method meets the same news by the operator's act."""
    office, stream = scene.house.signals, scene.open(None, Method.POLL)
    scene.show(stream)
    office.impose(stream.id, State.DISABLED, "too many complaints")
    scene.suspend()
    (told,) = poll(scene, stream.id)
    assert security_events.decode(told).unverified.order == 1
    office.set_state(stream.id, State.ENABLED, actor=scene.bank)
    orders = [security_events.decode(one).unverified.order for one in poll(scene, stream.id)]
    assert orders == [1, 2, 3], "what was missed has its numbers"


def test_a_watch_that_was_there_before_outlives_such_a_suspension_and_is_told_of_it(scene: Scene) -> None:
    stream = scene.open(None, Method.POLL)
    scene.show(stream)
    text = scene.house.registry.get_pass(scene.card.number).text
    with pytest.raises(PassNotGood):
        interrupted(scene).add_subject(stream.id, text, actor=scene.bank)
    assert scene.house.signals.report(stream.id).watched == 1
    assert len(poll(scene, stream.id)) == 2


def test_two_institutions_cannot_find_out_that_they_speak_of_one_card(scene: Scene) -> None:
    insurer = enrol(scene.house, "Sample Insurer")
    mine, theirs = scene.open(None, Method.POLL), scene.open(None, Method.POLL, by=insurer)
    scene.show(mine)
    scene.show(theirs, by=insurer)
    scene.suspend()
    _, sets = scene.house.signals.poll(theirs.id, acknowledged=(), refused=(), limit=9, actor=insurer)
    first = [security_events.decode(one).unverified for one in poll(scene, mine.id)]
    second = [security_events.decode(one).unverified for one in sets.values()]
    for name in ("audience", "jti", "subject", "txn"):
        assert {getattr(one, name) for one in first}.isdisjoint(getattr(one, name) for one in second), name


def test_events_are_signed_with_the_answer_key_and_its_set_follows_rotation_and_withdrawal(
    scene: Scene,
) -> None:
    house, office = scene.house, scene.house.signals
    stream = scene.open(None, Method.POLL)
    scene.show(stream)
    scene.suspend()
    (old,) = office.public_keys()
    assert "d" not in old
    token = security_events.decode(poll(scene, stream.id)[0])
    token.verify(PublicKey.from_jwk(old), audience=scene.bank.id)
    fresh, _ = house.authority.rotate(KeyUse.ANSWER, actor=officer(house))
    assert [one["kid"] for one in office.public_keys()] == [old["kid"], fresh.public.as_jwk()["kid"]]
    again = security_events.decode(poll(scene, stream.id)[0])
    assert again.unverified == token.unverified, "the same event, signed anew"
    with pytest.raises(BadSignature):
        again.verify(PublicKey.from_jwk(old), audience=scene.bank.id)
    house.authority.withdraw(PublicKey.from_jwk(old).kid, actor=officer(house))
    assert old["kid"] not in [one["kid"] for one in office.public_keys()]


def test_a_former_secret_signs_for_a_day_and_no_longer(scene: Scene, clock: WoundClock) -> None:
    office, stream = scene.house.signals, scene.open("http://127.0.0.1/hook")
    fresh = office.renew_secret(stream.id, actor=scene.bank)
    assert office.secrets_of(fresh.stream) == [fresh.secret, stream.secret]
    clock.wind(timedelta(days=1))
    assert office.secrets_of(fresh.stream) == [fresh.secret]


def test_notices_are_kept_for_thirty_days_and_their_numbers_go_on(scene: Scene, clock: WoundClock) -> None:
    office, stream = scene.house.signals, scene.open(None, Method.POLL)
    scene.show(stream)
    scene.suspend()
    office.fan_out()
    clock.wind(KEPT)
    assert office.purge() == 0
    clock.wind(timedelta(microseconds=1))
    assert office.purge() == 2
    scene.reinstate()
    (text,) = poll(scene, stream.id)
    assert security_events.decode(text).unverified.order == 3


def test_a_stream_that_is_deleted_while_it_is_sent_by_is_passed_over(scene: Scene) -> None:
    office, stream = scene.house.signals, scene.open(None, Method.POLL)
    scene.show(stream)
    scene.suspend()
    office.remove(stream.id, actor=scene.bank)
    assert office.fan_out() == 0
    assert office.list_streams(actor=scene.bank) == ()


def test_what_the_operator_does_twice_is_told_once(scene: Scene) -> None:
    office, stream = scene.house.signals, scene.open(None, Method.POLL)
    for _ in range(2):
        assert office.impose(stream.id, State.PAUSED, "maintenance").state is State.PAUSED
    assert len(poll(scene, stream.id)) == 1


def test_networks_that_are_none_are_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="signal_networks"):
        read_settings(tmp_path, {"RAHDARI_SIGNAL_NETWORKS": "everything"})
