"""The one door through which time and chance enter the house."""

import random
import secrets
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Tell the present instant in UTC."""
        return datetime.now(UTC)


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
