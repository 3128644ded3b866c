"""The book of a consent issuer in SQL."""

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from rahdari.exchange.schema import CONSENT
from rahdari.exchange.values.consents import ConsentState, KeptConsent
from rahdari.wire.ndel.consents import StatusPlace
from rahdari.wire.xroad import read_client


class SqlConsents:
    """``ports.ConsentStore`` on a connection whose transaction the caller opened and ends."""

    def __init__(self, connection: Connection) -> None:
        """Work on this connection."""
        self._connection = connection

    def add_consent(self, kept: KeptConsent) -> None:
        self._connection.execute(insert(CONSENT).values(_row(kept)))

    def find_consent(self, consent_id: str) -> KeptConsent | None:
        row = self._connection.execute(select(CONSENT).where(CONSENT.c.id == consent_id)).one_or_none()
        return None if row is None else _kept(row)

    def list_consents(self, mark: bytes, *, limit: int) -> tuple[KeptConsent, ...]:
        wanted = select(CONSENT).where(CONSENT.c.mark == mark)
        newest = wanted.order_by(CONSENT.c.issued_at.desc(), CONSENT.c.id.desc()).limit(limit)
        return tuple(_kept(row) for row in self._connection.execute(newest))

    def set_state(self, consent_id: str, state: ConsentState, *, at: int) -> None:
        change = update(CONSENT).where(CONSENT.c.id == consent_id).values(state=state.value, changed_at=at)
        if self._connection.execute(change).rowcount != 1:
            raise AssertionError("the state of a consent that is not in the book was to be changed")

    def list_places(self, list_number: int) -> tuple[tuple[int, ConsentState], ...]:
        wanted = select(CONSENT.c.place, CONSENT.c.state).where(CONSENT.c.list_number == list_number)
        rows = self._connection.execute(wanted.order_by(CONSENT.c.place))
        return tuple((row.place, ConsentState(row.state)) for row in rows)

    def find_list(self) -> tuple[int, int]:
        newest = select(func.coalesce(func.max(CONSENT.c.list_number), 0)).scalar_subquery()
        counted = select(newest, func.count()).where(CONSENT.c.list_number == newest)
        number, taken = self._connection.execute(counted).one()
        return int(number), int(taken)


def _row(kept: KeptConsent) -> dict[str, object]:
    return {
        "id": kept.id,
        "list_number": kept.list_number,
        "uri": kept.place.uri,
        "place": kept.place.index,
        "mark": kept.mark,
        "consumer": str(kept.consumer),
        "text": kept.text,
        "issued_at": kept.issued_at,
        "expires": kept.expires,
        "state": kept.state.value,
        "changed_at": kept.changed_at,
    }


def _kept(row: Row[Any]) -> KeptConsent:
    return KeptConsent(
        id=row.id,
        list_number=row.list_number,
        place=StatusPlace(row.uri, row.place),
        mark=bytes(row.mark),
        consumer=read_client(row.consumer),
        text=row.text,
        issued_at=row.issued_at,
        expires=row.expires,
        state=ConsentState(row.state),
        changed_at=row.changed_at,
    )
