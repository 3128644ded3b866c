"""The life of a card: every stage, act, role and reason, against the table."""

import itertools
import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest

from rahdari.credentials import MOVES, Act, Card, CardNumber, HolderId, Move, Reason, Stage, VerdictKind
from rahdari.credentials.errors import (
    CardTaken,
    HolderTaken,
    NotAllowed,
    NothingProposed,
    SameOfficer,
    UnknownCard,
    UnknownFeature,
    UnknownHolder,
    WrongReason,
    WrongStage,
)
from rahdari.credentials.rules.life_cycle import ROLES, STANDINGS, _done, decide_move
from rahdari.credentials.service import cards, holders
from rahdari.credentials.values.cards import Standing
from rahdari.kernel import Actor, ActorKind
from tests.unit.credentials.scene import OFFICER, SECOND, Office, person

SYSTEM = Actor("system", ActorKind.SYSTEM, frozenset({"system"}))


def holding(*roles: str, name: str = "officer-9") -> Actor:
    return Actor(name, ActorKind.OFFICER, frozenset(roles))


@pytest.fixture
def office() -> Office:
    return Office()


def reasons_for(role: str, move: Move) -> tuple[Reason, ...]:
    """A holder may say that the card is lost or stolen, or ask; an officer whatever the table has."""
    if role != "holder":
        return move.reasons
    return tuple(one for one in move.reasons if one in (Reason.HOLDER_REQUEST, Reason.LOST, Reason.STOLEN))


@pytest.mark.parametrize("stage", [None, *Stage])
def test_an_act_is_allowed_exactly_where_the_table_says_so(stage: Stage | None) -> None:
    tried = allowed = 0
    for act, role, reason in itertools.product(Act, ROLES, [None, *Reason]):
        move, actor = MOVES.get((stage, act)), holding(role)
        tried += 1
        expected: type[Exception] | None = None
        if move is None:
            expected = WrongStage
        elif role not in move.roles:
            expected = NotAllowed
        elif reason is not None and reason not in reasons_for(role, move):
            expected = WrongReason
        if expected is not None:
            with pytest.raises(expected):
                decide_move(stage, act, actor=actor, reason=reason)
            continue
        allowed += 1
        decided = decide_move(stage, act, actor=actor, reason=reason)
        assert move is not None
        assert decided.to is move.to
        assert decided.reasons == ((reason or reasons_for(role, move)[0]),)
    assert tried == len(Act) * len(ROLES) * (len(Reason) + 1)
    assert (allowed > 0) == any(start is stage for start, _ in MOVES)


def test_nobody_without_a_role_does_anything() -> None:
    for stage, act in MOVES:
        with pytest.raises(NotAllowed):
            decide_move(stage, act, actor=holding())


def test_every_stage_is_reached_and_only_an_active_card_is_in_good_standing() -> None:
    assert {move.to for move in MOVES.values()} == set(Stage)
    assert [stage for stage in Stage if STANDINGS[stage] is Standing.VALID] == [Stage.ACTIVE]
    ends = {Stage.REVOKED, Stage.REPLACED}
    assert not [start for start, _ in MOVES if start in ends]


def test_revoking_needs_a_proposal_by_another_officer(office: Office) -> None:
    card = office.issued()
    with pytest.raises(NothingProposed):
        office.act(card, Act.REVOKE)
    office.act(card, Act.PROPOSE_REVOCATION, reason=Reason.COURT_ORDER)
    with pytest.raises(SameOfficer):
        office.act(card, Act.REVOKE)
    assert office.examine(office.text(card)).verdict is VerdictKind.VALID
    revoked = office.act(card, Act.REVOKE, by=SECOND)
    assert revoked.stage is Stage.REVOKED
    with office.writing() as desk:
        last = desk.store.read_log_of(card.number)[-1].event
    assert (last.act, last.actor, last.reason) == ("revoke", SECOND.id, Reason.COURT_ORDER)
    with pytest.raises(WrongStage):
        office.act(card, Act.REVOKE, by=SECOND)


def test_a_reinstatement_takes_the_proposal_away(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.PROPOSE_REVOCATION)
    office.act(card, Act.SUSPEND)
    office.act(card, Act.REINSTATE)
    with pytest.raises(NothingProposed):
        office.act(card, Act.REVOKE, by=SECOND)


