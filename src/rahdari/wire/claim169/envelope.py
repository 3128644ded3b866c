"""From the text of a QR code to an unverified pass and back.

Five steps: Base45, compression, COSE_Sign1, CWT, claim 169.
"""

from dataclasses import dataclass
from typing import Final

from rahdari.wire import base45, cbor, cose, cwt
from rahdari.wire.claim169.identity import Identity
from rahdari.wire.claim169.reading import decode
from rahdari.wire.claim169.writing import Profile, encode
from rahdari.wire.compression import Compression, compress, expand
from rahdari.wire.cose import Sign1
from rahdari.wire.cwt import Claims
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.frozen import quick
from rahdari.wire.keys import Signer

# ISO/IEC 18004, table 7: version 40 at level L holds 4296 alphanumeric characters. No pass has a longer text.
TEXT_CHARS_MAX: Final = 4296
# Line ends and tabs that a copy, a file or a keyboard scanner adds around a text.
STRAY_CHARS_MAX: Final = 16
# 2864 bytes is what 4296 characters carry; ten times that is ample for text that packs well.
INFLATED_BYTES_MAX: Final = 1 << 15

CLAIM_KEY: Final = 169  # IANA registry of CWT claims
_TAGS: Final = {Profile.MOSIP: (cose.CWT_TAG, cose.SIGN1_TAG), Profile.MAP: (cose.SIGN1_TAG,)}
# The space is a character of Base45 (RFC 9285, table 1), so it is never stripped: it may be the last byte.
_STRAY: Final = "\r\n\t"


@dataclass(frozen=True, slots=True)
class UnverifiedPass:
    """What a text claims. Nothing of it may be shown or used before a trusted key has verified ``sign1``."""

    sign1: Sign1
    claims: Claims
    identity: Identity
    compression: Compression


_quick_pass = quick(UnverifiedPass)


def read(text: str) -> UnverifiedPass:
    """Read the text of a QR code in every dialect in the wild, without believing it.

    Tags 61(18()), 18() or none; zlib, Brotli or no compression; claim 169 as map or byte string; the face
    as a map, a list, or the photo of keys 16 and 17.

    Raises:
        TooLarge: more than a QR code holds, or contents of more than ``INFLATED_BYTES_MAX``.
        UnsupportedAlgorithm: signed with something else than ES256 or EdDSA.
        MalformedInput: anything else that is not such a pass.
    """
    text = _without_strays(text)
    # EU digital COVID certificates (hcert specification, 4.2.2): another standard with another claim, -260.
    if text.startswith("HC1:"):
        raise MalformedInput("an EU health certificate (HC1:), not a Claim 169 pass, which has no prefix")
    raw, kind = expand(base45.decode(text), size_bytes_max=INFLATED_BYTES_MAX)
    sign1 = cose.decode(raw, size_bytes_max=INFLATED_BYTES_MAX)
    claims = cwt.decode_map(sign1.payload, size_bytes_max=INFLATED_BYTES_MAX)
    if CLAIM_KEY not in claims:
        raise MalformedInput("a signed token without claim 169; it identifies nobody and is not a pass")
    identity = decode(claims.pop(CLAIM_KEY))
    return _quick_pass(sign1, cwt.from_map(claims), identity, kind)


def write(
    signer: Signer,
    claims: Claims,
    identity: Identity,
    *,
    profile: Profile = Profile.MOSIP,
    compression: Compression = Compression.ZLIB,
) -> str:
    """Sign a pass and write it as the text of a QR code; raises TooLarge where no QR code holds it."""
    content = {**cwt.as_map(claims), CLAIM_KEY: encode(identity, profile)}
    signed = cose.sign(signer, cbor.encode(content), tags=_TAGS[profile])
    packed = compress(signed, compression, is_packed_already=2 * _picture_bytes(identity) > len(signed))
    text = base45.encode(packed)
    if len(text) > TEXT_CHARS_MAX:
        raise TooLarge(
            f"a pass of {len(text)} characters; a QR code holds {TEXT_CHARS_MAX}. Take a smaller photo"
        )
    return text


def _picture_bytes(identity: Identity) -> int:
    taken = sum(len(one.data) for part in identity.biometrics.values() for one in part)
    return taken + len(identity.photo or b"")


def _without_strays(text: str) -> str:
    """Strip line ends and tabs from a text that is too long by those alone; refuse a longer one unseen."""
    if len(text) <= TEXT_CHARS_MAX + STRAY_CHARS_MAX:
        text = text.strip(_STRAY)
    if len(text) > TEXT_CHARS_MAX:
        raise TooLarge(f"{len(text)} characters; a QR code holds at most {TEXT_CHARS_MAX}")
    return text
