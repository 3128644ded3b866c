"""Percent-encoding of one segment of a path: decoded once, strictly, and written in one form (RFC 3986, 2.1, 3.3).

Rights are matched on the canonical form, and the provider gets the path byte for byte. That is safe only while
nobody can read the path differently than we did; so a segment is refused if it could be cut, walked upwards or
decoded further by the next server.

Example:
    >>> canonical_segment("%41li%c3%a9")
    'Ali%C3%A9'
    >>> decode("100%25")
    '100%'
"""

import re
from typing import Final
from unicodedata import normalize

from rahdari.wire.xroad.errors import AddressFault, AddressRefused

# RFC 3986, 3.3: pchar, without ";", which servers cut off as a parameter before or after they decode.
_PLAIN_SIGNS: Final = r"A-Za-z0-9\-._~!$&'()*+,=:@"
_ENCODED: Final = re.compile(rf"(?:[{_PLAIN_SIGNS}]|%[0-9A-Fa-f]{{2}})*+")
_PLAIN: Final = re.compile(rf"[{_PLAIN_SIGNS}]*+")
# A path without escapes, without "//" and without a segment of dots is its own canonical form.
_PLAIN_PATH: Final = re.compile(rf"(?:/(?!\.+(?:/|\Z))[{_PLAIN_SIGNS}]++)*+/?")
_BROKEN_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# What a decoded segment must not hold: delimiters, controls, and escapes that a second decoding would take.
_DANGER: Final = re.compile(r"[/\\;?#\x00-\x1f\x7f-\x9f]|%[0-9A-Fa-f]{2}")
# Deeper paths than this are not named by any description; each segment costs a step of the search.
SEGMENTS_MAX: Final = 64

_HEX: Final = "0123456789abcdefABCDEF"
_BYTE_OF: Final = {f"{a}{b}".encode(): bytes([int(a + b, 16)]) for a in _HEX for b in _HEX}
_WRITTEN: Final = tuple(
    chr(byte) if _PLAIN.fullmatch(chr(byte)) else f"%{byte:02X}" for byte in range(256)
)  # fmt: skip
_FORBIDDEN: Final = {
    "/": (AddressFault.SLASH, "an encoded slash: it would be one segment here and two there"),
    "\\": (AddressFault.BACKSLASH, "a backslash, which some servers take for a slash"),
    ";": (AddressFault.DELIMITER, "a semicolon, behind which some servers cut the segment off"),
    "?": (AddressFault.DELIMITER, "an encoded question mark: decoded, it would begin the query"),
    "#": (AddressFault.DELIMITER, "an encoded number sign: decoded, it would end the path"),
}


def decode(text: str) -> str:
    """Decode the escapes of one part, once. Raises ``AddressRefused`` for a sign, escape or UTF-8 not allowed."""
    if _PLAIN.fullmatch(text):
        return text
    if not _ENCODED.fullmatch(text):
        raise _why_not_encoded(text)
    first, *others = text.encode("ascii").split(b"%")
    raw = first + b"".join([_BYTE_OF[one[:2]] + one[2:] for one in others])
    try:
        return raw.decode("utf-8")  # strict: overlong forms and surrogates are no UTF-8 (RFC 3629, 3)
    except UnicodeDecodeError:
        raise AddressRefused(
            AddressFault.ENCODING, "a part is not UTF-8 when decoded (PR-REST, 4.2); encode its UTF-8 bytes"
        ) from None


def encode(text: str) -> str:
    """Write one part in its one form: plain signs as they are, all others as escapes of UTF-8 in capitals."""
    if _PLAIN.fullmatch(text):
        return text
    return "".join([_WRITTEN[byte] for byte in text.encode("utf-8")])


def canonical_segment(text: str) -> str:
    """Give the one form of a segment. Raises ``AddressRefused`` if its meaning depends on who decodes it."""
    decoded = decode(text)
    _require_one_meaning(decoded)
    if not decoded.isascii():
        # What compatibility forms fold into (fullwidth slashes and dots among them) must be as harmless.
        _require_one_meaning(normalize("NFKC", decoded))
        decoded = normalize("NFC", decoded)
    return encode(decoded)


def canonical_path(rest: str) -> str:
    """Give the one form of a path that is empty or begins with "/"; an empty one is "/".

    About 0.8 microseconds for a path without escapes. The form is its own canonical form, and decoding it a second
    time changes nothing.

    Raises:
        AddressRefused: an empty segment ("//"), a segment of dots, or one that ``canonical_segment`` refuses;
            more than ``SEGMENTS_MAX`` segments.
    """
    if rest.count("/") > SEGMENTS_MAX:
        raise AddressRefused(AddressFault.TOO_LONG, f"a path of more than {SEGMENTS_MAX} segments")
    if _PLAIN_PATH.fullmatch(rest):
        return rest or "/"
    root, *segments = rest.split("/")
    if root:
        raise AddressRefused(AddressFault.NOT_A_CALL, "a path begins with a slash")
    if "" in segments[:-1]:
        raise AddressRefused(
            AddressFault.EMPTY_SEGMENT, 'a path with "//": some servers read it as one slash'
        )
    return "/" + "/".join(map(canonical_segment, segments))


def _require_one_meaning(decoded: str) -> None:
    found = _DANGER.search(decoded)
    if found is None:
        # Windows trims dots and spaces, so "..%20" would climb as ".." does.
        if decoded and not decoded.strip(". "):
            raise AddressRefused(AddressFault.DOT_SEGMENT, "a path with a segment of dots or spaces alone")
        return
    if found[0] in _FORBIDDEN:
        fault, what = _FORBIDDEN[found[0]]
        raise AddressRefused(fault, f"a path with {what}; send such a value in the query or the body")
    if len(found[0]) > 1:
        raise AddressRefused(AddressFault.ENCODED_TWICE, "a path with an encoded escape; encode it once")
    raise AddressRefused(AddressFault.CONTROL, "a path with NUL or another control character")


def _why_not_encoded(text: str) -> AddressRefused:
    if _CONTROL.search(text):
        return AddressRefused(AddressFault.CONTROL, "a control character where identifiers or a path stand")
    if _BROKEN_ESCAPE.search(text):
        return AddressRefused(AddressFault.ESCAPE, "a percent sign without two hexadecimal digits behind it")
    for sign, (fault, what) in _FORBIDDEN.items():
        if sign in text:
            return AddressRefused(fault, f"a part with {what.replace('encoded ', '')}")
    return AddressRefused(
        AddressFault.CHARACTER, "a sign that must be percent-encoded (RFC 3986, 3.3); encode its UTF-8 bytes"
    )
