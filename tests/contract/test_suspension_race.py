"""A suspended pass is dead at once: whatever starts after the acknowledgement sees it, on each engine."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from benchmarks.suspension_race import Found, run
from rahdari.app.house import House, found_house
from rahdari.app.settings import Settings
from rahdari.credentials import Act, CardNumber, VerdictKind, examine
from rahdari.credentials.service.desk import Desk
from tests.fakes.chance import SeededChance
from tests.fakes.programs import Program
from tests.unit.credentials.scene import person

CARDS = 3
# A process keeps a few connections; each verification under way holds one.
READERS_MAX = 3
# Enough that suspensions fall between the start and the end of verifications, on every line and server.
VERIFICATIONS = 1500


class Interleaved:
    """Verifications that begin and end at any point, across suspensions of the same cards; told by a seed."""

    def __init__(self, home: Path, seed: int) -> None:
        self.house, _ = found_house(Settings(home=home), chance=SeededChance(), scrypt_n=2)
        self.cards, self.random = _cards(self.house), Random(seed)
        self.suspended: frozenset[int] = frozenset()
        self.checks = 0

    def run(self, steps: int) -> None:
        with ExitStack() as still_open:
            begun: list[tuple[Desk, frozenset[int]]] = []
            for _ in range(steps):
                at, what = self.random.randrange(CARDS), self.random.randrange(4)
                if what == 0:
                    self.suspend_or_reinstate(at)
                elif what == 1 and len(begun) < READERS_MAX:
                    begun.append(self.begin(still_open))
                elif what == 2 and begun:
                    self.verify(*self.random.choice(begun), at)
                else:
                    self.verify_now(at)
        self.house.close()

    def suspend_or_reinstate(self, at: int) -> None:
        officer = self.house.officers.authenticate_named("officer")
        act = Act.REINSTATE if at in self.suspended else Act.SUSPEND
        self.house.registry.act(self.cards[at][0], act, actor=officer)
        self.suspended = self.suspended ^ {at}

    def begin(self, still_open: ExitStack) -> tuple[Desk, frozenset[int]]:
        desk = still_open.enter_context(self.house.foundation.reading())
        # The first question is what fixes the state that a transaction sees.
        assert desk.store.find_trust_list()
        return desk, self.suspended

    def verify(self, desk: Desk, suspended: frozenset[int], at: int) -> None:
        by = self.house.authority._verifier(desk)
        verdict = examine(self.cards[at][1], by=by, at=desk.began).verdict
        # What was acknowledged before it began is seen, whatever happened since: it is one state.
        assert verdict is (VerdictKind.SUSPENDED if at in suspended else VerdictKind.VALID)
        self.checks += at in suspended

    def verify_now(self, at: int) -> None:
        verdict = self.house.authority.examine(self.cards[at][1]).verdict
        assert verdict is (VerdictKind.SUSPENDED if at in self.suspended else VerdictKind.VALID)
        self.checks += at in self.suspended


def _cards(house: House) -> list[tuple[CardNumber, str]]:
    officer = house.officers.authenticate_named("officer")
    people = [(person(number), None, "nic") for number in range(1, CARDS + 1)]
    made = house.registry.add_holders(people, actor=officer)
    house.registry.issue_waiting(actor=officer)
    return [(card.number, house.registry.get_pass(card.number).text) for _, card in made]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_verifications_that_begin_and_end_between_suspensions(tmp_path: Path, seed: int) -> None:
    race = Interleaved(tmp_path, seed)
    race.run(60)
    assert race.checks > 5, "it met suspended cards"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def raced(request: pytest.FixtureRequest, machine_alone: None) -> Found:
    address = request.getfixturevalue("postgresql_address") if request.param == "postgresql" else ""
    return run(address, count=VERIFICATIONS, servers=2, starting=_start)


def _start(home: Path, environment: Mapping[str, str]) -> Program:
    return Program("rahdari.web", "--home", home, "--port", 0, environment=environment)


@pytest.mark.slow
@pytest.mark.loopback
def test_nothing_leaks_through_two_servers_while_cards_are_suspended_and_reinstated(raced: Found) -> None:
    assert raced.leaks == 0
    assert raced.doubts == 0, "and what was never suspended is not called so"
    assert raced.verifications >= VERIFICATIONS
    assert raced.others == {}
    # It was a race: many began after an acknowledgement, and many were valid.
    assert min(raced.after_suspension, raced.valid, raced.suspended) > VERIFICATIONS // 20
    assert raced.suspensions > 5
