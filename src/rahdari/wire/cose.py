"""COSE_Sign1: one signature over one payload (RFC 9052, 4.2 and 4.4).

``decode`` returns what was written, not what is true: the signature is checked by whoever has chosen a key,
with ``key.verify(sign1.signature, sign1.signing_input())``.

Example:
    >>> from rahdari.wire.keys import SoftwareSigner
    >>> signer = SoftwareSigner.generate()
    >>> unverified = decode(sign(signer, b"payload"))
    >>> unverified.kid == signer.public.kid
    True
    >>> signer.public.verify(unverified.signature, unverified.signing_input())
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import cbor2

from rahdari.wire import cbor
from rahdari.wire.errors import MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.frozen import quick
from rahdari.wire.keys import Algorithm, Signer

# A status list of 2**20 entries of 2 bits is 256 KiB before packing; nothing else we read comes near.
MESSAGE_BYTES_MAX: Final = 1 << 20
# alg, kid and a chain of three certificates fit; protected headers are cached by their bytes.
HEADERS_BYTES_MAX: Final = 4096
# RFC 9052, 3.1: a key identifier has no fixed length; ours has 8 bytes, a SHA-256 has 32.
KID_BYTES_MAX: Final = 64

SIGN1_TAG: Final = 18  # RFC 9052, 2
CWT_TAG: Final = 61  # RFC 8392, 6
_ALG, _CRIT, _CONTENT_TYPE, _KID, _TYP = 1, 2, 3, 4, 16  # RFC 9052, 3.1; RFC 9596, 2
# Labels that we process, and so may be critical (RFC 9052, 3.1, crit).
_UNDERSTOOD: Final = frozenset({_ALG, _CRIT, _CONTENT_TYPE, _KID, _TYP})
# -7 and -8 are written; RFC 9864 gives the same computations the fully specified names -9 (ESP256) and -19.
_ALGORITHMS: Final = MappingProxyType(
    {-7: Algorithm.ES256, -8: Algorithm.EDDSA, -9: Algorithm.ES256, -19: Algorithm.EDDSA}
)
# RFC 9052, 1.4: label = int / tstr. To Python true and 1.0 are 1, so the type is asked for, not equality.
_LABELS: Final = frozenset({int, str})
_USUAL_TAGS: Final = {b"\xd2\x84": (SIGN1_TAG,), b"\xd8\x3d": (CWT_TAG, SIGN1_TAG)}
_OTHER_MESSAGES: Final = MappingProxyType(
    {16: "encrypted (COSE_Encrypt0)", 96: "encrypted (COSE_Encrypt)", 17: "MACed (COSE_Mac0)",
     97: "MACed (COSE_Mac)", 98: "signed by several (COSE_Sign)"}
)  # fmt: skip
_SIG_STRUCTURE: Final = b"\x84\x6aSignature1"  # RFC 9052, 4.4: an array of 4 that begins with the context


@dataclass(frozen=True, slots=True)
class Sign1:
    """A COSE_Sign1 as it was written; nothing in it is proved yet.

    ``algorithm`` comes from the protected header alone; ``kid`` from the protected one if it is there, and
    ``kid_is_protected`` tells. ``tags`` are the CBOR tags around it, outermost first.
    """

    protected: bytes
    algorithm: Algorithm
    kid: bytes | None
    kid_is_protected: bool
    content_type: int | str | None
    payload: bytes
    signature: bytes
    tags: tuple[int, ...]
    headers: Mapping[object, object]
    unprotected: Mapping[object, object]

    def signing_input(self) -> bytes:
        """Build the Sig_structure, the bytes under the signature, without external data (RFC 9052, 4.4)."""
        return _signing_input(self.protected, self.payload)


@dataclass(frozen=True, slots=True)
class _Protected:
    algorithm: Algorithm
    kid: bytes | None
    content_type: int | str | None
    headers: Mapping[object, object]


def decode(raw: bytes, *, size_bytes_max: int = MESSAGE_BYTES_MAX) -> Sign1:
    """Read a COSE_Sign1 under the tags 61(18()), 18() or none.

    Raises:
        TooLarge: more than ``size_bytes_max`` bytes, or headers of more than ``HEADERS_BYTES_MAX``.
        UnsupportedAlgorithm: an algorithm other than ES256 and EdDSA, or none in the protected header.
        MalformedInput: anything else that is not a COSE_Sign1 with its payload inside.
    """
    if len(raw) > size_bytes_max:
        raise TooLarge(f"a COSE message of {len(raw)} bytes; at most {size_bytes_max} are read here")
    tags, protected, unprotected, payload, signature = _usual_parts(raw) or _parts(raw)
    # (2) RFC 9052, 4.1: a nil payload lies elsewhere ("detached"); a pass must carry what it says.
    if type(payload) is not bytes:
        raise MalformedInput("the COSE_Sign1 has no payload inside; detached payloads are not read")
    known = _protected_of(protected)
    unprotected_kid = _unprotected_kid(unprotected) if unprotected else None
    # (3) RFC 9052, 3: what the protected header says wins; anybody can change the other.
    kid = unprotected_kid if known.kid is None else known.kid
    return _quick_sign1(
        protected, known.algorithm, kid, known.kid is not None, known.content_type, payload, signature, tags,
        known.headers, unprotected,
    )  # fmt: skip


def sign(
    signer: Signer,
    payload: bytes,
    *,
    tags: tuple[int, ...] = (SIGN1_TAG,),
    extra_protected: Mapping[int, object] | None = None,
    kid_protected: bool = True,
) -> bytes:
    """Sign ``payload`` and write the COSE_Sign1 under ``tags``, outermost first (none: untagged).

    The protected header holds alg, the key's kid (unless ``kid_protected`` is false) and ``extra_protected``.
    """
    kid = {_KID: signer.public.kid}
    headers = {
        _ALG: signer.public.algorithm.cose,
        **(kid if kid_protected else {}),
        **(extra_protected or {}),
    }
    protected = (
        cbor.encode(headers)
        if extra_protected
        else _usual_header(signer.public.algorithm, signer.public.kid if kid_protected else None)
    )
    signature = signer.sign(_signing_input(protected, payload))
    return b"".join(
        (
            b"".join(map(_tag_head, tags)), b"\x84",
            cbor.encode_bytes_head(len(protected)), protected,
            b"\xa0" if kid_protected else cbor.encode(kid),
            cbor.encode_bytes_head(len(payload)), payload,
            cbor.encode_bytes_head(len(signature)), signature,
        )
    )  # fmt: skip


@lru_cache(maxsize=256)
def _usual_header(algorithm: Algorithm, kid: bytes | None) -> bytes:
    return cbor.encode({_ALG: algorithm.cose} if kid is None else {_ALG: algorithm.cose, _KID: kid})


def _signing_input(protected: bytes, payload: bytes) -> bytes:
    return b"".join(
        (
            _SIG_STRUCTURE, cbor.encode_bytes_head(len(protected)), protected,
            b"\x40",  # no external data
            cbor.encode_bytes_head(len(payload)), payload,
        )
    )  # fmt: skip


def _tag_head(tag: int) -> bytes:
    return bytes((0xC0 | tag,)) if tag < 24 else bytes((0xD8, tag))


_Parts = tuple[tuple[int, ...], bytes, Mapping[object, object], object, bytes]
_EMPTY: Final[Mapping[object, object]] = MappingProxyType({})


def _usual_parts(raw: bytes) -> _Parts | None:
    """Cut the message that nearly every pass is, at its known places; None for any other shape.

    A short protected header, no unprotected one, 256 to 65535 bytes of payload, 64 of signature, under 18() or
    61(18()). A property test holds this against ``_parts``, which reads every shape, in three times the time.
    """
    tags = _USUAL_TAGS.get(raw[:2])
    at = 2 * len(tags) if tags else 0
    end = len(raw) - 66
    if not tags or end < at + 28 or (len(tags) == 2 and raw[2:4] != b"\xd2\x84"):
        return None
    payload_at = at + raw[at] - 0x40 + 5
    if (
        not 0x40 <= raw[at] < 0x58  # (1) RFC 9052, 4.2: protected, in at most 23 bytes
        or raw[payload_at - 4 : payload_at - 2] != b"\xa0\x59"  # no unprotected header; a payload of 2**8 up
        or payload_at + (raw[payload_at - 2] << 8 | raw[payload_at - 1]) != end
        or raw[end : end + 2] != b"\x58\x40"  # and a signature of 64 bytes that ends the message
    ):
        return None
    return tags, raw[at + 1 : payload_at - 4], _EMPTY, raw[payload_at:end], raw[end + 2 :]


def _parts(raw: bytes) -> _Parts:
    tags, parts = _untag(cbor.decode(raw, size_bytes_max=len(raw)))
    # (1) RFC 9052, 4.2: an array of protected, unprotected, payload, signature.
    if not isinstance(parts, (list, tuple)) or len(parts) != 4:
        raise MalformedInput("not a COSE_Sign1, which is an array of 4; this code is no signed pass")
    protected, unprotected, payload, signature = parts
    if not (type(protected) is bytes and type(signature) is bytes and cbor.is_map(unprotected)):
        raise MalformedInput(
            "not a COSE_Sign1: its headers or its signature are of another type (RFC 9052, 4.2)"
        )
    return tags, protected, unprotected, payload, signature


def _untag(value: object) -> tuple[tuple[int, ...], object]:
    if not isinstance(value, cbor2.CBORTag):
        return (), value
    inner: object = value.value
    if value.tag == SIGN1_TAG:
        return (SIGN1_TAG,), inner
    # RFC 8392, 6: the CWT tag must be followed by a COSE tag.
    if value.tag == CWT_TAG and isinstance(inner, cbor2.CBORTag):
        if inner.tag == SIGN1_TAG:
            return (CWT_TAG, SIGN1_TAG), inner.value
        raise _other_message(inner.tag)
    raise _other_message(value.tag)


def _other_message(tag: int) -> MalformedInput:
    kind = _OTHER_MESSAGES.get(tag)
    if kind is None:
        return MalformedInput(
            f"CBOR tag {tag} where 18 (COSE_Sign1) or 61(18) belongs (RFC 9052, 2; RFC 8392, 6)"
        )
    # Claim 169, 3: encryption is optional and needs a key shared by both sides; a national pass has none.
    return MalformedInput(f"{kind}; this reader takes signed passes only (COSE_Sign1, RFC 9052, 4.2)")


_quick_sign1 = quick(Sign1)


# Issuers sign millions of passes under one header. 256 issuers' keys fit; junk only pushes out other junk.
@lru_cache(maxsize=256)
def _protected_of(raw: bytes) -> _Protected:
    """Read the protected header: the only place that may say which algorithm it is (RFC 9052, 3.1, 4.4)."""
    if len(raw) > HEADERS_BYTES_MAX:
        raise TooLarge(f"protected headers of {len(raw)} bytes; at most {HEADERS_BYTES_MAX} are read")
    # (4) RFC 9052, 3: an empty map may be written as no bytes at all.
    headers = cbor.decode(raw, size_bytes_max=HEADERS_BYTES_MAX) if raw else {}
    if not isinstance(headers, dict):
        raise MalformedInput("the protected header is not a map (RFC 9052, 3)")
    _check_labels(headers)
    _check_critical(headers)
    content_type = headers.get(_CONTENT_TYPE)
    if not (content_type is None or isinstance(content_type, str) or _is_uint(content_type)):
        raise MalformedInput("the content type is neither text nor a number (RFC 9052, 3.1)")
    return _Protected(_algorithm_of(headers), _kid_of(headers), content_type, MappingProxyType(headers))


def _algorithm_of(headers: Mapping[object, object]) -> Algorithm:
    if _ALG not in headers:
        raise UnsupportedAlgorithm(
            "the protected header names no algorithm; one that is not signed cannot be believed"
        )
    number = headers[_ALG]
    algorithm = _ALGORITHMS.get(number) if isinstance(number, int) and not isinstance(number, bool) else None
    if algorithm is None:
        named = number if isinstance(number, int) else f"of type {type(number).__name__}"
        raise UnsupportedAlgorithm(f"COSE algorithm {named}; the house accepts ES256 (-7) and EdDSA (-8)")
    return algorithm


def _kid_of(headers: Mapping[object, object]) -> bytes | None:
    kid = headers.get(_KID)
    if kid is not None and (type(kid) is not bytes or len(kid) > KID_BYTES_MAX):
        raise MalformedInput(f"the kid is not a byte string of at most {KID_BYTES_MAX} bytes (RFC 9052, 3.1)")
    return kid


def _unprotected_kid(unprotected: Mapping[object, object]) -> bytes | None:
    _check_labels(unprotected)
    if _CRIT in unprotected:
        raise MalformedInput("crit stands in the unprotected header (RFC 9052, 3.1: it must be protected)")
    return _kid_of(unprotected)


def _check_labels(headers: Mapping[object, object]) -> None:
    if not _LABELS.issuperset(map(type, headers)):
        raise MalformedInput("a header label is neither a number nor text (RFC 9052, 1.4)")


def _check_critical(headers: Mapping[object, object]) -> None:
    """RFC 9052, 3.1: every label in crit must be present, and understood, or the message is refused."""
    critical = headers.get(_CRIT)
    if critical is None and _CRIT not in headers:
        return
    if not isinstance(critical, (list, tuple)) or not critical:
        raise MalformedInput("crit is not a list of labels (RFC 9052, 3.1)")
    for label in critical:
        if type(label) not in _LABELS or label not in headers or label not in _UNDERSTOOD:
            raise MalformedInput("crit names a header that is absent or not understood here (RFC 9052, 3.1)")


def _is_uint(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
