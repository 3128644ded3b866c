"""Where the flows of trade come from: a release that was fetched, or the extract that the package carries."""

import csv
import fcntl
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

import rahdari.trade
from rahdari.app.errors import FolderFailed
from rahdari.app.trade_archive import Archive, open_archive
from rahdari.trade import (
    BadTradeFile,
    Country,
    CountryCode,
    DataMissing,
    FlowBook,
    MixedRevisions,
    Product,
    ProductCode,
    Revision,
    Source,
)
from rahdari.trade.store import Release, open_book, write_cache
from rahdari.wire import baci
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import BadRow

CARRIED: Final = "carried"
ATTRIBUTION: Final = "Source: CEPII, BACI, {revision}, release {release}. Etalab Open Licence 2.0"
HOW: Final = "`rahdari trade pull baci` fetches one"

# A refusal names as many rows as a reader will look at; all that were kept are in the exception's report.
ROWS_NAMED_MAX: Final = 5

_FOLDER = re.compile(r"(HS[0-9]{2})-([0-9]{6}[a-z]?)")
# In the order in which they came: HS92 is earlier than HS17.
_REVISIONS: Final = [one.value for one in Revision]
_PACKAGE: Final = Path(rahdari.trade.__file__).parent / "data"

Progress = Callable[[str, int, int], None]
"""Told what is being read (a file's name), how many bytes of the whole are done, and how many there are."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of reading a release: its years with their rows, and every row that was left out."""

    folder: Path
    source: Source
    rows_by_year: tuple[tuple[int, int], ...]
    bad_rows: tuple[tuple[str, BadRow], ...]
    bad_rows_total: int


def find_trade_folder(setting: str, environment: Mapping[str, str]) -> Path:
    """Find where releases lie: ``Settings.trade_folder``, else the user's data folder (XDG Base Directory)."""
    if setting:
        return Path(setting)
    above = environment.get("XDG_DATA_HOME", "")
    # The specification lets a relative path count as unset.
    folder = Path(above) if Path(above).is_absolute() else Path.home() / ".local" / "share"
    return folder / "rahdari" / "trade"


def open_flows(folder: Path, release: str | None = None, *, engine: str = "") -> FlowBook:
    """Open the flows of ``release``, else the newest release in ``folder``, else those the package carries.

    Args:
        folder: where fetched releases lie, one folder each (``find_trade_folder``).
        release: such as ``202601`` or ``HS92-202601``; ``carried`` for the extract in the package.
        engine: empty for DuckDB in this process, or the address of a Spark Connect server (``sc://...``).

    Raises:
        DataMissing: there is no such release here; the message says how to get it.
        EngineFailed: the engine cannot be reached, or cannot read the files.
    """
    found = _find_release(folder, release)
    if found is None and release in (None, CARRIED):
        found = _PACKAGE / "baci-raw-materials"
    if found is None:
        raise DataMissing(
            f"there is no release {release!r} in {folder}; {HOW}, or leave the release out for what the package "
            "carries"
        )
    return open_book(found, engine=engine)


def _find_release(folder: Path, release: str | None) -> Path | None:
    if release == CARRIED:
        return None
    try:
        there = [one for one in folder.iterdir() if one.is_dir() and not one.name.startswith(".")]
    except OSError:
        return None
    if release is not None and any(one.name == release for one in there):
        return folder / release
    named = [(found[2], found[1], one) for one in there if (found := _FOLDER.fullmatch(one.name))]
    wanted = [one for one in named if release in (None, one[0]) and one[1] in _REVISIONS]
    if not wanted:
        return None
    # Of one release, the earliest revision goes furthest back.
    return max(wanted, key=lambda one: (one[0], -_REVISIONS.index(one[1])))[2]


def import_baci(
    path: Path, folder: Path, *, bad_rows_max: int = 0, progress: Progress | None = None, digest: str = ""
) -> Imported:
    """Read a BACI release (CEPII's zip, or a folder with its files) into a cache below ``folder``.

    The cache gets the name ``HS92-202601`` (revision, release) when it is whole, and replaces one of that name.
    ``digest`` is the SHA-256 of the zip where the caller has it already; it is computed otherwise.

    Raises:
        BadTradeFile: no BACI release, a zip that is not to be unpacked (names, sizes, ratio, encryption), or
            more bad rows than ``bad_rows_max``: the first are named with file, line and reason.
        MixedRevisions: files of two revisions or releases lie together.
        FolderFailed: a file cannot be read or written; nothing half-written is left.
    """
    try:
        with open_archive(path) as archive:
            contents = _survey(path.name, archive)
            reading = _Reading(archive, contents, bad_rows_max, progress)
            return _import(reading, folder, digest or archive.digest())
    except MalformedInput as error:
        raise BadTradeFile(f"{path.name}: {error.message}") from None
    except OSError as error:
        raise FolderFailed(
            f"cannot read {path.name} into {folder}: {error.strerror or error}; nothing was changed"
        ) from None


