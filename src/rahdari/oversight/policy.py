"""What is unusual enough for a human to look at."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchPolicy:
    """The thresholds. Each is the last figure that is *not* flagged.

    ``speed_kmh_max``: airliners cruise at some 900 km/h. ``distance_km_min``: below it, a town's own size and
    coarse coordinates make speeds out of nothing. ``clock_skew``: how far the clocks of two servers may differ;
    it is given to the traveller. ``likeness_min``: from 0 to 1, how alike two holders must be.
    """

    speed_kmh_max: float = 900.0
    distance_km_min: float = 50.0
    clock_skew: timedelta = timedelta(seconds=60)
    uses_max: int = 20
    uses_within: timedelta = timedelta(minutes=10)
    institutions_max: int = 5
    institutions_within: timedelta = timedelta(hours=1)
    likeness_min: float = 0.6


WATCH = WatchPolicy()
"""The documented defaults."""
