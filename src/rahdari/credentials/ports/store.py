"""The register: holders, cards, passes, keys, lists and the log, behind one protocol."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from rahdari.credentials.values.audit import AuditEntry
from rahdari.credentials.values.cards import Card, CardNumber, Channel, Pass, Stage, Standing
from rahdari.credentials.values.holders import Holder, HolderId, HolderKind, Portrait
from rahdari.credentials.values.keys import KeyRecord
from rahdari.credentials.values.status import (
    DeltaRecord,
    PlaceStanding,
    PublishedStatus,
    StandingChanged,
    StatusShard,
)


class HolderStore(Protocol):
    """Keeps holders and their portraits."""

    def add_holders(self, holders: Sequence[tuple[Holder, Portrait | None]]) -> None:
        """Add all or none. Raises ``HolderTaken`` if a (kind, number) is registered already."""
        ...

    def find_holder(self, holder: HolderId) -> Holder | None:
        """Find a holder by id."""
        ...

    def find_holder_by_number(self, kind: HolderKind, number: str) -> Holder | None:
        """Find a holder by canonical number."""
        ...

    def find_portrait(self, holder: HolderId) -> Portrait | None:
        """Find the photograph of a holder."""
        ...

    def find_taken_numbers(self, kind: HolderKind, numbers: Sequence[str]) -> frozenset[str]:
        """Tell which of ``numbers`` are registered already."""
        ...

    def list_holders(self, *, after: HolderId | None, limit: int) -> tuple[Holder, ...]:
        """List holders in the order of their ids, from the one after ``after``."""
        ...

    def find_holders(self, holders: Sequence[HolderId]) -> Mapping[HolderId, Holder]:
        """Find many holders by id."""
        ...

    def find_qr_photos(self, holders: Sequence[HolderId], profile: str) -> Mapping[HolderId, bytes]:
        """Find the photographs of many holders in the size of a photo profile, where they have one."""
        ...


class CardStore(Protocol):
    """Keeps cards and their passes.

    A change is durable when the transaction it belongs to has ended, and every reader that starts after
    that sees it.
    """

    def add_cards(self, cards: Sequence[Card]) -> None:
        """Add all or none.

        Raises ``CardTaken`` if a holder would have two live cards of one product.
        """
        ...

    def find_card(self, number: CardNumber) -> Card | None:
        """Find a card; inside a writing transaction the row is held until its end."""
        ...

    def find_cards_of(self, holder: HolderId) -> tuple[Card, ...]:
        """List a holder's cards, the oldest first."""
        ...

    def find_card_at(self, uri: str, index: int) -> tuple[Card, Pass] | None:
        """Find the card and the pass whose status stands at this place."""
        ...

    def list_applied(self, product: str | None, *, limit: int) -> tuple[Card, ...]:
        """List applications of one product or of all, the oldest first."""
        ...

    def update_cards(self, cards: Sequence[Card], *, was: Stage) -> None:
        """Write the state of cards that all still stand at ``was``. Raises ``WrongStage`` if one does not."""
        ...

    def add_passes(self, passes: Sequence[Pass]) -> None:
        """Add passes to existing cards."""
        ...

    def find_pass(self, card: CardNumber, feature: str) -> Pass | None:
        """Find one pass of a card."""
        ...

    def list_due(self, at: datetime, *, limit: int) -> tuple[Card, ...]:
        """List live cards whose validity ended before ``at``."""
        ...

    def set_lock(self, card: CardNumber, channel: Channel, at: datetime) -> None:
        """Lock a channel of a card; one that is locked stays locked since its first instant."""
        ...

    def clear_lock(self, card: CardNumber, channel: Channel) -> None:
        """Unlock a channel of a card."""
        ...

    def list_locks(self, card: CardNumber) -> frozenset[Channel]:
        """List the channels that are locked."""
        ...

    def iterate_locks(self) -> Iterator[tuple[CardNumber, Channel]]:
        """Go through every lock there is."""
        ...

    def iterate_cards(self) -> Iterator[Card]:
        """Go through every card, in any order, without holding them all."""
        ...

    def iterate_passes(self) -> Iterator[Pass]:
        """Go through every pass, those of one card together, without holding them all."""
        ...


