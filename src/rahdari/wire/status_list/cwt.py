"""The Status List Token as a CWT (Token Status List, 4.3 and 5.2)."""

from collections.abc import Mapping
from types import MappingProxyType

from rahdari.wire import cbor, cose
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Signer
from rahdari.wire.status_list.array import LIST_BYTES_MAX, StatusArray
from rahdari.wire.status_list.token import StatusList, StatusListToken, read_claims

TYP = "application/statuslist+cwt"
# A full list that does not compress, and 64 KiB for headers, claims and zlib's own framing.
TOKEN_BYTES_MAX = LIST_BYTES_MAX + (1 << 16)

_TYP_LABEL = 16  # RFC 9596, 2
# 5.2 and RFC 8392, 4: the numbers that stand for the claims' names.
_KEYS = MappingProxyType(
    {
        "sub": 2, "aud": 3, "exp": 4, "nbf": 5, "iat": 6, "status_list": 65533, "ttl": 65534,
        "rahdari_seq": -70169,  # RFC 8392, 9.1: below -65536 lies what is used privately
    }
)  # fmt: skip
# The draft's own examples are untagged and 18; 61(18) is RFC 8392, 6. Whatever else is no CWT.
_TAGS = frozenset({(), (18,), (61, 18)})


def sign_cwt(signer: Signer, status_list: StatusList) -> bytes:
    """Sign a status list as a CWT, tagged 18."""
    statuses = status_list.statuses
    claims: dict[int, object] = {
        _KEYS["sub"]: status_list.uri,
        _KEYS["iat"]: status_list.issued_at,
        _KEYS["status_list"]: {"bits": statuses.bits, "lst": statuses.deflate()},
    }
    claims |= {} if status_list.expires is None else {_KEYS["exp"]: status_list.expires}
    claims |= {} if status_list.ttl is None else {_KEYS["ttl"]: status_list.ttl}
    claims |= {} if status_list.not_before is None else {_KEYS["nbf"]: status_list.not_before}
    claims |= {} if status_list.sequence is None else {_KEYS["rahdari_seq"]: status_list.sequence}
    return cose.sign(signer, cbor.encode(claims), extra_protected={_TYP_LABEL: TYP})


def decode_cwt(raw: bytes) -> StatusListToken:
    """Take a status list CWT apart: untagged, 18 or 61(18). Trusts nothing: verify and check the token.

    Raises:
        MalformedInput: not a CWT of this typ, a claim missing or of the wrong type, a list too large.
        UnsupportedAlgorithm: signed with neither ES256 nor EdDSA.
    """
    sign1 = cose.decode(raw, size_bytes_max=TOKEN_BYTES_MAX)
    if sign1.tags not in _TAGS:
        raise MalformedInput("a status list token is untagged, tagged 18, or tagged 61 and 18")
    # 5.2: the protected header's typ MUST be this media type. Its CoAP number is not assigned yet.
    if sign1.headers.get(_TYP_LABEL) != TYP:
        raise MalformedInput(f"the protected typ is not {TYP}; this is a token of another sort")
    claims = cbor.decode(sign1.payload, size_bytes_max=TOKEN_BYTES_MAX)
    if not isinstance(claims, Mapping):
        raise MalformedInput("the claims of a CWT are a map (RFC 8392, 3)")
    unverified = read_claims(lambda name: claims.get(_KEYS[name]), _inflate)
    return StatusListToken(unverified, sign1.algorithm, sign1.kid, sign1.signature, sign1.signing_input())


def _inflate(bits: int, lst: object) -> StatusArray:
    # 4.3: lst is a byte string.
    if not isinstance(lst, bytes):
        raise MalformedInput("lst must be a byte string")
    return StatusArray.inflate(bits, lst)
