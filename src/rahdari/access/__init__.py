r"""Who may come in: officers and institutions by their tokens, holders by their passkeys.

The operator enrols a principal and hands it a token; whoever presents the token is that principal's
actor, with the roles held at that instant. Only a hash of the token is kept. A holder signs in with a
passkey that was bound to the card at a counter; each use of the session asks how the card stands.

Example:
    >>> from datetime import UTC, datetime
    >>> from rahdari import access, database
    >>> from rahdari.access.migrations import MIGRATIONS
    >>> from rahdari.access.store import SqlStore
    >>> from rahdari.kernel import Actor, ActorKind
    >>> class Morning:
    ...     def now(self) -> datetime:
    ...         return datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    >>> class Dice:
    ...     def bytes(self, count: int) -> bytes:
    ...         return b"\x2a" * count  # a real one draws what nobody can guess
    ...     def below(self, bound: int) -> int:
    ...         return 0
    >>> operator = Actor("operator", ActorKind.SYSTEM)
    >>> post = access.Enrolment(ActorKind.OFFICER, "Counter 3", frozenset({access.Role.ISSUER}))
    >>> with database.open_database("sqlite://") as house:
    ...     database.migrate(house, [MIGRATIONS])
    ...     with house.transaction() as connection:
    ...         store = SqlStore(connection)
    ...         officer = access.enrol(store, post, by=operator, clock=Morning(), chance=Dice())
    ...         fresh = access.issue_token(store, officer.id, by=operator, clock=Morning(), chance=Dice())
    ...         actor = access.authenticate(store, fresh.text, clock=Morning())
    >>> fresh.text[:21]
    'rah_fivcukrkfivcukrk_'
    >>> sorted(actor.roles)
    ['issuer']
"""

from rahdari.access.errors import (
    AccessRefused,
    BadLifetime,
    BadName,
    BadRole,
    CardGone,
    CardLocked,
    CardSuspended,
    CeremonyRefused,
    NameTaken,
    NotAllowed,
    NotAuthenticated,
    NotSignedIn,
    PasskeyCloned,
    PasskeyTaken,
    TicketRefused,
    TooManyCeremonies,
    TooManyPasskeys,
    TooManyTickets,
    UnknownPasskey,
    UnknownPrincipal,
    UnknownToken,
    Unproven,
)
from rahdari.access.ports import CardStanding, Ceremonies, Store
from rahdari.access.rules.principals import require_any
from rahdari.access.service.holders import (
    Threshold,
    begin_enrolment,
    begin_sign_in,
    check_sign_in,
    find_passkeys,
    get_ticket,
    note_use,
    open_ticket,
    register,
    remove_passkey,
    sign_in,
    sign_out,
    sign_out_everywhere,
    take_challenge,
    use_session,
)
from rahdari.access.service.principals import (
    authenticate,
    disable,
    enrol,
    find_principal_named,
    find_principals,
    find_tokens,
    get_principal,
    issue_token,
    revoke_token,
)
from rahdari.access.values import (
    PASSKEYS_MAX,
    ROLES_OF_KIND,
    SESSION_IDLE,
    SESSION_LIFETIME,
    TICKET_LIFETIME,
    TICKETS_OPEN_MAX,
    TOKEN_LIFETIME,
    TOKEN_LIFETIME_MAX,
    CardState,
    Challenge,
    Channel,
    Credential,
    Enrolment,
    FreshSession,
    FreshTicket,
    FreshToken,
    Passkey,
    PasskeyId,
    Principal,
    PrincipalId,
    Purpose,
    Role,
    Session,
    SessionId,
    SignedIn,
    Ticket,
    TicketId,
    Token,
    TokenId,
    UnverifiedAnswer,
)

__all__ = [
    "PASSKEYS_MAX",
    "ROLES_OF_KIND",
    "SESSION_IDLE",
    "SESSION_LIFETIME",
    "TICKETS_OPEN_MAX",
    "TICKET_LIFETIME",
    "TOKEN_LIFETIME",
    "TOKEN_LIFETIME_MAX",
    "AccessRefused",
    "BadLifetime",
    "BadName",
    "BadRole",
    "CardGone",
    "CardLocked",
    "CardStanding",
    "CardState",
    "CardSuspended",
    "Ceremonies",
    "CeremonyRefused",
    "Challenge",
    "Channel",
    "Credential",
    "Enrolment",
    "FreshSession",
    "FreshTicket",
    "FreshToken",
    "NameTaken",
    "NotAllowed",
    "NotAuthenticated",
    "NotSignedIn",
    "Passkey",
    "PasskeyCloned",
    "PasskeyId",
    "PasskeyTaken",
    "Principal",
    "PrincipalId",
    "Purpose",
    "Role",
    "Session",
    "SessionId",
    "SignedIn",
    "Store",
    "Threshold",
    "Ticket",
    "TicketId",
    "TicketRefused",
    "Token",
    "TokenId",
    "TooManyCeremonies",
    "TooManyPasskeys",
    "TooManyTickets",
    "UnknownPasskey",
    "UnknownPrincipal",
    "UnknownToken",
    "Unproven",
    "UnverifiedAnswer",
    "authenticate",
    "begin_enrolment",
    "begin_sign_in",
    "check_sign_in",
    "disable",
    "enrol",
    "find_passkeys",
    "find_principal_named",
    "find_principals",
    "find_tokens",
    "get_principal",
    "get_ticket",
    "issue_token",
    "note_use",
    "open_ticket",
    "register",
    "remove_passkey",
    "require_any",
    "revoke_token",
    "sign_in",
    "sign_out",
    "sign_out_everywhere",
    "take_challenge",
    "use_session",
]
