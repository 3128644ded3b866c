"""Ladders of value: from what is shipped raw to what could be made of it at home.

The steps and their limits are explained in ``docs/understand/trade-ladders.md``.
"""

from rahdari.trade.rules.ladders.chain import Activity, Conversion, Ladder, Tier, read_ladder
from rahdari.trade.rules.ladders.climb import climb
from rahdari.trade.rules.ladders.readings import (
    Climb,
    LadderConventions,
    LadderTrade,
    StepReading,
    StepTest,
    TierReading,
)

__all__ = [
    "Activity",
    "Climb",
    "Conversion",
    "Ladder",
    "LadderConventions",
    "LadderTrade",
    "StepReading",
    "StepTest",
    "Tier",
    "TierReading",
    "climb",
    "read_ladder",
]
