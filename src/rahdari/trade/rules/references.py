"""Base rates that others' data gave and that are carried as figures: a reference where no data are at hand."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from rahdari.trade.errors import BadParameter, BadTradeFile

# The carried file has some twenty lines; a larger one is another file.
LINES_MAX = 1_000
TEXT_CHARACTERS_MAX = 200_000
_HEADER = ["figure", "key", "value"]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where a plan stands among published percentiles: above ``percentile_low``, at most ``percentile_high``.

    None stands for an end that was not published: below the lowest, or above the highest figure.
    ``reached`` is the published share of windows that reached this very multiple, None where none is published.
    ``largest`` names who went furthest among those published by name, and how far.
    """

    multiple: float
    percentile_low: float | None
    percentile_high: float | None
    reached: float | None
    largest: tuple[str, float] | None


@dataclass(frozen=True, slots=True)
class Reference:
    """Published figures about windows of ``years`` years: nothing is computed from them but where a plan lies."""

    name: str
    years: int
    windows: int
    countries: int
    first_year: int
    last_year: int
    percentiles: Mapping[float, float]
    reached: Mapping[float, float]
    largest: Mapping[str, float]

    def place(self, multiple: float) -> Bracket:
        """Tell between which published percentiles a multiple lies; nothing between or beyond them is guessed.

        Raises:
            BadParameter: the multiple is not above 0.
        """
        if not 0 < multiple <= 1e12:
            raise BadParameter(f"{multiple} is no multiple; 5 is five times as much")
        low = [percent for percent, ratio in self.percentiles.items() if ratio < multiple]
        high = [percent for percent, ratio in self.percentiles.items() if ratio >= multiple]
        first = max(self.largest.items(), key=lambda one: one[1], default=None)
        exact = [share for at, share in self.reached.items() if math.isclose(at, multiple, rel_tol=1e-9)]
        return Bracket(
            multiple=multiple,
            percentile_low=max(low, default=None),
            percentile_high=min(high, default=None),
            reached=exact[0] if exact else None,
            largest=first,
        )


def reference_to_frame(reference: Reference) -> pl.DataFrame:
    """Give the published figures: ``figure, key, value``, the reference's name in each row."""
    rows = [("percentile_ratio", f"{percent:g}", ratio) for percent, ratio in reference.percentiles.items()]
    rows += [("share_reaching", f"{multiple:g}", share) for multiple, share in reference.reached.items()]
    rows += [("largest_ratio", country, ratio) for country, ratio in reference.largest.items()]
    schema = {"figure": pl.String, "key": pl.String, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(reference=pl.lit(reference.name))


def read_reference(text: str) -> Reference:
    """Read a table ``figure,key,value`` of published figures; lines that begin with ``#`` are remarks.

    Raises:
        BadTradeFile: the line and what is wrong with it, or a figure that is missing.
    """
    figures = _read_figures(text)
    percentiles = {float(key): value for key, value in figures.get("percentile", {}).items()}
    ratios = [percentiles[percent] for percent in sorted(percentiles)]
    if ratios != sorted(ratios) or not ratios:
        raise BadTradeFile("the published percentiles do not rise, or there are none; the table was damaged")
    return Reference(
        name=_name(text),
        years=int(_one(figures, "years")),
        windows=int(_one(figures, "windows")),
        countries=int(_one(figures, "countries")),
        first_year=int(_one(figures, "first_year")),
        last_year=int(_one(figures, "last_year")),
        percentiles=MappingProxyType(percentiles),
        reached=MappingProxyType({float(key): share for key, share in figures.get("reached", {}).items()}),
        largest=MappingProxyType(dict(figures.get("largest", {}))),
    )


def read_index(text: str) -> Mapping[int, float]:
    """Read a table ``year,index``, a price index by year; lines that begin with ``#`` are remarks.

    Raises:
        BadTradeFile: the line and what is wrong with it.
    """
    found: dict[int, float] = {}
    for at, row in _rows(text, ["year", "index"]):
        if len(row) != 2 or not row[0].isdigit() or int(row[0]) in found:
            raise BadTradeFile(f"line {at} is no year with an index, or a year twice: {','.join(row)[:80]!r}")
        found[int(row[0])] = _number(row[1], at)
    return MappingProxyType(found)


def _read_figures(text: str) -> Mapping[str, Mapping[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    for at, row in _rows(text, _HEADER):
        if len(row) != 3:
            raise BadTradeFile(f"line {at} has {len(row)} fields instead of 3")
        figure, key, value = row
        if key in figures.setdefault(figure, {}):
            raise BadTradeFile(f"line {at} tells {figure} {key} a second time")
        if figure in ("percentile", "reached"):
            _number(key, at)
        figures[figure][key] = _number(value, at)
    return figures


def _rows(text: str, header: list[str]) -> Iterable[tuple[int, list[str]]]:
    """Give the numbered rows below the header."""
    if len(text) > TEXT_CHARACTERS_MAX or text.count("\n") > LINES_MAX:
        raise BadTradeFile(f"the table is longer than {LINES_MAX} lines; this cannot be the right file")
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line and not line.startswith("#")]
    rows = [(at, next(csv.reader(io.StringIO(line)), [])) for at, line in lines]
    if not rows or rows[0][1] != header:
        raise BadTradeFile(f"the table does not begin with {','.join(header)}")
    return rows[1:]


def _number(text: str, at: int) -> float:
    try:
        value = float(text)
    except ValueError:
        raise BadTradeFile(f"line {at}: {text[:40]!r} is no number") from None
    if not 0 < value < 1e15:
        raise BadTradeFile(f"line {at}: {text[:40]} is no figure above 0")
    return value


def _one(figures: Mapping[str, Mapping[str, float]], name: str) -> float:
    values = list(figures.get(name, {}).values())
    if len(values) != 1:
        raise BadTradeFile(f"the table tells {name} {len(values)} times instead of once")
    return values[0]


def _name(text: str) -> str:
    """Give the first remark: it names what was counted."""
    first = text.splitlines()[0]
    return first.lstrip("# ").strip() if first.startswith("#") else ""
