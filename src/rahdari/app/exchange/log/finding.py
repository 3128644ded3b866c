"""Which records belong to a request: asked of ten million, answered in milliseconds.

Records are counted in groups of 65,536. A whole group has a file of as many numbers of 64 bits, sorted: the
first 48 bits of SHA-256 over the request's id, then the place in the group. As hashes lie evenly, one reading
at the place where an id should be finds it. What is found is a candidate: whoever asks looks at the record
itself.
"""

import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

from rahdari.app.exchange.log.disk import Disk
from rahdari.exchange.errors import LogDamaged

# Gives the request that a record belongs to; None for a record of no request.
RequestOf = Callable[[bytes], str | None]

GROUP: Final = 1 << 16
_PLACE_BITS: Final = 16
_PART_BITS: Final = 5
_NUMBER_BYTES: Final = 8
_GROUP_BYTES: Final = GROUP * _NUMBER_BYTES
_NONE: Final = bytes(_NUMBER_BYTES)
# A hash stands within some 700 places of where it should: more than five standard deviations of 128.
_REACH: Final = 768


class Found:
    """The files of whole groups, and in memory the group that is not whole yet (8 bytes a record)."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Work on ``folder``; nothing is known until ``begin_at`` and ``add`` were called."""
        self._folder = folder
        self._disk = disk
        self._group = 0
        self._tail = bytearray()

    @property
    def size(self) -> int:
        """How many records were taken in."""
        return self._group * GROUP + len(self._tail) // _NUMBER_BYTES

    def begin_at(self, group: int) -> None:
        """Take records in from the first one of ``group`` on."""
        self._group, self._tail = group, bytearray()

    def add(self, requests: Iterable[str | None]) -> Iterator[Path]:
        """Take in the requests of the next records; gives the files that became whole, to make durable."""
        waiting = iter(requests)
        while True:
            room = GROUP - len(self._tail) // _NUMBER_BYTES
            digests = [_NONE if one is None else _digest(one) for one in islice(waiting, room)]
            self._tail += b"".join(digests)
            if len(digests) < room:
                return
            yield self._close_group()

    def candidates(self, request: str) -> Iterator[int]:
        """Give the indices where the records of a request may stand, in order.

        Raises:
            LogDamaged: the file of a group is not there, or not whole.
        """
        digest = _digest(request)
        for group in range(self._group):
            yield from self._search(group, digest)
        at = self._tail.find(digest)
        while at >= 0:
            if at % _NUMBER_BYTES == 0:
                yield self._group * GROUP + at // _NUMBER_BYTES
            at = self._tail.find(digest, at + 1)

    def is_whole(self, group: int) -> bool:
        """Tell whether the file of a group is there and has its length."""
        path = self._path(group)
        return path.is_file() and path.stat().st_size == _GROUP_BYTES

    def _close_group(self) -> Path:
        numbers = array("Q", bytes(self._tail))
        _from_big(numbers)
        mask = -1 << _PLACE_BITS & (1 << 64) - 1
        # By their highest bits first: one sort of all would take 5 MB, and keep calls waiting for 30 ms.
        parts = [array("Q") for _ in range(1 << _PART_BITS)]
        for place, number in enumerate(numbers):
            parts[number >> 64 - _PART_BITS].append(number & mask | place)
        ordered = array("Q")
        for part in parts:
            ordered.extend(sorted(part))
        _from_big(ordered)
        path = self._path(self._group)
        self._disk.put(path, ordered.tobytes())
        self.begin_at(self._group + 1)
        return path

    def _search(self, group: int, digest: bytes) -> Iterator[int]:
        wanted = int.from_bytes(digest, "big") >> _PLACE_BITS << _PLACE_BITS
        expected = wanted >> 64 - _PLACE_BITS  # the hash as a fraction of the group
        numbers, start = self._read(group, expected - _REACH, expected + _REACH)
        # Where chance has it that the reach was too short, the whole group is looked through.
        if (start and numbers[0] >= wanted) or (
            start + len(numbers) < GROUP and numbers[-1] < wanted + (1 << _PLACE_BITS)
        ):
            numbers, start = self._read(group, 0, GROUP)
        at = bisect_left(numbers, wanted)
        while at < len(numbers) and numbers[at] >> _PLACE_BITS == wanted >> _PLACE_BITS:
            yield group * GROUP + (numbers[at] & GROUP - 1)
            at += 1

    def _read(self, group: int, low: int, high: int) -> "tuple[array[int], int]":
        start, end = max(low, 0), min(high, GROUP)
        try:
            handle = os.open(self._path(group), os.O_RDONLY)
        except FileNotFoundError:
            raw = b""
        else:
            try:
                raw = os.pread(handle, (end - start) * _NUMBER_BYTES, start * _NUMBER_BYTES)
            finally:
                os.close(handle)
        if len(raw) != (end - start) * _NUMBER_BYTES:
            raise LogDamaged(
                f"{self._path(group).name} (which request is where) is not whole; "
                "restart the gateway, it makes it anew"
            )
        numbers = array("Q", raw)
        _from_big(numbers)
        return numbers, start

    def _path(self, group: int) -> Path:
        return self._folder / f"{group:015d}.requests"


def _digest(request: str) -> bytes:
    return sha256(request.encode()).digest()[:_NUMBER_BYTES]


def _from_big(numbers: "array[int]") -> None:
    if sys.byteorder == "little":
        numbers.byteswap()
