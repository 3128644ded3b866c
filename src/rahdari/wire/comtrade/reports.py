"""Rows of Comtrade by name become reports: taken, left out by reason, or bad by line."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import polars as pl

from rahdari.wire import flow_cells, flow_table
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_cells import BadCell, Complaints, Numbering
from rahdari.wire.flow_table import BadRow, FlowTable, RowFault

# The publisher's largest answer (asynchronous) has 2.5 million rows.
ROWS_MAX: Final = 5_000_000

# The longest description of the Harmonized System has some 500 characters.
NAME_CHARACTERS_MAX: Final = 600

COLUMNS: Final = ("year", "flow", "reporter", "partner", "product", "revision", "value_usd", "quantity_kg")
_KEY: Final = list(COLUMNS[:6])
_TYPES: Final = (pl.Int16, pl.Int8, pl.Int32, pl.Int32, pl.Int32, pl.Int8, pl.Int64, pl.Int64)


class Side(StrEnum):
    """Who reports: ``X`` the exporter, at the border it leaves (FOB); ``M`` the importer, delivered (CIF)."""

    EXPORTS = "X"
    IMPORTS = "M"


class LeftOut(StrEnum):
    """Why a row that is in order is no flow between two countries."""

    SERVICES = "services"
    NOT_ANNUAL = "not_annual"
    OTHER_FLOW = "other_flow"  # re-exports and re-imports: they are in X and M already
    CUSTOMS = "customs_procedure"  # a part of C00
    TRANSPORT = "mode_of_transport"  # a part of 0
    SECOND_PARTNER = "second_partner"  # a part of 0
    LEVEL = "not_a_subheading"  # a total, a chapter, a heading, or codes that only Comtrade has
    WORLD = "world"  # the sum of all partners
    AREA = "no_single_country"  # areas not specified, bunkers, free zones, groups
    SAME_COUNTRY = "same_country"  # goods that came back
    NOTHING = "no_value"  # 0 dollars
    REPEATED = "repeated"  # the same row, value and weight once more


@dataclass(frozen=True, slots=True, eq=False)
class Reports:
    """What reporters said, and what was left out: nothing is dropped in silence.

    ``frame`` has the ``COLUMNS``: ``flow`` is 0 for exports and 1 for imports, ``revision`` the digit of H0 to H6,
    ``product`` the six digits as a number, quantities kilograms or ``QUANTITY_UNKNOWN``.
    """

    frame: pl.DataFrame
    product_names: Mapping[int, str]
    left_out: Mapping[LeftOut, int]
    bad_rows: tuple[BadRow, ...]
    bad_rows_total: int
    rows_total: int

    @property
    def classifications(self) -> tuple[str, ...]:
        """Name the revisions that stand in the file, such as ``H6``; more than one must never be added up."""
        return tuple(f"H{digit}" for digit in sorted(self.frame["revision"].unique().to_list()))


def flows(reports: Reports, side: Side) -> FlowTable:
    """Give what one side reported as flows from exporter to importer.

    Raises:
        MalformedInput: rows of several revisions stand there; read them apart, or convert them first.
    """
    wanted = reports.frame.filter(pl.col("flow") == _FLOWS[side])
    if wanted["revision"].n_unique() > 1:
        named = ", ".join(f"H{digit}" for digit in sorted(wanted["revision"].unique().to_list()))
        raise MalformedInput(
            f"rows of the revisions {named} stand in one table; their codes mean other goods"
        )
    exporter, importer = ("reporter", "partner") if side is Side.EXPORTS else ("partner", "reporter")
    frame = wanted.rename({exporter: "exporter", importer: "importer"}).select(list(flow_table.COLUMNS))
    return FlowTable(frame, reports.bad_rows, reports.bad_rows_total)


_FLOWS: Final = MappingProxyType({Side.EXPORTS: 0, Side.IMPORTS: 1})

# Each of these splits the same trade into parts; the value named stands for the whole, and so does its absence.
_WHOLES: Final = (
    ("typeCode", "C", LeftOut.SERVICES),
    ("freqCode", "A", LeftOut.NOT_ANNUAL),
    ("customsCode", "C00", LeftOut.CUSTOMS),
    ("motCode", "0", LeftOut.TRANSPORT),
    ("partner2Code", "0", LeftOut.SECOND_PARTNER),
)

_FLOW: Final = re.compile(r"[A-Z]{1,4}", re.ASCII)
_HS: Final = re.compile(r"H[0-6]", re.ASCII)
_COARSE: Final = re.compile(r"TOTAL|AG[1-6]|\d\d|\d{4}|[0-9A-Z]{6}", re.ASCII)
_ISO3: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)


class _Columns:
    """Eight columns of whole numbers that grow row by row, with the line of each."""

    def __init__(self) -> None:
        """Begin with none."""
        self._lines = array("q")
        self._columns = tuple(array("q") for _ in COLUMNS)

    def add(self, line: int, numbers: tuple[int, ...]) -> None:
        """Take one row."""
        self._lines.append(line)
        for column, number in zip(self._columns, numbers, strict=True):
            column.append(number)

    def frame(self) -> pl.DataFrame:
        """Give the rows with the column ``line`` behind them."""
        held = [
            pl.Series(name, column, dtype=pl.Int64).cast(kind)
            for name, column, kind in zip(COLUMNS, self._columns, _TYPES, strict=True)
        ]
        return pl.DataFrame([*held, pl.Series("line", self._lines, dtype=pl.Int64)])


def collect(rows: Iterable[tuple[int, dict[str, str] | None]], numbering: Numbering) -> Reports:
    """Take rows one by one: a line, and the cells by name or None where there are more or fewer than names.

    Raises:
        TooLarge: more than ``ROWS_MAX`` rows.
        MalformedInput: one flow twice with two values.
    """
    columns, names = _Columns(), dict[int, str]()
    complaints, left_out, total = Complaints(), Counter[LeftOut](), 0
    for line, cells in rows:
        total += 1
        if total > ROWS_MAX:
            raise TooLarge(f"line {line}: more than {ROWS_MAX} rows; ask for fewer years or products")
        try:
            taken = _take(cells, numbering)
        except BadCell as wrong:
            complaints.add(line, wrong)
            continue
        if isinstance(taken, LeftOut):
            left_out[taken] += 1
            continue
        columns.add(line, taken)
        if cells and cells.get("cmdDesc"):
            names.setdefault(taken[4], cells["cmdDesc"][:NAME_CHARACTERS_MAX])
    frame, repeated = _once(columns.frame())
    if repeated:
        left_out[LeftOut.REPEATED] = repeated
    return Reports(
        frame,
        MappingProxyType(names),
        MappingProxyType(dict(left_out)),
        tuple(complaints.kept),
        complaints.total,
        total,
    )


def _take(cells: dict[str, str] | None, numbering: Numbering) -> tuple[int, ...] | LeftOut:
    if cells is None:
        raise BadCell(RowFault.COLUMNS, "", "")
    part = _part(cells)
    if part is not None:
        return part
    year = flow_cells.year(cells["refYear"], "refYear")
    reporter, partner = (_country(cells, who, numbering) for who in ("reporter", "partner"))
    if isinstance(reporter, LeftOut):
        return reporter
    if isinstance(partner, LeftOut):
        return partner
    if reporter == partner:
        return LeftOut.SAME_COUNTRY
    value = flow_cells.amount(cells["primaryValue"], "primaryValue")
    weight = flow_cells.quantity(cells.get("netWgt", ""), "netWgt")
    if value == 0:
        return LeftOut.NOTHING
    product = flow_cells.product(cells["cmdCode"], "cmdCode")
    flow = _FLOWS[Side(cells["flowCode"])]
    # A weight of 0 is how Comtrade writes that it has none.
    return (
        year,
        flow,
        reporter,
        partner,
        product,
        _revision(cells),
        value,
        weight or flow_table.QUANTITY_UNKNOWN,
    )


def _part(cells: dict[str, str]) -> LeftOut | None:
    """Tell why a row is only a part, or a sum, of what is wanted."""
    for field, sums_up, reason in _WHOLES:
        if cells.get(field, sums_up) not in {sums_up, ""}:
            return reason
    if not _FLOW.fullmatch(cells["flowCode"]):
        raise BadCell(RowFault.UNKNOWN_CODE, "flowCode", cells["flowCode"])
    if cells["flowCode"] not in {"X", "M"}:
        return LeftOut.OTHER_FLOW
    code = cells["cmdCode"]
    if _COARSE.fullmatch(code) and not (len(code) == 6 and code.isdigit()):
        return LeftOut.LEVEL
    return None


def _revision(cells: dict[str, str]) -> int:
    code = cells["classificationCode"]
    if not _HS.fullmatch(code):
        raise BadCell(RowFault.UNKNOWN_CODE, "classificationCode", code)
    return int(code[1])


def _country(cells: dict[str, str], who: str, numbering: Numbering) -> int | LeftOut:
    column = f"{who}Code"
    number = flow_cells.whole(cells[column], column)
    if number == 0:
        return LeftOut.WORLD
    if number in numbering.areas:
        return LeftOut.AREA
    code, told = numbering.countries.get(number), cells.get(f"{who}ISO", "")
    # Comtrade's numbers are not those of ISO 3166: where the row names the country too, both must be the same.
    if code is None or (_ISO3.fullmatch(told) and told != code):
        raise BadCell(RowFault.COUNTRY, column, f"{cells[column]} {told}".strip())
    return number


def _once(frame: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """Drop rows that stand there again as they are. Raises ``MalformedInput`` where they say two things."""
    again = frame.filter(frame.select(_KEY).is_duplicated())
    if again.is_empty():
        return frame.drop("line"), 0
    differing = (
        again.group_by(_KEY, maintain_order=True)
        .agg(pl.struct("value_usd", "quantity_kg").n_unique().alias("said"), pl.col("line").head(2))
        .filter(pl.col("said") > 1)
    )
    if not differing.is_empty():
        first, second = differing["line"][0].to_list()
        raise MalformedInput(
            f"lines {first} and {second} give the same flow two values; which holds is not for a reader to choose: "
            "take one of them out, or download the file again"
        )
    kept = frame.unique(subset=_KEY, keep="first", maintain_order=True)
    return kept.drop("line"), len(frame) - len(kept)
