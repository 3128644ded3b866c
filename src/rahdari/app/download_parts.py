"""A file on its way: what is here of it, and what its publisher promised."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rahdari.app.errors import FolderFailed
from rahdari.app.files import write_whole

# A note has four short members.
NOTE_BYTES_MAX = 16 * 1024


@dataclass(frozen=True, slots=True)
class Note:
    """What a publisher promised of a file that is on its way; empty where it promised nothing."""

    address: str
    length: int
    etag: str
    last_modified: str

    @property
    def validator(self) -> str:
        """What tells that the file is still the same (RFC 9110, 13.1.5: a weak tag does not)."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.last_modified


class Part:
    """A file on its way, and the note beside it."""

    def __init__(self, target: Path) -> None:
        """Look beside ``target``."""
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note_path = target.with_name(f"{target.name}.part.json")
        self.was_resumed = False

    def size(self) -> int:
        """Tell how much is here."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def note(self, address: str) -> Note | None:
        """Give what was promised, if it was promised of this address and is a note at all."""
        try:
            with self._note_path.open("rb") as file:
                told = json.loads(file.read(NOTE_BYTES_MAX))
            note = Note(told["address"], told["length"], told["etag"], told["last_modified"])
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        kinds = (note.address, str), (note.length, int), (note.etag, str), (note.last_modified, str)
        return note if all(type(value) is kind for value, kind in kinds) and note.address == address else None

    def restart(self, note: Note) -> None:
        """Begin anew with what is promised now."""
        self.discard()
        write_whole(self._note_path, json.dumps(asdict(note)).encode())

    def discard(self) -> None:
        """Throw away what is here."""
        self.was_resumed = False
        self.path.unlink(missing_ok=True)
        self._note_path.unlink(missing_ok=True)

    def require_room(self, promised: int) -> None:
        """Raise ``FolderFailed`` where the disk has no room for the rest: better now than at the end."""
        free, rest = shutil.disk_usage(self.path.parent).free, promised - self.size()
        if rest > free:
            raise FolderFailed(
                f"{self.target.name} needs {rest} bytes more, the disk has {free} free; make room and run it again"
            )

    def digest(self) -> str:
        """Compute the SHA-256 of what is here."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def begins_with(self, expected: bytes) -> bool:
        """Tell whether it begins as such a file does."""
        with self.path.open("rb") as file:
            return file.read(len(expected)) == expected

    def finish(self, target: Path) -> int:
        """Give the file its name, and tell its size."""
        size = self.size()
        self.path.replace(target)
        self._note_path.unlink(missing_ok=True)
        return size


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file in hexadecimal. Raises ``FolderFailed``."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FolderFailed(f"cannot read {path}: {error.strerror}") from None


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder, so that two at once never write one file. Raises ``FolderFailed``, ``OSError``."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise FolderFailed(
            f"something else is written into {folder.name} at this moment; wait for it, then run this again"
        ) from None
    finally:
        os.close(handle)
