"""When whose log was opened, and who let her in: whoever makes codes could make one for another's log, and is seen.

One file a month and part of the persons (by two digits of the pseudonym), so that a page reads a little of it.
Whom a line is about stands there as a pseudonym by a key of the door's. What is older than a year is forgotten.
"""

import hmac
import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from rahdari.app.errors import FolderFailed
from rahdari.app.files import SECRET_MODE, read_limited, write_all
from rahdari.exchange.rules.subjects import is_period, period_of
from rahdari.kernel import Clock

KEPT: Final = timedelta(days=366)
_MONTH: Final = timedelta(days=31)
# 10 million openings a month in 256 files have some 160 bytes each.
_FILE_BYTES_MAX: Final = 8 << 20
# What one person reads of it, the newest.
LISTED_MAX: Final = 100


class Opening(NamedTuple):
    """One opening of a log, and who had made sure that it was she."""

    at: datetime
    by: str


class Openings:
    """The openings of one door. Any thread may note; lines are appended whole."""

    def __init__(self, folder: Path, key: bytes, *, clock: Clock) -> None:
        """Work on ``folder``; ``key`` makes the pseudonyms."""
        self._folder, self._key, self._clock = folder, key, clock

    def note(self, identifier: str, *, by: str) -> None:
        """Write down that a person's log is opened now. Raises ``FolderFailed``: then it is not to be opened."""
        now, who = self._clock.now(), self._name(identifier)
        path = self._path(_month_of(now), who)
        line = json.dumps({"at": int(now.timestamp()), "who": who, "by": by}, ensure_ascii=False)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, SECRET_MODE)
            try:
                # A line break before it, too: what a power failure left of another line stays by itself.
                write_all(handle, f"\n{line}\n".encode())
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise FolderFailed(f"cannot write to {path.parent}: {error.strerror}") from None

    def find(self, identifier: str) -> tuple[Opening, ...]:
        """Tell when a person's log was opened within a year, the newest first, ``LISTED_MAX`` at most.

        Raises:
            BadFile, FolderFailed: a file cannot be read.
        """
        who, since = self._name(identifier), self._clock.now() - KEPT
        found = [one for month in self._months() for one in self._in(month, who) if one.at >= since]
        return tuple(sorted(found, reverse=True)[:LISTED_MAX])

    def forget(self) -> None:
        """Take away the months that are older than a year, by the clock and by the newest month that there is.

        By the clock alone, one that was set wrong would take away everything at once.
        """
        months = self._months()
        if not months:
            return
        newest = datetime.strptime(months[-1], "%Y-%m").replace(tzinfo=UTC) + _MONTH
        oldest = min(_month_of(self._clock.now() - KEPT), _month_of(newest - KEPT))
        for month in months:
            if month < oldest:
                shutil.rmtree(self._folder / month, ignore_errors=True)

    def _months(self) -> list[str]:
        return sorted(path.name for path in self._folder.glob("*") if is_period(path.name))

    def _in(self, month: str, who: str) -> Iterator[Opening]:
        path = self._path(month, who)
        if not path.is_file():
            return
        for line in read_limited(path, size_bytes_max=_FILE_BYTES_MAX).splitlines():
            if who.encode() in line:
                try:
                    read = json.loads(line)
                    yield Opening(datetime.fromtimestamp(int(read["at"]), UTC), str(read["by"]))
                except (ValueError, KeyError, TypeError, OverflowError):
                    continue

    def _path(self, month: str, who: str) -> Path:
        return self._folder / month / f"{who[:2]}.jsonl"

    def _name(self, identifier: str) -> str:
        return hmac.digest(self._key, identifier.encode(), "sha256").hex()


def _month_of(at: datetime) -> str:
    return period_of(int(at.timestamp() * 1000))
