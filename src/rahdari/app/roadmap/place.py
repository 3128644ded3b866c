"""The folder of a roadmap: free or an earlier one, written aside, moved into place, and put right after a stop."""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from rahdari.app.errors import FolderFailed, OutputTaken

FORMAT: Final = "rahdari-roadmap-1"
MANIFEST: Final = "manifest.json"
_LEFT = re.compile(r"\.(.{1,200})\.([0-9]{1,10})\.(new|old)", re.ASCII | re.DOTALL)


def require_free(folder: Path, *, is_replacing: bool) -> None:
    """Refuse a folder that is there, unless it holds an earlier roadmap that may be replaced.

    Raises:
        FolderFailed: nothing can be written there; better told now than after minutes of work.
        OutputTaken: it would be overwritten, or taken away from under whoever stands in it.
    """
    place = folder.resolve()
    put_right(folder)
    if not place.exists():
        _require_writable(place, folder)
        return
    if not is_replacing:
        raise OutputTaken(f"{folder} is there already; name another folder, or replace it with --force")
    if not _is_roadmap(place):
        raise OutputTaken(
            f"{folder} holds no roadmap of this program, so it is not replaced; name another folder"
        )
    if Path.cwd().is_relative_to(place):
        raise OutputTaken(
            f"{folder} is the folder that this runs in, so it cannot be replaced; go up and name it from there"
        )


def aside_of(folder: Path) -> Path:
    """Tell where this process writes what will be ``folder``."""
    place = folder.resolve()
    return place.with_name(f".{place.name}.{os.getpid()}.new")


def move(aside: Path, folder: Path, *, is_replacing: bool) -> None:
    """Move the whole folder into place; an earlier one leaves only when the new one is ready.

    Raises:
        OutputTaken: it came to be there since, and is not to be replaced.
        FolderFailed: the disk refused; nothing was changed.
    """
    place = folder.resolve()
    old = place.with_name(f".{place.name}.{os.getpid()}.old")
    if place.exists() and not is_replacing:
        raise OutputTaken(f"{folder} has come to be there since this began; name another folder")
    try:
        if place.exists():
            place.rename(old)
        aside.rename(place)
    except OSError as error:
        if old.exists() and not place.exists():
            old.rename(place)
        raise FolderFailed(f"cannot write {folder}: {error.strerror}; nothing was changed") from None
    shutil.rmtree(old, ignore_errors=True)


def put_right(folder: Path) -> None:
    """Clear what a process that was stopped left beside ``folder``, and give an earlier roadmap its name back."""
    place = folder.resolve()
    with suppress(OSError):
        for one in sorted(place.parent.iterdir()):
            found = _LEFT.fullmatch(one.name)
            if found is None or found[1] != place.name or _is_running(int(found[2])):
                continue
            if found[3] == "old" and not place.exists() and _is_roadmap(one):
                one.rename(place)
            else:
                shutil.rmtree(one, ignore_errors=True)


def _require_writable(place: Path, named: Path) -> None:
    above = next(one for one in place.parents if one.exists())
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise FolderFailed(f"cannot write {named}: {above} is no folder that may be written to")


def _is_roadmap(folder: Path) -> bool:
    try:
        with (folder / MANIFEST).open("rb") as file:
            return FORMAT.encode() in file.read(4096)
    except OSError:
        return False


def _is_running(number: int) -> bool:
    try:
        os.kill(number, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True
