"""Officers, institutions and their tokens."""

from datetime import timedelta

from rahdari.access.errors import NotAllowed, UnknownPrincipal, UnknownToken
from rahdari.access.ports import Store
from rahdari.access.rules import principals as rules
from rahdari.access.values import (
    TOKEN_LIFETIME,
    Enrolment,
    FreshToken,
    Principal,
    PrincipalId,
    Token,
    TokenId,
)
from rahdari.kernel import Actor, Chance, Clock


def enrol(store: Store, enrolment: Enrolment, *, by: Actor, clock: Clock, chance: Chance) -> Principal:
    """Enrol an officer or an institution. It cannot come in before it has a token.

    Raises:
        NotAllowed: ``by`` is not the operator.
        BadName, BadRole, NameTaken: see there; nothing was kept.
    """
    rules.require_operator(by)
    principal_id = rules.principal_id_from(enrolment.kind, chance.bytes(rules.ID_BYTES))
    principal = rules.admit(enrolment, principal_id, clock.now())
    store.add_principal(principal)
    return principal


def disable(store: Store, principal_id: PrincipalId, *, by: Actor, clock: Clock) -> Principal:
    """Let a principal in no more, with none of its tokens. Doing it twice keeps the first instant.

    Raises:
        NotAllowed, UnknownPrincipal: see there.
    """
    rules.require_operator(by)
    if get_principal(store, principal_id).disabled_at is None:
        store.set_disabled(principal_id, clock.now())
    return get_principal(store, principal_id)


def issue_token(
    store: Store,
    principal_id: PrincipalId,
    *,
    by: Actor,
    clock: Clock,
    chance: Chance,
    lifetime: timedelta = TOKEN_LIFETIME,
) -> FreshToken:
    """Issue a bearer token (RFC 6750). Its text is in the answer and nowhere else: only a hash is kept.

    Raises:
        NotAllowed: ``by`` is not the operator, or the principal is disabled.
        UnknownPrincipal, BadLifetime: see there.
    """
    rules.require_operator(by)
    if get_principal(store, principal_id).disabled_at is not None:
        raise NotAllowed(f"principal {principal_id} is disabled and gets no token; enrol it anew")
    now = clock.now()
    expires_at = rules.expiry_of(now, lifetime)
    token_id = rules.token_id_from(chance.bytes(rules.ID_BYTES))
    text = rules.token_text(token_id, chance.bytes(rules.SECRET_BYTES))
    token = Token(token_id, principal_id, rules.digest_of(text), now, expires_at)
    store.add_token(token)
    return FreshToken(token, text)


def revoke_token(store: Store, token_id: TokenId, *, by: Actor, clock: Clock) -> Token:
    """End one token now. The operator may end any, its bearer its own. Twice keeps the first instant.

    Raises:
        NotAllowed, UnknownToken: see there.
    """
    token = store.find_token(token_id)
    if token is None or by.id != token.principal:
        rules.require_operator(by)
    if token is None:
        raise UnknownToken(f"there is no token {token_id}; list the principal's tokens")
    if token.revoked_at is None:
        store.set_revoked(token_id, clock.now())
    return store.find_token(token_id) or token


def authenticate(store: Store, presented: str, *, clock: Clock) -> Actor:
    """Tell who bears the token ``presented``, with the roles held at this instant.

    Raises:
        NotAuthenticated: one sentence and one code for every reason; ``because`` is for the log.
    """
    token = store.find_token(rules.token_id_in(presented))
    principal = store.find_principal(token.principal) if token else None
    return rules.prove(presented, token, principal, clock.now())


def get_principal(store: Store, principal_id: PrincipalId) -> Principal:
    """Get a principal.

    Raises:
        UnknownPrincipal: there is none of this id.
    """
    principal = store.find_principal(principal_id)
    if principal is None:
        raise UnknownPrincipal(f"there is no principal {principal_id}; list them, then try again")
    return principal


def find_principal_named(store: Store, name: str) -> Principal | None:
    """Find a principal by its name."""
    return store.find_principal_named(name)


def find_principals(store: Store) -> tuple[Principal, ...]:
    """List all principals, in the order of their enrolment."""
    return store.find_principals()


def find_tokens(store: Store, principal_id: PrincipalId) -> tuple[Token, ...]:
    """List a principal's tokens, in the order of their issue; never a secret."""
    return store.find_tokens(principal_id)
