"""Sealed particulars by the hour: what is erased is whole files, and the log beside them stays as it is.

Each hour has files ``<hour>-<first index>.seals`` and ``.places``: the sealed texts one behind the other, and
for each the index of its record and where it ends in the seals (8 bytes each). A clock that was set back
begins new files, so that the files by their first index are in the order of the records.
"""

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from struct import Struct
from typing import Final

from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.journal import Batch
from rahdari.exchange.errors import LogDamaged

_PLACE: Final = Struct(">QQ")
_NAME: Final = re.compile(r"([0-9]{8}T[0-9]{2})-([0-9]{19})\.places")
_HOUR: Final = "%Y%m%dT%H"
_MILLISECONDS: Final = 1000


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour's pair of files: which hour (UTC), and the index of the first record in it."""

    name: str
    first: int

    @property
    def stem(self) -> str:
        """The name that both files share."""
        return f"{self.name}-{self.first:019d}"

    @property
    def begin(self) -> datetime:
        """When the hour begins."""
        return datetime.strptime(self.name, _HOUR).replace(tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """When the hour is over."""
        return self.begin + timedelta(hours=1)


class Hours:
    """The particulars below a folder. Reading needs no lock; only the log's writer adds."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Work on ``folder``, which may not be there yet."""
        self._folder = folder
        self._disk = disk

    def list(self) -> list[Hour]:
        """List the hours that are kept, in the order of their records."""
        paths = self._folder.iterdir() if self._folder.is_dir() else ()
        found = (_NAME.fullmatch(path.name) for path in paths)
        return sorted(
            (Hour(one[1], int(one[2])) for one in found if one is not None), key=lambda hour: hour.first
        )

    def read(self, index: int) -> bytes | None:
        """Give the sealed particulars of a record; None where there are none, or none any more."""
        hours = self.list()
        at = bisect_right([hour.first for hour in hours], index) - 1
        if at < 0:
            return None
        try:
            return self._read(hours[at], index)
        except FileNotFoundError:  # they were erased between two lines
            return None

    def add(self, batches: Sequence[Batch]) -> Iterator[Path]:
        """Add the particulars of batches, in order; gives the files to make durable."""
        filled = (one for one in batches if any(one.particulars))
        for name, group in groupby(filled, key=lambda one: _hour_of(one.at)):
            yield from self._add(name, list(group))

    def cut_from(self, index: int) -> None:
        """Take away what is kept of records from ``index`` on: the journal still has it, and gives it again."""
        for hour in self.list():
            if hour.first >= index:
                self._remove(hour)
        last = self.list()[-1:]
        if last:
            self._cut(last[0], index)

    def erase(self, before: datetime) -> int:
        """Erase all hours that were over at ``before``; gives how many there were."""
        old = [hour for hour in self.list() if hour.end <= before]
        for hour in old:
            self._remove(hour)
        if old:
            self._disk.sync_folder(self._folder)
        return len(old)

    def _add(self, name: str, batches: Sequence[Batch]) -> Iterator[Path]:
        sealed = [
            (batch.first + at, one) for batch in batches for at, one in enumerate(batch.particulars) if one
        ]
        hours = self.list()
        is_going_on = bool(hours) and hours[-1].name == name
        hour = hours[-1] if is_going_on else Hour(name, sealed[0][0])
        seals, places = self._paths(hour)
        end = seals.stat().st_size if seals.exists() else 0
        rows: list[bytes] = []
        for index, one in sealed:
            end += len(one)
            rows.append(_PLACE.pack(index, end))
        # The seals come first: a place that is written leads to something.
        self._extend(seals, b"".join(one for _, one in sealed))
        self._extend(places, b"".join(rows))
        yield from (seals, places)

    def _extend(self, path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._disk.append(handle, content)
        finally:
            os.close(handle)

    def _read(self, hour: Hour, index: int) -> bytes | None:
        seals, places = self._paths(hour)
        with places.open("rb") as file:
            count = places.stat().st_size // _PLACE.size
            at = _find(file.fileno(), count, index)
            found, end = _place(file.fileno(), at) if at < count else (-1, 0)
            if found != index:
                return None
            start = _place(file.fileno(), at - 1)[1] if at else 0
        with seals.open("rb") as file:
            sealed = os.pread(file.fileno(), end - start, start)
        if len(sealed) != end - start:
            raise LogDamaged(f"{seals.name} is shorter than its places say; restore it from a copy")
        return sealed

    def _cut(self, hour: Hour, index: int) -> None:
        seals, places = self._paths(hour)
        with places.open("rb") as file:
            count = places.stat().st_size // _PLACE.size
            kept = _find(file.fileno(), count, index)
            # Behind a power cut the last rows may be anything: only what is in order and below ``index`` is kept.
            while kept and not _is_sound(_place(file.fileno(), kept - 1), hour.first, index):
                kept -= 1
            end = _place(file.fileno(), kept - 1)[1] if kept else 0
        if seals.stat().st_size < end:
            raise LogDamaged(f"{seals.name} is shorter than its places say; restore it from a copy")
        self._disk.cut(places, kept * _PLACE.size)
        self._disk.cut(seals, end)

    def _remove(self, hour: Hour) -> None:
        seals, places = self._paths(hour)
        self._disk.remove(places)
        self._disk.remove(seals)

    def _paths(self, hour: Hour) -> tuple[Path, Path]:
        return self._folder / f"{hour.stem}.seals", self._folder / f"{hour.stem}.places"


def _hour_of(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // _MILLISECONDS, UTC).strftime(_HOUR)


def _place(handle: int, at: int) -> tuple[int, int]:
    index, end = _PLACE.unpack(os.pread(handle, _PLACE.size, at * _PLACE.size))
    return int(index), int(end)


def _is_sound(place: tuple[int, int], first: int, index: int) -> bool:
    return first <= place[0] < index and place[1] > 0


def _find(handle: int, count: int, index: int) -> int:
    """Give the first of ``count`` places whose record is ``index`` or a later one."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if _place(handle, middle)[0] < index:
            low = middle + 1
        else:
            high = middle
    return low
