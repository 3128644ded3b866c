"""CBOR (RFC 8949), read strictly and within bounds, written deterministically.

Example:
    >>> encode({4: "b", 1: "a"}).hex()
    'a2016161046162'
    >>> decode(bytes.fromhex("a2016161046162"), size_bytes_max=100)
    {1: 'a', 4: 'b'}
"""

from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from operator import itemgetter
from typing import Final, NoReturn, TypeGuard, cast

import cbor2

from rahdari.wire.errors import MalformedInput, TooLarge

# The deepest of our formats (a status reference in a CWT, a biometric in a list in claim 169) has 5 levels.
DEPTH_MAX: Final = 16

# A tag whose decoding would run code (dates, numbers, expressions, addresses, shared values). None of our
# formats uses one (RFC 8392, 2: a NumericDate has no tag 1), so each is refused before it is decoded.
_EAGER_TAGS: Final = (
    0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799,
)  # fmt: skip


_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)  # RFC 8949, 3.1: the major types
_HEADS: Final = tuple(
    tuple(bytes((m << 5 | n,)) if n < 24 else bytes((m << 5 | 24, n)) for n in range(256)) for m in range(7)
)
_SMALL, _SHORT = _HEADS[_UNSIGNED], _HEADS[_TEXT]
_INTEGERS: Final = frozenset({int})
# The two types that cbor2 makes of maps: a frozen one under tags and as keys, a dict everywhere else.
_MAPS: Final = frozenset({dict, type(cbor2.loads(b"\xd2\xa0").value)})


class _TagRefused(Exception):
    """A tag that is not decoded was met; never leaves this module."""


def _refuse_tag(_decoder: cbor2.CBORDecoder, _immutable: bool) -> NoReturn:  # noqa: FBT001 - cbor2 calls it
    raise _TagRefused


_TAGS_REFUSED: Final = dict.fromkeys(_EAGER_TAGS, _refuse_tag)


def decode(raw: bytes, *, size_bytes_max: int, depth_max: int = DEPTH_MAX) -> object:
    """Decode exactly one data item that fills ``raw`` to the last byte.

    Maps become dicts (frozen ones as keys and under tags), unknown tags stay ``cbor2.CBORTag``.

    Raises:
        TooLarge: ``raw`` is longer than ``size_bytes_max``.
        MalformedInput: not well-formed or not valid (RFC 8949, 5.3.1: duplicate keys, bad UTF-8), nested
            deeper than ``depth_max``, a tag that has no business here, or bytes after the item.
    """
    if len(raw) > size_bytes_max:
        raise TooLarge(f"{len(raw)} bytes of CBOR; at most {size_bytes_max} are read here")
    source = BytesIO(raw)
    try:
        value = cbor2.CBORDecoder(
            source, max_depth=depth_max, allow_duplicate_keys=False, semantic_decoders=_TAGS_REFUSED
        ).decode()
    except cbor2.CBORError as error:
        raise MalformedInput(_explain(error)) from error
    # The decoder is compiled code on hostile bytes: whatever else it may raise is a refusal of those bytes.
    except (
        ValueError,
        TypeError,
        ArithmeticError,
        LookupError,
        RecursionError,
        MemoryError,
        OSError,
    ) as error:
        raise MalformedInput(f"CBOR that cannot be decoded ({type(error).__name__})") from error
    if source.tell() != len(raw):
        raise MalformedInput(f"{len(raw) - source.tell()} bytes follow the CBOR item; nothing may")
    return value


def encode(value: object) -> bytes:
    """Encode deterministically: shortest forms, definite lengths, ordered map keys (RFC 8949, 4.2.1)."""
    out: list[bytes] = []
    _write(out, value)
    return b"".join(out)


def encode_bytes_head(count: int) -> bytes:
    """Encode the head of a byte string of ``count`` bytes (RFC 8949, 3: major type 2)."""
    return _head(_BYTES, count)


def is_map(value: object) -> TypeGuard[Mapping[object, object]]:
    """Tell whether ``decode`` read ``value`` as a map. Six times faster than asking for a Mapping."""
    return type(value) in _MAPS


