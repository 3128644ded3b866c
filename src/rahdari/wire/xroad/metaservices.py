"""Bodies of the metaservices: who is there, and what they offer (PR-META 2.15, 2 and annex C; PR-MREST 0.5, 4).

Member names are those of the examples and of the code (``xroad_instance``, ``service``); the annex of PR-MREST has
others (``xRoadInstance``, ``member``), which no release ever wrote.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from rahdari.wire import strict_json
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.xroad.identifiers import ClientId, MemberId, ServiceId, SubsystemId
from rahdari.wire.xroad.targets import RESERVED_SERVICE_CODES
from rahdari.wire.xroad.templates import METHODS, TEMPLATES_MAX, PathTemplate

# The largest instance in public use has some 3,000 subsystems (X-tee); each takes about 200 bytes.
CLIENTS_MAX: Final = 50_000
CLIENT_LIST_BYTES_MAX: Final = 16 << 20
# A subsystem has tens of services with tens of endpoints of about 50 bytes.
SERVICES_MAX: Final = 1000
SERVICE_LIST_BYTES_MAX: Final = 8 << 20
NAME_CHARS_MAX: Final = 255

_JSON: Final = "application/json"
_XML: Final = "text/xml;charset=utf-8"
_XML_HEAD: Final = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<ns2:clientList xmlns:ns1="http://x-road.eu/xsd/identifiers" xmlns:ns2="http://x-road.eu/xsd/xroad.xsd">'
)


class ServiceType(StrEnum):
    """How a service is described."""

    OPENAPI = "OPENAPI"
    REST = "REST"
    WSDL = "WSDL"


_SERVICE_TYPES: Final = {one.value: one for one in ServiceType}


@dataclass(frozen=True, slots=True)
class ListedClient:
    """A member or subsystem of an instance: ``name`` is the member's, ``subsystem_name`` the subsystem's.

    Raises:
        MalformedInput: a name without characters, with too many or with unprintable ones; a member with a
            subsystem's name.
    """

    id: ClientId
    name: str
    subsystem_name: str | None = None

    def __post_init__(self) -> None:
        for name in (self.name, self.subsystem_name):
            if name is not None and not (0 < len(name) <= NAME_CHARS_MAX and name.isprintable()):
                raise MalformedInput(f"a client's name has 1 to {NAME_CHARS_MAX} printable characters")
        if self.subsystem_name is not None and isinstance(self.id, MemberId):
            raise MalformedInput("a member has no subsystem's name")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method (``*`` for all) and a path, where ``*`` stands for one segment and ``**`` for any rest."""

    method: str
    path: str

    def __post_init__(self) -> None:
        if self.method not in METHODS and self.method != "*":
            raise MalformedInput("an endpoint has a method in capitals, or * for all")
        if not self.path.startswith(("/", "*")) or len(self.path) > NAME_CHARS_MAX * 4:
            raise MalformedInput("an endpoint's path begins with a slash (or is a glob) and is short")


@dataclass(frozen=True, slots=True)
class ListedService:
    """A service with what may be called of it. Raises ``MalformedInput`` for a metaservice: none is listed."""

    id: ServiceId
    type: ServiceType
    endpoints: tuple[Endpoint, ...] = ()

    def __post_init__(self) -> None:
        # PR-MREST, 4: the response SHALL NOT contain names of the metainfo services.
        if self.id.service_code in RESERVED_SERVICE_CODES:
            raise MalformedInput(f"{self.id.service_code} is a metaservice's name; a service has another")


@dataclass(frozen=True, slots=True)
class Document:
    """A body and its media type."""

    content_type: str
    body: bytes


def endpoints_of(templates: Iterable[PathTemplate]) -> tuple[Endpoint, ...]:
    """Give templates as listMethods shows them, each once."""
    return tuple(dict.fromkeys([Endpoint(one.method, one.glob) for one in templates]))


def write_client_list(clients: Sequence[ListedClient], *, accept: Iterable[bytes] = ()) -> Document:
    """Write the answer of listClients: JSON where Accept names it, else XML (PR-META, 2). Raises ``TooLarge``."""
    if len(clients) > CLIENTS_MAX:
        raise TooLarge(f"{len(clients)} clients; at most {CLIENTS_MAX} are listed")
    kinds = [one.split(b";", 1)[0].strip().lower() for value in accept for one in value.split(b",", 64)]
    if _JSON.encode() in kinds:
        return Document(_JSON, strict_json.encode({"member": [_client_as_json(one) for one in clients]}))
    members = "".join(map(_client_as_xml, clients))
    return Document(_XML, f"{_XML_HEAD}{members}</ns2:clientList>\n".encode())


def write_service_list(services: Sequence[ListedService]) -> Document:
    """Write the answer of listMethods or allowedMethods. Raises ``TooLarge``."""
    if len(services) > SERVICES_MAX:
        raise TooLarge(f"{len(services)} services; at most {SERVICES_MAX} are listed")
    return Document(_JSON, strict_json.encode({"service": [_service_as_json(one) for one in services]}))


