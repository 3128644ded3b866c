"""Whether a client may call: numbered checks over the head of a call, each with X-Road's word for its failure."""

from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.values.messages import Asked
from rahdari.exchange.values.services import Offer, Operation, Service
from rahdari.wire.xroad import ErrorType, Fault, Origin, PathTemplate


def provider_fault(*faults: Fault) -> ErrorType:
    """Give an error of the provider's gateway."""
    return ErrorType(Origin.SERVER_PROXY, faults)


def consumer_fault(*faults: Fault) -> ErrorType:
    """Give an error of the consumer's gateway."""
    return ErrorType(Origin.CLIENT_PROXY, faults)


ACCESS_DENIED: Final = provider_fault(Fault.ACCESS_DENIED)


def find_operation(offer: Offer, asked: Asked) -> tuple[Service, Operation, PathTemplate]:
    """Give the operation that is called, if its client may call it for its purpose.

    Raises:
        CallRefused: an unknown or disabled service, no right, or a purpose that the operation does not have.
    """
    # (1) PR-REST, 4.6: an unknown service and one without any right are told apart only to clients of the member.
    service = offer.services.get(asked.call.service)
    if service is None:
        raise CallRefused(
            provider_fault(Fault.UNKNOWN_SERVICE),
            f"there is no service {asked.call.service}; listMethods of its subsystem names those that are",
        )
    # (2) Rights come before all that tells more of the service (its state, its operations).
    granted = offer.grants.get((asked.client, service.id), frozenset())
    template = service.templates.find(asked.head.method, asked.call.canonical_path)
    if template is None or template.name not in granted:
        raise CallRefused(
            ACCESS_DENIED,
            f"{asked.client} has no right to this operation of {service.id}; ask its owner for one",
        )
    # (3) A service may be out of work; its owner says why.
    if service.disabled_notice is not None:
        raise CallRefused(
            provider_fault(Fault.SERVICE_DISABLED),
            f"{service.id} is disabled: {service.disabled_notice or 'its owner gave no reason'}",
            status=503,
        )
    operation = service.operation(template)
    # (4) Every call names why; an operation without purposes may be called for none.
    if asked.purpose not in operation.purposes:
        raise CallRefused(
            ACCESS_DENIED,
            f"{service.id} answers {operation.name} for no such purpose as {asked.purpose!r}; "
            f"its purposes are: {', '.join(sorted(operation.purposes)) or 'none'}",
        )
    return service, operation, template
