"""Streams beside the log: none is opened, led elsewhere, deleted or moved on unnoticed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from rahdari.app.house import House
from rahdari.app.signal_audit import fingerprint_of_stream
from rahdari.credentials.values.audit import AuditEvent
from rahdari.signals import KEPT, Changes, Delivery, Method, State, Stream, StreamId
from rahdari.signals.store import SqlStore as SignalStore
from tests.fakes.clock import WoundClock
from tests.unit.app.signalling import Scene, make_scene

HOOK = "http://127.0.0.1/hook?token=of-nobody"


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def scene(tmp_path: Path, clock: WoundClock) -> Iterator[Scene]:
    made = make_scene(tmp_path, clock=clock)
    yield made
    made.house.close()


def faults(house: House) -> list[str]:
    return [one.what for one in house.authority.verify_log().faults]


def told(house: House) -> list[AuditEvent]:
    with house.foundation.reading() as desk:
        return [one.event for one in desk.store.read_log() if one.event.act.endswith("_stream")]


def run(scene: Scene, statement: str) -> None:
    with scene.house.foundation.database.transaction() as connection:
        connection.execute(text(statement))


def delivered(scene: Scene) -> Stream:
    """Open a stream that watches the card, and number notices for it."""
    stream = scene.open(HOOK)
    scene.show(stream)
    scene.suspend()
    scene.reinstate()
    scene.house.signals.fan_out()
    assert faults(scene.house) == []
    return stream


def test_the_log_tells_of_every_stream_and_of_no_secret(scene: Scene) -> None:
    office, stream = scene.house.signals, scene.open(HOOK)
    to = Delivery(Method.WEBHOOK, f"{HOOK}&more", "Bearer of-nobody")
    changed = office.change(stream.id, Changes(delivery=to), actor=scene.bank)
    renewed = office.renew_secret(stream.id, actor=scene.bank).stream
    office.set_state(stream.id, State.PAUSED, actor=scene.bank)
    assert faults(scene.house) == []
    office.remove(stream.id, actor=scene.bank)
    assert faults(scene.house) == []
    events = told(scene.house)
    acts = ["open_stream", "change_stream", "change_stream", "delete_stream"]
    assert [one.act for one in events] == acts
    assert {(one.subject, one.actor) for one in events} == {(stream.id, scene.bank.id)}
    digests = [fingerprint_of_stream(one) for one in (stream, changed, renewed, renewed)]
    assert [dict(one.details) for one in events] == [{"method": "webhook", "digest": one} for one in digests]
    assert len(set(digests)) == 3
    assert "of-nobody" not in str(events)


def test_what_is_refused_is_not_logged(scene: Scene) -> None:
    stream = scene.open(None, Method.POLL)
    with pytest.raises(Exception, match="method"):
        scene.house.signals.change(stream.id, Changes(delivery=Delivery(Method.PUSH, HOOK)), actor=scene.bank)
    assert [one.act for one in told(scene.house)] == ["open_stream"]
    assert scene.house.authority.verify_log().is_intact


FORGERIES = {
    "led elsewhere": "UPDATE signals_stream SET url = 'https://attacker.example/'",
    "told by another method": "UPDATE signals_stream SET method = 'poll'",
    "another institution's": "UPDATE signals_stream SET institution = 'institution-other'",
    "fewer events": "UPDATE signals_stream SET kinds = '[]'",
    "another secret": "UPDATE signals_stream SET secret = x'00'",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_stream_that_was_altered_in_the_table_is_found(scene: Scene, forgery: str) -> None:
    stream = delivered(scene)
    run(scene, FORGERIES[forgery])
    assert faults(scene.house) == [f"stream {stream.id} is not as the log says"]


def test_a_stream_that_nobody_opened_is_found(scene: Scene) -> None:
    planted = replace(delivered(scene), id=StreamId("st_planted"))
    with scene.house.foundation.database.transaction() as connection:
        SignalStore(connection).add_stream(planted)
    assert faults(scene.house) == ["stream st_planted is not as the log says"]


def test_a_stream_that_vanished_from_the_table_is_found(scene: Scene) -> None:
    stream = delivered(scene)
    with scene.house.foundation.database.transaction() as connection:
        SignalStore(connection).remove_stream(stream.id)
    assert faults(scene.house) == ["a stream stands in the log and not in the register"]


@pytest.mark.parametrize("position", [1, 99_999])
def test_a_house_that_was_moved_past_the_end_of_the_outbox_is_found(scene: Scene, position: int) -> None:
    delivered(scene)
    run(scene, f"UPDATE signals_position SET position = position + {position}")  # noqa: S608 - a number
    (fault,) = faults(scene.house)
    assert "past the end of the outbox" in fault


@pytest.mark.parametrize("change", ["last_order + 5", "last_order - 1", "0"])
def test_a_stream_that_was_moved_to_another_position_is_found(scene: Scene, change: str) -> None:
    stream = delivered(scene)
    run(scene, f"UPDATE signals_progress SET last_order = {change}")  # noqa: S608 - of our own
    assert faults(scene.house) == [f"stream {stream.id} has come to another position than its notices"]


ALTERED = {
    "another end": "UPDATE signals_notice SET became = 'good' WHERE became = 'suspended'",
    "another instant": "UPDATE signals_notice SET at = at + 1",
    "a name nobody gave": "UPDATE signals_notice SET subject = 'strange'",
    "another card by that name": "UPDATE signals_subject SET card = '0000-0000-0000'",
}


@pytest.mark.parametrize("alteration", ALTERED)
def test_a_notice_that_tells_what_did_not_happen_is_found(
    scene: Scene, clock: WoundClock, alteration: str
) -> None:
    stream = delivered(scene)
    clock.wind(timedelta(seconds=1))
    scene.suspend()
    scene.house.signals.fan_out()
    assert faults(scene.house) == []
    run(scene, ALTERED[alteration])
    assert faults(scene.house) == [f"stream {stream.id} has notices of what did not happen so"]


def test_a_notice_that_was_taken_out_from_between_is_found(scene: Scene) -> None:
    stream = delivered(scene)
    scene.suspend()
    scene.house.signals.fan_out()
    assert faults(scene.house) == []
    run(scene, "DELETE FROM signals_notice WHERE number = 2")
    assert faults(scene.house) == [f"stream {stream.id} lacks notices before order 3"]


def test_a_stream_whose_notices_were_forgotten_in_time_is_as_it_should_be(
    scene: Scene, clock: WoundClock
) -> None:
    delivered(scene)
    clock.wind(KEPT + timedelta(seconds=1))
    scene.house.signals.purge()
    assert faults(scene.house) == []
    scene.suspend()
    scene.house.signals.fan_out()
    assert faults(scene.house) == []
