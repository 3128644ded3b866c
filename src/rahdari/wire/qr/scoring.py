"""Which of the eight masks reads best: the four penalties of ISO/IEC 18004, 7.8.3, all masks at once.

A module is one byte whose bit k is its colour under mask k: one operation works for eight symbols.
"""

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.uint8]

_PLANE_BITS = (np.arange(256)[:, None] >> np.arange(8) & 1).astype(np.int64)


def best_mask(modules: Planes) -> int:
    """Name the mask with the lowest penalty; of equals, the lowest number."""
    return int(np.argmin(penalties(modules)))


def penalties(modules: Planes) -> NDArray[np.int64]:
    """Score each of the eight masked symbols (7.8.3.1, Table 11): lower reads better."""
    lines = np.stack([modules, modules.T])  # rows and columns, by the same rules
    same: Planes = np.bitwise_not(lines[:, :, 1:] ^ lines[:, :, :-1])
    return _runs(same) + _squares(same) + _finder_likes(lines) + _balance(modules)


def _counts(planes: Planes) -> NDArray[np.int64]:
    """How many ones each of the eight planes has."""
    counts: NDArray[np.int64] = np.bincount(planes.ravel(), minlength=256) @ _PLANE_BITS
    return counts


def _runs(same: Planes) -> NDArray[np.int64]:
    """Five or more of one colour in line: 3 and one for each beyond five, so length - 2."""
    pairs = same[:, :, 1:] & same[:, :, :-1]
    fives = pairs[:, :, 2:] & pairs[:, :, :-2]  # a run of n holds n - 4 of these
    starts = fives.copy()
    starts[:, :, 1:] &= ~fives[:, :, :-1]  # and one of these
    return _counts(fives) + 2 * _counts(starts)


def _squares(same: Planes) -> NDArray[np.int64]:
    """A block of m x n of one colour: 3 (m - 1)(n - 1), which is 3 for each 2 x 2 within it."""
    across, down = same[0], same[1].T
    return 3 * _counts(across[1:] & across[:-1] & down[:, :-1])


def _finder_likes(lines: Planes) -> NDArray[np.int64]:
    """1:1:3:1:1 beside four light modules: 40. The quiet zone counts as light."""
    size = lines.shape[1]
    wide = np.zeros((2, size, size + 8), dtype=np.uint8)
    wide[:, :, 4:-4] = lines
    light: Planes = np.bitwise_not(wide)
    at = size + 8 - 14  # where a window of 7 with 4 on either side may begin, less one
    body = _at(wide, 4, at) & _at(wide, 6, at) & _at(wide, 7, at) & _at(wide, 8, at) & _at(wide, 10, at)
    body &= _at(light, 5, at) & _at(light, 9, at)
    twos = light[:, :, 1:] & light[:, :, :-1]
    fours = twos[:, :, 2:] & twos[:, :, :-2]
    return 40 * _counts(body & (_at(fours, 0, at) | _at(fours, 11, at)))


def _at(planes: Planes, offset: int, width: int) -> Planes:
    return planes[:, :, offset : offset + width]


def _balance(modules: Planes) -> NDArray[np.int64]:
    """Ten for each whole 5 per cent by which the dark share leaves one half."""
    dark = _counts(modules)
    return 10 * (np.abs(20 * dark - 10 * modules.size) // modules.size)
