"""Where a number of the flows stands among the countries or products of a table."""

from collections.abc import Sequence

import numpy as np

from rahdari.trade.store.engines import Whole
from rahdari.trade.values import Country, CountryCode, Level, Product, ProductCode
from rahdari.wire.flow_table import COUNTRY_NUMBER_MAX, PRODUCT_NUMBER_MAX


class Places:
    """Countries by code and products by level, and the way from the flows' numbers to them.

    Two numbers may be one country (Belgium and Belgium-Luxembourg are both BEL): their flows are added up, and
    the lower number, that of today's country in the M49 list, gives the name.
    """

    def __init__(self, countries: Sequence[Country], products: Sequence[Product]) -> None:
        """Take every number that appears, and the products with names of any level."""
        first = dict[CountryCode, Country]()
        self._numbers = dict[CountryCode, tuple[int, ...]]()
        for one in sorted(countries, key=lambda country: country.number):
            first.setdefault(one.code, one)
            self._numbers[one.code] = (*self._numbers.get(one.code, ()), one.number)
        self.countries = tuple(first[code] for code in sorted(first))
        self._country_places = np.full(COUNTRY_NUMBER_MAX + 1, -1, dtype=np.int64)
        for place, one in enumerate(self.countries):
            self._country_places[list(self._numbers[one.code])] = place
        self._products = {level: _rolled(products, level) for level in Level}
        self._product_places = {level: _numbered(self._products[level], level) for level in Level}

    def products(self, level: Level) -> tuple[Product, ...]:
        """List the products of a level, by code."""
        return self._products[level]

    def numbers(self, code: CountryCode) -> tuple[int, ...]:
        """Give every number of a country; none for one that does not appear."""
        return self._numbers.get(code, ())

    def find_level(self, code: ProductCode) -> Level | None:
        """Tell the level of a product that appears; None for another text."""
        for level in Level:
            if len(code) == level.digits and any(one.code == code for one in self._products[level]):
                return level
        return None

    def country_places(self, numbers: Whole) -> Whole:
        """Give the place of each country among ``countries``."""
        return self._country_places[numbers]

    def product_places(self, numbers: Whole, level: Level) -> Whole:
        """Give the place of each product, whose number is that of its first possible subheading."""
        return self._product_places[level][numbers]


def _rolled(products: Sequence[Product], level: Level) -> tuple[Product, ...]:
    named = {str(one.code): one.name for one in products}
    codes = sorted({one.code[: level.digits] for one in products if len(one.code) == 6})
    below = dict[str, list[str]]()
    for one in products:
        if len(one.code) == 6:
            below.setdefault(one.code[: level.digits], []).append(one.name)
    return tuple(Product(ProductCode(code), named.get(code) or shared_name(below[code])) for code in codes)


def shared_name(names: Sequence[str]) -> str:
    """Name a heading by the words that all its subheadings' names begin with.

    BACI's list names subheadings alone. Where nothing is shared, the first name stands with the number of others.
    """
    words = [name.split() for name in names]
    shared = list[str]()
    for together in zip(*words, strict=False):
        if len(set(together)) > 1:
            break
        shared.append(together[0])
    told = " ".join(shared).rstrip(" ,:;(")
    return told or f"{names[0].split(':')[0]} (+{len(names) - 1})"


def _numbered(products: Sequence[Product], level: Level) -> Whole:
    places = np.full(PRODUCT_NUMBER_MAX + 1, -1, dtype=np.int64)
    unit = 10 ** (6 - level.digits)
    for place, one in enumerate(products):
        places[int(one.code) * unit] = place
    return places