class StatusStore(Protocol):
    """Keeps the authority's status lists: which places are taken, and what was published."""

    def open_shard(self, *, uri_prefix: str, size: int) -> StatusShard:
        """Open the next shard: numbers count from 1, its address is the prefix and the number."""
        ...

    def find_open_shard(self) -> StatusShard | None:
        """Find the newest shard."""
        ...

    def list_shards(self) -> tuple[StatusShard, ...]:
        """List every shard by number."""
        ...

    def find_taken(self, shard: StatusShard, indexes: Sequence[int]) -> frozenset[int]:
        """Tell which of ``indexes`` are taken in the shard, by passes or by decoys."""
        ...

    def raise_taken(self, shard: StatusShard, count: int) -> None:
        """Count ``count`` more places of the shard as taken."""
        ...

    def list_standings(self, shard: int) -> tuple[tuple[int, Standing], ...]:
        """List every place of the shard that is not valid, as it was last set."""
        ...

    def find_places(self, cards: Sequence[CardNumber]) -> Mapping[CardNumber, tuple[tuple[int, int], ...]]:
        """Find the places, (list number, index), of all passes of many cards."""
        ...

    def set_standings(self, standings: Sequence[PlaceStanding], *, are_decoys: bool = False) -> None:
        """Set what the lists say of these places. A decoy stays one for ever: no pass ever gets its place."""
        ...

    def find_decoys(self, shard: int, standing: Standing, *, limit: int) -> tuple[int, ...]:
        """Find places of decoys in a list that have this standing; never one that a pass has."""
        ...

    def iterate_standings(self) -> Iterator[tuple[PlaceStanding, bool]]:
        """Go through every place that was ever set and whether it is a decoy, without holding them all."""
        ...

    def publish(self, published: PublishedStatus) -> None:
        """Keep the newest signed form of a shard."""
        ...

    def find_published(self, shard: int) -> PublishedStatus | None:
        """Find the newest signed form of a shard."""
        ...

    def list_published(self) -> Mapping[int, tuple[int, datetime]]:
        """List, for each shard that was ever signed, the sequence its signed form tells of, and when it was."""
        ...


class StreamStore(Protocol):
    """Keeps the status stream and the outbox. Both are gapless: numbered inside the writing transaction."""

    def add_delta(self, delta: DeltaRecord, shards: Iterable[int]) -> None:
        """Append a delta and note that it touched these shards."""
        ...

    def find_last_delta(self) -> DeltaRecord | None:
        """Find the last delta; inside a writing transaction no other can follow it until its end."""
        ...

    def list_deltas(self, *, after: int, limit: int) -> tuple[DeltaRecord, ...]:
        """List the deltas that follow sequence ``after``, in order."""
        ...

    def add_to_outbox(self, events: Sequence[StandingChanged]) -> None:
        """Append events; their positions follow the last one."""
        ...

    def find_last_position(self) -> int:
        """Find the last position of the outbox; 0 while it is empty."""
        ...

    def read_outbox(self, *, after: int, limit: int) -> tuple[StandingChanged, ...]:
        """Read the events that follow position ``after``, in order."""
        ...


class AuditStore(Protocol):
    """Keeps the log. Appends of two transactions never interleave."""

    def find_head(self) -> AuditEntry | None:
        """Find the last entry; inside a writing transaction no other can append until its end."""
        ...

    def find_entry(self, sequence: int) -> AuditEntry | None:
        """Find the entry with this number."""
        ...

    def append(self, entries: Iterable[AuditEntry]) -> None:
        """Append entries."""
        ...

    def read_log(self) -> Iterator[AuditEntry]:
        """Go through the log from the first entry, without holding it all."""
        ...

    def read_log_of(self, subject: str) -> tuple[AuditEntry, ...]:
        """List the entries about one subject, the oldest first."""
        ...


class KeyStore(Protocol):
    """Keeps the public halves of the keys with their windows, and the trust lists that were signed."""

    def add_key(self, key: KeyRecord) -> None:
        """Add a key."""
        ...

    def update_key(self, key: KeyRecord) -> None:
        """Write a key's window."""
        ...

    def list_keys(self) -> tuple[KeyRecord, ...]:
        """List every key ever, the oldest first."""
        ...

    def add_trust_list(self, sequence: int, text: str, at: datetime) -> None:
        """Keep a signed trust list."""
        ...

    def find_trust_list(self) -> tuple[int, str] | None:
        """Find the newest signed trust list with its sequence number."""
        ...


class Store(HolderStore, CardStore, StatusStore, StreamStore, AuditStore, KeyStore, Protocol):
    """The whole register within one transaction."""
