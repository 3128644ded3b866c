"""Officers and their tokens: each change is in the log, each end is at once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.access import Enrolment, NotAuthenticated, Role
from rahdari.app.errors import BadFile, NotInitialised
from rahdari.app.house import House
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


@pytest.mark.parametrize("name", ["nobody", "../officer", "", "officer.token", "a/b", "."])
def test_a_name_without_a_kept_token_is_refused(house: House, name: str) -> None:
    with pytest.raises(NotInitialised if name == "nobody" else BadFile):
        house.officers.authenticate_named(name)


def test_a_kept_token_is_its_owners_alone(house: House) -> None:
    path = house.officers.keep_token("clerk", "words")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotAuthenticated):
        house.officers.authenticate_named("clerk")
