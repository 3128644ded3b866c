r"""UN Comtrade (API v1) as CSV or JSON: who reported which trade with whom, and every row that says something else.

One file holds the same trade many times over: by customs procedure, mode of transport and second partner, and
again in totals. Taken is the one row of each that stands for the whole: ``customsCode`` C00, ``motCode`` 0,
``partner2Code`` 0, six digits of the Harmonized System, one year, flow X or M, a partner that is a country. All
else is left out *and counted by reason*. Exports are valued FOB, imports CIF (``primaryValue``).

Column names are those of the API; what a row must hold is in ``REQUIRED``. Values are US dollars with cents,
rounded to whole dollars, half to even.

Example:
    >>> from rahdari.wire.flow_cells import Numbering
    >>> head = "refYear,reporterCode,flowCode,partnerCode,classificationCode,cmdCode,primaryValue"
    >>> text = f"{head}\n2023,586,X,156,H6,740311,1200.5\n2023,586,X,0,H6,740311,9000\n"
    >>> reports = read_csv(text.encode(), Numbering({586: "PAK", 156: "CHN"}))
    >>> reports.frame["value_usd"].to_list(), dict(reports.left_out)
    ([1200], {<LeftOut.WORLD: 'world'>: 1})
"""

from collections.abc import Iterator

from rahdari.wire import csv_rows
from rahdari.wire.comtrade import answers
from rahdari.wire.comtrade.columns import Header
from rahdari.wire.comtrade.fields import FIELDS, REQUIRED
from rahdari.wire.comtrade.reports import COLUMNS, LeftOut, Reports, Side, collect, flows
from rahdari.wire.flow_cells import Numbering

__all__ = [
    "COLUMNS",
    "FIELDS",
    "REQUIRED",
    "LeftOut",
    "Reports",
    "Side",
    "count_json",
    "flows",
    "read_csv",
    "read_json",
]


def read_csv(raw: bytes, numbering: Numbering) -> Reports:
    """Read a download: CSV, or the tab-separated text of the bulk files.

    Raises:
        TooLarge: a limit of ``csv_rows`` or ``ROWS_MAX``.
        MalformedInput: no such table, a column missing, **columns that have slipped** against their names, or one
            flow twice with two values. The message names the line.
    """
    rows = csv_rows.read_rows(raw)
    header = Header(next(rows))
    return collect(header.cells_of(rows), numbering)


def read_json(raw: bytes, numbering: Numbering) -> Reports:
    """Read an answer of the API; lines are counted as rows from 1.

    Raises:
        TooLarge: more than ``csv_rows.BYTES_MAX`` bytes or ``ROWS_MAX`` rows.
        MalformedInput: no such answer, the answer tells of an error, or one flow twice with two values.
    """
    return collect(_named(answers.read(raw)), numbering)


def count_json(raw: bytes) -> int:
    """Count the rows of an answer, so that one which reached the publisher's limit is known to be cut.

    Raises:
        TooLarge, MalformedInput: as ``read_json``.
    """
    return len(answers.read(raw).data)


def _named(answer: answers.Answer) -> Iterator[tuple[int, dict[str, str] | None]]:
    for line, row in enumerate(answer.data, 1):
        yield line, dict(zip(FIELDS, row.cells(), strict=True))
