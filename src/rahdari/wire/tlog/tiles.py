"""Tiles: the tree and its entries as files of 256, each written once (c2sp.org/tlog-tiles).

The tile of level L holds 256 nodes of tree level 8 L; the levels between are computed from it. A partial tile
stands in for the last one of its row until that is full, and is never hashed into the row above.

Example:
    >>> Tile(level=0, index=1234067).path
    'tile/0/x001/x234/067'
    >>> read_path("tile/entries/004.p/17")
    Bundle(index=4, width=17)
    >>> [tile.path for tile in new_tiles(0, 256)]
    ['tile/0/000', 'tile/1/000.p/1']
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tlog.tree import HASH_BYTES, SIZE_MAX, HashReader, node_hash

TILE_WIDTH: Final = 256
# "Merkle Tree": the level is between 0 and 63, though a tree of 2^63 leaves fills 8 rows only.
LEVEL_MAX: Final = 63
# "Log entries": the length of an entry is a uint16.
ENTRY_BYTES_MAX: Final = (1 << 16) - 1
# 256 entries of the greatest length with their lengths.
BUNDLE_BYTES_MAX: Final = TILE_WIDTH * (2 + ENTRY_BYTES_MAX)
# tile/entries/, six groups x000/, 000, .p/255: no path of a tree of SIZE_MAX leaves is longer.
PATH_CHARS_MAX: Final = 48
_BITS: Final = 8  # 2^8 = TILE_WIDTH
_ROWS: Final = 8  # that a tree of SIZE_MAX leaves fills
_INDEX_MAX: Final = SIZE_MAX >> _BITS
# Groups of three digits, all but the last with an x, and none too many: x000/001 would be a second path for 001.
_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?!x000/)(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Tile:
    """``width`` nodes of tree level 8 x ``level``, from node ``index`` x 256 on; 256 of them are a full tile."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Refuse what has no path. Raises ``MalformedInput``."""
        if not 0 <= self.level <= LEVEL_MAX:
            raise MalformedInput(f"a tile of level {self.level}; there are 0 to {LEVEL_MAX}")
        _require_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Where it is served, below the log's prefix."""
        return _path(str(self.level), self.index, self.width)

    @property
    def is_full(self) -> bool:
        """Whether it will never be replaced."""
        return self.width == TILE_WIDTH


@dataclass(frozen=True, slots=True)
class Bundle:
    """``width`` entries, from entry ``index`` x 256 on: those of the level 0 tile of the same index."""

    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        """Refuse what has no path. Raises ``MalformedInput``."""
        _require_place(self.index, self.width)

    @property
    def path(self) -> str:
        """Where it is served, below the log's prefix."""
        return _path("entries", self.index, self.width)

    @property
    def is_full(self) -> bool:
        """Whether it will never be replaced."""
        return self.width == TILE_WIDTH


def read_path(path: str) -> Tile | Bundle:
    """Read ``tile/<L>/<N>[.p/<W>]`` or ``tile/entries/<N>[.p/<W>]``: one path for each tile, and no other.

    Raises:
        MalformedInput: any other text (``TooLarge`` beyond ``PATH_CHARS_MAX``).
    """
    if len(path) > PATH_CHARS_MAX:
        raise TooLarge(f"a path of {len(path)} characters; no tile's has more than {PATH_CHARS_MAX}")
    found = _PATH.fullmatch(path)
    if found is None:
        raise MalformedInput("this is not the path of a tile (c2sp.org/tlog-tiles, Merkle Tree)")
    row, groups, partial = found.groups()
    index = int(groups.replace("/", "").replace("x", ""))
    # "Partial Tiles": between 1 and 255; .p/256 would be a second path of a full tile.
    if partial is not None and int(partial) >= TILE_WIDTH:
        raise MalformedInput(f"a partial tile of width {partial}; it has 1 to 255")
    width = TILE_WIDTH if partial is None else int(partial)
    return Bundle(index, width) if row == "entries" else Tile(int(row), index, width)


