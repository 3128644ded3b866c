"""Key binding: the holder proves to one verifier, once, to hold the key of ``cnf`` (RFC 9901, 4.3)."""

from collections.abc import Mapping
from typing import ClassVar

from rahdari.kernel import Refused
from rahdari.wire import jws, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import PublicKey, Signer
from rahdari.wire.sd_jwt.disclosure import digest_of
from rahdari.wire.sd_jwt.reading import UnverifiedSdJwt

TYP = "kb+jwt"
# Four short claims; a nonce longer than a kilobyte is not one.
KEY_BINDING_BYTES_MAX = 4096


class KeyBindingRefused(Refused):
    """The key binding is absent, or it was made for another verifier, another request, another time."""

    code: ClassVar[str] = "wire.key_binding_refused"


def holder_key(payload: Mapping[str, object]) -> PublicKey | None:
    """Give the holder's key from the claims of a verified SD-JWT, None if it is bound to none (4.1.2).

    Raises:
        MalformedInput: ``cnf`` names the key by other means than ``jwk`` (RFC 7800, 3.2), or a damaged one.
        UnsupportedAlgorithm: the key is neither P-256 nor Ed25519.
    """
    cnf = payload.get("cnf")
    if cnf is None:
        return None
    if not isinstance(cnf, Mapping) or "jwk" not in cnf:
        raise MalformedInput("cnf names no jwk; other means of confirmation are not supported")
    return jws.read_public_jwk(cnf["jwk"])


def bind(signer: Signer, sd_jwt: UnverifiedSdJwt, *, nonce: str, audience: str, issued_at: int) -> str:
    """Give the text of the presentation ``sd_jwt`` with the holder's proof behind it (RFC 9901, 4.3).

    ``signer`` holds the key of ``cnf``; ``nonce`` and ``audience`` come from the verifier; ``issued_at`` is
    in seconds since 1970.
    """
    claims = {
        "iat": issued_at,
        "aud": audience,
        "nonce": nonce,
        "sd_hash": digest_of(sd_jwt.bound_text.encode("ascii")),
    }
    return sd_jwt.bound_text + jws.sign(signer, {"typ": TYP}, strict_json.encode(claims))


def verify_key_binding(
    sd_jwt: UnverifiedSdJwt,
    holder: PublicKey,
    *,
    nonce: str,
    audience: str,
    at: int,
    age_seconds_max: int = 300,
) -> None:
    """Return if the holder made this presentation, for this verifier, just now (RFC 9901, 7.3, step 5).

    Args:
        sd_jwt: the presentation; its issuer's signature and disclosures are ``verify``'s business.
        holder: the key from the verified ``cnf`` (step 5a): see ``holder_key``.
        nonce: what this verifier asked with.
        audience: how this verifier is called.
        at: the present instant, in seconds since 1970.
        age_seconds_max: how far ``iat`` may lie from ``at``, before or after it.

    Raises:
        KeyBindingRefused: there is none, or it is another verifier's, another request's, another text's.
        BadSignature: another key made it.
        MalformedInput: the KB-JWT is damaged.
        UnsupportedAlgorithm: it is signed with neither ES256 nor EdDSA.
    """
    if sd_jwt.key_binding is None:
        raise KeyBindingRefused("the presentation has no key binding; ask the holder for one")
    # Step 5b. The algorithm is one of the house's two, never none.
    proof = jws.decode(sd_jwt.key_binding)
    # Step 5c. The signature, with the key of cnf.
    proof.verify(holder)
    # Step 5d. The typ is kb+jwt.
    proof.require_typ(TYP)
    claims = proof.payload_object(size_bytes_max=KEY_BINDING_BYTES_MAX)
    # Step 5e. Its making lies within the window.
    issued_at = claims.get("iat")
    if not isinstance(issued_at, int) or abs(at - issued_at) > age_seconds_max:
        raise KeyBindingRefused(f"the key binding was not made within {age_seconds_max} s of now; ask again")
    # Step 5f. It answers this request and names this verifier.
    if claims.get("nonce") != nonce or claims.get("aud") != audience:
        raise KeyBindingRefused("the key binding answers another request or another verifier")
    # Step 5g. It covers exactly the text that was presented.
    if claims.get("sd_hash") != digest_of(sd_jwt.bound_text.encode("ascii")):
        raise KeyBindingRefused("the key binding belongs to another selection of disclosures")
