"""Tiles and entry bundles in files, named as c2sp.org/tlog-tiles has them."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from rahdari.app.exchange.log.disk import Disk
from rahdari.app.exchange.log.edge import Edge
from rahdari.exchange.errors import LogDamaged
from rahdari.wire.errors import MalformedInput
from rahdari.wire.tlog import (
    HASH_BYTES,
    TILE_WIDTH,
    Bundle,
    Frontier,
    HashReader,
    Tile,
    leaf_hash,
    reader_of_tiles,
    split_entries,
    split_hashes,
)
from rahdari.wire.tlog.tiles import BUNDLE_BYTES_MAX
from rahdari.wire.tlog.tree import peak_levels

# Full tiles that were read lately: 8 KiB each.
_TILES_KEPT: Final = 64
# Nodes inside of tiles that were computed lately: what lies high in the tree is in every proof.
_NODES_KEPT: Final = 4096
_ROW_LEVELS: Final = 8
_ADVICE: Final = "keep the folder as it is and restore it from a copy"


_Part = TypeVar("_Part", Tile, Bundle)


class TileFiles:
    """The tiles below a log's folder. Nothing read here is trusted before it led to a signed root."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Work on the log's ``folder``."""
        self._folder = folder
        self._disk = disk
        self._full = lru_cache(_TILES_KEPT)(self._fetch)
        self._nodes: dict[tuple[int, int], bytes] = {}

    def put(self, files: Mapping[str, bytes]) -> Iterator[Path]:
        """Write tiles and bundles; gives the files, to make durable."""
        for path, content in files.items():
            place = self._folder / path
            self._disk.put(place, content)
            yield place

    def remove_partial(self, files: Mapping[str, bytes]) -> None:
        """Take away the partial tiles that full ones among ``files`` stand in for (tlog-tiles, Partial Tiles)."""
        for path in files:
            folder = self._folder / f"{path}.p"
            if not path.rpartition("/")[0].endswith(".p") and folder.is_dir():
                for partial in folder.iterdir():
                    self._disk.remove(partial)
                folder.rmdir()

    def reader(self, size: int) -> HashReader:
        """Give a reader of nodes of the tree of ``size`` records.

        Raises (when read):
            LogDamaged: a tile is missing or cut short.
        """
        read = reader_of_tiles(lambda tile: (self._full if tile.is_full else self._fetch)(tile), size=size)

        def remember(level: int, index: int) -> bytes:
            # A node that is complete in this tree is the same in every larger one.
            if level == 0 or (index + 1) << level > size:
                return read(level, index)
            known = self._nodes.get((level, index))
            if known is None:
                if len(self._nodes) >= _NODES_KEPT:
                    self._nodes.clear()
                known = self._nodes[level, index] = read(level, index)
            return known

        return remember

    def tile(self, tile: Tile) -> bytes:
        """Give a tile, of a partial one the beginning of what replaced it. Raises ``LogDamaged``."""
        return self._fetch(tile)

    def bundle(self, index: int, *, size: int) -> list[bytes]:
        """Give the records of a bundle as a log of ``size`` records has them. Raises ``LogDamaged``."""
        width = min(TILE_WIDTH, size - index * TILE_WIDTH)
        for one in self._holding(Bundle(index, width)):
            raw = self._read(one.path, BUNDLE_BYTES_MAX)
            if raw is not None:
                try:
                    return split_entries(raw, one.width)[:width]
                except MalformedInput:
                    break
        raise LogDamaged(f"{Bundle(index, width).path} of the log is missing or damaged; {_ADVICE}")

    def entry(self, index: int, *, size: int) -> bytes:
        """Give one record of a log of ``size`` records. Raises ``LogDamaged``."""
        number, place = divmod(index, TILE_WIDTH)
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        for one in self._holding(Bundle(number, width)):
            raw = self._read(one.path, BUNDLE_BYTES_MAX)
            if raw is not None:
                at = 0
                for _ in range(place):
                    at += 2 + int.from_bytes(raw[at : at + 2], "big")
                end = at + 2 + int.from_bytes(raw[at : at + 2], "big")
                if at + 2 <= end <= len(raw):
                    return raw[at + 2 : end]
        raise LogDamaged(f"{Bundle(number, width).path} of the log is missing or damaged; {_ADVICE}")

    def edge(self, size: int) -> Edge:
        """Restore the right edge of a log of ``size`` records, and see that its last bundle is that of its tile.

        Raises:
            LogDamaged: a tile or bundle at the edge is missing, cut short or altered.
        """
        read = self.reader(size)
        rows: list[tuple[bytes, ...]] = []
        nodes = size
        while nodes:
            index, width = divmod(nodes, TILE_WIDTH)
            raw = self._fetch(Tile(len(rows), index, width)) if width else b""
            rows.append(tuple(split_hashes(raw, width)))
            nodes >>= _ROW_LEVELS
        start, peaks = 0, []
        for level in peak_levels(size):
            peaks.append(read(level, start >> level))
            start += 1 << level
        entries = tuple(self._last_entries(size))
        return Edge(Frontier(size, tuple(peaks)), tuple(rows), entries)

    def _last_entries(self, size: int) -> list[bytes]:
        if not size:
            return []
        index = (size - 1) // TILE_WIDTH
        entries = self.bundle(index, size=size)
        hashes = split_hashes(self._fetch(Tile(0, index, len(entries))), len(entries))
        if [leaf_hash(entry) for entry in entries] != hashes:
            raise LogDamaged(f"the last records of the log are not those of its tree; {_ADVICE}")
        return entries[: size % TILE_WIDTH]

    def _fetch(self, tile: Tile) -> bytes:
        wanted = tile.width * HASH_BYTES
        for one in self._holding(tile):
            raw = self._read(one.path, TILE_WIDTH * HASH_BYTES)
            if raw is not None and len(raw) == one.width * HASH_BYTES:
                return raw[:wanted]
        raise LogDamaged(f"{tile.path} of the log is missing or cut short; {_ADVICE}")

    def _holding(self, part: _Part) -> Iterator[_Part]:
        """Give what may hold a tile or bundle: its own file, the full one, and partial ones that are wider.

        Where a disk failed between two segments of the journal, the first one that is left may begin at a size
        that was never published.
        """
        yield part
        if part.is_full:
            return
        full = replace(part, width=TILE_WIDTH)
        yield full
        with suppress(FileNotFoundError):
            names = [one.name for one in (self._folder / f"{full.path}.p").iterdir()]
            widths = sorted(int(one) for one in names if one.isascii() and one.isdecimal())
            yield from (replace(part, width=one) for one in widths if part.width < one < TILE_WIDTH)

    def _read(self, path: str, size_bytes_max: int) -> bytes | None:
        try:
            handle = os.open(self._folder / path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            return file.read(size_bytes_max + 1)
