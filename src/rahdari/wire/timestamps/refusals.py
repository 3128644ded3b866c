"""What can be wrong with a time stamp, beyond what ``wire.errors`` already names."""

from typing import ClassVar

from rahdari.kernel import CounterpartFailed, Refused


class TimestampMismatch(Refused):
    """The token is well signed, yet it stamps other bytes, answers another request or follows another policy."""

    code: ClassVar[str] = "wire.timestamp_mismatch"


class TimestampUntrusted(Refused):
    """Whoever signed the token is not a time-stamping authority under one of the pinned roots at that time."""

    code: ClassVar[str] = "wire.timestamp_untrusted"


class TimestampNotGranted(CounterpartFailed):
    """The time-stamping authority answered, and gave no token."""

    code: ClassVar[str] = "wire.timestamp_not_granted"
