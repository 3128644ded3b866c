"""JSON as signed formats need it: one text, one meaning, bounded (RFC 8259, RFC 7515, 4 and 5.2).

Pure. The reader refuses what readers disagree about (duplicate names, NaN, numbers beyond a double, lone
surrogates), for a verifier and an application must never see two different things in one signed text.
"""

import json
import math
from collections.abc import Iterable

import msgspec

from rahdari.wire.errors import MalformedInput, TooLarge

# Our formats nest 6 levels, the deepest example of RFC 9901 nests 9; 32 leaves room, walks stay short.
DEPTH_MAX = 32

# What the reader makes of objects and arrays.
_Nested = dict[str, object] | list[object]
_NESTING = (dict, list)

_ENCODER = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Write plain JSON values (dict, list, str, int, float, bool, None) as compact UTF-8 JSON.

    Raises:
        MalformedInput: the value holds what JSON cannot say (NaN, infinity, lone surrogates, other types).
    """
    try:
        written = _ENCODER.encode(value)
        # The encoder writes NaN and infinity as null; where a null appears, the slow and strict one decides.
        if b"null" in written:
            json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError, OverflowError) as refusal:
        raise MalformedInput(f"a value of type {type(value).__name__} cannot be written as JSON") from refusal
    return written


def decode(raw: bytes, *, size_bytes_max: int) -> object:
    """Read one JSON text strictly.

    Args:
        raw: UTF-8 without a byte order mark.
        size_bytes_max: what the calling format allows.

    Raises:
        TooLarge: more bytes than ``size_bytes_max`` or nested deeper than ``DEPTH_MAX``.
        MalformedInput: anything else that is not exactly one unambiguous JSON value.
    """
    if len(raw) > size_bytes_max:
        raise TooLarge(f"JSON of {len(raw)} bytes; at most {size_bytes_max} are read")
    try:
        value: object = _DECODER.decode(raw.decode("utf-8"))
        if b"\\u" in raw:  # only an escape can smuggle a lone surrogate past the strict UTF-8 above
            _ENCODER.encode(value)
    except RecursionError as refusal:
        raise TooLarge(f"JSON nested deeper than {DEPTH_MAX} levels") from refusal
    except (ValueError, OverflowError) as refusal:
        raise MalformedInput(f"{len(raw)} bytes are not one well-formed JSON value") from refusal
    _refuse_depth(value)
    return value


def decode_object(raw: bytes, *, size_bytes_max: int) -> dict[str, object]:
    """Read one JSON object strictly; see ``decode``.

    Raises:
        MalformedInput: as ``decode`` (``TooLarge`` included), or the value is not an object.
    """
    value = decode(raw, size_bytes_max=size_bytes_max)
    if not isinstance(value, dict):
        raise MalformedInput(f"a JSON object was expected, not {type(value).__name__}")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # RFC 7515, 4 and RFC 7519, 4: names MUST be unique, or the parser rejects. We reject at every level.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedInput("a JSON object names the same member twice; readers would disagree on its value")
    return found


def _finite(text: str) -> float:
    number = float(text)
    # RFC 8259, 6 knows no infinity; a literal such as 1e999 would silently become one.
    if not math.isfinite(number):
        raise MalformedInput("a JSON number is beyond what a double can hold")
    return number


def _refuse_constant(name: str) -> object:
    raise MalformedInput(f"{name} is not JSON (RFC 8259, 6)")


def _refuse_depth(value: object) -> None:
    # Containers alone are walked: a megabyte of numbers in one list takes milliseconds, not a second.
    layer = [value] if isinstance(value, _NESTING) else []
    for _ in range(DEPTH_MAX):
        if not layer:
            return
        layer = [child for parent in layer for child in _children(parent) if isinstance(child, _NESTING)]
    if any(layer):
        raise TooLarge(f"JSON nested deeper than {DEPTH_MAX} levels")


def _children(value: _Nested) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant)
