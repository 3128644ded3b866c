"""The status stream, the outbox, and what the lists say place by place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import exists, func, insert, select, tuple_, update
from sqlalchemy.engine import Row

from rahdari.credentials.schema import delta, issued_pass, outbox, shard, standing
from rahdari.credentials.store.table import Part, in_slices, run_many
from rahdari.credentials.values.cards import Act, CardNumber, Reason, Standing
from rahdari.credentials.values.status import DeltaRecord, PlaceStanding, StandingChanged
from rahdari.database import announce

STREAM_CHANNEL = "rahdari_credentials_delta"
"""On which every process is told that a delta was committed."""

_STATUSES = {Standing.VALID: 0, Standing.INVALID: 1, Standing.SUSPENDED: 2}
_STANDINGS = {status: one for one, status in _STATUSES.items()}
_SET = (
    "INSERT INTO credentials_standing (shard, place, status, is_decoy) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (shard, place) DO UPDATE SET status = excluded.status"
)
_ROWS_AT_ONCE = 1000


class StreamTable(Part):
    """The part of the store that keeps deltas, the outbox and standings."""

    def list_standings(self, number: int) -> tuple[tuple[int, Standing], ...]:
        """List every place of the shard that is not valid."""
        wanted = select(standing.c.place, standing.c.status).where(
            standing.c.shard == number, standing.c.status != 0
        )
        return tuple((place, _STANDINGS[status]) for place, status in self._connection.execute(wanted))

    def find_places(self, cards: Sequence[CardNumber]) -> Mapping[CardNumber, tuple[tuple[int, int], ...]]:
        """Find the places of all passes of many cards."""
        found: dict[CardNumber, tuple[tuple[int, int], ...]] = {}
        for some in in_slices(cards):
            wanted = select(issued_pass.c.card, issued_pass.c.shard, issued_pass.c.place)
            for card, at, place in self._connection.execute(wanted.where(issued_pass.c.card.in_(some))):
                found[card] = (*found.get(card, ()), (at, place))
        return found

    def set_standings(self, standings: Sequence[PlaceStanding], *, are_decoys: bool = False) -> None:
        """Set what the lists say of these places."""
        rows = [(one.shard, one.place, _STATUSES[one.standing], int(are_decoys)) for one in standings]
        run_many(self._connection, _SET, rows)

    def find_decoys(self, number: int, wanted: Standing, *, limit: int) -> tuple[int, ...]:
        """Find places of decoys in a list that have this standing; never one that a pass has."""
        is_pass = exists().where(issued_pass.c.shard == number, issued_pass.c.place == standing.c.place)
        found = select(standing.c.place).where(
            standing.c.shard == number,
            standing.c.is_decoy == 1,
            standing.c.status == _STATUSES[wanted],
            ~is_pass,
        )
        return tuple(self._connection.execute(found.order_by(standing.c.place).limit(limit)).scalars())

    def iterate_standings(self) -> Iterator[tuple[PlaceStanding, bool]]:
        """Go through every place that was ever set, a page at a time."""
        last = (0, -1)
        columns = (standing.c.shard, standing.c.place)
        while True:
            wanted = select(standing).where(tuple_(*columns) > last).order_by(*columns).limit(_ROWS_AT_ONCE)
            page = self._connection.execute(wanted).all()
            for row in page:
                yield PlaceStanding(row.shard, row.place, _STANDINGS[row.status]), bool(row.is_decoy)
            if len(page) < _ROWS_AT_ONCE:
                return
            last = page[-1].shard, page[-1].place

    def add_delta(self, one: DeltaRecord, shards: Iterable[int]) -> None:
        """Append a delta, note that it touched these shards, and announce it to every process."""
        self._connection.execute(
            insert(delta).values(sequence=one.sequence, at=one.at, digest=one.digest, message=one.message)
        )
        touched = sorted(set(shards))
        self._connection.execute(
            update(shard).where(shard.c.number.in_(touched)).values(touched=one.sequence)
        )
        announce(self._connection, STREAM_CHANNEL)

    def find_last_delta(self) -> DeltaRecord | None:
        """Find the last delta."""
        row = self._connection.execute(select(delta).order_by(delta.c.sequence.desc()).limit(1)).first()
        return _delta(row) if row else None

    def list_deltas(self, *, after: int, limit: int) -> tuple[DeltaRecord, ...]:
        """List the deltas that follow ``after``, in order."""
        wanted = select(delta).where(delta.c.sequence > after).order_by(delta.c.sequence).limit(limit)
        return tuple(_delta(row) for row in self._connection.execute(wanted))

    def add_to_outbox(self, events: Sequence[StandingChanged]) -> None:
        """Append events."""
        if events:
            self._connection.execute(insert(outbox), [_event_row(one) for one in events])

    def find_last_position(self) -> int:
        """Find the last position of the outbox; 0 while it is empty."""
        return self._connection.execute(select(func.max(outbox.c.position))).scalar_one() or 0

    def read_outbox(self, *, after: int, limit: int) -> tuple[StandingChanged, ...]:
        """Read the events that follow position ``after``, in order."""
        wanted = select(outbox).where(outbox.c.position > after).order_by(outbox.c.position).limit(limit)
        return tuple(_event(row) for row in self._connection.execute(wanted))


def _delta(row: Row[Any]) -> DeltaRecord:
    return DeltaRecord(row.sequence, row.at, bytes(row.digest), bytes(row.message))


def _event_row(one: StandingChanged) -> dict[str, object]:
    return {
        "position": one.position,
        "at": one.at,
        "card": one.card,
        "act": one.act.value,
        "reason": one.reason.value if one.reason else None,
        "was": one.was.value,
        "became": one.became.value,
        "sequence": one.sequence,
    }


def _event(row: Row[Any]) -> StandingChanged:
    return StandingChanged(
        position=row.position,
        at=row.at,
        card=CardNumber(row.card),
        act=Act(row.act),
        reason=Reason(row.reason) if row.reason else None,
        was=Standing(row.was),
        became=Standing(row.became),
        sequence=row.sequence,
    )
