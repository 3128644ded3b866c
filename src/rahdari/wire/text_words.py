"""Eight bytes of text as one number, for whole columns of them: digits become numbers without a loop over rows.

A word is eight bytes taken as one unsigned number whose lowest byte is the text's first. What is done to a word is
done to its eight bytes at once; NumPy does it to a column of words.

Source: D. E. Knuth, The Art of Computer Programming 4A, 7.1.3, on finding a byte and on sums over neighbours.
"""

import sys
from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]

BYTES: Final = 8
IS_LITTLE_ENDIAN: Final = sys.byteorder == "little"


def word(text: bytes) -> np.uint64:
    """Give eight bytes of text as a word."""
    return np.uint64(int.from_bytes(text, "little"))


ZEROS: Final = word(b"00000000")
_ONES: Final = word(b"\x01" * BYTES)
_HIGHS: Final = word(b"\x80" * BYTES)
# Added to a byte above nine, it carries into the byte's highest bit.
_NINE_TO_HIGH: Final = word(b"\x76" * BYTES)
# A bit at the bottom of byte n, times this, has n in the highest byte.
_PLACES: Final = word(bytes(reversed(range(BYTES))))
_TO_HIGHEST: Final = np.uint64(56)


def place_of_bit(bits: Words) -> Words:
    """Tell in which byte of each word its only bit stands, the lowest of that byte; overwrites ``bits``."""
    bits *= _PLACES
    bits >>= _TO_HIGHEST
    return bits


def find_first(words: Words, byte: bytes) -> Words:
    """Tell the place of the first such byte in each word; 0 also where there is none."""
    rest = words ^ word(byte * BYTES)
    found = rest - _ONES
    np.invert(rest, out=rest)
    found &= rest
    found &= _HIGHS
    # The lowest of the bits is right; those above it may come of a borrow.
    np.negative(found, out=rest)
    found &= rest
    found >>= np.uint64(7)
    return place_of_bit(found)


def are_digits(words: Words) -> bool:
    """Tell whether every byte of every word is the value of a digit, 0 to 9."""
    high = words + _NINE_TO_HIGH
    high |= words
    return not np.bitwise_or.reduce(high) & _HIGHS


def as_numbers(words: Words) -> Words:
    """Read eight values of digits, the first the most significant, as one number; overwrites ``words``.

    Neighbours become pairs, pairs fours, fours the whole: in each lane ``(a + b << n) * (10**k << n | 1) >> n`` is
    ``a * 10**k + b``, and what is above the lane falls away.
    """
    as_fours(words)
    words *= np.uint64((10_000 << 32) + 1)
    words >>= np.uint64(32)
    return words


def as_fours(words: Words) -> Words:
    """Read each half of four values of digits as a number in its place; overwrites ``words``."""
    lanes = words.view(np.uint16)
    lanes *= np.uint16((10 << 8) + 1)
    lanes >>= np.uint16(8)
    wider = words.view(np.uint32)
    wider *= np.uint32((100 << 16) + 1)
    wider >>= np.uint32(16)
    return words


def right_aligned(words: Words, lengths: Words) -> Words:
    """Keep the first bytes of each word, moved to its end, noughts before them; lengths 1 to 8."""
    moved: Words = words << (np.uint64(64) - (lengths << np.uint64(3)))
    return moved
