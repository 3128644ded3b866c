"""Compact JWS: a signed text of three parts (RFC 7515, 3.1 and 7.1), ES256 and EdDSA only.

Pure. ``decode`` says what is written, ``Jws.verify`` says who wrote it; nothing between the two is trusted.

Example:
    >>> from rahdari.wire import jws
    >>> from rahdari.wire.keys import Algorithm, SoftwareSigner
    >>> signer = SoftwareSigner.generate(Algorithm.ES256)
    >>> note = jws.decode(jws.sign(signer, {"typ": "note+jwt"}, b'{"greeting":"salam"}'))
    >>> note.verify(signer.public)
    >>> note.payload_object()
    {'greeting': 'salam'}
"""

from collections.abc import Mapping
from dataclasses import dataclass

from rahdari.wire import base64url, strict_json
from rahdari.wire.errors import BadSignature, MalformedInput, TooLarge, UnsupportedAlgorithm
from rahdari.wire.keys import Algorithm, PublicKey, Signer

# Our headers take 100 bytes; one with a certificate chain, which others send and we skip, takes up to 6 KiB.
HEADER_BYTES_MAX = 8 * 1024
# The largest text we read is a status list of one million 8-bit entries: see ``status_list``.
TEXT_CHARS_MAX = 2 * 1024 * 1024
# ES256 and EdDSA with Ed25519 both sign with 64 bytes (RFC 7518, 3.4; RFC 8037, 3.1).
SIGNATURE_BYTES = 64
# A key id is a hint for a lookup, never a document.
KID_CHARS_MAX = 256

# RFC 9864, 2.2 gives EdDSA over Ed25519 the name "Ed25519" and deprecates the old one; both are in the wild.
# Whatever is not here is refused, "none" (RFC 7518, 3.6) and every MAC included.
_ALGORITHMS = {"ES256": Algorithm.ES256, "EdDSA": Algorithm.EDDSA, "Ed25519": Algorithm.EDDSA}


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS as it was read: nothing in it is trusted until ``verify`` returned.

    ``header`` and ``payload`` are decoded; ``signing_input`` is the ASCII text that the signature covers.
    """

    header: Mapping[str, object]
    payload: bytes
    signature: bytes
    signing_input: bytes
    algorithm: Algorithm

    @property
    def kid(self) -> str | None:
        """The key's id as the header claims it, a hint only (RFC 7515, 4.1.4)."""
        kid = self.header.get("kid")
        return kid if isinstance(kid, str) else None

    @property
    def typ(self) -> str | None:
        """The media type as the header claims it, lower case, without ``application/`` (RFC 7515, 4.1.9)."""
        typ = self.header.get("typ")
        return typ.lower().removeprefix("application/") if isinstance(typ, str) else None

    def require_typ(self, expected: str) -> None:
        """Refuse a token of another sort, so that none is taken for another (RFC 8725, 3.11).

        Raises:
            MalformedInput: ``typ`` is absent or is not ``expected``.
        """
        if self.typ != expected:
            raise MalformedInput(f"the typ of this JWS is not {expected}; it is a token of another sort")

    def payload_object(self, *, size_bytes_max: int = TEXT_CHARS_MAX) -> dict[str, object]:
        """Read the payload as one JSON object, strictly.

        Raises:
            MalformedInput: it is not one, or (``TooLarge``) it is too long or too deep.
        """
        return strict_json.decode_object(self.payload, size_bytes_max=size_bytes_max)

    def verify(self, public: PublicKey) -> None:
        """Return if ``public`` signed this; refuse otherwise (RFC 7515, 5.2, step 8).

        Raises:
            BadSignature: another key signed, something was altered, or ``alg`` does not belong to the key.
        """
        # RFC 8725, 3.1: the key decides the algorithm; a header that names another one is an attack.
        if self.algorithm is not public.algorithm:
            raise BadSignature(f"the header says {self.algorithm}, the key signs with {public.algorithm}")
        public.verify(self.signature, self.signing_input)


def kid_text(public: PublicKey) -> str:
    """Write a key's 8-byte id as the text that our JOSE headers carry."""
    return base64url.encode(public.kid)


