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
class SumsNote:
    """A year's file of sums by country and product: its name, size in bytes and SHA-256 in hexadecimal."""

    file: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class YearNote:
    """A year's file: its name, its rows of this year, the file's size in bytes and SHA-256 in hexadecimal.

    ``sums`` is its file of sums, where it has one.
    """

    year: int
    file: str
    rows: int
    size_bytes: int
    sha256: str
    sums: SumsNote | None = None


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

    @property
    def sums(self) -> tuple[str, ...]:
        """List the files of sums, in the order of the years; none where a year has none."""
        files = tuple(one.sums.file for one in self.years if one.sums)
        return files if len(files) == len(self.years) else ()


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
    # A note that knows of no sums says nothing of them.
    years = [{name: part for name, part in asdict(one).items() if part is not None} for one in note.years]
    told = {"form": FORM, "seal": ""} | asdict(note) | {"years": years}
    words = json.dumps(told, ensure_ascii=False, indent=1) + "\n"
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
        if not all(_has_its_size(folder, part) for part in (one, one.sums) if part):
            raise DataDamaged(f"{folder.name}: the file of {one.year} is not what was written; {AGAIN}")
    return Note(read.source, read.years, read.countries, read.products)


def _has_its_size(folder: Path, part: YearNote | SumsNote) -> bool:
    path = folder / part.file
    return Path(part.file).name == part.file and path.is_file() and path.stat().st_size == part.size_bytes


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
            self._require(year, self._years[year])

    def require_sums(self, years: Iterable[int]) -> None:
        """Check the files of sums of these years, of those that have one.

        Raises:
            DataDamaged: as above.
        """
        for year in years:
            if (sums := self._years[year].sums) is not None:
                self._require(year, sums)

    def _require(self, year: int, one: YearNote | SumsNote) -> None:
        if one.file in self._good:
            return
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
