"""Where a log's files stand below its folder.

``checkpoint``: the latest, signed. ``tile/``: tiles and entry bundles as c2sp.org/tlog-tiles names them.
``journal/``: what is not yet in tiles. ``particulars/``: the sealed particulars, a pair of files an hour.
``found/``: which request is where. ``kept/``: checkpoints that were stamped or cosigned, with their stamps.
``lock``: held by the one writer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SIZE_DIGITS: Final = 19  # of SIZE_MAX
# So many sizes share a folder of kept checkpoints, by the digits in front.
_GROUP_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Places:
    """The places below the folder of one log."""

    folder: Path

    @property
    def lock(self) -> Path:
        """Held by the one process that writes."""
        return self.folder / "lock"

    @property
    def checkpoint(self) -> Path:
        """The latest checkpoint, signed by the log."""
        return self.folder / "checkpoint"

    @property
    def journal(self) -> Path:
        """The segments of what is not yet in tiles."""
        return self.folder / "journal"

    @property
    def particulars(self) -> Path:
        """Sealed particulars, a pair of files an hour."""
        return self.folder / "particulars"

    @property
    def found(self) -> Path:
        """Which request stands at which indices."""
        return self.folder / "found"

    @property
    def kept(self) -> Path:
        """Checkpoints that were stamped or cosigned."""
        return self.folder / "kept"

    def segment(self, first: int, turn: int) -> Path:
        """The segment that begins with record ``first``; of two that do, the greater ``turn`` counts."""
        return self.journal / f"{first:0{_SIZE_DIGITS}d}.{turn:06d}.journal"

    def segments(self) -> list[Path]:
        """All segments, in the order in which they were begun."""
        return sorted(self.journal.glob("*.journal"))

    def kept_note(self, size: int) -> Path:
        """The kept checkpoint of ``size`` records, with all signatures that it has."""
        return self._kept(size, "note")

    def kept_stamp(self, size: int) -> Path:
        """The time stamp token (DER) over the text of the kept checkpoint of ``size`` records."""
        return self._kept(size, "tst")

    def kept_sizes(self, *, above: int, suffix: str) -> Iterator[int]:
        """Give the sizes greater than ``above`` of kept checkpoints with such a file, the smallest first."""
        floor = f"{above:0{_SIZE_DIGITS}d}"
        groups = sorted(one.name for one in self.kept.glob("[0-9]*") if one.name >= floor[:-_GROUP_DIGITS])
        for group in groups:
            for one in sorted((self.kept / group).glob(f"[0-9]*.{suffix}")):
                if one.stem > floor:
                    yield int(one.stem)

    def last_kept_size(self, *, suffix: str) -> int | None:
        """Give the greatest size of a kept checkpoint with such a file, without looking at all of them."""
        for group in sorted((one.name for one in self.kept.glob("[0-9]*")), reverse=True):
            names = [one.stem for one in (self.kept / group).glob(f"[0-9]*.{suffix}")]
            if names:
                return int(max(names))
        return None

    def _kept(self, size: int, suffix: str) -> Path:
        name = f"{size:0{_SIZE_DIGITS}d}"
        return self.kept / name[:-_GROUP_DIGITS] / f"{name}.{suffix}"
