"""Which column stands where in a Comtrade download, and whether the cells stand under their names.

Downloads were met in which every cell stood one place beside its name. Their first rows tell.
"""

import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Final

from rahdari.wire.comtrade.fields import FIELDS, REQUIRED
from rahdari.wire.csv_rows import Row, shown
from rahdari.wire.errors import MalformedInput

# Errors of a whole file show in its first rows; later rows are judged one by one.
SHAPE_ROWS: Final = 10

# What stands under a name when nothing has slipped. Wide on purpose: one odd cell is that row's fault, two in one
# row are the table's.
_SHAPES: Final = MappingProxyType(
    {
        "refYear": re.compile(r"\d{4}", re.ASCII),
        "reporterCode": re.compile(r"\d{1,3}", re.ASCII),
        "reporterISO": re.compile(r"([A-Z][A-Z0-9]{2})?", re.ASCII),
        "flowCode": re.compile(r"[A-Z]{1,4}", re.ASCII),
        "partnerCode": re.compile(r"\d{1,3}", re.ASCII),
        "partnerISO": re.compile(r"[A-Z0-9_]{0,3}", re.ASCII),
        "classificationCode": re.compile(r"[A-Z][A-Z0-9]{1,2}", re.ASCII),
        "cmdCode": re.compile(r"\d{1,6}|TOTAL|AG\d|[0-9A-Z]{6}", re.ASCII),
        "primaryValue": re.compile(r"-?\d+(\.\d*)?([eE][+-]?\d+)?", re.ASCII),
    }
)


class Header:
    """The names of the columns, and where those that are read stand."""

    def __init__(self, row: Row) -> None:
        """Find them. Raises ``MalformedInput``."""
        names = [name.lower() for name in row.cells]
        while names and not names[-1]:
            names.pop()
        self._count = len(names)
        self._places = {field: names.index(field.lower()) for field in FIELDS if field.lower() in names}
        absent = [field for field in REQUIRED if field not in self._places]
        if absent:
            raise MalformedInput(
                f"line {row.line}: no column {', '.join(absent)}; a Comtrade file begins with a row of the API's "
                f"names, this one with {shown(','.join(row.cells))}"
            )
        twice = [field for field in self._places if names.count(field.lower()) > 1]
        if twice:
            raise MalformedInput(f"line {row.line}: the column {twice[0]} stands there twice")

    def cells_of(self, rows: Iterable[Row]) -> Iterator[tuple[int, dict[str, str] | None]]:
        """Give the cells of each row by name; None for a row with more or fewer cells than names."""
        for at, row in enumerate(rows):
            # A closing comma makes one empty cell more, and harms nobody.
            cells = row.cells[:-1] if len(row.cells) == self._count + 1 and not row.cells[-1] else row.cells
            if at < SHAPE_ROWS:
                self._refuse_slipped(row.line, cells)
            yield row.line, self._named(cells) if len(cells) == self._count else None

    def _named(self, cells: list[str]) -> dict[str, str]:
        return {field: cells[place] for field, place in self._places.items()}

    def _refuse_slipped(self, line: int, cells: list[str]) -> None:
        misfits = self._misfits(cells, 0)
        if len(misfits) < 2:
            return
        told = ", ".join(f"{shown(self._cell(cells, field, 0))} under {field}" for field in misfits[:3])
        fitting = [by for by in (1, -1) if not self._misfits(cells, by)]
        where = {1: "; each stands one place too far right", -1: "; each stands one place too far left"}
        raise MalformedInput(
            f"line {line}: the columns have slipped: {told}{where[fitting[0]] if fitting else ''}. "
            "Download the file again, or put the names over their columns"
        )

    def _misfits(self, cells: list[str], by: int) -> list[str]:
        """Name the columns whose cell, ``by`` places to the right, is not of their kind."""
        return [
            field
            for field, shape in _SHAPES.items()
            if field in self._places and not shape.fullmatch(self._cell(cells, field, by))
        ]

    def _cell(self, cells: list[str], field: str, by: int) -> str:
        place = self._places[field] + by
        return cells[place] if 0 <= place < len(cells) else "(nothing)"
