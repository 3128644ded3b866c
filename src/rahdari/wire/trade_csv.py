r"""Flows of trade in anybody's CSV: the caller tells which column holds what, and in which units.

Countries stand there as ISO 3166-1 alpha-3 or as numbers of the numbering that the caller gives; products as six
digits of one revision of the Harmonized System, which only the caller knows: nothing in such a file tells it.

Example:
    >>> from rahdari.wire.flow_cells import Numbering
    >>> numbering = Numbering({586: "PAK", 156: "CHN"}, numbers={"PAK": 586, "CHN": 156})
    >>> layout = Layout(year="Year", exporter="From", importer="To", product="HS", value="k", value_unit_usd=1000)
    >>> table = read(b"Year;From;To;HS;k\n2023;PAK;CHN;740311;1.5\n2023;PAK;CHN;7403;9\n", layout, numbering)
    >>> table.frame["value_usd"].to_list(), [(row.line, row.fault.value) for row in table.bad_rows]
    ([1500], [(3, 'product')])
"""

import re
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from rahdari.wire import csv_rows, flow_cells, flow_table
from rahdari.wire.csv_rows import Row, shown
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_cells import BadCell, Complaints, Numbering
from rahdari.wire.flow_table import FlowTable, RowFault

# A year of the whole world at six digits has 12 million rows; that much comes from a publisher in a known form.
ROWS_MAX: Final = 12_000_000

# Amounts are published in dollars, thousands, millions; weights in kilograms or tonnes.
UNIT_MAX: Final = 1_000_000_000

_ISO3: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column, by its name in the header, holds what.

    ``quantity`` is empty where there is none. ``value_unit_usd`` is how many dollars a 1 in the column is,
    ``quantity_unit_kg`` how many kilograms. ``is_product_number`` tells that products are numbers which have lost
    their leading zeros, so that 10121 means 010121; otherwise five digits are a bad row.
    """

    year: str
    exporter: str
    importer: str
    product: str
    value: str
    quantity: str = ""
    value_unit_usd: int = 1
    quantity_unit_kg: int = 1
    is_product_number: bool = False

    def __post_init__(self) -> None:
        """Check the units. Raises ``MalformedInput``."""
        for unit in (self.value_unit_usd, self.quantity_unit_kg):
            if not 1 <= unit <= UNIT_MAX:
                raise MalformedInput(f"a unit of {unit}; it is 1 to {UNIT_MAX} dollars or kilograms")

    def columns(self) -> Mapping[str, str]:
        """Give the name of the column of each thing that is told."""
        wanted = {name: getattr(self, name) for name in ("year", "exporter", "importer", "product", "value")}
        return wanted | ({"quantity": self.quantity} if self.quantity else {})


def read(raw: bytes, layout: Layout, numbering: Numbering) -> FlowTable:
    """Read a table; rows that cannot be taken are told with line and reason, the others stand in the frame.

    Raises:
        TooLarge: a limit of ``csv_rows``, or more than ``ROWS_MAX`` rows.
        MalformedInput: no such table, or a column that the layout names is not there.
    """
    rows = csv_rows.read_rows(raw)
    header = next(rows)
    places = _places(header, layout)
    columns = tuple(array("q") for _ in flow_table.COLUMNS)
    complaints, seen = Complaints(), set[tuple[int, ...]]()
    for count, row in enumerate(rows, 1):
        if count > ROWS_MAX:
            raise TooLarge(f"line {row.line}: more than {ROWS_MAX} rows; split the file by year")
        try:
            numbers = _take(row, len(header.cells), places, layout, numbering)
            _refuse_again(numbers[:4], seen)
        except BadCell as wrong:
            complaints.add(row.line, wrong)
            continue
        for column, number in zip(columns, numbers, strict=True):
            column.append(number)
    return FlowTable(_frame(columns), tuple(complaints.kept), complaints.total)


def _places(header: Row, layout: Layout) -> Mapping[str, int]:
    names = [name.casefold() for name in header.cells]
    places: dict[str, int] = {}
    for what, column in layout.columns().items():
        found = [at for at, name in enumerate(names) if name == column.strip().casefold()]
        if len(found) != 1:
            raise MalformedInput(
                f"line {header.line}: {len(found)} columns are called {shown(column)} ({what}), one is wanted; "
                f"there are {shown(', '.join(header.cells))}"
            )
        places[what] = found[0]
    return places


def _take(
    row: Row, width: int, places: Mapping[str, int], layout: Layout, numbering: Numbering
) -> tuple[int, ...]:
    if len(row.cells) != width:
        raise BadCell(RowFault.COLUMNS, "", ",".join(row.cells[:width]))
    cells = {what: row.cells[place] for what, place in places.items()}
    product = cells["product"].zfill(6) if layout.is_product_number else cells["product"]
    exporter = _country(cells["exporter"], layout.exporter, numbering)
    importer = _country(cells["importer"], layout.importer, numbering)
    if exporter == importer:
        raise BadCell(RowFault.SAME_COUNTRY, layout.importer, cells["importer"])
    return (
        flow_cells.year(cells["year"], layout.year),
        exporter,
        importer,
        flow_cells.product(product, layout.product),
        flow_cells.amount(cells["value"], layout.value, unit=layout.value_unit_usd),
        flow_cells.quantity(cells.get("quantity", ""), layout.quantity, unit=layout.quantity_unit_kg),
    )


def _country(text: str, column: str, numbering: Numbering) -> int:
    number = numbering.numbers.get(text.upper()) if _ISO3.fullmatch(text.upper()) else None
    if number is None and text.isascii() and text.isdigit() and len(text) <= 4:
        number = int(text)
    if number is None or number not in numbering.countries:
        raise BadCell(RowFault.COUNTRY, column, text)
    return number


def _refuse_again(key: tuple[int, ...], seen: set[tuple[int, ...]]) -> None:
    if key in seen:
        raise BadCell(RowFault.DUPLICATE, "", " ".join(map(str, key)))
    seen.add(key)


def _frame(columns: tuple["array[int]", ...]) -> pl.DataFrame:
    kinds = flow_table.COLUMNS.items()
    return pl.DataFrame(
        [
            pl.Series(name, column, dtype=pl.Int64).cast(kind)
            for (name, kind), column in zip(kinds, columns, strict=True)
        ]
    )
