"""What a gateway tells of its services: the metaservices (PR-MREST 0.5, 4 and 5)."""

from typing import Final

from rahdari.exchange.errors import CallRefused
from rahdari.exchange.rules.access import provider_fault
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.values.messages import Asked
from rahdari.exchange.values.services import Offer, Service
from rahdari.wire.errors import MalformedInput
from rahdari.wire.xroad import (
    Document,
    Fault,
    ListedService,
    Metaservice,
    endpoints_of,
    read_description_query,
    write_service_list,
)

_YAML: Final = "application/yaml"
_JSON: Final = "application/json"


def describe_services(offer: Offer, asked: Asked, directory: Directory) -> Document:
    """Answer the metaservice that ``asked`` calls, about the subsystem that it names.

    Clients of another instance are told of what the two agreed on, and of nothing else.

    Raises:
        CallRefused: an unknown service, one without a description, or a query that names none.
    """
    match asked.call.metaservice:
        case Metaservice.GET_OPEN_API:
            return _description(offer, asked, directory)
        case Metaservice.ALLOWED_METHODS:
            listed = [
                _listed(one, offer.grants.get((asked.client, one.id), frozenset()))
                for one in _services(offer, asked, directory)
            ]
            return write_service_list([one for one in listed if one.endpoints])
        case _:
            return write_service_list([_listed(one, None) for one in _services(offer, asked, directory)])


def _services(offer: Offer, asked: Asked, directory: Directory) -> list[Service]:
    provider = asked.call.service.provider
    return [
        one
        for one in offer.services.values()
        if one.id.provider == provider and directory.may_see(asked.client, one.id)
    ]


def _listed(service: Service, granted: frozenset[str] | None) -> ListedService:
    templates = [
        one.template for one in service.operations if granted is None or one.template.name in granted
    ]
    return ListedService(service.id, service.type, endpoints_of(templates))


def _description(offer: Offer, asked: Asked, directory: Directory) -> Document:
    if asked.head.method != "GET":
        raise CallRefused(provider_fault(Fault.INVALID_HTTP_METHOD), "getOpenAPI is asked for by GET")
    try:
        code = read_description_query(asked.call.query_raw)
    except MalformedInput as refusal:
        raise CallRefused(provider_fault(Fault.BAD_REQUEST), refusal.message) from None
    offered = _services(offer, asked, directory)
    service = next((one for one in offered if one.id.service_code == code), None)
    if service is None:
        raise CallRefused(
            provider_fault(Fault.UNKNOWN_SERVICE), "no service of this code; listMethods names those that are"
        )
    if service.description is None:
        raise CallRefused(
            provider_fault(Fault.SERVICE_TYPE),
            f"{service.id} has no OpenAPI description; ask its owner for one",
        )
    is_json = service.description.lstrip()[:1] == b"{"
    return Document(_JSON if is_json else _YAML, service.description)
