"""A book of flows that remembers its last answers: one question asks for the same sums as the next."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from typing_extensions import override

from rahdari.trade import Country, CountryCode, FlowBook, Level, Matrix, Product, ProductCode, Source

# A quarter of a gigabyte holds the dozens of tables that the questions about one country and year share.
BYTES_MAX: Final = 256 << 20

_Answer = tuple[Matrix, ...]


class RememberedFlows(FlowBook):
    """The same answers as the book behind, read-only as they are; the least used are forgotten first.

    Safe to be asked by several threads: the engine is asked by one at a time.
    """

    def __init__(self, book: FlowBook, *, bytes_max: int = BYTES_MAX) -> None:
        """Stand before ``book`` and remember answers of at most so many bytes."""
        self._book, self._bytes_max = book, bytes_max
        self._answers: OrderedDict[object, _Answer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    @override
    def source(self) -> Source:
        return self._book.source

    @property
    @override
    def years(self) -> tuple[int, ...]:
        return self._book.years

    @property
    @override
    def countries(self) -> tuple[Country, ...]:
        return self._book.countries

    @override
    def products(self, level: Level) -> tuple[Product, ...]:
        return self._book.products(level)

    @override
    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._one(("exports", *years, level), lambda: self._book.exports(years, level))

    @override
    def imports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._one(("imports", *years, level), lambda: self._book.imports(years, level))

    @override
    def bilateral(self, years: Sequence[int]) -> Matrix:
        return self._one(("bilateral", *years), lambda: self._book.bilateral(years))

    @override
    def sold_by(self, exporter: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        return self._one(
            ("sold_by", exporter, *years, level), lambda: self._book.sold_by(exporter, years, level)
        )

    @override
    def bought_by(self, importer: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        return self._one(
            ("bought_by", importer, *years, level), lambda: self._book.bought_by(importer, years, level)
        )

    @override
    def of_product(self, product: ProductCode, years: Sequence[int]) -> Matrix:
        return self._one(("of_product", product, *years), lambda: self._book.of_product(product, years))

    @override
    def quantities(self, years: Sequence[int], level: Level) -> tuple[Matrix, Matrix]:
        value, weight = self._ask(("quantities", *years, level), lambda: self._book.quantities(years, level))
        return value, weight

    def _one(self, key: object, ask: Callable[[], Matrix]) -> Matrix:
        (answer,) = self._ask(key, lambda: (ask(),))
        return answer

    def _ask(self, key: object, ask: Callable[[], _Answer]) -> _Answer:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return self._answers[key]
            answer = ask()
            self._answers[key] = answer
            self._bytes += _size(answer)
            while self._bytes > self._bytes_max:
                _, forgotten = self._answers.popitem(last=False)
                self._bytes -= _size(forgotten)
            return answer


def _size(answer: _Answer) -> int:
    return sum(one.values.nbytes for one in answer)
