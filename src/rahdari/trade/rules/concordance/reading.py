"""A concordance from a file."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from rahdari.trade.errors import BadTable, BadTradeFile
from rahdari.trade.rules.concordance.weights import LINKS_MAX, Concordance, check_codes, scaled
from rahdari.trade.values import Revision

# 100,000 links of three cells and a group's number.
BYTES_MAX: Final = LINKS_MAX * 64

# Published weights are rounded to a few digits; they are scaled to add up to exactly 1 when they nearly do.
ROUNDING: Final = 1e-3


def read_concordance(raw: bytes, source: Revision, target: Revision) -> Concordance:
    """Read ``source_code,target_code,weight`` (further columns are passed over) as UTF-8 CSV.

    Raises:
        BadTradeFile: no such table; the message names line and reason. Weights of a code must add up to 1 within
            a thousandth, for published ones are rounded.
    """
    weights: dict[str, dict[str, float]] = defaultdict(dict)
    for line, row in _rows(raw):
        code, other, weight = _link(line, row)
        if other in weights[code]:
            raise BadTradeFile(f"line {line}: {code} to {other} stands there twice")
        weights[code][other] = weight
    for code, targets in weights.items():
        total = sum(targets.values())
        if abs(total - 1) > ROUNDING:
            raise BadTradeFile(f"the weights of {code} add up to {total:.6g}, not to 1; is the file whole?")
    try:
        return scaled(source, target, weights, "given")
    except BadTable as wrong:
        raise BadTradeFile(wrong.message) from None


def _rows(raw: bytes) -> Iterable[tuple[int, dict[str, str]]]:
    if len(raw) > BYTES_MAX:
        raise BadTradeFile(f"the concordance has {len(raw)} bytes, more than {BYTES_MAX}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise BadTradeFile(f"the concordance is no UTF-8 at byte {wrong.start}") from None
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="", restval="")
    wanted = ("source_code", "target_code", "weight")
    try:
        if absent := [name for name in wanted if name not in (rows.fieldnames or ())]:
            raise BadTradeFile(f"line 1: no column {absent[0]}; a concordance has {', '.join(wanted)}")
        for row in rows:
            yield rows.line_num, {name: row[name].strip() for name in wanted}
    except csv.Error as wrong:
        raise BadTradeFile(f"line {rows.line_num}: no CSV ({wrong})") from None


def _link(line: int, row: Mapping[str, str]) -> tuple[str, str, float]:
    try:
        check_codes(row["source_code"], row["target_code"])
        weight = float(row["weight"])
    except BadTable as wrong:
        raise BadTradeFile(f"line {line}: {wrong.message}") from None
    except ValueError:
        raise BadTradeFile(f"line {line}: the weight is {row['weight'][:40]!r}, no number") from None
    if not 0 <= weight <= 1 + ROUNDING:
        raise BadTradeFile(f"line {line}: the weight is {row['weight'][:40]!r}; it is 0 to 1")
    return row["source_code"], row["target_code"], weight
