r"""Who may come in: officers and institutions, their roles and their bearer tokens.

The operator enrols a principal and hands it a token; whoever presents the token is that principal's
actor, with the roles held at that instant. Only a hash of the token is kept.

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
    NameTaken,
    NotAllowed,
    NotAuthenticated,
    UnknownPrincipal,
    UnknownToken,
    Unproven,
)
from rahdari.access.ports import Store
from rahdari.access.rules import require_any
from rahdari.access.service import (
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
    ROLES_OF_KIND,
    TOKEN_LIFETIME,
    TOKEN_LIFETIME_MAX,
    Enrolment,
    FreshToken,
    Principal,
    PrincipalId,
    Role,
    Token,
    TokenId,
)

__all__ = [
    "ROLES_OF_KIND",
    "TOKEN_LIFETIME",
    "TOKEN_LIFETIME_MAX",
    "AccessRefused",
    "BadLifetime",
    "BadName",
    "BadRole",
    "Enrolment",
    "FreshToken",
    "NameTaken",
    "NotAllowed",
    "NotAuthenticated",
    "Principal",
    "PrincipalId",
    "Role",
    "Store",
    "Token",
    "TokenId",
    "UnknownPrincipal",
    "UnknownToken",
    "Unproven",
    "authenticate",
    "disable",
    "enrol",
    "find_principal_named",
    "find_principals",
    "find_tokens",
    "get_principal",
    "issue_token",
    "require_any",
    "revoke_token",
]
