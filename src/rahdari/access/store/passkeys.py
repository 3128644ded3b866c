"""Passkeys."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import Row, insert, select, update

from rahdari.access.errors import PasskeyTaken
from rahdari.access.schema import PASSKEY
from rahdari.access.store.table import Part
from rahdari.access.values import Passkey, PasskeyId, TicketId
from rahdari.database import Conflict, named_failures

_ROWS_AT_ONCE = 1000


class PasskeyTable(Part):
    """The part of the store that keeps passkeys."""

    def add_passkey(self, passkey: Passkey) -> None:
        row = {column.name: getattr(passkey, column.name) for column in PASSKEY.columns}
        try:
            with named_failures():
                self._connection.execute(insert(PASSKEY).values(row))
        except Conflict as conflict:
            if conflict.constraint != "uq_access_passkey_credential":
                raise
            raise PasskeyTaken("this passkey is registered already; sign in with it at /holder") from None

    def find_passkey(self, passkey: PasskeyId) -> Passkey | None:
        row = self._connection.execute(select(PASSKEY).where(PASSKEY.c.id == passkey)).one_or_none()
        return None if row is None else _passkey(row)

    def find_credential(self, credential: bytes) -> Passkey | None:
        wanted = select(PASSKEY).where(PASSKEY.c.credential == credential)
        row = self._connection.execute(wanted).one_or_none()
        return None if row is None else _passkey(row)

    def find_passkeys(self, card: str) -> tuple[Passkey, ...]:
        wanted = select(PASSKEY).where(PASSKEY.c.card == card)
        rows = self._connection.execute(wanted.order_by(PASSKEY.c.registered_at, PASSKEY.c.id))
        return tuple(_passkey(row) for row in rows)

    def iterate_passkeys(self) -> Iterator[Passkey]:
        last = ""
        while True:
            wanted = select(PASSKEY).where(PASSKEY.c.id > last).order_by(PASSKEY.c.id).limit(_ROWS_AT_ONCE)
            page = [_passkey(row) for row in self._connection.execute(wanted)]
            yield from page
            if len(page) < _ROWS_AT_ONCE:
                return
            last = page[-1].id

    def count_signature(self, passkey: Passkey, count: int, at: datetime) -> bool:
        stands = (PASSKEY.c.id == passkey.id) & (PASSKEY.c.sign_count == passkey.sign_count)
        noting = update(PASSKEY).where(stands, PASSKEY.c.removed_at.is_(None))
        return self._connection.execute(noting.values(sign_count=count, used_at=at)).rowcount == 1

    def set_removed(self, passkey: PasskeyId, at: datetime) -> None:
        self._connection.execute(update(PASSKEY).where(PASSKEY.c.id == passkey).values(removed_at=at))


def _passkey(row: Row[tuple[object, ...]]) -> Passkey:
    return Passkey(
        id=PasskeyId(row.id),
        card=row.card,
        ticket=TicketId(row.ticket),
        credential=bytes(row.credential),
        public_key=bytes(row.public_key),
        handle=bytes(row.handle),
        sign_count=row.sign_count,
        registered_at=row.registered_at,
        used_at=row.used_at,
        removed_at=row.removed_at,
    )
