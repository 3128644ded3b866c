"""Flows in a list: the book of flows as plainly as it can be written, whole numbers throughout."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from typing_extensions import override

from rahdari.trade import (
    Country,
    CountryCode,
    FlowBook,
    Level,
    Matrix,
    Product,
    ProductCode,
    Source,
    UnknownCountry,
    UnknownTradeProduct,
    UnknownYear,
)


class Flow(NamedTuple):
    """One flow; ``kilograms`` is -1 where nobody knows."""

    year: int
    exporter: int
    importer: int
    product: int
    dollars: int
    kilograms: int = -1

    def rolled(self, level: Level) -> str:
        return f"{self.product:06}"[: level.digits]


class FlowsInMemory(FlowBook):
    """Sums rows one by one."""

    def __init__(
        self,
        source: Source,
        countries: Iterable[Country],
        products: Iterable[Product],
        flows: Iterable[Flow],
        years: Sequence[int],
    ) -> None:
        self._source, self._years, self._flows = source, tuple(sorted(years)), list(flows)
        appear = {number for one in self._flows for number in (one.exporter, one.importer)}
        named = sorted((one for one in countries if one.number in appear), key=lambda one: -one.number)
        self._code = {one.number: one.code for one in named}
        lowest = {one.code: one for one in named}
        self._countries = tuple(lowest[code] for code in sorted(lowest))
        self._names = {one.code: one.name for one in products}

    @property
    @override
    def source(self) -> Source:
        return self._source

    @property
    @override
    def years(self) -> tuple[int, ...]:
        return self._years

    @property
    @override
    def countries(self) -> tuple[Country, ...]:
        return self._countries

    @override
    def products(self, level: Level) -> tuple[Product, ...]:
        codes = sorted({one.rolled(level) for one in self._flows})
        return tuple(Product(ProductCode(code), self._names.get(ProductCode(code), "")) for code in codes)

    @override
    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._table(
            years, self._codes, self._product_codes(level), lambda one: (self._from(one), one.rolled(level))
        )

    @override
    def imports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._table(
            years, self._codes, self._product_codes(level), lambda one: (self._to(one), one.rolled(level))
        )

    @override
    def bilateral(self, years: Sequence[int]) -> Matrix:
        return self._table(years, self._codes, self._codes, lambda one: (self._from(one), self._to(one)))

    @override
    def sold_by(self, exporter: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        self._check(exporter)
        return self._table(
            years,
            self._codes,
            self._product_codes(level),
            lambda one: (self._to(one), one.rolled(level)) if self._from(one) == exporter else None,
        )

    @override
    def bought_by(self, importer: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        self._check(importer)
        return self._table(
            years,
            self._codes,
            self._product_codes(level),
            lambda one: (self._from(one), one.rolled(level)) if self._to(one) == importer else None,
        )

    @override
    def of_product(self, product: ProductCode, years: Sequence[int]) -> Matrix:
        if not any(product in self._product_codes(level) for level in Level):
            raise UnknownTradeProduct(f"no product {product}")
        return self._table(
            years,
            self._codes,
            self._codes,
            lambda one: (self._from(one), self._to(one)) if f"{one.product:06}".startswith(product) else None,
        )

    @override
    def quantities(self, years: Sequence[int], level: Level) -> tuple[Matrix, Matrix]:
        asked, codes = self._asked(years), self._product_codes(level)
        value, weight = ({(year, code): 0 for year in asked for code in codes} for _ in range(2))
        for one in self._flows:
            if one.year in asked and one.kilograms >= 0:
                value[one.year, one.rolled(level)] += one.dollars
                weight[one.year, one.rolled(level)] += one.kilograms
        rows = [str(year) for year in asked]
        return (
            Matrix(rows, codes, [[value[year, code] for code in codes] for year in asked]),
            Matrix(rows, codes, [[weight[year, code] for code in codes] for year in asked]),
        )

    def _exported(self, level: Level) -> Callable[[Flow], tuple[str, str]]:
        return lambda one: (self._from(one), one.rolled(level))

    def _imported(self, level: Level) -> Callable[[Flow], tuple[str, str]]:
        return lambda one: (self._to(one), one.rolled(level))

    def _from(self, one: Flow) -> str:
        return self._code[one.exporter]

    def _to(self, one: Flow) -> str:
        return self._code[one.importer]

    @property
    def _codes(self) -> list[str]:
        return [one.code for one in self._countries]

    def _product_codes(self, level: Level) -> list[str]:
        return [one.code for one in self.products(level)]

    def _check(self, code: CountryCode) -> None:
        if code not in self._codes:
            raise UnknownCountry(f"no country {code}")

    def _asked(self, years: Sequence[int]) -> list[int]:
        if not years or set(years) - set(self._years):
            raise UnknownYear(f"not all of {years} are there")
        return list(dict.fromkeys(years))

    def _table(
        self,
        years: Sequence[int],
        rows: list[str],
        columns: list[str],
        place: Callable[[Flow], tuple[str, str] | None],
    ) -> Matrix:
        asked = self._asked(years)
        sums = {(row, column): 0 for row in rows for column in columns}
        for one in self._flows:
            cell = place(one) if one.year in asked else None
            if cell:
                sums[cell] += one.dollars
        return Matrix(rows, columns, [[sums[row, column] / len(asked) for column in columns] for row in rows])
