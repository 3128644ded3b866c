"""Signed requests are accepted once (RFC 9421, 7.2.2).

Example:
    >>> seen = SeenRequests()
    >>> seen.accept("id-1", tick=100.0), seen.accept("id-1", tick=101.0)
    (True, False)
"""

from array import array
from collections import deque
from collections.abc import Iterable
from typing import Final

# A signature lives 60 s and is refused 120 s before and after (wire.http_signatures); what is older, by its age.
KEPT_SECONDS: Final = 60 + 2 * 120
# 2,700 requests a second for as long; beyond, a gateway refuses rather than forgets.
SEEN_MAX: Final = 1_000_000
# Requests are forgotten in lots: a look into some seven of them costs less than a place in a queue for each.
LOT_SECONDS: Final = 60
_ROOM_MIN: Final = 2_048
# A lot that was full before its time is followed by one for the rate that it saw, up to so many times as large.
_GROWTH_MAX: Final = 4
_FREE: Final = 0
_WORD: Final = (1 << 64) - 1


class Numbers:
    """A set of up to ``room`` numbers from 1 to 2^64 - 1, in 11 bytes for each: a set of Python's takes 80.

    Open addressing with linear probing, at most three quarters full (Knuth, The Art of Computer Programming 3,
    6.4). It never grows: to move 100,000 numbers takes 50 ms, in which nobody would be answered. The numbers are
    hashes with a secret of this process: nobody outside can choose numbers that meet.

    Example:
        >>> seen = Numbers(2)
        >>> seen.add(7), seen.add(7), 7 in seen, 8 in seen, len(seen)
        (1, 0, True, False, 1)
    """

    __slots__ = ("_count", "_places", "_room")

    def __init__(self, room: int) -> None:
        """Begin with none."""
        self._count, self._room = 0, room
        self._places = array("Q", bytes(8 * (room * 4 // 3 + 1)))

    @property
    def is_full(self) -> bool:
        """Tell whether there is room for no more."""
        return self._count >= self._room

    def __len__(self) -> int:
        """Count them."""
        return self._count

    def __contains__(self, number: int) -> bool:
        """Tell whether a number is in it."""
        return self._places[self._place_of(number)] == number

    def add(self, number: int) -> int:
        """Add a number; tells how many are more now: 1, or 0 where it was there. ``OverflowError`` without room."""
        at = self._place_of(number)
        if self._places[at] == number:
            return 0
        if self.is_full:
            raise OverflowError(f"{self._room} numbers are all that fit")
        self._places[at] = number
        self._count += 1
        return 1

    def _place_of(self, number: int) -> int:
        """Find the place of a number, or the free one where it belongs."""
        places = self._places
        at = number % len(places)
        while (one := places[at]) != _FREE and one != number:
            at = (at + 1) % len(places)
        return at


def number_of(request_id: str) -> int:
    """Give the number that stands for an id in ``Numbers``, in this process alone."""
    return hash(request_id) & _WORD or 1


class LastSeen:
    """Remembers the last ``count_min`` ids that were added, and up to as many before them."""

    def __init__(self, count_min: int) -> None:
        """Begin with none."""
        self._count_min = count_min
        self._now, self._before = Numbers(count_min), Numbers(count_min)

    def __contains__(self, request_id: str) -> bool:
        """Tell whether an id was added lately."""
        number = number_of(request_id)
        return number in self._now or number in self._before

    def add(self, request_id: str) -> None:
        """Add an id."""
        if self._now.is_full:
            self._before, self._now = self._now, Numbers(self._count_min)
        self._now.add(number_of(request_id))


class SeenRequests:
    """Remembers accepted requests for ``KEPT_SECONDS`` of a clock that never jumps. Full, it refuses what is new.

    Wall clocks jump: were they asked here, a clock set forward for a moment would make it forget. A clock set back
    makes old signatures young again; then, as after a restart, ``remember`` is told what the log still knows.

    Of each request 64 bits are kept, in some 14 bytes of memory. Two that fall together cost the second one a
    refusal, once in some two thousand years at 1,000 requests a second; no replay is ever let through for it.
    """

    def __init__(self, count_max: int = SEEN_MAX) -> None:
        """Begin with none; remember ``count_max`` at most."""
        self._count_max = count_max
        self._lots: deque[tuple[float, Numbers]] = deque()
        self._count = 0

    def __len__(self) -> int:
        """Tell how many are remembered."""
        return self._count

    def accept(self, request_id: str, *, tick: float) -> bool:
        """Tell whether a request with this id is new, and remember it.

        The id alone counts, whoever signed with it: two records of one id would be two answers to one question.
        """
        while self._lots and self._lots[0][0] <= tick:
            self._count -= len(self._lots.popleft()[1])
        number = number_of(request_id)
        for _, seen in self._lots:
            if number in seen:
                return False
        if self._count >= self._count_max:
            return False
        self._keep(number, tick)
        return True

    def remember(self, request_ids: Iterable[str], *, tick: float) -> None:
        """Take what the log knows of before; what is known already is known for longer."""
        for request_id in request_ids:
            if self._count < self._count_max:
                self._keep(number_of(request_id), tick)

    def _keep(self, number: int, tick: float) -> None:
        # A lot is filled for some seconds, and kept for as long beyond what its last one needs.
        if not self._lots or self._lots[-1][1].is_full or tick >= self._lots[-1][0] - KEPT_SECONDS:
            room = self._likely(tick) if self._lots else _ROOM_MIN
            self._lots.append((tick + LOT_SECONDS + KEPT_SECONDS, Numbers(room)))
        self._count += self._lots[-1][1].add(number)

    def _likely(self, tick: float) -> int:
        """Tell how many the next lot will likely have, from what the last one has and how long it took for that."""
        until, last = self._lots[-1]
        seconds = max(tick - (until - KEPT_SECONDS - LOT_SECONDS), LOT_SECONDS / _GROWTH_MAX)
        # A tenth more: one more lot for the last few would cost each later call a look into it.
        return max(_ROOM_MIN, int(len(last) * LOT_SECONDS / seconds * 1.1))
