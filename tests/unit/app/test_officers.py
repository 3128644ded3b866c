"""Officers and their tokens: each change is in the log, each end is at once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from rahdari import access
from rahdari.access import Enrolment, NotAuthenticated, Role
from rahdari.app.errors import BadFile, NotInitialised
from rahdari.app.house import House
from rahdari.app.officers import OPERATOR
from rahdari.credentials.errors import NotAllowed
from rahdari.kernel import ActorKind
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded
from tests.unit.credentials.scene import person

CLERK = Enrolment(ActorKind.OFFICER, "clerk", frozenset({Role.REGISTRAR.value}))


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def house(tmp_path: Path, clock: WoundClock) -> Iterator[House]:
    made = founded(tmp_path, clock=clock)
    yield made
    made.close()


def acts(house: House) -> list[tuple[str, str]]:
    with house.foundation.reading() as desk:
        return [(one.event.act, one.event.subject) for one in desk.store.read_log()]


def test_two_officers_are_there_from_the_start_and_neither_can_do_all(house: House) -> None:
    everyone = {one.name: one.roles for one in house.officers.list()}
    assert set(everyone) == {"officer", "supervisor"}
    assert "verifier" not in everyone["officer"]
    assert house.officers.find_named("nobody") is None


def test_whoever_bears_a_token_acts_with_the_roles_held_now(house: House, clock: WoundClock) -> None:
    clerk = house.officers.enrol(CLERK)
    token = house.officers.issue_token(clerk.id, lifetime=timedelta(days=1))
    actor = house.officers.authenticate(token.text)
    assert actor == clerk.as_actor()
    assert actor.roles == {"registrar"}
    _, card = house.registry.add_holder(person(), "nic", actor=actor)
    with pytest.raises(NotAllowed):
        house.registry.issue(card.number, actor=actor)
    clock.wind(timedelta(days=1))
    with pytest.raises(NotAuthenticated):
        house.officers.authenticate(token.text)


def test_a_token_that_was_ended_and_a_principal_that_was_disabled_come_in_no_more(house: House) -> None:
    clerk = house.officers.enrol(CLERK)
    first, second = house.officers.issue_token(clerk.id), house.officers.issue_token(clerk.id)
    house.officers.revoke_token(first.token.id)
    with pytest.raises(NotAuthenticated):
        house.officers.authenticate(first.text)
    assert house.officers.authenticate(second.text).id == clerk.id
    house.officers.disable(clerk.id)
    with pytest.raises(NotAuthenticated):
        house.officers.authenticate(second.text)
    assert house.officers.get(clerk.id).disabled_at is not None


def test_every_change_of_the_officers_is_in_the_log_and_no_token_is(house: House, tmp_path: Path) -> None:
    before = len(acts(house))
    clerk = house.officers.enrol(CLERK)
    fresh = house.officers.issue_token(clerk.id)
    house.officers.revoke_token(fresh.token.id)
    house.officers.disable(clerk.id)
    subject = str(clerk.id)
    assert acts(house)[before:] == [
        ("enrol", subject),
        ("issue_token", subject),
        ("revoke_token", subject),
        ("disable", subject),
    ]
    assert house.authority.verify_log().is_intact
    assert fresh.text.encode() not in (tmp_path / "rahdari.db").read_bytes()


BANK = Enrolment(
    ActorKind.INSTITUTION, "Sample Bank", frozenset({Role.VERIFIER.value}), frozenset({"name", "over_18"})
)


def enrolments(house: House) -> dict[str, dict[str, str]]:
    with house.foundation.reading() as desk:
        log = [one.event for one in desk.store.read_log()]
    return {one.subject: dict(one.details) for one in log if one.act == "enrol"}


def test_the_log_tells_what_an_institution_may_be_told(house: House) -> None:
    bank = house.officers.enrol(BANK)
    told = {"kind": "institution", "roles": "verifier", "attributes": "name over_18"}
    assert enrolments(house)[bank.id] == told
    assert house.authority.verify_log().is_intact


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('attributes = \'["name", "over_18", "photo", "address"]\'', "may be told other things than"),
        ("attributes = '[]'", "may be told other things than"),
        ('roles = \'["verifier", "status_officer"]\'', "has other roles than"),
        ("kind = 'officer'", "is of another kind than"),
    ],
)
def test_an_institution_whose_rights_were_altered_in_the_table_is_found_by_the_log(
    house: House, change: str, told: str
) -> None:
    bank = house.officers.enrol(BANK)
    with house.foundation.database.transaction() as connection:
        connection.execute(text(f"UPDATE access_principal SET {change} WHERE id = '{bank.id}'"))  # noqa: S608
    faults = [one.what for one in house.authority.verify_log().faults]
    assert faults == [f"principal {bank.id} {told} the log says"]


def test_an_enrolment_of_before_rights_were_logged_is_compared_by_its_roles(house: House) -> None:
    with house.foundation.admitting() as (desk, store):
        on = house.foundation
        old = access.enrol(store, BANK, by=OPERATOR, clock=on.clock, chance=on.chance)
        desk.record(desk.event(OPERATOR, "enrol", old.id, roles="verifier"))
    assert house.authority.verify_log().is_intact
    with house.foundation.database.transaction() as connection:
        connection.execute(text("UPDATE access_principal SET roles = '[]' WHERE name = 'Sample Bank'"))
    assert [one.what for one in house.authority.verify_log().faults] == [
        f"principal {old.id} has other roles than the log says"
    ]


@pytest.mark.parametrize("name", ["nobody", "../officer", "", "officer.token", "a/b", "."])
def test_a_name_without_a_kept_token_is_refused(house: House, name: str) -> None:
    with pytest.raises(NotInitialised if name == "nobody" else BadFile):
        house.officers.authenticate_named(name)


def test_a_kept_token_is_its_owners_alone(house: House) -> None:
    path = house.officers.keep_token("clerk", "words")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotAuthenticated):
        house.officers.authenticate_named("clerk")
