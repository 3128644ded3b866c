"""One status list as a verifier of very many holds it: only the places that are not VALID.

A list of 2^20 places takes 256 KiB by the draft's own form (4.1). Of a nation's lists, one place in a hundred is
not VALID, and two bytes for each of those are a twelfth of that. Beyond one place in eight the draft's form is the
smaller one and is used instead.

Example:
    >>> held = CompactStatuses.of(StatusArray.of_size(1024, [(7, 2)]))
    >>> held.set(9, 1)
    >>> [held.get(place) for place in (7, 8, 9)]
    [2, 0, 1]
"""

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, Self

from rahdari.wire.errors import MalformedInput
from rahdari.wire.status_list.array import StatusArray

BITS: Final = 2
# The shards of a status stream have at most 2^20 places.
PLACES_MAX: Final = 1 << 20
# Two bytes for each place that is not VALID, against a quarter of a byte for every place.
_DENSE_PART: Final = 8
# A page has 2^14 places: a place within it and its status fill 16 bits, and a search in it takes eight steps.
_PAGE_SHIFT: Final = 14
_ENTRY: Final = (1 << _PAGE_SHIFT + BITS) - 1
# One bit says whether any of 16 places may be other than VALID: for six places in seven, that is all to be asked.
_BLOCK_SHIFT: Final = 4
_NOT_ZERO: Final = re.compile(rb"[^\0]")
# For each byte of a packed list: the words of its entries that are not VALID, as (entry << 2 | status).
_WORDS: Final = tuple(
    tuple(entry << BITS | byte >> BITS * entry & 3 for entry in range(4) if byte >> BITS * entry & 3)
    for byte in range(256)
)
_STATUS_MAX: Final = 3


class CompactStatuses:
    """The statuses of one shard, which can be changed place by place."""

    __slots__ = ("_count", "_dense", "_maybe", "_pages", "size")

    def __init__(self, size: int) -> None:
        """Hold ``size`` places, every one VALID.

        Raises:
            MalformedInput: no shard has so many places, or so few.
        """
        if not 0 < size <= PLACES_MAX:
            raise MalformedInput(f"a shard of {size} places; it has 1 to {PLACES_MAX}")
        self.size = size
        self._count = 0
        # For each page its sorted words, none of them VALID; or else the list in the draft's own form.
        self._pages = [array("H") for _ in range((size - 1 >> _PAGE_SHIFT) + 1)]
        self._dense: bytearray | None = None
        self._maybe = bytearray((size - 1 >> _BLOCK_SHIFT + 3) + 1)

    @classmethod
    def of(cls, listed: StatusArray) -> Self:
        """Hold what ``listed`` says: only its bytes that are not zero are looked at one by one.

        Raises:
            MalformedInput: it has not two bits an entry, or more than 2^20 entries.
        """
        if listed.bits != BITS:
            raise MalformedInput(f"a shard has two bits a place; this list has {listed.bits}")
        held, packed = cls(listed.size), listed.packed
        if (len(packed) - packed.count(0)) * _DENSE_PART > listed.size:
            held._use_dense(bytearray(packed))
            return held
        step = 1 << _PAGE_SHIFT - BITS
        for number in range(len(held._pages)):
            page = packed[number * step : (number + 1) * step]
            starts = [found.start() for found in _NOT_ZERO.finditer(page)]
            # Four entries of two bits: the word of a byte's first place is the byte's number times sixteen.
            words = array("H", [at << 4 | word for at in starts for word in _WORDS[page[at]]])
            held._pages[number] = words
            held._count += len(words)
            for at in starts:
                held._note((number << _PAGE_SHIFT) + (at << 2))
        held._densify()
        return held

    def get(self, place: int) -> int:
        """Say the status of ``place``: a number that compares with ``StatusType``.

        Raises:
            MalformedInput: the place lies outside the shard (8.3, step 6: no statement can be made).
        """
        status = self.find(place)
        if status is None:
            raise MalformedInput(f"the place lies outside this shard of {self.size} places")
        return status

    def find(self, place: int) -> int | None:
        """Find the status of ``place``; None where it lies outside the shard."""
        if not 0 <= place < self.size:
            return None
        if not self._maybe[place >> _BLOCK_SHIFT + 3] >> (place >> _BLOCK_SHIFT & 7) & 1:
            return 0
        if self._dense is not None:
            return self._dense[place >> 2] >> (place & 3) * BITS & 3
        words, lowest = self._pages[place >> _PAGE_SHIFT], place << BITS & _ENTRY
        at = bisect_left(words, lowest)
        # The words of this place are the four from ``lowest`` on.
        return words[at] & 3 if at < len(words) and words[at] ^ lowest <= _STATUS_MAX else 0

    def set(self, place: int, status: int) -> None:
        """Set the status of ``place``, in microseconds.

        Raises:
            MalformedInput: no such place, or no such status.
        """
        if not (0 <= place < self.size and 0 <= status <= _STATUS_MAX):
            raise MalformedInput(f"no place or no status: {self.size} places of two bits each")
        if self._dense is not None:
            shift = (place & 3) * BITS
            self._dense[place >> 2] = self._dense[place >> 2] & ~(3 << shift) | status << shift
            return
        words, lowest = self._pages[place >> _PAGE_SHIFT], place << BITS & _ENTRY
        at = bisect_left(words, lowest)
        is_there = at < len(words) and words[at] ^ lowest <= _STATUS_MAX
        self._count -= is_there
        words[at : at + is_there] = array("H", [lowest | status] if status else [])
        if status:
            self._note(place)
            self._count += 1
            self._densify()

    def not_valid(self) -> Iterator[tuple[int, int]]:
        """Go through the places that are not VALID, in order, each with its status."""
        if self._dense is not None:
            for found in _NOT_ZERO.finditer(self._dense):
                for word in _WORDS[self._dense[found.start()]]:
                    yield found.start() << 2 | word >> BITS, word & 3
            return
        for number, words in enumerate(self._pages):
            for word in words:
                yield number << _PAGE_SHIFT | word >> BITS, word & 3

    def _note(self, place: int) -> None:
        """Note that ``place`` may be other than VALID; that it is VALID again is never noted."""
        self._maybe[place >> _BLOCK_SHIFT + 3] |= 1 << (place >> _BLOCK_SHIFT & 7)

    def _densify(self) -> None:
        """Take the draft's own form where it is the smaller one."""
        if self._count * _DENSE_PART <= self.size:
            return
        dense = bytearray(-(-self.size >> 2))
        for place, status in self.not_valid():
            dense[place >> 2] |= status << (place & 3) * BITS
        self._use_dense(dense)

    def _use_dense(self, dense: bytearray) -> None:
        self._dense, self._pages, self._count = dense, [], 0
        self._maybe = bytearray(b"\xff" * len(self._maybe))
