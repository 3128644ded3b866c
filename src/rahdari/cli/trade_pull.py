"""``rahdari trade pull`` and ``rahdari trade data``: which flows there are here, and how to get more."""

from pathlib import Path

from rahdari.app.comtrade_api import ComtradeApi, Question
from rahdari.app.comtrade_pull import import_comtrade, pull_answers
from rahdari.app.trade_countries import read_territories
from rahdari.app.trade_data import Expected, Imported, Progress, find_trade_folder
from rahdari.app.trade_pull import BACI_PUBLISHER, BaciSource, pull_baci
from rahdari.app.trade_releases import list_releases, list_unusable
from rahdari.cli.authority import Given
from rahdari.cli.errors import BadUsage
from rahdari.cli.session import Session
from rahdari.cli.terminal import Document, count_of, pairs, table_of
from rahdari.cli.trade_options import BaciOptions, ComtradeOptions
from rahdari.trade import UnknownCountry

# Bad rows that are listed; their number is told in full.
ROWS_LISTED = 20
_BACI, _COMTRADE = BaciOptions(), ComtradeOptions()


def baci(source: str = "", /, *, wanted: BaciOptions = _BACI, session: Given) -> None:
    """Fetch a release of BACI, or read its zip from the disk, into the cache.

    Args:
        source: Address of a mirror, or a zip or folder on the disk; else CEPII's own address.
        wanted: Which release it must be.
        session: This run.
    """
    with session.terminal.standing(are_bytes=True) as progress:
        place: BaciSource | Path = Path(source)
        if not source or "://" in source:
            place = BaciSource(
                revision=wanted.revision,
                release=wanted.release,
                publisher=source or BACI_PUBLISHER,
                sha256=wanted.sha256,
                is_kept=wanted.keep,
            )
        imported = pull_baci(
            place,
            _folder(session),
            bad_rows_max=wanted.bad_rows,
            progress=progress,
            expected=Expected(revision=wanted.revision, release=wanted.release, sha256=wanted.sha256),
        )
    _answer(session, imported)


def comtrade(*files: Path, wanted: ComtradeOptions = _COMTRADE, session: Given) -> None:
    """Read Comtrade downloads, or ask its API, into the cache.

    Args:
        files: Downloaded files; without any the API is asked.
        wanted: What to ask for.
        session: This run.
    """
    folder = _folder(session)
    with session.terminal.standing(are_bytes=False) as progress:
        paths = files or _asked(session, folder, wanted, progress)
        found = import_comtrade(
            paths, folder, side=wanted.side, name=wanted.name, bad_rows_max=wanted.bad_rows, progress=progress
        )
    _answer(session, found.imported, {why.value: count for why, count in found.left_out.items()})


def data(*, session: Given) -> None:
    """List the flows that are here, with their years and whose they are."""
    folder = _folder(session)
    found, unusable = list_releases(folder), list_unusable(folder)
    session.terminal.answer(
        {
            "folder": str(folder),
            "releases": [
                {
                    "release": name,
                    "source": one.name,
                    "revision": one.revision.value,
                    "years": [years[0], years[-1]],
                    "attribution": one.attribution,
                    "sha256": one.digest,
                }
                for name, one, years in found
            ],
            "unusable": [{"release": name, "why": why} for name, why in unusable],
        },
        f"in {folder}",
        table_of(
            ("release", "source", "revision", "years"),
            [
                (name, one.name, one.revision.value, f"{years[0]} to {years[-1]}")
                for name, one, years in found
            ],
        ),
        "",
        *(f"{name}: {one.attribution}" for name, one, _ in found),
        *(f"Not usable: {why}" for _, why in unusable),
    )


def _asked(session: Session, folder: Path, wanted: ComtradeOptions, progress: Progress) -> tuple[Path, ...]:
    reporter = wanted.reporter
    if not reporter or not wanted.year:
        raise BadUsage("name downloaded files, or --reporter and --year to ask the API")
    number = read_territories().numbering.numbers.get(reporter.upper())
    if number is None:
        raise UnknownCountry(f"there is no reporter {reporter[:20]!r}; write three letters, as PAK")
    questions = [Question(number, year, wanted.side) for year in wanted.year]
    with ComtradeApi(session.settings().comtrade_key) as api:
        return pull_answers(api, questions, folder, progress=progress)


def _folder(session: Session) -> Path:
    return find_trade_folder(session.settings().trade_folder, session.environment)


def _answer(session: Session, imported: Imported, left_out: Document | None = None) -> None:
    rows = sum(count for _, count in imported.rows_by_year)
    years = [year for year, _ in imported.rows_by_year]
    document = {
        "folder": str(imported.folder),
        "release": imported.folder.name,
        "attribution": imported.source.attribution,
        "sha256": imported.source.digest,
        "flows": rows,
        "years": [years[0], years[-1]],
        "bad_rows_total": imported.bad_rows_total,
        "bad_rows": [
            {"file": file, "line": one.line, "reason": one.fault.value, "column": one.column}
            for file, one in imported.bad_rows[:ROWS_LISTED]
        ],
        "left_out": dict(left_out or {}),
    }
    shown = {name: value for name, value in document.items() if name != "bad_rows"}
    bad = imported.bad_rows_total
    session.terminal.answer(
        document, f"{count_of(rows, 'flow')} of {count_of(len(years), 'year')} are here.", pairs(shown),
        *([f"{count_of(bad, 'bad row')} left out."] if bad else []),
    )  # fmt: skip
