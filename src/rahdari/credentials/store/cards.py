"""Cards and passes."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, tuple_
from sqlalchemy.engine import Row

from rahdari.credentials.errors import CardTaken, WrongStage
from rahdari.credentials.rules.life_cycle import LIVE_STAGES
from rahdari.credentials.schema import card, issued_pass, lock, shard
from rahdari.credentials.store.table import Part, insert_rows, microseconds, run_many
from rahdari.credentials.values.cards import (
    Card,
    CardNumber,
    Channel,
    Pass,
    ProductRef,
    Reason,
    Stage,
    StatusPlace,
)
from rahdari.credentials.values.holders import HolderId
from rahdari.database import Conflict, named_failures

_ROWS_AT_ONCE = 1000
_LOCK = "INSERT INTO credentials_lock (card, channel, locked_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_CHANGE = (
    "UPDATE credentials_card SET stage = ?, valid_from = ?, expires = ?, revocation_proposed_by = ?, "
    "revocation_reason = ? WHERE number = ? AND stage = ?"
)


class CardTable(Part):
    """The part of the store that keeps cards and their passes."""

    def add_cards(self, cards: Sequence[Card]) -> None:
        """Add all or none. Raises ``CardTaken``."""
        if not cards:
            return
        try:
            with named_failures():
                self._connection.execute(insert(card), [_card_row(one) for one in cards])
        except Conflict:
            raise CardTaken("the holder has a live card of this product already; replace that one") from None

    def find_card(self, number: CardNumber) -> Card | None:
        """Find a card."""
        row = self._connection.execute(select(card).where(card.c.number == number)).first()
        return _card(row) if row else None

    def find_cards_of(self, holder: HolderId) -> tuple[Card, ...]:
        """List a holder's cards, the oldest first."""
        wanted = select(card).where(card.c.holder == holder).order_by(card.c.applied_at, card.c.number)
        return tuple(_card(row) for row in self._connection.execute(wanted))

    def find_card_at(self, uri: str, index: int) -> tuple[Card, Pass] | None:
        """Find the card and the pass whose status stands at this place."""
        wanted = (
            select(card, issued_pass, shard.c.uri)
            .join(issued_pass, issued_pass.c.card == card.c.number)
            .join(shard, shard.c.number == issued_pass.c.shard)
            .where(shard.c.uri == uri, issued_pass.c.place == index)
        )
        row = self._connection.execute(wanted).first()
        return (_card(row), _pass(row)) if row else None

    def list_applied(self, product: str | None, *, limit: int) -> tuple[Card, ...]:
        """List applications, the oldest first."""
        # A literal stage, not a bound one, so that the partial index is seen to fit.
        wanted = select(card).where(
            card.c.stage == bindparam("stage", Stage.APPLIED.value, literal_execute=True)
        )
        if product is not None:
            wanted = wanted.where(card.c.product == product)
        ordered = wanted.order_by(card.c.applied_at, card.c.number).limit(limit)
        return tuple(_card(row) for row in self._connection.execute(ordered))

    def update_cards(self, cards: Sequence[Card], *, was: Stage) -> None:
        """Write the new state of cards that all still stand at ``was``. Raises ``WrongStage``."""
        if not cards:
            return
        changed = run_many(self._connection, _CHANGE, [_changed_row(one, was) for one in cards])
        if changed != len(cards):
            raise WrongStage(f"{len(cards) - changed} of {len(cards)} cards are no longer {was}; look again")

    def add_passes(self, passes: Sequence[Pass]) -> None:
        """Add passes to existing cards."""
        if not passes:
            return
        shards = {
            row.uri: row.number for row in self._connection.execute(select(shard.c.uri, shard.c.number))
        }
        insert_rows(self._connection, issued_pass, [_pass_row(one, shards) for one in passes])

    def find_pass(self, number: CardNumber, feature: str) -> Pass | None:
        """Find one pass of a card."""
        wanted = (
            select(issued_pass, shard.c.uri)
            .join(shard, shard.c.number == issued_pass.c.shard)
            .where(issued_pass.c.card == number, issued_pass.c.feature == feature)
        )
        row = self._connection.execute(wanted).first()
        return _pass(row) if row else None

    def list_due(self, at: datetime, *, limit: int) -> tuple[Card, ...]:
        """List live cards whose validity ended before ``at``."""
        live = sorted(stage.value for stage in LIVE_STAGES - {Stage.APPLIED})
        wanted = select(card).where(card.c.expires <= at, card.c.stage.in_(live))
        return tuple(
            _card(row) for row in self._connection.execute(wanted.order_by(card.c.expires).limit(limit))
        )

    def set_lock(self, number: CardNumber, channel: Channel, at: datetime) -> None:
        """Lock a channel of a card; one that is locked stays so since its first instant."""
        run_many(self._connection, _LOCK, [(number, channel.value, microseconds(at))])

    def clear_lock(self, number: CardNumber, channel: Channel) -> None:
        """Unlock a channel of a card."""
        gone = delete(lock).where(lock.c.card == number, lock.c.channel == channel.value)
        self._connection.execute(gone)

    def list_locks(self, number: CardNumber) -> frozenset[Channel]:
        """List the channels that are locked."""
        wanted = select(lock.c.channel).where(lock.c.card == number)
        return frozenset(Channel(one) for one in self._connection.execute(wanted).scalars())

    def iterate_locks(self) -> Iterator[tuple[CardNumber, Channel]]:
        """Go through every lock there is."""
        for number, channel in self._connection.execute(select(lock.c.card, lock.c.channel)):
            yield CardNumber(number), Channel(channel)

    def iterate_cards(self) -> Iterator[Card]:
        """Go through every card by number, a page at a time."""
        last = ""
        while True:
            wanted = select(card).where(card.c.number > last).order_by(card.c.number).limit(_ROWS_AT_ONCE)
            page = [_card(row) for row in self._connection.execute(wanted)]
            yield from page
            if len(page) < _ROWS_AT_ONCE:
                return
            last = page[-1].number

    def iterate_passes(self) -> Iterator[Pass]:
        """Go through every pass by card and feature, a page at a time."""
        last: tuple[str, str] = ("", "")
        while True:
            wanted = (
                select(issued_pass, shard.c.uri)
                .join(shard, shard.c.number == issued_pass.c.shard)
                .where(tuple_(issued_pass.c.card, issued_pass.c.feature) > last)
                .order_by(issued_pass.c.card, issued_pass.c.feature)
                .limit(_ROWS_AT_ONCE)
            )
            page = [_pass(row) for row in self._connection.execute(wanted)]
            yield from page
            if len(page) < _ROWS_AT_ONCE:
                return
            last = page[-1].card, page[-1].feature


