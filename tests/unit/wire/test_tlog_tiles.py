"""Tiles: their paths, their bytes, which of them an append writes, and proofs read from them."""

import pytest

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.tlog import (
    ENTRY_BYTES_MAX,
    SIZE_MAX,
    TILE_WIDTH,
    Bundle,
    Frontier,
    ProofRefused,
    Tile,
    join_entries,
    join_hashes,
    leaf_hash,
    new_bundles,
    new_tiles,
    prove_consistency,
    prove_inclusion,
    read_path,
    reader_of_tiles,
    split_entries,
    split_hashes,
    verify_growth,
    verify_inclusion,
)
from rahdari.wire.tlog.tiles import BUNDLE_BYTES_MAX, PATH_CHARS_MAX
from tests.unit.wire.tlog_world import entries

# c2sp.org/tlog-tiles, "Merkle Tree", names 1234067; the rest follows from its rule.
PATHS = [
    ("tile/0/x001/x234/067", Tile(0, 1234067)),
    ("tile/0/000", Tile(0, 0)),
    ("tile/1/999", Tile(1, 999)),
    ("tile/2/x001/000", Tile(2, 1000)),
    ("tile/63/x001/x000/000.p/255", Tile(63, 1_000_000, 255)),
    ("tile/0/x001/234.p/1", Tile(0, 1234, 1)),
    ("tile/entries/000", Bundle(0)),
    ("tile/entries/x001/x234/067.p/17", Bundle(1234067, 17)),
    ("tile/entries/x036/x028/x797/x018/x963/967.p/255", Bundle(SIZE_MAX >> 8, 255)),
]


@pytest.mark.parametrize(("path", "tile"), PATHS)
def test_a_path_is_read_and_written(path: str, tile: Tile | Bundle) -> None:
    assert read_path(path) == tile
    assert tile.path == path
    assert tile.is_full is (".p/" not in path)
    assert len(path) <= PATH_CHARS_MAX


@pytest.mark.parametrize(
    "path",
    [
        "", "tile", "tile/0", "tile/0/", "tile/0/1", "tile/0/01", "tile/0/0001", "tile/0/001/", "/tile/0/001",
        "tile/00/001", "tile/01/001", "tile/64/001", "tile/100/001", "tile/-1/001", "tile/x/001", "tile/0/x001",
        "tile/0/x000/001", "tile/0/x000/x001/001", "tile/0/001/002", "tile/0/x01/002", "tile/0/X001/002",
        "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/999", "tile/0/001.p/01", "tile/0/001.p/",
        "tile/0/001.p", "tile/0/001.p/1/", "tile/0/001.P/1", "tile/data/001", "tile/entries", "tile/entries/x1/001",
        "tile/0/001\n", "tile/0/٠٠١", "tile/٣/001", "tile/8/0/001", " tile/0/001", "tile/0/../001",
        "tile/0/x036/x028/x797/x018/x963/968", "tile/0/x999/x999/x999/x999/x999/999",
    ],
)  # fmt: skip
def test_no_other_text_is_a_path(path: str) -> None:
    with pytest.raises(MalformedInput):
        read_path(path)


def test_a_long_path_is_refused_before_it_is_looked_at() -> None:
    with pytest.raises(TooLarge, match="characters"):
        read_path("tile/0/" + "x001/" * 20 + "000")


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)]
)
def test_a_tile_that_has_no_path_cannot_be_made(level: int, index: int, width: int) -> None:
    with pytest.raises(MalformedInput):
        Tile(level, index, width)
    if level == 0:
        with pytest.raises(MalformedInput):
            Bundle(index, width)


def test_a_log_of_70000_entries_has_the_tiles_that_the_standard_counts() -> None:
    """c2sp.org/tlog-tiles, "Partial Tiles": 273 full and one of 112, one full and one of 17, one of 1."""
    tiles = list(new_tiles(0, 70_000))
    assert [tile.path for tile in tiles if not tile.is_full] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert [sum(tile.level == level for tile in tiles if tile.is_full) for level in range(3)] == [273, 1, 0]


def test_a_log_of_256_entries_has_a_full_tile_and_one_of_width_1() -> None:
    assert [tile.path for tile in new_tiles(0, 256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert [bundle.path for bundle in new_bundles(0, 256)] == ["tile/entries/000"]


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (0, 0, []),
        (5, 5, []),
        (0, 1, ["tile/0/000.p/1"]),
        (5, 6, ["tile/0/000.p/6"]),
        (255, 256, ["tile/0/000", "tile/1/000.p/1"]),
        (256, 257, ["tile/0/001.p/1"]),
        (250, 260, ["tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1"]),
        (65_535, 65_536, ["tile/0/255", "tile/1/000", "tile/2/000.p/1"]),
    ],
)
def test_an_append_writes_the_tiles_that_it_changes(old: int, new: int, paths: list[str]) -> None:
    assert [tile.path for tile in new_tiles(old, new)] == paths
    entry_paths = [path.replace("tile/0/", "tile/entries/") for path in paths if path.startswith("tile/0/")]
    assert [bundle.path for bundle in new_bundles(old, new)] == entry_paths


@pytest.mark.parametrize(("old", "new"), [(2, 1), (-1, 1), (0, 2**63)])
def test_a_log_neither_shrinks_nor_outgrows_its_numbers(old: int, new: int) -> None:
    with pytest.raises(MalformedInput):
        list(new_tiles(old, new))


