r"""Numbers by product, as CSV: elasticities, labour intensity. A prefix stands for all that begins with it.

| column | holds |
|---|---|
| ``product`` | two, four or six digits of the Harmonized System, or ``*`` for all goods |
| ``income_elasticity`` | of imports a head to GDP a head, 0 to 50 |
| ``sigma`` | of demand to relative tariffs, 0 to 50 |
| ``labour_intensity`` | any unit, more is more labour: wages in value added, say |

Example:
    >>> read(b"product,sigma\n*,1.5\n7403,2\n").values
    mappingproxy({<ProductMeasure.SIGMA: 'sigma'>: mappingproxy({'': 1.5, '7403': 2.0})})
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from rahdari.wire import named_columns
from rahdari.wire.errors import MalformedInput, TooLarge

# A revision has some 6,600 chapters, headings and subheadings together.
ROWS_MAX: Final = 20_000
BYTES_MAX: Final = 4 << 20

# Elasticities above this are no estimate that anybody published for trade.
EXPONENT_MAX: Final = 50.0
INTENSITY_MAX: Final = 1e9


class ProductMeasure(StrEnum):
    """What a column holds."""

    INCOME_ELASTICITY = "income_elasticity"
    SIGMA = "sigma"
    LABOUR = "labour_intensity"


@dataclass(frozen=True, slots=True)
class ProductNumbers:
    """Values of 0 or more by measure, then by prefix; the empty prefix is for all goods."""

    values: Mapping[ProductMeasure, Mapping[str, float]]

    def of(self, measure: ProductMeasure) -> Mapping[str, float]:
        """Give one measure by prefix; nothing where the table does not have it."""
        return self.values.get(measure, MappingProxyType({}))


def read(raw: bytes) -> ProductNumbers:
    """Read a table whole, or refuse it at its first bad line; an empty cell is not known.

    Raises:
        TooLarge: more than ``BYTES_MAX`` bytes or ``ROWS_MAX`` rows.
        MalformedInput: another header, a bad code or number, the same product twice; with line and reason.
    """
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"the table has {len(raw)} bytes, more than {BYTES_MAX}")
    names = tuple(one.value for one in ProductMeasure)
    lines: dict[str, int] = {}
    values: dict[ProductMeasure, dict[str, float]] = {}
    for cells in named_columns.read(raw, needed=("product",), allowed=names, rows_max=ROWS_MAX):
        prefix = cells.prefix()
        earlier = lines.setdefault(prefix, cells.line)
        if earlier != cells.line:
            raise MalformedInput(
                f"line {cells.line}: line {earlier} already has the product {prefix or '*'}; keep one of the two"
            )
        for measure in ProductMeasure:
            if measure.value in cells.by_column:
                most = INTENSITY_MAX if measure is ProductMeasure.LABOUR else EXPONENT_MAX
                value = cells.number(measure.value, least=0.0, most=most, is_least_in=True)
                if value is not None:
                    values.setdefault(measure, {})[prefix] = value
    if not values:
        raise MalformedInput(
            f"there is no number below the header; columns are product and {', '.join(names)}"
        )
    return ProductNumbers(MappingProxyType({name: MappingProxyType(one) for name, one in values.items()}))