def _card_row(one: Card) -> dict[str, object]:
    return {
        "number": one.number,
        "holder": one.holder,
        "product": one.product.id,
        "version": one.product.version,
        "stage": one.stage.value,
        "applied_at": one.applied_at,
        "valid_from": one.valid_from,
        "expires": one.expires,
        "replaces": one.replaces,
        "revocation_proposed_by": one.revocation_proposed_by,
        "revocation_reason": one.revocation_reason.value if one.revocation_reason else None,
    }


def _changed_row(one: Card, was: Stage) -> tuple[object, ...]:
    reason = one.revocation_reason
    return (
        one.stage.value, microseconds(one.valid_from), microseconds(one.expires),
        one.revocation_proposed_by, reason.value if reason else None, one.number, was.value,
    )  # fmt: skip


def _card(row: Row[Any]) -> Card:
    """Read the first columns of a row, which are those of the table in its order."""
    columns: Sequence[Any] = row[:11]
    number, holder, product, version, stage, applied_at, begins, expires, replaces, by, reason = columns
    return Card(
        number=CardNumber(number),
        holder=HolderId(holder),
        product=ProductRef(product, version),
        stage=Stage(stage),
        applied_at=applied_at,
        valid_from=begins,
        expires=expires,
        replaces=CardNumber(replaces) if replaces else None,
        revocation_proposed_by=by,
        revocation_reason=Reason(reason) if reason else None,
    )


def _pass_row(one: Pass, shards: dict[str, int]) -> tuple[object, ...]:
    """The values in the order of the table's columns, as they are stored."""
    place = one.place
    return (
        one.card, one.feature, shards[place.uri], place.index, one.kid, one.payload,
        microseconds(one.issued_at),
    )  # fmt: skip


def _pass(row: Row[Any]) -> Pass:
    return Pass(
        card=CardNumber(row.card),
        feature=row.feature,
        place=StatusPlace(row.uri, row.place),
        kid=bytes(row.kid),
        payload=bytes(row.payload),
        issued_at=row.issued_at,
    )
