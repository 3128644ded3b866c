"""What the log knows of requests that were answered: told to the replay guard at the start and after a jump."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
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


def answered_around(reader: LogReader, at: datetime, *, cuts: Iterable[int] = ()) -> Iterator[str]:
    """Give the request id of every request in the log that could be sent again ``at`` and be believed.

    Records stand in the order of their times but where the clock was set back: ``cuts`` are such places (indices)
    that the caller knows, others are told by the hours of the particulars.
    """
    earliest = _milliseconds(at - timedelta(seconds=KEPT_SECONDS) - UNORDERED)
    latest = _milliseconds(at + timedelta(seconds=KEPT_SECONDS) + UNORDERED)
    told = 0
    for begin, end in _runs(reader, cuts):
        first, later = find_first(reader.entry, end, earliest, begin=begin), 0
        for index, raw in reader.iterate(first):
            time = time_of(raw) or 0
            # What was under way at a jump stands behind it with the time before it.
            later = later + 1 if time > latest else 0
            if index >= end or later > _STEPS_MAX:
                break
            entry = read_entry(raw)
            if (
                earliest <= time <= latest
                and isinstance(entry, ExchangeRecord)
                and entry.role is Role.PROVIDER
            ):
                yield entry.request_id
                told += 1
                if told >= SEEN_MAX:
                    return


def latest_hour(reader: LogReader) -> datetime | None:
    """Tell when the latest hour ends that the log knows of: in the future, where a clock was set back."""
    return max((one.end for one in reader.hours()), default=None)


def _runs(reader: LogReader, cuts: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give the stretches, from and to, within which the clock was not set back."""
    size, hours = reader.size, reader.hours()
    back = {later.first for earlier, later in pairwise(hours) if later.name < earlier.name}
    places = sorted({0, size, *(one for one in (*back, *cuts) if 0 < one < size)})
    yield from pairwise(places)


def find_first(entry: ReadEntry, size: int, milliseconds: int, *, begin: int = 0) -> int:
    """Find about where entries begin to be as young as this, by halving; ``begin`` is where to begin."""
    low, high = begin, size
    while low < high:
        middle = (low + high) // 2
        time = _time_near(entry, middle, high)
        if time is not None and time < milliseconds:
            low = middle + 1
        else:
            high = middle
    return max(begin, low - _STEPS_MAX)


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
