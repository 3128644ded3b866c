"""Streams and notices in memory. The contract suite holds it to the promises of the real store."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from rahdari.signals import (
    Claimed,
    Happening,
    Kind,
    Method,
    Notice,
    Progress,
    State,
    Stream,
    StreamId,
    SubjectId,
    Watcher,
)


class HappeningsInMemory:
    """A list of happenings."""

    def __init__(self, *happenings: Happening) -> None:
        self.all = list(happenings)

    def read(self, *, after: int, limit: int) -> tuple[Happening, ...]:
        return tuple([one for one in self.all if one.position > after][:limit])


class SignalsInMemory:
    """Keeps everything in dictionaries."""

    def __init__(self) -> None:
        self._streams: dict[StreamId, Stream] = {}
        self._progress: dict[StreamId, Progress] = {}
        self._claims: dict[StreamId, tuple[str, datetime]] = {}
        self._subjects: dict[tuple[str, str], SubjectId] = {}
        self._watches: set[tuple[StreamId, SubjectId]] = set()
        self._notices: dict[tuple[StreamId, int], Notice] = {}
        self._position = 0

    def add_stream(self, stream: Stream) -> None:
        self._streams[stream.id] = stream
        self._progress[stream.id] = Progress()

    def find_stream(self, stream: StreamId) -> Stream | None:
        return self._streams.get(stream)

    def list_streams(self, institution: str | None = None) -> tuple[Stream, ...]:
        found = [one for one in self._streams.values() if institution in (None, one.institution)]
        return tuple(sorted(found, key=lambda one: (one.created_at, one.id)))

    def update_stream(self, stream: Stream) -> None:
        self._streams[stream.id] = stream

    def set_state(self, stream: StreamId, state: State, why: str | None) -> None:
        self._streams[stream] = replace(self._streams[stream], state=state, why=why)

    def remove_stream(self, stream: StreamId) -> None:
        self._streams.pop(stream, None)
        self._progress.pop(stream, None)
        self._watches = {one for one in self._watches if one[0] != stream}
        self._notices = {key: one for key, one in self._notices.items() if key[0] != stream}

    def find_subject(self, institution: str, card: str) -> SubjectId | None:
        return self._subjects.get((institution, card))

    def add_subject(self, subject: SubjectId, institution: str, card: str) -> None:
        self._subjects.setdefault((institution, card), subject)

    def find_cards(self, subjects: Collection[SubjectId]) -> dict[SubjectId, str]:
        return {subject: card for (_, card), subject in self._subjects.items() if subject in subjects}

    def watch(self, stream: StreamId, subject: SubjectId) -> bool:
        is_new = (stream, subject) not in self._watches
        self._watches.add((stream, subject))
        return is_new

    def unwatch(self, stream: StreamId, subject: SubjectId) -> bool:
        was_there = (stream, subject) in self._watches
        self._watches.discard((stream, subject))
        return was_there

    def count_watched(self, stream: StreamId) -> int:
        return sum(one == stream for one, _ in self._watches)

    def list_watching(self, card: str) -> tuple[str, ...]:
        watched = {subject for _, subject in self._watches}
        pairs = self._subjects.items()
        return tuple(sorted(who for (who, one), subject in pairs if one == card and subject in watched))

    def find_watchers(self, cards: Collection[str]) -> tuple[Watcher, ...]:
        names = {subject: card for (_, card), subject in self._subjects.items() if card in cards}
        return tuple(
            Watcher(names[subject], stream, subject, found.delivery.method, found.kinds)
            for stream, subject in self._watches
            if subject in names
            for found in (self._streams[stream],)
        )

    def get_position(self) -> int:
        return self._position

    def set_position(self, position: int) -> None:
        self._position = position

    def take_orders(self, counts: Mapping[StreamId, int]) -> dict[StreamId, int]:
        taken = {}
        for stream, count in counts.items():
            before = self._progress[stream]
            taken[stream] = before.last_order + 1
            self._progress[stream] = replace(before, last_order=before.last_order + count)
        return taken

    def add_notices(self, notices: Iterable[Notice]) -> None:
        self._notices |= {(one.stream, one.order): one for one in notices}

    def _of(self, stream: StreamId) -> list[Notice]:
        return [one for key, one in sorted(self._notices.items()) if key[0] == stream]

    def list_notices(self, stream: StreamId, *, after: int, limit: int) -> tuple[Notice, ...]:
        return tuple([one for one in self._of(stream) if one.order > after][:limit])

    def list_pending(self, stream: StreamId, *, limit: int, kind: str | None = None) -> tuple[Notice, ...]:
        waiting = [one for one in self._of(stream) if one.settled_at is None and kind in (None, one.kind)]
        return tuple(waiting[:limit])

    def count_pending(self, stream: StreamId) -> int:
        return sum(one.settled_at is None for one in self._of(stream))

    def settle(self, stream: StreamId, orders: Collection[int], at: datetime) -> int:
        fresh = [one for one in self._of(stream) if one.order in orders and one.settled_at is None]
        self.add_notices(replace(one, settled_at=at) for one in fresh)
        return len(fresh)

    def settle_many(self, orders: Mapping[StreamId, Collection[int]], at: datetime) -> None:
        for stream, some in orders.items():
            self.settle(stream, some, at)

    def reopen(self, stream: StreamId, *, after: int) -> int:
        again = [one for one in self._of(stream) if one.order > after]
        self.add_notices(replace(one, settled_at=None) for one in again)
        return len(again)

    def purge(self, before: datetime, limit: int) -> int:
        old = [key for key, one in self._notices.items() if one.noted_at < before][:limit]
        for key in old:
            del self._notices[key]
        return len(old)

    def get_progress(self, stream: StreamId) -> Progress:
        return self._progress[stream]

    def put_progress(self, stream: StreamId, progress: Progress) -> None:
        before = self._progress[stream]
        self._progress[stream] = replace(
            progress, last_order=before.last_order, verified_at=before.verified_at
        )

    def set_verified(self, stream: StreamId, at: datetime) -> None:
        self._progress[stream] = replace(self._progress[stream], verified_at=at)

    def _is_held(self, stream: StreamId, at: datetime) -> bool:
        return stream in self._claims and self._claims[stream][1] > at

    def _waiting(self, stream: Stream, limit: int) -> tuple[Notice, ...]:
        kind = None if stream.state is State.ENABLED else Kind.STREAM_UPDATED
        return self.list_pending(stream.id, limit=limit, kind=kind)

    def find_due(self, at: datetime, *, failing: bool, limit: int) -> tuple[StreamId, ...]:
        due = [
            (progress.due_at.timestamp() if progress.due_at else 0.0, stream)
            for stream, progress in self._progress.items()
            if self._streams[stream].delivery.method is not Method.POLL
            and (progress.attempts > 0) is failing
            and (progress.due_at is None or progress.due_at <= at)
            and not self._is_held(stream, at)
            and self._waiting(self._streams[stream], 1)
        ]
        return tuple(one for _, one in sorted(due)[:limit])

    def claim(self, streams: Collection[StreamId], owner: str, *, at: datetime, until: datetime) -> None:
        free = [one for one in streams if one in self._streams and not self._is_held(one, at)]
        self._claims |= dict.fromkeys(free, (owner, until))

    def list_claimed(self, owner: str, until: datetime, *, batch: int) -> tuple[Claimed, ...]:
        return tuple(
            Claimed(found := self._streams[one], self._progress[one], self._waiting(found, batch))
            for one, claim in sorted(self._claims.items())
            if claim == (owner, until)
        )

    def finish(self, owner: str, progress: Mapping[StreamId, Progress]) -> None:
        for stream, one in progress.items():
            if self._claims.get(stream, ("", None))[0] == owner:
                self.put_progress(stream, one)
                del self._claims[stream]

    def release(self, streams: Collection[StreamId], owner: str) -> None:
        for stream in streams:
            if self._claims.get(stream, ("", None))[0] == owner:
                del self._claims[stream]
