"""The log."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Row

from rahdari.credentials.schema import audit
from rahdari.credentials.store.table import Part
from rahdari.credentials.values.audit import AuditEntry, AuditEvent

_ROWS_AT_ONCE = 1000


class AuditTable(Part):
    """The part of the store that keeps the log. The register lock keeps appends apart."""

    def find_head(self) -> AuditEntry | None:
        """Find the last entry."""
        row = self._connection.execute(select(audit).order_by(audit.c.sequence.desc()).limit(1)).first()
        return _entry(row) if row else None

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Append entries."""
        rows = [_row(entry) for entry in entries]
        if rows:
            self._connection.execute(insert(audit), rows)

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


def _row(entry: AuditEntry) -> dict[str, object]:
    event = entry.event
    return {
        "sequence": entry.sequence,
        "at": event.at,
        "actor": event.actor,
        "act": event.act,
        "subject": event.subject,
        "reason": event.reason,
        "details": [list(pair) for pair in event.details],
        "previous": entry.previous,
        "digest": entry.digest,
        "seal": entry.seal,
        "kid": entry.kid,
    }


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
