"""Keys and trust lists."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from rahdari.credentials.schema import key, trust_list
from rahdari.credentials.store.table import Part
from rahdari.credentials.values.keys import KeyRecord, KeyUse
from rahdari.wire.keys import PublicKey


class KeyTable(Part):
    """The part of the store that keeps public keys and signed trust lists."""

    def add_key(self, record: KeyRecord) -> None:
        """Add a key."""
        self._connection.execute(insert(key).values(_row(record)))

    def update_key(self, record: KeyRecord) -> None:
        """Write a key's window."""
        change = update(key).where(key.c.thumbprint == record.public.thumbprint())
        self._connection.execute(change.values(not_after=record.not_after, withdrawn_at=record.withdrawn_at))

    def list_keys(self) -> tuple[KeyRecord, ...]:
        """List every key ever, the oldest first."""
        return tuple(_record(row) for row in self._connection.execute(select(key).order_by(key.c.row)))

    def add_trust_list(self, sequence: int, text: str, at: datetime) -> None:
        """Keep a signed trust list."""
        self._connection.execute(insert(trust_list).values(sequence=sequence, text=text, signed_at=at))

    def find_trust_list(self) -> tuple[int, str] | None:
        """Find the newest signed trust list."""
        newest = select(trust_list).order_by(trust_list.c.sequence.desc()).limit(1)
        row = self._connection.execute(newest).first()
        return (row.sequence, row.text) if row else None


def _row(record: KeyRecord) -> dict[str, object]:
    return {
        "use": record.use.value,
        "jwk": record.public.as_jwk(),
        "thumbprint": record.public.thumbprint(),
        "not_before": record.not_before,
        "not_after": record.not_after,
        "withdrawn_at": record.withdrawn_at,
    }


def _record(row: Row[Any]) -> KeyRecord:
    return KeyRecord(
        public=PublicKey.from_jwk(row.jwk),
        use=KeyUse(row.use),
        not_before=row.not_before,
        not_after=row.not_after,
        withdrawn_at=row.withdrawn_at,
    )
