"""The index of the citizen's log in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Table, and_, delete, func, insert, or_, select, update

from rahdari.exchange.schema import LOOKUP, POSITION, WITHHOLDING
from rahdari.exchange.values.lookups import KeptWithholding, Lookup
from rahdari.wire.ndel.records import SubjectIndex, WithholdingAct
from rahdari.wire.xroad import read_client, read_service

_CITIZENS_LOG = "citizens_log"


class SqlLookups:
    """``ports.LookupStore`` on a connection whose transaction the caller opened and ends."""

    def __init__(self, connection: Connection) -> None:
        """Work on this connection."""
        self._connection = connection

    def find_next_leaf(self) -> int:
        wanted = select(POSITION.c.next_leaf).where(POSITION.c.name == _CITIZENS_LOG)
        return self._connection.execute(wanted).scalar_one_or_none() or 0

    def add(
        self, lookups: Sequence[Lookup], withholdings: Sequence[KeptWithholding], *, next_leaf: int
    ) -> None:
        # What stands before the position is indexed already: who was overtaken by another process adds nothing.
        done = self.find_next_leaf()
        self._insert(LOOKUP, [_lookup_row(one) for one in lookups if one.leaf >= done])
        self._insert(WITHHOLDING, [_withholding_row(one) for one in withholdings if one.leaf >= done])
        if next_leaf > done:
            self._move(next_leaf)

    def list_lookups(
        self, subjects: Sequence[SubjectIndex], *, since: int, until: int, limit: int
    ) -> tuple[Lookup, ...]:
        if not subjects:
            return ()
        mine = or_(*(and_(LOOKUP.c.digest == one.digest, LOOKUP.c.period == one.period) for one in subjects))
        wanted = select(LOOKUP).where(mine, LOOKUP.c.ended >= since, LOOKUP.c.ended < until)
        newest = wanted.order_by(LOOKUP.c.ended.desc(), LOOKUP.c.leaf.desc()).limit(limit)
        return tuple(_lookup(row) for row in self._connection.execute(newest))

    def list_withholdings(self, *, at: int) -> tuple[KeptWithholding, ...]:
        wanted = select(WITHHOLDING).where(WITHHOLDING.c.until > at).order_by(WITHHOLDING.c.leaf)
        return tuple(_withholding(row) for row in self._connection.execute(wanted))

    def list_withholdings_about(self, subjects: Sequence[SubjectIndex]) -> tuple[KeptWithholding, ...]:
        if not subjects:
            return ()
        about = or_(
            *(
                and_(WITHHOLDING.c.digest == one.digest, WITHHOLDING.c.period == one.period)
                for one in subjects
            )
        )
        # A lifting names no person, but the order.
        theirs = WITHHOLDING.c.id.in_(select(WITHHOLDING.c.id).where(about))
        lifts = and_(WITHHOLDING.c.act == WithholdingAct.LIFT.value, theirs)
        wanted = select(WITHHOLDING).where(or_(about, lifts)).order_by(WITHHOLDING.c.leaf)
        return tuple(_withholding(row) for row in self._connection.execute(wanted))

    def count_orders(self) -> tuple[tuple[str, int], ...]:
        ordered = WITHHOLDING.c.act == WithholdingAct.WITHHOLD.value
        counted = select(WITHHOLDING.c.kind, func.count(WITHHOLDING.c.id.distinct())).where(ordered)
        rows = self._connection.execute(counted.group_by(WITHHOLDING.c.kind).order_by(WITHHOLDING.c.kind))
        return tuple((str(kind), int(count)) for kind, count in rows)

    def clear(self) -> None:
        for table in (LOOKUP, WITHHOLDING, POSITION):
            self._connection.execute(delete(table))

    def _insert(self, table: Table, rows: list[dict[str, object]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _move(self, next_leaf: int) -> None:
        change = update(POSITION).where(POSITION.c.name == _CITIZENS_LOG).values(next_leaf=next_leaf)
        if self._connection.execute(change).rowcount == 0:
            self._connection.execute(insert(POSITION).values(name=_CITIZENS_LOG, next_leaf=next_leaf))


def _lookup_row(one: Lookup) -> dict[str, object]:
    return {
        "leaf": one.leaf,
        "period": one.subject.period,
        "digest": one.subject.digest,
        "ended": one.ended,
        "request_id": one.request_id,
        "client": str(one.client),
        "service": str(one.service),
        "operation": one.operation,
        "purpose": one.purpose,
        "consent": one.consent_id,
        "status": one.status,
        "fault": one.fault,
    }


def _lookup(row: Row[Any]) -> Lookup:
    return Lookup(
        leaf=row.leaf,
        subject=SubjectIndex(row.period, bytes(row.digest)),
        ended=row.ended,
        request_id=row.request_id,
        client=read_client(row.client),
        service=read_service(row.service),
        operation=row.operation,
        purpose=row.purpose,
        consent_id=row.consent,
        status=row.status,
        fault=row.fault,
    )


def _withholding_row(one: KeptWithholding) -> dict[str, object]:
    return {
        "leaf": one.leaf,
        "id": one.id,
        "at": one.at,
        "act": one.act.value,
        "kind": one.kind,
        "order_number": one.order,
        "ordered_by": one.ordered_by,
        "client": None if one.client is None else str(one.client),
        "period": None if one.subject is None else one.subject.period,
        "digest": None if one.subject is None else one.subject.digest,
        "until": one.until,
    }


def _withholding(row: Row[Any]) -> KeptWithholding:
    return KeptWithholding(
        leaf=row.leaf,
        id=row.id,
        at=row.at,
        act=WithholdingAct(row.act),
        kind=row.kind,
        order=row.order_number,
        ordered_by=row.ordered_by,
        client=None if row.client is None else read_client(row.client),
        subject=None if row.digest is None else SubjectIndex(row.period, bytes(row.digest)),
        until=row.until,
    )
