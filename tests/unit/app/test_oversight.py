"""The house writes every use down, flags what is unusual, and lets a fraud officer decide."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from rahdari.access import Enrolment, Role
from rahdari.app.house import House, migrate_house, open_house
from rahdari.app.oversight import find_card_shown
from rahdari.credentials import Act, CardNumber, KeyUse, Person, VerdictKind
from rahdari.credentials.errors import BadQuestion, NotAllowed, WrongStage
from rahdari.database import Locked
from rahdari.kernel import Actor, ActorKind
from rahdari.oversight import (
    BadDecision,
    Circumstances,
    Flag,
    FlagKind,
    FlagState,
    Ground,
    Place,
    Purpose,
    TooManyAges,
    UnknownUse,
    UseId,
    UseNotRecorded,
    Verdict,
    check_place,
)
from rahdari.oversight import NotAllowed as NoFraudOfficer
from rahdari.oversight.schema import AGE, CLUE, FLAG, USE
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded, issued, officer, supervisor
from tests.unit.credentials.scene import person

LAHORE = check_place("Counter 2, Lahore", 31.549, 74.344)
KASHGAR = check_place("Gate 1, Kashgar", 39.467, 75.994)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COPIED = Verdict(FlagState.CONFIRMED, Ground.CARD_COPIED)


@pytest.fixture
def house(tmp_path: Path, clock: WoundClock) -> Iterator[House]:
    made = founded(tmp_path, clock=clock)
    yield made
    made.close()


@pytest.fixture
def bank(house: House) -> Actor:
    return enrolled_bank(house, "Sample Bank")


def enrolled_bank(house: House, name: str) -> Actor:
    wanted = Enrolment(ActorKind.INSTITUTION, name, frozenset({Role.VERIFIER.value}))
    return house.officers.enrol(wanted).as_actor()


def fraud_officer(house: House, *more: Role) -> Actor:
    roles = frozenset(role.value for role in (Role.FRAUD_OFFICER, *more))
    return house.officers.enrol(Enrolment(ActorKind.OFFICER, f"fraud desk {len(more)}", roles)).as_actor()


def ask(house: House, bank: Actor, text: str, place: Place | None = None) -> VerdictKind:
    told = Circumstances(Purpose.TRAVEL, place)
    return house.authority.answer(text, asker=bank, asked=["genuine"], nonce="n" * 16, told=told).verdict


def travelled(house: House, bank: Actor) -> tuple[CardNumber, Flag]:
    """A card that was at two places at once, and the flag that tells of it."""
    card = issued(house).number
    text = house.registry.get_pass(card).text
    ask(house, bank, text, LAHORE)
    ask(house, bank, text, KASHGAR)
    (flag,) = house.oversight.list_flags(actor=officer(house))
    return card, flag


def test_a_use_is_told_to_the_holder_with_the_institutions_name(house: House, bank: Actor) -> None:
    card = issued(house).number
    assert house.oversight.list_uses(card) == ()
    ask(house, bank, house.registry.get_pass(card).text, LAHORE)
    (told,) = house.oversight.list_uses(card)
    assert told.institution == "Sample Bank"
    use = told.use
    assert (use.card, use.institution, use.purpose, use.place) == (card, bank.id, Purpose.TRAVEL, LAHORE)
    assert (use.channel, use.verdict, use.at) == ("online", "valid", house.foundation.clock.now())
    (shown,) = house.oversight.list_card_uses(card, limit=5)
    assert (shown.institution, shown.purpose, shown.place) == ("Sample Bank", "travel", LAHORE.name)


def test_each_pass_of_a_card_is_a_use_of_the_card_also_when_it_is_refused(house: House, bank: Actor) -> None:
    card = issued(house).number
    texts = [house.registry.get_pass(card, feature).text for feature in ("qr", "sd-jwt-vc")]
    house.registry.act(card, Act.SUSPEND, actor=officer(house))
    assert {ask(house, bank, text) for text in texts} == {VerdictKind.SUSPENDED}
    assert [one.use.verdict for one in house.oversight.list_uses(card)] == ["suspended", "suspended"]


def test_an_expired_pass_is_a_use_and_a_forged_one_is_nobodys(
    house: House, bank: Actor, clock: WoundClock
) -> None:
    card = issued(house).number
    text = house.registry.get_pass(card).text
    assert ask(house, bank, text[:-4] + "AAAA") is not VerdictKind.VALID
    assert ask(house, bank, "NOT A PASS") is VerdictKind.MALFORMED
    assert house.oversight.list_uses(card) == ()
    with house.foundation.database.reading() as connection:
        rows = connection.execute(select(USE.c.card, USE.c.institution)).all()
    assert [tuple(row) for row in rows] == [(None, bank.id)] * 2
    officer_of_then = officer(house)
    clock.wind(timedelta(days=11 * 365))
    for use in (KeyUse.ANSWER, KeyUse.AUDIT):
        house.authority.rotate(use, actor=officer_of_then)
    assert ask(house, bank, text) is VerdictKind.EXPIRED
    assert [one.use.verdict for one in house.oversight.list_uses(card)] == ["expired"]


def test_a_pass_of_another_issuer_that_names_our_place_is_no_use_of_our_card(house: House) -> None:
    text = house.registry.get_pass(issued(house).number).text
    report = house.authority.examine(text)
    with house.foundation.reading() as desk:
        assert find_card_shown(desk, text, report) is not None
        elsewhere = replace(desk, authority=replace(desk.authority, issuer="urn:example:another"))
        assert find_card_shown(elsewhere, text, report) is None


def test_a_question_that_is_refused_is_no_use(house: House, bank: Actor) -> None:
    card = issued(house).number
    with pytest.raises(BadQuestion):
        house.authority.answer(
            house.registry.get_pass(card).text, asker=bank, asked=["shoe_size"], nonce="n" * 16
        )
    assert house.oversight.list_uses(card) == ()


def test_without_the_record_there_is_no_answer(tmp_path: Path) -> None:
    house = founded(tmp_path, {"RAHDARI_LOCK_WAIT_SECONDS": "0"})
    bank, card = enrolled_bank(house, "Sample Bank"), issued(house).number
    text = house.registry.get_pass(card).text
    with house.foundation.writing(), pytest.raises(UseNotRecorded, match=r"database\.locked"):
        ask(house, bank, text)
    assert house.oversight.list_uses(card) == ()
    ask(house, bank, text)
    assert len(house.oversight.list_uses(card)) == 1
    house.close()


def test_nothing_of_the_holder_and_nothing_of_the_pass_is_in_a_record(house: House, bank: Actor) -> None:
    card, _ = travelled(house, bank)
    text = house.registry.get_pass(card).text
    party = house.registry.get_holder(house.registry.get_card(card).holder).party
    with house.foundation.database.reading() as connection:
        kept = repr([connection.execute(select(table)).all() for table in (USE, FLAG, CLUE)])
    for secret in (party.name["en"], party.number, text[:40]):
        assert secret not in kept


def test_pages_of_uses_follow_each_other(house: House, bank: Actor, clock: WoundClock) -> None:
    card = issued(house).number
    for _ in range(5):
        ask(house, bank, house.registry.get_pass(card).text)
        clock.wind(timedelta(minutes=1))
    first = house.oversight.list_uses(card, limit=3)
    rest = house.oversight.list_uses(card, limit=3, before=first[-1].use.id)
    assert len({one.use.id for one in (*first, *rest)}) == 5
    with pytest.raises(UnknownUse):
        house.oversight.list_uses(card, before=UseId("nothing"))


def test_an_institution_that_is_unknown_by_now_is_told_by_its_id(house: House) -> None:
    card = issued(house).number
    stranger = Actor("institution-of-old", ActorKind.INSTITUTION, frozenset({"verifier"}))
    ask(house, stranger, house.registry.get_pass(card).text)
    assert house.oversight.list_uses(card)[0].institution == "institution-of-old"


def test_old_uses_are_forgotten_and_the_flags_stay(house: House, bank: Actor, clock: WoundClock) -> None:
    card, flag = travelled(house, bank)
    desk, other = fraud_officer(house), supervisor(house)
    clock.wind(timedelta(days=731))
    assert house.oversight.forget_uses(actor=desk) == 2
    assert house.oversight.list_uses(card) == ()
    assert house.oversight.get_flag(flag.id, actor=desk).evidence_count == 1
    with pytest.raises(NoFraudOfficer):
        house.oversight.forget_uses(actor=other)


def test_the_log_tells_of_every_opening_and_every_decision(house: House, bank: Actor) -> None:
    card, flag = travelled(house, bank)
    assert house.oversight.log_openings() == 1
    assert house.oversight.log_openings() == 0
    house.oversight.decide(flag.id, COPIED, actor=officer(house))
    opening, decision = [
        entry.event for entry in house.authority.read_log_end(9) if entry.event.subject == flag.id
    ]
    about = {"kind": "impossible_travel", "about": card}
    assert (opening.act, opening.actor, dict(opening.details)) == ("open_flag", "watch", about)
    assert (decision.act, decision.actor, decision.reason) == (
        "decide_flag",
        officer(house).id,
        "card_copied",
    )
    assert dict(decision.details) == about | {"outcome": "confirmed"}
    assert house.authority.verify_log().is_intact


@pytest.mark.parametrize(
    "change",
    [
        {
            "state": "dismissed",
            "ground": "wrong_clock",
            "decided_by": "nobody",
            "decided_at": NOON,
            "note": "",
        },
        {"subject": "0000-0000-0000"},
        {"kind": "abnormal_rate"},
        {"id": "00000000-0000-7000-8000-000000000000"},
        None,
    ],
)
def test_a_flag_that_was_altered_in_the_table_is_found_by_the_log(
    house: House, bank: Actor, change: dict[str, object] | None
) -> None:
    travelled(house, bank)
    assert house.authority.verify_log().is_intact, "an opening that waits for the log is no fault"
    house.oversight.log_openings()
    assert house.authority.verify_log().is_intact
    with house.foundation.database.transaction() as connection:
        connection.execute(FLAG.delete() if change is None else FLAG.update().values(change))
    assert "flag" in house.authority.verify_log().faults[0].what


def test_a_decision_that_was_undone_in_the_table_is_found_by_the_log(house: House, bank: Actor) -> None:
    _, flag = travelled(house, bank)
    house.oversight.decide(flag.id, COPIED, actor=officer(house))
    assert house.authority.verify_log().is_intact
    undone = {"state": "open", "decided_at": None}
    with house.foundation.database.transaction() as connection:
        connection.execute(FLAG.update().values(undone))
    assert [one.what for one in house.authority.verify_log().faults] == [
        f"flag {flag.id} is otherwise decided than the log says"
    ]


def test_a_decision_logs_an_opening_that_was_not_logged_yet(house: House, bank: Actor) -> None:
    _, flag = travelled(house, bank)
    house.oversight.decide(flag.id, COPIED, actor=officer(house))
    acts = [entry.event.act for entry in house.authority.read_log_end(2)]
    assert acts == ["open_flag", "decide_flag"]


def test_an_opening_that_another_process_left_behind_is_logged_by_the_next(house: House, bank: Actor) -> None:
    travelled(house, bank)
    again = open_house(house.settings, clock=house.foundation.clock)
    again.oversight.log_openings_later()
    assert [entry.event.act for entry in again.authority.read_log_end(1)] == ["open_flag"]
    again.close()


def test_a_busy_register_delays_the_log_and_not_the_answer(tmp_path: Path) -> None:
    house = founded(tmp_path, {"RAHDARI_LOCK_WAIT_SECONDS": "0"})
    travelled(house, enrolled_bank(house, "Sample Bank"))
    with house.foundation.writing():
        house.oversight.log_openings_later()
        with pytest.raises(Locked):
            house.oversight.log_openings()
    house.oversight.log_openings_later()
    assert [entry.event.act for entry in house.authority.read_log_end(1)] == ["open_flag"]
    house.close()


def test_whoever_may_suspend_suspends_the_card_with_the_decision(house: House, bank: Actor) -> None:
    card, flag = travelled(house, bank)
    house.oversight.decide(flag.id, COPIED, actor=fraud_officer(house, Role.STATUS_OFFICER), suspend=True)
    assert house.registry.get_card(card).stage == "suspended"
    assert [entry.event.reason for entry in house.registry.get_history(card)][-1] == "fraud_suspected"
    assert ask(house, bank, house.registry.get_pass(card).text) is VerdictKind.SUSPENDED


def test_who_may_not_suspend_decides_nothing_by_trying(house: House, bank: Actor) -> None:
    card, flag = travelled(house, bank)
    desk = fraud_officer(house)
    with pytest.raises(NotAllowed):
        house.oversight.decide(flag.id, COPIED, actor=desk, suspend=True)
    assert house.registry.get_card(card).stage == "active"
    assert house.oversight.get_flag(flag.id, actor=desk).state is FlagState.OPEN
    assert house.oversight.decide(flag.id, COPIED, actor=desk).state is FlagState.CONFIRMED


def test_a_dismissed_flag_suspends_nobody_and_a_dead_card_is_not_suspended_again(
    house: House, bank: Actor
) -> None:
    card, flag = travelled(house, bank)
    dismissed = Verdict(FlagState.DISMISSED, Ground.WRONG_PLACE_TOLD)
    with pytest.raises(BadDecision):
        house.oversight.decide(flag.id, dismissed, actor=officer(house), suspend=True)
    house.registry.act(card, Act.SUSPEND, actor=officer(house))
    with pytest.raises(WrongStage):
        house.oversight.decide(flag.id, COPIED, actor=officer(house), suspend=True)
    assert house.oversight.get_flag(flag.id, actor=officer(house)).state is FlagState.OPEN


def test_other_officers_see_no_flags(house: House, bank: Actor) -> None:
    _, flag = travelled(house, bank)
    for stranger in (supervisor(house), bank):
        with pytest.raises(NoFraudOfficer):
            house.oversight.list_flags(actor=stranger)
        with pytest.raises(NoFraudOfficer):
            house.oversight.get_flag(flag.id, actor=stranger)
        with pytest.raises(NoFraudOfficer):
            house.oversight.decide(flag.id, COPIED, actor=stranger)
        with pytest.raises(NoFraudOfficer):
            house.oversight.build_index(actor=stranger)


def test_the_thresholds_are_those_of_the_settings(tmp_path: Path) -> None:
    house = founded(tmp_path, {"RAHDARI_USES_IN_TEN_MINUTES_MAX": "2", "RAHDARI_TRAVEL_KM_MIN": "19999"})
    bank, card = enrolled_bank(house, "Sample Bank"), issued(house).number
    for place in (LAHORE, KASHGAR, LAHORE):
        ask(house, bank, house.registry.get_pass(card).text, place)
    (flag,) = house.oversight.list_flags(actor=officer(house))
    assert flag.kind is FlagKind.ABNORMAL_RATE
    house.close()


def twin(number: int) -> Person:
    """The person of scene number 1 again, under another number and written otherwise."""
    first = person(1)
    return replace(
        person(number),
        name=first.name,
        date_of_birth=first.date_of_birth,
        family_number=first.family_number,
    )


def test_whoever_is_likely_registered_already_is_registered_and_flagged(house: House) -> None:
    first, _ = house.registry.add_holder(person(1), "nic", actor=officer(house))
    second, card = house.registry.add_holder(twin(2), "nic", actor=officer(house))
    assert house.registry.get_card(card.number).stage == "applied"
    (flag,) = house.oversight.list_flags(actor=officer(house))
    assert (flag.kind, flag.subject, flag.is_logged) == (FlagKind.LIKELY_DUPLICATE, second.id, True)
    assert flag.evidence[0].facts["other_holder"] == first.id
    entries = [entry.event for entry in house.authority.read_log_end(9) if entry.event.act == "open_flag"]
    assert [dict(one.details)["about"] for one in entries] == [second.id]
    with pytest.raises(BadDecision):
        house.oversight.decide(flag.id, COPIED, actor=officer(house), suspend=True)
    assert house.authority.verify_log().is_intact


def test_what_a_fraud_officer_needs_to_judge_comes_with_the_flag_and_is_not_kept_in_it(
    house: House, clock: WoundClock
) -> None:
    first, _ = house.registry.add_holder(person(1), "nic", actor=officer(house))
    clock.wind(timedelta(seconds=1))
    second, _ = house.registry.add_holder(twin(2), "nic", actor=officer(house))
    by, (flag,) = fraud_officer(house), house.oversight.list_flags(actor=officer(house))
    look = house.oversight.look_at_flag(flag.id, actor=by)
    assert [one.id for one in look.holders] == [second.id, first.id]
    told = look.holders[1]
    assert isinstance(first.party, Person)
    assert (told.number, told.names) == (first.party.number, first.party.name)
    assert (told.born, told.family_number) == (first.party.date_of_birth, first.party.family_number)
    for personal in (first.party.number, first.party.date_of_birth.isoformat(), first.party.name["en"]):
        assert personal not in repr(look)
        with house.foundation.database.reading() as connection:
            assert personal not in str(connection.execute(select(FLAG)).all())
        assert personal not in str(house.authority.read_log_end(50))
    with pytest.raises(NoFraudOfficer):
        house.oversight.look_at_flag(flag.id, actor=supervisor(house))
    house.oversight.decide(flag.id, Verdict(FlagState.DISMISSED, Ground.DIFFERENT_PEOPLE), actor=by)
    assert house.oversight.look_at_flag(flag.id, actor=by).holders == ()


def test_a_look_at_a_card_names_the_institutions_and_tells_the_stage_and_nobodys_data(
    house: House, bank: Actor
) -> None:
    _, flag = travelled(house, bank)
    look = house.oversight.look_at_flag(flag.id, actor=fraud_officer(house))
    assert (look.institutions, look.stage, look.holders) == ({bank.id: "Sample Bank"}, "active", ())


def ask_ages(house: House, by: Actor, text: str, *ages: int, allowed: frozenset[str] = frozenset()) -> None:
    asked = [f"age_over:{age}" for age in ages]
    house.authority.answer(text, asker=by, asked=asked, nonce="n" * 16, allowed=allowed)


def test_an_institution_does_not_find_an_age_out_call_by_call(
    house: House, bank: Actor, clock: WoundClock
) -> None:
    card = issued(house).number
    text = house.registry.get_pass(card).text
    ask_ages(house, bank, text, 18, 21)
    clock.wind(timedelta(days=1))
    ask_ages(house, bank, text, 60)
    used = len(house.oversight.list_uses(card))
    for ages in ((40,), (18, 40)):
        with pytest.raises(TooManyAges, match="18, 21, 60"):
            ask_ages(house, bank, text, *ages)
    assert len(house.oversight.list_uses(card)) == used
    # What it may know it may ask every day; another institution, and another card, are counted by themselves.
    ask_ages(house, bank, text, 18, 60)
    ask_ages(house, enrolled_bank(house, "Sample Shop"), text, 40)
    ask_ages(house, bank, house.registry.get_pass(issued(house, 2).number).text, 40)
    # Whoever may be told the day of birth has nothing to guess.
    ask_ages(house, bank, text, 40, allowed=frozenset({"date_of_birth"}))


def test_an_age_that_was_not_answered_does_not_count(house: House, bank: Actor) -> None:
    card = issued(house).number
    text = house.registry.get_pass(card).text
    house.registry.act(card, Act.SUSPEND, actor=officer(house))
    for age in (18, 21, 40, 60):
        ask_ages(house, bank, text, age)
    with house.foundation.database.reading() as connection:
        assert connection.execute(select(AGE)).all() == []


def test_ages_asked_long_ago_are_forgotten_with_the_uses(
    house: House, bank: Actor, clock: WoundClock
) -> None:
    ask_ages(house, bank, house.registry.get_pass(issued(house).number).text, 18)
    clock.wind(timedelta(days=366))
    house.oversight.forget_uses(actor=fraud_officer(house))
    with house.foundation.database.reading() as connection:
        assert connection.execute(select(AGE)).all() == []


def test_a_registration_that_fails_leaves_no_flag_and_no_clue(house: House) -> None:
    house.registry.add_holder(person(1), "nic", actor=officer(house))
    with house.foundation.database.reading() as connection:
        before = connection.execute(select(CLUE)).all()
    with pytest.raises(Exception, match="registered"):
        house.registry.add_holders([(twin(2), None, "nic"), (twin(2), None, "nic")], actor=officer(house))
    with house.foundation.database.reading() as connection:
        assert connection.execute(select(CLUE)).all() == before
    assert house.oversight.list_flags(actor=officer(house)) == ()


def test_a_register_older_than_the_index_is_indexed_on_request(house: House) -> None:
    house.registry.add_holder(person(1), "nic", actor=officer(house))
    with house.foundation.database.transaction() as connection:
        connection.execute(CLUE.delete())
    assert house.oversight.build_index(actor=officer(house)) == 1
    house.registry.add_holder(twin(2), "nic", actor=officer(house))
    assert len(house.oversight.list_flags(actor=officer(house))) == 1


def test_the_key_of_the_clues_is_in_the_home_folder_its_owners_alone_and_stays(house: House) -> None:
    path = house.settings.home / "keys" / "clues.key"
    assert path.stat().st_mode & 0o777 == 0o600
    again = open_house(house.settings, clock=house.foundation.clock)
    assert again.oversight.clue_key() == house.oversight.clue_key() == path.read_bytes()
    path.unlink()
    assert open_house(house.settings).oversight.clue_key() != house.oversight.clue_key()
    again.close()


def test_a_damaged_key_is_named_and_not_used(house: House) -> None:
    (house.settings.home / "keys" / "clues.key").write_bytes(b"short")
    again = open_house(house.settings)
    with pytest.raises(Exception, match="damaged"):
        again.oversight.clue_key()
    again.close()


def test_a_register_of_before_this_room_is_migrated_and_works(house: House) -> None:
    with house.foundation.database.migrating() as connection:
        for table in (USE, FLAG, CLUE, AGE):
            table.drop(connection)
        connection.exec_driver_sql("DROP TABLE oversight_version")
    assert migrate_house(house.settings)
    bank = enrolled_bank(house, "Sample Bank")
    _, flag = travelled(house, bank)
    assert flag.kind is FlagKind.IMPOSSIBLE_TRAVEL