def new_tiles(old_size: int, size: int) -> Iterator[Tile]:
    """Name the tiles to write when a log grows from ``old_size`` to ``size``, row by row, the full ones first.

    A row in which nothing became complete has none. Tiles that were full before are not named again.

    Raises:
        MalformedInput: not 0 <= ``old_size`` <= ``size`` <= ``SIZE_MAX``.
    """
    if not 0 <= old_size <= size <= SIZE_MAX:
        raise MalformedInput(f"a log does not grow from {old_size} to {size} entries")
    for level in range(_ROWS):
        old, new = old_size >> _BITS * level, size >> _BITS * level
        if new == old:
            return
        for index in range(old // TILE_WIDTH, -(-new // TILE_WIDTH)):
            yield Tile(level, index, min(TILE_WIDTH, new - index * TILE_WIDTH))


def new_bundles(old_size: int, size: int) -> Iterator[Bundle]:
    """Name the entry bundles to write when a log grows from ``old_size`` to ``size``. Raises as ``new_tiles``."""
    for tile in new_tiles(old_size, size):
        if tile.level:
            return
        yield Bundle(tile.index, tile.width)


def join_hashes(hashes: Sequence[bytes]) -> bytes:
    """Write a tile: its hashes, one behind the other. A full one has 8,192 bytes."""
    return b"".join(hashes)


def split_hashes(raw: bytes, width: int) -> list[bytes]:
    """Read a tile of ``width`` hashes. Raises ``MalformedInput`` for another length."""
    if len(raw) != width * HASH_BYTES:
        raise MalformedInput(f"a tile of {len(raw)} bytes; one of width {width} has {width * HASH_BYTES}")
    return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def join_entries(entries: Sequence[bytes]) -> bytes:
    """Write an entry bundle: before each entry its length in two bytes, big-endian ("Log entries").

    Raises:
        TooLarge: an entry of more than ``ENTRY_BYTES_MAX`` bytes.
    """
    longest = max(map(len, entries), default=0)
    if longest > ENTRY_BYTES_MAX:
        raise TooLarge(f"an entry of {longest} bytes; at most {ENTRY_BYTES_MAX} fit, log its hash instead")
    return b"".join([part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry)])


def split_entries(raw: bytes, width: int) -> list[bytes]:
    """Read an entry bundle of exactly ``width`` entries.

    Raises:
        MalformedInput: fewer entries, or anything behind them (``TooLarge`` beyond ``BUNDLE_BYTES_MAX``).
    """
    if len(raw) > BUNDLE_BYTES_MAX:
        raise TooLarge(f"a bundle of {len(raw)} bytes; at most {BUNDLE_BYTES_MAX} are read")
    entries: list[bytes] = []
    at = 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(raw[at:start], "big")
        if start > len(raw) or at > len(raw):
            raise MalformedInput(f"the bundle is cut short: entry {len(entries)} of {width} is not whole")
        entries.append(raw[start:at])
    if at != len(raw):
        raise MalformedInput(f"{len(raw) - at} bytes stand behind the {width} entries of this bundle")
    return entries


def reader_of_tiles(fetch: Callable[[Tile], bytes], *, size: int) -> HashReader:
    """Give a reader of nodes that asks ``fetch`` for each tile of the tree of ``size`` leaves at most once.

    A proof made from it needs some 8 tiles. The tiles are not trusted: verify what is made of them against a
    root that is. ``fetch`` is asked for partial tiles where the tree of ``size`` has them, and returns just those.
    """
    held: dict[Tile, list[bytes]] = {}

    def read(level: int, index: int) -> bytes:
        row, height = divmod(level, _BITS)
        first, count = index << height, 1 << height
        nodes = size >> _BITS * row
        if index < 0 or first + count > nodes:
            raise MalformedInput(f"no complete node {index} on level {level} of a tree of {size} leaves")
        tile = Tile(row, first // TILE_WIDTH, min(TILE_WIDTH, nodes - first // TILE_WIDTH * TILE_WIDTH))
        if tile not in held:
            held[tile] = split_hashes(fetch(tile), tile.width)
        start = first % TILE_WIDTH
        return _complete_root(held[tile][start : start + count])

    return read


def _complete_root(row: list[bytes]) -> bytes:
    while len(row) > 1:
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


def _require_place(index: int, width: int) -> None:
    # "Empty tiles MUST NOT be served."
    if not (0 <= index <= _INDEX_MAX and 1 <= width <= TILE_WIDTH):
        raise MalformedInput(
            f"a tile {index} of width {width}; an index is at most {_INDEX_MAX}, a width 1 to 256"
        )


def _path(row: str, index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    number = "".join(f"x{group}/" for group in groups[:-1]) + groups[-1]
    return f"tile/{row}/{number}" + (f".p/{width}" if width < TILE_WIDTH else "")
