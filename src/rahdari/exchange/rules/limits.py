"""Limits that keep one caller or one broken provider from taking all: token buckets and circuit breakers.

Time is seconds of a clock that never goes back, given by the caller.

Example:
    >>> bucket = Bucket(Rate(per_second=2.0, burst=1), at=0.0)
    >>> bucket.take(0.0), bucket.take(0.1), bucket.take(0.5)
    (0.0, 0.4, 0.0)
"""

from collections import OrderedDict
from collections.abc import Hashable
from enum import StrEnum
from typing import Final

from rahdari.exchange.values.services import Rate

# A member has some hundred clients with some ten operations each; beyond, the least used begin anew, full.
BUCKETS_MAX: Final = 20_000
# Five failures in a row are no accident; ten seconds let a provider start again.
FAILURES_MAX: Final = 5
OPEN_SECONDS: Final = 10.0
OPEN_SECONDS_MAX: Final = 120.0


class Bucket:
    """A token bucket: ``burst`` calls at once, ``per_second`` in the long run."""

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: Rate, *, at: float) -> None:
        """Begin full."""
        self._rate, self._left, self._at = rate, float(rate.burst), at

    def take(self, at: float) -> float:
        """Take one token: 0.0 if there was one, else the seconds until there is; then none is taken."""
        gained = max(0.0, at - self._at) * self._rate.per_second
        self._left = min(float(self._rate.burst), self._left + gained)
        self._at = max(self._at, at)
        if self._left >= 1.0:
            self._left -= 1.0
            return 0.0
        return (1.0 - self._left) / self._rate.per_second


class Buckets:
    """Buckets by key, the least used forgotten beyond ``BUCKETS_MAX``."""

    def __init__(self) -> None:
        """Begin with none."""
        self._buckets: OrderedDict[Hashable, tuple[Rate, Bucket]] = OrderedDict()

    def take(self, key: Hashable, rate: Rate, at: float) -> float:
        """Take one token of the bucket of ``key``; see ``Bucket.take``. A new rate begins a new bucket."""
        held = self._buckets.get(key)
        if held is None or held[0] != rate:
            held = (rate, Bucket(rate, at=at))
            self._buckets[key] = held
            if len(self._buckets) > BUCKETS_MAX:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
        return held[1].take(at)


class Circuit(StrEnum):
    """Whether calls go through: closed yes, open no, half open one to try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Breaker:
    """Opens after ``FAILURES_MAX`` failures in a row; lets one call try again after a time that doubles."""

    __slots__ = ("_failures", "_is_trying", "_opened_at", "_wait")

    def __init__(self) -> None:
        """Begin closed."""
        self._failures, self._opened_at, self._wait, self._is_trying = 0, 0.0, OPEN_SECONDS, False

    def state(self, at: float) -> Circuit:
        """Tell the state."""
        if self._failures < FAILURES_MAX:
            return Circuit.CLOSED
        return Circuit.HALF_OPEN if at >= self._opened_at + self._wait else Circuit.OPEN

    def admit(self, at: float) -> float:
        """Let a call through (0.0), or tell the seconds until one may try."""
        state = self.state(at)
        if state is Circuit.CLOSED:
            return 0.0
        if state is Circuit.HALF_OPEN and not self._is_trying:
            self._is_trying = True
            return 0.0
        return max(0.1, self._opened_at + self._wait - at)

    def succeed(self) -> None:
        """A call was answered."""
        self._failures, self._wait, self._is_trying = 0, OPEN_SECONDS, False

    def fail(self, at: float) -> None:
        """A call was not answered: no connection, a time-out, a broken answer. An HTTP error is an answer."""
        if self._is_trying:
            self._wait = min(OPEN_SECONDS_MAX, self._wait * 2)
        self._is_trying = False
        self._failures += 1
        if self._failures >= FAILURES_MAX:
            self._opened_at = at

    def give_up(self) -> None:
        """A call that was let through ended without a verdict: its caller went away."""
        self._is_trying = False
