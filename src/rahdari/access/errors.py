"""Why a principal is not let in, or not let do it."""

from enum import StrEnum
from typing import ClassVar

from rahdari.kernel import Refused


class AccessRefused(Refused):
    """A principal, a token or a role stands in the way."""

    code: ClassVar[str] = "access.refused"


class Unproven(StrEnum):
    """Why a token proved nothing: for the operator's log, never for the caller."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    WRONG_SECRET = "wrong_secret"  # noqa: S105  # the name of a reason, not a secret
    EXPIRED = "expired"
    REVOKED = "revoked"
    DISABLED = "disabled"


class NotAuthenticated(AccessRefused):
    """The token presented proves nobody.

    The sentence and the code are the same for every reason, so that a guesser learns nothing (RFC 6750,
    3.1: "invalid_token" covers expired, revoked and malformed alike). ``because`` is for the log.
    """

    code: ClassVar[str] = "access.not_authenticated"

    def __init__(self, because: Unproven) -> None:
        """Keep the reason beside the sentence, not in it."""
        super().__init__(
            "the token is not valid here (unknown, expired or revoked); "
            "ask the operator of this service for a new one"
        )
        self.because = because


class NotAllowed(AccessRefused):
    """The actor is known, and holds no role that may do this."""

    code: ClassVar[str] = "access.not_allowed"


class UnknownPrincipal(AccessRefused):
    """No principal has this id."""

    code: ClassVar[str] = "access.unknown_principal"


class UnknownToken(AccessRefused):
    """No token has this id."""

    code: ClassVar[str] = "access.unknown_token"


class NameTaken(AccessRefused):
    """Another principal bears this name."""

    code: ClassVar[str] = "access.name_taken"


class BadName(AccessRefused):
    """A name is empty, too long or contains what cannot be printed."""

    code: ClassVar[str] = "access.bad_name"


class BadRole(AccessRefused):
    """No such role, or not one that this kind of principal may hold."""

    code: ClassVar[str] = "access.bad_role"


class BadLifetime(AccessRefused):
    """A token would be valid for no time, or for longer than the house allows."""

    code: ClassVar[str] = "access.bad_lifetime"
