"""Uses, flags and clues in SQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import (
    Connection,
    CursorResult,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    insert,
    or_,
    select,
    text,
    union_all,
    update,
)

from rahdari.oversight.errors import FlagDecided
from rahdari.oversight.schema import AGE, CLUE, FLAG, USE
from rahdari.oversight.values import (
    INSTITUTIONS_LOOKED_AT_MAX,
    Channel,
    Decision,
    Evidence,
    Fact,
    Flag,
    FlagId,
    FlagKind,
    FlagState,
    Ground,
    Place,
    Purpose,
    Use,
    UseId,
)

# SQLite binds at most 32,766 values a statement and PostgreSQL 65,535; small lists also keep plans in cache.
VALUES_MAX = 500
_T = TypeVar("_T")

# Put together once: every verification runs them, and putting them together took half of the time.
_ADD_USE = insert(USE)
_MINE = select(USE).where(USE.c.card == bindparam("card"))
_BEFORE = (
    _MINE.where(USE.c.at <= bindparam("at"), USE.c.at >= bindparam("first"))
    .order_by(USE.c.at.desc(), USE.c.id.desc())
    .limit(bindparam("most"))
)
_AFTER = (
    _MINE.where(USE.c.at > bindparam("at"), USE.c.at <= bindparam("last"))
    .order_by(USE.c.at, USE.c.id)
    .limit(bindparam("most"))
)
# From one institution to the next by the index: what is read hangs on how many institutions there are, never on
# how many uses one of them has recorded.
_INSTITUTIONS = text(
    """
