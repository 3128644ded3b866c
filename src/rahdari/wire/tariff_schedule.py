r"""Tariff schedules as CSV: who levies what on which goods from where. Ad valorem alone, refused by line otherwise.

The form is the project's own, for want of a settled one; a schedule of a national gazette or a download of WITS or
the Market Access Map is brought into it with a few lines of any language:

| column | holds |
|---|---|
| ``importer`` | ISO 3166-1 alpha-3 of the country that levies |
| ``exporter`` | ISO 3166-1 alpha-3 of the country of origin; empty where ``kind`` is ``mfn`` |
| ``product`` | two, four or six digits of the Harmonized System, or ``*`` for all goods |
| ``rate_percent`` | the rate, ad valorem, in per cent of the value at the border |
| ``kind`` | ``mfn`` (for every origin that has no rate of its own) or ``preference`` (for one origin) |

Example:
    >>> text = b"importer,exporter,product,rate_percent,kind\nCHN,,74,2,mfn\nCHN,PAK,740311,0,preference\n"
    >>> [(str(duty.kind), duty.prefix, duty.rate_percent) for duty in read(text).duties]
    [('mfn', '74', 2.0), ('preference', '740311', 0.0)]
"""

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rahdari.wire.errors import MalformedInput, TooLarge

COLUMNS: Final = ("importer", "exporter", "product", "rate_percent", "kind")

# 200 importers with 5,000 lines each are a million rows; twice that leaves room for preferences.
ROWS_MAX: Final = 2_000_000

# A row of the widest fields has under 64 bytes.
BYTES_MAX: Final = ROWS_MAX * 64

# What a cell can hold: a code, a number, a word. More is no schedule.
CELL_CHARACTERS_MAX: Final = 64

# What is shown of a strange header: enough to see what it is, too little to flood a log.
SHOWN_CHARACTERS_MAX: Final = 200

# The highest lines that members of the World Trade Organization have bound, on spirits, are 3,000 per cent.
RATE_PERCENT_MAX: Final = 3_000.0

_COUNTRY = re.compile(r"[A-Z][A-Z0-9]{2}")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_OTHER_KINDS = frozenset({"specific", "compound", "mixed", "technical", "quota"})


class DutyKind(StrEnum):
    """For whom a rate is."""

    MFN = "mfn"
    PREFERENCE = "preference"


@dataclass(frozen=True, slots=True)
class Duty:
    """One line of a schedule; ``prefix`` is empty for all goods, ``exporter`` for all origins."""

    importer: str
    exporter: str
    prefix: str
    rate_percent: float
    kind: DutyKind


@dataclass(frozen=True, slots=True)
class TariffSchedule:
    """The lines of a schedule in their order; no two are for the same importer, origin and goods."""

    duties: tuple[Duty, ...]


def read(raw: bytes) -> TariffSchedule:
    """Read a schedule whole, or refuse it at its first bad line.

    Raises:
        TooLarge: more than ``BYTES_MAX`` bytes or ``ROWS_MAX`` rows.
        MalformedInput: no UTF-8, another header, a bad cell, a duty that is not ad valorem, the same line twice.
            The message names the line and the reason.
    """
    if len(raw) > BYTES_MAX:
        raise TooLarge(f"the tariff schedule has {len(raw)} bytes, more than {BYTES_MAX}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise MalformedInput(
            f"the tariff schedule is no UTF-8 at byte {wrong.start}; save it as UTF-8"
        ) from None
    return _read_rows(_numbered(text))


def _numbered(text: str) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in rows:
            yield rows.line_num, [cell.strip() for cell in row]
    except csv.Error as wrong:
        raise MalformedInput(f"line {rows.line_num}: no CSV ({wrong})") from None


