"""Holders: a ticket from the counter, a passkey bound to the card, sessions that die with the card."""

from dataclasses import dataclass, replace

from rahdari.access.errors import NotSignedIn, PasskeyCloned, PasskeyTaken, UnknownPasskey
from rahdari.access.ports import CardStanding, Ceremonies, Store
from rahdari.access.rules import passkeys as rules
from rahdari.access.rules import sessions
from rahdari.access.rules.principals import ID_BYTES, SECRET_BYTES, digest_of, letters_of, require_any
from rahdari.access.values import (
    CHALLENGE_LIFETIME,
    SESSION_LIFETIME,
    TICKET_LIFETIME,
    Challenge,
    Channel,
    FreshSession,
    FreshTicket,
    Passkey,
    PasskeyId,
    Purpose,
    Session,
    SignedIn,
    Ticket,
    TicketId,
)
from rahdari.kernel import Actor, Chance, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Where holders come in: one transaction's store and the register's truth in the same transaction."""

    store: Store
    standing: CardStanding
    ceremonies: Ceremonies
    clock: Clock
    chance: Chance


def open_ticket(on: Threshold, card: str, *, by: Actor) -> FreshTicket:
    """Let the holder of ``card`` register one passkey, within ten minutes. The code is in the answer alone.

    A card whose holder has locked it gets one too: a new passkey is how a lock is undone once the old one is
    lost.

    Raises:
        NotAllowed: the officer is neither registrar nor issuer.
        CardSuspended, CardGone, TooManyTickets: nothing was opened.
    """
    require_any(by, rules.COUNTER_ROLES)
    rules.require_in_force(on.standing.ask(card, Channel.LOGIN))
    now = on.clock.now()
    on.store.sweep_ceremonies(now)
    rules.require_few_tickets(on.store.count_tickets(card, now))
    code = rules.code_text(on.chance.bytes(rules.CODE_BYTES))
    ticket = Ticket(
        id=TicketId(letters_of(on.chance.bytes(ID_BYTES))),
        card=card,
        digest=rules.digest_of_code(code),
        opened_by=by.id,
        opened_at=now,
        expires_at=now + TICKET_LIFETIME,
    )
    on.store.add_ticket(ticket)
    return FreshTicket(ticket, code)


def get_ticket(on: Threshold, code: str) -> Ticket:
    """Get the ticket that a code opens now; it stays good.

    Raises:
        TicketRefused, CardSuspended, CardGone.
    """
    ticket = rules.require_ticket(on.store.find_ticket(rules.digest_of_code(code)), on.clock.now())
    rules.require_in_force(on.standing.ask(ticket.card, Channel.LOGIN))
    return ticket


def begin_enrolment(on: Threshold, code: str, *, name: str) -> str:
    """Begin to register a passkey: gives the options for the browser; the ticket stays good.

    Raises:
        TicketRefused, CardSuspended, CardGone, TooManyPasskeys, TooManyCeremonies.
    """
    ticket = get_ticket(on, code)
    known = on.store.find_passkeys(ticket.card)
    rules.require_few_passkeys(known)
    fresh = on.chance.bytes(rules.HANDLE_BYTES)
    challenge = replace(
        _draw_challenge(on, Purpose.ENROL), ticket=ticket.id, handle=rules.handle_of(known, fresh)
    )
    on.store.add_challenge(challenge)
    credentials = [one.credential for one in rules.live(known)]
    return on.ceremonies.registration_options(challenge, name=name, known=credentials)


def begin_sign_in(on: Threshold, purpose: Purpose = Purpose.SIGN_IN) -> str:
    """Begin to sign in: gives the options for the browser. Nobody is named.

    Raises:
        TooManyCeremonies.
    """
    challenge = _draw_challenge(on, purpose)
    on.store.add_challenge(challenge)
    return on.ceremonies.sign_in_options(challenge)


def _draw_challenge(on: Threshold, purpose: Purpose) -> Challenge:
    now = on.clock.now()
    on.store.sweep_ceremonies(now)
    rules.require_few_ceremonies(on.store.count_challenges())
    value = on.chance.bytes(rules.CHALLENGE_BYTES)
    return Challenge(value=value, purpose=purpose, expires_at=now + CHALLENGE_LIFETIME)


def take_challenge(on: Threshold, answer: str, purpose: Purpose) -> Challenge:
    """Take away the challenge that an answer speaks of, in a transaction of its own: it serves one attempt.

    Raises:
        CeremonyRefused: there is none, it was drawn for another purpose, or it has lapsed.
    """
    spoken_of = on.ceremonies.read(answer).challenge
    return rules.require_challenge(on.store.take_challenge(spoken_of, purpose), on.clock.now())


def register(on: Threshold, code: str, answer: str, challenge: Challenge) -> tuple[Ticket, Passkey]:
    """Bind a passkey to the ticket's card. The ticket is spent if, and only if, this ends well.

    Raises:
        TicketRefused, CardSuspended, CardGone, TooManyPasskeys, CeremonyRefused, PasskeyTaken.
    """
    now, ticket = on.clock.now(), get_ticket(on, code)
    rules.require_same_ticket(challenge, ticket.id)
    made = on.ceremonies.verify_registration(answer, challenge)
    # Of two who hold the same link, one gets the ticket; the other's transaction keeps nothing.
    rules.require_ticket(on.store.take_ticket(ticket.digest), now)
    rules.require_few_passkeys(on.store.find_passkeys(ticket.card))
    # WebAuthn Level 3, 7.1: a credential that is known is not registered for anybody again.
    if on.store.find_credential(made.id) is not None:
        raise PasskeyTaken("this passkey is registered already; sign in with it at /holder")
    passkey = Passkey(
        id=PasskeyId(letters_of(on.chance.bytes(ID_BYTES))),
        card=ticket.card,
        ticket=ticket.id,
        credential=made.id,
        public_key=made.public_key,
        handle=challenge.handle,
        sign_count=made.sign_count,
        registered_at=now,
    )
    on.store.add_passkey(passkey)
    return ticket, passkey


def check_sign_in(on: Threshold, answer: str, challenge: Challenge) -> Passkey:
    """Tell whose passkey an answer proves, and write nothing.

    Raises:
        UnknownPasskey, CeremonyRefused, PasskeyCloned, CardSuspended, CardGone, CardLocked: as ``sign_in``.
    """
    return _prove(on, answer, challenge)[0]


def _prove(on: Threshold, answer: str, challenge: Challenge) -> tuple[Passkey, int]:
    spoken_of = on.ceremonies.read(answer)
    passkey = rules.require_passkey(on.store.find_credential(spoken_of.credential), spoken_of)
    count = on.ceremonies.verify_sign_in(answer, challenge, passkey)
    if rules.is_cloned(passkey, count):
        raise PasskeyCloned(passkey.card, passkey.id)
    state = on.standing.ask(passkey.card, Channel.LOGIN)
    if challenge.purpose is Purpose.UNLOCK:
        rules.require_in_force(state)
    else:
        rules.require_good(state)
    return passkey, count


def sign_in(on: Threshold, answer: str, challenge: Challenge, *, previous: str = "") -> FreshSession:
    """Begin a session with a passkey's answer. Its token is new; what the browser brought along ends.

    Raises:
        UnknownPasskey, CeremonyRefused: the answer proves nobody.
        PasskeyCloned: the counter went back; the caller writes it to the log.
        CardSuspended, CardGone, CardLocked: the card is not in good standing at this instant.
    """
    passkey, count = _prove(on, answer, challenge)
    now = on.clock.now()
    if not on.store.count_signature(passkey, count, now):
        raise UnknownPasskey("this passkey was removed or used elsewhere at this very moment; begin again")
    return _begin_session(on, passkey, previous)


def _begin_session(on: Threshold, passkey: Passkey, previous: str) -> FreshSession:
    now = on.clock.now()
    # Against fixation: a token that was there before signing in is good for nothing after it.
    sign_out(on, previous)
    on.store.sweep_sessions(now - SESSION_LIFETIME)
    on.store.end_sessions(sessions.surplus(on.store.find_sessions(passkey.card), now))
    session_id = sessions.session_id_from(on.chance.bytes(ID_BYTES))
    text = sessions.session_text(session_id, on.chance.bytes(SECRET_BYTES))
    session = Session(
        id=session_id,
        card=passkey.card,
        passkey=passkey.id,
        digest=digest_of(text),
        began_at=now,
        used_at=now,
    )
    on.store.add_session(session)
    return FreshSession(session, text)


def use_session(on: Threshold, presented: str) -> SignedIn:
    """Tell whose session is presented: live, and its card in good standing, both in this transaction.

    Raises:
        NotSignedIn: it is not live.
        CardSuspended, CardGone, CardLocked: it was, and the card is not good at this instant.
    """
    now = on.clock.now()
    session = on.store.find_session(sessions.session_id_in(presented))
    passkey = on.store.find_passkey(session.passkey) if session else None
    proven = sessions.prove_session(presented, session, passkey, now)
    rules.require_good(on.standing.ask(proven.card, Channel.LOGIN))
    return SignedIn(proven, sessions.needs_note(proven, now))


def note_use(on: Threshold, session: Session) -> None:
    """Note that a session was used now, so that it does not end for idleness."""
    on.store.note_use(session.id, on.clock.now())


def sign_out(on: Threshold, presented: str) -> None:
    """End the session that is presented, if it is proven to be one. Never refuses."""
    if not presented:
        return
    try:
        session = on.store.find_session(sessions.session_id_in(presented))
        passkey = on.store.find_passkey(session.passkey) if session else None
        proven = sessions.prove_session(presented, session, passkey, on.clock.now())
    except NotSignedIn:
        return
    on.store.end_sessions([proven.id])


def sign_out_everywhere(on: Threshold, card: str) -> int:
    """End every session of a card; tells how many there were."""
    found = on.store.find_sessions(card)
    on.store.end_sessions([one.id for one in found])
    return len(found)


def remove_passkey(on: Threshold, card: str, passkey: PasskeyId) -> Passkey:
    """Remove a passkey of this card, and end every session that it began. Twice keeps the first instant.

    Raises:
        UnknownPasskey: the card has no such passkey.
    """
    found = on.store.find_passkey(passkey)
    if found is None or found.card != card or found.removed_at is not None:
        raise UnknownPasskey("this card has no such passkey, or no longer; look at the list again")
    on.store.set_removed(passkey, on.clock.now())
    on.store.end_sessions([one.id for one in on.store.find_sessions(card) if one.passkey == passkey])
    return found


def find_passkeys(on: Threshold, card: str) -> tuple[Passkey, ...]:
    """List the passkeys of a card that sign in, in the order of their registration."""
    return rules.live(on.store.find_passkeys(card))
