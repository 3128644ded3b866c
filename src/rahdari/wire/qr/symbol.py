"""Codewords to modules: patterns, placement and the best mask (ISO/IEC 18004, 6.3, 7.7-7.10).

All eight masked symbols are held at once: one byte a module, bit k its colour under mask k (1 is dark).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rahdari.wire.qr import reed_solomon
from rahdari.wire.qr.scoring import best_mask
from rahdari.wire.qr.segments import Segment
from rahdari.wire.qr.tables import Level, alignment_centres, blocks, format_word, side, version_word

Modules = NDArray[np.uint8]
_DARK, _LIGHT = 0xFF, 0x00  # the same under every mask


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What all symbols of one version and level share."""

    modules: Modules  # function patterns, format words; in the content area the eight masks
    order: NDArray[np.intp]  # where content bits go, as flat places, first bit first (7.7.3)


def draw(text: str, level: Level) -> NDArray[np.bool_]:
    """Draw the symbol of a text: True is dark; no quiet zone.

    Raises:
        MalformedInput: the text is empty or no Unicode text.
        TooLarge: the text fits no symbol at this level.
    """
    segment = Segment(text)
    version = segment.version(level)
    codewords = reed_solomon.interleaved(segment.codewords(version, level), blocks(version, level))
    frame = _frame(version, level)
    modules = frame.modules.copy()
    bits = np.unpackbits(codewords)
    # Up to seven remainder bits stay light before masking (7.7.3, Table 1).
    modules.reshape(-1)[frame.order[: len(bits)]] ^= np.negative(bits)  # 1 becomes 0xFF
    chosen = best_mask(modules)
    symbol: NDArray[np.bool_] = (modules & (1 << chosen)) != 0
    return symbol


# About 60 kB a frame; a bulk run meets a handful of versions.
@lru_cache(maxsize=32)
def _frame(version: int, level: Level) -> _Frame:
    size = side(version)
    modules = np.zeros((size, size), dtype=np.uint8)
    taken = np.zeros((size, size), dtype=np.bool_)
    _draw_timing(modules, taken)
    _draw_finders(modules, taken)
    _draw_alignment(modules, taken, alignment_centres(version))
    _draw_format(modules, taken, level)
    if version >= 7:
        _draw_version(modules, taken, version)
    modules[~taken] = _masks(size)[~taken]
    order = _order(taken)
    modules.setflags(write=False)
    return _Frame(modules, order)


def _draw_timing(modules: Modules, taken: NDArray[np.bool_]) -> None:
    """Row 6 and column 6 alternate, dark first (6.3.5)."""
    line = np.where(np.arange(len(modules)) % 2 == 0, _DARK, _LIGHT)
    modules[6, :] = modules[:, 6] = line
    taken[6, :] = taken[:, 6] = True


def _rings(radius: int) -> Modules:
    """Concentric squares: how far each place is from the centre."""
    away = np.abs(np.arange(-radius, radius + 1))
    return np.maximum(away[:, None], away[None, :]).astype(np.uint8)


def _draw_finders(modules: Modules, taken: NDArray[np.bool_]) -> None:
    """Three 7 x 7 finders with their light separators (6.3.3, 6.3.4)."""
    finder = np.where(np.isin(_rings(4), (2, 4)), _LIGHT, _DARK).astype(np.uint8)
    modules[:8, :8] = finder[1:, 1:]
    modules[:8, -8:] = finder[1:, :-1]
    modules[-8:, :8] = finder[:-1, 1:]
    taken[:8, :8] = taken[:8, -8:] = taken[-8:, :8] = True


def _draw_alignment(modules: Modules, taken: NDArray[np.bool_], centres: tuple[int, ...]) -> None:
    """A 5 x 5 pattern on each crossing that no finder holds (6.3.6)."""
    pattern = np.where(_rings(2) == 1, _LIGHT, _DARK).astype(np.uint8)
    corners = {(6, 6), (6, centres[-1]), (centres[-1], 6)} if centres else set()
    for row in centres:
        for column in centres:
            if (row, column) not in corners:
                modules[row - 2 : row + 3, column - 2 : column + 3] = pattern
                taken[row - 2 : row + 3, column - 2 : column + 3] = True


def _draw_format(modules: Modules, taken: NDArray[np.bool_], level: Level) -> None:
    """Both copies of the format word, each bit of the byte for its own mask (7.9.1, Figure 25)."""
    words = [format_word(level, mask) for mask in range(8)]
    for bit in range(15):
        colour = sum((word >> bit & 1) << mask for mask, word in enumerate(words))
        row = bit if bit < 6 else bit + 1 if bit < 8 else len(modules) - 15 + bit
        column = -1 - bit if bit < 8 else 7 if bit == 8 else 14 - bit
        modules[row, 8] = modules[8, column] = colour
        taken[row, 8] = taken[8, column] = True
    modules[-8, 8] = _DARK  # the one module that is always dark
    taken[-8, 8] = True


def _draw_version(modules: Modules, taken: NDArray[np.bool_], version: int) -> None:
    """Both copies of the version word, 6 x 3 modules beside two finders (7.10, Figure 27)."""
    word = version_word(version)
    bits = np.array([word >> bit & 1 for bit in range(18)], dtype=np.uint8).reshape(6, 3) * _DARK
    modules[:6, -11:-8] = bits
    modules[-11:-8, :6] = bits.T
    taken[:6, -11:-8] = taken[-11:-8, :6] = True


def _masks(size: int) -> Modules:
    """The eight mask patterns, bit k for pattern k (7.8.2, Table 10)."""
    row, column = np.indices((size, size))
    product = row * column
    conditions = (
        row + column,
        row,
        np.minimum(column % 3, 1),
        np.minimum((row + column) % 3, 1),
        row // 2 + column // 3,
        np.minimum(product % 2 + product % 3, 1),
        product % 2 + product % 3,
        (row + column) % 2 + product % 3,
    )
    planes = ((condition % 2 == 0).astype(np.uint8) << mask for mask, condition in enumerate(conditions))
    together: Modules = np.bitwise_or.reduce(list(planes)).astype(np.uint8)
    return together


def _order(taken: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Pairs of columns from the right, upward then downward, past column 6 (7.7.3)."""
    size = len(taken)
    places: list[NDArray[np.intp]] = []
    rights = [right if right > 6 else right - 1 for right in range(size - 1, 0, -2)]
    for turn, right in enumerate(rights):
        rows = np.arange(size) if turn % 2 else np.arange(size)[::-1]
        places.append((rows[:, None] * size + np.array([right, right - 1])).ravel())
    path = np.concatenate(places)
    return path[~taken.reshape(-1)[path]]
