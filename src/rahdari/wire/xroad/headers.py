"""Header fields at a gateway's edge: what a call says of itself, and what goes on to the other side (PR-REST, 4.3).

Field lines are pairs of bytes, as a server hands them over. Names count in any case.

Example:
    >>> fields = [(b"x-road-client", b"PK/COM/2002/app"), (b"host", b"gate.example"), (b"x-issue", b"7")]
    >>> str(read_call_headers(fields).client)
    'PK/COM/2002/app'
    >>> for name, value in forward_request(fields, message_id="m-1", request_id="r-1"):
    ...     print(f"{name.decode()}: {value.decode()}")
    x-road-client: PK/COM/2002/app
    x-issue: 7
    accept: application/json
    x-road-request-id: r-1
    x-road-id: m-1
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.frozen import quick
from rahdari.wire.xroad.errors import ClientMissing
from rahdari.wire.xroad.identifiers import (
    ClientId,
    RepresentedParty,
    SecurityServerId,
    ServiceId,
    read_client,
    read_represented_party,
    read_security_server,
)

FieldLine = tuple[bytes, bytes]
FieldLines = Sequence[FieldLine]

# Servers let through about a hundred lines; each costs a step here, and all of them are hashed.
FIELDS_MAX: Final = 128
# X-Road advises 2,000 characters a header; tokens of 8 KiB are met, and servers end at 64 KiB for all lines.
FIELDS_BYTES_MAX: Final = 64 * 1024
# As X-Road keeps them (PR-OPMON, annex B).
VALUE_CHARS_MAX: Final = 255

_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
# PR-REST, 4.3, "Filtered headers" and "Specially handled headers"; proxy-connection is hop-by-hop by custom alone.
FILTERED: Final = _HOP_BY_HOP | frozenset(
    b"host user-agent server content-length expect proxy-connection".split()
)
# What the gateways alone say.
_NOT_IN_REQUEST: Final = FILTERED | frozenset(
    b"x-road-request-id x-road-request-hash x-road-error x-road-service".split()
)
# What some servers take in place of the request line: a right was looked up for another call than they would see.
_OVERRIDES: Final = frozenset(
    b"x-original-url x-rewrite-url x-http-method x-http-method-override x-method-override".split()
)
_NOT_DELIVERED: Final = (_NOT_IN_REQUEST | _OVERRIDES) - {b"x-road-request-id"}
_NOT_IN_RESPONSE: Final = _NOT_IN_REQUEST | {b"x-road-id", b"x-road-client"}
_SINGLE_IN_RESPONSE: Final = frozenset({b"date"})
# One value each: the last wins (PR-REST, 4.3), and it alone goes on, so that nobody behind can take another one.
_SINGLE: Final = frozenset(
    b"x-road-client x-road-id x-road-userid x-road-issue x-road-security-server x-road-represented-party".split()
)
# A caller must not have the gateways' own words dropped by naming them in Connection.
_PROTECTED: Final = (b"x-road-", b"ndel-", b"signature", b"content-digest")
_NAMES: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++(?:,[!#$%&'*+\-.^_`|~0-9A-Za-z]++)*+")
# Taken out by a table, a twentieth of the time of a pattern: a value that has none is as long as before.
_BROKEN: Final = bytes([*range(9), *range(10, 32), 127])
_MESSAGE_ID: Final = re.compile(rf"[!-~]{{1,{VALUE_CHARS_MAX}}}")


@dataclass(frozen=True, slots=True)
class CallHeaders:
    """What a call says of itself. Whose affair it is (user, issue, party) is not shown when it is printed."""

    client: ClientId
    message_id: str | None = None
    user_id: str | None = field(default=None, repr=False)
    issue: str | None = field(default=None, repr=False)
    security_server: SecurityServerId | None = None
    represented_party: RepresentedParty | None = field(default=None, repr=False)


_call_headers = quick(CallHeaders)


@dataclass(frozen=True, slots=True)
class ResponseMarks:
    """What a gateway says of an answer (PR-REST, 4.3): ids of message and request, and the request's hash."""

    message_id: str
    client: ClientId
    service: ServiceId
    request_id: str
    request_hash: str

    def as_fields(self) -> list[FieldLine]:
        """Give the field lines in X-Road's order. Raises ``MalformedInput`` for an id that is none."""
        return [
            (b"x-road-id", _as_id(self.message_id)),
            (b"x-road-client", str(self.client).encode("ascii")),
            (b"x-road-service", str(self.service).encode("ascii")),
            (b"x-road-request-id", _as_id(self.request_id)),
            (b"x-road-request-hash", self.request_hash.encode("ascii")),
        ]


