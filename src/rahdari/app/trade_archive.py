"""The files of a release as they come: a zip, or a folder; nothing is unpacked that should not be."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from typing_extensions import override

from rahdari.trade import BadTradeFile
from rahdari.wire.baci import YEAR_BYTES_MAX

# Thirty years, two lists and a word to the reader; the rest of a century fits.
MEMBERS_MAX: Final = 200

# Thirty years of 500 MB are 15 GB; a zip that would become more than this is no release.
UNPACKED_BYTES_MAX: Final = 64 << 30

# The real files shrink to a quarter or a tenth; only what was made to swell shrinks a hundredfold.
RATIO_MAX: Final = 100

# A ratio says nothing of a file of a few bytes.
RATIO_FROM_BYTES: Final = 1 << 20

# A release's entry takes some hundred bytes of the zip's table of contents. A million empty entries, in 47 MB, take
# half a gigabyte of memory before anybody can count them.
CONTENTS_BYTES_MAX: Final = 1 << 18

# What zipfile raises, beside its own, for what it cannot or will not read: names that are no UTF-8, versions and
# kinds of encryption that it does not know, offsets before the beginning.
_UNREADABLE: Final = (zipfile.BadZipFile, UnicodeDecodeError, NotImplementedError, ValueError, OverflowError)

_BLOCK: Final = 1 << 20


class Archive(Protocol):
    """Files by plain name, each read whole."""

    @property
    def sizes(self) -> dict[str, int]:
        """Tell the files' names and their bytes, unpacked."""

    def read(self, name: str) -> bytes:
        """Read one file.

        Raises:
            BadTradeFile: it is not what its entry promised.
        """

    def digest(self) -> str:
        """Give the SHA-256 of the whole, in hexadecimal."""


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip, or a folder with the same files.

    Raises:
        BadTradeFile: neither, or a zip with names, sizes, ratios or encryption that no release has.
        OSError: it cannot be read.
    """
    if path.is_dir():
        yield _Folder(path)
        return
    with _Sparing(path) as file:
        try:
            opened = zipfile.ZipFile(file)
        except _UNREADABLE as error:
            raise BadTradeFile(f"{path.name} is no whole zip file: {error}; fetch it again") from None
        file.is_sparing = False
        with opened:
            yield _Zip(path, opened)


class _Sparing(io.FileIO):
    """A file of which nothing is read in one piece that no table of contents of ours has.

    zipfile reads the table of contents at once, as large as the zip's end says, and makes an entry of each 46
    bytes.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.is_sparing = True

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        if self.is_sparing and size is not None and size > CONTENTS_BYTES_MAX:
            raise BadTradeFile(
                f"{Path(str(self.name)).name} has a table of contents of {size} bytes; a release's has "
                f"at most {CONTENTS_BYTES_MAX}"
            )
        found = super().read(size)
        return b"" if found is None else found


class _Folder(Archive):
    def __init__(self, path: Path) -> None:
        self._path = path
        files = [one for one in sorted(path.iterdir()) if one.is_file()]
        _check_count(path.name, len(files))
        self._sizes = {one.name: one.stat().st_size for one in files}

    @property
    @override
    def sizes(self) -> dict[str, int]:
        return dict(self._sizes)

    @override
    def read(self, name: str) -> bytes:
        _check_size(name, (self._path / name).stat().st_size)
        return (self._path / name).read_bytes()

    @override
    def digest(self) -> str:
        whole = hashlib.sha256()
        for name in self._sizes:
            whole.update(f"{_digest_of(self._path / name)}  {name}\n".encode())
        return whole.hexdigest()


class _Zip(Archive):
    def __init__(self, path: Path, opened: zipfile.ZipFile) -> None:
        self._path, self._zip = path, opened
        entries = [one for one in opened.infolist() if not one.is_dir()]
        _check_count(path.name, len(entries))
        for one in entries:
            _check_entry(one)
        if sum(one.file_size for one in entries) > UNPACKED_BYTES_MAX:
            raise BadTradeFile(
                f"{path.name} would unpack to more than {UNPACKED_BYTES_MAX} bytes; no release does"
            )
        self._entries = {PurePosixPath(one.filename).name: one for one in entries}
        if len(self._entries) != len(entries):
            raise BadTradeFile(f"{path.name} holds two files of one name")

    @property
    @override
    def sizes(self) -> dict[str, int]:
        return {name: one.file_size for name, one in self._entries.items()}

    @override
    def read(self, name: str) -> bytes:
        entry = self._entries[name]
        _check_size(name, entry.file_size)
        try:
            # zipfile never gives more bytes than the entry promises, and checks their CRC at the end.
            raw = self._zip.read(entry)
        except (*_UNREADABLE, EOFError, RuntimeError, zlib.error) as error:
            raise BadTradeFile(f"{name} in {self._path.name} is damaged: {error}; fetch it again") from None
        if len(raw) != entry.file_size:
            raise BadTradeFile(f"{name} in {self._path.name} has {len(raw)} bytes, not {entry.file_size}")
        return raw

    @override
    def digest(self) -> str:
        return _digest_of(self._path)


def _check_count(name: str, count: int) -> None:
    if count > MEMBERS_MAX:
        raise BadTradeFile(f"{name} holds {count} files, a release at most {MEMBERS_MAX}")


def _check_size(name: str, size: int) -> None:
    if size > YEAR_BYTES_MAX:
        raise BadTradeFile(f"{name} has {size} bytes, more than {YEAR_BYTES_MAX}; this is no BACI file")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    shown = ascii(entry.filename[:80])
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
        raise BadTradeFile(
            f"the zip holds the name {shown}, which leads out of its folder; this is no release"
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise BadTradeFile(f"{shown} is packed by the method {entry.compress_type}; a release is deflated")
    if entry.flag_bits & 0x1:
        raise BadTradeFile(f"{shown} is encrypted; BACI is not")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > RATIO_MAX * max(1, entry.compress_size):
        raise BadTradeFile(f"{shown} would swell more than {RATIO_MAX} times; this is no release")


def _digest_of(path: Path) -> str:
    whole = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            whole.update(block)
    return whole.hexdigest()
