"""The audit log as a hash chain, sealed by the audit key at the end of each transaction.

What it finds: an entry altered, removed, inserted or moved (the digests no longer chain), a chain that was
computed anew (the seals no longer fit), a tail that was cut (the last entry bears no seal, or the register
beside it does not fit; see ``service.audit``), and, against a checkpoint kept elsewhere, a log that was
rolled back as a whole.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from rahdari.credentials.values.audit import AuditEntry, AuditEvent, AuditFault
from rahdari.credentials.values.cards import Pass
from rahdari.wire import cbor
from rahdari.wire.errors import BadSignature
from rahdari.wire.keys import PublicKey, Signer

GENESIS = bytes(32)
_SEAL_CONTEXT = b"rahdari audit seal v1"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def digest_of(sequence: int, event: AuditEvent, previous: bytes) -> bytes:
    """Compute an entry's digest: SHA-256 over the CBOR (RFC 8949, 4.2) of all its fields and ``previous``."""
    fields = [
        sequence,
        (event.at - _EPOCH) // timedelta(microseconds=1),
        event.actor,
        event.act,
        event.subject,
        event.reason,
        [list(pair) for pair in event.details],
        previous,
    ]
    return hashlib.sha256(cbor.encode(fields)).digest()


def append(head: AuditEntry | None, events: Iterable[AuditEvent], signer: Signer) -> tuple[AuditEntry, ...]:
    """Chain ``events`` after ``head`` and seal the last of them."""
    sequence = head.sequence if head else 0
    previous = head.digest if head else GENESIS
    entries: list[AuditEntry] = []
    for event in events:
        sequence += 1
        digest = digest_of(sequence, event, previous)
        entries.append(AuditEntry(sequence=sequence, event=event, previous=previous, digest=digest))
        previous = digest
    if not entries:
        return ()
    return (*entries[:-1], _sealed(entries[-1], signer))


def _sealed(entry: AuditEntry, signer: Signer) -> AuditEntry:
    return AuditEntry(
        sequence=entry.sequence,
        event=entry.event,
        previous=entry.previous,
        digest=entry.digest,
        seal=signer.sign(seal_input(entry.sequence, entry.digest)),
        kid=signer.public.kid,
    )


def seal_input(sequence: int, digest: bytes) -> bytes:
    """What a seal signs: a context string, so that no other signature of the key can pass for one."""
    return cbor.encode([_SEAL_CONTEXT, sequence, digest])


def digest_of_passes(passes: Iterable[Pass]) -> str:
    """Digest what was issued with a card, so that the log vouches for rows that no signature covers.

    SHA-256 over each pass's feature, place, kid and payload, in the order of the features.
    """
    digest = hashlib.sha256()
    for one in sorted(passes, key=lambda one: one.feature):
        for part in (
            one.feature.encode(),
            f"{one.place.uri}#{one.place.index}".encode(),
            one.kid,
            one.payload,
        ):
            digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


class ChainReader:
    """Reads a log from its first entry on and collects every fault. Feed it once, in order."""

    def __init__(self, keys: Mapping[bytes, tuple[PublicKey, ...]]) -> None:
        """Take the audit keys by kid, withdrawn and retired ones included."""
        self._keys = keys
        self.entries = 0
        self.head = GENESIS
        self.faults: list[AuditFault] = []
        self._sequence = 0
        self._is_sealed = True

    def feed(self, entry: AuditEntry) -> None:
        """Check one entry against all before it."""
        self.entries += 1
        if entry.sequence != self._sequence + 1:
            self._fault(entry.sequence, f"entry {self._sequence + 1} is missing or out of place")
        if entry.previous != self.head:
            self._fault(entry.sequence, "does not chain to the entry before it")
        if digest_of(entry.sequence, entry.event, entry.previous) != entry.digest:
            self._fault(entry.sequence, "was altered: its fields do not give its digest")
        self._is_sealed = entry.seal is not None
        if entry.seal is not None:
            self._check_seal(entry, entry.seal)
        self._sequence, self.head = entry.sequence, entry.digest

    def finish(self) -> None:
        """Say what only the end can tell: the last entry of a whole log bears a seal."""
        if not self._is_sealed:
            self._fault(self._sequence, "is the last entry and bears no seal: the log was cut after it")

    def _check_seal(self, entry: AuditEntry, seal: bytes) -> None:
        for key in self._keys.get(entry.kid or b"", ()):
            try:
                key.verify(seal, seal_input(entry.sequence, entry.digest))
            except BadSignature:
                continue
            return
        self._fault(entry.sequence, "bears a seal that no audit key made")

    def _fault(self, sequence: int, what: str) -> None:
        self.faults.append(AuditFault(sequence, what))
