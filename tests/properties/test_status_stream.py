"""A gate on a bad line: whatever is lost, repeated, altered or replayed, however often it dies or its clock jumps.

It never says valid for a pass whose suspension it has seen, never beyond the age that the policy allows, and it
always knows everything again once the line is good.
"""

import random
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from rahdari.app.clock import SteadyClock
from rahdari.app.gate import Gate
from rahdari.credentials import OFFLINE, Act, VerdictKind
from rahdari.kernel import Problem
from tests.unit.app.streaming import Server, gate_of
from tests.unit.credentials.scene import Office, person

CARDS = 3
JUMPS = st.sampled_from([-90_000, -3600, -61, -20, 20, 61, 3600])


class WrongClock:
    """The gate's wall clock: the office's, and how far it is off."""

    def __init__(self, office: Office) -> None:
        self.office, self.off = office, timedelta(0)

    def now(self) -> datetime:
        return self.office.clock.now() + self.off


class Line(RuleBasedStateMachine):
    """One office, one gate, and whoever sits between them."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.office = Office()
        self.cards = [self.office.issued(person(number)) for number in range(CARDS)]
        self.texts = [self.office.text(card) for card in self.cards]
        # The suspended cards after each delta.
        self.history: list[frozenset[int]] = [frozenset()]
        self.server = Server(self.office)
        self.kept: dict[str, list[bytes]] = {}
        gate_of(Path(self.folder.name), self.office)
        self.wall = WrongClock(self.office)
        self.seen, self.last_news = 0, self.office.clock.now()
        self.restart()

    @rule(number=st.integers(0, CARDS - 1))
    def act(self, number: int) -> None:
        dead = self.history[-1]
        self.office.act(self.cards[number], Act.REINSTATE if number in dead else Act.SUSPEND)
        self.history.append(dead ^ {number})

    @rule(seconds=st.sampled_from([1, 10, 59, 61, 4000]))
    def pass_time(self, seconds: int) -> None:
        self.office.clock.wind(timedelta(seconds=seconds))

    @rule(seconds=JUMPS)
    def jump(self, seconds: int) -> None:
        self.wall.off += timedelta(seconds=seconds)

    @rule()
    def restart(self) -> None:
        office = self.office
        clock = SteadyClock(self.wall, tick=lambda: office.clock.now().timestamp())
        self.gate = Gate(Path(self.folder.name), clock)
        # What it knows, it has word of from now on.
        self.last_news = self.office.clock.now()

    @rule(seed=st.integers(0, 1 << 16))
    def sync_over_a_bad_line(self, seed: int) -> None:
        chance = random.Random(seed)

        def tamper(what: str, raw: bytes) -> bytes | None:
            kept = self.kept.setdefault(what, [])
            kept.append(raw)
            luck = chance.random()
            if luck < 0.3:
                return raw
            if luck < 0.5:
                return chance.choice(kept)
            if luck < 0.6:
                return raw[: chance.randrange(len(raw) + 1)]
            if luck < 0.7:
                return raw + chance.choice(kept)
            if luck < 0.8 and raw:
                at = chance.randrange(len(raw))
                return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]
            return None if luck < 0.9 else b""

        self.server.tamper, self.server.page = tamper, chance.choice([1, 2, 1000])
        self.gate.sync(self.server)
        self.server.tamper = lambda _, raw: raw
        self.note()

    @rule(seed=st.integers(0, 1 << 16))
    def hear(self, seed: int) -> None:
        """Messages of the live line: any of all times, in any order, twice."""
        chance, deltas = random.Random(seed), self.office.deltas()
        self.kept.setdefault("heads", []).append(self.office.head())
        messages = chance.choices([*deltas, *self.kept["heads"]], k=4)
        if chance.random() < 0.6:
            messages = [*deltas[self.seen :], self.office.head()]
        for publisher in self.gate.list_publishers():
            for raw in messages:
                try:
                    self.gate.take(publisher, raw)
                except Problem as refusal:
                    raise AssertionError(f"an honest message was refused: {refusal.message}") from None
        self.note()

    @rule(seed=st.integers(0, 1 << 16))
    def power_cut(self, seed: int) -> None:
        """The log ends in the middle of a delta that was being written."""
        for log in Path(self.folder.name).glob("status/*/deltas"):
            following = self.office.deltas(self.seen)
            if following:
                whole = following[0]
                with log.open("ab") as file:
                    file.write(whole[: random.Random(seed).randrange(len(whole))])
        self.restart()
        self.note()

    def note(self) -> None:
        held = self.gate.streams()
        if held:
            assert held[0].sequence >= self.seen, "something that was known is forgotten"
            if held[0].sequence > self.seen or held[0].as_of > getattr(self, "as_of", 0):
                self.last_news = self.office.clock.now()
            self.seen, self.as_of = held[0].sequence, held[0].as_of

    @invariant()
    def no_pass_is_valid_that_it_knows_to_be_suspended_nor_beyond_the_age(self) -> None:
        for number, text in enumerate(self.texts):
            report = self.gate.examine(text)
            held = self.gate.streams()
            if report.verdict is VerdictKind.VALID and not held:
                # Nothing of the stream has come over the line yet; a list by itself may have.
                assert any(number not in dead for dead in self.history[self.seen :])
            elif report.verdict is VerdictKind.VALID:
                assert held[0].sequence >= self.seen
                # A list may tell of later deltas than the state does, never of earlier ones.
                assert number not in self.history[held[0].sequence] or any(
                    number not in dead for dead in self.history[held[0].sequence :]
                )
                assert self.gate.now() - report.as_of <= OFFLINE.status_age_max
                assert self.office.clock.now() - self.last_news <= OFFLINE.status_age_max
            if report.verdict is VerdictKind.SUSPENDED:
                assert any(number in dead for dead in self.history[self.seen :])

    @override
    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        self.wall.off = timedelta(0)
        self.restart()
        self.server.page = 1000
        assert self.gate.sync(self.server).failed == ()
        for number, text in enumerate(self.texts):
            wanted = VerdictKind.SUSPENDED if number in self.history[-1] else VerdictKind.VALID
            assert self.gate.examine(text).verdict is wanted
        self.folder.cleanup()


TestLine = Line.TestCase
TestLine.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
