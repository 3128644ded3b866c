"""The citizen's log: who asked for my data, when, through which service, for what purpose.

Its index is made from the evidence log alone and catches up by itself; each line of an answer is held against the
very record that it stands for; so what a person is told is what a court would see. Nobody has to switch it on, and
nobody can keep a question out of it but by an order that stands in the same log (``rules.withholding``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final, Protocol

from rahdari.app.exchange.subject_keys import SubjectKeys
from rahdari.database import Database
from rahdari.exchange.errors import LogDamaged
from rahdari.exchange.rules.subjects import normalise, subject_index
from rahdari.exchange.rules.withholding import ended_order, is_withheld, lookup_of, orders_in_force
from rahdari.exchange.store.lookups import SqlLookups
from rahdari.exchange.values.lookups import Ended, KeptWithholding, Lookup, Told
from rahdari.kernel import Clock
from rahdari.wire.ndel.parties import Member, Purpose
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import SubjectIndex
from rahdari.wire.xroad import MemberId, ServiceId, SubsystemId

# What one person reads; older ones are asked for by an earlier end.
ANSWERED_MAX: Final = 1000
# One transaction indexes so many records of the log.
_BATCH: Final = 2000
# A record about nobody, or of the consumer's side, is stepped over without being parsed: names of members stand
# unescaped nowhere but as names.
_ABOUT_SOMEBODY: Final = b'"subject":{'
_WITHHOLDING: Final = b'{"@type":"withholding-'


class Records(Protocol):
    """The part of an evidence log that others may read: ``app.exchange.log.LogReader``."""

    def entry(self, index: int) -> bytes:
        """Give a record."""
        ...

    def iterate(self, start: int = 0) -> Iterator[tuple[int, bytes]]:
        """Give the records from ``start`` on, with their indices."""
        ...


class Names(Protocol):
    """Who is who and why: ``exchange.rules.directory.Directory``."""

    @property
    def purposes(self) -> Mapping[str, Purpose]:
        """The purposes of the instance, by code."""
        ...

    def member(self, member: MemberId) -> Member | None:
        """Find a member."""
        ...


@dataclass(frozen=True, slots=True)
class Withheld:
    """What everybody may know of withholding: how many orders there are now, and ever were, by kind."""

    now: Mapping[str, int]
    ever: Mapping[str, int]


class CitizensLog:
    """Answers persons from the evidence of one gateway. Not for several threads at once."""

    def __init__(
        self,
        database: Database,
        records: Records,
        keys: SubjectKeys,
        *,
        names: Callable[[], Names],
        services: Callable[[], Mapping[ServiceId, Mapping[str, str]]],
        clock: Clock,
    ) -> None:
        """Index ``records`` in ``database``; ``names`` gives the directory of now, ``services`` the titles."""
        self._database = database
        self._records = records
        self._keys = keys
        self._names = names
        self._services = services
        self._clock = clock

    def catch_up(self) -> int:
        """Index what the log has gained, and give how many records that was.

        Raises:
            LogDamaged: a record is not one that a gateway wrote.
        """
        with self._database.reading() as connection:
            start = SqlLookups(connection).find_next_leaf()
        entries, done = self._records.iterate(start), start
        while batch := list(islice(entries, _BATCH)):
            found = [kept for index, raw in batch if (kept := _indexed(index, raw)) is not None]
            done = batch[-1][0] + 1
            with self._database.transaction() as connection:
                SqlLookups(connection).add(
                    [one for one in found if isinstance(one, Lookup)],
                    [one for one in found if isinstance(one, KeptWithholding)],
                    next_leaf=done,
                )
        return done - start

    def rebuild(self) -> int:
        """Forget the index and make it again from the log: it cannot differ from the evidence for long."""
        with self._database.transaction() as connection:
            SqlLookups(connection).clear()
        return self.catch_up()

    def answer(
        self, identifier: str, *, since: datetime, until: datetime, language: str = "en"
    ) -> tuple[Told, ...]:
        """Tell a person who asked about her in [since, until), the newest first, ``ANSWERED_MAX`` at most.

        What an order withholds now is not told, nor that it is withheld; once the order ends, it is told, and of
        which kind the order was. Months whose keys were erased are empty. Whoever calls this has made sure that it
        is she.

        Raises:
            SubjectUnreadable: the identifier is none.
            LogDamaged: the index is not what the log says; ``rebuild`` makes it again.
        """
        self.catch_up()
        subjects = self._subjects(normalise(identifier))
        at = int(self._clock.now().timestamp())
        with self._database.reading() as connection:
            store = SqlLookups(connection)
            orders = orders_in_force(store.list_withholdings(at=at), at=at)
            found = _until_enough(
                store, subjects, orders, since=_milliseconds(since), until=_milliseconds(until)
            )
            ever = store.list_withholdings_about(subjects)
        for lookup in found:
            self._require_evident(lookup)
        names, services = self._names(), self._services()
        return tuple(
            _told(one, names, services, language, ended_order(one, ever, at=at) if ever else None)
            for one in found
        )

    def count_withheld(self) -> Withheld:
        """Count the orders that withhold something now, and those there ever were: this is public."""
        self.catch_up()
        at = int(self._clock.now().timestamp())
        with self._database.reading() as connection:
            store = SqlLookups(connection)
            now: dict[str, set[str]] = {}
            for one in orders_in_force(store.list_withholdings(at=at), at=at):
                now.setdefault(one.kind, set()).add(one.id)
            return Withheld({kind: len(ids) for kind, ids in sorted(now.items())}, dict(store.count_orders()))

    def list_orders(self) -> tuple[KeptWithholding, ...]:
        """List the records of orders whose time is not over, liftings too: for the officer who answers for them."""
        self.catch_up()
        with self._database.reading() as connection:
            return SqlLookups(connection).list_withholdings(at=int(self._clock.now().timestamp()))

    def _subjects(self, identifier: str) -> list[SubjectIndex]:
        keys = ((period, self._keys.find(period)) for period in self._keys.periods())
        return [subject_index(identifier, key, period=period) for period, key in keys if key is not None]

    def _require_evident(self, lookup: Lookup) -> None:
        if _indexed(lookup.leaf, self._records.entry(lookup.leaf)) != lookup:
            raise LogDamaged(
                f"the index of the citizen's log does not say what record {lookup.leaf} says; make it again "
                "(exchange citizen rebuild)"
            )


def _until_enough(
    store: SqlLookups,
    subjects: Sequence[SubjectIndex],
    orders: Sequence[KeptWithholding],
    *,
    since: int,
    until: int,
) -> list[Lookup]:
    """List what may be told, however much before it is withheld."""
    told: list[Lookup] = []
    last: int | None = None
    while len(told) < ANSWERED_MAX:
        page = store.list_lookups(subjects, since=since, until=until, limit=ANSWERED_MAX)
        fresh = [one for one in page if last is None or (one.ended, one.leaf) < (until - 1, last)]
        told += [one for one in fresh if not is_withheld(one, orders)]
        if len(page) < ANSWERED_MAX or not fresh:
            break
        until, last = page[-1].ended + 1, page[-1].leaf
    return told[:ANSWERED_MAX]


def _indexed(index: int, raw: bytes) -> Lookup | KeptWithholding | None:
    if _ABOUT_SOMEBODY not in raw and not raw.startswith(_WITHHOLDING):
        return None
    return lookup_of(index, read_entry(raw))


def _told(
    lookup: Lookup,
    names: Names,
    services: Mapping[ServiceId, Mapping[str, str]],
    language: str,
    was_withheld: Ended | None,
) -> Told:
    client = lookup.client
    member = names.member(client.member if isinstance(client, SubsystemId) else client)
    purpose = names.purposes.get(lookup.purpose)
    return Told(
        at=lookup.ended,
        client=str(client),
        client_name=str(client) if member is None else _in(language, member.name, str(client)),
        service=str(lookup.service),
        service_name=_in(language, services.get(lookup.service, {}), lookup.service.service_code),
        operation=lookup.operation,
        purpose=lookup.purpose,
        purpose_title=lookup.purpose if purpose is None else _in(language, purpose.title, lookup.purpose),
        basis="" if purpose is None else purpose.basis,
        consent_id=lookup.consent_id,
        outcome=_outcome(lookup),
        request_id=lookup.request_id,
        leaf=lookup.leaf,
        was_withheld=was_withheld,
    )


def _outcome(lookup: Lookup) -> str:
    """Say in one word what came of it: data were given, there were none, or the question was refused."""
    if lookup.fault or lookup.status in {401, 403, 429}:
        return "refused"
    if 200 <= lookup.status < 300:
        return "answered"
    return "nothing-found" if lookup.status in {404, 410} else "failed"


def _in(language: str, texts: Mapping[str, str], otherwise: str) -> str:
    return texts.get(language) or texts.get("en") or next(iter(texts.values()), otherwise)


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
