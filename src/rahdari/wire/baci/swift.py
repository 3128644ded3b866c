"""Reading a BACI year that is spelt as CEPII spells it, to the byte; another spelling is left to other readers.

A row is ``2021,4,24,382390,52.051,"       13.235"`` and a line feed: a year of four digits, numbers without signs,
three decimals in ``v`` and ``q``, ``q`` (or ``NA``) padded with spaces to one width in the whole file, rows in the
order of exporter, importer, product. So the numbers of a whole block of rows come out of two reads of each row, 24
bytes from its beginning and 32 before its last quote, by sums over columns (``rahdari.wire.text_words``).

Whatever is not so ends the reading: not one row is taken on trust, and what is wrong is not looked for here.
"""

import re
from collections.abc import Callable, Collection, Iterable
from itertools import accumulate, pairwise
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from rahdari.wire.baci.checks import AMOUNT_MAX, PRODUCT_NUMBER_MIN, Known
from rahdari.wire.flow_table import COLUMNS, PRODUCT_NUMBER_MAX, QUANTITY_UNKNOWN, FlowTable
from rahdari.wire.text_words import (
    BYTES,
    IS_LITTLE_ENDIAN,
    ZEROS,
    Places,
    Words,
    are_digits,
    as_fours,
    as_numbers,
    find_first,
    place_of_bit,
    right_aligned,
    word,
)

A = TypeVar("A")
B = TypeVar("B")


class Walk(Protocol):
    """Applies a function to items and gives the results in their order: ``map``, or that of a pool of threads."""

    def __call__(self, function: Callable[[A], B], items: Iterable[A], /) -> Iterable[B]:
        """Apply the function to each item."""


# Text looked at together: what is computed of it stays in the processor's cache.
BLOCK_BYTES: Final = 1 << 20

_HEADER: Final = b"t,i,j,k,v,q\n"
_LAST_FIELD: Final = re.compile(rb',"([^",\n]*)"\n')

# ``2021,4,5,10121,0.001,"    0.001"`` and its line feed have 32; what is read of a row lies within the file.
_ROW_BYTES_MIN: Final = 32
_COUNTRY_DIGITS_MAX, _PRODUCT_DIGITS_MAX = 3, 6
# ``v`` with its point and three decimals.
_VALUE_BYTES_MIN, _VALUE_BYTES_MAX = 5, 16
# Widths of ``q`` whose first digits share a word with its quote and comma.
_WIDTH_MIN, _WIDTH_MAX = 9, 14

_LINE_FEED, _QUOTE = b"\n"[0], b'"'[0]
_YEAR: Final = word(b"\xff" * 5 + b"\0" * 3)
_YEAR_DIGITS: Final = 4
_FIRST_ROW_BYTES_MAX: Final = 100
# Less a nought (exclusive or), as digits are; the fifth of the last eight bytes of an amount is its point.
_COMMA: Final = b"\x1c"
_POINT: Final = word(b"\0\0\0\0\x1e\0\0\0")
_POINT_BYTE: Final = word(b"\0\0\0\0\xff\0\0\0")
_BEFORE, _BEHIND = word(b"\xff\xff\xff\xff\0\0\0\0"), word(b"\0\0\0\0\0\xff\xff\xff")
_SPACES: Final = word(b"\x10" * 8)
# The places of thousands to tens, which may be spaces.
_PADDED: Final = word(b"\xff\xff\xff\0\0\0\0\0")
_UNKNOWN, _NOUGHT = word(b"      NA"), word(b"   0.000")
# The digits above the last seven, which the last eight bytes hold.
_ABOVE: Final = 10**7


class _OtherSpelling(Exception):
    """Something is not as CEPII writes it, or is for those to look at who have a word for it."""


def read_swiftly(raw: bytes, known: Known, walk: Walk = map) -> FlowTable | None:
    """Read a file of CEPII's own spelling, order and without a fault; None for every other, however good."""
    try:
        rows = _Rows(raw, known.year)
        cuts = rows.cuts()
        places = list(pairwise(accumulate(walk(rows.count, cuts), initial=0)))
        taken = _Taken(places[-1][1], known)
        ends = list(
            walk(lambda one: rows.read(one[0], slice(*one[1]), taken), zip(cuts, places, strict=True))
        )
    except _OtherSpelling:
        return None
    is_in_order = all(before[1] < after[0] for before, after in pairwise(ends))
    return taken.table() if is_in_order else None


