"""The lists of countries and products that come with a BACI release, and what its files' names tell."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from rahdari.wire.baci.rows import csv_rows
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_table import COUNTRY_NUMBER_MAX

# The lists have some 240 and 5,000 lines, of at most a few hundred bytes.
LIST_BYTES_MAX: Final = 4 << 20
COUNTRIES_MAX: Final = 2_000
PRODUCTS_MAX: Final = 20_000
NAME_CHARACTERS_MAX: Final = 2_000

_WHOLE = re.compile(r"[0-9]{1,9}")
_FILE = re.compile(r"BACI_(HS[0-9]{2})_Y([0-9]{4})_V([0-9]{6}[a-z]?)\.csv")
_COUNTRIES = re.compile(r"country_codes_V([0-9]{6}[a-z]?)\.csv")
_PRODUCTS = re.compile(r"product_codes_(HS[0-9]{2})_V([0-9]{6}[a-z]?)\.csv")


class YearName(NamedTuple):
    """What the name of a yearly file tells: ``BACI_HS92_Y2021_V202301.csv``."""

    revision: str
    year: int
    release: str


@dataclass(frozen=True, slots=True)
class CountryLine:
    """A line of the list of countries; ``iso3`` is the number in three digits where the list has no code."""

    number: int
    name: str
    iso2: str
    iso3: str


@dataclass(frozen=True, slots=True)
class ProductLine:
    """A line of the list of products; ``code`` has six characters, leading zeros kept."""

    code: str
    description: str


def read_year_name(name: str) -> YearName | None:
    """Read revision, year and release out of a file's name; None for another file's name."""
    found = _FILE.fullmatch(name)
    return YearName(found[1], int(found[2]), found[3]) if found else None


def is_country_list(name: str) -> bool:
    """Tell whether a file's name is that of the list of countries."""
    return _COUNTRIES.fullmatch(name) is not None


def is_product_list(name: str) -> bool:
    """Tell whether a file's name is that of the list of products."""
    return _PRODUCTS.fullmatch(name) is not None


def read_countries(raw: bytes) -> tuple[CountryLine, ...]:
    """Read ``country_codes_V*.csv`` with the column names of old releases or of new ones.

    Nothing is read as a missing value: Namibia's ISO code is ``NA``.

    Raises:
        MalformedInput: other columns, a number twice or none, a name or code that cannot be.
    """
    names = {
        "number": ("country_code",),
        "name": ("country_name", "country_name_full"),
        "iso2": ("country_iso2", "iso_2digit_alpha"),
        "iso3": ("country_iso3", "iso_3digit_alpha"),
    }
    found = dict[int, CountryLine]()
    for line, row in _list_rows(raw, names, COUNTRIES_MAX, "country list"):
        number = int(row["number"]) if _WHOLE.fullmatch(row["number"]) else 0
        if not 0 < number <= COUNTRY_NUMBER_MAX or number in found:
            raise MalformedInput(
                f"line {line} of the country list: {row['number'][:20]!r} is no number of its own"
            )
        iso3 = row["iso3"] if re.fullmatch("[A-Z0-9]{3}", row["iso3"]) else f"{number:03}"
        found[number] = CountryLine(number, _decoded_once(row["name"]), row["iso2"], iso3)
    return tuple(found.values())


def _decoded_once(name: str) -> str:
    """Undo a second encoding: release 202601 has the bytes of UTF-8 taken for Latin-1 and encoded again.

    A name that was encoded once passes through: its letters are no UTF-8 when taken as Latin-1.
    """
    try:
        return name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def read_products(raw: bytes) -> tuple[ProductLine, ...]:
    """Read ``product_codes_HS*_V*.csv``; a code that lost its leading zero gets it back.

    Raises:
        MalformedInput: other columns, a code twice, or one that is not of six characters.
    """
    names = {"code": ("code",), "description": ("description",)}
    found = dict[str, ProductLine]()
    for line, row in _list_rows(raw, names, PRODUCTS_MAX, "product list"):
        # "9999AA", commodities not specified, stands in the lists beside 999999.
        code = row["code"].zfill(6)
        if not re.fullmatch("[0-9]{4}[0-9A-Z]{2}", code) or code in found:
            raise MalformedInput(f"line {line} of the product list: {code[:20]!r} is no code of its own")
        found[code] = ProductLine(code, row["description"])
    return tuple(found.values())


def _list_rows(
    raw: bytes, names: Mapping[str, tuple[str, ...]], rows_max: int, what: str
) -> Iterator[tuple[int, dict[str, str]]]:
    if len(raw) > LIST_BYTES_MAX:
        raise TooLarge(f"a {what} of {len(raw)} bytes exceeds {LIST_BYTES_MAX}")
    rows = csv_rows(_as_utf8(raw))
    header = [name.strip() for name in next(rows, (1, []))[1]]
    pick = {name: _place_of(header, spellings, what) for name, spellings in names.items()}
    for count, (line, row) in enumerate(rows, start=1):
        if count > rows_max:
            raise TooLarge(f"the {what} has more than {rows_max} lines")
        if len(row) != len(header) or max(map(len, row)) > NAME_CHARACTERS_MAX:
            raise MalformedInput(f"line {line} of the {what} has {len(row)} fields, the header {len(header)}")
        yield line, {name: row[place].strip() for name, place in pick.items()}


def _place_of(header: list[str], spellings: tuple[str, ...], what: str) -> int:
    found = [header.index(name) for name in spellings if name in header]
    if len(found) != 1 or header.count(header[found[0]]) != 1:
        raise MalformedInput(f"line 1 of the {what} has no column {' or '.join(spellings)}")
    return found[0]


def _as_utf8(raw: bytes) -> bytes:
    # Older releases wrote names such as "Curaçao" in Latin-1; the codes are ASCII either way.
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1").encode("utf-8")
    return raw
