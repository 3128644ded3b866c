"""``rahdari exchange serve``, ``service list`` and ``service check``: a gateway at work, and what it offers."""

import os
import signal
import sys
from pathlib import Path

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.errors import BadFile
from rahdari.app.exchange.home import FILE_NAME, read_home
from rahdari.app.exchange.offer_check import check_offer
from rahdari.app.exchange.offers import read_offer_file
from rahdari.cli.authority import Given
from rahdari.cli.exchange.opened import gateway_home, remarks_aside
from rahdari.cli.ports import require_free
from rahdari.cli.terminal import Document, table_of
from rahdari.exchange import Offer, Operation, Service


def serve(*, session: Given) -> None:
    """Serve a gateway: its edge for the member's own systems, and other gateways behind mutual TLS.

    Args:
        session: This run.
    """
    home = read_home(gateway_home(session))
    for listener in (home.edge, home.peer):
        require_free(listener.host, listener.port, where=f"in {home.folder / FILE_NAME}")
    # The program that takes this one's place says that it serves, once it listens.
    session.terminal.note(f"Starting the gateway {home.id} ...")
    sys.stdout.flush()
    sys.stderr.flush()
    # The edges do not know each other: the gateway is started as the program that it is, in this one's place.
    words = gateway_words(str(home.folder))
    # Inherited: a gateway that is told to read its files anew before it has begun is not ended by it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.execv(words[0], words)  # noqa: S606 - our own interpreter with our own words, no shell


def gateway_words(home: str) -> list[str]:
    """Write the command that starts a gateway."""
    return [sys.executable, "-P", "-m", "rahdari.web.exchange", "--home", home]


def service_list(*, session: Given) -> None:
    """List what the gateway offers: services, operations, purposes, and to how many clients.

    Args:
        session: This run.
    """
    home = read_home(gateway_home(session))
    offer = read_offer_file(home.services_file, home.member).offer
    documents = _documents(offer)
    rows = [
        (
            service["service"],
            one["operation"],
            ", ".join(_texts(one["purposes"])),
            one["consent"],
            one["clients"],
        )
        for service in documents
        for one in _operations(service)
    ]
    session.terminal.answer(
        {"gateway": str(home.id), "services": documents},
        table_of(
            ("service", "operation", "purposes", "consent", "clients"), rows, spare=("consent", "clients")
        )
        if rows
        else f"{home.services_file} offers nothing yet; see docs/do/exchange-serve.md",
    )


def service_check(*, file: Path | None = None, session: Given) -> int:
    """Check an offer before it is used: whether it can be read, and what is odd about it.

    Args:
        file: Another file than the gateway's own services.toml.
        session: This run.
    """
    home = read_home(gateway_home(session))
    if file is not None and not file.is_file():
        raise BadFile(f"{file} is not there, or no file")
    with remarks_aside():
        found = check_offer(home, file, clock=SystemClock(), chance=SystemChance())
    operations = sum(len(one.operations) for one in found.offer.services.values())
    said = f"{len(found.offer.services)} services with {operations} operations can be offered."
    session.terminal.answer(
        {
            "services": len(found.offer.services),
            "operations": operations,
            "grants": len(found.offer.grants),
            "remarks": list(found.remarks),
        },
        said,
        *(f"To be looked at: {one}." for one in found.remarks),
    )
    return 0


def _documents(offer: Offer) -> list[Document]:
    return [_document(offer, one) for one in offer.services.values()]


def _document(offer: Offer, service: Service) -> Document:
    return {
        "service": str(service.id),
        "title": dict(service.title),
        "base_url": service.base_url,
        "disabled": service.disabled_notice,
        "operations": [_operation(offer, service, one) for one in service.operations],
    }


def _operation(offer: Offer, service: Service, operation: Operation) -> Document:
    granted = [
        client
        for (client, identifier), names in offer.grants.items()
        if identifier == service.id and operation.name in names
    ]
    return {
        "operation": operation.name,
        "purposes": sorted(operation.purposes),
        "data_classes": sorted(operation.data_classes),
        "consent": operation.consent.value,
        "durability": operation.durability.value,
        "sealed": operation.is_sealed,
        "clients": len(granted),
    }


def _operations(service: Document) -> list[Document]:
    listed = service["operations"]
    return listed if isinstance(listed, list) else []


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
