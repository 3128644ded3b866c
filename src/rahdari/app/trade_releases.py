"""Which releases of flows are here: those that were fetched, and the extract that the package carries."""

from pathlib import Path

from rahdari.app.trade_data import open_flows
from rahdari.app.trade_places import CARRIED, RESERVED, releases_in
from rahdari.trade import DataMissing, Source
from rahdari.trade.store import NOTE_NAME, read_note


def list_releases(folder: Path) -> list[tuple[str, Source, tuple[int, ...]]]:
    """List name, source and years of each whole release; the carried one comes last."""
    found = [(name, *told) for name, path in _there(folder) if not isinstance(told := _read(path), str)]
    carried = open_flows(folder, CARRIED)
    return [*found, (CARRIED, carried.source, carried.years)]


def list_unusable(folder: Path) -> list[tuple[str, str]]:
    """List the releases that cannot be asked, each with the reason: of an older program, or damaged."""
    return [
        (name, told)
        for name, path in _there(folder)
        if (path / NOTE_NAME).is_file() and isinstance(told := _read(path), str)
    ]


def _there(folder: Path) -> list[tuple[str, Path]]:
    return sorted((name, path) for name, path in releases_in(folder).items() if name not in RESERVED)


def _read(path: Path) -> tuple[Source, tuple[int, ...]] | str:
    """Give source and years, or why there are none."""
    try:
        note = read_note(path)
    except DataMissing as wrong:
        return wrong.message
    return note.source, tuple(one.year for one in note.years)
