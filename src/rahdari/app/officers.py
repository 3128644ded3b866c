"""Officers and institutions of the house, and the tokens by which they come in."""

import re
from datetime import timedelta
from pathlib import Path

from rahdari import access
from rahdari.access import Enrolment, FreshToken, Principal, PrincipalId, Token, TokenId
from rahdari.access.store import SqlStore as AccessStore
from rahdari.app.access_audit import fingerprint_of, told_of
from rahdari.app.errors import BadFile, NotInitialised
from rahdari.app.files import SECRET_MODE, read_limited, write_whole
from rahdari.app.foundation import Foundation
from rahdari.kernel import Actor, ActorKind

OPERATOR = Actor("operator", ActorKind.SYSTEM, frozenset())
"""Whoever runs the command line beside the database; enrols others and holds no role of theirs."""

TOKEN_BYTES_MAX = 1024
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Officers:
    """Enrols, gives tokens, and tells who bears one. Each change is written to the log."""

    def __init__(self, foundation: Foundation) -> None:
        """Work on the house's foundation."""
        self._on = foundation

    def enrol(self, enrolment: Enrolment, *, by: Actor = OPERATOR) -> Principal:
        """Enrol an officer or an institution. Raises ``AccessRefused``."""
        on = self._on
        with on.admitting() as (desk, store):
            made = access.enrol(store, enrolment, by=by, clock=on.clock, chance=on.chance)
            desk.record(desk.event(by, "enrol", made.id, **told_of(made)))
        return made

    def issue_token(
        self, principal: PrincipalId, *, by: Actor = OPERATOR, lifetime: timedelta = access.TOKEN_LIFETIME
    ) -> FreshToken:
        """Give a token; its text is shown this once. Raises ``AccessRefused``."""
        on = self._on
        with on.admitting() as (desk, store):
            fresh = access.issue_token(
                store, principal, by=by, clock=on.clock, chance=on.chance, lifetime=lifetime
            )
            # A digest of 256 random bits gives nothing away, and a token exchanged in the table is found.
            digest = fingerprint_of(fresh.token)
            desk.record(desk.event(by, "issue_token", principal, digest=digest, token=fresh.token.id))
        return fresh

    def revoke_token(self, token: TokenId, *, by: Actor = OPERATOR) -> None:
        """End a token now. Raises ``AccessRefused``."""
        with self._on.admitting() as (desk, store):
            ended = access.revoke_token(store, token, by=by, clock=self._on.clock)
            desk.record(desk.event(by, "revoke_token", ended.principal, token=token))

    def disable(self, principal: PrincipalId, *, by: Actor = OPERATOR) -> Principal:
        """Let a principal in no more. Raises ``AccessRefused``."""
        with self._on.admitting() as (desk, store):
            disabled = access.disable(store, principal, by=by, clock=self._on.clock)
            desk.record(desk.event(by, "disable", principal))
        return disabled

    def authenticate(self, presented: str) -> Actor:
        """Tell who bears a token, with the roles held at this instant. Raises ``NotAuthenticated``."""
        with self._on.database.reading() as connection:
            return access.authenticate(AccessStore(connection), presented, clock=self._on.clock)

    def get(self, principal: PrincipalId) -> Principal:
        """Get a principal. Raises ``UnknownPrincipal``."""
        with self._on.database.reading() as connection:
            return access.get_principal(AccessStore(connection), principal)

    def find_named(self, name: str) -> Principal | None:
        """Find a principal by name."""
        with self._on.database.reading() as connection:
            return access.find_principal_named(AccessStore(connection), name)

    def list(self) -> tuple[Principal, ...]:
        """List every principal."""
        with self._on.database.reading() as connection:
            return access.find_principals(AccessStore(connection))

    def keep_token(self, name: str, text: str) -> Path:
        """Keep a token in the home folder, readable by its owner alone, for the command line's ``--as``.

        Raises:
            BadFile: the name cannot be part of a file's name.
        """
        path = self._token_path(name)
        write_whole(path, text.encode(), mode=SECRET_MODE)
        return path

    def find_tokens(self, principal: PrincipalId) -> tuple[Token, ...]:
        """List the tokens of a principal: ids and terms, never a secret. Raises ``UnknownPrincipal``."""
        with self._on.database.reading() as connection:
            store = AccessStore(connection)
            return access.find_tokens(store, access.get_principal(store, principal).id)

    def authenticate_named(self, name: str) -> Actor:
        """Act as an officer whose token is kept in the home folder. Raises ``NotInitialised``, ``BadFile``."""
        path = self._token_path(name)
        if not path.is_file():
            raise NotInitialised(
                f"no token of an officer {name!r} is kept in officers/; enrol one, or set RAHDARI_TOKEN"
            )
        return self.authenticate(read_limited(path, size_bytes_max=TOKEN_BYTES_MAX).decode().strip())

    def _token_path(self, name: str) -> Path:
        if not _PLAIN.fullmatch(name):
            raise BadFile(
                "an officer's name for --as has letters, digits, hyphens and underscores, at most 64"
            )
        return self._on.settings.home / "officers" / f"{name}.token"