class _Taken:
    """The columns that blocks of rows fill in, and the numbers that may stand in them."""

    def __init__(self, rows: int, known: Known) -> None:
        self._year = known.year
        self.exporter, self.importer, self.product = (np.empty(rows, np.int32) for _ in range(3))
        self.value, self.quantity = (np.empty(rows, np.int64) for _ in range(2))
        self._countries = _listed(known.countries, 1, 10**_COUNTRY_DIGITS_MAX - 1)
        self._products = _listed(known.products, PRODUCT_NUMBER_MIN, PRODUCT_NUMBER_MAX)

    def require_listed(self, pairs: Words, products: Words) -> None:
        """See that the release lists every number of a block; neighbours mostly have the same two countries."""
        other = np.append(pairs[np.flatnonzero(pairs[1:] != pairs[:-1])], pairs[-1])
        for side in _sides(other):
            _require(self._countries.take(side.view(np.int64)).all())
        _require(self._products.take(products.view(np.int64)).all())

    def table(self) -> FlowTable:
        """Give the columns as a flow table."""
        years = np.full(len(self.value), self._year, np.int16)
        columns = (years, self.exporter, self.importer, self.product, self.value, self.quantity)
        return FlowTable(pl.DataFrame(dict(zip(COLUMNS, columns, strict=True))))


