"""What a person is about to agree to, held against what there is: a consent to nothing would be worse than none."""

from collections.abc import Iterable, Iterator
from typing import Final

from rahdari.exchange.errors import ConsentFault, ConsentRefused
from rahdari.exchange.rules.directory import Directory
from rahdari.exchange.values.consents import Wish
from rahdari.exchange.values.services import ConsentRule, Offer, Operation
from rahdari.wire.xroad import MemberId, ServiceId

_FETCH: Final = "if it was entered just now, fetch the configuration: rahdari exchange status --fetch"


def require_known(wish: Wish, directory: Directory, offer: Offer, *, own: MemberId) -> None:
    """Return if client, services and purposes of a wish are known, and the data classes of services of our own.

    Which data classes another member's service has, only that member knows.

    Raises:
        ConsentRefused: one of it is not; the sentence names it, and what there is instead.
    """
    if not directory.is_client(wish.consumer):
        raise ConsentRefused(
            ConsentFault.CONSUMER, f"{wish.consumer} is no client that the configuration knows; {_FETCH}"
        )
    for service in wish.services:
        _require_service(service, directory, offer, own)
        for purpose in sorted(wish.purposes):
            if not directory.may_ask(wish.consumer, service, purpose):
                raise ConsentRefused(
                    ConsentFault.PURPOSE,
                    f"{wish.consumer} may not ask {service} for {purpose!r}; purposes here are "
                    f"{_listed(directory.purposes)}; {_FETCH}",
                )
    if all(service in offer.services for service in wish.services):
        _require_classes(wish, offer)


def covered_operations(wish: Wish, offer: Offer) -> tuple[str, ...]:
    """Name the operations of our own services for which such a consent would do; the others refuse it."""
    return tuple(
        f"{service}: {operation.name}"
        for service, operation in _operations(wish, offer)
        if operation.consent is not ConsentRule.NONE
        and operation.purposes & wish.purposes
        and operation.data_classes <= wish.data_classes
    )


def uncovered_operations(wish: Wish, offer: Offer) -> tuple[str, ...]:
    """Say of which operations, for the purposes of the wish, a consent would lack data classes, and which."""
    return tuple(
        f"{service}: {operation.name} needs {_listed(operation.data_classes - wish.data_classes)} too"
        for service, operation in _operations(wish, offer)
        if operation.consent is not ConsentRule.NONE
        and operation.purposes & wish.purposes
        and not operation.data_classes <= wish.data_classes
    )


def _require_service(service: ServiceId, directory: Directory, offer: Offer, own: MemberId) -> None:
    if service.provider.member == own and service not in offer.services:
        raise ConsentRefused(
            ConsentFault.SERVICE,
            f"{service} is not offered here; services are {_listed(map(str, offer.services))}",
        )
    if not directory.is_client(service.provider):
        raise ConsentRefused(
            ConsentFault.SERVICE, f"{service} is of nobody that the configuration knows; {_FETCH}"
        )


def _require_classes(wish: Wish, offer: Offer) -> None:
    known = frozenset[str]().union(*(operation.data_classes for _, operation in _operations(wish, offer)))
    if unknown := wish.data_classes - known:
        raise ConsentRefused(
            ConsentFault.DATA_CLASSES,
            f"no operation of these services has the data class {_listed(unknown)}; theirs are {_listed(known)}",
        )


def _operations(wish: Wish, offer: Offer) -> Iterator[tuple[ServiceId, Operation]]:
    for service in wish.services:
        if found := offer.services.get(service):
            yield from ((service, operation) for operation in found.operations)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
