"""An answer of the provider's gateway as the consumer's receives it: what of its head is held against what."""

from collections.abc import Iterable, Mapping
from typing import Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import FieldLine, read_error_type

_VERIFIED_FIELDS: Final = frozenset(
    b"content-digest x-road-request-hash signature signature-input x-road-error".split()
)


def single_fields(fields: Iterable[FieldLine]) -> dict[str, list[str]]:
    """Collect the fields that a verification looks at; names in small letters."""
    found: dict[str, list[str]] = {}
    for name, value in fields:
        if name in _VERIFIED_FIELDS:
            found.setdefault(name.decode("ascii"), []).append(value.decode("latin-1"))
    return found


def is_fault(text: str) -> bool:
    """Tell whether X-Road-Error is absent, or one of X-Road's types; no signature covers it."""
    try:
        return not text or bool(read_error_type(text))
    except MalformedInput:
        return False


def why_unsigned(status: int, received: Mapping[str, list[str]]) -> str:
    """Say that an answer has no signature, and what it says of its fault instead."""
    error = received.get("x-road-error", [""])[0]
    said = f"; it says {error[:120]}" if error.isascii() and error.isprintable() and error else ""
    return f"the provider's gateway answered {status} without a signature{said}"
