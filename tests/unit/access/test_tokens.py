"""What a bearer token proves, and when it stops."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rahdari.access import (
    BadLifetime,
    Enrolment,
    FreshToken,
    NotAllowed,
    NotAuthenticated,
    Principal,
    TokenId,
    UnknownPrincipal,
    UnknownToken,
    Unproven,
    authenticate,
    disable,
    enrol,
    find_tokens,
    issue_token,
    revoke_token,
)
from rahdari.access.values import PrincipalId
from rahdari.kernel import ActorKind
from tests.fakes.access import OPERATOR, AccessInMemory
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock

INSTANT = timedelta(microseconds=1)


class Gate:
    """A store with one officer, and what the tests do with it over and over."""

    def __init__(self, clock: WoundClock, chance: SeededChance) -> None:
        self.clock, self.chance, self.store = clock, chance, AccessInMemory()
        self.officer = self.enrolled("Sample Counter")

    def enrolled(self, name: str) -> Principal:
        wanted = Enrolment(ActorKind.OFFICER, name, frozenset({"issuer"}))
        return enrol(self.store, wanted, by=OPERATOR, clock=self.clock, chance=self.chance)

    def token(self, lifetime: timedelta = timedelta(days=90)) -> FreshToken:
        return issue_token(
            self.store, self.officer.id, by=OPERATOR, clock=self.clock, chance=self.chance, lifetime=lifetime
        )

    def refuse(self, presented: str) -> NotAuthenticated:
        with pytest.raises(NotAuthenticated) as caught:
            authenticate(self.store, presented, clock=self.clock)
        return caught.value


@pytest.fixture
def gate(clock: WoundClock, chance: SeededChance) -> Gate:
    return Gate(clock, chance)


def test_a_token_lets_its_principal_in_with_its_roles(gate: Gate) -> None:
    assert authenticate(gate.store, gate.token().text, clock=gate.clock) == gate.officer.as_actor()


def test_the_text_of_a_token_is_kept_nowhere(gate: Gate) -> None:
    fresh = gate.token()
    secret = fresh.text.split("_", 2)[2]
    assert len(secret) == 43, "256 bits in base64url"
    assert secret not in repr(fresh)
    assert secret not in repr(gate.store.__dict__)
    assert secret.encode() not in fresh.token.digest


def test_a_token_is_valid_to_the_last_instant_before_its_end(gate: Gate) -> None:
    text = gate.token().text
    gate.clock.wind(timedelta(days=90) - INSTANT)
    authenticate(gate.store, text, clock=gate.clock)
    gate.clock.wind(INSTANT)
    assert gate.refuse(text).because is Unproven.EXPIRED


def test_a_revoked_token_ends_at_once_and_its_sister_goes_on(gate: Gate) -> None:
    lost, kept = gate.token(), gate.token()
    revoked = revoke_token(gate.store, lost.token.id, by=OPERATOR, clock=gate.clock)
    assert revoked.revoked_at == gate.clock.now()
    assert gate.refuse(lost.text).because is Unproven.REVOKED
    authenticate(gate.store, kept.text, clock=gate.clock)


def test_a_disabled_principal_comes_in_with_none_of_its_tokens_and_gets_no_new_one(gate: Gate) -> None:
    texts = [gate.token().text, gate.token().text]
    first = disable(gate.store, gate.officer.id, by=OPERATOR, clock=gate.clock)
    assert [gate.refuse(text).because for text in texts] == [Unproven.DISABLED] * 2
    with pytest.raises(NotAllowed, match="is disabled"):
        gate.token()
    gate.clock.wind(INSTANT)
    assert disable(gate.store, gate.officer.id, by=OPERATOR, clock=gate.clock) == first


def test_a_secret_off_by_one_letter_is_refused(gate: Gate) -> None:
    text = gate.token().text
    other = "A" if text[30] != "A" else "B"
    assert gate.refuse(text[:30] + other + text[31:]).because is Unproven.WRONG_SECRET


def test_the_secret_of_one_token_does_not_open_another(gate: Gate) -> None:
    one, two = gate.token().text, gate.token().text
    assert gate.refuse(two[:21] + one[21:]).because is Unproven.WRONG_SECRET


def test_an_id_nobody_has_is_refused_like_a_wrong_secret(gate: Gate) -> None:
    text = gate.token().text
    unknown = gate.refuse(text[:4] + "a" * 16 + text[20:])
    wrong = gate.refuse(text[:-1] + ("A" if text[-1] != "A" else "E"))
    assert unknown.because is Unproven.UNKNOWN
    assert (unknown.code, str(unknown)) == (wrong.code, str(wrong))


def test_a_stored_digest_of_zeroes_opens_to_nobody(gate: Gate) -> None:
    fresh = gate.token()
    gate.store.add_token(replace(fresh.token, digest=bytes(32)))
    assert gate.refuse(fresh.text).because is Unproven.WRONG_SECRET


@pytest.mark.parametrize(
    "presented",
    [
        pytest.param("", id="empty"),
        pytest.param("rah_", id="prefix"),
        pytest.param("Bearer rah_" + "a" * 16 + "_" + "A" * 43, id="scheme"),
        pytest.param("rah_" + "a" * 16 + "_" + "A" * 42, id="short"),
        pytest.param("rah_" + "a" * 16 + "_" + "A" * 43 + "\n", id="newline"),
        pytest.param("rah_" + "a" * 16 + "_" + "A" * 10_000_000, id="ten megabytes"),
        pytest.param("rah_" + "\u0627" * 16 + "_" + "A" * 43, id="arabic"),
        pytest.param("rah_" + "a" * 16 + "_" + "\ud800" * 43, id="half a surrogate pair"),
        pytest.param("\x00" * 64, id="zeroes"),
    ],
)
def test_what_has_not_the_form_of_a_token_is_refused_alike(gate: Gate, presented: str) -> None:
    refusal = gate.refuse(presented)
    assert refusal.because is Unproven.MALFORMED
    assert str(refusal) == str(gate.refuse("rah_" + "a" * 16 + "_" + "A" * 43))


@pytest.mark.parametrize("lifetime", [timedelta(0), -INSTANT, timedelta(days=366) + INSTANT])
def test_a_lifetime_of_nothing_or_of_more_than_a_year_is_refused(gate: Gate, lifetime: timedelta) -> None:
    with pytest.raises(BadLifetime, match="at most 366 days"):
        gate.token(lifetime)
    assert find_tokens(gate.store, gate.officer.id) == ()


def test_a_token_for_nobody_is_not_issued(gate: Gate) -> None:
    with pytest.raises(UnknownPrincipal):
        issue_token(
            gate.store, PrincipalId("officer-nobody"), by=OPERATOR, clock=gate.clock, chance=gate.chance
        )


def test_only_the_operator_issues_tokens(gate: Gate) -> None:
    with pytest.raises(NotAllowed):
        issue_token(
            gate.store, gate.officer.id, by=gate.officer.as_actor(), clock=gate.clock, chance=gate.chance
        )


def test_a_bearer_ends_its_own_token_but_nobody_elses(gate: Gate) -> None:
    mine, stranger = gate.token().token, gate.enrolled("Sample Stranger").as_actor()
    with pytest.raises(NotAllowed):
        revoke_token(gate.store, mine.id, by=stranger, clock=gate.clock)
    first = revoke_token(gate.store, mine.id, by=gate.officer.as_actor(), clock=gate.clock)
    gate.clock.wind(INSTANT)
    assert revoke_token(gate.store, mine.id, by=OPERATOR, clock=gate.clock) == first


def test_only_the_operator_learns_that_a_token_does_not_exist(gate: Gate) -> None:
    with pytest.raises(NotAllowed):
        revoke_token(gate.store, TokenId("absent"), by=gate.officer.as_actor(), clock=gate.clock)
    with pytest.raises(UnknownToken, match="absent"):
        revoke_token(gate.store, TokenId("absent"), by=OPERATOR, clock=gate.clock)


def test_no_two_tokens_are_alike(gate: Gate) -> None:
    assert len({gate.token().text for _ in range(100)}) == 100
    assert len(find_tokens(gate.store, gate.officer.id)) == 100
