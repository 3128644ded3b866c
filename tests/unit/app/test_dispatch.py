"""The deliverer: in order, signed, at least once, and nobody waits for anybody else."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rahdari.credentials import Act, Reason
from rahdari.signals import Kind, Method, State
from tests.fakes.receiver import Got, Handler, flood, hang, receiving, redirect_to
from tests.unit.app.founding import issued
from tests.unit.app.signalling import Scene, enrol, make_scene

pytestmark = pytest.mark.loopback


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = make_scene(tmp_path)
    yield made
    made.house.close()


def said(got: Got) -> dict[str, object]:
    told = json.loads(got.body)
    assert isinstance(told, dict)
    return told


def order(got: Got) -> int:
    data = said(got)["data"]
    assert isinstance(data, dict)
    return int(data["order"])


def test_a_suspension_and_its_end_arrive_in_this_order_signed_and_without_a_name(scene: Scene) -> None:
    with receiving() as bank:
        stream = scene.open(bank.url)
        subject = scene.show(stream)
        scene.suspend()
        scene.reinstate()
        assert scene.dispatcher().run_once().sent == 2
        first, second = bank.got
    assert said(first)["type"] == "card.suspended"
    assert said(second)["type"] == "card.reinstated"
    assert said(first)["data"] == {
        "order": 1,
        "stream": stream.id,
        "subject": subject,
        "standing": "suspended",
    }
    assert scene.card.number.encode() not in first.body
    assert stream.secret
    for got in bank.got:
        # By hand, as the specification says it.
        signed = b".".join(
            (got.headers["webhook-id"].encode(), got.headers["webhook-timestamp"].encode(), got.body)
        )
        expected = base64.b64encode(hmac.new(stream.secret, signed, hashlib.sha256).digest()).decode()
        assert got.headers["webhook-signature"] == f"v1,{expected}"
        assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
        assert got.headers["content-type"] == "application/json"


def test_a_pushed_event_is_a_set_with_the_authorization_of_the_receiver(scene: Scene) -> None:
    with receiving() as bank:
        stream = scene.open(bank.url, Method.PUSH, authorization="Bearer sample")
        scene.show(stream)
        scene.suspend()
        scene.dispatcher().run_once()
    assert [one.headers["content-type"] for one in bank.got] == ["application/secevent+jwt"] * 2
    assert {one.headers["authorization"] for one in bank.got} == {"Bearer sample"}
    assert all(one.body.count(b".") == 2 for one in bank.got)


def test_a_receiver_that_answers_500_gets_the_same_message_again_until_it_takes_it(scene: Scene) -> None:
    statuses = [500, 503, 200, 200]
    with receiving(lambda _: statuses.pop(0)) as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        with scene.delivering():
            scene.suspend()
            scene.reinstate()
            bank.wait_for(4)
    assert [order(one) for one in bank.got] == [1, 1, 1, 2]
    assert len({one.headers["webhook-id"] for one in bank.got[:3]}) == 1
    assert len({one.body for one in bank.got[:3]}) == 1
    assert scene.house.signals.report(stream.id).pending == 0


def test_a_running_deliverer_hears_of_a_suspension_at_once(scene: Scene) -> None:
    with receiving() as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        with scene.delivering():
            time.sleep(0.5)
            scene.suspend()
            done = time.monotonic()
            bank.wait_for(1)
    assert bank.got[0].at - done < 2


def test_a_receiver_that_hangs_delays_nobody_else(scene: Scene) -> None:
    other = enrol(scene.house, "Sample Insurer")
    with receiving(hang) as dead, receiving() as well:
        scene.show(scene.open(dead.url))
        scene.show(scene.open(well.url, by=other), by=other)
        with scene.delivering(total_seconds=5):
            scene.suspend()
            well.wait_for(1, seconds=4)
            scene.reinstate()
            well.wait_for(2, seconds=4)
            assert len(dead.got) <= 2


def test_a_gigabyte_for_an_answer_is_not_read(scene: Scene) -> None:
    with receiving(flood) as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        scene.suspend()
        began = time.monotonic()
        assert scene.dispatcher().run_once().sent == 1
    assert time.monotonic() - began < 5


def test_a_redirect_is_a_failure_and_never_followed(scene: Scene) -> None:
    with receiving() as inside, receiving(redirect_to(inside.url)) as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        scene.suspend()
        told = scene.dispatcher().run_once()
        assert (told.sent, told.failed) == (0, 1)
        assert inside.got == []
    assert scene.house.signals.report(stream.id).progress.failure == "the receiver answered 307"


def test_410_disables_a_webhook_after_the_third_and_what_it_missed_comes_once_it_is_enabled(
    scene: Scene,
) -> None:
    statuses = [410, 410, 410]
    office = scene.house.signals
    with receiving(lambda _: statuses.pop(0) if statuses else 200) as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        scene.suspend()
        scene.dispatcher().run_once()
        assert office.report(stream.id).stream.state is State.ENABLED, "one may be a mishap"
        with scene.delivering():
            bank.wait_for(3)
            wait_until(lambda: office.report(stream.id).stream.state is State.DISABLED)
            scene.reinstate()
            time.sleep(0.5)
        assert len(bank.got) == 3
        found = office.report(stream.id).stream
        assert found.why == "the receiver answered 410 3 times in a row: it wants no more"
        office.set_state(stream.id, State.ENABLED, actor=scene.bank)
        assert scene.dispatcher().run_once().sent == 3
    assert [(order(one), said(one)["type"]) for one in bank.got[3:]] == [
        (1, "card.suspended"),
        (2, "stream.updated"),
        (3, "card.reinstated"),
    ]


def wait_until(is_so: Callable[[], bool], seconds: float = 8) -> None:
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_a_receiver_that_does_not_listen_is_a_failure(scene: Scene) -> None:
    with receiving() as bank:
        stream = scene.open(bank.url)
    scene.show(stream)
    scene.suspend()
    assert scene.dispatcher().run_once().failed == 1
    assert scene.house.signals.report(stream.id).progress.failure == "no connection to the endpoint"


def test_what_was_sent_is_sent_again_by_a_replay_under_the_same_ids(scene: Scene) -> None:
    with receiving() as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        scene.suspend()
        scene.reinstate()
        scene.dispatcher().run_once()
        assert scene.house.signals.replay(stream.id, after=0) == 2
        scene.dispatcher().run_once()
        ids = [one.headers["webhook-id"] for one in bank.got]
    assert ids == [f"{stream.id}-1", f"{stream.id}-2"] * 2
    assert bank.got[0].body == bank.got[2].body


def test_two_deliverers_never_send_one_stream_at_once(scene: Scene) -> None:
    running: list[int] = []
    worst: list[int] = []

    def slowly(handler: Handler) -> int:
        running.append(1)
        worst.append(len(running))
        time.sleep(0.02)
        running.pop()
        return 200

    with receiving(slowly) as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        with scene.delivering(), scene.delivering():
            for _ in range(5):
                scene.suspend()
                scene.reinstate()
            bank.wait_for(10)
            time.sleep(0.3)
    assert max(worst) == 1
    assert [order(one) for one in bank.got] == list(range(1, 11))


def test_the_end_of_a_card_and_the_acts_that_nobody_watches(scene: Scene) -> None:
    other = issued(scene.house, 2)
    with receiving() as bank:
        stream = scene.open(bank.url, Method.PUSH, kinds=frozenset({Kind.CREDENTIAL_CHANGE}))
        scene.show(stream)
        scene.suspend(other)
        scene.house.registry.replace(
            scene.card.number, actor=scene.house.officers.authenticate_named("officer"), reason=Reason.LOST
        )
        assert scene.dispatcher().run_once().sent == 1


def test_a_paused_stream_and_a_disabled_one_keep_what_they_missed(scene: Scene) -> None:
    with receiving() as bank:
        paused, disabled = scene.open(bank.url), scene.open(bank.url)
        for stream, state in ((paused, State.PAUSED), (disabled, State.DISABLED)):
            scene.show(stream)
            scene.house.signals.set_state(stream.id, state, actor=scene.bank)
        scene.suspend()
        assert scene.dispatcher().run_once().sent == 0
        for stream in (paused, disabled):
            scene.house.signals.set_state(stream.id, State.ENABLED, actor=scene.bank)
        assert scene.dispatcher().run_once().sent == 2
        told = sorted(one.headers["webhook-id"] for one in bank.got)
        assert told == sorted(f"{one.id}-1" for one in (paused, disabled))


def test_the_operators_pause_is_told_even_though_nothing_else_is(scene: Scene) -> None:
    with receiving() as bank:
        stream = scene.open(bank.url)
        scene.show(stream)
        scene.house.signals.impose(stream.id, State.PAUSED, "maintenance")
        scene.act(Act.SUSPEND, Reason.STOLEN)
        assert scene.dispatcher().run_once().sent == 1
        assert said(bank.got[0]) | {"timestamp": ""} == {
            "type": "stream.updated",
            "timestamp": "",
            "data": {"order": 1, "stream": stream.id, "status": "paused"},
        }
        scene.house.signals.impose(stream.id, State.ENABLED)
        assert scene.dispatcher().run_once().sent == 2
        assert [order(one) for one in bank.got] == [1, 2, 3]
