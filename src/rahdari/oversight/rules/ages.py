"""Asking one holder's age: a few thresholds tell whether a rule is met, many tell the age itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from rahdari.oversight.errors import TooManyAges

# An institution's rules know one or two ages: of majority, of a pension. Three leave a bracket of years.
AGES_MAX = 3
# Of a whole year: over a month, three a month would find any age within a quarter of a year.
AGES_WITHIN = timedelta(days=365)
# Whoever asks the same every minute costs one row, written once a day.
NOTED_AGAIN_AFTER = timedelta(days=1)


def find_news(asked: frozenset[int], known: Mapping[int, datetime], at: datetime) -> frozenset[int]:
    """Give the ages whose asking must be noted at ``at``; ``known`` are those that were asked, each with when last.

    Raises:
        TooManyAges: with these, it would be more than ``AGES_MAX`` within ``AGES_WITHIN``.
    """
    recent = {age for age, last in known.items() if at - last < AGES_WITHIN}
    if asked - recent and len(asked | recent) > AGES_MAX:
        raise TooManyAges(
            f"this institution has asked this card for {len(recent)} different ages within {AGES_WITHIN.days} days "
            f"and may ask for {AGES_MAX}; ask again for those: {', '.join(map(str, sorted(recent)))}"
        )
    return frozenset(age for age in asked if age not in known or at - known[age] >= NOTED_AGAIN_AFTER)
