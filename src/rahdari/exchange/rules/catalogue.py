"""The catalogue: what a gateway tells another member's gateway of its services, as JSON over their connection.

X-Road's metaservices say which methods and paths there are. Whoever wants to call needs more: for which purposes,
whether a person must consent, whether bodies are sealed, when an answer leaves. What a reader does not know it
refuses, for a condition that is not understood could be one that matters.
"""

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from rahdari.exchange.values.catalogue import CataloguedOperation, CataloguedService
from rahdari.exchange.values.services import ConsentRule, Durability, Offer, Operation, Service
from rahdari.wire import strict_json
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.json_members import (
    entries_of,
    names_of,
    object_of,
    require_line,
    text_of,
    word_of,
)
from rahdari.wire.xroad import MemberId, ServiceId, ServiceType, read_client, read_service, read_template

# A thousand services of a hundred operations, 200 bytes each.
CATALOGUE_BYTES_MAX: Final = 32 << 20
SERVICES_MAX: Final = 1000
OPERATIONS_MAX: Final = 512
WORDS_MAX: Final = 64
CLIENTS_MAX: Final = 1000
NOTICE_CHARS_MAX: Final = 500

_SERVICE: Final = frozenset({"id", "title", "type", "operations", "granted", "has_description", "disabled"})
_OPERATION: Final = frozenset(
    {"method", "path", "purposes", "data_classes", "consent", "durability", "sealed"}
)
_GRANT: Final = frozenset({"client", "operations"})


def write_catalogue(
    offer: Offer, *, reader: MemberId, is_seen: Callable[[ServiceId], bool] = lambda _: True
) -> bytes:
    """Write the services that ``reader`` may know of, and what its clients may call; no one else's rights."""
    listed = [_service_as_json(one, offer, reader) for one in offer.services.values() if is_seen(one.id)]
    return strict_json.encode({"services": listed})


def read_catalogue(raw: bytes, *, provider: MemberId) -> tuple[CataloguedService, ...]:
    """Read the catalogue of ``provider``'s gateway.

    Raises:
        TooLarge: more bytes or entries than a gateway may have.
        MalformedInput: another form, an unknown word, or a service of another member.
    """
    top = object_of(strict_json.decode(raw, size_bytes_max=CATALOGUE_BYTES_MAX), frozenset({"services"}))
    services = entries_of(top, "services", _read_service, most=SERVICES_MAX)
    if any(one.id.provider.member != provider for one in services):
        raise MalformedInput(f"the catalogue of {provider} lists a service of another member")
    return services


def _service_as_json(service: Service, offer: Offer, reader: MemberId) -> dict[str, object]:
    granted = [
        {"client": str(client), "operations": sorted(names)}
        for (client, identifier), names in offer.grants.items()
        if identifier == service.id and _member_of(client) == reader
    ]
    return {
        "id": str(service.id),
        "title": dict(service.title),
        "type": service.type.value,
        "operations": [_operation_as_json(one) for one in service.operations],
        "granted": granted,
        "has_description": service.description is not None,
        "disabled": service.disabled_notice,
    }


def _member_of(client: object) -> object:
    return client if isinstance(client, MemberId) else getattr(client, "member", None)


def _operation_as_json(operation: Operation) -> dict[str, object]:
    return {
        "method": operation.template.method,
        "path": operation.template.path,
        "purposes": sorted(operation.purposes),
        "data_classes": sorted(operation.data_classes),
        "consent": operation.consent.value,
        "durability": operation.durability.value,
        "sealed": operation.is_sealed,
    }


def _read_service(value: object) -> CataloguedService:
    read = object_of(value, _SERVICE)
    grants = entries_of(read, "granted", _read_grant, most=CLIENTS_MAX)
    disabled = read["disabled"]
    if disabled is not None:
        require_line(text_of(disabled), NOTICE_CHARS_MAX)
    return CataloguedService(
        id=read_service(text_of(read["id"])),
        title=names_of(read["title"]),
        type=_word(ServiceType, read["type"]),
        operations=entries_of(read, "operations", _read_operation, most=OPERATIONS_MAX),
        granted=dict(grants),
        has_description=_truth(read["has_description"]),
        disabled_notice=None if disabled is None else text_of(disabled),
    )


def _read_operation(value: object) -> CataloguedOperation:
    read = object_of(value, _OPERATION)
    template = read_template(text_of(read["method"]), text_of(read["path"]))
    return CataloguedOperation(
        method=template.method,
        path=template.path,
        purposes=frozenset(entries_of(read, "purposes", word_of, most=WORDS_MAX)),
        data_classes=frozenset(entries_of(read, "data_classes", word_of, most=WORDS_MAX)),
        consent=_word(ConsentRule, read["consent"]),
        durability=_word(Durability, read["durability"]),
        is_sealed=_truth(read["sealed"]),
    )


def _read_grant(value: object) -> tuple[str, frozenset[str]]:
    read = object_of(value, _GRANT)
    names = entries_of(read, "operations", text_of, most=OPERATIONS_MAX)
    for name in names:
        method, _, path = name.partition(" ")
        read_template(method, path)
    return str(read_client(text_of(read["client"]))), frozenset(names)


_Kind = TypeVar("_Kind", ConsentRule, Durability, ServiceType)


def _word(kind: type[_Kind], value: object) -> _Kind:
    try:
        return kind(text_of(value))
    except ValueError:
        raise MalformedInput(f"a member is one of: {', '.join(_names(kind))}") from None


def _names(kind: Iterable[_Kind]) -> list[str]:
    return [one.value for one in kind]


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise MalformedInput("a member is true or false")
    return value
