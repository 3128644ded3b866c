"""Files that are whole or not there: written aside, flushed, and moved into place."""

import os
from contextlib import suppress
from pathlib import Path

from rahdari.app.errors import BadFile, FolderFailed

SECRET_MODE = 0o600
PUBLIC_MODE = 0o644


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

    Raises:
        FolderFailed: it is not there, or cannot be read.
        BadFile: it is larger.
    """
    try:
        with path.open("rb") as file:
            content = file.read(size_bytes_max + 1)
    except OSError as error:
        raise FolderFailed(f"cannot read {path}: {error.strerror}") from None
    if len(content) > size_bytes_max:
        raise BadFile(f"{path} is larger than {size_bytes_max} bytes; this cannot be the right file")
    return content
