"""SD-JWT VC: a credential as an SD-JWT (draft-ietf-oauth-sd-jwt-vc)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rahdari.kernel import Chance
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.sd_jwt.issuing import NEVER_CONCEALED, issue
from rahdari.wire.sd_jwt.key_binding import holder_key
from rahdari.wire.sd_jwt.reading import UnverifiedSdJwt, verify_disclosures
from rahdari.wire.status_list import StatusReference

TYP = "dc+sd-jwt"
# What Credential says in its own fields; "status" and "cnf" are built from values.
_REGISTERED = frozenset({"iss", "vct", "iat", "nbf", "exp", "status", "cnf"})


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential: its type, its issuer, its times in seconds since 1970, and its claims by name.

    ``status`` says where its status stands, ``holder`` to which key it is bound; both may be absent.
    """

    vct: str
    issuer: str
    claims: Mapping[str, object] = field(repr=False)
    issued_at: int | None = None
    not_before: int | None = None
    expires: int | None = None
    status: StatusReference | None = None
    holder: PublicKey | None = None


def issue_credential(
    signer: Signer,
    credential: Credential,
    *,
    chance: Chance,
    visible: Collection[str] = (),
    decoys: int = 0,
) -> str:
    """Issue a credential whose claims are all the holder's to show or keep, but for the ``visible`` ones.

    Raises:
        MalformedInput: a claim has a registered or reserved name, or a value that is not JSON.
    """
    if not _REGISTERED.isdisjoint(credential.claims):
        raise MalformedInput(f"claims of these names have their own fields: {sorted(_REGISTERED)}")
    disclosable = credential.claims.keys() - set(visible) - NEVER_CONCEALED
    claims = {**_registered(credential), **credential.claims}
    return issue(signer, claims, disclosable=disclosable, chance=chance, decoys=decoys, typ=TYP)


def verify_credential(sd_jwt: UnverifiedSdJwt, public: PublicKey) -> Credential:
    """Give the credential that ``public`` signed, with what the holder disclosed (SD-JWT VC, 2.4).

    Whether the key is the issuer's, the time right and the status good, is the caller's to decide.

    Raises:
        BadSignature: another key signed.
        MalformedInput: not an SD-JWT VC, or a claim that decides its validity is selectively disclosed.
        UnsupportedAlgorithm: a digest or key of another algorithm.
    """
    sd_jwt.token.verify(public)
    return read_credential(sd_jwt)


def read_credential(sd_jwt: UnverifiedSdJwt) -> Credential:
    """Give the credential as disclosed, its disclosures checked and its signature not: it is unverified.

    For a verifier that must know who claims to have issued it before it can choose a key.

    Raises:
        MalformedInput: not an SD-JWT VC, or a claim that decides its validity is selectively disclosed.
        UnsupportedAlgorithm: a digest or key of another algorithm.
    """
    # 2.2.1: typ MUST be dc+sd-jwt.
    sd_jwt.token.require_typ(TYP)
    payload = verify_disclosures(sd_jwt)
    # 2.2.2.2: these claims MUST NOT be selectively disclosed, so they stand in what the issuer signed.
    concealed = NEVER_CONCEALED & (payload.keys() - sd_jwt.payload.keys())
    if concealed:
        raise MalformedInput(f"the issuer left it to the holder to show {sorted(concealed)}; that is refused")
    return _read(payload)


def _registered(credential: Credential) -> dict[str, object]:
    claims: dict[str, object] = {
        "iss": credential.issuer,
        "vct": credential.vct,
        "iat": credential.issued_at,
        "nbf": credential.not_before,
        "exp": credential.expires,
        "status": None if credential.status is None else credential.status.as_json(),
        "cnf": None if credential.holder is None else {"jwk": credential.holder.as_jwk()},
    }
    return {name: value for name, value in claims.items() if value is not None}


def _read(payload: Mapping[str, object]) -> Credential:
    vct, issuer = payload.get("vct"), payload.get("iss")
    # 2.2.2.1: vct is required. iss is optional there and required here: the trust list knows keys by issuer.
    if not isinstance(vct, str) or not vct or not isinstance(issuer, str) or not issuer:
        raise MalformedInput("a credential needs vct and iss, both texts")
    status = payload.get("status")
    return Credential(
        vct=vct,
        issuer=issuer,
        claims={name: value for name, value in payload.items() if name not in _REGISTERED},
        issued_at=_seconds(payload, "iat"),
        not_before=_seconds(payload, "nbf"),
        expires=_seconds(payload, "exp"),
        status=None if status is None else StatusReference.from_json(status),
        holder=holder_key(payload),
    )


def _seconds(payload: Mapping[str, object], name: str) -> int | None:
    value = payload.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedInput(f"{name} is a number of whole seconds since 1970")
    return value
