"""When a receiver is tried again. Pure: chance is passed in."""

from datetime import datetime, timedelta

from rahdari.kernel import Chance
from rahdari.signals.policy import Patience
from rahdari.signals.values import Ending, Outcome, Progress

# 2^24 seconds are half a year; beyond it the longest delay holds anyway, and numbers would only grow.
_DOUBLINGS_MAX = 24
_GRAINS = 1000


def delay_after(attempts: int, patience: Patience, chance: Chance) -> timedelta:
    """Tell how long to wait after so many failures: doubled each time, shortened by chance by up to a half.

    The chance keeps receivers that failed together (a shared network) from being tried together for ever.
    """
    doubled = patience.first * (1 << min(max(attempts - 1, 0), _DOUBLINGS_MAX))
    whole = min(doubled, patience.longest)
    return whole - whole * chance.below(_GRAINS + 1) / (2 * _GRAINS)


def next_progress(
    before: Progress, outcome: Outcome, *, at: datetime, patience: Patience, chance: Chance
) -> Progress:
    """Tell how far a stream has come after an attempt.

    A receiver that took something starts its row of failures anew; one that asks to wait (Retry-After) is
    left alone that long, up to the longest delay.
    """
    if outcome.ending is Ending.TAKEN:
        return Progress(last_order=before.last_order, verified_at=before.verified_at)
    attempts = 1 if outcome.taken else before.attempts + 1
    gone = (0 if outcome.taken else before.gone) + 1 if outcome.ending is Ending.GONE else 0
    since = at if outcome.taken or before.failing_since is None else before.failing_since
    wait = delay_after(attempts, patience, chance)
    if outcome.wait is not None:
        wait = min(max(wait, outcome.wait), patience.longest)
    return Progress(
        last_order=before.last_order,
        attempts=attempts,
        gone=gone,
        due_at=at + wait,
        failing_since=since,
        failure=outcome.failure,
        verified_at=before.verified_at,
    )


def is_hopeless(progress: Progress, *, at: datetime, patience: Patience) -> bool:
    """Tell whether a receiver has failed for so long that the house gives up on it."""
    return progress.failing_since is not None and at - progress.failing_since >= patience.give_up


def is_gone(progress: Progress, *, at: datetime, patience: Patience) -> bool:
    """Tell whether a receiver has said often and long enough that it wants no more."""
    since = progress.failing_since
    return progress.gone >= patience.gone_times and since is not None and at - since >= patience.gone_span
