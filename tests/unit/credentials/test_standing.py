"""What a change of a card's stage tells the world, in the transaction of the change."""

from datetime import timedelta

import pytest

from rahdari.credentials import Act, Card, Channel, Reason, Standing, VerdictKind, holder_id
from rahdari.credentials.errors import NotAllowed, SameOfficer, UnknownCard, WrongReason, WrongStage
from rahdari.credentials.service import cards, keys, locks, status
from rahdari.credentials.service.standing import CARDS_A_DECOY
from rahdari.credentials.service.status import RegisterStatus
from rahdari.credentials.values.cards import CardNumber
from rahdari.credentials.values.keys import KeyUse
from rahdari.kernel import Actor, ActorKind
from rahdari.wire import status_stream
from rahdari.wire.status_stream import FIRST, Delta, Head, Manifest
from tests.unit.credentials.scene import OFFICER, SECOND, Office, person


@pytest.fixture
def office() -> Office:
    return Office()


def deltas(office: Office) -> list[Delta]:
    with office.writing() as desk:
        records = desk.store.list_deltas(after=0, limit=1000)
        known = keys.find_keys(desk, KeyUse.STATUS)
    found: list[Delta] = []
    for record in records:
        signed = status_stream.decode(record.message)
        signed.verify(known[signed.kid][0])
        assert signed.digest == record.digest
        assert isinstance(signed.unverified, Delta)
        found.append(signed.unverified)
    return found


def places(office: Office, card: Card) -> set[tuple[int, int]]:
    with office.writing() as desk:
        return set(desk.store.find_places([card.number])[card.number])


def test_a_card_that_is_issued_and_handed_over_at_once_shows_in_no_delta(office: Office) -> None:
    office.issued()
    assert deltas(office) == []


