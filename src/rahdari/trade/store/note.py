"""``release.json``, the note beside the Parquet files: what they are, and that all of them are there."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from rahdari.trade.errors import DataMissing
from rahdari.trade.values import Country, Product, Source

NAME: Final = "release.json"

# Raised when the files' form changes: an old cache is then made anew, not misread.
FORM: Final = 1

# Some 6,000 products and 240 countries with their names take less than one megabyte.
NOTE_BYTES_MAX: Final = 8 << 20


@dataclass(frozen=True, slots=True)
class YearNote:
    """A year's file: its name, its rows of this year, and the file's size in bytes."""

    year: int
    file: str
    rows: int
    size_bytes: int


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


class _Written(msgspec.Struct, forbid_unknown_fields=True):
    form: int
    source: Source
    years: tuple[YearNote, ...]
    countries: tuple[Country, ...]
    products: tuple[Product, ...]


def write_note(folder: Path, note: Note) -> None:
    """Write the note, durably, as the last file of a cache."""
    words = json.dumps({"form": FORM} | asdict(note), ensure_ascii=False, indent=1) + "\n"
    with (folder / NAME).open("w", encoding="utf-8") as file:
        file.write(words)
        file.flush()
        os.fsync(file.fileno())


def read_note(folder: Path) -> Note:
    """Read the note of a whole cache and see that each file is there with the size it was written with.

    Raises:
        DataMissing: there is no whole cache in this folder; the message says what to do.
    """
    again = "fetch the release again, or remove the folder"
    try:
        raw = (folder / NAME).read_bytes()[: NOTE_BYTES_MAX + 1]
        read = msgspec.json.decode(raw, type=_Written)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DataMissing(f"{folder.name} holds no whole release ({type(error).__name__}); {again}") from None
    if read.form != FORM:
        raise DataMissing(
            f"{folder.name} was written in the form {read.form}, this program reads {FORM}; {again}"
        )
    for one in read.years:
        path = folder / one.file
        if Path(one.file).name != one.file or not path.is_file() or path.stat().st_size != one.size_bytes:
            raise DataMissing(f"{folder.name}: the file of {one.year} is not what was written; {again}")
    return Note(read.source, read.years, read.countries, read.products)
