"""Time, as a thing that is passed in."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time. The only implementation that reads the machine's clock is in ``app``."""

    def now(self) -> datetime:
        """Tell the present instant, timezone-aware, in UTC."""
        ...