def read_call_headers(fields: FieldLines) -> CallHeaders:
    """Read the X-Road headers of a call; of repeated ones the last counts. 5 microseconds.

    Raises:
        ClientMissing: no X-Road-Client.
        TooLarge: more than ``FIELDS_MAX`` lines.
        MalformedInput: a header that is no identifier, or no text of 1 to ``VALUE_CHARS_MAX`` characters.
    """
    found = _last_of_each(fields)
    client = found.get(b"x-road-client")
    if client is None:
        raise ClientMissing("the call has no X-Road-Client: say instance/class/member/subsystem of who calls")
    message_id = found.get(b"x-road-id")
    server = found.get(b"x-road-security-server")
    party = found.get(b"x-road-represented-party")
    return _call_headers(
        read_client(_ascii(client)),
        None if message_id is None else read_message_id(message_id),
        _text(found, b"x-road-userid"),
        _text(found, b"x-road-issue"),
        None if server is None else read_security_server(_ascii(server)),
        None if party is None else read_represented_party(_ascii(party)),
    )


def read_message_id(value: bytes) -> str:
    """Read X-Road-Id: 1 to 255 visible signs of ASCII, for it is signed and logged. Raises ``MalformedInput``."""
    text = value.strip(b" \t").decode("latin-1")
    if not _MESSAGE_ID.fullmatch(text):
        raise MalformedInput(
            f"an X-Road-Id of {len(text)} signs; it has 1 to {VALUE_CHARS_MAX}, all visible ASCII"
        )
    return text


def forward_request(fields: FieldLines, *, message_id: str, request_id: str) -> list[FieldLine]:
    """Give the field lines that go on to the provider, in their order. 15 microseconds for a dozen lines.

    Left out are hop-by-hop fields (those named by Connection too), what names the client's host or program, what
    only gateways say, names that could pass for the exchange's own, and all but the last of each X-Road header.
    ``message_id`` is added where the call has none,
    ``accept: application/json`` likewise (PR-REST, 4.3).

    Raises:
        MalformedInput: an id that is none; ``TooLarge``; a name or a value that no field line may have.
    """
    kept = _forward(fields, _NOT_IN_REQUEST, _SINGLE)
    names = {name.lower() for name, _ in kept}
    if b"accept" not in names:
        kept.append((b"accept", b"application/json"))
    kept.append((b"x-road-request-id", _as_id(request_id)))
    if b"x-road-id" not in names:
        kept.append((b"x-road-id", _as_id(message_id)))
    return kept


def deliver_request(fields: FieldLines) -> list[FieldLine]:
    """Give the field lines of a call that go on to the provider's system, in their order.

    Another member's gateway is not believed to have left out what ``forward_request`` leaves out; and lines that
    some servers take for another target or method go no further.

    Raises:
        MalformedInput: as ``forward_request``.
    """
    return _forward(fields, _NOT_DELIVERED, _SINGLE)


