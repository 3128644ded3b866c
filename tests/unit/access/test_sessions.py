"""A holder's session: what it proves, when it ends, and that it dies with the card in the same instant."""

from datetime import timedelta

import pytest

from rahdari.access import (
    SESSION_IDLE,
    SESSION_LIFETIME,
    AccessRefused,
    CardGone,
    CardLocked,
    CardState,
    CardSuspended,
    Channel,
    FreshSession,
    NotSignedIn,
    Purpose,
    SessionId,
    Unproven,
    begin_sign_in,
    note_use,
    remove_passkey,
    sign_out,
    sign_out_everywhere,
    use_session,
)
from rahdari.access import Channel as AccessChannel
from rahdari.access.rules.sessions import PRESENTED_CHARACTERS_MAX
from rahdari.access.values import SESSION_NOTE_EVERY, SESSIONS_MAX
from rahdari.credentials import Channel as RegisterChannel
from tests.fakes.authenticator import SoftAuthenticator
from tests.unit.access.porch import CARD, OTHER, Porch

INSTANT = timedelta(microseconds=1)


@pytest.fixture
def porch() -> Porch:
    return Porch()


@pytest.fixture
def phone(porch: Porch) -> SoftAuthenticator:
    made = SoftAuthenticator()
    porch.enrol(made)
    return made


def refusal(porch: Porch, presented: str) -> Unproven:
    with pytest.raises(NotSignedIn) as caught:
        use_session(porch.on, presented)
    return caught.value.because


def test_a_session_proves_whose_card_it_is(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    signed_in = use_session(porch.on, fresh.text)
    assert signed_in.session.card == CARD
    assert fresh.text not in repr(fresh)
    assert fresh.text.encode() not in fresh.session.digest
    assert len(fresh.text) == PRESENTED_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("state", "refused"),
    [(CardState.SUSPENDED, CardSuspended), (CardState.GONE, CardGone), (CardState.LOCKED, CardLocked)],
)
def test_a_session_is_dead_at_the_very_instant_its_card_is(
    porch: Porch, phone: SoftAuthenticator, state: CardState, refused: type[AccessRefused]
) -> None:
    fresh = porch.signed_in(phone)
    porch.standing.states[CARD] = state
    with pytest.raises(refused):
        use_session(porch.on, fresh.text)
    with pytest.raises(refused):
        porch.signed_in(phone)
    porch.standing.states[CARD] = CardState.GOOD
    assert use_session(porch.on, fresh.text).session.card == CARD


