"""A book of flows over a frame in memory, for tests that need decades and no store."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from rahdari.trade.errors import UnknownCountry, UnknownTradeProduct, UnknownYear
from rahdari.trade.values import (
    Country,
    CountryCode,
    Level,
    Matrix,
    Product,
    ProductCode,
    Revision,
    Source,
)


class FrameBook:
    """Sums a frame of ``year, exporter, importer, product, value_usd``, at the one level that it has."""

    def __init__(self, flows: pl.DataFrame) -> None:
        self._flows = flows.with_columns(pl.col("product").cast(pl.String))
        names = sorted({*flows["exporter"].unique(), *flows["importer"].unique()})
        self._countries = tuple(Country(CountryCode(name), name, at) for at, name in enumerate(names))
        self._products = tuple(
            Product(ProductCode(code), code) for code in sorted(self._flows["product"].unique())
        )
        self._years = tuple(sorted(flows["year"].unique()))

    @property
    def source(self) -> Source:
        return Source("flows made for a test", "1", Revision.HS92, "0" * 64, "nobody")

    @property
    def years(self) -> tuple[int, ...]:
        return self._years

    @property
    def countries(self) -> tuple[Country, ...]:
        return self._countries

    def products(self, level: Level) -> tuple[Product, ...]:
        return self._products

    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._sum(self._of(years), "exporter", "product", len(years))

    def imports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._sum(self._of(years), "importer", "product", len(years))

    def bilateral(self, years: Sequence[int]) -> Matrix:
        return self._sum(self._of(years), "exporter", "importer", len(years))

    def sold_by(self, exporter: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        self._require(exporter)
        flows = self._of(years).filter(pl.col("exporter") == exporter)
        return self._sum(flows, "importer", "product", len(years))

    def bought_by(self, importer: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        self._require(importer)
        flows = self._of(years).filter(pl.col("importer") == importer)
        return self._sum(flows, "exporter", "product", len(years))

    def of_product(self, product: ProductCode, years: Sequence[int]) -> Matrix:
        if product not in self._names("product"):
            raise UnknownTradeProduct(f"no product {product}")
        flows = self._of(years).filter(pl.col("product") == product)
        return self._sum(flows, "exporter", "importer", len(years))

    def quantities(self, years: Sequence[int], level: Level) -> tuple[Matrix, Matrix]:
        nothing = Matrix([str(year) for year in years], (), np.zeros((len(years), 0)))
        return nothing, nothing

    def _of(self, years: Sequence[int]) -> pl.DataFrame:
        for year in years:
            if year not in self._years:
                raise UnknownYear(f"no year {year}")
        return self._flows.filter(pl.col("year").is_in(list(years)))

    def _require(self, country: CountryCode) -> None:
        if country not in self._names("exporter"):
            raise UnknownCountry(f"no country {country}")

    def _names(self, side: str) -> list[str]:
        if side == "product":
            return [product.code for product in self._products]
        return [country.code for country in self._countries]

    def _sum(self, flows: pl.DataFrame, row: str, column: str, years: int) -> Matrix:
        rows, columns = self._names(row), self._names(column)
        summed = flows.group_by(row, column).agg(pl.col("value_usd").sum())
        values = np.zeros((len(rows), len(columns)))
        row_at = {name: at for at, name in enumerate(rows)}
        column_at = {name: at for at, name in enumerate(columns)}
        for one, other, amount in summed.iter_rows():
            values[row_at[one], column_at[other]] = amount / years
        return Matrix(rows, columns, values)
