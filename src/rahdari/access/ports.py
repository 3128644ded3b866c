"""What this room needs of the world."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from rahdari.access.values import (
    CardState,
    Challenge,
    Channel,
    Credential,
    Passkey,
    PasskeyId,
    Principal,
    PrincipalId,
    Purpose,
    Session,
    SessionId,
    Ticket,
    Token,
    TokenId,
    UnverifiedAnswer,
)


class PrincipalStore(Protocol):
    """Keeps principals and tokens; its promises are those of ``Store``."""

    def add_principal(self, principal: Principal) -> None:
        """Keep a new principal.

        Raises:
            NameTaken: another one bears the name. The transaction is then of no further use.
        """
        ...

    def find_principal(self, principal_id: PrincipalId) -> Principal | None:
        """Find one by its id."""
        ...

    def find_principal_named(self, name: str) -> Principal | None:
        """Find one by its name, exactly as kept."""
        ...

    def find_principals(self) -> tuple[Principal, ...]:
        """List all, in the order of their enrolment."""
        ...

    def set_disabled(self, principal_id: PrincipalId, at: datetime) -> None:
        """Disable from ``at`` on; the principal must exist."""
        ...

    def add_token(self, token: Token) -> None:
        """Keep a new token of an existing principal."""
        ...

    def find_token(self, token_id: TokenId) -> Token | None:
        """Find one by its id."""
        ...

    def find_tokens(self, principal_id: PrincipalId) -> tuple[Token, ...]:
        """List a principal's tokens, expired and revoked ones too, in the order of their issue."""
        ...

    def set_revoked(self, token_id: TokenId, at: datetime) -> None:
        """Revoke from ``at`` on; the token must exist."""
        ...


class CeremonyStore(Protocol):
    """Keeps tickets and challenges until they are taken or swept; its promises are those of ``Store``."""

    def add_ticket(self, ticket: Ticket) -> None:
        """Keep a new ticket."""
        ...

    def find_ticket(self, digest: bytes) -> Ticket | None:
        """Find the ticket whose code has this digest."""
        ...

    def find_tickets(self) -> tuple[Ticket, ...]:
        """List every ticket that was neither taken nor swept, by id."""
        ...

    def count_tickets(self, card: str, at: datetime) -> int:
        """Count the card's tickets that expire after ``at``."""
        ...

    def take_ticket(self, digest: bytes) -> Ticket | None:
        """Take a ticket away for good. Of any number who try at once, one gets it."""
        ...

    def drop_tickets(self, card: str) -> None:
        """Take every ticket of the card away for good, and the enrolments that were begun with them."""
        ...

    def add_challenge(self, challenge: Challenge) -> None:
        """Keep a new challenge."""
        ...

    def count_challenges(self) -> int:
        """Count the challenges that are kept, lapsed ones too."""
        ...

    def take_challenge(self, value: bytes, purpose: Purpose) -> Challenge | None:
        """Take a challenge of this purpose away for good. Of any number who try at once, one gets it."""
        ...

    def sweep_ceremonies(self, at: datetime) -> None:
        """Forget every ticket and every challenge that expired at or before ``at``."""
        ...


class PasskeyStore(Protocol):
    """Keeps passkeys for ever; its promises are those of ``Store``."""

    def add_passkey(self, passkey: Passkey) -> None:
        """Keep a new passkey.

        Raises:
            PasskeyTaken: the credential is registered. The transaction is then of no further use.
        """
        ...

    def find_passkey(self, passkey: PasskeyId) -> Passkey | None:
        """Find one by its id, removed or not."""
        ...

    def find_credential(self, credential: bytes) -> Passkey | None:
        """Find one by the authenticator's id of it, removed or not."""
        ...

    def find_passkeys(self, card: str) -> tuple[Passkey, ...]:
        """List a card's passkeys, removed ones too, in the order of their registration."""
        ...

    def iterate_passkeys(self) -> Iterator[Passkey]:
        """Go through every passkey by id, a page at a time."""
        ...

    def count_signature(self, passkey: Passkey, count: int, at: datetime) -> bool:
        """Note a use: the counter is ``count`` now. False, and nothing noted, if it no longer stands as given."""
        ...

    def set_removed(self, passkey: PasskeyId, at: datetime) -> None:
        """Remove from ``at`` on; the passkey must exist."""
        ...


class SessionStore(Protocol):
    """Keeps sessions until they end; its promises are those of ``Store``."""

    def add_session(self, session: Session) -> None:
        """Keep a new session."""
        ...

    def find_session(self, session: SessionId) -> Session | None:
        """Find one by its id."""
        ...

    def find_sessions(self, card: str) -> tuple[Session, ...]:
        """List a card's sessions, over or not, in the order in which they began."""
        ...

    def iterate_sessions(self) -> Iterator[Session]:
        """Go through every session by id, over or not, a page at a time."""
        ...

    def note_use(self, session: SessionId, at: datetime) -> None:
        """Note that a session was used; one that has ended meanwhile stays ended."""
        ...

    def end_sessions(self, sessions: Collection[SessionId]) -> None:
        """End these; those that ended already stay ended."""
        ...

    def sweep_sessions(self, began_before: datetime) -> None:
        """Forget every session that began at or before this instant."""
        ...


class Store(PrincipalStore, CeremonyStore, PasskeyStore, SessionStore, Protocol):
    """Keeps what the room knows, within the transaction its maker opened.

    What was written is seen by every later call of the same store at once, and by others when the
    transaction ends well; it is durable then.
    """


class CardStanding(Protocol):
    """Tells whether a card is in good standing: asked of the register at each use, never kept.

    Whoever builds something on a card (a session, a token, a payment) asks this in the same transaction in
    which it answers. An answer is the truth of the transaction's snapshot: once a suspension is acknowledged,
    every transaction that begins later gets ``SUSPENDED``. No implementation may keep an answer.
    """

    def ask(self, card: str, channel: Channel) -> CardState:
        """Tell how the card stands for this channel; an unknown card is ``GONE``."""
        ...


class Ceremonies(Protocol):
    """The ceremonies of WebAuthn for one relying party. Keeps nothing."""

    def registration_options(self, challenge: Challenge, *, name: str, known: Sequence[bytes]) -> str:
        """Write the options of ``navigator.credentials.create`` as JSON; ``known`` must not register again."""
        ...

    def sign_in_options(self, challenge: Challenge) -> str:
        """Write the options of ``navigator.credentials.get`` as JSON: any passkey of this relying party."""
        ...

    def read(self, answer: str) -> UnverifiedAnswer:
        """Read which challenge and credential an answer speaks of; nothing of it is proven.

        Raises:
            CeremonyRefused: it is no answer at all.
        """
        ...

    def verify_registration(self, answer: str, challenge: Challenge) -> Credential:
        """Verify a registration: WebAuthn Level 3, 7.1, with user verification.

        Raises:
            CeremonyRefused: for every reason alike.
        """
        ...

    def verify_sign_in(self, answer: str, challenge: Challenge, passkey: Passkey) -> int:
        """Verify an assertion: WebAuthn Level 3, 7.2, with user verification; gives the new sign count.

        The counter is not compared here: what follows from it is the room's to decide.

        Raises:
            CeremonyRefused: for every reason alike.
        """
        ...
