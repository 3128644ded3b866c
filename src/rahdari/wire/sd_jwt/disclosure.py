"""One disclosure: a salt, perhaps a claim's name, and a value, behind one digest (RFC 9901, 4.2)."""

import hashlib
from dataclasses import dataclass, field

from rahdari.wire import base64url, strict_json
from rahdari.wire.errors import MalformedInput

# RFC 9901, 9.3: RECOMMENDED at least 128 bits, new for every disclosure. 144 bits are 24 characters of
# base64url without a remainder, so that the salts of one token are drawn and written in one go.
SALT_BYTES = 18
SALT_CHARS = 24
# A portrait of 90 KiB fits; everything else we disclose is a line of text.
DISCLOSURE_CHARS_MAX = 128 * 1024
# RFC 9901, 4.2.1 and 4.2.4.2: the two names that carry digests, never claims.
RESERVED_NAMES = frozenset({"_sd", "..."})
# RFC 9901, 4.1.1: the default, and the only one we write or take.
DIGEST_ALGORITHM = "sha-256"


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A disclosed claim (``name`` and ``value``) or array element (``name`` is None), as its text says.

    ``text`` is what travels, ``digest`` what the issuer signed. That the issuer did is for
    ``verify_disclosures`` to find out. The salt is not kept; it has done its work in the digest.
    """

    text: str
    digest: str
    name: str | None
    value: object = field(repr=False)


def digest_of(text: bytes) -> str:
    """Give the base64url SHA-256 digest of an ASCII text (RFC 9901, 4.2.3)."""
    return base64url.encode(hashlib.sha256(text).digest())


def conceal(salt: str, name: str, value: object) -> tuple[bytes, str]:
    """Write the disclosure of one claim; give its ASCII text and its digest (RFC 9901, 4.2.1 and 4.2.3).

    Raises:
        MalformedInput: the value cannot be written as JSON.
    """
    text = base64url.encode_ascii(strict_json.encode((salt, name, value)))
    return text, digest_of(text)


def read(text: str) -> Disclosure:
    """Read one disclosure (RFC 9901, 4.2.1 and 4.2.2).

    Raises:
        MalformedInput: not base64url of a JSON array of two or three elements with a text salt and a text
            name that is not reserved, or (``TooLarge``) too long or too deep.
    """
    parts = strict_json.decode(base64url.decode(text), size_bytes_max=DISCLOSURE_CHARS_MAX)
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
        raise MalformedInput("a disclosure is a JSON array of a salt, perhaps a name, and a value")
    name = parts[1] if len(parts) == 3 else None
    # 7.1, step 3.c.ii.2: a claim named _sd or ... MUST be refused.
    if len(parts) == 3 and (not isinstance(name, str) or name in RESERVED_NAMES):
        raise MalformedInput("a disclosure's claim name must be text, and neither _sd nor ...")
    return Disclosure(text, digest_of(text.encode("ascii")), name, parts[-1])
