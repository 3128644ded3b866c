"""What every question begins with: a scope that the book can answer, names, and what the data cannot tell."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import msgspec
import polars as pl

from rahdari.trade.errors import BadParameter, Ground, UnknownCountry, UnknownYear
from rahdari.trade.ports import FlowBook
from rahdari.trade.rules.answers import Answer, Note, Number, Scope
from rahdari.trade.rules.relocation import Panel
from rahdari.trade.values import Country, CountryCode, Level, Matrix

# The Harmonized System has some 5,000 subheadings; a book of far fewer holds a part of trade alone.
WHOLE_TRADE_PRODUCTS_MIN = 4_000
# What is shown of a strange word, and how many countries are offered in its place.
SHOWN_CHARACTERS_MAX = 40
OFFERED_MAX = 5
# What a code column may be of, as the rules name it.
SIDES = ("exporter", "importer", "country", "product", "other_product")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """What a question found, before it is named and dated."""

    table: pl.DataFrame
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    figures: Mapping[str, Number] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Asking:
    """A book and what is asked of it; ``years`` of a window end with the scope's last."""

    book: FlowBook
    scope: Scope

    @property
    def year(self) -> int:
        """The year that is "now"."""
        return self.scope.years[-1]

    def last(self, count: int) -> tuple[int, ...]:
        """Give the last ``count`` years up to now, or as many as there are, without a gap."""
        return window(self.book, self.year, count)

    def panel(self, ask: Callable[[Sequence[int]], Matrix], count: int) -> Panel:
        """Ask for each of the last years and put the tables together."""
        return Panel({year: ask([year]) for year in self.last(count)})

    def product_names(self) -> dict[str, str]:
        """Name the products of the scope's level."""
        return {one.code: one.name for one in self.book.products(self.scope.level)}

    def country_names(self) -> dict[str, str]:
        """Name the countries."""
        return {one.code: one.name for one in self.book.countries}

    def names(self) -> dict[str, str]:
        """Name countries and products; their codes never meet."""
        return self.country_names() | self.product_names()

    def answer(self, question: str, wish: object, found: Found) -> Answer:
        """Make an answer: names beside codes, all parameters, and the cautions of these data before its notes."""
        names = self.names()
        return Answer(
            question=question,
            scope=self.scope,
            source=self.book.source,
            parameters=parameters_of(wish),
            table=tidy(found.table, names),
            tables={name: tidy(table, names) for name, table in found.tables.items()},
            figures=dict(found.figures),
            notes=(*self.cautions(), *found.notes),
        )

    def over(self, count: int) -> "Asking":
        """Widen "now" to the mean of the last ``count`` years, or as many as there are without a gap."""
        return replace(self, scope=replace(self.scope, years=self.last(count)))

    def cautions(self) -> tuple[Note, ...]:
        """Tell what every answer from these data must be read with."""
        count = len(self.book.products(Level.HS6))
        if count >= WHOLE_TRADE_PRODUCTS_MIN:
            return ()
        return (Note("part_of_trade", {"products": count, "source": self.book.source.name}),)


def scope_of(
    book: FlowBook, *, exporter: str, market: str, year: int | None = None, level: Level = Level.HS6
) -> Scope:
    """Check who, where and when against what the book holds; the latest year where none is named.

    Raises:
        UnknownCountry: the book has no such country; the message says what to write.
        UnknownYear: it has no such year.
        BadParameter: a country cannot be its own market.
    """
    codes = (find_country(book, exporter), find_country(book, market))
    if codes[0] == codes[1]:
        raise BadParameter(
            f"{codes[0]} is exporter and market at once; name two countries",
            ground=Ground.SAME_COUNTRY,
            values={"exporter": codes[0]},
        )
    if year is not None and year not in book.years:
        raise UnknownYear(
            f"{book.source.name} {book.source.release} has no year {year}; it has {book.years[0]} to "
            f"{book.years[-1]}",
            ground=Ground.UNKNOWN_YEAR,
            values={"year": year, "first_year": book.years[0], "last_year": book.years[-1]},
        )
    return Scope(exporter=codes[0], market=codes[1], years=(year or book.years[-1],), level=level)


