"""Staying connected: what comes is kept at once, and a line that breaks is taken up again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.following import WAIT_SECONDS_MAX, Followed, Follower, Turn
from rahdari.credentials import Act, KeyUse, VerdictKind
from rahdari.credentials.errors import StatusSourceFailed, StatusStreamForked, StatusStreamRefused
from rahdari.credentials.service import keys
from rahdari.wire import status_stream
from rahdari.wire.errors import MalformedInput
from rahdari.wire.keys import Algorithm
from rahdari.wire.status_stream import Head
from tests.fakes.chance import SeededChance
from tests.unit.app.streaming import Server, gate_of, import_trust
from tests.unit.credentials.scene import OFFICER, Office


class Line:
    """A follower with a clock that is wound by its own waits, and a list of what it told."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.office = folder, Office()
        self.card = self.office.issued()
        self.server, self.gate = Server(self.office), gate_of(folder, self.office)
        self.told: list[Followed] = []
        self.waits: list[float] = []
        self.deeds: dict[int, Callable[[], object]] = {}

    def run(self, rounds: int) -> list[Turn]:
        """Follow for so many waits; before the n-th one, its deed is done."""
        (publisher,) = self.gate.list_publishers()
        follower = Follower(self.gate, self.server, publisher, tell=self.told.append)
        seconds = 0.0

        def wait(waited: float) -> bool:
            nonlocal seconds
            seconds += waited
            if waited:
                self.waits.append(waited)
            if len(self.waits) > rounds:
                return True
            self.deeds.pop(len(self.waits), lambda: None)()
            return False

        follower.run(wait=wait, tick=lambda: seconds, chance=SeededChance())
        return [one.turn for one in self.told]

    @property
    def verdict(self) -> VerdictKind:
        return self.gate.examine(self.office.text(self.card)).verdict

    def suspend(self) -> bytes:
        self.office.act(self.card, Act.SUSPEND)
        return self.office.deltas()[-1]

    def sign(self, head: Head) -> bytes:
        with self.office.writing() as desk:
            return status_stream.sign(desk.signer(KeyUse.STATUS), head)


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path / "gate")


def test_a_delta_on_the_line_is_applied_as_it_comes(line: Line) -> None:
    line.gate.sync(line.server)
    line.server.live = [delta := line.suspend(), delta]
    assert line.run(0) == [Turn.CONNECTED]
    assert line.verdict is VerdictKind.SUSPENDED


def test_what_comes_while_one_listens_is_told_with_its_number_and_instant(line: Line) -> None:
    line.run(0)
    line.told.clear()

    def listen(_: str, *, after: int) -> object:
        yield line.suspend()
        assert line.verdict is VerdictKind.SUSPENDED
        line.office.clock.wind(timedelta(seconds=7))
        yield line.office.head()

    line.server.listen = listen  # type: ignore[method-assign,assignment]
    line.waits.clear()
    assert line.run(0) == [Turn.CONNECTED, Turn.APPLIED, Turn.CONFIRMED]
    assert [one.sequence for one in line.told] == [0, 1, 1]
    assert line.told[2].as_of - line.told[1].as_of == 7


def test_a_server_that_is_down_is_asked_again_after_ever_longer_waits_and_found_when_it_is_back(
    line: Line,
) -> None:
    line.server.is_down = True
    line.deeds[8] = lambda: setattr(line.server, "is_down", False)
    turns = line.run(9)
    assert turns[:8] == [Turn.LOST] * 8
    assert Turn.CONNECTED in turns
    assert line.waits[0] <= 1.5
    assert max(line.waits) <= 1.5 * WAIT_SECONDS_MAX
    assert line.waits[3] > line.waits[0]
    assert line.verdict is VerdictKind.VALID


def test_a_gap_on_the_line_is_closed_by_asking(line: Line) -> None:
    line.run(0)
    line.suspend()
    line.office.act(line.card, Act.REINSTATE)
    missed = line.suspend()
    real = line.server.listen

    def listen(prefix: str, *, after: int) -> object:
        line.server.listen = real  # type: ignore[method-assign]
        yield missed

    line.server.listen = listen  # type: ignore[method-assign,assignment]
    line.waits.clear()
    line.run(1)
    assert line.verdict is VerdictKind.SUSPENDED


def test_a_message_that_is_refused_ends_the_line_and_is_told(line: Line) -> None:
    line.run(0)
    for bad, kind in (
        (b"junk", MalformedInput),
        (line.sign(Head(0, 1_772_400_000, status_stream.FIRST))[:-1] + b"\0", StatusStreamRefused),
        (line.sign(Head(0, 1_772_400_000, b"\1" * 16)), StatusStreamForked),
    ):
        line.server.live, line.told = [bad], []
        line.office.clock.wind(timedelta(seconds=1))
        line.waits.clear()
        assert line.run(0)[-1] is Turn.LOST
        assert isinstance(line.told[-1].problem, kind)
    assert line.verdict is VerdictKind.VALID


def test_old_heads_said_over_and_over_do_not_hold_a_line_open(line: Line) -> None:
    old = line.office.head()
    line.office.clock.wind(timedelta(seconds=1))
    seconds = iter(range(0, 100_000, 10))
    (publisher,) = line.gate.list_publishers()
    line.server.live = [old] * 1000
    over = iter([False] * 20)
    Follower(line.gate, line.server, publisher, tell=line.told.append).run(
        wait=lambda _: next(over, True), tick=lambda: next(seconds), chance=SeededChance()
    )
    assert Turn.LOST in [one.turn for one in line.told]


def test_a_publisher_without_a_stream_is_not_followed(line: Line) -> None:
    line.server.tamper = lambda what, raw: raw if what == "list" else None
    assert line.run(5) == [Turn.NO_STREAM]


def test_a_line_goes_on_with_the_new_status_key_once_the_folder_holds_the_trust_list_that_names_it(
    line: Line,
) -> None:
    def rotate() -> None:
        with line.office.writing() as desk:
            keys.rotate(desk, KeyUse.STATUS, algorithm=Algorithm.ES256, actor=OFFICER)
        line.office.sign_trust_list()
        line.office.clock.wind(timedelta(seconds=2))
        line.suspend()

    line.deeds[1] = rotate
    line.deeds[2] = lambda: import_trust(gate_of(line.folder, line.office), line.office)
    turns = line.run(2)
    assert turns[-2:] == [Turn.LOST, Turn.CONNECTED]
    assert line.verdict is VerdictKind.SUSPENDED


def test_a_publisher_that_the_trust_list_names_no_more_is_told_as_lost(line: Line) -> None:
    (publisher,) = line.gate.list_publishers()
    gone = replace(publisher, issuer="urn:sample:gone")
    over = iter([False, True])
    Follower(line.gate, line.server, gone, tell=line.told.append).run(
        wait=lambda _: next(over), tick=lambda: 0, chance=SeededChance()
    )
    assert isinstance(line.told[-1].problem, StatusSourceFailed)
