"""A suspended pass is dead at once: whatever starts after the acknowledgement sees it, on each engine."""

from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from typing_extensions import override

from benchmarks.suspension_race import Found, run
from rahdari.app.house import House, found_house
from rahdari.app.settings import read_settings
from rahdari.credentials import Act, CardNumber, Reason, VerdictKind, examine
from rahdari.credentials.service.desk import Desk
from tests.fakes.chance import SeededChance
from tests.unit.credentials.scene import person

CARDS = 3
# Enough that suspensions fall between the start and the end of verifications, on every line and server.
VERIFICATIONS = 1500


class Interleaved(RuleBasedStateMachine):
    """Verifications that begin and end at any point, across suspensions of the same cards."""

    address: str
    """The database, or empty for SQLite in the home folder."""

    begun: Bundle[tuple[Desk, AbstractContextManager[Desk], frozenset[int]]] = Bundle("begun")

    @initialize()
    def found(self) -> None:
        self.folder = TemporaryDirectory()
        settings_ = read_settings(Path(self.folder.name), {"RAHDARI_DATABASE": self.address})
        self.house, _ = found_house(settings_, chance=SeededChance(), scrypt_n=2)
        self.open = ExitStack()
        self.cards = _cards(self.house)
        self.suspended: frozenset[int] = frozenset()

    @rule(at=st.integers(0, CARDS - 1))
    def suspend_or_reinstate(self, at: int) -> None:
        officer = self.house.officers.authenticate_named("officer")
        act = Act.REINSTATE if at in self.suspended else Act.SUSPEND
        reason = Reason.FOUND if at in self.suspended else Reason.LOST
        self.house.registry.act(self.cards[at][0], act, actor=officer, reason=reason)
        self.suspended = self.suspended ^ {at}

    @rule(target=begun)
    def begin(self) -> tuple[Desk, AbstractContextManager[Desk], frozenset[int]]:
        transaction = self.house.foundation.reading()
        desk = self.open.enter_context(transaction)
        # The first statement is what fixes the state that a transaction sees.
        assert desk.store.find_trust_list()
        return desk, transaction, self.suspended

    @rule(of=begun, at=st.integers(0, CARDS - 1))
    def verify(self, of: tuple[Desk, AbstractContextManager[Desk], frozenset[int]], at: int) -> None:
        desk, _, suspended = of
        by = self.house.authority._verifier(desk)
        verdict = examine(self.cards[at][1], by=by, at=self.house.foundation.clock.now()).verdict
        if at in suspended:
            # What was acknowledged before the verification began; a reinstatement since then may show already.
            assert verdict is VerdictKind.SUSPENDED or at not in self.suspended
        elif at not in self.suspended:
            assert verdict in (VerdictKind.VALID, VerdictKind.SUSPENDED)

    @rule(at=st.integers(0, CARDS - 1))
    def verify_now(self, at: int) -> None:
        verdict = self.house.authority.examine(self.cards[at][1]).verdict
        assert verdict is (VerdictKind.SUSPENDED if at in self.suspended else VerdictKind.VALID)

    @override
    def teardown(self) -> None:
        if hasattr(self, "open"):
            self.open.close()
            self.house.close()
            self.folder.cleanup()


def _cards(house: House) -> list[tuple[CardNumber, str]]:
    officer = house.officers.authenticate_named("officer")
    people = [(person(number), None, "nic") for number in range(1, CARDS + 1)]
    made = house.registry.add_holders(people, actor=officer)
    house.registry.issue_waiting(actor=officer)
    return [(card.number, house.registry.get_pass(card.number).text) for _, card in made]


@pytest.mark.slow
def test_verifications_between_suspensions_on_sqlite() -> None:
    class OnSqlite(Interleaved):
        address = ""

    run_state_machine_as_test(
        OnSqlite, settings=settings(max_examples=6, stateful_step_count=40, deadline=None)
    )


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def raced(request: pytest.FixtureRequest) -> Found:
    address = request.getfixturevalue("postgresql_address") if request.param == "postgresql" else ""
    return run(address, count=VERIFICATIONS, servers=2)


@pytest.mark.slow
@pytest.mark.loopback
@pytest.mark.xdist_group("race")
def test_nothing_leaks_through_two_servers_while_cards_are_suspended_and_reinstated(raced: Found) -> None:
    assert raced.leaks == 0
    assert raced.doubts == 0, "and what was never suspended is not called so"
    assert raced.verifications >= VERIFICATIONS
    assert raced.others == {}
    # It was a race: many began after an acknowledgement, and many were valid.
    assert min(raced.after_suspension, raced.valid, raced.suspended) > VERIFICATIONS // 20
    assert raced.suspensions > 10
