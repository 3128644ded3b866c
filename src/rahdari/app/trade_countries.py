"""How UN Comtrade and BACI number customs territories, from the table that the package carries."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import rahdari.trade
from rahdari.trade import Country, CountryCode
from rahdari.wire.flow_cells import Numbering

_TABLE = Path(rahdari.trade.__file__).parent / "data" / "country-numbers.csv"


@dataclass(frozen=True, slots=True)
class Territories:
    """All territories with their numbers, and the same as readers of tables want it."""

    countries: tuple[Country, ...]
    numbering: Numbering


@cache
def read_territories() -> Territories:
    """Read the table; its source stands beside it in ``SOURCE-country-numbers.md``."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    single = [row for row in rows if row["kind"] != "area"]
    return Territories(
        tuple(Country(CountryCode(row["iso3"]), row["name"], int(row["number"])) for row in single),
        Numbering(
            MappingProxyType({int(row["number"]): row["iso3"] for row in single}),
            frozenset(int(row["number"]) for row in rows if row["kind"] == "area"),
            MappingProxyType(_numbers(single)),
        ),
    )


def _numbers(single: list[dict[str, str]]) -> dict[str, int]:
    """Give each code its number; where a territory that ended shares the code of another, that of the other."""
    former_first = sorted(single, key=lambda row: row["kind"] != "former")
    return {row["iso3"]: int(row["number"]) for row in former_first}