def find_country(book: FlowBook, text: str) -> CountryCode:
    """Take a code, or the whole name that the data give it, in either case.

    A name that two countries have, or a part of one, is not guessed at.

    Raises:
        UnknownCountry: there is none; codes are offered for what was written.
    """
    wanted = text.strip().upper()
    if any(one.code == wanted for one in book.countries):
        return CountryCode(wanted)
    called = [one.code for one in book.countries if one.name.upper() == wanted]
    if len(called) == 1:
        return called[0]
    offered = ", ".join(f"{one.code} ({one.name})" for one in _alike(book.countries, wanted))
    hint = f"; perhaps {offered}" if offered else ""
    raise UnknownCountry(
        f"{book.source.name} {book.source.release} has no country {text[:SHOWN_CHARACTERS_MAX]!r}: write three "
        f"letters of ISO 3166-1, as PAK{hint}",
        ground=Ground.UNKNOWN_COUNTRY,
        values={"country": text[:SHOWN_CHARACTERS_MAX]},
    )


def window(book: FlowBook, last: int, count: int) -> tuple[int, ...]:
    """Give the years of a book from ``last`` back, at most ``count`` and without a gap, earliest first."""
    there = set(book.years)
    found: list[int] = []
    while len(found) < count and last - len(found) in there:
        found.append(last - len(found))
    return tuple(reversed(found))


def is_whole_trade(book: FlowBook) -> bool:
    """Tell whether a book holds all products, so that its sums are those of whole countries."""
    return len(book.products(Level.HS6)) >= WHOLE_TRADE_PRODUCTS_MIN


def parameters_of(wish: object) -> Mapping[str, object]:
    """Write a wish as JSON can hold it, defaults included and sets in order, to be read back the same."""
    told: dict[str, object] = msgspec.to_builtins(wish, order="deterministic", str_keys=True)
    return told


def check_names(kind: type, parameters: Mapping[str, object]) -> None:
    """Refuse a parameter that a wish does not have. Raises ``BadParameter``."""
    known = {one.name for one in fields(kind)}
    strange = sorted(set(parameters) - known)
    if strange:
        raise BadParameter(
            f"there is no parameter {strange[0][:SHOWN_CHARACTERS_MAX]!r}; there are {', '.join(sorted(known))}"
        )


def tidy(frame: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """Call columns of codes ``..._code``, put ``..._name`` behind each (null where unknown), type empty ones."""
    frame = frame.rename({side: f"{side}_code" for side in SIDES if side in frame.columns})
    for side in (*SIDES, "market"):
        code, name = f"{side}_code", f"{side}_name"
        if code in frame.columns and name not in frame.columns:
            told = pl.Series(name, [names.get(one) for one in frame[code]], dtype=pl.String)
            frame.insert_column(frame.columns.index(code) + 1, told)
    words = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Enum | pl.Categorical)]
    return frame.with_columns(pl.col(pl.Null).cast(pl.Float64), pl.col(words).cast(pl.String))


def _alike(countries: Sequence[Country], wanted: str) -> list[Country]:
    by_name = {one.name.upper(): one for one in countries}
    if wanted in by_name:
        return [by_name[wanted]]
    inside = [one for name, one in by_name.items() if len(wanted) > 3 and wanted in name]
    close = [by_name[name] for name in difflib.get_close_matches(wanted[:80], by_name, n=3)]
    coded = [one for one in countries if len(wanted) in {2, 3} and _is_spelt_in(wanted, one.code)]
    return list(dict.fromkeys((*inside, *close, *coded)))[:OFFERED_MAX]


def _is_spelt_in(short: str, code: str) -> bool:
    """Tell whether a two-letter code (PK) could stand for a three-letter one (PAK)."""
    rest = iter(code)
    return code[:1] == short[:1] and all(letter in rest for letter in short)
