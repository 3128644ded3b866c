"""Error correction codewords by table: Reed-Solomon over GF(2^8) (ISO/IEC 18004, 7.5 and Annex A)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rahdari.wire.qr.tables import Blocks

_FIELD = 0b1_0001_1101  # 7.5.2: x^8 + x^4 + x^3 + x^2 + 1


def _products() -> NDArray[np.uint8]:
    """The multiplication table of the field, 256 x 256."""
    powers = [1]
    for _ in range(254):
        double = powers[-1] << 1
        powers.append(double ^ _FIELD if double & 0x100 else double)
    exponents = np.array(powers + powers, dtype=np.uint8)
    logarithms = np.zeros(256, dtype=np.intp)
    logarithms[powers] = np.arange(255)
    table: NDArray[np.uint8] = exponents[(logarithms[:, None] + logarithms[None, :]) % 255]
    table[0, :] = table[:, 0] = 0
    return table


_PRODUCT = _products()


@lru_cache(maxsize=64)
def _generator(degree: int) -> NDArray[np.uint8]:
    """Coefficients of (x - 1)(x - a)...(x - a^(degree-1)) after the leading 1 (Annex A)."""
    coefficients = np.zeros(degree + 1, dtype=np.uint8)
    coefficients[0] = 1
    root = 1
    for step in range(degree):
        coefficients[1 : step + 2] ^= _PRODUCT[root][coefficients[: step + 1]]
        root = int(_PRODUCT[root, 2])
    return coefficients[1:]


# One table is at most 123 x 256 x 30 bytes (40-L's long block): eight of them stay under 8 MB.
@lru_cache(maxsize=8)
def _shares(length: int, degree: int) -> NDArray[np.uint8]:
    """What each byte at each of ``length`` places adds to the remainder: (length * 256, degree).

    Division is linear, so the remainder of a block is the sum of its bytes' own remainders.
    """
    generator = _generator(degree)
    unit = np.empty((length, degree), dtype=np.uint8)
    rest = generator
    for place in range(length - 1, -1, -1):
        unit[place] = rest
        rest = np.append(rest[1:], np.uint8(0)) ^ _PRODUCT[rest[0]][generator]
    table = _PRODUCT[np.arange(256)[None, :, None], unit[:, None, :]]
    return np.ascontiguousarray(table.reshape(length * 256, degree))


def _checks(rows: NDArray[np.uint8], degree: int) -> NDArray[np.uint8]:
    count, length = rows.shape
    shares = _shares(length, degree)
    index = rows.astype(np.intp) + np.arange(0, length * 256, 256)
    taken = shares.take(index.ravel(), axis=0).reshape(count, length, degree)
    checks: NDArray[np.uint8] = np.bitwise_xor.reduce(taken, axis=1)
    return checks


def interleaved(content: NDArray[np.uint8], shape: Blocks) -> NDArray[np.uint8]:
    """Cut the content into blocks, add each block's checks, and weave them column by column (7.6)."""
    short, length = shape.short_blocks, shape.short_length
    cut = short * length
    shorter = content[:cut].reshape(short, length)
    if short == shape.blocks:
        return np.concatenate([shorter.T.ravel(), _checks(shorter, shape.check_bytes).T.ravel()])
    longer = content[cut:].reshape(-1, length + 1)
    # A short block is a long one that begins with a zero: the same remainder from one table.
    padded = np.zeros((shape.blocks, length + 1), dtype=np.uint8)
    padded[:short, 1:] = shorter
    padded[short:] = longer
    checks = _checks(padded, shape.check_bytes)
    woven = np.concatenate([shorter, longer[:, :-1]]).T.ravel()
    return np.concatenate([woven, longer[:, -1], checks.T.ravel()])
