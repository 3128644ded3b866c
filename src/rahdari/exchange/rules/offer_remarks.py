"""What is odd about an offer that can be used: by the configuration, and by the descriptions of its services."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.values.services import Offer, Operation, Service, SubjectSource
from rahdari.wire.xroad import ClientId, ServiceId, ServiceType

# OpenAPI 3.1, 4.8.9: what a path may have beside its operations.
_METHODS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_VARIABLE: Final = re.compile(r"\{[^/{}]*\}")


def remarks_on(offer: Offer, directory: Directory | None) -> Iterator[str]:
    """Say what nobody can use, by the configuration (None: there is none yet), and what descriptions lack."""
    for service in offer.services.values():
        yield from _on_description(service)
        yield from _on_sealing(service)
    if directory is None:
        yield "there is no configuration here yet, so purposes and clients were not held against it"
        return
    for service in offer.services.values():
        yield from _on_purposes(service, directory)
    yield from _on_clients(offer, directory)


def _on_purposes(service: Service, directory: Directory) -> Iterator[str]:
    agreed = frozenset[str]().union(*(one.purposes for pin in directory.pins.values() for one in pin.inbound))
    for operation in service.operations:
        for purpose in sorted(operation.purposes - directory.purposes.keys() - agreed):
            yield (
                f"{service.id}: {operation.name} has the purpose {purpose!r}, which version {directory.version} of "
                f"the configuration of {directory.instance} does not have, so nobody can call for it"
            )


def _on_clients(offer: Offer, directory: Directory) -> Iterator[str]:
    clients = dict.fromkeys(client for client, _ in offer.grants)
    for client in clients:
        if not directory.is_client(client):
            yield f"a grant to {client}, which the configuration does not know, or whose member is suspended"
    for (client, service), names in offer.grants.items():
        for operation in offer.services[service].operations:
            is_known = operation.name in names and operation.purposes and directory.is_client(client)
            if is_known and not _may(directory, client, service, operation):
                yield (
                    f"{client} is granted {operation.name} of {service}, and may not ask for any of its purposes: "
                    f"{', '.join(sorted(operation.purposes))}"
                )
    for name in offer.rates.keys() - set(map(str, clients)):
        yield f"a rate for {name}, which is granted nothing"


def _may(directory: Directory, client: ClientId, service: ServiceId, operation: Operation) -> bool:
    return any(directory.may_ask(client, service, one) for one in operation.purposes)


def _on_sealing(service: Service) -> Iterator[str]:
    for operation in service.operations:
        if operation.is_sealed and operation.subject.source is SubjectSource.BODY:
            yield (
                f"{service.id}: {operation.name} is sealed and names its subject in the body, which no gateway can "
                "read; name it in path, query or answer"
            )


def _on_description(service: Service) -> Iterator[str]:
    if service.description is None:
        if service.type is ServiceType.OPENAPI:
            yield f"{service.id} is called OPENAPI and names no description; getOpenAPI will be refused"
        return
    described = _read_paths(service.description)
    if described is None:
        yield f"{service.id}: its description is not JSON, and was not compared with its operations"
        return
    for operation in service.operations:
        if not _is_described(operation, described):
            yield f"{service.id}: {operation.name} does not stand in its OpenAPI description"


def _is_described(operation: Operation, described: Mapping[str, frozenset[str]]) -> bool:
    method, path = operation.template.method, _VARIABLE.sub("{}", operation.template.path)
    beginning = path.removesuffix("**")
    # What covers all below a path is described if anything below it is.
    return any(
        (found == path or (beginning != path and found.startswith(beginning)))
        and (method == "*" or method.lower() in methods)
        for found, methods in described.items()
    )


def _read_paths(description: bytes) -> dict[str, frozenset[str]] | None:
    """Give the methods of each path, variables without their names; None where it is not JSON."""
    try:
        document = json.loads(description)
    except (ValueError, RecursionError):
        return None
    paths = document.get("paths") if isinstance(document, dict) else None
    return {
        _VARIABLE.sub("{}", path): _METHODS & frozenset(item)
        for path, item in (paths if isinstance(paths, dict) else {}).items()
        if isinstance(item, dict)
    }
