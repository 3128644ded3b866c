"""Flows that somebody's files tell become a release in the cache: checked, added to nothing, written whole."""

import gzip
import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from rahdari.app.download_parts import alone_in
from rahdari.app.errors import FolderFailed
from rahdari.app.files import read_limited
from rahdari.app.trade_countries import read_territories
from rahdari.app.trade_data import Imported, read_chapters
from rahdari.app.trade_places import alone_with, require_place
from rahdari.trade import BadTradeFile, DataMissing, Product, ProductCode, Revision, Source
from rahdari.trade.store import Release, write_cache
from rahdari.wire import csv_rows, trade_csv
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import BadRow
from rahdari.wire.trade_csv import Layout

# A refusal names as many rows as a reader will look at.
ROWS_NAMED_MAX = 5
# One download for each reporter and year of a lifetime; more belong into several releases.
FILES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Heading:
    """What a release is called: ``name`` is its folder's, and how it is asked for later."""

    name: str
    source_name: str
    revision: Revision
    attribution: str


def import_csv(
    path: Path, folder: Path, layout: Layout, heading: Heading, *, bad_rows_max: int = 0
) -> Imported:
    """Read flows from anybody's CSV (plain or gzip) into the cache ``folder / heading.name``.

    Raises:
        BadTradeFile: no such table, or more bad rows than allowed; the first are named with line and reason.
        DataMissing: the file is not there, or holds no flow.
        FolderFailed: the disk refused.
    """
    raw = read_table(path)
    try:
        table = trade_csv.read(raw, layout, read_territories().numbering)
    except MalformedInput as wrong:
        raise BadTradeFile(f"{path.name}: {wrong.message}") from None
    told = Told(path.name, table.bad_rows, table.bad_rows_total)
    refuse_bad_rows([told], bad_rows_max)
    digest = hashlib.sha256(raw).hexdigest()
    return keep(folder, heading, table.frame, told=[told], names={}, digest=digest)


@dataclass(frozen=True, slots=True)
class Told:
    """The bad rows of one file."""

    file: str
    bad_rows: tuple[BadRow, ...]
    total: int


def refuse_bad_rows(told: Sequence[Told], bad_rows_max: int) -> None:
    """Raise ``BadTradeFile`` where files have more bad rows than somebody is ready to lose."""
    total = sum(one.total for one in told)
    if total <= bad_rows_max:
        return
    rows = [(one.file, row) for one in told for row in one.bad_rows][:ROWS_NAMED_MAX]
    named = "; ".join(
        f"{file} line {row.line}: {row.fault.value} {row.column} {row.text}".rstrip() for file, row in rows
    )
    raise BadTradeFile(
        f"{total} bad rows, {bad_rows_max} allowed: {named}. Mend the file, or allow as many bad rows as you are "
        "ready to lose"
    )


def keep(
    folder: Path,
    heading: Heading,
    frame: pl.DataFrame,
    *,
    told: Sequence[Told],
    names: Mapping[int, str],
    digest: str,
) -> Imported:
    """Write flows of one revision as a release; ``names`` are those of products, where the files tell them.

    Raises:
        DataMissing: there is no flow.
        BadTradeFile: a flow stands twice.
        FolderFailed: the disk refused, and nothing was changed.
    """
    if frame.is_empty():
        raise DataMissing(
            f"{heading.source_name}: not one flow between two countries is left; is it the right file?"
        )
    source = Source(heading.source_name, heading.name, heading.revision, digest, heading.attribution)
    release = Release(source, read_territories().countries, _products(frame, names))
    by_year = {int(year): part for (year,), part in frame.partition_by("year", as_dict=True).items()}
    years = sorted(by_year.items())
    target = folder / heading.name
    require_place(target)
    try:
        with alone_in(folder), alone_with(target):
            write_cache(target, release, years)
    except OSError as error:
        raise FolderFailed(
            f"cannot write {heading.name} into {folder}: {error.strerror}; nothing was changed"
        ) from None
    bad_rows = tuple((one.file, row) for one in told for row in one.bad_rows)
    rows_by_year = tuple((year, len(part)) for year, part in years)
    return Imported(target, source, rows_by_year, bad_rows, sum(one.total for one in told))


def _products(frame: pl.DataFrame, names: Mapping[int, str]) -> tuple[Product, ...]:
    numbers = sorted(frame["product"].unique().to_list())
    return (
        *read_chapters(),
        *(Product(ProductCode(f"{number:06}"), names.get(number, "")) for number in numbers),
    )


def read_table(path: Path) -> bytes:
    """Read a file, unpacked where it is gzip; at most ``csv_rows.BYTES_MAX`` bytes come out.

    Raises:
        DataMissing: there is no such file.
        BadTradeFile: it is larger, or broken gzip.
        FolderFailed: it cannot be read.
    """
    if not path.is_file():
        raise DataMissing(f"there is no file {path}")
    if path.suffix != ".gz":
        return read_limited(path, size_bytes_max=csv_rows.BYTES_MAX)
    try:
        with gzip.open(path) as file:
            raw = file.read(csv_rows.BYTES_MAX + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as wrong:
        raise BadTradeFile(f"{path.name} is broken ({wrong}); download it again") from None
    except OSError as error:
        raise FolderFailed(f"cannot read {path}: {error.strerror}") from None
    # A gzip of a megabyte can become a gigabyte: what comes out is counted, not what goes in.
    if len(raw) > csv_rows.BYTES_MAX:
        raise BadTradeFile(f"{path.name} unpacks to more than {csv_rows.BYTES_MAX} bytes; split it by year")
    return raw
