"""The trust list as it travels: a compact JWS over JSON (decision 0004)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.trust_list.entities import (
    ISSUERS_MAX,
    KEYS_MAX,
    PRODUCTS_MAX,
    ROOTS_MAX,
    STATUS_URIS_MAX,
    KeyUse,
    TrustedIssuer,
    TrustedKey,
    TrustList,
)

TYP = "rahdari-trust-list+jwt"
# What a reader of another version would misread, it must refuse: every unknown member is refused too.
VERSION = 1
# 256 issuers with 10 keys and 10 status addresses each are one million characters.
TEXT_CHARS_MAX = 2 * 1024 * 1024

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class SignedTrustList:
    """A trust list with its signature, as it was read. Nothing is trusted until ``verify_with`` returned.

    ``root_kid`` is the root's id (base64url) by the protected header's claim.
    """

    unverified: TrustList
    token: jws.Jws
    root_kid: str

    def verify_with(self, root_keys: Iterable[PublicKey]) -> TrustList:
        """Give the trust list if one of ``root_keys`` signed it.

        Whether it is older than one already seen, or expired, is for the caller to decide.

        Raises:
            BadSignature: no key of ``root_keys`` has the id that the header names, or none of them signed.
        """
        # (1) The kid finds candidates only; 8 bytes can collide, so every one of them is tried.
        candidates = [key for key in root_keys if jws.kid_text(key) == self.root_kid]
        if not candidates:
            raise BadSignature("the trust list is signed by a root that is not known here; check its origin")
        # (2) RFC 7515, 5.2, step 8, for each candidate.
        for candidate in candidates:
            if _signed_by(self.token, candidate):
                return self.unverified
        raise BadSignature("the root that the trust list names did not sign it: it was altered or forged")


def sign(signer: Signer, trust_list: TrustList) -> str:
    """Sign a trust list with a root key and write it as a compact JWS."""
    payload: dict[str, object] = {
        "version": VERSION,
        "sequence": trust_list.sequence,
        "iat": trust_list.issued_at,
        "exp": trust_list.expires,
        "issuers": [_issuer_as_json(issuer) for issuer in trust_list.issuers],
        "roots": [root.as_jwk() for root in trust_list.roots],
    }
    return jws.sign(signer, {"typ": TYP, "kid": jws.kid_text(signer.public)}, strict_json.encode(payload))


def decode(text: str) -> SignedTrustList:
    """Read a trust list. Trusts nothing: ``SignedTrustList.verify_with`` gives what counts.

    Raises:
        MalformedInput: not a JWS of this typ with a kid, a member missing, unknown or of the wrong type, a
            value outside its limits, an entry twice; or (``TooLarge``) too long, too many, too deep.
        UnsupportedAlgorithm: signed with, or listing a key of, an algorithm that is neither ES256 nor EdDSA.
    """
    token = jws.decode(text, size_chars_max=TEXT_CHARS_MAX)
    token.require_typ(TYP)
    if token.kid is None:
        raise MalformedInput("a trust list names the root that signed it by kid")
    payload = token.payload_object(size_bytes_max=TEXT_CHARS_MAX)
    _require_members(payload, {"version", "sequence", "iat", "exp", "issuers", "roots"})
    if _integer(payload, "version") != VERSION:
        raise MalformedInput(f"a trust list of another version than {VERSION}; update this program")
    unverified = TrustList(
        sequence=_integer(payload, "sequence"),
        issued_at=_integer(payload, "iat"),
        expires=_integer(payload, "exp"),
        issuers=_entries(payload, "issuers", _read_issuer, ISSUERS_MAX),
        roots=_entries(payload, "roots", jws.read_public_jwk, ROOTS_MAX),
    )
    return SignedTrustList(unverified, token, token.kid)


def _signed_by(token: jws.Jws, root: PublicKey) -> bool:
    try:
        token.verify(root)
    except BadSignature:
        return False
    return True


def _issuer_as_json(issuer: TrustedIssuer) -> dict[str, object]:
    return {
        "id": issuer.id,
        "name": dict(issuer.name),
        "products": sorted(issuer.products),
        "status_uris": list(issuer.status_uris),
        "status_required": issuer.status_required,
        "keys": [_key_as_json(key) for key in issuer.keys],
    }


def _key_as_json(key: TrustedKey) -> dict[str, object]:
    return {
        "jwk": key.public.as_jwk(),
        "uses": sorted(key.uses),
        "not_before": key.not_before,
        "not_after": key.not_after,
        **({} if key.withdrawn_at is None else {"withdrawn_at": key.withdrawn_at}),
        **({} if key.alias is None else {"alias": base64url.encode(key.alias)}),
    }


def _read_issuer(value: object) -> TrustedIssuer:
    issuer = _object(value)
    _require_members(issuer, {"id", "name", "products", "status_uris", "status_required", "keys"})
    name = _object(issuer["name"])
    required = issuer["status_required"]
    if not isinstance(required, bool):
        raise MalformedInput("status_required is true or false")
    return TrustedIssuer(
        id=_text(issuer["id"]),
        name={language: _text(text) for language, text in name.items()},
        products=_distinct(_entries(issuer, "products", _text, PRODUCTS_MAX)),
        status_uris=_entries(issuer, "status_uris", _text, STATUS_URIS_MAX),
        keys=_entries(issuer, "keys", _read_key, KEYS_MAX),
        status_required=required,
    )


def _read_key(value: object) -> TrustedKey:
    key = _object(value)
    _require_members(key, {"jwk", "uses", "not_before", "not_after"}, optional={"withdrawn_at", "alias"})
    return TrustedKey(
        public=jws.read_public_jwk(key["jwk"]),
        uses=_distinct(_entries(key, "uses", _read_use, len(KeyUse))),
        not_before=_integer(key, "not_before"),
        not_after=_integer(key, "not_after"),
        withdrawn_at=_integer(key, "withdrawn_at") if "withdrawn_at" in key else None,
        alias=base64url.decode(_text(key["alias"])) if "alias" in key else None,
    )


def _read_use(value: object) -> KeyUse:
    try:
        return KeyUse(_text(value))
    except ValueError as refusal:
        raise MalformedInput(f"a key's uses are among {[use.value for use in KeyUse]}") from refusal


def _entries(
    parent: Mapping[str, object], name: str, read: Callable[[object], _Entry], count_max: int
) -> tuple[_Entry, ...]:
    listed = parent[name]
    # Counted before any entry is read: a key costs a curve computation.
    if not isinstance(listed, list) or len(listed) > count_max:
        raise MalformedInput(f"{name} is an array of at most {count_max} entries")
    return tuple(read(entry) for entry in listed)


def _distinct(entries: tuple[_Entry, ...]) -> frozenset[_Entry]:
    distinct = frozenset(entries)
    if len(distinct) != len(entries):
        raise MalformedInput("an entry stands twice in an array of the trust list")
    return distinct


def _require_members(
    value: Mapping[str, object], required: Collection[str], optional: Collection[str] = ()
) -> None:
    if not value.keys() >= set(required) or not value.keys() <= {*required, *optional}:
        raise MalformedInput(f"an entry of the trust list has these members: {sorted(required)}")


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise MalformedInput("an entry of the trust list is not a JSON object")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedInput("a member of the trust list is not text")
    return value


def _integer(parent: Mapping[str, object], name: str) -> int:
    value = parent[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise MalformedInput(f"{name} is a whole number")
    return value
