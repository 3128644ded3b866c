"""A symbol as a picture: PNG for printers, half blocks for terminals, a path for SVG."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.qr import symbol
from rahdari.wire.qr.segments import Segment
from rahdari.wire.qr.tables import Level, side

QUIET_MODULES = 4  # ISO/IEC 18004, 9.1: the quiet zone is four modules wide, at least

# A version 40 symbol at 40 pixels a module is 7,400 pixels wide, 600 a millimetre of a 12 cm poster's
# edge; more is a mistake in units, and costs memory by its square.
MODULE_PX_MAX = 40
QUIET_MODULES_MAX = 64

_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_BLACK_IS_ZERO = struct.pack(">BBBBB", 1, 0, 0, 0, 0)  # PNG 11.2.1: 1 bit, greyscale, no interlace
_FILTER_NONE, _FILTER_UP = 0, 2  # PNG 9.2

# Between a dark terminal's light-on-dark ink: a light module is inked, so the quiet zone shines.
_HALF_BLOCKS = np.array([" ", "▄", "▀", "█"])


def write_matrix(text: str, ec_level: str = "L") -> NDArray[np.bool_]:
    """Draw the symbol as a square of modules: True is dark; the quiet zone is the caller's.

    Raises:
        MalformedInput: the text is empty, or the level is not one of L, M, Q, H.
        TooLarge: no symbol holds the text at this level.
    """
    return symbol.draw(text, _level(ec_level))


def count_modules(text: str, *, ec_level: str = "L") -> int:
    """Tell how many modules a side of the symbol has, without drawing it; the quiet zone is not counted.

    Raises:
        MalformedInput, TooLarge: as ``write_matrix``.
    """
    return side(Segment(text).version(_level(ec_level)))


def write_png(
    text: str, *, ec_level: str = "L", module_px: int = 4, quiet_modules: int = QUIET_MODULES
) -> bytes:
    """Draw the symbol as a 1-bit greyscale PNG, ``module_px`` pixels a module.

    Raises:
        MalformedInput: as ``write_matrix``; or a measure is not positive.
        TooLarge: as ``write_matrix``; or a measure exceeds its maximum.
    """
    _check_measure("module_px", module_px, least=1, most=MODULE_PX_MAX)
    _check_measure("quiet_modules", quiet_modules, least=0, most=QUIET_MODULES_MAX)
    light = np.pad(~write_matrix(text, ec_level), quiet_modules, constant_values=True)
    return _png(light, module_px)


def write_terminal(text: str, *, ec_level: str = "L") -> str:
    """Draw the symbol with half blocks, two modules a character, light on a dark terminal.

    The lines end with a newline each and hold the quiet zone, so that a phone reads the screen.
    """
    light = np.pad(~write_matrix(text, ec_level), QUIET_MODULES, constant_values=True)
    if len(light) % 2:
        light = np.pad(light, ((0, 1), (0, 0)), constant_values=False)
    glyphs = _HALF_BLOCKS[light[0::2] * 2 + light[1::2]]
    return "".join("".join(row) + "\n" for row in glyphs.tolist())


def write_svg_path(text: str, *, ec_level: str = "L", quiet_modules: int = QUIET_MODULES) -> tuple[int, str]:
    """Draw the dark modules as one SVG path; the width of the drawing in modules stands beside it."""
    _check_measure("quiet_modules", quiet_modules, least=0, most=QUIET_MODULES_MAX)
    dark = np.pad(write_matrix(text, ec_level), quiet_modules + 1)
    edges = np.diff(dark.astype(np.int8), axis=1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    strokes = (
        f"M{start} {row - 1}h{end - start}v1h-{end - start}z"
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    )
    return len(dark) - 2, "".join(strokes)


def _level(name: str) -> Level:
    try:
        return Level(name)
    except ValueError:
        raise MalformedInput(f"error correction level {name[:9]!r} is none of L, M, Q, H") from None


def _check_measure(name: str, value: int, *, least: int, most: int) -> None:
    if value < least:
        raise MalformedInput(f"{name} is {value}; it must be {least} at least")
    if value > most:
        raise TooLarge(f"{name} is {value}; it may be {most} at most")


def _png(light: NDArray[np.bool_], module_px: int) -> bytes:
    """Write a bilevel PNG (ISO/IEC 15948); rows that repeat are told as such, which compresses fast."""
    wide = np.packbits(np.repeat(light, module_px, axis=1), axis=1)
    rows = np.zeros((len(light), module_px, 1 + wide.shape[1]), dtype=np.uint8)
    rows[:, 0, 0] = _FILTER_NONE
    rows[:, 1:, 0] = _FILTER_UP  # "as above": the rest of the row stays zero
    rows[:, 0, 1:] = wide
    size_px = len(light) * module_px
    header = struct.pack(">II", size_px, size_px) + _BLACK_IS_ZERO
    body = zlib.compress(rows.tobytes(), 1)
    return _PNG_MAGIC + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    """PNG 5.3: length, kind, content, CRC of kind and content."""
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
    )
