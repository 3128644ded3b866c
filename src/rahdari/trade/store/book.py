"""The book of flows over an engine: each question is one SQL text, each answer whole dollars by two sides."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
from typing_extensions import override

from rahdari.trade.errors import EngineFailed, UnknownCountry, UnknownTradeProduct, UnknownYear
from rahdari.trade.ports import FlowBook
from rahdari.trade.store import questions
from rahdari.trade.store.engines import DuckDbEngine, Engine, SparkEngine, Whole
from rahdari.trade.store.note import FileChecks, Note, read_note
from rahdari.trade.store.places import Places
from rahdari.trade.values import Country, CountryCode, Level, Matrix, Product, ProductCode, Source

# A question names each year once; more would be a mistake, or an attack on the text's length.
YEARS_ASKED_MAX: Final = 200


class SqlFlowBook(FlowBook):
    """Answers from a cache of whole numbers, by the same SQL on every engine."""

    def __init__(self, note: Note, engine: Engine, checks: FileChecks, *, has_sums: bool = False) -> None:
        """Take the cache's note, an engine that has its files as ``flows``, and what checks those files.

        ``has_sums`` says that the engine has the cache's ``sums`` as well, to answer from what it can.
        """
        self._note, self._engine, self._checks, self._has_sums = note, engine, checks, has_sums
        self._places = Places(note.countries, note.products)
        self._years = tuple(one.year for one in note.years)

    def __enter__(self) -> Self:
        """Use it in a ``with`` statement to let go of the engine at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the engine."""
        self._engine.close()

    @property
    @override
    def source(self) -> Source:
        return self._note.source

    @property
    @override
    def years(self) -> tuple[int, ...]:
        return self._years

    @property
    @override
    def countries(self) -> tuple[Country, ...]:
        return self._places.countries

    @override
    def products(self, level: Level) -> tuple[Product, ...]:
        return self._places.products(level)

    @override
    def exports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._summed("exporter", years, level)

    @override
    def imports(self, years: Sequence[int], level: Level) -> Matrix:
        return self._summed("importer", years, level)

    @override
    def bilateral(self, years: Sequence[int]) -> Matrix:
        return self._by_pair(questions.pair_sums(self._known(years)), years)

    @override
    def sold_by(self, exporter: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        numbers = self._numbers(exporter)
        text = questions.partner_sums("exporter", "importer", numbers, self._known(years), level)
        return self._by_product(text, years, level)

    @override
    def bought_by(self, importer: CountryCode, years: Sequence[int], level: Level) -> Matrix:
        numbers = self._numbers(importer)
        text = questions.partner_sums("importer", "exporter", numbers, self._known(years), level)
        return self._by_product(text, years, level)

    @override
    def of_product(self, product: ProductCode, years: Sequence[int]) -> Matrix:
        level = self._places.find_level(product)
        if level is None:
            raise UnknownTradeProduct(
                f"{self._named} has no product {product[:20]!r}; codes have 2, 4 or 6 digits"
            )
        return self._by_pair(questions.pair_sums_of(int(product), level.digits, self._known(years)), years)

    @override
    def quantities(self, years: Sequence[int], level: Level) -> tuple[Matrix, Matrix]:
        known = self._known(years)
        year, product, value, weight = self._engine.ask(questions.weighed_sums(known, level))
        order = {one: place for place, one in enumerate(known)}
        rows = np.array([order[int(one)] for one in year], dtype=np.int64)
        columns = self._places.product_places(product, level)
        names = [str(one) for one in known]
        codes = [one.code for one in self.products(level)]
        return Matrix(names, codes, _laid(rows, columns, value, (len(names), len(codes)))), Matrix(
            names, codes, _laid(rows, columns, weight, (len(names), len(codes)))
        )

    @property
    def _named(self) -> str:
        return f"{self.source.name} {self.source.release}"

    def _summed(self, side: str, years: Sequence[int], level: Level) -> Matrix:
        if not self._has_sums:
            return self._by_product(questions.product_sums(side, self._known(years), level), years, level)
        listed = self._listed(years)
        self._checks.require_sums(listed)
        return self._by_product(questions.ready_sums(side, listed, level), years, level)

    def _known(self, years: Sequence[int]) -> list[int]:
        listed = self._listed(years)
        self._checks.require(listed)
        return listed

    def _listed(self, years: Sequence[int]) -> list[int]:
        asked = list(dict.fromkeys(int(year) for year in years[: YEARS_ASKED_MAX + 1]))
        if not asked or len(years) > YEARS_ASKED_MAX:
            raise UnknownYear(f"name at least one year, at most {YEARS_ASKED_MAX}")
        for year in asked:
            if year not in self._years:
                raise UnknownYear(
                    f"{self._named} has no year {year}; it has {self._years[0]} to {self._years[-1]}"
                )
        return asked

    def _numbers(self, code: CountryCode) -> tuple[int, ...]:
        found = self._places.numbers(code)
        if not found:
            raise UnknownCountry(f"{self._named} has no country {code[:20]!r}; codes are ISO 3166-1 alpha-3")
        return found

    def _by_product(self, text: str, years: Sequence[int], level: Level) -> Matrix:
        key, value = self._engine.ask(text)
        country, product = np.divmod(key, questions.KEY_UNIT)
        codes = [one.code for one in self.products(level)]
        rows, columns = self._places.country_places(country), self._places.product_places(product, level)
        whole = _laid(rows, columns, value, (len(self.countries), len(codes)))
        return Matrix([one.code for one in self.countries], codes, whole / len(set(years)))

    def _by_pair(self, text: str, years: Sequence[int]) -> Matrix:
        exporter, importer, value = self._engine.ask(text)
        codes = [one.code for one in self.countries]
        places = self._places
        whole = _laid(
            places.country_places(exporter), places.country_places(importer), value, (len(codes), len(codes))
        )
        return Matrix(codes, codes, whole / len(set(years)))


def _laid(rows: Whole, columns: Whole, amounts: Whole, shape: tuple[int, int]) -> Whole:
    """Lay sums into a table; two numbers of one country come into one cell, added as integers."""
    table = np.zeros(shape, dtype=np.int64)
    np.add.at(table, (rows, columns), amounts)
    return table


def open_book(folder: Path, *, engine: str = "") -> SqlFlowBook:
    """Open a whole cache with DuckDB, or with the Spark Connect server at ``engine`` (``sc://host:port``).

    Exports and imports by product come from the sums that lie beside the flows; a server adds up the flows.
    The book's questions raise ``DataDamaged`` where the file of a year is not what was written.

    Raises:
        DataMissing, DataDamaged: there is no whole cache in this folder, or it is not what was written.
        EngineFailed: the engine cannot be reached, or cannot read the files.
    """
    note = read_note(folder)
    files = [folder / name for name in note.files]
    checks, sums = FileChecks(folder, note), [] if engine else [folder / name for name in note.sums]
    try:
        opened: Engine = SparkEngine(engine, files) if engine else DuckDbEngine(files, sums=sums)
        check_rows(note, opened, engine or "DuckDB")
    except EngineFailed:
        # The engine's word about a file that is not what was written would not help anybody.
        checks.require(one.year for one in note.years)
        if sums:
            checks.require_sums(one.year for one in note.years)
        raise
    return SqlFlowBook(note, opened, checks, has_sums=bool(sums))


def check_rows(note: Note, engine: Engine, who: str) -> None:
    """See that the engine finds every row: a server that does not see the folder may answer with no rows at all."""
    rows, wanted = int(engine.ask(questions.ROWS)[0][0]), sum(one.rows for one in note.years)
    if rows != wanted:
        engine.close()
        raise EngineFailed(
            f"{who} finds {rows} of the {wanted} flows of {note.source.name}; it must see the same files under the "
            "same paths"
        )
