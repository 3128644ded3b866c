"""When a ticket opens, when a challenge serves, and when a passkey has signed for its card."""

import base64
import re
from collections.abc import Collection, Sequence
from datetime import datetime

from rahdari.access.errors import (
    CardGone,
    CardLocked,
    CardSuspended,
    CeremonyRefused,
    TicketRefused,
    TooManyCeremonies,
    TooManyPasskeys,
    TooManyTickets,
    UnknownPasskey,
)
from rahdari.access.rules.principals import digest_of
from rahdari.access.values import (
    CHALLENGES_OPEN_MAX,
    PASSKEYS_MAX,
    TICKETS_OPEN_MAX,
    CardState,
    Challenge,
    Passkey,
    Purpose,
    Ticket,
    TicketId,
    UnverifiedAnswer,
)

# 128 bits: nobody guesses one of a few open tickets in ten minutes. 22 characters of base64url.
CODE_BYTES = 16
_CODE = re.compile(r"[A-Za-z0-9_-]{22}")
# WebAuthn Level 3, 13.4.3: at least 16 bytes; we take 32.
CHALLENGE_BYTES = 32
# WebAuthn Level 3, 5.4.3 and 14.6.1: at most 64 bytes, random, nothing of the person in it; we take 32.
HANDLE_BYTES = 32

COUNTER_ROLES = frozenset({"registrar", "issuer"})
"""Who may open a ticket: officers who have the card and its holder before them."""

_NO_TICKET = (
    "this link opens nothing: it was used, its ten minutes are over, or it was never given; "
    "ask for a new one at the counter, with the card in hand"
)


def code_text(raw: bytes) -> str:
    """Write a ticket's code as its link carries it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def digest_of_code(code: str) -> bytes:
    """Hash a ticket's code for looking it up; one round, for 128 bits cannot be searched for in ten minutes.

    Raises:
        TicketRefused: not the form of a code.
    """
    if not _CODE.fullmatch(code):
        raise TicketRefused(_NO_TICKET)
    return digest_of(f"ticket {code}")


def require_few_tickets(open_now: int) -> None:
    """Refuse a further ticket for a card that has enough of them. Raises ``TooManyTickets``."""
    if open_now >= TICKETS_OPEN_MAX:
        raise TooManyTickets(
            f"{open_now} links are open for this card; use one of them, or wait ten minutes until they lapse"
        )


def require_few_ceremonies(kept: int) -> None:
    """Refuse to begin another ceremony where too many have begun and not ended. Raises ``TooManyCeremonies``."""
    if kept >= CHALLENGES_OPEN_MAX:
        raise TooManyCeremonies("very many people are signing in at this moment; try again in 10 seconds")


def require_ticket(ticket: Ticket | None, at: datetime) -> Ticket:
    """Give the ticket that opens at this instant. Raises ``TicketRefused``."""
    if ticket is None or at >= ticket.expires_at:
        raise TicketRefused(_NO_TICKET)
    return ticket


def require_challenge(challenge: Challenge | None, at: datetime) -> Challenge:
    """Give the challenge that serves at this instant. Raises ``CeremonyRefused``."""
    if challenge is None:
        raise CeremonyRefused("no such challenge: never drawn, taken already, or for another purpose")
    if at >= challenge.expires_at:
        raise CeremonyRefused("the challenge has lapsed")
    return challenge


def require_same_ticket(challenge: Challenge, ticket: TicketId) -> None:
    """Refuse a registration whose ceremony was begun with another ticket. Raises ``CeremonyRefused``."""
    if challenge.purpose is not Purpose.ENROL or challenge.ticket != ticket:
        raise CeremonyRefused("the challenge was drawn for another ticket")


def require_few_passkeys(known: Collection[Passkey]) -> None:
    """Refuse one passkey more than a card may have. Raises ``TooManyPasskeys``."""
    if len(live(known)) >= PASSKEYS_MAX:
        raise TooManyPasskeys(
            f"this card has {PASSKEYS_MAX} passkeys, as many as it may; sign in at /holder and remove one"
        )


def live(passkeys: Collection[Passkey]) -> tuple[Passkey, ...]:
    """Leave out those that were removed."""
    return tuple(one for one in passkeys if one.removed_at is None)


def handle_of(known: Sequence[Passkey], fresh: bytes) -> bytes:
    """Give the card's user handle: that of its first passkey, else the ``fresh`` one."""
    return known[0].handle if known else fresh


def require_passkey(passkey: Passkey | None, answer: UnverifiedAnswer) -> Passkey:
    """Give the passkey that an answer speaks of.

    Raises:
        UnknownPasskey: there is none, or it was removed.
        CeremonyRefused: the answer names another user than the passkey's.
    """
    if passkey is None or passkey.removed_at is not None:
        raise UnknownPasskey(
            "no card has this passkey, or it was removed; to register one, go to a counter with the card"
        )
    # WebAuthn Level 3, 7.2: where nobody was named before, the user handle must be there, and fit.
    if answer.handle != passkey.handle:
        raise CeremonyRefused("the user handle is absent or another one than the passkey's")
    return passkey


def is_cloned(passkey: Passkey, count: int) -> bool:
    """Tell whether the counter went back or stood still (WebAuthn Level 3, 6.1.1).

    An authenticator that always says zero keeps no counter, and can tell nothing of copies.
    """
    return (count, passkey.sign_count) != (0, 0) and count <= passkey.sign_count


def require_in_force(state: CardState) -> None:
    """Pass for a card that is good or whose holder locked it: to register a passkey, or to undo the lock.

    Raises:
        CardSuspended, CardGone: see ``require_good``.
    """
    if state is CardState.SUSPENDED:
        raise CardSuspended(
            "this card is suspended, and nothing that is linked to it works until it is reinstated: "
            "that is decided at a counter, with the card and an identity document"
        )
    if state is CardState.GONE:
        raise CardGone(
            "this card is not in force: replaced, ended, or not handed over yet; a counter can help"
        )


def require_good(state: CardState) -> None:
    """Pass for a card in good standing alone.

    Raises:
        CardSuspended, CardLocked, CardGone: as the truth says at this instant.
    """
    require_in_force(state)
    if state is not CardState.GOOD:
        raise CardLocked(
            "signing in with this card is locked by its holder; unlock it with the passkey, on this page"
        )
