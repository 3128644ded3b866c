"""Two writers at once break no promise of the register: memory, SQLite, PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from rahdari.credentials import Catalogue, Stage
from rahdari.credentials.errors import CardTaken
from rahdari.credentials.migrations import MIGRATIONS
from rahdari.credentials.ports.store import Store
from rahdari.credentials.rules.audit_chain import ChainReader
from rahdari.credentials.service import audit, cards, holders, keys
from rahdari.credentials.service.desk import Authority, Desk
from rahdari.credentials.store import REGISTER_LOCK, SqlStore
from rahdari.credentials.values.keys import KeyUse
from rahdari.kernel import Actor, ActorKind
from rahdari.wire.keys import Algorithm
from tests.contract.conftest import PATIENCE_SECONDS, opening
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.credentials import RegisterInMemory
from tests.fakes.keyring import KeyRingInMemory
from tests.unit.credentials.scene import OFFICER, person, shipped

Opened = Callable[[], AbstractContextManager[Store]]


@pytest.fixture
def opened(engine: str | None) -> Iterator[Opened]:
    """Open the register for one transaction; what one kept, the next one finds."""
    store: AbstractContextManager[Opened] = opening(
        engine,
        RegisterInMemory().transaction,
        SqlStore,
        MIGRATIONS,
        lock=REGISTER_LOCK,
        patience=PATIENCE_SECONDS,
    )
    with store as opened:
        yield opened


class Counter:
    """A whole service on one register, as one process among several would be."""

    def __init__(self, opened: Opened, keyring: KeyRingInMemory, seed: int) -> None:
        self._opened = opened
        self._keyring = keyring
        self._chance = SeededChance(seed)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        with self._opened() as store:
            yield Desk(
                store=store,
                began=WoundClock().now(),
                products=Catalogue(shipped()),
                keyring=self._keyring,
                clock=WoundClock(),
                chance=self._chance,
                authority=Authority(
                    issuer="urn:sample:authority",
                    name="Sample",
                    country="PAK",
                    status_prefix="https://s.example/",
                    shard_entries=64,
                ),
            )


def at_once(*tasks: Callable[[], None]) -> list[BaseException]:
    """Run the tasks in threads that start together; give what they raised."""
    barrier, raised = threading.Barrier(len(tasks)), list[BaseException]()

    def run(task: Callable[[], None]) -> None:
        barrier.wait()
        try:
            task()
        except Exception as error:  # noqa: BLE001 - the test looks at each
            raised.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.fixture
def counters(opened: Opened) -> tuple[Counter, Counter]:
    keyring = KeyRingInMemory()
    # The same seed: both draw the same places and numbers, which is the worst that chance can do.
    pair = Counter(opened, keyring, 1), Counter(opened, keyring, 1)
    with pair[0].desk() as desk:
        keys.create_keys(desk, algorithm=Algorithm.ES256)
    return pair


def finding(counter: Counter) -> list[str]:
    with counter.desk() as desk:
        found = audit.verify_log(desk, keys.find_keys(desk, KeyUse.AUDIT))
        reader = ChainReader(keys.find_keys(desk, KeyUse.AUDIT))
        for one in desk.store.read_log():
            reader.feed(one)
        assert reader.entries == found.entries
    return [fault.what for fault in found.faults]


def test_two_counters_that_issue_at_once_share_no_place_and_break_no_chain(
    counters: tuple[Counter, Counter],
) -> None:
    def work(counter: Counter, first: int) -> None:
        for number in range(first, first + 8):
            with counter.desk() as desk:
                ((_, application),) = holders.register(desk, [(person(number), None, "nic")], actor=OFFICER)
            with counter.desk() as desk:
                cards.issue(desk, [application], actor=OFFICER)

    # Their seeds were equal up to here: numbers of cards would collide, places too, if nobody kept them apart.
    counters[1]._chance.bytes(1)
    assert at_once(lambda: work(counters[0], 100), lambda: work(counters[1], 200)) == []
    with counters[0].desk() as desk:
        everyone = list(desk.store.iterate_cards())
        places = [
            found.place
            for one in everyone
            for feature in ("qr", "sd-jwt-vc")
            if (found := desk.store.find_pass(one.number, feature))
        ]
        shards = desk.store.list_shards()
    assert len(everyone) == 16
    assert {one.stage for one in everyone} == {Stage.ACTIVE}
    assert len(set(places)) == len(places) == 32
    assert sum(shard.taken for shard in shards) == 32
    assert finding(counters[0]) == []


def test_two_counters_that_apply_for_one_holder_at_once_get_one_card(
    counters: tuple[Counter, Counter],
) -> None:
    with counters[0].desk() as desk:
        ((known, _),) = holders.register(desk, [(person(1), None, "nic")], actor=OFFICER)

    def apply(counter: Counter) -> None:
        with counter.desk() as desk:
            cards.apply(desk, known, "nicop", actor=OFFICER)

    raised = at_once(lambda: apply(counters[0]), lambda: apply(counters[1]))
    assert [type(one) for one in raised] == [CardTaken]
    with counters[0].desk() as desk:
        assert len(desk.store.find_cards_of(known.id)) == 2
    assert finding(counters[0]) == []


def test_two_counters_that_issue_the_waiting_cards_at_once_issue_each_once(
    counters: tuple[Counter, Counter],
) -> None:
    with counters[0].desk() as desk:
        holders.register(desk, [(person(number), None, "nic") for number in range(1, 25)], actor=OFFICER)
    done: list[int] = []

    def issue(counter: Counter) -> None:
        while True:
            with counter.desk() as desk:
                issued = cards.issue(desk, desk.store.list_applied(None, limit=5), actor=OFFICER)
            if not issued:
                return
            done.append(len(issued))

    assert at_once(lambda: issue(counters[0]), lambda: issue(counters[1])) == []
    assert sum(done) == 24
    with counters[0].desk() as desk:
        assert all(desk.store.find_pass(one.number, "qr") for one in desk.store.iterate_cards())
    assert finding(counters[0]) == []


def test_an_officer_who_is_nobody_writes_nothing(counters: tuple[Counter, Counter]) -> None:
    nobody = Actor("nobody", ActorKind.VISITOR)
    raised = at_once(*[lambda: _register(counters[0], nobody) for _ in range(2)])
    assert {type(one).__name__ for one in raised} == {"NotAllowed"}
    assert finding(counters[0]) == []


def _register(counter: Counter, actor: Actor) -> None:
    with counter.desk() as desk:
        holders.register(desk, [(person(1), None, "nic")], actor=actor)
