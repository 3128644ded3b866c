"""What every command of the room works with, and how it writes to the log."""

from dataclasses import dataclass
from datetime import datetime

from rahdari.credentials.errors import NotAllowed, UnknownKey
from rahdari.credentials.ports.keyring import KeyRing
from rahdari.credentials.ports.store import Store
from rahdari.credentials.rules import audit_chain
from rahdari.credentials.rules.products import Catalogue
from rahdari.credentials.values.audit import AuditEvent
from rahdari.credentials.values.keys import KeyRecord, KeyUse
from rahdari.kernel import Actor, Chance, Clock
from rahdari.wire.keys import Signer

# An overdue key still seals the log, which would else lock out the officer who is to rotate it, and still signs
# statuses, or no card could be suspended. Verifiers take no delta outside a key's window, and grow stale.
_NEVER_SILENT = frozenset({KeyUse.AUDIT, KeyUse.STATUS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who issues: ``issuer`` is the ``iss`` of every pass, status lists stand at ``status_prefix`` + number."""

    issuer: str
    name: str
    country: str
    status_prefix: str
    shard_entries: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One transaction's workplace.

    ``began``: an instant that is not after the state which the transaction sees. What is said of that state is said
    as of then: whatever was acknowledged before it is contained.
    """

    store: Store
    began: datetime
    products: Catalogue
    keyring: KeyRing
    clock: Clock
    chance: Chance
    authority: Authority

    def record(self, *events: AuditEvent) -> None:
        """Chain the events to the log and seal them with the audit key."""
        if events:
            entries = audit_chain.append(self.store.find_head(), events, self.signer(KeyUse.AUDIT))
            self.store.append(entries)

    def event(
        self, actor: Actor, act: str, subject: str, *, reason: str | None = None, **details: str
    ) -> AuditEvent:
        """Describe one event that happens now."""
        return AuditEvent(
            at=self.clock.now(),
            actor=actor.id,
            act=act,
            subject=subject,
            reason=reason,
            details=tuple(sorted(details.items())),
        )

    def signer(self, use: KeyUse) -> Signer:
        """Give the signer of the key that is in force for ``use``. Raises ``UnknownKey``."""
        return self.keyring.signer(self.key(use).public)

    def status_signer(self, at: datetime) -> tuple[Signer, datetime]:
        """Give the signer of a status message that is to bear the instant ``at``, and the one it shall bear.

        Verifiers ask for a key whose window holds the message's own instant, whatever the clock says. The instant
        given is later than ``at`` only where the clock was set back to before the window of the only key.

        Raises:
            UnknownKey: every status key was withdrawn.
        """
        key = self.key(KeyUse.STATUS, at=at)
        return self.keyring.signer(key.public), max(at, key.not_before)

    def key(self, use: KeyUse, *, at: datetime | None = None) -> KeyRecord:
        """Find the newest key whose window for ``use`` holds ``at``, or this instant. Raises ``UnknownKey``."""
        signed, keys = at or self.clock.now(), [one for one in self.store.list_keys() if one.use is use]
        current = [one for one in keys if is_in_force(one, signed)]
        if not current and use in _NEVER_SILENT:
            current = [one for one in keys if one.withdrawn_at is None]
        if not current:
            raise UnknownKey(f"the authority has no key in force for use {use}; rotate one in")
        return current[-1]


def is_in_force(key: KeyRecord, at: datetime) -> bool:
    """Tell whether ``key`` signs at the instant ``at``."""
    return key.not_before <= at < key.not_after and key.withdrawn_at is None


def require_role(actor: Actor, *roles: str, to: str) -> None:
    """Refuse an actor who holds none of ``roles``. Raises ``NotAllowed``."""
    if not actor.has_any(frozenset(roles)):
        raise NotAllowed(f"the role {' or '.join(roles)} is needed to {to}; ask an officer who holds it")
