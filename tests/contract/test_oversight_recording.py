"""Several servers on one database record at once: nothing is lost, and nothing unusual is overlooked."""

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Barrier, Thread

import pytest

from rahdari.app.house import House, open_house
from rahdari.credentials import CardNumber
from rahdari.kernel import Actor, ActorKind
from rahdari.oversight import Circumstances, FlagKind, FlagState, Ground, Purpose, Verdict, check_place
from tests.fakes.clock import WoundClock
from tests.unit.app.founding import founded, issued, officer

PLACES = (check_place("Counter 2, Lahore", 31.549, 74.344), check_place("Gate 1, Kashgar", 39.467, 75.994))
BANK = Actor("bank", ActorKind.INSTITUTION, frozenset({"verifier"}))


@pytest.fixture
def houses(database_address: str, tmp_path: Path) -> Iterator[tuple[House, House]]:
    """Two servers of one authority, each with connections of its own."""
    clock = WoundClock()
    first = founded(tmp_path / "home", {"RAHDARI_DATABASE": database_address}, clock=clock)
    second = open_house(first.settings, clock=clock)
    yield first, second
    first.close()
    second.close()


def at_once(*works: Callable[[], object]) -> None:
    barrier, failures = Barrier(len(works)), list[Exception]()

    def run(work: Callable[[], object]) -> None:
        barrier.wait()
        try:
            work()
        except Exception as failure:  # noqa: BLE001 - told below, in the test's own thread
            failures.append(failure)

    threads = [Thread(target=run, args=(work,)) for work in works]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failures == []


def recording(house: House, card: str, at: int) -> Callable[[], object]:
    told = Circumstances(Purpose.TRAVEL, PLACES[at])
    return lambda: house.oversight.record(CardNumber(card), told, asker=BANK, verdict="valid")


def test_two_servers_that_record_at_once_for_one_card_see_each_other(houses: tuple[House, House]) -> None:
    """Without turns both would look, find nobody else, and no journey would be flagged (PostgreSQL)."""
    first, second = houses
    for attempt in range(12):
        at_once(recording(first, f"card {attempt}", 0), recording(second, f"card {attempt}", 1))
        assert len(first.oversight.list_uses(CardNumber(f"card {attempt}"))) == 2
    flags = first.oversight.list_flags(actor=officer(first))
    assert sorted(one.subject for one in flags) == sorted(f"card {attempt}" for attempt in range(12))
    assert {one.kind for one in flags} == {FlagKind.IMPOSSIBLE_TRAVEL}


def test_openings_are_logged_once_whoever_logs_them(houses: tuple[House, House]) -> None:
    first, second = houses
    for at in range(5):
        for place in (0, 1):
            recording(first, f"card {at}", place)()
    at_once(first.oversight.log_openings, second.oversight.log_openings)
    logged = [
        entry.event.subject for entry in first.authority.read_log_end(99) if entry.event.act == "open_flag"
    ]
    assert len(logged) == len(set(logged)) == 5
    assert first.authority.verify_log().is_intact


def test_recording_and_deciding_at_once_lose_neither(houses: tuple[House, House]) -> None:
    first, second = houses
    for place in (0, 1):
        recording(first, "card", place)()
    (flag,) = first.oversight.list_flags(actor=officer(first))
    verdict = Verdict(FlagState.DISMISSED, Ground.WRONG_PLACE_TOLD)
    by = officer(second)
    at_once(
        recording(first, "card", 0),
        lambda: second.oversight.decide(flag.id, verdict, actor=by),
        recording(second, "card", 1),
    )
    flags = first.oversight.list_flags(actor=by)
    assert sum(one.evidence_count for one in flags) == 3, "each of the two later uses was seen once"
    assert first.oversight.get_flag(flag.id, actor=by).state is FlagState.DISMISSED
    first.oversight.log_openings()
    assert first.authority.verify_log().is_intact


@pytest.mark.postgres
def test_whoever_holds_the_register_does_not_hold_up_an_answer(
    postgresql_address: str, tmp_path: Path, clock: WoundClock
) -> None:
    """On PostgreSQL a use takes no lock of the register's, also when it opens a flag; SQLite has one writer."""
    house = founded(tmp_path / "home", {"RAHDARI_DATABASE": postgresql_address}, clock=clock)
    other = open_house(house.settings, clock=clock)
    card = issued(house)
    text = house.registry.get_pass(card.number).text
    with other.foundation.writing():
        for place in PLACES:
            told = Circumstances(Purpose.TRAVEL, place)
            answer = house.authority.answer(text, asker=BANK, asked=["genuine"], nonce="n" * 16, told=told)
            assert answer.verdict == "valid"
        assert len(house.oversight.list_flags(actor=officer(house))) == 1
    house.close()
    other.close()
