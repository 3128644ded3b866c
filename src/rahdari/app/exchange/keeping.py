"""Once a minute, the latest checkpoint goes to those who vouch for it: a time-stamping authority, witnesses."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from rahdari.app.clock import tell_seconds
from rahdari.app.exchange.log import LogReader
from rahdari.app.exchange.posting import NotAnswered
from rahdari.app.exchange.stamping import StampAge, Stamper
from rahdari.app.exchange.witnessing import WitnessCalls, proving
from rahdari.kernel import Chance, Problem
from rahdari.wire.timestamps import read_token
from rahdari.wire.tlog import Note, WitnessRefused

ROUND_SECONDS: Final = 60.0
# A counterpart that is down is asked again after one round, two, four, up to this many.
_ROUNDS_MAX: Final = 16
# Rounds of different gateways do not fall together.
_JITTER: Final = 0.1
_PARTS: Final = 1 << 16
# The log does not grow from what the witness cosigned (c2sp.org/tlog-witness, "add-checkpoint").
_DOUBTFUL: Final = frozenset({409, 422})


@dataclass(slots=True)
class _Patience:
    """After how many more rounds a counterpart is asked again."""

    failures: int = 0
    rounds: int = 0

    def is_due(self) -> bool:
        self.rounds = max(0, self.rounds - 1)
        return self.rounds == 0

    def told(self, *, is_good: bool) -> None:
        self.failures = 0 if is_good else self.failures + 1
        self.rounds = 0 if is_good else min(1 << self.failures - 1, _ROUNDS_MAX)


class CheckpointKeeper:
    """Has the checkpoints of one log stamped and cosigned; one task of the gateway.

    What fails is told to ``alarm`` and tried again; the log goes on. ``is_stamping_overdue`` says when
    exchanges that must be provable should stop.
    """

    def __init__(
        self, reader: LogReader, *, stampers: Callable[[], Sequence[Stamper]],
        witnesses: Callable[[], Sequence[WitnessCalls]], chance: Chance,
        alarm: Callable[[str], None], age: StampAge,
    ) -> None:  # fmt: skip
        """Keep what ``reader`` (this keeper's own) reads; who vouches is asked for in each round.

        The lists must give the same objects as long as the counterpart is the same: they remember what was
        said.
        """
        self._reader = reader
        self._stampers, self._witnesses = stampers, witnesses
        self._chance, self._alarm, self._age = chance, alarm, age
        self._patience: dict[str, _Patience] = {}
        self._turn = threading.Lock()
        self._stamped = 0
        self._cosigned: dict[str, int] = {}
        self._doubts: dict[str, str] = {}

    @property
    def doubts(self) -> tuple[str, ...]:
        """What witnesses say that saw another log than this one: a longer one, or another history."""
        return tuple(self._doubts.values())

    @property
    def stamp_age_seconds(self) -> float:
        """How long the oldest unstamped checkpoint has waited; 0 where all are stamped."""
        return self._age.seconds()

    def is_stamping_overdue(self, at: float | None = None) -> bool:
        """Tell whether time stamps have failed for longer than the policy allows; ``at`` is seconds of the tick.

        Without any authority in the configuration nothing is overdue.
        """
        return bool(self._stampers()) and self._age.is_overdue(at)

    async def run(self, round_seconds: float = ROUND_SECONDS) -> None:
        """Keep checkpoints until cancelled, in a round every ``round_seconds``."""
        try:
            self._begin()
        except (Problem, OSError) as error:
            self._alarm(f"what was stamped before cannot be read: {error}")
        while True:
            began = tell_seconds()
            try:
                await self.round()
            except (Problem, OSError) as error:
                self._alarm(f"the checkpoints of this log cannot be kept: {error}")
            jitter = 1 + _JITTER * self._chance.below(_PARTS) / _PARTS
            await asyncio.sleep(max(1.0, round_seconds * jitter - (tell_seconds() - began)))

    async def round(self) -> None:
        """Take the latest checkpoint to all who have not vouched for it yet. Raises ``LogDamaged``, ``OSError``."""
        note, checkpoint = self._reader.checkpoint()
        size = checkpoint.head.size
        if size == 0:
            return
        work: list[Awaitable[None]] = [
            self._cosign(one, note, size)
            for one in self._witnesses()
            if self._cosigned.get(one.witness.name, 0) < size and self._is_due(one.witness.name)
        ]
        if self._stamped < size:
            self._age.waiting()
            work.append(self._stamp(note, size))
        await asyncio.gather(*work)

    def _begin(self) -> None:
        """Learn from the disk what was stamped before."""
        kept = self._reader.checkpoints.find_last("tst")
        self._stamped = 0 if kept is None else kept.checkpoint.head.size
        last = None if kept is None or kept.stamp is None else read_token(kept.stamp).unverified.at
        if self._reader.size > self._stamped:
            self._age.begin(last)

    async def _stamp(self, note: Note, size: int) -> None:
        """Have a checkpoint stamped by the first authority that does."""
        for one in self._stampers():
            name = one.timestamper.name
            # The last chance before everything stops is never passed over.
            if not self._is_due(name) and not self._age.is_overdue():
                continue
            try:
                new = await one.stamp(note.text)
            except (NotAnswered, Problem) as problem:
                self._told(name, str(problem))
                continue
            self._told(name)
            if new.is_odd:
                self._alarm(f"the clock of {name} is {new.skew} ahead of ours; one of the two is wrong")
            await self._keep(partial(self._reader.checkpoints.keep_stamp, note, new.token))
            self._stamped = size
            self._age.done()
            return

    async def _cosign(self, calls: WitnessCalls, note: Note, size: int) -> None:
        name = calls.witness.name
        try:
            lines = await calls.ask(note, proving(self._reader))
        except (NotAnswered, Problem) as problem:
            if isinstance(problem, WitnessRefused) and problem.status in _DOUBTFUL:
                self._doubts[name] = problem.message
            self._told(name, str(problem))
            return
        self._doubts.pop(name, None)
        self._told(name)
        await self._keep(partial(self._reader.checkpoints.keep_signatures, note, lines))
        self._cosigned[name] = size

    async def _keep(self, work: Callable[[], object]) -> None:
        def alone() -> None:
            # What is kept beside a checkpoint is read, added to, and written whole.
            with self._turn:
                work()

        await asyncio.to_thread(alone)

    def _is_due(self, name: str) -> bool:
        return self._patience.setdefault(name, _Patience()).is_due()

    def _told(self, name: str, failure: str = "") -> None:
        self._patience.setdefault(name, _Patience()).told(is_good=not failure)
        if failure:
            self._alarm(failure)
