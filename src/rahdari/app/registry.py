"""Holders and cards, as officers work with them. Each method is one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rahdari.app.foundation import Foundation
from rahdari.app.holder_files import HolderRow, read_holder_file
from rahdari.app.oversight import Oversight
from rahdari.credentials import (
    Act,
    Card,
    CardNumber,
    Channel,
    Holder,
    HolderId,
    HolderKind,
    Party,
    Portrait,
    Reason,
)
from rahdari.credentials.errors import BadHolder, BadRow, BadRows, CredentialsRefused, UnknownHolder
from rahdari.credentials.rules.holders import canonical_number
from rahdari.credentials.rules.life_cycle import ISSUER
from rahdari.credentials.service import cards, holders, locks
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.audit import AuditEntry
from rahdari.kernel import Actor, ActorKind, Problem
from rahdari.oversight.store import SqlStore as OversightStore
from rahdari.wire.errors import TooLarge

# What one transaction holds: large enough that a flush to disk costs little a card, small enough that an
# officer at a counter does not wait for a bulk issue.
BATCH = 250
SYSTEM = Actor("system", ActorKind.SYSTEM, frozenset({"system"}))

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class IssuedPass:
    """A pass to hand out: the feature, its content as text, and how a file of it ends."""

    card: CardNumber
    feature: str
    text: str
    file_suffix: str


class Registry:
    """The counter where holders are registered and cards are issued, suspended and replaced."""

    def __init__(self, foundation: Foundation, oversight: Oversight) -> None:
        """Work on the house's foundation; ``oversight`` flags whoever is likely registered already."""
        self._on = foundation
        self._oversight = oversight

    def add_holder(
        self, party: Party, product: str, *, actor: Actor, portrait: Portrait | None = None
    ) -> tuple[Holder, Card]:
        """Register a holder with an application for a card of ``product``. Raises ``CredentialsRefused``."""
        return self.add_holders([(party, portrait, product)], actor=actor)[0]

    def add_holders(
        self, entries: Sequence[tuple[Party, Portrait | None, str]], *, actor: Actor
    ) -> tuple[tuple[Holder, Card], ...]:
        """Register many, all or none. Raises ``CredentialsRefused``."""
        with self._on.watching() as (desk, flags):
            return self._register(desk, flags, entries, actor)

    def _register(
        self,
        desk: Desk,
        flags: OversightStore,
        entries: Sequence[tuple[Party, Portrait | None, str]],
        actor: Actor,
    ) -> tuple[tuple[Holder, Card], ...]:
        made = holders.register(desk, entries, actor=actor)
        self._oversight.watch_enrolment(desk, flags, [holder for holder, _ in made])
        return made

    def import_holders(self, raw: bytes, *, actor: Actor, photo_of: Callable[[str], Portrait]) -> int:
        """Import a CSV file of holders, all or none.

        ``photo_of`` turns the file name in the column ``photo`` into a portrait.

        Raises:
            BadRows: every bad row by line and column; nothing was imported.
            BadFile: it is no CSV file of holders at all.
        """
        rows, faults = read_holder_file(raw)
        # Photographs take their time; they are looked at before the register is locked for writing.
        with self._on.reading() as desk:
            entries: list[tuple[Party, Portrait | None, str]] = []
            for row in rows:
                entry = self._checked(desk, row, photo_of, faults)
                if entry is not None:
                    entries.append(entry)
            _find_doubles(desk, rows, faults)
            if faults:
                faults.sort(key=lambda one: (one.line, one.column))
                raise BadRows(tuple(faults), f"{len(faults)} faults in the file; nothing was imported")
        with self._on.watching() as (desk, flags):
            for at in range(0, len(entries), BATCH):
                self._register(desk, flags, entries[at : at + BATCH], actor)
        return len(entries)

    def _checked(
        self, desk: Desk, row: HolderRow, photo_of: Callable[[str], Portrait], faults: list[BadRow]
    ) -> tuple[Party, Portrait | None, str] | None:
        found: list[BadRow] = []
        if "product" not in row.unread:
            refused = holders.find_entry_faults(desk, row.party, row.product, unread=row.unread)
            found += [_bad_row(row.line, one) for one in refused]
        portrait = None
        try:
            portrait = photo_of(row.photo) if row.photo else None
        except Problem as refusal:
            found.append(BadRow(row.line, "photo", refusal.message))
        faults.extend(found)
        return None if found or row.unread else (row.party, portrait, row.product)

    def get_holder(self, holder: HolderId) -> Holder:
        """Get a holder. Raises ``UnknownHolder``."""
        with self._on.reading() as desk:
            return holders.get_holder(desk, holder)

    def find_holder_by_number(self, number: str, *, kind: HolderKind = HolderKind.PERSON) -> Holder:
        """Get a holder by the number on the card, however it is grouped. Raises ``UnknownHolder``."""
        with self._on.reading() as desk:
            found = desk.store.find_holder_by_number(kind, number.replace("-", "").replace(" ", ""))
        if found is None:
            raise UnknownHolder("no holder is registered under this number; check it, or register the holder")
        return found

    def list_holders(self, *, after: HolderId | None = None, limit: int = 100) -> tuple[Holder, ...]:
        """List holders in the order of their registration."""
        with self._on.reading() as desk:
            return desk.store.list_holders(after=after, limit=limit)

    def get_portrait(self, holder: HolderId) -> Portrait | None:
        """Get the photograph of a holder, if there is one."""
        with self._on.reading() as desk:
            return desk.store.find_portrait(holder)

    def apply(self, holder: HolderId, product: str, *, actor: Actor) -> Card:
        """Apply for a further card for a registered holder. Raises ``CredentialsRefused``."""
        with self._on.writing() as desk:
            return cards.apply(desk, holders.get_holder(desk, holder), product, actor=actor)

    def issue(self, number: CardNumber, *, actor: Actor, activate: bool = True) -> Card:
        """Issue one card that was applied for. Raises ``CredentialsRefused``."""
        with self._on.writing() as desk:
            return cards.issue(desk, [cards.get_card(desk, number)], actor=actor, activate=activate)[0]

    def issue_waiting(
        self,
        *,
        actor: Actor,
        product: str | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Issue every card that was applied for, batch by batch; tells how many were issued.

        Each batch is one transaction: a process that is killed leaves whole batches behind, and the next run
        goes on where this one stopped. No card is issued twice, none is lost.

        Raises:
            BadHolder: at the end, if there were cards whose pass no QR code can hold; all others are issued.
        """
        done, unfit = 0, set[CardNumber]()
        while limit is None or done < limit:
            size = BATCH if limit is None else min(BATCH, limit - done)
            issued = self._issue_batch(product, size, unfit, actor)
            if not issued:
                break
            done += issued
            if progress:
                progress(issued)
        if unfit:
            raise BadHolder(
                "name",
                f"{done} cards were issued, {len(unfit)} were not, since no QR code holds what they would say: "
                f"{', '.join(sorted(unfit))}; shorten the texts of their holders",
            )
        return done

    def _issue_batch(self, product: str | None, size: int, unfit: set[CardNumber], actor: Actor) -> int:
        """Issue the next batch. A card whose pass fits no carrier is set aside, or it would hold up all others."""
        while True:
            waiting: list[Card] = []
            try:
                with self._on.writing() as desk:
                    listed = desk.store.list_applied(product, limit=size + len(unfit))
                    waiting = [card for card in listed if card.number not in unfit][:size]
                    return len(cards.issue(desk, waiting, actor=actor))
            except TooLarge:
                if len(waiting) == 1:
                    unfit.add(waiting[0].number)
                size = max(1, len(waiting) // 2)

    def act(self, number: CardNumber, what: Act, *, actor: Actor, reason: Reason | None = None) -> Card:
        """Do one act of the life-cycle table; durable when it returns. Raises ``CredentialsRefused``.

        A suspended card's sessions and links for a passkey are dead by its standing; a reinstatement ends them for
        good, in the same transaction, so that it does not bring back what a thief had open.
        """
        with self._on.admitting() as (desk, store):
            changed = cards.act(desk, number, what, actor=actor, reason=reason)
            if what is Act.REINSTATE:
                store.end_sessions([one.id for one in store.find_sessions(number)])
                store.drop_tickets(number)
            return changed

    def lock(self, number: CardNumber, channel: Channel, *, actor: Actor) -> frozenset[Channel]:
        """Lock a channel of a card; gives those that are locked now. Raises ``UnknownCard``, ``NotAllowed``."""
        with self._on.writing() as desk:
            return locks.lock(desk, number, channel, actor=actor)

    def unlock(self, number: CardNumber, channel: Channel, *, actor: Actor) -> frozenset[Channel]:
        """Unlock a channel of a card; gives those still locked. Raises ``UnknownCard``, ``NotAllowed``."""
        with self._on.writing() as desk:
            return locks.unlock(desk, number, channel, actor=actor)

    def list_locks(self, number: CardNumber) -> frozenset[Channel]:
        """List the channels of a card that are locked."""
        with self._on.reading() as desk:
            return desk.store.list_locks(number)

    def replace(self, number: CardNumber, *, actor: Actor, reason: Reason) -> tuple[Card, Card]:
        """Replace a card and issue the one that takes its place: (old, new). Raises ``CredentialsRefused``.

        A supervisor who is no issuer replaces too; the new card then waits, applied for, until an issuer issues it.
        """
        with self._on.writing() as desk:
            old, new = cards.replace_card(desk, number, actor=actor, reason=reason)
            if not actor.has_any(frozenset({ISSUER})):
                return old, new
            return old, cards.issue(desk, [new], actor=actor)[0]

    def expire_due(self) -> int:
        """Move every card whose validity has ended to its stage; tells how many."""
        done = 0
        while True:
            with self._on.writing() as desk:
                expired = cards.expire_due(desk, actor=SYSTEM)
            if not expired:
                return done
            done += len(expired)

    def get_card(self, number: CardNumber) -> Card:
        """Get a card. Raises ``UnknownCard``."""
        with self._on.reading() as desk:
            return cards.get_card(desk, number)

    def find_cards_of(self, holder: HolderId) -> tuple[Card, ...]:
        """List a holder's cards, the oldest first."""
        with self._on.reading() as desk:
            return desk.store.find_cards_of(holder)

    def list_applied(self, *, product: str | None = None, limit: int = 100) -> tuple[Card, ...]:
        """List the applications that wait, the oldest first."""
        with self._on.reading() as desk:
            return desk.store.list_applied(product, limit=limit)

    def get_pass(self, number: CardNumber, feature: str = "qr") -> IssuedPass:
        """Get one pass of a card. Raises ``UnknownCard``, ``UnknownFeature``."""
        with self._on.reading() as desk:
            found = cards.get_pass(desk, number, feature)
        return IssuedPass(number, feature, found.payload.decode("ascii"), cards.suffix_of(feature))

    def get_history(self, number: CardNumber) -> tuple[AuditEntry, ...]:
        """List what the log says of a card, the oldest first."""
        with self._on.reading() as desk:
            return desk.store.read_log_of(number)


def _bad_row(line: int, fault: CredentialsRefused) -> BadRow:
    return BadRow(line, fault.field if isinstance(fault, BadHolder) else "product", fault.message)


def _find_doubles(desk: Desk, rows: Sequence[HolderRow], faults: list[BadRow]) -> None:
    """Find numbers that stand twice in the file, or in the register already."""
    lines: dict[tuple[HolderKind, str], int] = {}
    for row in rows:
        if {"product", "number", "kind"} & row.unread:
            continue
        try:
            shape = desk.products.get_current(row.product).number
            number = canonical_number(shape, row.party.number)
        except CredentialsRefused:
            continue
        first = lines.setdefault((row.party.kind, number), row.line)
        if first != row.line:
            faults.append(BadRow(row.line, "number", f"the number stands in line {first} already"))
    for kind in {kind for kind, _ in lines}:
        numbers = [number for one, number in lines if one is kind]
        faults.extend(
            BadRow(lines[kind, taken], "number", "a holder with this number is registered already")
            for taken in desk.store.find_taken_numbers(kind, numbers)
        )
