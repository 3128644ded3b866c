"""Files that are whole or not there: written aside, flushed, and moved into place."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rahdari.app.errors import BadFile, FolderFailed

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644
# What a shell hands over to a program under a name; whoever types such a name means a stream.
_HANDED_OVER = tuple(Path(one) for one in ("/dev", "/dev/fd", "/proc/self/fd"))


def write_whole(path: Path, content: bytes, *, mode: int = PUBLIC_MODE) -> None:
    """Write ``content`` so that a reader, or a power cut, sees the old file or the new one and nothing else.

    Raises:
        FolderFailed: the disk is full, or the folder may not be written to.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # O_EXCL and the mode at creation: a secret is never readable by others, not for an instant.
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        # Where a file stands in the place of the folder, there is nothing to take away, and no way to it.
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise FolderFailed(f"cannot write {path.name}: {error.strerror}; nothing was changed") from None


@contextmanager
def make_folder(folder: Path) -> Iterator[None]:
    """Make ``folder``, and what the caller puts into it: all of it, or nothing.

    Where the making fails, what it put there is taken away again, so that it can be begun anew; what stood there
    before stays.

    Raises:
        FolderFailed: the folder cannot be made, or the caller could not make one within.
    """
    before = set(_within(folder)) if folder.is_dir() else None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException as error:
        for path in _within(folder):
            if path not in (before or ()):
                _take_away(path)
        if before is None:
            _take_away(folder)
        if isinstance(error, OSError):
            raise FolderFailed(f"cannot make {folder}: {error.strerror}; nothing was changed") from None
        raise


def _within(folder: Path) -> list[Path]:
    """List everything beneath a folder, the deepest first."""
    found = os.walk(folder, topdown=False)
    return [Path(above, name) for above, folders, names in found for name in (*names, *folders)]


def _take_away(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()


def write_at(path: Path, at: int, content: bytes, *, mode: int = PUBLIC_MODE) -> None:
    """Let a file go on with ``content`` behind its first ``at`` bytes, durably; what stood there is cut off first.

    Raises:
        OSError: the disk failed. Where it still lets a file be cut, nothing of ``content`` is left, half of which
            would be read as what was never acknowledged.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        os.ftruncate(handle, at)
        os.lseek(handle, at, os.SEEK_SET)
        try:
            write_all(handle, content)
            os.fsync(handle)
            if at == 0:
                sync_folder(path.parent)
        except OSError:
            os.ftruncate(handle, at)
            raise
    finally:
        os.close(handle)


def write_all(handle: int, content: bytes) -> None:
    """Write all of ``content``: the system may take a part of it at a time. Raises ``OSError``."""
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable (POSIX promises them only after it is flushed). Raises ``OSError``."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_limited(path: Path, *, size_bytes_max: int) -> bytes:
    """Read a file of at most ``size_bytes_max`` bytes.

    Only a file is read: a pipe in its place would keep whoever opens it waiting, a whole gateway with it. What a
    shell hands over (``/dev/stdin``, ``/dev/fd/63``) is read as it comes.

    Raises:
        FolderFailed: it is not there, is no file, or cannot be read.
        BadFile: it is larger.
    """
    is_handed_over = path.parent in _HANDED_OVER
    try:
        # Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | (0 if is_handed_over else os.O_NONBLOCK))
        try:
            if not is_handed_over and not stat.S_ISREG(os.fstat(handle).st_mode):
                raise FolderFailed(f"cannot read {path}: it is no file, but a folder, a pipe or a device")
            with os.fdopen(handle, "rb", closefd=False) as file:
                content = file.read(size_bytes_max + 1)
        finally:
            os.close(handle)
    except OSError as error:
        raise FolderFailed(f"cannot read {path}: {error.strerror}") from None
    if len(content) > size_bytes_max:
        raise BadFile(f"{path} is larger than {size_bytes_max} bytes; this cannot be the right file")
    return content
