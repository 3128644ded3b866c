"""A house with an institution that subscribes, and cards that were shown to it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rahdari.access import Enrolment, Role
from rahdari.app.clock import SystemClock
from rahdari.app.courier import Courier
from rahdari.app.dispatch import Dispatcher
from rahdari.app.house import House
from rahdari.credentials import Act, Card, Reason
from rahdari.kernel import Actor, ActorKind, Clock
from rahdari.signals import Delivery, Kind, Method, Patience, Stream, SubjectId, Wanted
from tests.unit.app.founding import founded, issued, officer

LOOPBACK = {"RAHDARI_SIGNAL_NETWORKS": "127.0.0.0/8"}
# Short, so that a test of retries does not wait; the shapes of the delays are tested with a clock that is wound.
HASTE = Patience(
    first=timedelta(seconds=0.05),
    longest=timedelta(seconds=0.1),
    give_up=timedelta(days=5),
    lease=timedelta(seconds=15),
    gone_span=timedelta(0),
)


@dataclass
class Scene:
    """A house, one institution and one good card."""

    house: House
    bank: Actor
    card: Card

    def open(
        self,
        url: str | None,
        method: Method = Method.WEBHOOK,
        *,
        by: Actor | None = None,
        kinds: frozenset[Kind] = frozenset({Kind.SESSION_REVOKED, Kind.CREDENTIAL_CHANGE}),
        authorization: str | None = None,
    ) -> Stream:
        """Open a stream."""
        wanted = Wanted(Delivery(method, url, authorization), kinds)
        return self.house.signals.create(wanted, actor=by or self.bank).stream

    def show(self, stream: Stream, card: Card | None = None, *, by: Actor | None = None) -> SubjectId:
        """Show the card's pass to the institution of the stream."""
        text = self.house.registry.get_pass((card or self.card).number).text
        return self.house.signals.add_subject(stream.id, text, actor=by or self.bank)

    def act(self, what: Act, reason: Reason, card: Card | None = None) -> None:
        """Do one act to the card."""
        self.house.registry.act((card or self.card).number, what, actor=officer(self.house), reason=reason)

    def suspend(self, card: Card | None = None) -> None:
        self.act(Act.SUSPEND, Reason.LOST, card)

    def reinstate(self, card: Card | None = None) -> None:
        self.act(Act.REINSTATE, Reason.FOUND, card)

    def dispatcher(self, *, patience: Patience = HASTE, total_seconds: float = 10.0) -> Dispatcher:
        """Make a deliverer that fails the test on whatever goes wrong in it."""
        networks = self.house.signals.networks

        def courier() -> Courier:
            return Courier(networks, total_seconds=total_seconds)

        def fail(problem: Exception) -> None:
            raise AssertionError(problem) from problem

        return Dispatcher(self.house.signals, courier=courier, patience=patience, note=fail)

    @contextmanager
    def delivering(self, *, patience: Patience = HASTE, total_seconds: float = 10.0) -> Iterator[Dispatcher]:
        """Deliver in a thread of its own for the time of the block."""
        made, stop = self.dispatcher(patience=patience, total_seconds=total_seconds), threading.Event()
        thread = threading.Thread(target=made.run, args=(stop,))
        thread.start()
        try:
            yield made
        finally:
            stop.set()
            thread.join(15)
            assert not thread.is_alive()


def enrol(house: House, name: str) -> Actor:
    """Enrol an institution."""
    roles = frozenset({Role.VERIFIER.value})
    return house.officers.enrol(Enrolment(ActorKind.INSTITUTION, name, roles)).as_actor()


def make_scene(home: Path, *, clock: Clock | None = None, environment: dict[str, str] | None = None) -> Scene:
    """Found a house that may send to loopback."""
    house = founded(home, LOOPBACK if environment is None else environment, clock=clock or SystemClock())
    return Scene(house, enrol(house, "Sample Bank"), issued(house))
