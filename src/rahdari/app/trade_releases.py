"""Which releases of flows are here: those that were fetched, and the extract that the package carries."""

from pathlib import Path
from typing import Final

from rahdari.app.trade_data import CARRIED, open_flows
from rahdari.trade import DataMissing, Source
from rahdari.trade.store import read_note

# A folder holds some dozens of releases; more is another folder.
RELEASES_MAX: Final = 1_000


def list_releases(folder: Path) -> list[tuple[str, Source, tuple[int, ...]]]:
    """List name, source and years of each whole release; the carried one comes last."""
    found = [(path.name, *told) for path in _folders(folder) if (told := _read(path)) is not None]
    carried = open_flows(folder, CARRIED)
    return [*found, (CARRIED, carried.source, carried.years)]


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))[
            :RELEASES_MAX
        ]
    except OSError:
        return []


def _read(path: Path) -> tuple[Source, tuple[int, ...]] | None:
    try:
        note = read_note(path)
    except DataMissing:
        return None
    return note.source, tuple(one.year for one in note.years)
