"""Staying connected with a status stream: each delta is kept as it comes, and a broken line is taken up again."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rahdari.app.gate import Gate
from rahdari.app.status_sources import QUIET_SECONDS, StreamSource
from rahdari.credentials import Publisher, StreamOutcome
from rahdari.credentials.errors import StatusSourceFailed
from rahdari.kernel import Chance, Problem

# The first wait and the longest: a server that comes back is found within the minute that a status lasts.
WAIT_SECONDS_MIN: Final = 1.0
WAIT_SECONDS_MAX: Final = 30.0
# New lists are looked for this often while the line holds.
_RENEWAL_SECONDS: Final = 300.0
_NEWS: Final = (StreamOutcome.APPLIED, StreamOutcome.CONFIRMED)


class Turn(StrEnum):
    """What happened on the line."""

    CONNECTED = "connected"
    APPLIED = "applied"
    CONFIRMED = "confirmed"
    LOST = "lost"
    NO_STREAM = "no_stream"


@dataclass(frozen=True, slots=True)
class Followed:
    """One thing that happened: the stream's last delta and as of when it is known (seconds since 1970).

    After a loss, ``again_in`` is the wait in seconds before the next attempt.
    """

    prefix: str
    turn: Turn
    sequence: int
    as_of: int
    problem: Problem | None = None
    again_in: float = 0.0


class Follower:
    """Follows one publisher's stream into a gate's folder."""

    def __init__(
        self, gate: Gate, source: StreamSource, publisher: Publisher, *, tell: Callable[[Followed], None]
    ) -> None:
        """Follow ``publisher`` at ``source``, and ``tell`` what happens."""
        self._gate = gate
        self._source = source
        self._publisher = publisher
        self._tell = tell

    def run(self, *, wait: Callable[[float], bool], tick: Callable[[], float], chance: Chance) -> None:
        """Follow until ``wait`` says that it is over; ``wait`` is given the seconds to sleep.

        After a failure the waits double; chance spreads them, so that a server that comes back is not overrun.
        Ends also where the publisher has no stream.
        """
        seconds = 0.0
        while not wait(seconds):
            try:
                has_news = self._follow_once(tick, wait)
                seconds = _spread(WAIT_SECONDS_MIN if has_news else self._longer(seconds), chance)
            except _NoStream:
                self._report(Turn.NO_STREAM)
                return
            except Problem as problem:
                seconds = _spread(self._longer(seconds), chance)
                self._report(Turn.LOST, problem, again_in=seconds)

    def _longer(self, seconds: float) -> float:
        return min(WAIT_SECONDS_MAX, max(WAIT_SECONDS_MIN, 2 * seconds))

    def _follow_once(self, tick: Callable[[], float], wait: Callable[[float], bool]) -> bool:
        """Catch up, then listen until the line breaks; tells whether anything new came over it."""
        self._publisher = self._find_publisher()
        held = self._gate.sync_stream(self._publisher, self._source)
        if held is None:
            raise _NoStream
        self._report(Turn.CONNECTED)
        has_news, heard, begun = False, tick(), tick()
        with closing(self._source.listen(self._publisher.prefix, after=held.sequence)) as messages:
            for message in messages:
                outcome = self._gate.take(self._publisher, message)
                if outcome is StreamOutcome.GAP or tick() - begun > _RENEWAL_SECONDS:
                    return True
                if outcome in _NEWS:
                    has_news, heard = True, tick()
                    self._report(Turn(outcome.value))
                # Old messages said over and over keep a line open and make nothing fresh.
                elif tick() - heard > QUIET_SECONDS:
                    raise StatusSourceFailed(
                        f"{self._publisher.prefix} says nothing new; what is held is kept"
                    )
                if wait(0):
                    return True
        return has_news

    def _find_publisher(self) -> Publisher:
        """Find the publisher by the trust list that is held now: its status key may have been rotated."""
        was = self._publisher
        for one in self._gate.list_publishers():
            if (one.prefix, one.issuer) == (was.prefix, was.issuer):
                return one
        raise StatusSourceFailed(
            f"the trust list that is held names nobody any more who publishes at {was.prefix}; what is held is kept"
        )

    def _report(self, turn: Turn, problem: Problem | None = None, *, again_in: float = 0.0) -> None:
        held = self._gate.find_stream(self._publisher)
        sequence, as_of = (held.sequence, held.as_of) if held else (0, 0)
        self._tell(Followed(self._publisher.prefix, turn, sequence, as_of, problem, again_in))


def _spread(seconds: float, chance: Chance) -> float:
    return seconds * (0.5 + chance.below(1000) / 1000)


class _NoStream(Exception):
    """The publisher has no stream."""
