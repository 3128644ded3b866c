"""The room of access in memory. The contract suite holds it to the promises of the real store."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from rahdari.access import (
    CardState,
    Challenge,
    Channel,
    NameTaken,
    Passkey,
    PasskeyId,
    PasskeyTaken,
    Principal,
    PrincipalId,
    Purpose,
    Session,
    SessionId,
    Ticket,
    Token,
    TokenId,
)
from rahdari.kernel import Actor, ActorKind

OPERATOR = Actor("operator", ActorKind.SYSTEM)


class AccessInMemory:
    """Keeps everything in dictionaries."""

    def __init__(self) -> None:
        self._tickets: dict[bytes, Ticket] = {}
        self._challenges: dict[bytes, Challenge] = {}
        self._passkeys: dict[PasskeyId, Passkey] = {}
        self._sessions: dict[SessionId, Session] = {}
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

    def add_ticket(self, ticket: Ticket) -> None:
        self._tickets[ticket.digest] = ticket

    def find_ticket(self, digest: bytes) -> Ticket | None:
        return self._tickets.get(digest)

    def find_tickets(self) -> tuple[Ticket, ...]:
        return tuple(sorted(self._tickets.values(), key=lambda one: one.id))

    def count_tickets(self, card: str, at: datetime) -> int:
        return sum(one.card == card and one.expires_at > at for one in self._tickets.values())

    def take_ticket(self, digest: bytes) -> Ticket | None:
        return self._tickets.pop(digest, None)

    def drop_tickets(self, card: str) -> None:
        gone = {one.id for one in self._tickets.values() if one.card == card}
        self._tickets = {key: one for key, one in self._tickets.items() if one.id not in gone}
        self._challenges = {key: one for key, one in self._challenges.items() if one.ticket not in gone}

    def add_challenge(self, challenge: Challenge) -> None:
        self._challenges[challenge.value] = challenge

    def count_challenges(self) -> int:
        return len(self._challenges)

    def take_challenge(self, value: bytes, purpose: Purpose) -> Challenge | None:
        found = self._challenges.get(value)
        if found is None or found.purpose is not purpose:
            return None
        return self._challenges.pop(value)

    def sweep_ceremonies(self, at: datetime) -> None:
        self._tickets = {key: one for key, one in self._tickets.items() if one.expires_at > at}
        self._challenges = {key: one for key, one in self._challenges.items() if one.expires_at > at}

    def add_passkey(self, passkey: Passkey) -> None:
        if self.find_credential(passkey.credential):
            raise PasskeyTaken("this passkey is registered already")
        self._passkeys[passkey.id] = passkey

    def find_passkey(self, passkey: PasskeyId) -> Passkey | None:
        return self._passkeys.get(passkey)

    def find_credential(self, credential: bytes) -> Passkey | None:
        return next((one for one in self._passkeys.values() if one.credential == credential), None)

    def find_passkeys(self, card: str) -> tuple[Passkey, ...]:
        mine = [one for one in self._passkeys.values() if one.card == card]
        return tuple(sorted(mine, key=lambda one: (one.registered_at, one.id)))

    def iterate_passkeys(self) -> Iterator[Passkey]:
        return iter(sorted(self._passkeys.values(), key=lambda one: one.id))

    def count_signature(self, passkey: Passkey, count: int, at: datetime) -> bool:
        standing = self._passkeys.get(passkey.id)
        if standing is None or standing.sign_count != passkey.sign_count or standing.removed_at:
            return False
        self._passkeys[passkey.id] = replace(standing, sign_count=count, used_at=at)
        return True

    def set_removed(self, passkey: PasskeyId, at: datetime) -> None:
        self._passkeys[passkey] = replace(self._passkeys[passkey], removed_at=at)

    def add_session(self, session: Session) -> None:
        self._sessions[session.id] = session

    def find_session(self, session: SessionId) -> Session | None:
        return self._sessions.get(session)

    def find_sessions(self, card: str) -> tuple[Session, ...]:
        mine = [one for one in self._sessions.values() if one.card == card]
        return tuple(sorted(mine, key=lambda one: (one.began_at, one.id)))

    def iterate_sessions(self) -> Iterator[Session]:
        return iter(sorted(self._sessions.values(), key=lambda one: one.id))

    def note_use(self, session: SessionId, at: datetime) -> None:
        if session in self._sessions:
            self._sessions[session] = replace(self._sessions[session], used_at=at)

    def end_sessions(self, sessions: Collection[SessionId]) -> None:
        for session in sessions:
            self._sessions.pop(session, None)

    def sweep_sessions(self, began_before: datetime) -> None:
        self._sessions = {key: one for key, one in self._sessions.items() if one.began_at > began_before}


class StandingInMemory:
    """Cards that stand as a test says; one that it never spoke of is gone."""

    def __init__(self) -> None:
        self.states: dict[str, CardState] = {}
        self.locks: set[tuple[str, Channel]] = set()

    def ask(self, card: str, channel: Channel) -> CardState:
        state = self.states.get(card, CardState.GONE)
        return CardState.LOCKED if state is CardState.GOOD and (card, channel) in self.locks else state
