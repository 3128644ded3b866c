"""The register in memory. The contract suite holds it to the promises of the real store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from threading import Lock

from rahdari.credentials.errors import CardTaken, HolderTaken, WrongStage
from rahdari.credentials.rules.life_cycle import LIVE_STAGES
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
from rahdari.database import Conflict


@dataclass
class _Rows:
    holders: dict[HolderId, Holder] = field(default_factory=dict)
    portraits: dict[HolderId, Portrait] = field(default_factory=dict)
    cards: dict[CardNumber, Card] = field(default_factory=dict)
    passes: dict[tuple[CardNumber, str], Pass] = field(default_factory=dict)
    shards: dict[int, StatusShard] = field(default_factory=dict)
    published: dict[int, PublishedStatus] = field(default_factory=dict)
    log: list[AuditEntry] = field(default_factory=list)
    keys: list[KeyRecord] = field(default_factory=list)
    trust_lists: dict[int, str] = field(default_factory=dict)
    standings: dict[tuple[int, int], tuple[Standing, bool]] = field(default_factory=dict)
    deltas: list[DeltaRecord] = field(default_factory=list)
    outbox: list[StandingChanged] = field(default_factory=list)
    locks: dict[tuple[CardNumber, Channel], datetime] = field(default_factory=dict)

    def copied(self) -> "_Rows":
        return _Rows(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})


class RegisterInMemory:
    """Gives out one transaction at a time; what one leaves behind by an exception is forgotten."""

    def __init__(self) -> None:
        self._rows = _Rows()
        self._turn = Lock()

    @contextmanager
    def transaction(self) -> Iterator["StoreInMemory"]:
        with self._turn:
            rows = self._rows.copied()
            yield StoreInMemory(rows)
            self._rows = rows

    @contextmanager
    def reading(self) -> Iterator["StoreInMemory"]:
        yield StoreInMemory(self._rows.copied())


class StoreInMemory:
    """The register within one transaction."""

    def __init__(self, rows: _Rows | None = None) -> None:
        self._rows = rows or _Rows()

    def add_holders(self, holders: Sequence[tuple[Holder, Portrait | None]]) -> None:
        taken = {(one.party.kind, one.party.number) for one in self._rows.holders.values()}
        for holder, _ in holders:
            number = (holder.party.kind, holder.party.number)
            if number in taken:
                raise HolderTaken("a holder with one of these numbers is registered already")
            taken.add(number)
        for holder, portrait in holders:
            self._rows.holders[holder.id] = holder
            if portrait is not None:
                self._rows.portraits[holder.id] = portrait

    def find_holder(self, holder: HolderId) -> Holder | None:
        return self._rows.holders.get(holder)

    def find_holder_by_number(self, kind: HolderKind, number: str) -> Holder | None:
        wanted = (kind, number)
        return next(
            (one for one in self._rows.holders.values() if (one.party.kind, one.party.number) == wanted), None
        )

    def find_portrait(self, holder: HolderId) -> Portrait | None:
        return self._rows.portraits.get(holder)

    def find_taken_numbers(self, kind: HolderKind, numbers: Sequence[str]) -> frozenset[str]:
        known = {one.party.number for one in self._rows.holders.values() if one.party.kind is kind}
        return frozenset(known.intersection(numbers))

    def list_holders(self, *, after: HolderId | None, limit: int) -> tuple[Holder, ...]:
        ordered = sorted(self._rows.holders.values(), key=lambda one: one.id)
        return tuple([one for one in ordered if one.id > (after or "")][:limit])

    def find_holders(self, holders: Sequence[HolderId]) -> Mapping[HolderId, Holder]:
        return {one: self._rows.holders[one] for one in holders if one in self._rows.holders}

    def find_qr_photos(self, holders: Sequence[HolderId], profile: str) -> Mapping[HolderId, bytes]:
        known = {one: self._rows.portraits[one] for one in holders if one in self._rows.portraits}
        return {one: portrait.qr[profile] for one, portrait in known.items() if profile in portrait.qr}

    def add_cards(self, cards: Sequence[Card]) -> None:
        live = {(one.holder, one.product.id) for one in self._rows.cards.values() if one.stage in LIVE_STAGES}
        for card in cards:
            if card.stage in LIVE_STAGES:
                if (card.holder, card.product.id) in live:
                    raise CardTaken("the holder has a live card of this product already")
                live.add((card.holder, card.product.id))
        for card in cards:
            if card.number in self._rows.cards:
                raise CardTaken("a card with this number exists already")
        self._rows.cards |= {card.number: card for card in cards}

    def find_card(self, number: CardNumber) -> Card | None:
        return self._rows.cards.get(number)

    def find_cards_of(self, holder: HolderId) -> tuple[Card, ...]:
        return _ordered(one for one in self._rows.cards.values() if one.holder == holder)

    def find_card_at(self, uri: str, index: int) -> tuple[Card, Pass] | None:
        for one in self._rows.passes.values():
            if (one.place.uri, one.place.index) == (uri, index):
                return self._rows.cards[one.card], one
        return None

    def list_applied(self, product: str | None, *, limit: int) -> tuple[Card, ...]:
        waiting = (one for one in self._rows.cards.values() if one.stage is Stage.APPLIED)
        return _ordered(one for one in waiting if product in (None, one.product.id))[:limit]

    def update_cards(self, cards: Sequence[Card], *, was: Stage) -> None:
        for card in cards:
            known = self._rows.cards.get(card.number)
            if known is None or known.stage is not was:
                raise WrongStage(f"a card is no longer {was}")
        for card in cards:
            known = self._rows.cards[card.number]
            self._rows.cards[card.number] = replace(
                known,
                stage=card.stage,
                valid_from=card.valid_from,
                expires=card.expires,
                revocation_proposed_by=card.revocation_proposed_by,
                revocation_reason=card.revocation_reason,
            )

    def add_passes(self, passes: Sequence[Pass]) -> None:
        taken = {(one.place.uri, one.place.index) for one in self._rows.passes.values()}
        for one in passes:
            place, key = (one.place.uri, one.place.index), (one.card, one.feature)
            if place in taken or key in self._rows.passes:
                raise Conflict("a status place or a feature of a card is taken", "unnamed")
            taken.add(place)
            self._rows.passes[key] = one

    def find_pass(self, card: CardNumber, feature: str) -> Pass | None:
        return self._rows.passes.get((card, feature))

    def list_due(self, at: datetime, *, limit: int) -> tuple[Card, ...]:
        living = LIVE_STAGES - {Stage.APPLIED}
        due = [
            (one.expires, one)
            for one in self._rows.cards.values()
            if one.expires is not None and one.expires <= at and one.stage in living
        ]
        return tuple(one for _, one in sorted(due, key=lambda pair: pair[0]))[:limit]

    def set_lock(self, card: CardNumber, channel: Channel, at: datetime) -> None:
        self._rows.locks.setdefault((card, channel), at)

    def clear_lock(self, card: CardNumber, channel: Channel) -> None:
        self._rows.locks.pop((card, channel), None)

    def list_locks(self, card: CardNumber) -> frozenset[Channel]:
        return frozenset(channel for one, channel in self._rows.locks if one == card)

    def iterate_locks(self) -> Iterator[tuple[CardNumber, Channel]]:
        yield from self._rows.locks

    def iterate_cards(self) -> Iterator[Card]:
        yield from self._rows.cards.values()

    def iterate_passes(self) -> Iterator[Pass]:
        yield from sorted(self._rows.passes.values(), key=lambda one: (one.card, one.feature))

    def open_shard(self, *, uri_prefix: str, size: int) -> StatusShard:
        number = max(self._rows.shards, default=0) + 1
        opened = self._rows.shards[number] = StatusShard(number, f"{uri_prefix}{number}", size, 0)
        return opened

    def find_open_shard(self) -> StatusShard | None:
        return self._rows.shards[max(self._rows.shards)] if self._rows.shards else None

    def list_shards(self) -> tuple[StatusShard, ...]:
        return tuple(self._rows.shards[number] for number in sorted(self._rows.shards))

    def find_taken(self, shard: StatusShard, indexes: Sequence[int]) -> frozenset[int]:
        taken = {one.place.index for one in self._rows.passes.values() if one.place.uri == shard.uri}
        decoys = {
            place
            for (number, place), (_, is_decoy) in self._rows.standings.items()
            if number == shard.number and is_decoy
        }
        return frozenset((taken | decoys).intersection(indexes))

    def raise_taken(self, shard: StatusShard, count: int) -> None:
        known = self._rows.shards[shard.number]
        self._rows.shards[shard.number] = replace(known, taken=known.taken + count)

    def list_standings(self, shard: int) -> tuple[tuple[int, Standing], ...]:
        return tuple(
            (place, standing)
            for (number, place), (standing, _) in self._rows.standings.items()
            if number == shard and standing is not Standing.VALID
        )

    def find_places(self, cards: Sequence[CardNumber]) -> Mapping[CardNumber, tuple[tuple[int, int], ...]]:
        numbers = {one.uri: one.number for one in self._rows.shards.values()}
        found: dict[CardNumber, tuple[tuple[int, int], ...]] = {}
        for one in self._rows.passes.values():
            if one.card in cards:
                place = (numbers[one.place.uri], one.place.index)
                found[one.card] = (*found.get(one.card, ()), place)
        return found

    def set_standings(self, standings: Sequence[PlaceStanding], *, are_decoys: bool = False) -> None:
        for shard, place, standing in standings:
            known = self._rows.standings.get((shard, place))
            self._rows.standings[shard, place] = (standing, known[1] if known else are_decoys)

    def find_decoys(self, shard: int, standing: Standing, *, limit: int) -> tuple[int, ...]:
        wanted = (shard, standing, True)
        uri = self._rows.shards[shard].uri
        taken = {one.place.index for one in self._rows.passes.values() if one.place.uri == uri}
        decoys = [
            place for (number, place), (one, is_decoy) in self._rows.standings.items()
            if (number, one, is_decoy) == wanted and place not in taken
        ]  # fmt: skip
        return tuple(sorted(decoys)[:limit])

    def iterate_standings(self) -> Iterator[tuple[PlaceStanding, bool]]:
        for (shard, place), (standing, is_decoy) in sorted(self._rows.standings.items()):
            yield PlaceStanding(shard, place, standing), is_decoy

    def add_delta(self, delta: DeltaRecord, shards: Iterable[int]) -> None:
        if any(one.sequence == delta.sequence for one in self._rows.deltas):
            raise Conflict("a delta with this number exists", "pk_credentials_delta")
        self._rows.deltas = [*self._rows.deltas, delta]
        for number in shards:
            self._rows.shards[number] = replace(self._rows.shards[number], touched=delta.sequence)

    def find_last_delta(self) -> DeltaRecord | None:
        return self._rows.deltas[-1] if self._rows.deltas else None

    def list_deltas(self, *, after: int, limit: int) -> tuple[DeltaRecord, ...]:
        return tuple([one for one in self._rows.deltas if one.sequence > after][:limit])

    def add_to_outbox(self, events: Sequence[StandingChanged]) -> None:
        self._rows.outbox = [*self._rows.outbox, *events]

    def find_last_position(self) -> int:
        return self._rows.outbox[-1].position if self._rows.outbox else 0

    def read_outbox(self, *, after: int, limit: int) -> tuple[StandingChanged, ...]:
        return tuple([one for one in self._rows.outbox if one.position > after][:limit])

    def publish(self, published: PublishedStatus) -> None:
        self._rows.published[published.shard] = published

    def find_published(self, shard: int) -> PublishedStatus | None:
        return self._rows.published.get(shard)

    def list_published(self) -> Mapping[int, tuple[int, datetime]]:
        return {number: (one.sequence, one.issued_at) for number, one in self._rows.published.items()}

    def find_head(self) -> AuditEntry | None:
        return self._rows.log[-1] if self._rows.log else None

    def find_entry(self, sequence: int) -> AuditEntry | None:
        return next((one for one in self._rows.log if one.sequence == sequence), None)

    def append(self, entries: Iterable[AuditEntry]) -> None:
        self._rows.log = [*self._rows.log, *entries]

    def read_log(self) -> Iterator[AuditEntry]:
        yield from self._rows.log

    def read_log_of(self, subject: str) -> tuple[AuditEntry, ...]:
        return tuple(one for one in self._rows.log if one.event.subject == subject)

    def add_key(self, key: KeyRecord) -> None:
        if any(one.public == key.public for one in self._rows.keys):
            raise Conflict("the key is in the register already", "uq_credentials_key_thumbprint")
        self._rows.keys.append(key)

    def update_key(self, key: KeyRecord) -> None:
        self._rows.keys = [
            replace(one, not_after=key.not_after, withdrawn_at=key.withdrawn_at)
            if one.public == key.public
            else one
            for one in self._rows.keys
        ]

    def list_keys(self) -> tuple[KeyRecord, ...]:
        return tuple(self._rows.keys)

    def add_trust_list(self, sequence: int, text: str, at: datetime) -> None:
        if sequence in self._rows.trust_lists:
            raise Conflict("a trust list with this number was signed already", "pk_credentials_trust_list")
        self._rows.trust_lists[sequence] = text

    def find_trust_list(self) -> tuple[int, str] | None:
        newest = max(self._rows.trust_lists, default=None)
        return None if newest is None else (newest, self._rows.trust_lists[newest])


def _ordered(cards: Iterable[Card]) -> tuple[Card, ...]:
    return tuple(sorted(cards, key=lambda one: (one.applied_at, one.number)))