def read_client_list(raw: bytes) -> list[ListedClient]:
    """Read the answer of listClients in JSON. Raises ``MalformedInput``."""
    rows = _rows(strict_json.decode_object(raw, size_bytes_max=CLIENT_LIST_BYTES_MAX), "member", CLIENTS_MAX)
    return [_client_of(one) for one in rows]


def read_service_list(raw: bytes) -> list[ListedService]:
    """Read the answer of listMethods or allowedMethods. Raises ``MalformedInput``."""
    rows = _rows(
        strict_json.decode_object(raw, size_bytes_max=SERVICE_LIST_BYTES_MAX), "service", SERVICES_MAX
    )
    return [_service_of(one) for one in rows]


def _id_as_json(identifier: ClientId | ServiceId, object_type: str) -> dict[str, str]:
    written = {
        "member_class": identifier.member_class,
        "member_code": identifier.member_code,
        "object_type": object_type,
        "xroad_instance": identifier.instance,
    }
    if not isinstance(identifier, MemberId):
        written["subsystem_code"] = identifier.subsystem_code
    return written


def _client_as_json(client: ListedClient) -> dict[str, object]:
    kind = "MEMBER" if isinstance(client.id, MemberId) else "SUBSYSTEM"
    written: dict[str, object] = {"id": _id_as_json(client.id, kind), "name": client.name}
    if client.subsystem_name is not None:
        written["subsystem_name"] = client.subsystem_name
    return written


def _client_as_xml(client: ListedClient) -> str:
    kind = "MEMBER" if isinstance(client.id, MemberId) else "SUBSYSTEM"
    names = ("xRoadInstance", "memberClass", "memberCode", "subsystemCode")
    parts = [_element(f"ns1:{name}", part) for name, part in zip(names, client.id.parts, strict=False)]
    written = f'<ns2:id ns1:objectType="{kind}">{"".join(parts)}</ns2:id>{_element("ns2:name", client.name)}'
    if client.subsystem_name is not None:
        written += _element("ns2:subsystemName", client.subsystem_name)
    return f"<ns2:member>{written}</ns2:member>"


def _element(name: str, text: str) -> str:
    return f"<{name}>{html.escape(text, quote=False)}</{name}>"


def _service_as_json(service: ListedService) -> dict[str, object]:
    return {
        **_id_as_json(service.id, "SERVICE"),
        "service_code": service.id.service_code,
        "service_type": service.type.value,
        "endpoint_list": [{"method": one.method, "path": one.path} for one in service.endpoints],
    }


_Row = Mapping[str, object]


def _rows(holder: _Row, name: str, most: int) -> list[_Row]:
    rows = _member(holder, name, list)
    if len(rows) > most:
        raise TooLarge(f"{len(rows)} entries of {name}; at most {most} are read")
    if not all(isinstance(one, dict) for one in rows):
        raise MalformedInput(f"{name} is a list of objects")
    return rows


_Kind = TypeVar("_Kind")


def _member(row: _Row, name: str, kind: type[_Kind]) -> _Kind:
    value = row.get(name)
    if not isinstance(value, kind):
        raise MalformedInput(f"{name} is missing or of another kind")
    return value


def _client_of(row: _Row) -> ListedClient:
    written = _member(row, "id", dict)
    instance, member_class, member_code = (
        _member(written, name, str) for name in ("xroad_instance", "member_class", "member_code")
    )
    kind = _member(written, "object_type", str)
    if kind not in ("MEMBER", "SUBSYSTEM"):
        raise MalformedInput("a client is a MEMBER or a SUBSYSTEM")
    identifier: ClientId = MemberId(instance, member_class, member_code)
    if kind == "SUBSYSTEM":
        identifier = SubsystemId(instance, member_class, member_code, _member(written, "subsystem_code", str))
    named = _member(row, "subsystem_name", str) if "subsystem_name" in row else None
    return ListedClient(identifier, _member(row, "name", str), named)


def _service_of(row: _Row) -> ListedService:
    names = ("xroad_instance", "member_class", "member_code", "subsystem_code", "service_code")
    if _member(row, "object_type", str) != "SERVICE":
        raise MalformedInput("an entry of a service list is a SERVICE")
    kind = _member(row, "service_type", str)
    if kind not in _SERVICE_TYPES:
        raise MalformedInput("a service is described by OPENAPI, REST or WSDL")
    endpoints = _rows(row, "endpoint_list", TEMPLATES_MAX)
    return ListedService(
        ServiceId(*[_member(row, name, str) for name in names]),
        _SERVICE_TYPES[kind],
        tuple([Endpoint(_member(one, "method", str), _member(one, "path", str)) for one in endpoints]),
    )
