"""A whole log against what was signed for it: every record, every tile, every kept checkpoint."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rahdari.app.exchange.log.checkpoints import Checkpoints, Kept, LogName
from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.edge import Edge
from rahdari.app.exchange.log.places import Places
from rahdari.app.exchange.log.tile_files import TileFiles
from rahdari.exchange.errors import LogDamaged
from rahdari.wire.tlog import TILE_WIDTH, TreeHead

# A log that was altered throughout has a fault for each tile; the first ones tell enough.
FAULTS_MAX: Final = 100
# Bundles read at a time: 65,536 records, some 20 MB.
_BUNDLES: Final = 256
# Says what is wrong with a kept checkpoint: a stamp or a cosignature that does not verify.
CheckKept = Callable[[Kept], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of it: records read, checkpoints that were stamped or cosigned and lead to them, and all faults."""

    size: int
    kept: int
    stamped: int
    faults: tuple[str, ...]

    @property
    def is_intact(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def verify_log(folder: Path, name: LogName, *, check: CheckKept = lambda _: ()) -> Finding:
    """Read the whole log in ``folder``; 100,000 records take some 2 seconds, memory does not grow.

    Raises:
        LogDamaged: there is no checkpoint that ``name``'s keys signed; without one nothing can be said.
    """
    return _Verification(folder, name, check).run()


class _Verification:
    def __init__(self, folder: Path, name: LogName, check: CheckKept) -> None:
        disk = Disk()
        self._folder = folder
        self._tiles = TileFiles(folder, disk)
        self._checkpoints = Checkpoints(Places(folder), name, disk)
        self._check = check
        self._faults: list[str] = []
        self._stamped = self._kept = 0

    def run(self) -> Finding:
        # Listed before the latest is read: a gateway that runs meanwhile may keep a newer one in between.
        listed = self._checkpoints.sizes()
        latest = self._checkpoints.find_latest()
        if latest is None:
            raise LogDamaged("this folder holds no log with a checkpoint; point to the log of a gateway")
        head = latest[1].head
        sizes = [size for size in listed if size <= head.size]
        ahead = [size for size in listed if size > head.size]
        for size in ahead:
            self._faults.append(f"a checkpoint of {size} records was kept, and the latest has {head.size}")
        try:
            self._walk(head, sizes)
        except LogDamaged as damage:
            self._faults.append(damage.message)
        return Finding(head.size, self._kept, self._stamped, tuple(self._faults[:FAULTS_MAX]))

    def _walk(self, head: TreeHead, sizes: Sequence[int]) -> None:
        """Grow the tree anew from the records, and look at each size that something was signed for."""
        stops = iter(sorted({*sizes, head.size}))
        stop, edge = next(stops), Edge()
        for entries in self._entries(head.size):
            while len(self._faults) < FAULTS_MAX and stop < edge.size + len(entries):
                part = entries[: stop - edge.size]
                edge = self._grow(edge, part)
                entries = entries[len(part) :]  # noqa: PLW2901 - what is left of it
                self._see(edge, stop, head)
                stop = next(stops)
            edge = self._grow(edge, entries)
        while stop <= edge.size:
            self._see(edge, stop, head)
            stop = next(stops, edge.size + 1)

    def _entries(self, size: int) -> Iterator[list[bytes]]:
        last = -(-size // TILE_WIDTH)
        for start in range(0, last, _BUNDLES):
            yield [
                entry
                for bundle in range(start, min(start + _BUNDLES, last))
                for entry in self._tiles.bundle(bundle, size=size)
            ]

    def _grow(self, edge: Edge, entries: Sequence[bytes]) -> Edge:
        grown = edge.grow(entries)
        for path, content in grown.files.items():
            # Partial tiles of old sizes may be gone; what stands in for them was looked at as a whole one.
            if path.startswith("tile/entries/") or ".p/" in path:
                continue
            if self._read(path) != content:
                self._faults.append(f"{path} is not the tile of these records")
        return grown.edge

    def _see(self, edge: Edge, size: int, head: TreeHead) -> None:
        if size == head.size and edge.head != head:
            self._faults.append(f"the {size} records do not lead to the root of the latest checkpoint")
        kept = self._checkpoints.find_kept(size)
        if kept is None:
            return
        if kept.checkpoint.head != edge.head:
            self._faults.append(
                f"the first {size} records do not lead to the checkpoint that was kept for them"
            )
            return
        self._kept += 1
        self._stamped += kept.stamp is not None
        self._faults.extend(self._check(kept))

    def _read(self, path: str) -> bytes | None:
        try:
            return (self._folder / path).read_bytes()
        except OSError:
            return None
