"""Reading a BACI year row by row, so that each bad one is named with its line and reason."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from rahdari.wire.baci.checks import Known, converted
from rahdari.wire.baci.rows import csv_rows
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import (
    BAD_ROWS_KEPT_MAX,
    COLUMNS,
    QUANTITY_UNKNOWN,
    SHOWN_CHARACTERS_MAX,
    BadRow,
    FlowTable,
    RowFault,
)

_NUMBER = re.compile(r"[+-]?([0-9]{1,20}(\.[0-9]{0,20})?|\.[0-9]{1,20})([eE][+-]?[0-9]{1,2})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}")


@dataclass(slots=True)
class _Parsed:
    """Rows whose numbers could be read, as columns, and the lines of those that could not."""

    lines: "array[int]" = field(default_factory=lambda: array("q"))
    whole: dict[str, "array[int]"] = field(default_factory=lambda: {name: array("q") for name in "tijk"})
    amounts: dict[str, "array[float]"] = field(default_factory=lambda: {name: array("d") for name in "vq"})
    bad: list[BadRow] = field(default_factory=list)
    bad_total: int = 0

    def refuse(self, line: int, fault: RowFault, column: str, text: str) -> None:
        self.bad_total += 1
        if len(self.bad) < BAD_ROWS_KEPT_MAX:
            self.bad.append(BadRow(line, fault, column, text[:SHOWN_CHARACTERS_MAX]))

    def frame(self) -> pl.DataFrame:
        columns = {"line": np.frombuffer(self.lines, np.int64)}
        columns |= {name: np.frombuffer(values, np.int64) for name, values in self.whole.items()}
        amounts = {name: np.frombuffer(values, np.float64) for name, values in self.amounts.items()}
        return pl.DataFrame(columns | amounts).with_columns(pl.col("q").fill_nan(None))


def read_carefully(raw: bytes, order: list[str], known: Known) -> FlowTable:
    """Read row by row, naming the line of each that is bad: a minute for a full year, so only where needed."""
    parsed = _Parsed()
    rows = csv_rows(raw)
    next(rows)
    for line, row in rows:
        _take_row(parsed, line, order, row)
    if not parsed.lines and not parsed.bad_total:
        raise MalformedInput("the file has a header and no row")
    tests = [*known.faults(), *known.faults_by_list()]
    judged = parsed.frame().with_columns(_first_fault(tests).alias("fault"))
    bad, good = judged.filter(pl.col("fault").is_not_null()), judged.filter(pl.col("fault").is_null())
    kept = pl.struct("i", "j", "k").is_first_distinct()
    again, taken = good.filter(~kept), good.filter(kept).select(*converted())
    taken = taken.with_columns(pl.col("quantity_kg").fill_null(QUANTITY_UNKNOWN))
    found = [*parsed.bad, *_named(bad, tests), *_repeated(again)]
    total = parsed.bad_total + len(bad) + len(again)
    named = tuple(sorted(found, key=_line_of)[:BAD_ROWS_KEPT_MAX])
    return FlowTable(taken.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items()), named, total)


def _first_fault(tests: list[tuple[RowFault, str, pl.Expr]]) -> pl.Expr:
    """Give the place of the first check that a row fails, or a hole."""
    first = pl.lit(None, dtype=pl.Int8)
    for place in reversed(range(len(tests))):
        first = pl.when(tests[place][2]).then(pl.lit(place, dtype=pl.Int8)).otherwise(first)
    return first


def _line_of(row: BadRow) -> int:
    return row.line


def _named(bad: pl.DataFrame, tests: list[tuple[RowFault, str, pl.Expr]]) -> Iterator[BadRow]:
    for row in bad.head(BAD_ROWS_KEPT_MAX).iter_rows(named=True):
        fault, column, _ = tests[row["fault"]]
        yield BadRow(row["line"], fault, column, str(row[column]))


def _repeated(again: pl.DataFrame) -> Iterator[BadRow]:
    for row in again.head(BAD_ROWS_KEPT_MAX).iter_rows(named=True):
        yield BadRow(row["line"], RowFault.DUPLICATE, "i, j, k", f"{row['i']}, {row['j']}, {row['k']:06}")


def _take_row(parsed: _Parsed, line: int, order: list[str], row: list[str]) -> None:
    if len(row) != len(order):
        parsed.refuse(line, RowFault.COLUMNS, "", ",".join(row))
        return
    texts = dict(zip(order, (text.strip() for text in row), strict=True))
    if texts["q"] == "NA":
        texts["q"] = ""
    for letter, text in texts.items():
        shape = _WHOLE if letter in "tijk" else _NUMBER
        if not shape.fullmatch(text) and not (letter == "q" and not text):
            parsed.refuse(line, RowFault.NOT_A_NUMBER, letter, text)
            return
    parsed.lines.append(line)
    for letter, column in parsed.whole.items():
        column.append(int(texts[letter]))
    for letter, amounts in parsed.amounts.items():
        amounts.append(float(texts[letter] or "nan"))
