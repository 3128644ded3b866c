"""Which trust lists are accepted, and which keys one trusts for what. Fails closed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from rahdari.credentials.errors import TrustExpired, TrustRolledBack, TrustUnsigned
from rahdari.credentials.values.keys import KeyUse
from rahdari.wire import base64url, strict_json, trust_list
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import Algorithm, PublicKey
from rahdari.wire.trust_list import TrustedIssuer, TrustedKey, TrustList

# Kids are 8 bytes and may collide (EU DCC specification, 3.3.1: all are tried); more than a handful of
# collisions is an attack on our time.
CANDIDATES_MAX = 16
# RFC 7515, 7.1: header, payload, signature. No header of a trust list is longer than a typ and a kid.
_JWS_PARTS = 3
HEADER_CHARS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that may have signed, with the issuer it stands for."""

    issuer: TrustedIssuer
    key: TrustedKey


class Trust:
    """An accepted trust list, indexed by key. Who holds one need not ask again until it expires."""

    __slots__ = ("_by_kid", "issuers", "listed")

    def __init__(self, listed: TrustList) -> None:
        """Index the keys of ``listed``; only ``accept`` should call this."""
        self.listed = listed
        self.issuers = MappingProxyType({issuer.id: issuer for issuer in listed.issuers})
        self._by_kid: dict[bytes, list[Candidate]] = {}
        for issuer in listed.issuers:
            for key in issuer.keys:
                for kid in {key.public.kid, key.alias or key.public.kid}:
                    self._by_kid.setdefault(kid, []).append(Candidate(issuer, key))

    @property
    def expires(self) -> datetime:
        """The instant from which nothing is believed on the word of this list."""
        return datetime.fromtimestamp(self.listed.expires, UTC)

    def find_candidates(self, kid: bytes | None, *, issuer: str | None) -> tuple[Candidate, ...]:
        """List the keys that may have signed: those with ``kid``, or without a kid all keys of ``issuer``."""
        if kid is not None:
            return tuple(self._by_kid.get(kid, ())[:CANDIDATES_MAX])
        named = self.issuers.get(issuer or "")
        return tuple(Candidate(named, key) for key in named.keys[:CANDIDATES_MAX]) if named else ()

    def find_signing_keys(self, issuer: str, use: KeyUse, at: datetime) -> tuple[PublicKey, ...]:
        """List the issuer's keys that may have signed for ``use`` at the instant ``at``."""
        named = self.issuers.get(issuer)
        keys = named.keys if named else ()
        return tuple(key.public for key in keys if is_trusted(key, use=use, at=at))


def is_trusted(key: TrustedKey, *, use: KeyUse, at: datetime) -> bool:
    """Tell whether what ``key`` signed for ``use`` at the instant ``at`` is believed.

    A key that was rotated out is believed for what it signed in its window; a withdrawn one for nothing.
    """
    signed = at.timestamp()
    if key.withdrawn_at is not None or use not in key.uses:
        return False
    return key.not_before <= signed < key.not_after


def accept(
    text: str,
    *,
    roots: Iterable[PublicKey],
    held_sequence: int,
    at: datetime,
    algorithms: frozenset[Algorithm] = frozenset(Algorithm),
) -> Trust:
    """Accept a signed trust list, or refuse it.

    (1) It is signed by a pinned root, with an accepted algorithm (RFC 7515, 5.2).
    (2) Its sequence number is not below the one held (rollback; The Update Framework, 5.3.4).
    (3) It has not expired at ``at`` (freeze; The Update Framework, 5.3.6).

    Raises:
        MalformedInput: it is no trust list.
        TrustUnsigned, TrustRolledBack, TrustExpired: the check that failed.
    """
    if _is_unsigned(text):
        raise TrustUnsigned(
            "the trust list carries no signature at all; get the signed one, trust.jwt, from the authority"
        )
    signed = trust_list.decode(text)
    usable = [root for root in roots if root.algorithm in algorithms]
    try:
        listed = signed.verify_with(usable)
    except BadSignature:
        raise TrustUnsigned(
            "the trust list is not signed by a pinned root; get both from the authority, by separate ways"
        ) from None
    if listed.sequence < held_sequence:
        raise TrustRolledBack(
            f"the trust list has number {listed.sequence}, number {held_sequence} is held already; "
            "an older list could bring withdrawn keys back: fetch the current one"
        )
    if at.timestamp() >= listed.expires:
        ended = datetime.fromtimestamp(listed.expires, UTC)
        raise TrustExpired(f"the trust list expired {ended:%Y-%m-%dT%H:%M:%SZ}; fetch the current one")
    return Trust(listed)


def _is_unsigned(text: str) -> bool:
    """Tell whether a JWS says of itself that nobody signed it: no signature, or ``alg`` none (RFC 7515, A.5)."""
    # Cut behind the first four: a text of nothing but periods costs no more than any other.
    parts = text.split(".", 3)
    if len(parts) != _JWS_PARTS or len(parts[0]) > HEADER_CHARS_MAX:
        return False
    try:
        header = strict_json.decode_object(base64url.decode(parts[0]), size_bytes_max=HEADER_CHARS_MAX)
    except MalformedInput:
        return False
    return not parts[2] or str(header.get("alg")).lower() == "none"
