"""Base45: bytes as the 45 characters that a QR code packs most tightly (RFC 9285).

Two bytes become three characters, least significant first. Long texts go through numpy, because this step
is the bottleneck of every reader that does it character by character.

Example:
    >>> encode(b"ietf!")
    'QED8WEX0'
    >>> decode("QED8WEX0")
    b'ietf!'
"""

from typing import Final, NoReturn

import numpy as np
import numpy.typing as npt

from rahdari.wire.errors import MalformedInput, TooLarge

# RFC 9285, 4.2, table 1.
ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# 1 MiB of text is 240 times what the largest QR code holds (4296 characters); more is not a QR code's text.
TEXT_CHARS_MAX: Final = 1 << 20

_ILLEGAL: Final = 255
_VALUES: Final = bytes(ALPHABET.find(chr(c)) if chr(c) in ALPHABET else _ILLEGAL for c in range(256))
# Below these sizes a plain loop is done before numpy has made its first array (measured).
_SMALL_TEXT: Final = 36
_SMALL_BYTES: Final = 24
# c + d * 45 + e * 45 * 45 (RFC 9285, 4). A float32 is exact up to 2**24; the sum is below 2**17.
_WEIGHTS: Final = np.array([1, 45, 2025], np.float32)
_BIG_ENDIAN: Final = np.dtype(">u2")
_NATIVE: Final = np.dtype(np.uint16)
_LARGEST: Final = np.maximum.reduce


def _triples() -> npt.NDArray[np.void]:
    """Make the table from two bytes, read in the machine's own order, to their three characters."""
    letters = np.frombuffer(ALPHABET.encode(), np.uint8)
    number = np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    value = number[:, 0].astype(np.uint32) * 256 + number[:, 1]
    table = np.stack([letters[value % 45], letters[value // 45 % 45], letters[value // 2025]], axis=1)
    return np.ascontiguousarray(table).view("V3").reshape(-1)


_TRIPLES: Final = _triples()
_TRIPLES.flags.writeable = False


def encode(data: bytes) -> str:
    """Write ``data`` as Base45 text: 3 characters for every 2 bytes, 2 for a last odd one (RFC 9285, 4.1)."""
    even = len(data) & ~1
    if even < _SMALL_BYTES:
        return _encode_small(data)
    text = _TRIPLES.take(np.frombuffer(data, _NATIVE, even >> 1)).tobytes().decode("ascii")
    return text if even == len(data) else text + _encode_small(data[even:])


def decode(text: str) -> bytes:
    """Read Base45 text, or refuse it: nothing is skipped, repaired or guessed.

    Raises:
        TooLarge: more than ``TEXT_CHARS_MAX`` characters.
        MalformedInput: a character outside the alphabet, a length that no bytes have, or a group of
            characters whose number does not fit into its bytes (RFC 9285, 6).
    """
    if len(text) > TEXT_CHARS_MAX:
        raise TooLarge(f"{len(text)} characters of Base45; at most {TEXT_CHARS_MAX} are read")
    try:
        values = text.encode("ascii").translate(_VALUES)
    except UnicodeEncodeError as error:
        _refuse_character(text, error.start)
    # (1) RFC 9285, 6: characters outside the alphabet are refused, not ignored.
    if (at := values.find(_ILLEGAL)) >= 0:
        _refuse_character(text, at)
    # (2) RFC 9285, 4.2: three characters for two bytes, two for one; a single one stands for nothing.
    if len(values) % 3 == 1:
        raise MalformedInput(
            f"{len(text)} characters cannot be Base45, whose groups have 3 or 2; the text is cut or padded"
        )
    return _decode_values(values)


def _decode_values(values: bytes) -> bytes:
    whole = len(values) // 3 * 3
    if whole < _SMALL_TEXT:
        return _decode_small(values)
    numbers = np.frombuffer(values, np.uint8, whole).reshape(-1, 3).astype(np.float32).dot(_WEIGHTS)
    # (3) RFC 9285, 4.2 and 6: "GGW" is 65535; a larger group is not the encoding of any two bytes.
    if _LARGEST(numbers) > 0xFFFF:
        _refuse_group(int(np.argmax(numbers > 0xFFFF)) * 3)
    pairs: bytes = numbers.astype(_BIG_ENDIAN).tobytes()
    return pairs if whole == len(values) else pairs + _decode_last(values[whole:], whole)


def _decode_small(values: bytes) -> bytes:
    out = bytearray()
    whole = len(values) // 3 * 3
    for at in range(0, whole, 3):
        number = values[at] + 45 * values[at + 1] + 2025 * values[at + 2]
        if number > 0xFFFF:  # (3) as above
            _refuse_group(at)
        out.append(number >> 8)
        out.append(number & 0xFF)
    return bytes(out) if whole == len(values) else bytes(out) + _decode_last(values[whole:], whole)


def _decode_last(pair: bytes, at: int) -> bytes:
    number = pair[0] + 45 * pair[1]
    if number > 0xFF:  # (3) for a last pair, which stands for one byte
        _refuse_group(at)
    return bytes((number,))


def _encode_small(data: bytes) -> str:
    out = []
    for at in range(0, len(data) - 1, 2):
        high, low = divmod(data[at] * 256 + data[at + 1], 2025)
        out.append(ALPHABET[low % 45] + ALPHABET[low // 45] + ALPHABET[high])
    if len(data) % 2:
        out.append(ALPHABET[data[-1] % 45] + ALPHABET[data[-1] // 45])
    return "".join(out)


def _refuse_character(text: str, at: int) -> NoReturn:
    hint = "; Base45 has capital letters only" if "a" <= text[at] <= "z" else ""
    raise MalformedInput(
        f"character {at + 1} of {len(text)} (U+{ord(text[at]):04X}) is not in the Base45 alphabet{hint}"
    )


def _refuse_group(at: int) -> NoReturn:
    raise MalformedInput(
        f"the Base45 group at character {at + 1} is too large for its bytes; the text is damaged"
    )
