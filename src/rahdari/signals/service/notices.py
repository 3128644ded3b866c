"""Notices: numbered, sent, fetched, replayed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from rahdari.kernel import Chance, Clock
from rahdari.signals.errors import NotKept, WrongMethod
from rahdari.signals.policy import Patience
from rahdari.signals.ports import Happenings, Store
from rahdari.signals.rules.events import order_in
from rahdari.signals.rules.retries import is_gone, is_hopeless, next_progress
from rahdari.signals.values import (
    KEPT,
    POLL_MAX,
    TOLD_AS,
    Ahead,
    Claimed,
    Happening,
    Judged,
    Kind,
    Method,
    Notice,
    Outcome,
    Polled,
    Progress,
    Slots,
    State,
    Stream,
    StreamId,
    Watcher,
)

# What one fan-out reads at once: a bulk issue writes thousands of happenings that nobody watches.
FAN_OUT_BATCH = 1000
# What is sent to one stream before its lease is renewed and the others have had their turn.
SEND_BATCH = 16
_PURGE_BATCH = 1000


def read_ahead(store: Store, happenings: Happenings) -> Ahead:
    """Read what was not fanned out yet, a batch of it, and who watches: both as of one state of the database.

    A watch that is kept later is of somebody who looked at the card once more after keeping it, and so saw
    all of this.
    """
    found = happenings.read(after=store.get_position(), limit=FAN_OUT_BATCH)
    return Ahead(found, store.find_watchers({one.card for one in found}) if found else ())


def fan_out(store: Store, ahead: Ahead, *, clock: Clock) -> int:
    """Number a notice for every stream that watches; tells how many. Must run under the fan-out's lock.

    What was fanned out before is passed over, so that whoever was overtaken by another server does nothing twice.
    """
    position = store.get_position()
    fresh = [one for one in ahead.happenings if one.position > position]
    if not fresh:
        return 0
    watchers: dict[str, list[Watcher]] = {}
    for watcher in ahead.watchers:
        watchers.setdefault(watcher.card, []).append(watcher)
    told = [(one, watcher) for one in fresh for watcher in watchers.get(one.card, ())]
    made = _numbered(store, told, clock)
    store.add_notices(made)
    store.set_position(fresh[-1].position)
    return len(made)


def _numbered(store: Store, told: Iterable[tuple[Happening, Watcher]], clock: Clock) -> list[Notice]:
    said = [(one, watcher, _kinds(one, watcher)) for one, watcher in told]
    counts: dict[StreamId, int] = {}
    for _, watcher, kinds in said:
        counts[watcher.stream] = counts.get(watcher.stream, 0) + len(kinds)
    following = store.take_orders({stream: count for stream, count in counts.items() if count})
    made: list[Notice] = []
    for happening, watcher, kinds in said:
        # A stream that was deleted since it was read about has no numbers any more.
        if watcher.stream not in following:
            continue
        cause = following[watcher.stream]
        made += [
            _notice(happening, watcher, kind, cause + number, cause, clock)
            for number, kind in enumerate(kinds)
        ]
        following[watcher.stream] = cause + len(kinds)
    return made


def _kinds(happening: Happening, watcher: Watcher) -> list[Kind]:
    if watcher.method is Method.WEBHOOK:
        return [Kind.STANDING]
    return [kind for kind in TOLD_AS[happening.became] if kind in watcher.kinds]


def _notice(
    happening: Happening, watcher: Watcher, kind: Kind, order: int, cause: int, clock: Clock
) -> Notice:
    return Notice(
        stream=watcher.stream,
        order=order,
        cause=cause,
        kind=kind,
        at=happening.at,
        noted_at=clock.now(),
        subject=watcher.subject,
        became=happening.became,
        initiator=happening.initiator,
    )


def append(store: Store, stream: StreamId, kind: Kind, text: str | None, *, clock: Clock) -> Notice:
    """Number a notice of the stream's own. Must run under the fan-out's lock."""
    order, now = store.take_orders({stream: 1})[stream], clock.now()
    notice = Notice(stream=stream, order=order, cause=order, kind=kind, at=now, noted_at=now, text=text)
    store.add_notices([notice])
    return notice


def find_due(store: Store, *, clock: Clock, slots: Slots) -> tuple[StreamId, ...]:
    """Find as many streams that are due as there are ``slots``; those that fail have slots of their own.

    A hundred receivers that hang thus never take the places of those that answer.
    """
    now = clock.now()
    return tuple(
        stream
        for is_failing, limit in ((False, slots.healthy), (True, slots.failing))
        for stream in store.find_due(now, failing=is_failing, limit=limit)
        if stream not in slots.busy
    )


def claim(
    store: Store, streams: Collection[StreamId], owner: str, *, clock: Clock, patience: Patience
) -> datetime:
    """Hold streams for the time of a lease; tells when it ends. Those that somebody holds stay with him."""
    now = clock.now()
    store.claim(streams, owner, at=now, until=now + patience.lease)
    return now + patience.lease


def read_claimed(store: Store, owner: str, until: datetime) -> tuple[Claimed, ...]:
    """Read what was claimed until exactly ``until``, and what is to be sent."""
    return store.list_claimed(owner, until, batch=SEND_BATCH)


def judge(
    store: Store, outcomes: Iterable[Outcome], *, clock: Clock, patience: Patience, chance: Chance
) -> tuple[Judged, ...]:
    """Tell what follows from how sending went. Reads only; a stream that was deleted meanwhile is passed over."""
    now, judged = clock.now(), list[Judged]()
    for outcome in outcomes:
        if store.find_stream(outcome.stream) is None:
            continue
        before = store.get_progress(outcome.stream)
        after = next_progress(before, outcome, at=now, patience=patience, chance=chance)
        why = _end_of(after, at=now, patience=patience)
        # Given up: what is still to be said waits for the next contact, and is not sent into the void every hour.
        progress = after if why is None else replace(after, due_at=now + KEPT)
        judged.append(Judged(outcome, progress, why))
    return tuple(judged)


def write_down(store: Store, judged: Sequence[Judged], owner: str, *, clock: Clock) -> None:
    """Write down how sending went, and hold the streams no more.

    Short, for on SQLite a suspension would wait for it. Whoever lost the lease meanwhile may still say
    what arrived. Must run under the fan-out's lock if a stream is given up, for that numbers a notice.
    """
    store.settle_many({one.outcome.stream: one.outcome.taken for one in judged}, clock.now())
    store.finish(owner, {one.outcome.stream: one.progress for one in judged})
    for one in judged:
        if one.why is not None:
            _give_up(store, one.outcome.stream, one.why, clock)


def _give_up(store: Store, stream: StreamId, why: str, clock: Clock) -> None:
    """Disable a stream, and number the news of it (Shared Signals, 8.1.5) for the next contact."""
    found = store.find_stream(stream)
    if found is None or found.state is State.DISABLED:
        return
    store.set_state(stream, State.DISABLED, why)
    append(store, stream, Kind.STREAM_UPDATED, State.DISABLED.value, clock=clock)


def _end_of(progress: Progress, *, at: datetime, patience: Patience) -> str | None:
    if is_gone(progress, at=at, patience=patience):
        return f"the receiver answered 410 {progress.gone} times in a row: it wants no more"
    if is_hopeless(progress, at=at, patience=patience):
        return f"it failed for too long: {progress.failure}"
    return None


def poll(
    store: Store,
    stream: Stream,
    *,
    acknowledged: Collection[str],
    refused: Collection[str],
    limit: int,
    clock: Clock,
) -> Polled:
    """Take acknowledgements, then give the first notices that are not settled (RFC 8936, 2.2 to 2.4).

    A notice that the receiver refuses is settled too: it would be the same at the next poll. Ids that are
    none of this stream are passed over. ``limit`` 0 gives none.

    Raises:
        WrongMethod: the stream is not fetched.
    """
    if stream.delivery.method is not Method.POLL:
        raise WrongMethod("this stream is sent to its receiver; only a stream of method poll is fetched")
    orders = [order_in(one, stream.id) for one in (*acknowledged, *refused)]
    store.settle(stream.id, [one for one in orders if one is not None], clock.now())
    wanted = min(max(limit, 0), POLL_MAX)
    kind = None if stream.state is State.ENABLED else Kind.STREAM_UPDATED.value
    waiting = store.list_pending(stream.id, limit=wanted + 1, kind=kind)
    return Polled(waiting[:wanted], has_more=len(waiting) > wanted)


def replay(store: Store, stream: StreamId, *, after: int) -> int:
    """Send every notice after order ``after`` again, in order and under the same ids; tells how many.

    Raises:
        NotKept: a notice that would be first is no longer kept, or was never numbered.
    """
    last = store.get_progress(stream).last_order
    if not 0 <= after <= last:
        raise NotKept(f"the notices of this stream are numbered up to {last}; there is none after {after}")
    first = store.list_notices(stream, after=after, limit=1)
    if after < last and (not first or first[0].order != after + 1):
        kept = f"from {first[0].order} on" if first else "none"
        raise NotKept(
            f"notice {after + 1} is no longer kept (kept: {kept}); ask about each subject's standing instead"
        )
    count = store.reopen(stream, after=after)
    before = store.get_progress(stream)
    store.put_progress(stream, replace(before, attempts=0, due_at=None, failing_since=None, failure=None))
    return count


def purge(store: Store, *, clock: Clock) -> int:
    """Forget notices that are older than what is kept, a batch of them; tells how many."""
    return store.purge(clock.now() - KEPT, _PURGE_BATCH)
