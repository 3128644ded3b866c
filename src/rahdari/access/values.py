"""Principals, their roles and their tokens; and what a holder signs in with: passkeys and sessions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from rahdari.kernel import Actor, ActorKind

PrincipalId = NewType("PrincipalId", str)
TokenId = NewType("TokenId", str)
TicketId = NewType("TicketId", str)
PasskeyId = NewType("PasskeyId", str)
SessionId = NewType("SessionId", str)


class Role(StrEnum):
    """What a principal may be trusted with. Which act needs which role is told by the room of the act."""

    REGISTRAR = "registrar"
    """Holders and applications."""
    ISSUER = "issuer"
    """Issues, activates and replaces passes."""
    STATUS_OFFICER = "status_officer"
    """Suspends and reinstates."""
    SUPERVISOR = "supervisor"
    """Proposes and approves revocations, reinstates."""
    KEY_OFFICER = "key_officer"
    """Keys and the trust list."""
    AUDITOR = "auditor"
    """Reads the audit log."""
    FRAUD_OFFICER = "fraud_officer"
    """Looks at flags and decides them."""
    VERIFIER = "verifier"
    """An institution that asks about passes online."""
    EXCHANGE = "exchange"
    """The authority's own exchange gateway, which asks the register on behalf of institutions."""


# An institution asks; it never acts on a pass. An officer who needs to ask does so as any visitor may.
ROLES_OF_KIND = MappingProxyType(
    {
        ActorKind.OFFICER: frozenset(Role) - {Role.VERIFIER, Role.EXCHANGE},
        ActorKind.INSTITUTION: frozenset({Role.VERIFIER, Role.EXCHANGE}),
    }
)

# Long enough to renew four times a year, short enough that a forgotten token ends by itself.
TOKEN_LIFETIME = timedelta(days=90)
TOKEN_LIFETIME_MAX = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is known of a principal before it is one.

    ``attributes`` are the names of what an institution may be told beside yes and no.
    """

    kind: ActorKind
    name: str
    roles: frozenset[str]
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Principal:
    """An officer or an institution that may be let in, until it is disabled.

    It is never deleted: the audit log refers to ``id``.
    """

    id: PrincipalId
    kind: ActorKind
    name: str
    roles: frozenset[Role]
    attributes: frozenset[str]
    enrolled_at: datetime
    disabled_at: datetime | None = None

    def as_actor(self) -> Actor:
        """Give what the rooms need to know of it."""
        return Actor(id=self.id, kind=self.kind, roles=frozenset(role.value for role in self.roles))


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a bearer token: everything but the token."""

    id: TokenId
    principal: PrincipalId
    digest: bytes = field(repr=False)
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FreshToken:
    """A token at the one moment its text exists. ``text`` is shown to the bearer and kept nowhere."""

    token: Token
    text: str = field(repr=False)


class Channel(StrEnum):
    """A way in which a card is used; its holder may lock each by itself. The same words as the register's."""

    ONLINE = "online"
    LOGIN = "login"
    PAYMENTS = "payments"


class CardState(StrEnum):
    """What the truth says of a card at this instant, for one channel."""

    GOOD = "good"
    SUSPENDED = "suspended"
    LOCKED = "locked"
    """Good, and its holder has locked this channel."""
    GONE = "gone"
    """Not handed over yet, ended for ever, or unknown."""


# Long enough to take out a telephone at the counter, too short to be carried home.
TICKET_LIFETIME = timedelta(minutes=10)
# A holder who has two devices, and one failed attempt.
TICKETS_OPEN_MAX = 3
# WebAuthn Level 3, 5.4.4 recommends a timeout of 300 to 600 s for ceremonies that verify the user.
CHALLENGE_LIFETIME = timedelta(minutes=5)
# 333 people a second who all let their ceremony lapse; a row is some 200 bytes.
CHALLENGES_OPEN_MAX = 100_000
# A telephone, a tablet and a computer, each renewed once or twice; the page lists them all.
PASSKEYS_MAX = 8
# One for each device, and the browsers that were never signed out of; the oldest gives way.
SESSIONS_MAX = 10
# NIST SP 800-63B-4, 2.2.3 allows an hour idle and a day in all; a citizen's page needs less.
SESSION_IDLE = timedelta(minutes=20)
SESSION_LIFETIME = timedelta(hours=8)
# Noting each look would make every look a write; a session ends at most this much early.
SESSION_NOTE_EVERY = timedelta(minutes=1)


class Purpose(StrEnum):
    """What a challenge was drawn for; it serves for nothing else."""

    ENROL = "enrol"
    SIGN_IN = "sign_in"
    UNLOCK = "unlock"
    """To sign in and undo the holder's own lock on signing in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The right to register one passkey for one card, given at a counter. Kept is a digest of its code."""

    id: TicketId
    card: str
    digest: bytes = field(repr=False)
    opened_by: str
    opened_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class FreshTicket:
    """A ticket at the one moment its code exists."""

    ticket: Ticket
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One ceremony that was begun. ``ticket`` and ``handle`` are of an enrolment alone."""

    value: bytes
    purpose: Purpose
    expires_at: datetime
    ticket: TicketId | None = None
    handle: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A credential of WebAuthn that signs for one card.

    ``credential`` is the authenticator's id of it, ``public_key`` a COSE key (RFC 9052, 7), ``handle`` the
    card's user handle: random, so that it tells an authenticator nothing. It is never deleted: the log
    refers to ``id``.
    """

    id: PasskeyId
    card: str
    ticket: TicketId
    credential: bytes
    public_key: bytes
    handle: bytes
    sign_count: int
    registered_at: datetime
    used_at: datetime | None = None
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What is kept of a holder's session: everything but its token."""

    id: SessionId
    card: str
    passkey: PasskeyId
    digest: bytes = field(repr=False)
    began_at: datetime
    used_at: datetime


@dataclass(frozen=True, slots=True)
class FreshSession:
    """A session at the one moment its token exists. ``text`` goes into the cookie and is kept nowhere."""

    session: Session
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class UnverifiedAnswer:
    """What an authenticator's answer claims: good for finding the challenge and the passkey, for nothing else."""

    challenge: bytes
    credential: bytes
    handle: bytes | None


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential whose registration was verified (WebAuthn Level 3, 7.1)."""

    id: bytes
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session that was proven to be live, of a card in good standing, both at one instant."""

    session: Session
    needs_note: bool
