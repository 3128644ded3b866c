"""Principals and tokens in SQL."""

from collections.abc import Iterable
from datetime import datetime
from typing import cast

from sqlalchemy import Row, insert, select, update

from rahdari.access.errors import NameTaken
from rahdari.access.schema import PRINCIPAL, TOKEN
from rahdari.access.store.table import Part
from rahdari.access.values import Principal, PrincipalId, Role, Token, TokenId
from rahdari.database import Conflict, named_failures
from rahdari.kernel import ActorKind


class PrincipalTable(Part):
    """The part of the store that keeps principals and tokens."""

    def add_principal(self, principal: Principal) -> None:
        try:
            with named_failures():
                self._connection.execute(insert(PRINCIPAL).values(_principal_row(principal)))
        except Conflict as conflict:
            if conflict.constraint != "uq_access_principal_name":
                raise
            raise NameTaken(
                "another principal bears this name, perhaps a disabled one; choose another name"
            ) from None

    def find_principal(self, principal_id: PrincipalId) -> Principal | None:
        row = self._connection.execute(select(PRINCIPAL).where(PRINCIPAL.c.id == principal_id)).one_or_none()
        return None if row is None else _principal(row)

    def find_principal_named(self, name: str) -> Principal | None:
        row = self._connection.execute(select(PRINCIPAL).where(PRINCIPAL.c.name == name)).one_or_none()
        return None if row is None else _principal(row)

    def find_principals(self) -> tuple[Principal, ...]:
        rows = self._connection.execute(select(PRINCIPAL).order_by(PRINCIPAL.c.enrolled_at, PRINCIPAL.c.id))
        return tuple(_principal(row) for row in rows)

    def set_disabled(self, principal_id: PrincipalId, at: datetime) -> None:
        self._connection.execute(
            update(PRINCIPAL).where(PRINCIPAL.c.id == principal_id).values(disabled_at=at)
        )

    def add_token(self, token: Token) -> None:
        self._connection.execute(insert(TOKEN).values(_token_row(token)))

    def find_token(self, token_id: TokenId) -> Token | None:
        row = self._connection.execute(select(TOKEN).where(TOKEN.c.id == token_id)).one_or_none()
        return None if row is None else _token(row)

    def find_tokens(self, principal_id: PrincipalId) -> tuple[Token, ...]:
        mine = select(TOKEN).where(TOKEN.c.principal == principal_id)
        rows = self._connection.execute(mine.order_by(TOKEN.c.issued_at, TOKEN.c.id))
        return tuple(_token(row) for row in rows)

    def set_revoked(self, token_id: TokenId, at: datetime) -> None:
        self._connection.execute(update(TOKEN).where(TOKEN.c.id == token_id).values(revoked_at=at))


def _principal_row(principal: Principal) -> dict[str, object]:
    return {
        "id": principal.id,
        "kind": principal.kind.value,
        "name": principal.name,
        "roles": sorted(principal.roles),
        "attributes": sorted(principal.attributes),
        "enrolled_at": principal.enrolled_at,
        "disabled_at": principal.disabled_at,
    }


def _principal(row: Row[tuple[object, ...]]) -> Principal:
    return Principal(
        id=PrincipalId(row.id),
        kind=ActorKind(row.kind),
        name=row.name,
        roles=frozenset(Role(role) for role in cast("Iterable[str]", row.roles)),
        attributes=frozenset(cast("Iterable[str]", row.attributes)),
        enrolled_at=row.enrolled_at,
        disabled_at=row.disabled_at,
    )


def _token_row(token: Token) -> dict[str, object]:
    return {
        "id": token.id,
        "principal": token.principal,
        "digest": token.digest,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
    }


def _token(row: Row[tuple[object, ...]]) -> Token:
    return Token(
        id=TokenId(row.id),
        principal=PrincipalId(row.principal),
        digest=bytes(row.digest),
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
