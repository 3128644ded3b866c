"""CBOR Web Token claims (RFC 8392), with the status reference of the Token Status List draft.

Example:
    >>> claims = Claims(issuer="https://authority.example", issued_at=1_700_000_000)
    >>> decode(encode(claims)) == claims
    True
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, cast

from rahdari.wire import cbor
from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick
from rahdari.wire.status_list import StatusReference

# A CWT is read from a QR code (at most 2.9 kB packed) or wraps a status list of 256 KiB.
CLAIMS_BYTES_MAX: Final = 1 << 20
# The last second that a calendar date has (9999-12-31T23:59:59Z); RFC 8392 itself sets no bound.
SECONDS_MAX: Final = 253_402_300_799
AUDIENCES_MAX: Final = 16  # a pass is for everybody or for a few; a list without bound is an attack

# RFC 8392, 4, table 1; 65535: draft-ietf-oauth-status-list, 13 (IANA: status).
_ISSUER, _SUBJECT, _AUDIENCE, _EXPIRES, _NOT_BEFORE, _ISSUED_AT, _TOKEN_ID, _STATUS = (
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    65535,
)
_KNOWN: Final = frozenset(
    {_ISSUER, _SUBJECT, _AUDIENCE, _EXPIRES, _NOT_BEFORE, _ISSUED_AT, _TOKEN_ID, _STATUS}
)
_KEY_TYPES: Final = frozenset({int, str})
NOTHING: Final[Mapping[int | str, object]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says of itself. Times are whole seconds since 1970-01-01T00:00:00Z; None: not said.

    ``rest`` keeps every claim that has no name here, by its key.
    """

    issuer: str | None = None
    subject: str | None = None
    audience: tuple[str, ...] = ()
    expires: int | None = None
    not_before: int | None = None
    issued_at: int | None = None
    token_id: bytes | None = None
    status: StatusReference | None = None
    rest: Mapping[int | str, object] = field(default_factory=lambda: NOTHING)


def decode(raw: bytes, *, size_bytes_max: int = CLAIMS_BYTES_MAX) -> Claims:
    """Read a CWT claims set.

    Raises:
        TooLarge: more than ``size_bytes_max`` bytes.
        MalformedInput: not a map, or a claim whose value is not of the type that RFC 8392, 3.1 gives it.
    """
    return from_map(decode_map(raw, size_bytes_max=size_bytes_max))


def decode_map(raw: bytes, *, size_bytes_max: int = CLAIMS_BYTES_MAX) -> dict[int | str, object]:
    """Read the map of a claims set with its keys checked and its values not; raises like ``decode``."""
    value = cbor.decode(raw, size_bytes_max=size_bytes_max)
    if type(value) is not dict:
        raise MalformedInput("the payload is not a CWT claims set, which is a map (RFC 8392, 1.1)")
    if not _KEY_TYPES.issuperset(map(type, value)):
        raise MalformedInput("a CWT claim key is neither a number nor text (RFC 8392, 1.1)")
    return cast("dict[int | str, object]", value)


def from_map(claims: Mapping[int | str, object]) -> Claims:
    """Take the claims out of a decoded map; raises MalformedInput like ``decode``."""
    # CBOR's null is a value like any other; only an absent claim is "not said" (RFC 8392, 3).
    if None in claims.values() and any(claims.get(key, 0) is None for key in _KNOWN):
        raise MalformedInput("a CWT claim is null; a claim that is not said must be left out (RFC 8392, 3)")
    get = claims.get
    token_id = get(_TOKEN_ID)
    if token_id is not None and type(token_id) is not bytes:
        raise MalformedInput("claim 7 (cti) is not a byte string (RFC 8392, 3.1.7)")
    status = get(_STATUS)
    return _quick_claims(
        issuer=_text(get(_ISSUER), _ISSUER),
        subject=_text(get(_SUBJECT), _SUBJECT),
        audience=_audience(get(_AUDIENCE)),
        # A fraction of a second is rounded so that the token is valid no longer than it says.
        expires=_seconds(get(_EXPIRES), _EXPIRES, math.floor),
        not_before=_seconds(get(_NOT_BEFORE), _NOT_BEFORE, math.ceil),
        issued_at=_seconds(get(_ISSUED_AT), _ISSUED_AT, math.floor),
        token_id=token_id,
        status=None if status is None else StatusReference.from_cbor(status),
        rest=NOTHING if claims.keys() <= _KNOWN else _rest(claims),
    )


def encode(claims: Claims) -> bytes:
    """Write the claims set with its keys in order (RFC 8949, 4.2.1); what is None is not written."""
    return cbor.encode(as_map(claims))


def as_map(claims: Claims) -> dict[int | str, object]:
    """Build the map of claims that ``encode`` writes."""
    audience = claims.audience[0] if len(claims.audience) == 1 else list(claims.audience)
    named: dict[int | str, object] = {
        _ISSUER: claims.issuer,
        _SUBJECT: claims.subject,
        _AUDIENCE: audience if claims.audience else None,
        _EXPIRES: claims.expires,
        _NOT_BEFORE: claims.not_before,
        _ISSUED_AT: claims.issued_at,
        _TOKEN_ID: claims.token_id,
        _STATUS: None if claims.status is None else claims.status.as_cbor(),
    }
    if not _KNOWN.isdisjoint(claims.rest):
        raise AssertionError("a named claim stands in rest; it has its own field")
    return {**{key: value for key, value in named.items() if value is not None}, **claims.rest}


def without(claims: Claims, key: int | str) -> Claims:
    """Copy ``claims`` without the unnamed claim ``key``."""
    return replace(claims, rest=MappingProxyType({k: v for k, v in claims.rest.items() if k != key}))


_quick_claims = quick(Claims)


def _rest(claims: Mapping[int | str, object]) -> Mapping[int | str, object]:
    return MappingProxyType({key: value for key, value in claims.items() if key not in _KNOWN})


def _text(value: object, key: int) -> str | None:
    if value is None or type(value) is str:
        return value
    raise MalformedInput(f"claim {key} is not text (RFC 8392, 3.1.{key})")


def _audience(value: object) -> tuple[str, ...]:
    """One text, or several as RFC 7519, 4.1.3 allows (RFC 8392, 3.1.3 takes its rules over)."""
    if value is None:
        return ()
    if type(value) is str:
        return (value,)
    if not isinstance(value, (list, tuple)) or len(value) > AUDIENCES_MAX:
        raise MalformedInput(
            f"claim 3 (aud) is not text or a list of at most {AUDIENCES_MAX} (RFC 8392, 3.1.3)"
        )
    if not all(type(one) is str for one in value):
        raise MalformedInput("claim 3 (aud) lists something that is not text (RFC 8392, 3.1.3)")
    return tuple(value)


def _seconds(value: object, key: int, whole: Callable[[float], int]) -> int | None:
    """Read a NumericDate: an integer or a float, finite and within the calendar (RFC 8392, 2)."""
    if value is None:
        return None
    if type(value) is float and math.isfinite(value):
        value = whole(value)
    if type(value) is not int or not 0 <= value <= SECONDS_MAX:
        raise MalformedInput(f"claim {key} is not a time between 1970 and 9999 in seconds (RFC 8392, 2)")
    return value
