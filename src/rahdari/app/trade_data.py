"""Where the flows of trade come from: a release that was fetched, or the extract that the package carries."""

import csv
import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from rahdari.app.errors import FolderFailed
from rahdari.app.trade_archive import Archive, open_archive
from rahdari.app.trade_places import (
    CARRIED,
    CARRIED_FOLDER,
    alone_with,
    find_release,
    remarks_on,
    require_place,
)
from rahdari.trade import (
    BadParameter,
    BadTradeFile,
    Country,
    CountryCode,
    DataMissing,
    FlowBook,
    MixedRevisions,
    Note,
    Product,
    ProductCode,
    Revision,
    Source,
)
from rahdari.trade.store import Release, open_book, write_cache
from rahdari.wire import baci
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import BadRow, FlowTable

ATTRIBUTION: Final = "Source: CEPII, BACI, {revision}, release {release}. Etalab Open Licence 2.0"
HOW: Final = "`rahdari trade pull baci` fetches one"

# A refusal names as many rows as a reader will look at; all that were kept are in the exception's report.
ROWS_NAMED_MAX: Final = 5

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PACKAGE: Final = CARRIED_FOLDER.parent

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
    """Open the flows as ``open_release`` does, and give the book alone."""
    return open_release(folder, release, engine=engine).book


@dataclass(frozen=True, slots=True, eq=False)
class OpenedRelease:
    """A book of flows, the name by which it is asked for, and what a reader should know of the choice."""

    book: FlowBook
    name: str
    remarks: tuple[Note, ...]


def open_release(folder: Path, release: str | None = None, *, engine: str = "") -> OpenedRelease:
    """Open the flows of ``release``, else the newest release in ``folder``, else those the package carries.

    A release that somebody fetched is what he wants, also where the package carries more years of fewer products:
    the remarks tell it. A release whose renewal was stopped half-way is taken as it was before.

    Args:
        folder: where fetched releases lie, one folder each (``find_trade_folder``).
        release: such as ``202601`` or ``HS92-202601``; ``carried`` for the extract in the package.
        engine: empty for DuckDB in this process, or the address of a Spark Connect server (``sc://...``).

    Raises:
        DataMissing: there is no such release here; the message says how to get it.
        DataDamaged: what is here is not what was written.
        EngineFailed: the engine cannot be reached, or cannot read the files.
    """
    found = find_release(folder, release)
    if found is None and release in (None, CARRIED):
        found = CARRIED, CARRIED_FOLDER
    if found is None:
        raise DataMissing(
            f"there is no release {release!r} in {folder}; {HOW}, or leave the release out for what the package "
            "carries"
        )
    name, place = found
    book = open_book(place, engine=engine)
    return OpenedRelease(book, name, remarks_on(book, name, folder, is_asked=release is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a file must turn out to be; what is empty is not looked at. ``sha256`` is that of the zip."""

    revision: Revision | None = None
    release: str = ""
    sha256: str = ""

    def __post_init__(self) -> None:
        """Check the digest's form. Raises ``BadParameter``."""
        if self.sha256 and not _SHA256.fullmatch(self.sha256):
            raise BadParameter("the SHA-256 to compare with is no 64 hexadecimal digits in lower case")


def import_baci(
    path: Path,
    folder: Path,
    *,
    bad_rows_max: int = 0,
    progress: Progress | None = None,
    digest: str = "",
    expected: Expected | None = None,
) -> Imported:
    """Read a BACI release (CEPII's zip, or a folder with its files) into a cache below ``folder``.

    The cache gets the name ``HS92-202601`` (revision, release) when it is whole, and replaces one of that name.
    ``digest`` is the SHA-256 of the zip where the caller has it already; it is computed otherwise. ``expected`` is
    what it must turn out to be.

    Raises:
        BadTradeFile: another digest, revision or release than is expected, no BACI release, a zip that is not to be
            unpacked (names, sizes, ratio, encryption), or more bad rows than ``bad_rows_max``: the first are named
            with file, line and reason.
        BadParameter: something that is no release stands in its place.
        MixedRevisions: files of two revisions or releases lie together.
        FolderFailed: a file cannot be read or written; nothing half-written is left.
    """
    try:
        with open_archive(path) as archive:
            contents, found = _survey(path.name, archive), digest or archive.digest()
            _check_expected(path.name, contents, found, expected or Expected())
            return _import(_Reading(archive, contents, bad_rows_max, progress), folder, found)
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


def _check_expected(name: str, contents: _Contents, digest: str, expected: Expected) -> None:
    if expected.sha256 not in {"", digest}:
        raise BadTradeFile(
            f"{name} has the SHA-256 {digest}, not {expected.sha256}; it was altered, or is another release. "
            "Nothing was read"
        )
    if expected.release not in {"", contents.release}:
        raise BadTradeFile(
            f"{name} holds the release {contents.release}, not {expected.release}; nothing was read"
        )
    if expected.revision not in {None, contents.revision}:
        raise BadTradeFile(
            f"{name} is coded by {contents.revision}, not {expected.revision}; nothing was read"
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
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for year, name in self.contents.years:
                table = read_baci_year(self.archive.read(name), year, release, pool)
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


def read_baci_year(raw: bytes, year: int, release: Release, pool: ThreadPoolExecutor) -> FlowTable:
    """Read a year's file against the release's lists, its parts side by side in the threads of ``pool``.

    Raises:
        MalformedInput, TooLarge: it is no such file.
    """
    numbers = {one.number for one in release.countries}
    codes = {int(one.code) for one in release.products if len(one.code) == 6}
    return baci.read_year(raw, year=year, countries=numbers, products=codes, walk=pool.map)


def _import(reading: _Reading, folder: Path, digest: str) -> Imported:
    release = reading.release(digest)
    target = folder / f"{release.source.revision}-{release.source.release}"
    require_place(target)
    with alone_with(target):
        write_cache(target, release, reading.years(release))
    return Imported(target, release.source, tuple(reading.rows), tuple(reading.bad), reading.bad_total)


def read_chapters() -> tuple[Product, ...]:
    """Give the chapters of the Harmonized System with short names, which BACI's lists do not carry."""
    with (_PACKAGE / "hs-chapters.csv").open(encoding="utf-8", newline="") as file:
        return tuple(Product(ProductCode(row["chapter"]), row["name"]) for row in csv.DictReader(file))
