"""What the room needs of the world: a book of trade flows that answers sums, never all rows at once."""

from collections.abc import Sequence
from typing import Protocol

from rahdari.trade.values import Country, CountryCode, Level, Matrix, Product, ProductCode, Source


class FlowBook(Protocol):
    """Flows x[year, exporter, importer, product] of one release and one revision, in whole US dollars.

    Each answer is a sum of integers, so that every implementation gives the same number to the dollar; it is a
    yearly amount: the mean over ``years`` where several are named (a fraction of a dollar may then remain).
    Matrices of all countries have them in the order of ``countries``, of all products in that of
    ``products(level)``; countries or products that trade nothing keep their place, with zeros.

    Raises:
        UnknownYear, UnknownCountry, UnknownTradeProduct: for what the release does not hold.
        EngineFailed: the engine behind could not answer.
    """

    @property
    def source(self) -> Source:
        """Tell where the flows come from."""

    @property
    def years(self) -> tuple[int, ...]:
        """List the years, earliest first."""

    @property
    def countries(self) -> tuple[Country, ...]:
        """List the countries that appear on either side, by code."""

    def products(self, level: Level) -> tuple[Product, ...]:
        """List the products of a level that appear, by code."""

    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        """Give what each country sold of each product to the world: v_ik, exporters by products."""

    def imports(self, years: Sequence[int], level: Level) -> Matrix:
        """Give what each country bought of each product from the world: v_jk, importers by products."""

    def bilateral(self, years: Sequence[int]) -> Matrix:
        """Give the total from each country to each other: v_ij, exporters by importers."""

    def sold_by(self, exporter: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        """Give what one exporter sold where: x_ijk for this i, importers by products."""

    def bought_by(self, importer: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        """Give what one market bought from whom: x_ijk for this j, exporters by products."""

    def of_product(self, product: ProductCode, years: Sequence[int]) -> Matrix:
        """Give who sold one product to whom: x_ijk for this k, exporters by importers."""

    def quantities(self, years: Sequence[int], level: Level) -> tuple[Matrix, Matrix]:
        """Give world trade by year of each product where the quantity is known: dollars and kilograms.

        Returns:
            Two matrices, years (as text) by products: value and weight of those flows alone whose weight is
            known, so that their ratio is a unit value.
        """
