"""Entries of the audit log, and the finding of its examination."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """What is to be written down. Never personal data: subjects are ids and card numbers."""

    at: datetime
    actor: str
    act: str
    subject: str
    reason: str | None = None
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """An event in its place in the chain.

    ``digest`` is SHA-256 over the entry's fields and the digest before it; ``seal`` is the audit key's
    signature over (sequence, digest) and stands on the last entry of each transaction.
    """

    sequence: int
    event: AuditEvent
    previous: bytes
    digest: bytes
    seal: bytes | None = None
    kid: bytes | None = None


@dataclass(frozen=True, slots=True)
class AuditFault:
    """Something in the log, or in the register beside it, that does not fit."""

    sequence: int | None
    what: str


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """The outcome of reading the whole log: how many entries, and every fault found."""

    entries: int
    head: bytes
    faults: tuple[AuditFault, ...] = field(default=())

    @property
    def is_intact(self) -> bool:
        """Tell whether no fault was found."""
        return not self.faults