WITH RECURSIVE institution (id, number) AS (
    SELECT MIN(institution), 1 FROM oversight_use WHERE card = :card AND latitude IS NOT NULL
    UNION ALL
    SELECT (SELECT MIN(later.institution) FROM oversight_use AS later
            WHERE later.card = :card AND later.latitude IS NOT NULL AND later.institution > institution.id),
        institution.number + 1
    FROM institution WHERE institution.id IS NOT NULL AND institution.number < :most
)
SELECT id FROM institution WHERE id IS NOT NULL
"""
)


def _located(some: Select[Any]) -> Select[Any]:
    one = some.where(USE.c.institution == bindparam("institution"), USE.c.latitude.is_not(None))
    return select(one.subquery())


_LOCATED = union_all(_located(_BEFORE), _located(_AFTER))


class SqlStore:
    """``ports.Store`` on a connection whose transaction the caller opened and ends."""

    def __init__(self, connection: Connection) -> None:
        """Work on this connection."""
        self._connection = connection

    def add_use(self, use: Use) -> None:
        self._connection.execute(_ADD_USE, _use_row(use))

    def find_use(self, use_id: UseId) -> Use | None:
        row = self._connection.execute(select(USE).where(USE.c.id == use_id)).one_or_none()
        return None if row is None else _use(row)

    def list_uses(self, card: str, *, limit: int, before: Use | None = None) -> tuple[Use, ...]:
        wanted = select(USE).where(USE.c.card == card)
        if before is not None:
            wanted = wanted.where(
                or_(USE.c.at < before.at, and_(USE.c.at == before.at, USE.c.id < before.id))
            )
        rows = self._connection.execute(wanted.order_by(USE.c.at.desc(), USE.c.id.desc()).limit(limit))
        return tuple(_use(row) for row in rows)

    def find_uses_around(self, card: str, at: datetime, *, within: timedelta, limit: int) -> tuple[Use, ...]:
        # Two walks along one index, each bounded: a flood on one card costs its next use no more than this.
        ends = {"card": card, "at": at, "first": at - within, "last": at + within, "most": limit}
        earlier = [_use(row) for row in self._connection.execute(_BEFORE, ends)]
        later = [_use(row) for row in self._connection.execute(_AFTER, ends)]
        return (*reversed(earlier), *later)

    def find_located_around(
        self, card: str, at: datetime, *, within: timedelta, limit: int
    ) -> tuple[Use, ...]:
        many = {"card": card, "most": INSTITUTIONS_LOOKED_AT_MAX}
        ends = {"card": card, "at": at, "first": at - within, "last": at + within, "most": limit}
        found = [
            _use(row)
            for institution in self._connection.execute(_INSTITUTIONS, many).scalars().all()
            for row in self._connection.execute(_LOCATED, {**ends, "institution": institution})
        ]
        return tuple(sorted(found, key=lambda one: (one.at, one.id)))

    def forget_uses(self, before: datetime) -> int:
        return self._connection.execute(delete(USE).where(USE.c.at < before)).rowcount

    def find_ages(self, card: str, institution: str) -> Mapping[int, datetime]:
        wanted = select(AGE.c.age, AGE.c.at).where(AGE.c.card == card, AGE.c.institution == institution)
        return {row.age: row.at for row in self._connection.execute(wanted)}

    def set_age(self, card: str, institution: str, age: int, *, at: datetime) -> None:
        of = and_(AGE.c.card == card, AGE.c.institution == institution, AGE.c.age == age)
        if not self._connection.execute(update(AGE).where(of).values(at=at)).rowcount:
            row = {"card": card, "institution": institution, "age": age, "at": at}
            self._connection.execute(insert(AGE).values(row))

    def forget_ages(self, before: datetime) -> int:
        return self._connection.execute(delete(AGE).where(AGE.c.at < before)).rowcount

    def add_flag(self, flag: Flag) -> None:
        row = {
            "id": flag.id,
            "kind": flag.kind.value,
            "subject": flag.subject,
            "opened_at": flag.opened_at,
            "is_logged": flag.is_logged,
            **_evidence_columns(flag),
            **_decision_columns(flag),
        }
        self._connection.execute(insert(FLAG).values(row))

    def find_flag(self, flag_id: FlagId) -> Flag | None:
        row = self._connection.execute(select(FLAG).where(FLAG.c.id == flag_id)).one_or_none()
        return None if row is None else _flag(row)

    def find_open_flag(self, kind: FlagKind, subject: str) -> Flag | None:
        is_open = FLAG.c.state == FlagState.OPEN.value
        wanted = select(FLAG).where(FLAG.c.kind == kind.value, FLAG.c.subject == subject, is_open)
        # Held where the engine can, so that nobody decides it meanwhile; SQLite has one writer anyway.
        row = self._connection.execute(wanted.with_for_update()).one_or_none()
        return None if row is None else _flag(row)

    def set_evidence(self, flag: Flag) -> None:
        self._change_open(flag, _evidence_columns(flag))

    def set_decision(self, flag: Flag) -> None:
        self._change_open(flag, _decision_columns(flag))

    def _change_open(self, flag: Flag, columns: Mapping[str, object]) -> None:
        is_open = FLAG.c.state == FlagState.OPEN.value
        change = update(FLAG).where(FLAG.c.id == flag.id, is_open).values(columns)
        if not self._connection.execute(change).rowcount:
            raise FlagDecided(f"flag {flag.id} was decided meanwhile; look at it again")

    def set_logged(self, flag_id: FlagId) -> None:
        self._connection.execute(update(FLAG).where(FLAG.c.id == flag_id).values(is_logged=True))

    def list_flags(
        self, *, state: FlagState | None, limit: int, before: Flag | None = None
    ) -> tuple[Flag, ...]:
        wanted = select(FLAG)
        if state is not None:
            wanted = wanted.where(FLAG.c.state == state.value)
        if before is not None:
            at, last = before.opened_at, before.id
            wanted = wanted.where(or_(FLAG.c.opened_at < at, and_(FLAG.c.opened_at == at, FLAG.c.id < last)))
        ordered = wanted.order_by(FLAG.c.opened_at.desc(), FLAG.c.id.desc()).limit(limit)
        return tuple(_flag(row) for row in self._connection.execute(ordered))

    def find_unlogged(self) -> Flag | None:
        wanted = select(FLAG).where(FLAG.c.is_logged.is_(False)).order_by(FLAG.c.opened_at, FLAG.c.id)
        row = self._connection.execute(wanted.limit(1)).one_or_none()
        return None if row is None else _flag(row)

    def add_clues(self, clues: Sequence[tuple[int, str]]) -> None:
        if clues:
            self._run("INSERT INTO oversight_clue (clue, holder) VALUES (?, ?)", list(clues))

    def find_bearers(self, clues: Sequence[int], *, limit: int) -> Mapping[int, tuple[str, ...]]:
        found: dict[int, list[str]] = {}
        for some in _slices(clues):
            places = ", ".join("?" * len(some))
            # A clue that somebody made thousands bear must not hold up an enrolment: hence the limit.
            wanted = f"SELECT clue, holder FROM oversight_clue WHERE clue IN ({places}) LIMIT ?"  # noqa: S608
            for row in self._run(wanted, (*some, VALUES_MAX * limit)):
                found.setdefault(row[0], []).append(row[1])
        return {clue: tuple(holders[:limit]) for clue, holders in found.items()}

    def _run(
        self, statement: str, values: list[tuple[int, str]] | tuple[int, ...]
    ) -> CursorResult[*tuple[Any, ...]]:
        """Run a statement of our own, its values marked ``?``.

        An import writes and asks for six clues a holder, and most of the time of a statement through SQLAlchemy
        goes into preparing its parameters.
        """
        marked = statement if self._connection.dialect.paramstyle == "qmark" else statement.replace("?", "%s")
        return self._connection.exec_driver_sql(marked, values)

    def clear_clues(self) -> None:
        self._connection.execute(delete(CLUE))


def _slices(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for at in range(0, len(values), VALUES_MAX):
        yield values[at : at + VALUES_MAX]


def _use_row(use: Use) -> dict[str, object]:
    place = use.place
    return {
        "id": use.id,
        "card": use.card,
        "institution": use.institution,
        "at": use.at,
        "purpose": use.purpose.value,
        "place": place.name if place else None,
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "channel": use.channel.value,
        "verdict": use.verdict,
    }


def _use(row: Row[tuple[object, ...]]) -> Use:
    return Use(
        id=UseId(row.id),
        card=row.card,
        institution=row.institution,
        at=row.at,
        purpose=Purpose(row.purpose),
        place=None if row.place is None else Place(row.place, row.latitude, row.longitude),
        channel=Channel(row.channel),
        verdict=row.verdict,
    )


def _evidence_columns(flag: Flag) -> dict[str, object]:
    return {
        "evidence": [{"at": one.at.isoformat(), "facts": dict(one.facts)} for one in flag.evidence],
        "evidence_count": flag.evidence_count,
    }


def _decision_columns(flag: Flag) -> dict[str, object]:
    decision = flag.decision
    return {
        "state": flag.state.value,
        "ground": decision.ground.value if decision else None,
        "note": decision.note if decision else None,
        "decided_by": decision.by if decision else None,
        "decided_at": decision.at if decision else None,
    }


def _flag(row: Row[tuple[object, ...]]) -> Flag:
    state, decision = FlagState(row.state), None
    if row.decided_at is not None:
        decision = Decision(state, Ground(row.ground), row.decided_by, row.decided_at, row.note)
    kept = cast("Iterable[Mapping[str, object]]", row.evidence)
    return Flag(
        id=FlagId(row.id),
        kind=FlagKind(row.kind),
        subject=row.subject,
        opened_at=row.opened_at,
        evidence=tuple(
            Evidence(datetime.fromisoformat(str(one["at"])), cast("Mapping[str, Fact]", one["facts"]))
            for one in kept
        ),
        evidence_count=row.evidence_count,
        state=state,
        decision=decision,
        is_logged=row.is_logged,
    )
