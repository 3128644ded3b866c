"""The register's answer to "is this card in good standing?": in memory, on SQLite, on PostgreSQL."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typing_extensions import override

from rahdari.access import CardStanding, CardState, Channel
from rahdari.app.card_standing import RegisterStanding
from rahdari.app.house import House, found_house, open_house
from rahdari.app.settings import Settings
from rahdari.credentials import Act, CardNumber, Reason
from rahdari.credentials import Channel as RegisterChannel
from rahdari.kernel import Actor
from tests.contract.conftest import _run_outside_transaction as run_outside_transaction
from tests.contract.standing_contract import Cards, StandingContract
from tests.fakes.access import StandingInMemory
from tests.fakes.clock import WoundClock
from tests.unit.credentials.scene import PORTRAIT, person

_NUMBERS = itertools.count(1)


class HouseCards:
    """Cards of a whole house."""

    def __init__(self, house: House) -> None:
        self.house, self.clock = house, WoundClock()
        self.officer = house.officers.authenticate_named("officer")
        self.supervisor = house.officers.authenticate_named("supervisor")

    def wait(self) -> str:
        party = person(next(_NUMBERS))
        added = self.house.registry.add_holder(party, "nic", actor=self.officer, portrait=PORTRAIT)
        return self.house.registry.issue(added[1].number, actor=self.officer, activate=False).number

    def make(self) -> str:
        card = self.wait()
        self._act(card, Act.ACTIVATE)
        return card

    def suspend(self, card: str) -> None:
        self._act(card, Act.SUSPEND)

    def reinstate(self, card: str) -> None:
        self._act(card, Act.REINSTATE)

    def replace(self, card: str) -> str:
        registry, number = self.house.registry, CardNumber(card)
        new = registry.replace(number, actor=self.officer, reason=Reason.DAMAGED)[1]
        return new.number

    def revoke(self, card: str) -> None:
        self._act(card, Act.PROPOSE_REVOCATION)
        self._act(card, Act.REVOKE, by=self.supervisor)

    def lock(self, card: str, channel: Channel) -> None:
        self.house.registry.lock(CardNumber(card), RegisterChannel(channel.value), actor=self.officer)

    def unlock(self, card: str, channel: Channel) -> None:
        self.house.registry.unlock(CardNumber(card), RegisterChannel(channel.value), actor=self.officer)

    def wind_to_expiry(self, card: str, before: timedelta) -> None:
        expires = self.house.registry.get_card(CardNumber(card)).expires
        assert expires
        self.clock.wind(expires - before - self.clock.now())

    @contextmanager
    def asking(self) -> Iterator[CardStanding]:
        with self.house.foundation.reading() as desk:
            # The one who asks has a clock of its own: the house's keys do not outlive a card.
            yield RegisterStanding(replace(desk, clock=self.clock))

    def _act(self, card: str, act: Act, *, by: Actor | None = None) -> None:
        self.house.registry.act(CardNumber(card), act, actor=by or self.officer)


class FakeCards:
    """The fake that the room's own tests lean on."""

    def __init__(self) -> None:
        self._standing, self._made = StandingInMemory(), 0

    def make(self) -> str:
        self._made += 1
        card = f"0000-0000-{self._made:04d}"
        self._standing.states[card] = CardState.GOOD
        return card

    def wait(self) -> str:
        card = self.make()
        self._standing.states[card] = CardState.GONE
        return card

    def suspend(self, card: str) -> None:
        self._standing.states[card] = CardState.SUSPENDED

    def reinstate(self, card: str) -> None:
        self._standing.states[card] = CardState.GOOD

    def replace(self, card: str) -> str:
        self.revoke(card)
        return self.make()

    def revoke(self, card: str) -> None:
        self._standing.states[card] = CardState.GONE

    def lock(self, card: str, channel: Channel) -> None:
        self._standing.locks.add((card, channel))

    def unlock(self, card: str, channel: Channel) -> None:
        self._standing.locks.discard((card, channel))

    def wind_to_expiry(self, card: str, before: timedelta) -> None:
        if not before:
            self.revoke(card)

    @contextmanager
    def asking(self) -> Iterator[CardStanding]:
        yield self._standing


def found(home: Path, database: str) -> House:
    settings = Settings(home=home, database=database, lock_wait_seconds=30)
    return found_house(settings, clock=WoundClock(), scrypt_n=2)[0]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house on each engine, for all tests of this file: each makes cards of its own."""
    home, address = tmp_path_factory.mktemp("standing") / "home", ""
    if request.param == "postgresql":
        server, name = str(request.getfixturevalue("postgresql_server")), "rahdari_standing"
        # Tests come in random order, and this fixture may be set up more than once.
        run_outside_transaction(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        run_outside_transaction(server, f"CREATE DATABASE {name}")
        address = server.replace("/postgres?", f"/{name}?")
    made = found(home, address)
    yield made
    made.close()


class TestRegisterStanding(StandingContract):
    """The register's own answer, on each engine."""

    @pytest.fixture
    @override
    def cards(self, house: House) -> Cards:
        return HouseCards(house)


class TestStandingInMemory(StandingContract):
    """The fake that the room's own tests lean on: it may not lie."""

    @pytest.fixture
    @override
    def cards(self) -> Cards:
        return FakeCards()


class Suspended:
    """Which suspension is acknowledged now; 0: none is."""

    turn = 0


class Asker:
    """Asks without pause, from a connection of its own, and notes whoever is told good while suspended."""

    def __init__(self, house: House, card: str, suspended: Suspended, stop: threading.Event) -> None:
        self.cards = HouseCards(open_house(house.settings, clock=house.foundation.clock))
        self.leaks, self.asked = 0, 0
        self._card, self._suspended, self._stop = card, suspended, stop
        self.thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        while not self._stop.is_set():
            # The same suspension before the question begins and after it: it was suspended all the while.
            before = self._suspended.turn
            state = StandingContract.ask(self.cards, self._card)
            self.asked += 1
            self.leaks += 0 < before == self._suspended.turn and state is not CardState.SUSPENDED

    def end(self) -> None:
        self.thread.join()
        self.cards.house.close()


def test_nobody_who_asks_after_a_suspension_was_acknowledged_hears_good(house: House) -> None:
    """Several connections ask without pause while a card is suspended and reinstated."""
    made = HouseCards(house)
    card, suspended, stop = made.make(), Suspended(), threading.Event()
    askers = [Asker(house, card, suspended, stop) for _ in range(3)]
    for asker in askers:
        asker.thread.start()
    for turn in range(1, 16):
        made.suspend(card)
        suspended.turn = turn
        stop.wait(0.01)
        suspended.turn = 0
        made.reinstate(card)
    stop.set()
    for asker in askers:
        asker.end()
    assert [asker.leaks for asker in askers] == [0, 0, 0]
    assert all(asker.asked > 5 for asker in askers)
