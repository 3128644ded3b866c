"""The few things that a log does to a disk, so that tests can let each of them fail."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rahdari.app.files import SECRET_MODE

# So many files are flushed at a time: the file system then commits them together, five times as fast as in turn.
_FLUSHING: Final = 8


class Disk:
    """The machine's disk. Every method may raise ``OSError``; nothing here catches one."""

    def open_new(self, path: Path, content: bytes) -> int:
        """Begin a file that is not there yet with ``content``, durable with its name; gives its descriptor."""
        # Nobody but the gateway reads journals and particulars.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, SECRET_MODE)
        try:
            self.append(handle, content)
            self.sync(handle)
            self.sync_folder(path.parent)
        except OSError:
            os.close(handle)
            raise
        return handle

    def append(self, handle: int, content: bytes) -> None:
        """Write all of ``content`` behind what is there."""
        view = memoryview(content)
        while view:
            view = view[os.write(handle, view) :]

    def sync(self, handle: int) -> None:
        """Make what was appended durable."""
        os.fdatasync(handle)

    def cut(self, path: Path, size: int) -> None:
        """Shorten a file to ``size`` bytes, durably."""
        handle = os.open(path, os.O_RDWR)
        try:
            os.ftruncate(handle, size)
            os.fsync(handle)
        finally:
            os.close(handle)

    def put(self, path: Path, content: bytes) -> None:
        """Put a file in its place, whole for whoever reads it; durable only after ``sync_files``."""
        aside = path.with_name(f".{path.name}.new")
        try:
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, SECRET_MODE)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, SECRET_MODE)
        try:
            self.append(handle, content)
        finally:
            os.close(handle)
        aside.replace(path)

    def put_durably(self, path: Path, content: bytes) -> None:
        """Put a file in its place so that a power cut leaves the old one or the new one."""
        aside = path.with_name(f".{path.name}.new")
        path.parent.mkdir(parents=True, exist_ok=True)
        aside.unlink(missing_ok=True)
        os.close(self.open_new(aside, content))
        aside.replace(path)
        self.sync_folder(path.parent)

    def sync_files(self, paths: Iterable[Path]) -> None:
        """Make files durable, with the folders above them; those that were erased meanwhile are passed over."""
        files = list(paths)
        with ThreadPoolExecutor(_FLUSHING, "log-flush") as threads:
            for _ in threads.map(_sync_path, files):
                pass
            folders = {folder for path in files for folder in list(path.parents)[:5]}
            for _ in threads.map(_sync_path, folders):
                pass

    def sync_folder(self, folder: Path) -> None:
        """Make the names in a folder durable (POSIX promises them only then)."""
        _sync_path(folder)

    def remove(self, path: Path) -> None:
        """Take a file away; one that is not there is none to take."""
        path.unlink(missing_ok=True)


def _sync_path(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
