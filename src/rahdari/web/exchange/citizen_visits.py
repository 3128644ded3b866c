"""Who is let in to her own log now: held in memory alone, for a quarter of an hour, by a token in a cookie."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from rahdari.kernel import Chance

VISIT_SECONDS: Final = 15 * 60
# A town's people at once; beyond that the oldest visit ends early, and needs a new code.
VISITS_MAX: Final = 10_000
DAYS_FIRST: Final = 366
_TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Visit:
    """A person who was let in; ``ends`` in seconds of the tick.

    She reads of the last ``days``, before the instant ``before`` (milliseconds since 1970) where there is one.
    """

    identifier: str = field(repr=False)
    ends: float
    days: int = DAYS_FIRST
    before: int | None = None


class Visits:
    """The visits under way. They end with the process."""

    def __init__(self, chance: Chance, tick: Callable[[], float], *, most: int = VISITS_MAX) -> None:
        """Begin with none; ``tick`` gives seconds that never go back."""
        self._chance, self._tick, self._most = chance, tick, most
        self._visits: OrderedDict[bytes, Visit] = OrderedDict()

    def begin(self, identifier: str) -> str:
        """Let a person in, and give the token by which she is known."""
        token = self._chance.bytes(_TOKEN_BYTES).hex()
        self._forget()
        self._visits[_digest(token)] = Visit(identifier, self._tick() + VISIT_SECONDS)
        return token

    def find(self, token: str) -> Visit | None:
        """Find whose token this is; None where it is nobody's, or over."""
        visit = self._visits.get(_digest(token))
        return visit if visit is not None and self._tick() < visit.ends else None

    def choose(self, token: str, *, days: int, before: int | None) -> None:
        """Let her read of another time."""
        visit = self.find(token)
        if visit is not None:
            self._visits[_digest(token)] = replace(visit, days=days, before=before)

    def end(self, token: str) -> None:
        """End a visit."""
        self._visits.pop(_digest(token), None)

    def __len__(self) -> int:
        """Count the visits that are held."""
        return len(self._visits)

    def _forget(self) -> None:
        # All last equally long, so that the oldest stand first.
        while self._visits:
            token, visit = next(iter(self._visits.items()))
            if self._tick() < visit.ends and len(self._visits) < self._most:
                return
            del self._visits[token]


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
