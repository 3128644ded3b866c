"""The signed configuration as it is served: read anew only when its file is another one."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from rahdari.app.files import read_limited
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
    """Reads the published file anew only when it is another one."""

    def __init__(self, path: Path) -> None:
        """Read ``path``."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._held: PublicText | None = None

    def get(self) -> PublicText | None:
        """Give what is published; None before the first time. Raises ``FolderFailed``."""
        if not self._path.is_file():
            return None
        found = self._path.stat()
        seen = (found.st_mtime_ns, found.st_size, found.st_ino)
        if seen != self._seen or self._held is None:
            text = read_limited(self._path, size_bytes_max=TEXT_CHARS_MAX)
            self._held = PublicText(text, hashlib.sha256(text).digest())
            self._seen = seen
        return self._held
