"""What this room needs of the world."""

from datetime import datetime
from typing import Protocol

from rahdari.access.values import Principal, PrincipalId, Token, TokenId


class Store(Protocol):
    """Keeps principals and tokens, within the transaction its maker opened.

    What was written is seen by every later call of the same store at once, and by others when the
    transaction ends well; it is durable then.
    """

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
