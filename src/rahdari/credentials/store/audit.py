"""The log."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Row

from rahdari.credentials.schema import audit
from rahdari.credentials.store.table import Part, insert_rows, microseconds
from rahdari.credentials.values.audit import AuditEntry, AuditEvent

_ROWS_AT_ONCE = 1000


class AuditTable(Part):
    """The part of the store that keeps the log. The register lock keeps appends apart."""

    def find_head(self) -> AuditEntry | None:
        """Find the last entry."""
        row = self._connection.execute(select(audit).order_by(audit.c.sequence.desc()).limit(1)).first()
        return _entry(row) if row else None

    def find_entry(self, sequence: int) -> AuditEntry | None:
        """Find one entry."""
        row = self._connection.execute(select(audit).where(audit.c.sequence == sequence)).first()
        return _entry(row) if row else None

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Append entries."""
        insert_rows(self._connection, audit, [_row(entry) for entry in entries])

    def read_log(self) -> Iterator[AuditEntry]:
        """Go through the log from the first entry, a page at a time."""
        # Below any sequence number that a forger may have written, so that not one row escapes the reader.
        last = -(2**62)
        while True:
            wanted = (
                select(audit).where(audit.c.sequence > last).order_by(audit.c.sequence).limit(_ROWS_AT_ONCE)
            )
            page = [_entry(row) for row in self._connection.execute(wanted)]
            yield from page
            if len(page) < _ROWS_AT_ONCE:
                return
            last = page[-1].sequence

    def read_log_of(self, subject: str) -> tuple[AuditEntry, ...]:
        """List the entries about one subject, the oldest first."""
        wanted = select(audit).where(audit.c.subject == subject).order_by(audit.c.sequence)
        return tuple(_entry(row) for row in self._connection.execute(wanted))


def _row(entry: AuditEntry) -> tuple[object, ...]:
    """The values in the order of the table's columns, as they are stored."""
    event = entry.event
    details = msgspec.json.encode(event.details).decode()
    return (
        entry.sequence, microseconds(event.at), event.actor, event.act, event.subject, event.reason, details,
        entry.previous, entry.digest, entry.seal, entry.kid,
    )  # fmt: skip


def _entry(row: Row[Any]) -> AuditEntry:
    event = AuditEvent(
        at=row.at,
        actor=row.actor,
        act=row.act,
        subject=row.subject,
        reason=row.reason,
        details=tuple((name, value) for name, value in row.details),
    )
    return AuditEntry(
        sequence=row.sequence,
        event=event,
        previous=bytes(row.previous),
        digest=bytes(row.digest),
        seal=bytes(row.seal) if row.seal is not None else None,
        kid=bytes(row.kid) if row.kid is not None else None,
    )
