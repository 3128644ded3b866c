"""Tickets and challenges."""

from datetime import datetime

from sqlalchemy import Row, delete, func, insert, select

from rahdari.access.schema import CHALLENGE, TICKET
from rahdari.access.store.table import Part
from rahdari.access.values import Challenge, Purpose, Ticket, TicketId


class CeremonyTable(Part):
    """The part of the store that keeps tickets and challenges.

    Taking is one DELETE ... RETURNING: the engine lets one transaction delete a row, and the others, who wait
    for it, find none.
    """

    def add_ticket(self, ticket: Ticket) -> None:
        row = {column.name: getattr(ticket, column.name) for column in TICKET.columns}
        self._connection.execute(insert(TICKET).values(row))

    def find_ticket(self, digest: bytes) -> Ticket | None:
        row = self._connection.execute(select(TICKET).where(TICKET.c.digest == digest)).one_or_none()
        return None if row is None else _ticket(row)

    def find_tickets(self) -> tuple[Ticket, ...]:
        return tuple(_ticket(row) for row in self._connection.execute(select(TICKET).order_by(TICKET.c.id)))

    def count_tickets(self, card: str, at: datetime) -> int:
        counted = select(func.count()).where(TICKET.c.card == card, TICKET.c.expires_at > at)
        return int(self._connection.execute(counted).scalar_one())

    def take_ticket(self, digest: bytes) -> Ticket | None:
        taking = delete(TICKET).where(TICKET.c.digest == digest).returning(*TICKET.columns)
        row = self._connection.execute(taking).one_or_none()
        return None if row is None else _ticket(row)

    def drop_tickets(self, card: str) -> None:
        begun = select(TICKET.c.id).where(TICKET.c.card == card)
        self._connection.execute(delete(CHALLENGE).where(CHALLENGE.c.ticket.in_(begun)))
        self._connection.execute(delete(TICKET).where(TICKET.c.card == card))

    def add_challenge(self, challenge: Challenge) -> None:
        row = {
            "value": challenge.value,
            "purpose": challenge.purpose.value,
            "ticket": challenge.ticket,
            "handle": challenge.handle,
            "expires_at": challenge.expires_at,
        }
        self._connection.execute(insert(CHALLENGE).values(row))

    def count_challenges(self) -> int:
        return int(self._connection.execute(select(func.count()).select_from(CHALLENGE)).scalar_one())

    def take_challenge(self, value: bytes, purpose: Purpose) -> Challenge | None:
        taking = (
            delete(CHALLENGE)
            .where(CHALLENGE.c.value == value, CHALLENGE.c.purpose == purpose.value)
            .returning(*CHALLENGE.columns)
        )
        row = self._connection.execute(taking).one_or_none()
        return None if row is None else _challenge(row)

    def sweep_ceremonies(self, at: datetime) -> None:
        for table in (TICKET, CHALLENGE):
            self._connection.execute(delete(table).where(table.c.expires_at <= at))


def _ticket(row: Row[tuple[object, ...]]) -> Ticket:
    return Ticket(
        id=TicketId(row.id),
        card=row.card,
        digest=bytes(row.digest),
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        expires_at=row.expires_at,
    )


def _challenge(row: Row[tuple[object, ...]]) -> Challenge:
    return Challenge(
        value=bytes(row.value),
        purpose=Purpose(row.purpose),
        ticket=TicketId(row.ticket) if row.ticket else None,
        handle=bytes(row.handle),
        expires_at=row.expires_at,
    )
