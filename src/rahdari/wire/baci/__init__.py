"""BACI, the reconciled trade flows of CEPII: its yearly files and its lists of countries and products.

A yearly file is a CSV with the columns ``t`` (year), ``i`` (exporter), ``j`` (importer), ``k`` (product, six digits
of the Harmonized System), ``v`` (thousand US dollars, three decimals) and ``q`` (tonnes, or ``NA``). Two traps of
the real bytes: ``k`` is an integer, so that ``010121`` stands as ``10121``; ``q`` is quoted and padded with spaces,
``"       13.235"``, and so is its ``NA``. Columns are found by their header, never by position.

Source: CEPII, "BACI: International Trade Database at the Product-Level" (Gaulier and Zignago 2010) and the bytes of
release 202601.
"""

from rahdari.wire.baci.lists import (
    CountryLine,
    ProductLine,
    YearName,
    is_country_list,
    is_product_list,
    read_countries,
    read_products,
    read_year_name,
)
from rahdari.wire.baci.year import YEAR_BYTES_MAX, read_year

__all__ = [
    "YEAR_BYTES_MAX",
    "CountryLine",
    "ProductLine",
    "YearName",
    "is_country_list",
    "is_product_list",
    "read_countries",
    "read_products",
    "read_year",
    "read_year_name",
]