@dataclass(frozen=True, slots=True)
class _Contents:
    """What an archive holds, by the names of its files."""

    revision: Revision
    release: str
    years: tuple[tuple[int, str], ...]
    countries: str
    products: str


def _survey(name: str, archive: Archive) -> _Contents:
    names = sorted(archive.sizes)
    years = [(found, one) for one in names if (found := baci.read_year_name(one))]
    countries = [one for one in names if baci.is_country_list(one)]
    products = [one for one in names if baci.is_product_list(one)]
    if not years or not countries or not products:
        raise BadTradeFile(
            f"{name} is no BACI release: it needs BACI_HS.._Y...._V......csv, country_codes_V......csv and "
            "product_codes_HS.._V......csv"
        )
    made = {(found.revision, found.release) for found, _ in years}
    if len(made) > 1 or len(countries) > 1 or len(products) > 1 or next(iter(made))[0] not in products[0]:
        raise MixedRevisions(
            f"{name} mixes files of several revisions or releases; their codes do not mean the same, so read each "
            "release from its own zip"
        )
    revision, release = next(iter(made))
    return _Contents(
        _revision(revision),
        release,
        tuple((found.year, one) for found, one in years),
        countries[0],
        products[0],
    )


def _revision(text: str) -> Revision:
    try:
        return Revision(text)
    except ValueError:
        raise BadTradeFile(
            f"{text} is no revision of the Harmonized System that this program knows"
        ) from None


@dataclass(slots=True)
class _Reading:
    """Reads a release's files one after the other and keeps count."""

    archive: Archive
    contents: _Contents
    bad_rows_max: int
    progress: Progress | None
    rows: list[tuple[int, int]] = field(default_factory=list)
    bad: list[tuple[str, BadRow]] = field(default_factory=list)
    bad_total: int = 0
    done: int = 0

    def release(self, digest: str) -> Release:
        """Read the two lists."""
        countries = baci.read_countries(self.archive.read(self.contents.countries))
        products = baci.read_products(self.archive.read(self.contents.products))
        made, revision = self.contents.release, self.contents.revision
        told = ATTRIBUTION.format(revision=revision.value, release=made)
        return Release(
            Source("CEPII BACI", made, revision, digest, told),
            tuple(Country(CountryCode(one.iso3), one.name, one.number) for one in countries),
            (
                *read_chapters(),
                # "9999AA" is no number, and so appears in no year's file.
                *(Product(ProductCode(one.code), one.description) for one in products if one.code.isdigit()),
            ),
        )

    def years(self, release: Release) -> Iterator[tuple[int, pl.DataFrame]]:
        """Read the years, refusing as soon as there are more bad rows than allowed."""
        numbers = {one.number for one in release.countries}
        codes = {int(one.code) for one in release.products if len(one.code) == 6}
        for year, name in self.contents.years:
            table = baci.read_year(self.archive.read(name), year=year, countries=numbers, products=codes)
            self.bad.extend((name, row) for row in table.bad_rows)
            self.bad_total += table.bad_rows_total
            if self.bad_total > self.bad_rows_max:
                raise BadTradeFile(self._refusal())
            self.rows.append((year, len(table.frame)))
            self._tell(name)
            yield year, table.frame

    def _tell(self, name: str) -> None:
        sizes = self.archive.sizes
        self.done += sizes[name]
        if self.progress:
            self.progress(name, self.done, sum(sizes[one] for _, one in self.contents.years))

    def _refusal(self) -> str:
        named = "; ".join(
            f"{name} line {row.line}: {row.fault.value} {row.column} {row.text}".rstrip()
            for name, row in self.bad[:ROWS_NAMED_MAX]
        )
        return (
            f"{self.bad_total} bad rows so far, {self.bad_rows_max} allowed: {named}. Fetch the release again, or "
            "allow as many bad rows as you are ready to lose"
        )


def _import(reading: _Reading, folder: Path, digest: str) -> Imported:
    release = reading.release(digest)
    target = folder / f"{release.source.revision}-{release.source.release}"
    with _alone(target):
        write_cache(target, release, reading.years(release))
    return Imported(target, release.source, tuple(reading.rows), tuple(reading.bad), reading.bad_total)


@contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let one process at a time write a release."""
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = target.with_name(f".{target.name}.lock")
    handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise FolderFailed(f"{target.name} is being written by another process; wait for it") from None
    finally:
        os.close(handle)


def read_chapters() -> tuple[Product, ...]:
    """Give the chapters of the Harmonized System with short names, which BACI's lists do not carry."""
    with (_PACKAGE / "hs-chapters.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Product(ProductCode(row["chapter"]), row["name"]) for row in csv.DictReader(file))
