"""Where releases lie: which one a question takes, who may write one, and what to know of the choice."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

import rahdari.trade
from rahdari.app.errors import FolderFailed
from rahdari.trade import BadParameter, DataMissing, FlowBook, Level, Note, Revision
from rahdari.trade.store import NOTE_NAME, read_note, replaced_folder, restore_cache


class Remark(StrEnum):
    """What a reader should know of the data that answer; worded in ``trade_messages``."""

    USED = "used"
    CARRIED_HAS_MORE = "carried_has_more"
    CARRIED_INSTEAD = "carried_instead"
    BROKEN_OFF = "broken_off"
    SAMPLE_IS_CARRIED = "sample_is_carried"


CARRIED: Final = "carried"
CARRIED_FOLDER: Final = Path(rahdari.trade.__file__).parent / "data" / "baci-raw-materials"

# What else stands beside the releases: zips on their way, and the ledger of forecasts.
RESERVED: Final = frozenset({CARRIED, "downloads", "forecasts"})

# A remark names as many releases as fit into a line.
NAMED_MAX: Final = 5
# A folder holds some dozens of releases; more is another folder.
RELEASES_MAX: Final = 1_000

_FOLDER = re.compile(r"(HS[0-9]{2})-([0-9]{6}[a-z]?)")
_REPLACED = re.compile(r"\.(.{1,200})\.old")
_UNFINISHED = re.compile(r"\.(.{1,200})\.part")
# In the order in which they came: HS92 is earlier than HS17.
_REVISIONS: Final = [one.value for one in Revision]


def find_release(folder: Path, release: str | None) -> tuple[str, Path] | None:
    """Find a release by its name, its year and month, or (None) the newest of BACI: its name, and where it lies."""
    if release == CARRIED:
        return None
    there = releases_in(folder)
    if release is not None and release in there:
        return release, there[release]
    named = [(found[2], found[1], name) for name in there if (found := _FOLDER.fullmatch(name))]
    wanted = [one for one in named if release in (None, one[0]) and one[1] in _REVISIONS]
    if not wanted:
        return None
    # Of one release, the earliest revision goes furthest back.
    name = max(wanted, key=lambda one: (one[0], -_REVISIONS.index(one[1])))[2]
    return name, there[name]


def releases_in(folder: Path) -> dict[str, Path]:
    """List the folders that may hold releases, by name.

    One that was being replaced when its writer was stopped gets its name back; where this may not be written, or
    somebody writes just now, it is taken from where it stands.
    """
    names = _names_in(folder)
    there = {name: folder / name for name in names if not name.startswith(".")}
    for hidden in names:
        found = _REPLACED.fullmatch(hidden)
        if found and found[1] not in there:
            target = folder / found[1]
            with suppress(FolderFailed, OSError), alone_with(target):
                restore_cache(target)
            there[found[1]] = target if target.is_dir() else replaced_folder(target)
    return there


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(one.name for one in folder.iterdir() if one.is_dir())[:RELEASES_MAX]
    except OSError:
        return []


@contextmanager
def alone_with(target: Path) -> Iterator[None]:
    """Let one process at a time write a release. Raises ``FolderFailed``, ``OSError``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(_lock_of(target), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise FolderFailed(f"{target.name} is being written by another process; wait for it") from None
    finally:
        os.close(handle)


def require_place(target: Path) -> None:
    """Refuse to write a release where something else stands, which it would replace.

    Raises:
        BadParameter: the name is taken by the program itself, or by a folder that is no release.
    """
    there = list(target.iterdir()) if target.is_dir() else []
    # Also what is left of a damaged release; never what somebody else put there.
    is_ours = all(one.suffix == ".parquet" or one.name == NOTE_NAME for one in there)
    if target.name in RESERVED or not is_ours or target.is_file():
        raise BadParameter(
            f"{target.name} in {target.parent} is no release, so none takes its place; choose another name"
        )


def remarks_on(book: FlowBook, name: str, folder: Path, *, is_asked: bool) -> tuple[Note, ...]:
    """Tell which release answers, and what a reader would not expect of the choice.

    Args:
        book: what answers.
        name: the name of its release.
        folder: where releases lie.
        is_asked: whether somebody named it; then other data are no news.
    """
    remarks = [
        Note(
            Remark.USED.value,
            {
                "name": name,
                "first_year": book.years[0],
                "last_year": book.years[-1],
                "products": len(book.products(Level.HS6)),
            },
        )
    ]
    if not is_asked:
        remarks += _carried_instead(folder) if name == CARRIED else _carried_has_more(book)
    return (*remarks, *(Note(Remark.BROKEN_OFF.value, {"name": one}) for one in _unfinished(folder)))


def _carried_has_more(book: FlowBook) -> list[Note]:
    carried = read_note(CARRIED_FOLDER)
    more = sorted({one.year for one in carried.years} - set(book.years))
    products = sum(len(one.code) == 6 for one in carried.products)
    return (
        [
            Note(
                Remark.CARRIED_HAS_MORE.value,
                {"from_year": more[0], "to_year": more[-1], "products": products},
            )
        ]
        if more
        else []
    )


def _carried_instead(folder: Path) -> list[Note]:
    others = [name for name, path in releases_in(folder).items() if _is_whole(path)]
    return [Note(Remark.CARRIED_INSTEAD.value, {"names": ", ".join(others[:NAMED_MAX])})] if others else []


def _is_whole(path: Path) -> bool:
    try:
        return bool(read_note(path).years)
    except DataMissing:
        return False


def _unfinished(folder: Path) -> list[str]:
    """Name the releases whose writer was stopped: something half-written lies there, and nobody holds the lock."""
    found = (_UNFINISHED.fullmatch(one) for one in _names_in(folder))
    return [one[1] for one in found if one and not _is_held(folder / one[1])][:NAMED_MAX]


def _is_held(target: Path) -> bool:
    try:
        handle = os.open(_lock_of(target), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _lock_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.lock")
