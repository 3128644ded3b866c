"""What ISO/IEC 18004:2015 fixes by table: blocks, alignment centres, format and version words."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

VERSION_MAX = 40  # 5.1: versions 1 to 40


class Level(StrEnum):
    """How much of a symbol may be lost and still be restored (6.5.1): 7, 15, 25, 30 per cent."""

    L = "L"
    M = "M"
    Q = "Q"
    H = "H"

    @property
    def indicator(self) -> int:
        """The two bits that name the level in the format word (Table 12)."""
        return {"L": 1, "M": 0, "Q": 3, "H": 2}[self.value]


# Table 9, "error correction codewords per block", versions 1 to 40.
_CHECK_BYTES = {
    Level.L: "7 10 15 20 26 18 20 24 30 18 20 24 26 30 22 24 28 30 28 28 28 28 30 30 26 28" + " 30" * 14,
    Level.M: "10 16 26 18 24 16 18 22 22 26 30 22 22 24 24 28 28 26 26 26 26" + " 28" * 19,
    Level.Q: "13 22 18 26 18 24 18 22 20 24 28 26 24 20 30 24 28 28 26 30 28 30 30 30 30 28" + " 30" * 14,
    Level.H: "17 28 22 16 22 28 26 26 24 28 24 28 22 24 24 30 28 28 26 28 30 24" + " 30" * 18,
}
# Table 9, "number of error correction blocks", versions 1 to 40.
_BLOCKS = {
    Level.L: (
        "1 1 1 1 1 2 2 2 2 4 4 4 4 4 6 6 6 6 7 8 8 9 9 10 12 12 12 13 14 15 16 17 18 19 19 20 21 22 24 25"
    ),
    Level.M: (
        "1 1 1 2 2 4 4 4 5 5 5 8 9 9 10 10 11 13 14 16 "
        "17 17 18 20 21 23 25 26 28 29 31 33 35 37 38 40 43 45 47 49"
    ),
    Level.Q: (
        "1 1 2 2 4 4 6 6 8 8 8 10 12 16 12 17 16 18 21 20 "
        "23 23 25 27 29 34 34 35 38 40 43 45 48 51 53 56 59 62 65 68"
    ),
    Level.H: (
        "1 1 2 4 4 4 5 6 8 8 11 11 16 16 18 16 19 21 25 25 "
        "25 34 30 32 35 37 40 42 45 48 51 54 57 60 63 66 70 74 77 81"
    ),
}


@dataclass(frozen=True, slots=True)
class Blocks:
    """How a symbol's codewords are cut for error correction; short blocks come first (7.5.1)."""

    codewords: int
    blocks: int
    check_bytes: int

    @property
    def payload_bytes(self) -> int:
        """How many codewords carry content."""
        return self.codewords - self.blocks * self.check_bytes

    @property
    def short_length(self) -> int:
        """How many content codewords a short block has; a long one has one more."""
        return self.payload_bytes // self.blocks

    @property
    def short_blocks(self) -> int:
        """How many blocks are short."""
        return self.blocks - self.payload_bytes % self.blocks


def side(version: int) -> int:
    """Modules along one side, without the quiet zone (5.3.2)."""
    return 17 + 4 * version


def _codewords(version: int) -> int:
    """Whole codewords that fit beside the function patterns (Table 1): area less what is reserved."""
    modules = (16 * version + 128) * version + 64
    if version >= 2:
        aligned = version // 7 + 2
        modules -= (25 * aligned - 10) * aligned - 55
    if version >= 7:
        modules -= 36  # 7.10: two version words of 18 modules
    return modules // 8


@lru_cache(maxsize=VERSION_MAX * len(Level))
def blocks(version: int, level: Level) -> Blocks:
    """Look up the blocks of one version and level (Table 9)."""
    column = version - 1
    return Blocks(
        codewords=_codewords(version),
        blocks=int(_BLOCKS[level].split()[column]),
        check_bytes=int(_CHECK_BYTES[level].split()[column]),
    )


def alignment_centres(version: int) -> tuple[int, ...]:
    """Rows and columns on which alignment patterns are centred (Annex E).

    The annex prints a table; its rows are evenly spaced from the far side by an even step, except
    that version 32 has 26 where that rule would give 28.
    """
    if version == 1:
        return ()
    count = version // 7 + 2
    step = 26 if version == 32 else (version * 4 + count * 2 + 1) // (count * 2 - 2) * 2
    last = side(version) - 7
    return (6, *(last - step * back for back in range(count - 2, -1, -1)))


def format_word(level: Level, mask: int) -> int:
    """Fifteen bits that name level and mask: BCH (15, 5), then the fixed mask (7.9.1, Annex C)."""
    word = level.indicator << 3 | mask
    return (word << 10 | _remainder(word << 10, 0b101_0011_0111)) ^ 0b101_0100_0001_0010


def version_word(version: int) -> int:
    """Eighteen bits that name the version: Golay-like BCH (18, 6) (7.10, Annex D)."""
    return version << 12 | _remainder(version << 12, 0b1_1111_0010_0101)


def _remainder(word: int, generator: int) -> int:
    """Divide two polynomials over GF(2) and keep the rest."""
    while word.bit_length() >= generator.bit_length():
        word ^= generator << (word.bit_length() - generator.bit_length())
    return word
