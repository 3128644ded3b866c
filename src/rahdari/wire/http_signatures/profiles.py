"""A profile fixes what a signature covers and says: so its base is one template, and its field one pattern.

A message that is written as we write it is read by one pattern; any other spelling of the same (parameters or
components in another order, further signatures beside ours) by the general reader, to the same answer.
"""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final, NamedTuple

from rahdari.wire.errors import MalformedInput
from rahdari.wire.frozen import quick
from rahdari.wire.http_signatures.algorithms import MessageSigner, VerifyingKey
from rahdari.wire.http_signatures.components import Component
from rahdari.wire.http_signatures.errors import NotCovered, SignatureMissing, SignatureNotInForce, UnknownKey
from rahdari.wire.http_signatures.messages import Fields, Response
from rahdari.wire.http_signatures.signatures import (
    SIGNATURE,
    SIGNATURE_INPUT,
    SKEW_SECONDS,
    MessageSignature,
    SignatureFields,
    SignatureParameters,
    read_signatures,
)

KeyOf = Callable[[str], VerifyingKey | None]
"""Finds the key that a key id names and that is in force; None, if nobody known signs with it."""

# What a key id and a nonce of ours are made of: visible, and nothing that a string would escape.
_WORD: Final = re.compile(r"[!#-\[\]-~]{1,256}")
_TIME: Final = "(0|[1-9][0-9]{0,14})"
# RFC 9421, 2.5: lines of visible ASCII and spaces.
_SIGNED: Final = bytes([10, *range(32, 127)])
_quick_fields: Final = quick(SignatureFields)


class Said(NamedTuple):
    """What the parameters of a profile's signature say; ``expires`` is 0 where it does not expire."""

    created: int
    expires: int
    nonce: str
    keyid: str


class Found(NamedTuple):
    """A signature of a profile as a message carries it, not verified yet.

    ``text`` is the value of ``@signature-params``; ``order`` holds the identifiers as they were written, each
    with its place in the profile; None, if they stand as the profile writes them.
    """

    text: str
    said: Said
    signature: bytes
    order: tuple[tuple[str, int], ...] | None