def forward_response(fields: FieldLines, marks: ResponseMarks) -> list[FieldLine]:
    """Give the field lines of the provider's answer that go on to the client, with the gateway's own.

    Left out are the fields of ``forward_request``, copies of what gateways say (an ``X-Road-Error`` of a provider
    would pass for the exchange's own), and all but the last Date.

    Raises:
        MalformedInput: as ``forward_request``.
    """
    return _forward(fields, _NOT_IN_RESPONSE, _SINGLE_IN_RESPONSE) + marks.as_fields()


def _forward(fields: FieldLines, dropped: frozenset[bytes], single: frozenset[bytes]) -> list[FieldLine]:
    _require_lines(fields)
    names = [name.lower() for name, _ in fields]
    if b"connection" in names:
        dropped |= _named_by_connection(fields)
    dropped |= _look_alikes(names)
    kept: list[FieldLine] = []
    seen: set[bytes] = set()
    for name, line in zip(reversed(names), reversed(fields), strict=True):
        if name in dropped or name in seen:
            continue
        if name in single:
            seen.add(name)
        kept.append(line)
    kept.reverse()
    return kept


def _look_alikes(names: Sequence[bytes]) -> frozenset[bytes]:
    """Give names that differ from the exchange's own by "_" alone: many servers show both to a program as one."""
    return frozenset([one for one in names if b"_" in one and one.replace(b"_", b"-").startswith(_PROTECTED)])


def _named_by_connection(fields: FieldLines) -> frozenset[bytes]:
    """Give what Connection names (RFC 9110, 7.6.1), without what the exchange itself needs."""
    named: set[bytes] = set()
    for name, value in fields:
        if len(name) == 10 and name.lower() == b"connection":
            named.update(one.strip(b" \t").lower() for one in value.split(b","))
    return frozenset(one for one in named if not one.startswith(_PROTECTED))


def _last_of_each(fields: FieldLines) -> Mapping[bytes, bytes]:
    _require_few(fields)
    return {name.lower(): value for name, value in fields if name[:7].lower() == b"x-road-"}


def _require_few(fields: FieldLines) -> None:
    if len(fields) > FIELDS_MAX:
        raise TooLarge(f"{len(fields)} header lines; at most {FIELDS_MAX} are read")


def _require_lines(fields: FieldLines) -> None:
    _require_few(fields)
    names, values = b",".join([name for name, _ in fields]), b" ".join([value for _, value in fields])
    if len(names) + len(values) > FIELDS_BYTES_MAX:
        raise TooLarge(
            f"header lines of {len(names) + len(values)} bytes; at most {FIELDS_BYTES_MAX} are read"
        )
    # RFC 9110, 5.1 and 5.5: a name is a token, and no control stands in a value; else one line could pass for two.
    are_tokens = not fields or (names.count(b",") == len(fields) - 1 and _NAMES.fullmatch(names))
    if not are_tokens or len(values.translate(None, _BROKEN)) != len(values):
        raise MalformedInput("a header line whose name is no token, or whose value has a control character")


def _ascii(value: bytes) -> str:
    try:
        return value.decode("ascii").strip(" \t")
    except UnicodeDecodeError:
        raise MalformedInput("an identifier outside ASCII in a header; encode its UTF-8 bytes") from None


def _text(found: Mapping[bytes, bytes], name: bytes) -> str | None:
    value = found.get(name)
    if value is None:
        return None
    try:
        text = value.decode("utf-8").strip(" \t")
    except UnicodeDecodeError:
        raise MalformedInput(f"{name.decode('ascii')} is not UTF-8") from None
    if not 0 < len(text) <= VALUE_CHARS_MAX or not text.isprintable():
        raise MalformedInput(
            f"{name.decode('ascii')} of {len(text)} characters; it has 1 to {VALUE_CHARS_MAX}, all printable"
        )
    return text


def _as_id(text: str) -> bytes:
    return read_message_id(text.encode("utf-8")).encode("ascii")


def values_of(fields: Iterable[FieldLine], name: bytes) -> list[bytes]:
    """Give the values of every line of this name, in their order; ``name`` in small letters."""
    return [value for one, value in fields if one.lower() == name]