def _head(major: int, count: int) -> bytes:
    """Write major type and argument in the shortest form (RFC 8949, 3 and 4.2.1)."""
    if count < 1 << 8:
        return _HEADS[major][count]
    for extra, size in ((25, 2), (26, 4), (27, 8)):
        if count < 1 << (8 * size):
            return bytes((major << 5 | extra,)) + count.to_bytes(size, "big")
    raise AssertionError("a number of more than 64 bits; none of our formats writes one")


def _write(out: list[bytes], value: object) -> None:
    """Append the encoding of ``value``. Written out by hand: a pass is encoded in half of cbor2's time."""
    kind = type(value)
    if kind is str:
        raw = cast("str", value).encode()
        out += (_head(_TEXT, len(raw)), raw)
    elif kind is bytes:
        out += (_head(_BYTES, len(cast("bytes", value))), cast("bytes", value))
    elif kind is int:
        number = cast("int", value)
        out.append(_head(_UNSIGNED, number) if number >= 0 else _head(_NEGATIVE, -1 - number))
    elif kind is dict:
        _write_map(out, cast("dict[object, object]", value))
    elif kind is list or kind is tuple:
        out.append(_head(_ARRAY, len(cast("list[object]", value))))
        for inner in cast("list[object]", value):
            _write(out, inner)
    else:
        _write_other(out, value)


def _write_map(out: list[bytes], value: Mapping[object, object]) -> None:
    out.append(_head(_MAP, len(value)))
    if set(map(type, value)) == _INTEGERS and min(keys := cast("Mapping[int, object]", value)) >= 0:
        _write_numbered(out, keys)
        return
    for raw, inner in sorted(((_key_bytes(key), inner) for key, inner in value.items()), key=itemgetter(0)):
        out.append(raw)
        _write(out, inner)


def _key_bytes(key: object) -> bytes:
    return _text_bytes(key) if type(key) is str else encode(key)


# The names that our formats write as keys are a handful ("status_list", "idx", "uri").
@lru_cache(maxsize=64)
def _text_bytes(text: str) -> bytes:
    raw = text.encode()
    return _head(_TEXT, len(raw)) + raw


def _write_numbered(out: list[bytes], value: Mapping[int, object]) -> None:
    """Append a map whose keys are numbers from 0 up: their own order is already that of their bytes.

    The commonest pair by far, a small key and a short text, is written here without a further call.
    """
    for key in sorted(value):
        out.append(_SMALL[key] if key < 256 else _head(_UNSIGNED, key))
        inner = value[key]
        if type(inner) is str and len(raw := inner.encode()) < 256:
            out += (_SHORT[len(raw)], raw)
        else:
            _write(out, inner)


def _write_other(out: list[bytes], value: object) -> None:
    if isinstance(value, cbor2.CBORTag):
        out.append(_head(_TAG, value.tag))
        _write(out, value.value)
    elif isinstance(value, Mapping):  # a frozen one
        _write_map(out, value)
    elif isinstance(value, int) and not isinstance(value, bool):  # an IntEnum
        _write(out, int(value))
    elif isinstance(value, str):  # a StrEnum
        _write(out, str(value))
    else:
        out.append(cbor2.dumps(value, canonical=True))  # true, false, null, floats in their shortest form


def _explain(error: cbor2.CBORError) -> str:
    if isinstance(error.__cause__, _TagRefused):
        return "CBOR with a tag that none of our formats uses; it is refused without being decoded"
    if isinstance(error, cbor2.CBORDecodeEOF):
        return "CBOR that ends too early; the input was cut"
    return f"not valid CBOR: {_without_values(str(error))}"


def _without_values(sentence: str) -> str:
    """Keep what happened, drop what it happened to: a key or text of the input may be personal."""
    return (
        sentence.partition("Duplicate map key")[0] + "a map has the same key twice"
        if ("Duplicate map key" in sentence)
        else sentence.partition(" (")[0]
    )
