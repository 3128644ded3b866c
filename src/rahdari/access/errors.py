"""Why a principal or a holder is not let in, or not let do it."""

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


class TicketRefused(AccessRefused):
    """The link from the counter opens nothing: never given, used already, or its ten minutes are over."""

    code: ClassVar[str] = "access.ticket_refused"


class TooManyTickets(AccessRefused):
    """As many links as a card may have are open for it."""

    code: ClassVar[str] = "access.too_many_tickets"


class TooManyCeremonies(AccessRefused):
    """More people than this server remembers have begun to sign in and not ended it."""

    code: ClassVar[str] = "access.too_many_ceremonies"
    # The oldest of them lapses within five minutes, most within seconds.
    wait_seconds = 10


class CeremonyRefused(AccessRefused):
    """The authenticator's answer does not verify: replayed, too late, for another site, or altered.

    One sentence for every reason, so that a guesser learns nothing. ``because`` is for the log and the tests.
    """

    code: ClassVar[str] = "access.ceremony_refused"

    def __init__(self, because: str) -> None:
        """Keep the reason beside the sentence, not in it."""
        super().__init__("the passkey's answer does not hold here and now; begin again, on this page")
        self.because = because


class UnknownPasskey(AccessRefused):
    """No card here has this passkey, or it was removed."""

    code: ClassVar[str] = "access.unknown_passkey"


class PasskeyTaken(AccessRefused):
    """This passkey is registered already (WebAuthn Level 3, 7.1: a credential is registered once)."""

    code: ClassVar[str] = "access.passkey_taken"


class TooManyPasskeys(AccessRefused):
    """The card has as many passkeys as a card may have."""

    code: ClassVar[str] = "access.too_many_passkeys"


class PasskeyCloned(AccessRefused):
    """The passkey's counter went back: a copy of it may be in use (WebAuthn Level 3, 6.1.1)."""

    code: ClassVar[str] = "access.passkey_cloned"

    def __init__(self, card: str, passkey: str) -> None:
        """Keep whose it is, for the audit log."""
        super().__init__(
            "this passkey's counter went back, so a copy of it may be in use; it was not let in and was noted: "
            "sign in with another passkey and remove this one, or go to a counter with the card"
        )
        self.card = card
        self.passkey = passkey


class NotSignedIn(AccessRefused):
    """No live session: never begun, signed out, idle for too long, or over."""

    code: ClassVar[str] = "access.not_signed_in"

    def __init__(self, because: Unproven) -> None:
        """Keep the reason beside the sentence, not in it."""
        super().__init__("you are not signed in, or no longer; sign in with your passkey at /holder")
        self.because = because


class CardSuspended(AccessRefused):
    """The card is suspended, and everything that is linked to it with it."""

    code: ClassVar[str] = "access.card_suspended"


class CardLocked(AccessRefused):
    """The card is good, and its holder has locked this use of it."""

    code: ClassVar[str] = "access.card_locked"


class CardGone(AccessRefused):
    """The card is not in force: not handed over yet, replaced, revoked, expired or unknown."""

    code: ClassVar[str] = "access.card_gone"
