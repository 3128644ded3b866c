"""Examining the status stream: the chain of deltas, their signatures, and the lists and cards beside them."""

from collections.abc import Collection, Generator, Iterator, Mapping, Sequence

from rahdari.credentials.rules.life_cycle import STANDINGS
from rahdari.credentials.rules.status import array_of, is_signed_by, read_token, standing_of
from rahdari.credentials.service.desk import Desk
from rahdari.credentials.values.audit import AuditFault
from rahdari.credentials.values.cards import Stage, Standing
from rahdari.credentials.values.status import DeltaRecord, PublishedStatus
from rahdari.kernel import Refused
from rahdari.wire import status_stream
from rahdari.wire.keys import PublicKey
from rahdari.wire.status_list import StatusArray
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
    touched: dict[int, int] = {}
    last = yield from _read_chain(desk, keys, told, touched)
    if last < logged:
        yield AuditFault(
            None, f"the stream ends at delta {last}, the log names delta {logged}: its end was cut"
        )
    held, decoys = _Places(), set[tuple[int, int]]()
    for one, is_decoy in desk.store.iterate_standings():
        held[one.shard, one.place] = one.standing
        if is_decoy:
            decoys.add((one.shard, one.place))
    wrong = sum(held.get(place) is not standing for place, standing in told.items())
    if wrong:
        yield AuditFault(None, f"{wrong} places of the status lists are not as the stream says")
    yield from _compare_cards(desk, held, decoys)
    yield from _compare_lists(desk, keys, touched, last)


def _read_chain(
    desk: Desk, keys: Mapping[bytes, tuple[PublicKey, ...]], told: _Places, touched: dict[int, int]
) -> Generator[AuditFault, None, int]:
    """Read every delta into ``told``, and by list the last one into ``touched``; returns the last one's number."""
    sequence, previous = 0, FIRST
    while page := desk.store.list_deltas(after=sequence, limit=_PAGE):
        for record in page:
            delta = _read(record, keys)
            if delta is None or (delta.sequence, delta.previous) != (sequence + 1, previous):
                yield AuditFault(None, f"delta {record.sequence} was altered, or one before it is missing")
            else:
                told |= {(one.shard, one.place): standing_of(one.status) for one in delta.changes}
                touched |= {one.shard: delta.sequence for one in delta.changes}
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


def _compare_cards(desk: Desk, held: _Places, decoys: Collection[tuple[int, int]]) -> Iterator[AuditFault]:
    shards = {one.uri: one.number for one in desk.store.list_shards()}
    stages: dict[str, Stage] = {card.number: card.stage for card in desk.store.iterate_cards()}
    for one in desk.store.iterate_passes():
        place = (shards.get(one.place.uri, 0), one.place.index)
        if place in decoys:
            # Marked so, it would be moved along with another card's place.
            yield AuditFault(None, f"card {one.card} has a pass whose place is marked as nobody's")
        listed = held.get(place, Standing.VALID)
        stage = stages.get(one.card)
        if stage is not None and listed is not STANDINGS[stage]:
            yield AuditFault(None, f"card {one.card} is {stage}, its status list says {listed}")


def _compare_lists(
    desk: Desk, keys: Mapping[bytes, tuple[PublicKey, ...]], touched: Mapping[int, int], last: int
) -> Iterator[AuditFault]:
    """Compare what the register says of each list, and its signed forms, with the stream and the places."""
    for shard in desk.store.list_shards():
        newest = touched.get(shard.number, 0)
        if shard.touched != newest:
            yield AuditFault(
                None,
                f"list {shard.number} is noted as of delta {shard.touched}, the stream touched it in {newest}",
            )
        kept = desk.store.find_published(shard.number)
        if kept is None:
            continue
        if kept.sequence > last:
            yield AuditFault(
                None, f"list {shard.number} tells of delta {kept.sequence}, the stream ends at {last}"
            )
        said = array_of(shard, desk.store.list_standings(shard.number)) if kept.sequence >= newest else None
        forms = (kept.cwt, kept.jwt.encode())
        if not all(_is_form_of(kept, raw, keys, said) for raw in forms):
            yield AuditFault(
                None, f"the signed form of list {shard.number} is not what was signed of its places"
            )


def _is_form_of(
    kept: PublishedStatus,
    raw: bytes,
    keys: Mapping[bytes, tuple[PublicKey, ...]],
    said: StatusArray | None,
) -> bool:
    """Tell whether one of ``keys`` signed ``raw``, the row says the same of it, and it says ``said``.

    ``said`` None: the stream went on since, and the form is about to be signed anew.
    """
    try:
        token = read_token(raw)
    except Refused:
        return False
    listed = token.unverified
    row = (kept.uri, int(kept.issued_at.timestamp()), kept.sequence)
    if (token.uri, token.issued_at, listed.sequence or 0) != row:
        return False
    is_signed = any(is_signed_by(token, key) for key in keys.get(token.kid or b"", ()))
    return is_signed and said in (None, listed.statuses)


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
