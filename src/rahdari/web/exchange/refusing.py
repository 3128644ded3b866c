"""Answers to calls that fail in the exchange itself, in X-Road's words; and what every answer of ours has."""

from collections.abc import Iterable
from email.utils import formatdate
from typing import Final
from uuid import UUID

from rahdari.app.exchange.gateway import OpenGateway
from rahdari.exchange import CallRefused
from rahdari.kernel import time_ordered_id
from rahdari.web.exchange import asgi
from rahdari.web.exchange.asgi import Arrived
from rahdari.wire.xroad import ErrorType, Fault, FieldLine, Origin, values_of, write_error

NOT_FOUND: Final = CallRefused(
    ErrorType(Origin.CLIENT, (Fault.NOT_FOUND,)),
    "nothing is here; calls begin with /r1/{instance}/{class}/{member}/{subsystem}/{service}",
    status=404,
)


class Dates:
    """The Date of now, written once a second."""

    def __init__(self, gateway: OpenGateway) -> None:
        """Ask the gateway's clock."""
        self._clock = gateway.clock
        self._second, self._written = -1, b""

    def line(self) -> FieldLine:
        """Give the field line."""
        second = int(self._clock.now().timestamp())
        if second != self._second:
            self._second, self._written = second, formatdate(second, usegmt=True).encode("ascii")
        return b"date", self._written

    def complete(self, fields: Iterable[FieldLine]) -> list[FieldLine]:
        """Add a Date where there is none (RFC 9110, 6.6.1); never a second one."""
        lines = list(fields)
        if not any(name == b"date" for name, _ in lines):
            lines.append(self.line())
        return lines


async def refuse(
    gateway: OpenGateway,
    arrived: Arrived,
    refusal: CallRefused,
    *,
    dates: Dates,
    also: Iterable[FieldLine] = (),
) -> None:
    """Send a refusal that nobody signs. What is left of the request's body is not read: the connection ends."""
    error = write_error(
        refusal.error,
        refusal.message,
        detail=UUID(time_ordered_id(gateway.clock.now(), gateway.chance)),
        accept=values_of(arrived.head.fields, b"accept"),
    )
    fields = dates.complete([*error.fields, *also])
    if refusal.retry_after is not None:
        fields.append((b"retry-after", b"%d" % refusal.retry_after))
    if has_body(arrived):
        fields.append(asgi.CLOSE)
    await asgi.answer(arrived, refusal.status, fields, error.body)


def has_body(arrived: Arrived) -> bool:
    """Tell whether the request says that it has a body (RFC 9112, 6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value.strip() not in {b"0", b""})
        for name, value in arrived.head.fields
    )
