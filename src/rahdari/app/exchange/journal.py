"""An append-only file of lines, one writer at a time; each is on the disk before ``append`` returns.

What a crash left of a line that was never acknowledged has no end of line, and is cut off by the next writer.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import Final

import structlog

from rahdari.app.clock import tell_seconds
from rahdari.app.errors import FolderFailed
from rahdari.app.files import SECRET_MODE, write_at
from rahdari.exchange.errors import FolderBusy, LogDamaged

LOCK_SECONDS: Final = 10.0
_LOCK_PAUSE_SECONDS: Final = 0.02
# Ten years of an instance with a hundred acts a day have some 400 MB.
FILE_BYTES_MAX: Final = 1 << 30
_PIECE_BYTES: Final = 1 << 20

_LOG = structlog.get_logger("rahdari.exchange.journal")


class Journal:
    """A file of lines, and how far this process has read it."""

    def __init__(self, path: Path) -> None:
        """Work on ``path``, which the first ``append`` makes."""
        self._path = path
        self._read_to = 0

    @property
    def is_there(self) -> bool:
        """Whether anything was ever written."""
        return self._path.is_file()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Be the only writer, among all processes and threads. Cuts off a torn last line.

        Raises:
            FolderBusy: another one did not finish within ``LOCK_SECONDS``.
            FolderFailed: the folder cannot be written to.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path.with_name("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise FolderFailed(f"cannot write to {self._path.parent}: {error.strerror}") from None
        try:
            _lock(handle, self._path)
            self._cut_torn_line()
            yield
        finally:
            os.close(handle)

    def new_lines(self) -> list[str]:
        """Give the whole lines since the last call. Raises ``FolderFailed``, ``LogDamaged``."""
        if not self._path.is_file():
            return []
        try:
            with self._path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if not self._read_to <= size <= FILE_BYTES_MAX:
                    raise LogDamaged(
                        f"{self._path} is shorter than it was, or endless; restore it from a backup"
                    )
                file.seek(self._read_to)
                raw = file.read(size - self._read_to)
        except OSError as error:
            raise FolderFailed(f"cannot read {self._path}: {error.strerror}") from None
        whole = raw[: raw.rfind(b"\n") + 1]
        self._read_to += len(whole)
        return whole.decode("ascii", errors="replace").splitlines()

    def append(self, line: str) -> None:
        """Write one line durably; call within ``turn``, and after ``new_lines`` has given all others.

        Raises:
            FolderFailed: the disk is full, or broken; the line is not in the journal then.
        """
        raw = line.encode("ascii") + b"\n"
        try:
            size = self._path.stat().st_size if self._path.exists() else 0
            if size != self._read_to:
                raise LogDamaged(
                    "the journal grew or shrank while its lock was held; another program writes to it"
                )
            write_at(self._path, size, raw, mode=SECRET_MODE)
        except OSError as error:
            raise FolderFailed(f"cannot write {self._path}: {error.strerror}; nothing was changed") from None
        self._read_to += len(raw)

    def _cut_torn_line(self) -> None:
        if not self._path.is_file():
            return
        with self._path.open("r+b") as file:
            size = os.fstat(file.fileno()).st_size
            end = _end_of_lines(file.fileno(), size)
            if end < size:
                _LOG.warning("torn_line_cut_off", file=self._path.name, bytes=size - end)
                file.truncate(end)
                os.fsync(file.fileno())


def _end_of_lines(handle: int, size: int) -> int:
    """Tell where the last whole line ends."""
    at = size
    while at > 0:
        start = max(0, at - _PIECE_BYTES)
        found = os.pread(handle, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _lock(handle: int, path: Path) -> None:
    until = tell_seconds() + LOCK_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if tell_seconds() >= until:
                raise FolderBusy(
                    f"another process has been writing to {path.parent} for {LOCK_SECONDS:g} seconds; wait for it, "
                    "or end it"
                ) from None
            sleep(_LOCK_PAUSE_SECONDS)
        else:
            return
