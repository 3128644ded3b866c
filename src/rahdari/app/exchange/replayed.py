"""What the log knows of requests that were answered: told to the replay guard at the start and after a jump."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from rahdari.app.exchange.log import LogReader
from rahdari.exchange.rules.replay import KEPT_SECONDS, SEEN_MAX
from rahdari.wire.ndel.record_bytes import read_entry
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role

# Records stand in the order in which they ended; one may have begun a time-out or two before its neighbours.
UNORDERED: Final = timedelta(minutes=5)
# How many entries are stepped over to find one that tells a time.
_STEPS_MAX: Final = 512

ReadEntry = Callable[[int], bytes]


def answered_around(reader: LogReader, at: datetime) -> Iterator[tuple[str, str]]:
    """Give request id and key id of every request in the log that could be sent again ``at`` and be believed."""
    earliest = _milliseconds(at - timedelta(seconds=KEPT_SECONDS) - UNORDERED)
    latest = _milliseconds(at + timedelta(seconds=KEPT_SECONDS) + UNORDERED)
    first = find_first(reader.entry, reader.size, earliest)
    for count, (_, raw) in enumerate(reader.iterate(first)):
        entry = read_entry(raw)
        if count >= SEEN_MAX or (time_of(raw) or 0) > latest:
            return
        if isinstance(entry, ExchangeRecord) and entry.role is Role.PROVIDER:
            yield entry.request_id, entry.request.keyid


def find_first(entry: ReadEntry, size: int, milliseconds: int) -> int:
    """Find about where entries begin to be as young as this, by halving."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        time = _time_near(entry, middle, high)
        if time is not None and time < milliseconds:
            low = middle + 1
        else:
            high = middle
    return max(0, low - _STEPS_MAX)


def time_of(raw: bytes) -> int | None:
    """Tell when an entry ended, in milliseconds since 1970; None where it does not say."""
    entry = read_entry(raw)
    if isinstance(entry, ExchangeRecord):
        return entry.ended
    return entry.at if isinstance(entry, ReceiptRecord) else None


def _time_near(entry: ReadEntry, index: int, end: int) -> int | None:
    for one in range(index, min(end, index + _STEPS_MAX)):
        time = time_of(entry(one))
        if time is not None:
            return time
    return None


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