def test_the_suspension_of_one_card_is_nothing_to_another(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    porch.standing.states[OTHER] = CardState.SUSPENDED
    assert use_session(porch.on, fresh.text).session.card == CARD


def test_a_lock_on_payments_keeps_nobody_from_signing_in(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.standing.locks.add((CARD, Channel.PAYMENTS))
    assert use_session(porch.on, porch.signed_in(phone).text).session.card == CARD


def test_a_locked_sign_in_opens_to_a_ceremony_that_was_begun_for_it(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    porch.standing.locks.add((CARD, Channel.LOGIN))
    with pytest.raises(CardLocked):
        porch.signed_in(phone)
    options = begin_sign_in(porch.on, Purpose.UNLOCK)
    fresh = porch.enter(phone.get(options), Purpose.UNLOCK)
    with pytest.raises(CardLocked):
        use_session(porch.on, fresh.text)
    porch.standing.locks.clear()
    assert use_session(porch.on, fresh.text).session.card == CARD


def test_a_suspended_card_is_not_unlocked(porch: Porch, phone: SoftAuthenticator) -> None:
    porch.standing.states[CARD] = CardState.SUSPENDED
    with pytest.raises(CardSuspended):
        porch.enter(phone.get(begin_sign_in(porch.on, Purpose.UNLOCK)), Purpose.UNLOCK)


def test_a_session_ends_after_twenty_minutes_without_use(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    porch.clock.wind(SESSION_IDLE - INSTANT)
    note_use(porch.on, use_session(porch.on, fresh.text).session)
    porch.clock.wind(SESSION_IDLE - INSTANT)
    assert use_session(porch.on, fresh.text).session.card == CARD
    porch.clock.wind(INSTANT)
    assert refusal(porch, fresh.text) is Unproven.EXPIRED


def test_a_session_ends_after_eight_hours_however_busy_it_was(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    step = timedelta(minutes=10)
    for _ in range(SESSION_LIFETIME // step - 1):
        porch.clock.wind(step)
        note_use(porch.on, use_session(porch.on, fresh.text).session)
    porch.clock.wind(step - INSTANT)
    assert use_session(porch.on, fresh.text).session.card == CARD
    porch.clock.wind(INSTANT)
    assert refusal(porch, fresh.text) is Unproven.EXPIRED


def test_a_use_is_noted_once_a_minute(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    porch.clock.wind(SESSION_NOTE_EVERY - INSTANT)
    assert not use_session(porch.on, fresh.text).needs_note
    porch.clock.wind(INSTANT)
    assert use_session(porch.on, fresh.text).needs_note


def test_a_note_brings_no_ended_session_back(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    session = use_session(porch.on, fresh.text).session
    sign_out(porch.on, fresh.text)
    note_use(porch.on, session)
    assert refusal(porch, fresh.text) is Unproven.UNKNOWN


def test_signing_out_ends_this_session_and_everywhere_ends_all(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    sessions = [porch.signed_in(phone) for _ in range(3)]
    sign_out(porch.on, sessions[0].text)
    assert refusal(porch, sessions[0].text) is Unproven.UNKNOWN
    assert use_session(porch.on, sessions[1].text).session.card == CARD
    assert sign_out_everywhere(porch.on, CARD) == 2
    for one in sessions:
        assert refusal(porch, one.text) is Unproven.UNKNOWN


def test_a_token_from_before_signing_in_is_worth_nothing_after_it(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    """Session fixation: whoever planted a token in the browser does not share what begins now."""
    planted = porch.signed_in(phone)
    fresh = porch.enter(phone.get(begin_sign_in(porch.on)), previous=planted.text)
    assert fresh.text != planted.text
    assert refusal(porch, planted.text) is Unproven.UNKNOWN


@pytest.mark.parametrize("presented", ["", "x", "rhs_aaaaaaaaaaaaaaaa_" + "A" * 43, "rhs_" + "A" * 5000])
def test_signing_out_with_nonsense_ends_nothing_and_refuses_nothing(
    porch: Porch, phone: SoftAuthenticator, presented: str
) -> None:
    fresh = porch.signed_in(phone)
    sign_out(porch.on, presented)
    assert use_session(porch.on, fresh.text).session.card == CARD


def test_a_guessed_secret_ends_nobodys_session(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    guessed = f"rhs_{fresh.session.id}_{'A' * 43}"
    assert refusal(porch, guessed) is Unproven.WRONG_SECRET
    sign_out(porch.on, guessed)
    assert use_session(porch.on, fresh.text).session.card == CARD


@pytest.mark.parametrize(
    ("presented", "because"),
    [
        ("", Unproven.MALFORMED),
        ("rah_aaaaaaaaaaaaaaaa_" + "A" * 43, Unproven.MALFORMED),
        ("rhs_aaaaaaaaaaaaaaaa_" + "A" * 44, Unproven.MALFORMED),
        ("rhs_aaaaaaaaaaaaaaaa_" + "A" * 43, Unproven.UNKNOWN),
    ],
)
def test_what_is_no_session_proves_nothing(porch: Porch, presented: str, because: Unproven) -> None:
    assert refusal(porch, presented) is because


def test_every_refusal_says_the_same_to_the_caller(porch: Porch, phone: SoftAuthenticator) -> None:
    fresh = porch.signed_in(phone)
    said = set()
    for presented in ("", f"rhs_{'a' * 16}_{'A' * 43}", f"rhs_{fresh.session.id}_{'A' * 43}"):
        with pytest.raises(NotSignedIn) as caught:
            use_session(porch.on, presented)
        said.add((caught.value.code, caught.value.message))
    assert len(said) == 1


def test_the_sessions_of_a_passkey_go_with_it_and_others_stay(porch: Porch, phone: SoftAuthenticator) -> None:
    other = SoftAuthenticator()
    porch.enrol(other)
    mine, theirs = porch.signed_in(phone), porch.signed_in(other)
    remove_passkey(porch.on, CARD, mine.session.passkey)
    assert refusal(porch, mine.text) is Unproven.UNKNOWN
    assert use_session(porch.on, theirs.text).session.card == CARD


def test_a_session_without_its_passkey_is_dead_even_if_nobody_ended_it(
    porch: Porch, phone: SoftAuthenticator
) -> None:
    fresh = porch.signed_in(phone)
    porch.store.set_removed(fresh.session.passkey, porch.clock.now())
    assert refusal(porch, fresh.text) is Unproven.REVOKED


def test_the_oldest_session_gives_way(porch: Porch, phone: SoftAuthenticator) -> None:
    sessions: list[FreshSession] = []
    for _ in range(SESSIONS_MAX + 2):
        sessions.append(porch.signed_in(phone))
        porch.clock.wind(timedelta(seconds=1))
    assert len(porch.store.find_sessions(CARD)) == SESSIONS_MAX
    for one in sessions[:2]:
        assert refusal(porch, one.text) is Unproven.UNKNOWN
    assert use_session(porch.on, sessions[2].text).session.card == CARD


def test_what_is_over_is_swept_when_somebody_signs_in(porch: Porch, phone: SoftAuthenticator) -> None:
    old = porch.signed_in(phone)
    porch.clock.wind(SESSION_LIFETIME)
    porch.signed_in(phone)
    assert porch.store.find_session(SessionId(old.session.id)) is None


def test_the_words_for_channels_are_the_registers_own() -> None:
    assert {one.value for one in AccessChannel} == {one.value for one in RegisterChannel}