class _Rows:
    """A file's bytes and what all its rows share: the year, the width of ``q``."""

    def __init__(self, raw: bytes, year: int) -> None:
        found = _LAST_FIELD.search(raw, len(_HEADER), len(_HEADER) + _FIRST_ROW_BYTES_MAX)
        width = len(found[1]) if found else 0
        begins_well = raw.startswith(_HEADER) and raw.endswith(b"\n") and len(f"{year}") == _YEAR_DIGITS
        _require(IS_LITTLE_ENDIAN and begins_well and _WIDTH_MIN <= width <= _WIDTH_MAX)
        self._raw, self._width = raw, width
        self._bytes = np.frombuffer(raw, np.uint8)
        self._heads = np.ndarray(max(0, len(raw) - 23), "V24", raw, strides=(1,))
        self._tails = np.ndarray(max(0, len(raw) - 31), "V32", raw, strides=(1,))
        self._year = word(f"{year},".encode())
        # The word before the last eight bytes of q: the end of v, a comma, a quote, the first places of q.
        self._above = _top(width - BYTES)
        self._opening = _top(width - BYTES + 2) ^ self._above
        self._blank = word((b',"' + b" " * (width - BYTES)).rjust(BYTES, b"\0"))

    def cuts(self) -> list[tuple[int, int]]:
        """Cut the rows into blocks that end with a row."""
        ends = [len(_HEADER)]
        while ends[-1] < len(self._raw):
            ends.append(self._raw.find(b"\n", ends[-1] + BLOCK_BYTES) + 1 or len(self._raw))
        return list(pairwise(ends))

    def count(self, cut: tuple[int, int]) -> int:
        """Count the rows of a block."""
        return int(np.count_nonzero(self._bytes[slice(*cut)] == _LINE_FEED))

    def read(self, cut: tuple[int, int], rows: slice, taken: _Taken) -> tuple[int, int]:
        """Read a block into its rows of the columns; give the keys of its first and last row."""
        ends = self._ends(cut)
        _require(len(ends) == rows.stop - rows.start)
        starts = np.concatenate([[cut[0]], ends[:-1] + 1])
        _require((ends - starts).min() >= _ROW_BYTES_MIN and (self._bytes.take(ends - 1) == _QUOTE).all())
        pairs, products, value_starts = self._head(starts)
        tails = self._tails[ends - 33].view(np.uint64).reshape(-1, 4)
        value = self._value(tails, ends - (self._width + 3) - value_starts)
        quantity = self._quantity(tails)
        taken.exporter[rows], taken.importer[rows] = _sides(pairs)
        taken.product[rows], taken.value[rows], taken.quantity[rows] = products, value, quantity
        taken.require_listed(pairs, products)
        return _order(pairs, products)

    def _ends(self, cut: tuple[int, int]) -> Places:
        text = self._bytes[slice(*cut)]
        marks = np.zeros(-(-len(text) // BYTES) * BYTES, np.bool_)
        np.equal(text, _LINE_FEED, out=marks[: len(text)])
        words = marks.view(np.uint64)
        # Eight bytes at a time, because most have none; where one has two, their number is not that of the rows.
        places = np.flatnonzero(words != 0)
        found = words[places]
        places *= BYTES
        places += place_of_bit(found).view(np.int64)
        places += cut[0]
        return places

    def _head(self, starts: Places) -> tuple[Words, Words, Places]:
        """Read the numbers of both countries (one in each half), of the product, and tell where ``v`` begins."""
        first, second, third = self._heads[starts].view(np.uint64).reshape(-1, 3).T
        _require(not ((first ^ self._year) & _YEAR).any())
        text = _joined(first, second, np.uint64(40))
        exporter = _lengths(text, _COUNTRY_DIGITS_MAX)
        behind = (exporter + np.uint64(1)) << np.uint64(3)
        rest = text >> behind
        importer = _lengths(rest, _COUNTRY_DIGITS_MAX)
        pairs = right_aligned(text, exporter) >> np.uint64(32)
        pairs |= right_aligned(rest, importer)
        _require(are_digits(pairs))
        # From here on lengths are counted from the second word, in which the product begins.
        lengths = exporter + importer
        text = _joined(second, third, (lengths - np.uint64(1)) << np.uint64(3))
        product = _lengths(text, _PRODUCT_DIGITS_MAX)
        lengths += product
        digits = right_aligned(text, product)
        _require(are_digits(digits))
        return as_fours(pairs), as_numbers(digits), starts + lengths.view(np.int64) + BYTES

    def _value(self, tails: Words, lengths: Places) -> Places:
        _require(lengths.min() >= _VALUE_BYTES_MIN and lengths.max() <= _VALUE_BYTES_MAX)
        above, low, rest = tails[:, 0], tails[:, 1], tails[:, 2]
        cut = np.uint64(8 * (_WIDTH_MAX - self._width))
        value = _thousandths(_last(_joined(low, rest, cut), np.minimum(lengths, BYTES)))
        long = np.flatnonzero(lengths > BYTES)
        digits = _last(_joined(above[long], low[long], cut), lengths[long] - BYTES)
        _require(are_digits(digits))
        value[long] += as_numbers(digits).view(np.int64) * _ABOVE
        _require(value.max() <= AMOUNT_MAX)
        return value

    def _quantity(self, tails: Words) -> Places:
        high, low = tails[:, 2], tails[:, 3]
        is_unknown = low == _UNKNOWN
        digits = np.where(is_unknown, _NOUGHT, low)
        digits ^= ZEROS
        spaces = _take_padding(digits, _PADDED)
        quantity = _thousandths(digits)
        long = np.flatnonzero((high & (self._opening | self._above)) != self._blank)
        # Digits in the places above: none of them stands before a space or NA.
        _require(not spaces[long].any() and not is_unknown[long].any())
        # The widest column has no room for an amount above AMOUNT_MAX.
        quantity[long] += self._quantity_above(high[long]) * _ABOVE
        np.copyto(quantity, QUANTITY_UNKNOWN, where=is_unknown)
        return quantity

    def _quantity_above(self, high: Words) -> Places:
        _require(not ((high ^ self._blank) & self._opening).any())
        digits = (high ^ ZEROS) & self._above
        _take_padding(digits, self._above)
        _require(are_digits(digits))
        return as_numbers(digits).view(np.int64)


def _require(is_so: object, /) -> None:
    if not is_so:
        raise _OtherSpelling


def _listed(numbers: Collection[int] | None, least: int, most: int) -> npt.NDArray[np.bool_]:
    """Tell of every number up to ``most`` whether it may stand in the file."""
    table = np.zeros(most + 1, np.bool_)
    table[least:] = numbers is None
    table[[one for one in numbers or () if least <= one <= most]] = True
    return table


def _top(count: int) -> np.uint64:
    """Give the mask of the last bytes of a word."""
    return word((b"\xff" * count).rjust(BYTES, b"\0"))


def _lengths(text: Words, most: int) -> Words:
    """Give the number of bytes before the first comma, at least one and at most ``most``."""
    lengths = find_first(text, _COMMA)
    _require(lengths.min() >= 1 and lengths.max() <= most)
    return lengths


def _sides(pairs: Words) -> tuple[Words, Words]:
    return pairs & np.uint64(0xFFFFFFFF), pairs >> np.uint64(32)


def _joined(low: Words, high: Words, cut: np.uint64 | Words) -> Words:
    """Give the eight bytes that begin ``cut`` bits inside the first of two words, less noughts."""
    joined: Words = ((low >> cut) | (high << (np.uint64(64) - cut))) ^ ZEROS
    return joined


def _last(words: Words, lengths: Places) -> Words:
    """Keep the last bytes of each word, with noughts before them; overwrites ``words``."""
    empty = ((BYTES - lengths) << 3).view(np.uint64)
    words >>= empty
    words <<= empty
    return words


def _take_padding(digits: Words, where: np.uint64) -> Words:
    """Turn spaces into noughts in the bytes ``where``, see that nothing but spaces stands before one; give them."""
    spaces = digits & (where & _SPACES)
    digits ^= spaces
    first = where & _SPACES & ~((where & _SPACES) << np.uint64(8))
    stray = (spaces - (spaces >> np.uint64(4))) & digits
    stray |= spaces & ~((spaces << np.uint64(8)) | first)
    _require(not stray.any())
    return spaces


def _thousandths(words: Words) -> Places:
    """Read ``1234.567``, less noughts, as 1234567; overwrites ``words``."""
    _require(not ((words ^ _POINT) & _POINT_BYTE).any())
    before = words & _BEFORE
    before <<= np.uint64(8)
    words &= _BEHIND
    words |= before
    _require(are_digits(words))
    return as_numbers(words).view(np.int64)


def _order(pairs: Words, products: Words) -> tuple[int, int]:
    """See that nobody trades with himself and rows stand in order, none twice; give the first key and the last."""
    exporter, importer = _sides(pairs)
    _require(not (exporter == importer).any())
    keys = (exporter << np.uint64(34)) | (importer << np.uint64(20)) | products
    _require((keys[1:] > keys[:-1]).all())
    return int(keys[0]), int(keys[-1])
