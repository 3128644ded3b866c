"""Streams, and who watches which card."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, insert, select, text, update

from rahdari.signals.schema import NOTICE, PROGRESS, STREAM, SUBJECT, WATCH
from rahdari.signals.values import (
    Delivery,
    Kind,
    Method,
    State,
    Stream,
    StreamId,
    SubjectId,
    Watcher,
)

# Both engines take many more variables in one statement; a slice keeps it short.
_SLICE = 500
_ADD_SUBJECT = text(
    "INSERT INTO signals_subject (id, institution, card) VALUES (:id, :institution, :card) ON CONFLICT DO NOTHING"
)
_WATCH = text("INSERT INTO signals_watch (stream, subject) VALUES (:stream, :subject) ON CONFLICT DO NOTHING")


class StreamTable:
    """``ports.Streams``."""

    _connection: Connection

    def add_stream(self, stream: Stream) -> None:
        self._connection.execute(insert(STREAM).values(_stream_row(stream)))
        nothing = {"last_order": 0, "watched": 0, "attempts": 0}
        self._connection.execute(insert(PROGRESS).values(stream=stream.id, **nothing))

    def find_stream(self, stream: StreamId) -> Stream | None:
        row = self._connection.execute(select(STREAM).where(STREAM.c.id == stream)).one_or_none()
        return None if row is None else read_stream(row)

    def list_streams(self, institution: str | None = None) -> tuple[Stream, ...]:
        wanted = select(STREAM).order_by(STREAM.c.created_at, STREAM.c.id)
        if institution is not None:
            wanted = wanted.where(STREAM.c.institution == institution)
        return tuple(read_stream(row) for row in self._connection.execute(wanted))

    def update_stream(self, stream: Stream) -> None:
        self._connection.execute(update(STREAM).where(STREAM.c.id == stream.id).values(_stream_row(stream)))

    def set_state(self, stream: StreamId, state: State, why: str | None) -> None:
        changed = update(STREAM).where(STREAM.c.id == stream)
        self._connection.execute(changed.values(state=state.value, why=why))

    def remove_stream(self, stream: StreamId) -> None:
        for table in (NOTICE, WATCH, PROGRESS):
            self._connection.execute(delete(table).where(table.c.stream == stream))
        self._connection.execute(delete(STREAM).where(STREAM.c.id == stream))

    def find_subject(self, institution: str, card: str) -> SubjectId | None:
        wanted = select(SUBJECT.c.id).where(SUBJECT.c.institution == institution, SUBJECT.c.card == card)
        found = self._connection.execute(wanted).scalar_one_or_none()
        return None if found is None else SubjectId(found)

    def add_subject(self, subject: SubjectId, institution: str, card: str) -> None:
        self._connection.execute(_ADD_SUBJECT, {"id": subject, "institution": institution, "card": card})

    def find_cards(self, subjects: Collection[SubjectId]) -> dict[SubjectId, str]:
        wanted = select(SUBJECT.c.id, SUBJECT.c.card)
        return {
            SubjectId(row.id): row.card
            for some in _slices(subjects)
            for row in self._connection.execute(wanted.where(SUBJECT.c.id.in_(some)))
        }

    def watch(self, stream: StreamId, subject: SubjectId) -> bool:
        done = self._connection.execute(_WATCH, {"stream": stream, "subject": subject})
        return self._count_watched(stream, done.rowcount)

    def unwatch(self, stream: StreamId, subject: SubjectId) -> bool:
        gone = delete(WATCH).where(WATCH.c.stream == stream, WATCH.c.subject == subject)
        return self._count_watched(stream, -self._connection.execute(gone).rowcount)

    def _count_watched(self, stream: StreamId, change: int) -> bool:
        # A count of its own: counting ten million rows at each new one would take seconds.
        counted = update(PROGRESS).where(PROGRESS.c.stream == stream)
        if change:
            self._connection.execute(counted.values(watched=PROGRESS.c.watched + change))
        return change != 0

    def count_watched(self, stream: StreamId) -> int:
        wanted = select(PROGRESS.c.watched).where(PROGRESS.c.stream == stream)
        return self._connection.execute(wanted).scalar_one_or_none() or 0

    def list_watching(self, card: str) -> tuple[str, ...]:
        watched = exists().where(WATCH.c.subject == SUBJECT.c.id)
        wanted = select(SUBJECT.c.institution).where(SUBJECT.c.card == card, watched)
        return tuple(self._connection.execute(wanted.order_by(SUBJECT.c.institution)).scalars())

    def find_watchers(self, cards: Collection[str]) -> tuple[Watcher, ...]:
        watching = (
            select(SUBJECT.c.card, WATCH.c.stream, SUBJECT.c.id, STREAM.c.method, STREAM.c.kinds)
            .select_from(SUBJECT)
            .join(WATCH, WATCH.c.subject == SUBJECT.c.id)
            .join(STREAM, STREAM.c.id == WATCH.c.stream)
        )
        return tuple(
            _watcher(row)
            for some in _slices(cards)
            for row in self._connection.execute(watching.where(SUBJECT.c.card.in_(some)))
        )


def _slices(names: Collection[str]) -> Iterator[list[str]]:
    every = sorted(set(names))
    return (every[at : at + _SLICE] for at in range(0, len(every), _SLICE))


def _watcher(row: Row[Any, Any, Any, Any, Any]) -> Watcher:
    kinds = frozenset(Kind(one) for one in row.kinds)
    return Watcher(row.card, StreamId(row.stream), SubjectId(row.id), Method(row.method), kinds)


def _stream_row(stream: Stream) -> dict[str, object]:
    return {
        "id": stream.id,
        "institution": stream.institution,
        "method": stream.delivery.method.value,
        "url": stream.delivery.url,
        "authorization": stream.delivery.authorization,
        "kinds": sorted(kind.value for kind in stream.kinds),
        "description": stream.description,
        "state": stream.state.value,
        "why": stream.why,
        "secret": stream.secret,
        "former_secret": stream.former_secret,
        "former_until": stream.former_until,
        "created_at": stream.created_at,
    }


def read_stream(row: Row[Any]) -> Stream:
    """Read a stream from a row that has its columns, perhaps among others."""
    return Stream(
        id=StreamId(row.id),
        institution=row.institution,
        delivery=Delivery(Method(row.method), row.url, row.authorization),
        kinds=frozenset(Kind(one) for one in row.kinds),
        created_at=row.created_at,
        description=row.description,
        state=State(row.state),
        why=row.why,
        secret=None if row.secret is None else bytes(row.secret),
        former_secret=None if row.former_secret is None else bytes(row.former_secret),
        former_until=row.former_until,
    )
