"""The one door through which time and chance enter the house."""

import random
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rahdari.kernel import Clock


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Tell the present instant in UTC."""
        return datetime.now(UTC)


def tell_seconds() -> float:
    """Tell seconds that never go back, and go on while the machine sleeps where the platform can tell.

    On Linux ``CLOCK_MONOTONIC`` stands still in suspend and ``CLOCK_BOOTTIME`` does not (clock_gettime(2)).
    """
    boot_time: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class SteadyClock:
    """A clock that never goes back and never stands still while the program runs, whoever sets the machine's.

    Offline, the age of a status is all that tells how much it is worth: a machine's clock that is set back, or that
    is stopped, must not make it younger. A clock that is set forward is followed; where that was a mistake and is
    mended, this one stays ahead, so that statuses are ``stale``, until the program is begun anew.
    """

    def __init__(self, clock: Clock, *, tick: Callable[[], float] = tell_seconds) -> None:
        """Follow ``clock``; ``tick`` gives seconds that never go back."""
        self._clock = clock
        self._tick = tick
        self._seen = clock.now()
        self._seen_at = tick()

    def now(self) -> datetime:
        """Tell the machine's time, or the time it would be by what has gone by since the last question."""
        at = self._tick()
        gone_by = timedelta(seconds=at - self._seen_at)
        self._seen, self._seen_at = max(self._clock.now(), self._seen + gone_by), at
        return self._seen


class SystemChance:
    """The operating system's random source."""

    def bytes(self, count: int) -> bytes:
        """Draw ``count`` unpredictable bytes."""
        return secrets.token_bytes(count)

    def below(self, bound: int) -> int:
        """Draw an unpredictable number below ``bound``."""
        return secrets.randbelow(bound)


class SeededChance:
    """Chance that repeats itself for a seed: for synthetic people and demonstrations, never for keys or salts."""

    def __init__(self, seed: int) -> None:
        """Start the sequence of ``seed``."""
        self._random = random.Random(seed)  # noqa: S311 - repeatability is the purpose

    def bytes(self, count: int) -> bytes:
        """Draw ``count`` bytes of the sequence."""
        return self._random.randbytes(count)

    def below(self, bound: int) -> int:
        """Draw a number below ``bound`` of the sequence."""
        return self._random.randrange(bound)
