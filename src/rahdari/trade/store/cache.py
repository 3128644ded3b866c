"""The cache: Parquet files of each year and, written last, the note that says the whole is whole."""

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.trade.errors import BadTradeFile
from rahdari.trade.store.engines import write_parquet
from rahdari.trade.store.note import Note, SumsNote, YearNote, digest_of, write_note
from rahdari.trade.store.sums import sums_of
from rahdari.trade.values import Country, Product, Source
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import (
    AMOUNT_MAX,
    COLUMNS,
    COUNTRY_NUMBER_MAX,
    PRODUCT_NUMBER_MAX,
    QUANTITY_UNKNOWN,
    YEAR_MAX,
    YEAR_MIN,
    check_columns,
    distinct,
    flow_keys,
    is_in_order,
)

# Large enough that a year has some dozens of groups, small enough that a query holds but a few of them.
ROWS_IN_GROUP: Final = 1 << 18

# No release has more years than trade statistics have been kept.
YEARS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Release:
    """What a release says about itself: where it comes from, its countries, its products.

    ``products`` are the subheadings (six digits) with their names; names of chapters and headings may stand
    among them. Countries and products that trade nothing in the years written are left out of the cache.
    """

    source: Source
    countries: tuple[Country, ...]
    products: tuple[Product, ...]


Told = Callable[[int, int], None]
"""Called after each year with the year and its number of rows."""


