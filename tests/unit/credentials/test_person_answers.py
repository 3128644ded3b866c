"""What institutions learn through the exchange: small answers, and a suspension at once."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest

from rahdari.credentials import Act, Reason
from rahdari.credentials.errors import BadQuestion, NotAllowed
from rahdari.credentials.service.cards import replace_card
from rahdari.credentials.service.person_answers import (
    ATTRIBUTES,
    AgeAnswer,
    MatchAnswer,
    PersonAnswer,
    PersonStatus,
    match_attributes,
    tell_age_over,
    tell_status,
)
from rahdari.kernel import Actor, ActorKind
from tests.unit.credentials.scene import OFFICER, Office, person

GATEWAY = Actor("sample-gateway", ActorKind.INSTITUTION, frozenset({"exchange"}))
BANK = Actor("sample-bank", ActorKind.INSTITUTION, frozenset({"verifier"}))
NUMBER = person().number
GROUPED = f"{NUMBER[:5]}-{NUMBER[5:12]}-{NUMBER[12:]}"


def status(office: Office, number: str = NUMBER, *, by: Actor = GATEWAY) -> PersonAnswer:
    with office.writing() as desk:
        return tell_status(desk, number, by=by)


def match(office: Office, asked: Mapping[str, str], number: str = NUMBER) -> MatchAnswer:
    with office.writing() as desk:
        return match_attributes(desk, number, asked, by=GATEWAY)


def age(office: Office, years: int, number: str = NUMBER) -> AgeAnswer:
    with office.writing() as desk:
        return tell_age_over(desk, number, years, by=GATEWAY)


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_person_without_a_register_entry_or_a_card_is_told_apart(office: Office) -> None:
    assert status(office).status is PersonStatus.NOT_REGISTERED
    card = office.add(person())
    assert status(office).status is PersonStatus.NO_CARD
    office.issue(card)
    assert status(office).status is PersonStatus.VALID


def test_a_valid_person_has_the_products_of_her_valid_cards(office: Office) -> None:
    office.issued()
    told = status(office, GROUPED)
    assert told == PersonAnswer(PersonStatus.VALID, office.clock.now(), ("nic",))


def test_a_suspension_shows_in_the_very_next_answer_and_so_does_its_end(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND, reason=Reason.FRAUD_SUSPECTED)
    assert status(office).status is PersonStatus.SUSPENDED
    assert match(office, {"name": "Sample Holder 1"}).matches == {"name": None}
    assert age(office, 18).is_over is None
    office.act(card, Act.REINSTATE, reason=Reason.CLEARED)
    assert status(office).status is PersonStatus.VALID
    assert age(office, 18).is_over is True


def test_a_card_that_was_not_handed_over_is_not_valid(office: Office) -> None:
    office.issue(office.add(person()), activate=False)
    assert status(office).status is PersonStatus.SUSPENDED


def test_an_expired_card_is_told_as_such(office: Office) -> None:
    office.issued()
    office.clock.wind(timedelta(days=366 * 30))
    assert status(office).status is PersonStatus.EXPIRED
    assert status(office).products == ()


def test_a_valid_card_counts_beside_one_that_was_lost(office: Office) -> None:
    card = office.issued()
    office.act(card, Act.SUSPEND, reason=Reason.LOST)
    with office.writing() as desk:
        _, fresh = replace_card(desk, card.number, actor=OFFICER, reason=Reason.LOST)
    office.issue(fresh)
    assert status(office).status is PersonStatus.VALID


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"name": "sample  HOLDER 1"}, True),
        ({"name": "نمونہ حامل 1"}, True),
        ({"name": "Sample Holder 2"}, False),
        ({"date_of_birth": "1990-05-17"}, True),
        ({"date_of_birth": "1990-05-18"}, False),
        ({"guardian": "Sample Guardian"}, True),
        ({"gender": "m"}, True),
        ({"gender": "F"}, False),
        ({"nationality": "pak"}, True),
        ({"nationality": "CHN"}, False),
    ],
)
def test_an_attribute_is_compared_and_never_given(
    office: Office, asked: Mapping[str, str], *, told: bool
) -> None:
    office.issued()
    assert list(match(office, asked).matches.values()) == [told]


def test_what_the_register_does_not_know_is_neither_yes_nor_no() -> None:
    assert ATTRIBUTES["guardian"](replace(person(), guardian={}), "Sample Guardian") is None


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"address": "1 Sample Street"},
        {"name": ""},
        {"name": "x" * 201},
        {"date_of_birth": "17 May 1990"},
        {"name": "a", "gender": "M", "nationality": "PAK", "guardian": "b"},
    ],
)
def test_a_comparison_that_would_find_a_value_out_is_refused(
    office: Office, asked: Mapping[str, str]
) -> None:
    office.issued()
    with pytest.raises(BadQuestion):
        match(office, asked)


def test_an_age_is_told_to_the_day(office: Office) -> None:
    today = office.clock.now().date()
    office.issued(person(born=date(today.year - 21, today.month, today.day)))
    office.issued(person(2, born=date(today.year - 21, today.month, today.day) + timedelta(days=1)))
    assert age(office, 21).is_over is True
    assert age(office, 21, person(2).number).is_over is False


@pytest.mark.parametrize("years", [0, 131, -1])
def test_an_age_that_everybody_or_nobody_has_is_not_asked_for(office: Office, years: int) -> None:
    with pytest.raises(BadQuestion):
        age(office, years)


def test_nobody_but_the_authoritys_gateway_is_answered(office: Office) -> None:
    office.issued()
    for actor in (BANK, OFFICER):
        with pytest.raises(NotAllowed):
            status(office, by=actor)


def test_no_refusal_repeats_the_number(office: Office) -> None:
    with pytest.raises(BadQuestion) as refused:
        match(office, {"address": NUMBER})
    assert NUMBER not in refused.value.message