def test_a_suspension_moves_every_pass_of_the_card_in_one_delta(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    (delta,) = deltas(office)
    assert (delta.sequence, delta.previous) == (1, FIRST)
    told = {(one.shard, one.place): one.status for one in delta.changes}
    own = places(office, card)
    assert len(own) == 2
    assert own <= told.keys()
    assert len(told) <= len(own) + 1
    assert set(told.values()) == {2}


def decoys(office: Office) -> dict[tuple[int, int], Standing]:
    with office.writing() as desk:
        return {one[:2]: one.standing for one, is_decoy in desk.store.iterate_standings() if is_decoy}


def suspend_many(office: Office, count: int = 60) -> list[Card]:
    many = [office.issued(person(number)) for number in range(1, count + 1)]
    for card in many:
        office.act(card, Act.SUSPEND)
    return many


def test_some_suspensions_take_a_decoy_along_and_some_reinstatements_bring_one_back() -> None:
    office = Office(shard_entries=1024)
    many = suspend_many(office)
    extra = [len(delta.changes) - 2 for delta in deltas(office)]
    assert set(extra) == {0, 1}
    assert len(many) / CARDS_A_DECOY / 2 < sum(extra) < 2 * len(many) / CARDS_A_DECOY
    assert len(decoys(office)) == sum(extra)
    for card in many:
        office.act(card, Act.REINSTATE)
    assert Standing.VALID in decoys(office).values()
    assert len(decoys(office)) == sum(extra), "a reinstatement draws no new one"


def test_each_delta_names_the_one_before_it(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    office.act(card, Act.REINSTATE)
    first, second = deltas(office)
    assert second.previous == status_stream.digest_of(first.payload())
    assert places(office, card) <= {one[:2] for one in second.changes}
    assert {one.status for one in second.changes} == {0}


def test_the_place_of_a_decoy_is_never_given_to_a_pass() -> None:
    office = Office(shard_entries=128)
    suspend_many(office, 16)
    known = decoys(office).keys()
    assert known
    others = [office.issued(person(number)) for number in range(100, 112)]
    assert all(known.isdisjoint(places(office, one)) for one in others)


def test_a_list_without_room_gives_no_decoy_and_the_suspensions_stand() -> None:
    office = Office(shard_entries=4)
    suspend_many(office, 12)
    assert decoys(office) == {}
    assert len(deltas(office)) == 12


def test_a_clock_that_was_set_back_does_not_turn_the_stream_back(office: Office) -> None:
    card = office.issued()
    office.clock.wind(timedelta(hours=2))
    office.act(card, Act.SUSPEND)
    office.clock.wind(timedelta(hours=-1))
    office.act(card, Act.REINSTATE)
    first, second = deltas(office)
    assert second.at == first.at


def test_the_outbox_tells_who_moved_from_where_to_where_and_by_which_delta(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND, reason=Reason.STOLEN)
    office.act(card, Act.REINSTATE)
    with office.writing() as desk:
        first, second = desk.store.read_outbox(after=0, limit=9)
    assert (first.position, second.position) == (1, 2)
    assert (first.card, first.act, first.reason) == (card.number, Act.SUSPEND, Reason.STOLEN)
    assert (first.was, first.became, first.sequence) == (Standing.VALID, Standing.SUSPENDED, 1)
    assert (second.was, second.became, second.sequence) == (Standing.SUSPENDED, Standing.VALID, 2)


def test_what_is_refused_leaves_no_trace_in_stream_or_outbox(office: Office) -> None:
    card = office.issued()
    with pytest.raises(WrongStage):
        office.act(card, Act.REINSTATE)
    with pytest.raises(SameOfficer), office.writing() as desk:  # noqa: PT012 - the second act undoes the first
        cards.act(desk, card.number, Act.PROPOSE_REVOCATION, actor=OFFICER)
        cards.act(desk, card.number, Act.SUSPEND, actor=OFFICER)
        cards.act(desk, card.number, Act.REVOKE, actor=OFFICER)
    with office.writing() as desk:
        assert desk.store.find_last_delta() is None
        assert desk.store.read_outbox(after=0, limit=9) == ()


def test_the_log_names_the_delta_that_carries_a_change(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND)
    with office.writing() as desk:
        entry = desk.store.read_log_of(card.number)[-1]
    assert dict(entry.event.details) == {"delta": "1"}


def test_an_expiry_after_a_revocation_changes_no_list(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.PROPOSE_REVOCATION)
    office.act(card, Act.REVOKE, by=SECOND)
    assert len(deltas(office)) == 1
    system = Actor("system", ActorKind.SYSTEM, frozenset({"system"}))
    office.clock.wind(timedelta(days=366 * 20))
    office.renew_keys()
    with office.writing() as desk:
        assert cards.expire_due(desk, actor=system) == ()
    assert len(deltas(office)) == 1


def test_many_cards_that_are_issued_without_being_handed_over_go_in_one_delta(office: Office) -> None:
    waiting = [office.add(person(number)) for number in range(1, 6)]
    issued = office.issue(*waiting, activate=False)
    (delta,) = deltas(office)
    own = set().union(*(places(office, one) for one in issued))
    assert own <= {one[:2] for one in delta.changes}
    with office.writing() as desk:
        assert desk.store.read_outbox(after=0, limit=9) == (), "nobody has seen their passes yet"


def test_a_head_and_a_manifest_tell_the_last_delta(office: Office) -> None:
    card = office.issued()
    with office.writing() as desk:
        empty = status_stream.decode(status.sign_head(desk)).unverified
    assert empty == Head(0, int(office.clock.now().timestamp()), FIRST)
    office.act(card, Act.SUSPEND)
    with office.writing() as desk:
        status.publish(desk)
        head = status_stream.decode(status.sign_head(desk)).unverified
        manifest = status_stream.decode(status.sign_manifest(desk)).unverified
        last = desk.store.find_last_delta()
        shards = desk.store.list_shards()
    assert isinstance(head, Head)
    assert isinstance(manifest, Manifest)
    assert last is not None
    assert (head.sequence, head.digest) == (manifest.sequence, manifest.digest) == (1, last.digest)
    assert manifest.prefix == office.authority.status_prefix
    assert manifest.shards == tuple(one.touched for one in shards)


def test_only_the_lists_that_changed_are_signed_anew(office: Office) -> None:
    card = office.issued()
    with office.writing() as desk:
        assert len(status.publish(desk)) == 1
        assert status.publish(desk) == ()
        assert not status.find_stale(desk)
    office.act(card, Act.SUSPEND)
    with office.writing() as desk:
        assert [one.number for one in status.find_stale(desk)] == [1]
        (one,) = status.publish(desk)
        assert one.sequence == 1
        assert status.publish(desk) == ()
        assert len(status.publish(desk, every=True)) == 1
    office.clock.wind(status.LIST_RENEWAL + timedelta(seconds=9))
    with office.writing() as desk:
        assert len(status.publish(desk)) == 1


def holder_of(card: Card) -> Actor:
    return Actor(holder_id(card.number), ActorKind.VISITOR, frozenset({"holder"}))


def test_a_holder_suspends_the_own_card_and_no_other(office: Office) -> None:
    own, other = office.issued(), office.issued(person(2))
    with pytest.raises(NotAllowed):
        office.act(other, Act.SUSPEND, by=holder_of(own), reason=Reason.LOST)
    with pytest.raises(WrongReason):
        office.act(own, Act.SUSPEND, by=holder_of(own), reason=Reason.COURT_ORDER)
    office.act(own, Act.SUSPEND, by=holder_of(own), reason=Reason.LOST)
    with pytest.raises(NotAllowed):
        office.act(own, Act.REINSTATE, by=holder_of(own))


@pytest.mark.parametrize("channel", Channel)
def test_a_lock_shuts_one_channel_until_it_is_lifted(office: Office, channel: Channel) -> None:
    card = office.issued()
    with office.writing() as desk:
        assert locks.lock(desk, card.number, channel, actor=holder_of(card)) == {channel}
        assert locks.lock(desk, card.number, channel, actor=holder_of(card)) == {channel}
        for asked in Channel:
            view = RegisterStatus(desk.store, desk.began, issuer=office.authority.issuer, channel=asked)
            report = office.examine(office_text(desk, card), by=office.verifier(statuses=view))
            assert report.verdict is (VerdictKind.LOCKED if asked is channel else VerdictKind.VALID)
        assert locks.unlock(desk, card.number, channel, actor=OFFICER) == frozenset()
        assert locks.unlock(desk, card.number, channel, actor=OFFICER) == frozenset()
        acts = [one.event.act for one in desk.store.read_log_of(card.number)]
    assert acts[-2:] == ["lock", "unlock"], "what changed nothing is not logged"


@pytest.mark.parametrize("reason", [Reason.DAMAGED, Reason.LOST, Reason.RENEWED])
def test_a_new_card_is_no_way_around_the_holders_lock(office: Office, reason: Reason) -> None:
    card = office.issued()
    with office.writing() as desk:
        locks.lock(desk, card.number, Channel.ONLINE, actor=holder_of(card))
        _, new = cards.replace_card(desk, card.number, actor=OFFICER, reason=reason)
        cards.issue(desk, [new], actor=OFFICER)
        assert desk.store.list_locks(new.number) == {Channel.ONLINE}
        view = RegisterStatus(desk.store, desk.began, issuer=office.authority.issuer, channel=Channel.ONLINE)
        report = office.examine(office_text(desk, new), by=office.verifier(statuses=view))
    assert report.verdict is VerdictKind.LOCKED


def office_text(desk: object, card: Card) -> str:
    return cards.get_pass(desk, card.number, "qr").payload.decode()  # type: ignore[arg-type]


def test_a_lock_is_the_holders_own_and_dies_with_a_suspension(office: Office) -> None:
    own, other = office.issued(), office.issued(person(2))
    stranger = Actor("somebody", ActorKind.VISITOR)
    with office.writing() as desk:
        for actor, card in ((holder_of(own), other), (stranger, own)):
            with pytest.raises(NotAllowed):
                locks.lock(desk, card.number, Channel.LOGIN, actor=actor)
        with pytest.raises(UnknownCard):
            locks.lock(desk, CardNumber("0000-0000-0000"), Channel.LOGIN, actor=OFFICER)
    office.act(own, Act.SUSPEND)
    with office.writing() as desk, pytest.raises(NotAllowed):
        locks.unlock(desk, own.number, Channel.LOGIN, actor=holder_of(own))