def test_two_officers_who_approve_at_once_revoke_once(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.PROPOSE_REVOCATION)
    third = replace(SECOND, id="officer-3")
    barrier, outcomes = threading.Barrier(2), list[str]()

    def approve(officer: Actor) -> None:
        barrier.wait()
        try:
            office.act(card, Act.REVOKE, by=officer)
            outcomes.append("revoked")
        except WrongStage:
            outcomes.append("too late")

    threads = [threading.Thread(target=approve, args=(one,)) for one in (SECOND, third)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["revoked", "too late"]
    with office.writing() as desk:
        acts = [entry.event.act for entry in desk.store.read_log_of(card.number)]
    assert acts.count("revoke") == 1


def test_a_replacement_ends_the_old_card_and_begins_the_new_one_in_one_step(office: Office) -> None:
    old = office.issued()
    with office.writing() as desk:
        ended, application = cards.replace_card(desk, old.number, actor=OFFICER, reason=Reason.STOLEN)
        (new,) = cards.issue(desk, [application], actor=OFFICER)
    assert (ended.stage, new.stage, new.replaces) == (Stage.REPLACED, Stage.ACTIVE, old.number)
    by = office.verifier()
    assert office.examine(office.text(old), by=by).verdict is VerdictKind.REVOKED
    assert office.examine(office.text(new), by=by).verdict is VerdictKind.VALID
    with office.writing() as desk:
        told = desk.store.read_log_of(old.number)[-1].event
    assert (told.act, told.reason, dict(told.details)["by"]) == ("replace", "stolen", new.number)


def test_a_second_live_card_of_one_product_is_refused(office: Office) -> None:
    card = office.issued()
    with office.writing() as desk:
        holder = holders.get_holder(desk, card.holder)
    with pytest.raises(CardTaken, match=card.number), office.writing() as desk:
        cards.apply(desk, holder, "nic", actor=OFFICER)
    with office.writing() as desk:
        assert cards.apply(desk, holder, "nicop", actor=OFFICER).stage is Stage.APPLIED


def test_a_number_is_registered_once(office: Office) -> None:
    office.add(person(1))
    with pytest.raises(HolderTaken):
        office.add(replace(person(1), number="35202-0000001-1"))
    with pytest.raises(HolderTaken), office.writing() as desk:
        holders.register(
            desk,
            [(person(2), None, "nic"), (person(3), None, "nic"), (person(2), None, "nic")],
            actor=OFFICER,
        )
    with office.writing() as desk:
        assert len(desk.store.list_holders(after=None, limit=10)) == 1


def test_a_card_whose_time_has_come_is_moved_to_its_end(office: Office) -> None:
    card, lifelong = office.issued(), office.issued(person(2, born=date(1950, 1, 1)))
    assert card.expires is not None
    office.clock.set(card.expires - timedelta(seconds=1))
    office.renew_keys()
    with office.writing() as desk:
        assert cards.expire_due(desk, actor=SYSTEM) == ()
    office.clock.set(card.expires)
    with office.writing() as desk:
        assert [one.number for one in cards.expire_due(desk, actor=SYSTEM)] == [card.number]
    with office.writing() as desk:
        assert cards.get_card(desk, card.number).stage is Stage.EXPIRED
        assert cards.get_card(desk, lifelong.number).stage is Stage.ACTIVE
        assert cards.expire_due(desk, actor=SYSTEM) == ()
    with office.writing() as desk:
        old, new = cards.replace_card(desk, card.number, actor=OFFICER, reason=Reason.RENEWED)
    assert (old.stage, new.stage) == (Stage.REPLACED, Stage.APPLIED)


ISSUER_ALONE, SUPERVISOR_ALONE = holding("issuer", "registrar"), holding("supervisor")


def replace_by(office: Office, card: Card, officer: Actor) -> tuple[Card, Card]:
    with office.writing() as desk:
        return cards.replace_card(desk, card.number, actor=officer, reason=Reason.RENEWED)


def expire_now(office: Office, card: Card) -> None:
    assert card.expires is not None
    office.clock.set(card.expires)
    office.renew_keys()
    with office.writing() as desk:
        assert [one.number for one in cards.expire_due(desk, actor=SYSTEM)] == [card.number]


@pytest.mark.parametrize("doubt", [Act.SUSPEND, Act.PROPOSE_REVOCATION])
def test_the_end_of_a_term_does_not_end_a_doubt(office: Office, doubt: Act) -> None:
    card = office.issued()
    office.act(card, doubt)
    expire_now(office, card)
    with pytest.raises(NotAllowed, match="supervisor"):
        replace_by(office, card, ISSUER_ALONE)
    with office.writing() as desk:
        holder = holders.get_holder(desk, card.holder)
    with pytest.raises(CardTaken, match=card.number), office.writing() as desk:
        cards.apply(desk, holder, "nic", actor=ISSUER_ALONE)
    assert replace_by(office, card, SUPERVISOR_ALONE)[0].stage is Stage.REPLACED


def test_a_doubt_that_was_cleared_before_the_term_ended_is_none(office: Office) -> None:
    card = office.issued()
    for act in (Act.PROPOSE_REVOCATION, Act.SUSPEND, Act.REINSTATE):
        office.act(card, act)
    expire_now(office, card)
    assert replace_by(office, card, ISSUER_ALONE)[0].stage is Stage.REPLACED


@pytest.mark.parametrize("suspended", [False, True])
def test_a_proposed_revocation_is_not_shaken_off_by_a_new_card(office: Office, *, suspended: bool) -> None:
    card = office.issued()
    office.act(card, Act.PROPOSE_REVOCATION, reason=Reason.FRAUD_PROVEN)
    if suspended:
        office.act(card, Act.SUSPEND)
    with pytest.raises(WrongStage, match=f"revocation of card {card.number} is proposed"):
        replace_by(office, card, OFFICER)
    assert office.act(card, Act.REVOKE, by=SECOND).stage is Stage.REVOKED


def test_what_is_not_there_is_refused_by_name(office: Office) -> None:
    card = office.add(person())
    with pytest.raises(UnknownCard), office.writing() as desk:
        cards.get_card(desk, CardNumber("0000-0000-0000"))
    with pytest.raises(UnknownFeature, match="applied"), office.writing() as desk:
        cards.get_pass(desk, card.number, "qr")
    with pytest.raises(UnknownHolder), office.writing() as desk:
        holders.get_holder(desk, HolderId("nobody"))


def test_a_refused_act_changes_nothing_and_writes_nothing(office: Office) -> None:
    card = office.issued()
    with office.writing() as desk:
        before = (list(desk.store.read_log()), list(desk.store.iterate_cards()))
    for act, actor in ((Act.SUSPEND, holding("issuer")), (Act.REINSTATE, OFFICER), (Act.ACTIVATE, OFFICER)):
        with pytest.raises((NotAllowed, WrongStage)):
            office.act(card, act, by=actor)
    with office.writing() as desk:
        assert (list(desk.store.read_log()), list(desk.store.iterate_cards())) == before


def test_issuing_all_or_none_one_bad_card_stops_the_batch(office: Office) -> None:
    waiting, done = office.add(person(1)), office.issued(person(2))
    with pytest.raises(WrongStage):
        office.issue(waiting, done)
    with office.writing() as desk:
        assert cards.get_card(desk, waiting.number).stage is Stage.APPLIED
        assert desk.store.find_pass(waiting.number, "qr") is None


@pytest.mark.parametrize("entries", [4, 5, 7, 64])
def test_status_places_are_never_shared_however_small_and_odd_the_lists_are(entries: int) -> None:
    office = Office(shard_entries=entries)
    issued: list[Card] = [office.add(person(number)) for number in range(1, 31)]
    office.issue(*issued[:20])
    office.issue(*issued[20:])
    with office.writing() as desk:
        places = [
            found.place
            for card in issued
            for feature in ("qr", "sd-jwt-vc")
            if (found := desk.store.find_pass(card.number, feature))
        ]
        shards = desk.store.list_shards()
    assert len(set(places)) == len(places) == 60
    assert all(shard.taken <= max(1, shard.size // 2) for shard in shards)
    assert sum(shard.taken for shard in shards) == 60
    assert all(0 <= place.index < entries for place in places)


@pytest.mark.parametrize(
    ("stage", "act", "said"),
    [
        (Stage.ACTIVE, Act.APPLY, "a card that is active cannot be applied for; possible: suspend, "),
        (Stage.REVOKED, Act.SUSPEND, "a card that is revoked cannot be suspended; possible: nothing"),
        (Stage.ACTIVE, Act.EXPIRE, "by the system alone, when its term has ended; no officer does it"),
        (
            Stage.ACTIVE,
            Act.PROPOSE_REVOCATION,
            "for a card to be proposed for revocation, the role supervisor",
        ),
        (Stage.ACTIVE, Act.SUSPEND, "the role status_officer or supervisor is needed; ask an officer"),
    ],
)
def test_a_refused_act_is_told_as_people_speak(stage: Stage, act: Act, said: str) -> None:
    nobody = Actor("officer-9", ActorKind.OFFICER, frozenset({"auditor"}))
    with pytest.raises((NotAllowed, WrongStage)) as refused:
        decide_move(stage, act, actor=nobody)
    assert said in refused.value.message


def test_every_act_has_its_word() -> None:
    assert {_done(act) for act in Act} == {
        "applied for", "issued", "activated", "suspended", "reinstated", "proposed for revocation", "revoked",
        "expired", "replaced",
    }  # fmt: skip
