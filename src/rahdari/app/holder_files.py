"""CSV files of holders: bytes to parties, with every fault by line and column."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from rahdari.app.errors import BadFile
from rahdari.credentials import Biometric, Gender, HolderKind, Organisation, Party, Person, local_text
from rahdari.credentials.errors import BadRow
from rahdari.credentials.values.text import LocalText

# One transaction imports a file, and its photographs (some 30 KB a holder) lie in memory until then.
FILE_BYTES_MAX = 64 * 1024 * 1024
ROWS_MAX = 20_000
CELL_CHARS_MAX = 1000

# The languages that shipped products and the samples use; each text has a column in each of them.
LANGUAGES = ("en", "ur", "zh")
REQUIRED_COLUMNS = ("product", "number", "name.en", "nationality")
COLUMNS = (
    *REQUIRED_COLUMNS,
    "kind",
    *(f"name.{language}" for language in LANGUAGES if language != "en"),
    *(f"guardian.{language}" for language in LANGUAGES),
    "gender",
    "date_of_birth",
    "family_number",
    *(f"address.{language}" for language in LANGUAGES),
    *(f"permanent_address.{language}" for language in LANGUAGES),
    "permanent_region",
    "country_of_stay",
    "passport_number",
    "captured",
    "photo",
    "form",
)


@dataclass(frozen=True, slots=True)
class HolderRow:
    """One row: its line in the file (the heading is line 1), the party, the product, the photo's file name.

    ``unread`` names the columns whose cells could not be read; what the party has there means nothing, and the
    row may only be searched for further faults.
    """

    line: int
    party: Party
    product: str
    photo: str | None
    unread: frozenset[str] = frozenset()


class _Reader(Protocol):
    """What ``csv.reader`` makes; the standard library does not name its type."""

    line_num: int

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class _BadCell(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


def read_holder_file(raw: bytes) -> tuple[list[HolderRow], list[BadRow]]:
    """Read a CSV file (RFC 4180, UTF-8, with a heading): its rows, and every bad cell.

    A row with bad cells is among the rows too, its ``unread`` columns named; one with too few or too many
    cells is not.

    Raises:
        BadFile: too large, not UTF-8, without rows, or with a wrong heading.
    """
    if len(raw) > FILE_BYTES_MAX:
        raise BadFile(f"the file is larger than {FILE_BYTES_MAX >> 20} MiB; cut it into several")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"the file is not UTF-8 (at byte {error.start}); save it as CSV UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return _read_rows(reader)
    except csv.Error as error:
        raise BadFile(f"line {reader.line_num}: {error}; the file is no CSV (RFC 4180)") from None


def _read_rows(reader: "_Reader") -> tuple[list[HolderRow], list[BadRow]]:
    heading: list[str] = next(reader, [])
    _check_heading(heading)
    rows: list[HolderRow] = []
    faults: list[BadRow] = []
    before, seen = reader.line_num, 0
    for cells in reader:
        line, before = before + 1, reader.line_num
        if not any(cells):
            continue
        seen += 1
        if seen > ROWS_MAX:
            raise BadFile(f"the file has more than {ROWS_MAX} rows; cut it into several")
        if len(cells) != len(heading):
            faults.append(
                BadRow(line, heading[0], f"{len(cells)} cells where the heading has {len(heading)}")
            )
            continue
        _read_row(line, dict(zip(heading, (cell.strip() for cell in cells), strict=True)), rows, faults)
    if not rows and not faults:
        raise BadFile("the file has a heading and no rows")
    return rows, faults


def _check_heading(heading: list[str]) -> None:
    missing = [name for name in REQUIRED_COLUMNS if name not in heading]
    unknown = [name for name in heading if name not in COLUMNS]
    doubled = len(set(heading)) < len(heading)
    if missing or unknown or doubled:
        raise BadFile(
            f"the heading is wrong: missing {missing or 'nothing'}, "
            f"unknown {[name[:32] for name in unknown[:8]] or 'nothing'}"
            f"{', a column stands twice' if doubled else ''}; columns: {', '.join(COLUMNS)}"
        )


def _read_row(line: int, cells: Mapping[str, str], rows: list[HolderRow], faults: list[BadRow]) -> None:
    """Read one row, collecting each bad cell rather than only the first."""
    found: list[BadRow] = [
        BadRow(line, column, f"longer than {CELL_CHARS_MAX} characters")
        for column, cell in cells.items()
        if len(cell) > CELL_CHARS_MAX
    ]
    found += [BadRow(line, column, "is empty") for column in REQUIRED_COLUMNS if not cells[column]]
    values: dict[str, object] = {}
    for column, read in _READERS.items():
        try:
            values[column] = read(cells.get(column, ""))
        except _BadCell as bad:
            found.append(BadRow(line, column, bad.message))
    if values.get("kind") is HolderKind.PERSON:
        found += [
            BadRow(line, column, "is empty")
            for column in ("gender", "date_of_birth")
            if column in values and values[column] is None
        ]
    faults.extend(found)
    unread = frozenset(one.column for one in found)
    party = _party(
        cells, {**_STAND_INS, **{name: value for name, value in values.items() if value is not None}}
    )
    rows.append(HolderRow(line, party, cells["product"], cells.get("photo") or None, unread))


def _kind(cell: str) -> HolderKind:
    if cell not in {"", *HolderKind}:
        raise _BadCell("kind", f"must be {' or '.join(HolderKind)}")
    return HolderKind(cell or "person")


def _gender(cell: str) -> Gender | None:
    if cell not in {"", *Gender}:
        raise _BadCell("gender", f"must be {', '.join(Gender)}")
    return Gender(cell) if cell else None


def _birth(cell: str) -> date | None:
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError:
        raise _BadCell("date_of_birth", "must be a date like 1990-12-31 (ISO 8601)") from None


def _country(cell: str) -> str | None:
    if cell and not (len(cell) == 3 and cell.isascii() and cell.isupper()):
        raise _BadCell("nationality", "must be a country code of three capitals (ISO 3166-1 alpha-3)")
    return cell or None


def _region(cell: str) -> str | None:
    country, _, part = cell.partition("-")
    if cell and not (len(country) == 2 and country.isupper() and 1 <= len(part) <= 3 and part.isalnum()):
        raise _BadCell("permanent_region", "must be a region code like PK-PB (ISO 3166-2)")
    return cell or None


def _captured(cell: str) -> frozenset[Biometric]:
    words = frozenset(cell.replace(";", " ").split())
    if not words <= frozenset(one.value for one in Biometric):
        raise _BadCell("captured", f"must name some of: {' '.join(Biometric)}")
    return frozenset(Biometric(one) for one in words)


_READERS: Mapping[str, Callable[[str], object]] = {
    "kind": _kind,
    "gender": _gender,
    "date_of_birth": _birth,
    "nationality": _country,
    "country_of_stay": _country,
    "permanent_region": _region,
    "captured": _captured,
}


# What stands where a cell could not be read; see ``HolderRow.unread``.
_STAND_INS: Mapping[str, object] = {
    "kind": HolderKind.PERSON,
    "gender": Gender.OTHER,
    "date_of_birth": date(2000, 1, 1),
    "captured": frozenset(),
}


def _party(cells: Mapping[str, str], values: Mapping[str, object]) -> Party:
    def text(column: str) -> str | None:
        return cells.get(column) or None

    def texts(field: str) -> LocalText:
        return local_text(**{language: text(f"{field}.{language}") for language in LANGUAGES})

    if values["kind"] is HolderKind.ORGANISATION:
        return Organisation(
            number=cells["number"],
            name=texts("name"),
            nationality=cells["nationality"],
            form=text("form") or "company",
            address=texts("address"),
            permanent_region=text("permanent_region"),
        )
    return Person(
        number=cells["number"],
        name=texts("name"),
        guardian=texts("guardian"),
        gender=values["gender"],  # type: ignore[arg-type]
        date_of_birth=values["date_of_birth"],  # type: ignore[arg-type]
        nationality=cells["nationality"],
        family_number=text("family_number"),
        address=texts("address"),
        permanent_address=texts("permanent_address"),
        permanent_region=text("permanent_region"),
        country_of_stay=text("country_of_stay"),
        passport_number=text("passport_number"),
        captured=values["captured"],  # type: ignore[arg-type]
    )
