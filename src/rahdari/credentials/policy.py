"""What a verifier demands, as values. An empty policy accepts nothing."""

from dataclasses import dataclass
from datetime import timedelta

from rahdari.wire.keys import Algorithm


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationPolicy:
    """The demands of one use of a pass.

    ``algorithms`` and ``features`` name what is accepted: none named, none accepted.
    ``status_age_max``: how old the known status may be before the verdict is ``stale``.
    ``clock_skew``: how far the issuer's clock and ours may differ (RFC 7519, 4.1.4 allows a small leeway).
    """

    algorithms: frozenset[Algorithm] = frozenset()
    features: frozenset[str] = frozenset()
    status_age_max: timedelta = timedelta(0)
    clock_skew: timedelta = timedelta(0)


OFFLINE = VerificationPolicy(
    algorithms=frozenset(Algorithm),
    features=frozenset({"qr", "sd-jwt-vc"}),
    status_age_max=timedelta(seconds=60),
    clock_skew=timedelta(minutes=1),
)
"""A gate that hears the status stream: what it knows is at most a minute old, or it says so."""
