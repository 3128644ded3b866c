"""listClients: who takes part (PR-META 2.15, 2). Answered from the configuration, by the client's own gateway."""

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused, Directory, consumer_fault
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived
from rahdari.web.exchange.refusing import NOT_FOUND, Dates, refuse
from rahdari.wire.errors import MalformedInput
from rahdari.wire.ndel.parties import Member
from rahdari.wire.xroad import (
    Fault,
    ListedClient,
    SubsystemId,
    read_client_listing,
    values_of,
    write_client_list,
)


async def list_clients(gateway: OpenGateway, arrived: Arrived, *, dates: Dates) -> None:
    """Answer with the members of an instance and their subsystems, the own one's where none is named."""
    try:
        if arrived.head.method != "GET":
            raise NOT_FOUND
        directory = gateway.directory()
        instance = read_client_listing(arrived.head.target_raw).instance or directory.home.instance
        listed = clients_of(directory, instance)
        document = write_client_list(listed, accept=values_of(arrived.head.fields, b"accept"))
    except MalformedInput as refused:
        refusal = CallRefused(consumer_fault(Fault.BAD_REQUEST), refused.message)
        await refuse(gateway, arrived, refusal, dates=dates)
        return
    except CallRefused as refusal:
        await refuse(gateway, arrived, refusal, dates=dates)
        return
    fields = dates.complete([(b"content-type", document.content_type.encode("ascii"))])
    await asgi.answer(arrived, 200, fields, document.body)


def clients_of(directory: Directory, instance: str) -> list[ListedClient]:
    """List an instance's members in good standing, each with its subsystems; none of an unknown instance."""
    return [
        listed
        for member in directory.members()
        if member.id.instance == instance
        for listed in _listed(member)
    ]


def _listed(member: Member) -> list[ListedClient]:
    name = member.name.get("en") or next(iter(member.name.values()))
    parts = member.id.parts
    return [
        ListedClient(member.id, name),
        *(
            ListedClient(SubsystemId(parts[0], parts[1], parts[2], code), name, code)
            for code in member.subsystems
        ),
    ]
