"""The nouns of a trust list: who issues, with which keys, and where the status of their passes stands.

Every value checks itself, so that what is signed and what is read obey the same limits. What a key may still
do at a given instant is not decided here but by the room that verifies passes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.keys import PublicKey

# A country has one issuer of identity cards and a few dozen of other passes; a corridor has a few countries.
ISSUERS_MAX = 256
# A key a year for each use, kept for the ten years that a pass lives, with room for emergencies.
KEYS_MAX = 64
# 240 million holders fill 229 lists of 2^20 entries; four times that is room for growth and renewal.
STATUS_URIS_MAX = 1024
PRODUCTS_MAX = 64
# A new root, its successor, and spares that lie in a safe.
ROOTS_MAX = 8
LANGUAGES_MAX = 16
# A name is shown on one line of a verdict.
NAME_CHARS_MAX = 200
# What an address may cost inside a QR code; see ``status_list.reference``.
URI_CHARS_MAX = 512
ID_CHARS_MAX = 256
# RFC 9052, 3.1 sets no length for a kid; nobody's is longer than a SHA-512.
ALIAS_BYTES_MAX = 64
# The largest integer that every JSON reader keeps exact (RFC 8259, 6): a list a second for 285 million years.
SEQUENCE_MAX = (1 << 53) - 1
# 9999-12-31T23:59:59Z, the last second that a calendar of the house can show.
SECONDS_MAX = 253_402_300_799

_WORD = re.compile(r"[!-~]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")  # RFC 5646, 2.1, without its rare forms
# A name is shown to an officer who must believe it: no control characters, none that turn the text around.
_TREACHEROUS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_HOST = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_LOOPBACK = r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])"
# No user part, no fragment (RFC 3986, 3.2.1 and 3.5): the one deceives, the other is never sent.
_REST = r"(?::[0-9]{1,5})?(?:[/?][!$-;=?-\[\]_a-z~]*)?"
_ADDRESS = re.compile(f"(?:https://{_HOST}|http://{_LOOPBACK}){_REST}")


class KeyUse(StrEnum):
    """What a key may sign."""

    PASS = "pass"  # noqa: S105 - a card, not a secret
    STATUS = "status"
    ANSWER = "answer"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """A public key with its uses and its window, both ends in seconds since 1970, the end excluded.

    ``withdrawn_at`` is set when the key must no longer be believed; None while all is well. ``alias`` is the
    kid under which an issuer of another house names this key in its passes; ours name a key by its thumbprint.

    Raises:
        MalformedInput: no use, a window that is empty, a time outside the calendar.
    """

    public: PublicKey
    uses: frozenset[KeyUse]
    not_before: int
    not_after: int
    withdrawn_at: int | None = None
    alias: bytes | None = None

    def __post_init__(self) -> None:
        if self.alias is not None and not 1 <= len(self.alias) <= ALIAS_BYTES_MAX:
            raise MalformedInput(f"a key's alias has from 1 to {ALIAS_BYTES_MAX} bytes")
        if not self.uses:
            raise MalformedInput("a trusted key needs at least one use; an empty set would mean nothing")
        _require_seconds(self.not_before, self.not_after, self.withdrawn_at)
        if self.not_after <= self.not_before:
            raise MalformedInput("a trusted key's window ends before it begins")


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer: its id as in the claim ``iss``, its name by language, its products, its lists, its keys.

    ``status_required`` says that a pass of this issuer without a status reference is refused. Two keys may
    share a kid (8 bytes can collide), no key may stand twice.

    Raises:
        MalformedInput: a text, an address or a number of entries that the limits above exclude.
    """

    id: str
    name: Mapping[str, str]
    products: frozenset[str]
    status_uris: tuple[str, ...]
    keys: tuple[TrustedKey, ...] = field(repr=False)
    status_required: bool = True

    def __post_init__(self) -> None:
        _require_word(self.id, ID_CHARS_MAX, "an issuer's id")
        _require_count(len(self.name), 1, LANGUAGES_MAX, "names")
        for language, text in self.name.items():
            _require_name(language, text)
        _require_count(len(self.products), 1, PRODUCTS_MAX, "products")
        for product in self.products:
            _require_word(product, 64, "a product")
        _require_count(len(self.status_uris), 0, STATUS_URIS_MAX, "status addresses")
        for uri in self.status_uris:
            _require_address(uri)
        _require_unique(self.status_uris, "a status address")
        _require_count(len(self.keys), 1, KEYS_MAX, "keys")
        _require_unique([key.public for key in self.keys], "a key")


@dataclass(frozen=True, slots=True)
class TrustList:
    """Whom to believe, as one authority states it at ``issued_at`` and until ``expires`` (excluded).

    ``sequence`` grows with every list; a reader who has seen a higher one refuses this one. ``roots``
    announces the keys that may sign the lists to come (empty: the ones known remain).

    Raises:
        MalformedInput: an issuer or a root twice, an empty window, a number outside its limits.
    """

    sequence: int
    issued_at: int
    expires: int
    issuers: tuple[TrustedIssuer, ...]
    roots: tuple[PublicKey, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.sequence <= SEQUENCE_MAX:
            raise MalformedInput(f"a trust list's sequence number lies between 1 and {SEQUENCE_MAX}")
        _require_seconds(self.issued_at, self.expires)
        if self.expires <= self.issued_at:
            raise MalformedInput("this trust list expires before it is issued")
        _require_count(len(self.issuers), 0, ISSUERS_MAX, "issuers")
        _require_unique([issuer.id for issuer in self.issuers], "an issuer")
        _require_count(len(self.roots), 0, ROOTS_MAX, "roots")
        _require_unique(self.roots, "a root")


def _require_seconds(*moments: int | None) -> None:
    if not all(moment is None or 0 <= moment <= SECONDS_MAX for moment in moments):
        raise MalformedInput("times of a trust list are seconds from 1970 to the year 9999")


def _require_count(count: int, least: int, most: int, what: str) -> None:
    if count < least:
        raise MalformedInput(f"{count} {what} where at least {least} must be")
    if count > most:
        raise TooLarge(f"{count} {what}; at most {most} are possible")


def _require_unique(entries: Iterable[object], what: str) -> None:
    listed = list(entries)
    if len(set(listed)) != len(listed):
        raise MalformedInput(f"{what} stands twice; which entry counts would be unclear")


def _require_word(text: str, chars_max: int, what: str) -> None:
    if len(text) > chars_max or not _WORD.fullmatch(text):
        raise MalformedInput(f"{what} is 1 to {chars_max} printable ASCII characters without spaces")


def _require_name(language: str, text: str) -> None:
    if not _LANGUAGE.fullmatch(language):
        raise MalformedInput("an issuer's name stands under a language tag such as en or ur (RFC 5646)")
    if not text.strip() or len(text) > NAME_CHARS_MAX or _TREACHEROUS.search(text):
        raise MalformedInput(
            f"an issuer's name has 1 to {NAME_CHARS_MAX} characters, none of them for control"
        )


def _require_address(uri: str) -> None:
    if len(uri) > URI_CHARS_MAX or not _ADDRESS.fullmatch(uri):
        raise MalformedInput(
            "a status address is https://, or http:// on this machine, without user or fragment"
        )
