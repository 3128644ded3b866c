"""A gate that follows the status stream over a line that loses, repeats, reorders and replays."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from rahdari.credentials import HeldStream, Publisher, StreamOutcome, Trust
from rahdari.credentials.errors import StatusStreamForked, StatusStreamRefused
from rahdari.kernel import Refused
from tests.unit.credentials.scene import Office


@dataclass
class Line:
    """What went over the line of one authority so far: whoever listens in can say it again."""

    office: Office
    bundles: list[bytes]
    heads: list[bytes]

    def publish(self) -> None:
        self.bundles.append(self.office.bundle())
        self.heads.append(self.office.head())


@dataclass
class Following:
    """The stream as one gate holds it."""

    prefix: str
    issuer: str
    stream: HeldStream | None = None

    def under(self, trust: Trust) -> Publisher:
        return Publisher(self.prefix, self.issuer, trust)

    def hear(self, line: Line, trust: Trust, chance: random.Random, told: Callable[[str], None]) -> None:
        """Hear some messages, perhaps old ones, perhaps twice, perhaps in another order."""
        line.publish()
        if self.stream is None or chance.random() < 0.1:
            raw = chance.choice(line.bundles) if chance.random() < 0.4 else line.bundles[-1]
            try:
                self.stream = HeldStream.bootstrap(raw, self.under(trust), held=self.stream)
            except StatusStreamRefused:
                told("bundle refused")
            return
        messages = [
            *line.office.deltas(after=self.stream.sequence),
            chance.choice(line.heads),
            line.heads[-1],
        ]
        luck = chance.random()
        if luck < 0.2:
            messages = line.office.deltas()
        if luck < 0.4:
            chance.shuffle(messages)
        for raw in messages:
            self._take(raw, chance, told)

    def _take(self, raw: bytes, chance: random.Random, told: Callable[[str], None]) -> None:
        assert self.stream is not None
        before = self.stream.sequence, self.stream.digest
        luck = chance.random()
        if luck < 0.1:
            return
        if luck < 0.2:
            at = chance.randrange(len(raw))
            # Whatever one bit does: refused by some check, or passed over as old.
            with suppress(Refused):
                try:
                    self.stream.apply(raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :])
                except StatusStreamForked:
                    raise AssertionError("a damaged message was taken for a fork") from None
            assert (self.stream.sequence, self.stream.digest) == before
        with suppress(StatusStreamRefused):
            outcome = self.stream.apply(raw)
            told(f"stream {outcome}")
            if outcome is not StreamOutcome.APPLIED:
                assert self.stream.sequence == before[0]
        assert self.stream.sequence >= before[0]

    def heal(self, line: Line, trust: Trust) -> None:
        """Hear everything in its order; a copy of the lists where that does not close the gap."""
        line.publish()
        self.stream = HeldStream.bootstrap(line.bundles[-1], self.under(trust), held=self.stream)
        assert self.stream.apply(line.heads[-1]) in (StreamOutcome.CONFIRMED, StreamOutcome.IGNORED)