@dataclass(frozen=True, slots=True)
class Profile:
    """A tag, the exact set of components that its signatures cover, and the seconds they live at most.

    A ``lifetime_seconds_max`` of 0 is a signature that does not expire.
    """

    tag: str
    components: tuple[Component, ...]
    lifetime_seconds_max: int
    covered: str = field(init=False, repr=False)
    _template: str = field(init=False, repr=False)
    _places: dict[object, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        names = [one.identifier for one in self.components]
        lines = [f"{name.replace('%', '%%')}: %s" for name in (*names, '"@signature-params"')]
        object.__setattr__(self, "covered", f"({' '.join(names)})")
        object.__setattr__(self, "_template", "\n".join(lines))
        places = {one.identity: place for place, one in enumerate(self.components)}
        object.__setattr__(self, "_places", places)

    def sign(
        self, values: Sequence[str], said: Said, *, signer: MessageSigner, label: str
    ) -> SignatureFields:
        """Sign the ``values`` of the components, in the order of the profile.

        Raises:
            MalformedInput: a value, nonce or key id that cannot be signed.
            SignatureNotInForce: it would live longer than the profile allows.
        """
        self._require_lifetime(said)
        _require_words(said)
        expires = f";expires={said.expires}" if said.expires else ""
        text = (
            f'{self.covered};created={said.created}{expires};nonce="{said.nonce}"'
            f';keyid="{said.keyid}";tag="{self.tag}"'
        )
        base = self.base(values, text)
        signature = signer.sign(base)
        written = base64.b64encode(signature).decode("ascii")
        return _quick_fields(f"{label}={text}", f"{label}=:{written}:", base, signature)

    def base(self, values: Sequence[str], text: str) -> bytes:
        """Build the signature base (RFC 9421, 2.5). Raises ``MalformedInput`` for what one line cannot hold."""
        return _checked(self._template % (*values, text), len(self.components))

    def find(self, fields: Fields, label: str) -> Found:
        """Find the signature under ``label``, and see that it covers what it must and says what it must.

        Raises:
            SignatureMissing: there is none under this label, or it has another tag.
            NotCovered: it covers more or less than the profile's components.
            MalformedInput: the fields are not well formed, or a parameter is missing or too many.
        """
        inputs, signatures = fields.get(SIGNATURE_INPUT, ()), fields.get(SIGNATURE, ())
        if len(inputs) == 1 and len(signatures) == 1:
            told, signed = self._pattern(label).fullmatch(inputs[0]), _signed(label).fullmatch(signatures[0])
            if told is not None and signed is not None:
                return _as_written(told, signed)
        found = read_signatures(Response(200, fields)).get(label)
        if found is None:
            raise SignatureMissing(f"the message has no signature {label!r} by {self.tag}")
        return self._accept(found)

    def verify(self, found: Found, values: Sequence[str], *, key_of: KeyOf, at: int) -> bytes:
        """Give the signature base, if a key in force signed ``values`` and the signature is in force ``at``.

        Raises:
            SignatureNotInForce: from the future, expired, or made to live too long.
            UnknownKey: ``key_of`` does not know the key id.
            BadSignature: the key did not sign this.
            MalformedInput: a value cannot be signed.
        """
        self._require_lifetime(found.said)
        _require_in_force(found.said, at)
        key = key_of(found.said.keyid)
        if key is None:
            raise UnknownKey("the signature names a key that nobody known here signs with")
        base = self._base_of(found, values)
        key.verify(found.signature, base)
        return base

    def _base_of(self, found: Found, values: Sequence[str]) -> bytes:
        if found.order is None:
            return self.base(values, found.text)
        lines = [f"{identifier}: {values[place]}" for identifier, place in found.order]
        return _checked("\n".join([*lines, f'"@signature-params": {found.text}']), len(lines))

    def _accept(self, found: MessageSignature) -> Found:
        """Hold a signature that the general reader read against the profile."""
        if found.parameters.tag != self.tag:
            raise SignatureMissing(f"the signature {found.label!r} has another tag than {self.tag}")
        given = {one.identity: one for one in found.components}
        missing = [
            one.identifier for one, own in zip(self.components, self._places, strict=True) if own not in given
        ]
        if missing or len(given) != len(self.components):
            raise NotCovered(
                f"the signature does not cover exactly {self.covered}; missing: {', '.join(missing)}"
            )
        order = tuple((one.identifier, self._places[own]) for own, one in given.items())
        return Found(found.parameters_text, self._said(found.parameters), found.signature, order)

    def _said(self, told: SignatureParameters) -> Said:
        if (told.expires is None) != (self.lifetime_seconds_max == 0) or told.alg is not None:
            raise MalformedInput(f"a signature of {self.tag} has another set of parameters")
        if told.created is None or told.nonce is None or told.keyid is None:
            raise MalformedInput(f"a signature of {self.tag} says created, nonce and keyid")
        said = Said(told.created, told.expires or 0, told.nonce, told.keyid)
        _require_words(said)
        return said

    def _require_lifetime(self, said: Said) -> None:
        longest = self.lifetime_seconds_max
        if longest and not 0 < said.expires - said.created <= longest:
            raise SignatureNotInForce(
                f"a signature of {self.tag} lives 1 to {longest} s from its creation on"
            )

    def _pattern(self, label: str) -> re.Pattern[str]:
        return _described(label, self.covered, self.tag, expires=self.lifetime_seconds_max > 0)


def _checked(text: str, breaks: int) -> bytes:
    """Refuse a base in which a value has a line break or a control of its own (RFC 9421, 2.5 and 7.5.6)."""
    base = text.encode("ascii") if text.isascii() else b""
    if base.count(b"\n") != breaks or base.translate(None, _SIGNED):
        raise MalformedInput("a covered part holds a line break, a control or a sign outside ASCII")
    return base


def _as_written(told: re.Match[str], signed: re.Match[str]) -> Found:
    text, created, expires, nonce, keyid = told.groups()
    said = Said(int(created), int(expires or 0), nonce, keyid)
    return Found(text, said, _decode(signed[1]), None)


def _decode(text: str) -> bytes:
    """Read the Base64 of a signature in its one form (RFC 8941, 4.2.7)."""
    try:
        raw = binascii.a2b_base64(text)
    except binascii.Error:
        raw = b""
    if base64.b64encode(raw).decode("ascii") != text:
        raise MalformedInput("a signature is not canonical Base64 (RFC 8941, 4.2.7)")
    return raw


def _require_words(said: Said) -> None:
    if not _WORD.fullmatch(said.keyid) or not _WORD.fullmatch(said.nonce):
        raise MalformedInput("a key id and a nonce have 1 to 256 visible characters, no quote, no backslash")


def _require_in_force(said: Said, at: int) -> None:
    """Hold the times against ``at``, as ``SignatureParameters.require_in_force`` does (RFC 9421, 3.2, step 4)."""
    if said.created > at + SKEW_SECONDS:
        raise SignatureNotInForce(f"signed {said.created - at} s in the future; set the clocks right")
    if said.expires and at >= said.expires + SKEW_SECONDS:
        raise SignatureNotInForce(f"expired {at - said.expires} s ago; ask for a new one")


# A handful of labels and three profiles; labels that a caller takes from outside must not fill the memory.
@lru_cache(maxsize=16)
def _described(label: str, covered: str, tag: str, *, expires: bool) -> re.Pattern[str]:
    living = f";expires={_TIME}" if expires else "()"
    words = f';nonce="({_WORD.pattern})";keyid="({_WORD.pattern})";tag="{re.escape(tag)}"'
    return re.compile(f"{re.escape(label)}=({re.escape(covered)};created={_TIME}{living}{words})")


@lru_cache(maxsize=16)
def _signed(label: str) -> re.Pattern[str]:
    return re.compile(re.escape(label) + "=:([A-Za-z0-9+/]{4,8192}={0,2}):")
