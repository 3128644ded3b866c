"""How a passkey comes to a card, and what does not pass for one: every way a ceremony can be attacked."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from rahdari.access import (
    PASSKEYS_MAX,
    TICKET_LIFETIME,
    TICKETS_OPEN_MAX,
    CardGone,
    CardState,
    CardSuspended,
    CeremonyRefused,
    Channel,
    NotAllowed,
    PasskeyCloned,
    PasskeyTaken,
    Purpose,
    TicketRefused,
    TooManyCeremonies,
    TooManyPasskeys,
    TooManyTickets,
    UnknownPasskey,
    begin_sign_in,
    find_passkeys,
    get_ticket,
    open_ticket,
    remove_passkey,
)
from rahdari.access.rules import passkeys as rules
from rahdari.access.values import CHALLENGE_LIFETIME
from rahdari.kernel import Actor, ActorKind
from tests.fakes.authenticator import (
    ATTESTED,
    CREATE,
    GET,
    PRESENT,
    VERIFIED,
    SoftAuthenticator,
    altered,
    b64,
    unb64,
)
from tests.unit.access.porch import CARD, CLERK, OTHER, Porch

INSTANT = timedelta(microseconds=1)
Wrong = Callable[[SoftAuthenticator], None]


@pytest.fixture
def porch() -> Porch:
    return Porch()


@pytest.fixture
def phone() -> SoftAuthenticator:
    return SoftAuthenticator()


# The ticket.


@pytest.mark.parametrize(
    "role", ["status_officer", "supervisor", "key_officer", "auditor", "verifier", "holder"]
)
def test_a_ticket_is_opened_by_a_registrar_or_an_issuer_alone(porch: Porch, role: str) -> None:
    with pytest.raises(NotAllowed):
        open_ticket(porch.on, CARD, by=Actor("officer-9", ActorKind.OFFICER, frozenset({role})))


@pytest.mark.parametrize(
    ("state", "refusal"), [(CardState.SUSPENDED, CardSuspended), (CardState.GONE, CardGone)]
)
def test_no_ticket_for_a_card_that_is_not_in_force(
    porch: Porch, state: CardState, refusal: type[Exception]
) -> None:
    porch.standing.states[CARD] = state
    with pytest.raises(refusal):
        porch.ticket()


def test_a_ticket_for_a_locked_card_is_how_a_lock_is_undone_after_the_passkey_is_lost(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    porch.standing.locks.add((CARD, Channel.LOGIN))
    assert porch.enrol(phone).card == CARD


def test_a_ticket_lapses_at_the_very_instant_its_ten_minutes_are_over(porch: Porch) -> None:
    code = porch.ticket()
    porch.clock.wind(TICKET_LIFETIME - INSTANT)
    assert get_ticket(porch.on, code).card == CARD
    porch.clock.wind(INSTANT)
    with pytest.raises(TicketRefused):
        get_ticket(porch.on, code)


def test_a_card_has_a_few_open_tickets_and_each_that_lapses_makes_room(porch: Porch) -> None:
    for _ in range(TICKETS_OPEN_MAX):
        porch.ticket()
    porch.ticket(OTHER)
    with pytest.raises(TooManyTickets):
        porch.ticket()
    porch.clock.wind(TICKET_LIFETIME)
    porch.ticket()
    assert porch.store.count_tickets(CARD, porch.clock.now()) == 1


@pytest.mark.parametrize("code", ["", "x", "A" * 22, "A" * 23, "../../etc", "پ" * 22])
def test_what_was_never_given_opens_nothing(porch: Porch, code: str) -> None:
    with pytest.raises(TicketRefused):
        get_ticket(porch.on, code)


def test_only_a_digest_of_the_code_is_kept(porch: Porch) -> None:
    code = porch.ticket()
    (kept,) = porch.store.find_tickets()
    assert code.encode() not in kept.digest
    assert code not in repr(kept)
    assert kept.digest == rules.digest_of_code(code)


def test_a_ticket_is_spent_by_success_and_by_nothing_else(porch: Porch, phone: SoftAuthenticator) -> None:
    code = porch.ticket()
    broken = altered(phone.create(porch.options(code)), "attestationObject")
    with pytest.raises(CeremonyRefused):
        porch.finish(code, broken)
    porch.finish(code, phone.create(porch.options(code)))
    with pytest.raises(TicketRefused):
        porch.options(code)


def test_two_who_hold_the_same_link_get_one_passkey(porch: Porch) -> None:
    code, phones = porch.ticket(), (SoftAuthenticator(), SoftAuthenticator())
    answers = [phone.create(porch.options(code)) for phone in phones]
    porch.finish(code, answers[0])
    with pytest.raises(TicketRefused):
        porch.finish(code, answers[1])
    assert len(find_passkeys(porch.on, CARD)) == 1


def test_a_ticket_dies_with_its_card(porch: Porch, phone: SoftAuthenticator) -> None:
    code = porch.ticket()
    answer = phone.create(porch.options(code))
    porch.standing.states[CARD] = CardState.SUSPENDED
    with pytest.raises(CardSuspended):
        porch.finish(code, answer)
    with pytest.raises(CardSuspended):
        porch.options(code)


# Registering.


def test_what_the_browser_is_asked_for(porch: Porch, phone: SoftAuthenticator) -> None:
    first = porch.enrol(phone)
    asked = json.loads(porch.options(porch.ticket()))
    assert asked["rp"]["id"] == "cards.example"
    assert asked["attestation"] == "none"
    chosen = asked["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["requireResidentKey"]) == ("required", True)
    assert chosen["userVerification"] == "required"
    assert [one["id"] for one in asked["excludeCredentials"]] == [b64(first.credential)]
    assert unb64(asked["user"]["id"]) == first.handle
    assert CARD not in json.dumps(asked)
    assert {one["alg"] for one in asked["pubKeyCredParams"]} == {-7, -8, -257}


def test_two_cards_have_two_user_handles_and_neither_says_anything(porch: Porch) -> None:
    handles = {porch.enrol(SoftAuthenticator(), card).handle for card in (CARD, OTHER)}
    assert len(handles) == 2
    assert {len(one) for one in handles} == {rules.HANDLE_BYTES}


def test_a_ceremony_begun_with_one_link_does_not_end_with_another(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    mine, theirs = porch.ticket(), porch.ticket(OTHER)
    answer = phone.create(porch.options(mine))
    with pytest.raises(CeremonyRefused):
        porch.finish(theirs, answer)
    assert find_passkeys(porch.on, OTHER) == ()


def test_a_passkey_of_one_card_is_not_registered_for_another(porch: Porch, phone: SoftAuthenticator) -> None:
    known = porch.enrol(phone)
    code = porch.ticket(OTHER)
    with pytest.raises(PasskeyTaken):
        porch.finish(code, SoftAuthenticator().create(porch.options(code), key_id=known.credential))
    assert find_passkeys(porch.on, OTHER) == ()


def test_a_card_has_at_most_so_many_passkeys_and_removed_ones_do_not_count(porch: Porch) -> None:
    made = [porch.enrol(SoftAuthenticator()) for _ in range(PASSKEYS_MAX)]
    with pytest.raises(TooManyPasskeys):
        porch.options(porch.ticket())
    remove_passkey(porch.on, CARD, made[0].id)
    porch.enrol(SoftAuthenticator())


def _set(**wrong: object) -> Wrong:
    def spoil(phone: SoftAuthenticator) -> None:
        for name, value in wrong.items():
            setattr(phone, name, value)

    return spoil


SPOILED = {
    "another origin": _set(origin="https://cards.example.evil.example"),
    "another port": _set(origin="https://cards.example:8443"),
    "no TLS": _set(origin="http://cards.example"),
    "another relying party": _set(rp_id="evil.example"),
    "a user who was not verified": _set(flags=PRESENT),
    "a user who was not present": _set(flags=VERIFIED),
    "within another page": _set(client_extra={"crossOrigin": True}),
    "below another page": _set(client_extra={"topOrigin": "https://evil.example"}),
}


@pytest.mark.parametrize("wrong", SPOILED)
def test_a_registration_from_elsewhere_is_refused(porch: Porch, phone: SoftAuthenticator, wrong: str) -> None:
    SPOILED[wrong](phone)
    code = porch.ticket()
    answer = phone.create(porch.options(code))
    with pytest.raises(CeremonyRefused):
        porch.finish(code, answer)
    assert find_passkeys(porch.on, CARD) == ()


@pytest.mark.parametrize("form", ["android-safetynet", "tpm", "fido-u2f", "apple", "android-key", "nonsense"])
def test_an_attestation_that_nobody_asked_for_is_not_even_looked_at(
    porch: Porch, phone: SoftAuthenticator, form: str
) -> None:
    phone.attestation = form
    code = porch.ticket()
    with pytest.raises(CeremonyRefused):
        porch.finish(code, phone.create(porch.options(code)))


def test_an_assertion_is_no_registration_and_the_other_way_round(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    porch.enrol(phone)
    phone.client_type = CREATE
    with pytest.raises(CeremonyRefused):
        porch.enter(phone.get(begin_sign_in(porch.on)))
    phone.client_type = GET
    code = porch.ticket()
    with pytest.raises(CeremonyRefused):
        porch.finish(code, phone.create(porch.options(code)))


# Signing in.


@pytest.mark.parametrize("wrong", SPOILED)
def test_an_assertion_from_elsewhere_is_refused(porch: Porch, phone: SoftAuthenticator, wrong: str) -> None:
    porch.enrol(phone)
    SPOILED[wrong](phone)
    answer = phone.get(begin_sign_in(porch.on))
    with pytest.raises(CeremonyRefused):
        porch.enter(answer)


@pytest.mark.parametrize(
    ("part", "at"),
    [
        ("clientDataJSON", 60),
        ("authenticatorData", 0),
        ("authenticatorData", 32),
        ("authenticatorData", 36),
        ("signature", 0),
        ("signature", -1),
        ("userHandle", 0),
    ],
)
def test_an_answer_altered_in_one_bit_is_refused(
    porch: Porch, phone: SoftAuthenticator, part: str, at: int
) -> None:
    porch.enrol(phone)
    with pytest.raises(CeremonyRefused):
        porch.enter(altered(phone.get(begin_sign_in(porch.on)), part, at=at))


def test_an_answer_serves_once(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.enrol(phone)
    answer = phone.get(begin_sign_in(porch.on))
    porch.enter(answer)
    with pytest.raises(CeremonyRefused):
        porch.enter(answer)


def test_a_failed_attempt_has_spent_the_challenge_too(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.enrol(phone)
    options = begin_sign_in(porch.on)
    with pytest.raises(CeremonyRefused):
        porch.enter(altered(phone.get(options), "signature"))
    with pytest.raises(CeremonyRefused):
        porch.enter(phone.get(options))


def test_a_challenge_lapses_at_the_very_instant_its_five_minutes_are_over(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    porch.enrol(phone)
    in_time, late = (phone.get(begin_sign_in(porch.on)) for _ in range(2))
    porch.clock.wind(CHALLENGE_LIFETIME - INSTANT)
    porch.enter(in_time)
    porch.clock.wind(INSTANT)
    with pytest.raises(CeremonyRefused):
        porch.enter(late)


@pytest.mark.parametrize("purpose", [Purpose.UNLOCK, Purpose.ENROL])
def test_a_challenge_serves_the_purpose_it_was_drawn_for(
    porch: Porch, phone: SoftAuthenticator, purpose: Purpose
) -> None:
    porch.enrol(phone)
    answer = phone.get(begin_sign_in(porch.on))
    with pytest.raises(CeremonyRefused):
        porch.enter(answer, purpose)
    porch.enter(answer)


def test_a_passkey_of_one_card_signs_in_for_that_card_whatever_it_says(porch: Porch) -> None:
    mine, theirs = SoftAuthenticator(), SoftAuthenticator()
    porch.enrol(mine)
    other = porch.enrol(theirs, OTHER)
    assert porch.signed_in(mine).session.card == CARD
    with pytest.raises(CeremonyRefused):
        porch.enter(mine.get(begin_sign_in(porch.on), handle=other.handle))
    forged = json.loads(mine.get(begin_sign_in(porch.on), handle=other.handle))
    forged["id"] = forged["rawId"] = b64(other.credential)
    with pytest.raises(CeremonyRefused):
        porch.enter(json.dumps(forged))


def test_without_a_user_handle_nobody_is_named(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.enrol(phone)
    with pytest.raises(CeremonyRefused):
        porch.enter(phone.get(begin_sign_in(porch.on), handle=b""))


def test_a_passkey_that_nobody_registered_is_unknown(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.enrol(phone)
    stranger = SoftAuthenticator()
    stranger.create(porch.options(porch.ticket()))
    with pytest.raises(UnknownPasskey):
        porch.signed_in(stranger)


def test_a_removed_passkey_is_unknown_and_its_removal_is_no_strangers_business(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    passkey = porch.enrol(phone)
    with pytest.raises(UnknownPasskey):
        remove_passkey(porch.on, OTHER, passkey.id)
    remove_passkey(porch.on, CARD, passkey.id)
    with pytest.raises(UnknownPasskey):
        porch.signed_in(phone)
    with pytest.raises(UnknownPasskey):
        remove_passkey(porch.on, CARD, passkey.id)


@pytest.mark.parametrize("back", [1, 2, 5])
def test_a_counter_that_goes_back_or_stands_still_is_a_copy(
    porch: Porch, phone: SoftAuthenticator, back: int
) -> None:
    passkey = porch.enrol(phone)
    for _ in range(5):
        porch.signed_in(phone)
    phone.keys[0].count -= back
    with pytest.raises(PasskeyCloned) as caught:
        porch.signed_in(phone)
    assert (caught.value.card, caught.value.passkey) == (CARD, passkey.id)
    assert passkey.id not in caught.value.message


def test_an_authenticator_without_a_counter_may_always_say_zero(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    phone.counts = False
    porch.enrol(phone)
    for _ in range(3):
        porch.signed_in(phone)


def test_a_counter_that_falls_to_zero_is_a_copy_too(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.enrol(phone)
    porch.signed_in(phone)
    phone.keys[0].count, phone.counts = 0, False
    with pytest.raises(PasskeyCloned):
        porch.signed_in(phone)


def test_signing_in_names_nobody(porch: Porch) -> None:
    asked = json.loads(begin_sign_in(porch.on))
    assert asked["userVerification"] == "required"
    assert not asked.get("allowCredentials")
    assert len(unb64(asked["challenge"])) == rules.CHALLENGE_BYTES


def test_ceremonies_that_nobody_ends_are_bounded_and_swept(
    porch: Porch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "CHALLENGES_OPEN_MAX", 3)
    for _ in range(3):
        begin_sign_in(porch.on)
    with pytest.raises(TooManyCeremonies) as caught:
        begin_sign_in(porch.on)
    assert caught.value.wait_seconds == 10
    porch.clock.wind(CHALLENGE_LIFETIME)
    begin_sign_in(porch.on)
    assert porch.store.count_challenges() == 1


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"rawId": 5, "response": {}}',
        '{"rawId": "AA", "response": {"clientDataJSON": "e30"}}',
        '{"rawId": "AA", "response": {"clientDataJSON": "!!!"}}',
        '{"rawId": "AA", "response": {"clientDataJSON": "bnVsbA"}}',
        "[" * 10_000,
        '{"rawId": "' + "A" * 20_000 + '"}',
    ],
)
def test_what_is_no_answer_is_refused_as_one(porch: Porch, answer: str) -> None:
    for purpose in Purpose:
        with pytest.raises(CeremonyRefused):
            porch.enter(answer, purpose)


def test_a_refusal_says_the_same_whatever_was_wrong(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.enrol(phone)
    said = set()
    for part in ("clientDataJSON", "signature", "userHandle"):
        with pytest.raises(CeremonyRefused) as caught:
            porch.enter(altered(phone.get(begin_sign_in(porch.on)), part))
        said.add(caught.value.message)
        assert caught.value.because
    assert len(said) == 1


def test_the_flag_of_attested_data_alone_registers_nothing(porch: Porch, phone: SoftAuthenticator) -> None:
    phone.flags = PRESENT | VERIFIED | ATTESTED
    porch.enrol(phone)
    with pytest.raises(CeremonyRefused):
        porch.signed_in(phone)


def test_the_clerk_is_named_on_the_ticket(porch: Porch) -> None:
    porch.ticket()
    assert porch.store.find_tickets()[0].opened_by == CLERK.id
