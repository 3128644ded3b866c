"""The byte array of a status list: 1, 2, 4 or 8 bits an entry, lowest bits first (Token Status List, 4.1)."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Self

from rahdari.wire.errors import MalformedInput, TooLarge

# Our shards hold 2^20 entries of 2 bits: 256 KiB. The largest list that the draft's own vectors use holds
# 2^20 entries of 8 bits: 1 MiB, which is also 2^23 entries of 1 bit. More is an attack, not a list.
LIST_BYTES_MAX = 1 << 20
# 4.1, step 3: "RECOMMENDED to use the highest compression level available".
_LEVEL = 9
# RFC 1950, 2.2: a window of 2^11 bytes. Of a long list that is mostly VALID, one sees as much in it as in 2^15, and
# half the time is saved; the draft's own examples are short, and have 2^15.
_WINDOW, _LONG = 11, 1 << 16
# 4.1, step 1: the sizes an entry may have, and the power of two by which an index finds its byte.
_SHIFTS = MappingProxyType({1: 3, 2: 2, 4: 1, 8: 0})


class StatusType(IntEnum):
    """What an entry says (7.1). 4- and 8-bit lists may hold other numbers; the list's owner explains them."""

    VALID = 0x00
    INVALID = 0x01
    SUSPENDED = 0x02
    APPLICATION_SPECIFIC = 0x03


# The JWT and the CWT of one list are made one behind the other, and a list of 2^20 places takes 50 ms.
@lru_cache(maxsize=1)
def _deflate(packed: bytes) -> bytes:
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW if len(packed) >= _LONG else zlib.MAX_WBITS)
    return stream.compress(packed) + stream.flush()


@dataclass(frozen=True, slots=True)
class StatusArray:
    """The statuses of one list, unchangeable: ``bits`` an entry, ``packed`` in the order of 4.1, step 2.

    Raises:
        MalformedInput: ``bits`` is not 1, 2, 4 or 8, or (``TooLarge``) more than ``LIST_BYTES_MAX`` bytes.
    """

    bits: int
    packed: bytes = field(repr=False)
    size: int = field(init=False)
    _shift: int = field(init=False, repr=False, compare=False)
    _place: int = field(init=False, repr=False, compare=False)
    _mask: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.bits not in _SHIFTS:
            raise MalformedInput(f"a status list has 1, 2, 4 or 8 bits an entry, not {self.bits}")
        if len(self.packed) > LIST_BYTES_MAX:
            raise TooLarge(f"a status list of {len(self.packed)} bytes; at most {LIST_BYTES_MAX} are held")
        shift = _SHIFTS[self.bits]
        # A lookup is one shift, one byte, one shift, one mask: these are the four numbers it needs.
        object.__setattr__(self, "size", len(self.packed) << shift)
        object.__setattr__(self, "_shift", shift)
        object.__setattr__(self, "_place", (1 << shift) - 1)
        object.__setattr__(self, "_mask", (1 << self.bits) - 1)

    @classmethod
    def of_size(cls, size: int, entries: Iterable[tuple[int, int]] = (), *, bits: int = 2) -> Self:
        """Build an array of at least ``size`` entries, all VALID but for the given ``(index, status)`` pairs.

        ``size`` is rounded up to whole bytes.

        Raises:
            MalformedInput: a pair outside the array or of a status too large for ``bits``, or an index twice.
        """
        if bits not in _SHIFTS or not 0 < size <= LIST_BYTES_MAX << _SHIFTS.get(bits, 0):
            raise MalformedInput(f"no status list has {size} entries of {bits} bits")
        changes: dict[int, int] = {}
        for index, status in entries:
            if index in changes:
                raise MalformedInput("the same index was given twice; which status counts is unclear")
            changes[index] = status
        return cls(bits, bytes(-(-size >> _SHIFTS[bits]))).with_changes(changes)

    @classmethod
    def inflate(cls, bits: int, compressed: bytes) -> Self:
        """Read the ``lst`` of a list: zlib, bounded, nothing behind the stream (4.1, step 3; RFC 1950).

        Raises:
            TooLarge: it inflates beyond ``LIST_BYTES_MAX``; no more than that is ever inflated.
            MalformedInput: not one complete zlib stream, empty, or ``bits`` is none of 1, 2, 4, 8.
        """
        stream = zlib.decompressobj()
        try:
            packed = stream.decompress(compressed, LIST_BYTES_MAX + 1)
        except zlib.error as refusal:
            raise MalformedInput("lst is not a zlib stream (RFC 1950)") from refusal
        if len(packed) > LIST_BYTES_MAX:
            raise TooLarge(f"lst inflates beyond {LIST_BYTES_MAX} bytes; no honest list does")
        if not stream.eof or stream.unused_data or not packed:
            raise MalformedInput("lst is cut short, empty, or followed by other bytes")
        return cls(bits, packed)

    def deflate(self) -> bytes:
        """Write the ``lst`` of this list: zlib at its highest level (4.1, step 3)."""
        return _deflate(self.packed)

    def get(self, index: int) -> int:
        """Say the status at ``index``: a number that compares with ``StatusType``.

        Raises:
            MalformedInput: the index lies outside the list (8.3, step 6: no statement can be made).
        """
        if not 0 <= index < self.size:
            raise MalformedInput(f"the status index lies outside this list of {self.size} entries")
        return self.packed[index >> self._shift] >> (index & self._place) * self.bits & self._mask

    def with_changes(self, changes: Mapping[int, int]) -> Self:
        """Give a new array in which each index of ``changes`` has its new status.

        Raises:
            MalformedInput: an index outside the list, or a status that does not fit into ``bits``.
        """
        packed = bytearray(self.packed)
        for index, status in changes.items():
            if not 0 <= index < self.size or not 0 <= status <= self._mask:
                raise MalformedInput(f"no entry or no room: {self.size} entries of {self.bits} bits each")
            place = (index & self._place) * self.bits
            byte = index >> self._shift
            packed[byte] = packed[byte] & ~(self._mask << place) | status << place
        return type(self)(self.bits, bytes(packed))
