"""A book of flows as it could have been read in an earlier year: nothing later can be asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from rahdari.trade.errors import UnknownYear
from rahdari.trade.ports import FlowBook
from rahdari.trade.values import Country, CountryCode, Level, Matrix, Product, ProductCode, Source


@dataclass(frozen=True, slots=True)
class KnownThen:
    """Gives of ``book`` what was known at the end of ``year``; a later year is refused as if it were not there.

    A score that is tested on the past cannot look ahead through it. What it cannot undo: the release itself was
    made later, with revisions that nobody had then.

    Raises:
        UnknownYear: a year after ``year``, from every question.
    """

    book: FlowBook
    year: int

    @property
    def source(self) -> Source:
        """Tell where the flows come from."""
        return self.book.source

    @property
    def years(self) -> tuple[int, ...]:
        """List the years up to then."""
        return tuple(year for year in self.book.years if year <= self.year)

    @property
    def countries(self) -> tuple[Country, ...]:
        """List the countries."""
        return self.book.countries

    def products(self, level: Level) -> tuple[Product, ...]:
        """List the products of a level."""
        return self.book.products(level)

    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        """Give what each country sold of each product."""
        return self.book.exports(self._then(years), level)

    def imports(self, years: Sequence[int], level: Level) -> Matrix:
        """Give what each country bought of each product."""
        return self.book.imports(self._then(years), level)

    def bilateral(self, years: Sequence[int]) -> Matrix:
        """Give the total from each country to each other."""
        return self.book.bilateral(self._then(years))

    def sold_by(self, exporter: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        """Give what one exporter sold where."""
        return self.book.sold_by(exporter, self._then(years), level)

    def bought_by(self, importer: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        """Give what one market bought from whom."""
        return self.book.bought_by(importer, self._then(years), level)

    def of_product(self, product: ProductCode, years: Sequence[int]) -> Matrix:
        """Give who sold one product to whom."""
        return self.book.of_product(product, self._then(years))

    def quantities(self, years: Sequence[int], level: Level) -> tuple[Matrix, Matrix]:
        """Give world trade by year where the quantity is known."""
        return self.book.quantities(self._then(years), level)

    def _then(self, years: Sequence[int]) -> Sequence[int]:
        later = [year for year in years if year > self.year]
        if later:
            raise UnknownYear(
                f"{later[0]} was not known at the end of {self.year}; a back-test does not look ahead"
            )
        return years
