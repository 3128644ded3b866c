"""HTTP messages as values, as far as signatures look at them: no body, and nothing that is not signed.

Example:
    >>> request = Request("GET", "https://gate.example/r1/PK?id=7", fields_of([(b"Date", b"today")]))
    >>> request.fields["date"]
    ['today']
    >>> split_target(request.target_uri)
    Target(scheme='https', authority='gate.example', path='/r1/PK', query='?id=7')
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from rahdari.wire.errors import MalformedInput, TooLarge

# As long as a gateway lets a target be: X-Road advises 2,000 characters, servers end at 8 KiB.
TARGET_CHARS_MAX: Final = 8 * 1024

Fields = Mapping[str, Sequence[str]]
"""Field lines by their name in small letters, in their order, each character one byte (ISO 8859-1)."""

NO_FIELDS: Final[Fields] = MappingProxyType({})
# RFC 3986, 3 and 4.3: an absolute URI with an authority. No user information: 2.2.3 has no place for it.
_TARGET: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*)://([^/?#@\s]+)((?:/[^?#\s]*)?)(\?[^#\s]*)?")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Request:
    """A request: ``target_uri`` is absolute, as the receiver knows it by its own name, not as the sender says.

    ``request_target`` is what stood in the request line; empty, it is the origin form (RFC 9421, 2.2.5).
    """

    method: str
    target_uri: str
    fields: Fields
    request_target: str = ""
    trailers: Fields = field(default_factory=lambda: NO_FIELDS)


@dataclass(frozen=True, slots=True)
class Response:
    """A response, with the request that it answers where a signature binds the two (RFC 9421, 2.4)."""

    status: int
    fields: Fields
    request: Request | None = None
    trailers: Fields = field(default_factory=lambda: NO_FIELDS)


Message = Request | Response


class Target(NamedTuple):
    """The parts of a target URI, normalised as RFC 9421, 2.2.3 to 2.2.7, says."""

    scheme: str
    authority: str
    path: str
    query: str


def fields_of(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    """Collect field lines as a server hands them over."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return fields


def split_target(target_uri: str) -> Target:
    """Split an absolute target URI: small scheme and host, no default port, "/" for no path, "?" for no query.

    Raises:
        TooLarge: more than ``TARGET_CHARS_MAX`` characters.
        MalformedInput: not absolute, or with user information, a fragment, white space or other than ASCII.
    """
    scheme, authority, path, query = require_target(target_uri).groups()
    scheme, authority = scheme.lower(), authority.lower()
    authority = authority.removesuffix(_DEFAULT_PORTS.get(scheme, "\n"))
    return Target(scheme, authority, path or "/", query or "?")


def require_target(target_uri: str) -> re.Match[str]:
    """Give the parts of a target URI as they are written. Raises what ``split_target`` raises."""
    if len(target_uri) > TARGET_CHARS_MAX:
        raise TooLarge(f"a target URI of {len(target_uri)} characters; at most {TARGET_CHARS_MAX} are read")
    found = _TARGET.fullmatch(target_uri)
    if found is None or not target_uri.isascii() or not target_uri.isprintable():
        raise MalformedInput("the target URI is not absolute, or holds what no URI has (RFC 9421, 2.2.2)")
    return found
