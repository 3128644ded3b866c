"""Principals and tokens in memory. The contract suite holds it to the promises of the real store."""

from dataclasses import replace
from datetime import datetime

from rahdari.access import NameTaken, Principal, PrincipalId, Token, TokenId
from rahdari.kernel import Actor, ActorKind

OPERATOR = Actor("operator", ActorKind.SYSTEM)


class AccessInMemory:
    """Keeps everything in two dictionaries."""

    def __init__(self) -> None:
        self._principals: dict[PrincipalId, Principal] = {}
        self._tokens: dict[TokenId, Token] = {}

    def add_principal(self, principal: Principal) -> None:
        if self.find_principal_named(principal.name):
            raise NameTaken("another principal bears this name")
        self._principals[principal.id] = principal

    def find_principal(self, principal_id: PrincipalId) -> Principal | None:
        return self._principals.get(principal_id)

    def find_principal_named(self, name: str) -> Principal | None:
        return next((one for one in self._principals.values() if one.name == name), None)

    def find_principals(self) -> tuple[Principal, ...]:
        return tuple(sorted(self._principals.values(), key=lambda one: (one.enrolled_at, one.id)))

    def set_disabled(self, principal_id: PrincipalId, at: datetime) -> None:
        self._principals[principal_id] = replace(self._principals[principal_id], disabled_at=at)

    def add_token(self, token: Token) -> None:
        self._tokens[token.id] = token

    def find_token(self, token_id: TokenId) -> Token | None:
        return self._tokens.get(token_id)

    def find_tokens(self, principal_id: PrincipalId) -> tuple[Token, ...]:
        mine = [token for token in self._tokens.values() if token.principal == principal_id]
        return tuple(sorted(mine, key=lambda token: (token.issued_at, token.id)))

    def set_revoked(self, token_id: TokenId, at: datetime) -> None:
        self._tokens[token_id] = replace(self._tokens[token_id], revoked_at=at)
