"""The questions to the flows, as plain SQL: sums of whole numbers, and nothing that only one engine knows.

Products are rolled up without a division, whose signs differ between engines: ``product - product % 100`` is the
heading's number times a hundred everywhere. Sums are cast to BIGINT, which one engine widens and another does not.
"""

from collections.abc import Sequence

from rahdari.trade.store.sums import SIDES
from rahdari.trade.values import Level
from rahdari.wire.flow_table import PRODUCT_NUMBER_MAX

ROWS = "SELECT CAST(COUNT(*) AS BIGINT) AS rows_ FROM flows"

# A country and a product in one number, which groups quicker than two: country x KEY_UNIT + product.
KEY_UNIT = PRODUCT_NUMBER_MAX + 1
_SUM = "CAST(SUM(value_usd) AS BIGINT) AS value_"


def product_sums(side: str, years: Sequence[int], level: Level) -> str:
    """Ask for the sums by the key of each country on a side (``exporter`` or ``importer``) and product."""
    return f"SELECT {_key(side, level)} AS key_, {_SUM} FROM flows WHERE {_in(years)} GROUP BY {_key(side, level)}"


def ready_sums(side: str, years: Sequence[int], level: Level) -> str:
    """Ask for what ``product_sums`` gives of the table ``sums``, a row for each year, country and product.

    Of one year the rows are taken as they stand: a key that comes more than once is for the asker to add up.
    """
    key, amount = _key("country", level), SIDES[side]
    rows = f"FROM sums WHERE {_in(years)} AND {amount} > 0"
    if len(years) == 1:
        return f"SELECT {key} AS key_, {amount} AS value_ {rows}"
    return f"SELECT {key} AS key_, CAST(SUM({amount}) AS BIGINT) AS value_ {rows} GROUP BY {key}"


def pair_sums(years: Sequence[int]) -> str:
    """Ask for the sums of each pair of countries."""
    return (
        f"SELECT {_whole('exporter')}, {_whole('importer')}, {_SUM} FROM flows WHERE {_in(years)} "
        "GROUP BY exporter, importer"
    )


def partner_sums(own: str, partner: str, numbers: Sequence[int], years: Sequence[int], level: Level) -> str:
    """Ask for the sums by the key of each partner and product, where the side ``own`` is one of ``numbers``."""
    return (
        f"SELECT {_key(partner, level)} AS key_, {_SUM} FROM flows "
        f"WHERE {_in(years)} AND {own} IN ({_list(numbers)}) GROUP BY {_key(partner, level)}"
    )


def pair_sums_of(product: int, digits: int, years: Sequence[int]) -> str:
    """Ask for the sums of each pair of countries in one product of ``digits`` digits."""
    unit = 10 ** (6 - digits)
    return (
        f"SELECT {_whole('exporter')}, {_whole('importer')}, {_SUM} FROM flows WHERE {_in(years)} "
        f"AND product >= {product * unit} AND product < {(product + 1) * unit} GROUP BY exporter, importer"
    )


def weighed_sums(years: Sequence[int], level: Level) -> str:
    """Ask for the sums of value and weight of each year and product, of flows whose weight is known."""
    return (
        f"SELECT {_whole('year')}, {_rolled(level)} AS product_, {_SUM}, "
        "CAST(SUM(quantity_kg) AS BIGINT) AS quantity_ "
        f"FROM flows WHERE {_in(years)} AND quantity_kg >= 0 GROUP BY year, {_rolled(level)}"
    )


def _rolled(level: Level) -> str:
    unit = 10 ** (6 - level.digits)
    return "CAST(product AS BIGINT)" if unit == 1 else f"CAST(product - product % {unit} AS BIGINT)"


def _key(side: str, level: Level) -> str:
    return f"CAST({side} AS BIGINT) * {KEY_UNIT} + {_rolled(level)}"


def _whole(column: str) -> str:
    return f"CAST({column} AS BIGINT) AS {column}_"


def _in(years: Sequence[int]) -> str:
    return f"year IN ({_list(years)})"


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(int(number)) for number in numbers)