def write_cache(
    folder: Path, release: Release, years: Iterable[tuple[int, pl.DataFrame]], *, told: Told | None = None
) -> tuple[int, ...]:
    """Write a release into ``folder`` so that it is there whole or not at all; give its years, earliest first.

    Each frame has the columns of ``rahdari.wire.flow_table.COLUMNS`` and rows of its one year, each exporter,
    importer and product at most once; order is free. The frames are taken one at a time, so ``years`` may be a
    generator that reads one file after the other. Everything is written into a folder beside, which takes the
    name ``folder`` at the end and then replaces what stood there. Two writers of one folder must not run at once.

    Raises:
        BadTradeFile: a frame of another form, an amount or code out of range, a flow twice, a year twice, a
            country or product that the release does not list, or no row at all.
        OSError: the disk refused (full, read-only); nothing was changed.
    """
    restore_cache(folder)
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        note = _write_years(aside, release, years, told)
        write_note(aside, note)
        _put_in_place(aside, folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return tuple(one.year for one in note.years)


def replaced_folder(folder: Path) -> Path:
    """Tell where a cache stands while another takes its name."""
    return folder.with_name(f".{folder.name}.old")


def restore_cache(folder: Path) -> None:
    """Give a cache its name back where a writer was stopped between taking it away and putting the new one there.

    Only for who may write ``folder``: nobody else writes there at this moment. Raises ``OSError``.
    """
    before = replaced_folder(folder)
    if before.is_dir() and not folder.exists():
        before.rename(folder)


@dataclass(frozen=True, slots=True)
class _Present:
    """Which numbers have appeared."""

    countries: set[int]
    products: set[int]

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Self:
        countries = {one for side in ("exporter", "importer") for one in distinct(frame[side])}
        return cls(countries, set(distinct(frame["product"])))

    def __or__(self, other: Self) -> Self:
        return type(self)(self.countries | other.countries, self.products | other.products)


def _write_years(
    folder: Path, release: Release, years: Iterable[tuple[int, pl.DataFrame]], told: Told | None
) -> Note:
    present, notes = _Present(set(), set()), dict[int, YearNote]()
    for year, frame in years:
        if year in notes or len(notes) >= YEARS_MAX:
            raise BadTradeFile(f"the year {year} comes twice, or is one of more than {YEARS_MAX}")
        _check_year(year, frame)
        here = _Present.of(frame)
        present |= here
        notes[year] = _write_year(folder, year, _in_order(year, frame), here)
        if told:
            told(year, len(frame))
    if not sum(one.rows for one in notes.values()):
        raise BadTradeFile(f"{release.source.name} has not one row of trade")
    return Note(
        release.source,
        tuple(notes[year] for year in sorted(notes)),
        _present_countries(release, present.countries),
        _present_products(release, present.products),
    )


def _check_year(year: int, frame: pl.DataFrame) -> None:
    try:
        check_columns(frame)
    except MalformedInput as error:
        raise BadTradeFile(f"{year}: {error.message}") from None
    bounds = {
        "year": (year, year),
        "exporter": (1, COUNTRY_NUMBER_MAX),
        "importer": (1, COUNTRY_NUMBER_MAX),
        "product": (1, PRODUCT_NUMBER_MAX),
        "value_usd": (0, AMOUNT_MAX),
        "quantity_kg": (QUANTITY_UNKNOWN, AMOUNT_MAX),
    }
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise BadTradeFile(f"{year} is no year of trade statistics")
    for name, (least, most) in bounds.items():
        ends = frame.select(pl.col(name).min().alias("least"), pl.col(name).max().alias("most")).row(0)
        for found in ends if len(frame) else ():
            if not least <= found <= most:
                raise BadTradeFile(f"{year}: {name} is {found}; it lies between {least} and {most}")


def _in_order(year: int, frame: pl.DataFrame) -> pl.DataFrame:
    """Order by exporter, importer, product, the order in which BACI comes, and refuse a flow that stands twice."""
    if not is_in_order(frame):
        keys = flow_keys(frame)
        order = np.argsort(keys, kind="stable")
        keys, frame = keys[order], frame[order]
        twice = np.flatnonzero(keys[1:] == keys[:-1])
        if len(twice):
            i, j, k = frame.row(int(twice[0]))[1:4]
            raise BadTradeFile(f"{year}: the flow from {i} to {j} of {k:06} stands twice; add it up first")
    return frame


def _write_year(folder: Path, year: int, frame: pl.DataFrame, here: _Present) -> YearNote:
    def sum_up() -> SumsNote:
        return _write(folder / f"{year}-sums.parquet", sums_of(year, frame, here.countries, here.products))

    with ThreadPoolExecutor(1) as beside:
        sums = beside.submit(sum_up)
        flows = _write(folder / f"{year}.parquet", {name: frame[name].to_numpy() for name in COLUMNS})
    return YearNote(year, flows.file, len(frame), flows.size_bytes, flows.sha256, sums.result())


def _write(path: Path, columns: Mapping[str, npt.NDArray[np.integer]]) -> SumsNote:
    """Write a file durably and tell what it is."""
    write_parquet(path, columns, rows_in_group=ROWS_IN_GROUP)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return SumsNote(path.name, path.stat().st_size, digest_of(path))


def _present_countries(release: Release, present: set[int]) -> tuple[Country, ...]:
    listed = {one.number: one for one in release.countries}
    unknown = sorted(present - listed.keys())
    if unknown:
        raise BadTradeFile(f"the release lists no country of the number {unknown[0]}")
    return tuple(listed[number] for number in sorted(present))


def _present_products(release: Release, present: set[int]) -> tuple[Product, ...]:
    listed = {one.code: one for one in release.products}
    codes = {f"{number:06}" for number in present}
    unknown = sorted(codes - listed.keys())
    if unknown:
        raise BadTradeFile(f"the release lists no product of the code {unknown[0]}")
    above = {code[:digits] for code in codes for digits in (2, 4)}
    return tuple(one for code, one in sorted(listed.items()) if code in codes or code in above)


def _put_in_place(aside: Path, folder: Path) -> None:
    """Let the new folder take the name; what stood there is kept until that has happened."""
    before = replaced_folder(folder)
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.rename(before)
    try:
        aside.rename(folder)
    except OSError:
        if before.exists():
            before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
    handle = os.open(folder.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
