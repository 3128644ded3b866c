"""Who may be enrolled as what, and what a presented token proves."""

import base64
import hashlib
import hmac
import re
import unicodedata
from datetime import datetime, timedelta

from rahdari.access.errors import BadLifetime, BadName, BadRole, NotAllowed, NotAuthenticated, Unproven
from rahdari.access.values import (
    ROLES_OF_KIND,
    TOKEN_LIFETIME_MAX,
    Enrolment,
    Principal,
    PrincipalId,
    Role,
    Token,
    TokenId,
)
from rahdari.kernel import Actor, ActorKind

# 80 bits name a token; they need only be unique, the secret is what may not be guessed.
ID_BYTES = 10
# RFC 6750, 5.1 and RFC 6819, 5.1.4.2.2: at least 128 bits of entropy, 160 recommended; we take 256.
SECRET_BYTES = 32
# "rah_" + 16 + "_" + 43 characters; anything longer is no token of ours and is not even hashed.
PRESENTED_CHARACTERS_MAX = 64
_PRESENTED = re.compile(r"rah_([a-z2-7]{16})_([A-Za-z0-9_-]{43})")

# The widest name that fits one line of a letterhead.
NAME_CHARACTERS_MAX = 120
# Far more than the questions and fields there are.
ATTRIBUTES_MAX = 64
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,39}(:[A-Za-z0-9_-]{1,39})?")

# Compared with where no token was found, so that an unknown id takes as long as a wrong secret.
_NO_DIGEST = bytes(hashlib.sha256().digest_size)


def require_operator(by: Actor) -> None:
    """Pass only for the operator of this installation.

    No officer's role suffices: who could enrol a second supervisor could approve his own revocations.

    Raises:
        NotAllowed: for everybody else.
    """
    if by.kind is not ActorKind.SYSTEM:
        raise NotAllowed("principals and tokens are the operator's business; ask the operator to do it")


def require_any(actor: Actor, roles: frozenset[str]) -> None:
    """Pass only for an actor that holds one of ``roles``; an empty set lets nobody pass.

    Raises:
        NotAllowed: with the roles that would do.
    """
    if not actor.has_any(roles):
        wanted = ", ".join(sorted(roles)) or "no role at all"
        raise NotAllowed(f"this needs one of the roles: {wanted}; ask somebody who holds it")


def admit(enrolment: Enrolment, principal_id: PrincipalId, at: datetime) -> Principal:
    """Make a principal of an enrolment.

    Raises:
        BadName, BadRole: see there.
    """
    return Principal(
        id=principal_id,
        kind=enrolment.kind,
        name=_name(enrolment.name),
        roles=_roles(enrolment),
        attributes=_attributes(enrolment),
        enrolled_at=at,
    )


def principal_id_from(kind: ActorKind, raw: bytes) -> PrincipalId:
    """Write ``ID_BYTES`` of chance as an id that tells its kind."""
    return PrincipalId(f"{kind.value}-{letters_of(raw)}")


def token_id_from(raw: bytes) -> TokenId:
    """Write ``ID_BYTES`` of chance as an id."""
    return TokenId(letters_of(raw))


def token_text(token_id: TokenId, secret: bytes) -> str:
    """Write the text its bearer sends: a b64token (RFC 6750, 2.1)."""
    return f"rah_{token_id}_{base64.urlsafe_b64encode(secret).rstrip(b'=').decode()}"


def token_id_in(presented: str) -> TokenId:
    """Read which token is presented; it may still be a forgery.

    Raises:
        NotAuthenticated: not the form of a token.
    """
    matched = _PRESENTED.fullmatch(presented) if len(presented) <= PRESENTED_CHARACTERS_MAX else None
    if matched is None:
        raise NotAuthenticated(Unproven.MALFORMED)
    return TokenId(matched.group(1))


def digest_of(text: str) -> bytes:
    """Hash a token's text for keeping: one round, for a secret of 256 bits cannot be searched for."""
    return hashlib.sha256(text.encode()).digest()


def expiry_of(issued_at: datetime, lifetime: timedelta) -> datetime:
    """Tell when a token ends.

    Raises:
        BadLifetime: not within (0, ``TOKEN_LIFETIME_MAX``].
    """
    if not timedelta(0) < lifetime <= TOKEN_LIFETIME_MAX:
        raise BadLifetime(
            f"a token is valid for more than nothing and at most {TOKEN_LIFETIME_MAX.days} days, "
            f"not {lifetime.total_seconds() / 86_400:g}; choose a lifetime between"
        )
    return issued_at + lifetime


def prove(presented: str, token: Token | None, principal: Principal | None, at: datetime) -> Actor:
    """Tell who bears ``presented``, or refuse. The secret is compared in constant time, and first.

    Raises:
        NotAuthenticated: for every reason alike.
    """
    is_secret_right = hmac.compare_digest(digest_of(presented), token.digest if token else _NO_DIGEST)
    if token is None or principal is None:
        raise NotAuthenticated(Unproven.UNKNOWN)
    if not is_secret_right:
        raise NotAuthenticated(Unproven.WRONG_SECRET)
    if token.revoked_at is not None:
        raise NotAuthenticated(Unproven.REVOKED)
    # Valid up to, not including, the instant it expires: as "exp" of RFC 7519, 4.1.4.
    if at >= token.expires_at:
        raise NotAuthenticated(Unproven.EXPIRED)
    if principal.disabled_at is not None:
        raise NotAuthenticated(Unproven.DISABLED)
    return principal.as_actor()


def letters_of(raw: bytes) -> str:
    """Write ``ID_BYTES`` of chance in 16 small letters and digits."""
    return base64.b32encode(raw).decode().lower()


def _name(name: str) -> str:
    tidy = unicodedata.normalize("NFC", name).strip()
    # Category C: control, surrogate, unassigned. Format characters (Cf) are letters' business in Urdu.
    is_printable = all(unicodedata.category(c)[0] != "C" or unicodedata.category(c) == "Cf" for c in tidy)
    if not 1 <= len(tidy) <= NAME_CHARACTERS_MAX or not is_printable:
        raise BadName(
            f"a principal's name has 1 to {NAME_CHARACTERS_MAX} printable characters; "
            f"this one has {len(tidy)}, or some that cannot be printed; correct it"
        )
    return tidy


def _roles(enrolment: Enrolment) -> frozenset[Role]:
    allowed = ROLES_OF_KIND.get(enrolment.kind)
    if allowed is None:
        raise BadRole(f"a {enrolment.kind.value} is not enrolled; enrol an officer or an institution")
    wrong = sorted(role for role in enrolment.roles if role not in allowed)
    if wrong or not enrolment.roles:
        raise BadRole(
            f"{'no role' if not wrong else ', '.join(wrong)} is nothing an {enrolment.kind.value} can hold; "
            f"choose from {', '.join(sorted(allowed))}"
        )
    return frozenset(Role(role) for role in enrolment.roles)


def _attributes(enrolment: Enrolment) -> frozenset[str]:
    wrong = sum(_ATTRIBUTE.fullmatch(name) is None for name in enrolment.attributes)
    if wrong or len(enrolment.attributes) > ATTRIBUTES_MAX:
        raise BadName(
            f"{wrong} of {len(enrolment.attributes)} attribute names are malformed; write at most "
            f"{ATTRIBUTES_MAX} of the form name or age_over:18, in lower case"
        )
    if enrolment.attributes and enrolment.kind is not ActorKind.INSTITUTION:
        raise BadRole("only an institution is told attributes; leave them out for an officer")
    return enrolment.attributes
