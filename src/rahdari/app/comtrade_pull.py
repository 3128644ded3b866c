"""UN Comtrade into the cache: from files that somebody downloaded, or from answers of its API."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import polars as pl

from rahdari.app.comtrade_api import ComtradeApi, Question
from rahdari.app.files import write_whole
from rahdari.app.trade_countries import read_territories
from rahdari.app.trade_data import Imported, Progress
from rahdari.app.trade_tables import FILES_MAX, Heading, Told, keep, read_table, refuse_bad_rows
from rahdari.trade import BadParameter, BadTradeFile, DataMissing, MixedRevisions, Revision
from rahdari.trade.rules.mirror import Reports as TwoSides
from rahdari.trade.rules.mirror import join_reports
from rahdari.wire import comtrade
from rahdari.wire.comtrade import LeftOut, Reports, Side
from rahdari.wire.errors import MalformedInput

# Comtrade's names of the revisions, and ours.
REVISIONS = MappingProxyType({f"H{digit}": revision for digit, revision in enumerate(Revision)})
ATTRIBUTION = "Source: United Nations Statistics Division, UN Comtrade, {side} as reported"
ANSWERS_FOLDER = "downloads"
_SIDES = MappingProxyType({Side.EXPORTS: "exports", Side.IMPORTS: "imports"})
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_KEY = ["year", "exporter", "importer", "product"]


@dataclass(frozen=True, slots=True)
class ComtradeImported:
    """What came of reading Comtrade; ``left_out`` counts the rows that are no flow between two countries."""

    imported: Imported
    left_out: Mapping[LeftOut, int]


def read_reports(path: Path) -> Reports:
    """Read one file: CSV, tab-separated text or JSON, plain or gzip.

    Raises:
        BadTradeFile: it is none of these, or its columns have slipped; the message names file and line.
        DataMissing, FolderFailed: it is not there, or cannot be read.
    """
    raw = read_table(path)
    numbering = read_territories().numbering
    try:
        is_json = raw[:64].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"{")
        return (comtrade.read_json if is_json else comtrade.read_csv)(raw, numbering)
    except MalformedInput as wrong:
        raise BadTradeFile(f"{path.name}: {wrong.message}") from None


def import_comtrade(
    paths: Sequence[Path],
    folder: Path,
    *,
    side: Side = Side.EXPORTS,
    name: str = "",
    bad_rows_max: int = 0,
    progress: Progress | None = None,
) -> ComtradeImported:
    """Read what one side reported from downloaded files into the cache ``folder / name``.

    What is not in the files is not in the release: sums over "the world" are sums over the reporters at hand.

    Args:
        paths: the files.
        folder: where releases lie.
        side: whose reports: the exporters' (FOB) or the importers' (CIF). Never both in one release.
        name: how the release is asked for; empty for ``comtrade-hs22-exports`` and the like.
        bad_rows_max: so many rows may be bad in all files together.
        progress: told each file's name and how many files are done.

    Raises:
        MixedRevisions: the files are coded by several revisions of the Harmonized System.
        BadTradeFile: a file is no Comtrade table, two files give one flow two values, or too many bad rows.
        DataMissing, FolderFailed: a file is not there, nothing is left, or the disk refused.
        BadParameter: no file, too many, or a name of other signs than small letters, digits and hyphens.
    """
    if not 0 < len(paths) <= FILES_MAX or (name and not _NAME.fullmatch(name)):
        raise BadParameter(
            f"give 1 to {FILES_MAX} files, and a name of small letters, digits and hyphens; not {name!r}"
        )
    reports, digest = _read_all(paths, progress)
    told = [
        Told(path.name, one.bad_rows, one.bad_rows_total) for path, one in zip(paths, reports, strict=True)
    ]
    refuse_bad_rows(told, bad_rows_max)
    revision = _one_revision(paths, reports)
    heading = Heading(
        name or f"comtrade-{revision.value.lower()}-{_SIDES[side]}",
        f"UN Comtrade, {_SIDES[side]} as reported",
        revision,
        ATTRIBUTION.format(side=_SIDES[side]),
    )
    frame, repeated = _together([comtrade.flows(one, side).frame for one in reports])
    names = {number: text for one in reports for number, text in one.product_names.items()}
    imported = keep(folder, heading, frame, told=told, names=names, digest=digest)
    left_out = sum((Counter(one.left_out) for one in reports), Counter({LeftOut.REPEATED: repeated}))
    return ComtradeImported(
        imported, MappingProxyType({why: count for why, count in left_out.items() if count})
    )


def read_both_sides(paths: Sequence[Path], *, bad_rows_max: int = 0) -> TwoSides:
    """Read downloaded files that hold exports and imports, and put the two reports of each flow side by side.

    Countries are their alpha-3 codes, products six digits; see ``rahdari.trade.rules.mirror`` for what to do next.

    Raises:
        As ``import_comtrade``.
    """
    reports, _ = _read_all(paths, None)
    told = [
        Told(path.name, one.bad_rows, one.bad_rows_total) for path, one in zip(paths, reports, strict=True)
    ]
    refuse_bad_rows(told, bad_rows_max)
    _one_revision(paths, reports)
    sides = [_together([comtrade.flows(one, side).frame for one in reports])[0] for side in Side]
    return join_reports(_by_code(sides[0]), _by_code(sides[1]))


def pull_answers(
    api: ComtradeApi, questions: Sequence[Question], folder: Path, *, progress: Progress | None = None
) -> tuple[Path, ...]:
    """Ask the API and keep its answers as files below ``folder / "downloads"``, for ``import_comtrade`` to read.

    An answer that is there already is not asked for again: the publisher counts what each key asks. Where an
    answer is cut, half of the partners is asked for at a time.

    Raises:
        DownloadFailed: the API did not answer, refused the key, or cuts even what one partner trades.
        FolderFailed: the disk refused. What was answered before is kept.
    """
    return tuple(
        path for question in questions for path in _answers(api, question, folder / ANSWERS_FOLDER, progress)
    )


def _answers(api: ComtradeApi, question: Question, folder: Path, progress: Progress | None) -> list[Path]:
    paths, parts = [], [question]
    while parts:
        part = parts.pop()
        path = folder / f"comtrade-{part.digest}.json"
        if not path.is_file():
            raw = api.ask(part)
            if raw is None:
                parts.extend(part.halves())
                continue
            write_whole(path, raw)
        paths.append(path)
        if progress:
            progress(path.name, path.stat().st_size, 0)
    return paths


def _read_all(paths: Sequence[Path], progress: Progress | None) -> tuple[list[Reports], str]:
    reports, digests = [], hashlib.sha256()
    for done, path in enumerate(paths, 1):
        reports.append(read_reports(path))
        digests.update(hashlib.sha256(read_table(path)).digest())
        if progress:
            progress(path.name, done, len(paths))
    return reports, digests.hexdigest()


def _one_revision(paths: Sequence[Path], reports: Sequence[Reports]) -> Revision:
    where: dict[str, str] = {}
    for path, one in zip(paths, reports, strict=True):
        for classification in one.classifications:
            where.setdefault(classification, path.name)
    if len(where) > 1:
        told = ", ".join(f"{REVISIONS[code].value} ({file})" for code, file in sorted(where.items()))
        raise MixedRevisions(
            f"the files are coded by several revisions of the Harmonized System: {told}. Read each alone, or ask "
            "Comtrade for one revision"
        )
    if not where:
        raise DataMissing("the files hold not one flow between two countries")
    return REVISIONS[next(iter(where))]


def _together(frames: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame, int]:
    """Put the files' flows together; a flow that two files tell alike is taken once."""
    every = pl.concat(frames)
    distinct = every.unique(maintain_order=True)
    twice = distinct.filter(distinct.select(_KEY).is_duplicated())
    if not twice.is_empty():
        year, exporter, importer, product = twice.select(_KEY).row(0)
        raise BadTradeFile(
            f"two files give the flow of {product:06} from {exporter} to {importer} in {year} two values; take out "
            "the older file"
        )
    return distinct, len(every) - len(distinct)


def _by_code(flows: pl.DataFrame) -> pl.DataFrame:
    """Give countries and products their codes; territories that share a code (58 and 56 are BEL) are added up."""
    codes = dict(read_territories().numbering.countries)
    named = flows.with_columns(
        pl.col("exporter", "importer").replace_strict(codes, return_dtype=pl.String),
        pl.col("product").cast(pl.String).str.zfill(6),
    )
    return named.group_by("year", "exporter", "importer", "product").agg(pl.col("value_usd").sum())
