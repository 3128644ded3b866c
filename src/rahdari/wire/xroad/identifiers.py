"""Identifiers of members, subsystems, services and security servers (PR-REST 1.0.4, 4.1 to 4.3 and 4.8).

Each part is percent-encoded by itself. The specification allows few signs (4.8); X-Road's own code reads nearly
all, and members with "_" or letters of their own script are many. So what is read is wide, what a registry should
let in is ``is_portable``; what could break a path, a header or a text is refused everywhere.

Example:
    >>> client = read_client("PK/GOV/1001/tax%20office")
    >>> client.subsystem_code, str(client)
    ('tax office', 'PK/GOV/1001/tax%20office')
    >>> is_portable(client), is_portable(client.member)
    (False, True)
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from unicodedata import is_normalized

from typing_extensions import override

from rahdari.wire.xroad.errors import AddressFault, AddressRefused
from rahdari.wire.xroad.segments import decode, encode

# X-Road stores each part, and monitoring reports it, in 255 characters (PR-OPMON, annex B).
PART_CHARS_MAX: Final = 255
# X-Road advises 2,000 characters for a whole URL (PR-REST, 4.2); an identifier is a part of one.
IDENTIFIER_CHARS_MAX: Final = 2000
# Callers and services that one gateway meets in a day; what does not fit is only read anew.
_REMEMBERED_MAX: Final = 4096
# PR-REST, 4.8.
_PORTABLE: Final = re.compile(r"[A-Za-z0-9'()+,\-.=?]+")
# Signs that end or split a part in paths, in older spellings of identifiers, or after a second decoding.
_FORBIDDEN: Final = re.compile(r"[/\\:;%]")


class _Parts:
    """What all identifiers share: checked parts, and one written form."""

    __slots__: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for part in self.parts:
            _require_part(part)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts in their order."""
        return tuple([str(getattr(self, name)) for name in self.__slots__])

    @override
    def __str__(self) -> str:
        return _text_of(self)


@dataclass(frozen=True, slots=True)
class MemberId(_Parts):
    """A member of an instance. Raises ``MalformedInput`` for a part that no identifier may have."""

    instance: str
    member_class: str
    member_code: str


@dataclass(frozen=True, slots=True)
class SubsystemId(_Parts):
    """A member's subsystem. Raises ``MalformedInput`` for a part that no identifier may have."""

    instance: str
    member_class: str
    member_code: str
    subsystem_code: str

    @property
    def member(self) -> MemberId:
        """The member that has this subsystem."""
        return _member_of(self)


@dataclass(frozen=True, slots=True)
class ServiceId(_Parts):
    """A subsystem's service. Raises ``MalformedInput`` for a part that no identifier may have."""

    instance: str
    member_class: str
    member_code: str
    subsystem_code: str
    service_code: str

    @property
    def provider(self) -> SubsystemId:
        """The subsystem that offers this service."""
        return _provider_of(self)


@dataclass(frozen=True, slots=True)
class SecurityServerId(_Parts):
    """A member's gateway. Raises ``MalformedInput`` for a part that no identifier may have."""

    instance: str
    member_class: str
    member_code: str
    server_code: str


@dataclass(frozen=True, slots=True)
class RepresentedParty:
    """Whom the client asks for: a code, with a class or without (PR-REST, 4.3). Raises ``MalformedInput``."""

    party_class: str | None
    party_code: str

    def __post_init__(self) -> None:
        for part in self.parts:
            _require_part(part)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are there."""
        return (self.party_code,) if self.party_class is None else (self.party_class, self.party_code)

    @override
    def __str__(self) -> str:
        return _written(self.parts)


ClientId = MemberId | SubsystemId
"""Who calls: a subsystem, or the member itself."""

Identifier = MemberId | SubsystemId | ServiceId | SecurityServerId | RepresentedParty


# A call asks for these a dozen times; each would check its parts anew.
@lru_cache(maxsize=_REMEMBERED_MAX)
def _text_of(identifier: _Parts) -> str:
    return _written(identifier.parts)


@lru_cache(maxsize=_REMEMBERED_MAX)
def _member_of(subsystem: SubsystemId) -> MemberId:
    return MemberId(subsystem.instance, subsystem.member_class, subsystem.member_code)


@lru_cache(maxsize=_REMEMBERED_MAX)
def _provider_of(service: ServiceId) -> SubsystemId:
    return SubsystemId(service.instance, service.member_class, service.member_code, service.subsystem_code)


@lru_cache(maxsize=_REMEMBERED_MAX)
def read_client(text: str) -> ClientId:
    """Read three or four parts, as X-Road-Client has them. Raises ``MalformedInput``."""
    parts = _split(text, (3, 4), "a client")
    return MemberId(*parts) if len(parts) == 3 else SubsystemId(*parts)


@lru_cache(maxsize=_REMEMBERED_MAX)
def read_service(text: str) -> ServiceId:
    """Read the five parts of a service. Raises ``MalformedInput``.

    PR-REST, 4.1, calls the subsystem optional; X-Road's code does not, and four parts could not be told from a
    service of the member itself.
    """
    return ServiceId(*_split(text, (5,), "a service"))


@lru_cache(maxsize=_REMEMBERED_MAX)
def read_security_server(text: str) -> SecurityServerId:
    """Read the four parts of X-Road-Security-Server. Raises ``MalformedInput``."""
    return SecurityServerId(*_split(text, (4,), "a security server"))


def read_represented_party(text: str) -> RepresentedParty:
    """Read one or two parts, as X-Road-Represented-Party has them. Raises ``MalformedInput``."""
    *classes, code = _split(text, (1, 2), "a represented party")
    return RepresentedParty(classes[0] if classes else None, code)


def is_portable(identifier: Identifier) -> bool:
    """Tell whether every part keeps to the signs of PR-REST, 4.8, so that all of X-Road's programs take it."""
    return all(_PORTABLE.fullmatch(part) for part in identifier.parts)


def _split(text: str, counts: tuple[int, ...], what: str) -> list[str]:
    if len(text) > IDENTIFIER_CHARS_MAX:
        raise AddressRefused(
            AddressFault.TOO_LONG,
            f"{what} of {len(text)} characters; at most {IDENTIFIER_CHARS_MAX} are read",
        )
    parts = text.split("/")
    if len(parts) not in counts:
        wanted = " or ".join(map(str, counts))
        raise AddressRefused(AddressFault.PARTS, f"{what} of {len(parts)} parts; it has {wanted}")
    return [decode(part) for part in parts]


def _require_part(part: str) -> None:
    if not 0 < len(part) <= PART_CHARS_MAX:
        raise AddressRefused(
            AddressFault.PARTS, f"a part of {len(part)} characters; identifiers have 1 to {PART_CHARS_MAX}"
        )
    if not part.isprintable():
        raise AddressRefused(AddressFault.CONTROL, "an identifier with a control or an invisible character")
    if _FORBIDDEN.search(part):
        fault = AddressFault.SLASH if "/" in part else AddressFault.DELIMITER
        raise AddressRefused(fault, r"an identifier with / \ : ; or %; register it without")
    if part != part.strip(" ") or not part.strip("."):
        raise AddressRefused(
            AddressFault.DOT_SEGMENT, "an identifier of dots alone, or with spaces around it"
        )
    if not is_normalized("NFC", part):
        raise AddressRefused(
            AddressFault.CHARACTER, "an identifier that is not in Unicode's form C; write it so"
        )


@lru_cache(maxsize=_REMEMBERED_MAX)
def _written(parts: tuple[str, ...]) -> str:
    return "/".join(map(encode, parts))
