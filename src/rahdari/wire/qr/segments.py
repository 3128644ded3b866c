"""Text to codewords: the mode, the length, the characters, the padding (ISO/IEC 18004, 7.4)."""

import numpy as np
from numpy.typing import NDArray

from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.qr.tables import VERSION_MAX, Level, blocks

Octets = NDArray[np.uint8]

# Table 5: the 45 characters in order of their values.
ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = np.full(256, 255, dtype=np.uint8)
_VALUES[np.frombuffer(ALPHANUMERIC.encode(), dtype=np.uint8)] = np.arange(45, dtype=np.uint8)

# 40-L holds 7089 digits (Table 7); no longer text fits any symbol, so it is refused before any work.
TEXT_CHARS_MAX = 7089

# Table 3: bits of the character count, by mode, for versions 1-9, 10-26, 27-40.
_NUMERIC, _ALPHANUMERIC, _BYTE = 0b0001, 0b0010, 0b0100
_COUNT_BITS = {_NUMERIC: (10, 12, 14), _ALPHANUMERIC: (9, 11, 13), _BYTE: (8, 16, 16)}
_ECI_UTF8 = (0b0111 << 8) | 26  # 7.4.2.2: designator 000026 is UTF-8


class Segment:
    """One run of characters in one mode, ready to be counted and written."""

    __slots__ = ("_body", "_count", "_eci", "_mode")

    def __init__(self, text: str) -> None:
        """Take the densest mode that holds the whole text (7.4.1).

        Raises:
            MalformedInput: the text is empty, or holds half a surrogate pair.
            TooLarge: no symbol holds so many characters.
        """
        if not text:
            raise MalformedInput("a QR code cannot carry an empty text; pass the text to carry")
        if len(text) > TEXT_CHARS_MAX:
            raise TooLarge(f"{len(text)} characters: no QR code holds more than {TEXT_CHARS_MAX}; shorten it")
        raw = _utf8(text)
        octets = np.frombuffer(raw, dtype=np.uint8)
        self._eci = len(raw) != len(text)  # beyond ASCII, a reader must not have to guess the character set
        values = _VALUES[octets]
        if values.max() < 10:
            self._mode, self._count, self._body = _NUMERIC, len(text), _pack(values, 3, (0, 4, 7, 10), 10)
        elif values.max() < 45:
            self._mode, self._count, self._body = _ALPHANUMERIC, len(text), _pack(values, 2, (0, 6, 11), 45)
        else:
            self._mode, self._count, self._body = _BYTE, len(raw), np.unpackbits(octets)

    def version(self, level: Level) -> int:
        """Find the smallest version that holds the segment.

        Raises:
            TooLarge: not even version 40 does.
        """
        for version in range(1, VERSION_MAX + 1):
            if self._bits_total(version) <= blocks(version, level).payload_bytes * 8:
                return version
        raise TooLarge(
            f"{self._count} characters do not fit a QR code at level {level}; "
            "use level L, a smaller photo or none"
        )

    def codewords(self, version: int, level: Level) -> Octets:
        """Write the content codewords of the symbol, padded to the full (7.4.10)."""
        room = blocks(version, level).payload_bytes
        head = _word(self._mode, 4)
        if self._eci:
            head = np.concatenate([_word(_ECI_UTF8, 12), head])
        bits = np.concatenate([head, _word(self._count, self._count_bits(version)), self._body])
        filled = np.packbits(bits)  # up to seven zero bits close the last codeword
        # 7.4.9: the terminator is four zero bits, or as many as are left.
        terminated = min(room, (len(bits) + 4 + 7) // 8)
        codewords = np.empty(room, dtype=np.uint8)
        codewords[: len(filled)] = filled
        codewords[len(filled) : terminated] = 0
        codewords[terminated::2] = 0b1110_1100
        codewords[terminated + 1 :: 2] = 0b0001_0001
        return codewords

    def _count_bits(self, version: int) -> int:
        return _COUNT_BITS[self._mode][(version > 9) + (version > 26)]

    def _bits_total(self, version: int) -> int:
        count_bits = self._count_bits(version)
        if self._count >> count_bits:
            return 1 << 30  # the count itself does not fit
        return (12 if self._eci else 0) + 4 + count_bits + len(self._body)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MalformedInput("the text holds half a surrogate pair; it is no Unicode text") from None


def _word(value: int, width: int) -> Octets:
    return np.array([value >> shift & 1 for shift in range(width - 1, -1, -1)], dtype=np.uint8)


def _pack(values: Octets, group: int, widths: tuple[int, ...], radix: int) -> Octets:
    """Write groups of characters as numbers; the last, shorter group is narrower (7.4.3, 7.4.4)."""
    whole = len(values) // group * group
    scale = radix ** np.arange(group - 1, -1, -1)
    numbers = (values[:whole].reshape(-1, group) @ scale).astype(">u2")
    bits = np.unpackbits(numbers.view(np.uint8)).reshape(-1, 16)[:, 16 - widths[group] :].ravel()
    rest = values[whole:]
    if not len(rest):
        return bits
    number = int(rest @ scale[group - len(rest) :])
    return np.concatenate([bits, _word(number, widths[len(rest)])])
