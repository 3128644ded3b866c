"""Examining the status stream: the chain of deltas, their signatures, and the lists and cards beside them."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.status import standing_of
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.audit import AuditFault
from rahdari.credentials.values.cards import Stage, Standing
from rahdari.credentials.values.status import DeltaRecord
from rahdari.kernel import Refused
from rahdari.wire import status_stream
from rahdari.wire.keys import PublicKey
from rahdari.wire.status_stream import FIRST, Delta

_PAGE = 1000
_Places = dict[tuple[int, int], Standing]


def find_stream_faults(
    desk: Desk, keys: Mapping[bytes, tuple[PublicKey, ...]], *, logged: int
) -> Iterator[AuditFault]:
    """Find what is wrong with the stream, the places of the lists, or the cards they speak of.

    ``keys`` are the status keys by kid, those that are retired included; ``logged`` is the highest delta that
    the log names. What the lists said before the stream began stands in no delta.
    """
    told: _Places = {}
    last = yield from _read_chain(desk, keys, told)
    if last < logged:
        yield AuditFault(
            None, f"the stream ends at delta {last}, the log names delta {logged}: its end was cut"
        )
    held = {(one.shard, one.place): one.standing for one, _ in desk.store.iterate_standings()}
    wrong = sum(held.get(place) is not standing for place, standing in told.items())
    if wrong:
        yield AuditFault(None, f"{wrong} places of the status lists are not as the stream says")
    yield from _compare_cards(desk, held)


def _read_chain(
    desk: Desk, keys: Mapping[bytes, tuple[PublicKey, ...]], told: _Places
) -> Generator[AuditFault, None, int]:
    """Read every delta into ``told``; returns the last one's number."""
    sequence, previous = 0, FIRST
    while page := desk.store.list_deltas(after=sequence, limit=_PAGE):
        for record in page:
            delta = _read(record, keys)
            if delta is None or (delta.sequence, delta.previous) != (sequence + 1, previous):
                yield AuditFault(None, f"delta {record.sequence} was altered, or one before it is missing")
            else:
                told |= {(one.shard, one.place): standing_of(one.status) for one in delta.changes}
            sequence, previous = record.sequence, record.digest
    return sequence


def _read(record: DeltaRecord, keys: Mapping[bytes, tuple[PublicKey, ...]]) -> Delta | None:
    """Read a delta that one of ``keys`` signed and whose row says the same; None if it is anything else."""
    try:
        signed = status_stream.decode(record.message)
    except Refused:
        return None
    delta = signed.unverified
    if not isinstance(delta, Delta) or (delta.sequence, signed.digest) != (record.sequence, record.digest):
        return None
    for key in keys.get(signed.kid, ()):
        try:
            signed.verify(key)
        except Refused:
            continue
        return delta
    return None


def _compare_cards(desk: Desk, held: _Places) -> Iterator[AuditFault]:
    shards = {one.uri: one.number for one in desk.store.list_shards()}
    stages: dict[str, Stage] = {card.number: card.stage for card in desk.store.iterate_cards()}
    for one in desk.store.iterate_passes():
        listed = held.get((shards.get(one.place.uri, 0), one.place.index), Standing.VALID)
        stage = stages.get(one.card)
        if stage is not None and listed is not STANDINGS[stage]:
            yield AuditFault(None, f"card {one.card} is {stage}, its status list says {listed}")


def find_outbox_faults(desk: Desk, told: Sequence[tuple[str, str, int]]) -> Iterator[AuditFault]:
    """Compare the outbox with what the log tells: card, act and delta of each change, in the same order."""
    position, wrong = 0, 0
    while page := desk.store.read_outbox(after=position, limit=_PAGE):
        for row in page:
            expected = told[position] if position < len(told) else None
            wrong += row.position != position + 1 or expected != (row.card, row.act.value, row.sequence)
            position += 1
    wrong += max(0, len(told) - position)
    if wrong:
        yield AuditFault(
            None, f"{wrong} changes stand otherwise in the outbox than in the log: not all were told"
        )


def find_lock_faults(desk: Desk, locked: Collection[tuple[str, str]]) -> Iterator[AuditFault]:
    """Compare the holders' locks with those that the log tells of."""
    held = {(card, channel.value) for card, channel in desk.store.iterate_locks()}
    for card in sorted({card for card, _ in held.symmetric_difference(locked)}):
        yield AuditFault(None, f"card {card} has other locks than the log says")
