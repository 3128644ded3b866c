"""``release.json``, the note beside the Parquet files: what they are, and that all of them are there, unharmed."""

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from rahdari.trade.errors import DataDamaged, DataMissing
from rahdari.trade.values import Country, Product, Source

NAME: Final = "release.json"

# Raised when the files' form changes: an old cache is then made anew, not misread.
# 2: with the digests of the files, and the seal of the note itself.
FORM: Final = 2

# What to do about a cache that cannot be used.
AGAIN: Final = "fetch the release again (`rahdari trade pull`), or remove the folder"

# Some 6,000 products and 240 countries with their names take less than one megabyte.
NOTE_BYTES_MAX: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class YearNote:
    """A year's file: its name, its rows of this year, the file's size in bytes and SHA-256 in hexadecimal."""

    year: int
    file: str
    rows: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Note:
    """All that is known of a cache without opening its flows; several years may share one file."""

    source: Source
    years: tuple[YearNote, ...]
    countries: tuple[Country, ...]
    products: tuple[Product, ...]

    @property
    def files(self) -> tuple[str, ...]:
        """List the files, each once, in the order of the years."""
        return tuple(dict.fromkeys(one.file for one in self.years))


class _Form(msgspec.Struct):
    form: int


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    form: int
    seal: str
    source: Source
    years: tuple[YearNote, ...]
    countries: tuple[Country, ...]
    products: tuple[Product, ...]


def write_note(folder: Path, note: Note) -> None:
    """Write the note, durably, as the last file of a cache, under the digest of its own text without it."""
    words = json.dumps({"form": FORM, "seal": ""} | asdict(note), ensure_ascii=False, indent=1) + "\n"
    raw = words.encode()
    with (folder / NAME).open("wb") as file:
        file.write(raw.replace(_seal(""), _seal(hashlib.sha256(raw).hexdigest()), 1))
        file.flush()
        os.fsync(file.fileno())


def read_note(folder: Path) -> Note:
    """Read the note of a whole cache and see that each file is there with the size it was written with.

    Raises:
        DataMissing: there is no whole cache in this folder, or one of another form; the message says what to do.
        DataDamaged: the note, or the size of a file, is not what was written.
    """
    try:
        with (folder / NAME).open("rb") as file:
            raw = file.read(NOTE_BYTES_MAX + 1)
        form = msgspec.json.decode(raw, type=_Form).form
        if form != FORM:
            raise DataMissing(
                f"{folder.name} was written in the form {form}, this program reads {FORM}; {AGAIN}"
            )
        read = msgspec.json.decode(raw, type=_Written)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataMissing(f"{folder.name} holds no whole release ({type(error).__name__}); {AGAIN}") from None
    if hashlib.sha256(raw.replace(_seal(read.seal), _seal(""), 1)).hexdigest() != read.seal:
        raise DataDamaged(f"{folder.name}: {NAME} is not what was written; {AGAIN}")
    for one in read.years:
        path = folder / one.file
        if Path(one.file).name != one.file or not path.is_file() or path.stat().st_size != one.size_bytes:
            raise DataDamaged(f"{folder.name}: the file of {one.year} is not what was written; {AGAIN}")
    return Note(read.source, read.years, read.countries, read.products)


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file in hexadecimal. Raises ``OSError``."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class FileChecks:
    """Sees that files are what was written before they answer: each once, when a year in it is first asked about.

    A gigabyte takes some six tenths of a second, so years that nobody asks about are not read.
    """

    def __init__(self, folder: Path, note: Note) -> None:
        """Take the cache's folder and note."""
        self._folder = folder
        self._years = {one.year: one for one in note.years}
        self._good = set[str]()

    def require(self, years: Iterable[int]) -> None:
        """Check the files of these years, where that has not been done.

        Raises:
            DataDamaged: a file has another digest than it was written with, or cannot be read.
        """
        for year in years:
            one = self._years[year]
            if one.file in self._good:
                continue
            try:
                found = digest_of(self._folder / one.file)
            except OSError:
                found = ""
            if found != one.sha256:
                raise DataDamaged(
                    f"{self._folder.name}: the file of {year} has other bytes than were written, so its sums "
                    f"would be wrong; {AGAIN}"
                )
            self._good.add(one.file)


def _seal(digest: str) -> bytes:
    return f'"seal": "{digest}"'.encode()
