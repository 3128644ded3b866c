"""The Status List Token as a JWT (Token Status List, 4.2 and 5.1)."""

from rahdari.wire import base64url, jws, strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Signer
from rahdari.wire.status_list.array import StatusArray
from rahdari.wire.status_list.token import StatusList, StatusListToken, key_id_of, read_claims

TYP = "statuslist+jwt"
# 1 MiB that does not compress at all is 1.4 million characters of lst, and 1.87 million once it is a payload.
TOKEN_CHARS_MAX = jws.TEXT_CHARS_MAX


def sign_jwt(signer: Signer, status_list: StatusList) -> str:
    """Sign a status list as a compact JWT."""
    statuses = status_list.statuses
    claims: dict[str, object] = {
        "sub": status_list.uri,
        "iat": status_list.issued_at,
        "status_list": {"bits": statuses.bits, "lst": base64url.encode(statuses.deflate())},
    }
    claims |= {} if status_list.expires is None else {"exp": status_list.expires}
    claims |= {} if status_list.ttl is None else {"ttl": status_list.ttl}
    claims |= {} if status_list.not_before is None else {"nbf": status_list.not_before}
    claims |= {} if status_list.sequence is None else {"rahdari_seq": status_list.sequence}
    return jws.sign(signer, {"typ": TYP}, strict_json.encode(claims))


def decode_jwt(text: str) -> StatusListToken:
    """Take a status list JWT apart. Trusts nothing: verify and check the token before it is asked.

    Raises:
        MalformedInput: not a JWT of this typ, a claim missing or of the wrong type, a list too large.
        UnsupportedAlgorithm: signed with neither ES256 nor EdDSA. 5.1, rule 2 also allows MACs; a verifier
            who holds the key of a MAC could forge the list, so these are refused.
    """
    token = jws.decode(text, size_chars_max=TOKEN_CHARS_MAX)
    # 5.1: typ MUST be statuslist+jwt.
    token.require_typ(TYP)
    unverified = read_claims(token.payload_object().get, _inflate)
    return StatusListToken(
        unverified, token.algorithm, key_id_of(token.kid), token.signature, token.signing_input
    )


def _inflate(bits: int, lst: object) -> StatusArray:
    # 4.2: lst is the base64url-encoded compressed byte array.
    if not isinstance(lst, str):
        raise MalformedInput("lst must be base64url text")
    return StatusArray.inflate(bits, base64url.decode(lst))
