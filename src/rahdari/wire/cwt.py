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
    fields: dict[str, object] = {}
    rest: dict[int | str, object] = {}
    for key, value in claims.items():
        reader = _READERS.get(key)
        if reader is None:
            rest[key] = value
        else:
            name, read = reader
            fields[name] = read(value, key)
    if rest:
        fields["rest"] = MappingProxyType(rest)
    return _quick_claims(**fields)  # type: ignore[arg-type] # each value was checked against its field's type


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


# CBOR's null is a value like any other, and none of these takes it: what is not said is left out (RFC 8392, 3).
def _text(value: object, key: int | str) -> str:
    if type(value) is str:
        return value
    raise MalformedInput(f"claim {key} is not text (RFC 8392, 3.1.{key})")


def _audience(value: object, key: int | str) -> tuple[str, ...]:
    """One text, or several as RFC 7519, 4.1.3 allows (RFC 8392, 3.1.3 takes its rules over)."""
    if type(value) is str:
        return (value,)
    if not isinstance(value, (list, tuple)) or len(value) > AUDIENCES_MAX:
        raise MalformedInput(
            f"claim {key} (aud) is not text or a list of at most {AUDIENCES_MAX} (RFC 8392, 3.1.3)"
        )
    if not all(type(one) is str for one in value):
        raise MalformedInput(f"claim {key} (aud) lists something that is not text (RFC 8392, 3.1.3)")
    return tuple(value)


def _earlier(value: object, key: int | str) -> int:
    return _seconds(math.floor(value) if type(value) is float and math.isfinite(value) else value, key)


def _later(value: object, key: int | str) -> int:
    return _seconds(math.ceil(value) if type(value) is float and math.isfinite(value) else value, key)


def _seconds(value: object, key: int | str) -> int:
    """Check a NumericDate: an integer, or a float that was made whole, within the calendar (RFC 8392, 2)."""
    if type(value) is not int or not 0 <= value <= SECONDS_MAX:
        raise MalformedInput(f"claim {key} is not a time between 1970 and 9999 in seconds (RFC 8392, 2)")
    return value


def _token_id(value: object, key: int | str) -> bytes:
    if type(value) is not bytes:
        raise MalformedInput(f"claim {key} (cti) is not a byte string (RFC 8392, 3.1.7)")
    return value


def _status(value: object, _key: int | str) -> StatusReference:
    return StatusReference.from_cbor(value)


# A fraction of a second is rounded so that the token is valid no longer than it says.
_READERS: Final[Mapping[int | str, tuple[str, Callable[[object, int | str], object]]]] = {
    _ISSUER: ("issuer", _text),
    _SUBJECT: ("subject", _text),
    _AUDIENCE: ("audience", _audience),
    _EXPIRES: ("expires", _earlier),
    _NOT_BEFORE: ("not_before", _later),
    _ISSUED_AT: ("issued_at", _earlier),
    _TOKEN_ID: ("token_id", _token_id),
    _STATUS: ("status", _status),
}