def _read_rows(rows: Iterator[tuple[int, list[str]]]) -> TariffSchedule:
    _, header = next(rows, (1, []))
    if tuple(map(str.lower, header)) != COLUMNS:
        found = ",".join(header)[:SHOWN_CHARACTERS_MAX]
        raise MalformedInput(f"line 1: the columns are {found!r}, a schedule has {','.join(COLUMNS)}")
    duties: dict[tuple[str, str, str], tuple[int, Duty]] = {}
    for line, row in rows:
        if not row:
            continue
        if len(duties) >= ROWS_MAX:
            raise TooLarge(f"line {line}: a schedule has at most {ROWS_MAX} rows")
        duty = _read_duty(row, line)
        earlier, _ = duties.setdefault((duty.importer, duty.exporter, duty.prefix), (line, duty))
        if earlier != line:
            raise MalformedInput(
                f"line {line}: line {earlier} already gives {_told(duty)} a rate; keep one of the two"
            )
    return TariffSchedule(tuple(duty for _, duty in duties.values()))


def _told(duty: Duty) -> str:
    return f"{duty.importer}, {duty.exporter or 'every origin'}, {duty.prefix or 'all goods'}"


def _read_duty(cells: list[str], line: int) -> Duty:
    if len(cells) != len(COLUMNS):
        raise MalformedInput(f"line {line}: {len(cells)} cells, a schedule has {len(COLUMNS)}")
    if max(map(len, cells)) > CELL_CHARACTERS_MAX:
        raise MalformedInput(f"line {line}: a cell has more than {CELL_CHARACTERS_MAX} characters")
    importer, exporter, product, rate, kind = cells
    told = _kind(kind.lower(), line)
    _check_parties(importer, exporter, told, line)
    return Duty(importer, exporter, _prefix(product, line), _rate_percent(rate, line), told)


def _kind(kind: str, line: int) -> DutyKind:
    if kind in _OTHER_KINDS:
        raise MalformedInput(f"line {line}: a {kind} duty; {_NOT_AD_VALOREM}")
    try:
        return DutyKind(kind)
    except ValueError:
        raise MalformedInput(f"line {line}: the kind is {kind!r}; it is mfn or preference") from None


def _check_parties(importer: str, exporter: str, kind: DutyKind, line: int) -> None:
    if not _COUNTRY.fullmatch(importer):
        raise MalformedInput(
            f"line {line}: the importer is {importer!r}; it is a code of three letters, as CHN"
        )
    if kind is DutyKind.MFN:
        if exporter:
            raise MalformedInput(
                f"line {line}: an mfn rate is for every origin, yet the exporter is {exporter!r}"
            )
        return
    if not _COUNTRY.fullmatch(exporter):
        raise MalformedInput(
            f"line {line}: the exporter is {exporter!r}; a preference names one origin, as PAK"
        )
    if exporter == importer:
        raise MalformedInput(f"line {line}: {importer} levies nothing on itself")


def _prefix(product: str, line: int) -> str:
    if product == "*":
        return ""
    if not product.isascii() or not product.isdigit():
        raise MalformedInput(
            f"line {line}: the product is {product!r}; it is digits of the HS, or * for all goods"
        )
    if len(product) in {1, 3, 5}:
        raise MalformedInput(
            f"line {line}: the product {product!r} has {len(product)} digits; was a leading zero lost?"
        )
    if len(product) > 6:
        raise MalformedInput(
            f"line {line}: the product {product!r} is a national line; average the lines of a subheading"
        )
    return product


_NOT_AD_VALOREM = "only ad valorem rates are taken: turn it into its ad valorem equivalent first"


def _rate_percent(rate: str, line: int) -> float:
    if not rate:
        raise MalformedInput(f"line {line}: the rate is missing; leave the line out where it is not known")
    plain = rate.removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(plain):
        if any(sign in plain for sign in "/$€£¥+") or re.search(r"\d.*[A-Za-z]", plain):
            raise MalformedInput(f"line {line}: {rate!r} is a specific or compound duty; {_NOT_AD_VALOREM}")
        raise MalformedInput(
            f"line {line}: the rate is {rate!r}; it is a number of per cent, with a decimal point"
        )
    value = float(plain)
    if not math.isfinite(value) or not 0 <= value <= RATE_PERCENT_MAX:
        raise MalformedInput(
            f"line {line}: a rate of {rate} per cent; it lies between 0 and {RATE_PERCENT_MAX:.0f}"
        )
    return value
