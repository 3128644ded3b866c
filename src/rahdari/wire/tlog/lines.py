"""What the texts of logs are made of: Base64 (RFC 4648, 4), decimals and names, each with one form only."""

import base64
import binascii
import re
from typing import Final

from rahdari.wire.errors import MalformedInput
from rahdari.wire.tlog.tree import HASH_BYTES, SIZE_MAX

# tlog-cosignature writes the names of cosigner and log behind a length of one byte.
NAME_BYTES_MAX: Final = 255
# tlog-checkpoint and tlog-proof: ASCII decimal, no leading zeroes unless it is 0. 19 digits hold SIZE_MAX.
_COUNT: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


def write_base64(raw: bytes) -> str:
    """Write standard Base64 with padding."""
    return base64.b64encode(raw).decode("ascii")


def read_base64(text: str, what: str) -> bytes:
    """Read canonical Base64 with padding; ``what`` names it in the refusal. Raises ``MalformedInput``."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except ValueError as refusal:  # binascii.Error is one; so is the refusal of text that is not ASCII
        raise MalformedInput(f"{what} is not Base64 (RFC 4648, 4)") from refusal
    # RFC 4648, 3.5: unused bits that are not zero MAY be refused; here one value has one text.
    if write_base64(raw) != text:
        raise MalformedInput(f"{what} is not in the one canonical form of Base64")
    return raw


def read_hash(text: str, what: str) -> bytes:
    """Read the Base64 of a SHA-256 hash. Raises ``MalformedInput``."""
    raw = read_base64(text, what)
    if len(raw) != HASH_BYTES:
        raise MalformedInput(f"{what} has {len(raw)} bytes; a hash has {HASH_BYTES}")
    return raw


def read_count(text: str, what: str) -> int:
    """Read a size or an index, 0 to ``SIZE_MAX``. Raises ``MalformedInput``."""
    if not _COUNT.fullmatch(text) or int(text) > SIZE_MAX:
        raise MalformedInput(f"{what} is not a decimal from 0 to {SIZE_MAX} without leading zeroes")
    return int(text)


def require_name(name: str) -> None:
    """Refuse what cannot name a key (signed-note, Format). Raises ``MalformedInput``.

    Non-empty, no Unicode space, no plus, no control character, no lone surrogate, at most ``NAME_BYTES_MAX`` bytes.
    """
    if any(one.isspace() or one == "+" or one < " " for one in name):
        raise MalformedInput(
            "the name of a key holds a space, a plus or a control character; give it another one"
        )
    require_short(name, "the name of a key")


def require_short(text: str, what: str) -> None:
    """Refuse a text that is empty or has more than ``NAME_BYTES_MAX`` bytes in UTF-8. Raises ``MalformedInput``."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError as refusal:
        raise MalformedInput(f"{what} is not Unicode text") from refusal
    if not 1 <= size <= NAME_BYTES_MAX:
        raise MalformedInput(f"{what} has {size} bytes; it has 1 to {NAME_BYTES_MAX} (tlog-cosignature)")
