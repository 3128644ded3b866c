"""Principals, their roles and their tokens."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import NewType

from rahdari.kernel import Actor, ActorKind

PrincipalId = NewType("PrincipalId", str)
TokenId = NewType("TokenId", str)


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
    VERIFIER = "verifier"
    """An institution that asks about passes online."""


# An institution asks; it never acts on a pass. An officer who needs to ask does so as any visitor may.
ROLES_OF_KIND = MappingProxyType(
    {
        ActorKind.OFFICER: frozenset(Role) - {Role.VERIFIER},
        ActorKind.INSTITUTION: frozenset({Role.VERIFIER}),
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
