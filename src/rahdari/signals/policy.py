"""How often a receiver that does not answer is tried again, and when the house gives up."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Delays double from ``first`` to ``longest``, each shortened by chance by up to a half.

    After ``give_up`` of failures in a row the stream is disabled; so it is after ``gone_times`` answers 410 in
    a row, the last of them ``gone_span`` or more after the first failure. ``lease`` is longer than one attempt
    may take: whoever holds a stream and dies frees it when the lease ends.
    """

    first: timedelta
    longest: timedelta
    give_up: timedelta
    lease: timedelta
    gone_times: int = 3
    gone_span: timedelta = timedelta(minutes=10)


# A second at first, for most failures are a restart; an hour at most, so that after a long outage the
# notices come within the hour; five days, as the Standard Webhooks' schedule spans three and a receiver
# may fail on a Friday. One 410 is as likely a proxy whose service is being replaced as a wish (Standard Webhooks:
# "disable the endpoint"); one that is meant is still there ten minutes later.
USUAL = Patience(
    first=timedelta(seconds=1),
    longest=timedelta(hours=1),
    give_up=timedelta(days=5),
    lease=timedelta(seconds=15),
)
