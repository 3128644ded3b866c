"""Base64url without padding: one text for one byte string (RFC 7515, 2; RFC 4648, 5).

Pure. The decoder takes the canonical text only, so that two texts never mean the same bytes: whoever
compares, hashes or counts texts (SD-JWT does all three) may rely on it.
"""

import binascii

from rahdari.wire.errors import MalformedInput

_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_TO_URL = bytes.maketrans(b"+/", b"-_")


def encode(raw: bytes) -> str:
    """Write bytes as base64url text without padding."""
    return encode_ascii(raw).decode("ascii")


def encode_ascii(raw: bytes) -> bytes:
    """Write bytes as base64url without padding, as ASCII bytes: for whoever hashes or joins them next."""
    return binascii.b2a_base64(raw, newline=False).translate(_TO_URL).rstrip(b"=")


def decode(text: str) -> bytes:
    """Read base64url text without padding.

    Raises:
        MalformedInput: a character outside the alphabet, padding, an impossible length, or unused bits
            that are not zero (RFC 4648, 3.5: such text MAY be refused; here it always is).
    """
    try:
        ascii_text = text.encode("ascii")
        padding = b"=" * (-len(ascii_text) % 4)
        raw = binascii.a2b_base64(ascii_text.translate(_TO_STANDARD) + padding, strict_mode=True)
    except ValueError as refusal:  # UnicodeEncodeError and binascii.Error are both ValueErrors
        raise MalformedInput(f"{len(text)} characters are not base64url without padding") from refusal
    # What can still differ by now: padding written out, unused bits, and "+" or "/" of the other alphabet.
    if encode_ascii(raw) != ascii_text:
        raise MalformedInput("base64url text is not in its one canonical form: padding, unused bits, + or /")
    return raw
