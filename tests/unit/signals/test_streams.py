"""Streams and notices on a store in memory: numbered, told in the right words, retried, replayed."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from rahdari import signals
from rahdari.signals import (
    KEPT,
    USUAL,
    Ahead,
    BadEndpoint,
    Became,
    Changes,
    Delivery,
    Ending,
    Happening,
    Initiator,
    Kind,
    Method,
    NotKept,
    Outcome,
    Progress,
    Slots,
    State,
    Stream,
    TooManyStreams,
    TooSoon,
    UnknownStream,
    UnknownSubject,
    Wanted,
    WrongMethod,
)
from rahdari.signals.rules.retries import delay_after
from rahdari.signals.service import streams as service
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.signals import HappeningsInMemory, SignalsInMemory

BANK, INSURER = "institution-bank", "institution-insurer"
CARD = "7K3F-9QX2-M4TD"
URL = "https://bank.example/events"
HEALTHY = Slots(healthy=99, failing=99)


class Desk:
    """A store, a clock that is wound, chance from a seed, and the happenings of a register."""

    def __init__(self) -> None:
        self.store = SignalsInMemory()
        self.clock = WoundClock()
        self.chance = SeededChance()
        self.register = HappeningsInMemory()

    def create(
        self,
        method: Method = Method.PUSH,
        by: str = BANK,
        kinds: frozenset[Kind] = signals.USUAL_KINDS,
    ) -> Stream:
        wanted = Wanted(Delivery(method, None if method is Method.POLL else URL), kinds)
        fresh = signals.create_stream(self.store, wanted, by, clock=self.clock, chance=self.chance)
        return fresh.stream

    def watch(self, stream: Stream, card: str = CARD) -> str:
        return signals.add_subject(
            self.store, stream.id, card, stream.institution, chance=self.chance
        ).subject

    def happen(self, *became: Became, card: str = CARD, by: Initiator = Initiator.ADMIN) -> int:
        for one in became:
            position = len(self.register.all) + 1
            self.register.all.append(Happening(position, self.clock.now(), card, one, by))
        return signals.fan_out(self.store, signals.read_ahead(self.store, self.register), clock=self.clock)

    def pending(self, stream: Stream) -> list[tuple[int, Kind]]:
        return [(one.order, one.kind) for one in self.store.list_pending(stream.id, limit=99)]

    def claim(self, owner: str = "me", slots: Slots = HEALTHY) -> list[str]:
        due = signals.find_due(self.store, clock=self.clock, slots=slots)
        until = signals.claim(self.store, due, owner, clock=self.clock, patience=USUAL)
        return [one.stream.id for one in signals.read_claimed(self.store, owner, until)]

    def note(self, *outcomes: Outcome, owner: str = "me") -> None:
        judged = signals.judge(self.store, outcomes, clock=self.clock, patience=USUAL, chance=self.chance)
        signals.write_down(self.store, judged, owner, clock=self.clock)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_suspension_is_two_events_its_end_one_and_the_end_of_the_card_two(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    assert desk.happen(Became.SUSPENDED, Became.GOOD, Became.ENDED) == 5
    assert desk.pending(stream) == [
        (1, Kind.SESSION_REVOKED),
        (2, Kind.CREDENTIAL_CHANGE),
        (3, Kind.CREDENTIAL_CHANGE),
        (4, Kind.SESSION_REVOKED),
        (5, Kind.CREDENTIAL_CHANGE),
    ]
    causes = [one.cause for one in desk.store.list_pending(stream.id, limit=9)]
    assert causes == [1, 1, 3, 4, 4]


def test_a_stream_gets_the_kinds_that_it_asked_for_and_a_webhook_one_notice_each(desk: Desk) -> None:
    risc = desk.create(kinds=signals.kinds_named([signals.TYPES[Kind.ACCOUNT_DISABLED], "urn:other"]))
    nothing = desk.create(kinds=signals.kinds_named([]))
    hook = desk.create(Method.WEBHOOK)
    for stream in (risc, nothing, hook):
        desk.watch(stream)
    desk.happen(Became.SUSPENDED, Became.GOOD)
    assert desk.pending(risc) == [(1, Kind.ACCOUNT_DISABLED)]
    assert desk.pending(nothing) == []
    assert desk.pending(hook) == [(1, Kind.STANDING), (2, Kind.STANDING)]


def test_nothing_is_numbered_for_a_card_that_nobody_watches_or_twice(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    assert desk.happen(Became.SUSPENDED, card="OTHER") == 0
    ahead = Ahead(desk.register.read(after=0, limit=9), desk.store.find_watchers([CARD]))
    assert signals.fan_out(desk.store, ahead, clock=desk.clock) == 0
    assert desk.store.get_position() == 1
    desk.happen(Became.SUSPENDED)
    ahead = Ahead(tuple(desk.register.all), desk.store.find_watchers([CARD]))
    assert signals.fan_out(desk.store, ahead, clock=desk.clock) == 0
    assert len(desk.pending(stream)) == 2


@pytest.mark.parametrize(
    ("became", "kind", "change"),
    [
        (Became.SUSPENDED, "card.suspended", "update"),
        (Became.GOOD, "card.reinstated", "update"),
        (Became.ENDED, "card.ended", "revoke"),
    ],
)
def test_each_standing_is_told_in_the_words_of_the_standards(
    desk: Desk, became: Became, kind: str, change: str
) -> None:
    push, hook = desk.create(), desk.create(Method.WEBHOOK)
    subject = desk.watch(push)
    desk.watch(hook)
    desk.happen(became, by=Initiator.SYSTEM)
    told = desk.store.list_pending(push.id, limit=9)[-1]
    event = signals.as_event(told, push, "https://authority.example")
    assert event.audience == BANK
    assert event.subject == subject
    assert event.jti == f"{push.id}-{told.order}"
    assert event.txn == f"{push.id}-1"
    assert event.payload["change_type"] == change
    assert event.payload["credential_type"] == "verifiable-credential"
    assert event.payload["initiating_entity"] == "system"
    assert event.payload["event_timestamp"] == int(desk.clock.now().timestamp())
    body = json.loads(signals.as_webhook(desk.store.list_pending(hook.id, limit=1)[0]))
    assert body == {
        "type": kind,
        "timestamp": "2026-03-01T09:00:00.000000Z",
        "data": {"order": 1, "stream": hook.id, "subject": subject, "standing": became.value},
    }
    assert CARD not in json.dumps(body)


def test_the_streams_own_news_name_the_stream(desk: Desk) -> None:
    push, hook = desk.create(), desk.create(Method.WEBHOOK)
    for stream in (push, hook):
        signals.ask_verification(desk.store, stream.id, BANK, state="x", clock=desk.clock)
        signals.impose_state(desk.store, stream.id, State.PAUSED, "maintenance", clock=desk.clock)
        signals.impose_state(desk.store, stream.id, State.PAUSED, "again", clock=desk.clock)
    first, second = desk.store.list_pending(push.id, limit=9)
    assert signals.as_event(first, push, "i").payload == {"state": "x"}
    assert signals.as_event(second, push, "i").payload == {"status": "paused"}
    assert signals.as_event(second, push, "i").subject == push.id
    verified, updated = [
        json.loads(signals.as_webhook(one)) for one in desk.store.list_pending(hook.id, limit=9)
    ]
    assert (verified["type"], verified["data"]["state"]) == ("stream.verification", "x")
    assert (updated["type"], updated["data"]["status"]) == ("stream.updated", "paused")


def test_a_verification_is_asked_for_once_in_ten_seconds(desk: Desk) -> None:
    stream = desk.create()
    signals.ask_verification(desk.store, stream.id, BANK, state=None, clock=desk.clock)
    desk.clock.wind(timedelta(seconds=9.5))
    with pytest.raises(TooSoon) as refused:
        signals.ask_verification(desk.store, stream.id, BANK, state=None, clock=desk.clock)
    assert refused.value.wait_seconds == 1
    desk.clock.wind(timedelta(seconds=0.5))
    signals.ask_verification(desk.store, stream.id, BANK, state=None, clock=desk.clock)


def test_every_command_knows_whose_stream_it_is(desk: Desk) -> None:
    stream = desk.create()
    subject = signals.add_subject(desk.store, stream.id, CARD, BANK, chance=desk.chance).subject
    store, clock, chance = desk.store, desk.clock, desk.chance
    commands: list[Callable[[], object]] = [
        lambda: signals.get_stream(store, stream.id, INSURER),
        lambda: signals.change_stream(store, stream.id, Changes(description="x"), INSURER),
        lambda: signals.renew_secret(store, stream.id, INSURER, clock=clock, chance=chance),
        lambda: signals.remove_stream(store, stream.id, INSURER),
        lambda: signals.set_state(store, stream.id, State.DISABLED, INSURER),
        lambda: signals.ask_verification(store, stream.id, INSURER, state=None, clock=clock),
        lambda: signals.add_subject(store, stream.id, CARD, INSURER, chance=chance),
        lambda: signals.remove_subject(store, stream.id, subject, INSURER),
    ]
    for command in commands:
        with pytest.raises(UnknownStream):
            command()
    signals.remove_subject(store, stream.id, subject, BANK)
    with pytest.raises(UnknownSubject):
        signals.remove_subject(store, stream.id, subject, BANK)


def test_streams_and_subjects_are_bounded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "STREAMS_MAX", 2)
    monkeypatch.setattr(service, "SUBJECTS_MAX", 1)
    stream, _ = desk.create(), desk.create()
    with pytest.raises(TooManyStreams):
        desk.create()
    desk.create(by=INSURER)
    desk.watch(stream)
    with pytest.raises(signals.TooManySubjects):
        desk.watch(stream, "OTHER")


def test_a_stream_needs_an_address_where_it_is_sent_to_and_none_where_it_is_fetched(desk: Desk) -> None:
    with pytest.raises(BadEndpoint):
        signals.create_stream(
            desk.store, Wanted(Delivery(Method.PUSH)), BANK, clock=desk.clock, chance=desk.chance
        )
    wanted = Wanted(Delivery(Method.POLL, URL, "Bearer sample"))
    fresh = signals.create_stream(desk.store, wanted, BANK, clock=desk.clock, chance=desk.chance)
    assert fresh.stream.delivery == Delivery(Method.POLL)
    assert fresh.secret is None
    with pytest.raises(WrongMethod):
        signals.change_stream(desk.store, fresh.stream.id, Changes(Delivery(Method.PUSH, URL)), BANK)
    with pytest.raises(WrongMethod):
        signals.renew_secret(desk.store, fresh.stream.id, BANK, clock=desk.clock, chance=desk.chance)


def test_a_new_secret_leaves_the_former_one_in_force_for_a_day(desk: Desk) -> None:
    stream = desk.create(Method.WEBHOOK)
    fresh = signals.renew_secret(desk.store, stream.id, BANK, clock=desk.clock, chance=desk.chance)
    assert fresh.stream.former_secret == stream.secret != fresh.secret == fresh.stream.secret
    assert fresh.stream.former_until == desk.clock.now() + timedelta(days=1)
    assert str(fresh.secret) not in repr(fresh)


def test_delays_double_to_an_hour_and_chance_shortens_them_by_up_to_a_half() -> None:
    class Least:
        def below(self, _bound: int) -> int:
            return 0

        def bytes(self, count: int) -> bytes:
            return bytes(count)

    class Most(Least):
        def below(self, bound: int) -> int:  # type: ignore[explicit-override]
            return bound - 1

    whole = [delay_after(attempts, USUAL, Least()).total_seconds() for attempts in range(1, 14)]
    assert whole == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600]
    assert delay_after(10_000, USUAL, Least()) == USUAL.longest
    assert delay_after(3, USUAL, Most()) == timedelta(seconds=2)


def test_a_failing_receiver_is_tried_ever_more_seldom_and_given_up_after_five_days(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    desk.happen(Became.SUSPENDED)
    attempts, began = 0, desk.clock.now()
    while desk.store.find_stream(stream.id).state is State.ENABLED:  # type: ignore[union-attr]
        if desk.claim():
            attempts += 1
            desk.note(Outcome(stream.id, (), Ending.FAILED, "the receiver answered 500"))
        desk.clock.wind(timedelta(minutes=1))
    assert timedelta(days=5) <= desk.clock.now() - began < timedelta(days=5, hours=2)
    assert 120 < attempts < 260
    found = signals.get_stream(desk.store, stream.id)
    assert found.why == "it failed for too long: the receiver answered 500"
    assert desk.claim() == []
    assert desk.pending(stream)[-1] == (3, Kind.STREAM_UPDATED), "the next contact tells"
    signals.impose_state(desk.store, stream.id, State.ENABLED, None, clock=desk.clock)
    assert desk.claim() == [stream.id], "whoever mended it does not wait for the next hour"


def gone(stream: Stream) -> Outcome:
    return Outcome(stream.id, (), Ending.GONE, "the receiver answered 410")


def test_410_disables_after_three_in_a_row_over_ten_minutes_and_no_sooner(desk: Desk) -> None:
    stream = desk.create(Method.WEBHOOK)
    desk.watch(stream)
    desk.happen(Became.SUSPENDED)
    began, said = desk.clock.now(), 0
    while signals.get_stream(desk.store, stream.id).state is State.ENABLED:
        if desk.claim():
            desk.note(gone(stream))
            said += 1
        desk.clock.wind(timedelta(seconds=1))
    assert said > 3
    assert timedelta(minutes=10) <= desk.clock.now() - began < timedelta(minutes=20)
    assert signals.get_stream(desk.store, stream.id).why == (
        f"the receiver answered 410 {said} times in a row: it wants no more"
    )
    assert desk.pending(stream) == [(1, Kind.STANDING), (2, Kind.STREAM_UPDATED)]
    desk.clock.wind(timedelta(days=20))
    assert desk.claim() == [], "nobody is called who wants no more"


def test_410_between_other_failures_is_counted_anew(desk: Desk) -> None:
    stream = desk.create(Method.WEBHOOK)
    desk.watch(stream)
    desk.happen(Became.SUSPENDED, Became.GOOD)
    other = Outcome(stream.id, (), Ending.FAILED, "the receiver answered 500")
    partly = Outcome(stream.id, (1,), Ending.GONE, "the receiver answered 410")
    counts = []
    for outcome in (gone(stream), gone(stream), other, gone(stream), gone(stream), partly):
        desk.claim()
        desk.note(outcome)
        counts.append(desk.store.get_progress(stream.id).gone)
        desk.clock.wind(timedelta(hours=1))
    assert counts == [1, 2, 0, 1, 2, 1]
    assert signals.get_stream(desk.store, stream.id).state is State.ENABLED


@pytest.mark.parametrize("state", [State.DISABLED, State.PAUSED])
def test_what_happens_while_a_stream_does_not_run_is_numbered_and_told_when_it_does(
    desk: Desk, state: State
) -> None:
    stream = desk.create(Method.WEBHOOK)
    desk.watch(stream)
    desk.happen(Became.SUSPENDED, Became.GOOD)
    desk.claim()
    desk.note(Outcome(stream.id, (1, 2), Ending.TAKEN))
    signals.set_state(desk.store, stream.id, state, BANK)
    desk.happen(Became.SUSPENDED)
    assert desk.claim() == []
    signals.set_state(desk.store, stream.id, State.ENABLED, BANK)
    assert desk.pending(stream) == [(3, Kind.STANDING)]
    assert signals.replay(desk.store, stream.id, after=2) == 1


def test_what_a_disabled_stream_missed_is_dropped_after_thirty_days_and_the_gap_shows(desk: Desk) -> None:
    stream = desk.create(Method.WEBHOOK)
    desk.watch(stream)
    signals.set_state(desk.store, stream.id, State.DISABLED, BANK)
    desk.happen(Became.SUSPENDED)
    desk.clock.wind(KEPT + timedelta(seconds=1))
    assert signals.purge(desk.store, clock=desk.clock) == 1
    signals.set_state(desk.store, stream.id, State.ENABLED, BANK)
    desk.happen(Became.GOOD)
    assert desk.pending(stream) == [(2, Kind.STANDING)]
    with pytest.raises(NotKept, match="from 2 on"):
        signals.replay(desk.store, stream.id, after=0)


def test_what_arrived_is_not_sent_again_and_what_failed_after_it_is(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    desk.happen(Became.SUSPENDED)
    desk.claim()
    desk.note(Outcome(stream.id, (1,), Ending.FAILED, "the receiver answered 500"))
    assert desk.pending(stream) == [(2, Kind.CREDENTIAL_CHANGE)]
    assert desk.store.get_progress(stream.id).attempts == 1
    assert desk.claim() == []
    desk.clock.wind(timedelta(seconds=1))
    assert desk.claim() == [stream.id]
    desk.note(Outcome(stream.id, (2,), Ending.TAKEN))
    assert desk.store.get_progress(stream.id) == Progress(last_order=2)


def test_retry_after_is_heeded_up_to_an_hour(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    desk.happen(Became.SUSPENDED)
    for asked, heeded in ((600, 600), (10**9, 3600)):
        desk.claim()
        wait = timedelta(seconds=asked)
        desk.note(Outcome(stream.id, (), Ending.FAILED, "the receiver answered 429", wait))
        due = desk.store.get_progress(stream.id).due_at
        assert due == desk.clock.now() + timedelta(seconds=heeded)
        desk.clock.wind(timedelta(hours=1))


def test_a_deliverer_that_died_holds_a_stream_for_fifteen_seconds(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    desk.happen(Became.SUSPENDED)
    assert desk.claim("dead") == [stream.id]
    assert desk.claim("alive") == []
    desk.clock.wind(timedelta(seconds=15))
    assert desk.claim("alive") == [stream.id]
    # The dead one comes back: what it delivered is believed, the stream stays with the other.
    desk.note(Outcome(stream.id, (1,), Ending.FAILED, "late"), owner="dead")
    assert desk.pending(stream) == [(2, Kind.CREDENTIAL_CHANGE)]
    assert desk.store.get_progress(stream.id).attempts == 0
    assert desk.claim("third") == []


def test_failing_receivers_have_slots_of_their_own(desk: Desk) -> None:
    streams = [desk.create(by=f"institution-{number}") for number in range(4)]
    for stream in streams:
        desk.watch(stream)
    desk.happen(Became.SUSPENDED)
    failing = [one.id for one in streams[:2]]
    for name in failing:
        desk.store.put_progress(name, Progress(attempts=1, due_at=desk.clock.now()))
    assert set(desk.claim(slots=Slots(healthy=9, failing=0))) == {one.id for one in streams[2:]}
    busy = frozenset({streams[0].id})
    desk.clock.wind(timedelta(seconds=1))
    assert desk.claim(slots=Slots(healthy=0, failing=9, busy=busy)) == [streams[1].id]
    desk.clock.wind(timedelta(seconds=1))
    assert desk.claim(slots=Slots(healthy=0, failing=0)) == []


def test_a_replay_begins_where_it_is_asked_and_only_with_what_is_kept(desk: Desk) -> None:
    stream = desk.create()
    desk.watch(stream)
    desk.happen(Became.SUSPENDED, Became.GOOD)
    desk.claim()
    desk.note(Outcome(stream.id, (1, 2, 3), Ending.TAKEN))
    assert signals.replay(desk.store, stream.id, after=3) == 0
    assert signals.replay(desk.store, stream.id, after=1) == 2
    assert [order for order, _ in desk.pending(stream)] == [2, 3]
    for wrong in (-1, 4):
        with pytest.raises(NotKept):
            signals.replay(desk.store, stream.id, after=wrong)
    desk.clock.wind(KEPT + timedelta(seconds=1))
    desk.happen(Became.SUSPENDED)
    assert signals.purge(desk.store, clock=desk.clock) == 3
    with pytest.raises(NotKept, match="from 4 on"):
        signals.replay(desk.store, stream.id, after=0)
    assert signals.replay(desk.store, stream.id, after=3) == 2


def test_a_poll_gives_what_is_not_acknowledged_and_no_more_than_asked(desk: Desk) -> None:
    stream, other = desk.create(Method.POLL), desk.create(Method.POLL, by=INSURER)
    for one in (stream, other):
        desk.watch(one)
    desk.happen(Became.SUSPENDED, Became.GOOD)

    def poll(*acknowledged: str, limit: int = 99) -> tuple[list[int], bool]:
        told = signals.poll(
            desk.store, stream, acknowledged=acknowledged, refused=(), limit=limit, clock=desk.clock
        )
        return [one.order for one in told.notices], told.has_more

    assert poll(limit=2) == ([1, 2], True)
    assert poll(f"{other.id}-1", f"{stream.id}-01", f"{stream.id}-", "x", f"{stream.id}-9") == (
        [1, 2, 3],
        False,
    )
    assert poll(f"{stream.id}-2", limit=0) == ([], True)
    assert poll() == ([1, 3], False)
    assert poll(f"{stream.id}-1", f"{stream.id}-3") == ([], False)
    assert len(desk.pending(other)) == 3
    with pytest.raises(WrongMethod):
        signals.poll(desk.store, desk.create(), acknowledged=(), refused=(), limit=1, clock=desk.clock)
