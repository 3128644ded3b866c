"""Numbered notices, how far each stream has come, and who is sending it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)

from rahdari.signals.schema import NOTICE, POSITION, PROGRESS, STREAM
from rahdari.signals.store.streams import read_stream
from rahdari.signals.values import (
    Became,
    Claimed,
    Initiator,
    Kind,
    Method,
    Notice,
    Progress,
    State,
    StreamId,
    SubjectId,
)

_SET_POSITION = text(
    "INSERT INTO signals_position (name, position) VALUES ('outbox', :position) "
    "ON CONFLICT (name) DO UPDATE SET position = excluded.position"
)
_TAKE = (
    update(PROGRESS)
    .where(PROGRESS.c.stream == bindparam("of"))
    .values(last_order=PROGRESS.c.last_order + bindparam("count"))
)

_SETTLE = (
    update(NOTICE)
    .where(
        NOTICE.c.stream == bindparam("of"),
        NOTICE.c.number == bindparam("order"),
        NOTICE.c.settled_at.is_(None),
    )
    .values(settled_at=bindparam("new_at", type_=NOTICE.c.settled_at.type))
)
_FINISH = (
    update(PROGRESS)
    .where(PROGRESS.c.stream == bindparam("of"), PROGRESS.c.owner == bindparam("by"))
    .values(
        attempts=bindparam("new_attempts"),
        gone=bindparam("new_gone"),
        due_at=bindparam("new_due_at", type_=PROGRESS.c.due_at.type),
        failing_since=bindparam("new_failing_since", type_=PROGRESS.c.failing_since.type),
        failure=bindparam("new_failure", type_=PROGRESS.c.failure.type),
        owner=None,
        claimed_until=None,
    )
)


class NoticeTable:
    """``ports.Notices``."""

    _connection: Connection

    def get_position(self) -> int:
        wanted = select(POSITION.c.position).where(POSITION.c.name == "outbox")
        return self._connection.execute(wanted).scalar_one_or_none() or 0

    def set_position(self, position: int) -> None:
        self._connection.execute(_SET_POSITION, {"position": position})

    def take_orders(self, counts: Mapping[StreamId, int]) -> dict[StreamId, int]:
        if not counts:
            return {}
        # Always in one order, so that two transactions never wait for each other.
        self._connection.execute(_TAKE, [{"of": one, "count": counts[one]} for one in sorted(counts)])
        found = self._connection.execute(
            select(PROGRESS.c.stream, PROGRESS.c.last_order).where(PROGRESS.c.stream.in_(list(counts)))
        )
        return {StreamId(row.stream): row.last_order - counts[row.stream] + 1 for row in found}

    def add_notices(self, notices: Iterable[Notice]) -> None:
        rows = [_notice_row(one) for one in notices]
        if rows:
            self._connection.execute(insert(NOTICE), rows)

    def list_notices(self, stream: StreamId, *, after: int, limit: int) -> tuple[Notice, ...]:
        wanted = select(NOTICE).where(NOTICE.c.stream == stream, NOTICE.c.number > after)
        return self._notices(wanted.order_by(NOTICE.c.number).limit(limit))

    def list_pending(self, stream: StreamId, *, limit: int, kind: str | None = None) -> tuple[Notice, ...]:
        wanted = select(NOTICE).where(NOTICE.c.stream == stream, NOTICE.c.settled_at.is_(None))
        if kind is not None:
            wanted = wanted.where(NOTICE.c.kind == kind)
        return self._notices(wanted.order_by(NOTICE.c.number).limit(limit))

    def _notices(self, wanted: Any) -> tuple[Notice, ...]:  # noqa: ANN401 - any SELECT of the table
        return tuple(_notice(row) for row in self._connection.execute(wanted))

    def count_pending(self, stream: StreamId) -> int:
        wanted = select(func.count()).where(NOTICE.c.stream == stream, NOTICE.c.settled_at.is_(None))
        return self._connection.execute(wanted).scalar_one()

    def settle(self, stream: StreamId, orders: Collection[int], at: datetime) -> int:
        arrived = update(NOTICE).where(
            NOTICE.c.stream == stream, NOTICE.c.number.in_(sorted(orders)), NOTICE.c.settled_at.is_(None)
        )
        return self._connection.execute(arrived.values(settled_at=at)).rowcount if orders else 0

    def settle_many(self, orders: Mapping[StreamId, Collection[int]], at: datetime) -> None:
        rows = [
            {"of": stream, "order": order, "new_at": at}
            for stream in sorted(orders)
            for order in sorted(orders[stream])
        ]
        if rows:
            self._connection.execute(_SETTLE, rows)

    def reopen(self, stream: StreamId, *, after: int) -> int:
        again = update(NOTICE).where(NOTICE.c.stream == stream, NOTICE.c.number > after)
        return self._connection.execute(again.values(settled_at=None)).rowcount

    def purge(self, before: datetime, limit: int) -> int:
        old = select(NOTICE.c.stream, NOTICE.c.number).where(NOTICE.c.noted_at < before)
        # From the oldest on: where one notice of a stream is left, its last one is.
        old = old.order_by(NOTICE.c.noted_at, NOTICE.c.stream, NOTICE.c.number).limit(limit)
        keys = [tuple(row) for row in self._connection.execute(old)]
        gone = delete(NOTICE).where(tuple_(NOTICE.c.stream, NOTICE.c.number).in_(keys))
        return self._connection.execute(gone).rowcount if keys else 0

    def get_progress(self, stream: StreamId) -> Progress:
        row = self._connection.execute(select(PROGRESS).where(PROGRESS.c.stream == stream)).one()
        return _progress(row)

    def put_progress(self, stream: StreamId, progress: Progress) -> None:
        kept = update(PROGRESS).where(PROGRESS.c.stream == stream)
        self._connection.execute(kept.values(_progress_row(progress)))

    def set_verified(self, stream: StreamId, at: datetime) -> None:
        noted = update(PROGRESS).where(PROGRESS.c.stream == stream)
        self._connection.execute(noted.values(verified_at=at))

    def find_due(self, at: datetime, *, failing: bool, limit: int) -> tuple[StreamId, ...]:
        wanted = (
            select(PROGRESS.c.stream)
            .join(STREAM, STREAM.c.id == PROGRESS.c.stream)
            .where(
                STREAM.c.method != Method.POLL.value,
                PROGRESS.c.attempts > 0 if failing else PROGRESS.c.attempts == 0,
                or_(PROGRESS.c.due_at.is_(None), PROGRESS.c.due_at <= at),
                _is_free(at),
                _has_something_to_send(),
            )
            .order_by(func.coalesce(PROGRESS.c.due_at, 0), PROGRESS.c.stream)
        )
        return tuple(StreamId(one) for one in self._connection.execute(wanted.limit(limit)).scalars())

    def claim(self, streams: Collection[StreamId], owner: str, *, at: datetime, until: datetime) -> None:
        # Whoever waits here for another's claim sees, once it is made, that the stream is held.
        held = update(PROGRESS).where(PROGRESS.c.stream.in_(sorted(streams)), _is_free(at))
        self._connection.execute(held.values(owner=owner, claimed_until=until))

    def list_claimed(self, owner: str, until: datetime, *, batch: int) -> tuple[Claimed, ...]:
        mine = (
            select(STREAM, PROGRESS)
            .join(STREAM, STREAM.c.id == PROGRESS.c.stream)
            .where(PROGRESS.c.owner == owner, PROGRESS.c.claimed_until == until)
            .order_by(PROGRESS.c.stream)
        )
        return tuple(self._claimed(row, batch) for row in self._connection.execute(mine).all())

    def _claimed(self, row: Row[Any], batch: int) -> Claimed:
        stream = read_stream(row)
        # A stream that does not run tells only that it does not (Shared Signals, 8.1.5).
        kind = None if stream.state is State.ENABLED else Kind.STREAM_UPDATED.value
        return Claimed(stream, _progress(row), self.list_pending(stream.id, limit=batch, kind=kind))

    def finish(self, owner: str, progress: Mapping[StreamId, Progress]) -> None:
        rows = [
            {"of": stream, "by": owner} | {f"new_{name}": value for name, value in _progress_row(one).items()}
            for stream, one in sorted(progress.items())
        ]
        if rows:
            self._connection.execute(_FINISH, rows)

    def release(self, streams: Collection[StreamId], owner: str) -> None:
        held = update(PROGRESS).where(PROGRESS.c.stream.in_(sorted(streams)), PROGRESS.c.owner == owner)
        self._connection.execute(held.values(owner=None, claimed_until=None))


def _is_free(at: datetime) -> ColumnElement[bool]:
    return or_(PROGRESS.c.claimed_until.is_(None), PROGRESS.c.claimed_until <= at)


def _has_something_to_send() -> ColumnElement[bool]:
    waiting = exists().where(NOTICE.c.stream == STREAM.c.id, NOTICE.c.settled_at.is_(None))
    runs = STREAM.c.state == State.ENABLED.value
    return waiting.where(or_(runs, NOTICE.c.kind == Kind.STREAM_UPDATED.value))


def _progress(row: Row[Any]) -> Progress:
    return Progress(
        last_order=row.last_order,
        attempts=row.attempts,
        gone=row.gone,
        due_at=row.due_at,
        failing_since=row.failing_since,
        failure=row.failure,
        verified_at=row.verified_at,
    )


def _progress_row(progress: Progress) -> dict[str, object]:
    return {
        "attempts": progress.attempts,
        "gone": progress.gone,
        "due_at": progress.due_at,
        "failing_since": progress.failing_since,
        "failure": progress.failure,
    }


def _notice_row(notice: Notice) -> dict[str, object]:
    return {
        "stream": notice.stream,
        "number": notice.order,
        "cause": notice.cause,
        "kind": notice.kind.value,
        "at": notice.at,
        "noted_at": notice.noted_at,
        "subject": notice.subject,
        "became": notice.became.value if notice.became else None,
        "initiator": notice.initiator.value if notice.initiator else None,
        "text": notice.text,
        "settled_at": notice.settled_at,
    }


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        stream=StreamId(row.stream),
        order=row.number,
        cause=row.cause,
        kind=Kind(row.kind),
        at=row.at,
        noted_at=row.noted_at,
        subject=SubjectId(row.subject) if row.subject else None,
        became=Became(row.became) if row.became else None,
        initiator=Initiator(row.initiator) if row.initiator else None,
        text=row.text,
        settled_at=row.settled_at,
    )
