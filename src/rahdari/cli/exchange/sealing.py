"""``rahdari exchange seal``, ``open`` and ``sealing-keys``: bodies that gateways carry and cannot read."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rahdari.app.clock import SystemChance, SystemClock
from rahdari.app.exchange.following import Following
from rahdari.app.exchange.home import open_keys, read_home
from rahdari.app.exchange.sealing import (
    find_recipient,
    open_file,
    read_opening_keys,
    seal_file,
    write_opening_keys,
)
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.exchange.opened import gateway_home
from rahdari.cli.terminal import pairs
from rahdari.wire.sealed import MEDIA_TYPE, Binding, Direction, Kem
from rahdari.wire.xroad import MemberId, read_client, read_service


class Strength(StrEnum):
    """What a body is sealed to."""

    HYBRID = "hybrid"
    CLASSICAL = "classical"


_KEMS = {Strength.HYBRID: Kem.X_WING, Strength.CLASSICAL: Kem.X25519}


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Which exchange a body belongs to."""

    id: Annotated[str, Parameter(help="X-Road-Id of the exchange, chosen by the client.")]
    client: Annotated[str, Parameter(help="The client, as PK/COM/2002/loans.")]
    service: Annotated[str, Parameter(help="The service, as PK/GOV/1001/registry/person-status.")]
    purpose: Annotated[str, Parameter(help="Code of the purpose.")]
    kind: Annotated[str, Parameter(help="Media type of what is sealed.")] = "application/json"
    direction: Annotated[Direction, Parameter(help="Whether it is the request's body or the response's.")] = (
        Direction.REQUEST
    )

    def binding(self) -> Binding:
        """What the body is bound to."""
        client, service = str(read_client(self.client)), str(read_service(self.service))
        return Binding(self.direction, self.id, client, service, self.purpose, self.kind)

    def reader(self) -> MemberId:
        """Who is to open it."""
        if self.direction is Direction.REQUEST:
            return read_service(self.service).provider.member
        client = read_client(self.client)
        return client if isinstance(client, MemberId) else client.member


def seal(
    source: Path,
    target: Path,
    /,
    *,
    exchange: Exchange,
    strength: Strength = Strength.HYBRID,
    session: Given,
) -> None:
    """Seal a body to the member that is to open it; gateways then carry what they cannot read.

    Args:
        source: The body.
        target: Where the sealed body is written.
        exchange: Which exchange it belongs to.
        strength: hybrid is X25519 with ML-KEM-768, classical X25519 alone.
        session: This run.
    """
    home = read_home(gateway_home(session))
    directory = Following(home, clock=SystemClock(), chance=SystemChance()).load()
    recipient = find_recipient(directory, exchange.reader(), _KEMS[strength])
    size = seal_file(source, target, recipient, binding=exchange.binding(), chance=SystemChance())
    document = {
        "file": str(target),
        "size_bytes": size,
        "sealed_to": str(exchange.reader()),
        "kem": recipient.kem.name,
        "content_type": MEDIA_TYPE,
    }
    session.terminal.answer(document, pairs(document))


def unseal(source: Path, target: Path, /, *, keys: Path, exchange: Exchange, session: Given) -> None:
    """Open a sealed body; nothing is written unless all of it is there and belongs to this exchange.

    Args:
        source: The sealed body.
        target: Where the body is written.
        keys: File with the keys that open it (sealing-keys hand-over).
        exchange: Which exchange it belongs to.
        session: This run.
    """
    size = open_file(source, target, read_opening_keys(keys), binding=exchange.binding())
    document = {"file": str(target), "size_bytes": size}
    session.terminal.answer(document, pairs(document))


def hand_over(*, out: Path, session: Given) -> None:
    """Move the keys that open sealed bodies out of the gateway's home; it cannot read such bodies any more.

    Args:
        out: New file for the member's information system.
        session: This run.
    """
    home = read_home(gateway_home(session))
    keys = open_keys(home, session.environment, chance=SystemChance())
    if not keys.opening_keys:
        raise BadUsage(
            "this gateway has handed its opening keys over already; they are where they were put then"
        )
    # Written first: keys that lie in two places can be cleared up, keys that lie nowhere cannot.
    write_opening_keys(out, keys.opening_keys)
    handed = keys.hand_over()
    document = {"file": str(out), "keys": [one.public.kem.name for one in handed]}
    session.terminal.answer(
        document,
        pairs(document),
        "Give the file to the information system, and keep a copy where it is safe.",
    )
