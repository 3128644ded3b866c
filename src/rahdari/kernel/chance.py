"""Chance, as a thing that is passed in."""

from typing import Protocol


class Chance(Protocol):
    """Draws what nobody may guess. The only implementation that asks the machine is in ``app``."""

    def bytes(self, count: int) -> bytes:
        """Draw ``count`` bytes, each value as likely as any other."""
        ...

    def below(self, bound: int) -> int:
        """Draw a whole number from 0 to ``bound`` - 1, each as likely as any other."""
        ...