def read_public_jwk(value: object) -> PublicKey:
    """Read a public JWK that stands inside a signed or unsigned JSON object (RFC 7517, 4).

    Raises:
        MalformedInput: not an object, a member that must be text is not, a private or impossible key.
        UnsupportedAlgorithm: another key type or curve.
    """
    if not isinstance(value, Mapping):
        raise MalformedInput("a JWK is a JSON object (RFC 7517, 4)")
    if not all(isinstance(value.get(name, ""), str) for name in ("kty", "crv", "x", "y", "alg", "use")):
        raise MalformedInput("kty, crv, x, y, alg and use of a JWK are texts (RFC 7517, 4; RFC 7518, 6)")
    return PublicKey.from_jwk(value)


def sign(signer: Signer, header: Mapping[str, object], payload: bytes) -> str:
    """Sign ``payload`` and write the compact serialisation.

    ``alg`` and ``kid`` are set from the signer; ``header`` adds the rest and may override ``kid``.

    Raises:
        MalformedInput: the header names an ``alg`` that is not the signer's, or cannot be written as JSON.
    """
    algorithm = str(signer.public.algorithm)
    if header.get("alg", algorithm) != algorithm:
        raise MalformedInput(f"the header asks for another algorithm than the signer's {algorithm}")
    protected = {"alg": algorithm, "kid": kid_text(signer.public), **header}
    signing_input = b".".join(
        (base64url.encode_ascii(strict_json.encode(protected)), base64url.encode_ascii(payload))
    )
    signature = base64url.encode_ascii(signer.sign(signing_input))
    return b".".join((signing_input, signature)).decode("ascii")


def decode(text: str, *, size_chars_max: int = TEXT_CHARS_MAX) -> Jws:
    """Take a compact JWS apart (RFC 7515, 5.2, steps 1 to 7). Trusts nothing.

    Raises:
        TooLarge: longer than ``size_chars_max``, or the header longer than ``HEADER_BYTES_MAX``.
        MalformedInput: not three canonical base64url parts, a header that is not strict JSON or uses
            ``crit`` or an unencoded payload.
        UnsupportedAlgorithm: ``alg`` is neither ES256 nor EdDSA (Ed25519).
    """
    if len(text) > size_chars_max:
        raise TooLarge(f"a JWS of {len(text)} characters; at most {size_chars_max} are read")
    # (1) RFC 7515, 7.1: exactly two periods.
    parts = text.split(".", 3)
    if len(parts) != 3:
        raise MalformedInput(f"a compact JWS has 3 parts, this text has {min(len(parts), 4)}")
    # (2)-(5) RFC 7515, 5.2: the header is base64url of a JSON object whose names are unique.
    header = strict_json.decode_object(base64url.decode(parts[0]), size_bytes_max=HEADER_BYTES_MAX)
    algorithm = _read_header(header)
    # (6)-(7) RFC 7515, 5.2: payload and signature are base64url.
    payload, signature = base64url.decode(parts[1]), base64url.decode(parts[2])
    if len(signature) != SIGNATURE_BYTES:
        raise MalformedInput(f"a signature of {len(signature)} bytes; {algorithm} has {SIGNATURE_BYTES}")
    signing_input = text[: len(parts[0]) + 1 + len(parts[1])].encode("ascii")
    return Jws(header, payload, signature, signing_input, algorithm)


def _read_header(header: Mapping[str, object]) -> Algorithm:
    # RFC 7515, 4.1.11: an extension we do not understand MUST be refused. We understand none, so "crit" is
    # always refused. "b64" (RFC 7797, 6) MUST come with "crit"; alone it would change what is signed.
    if "crit" in header or "b64" in header:
        raise MalformedInput("the header demands extensions (crit or b64) and none is supported")
    kid = header.get("kid", "")
    if not isinstance(kid, str) or len(kid) > KID_CHARS_MAX:
        raise MalformedInput(f"kid must be text of at most {KID_CHARS_MAX} characters (RFC 7515, 4.1.4)")
    named = header.get("alg")
    algorithm = _ALGORITHMS.get(named) if isinstance(named, str) else None
    if algorithm is None:
        raise UnsupportedAlgorithm("the header's alg is neither ES256 nor EdDSA; ask for one of these")
    return algorithm
