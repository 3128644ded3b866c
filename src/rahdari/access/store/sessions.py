"""Sessions of holders."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Row, delete, insert, select, update

from rahdari.access.schema import SESSION
from rahdari.access.store.table import Part
from rahdari.access.values import PasskeyId, Session, SessionId

# A page is some 100 KiB; every live session of a country may stand here.
_ROWS_AT_ONCE = 500


class SessionTable(Part):
    """The part of the store that keeps sessions."""

    def add_session(self, session: Session) -> None:
        row = {column.name: getattr(session, column.name) for column in SESSION.columns}
        self._connection.execute(insert(SESSION).values(row))

    def find_session(self, session: SessionId) -> Session | None:
        row = self._connection.execute(select(SESSION).where(SESSION.c.id == session)).one_or_none()
        return None if row is None else _session(row)

    def find_sessions(self, card: str) -> tuple[Session, ...]:
        wanted = select(SESSION).where(SESSION.c.card == card)
        rows = self._connection.execute(wanted.order_by(SESSION.c.began_at, SESSION.c.id))
        return tuple(_session(row) for row in rows)

    def iterate_sessions(self) -> Iterator[Session]:
        last = ""
        while True:
            wanted = select(SESSION).where(SESSION.c.id > last).order_by(SESSION.c.id).limit(_ROWS_AT_ONCE)
            page = [_session(row) for row in self._connection.execute(wanted)]
            yield from page
            if len(page) < _ROWS_AT_ONCE:
                return
            last = page[-1].id

    def note_use(self, session: SessionId, at: datetime) -> None:
        self._connection.execute(update(SESSION).where(SESSION.c.id == session).values(used_at=at))

    def end_sessions(self, sessions: Collection[SessionId]) -> None:
        if sessions:
            self._connection.execute(delete(SESSION).where(SESSION.c.id.in_(sorted(sessions))))

    def sweep_sessions(self, began_before: datetime) -> None:
        self._connection.execute(delete(SESSION).where(SESSION.c.began_at <= began_before))


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        id=SessionId(row.id),
        card=row.card,
        passkey=PasskeyId(row.passkey),
        digest=bytes(row.digest),
        began_at=row.began_at,
        used_at=row.used_at,
    )
