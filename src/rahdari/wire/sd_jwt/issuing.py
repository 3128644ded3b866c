"""Issuing: chosen claims leave the payload and leave a digest there (RFC 9901, 4 and 6)."""

from collections.abc import Collection, Mapping

from rahdari.kernel import Chance
from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Signer
from rahdari.wire.sd_jwt.disclosure import (
    DIGEST_ALGORITHM,
    RESERVED_NAMES,
    SALT_BYTES,
    SALT_CHARS,
    conceal,
    digest_of,
)

# RFC 9901, 9.7: what decides whether a token counts must not be the holder's to leave out.
# SD-JWT VC, 2.2.2.2 adds vct, its integrity and the status.
NEVER_CONCEALED = frozenset({"iss", "aud", "exp", "nbf", "cnf", "vct", "vct#integrity", "status", "_sd_alg"})
# Decoys cost 46 characters each; nobody hides the number of claims better with more than this.
DECOYS_MAX = 64


def issue(
    signer: Signer,
    claims: Mapping[str, object],
    *,
    disclosable: Collection[str],
    chance: Chance,
    decoys: int = 0,
    typ: str = "dc+sd-jwt",
) -> str:
    """Sign ``claims`` so that the holder decides, claim by claim, who sees the ``disclosable`` ones.

    Args:
        signer: the issuer's key.
        claims: JSON values by name; those not in ``disclosable`` stay visible to all.
        disclosable: names of top-level claims to conceal.
        chance: draws a salt of 128 bits for every disclosure.
        decoys: how many digests of nothing to add, so that their number does not tell the claims' number.
        typ: the media type of the token.

    Returns:
        The issued SD-JWT with every disclosure, ending in ``~``.

    Raises:
        MalformedInput: a name that is absent, reserved or must stay visible; a value that is not JSON.
    """
    concealed = frozenset(disclosable)
    _refuse_wrong_names(claims, concealed, decoys)
    pairs = _conceal_all([item for item in claims.items() if item[0] in concealed], chance)
    digests = [digest for _, digest in pairs] + _decoys(decoys, chance)
    payload = {name: value for name, value in claims.items() if name not in concealed}
    if digests:
        # 4.2.4.1: the order of digests must not tell the order of claims. Sorted, it tells nothing.
        payload |= {"_sd": sorted(digests), "_sd_alg": DIGEST_ALGORITHM}
    signed = jws.sign(signer, {"typ": typ}, strict_json.encode(payload))
    # 4: <Issuer-signed JWT>~<Disclosure 1>~...~<Disclosure N>~
    return b"~".join((signed.encode("ascii"), *(text for text, _ in pairs), b"")).decode("ascii")


def _conceal_all(claims: list[tuple[str, object]], chance: Chance) -> list[tuple[bytes, str]]:
    salts = base64url.encode(chance.bytes(SALT_BYTES * len(claims)))
    return [
        conceal(salts[at * SALT_CHARS : (at + 1) * SALT_CHARS], name, value)
        for at, (name, value) in enumerate(claims)
    ]


def _decoys(count: int, chance: Chance) -> list[str]:
    # 4.2.5: the digest of a random number, indistinguishable from the digest of a disclosure.
    return [digest_of(chance.bytes(SALT_BYTES)) for _ in range(count)]


def _refuse_wrong_names(claims: Mapping[str, object], concealed: frozenset[str], decoys: int) -> None:
    if not 0 <= decoys <= DECOYS_MAX:
        raise MalformedInput(f"{decoys} decoy digests were asked for; from 0 to {DECOYS_MAX} are possible")
    if not claims.keys() >= concealed:
        raise MalformedInput("a claim to be concealed is not among the claims; check its name")
    if not NEVER_CONCEALED.isdisjoint(concealed):
        raise MalformedInput(f"these claims must stay visible: {sorted(NEVER_CONCEALED & concealed)}")
    if "_sd_alg" in claims or _has_reserved_name(claims):
        # 4.1: an issuer's own claim of such a name would be read as digests.
        raise MalformedInput("no claim may be named _sd, _sd_alg or ...")


def _has_reserved_name(value: object) -> bool:
    if isinstance(value, Mapping):
        if not RESERVED_NAMES.isdisjoint(value):
            return True
        value = list(value.values())
    if isinstance(value, list):
        return any(_has_reserved_name(child) for child in value if isinstance(child, (Mapping, list)))
    return False