def test_the_largest_log_has_eight_rows() -> None:
    assert [tile.level for tile in new_tiles(SIZE_MAX - 1, SIZE_MAX)] == [0]
    assert max(tile.level for tile in new_tiles(2**56 - 1, 2**56)) == 7


def test_a_tile_is_its_hashes() -> None:
    hashes = [bytes((number,)) * 32 for number in range(TILE_WIDTH)]
    raw = join_hashes(hashes)
    assert len(raw) == 8192
    assert split_hashes(raw, 256) == hashes
    for width in (255, 1, 0):
        with pytest.raises(MalformedInput, match="width"):
            split_hashes(raw, width)


@pytest.mark.parametrize("listed", [[b""], [b"a", b"", b"bc"], [bytes(ENTRY_BYTES_MAX)], [b"x"] * 256])
def test_a_bundle_is_its_entries_with_their_lengths(listed: list[bytes]) -> None:
    raw = join_entries(listed)
    assert split_entries(raw, len(listed)) == listed
    assert len(raw) == sum(map(len, listed)) + 2 * len(listed)


def test_the_length_of_an_entry_is_two_bytes_big_endian() -> None:
    assert join_entries([b"abc", bytes(258)])[:7] == b"\x00\x03abc\x01\x02"


@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\2a", b"\0\1ab", b"\0\1a\0", b"\0\1a\0\1b", b"\xff\xffa"])
def test_a_bundle_that_is_not_exactly_its_entries_is_malformed(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        split_entries(raw, 1)


def test_an_entry_that_is_too_long_is_not_written_and_a_bundle_that_is_too_long_not_read() -> None:
    with pytest.raises(TooLarge, match="entry"):
        join_entries([bytes(ENTRY_BYTES_MAX + 1)])
    with pytest.raises(TooLarge, match="bundle"):
        split_entries(bytes(BUNDLE_BYTES_MAX + 1), 1)


class Shelf:
    """Tiles on a shelf, written as a log writes them: append by append."""

    def __init__(self, *sizes: int) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[Tile] = []
        rows: list[list[bytes]] = [[] for _ in range(64)]
        self.heads = {}
        frontier = Frontier()
        for size in sizes:
            leaves = [leaf_hash(entry) for entry in entries(size)[frontier.size :]]
            growth = frontier.append(leaves)
            for level, row in enumerate(growth.levels):
                rows[level].extend(row)
            for tile in new_tiles(frontier.size, size):
                start = tile.index * TILE_WIDTH
                self.files[tile.path] = join_hashes(rows[8 * tile.level][start : start + tile.width])
            frontier = growth.frontier
            self.heads[size] = frontier.head

    def fetch(self, tile: Tile) -> bytes:
        self.asked.append(tile)
        return self.files[tile.path]


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf(3, 200, 256, 700, 1003)


@pytest.mark.parametrize("size", [3, 200, 256, 700, 1003])
def test_proofs_are_read_from_tiles(shelf: Shelf, size: int) -> None:
    read = reader_of_tiles(shelf.fetch, size=size)
    for index in {0, 1, size // 2, size - 2, size - 1}:
        proof = prove_inclusion(read, index, size=size)
        verify_inclusion(leaf_hash(f"entry {index}".encode()), proof, index=index, head=shelf.heads[size])
    for old in (3, 200, 256, 700, 1003):
        if old <= size:
            verify_growth(
                prove_consistency(read, old, size=size), old=shelf.heads[old], new=shelf.heads[size]
            )


def test_no_tile_is_fetched_twice(shelf: Shelf) -> None:
    shelf.asked.clear()
    read = reader_of_tiles(shelf.fetch, size=1003)
    for index in (0, 500, 1002):
        prove_inclusion(read, index, size=1003)
    assert len(shelf.asked) == len(set(shelf.asked)) == 4
    assert {tile.path for tile in shelf.asked} >= {"tile/0/003.p/235", "tile/1/000.p/3"}


def test_an_altered_tile_gives_a_proof_that_is_refused(shelf: Shelf) -> None:
    def fetch(tile: Tile) -> bytes:
        raw = bytearray(shelf.files[tile.path])
        if tile.level == 0:
            raw[32 * 7] ^= 1
        return bytes(raw)

    proof = prove_inclusion(reader_of_tiles(fetch, size=1003), 6, size=1003)
    with pytest.raises(ProofRefused, match="does not lead"):
        verify_inclusion(leaf_hash(b"entry 6"), proof, index=6, head=shelf.heads[1003])


def test_a_tile_of_another_width_is_malformed(shelf: Shelf) -> None:
    read = reader_of_tiles(lambda tile: shelf.files[tile.path] + bytes(32), size=1003)
    with pytest.raises(MalformedInput, match="width"):
        prove_inclusion(read, 0, size=1003)


@pytest.mark.parametrize(("level", "index"), [(0, 1003), (0, -1), (1, 501), (8, 3), (9, 1), (10, 0), (64, 0)])
def test_a_node_that_is_not_complete_cannot_be_read(shelf: Shelf, level: int, index: int) -> None:
    read = reader_of_tiles(shelf.fetch, size=1003)
    with pytest.raises(MalformedInput, match="no complete node"):
        read(level, index)
