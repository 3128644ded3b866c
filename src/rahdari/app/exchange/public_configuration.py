"""The signed configuration as it is served: read anew only when its file is another one, replaced in two steps."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rahdari.app.errors import FolderFailed
from rahdari.app.files import PUBLIC_MODE, read_limited, sync_folder, write_whole
from rahdari.kernel import Problem
from rahdari.wire.ndel.configuration import TEXT_CHARS_MAX


@dataclass(frozen=True, slots=True)
class PublicText:
    """A signed configuration, and the SHA-256 of it."""

    text: bytes = field(repr=False)
    digest: bytes

    @property
    def tag(self) -> bytes:
        """Its entity tag (RFC 9110, 8.8.3)."""
        return b'"%s"' % self.digest.hex().encode()


class PublicConfiguration:
    """Reads the published file anew only when it is another one; its one writer prepares the next one beside it."""

    def __init__(self, path: Path) -> None:
        """Work on ``path``."""
        self._path = path
        self._next = path.with_name(f".{path.name}.next")
        self._seen: tuple[int, int, int] | None = None
        self._held: PublicText | None = None

    def get(self) -> PublicText | None:
        """Give what is published; None before the first time. Raises ``FolderFailed``."""
        try:
            if not self._path.is_file():
                return None
            found = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise FolderFailed(f"cannot read {self._path}: {error.strerror}") from None
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen or self._held is None:
            text = read_limited(self._path, size_bytes_max=TEXT_CHARS_MAX)
            self._held = PublicText(text, hashlib.sha256(text).digest())
            self._seen = seen
        return self._held

    def prepare(self, text: bytes) -> None:
        """Write the next text whole, beside the one that is published. Raises ``FolderFailed``."""
        write_whole(self._next, text, mode=PUBLIC_MODE)

    def is_prepared(self, digest: bytes) -> bool:
        """Tell whether the text with this SHA-256 is prepared."""
        try:
            text = read_limited(self._next, size_bytes_max=TEXT_CHARS_MAX)
        except Problem:
            return False
        return hashlib.sha256(text).digest() == digest

    def discard(self) -> None:
        """Take away what was prepared, as far as the disk lets it."""
        with suppress(OSError):
            self._next.unlink(missing_ok=True)

    def put_in_place(self) -> None:
        """Publish what was prepared, which needs no room. Raises ``FolderFailed``; it stays prepared."""
        try:
            self._next.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise FolderFailed(
                f"cannot replace {self._path}: {error.strerror}; the next one is signed and waits beside it"
            ) from None
