"""Every book of flows gives the same whole numbers: a list in memory, DuckDB over flows and over sums, and Sail."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from benchmarks.sail_room import ABSENT, SailRoom, is_present
from rahdari.trade import (
    Country,
    CountryCode,
    EngineFailed,
    FlowBook,
    Level,
    Matrix,
    Product,
    ProductCode,
    Revision,
    Source,
    UnknownCountry,
    UnknownTradeProduct,
    UnknownYear,
)
from rahdari.trade.store import (
    DuckDbEngine,
    FileChecks,
    Release,
    SqlFlowBook,
    check_rows,
    open_book,
    read_note,
    write_cache,
)
from rahdari.wire.flow_table import AMOUNT_MAX, COLUMNS
from tests.fakes.flows import Flow, FlowsInMemory

SOURCE = Source("sample flows", "202601", Revision.HS92, "0" * 64, "nobody")
COUNTRIES = tuple(
    Country(CountryCode(code), f"Country {code}", number)
    for code, number in (("AAA", 4), ("BEL", 58), ("BEL", 56), ("CCC", 156), ("DDD", 586), ("EEE", 842))
)
PRODUCTS = tuple(
    Product(ProductCode(code), f"product {code}")
    for code in ("01", "0101", "010110", "010119", "74", "7403", "740311", "740400", "970600", "260300")
)
# 010110 and 010119 lost their leading zero; 156 sells nothing, 842 does not appear; 740400 is of 2021 alone.
FLOWS = (
    Flow(2019, 4, 586, 10110, 1_000, 500),
    Flow(2019, 4, 586, 10119, 250, 0),
    Flow(2019, 56, 4, 740311, 7, -1),
    Flow(2019, 58, 4, 740311, 11, 3),
    Flow(2019, 586, 156, 260300, 0, -1),
    Flow(2020, 4, 586, 10110, 1_003, 499),
    Flow(2020, 586, 58, 970600, AMOUNT_MAX // 4, -1),
    Flow(2020, 586, 156, 740311, 1, 1),
    Flow(2021, 58, 156, 740400, 5, 2),
    Flow(2021, 586, 56, 740311, 90, 45),
    Flow(2021, 586, 58, 740311, 9, -1),
)
YEARS = (2019, 2020, 2021)


def frame_of(flows: tuple[Flow, ...] | list[Flow]) -> pl.DataFrame:
    return pl.DataFrame(flows, schema=dict(COLUMNS), orient="row")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flows") / "HS92-202601"
    # Years and rows come in no order.
    parts = [
        (year, frame_of([one for one in reversed(FLOWS) if one.year == year])) for year in (2021, 2019, 2020)
    ]
    write_cache(folder, Release(SOURCE, COUNTRIES, PRODUCTS), parts)
    return folder


@pytest.fixture(scope="module", params=["memory", "duckdb", "sums", "sail"])
def book(request: pytest.FixtureRequest, cache: Path) -> Iterator[FlowBook]:
    note = read_note(cache)
    files = [cache / name for name in note.files]
    if request.param == "memory":
        yield FlowsInMemory(SOURCE, COUNTRIES, PRODUCTS, FLOWS, YEARS)
    elif request.param == "duckdb":
        with SqlFlowBook(note, DuckDbEngine(files), FileChecks(cache, note)) as opened:
            yield opened
    elif request.param == "sums":
        with open_book(cache) as opened:
            assert note.sums
            yield opened
    else:
        if not is_present():
            pytest.skip(ABSENT)
        with SailRoom() as room:
            room.open(files)
            yield SqlFlowBook(note, room, FileChecks(cache, note))


def cells(matrix: Matrix) -> dict[tuple[str, str], float]:
    return {
        (matrix.rows[row], matrix.columns[column]): float(matrix.values[row, column])
        for row, column in np.argwhere(matrix.values != 0)
    }


def test_it_says_what_it_holds(book: FlowBook) -> None:
    assert book.source == SOURCE
    assert book.years == YEARS
    assert [one.code for one in book.countries] == ["AAA", "BEL", "CCC", "DDD"]


def test_of_two_numbers_of_one_country_the_lower_gives_the_name(book: FlowBook) -> None:
    assert book.countries[1] == Country(CountryCode("BEL"), "Country BEL", 56)


def test_products_of_each_level_stand_by_code_with_their_zeros(book: FlowBook) -> None:
    assert [one.code for one in book.products(Level.HS2)] == ["01", "26", "74", "97"]
    assert [one.code for one in book.products(Level.HS4)] == ["0101", "2603", "7403", "7404", "9706"]
    codes = [one.code for one in book.products(Level.HS6)]
    assert codes == ["010110", "010119", "260300", "740311", "740400", "970600"]
    assert book.products(Level.HS6)[0].name == "product 010110"


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (Level.HS2, {("AAA", "01"): 1_250.0, ("BEL", "74"): 18.0}),
        (Level.HS4, {("AAA", "0101"): 1_250.0, ("BEL", "7403"): 18.0}),
        (Level.HS6, {("AAA", "010110"): 1_000.0, ("AAA", "010119"): 250.0, ("BEL", "740311"): 18.0}),
    ],
)
def test_exports_of_a_year_are_sums_over_markets(
    book: FlowBook, level: Level, expected: dict[tuple[str, str], float]
) -> None:
    assert cells(book.exports([2019], level)) == expected


def test_imports_of_a_year_are_sums_over_sellers(book: FlowBook) -> None:
    assert cells(book.imports([2021], Level.HS4)) == {
        ("BEL", "7403"): 99.0,
        ("CCC", "7404"): 5.0,
    }


def test_several_years_give_the_mean_and_a_year_named_twice_counts_once(book: FlowBook) -> None:
    mean = book.sold_by(CountryCode("AAA"), [2020, 2019, 2019], Level.HS6)
    assert cells(mean) == {("DDD", "010110"): 1_001.5, ("DDD", "010119"): 125.0}


def test_bilateral_totals_take_all_products(book: FlowBook) -> None:
    assert cells(book.bilateral([2020])) == {
        ("AAA", "DDD"): 1_003.0,
        ("DDD", "BEL"): float(AMOUNT_MAX // 4),
        ("DDD", "CCC"): 1.0,
    }


def test_a_market_knows_from_whom_it_bought(book: FlowBook) -> None:
    assert cells(book.bought_by(CountryCode("BEL"), [2021], Level.HS2)) == {("DDD", "74"): 99.0}
    assert cells(book.bought_by(CountryCode("BEL"), [2019], Level.HS2)) == {}


def test_both_numbers_of_a_country_sell_for_it(book: FlowBook) -> None:
    assert cells(book.sold_by(CountryCode("BEL"), [2019], Level.HS6)) == {("AAA", "740311"): 18.0}


@pytest.mark.parametrize(("code", "total"), [("74", 104.0), ("7403", 99.0), ("740311", 99.0), ("7404", 5.0)])
def test_a_product_of_any_level_knows_who_sold_it_to_whom(book: FlowBook, code: str, total: float) -> None:
    assert book.of_product(ProductCode(code), [2021]).values.sum() == total


def test_quantities_are_of_flows_alone_whose_weight_is_known(book: FlowBook) -> None:
    value, weight = book.quantities([2019, 2021], Level.HS4)
    assert value.rows == weight.rows == ("2019", "2021")
    assert cells(value) == {
        ("2019", "0101"): 1_250.0,
        ("2019", "7403"): 11.0,
        ("2021", "7403"): 90.0,
        ("2021", "7404"): 5.0,
    }
    assert cells(weight) == {
        ("2019", "0101"): 500.0,
        ("2019", "7403"): 3.0,
        ("2021", "7403"): 45.0,
        ("2021", "7404"): 2.0,
    }


def test_what_trades_nothing_keeps_its_place_with_zeros(book: FlowBook) -> None:
    table = book.exports([2019], Level.HS6)
    assert table.rows == ("AAA", "BEL", "CCC", "DDD")
    assert table.of_row("CCC").tolist() == [0.0] * 6


REFUSED: dict[str, tuple[Callable[[FlowBook], object], type[Exception]]] = {
    "a year that is not there": (lambda book: book.bilateral([2019, 1999]), UnknownYear),
    "no year": (lambda book: book.exports([], Level.HS2), UnknownYear),
    "a country that trades nothing": (
        lambda book: book.sold_by(CountryCode("EEE"), [2019], Level.HS2),
        UnknownCountry,
    ),
    "a market of no such code": (
        lambda book: book.bought_by(CountryCode("x'); DROP"), [2019], Level.HS2),
        UnknownCountry,
    ),
    "a product that does not appear": (
        lambda book: book.of_product(ProductCode("99"), [2019]),
        UnknownTradeProduct,
    ),
    "a product of five digits": (
        lambda book: book.of_product(ProductCode("74031"), [2019]),
        UnknownTradeProduct,
    ),
    "a product that is no number": (
        lambda book: book.of_product(ProductCode("7x"), [2019]),
        UnknownTradeProduct,
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_it_does_not_hold_it_refuses_by_name(book: FlowBook, case: str) -> None:
    ask, refusal = REFUSED[case]
    with pytest.raises(refusal):
        ask(book)


def test_an_engine_that_gives_up_says_so(cache: Path) -> None:
    engine = DuckDbEngine([cache / "2019.parquet"])
    with pytest.raises(EngineFailed, match="DuckDB gave up"):
        engine.ask("SELECT nothing FROM nowhere")
    with pytest.raises(EngineFailed):
        DuckDbEngine([cache / "absent.parquet"])


def test_a_server_that_does_not_see_the_files_is_found_out(cache: Path, tmp_path: Path) -> None:
    if not is_present():
        pytest.skip(ABSENT)
    with SailRoom() as room:
        room.open([tmp_path / "absent.parquet"])
        # Sail answers with nothing where Spark would refuse; open_book compares with what was written.
        with pytest.raises(EngineFailed, match=f"0 of the {len(FLOWS)} flows"):
            check_rows(read_note(cache), room, "sc://sample")


def test_text_that_a_server_cannot_read_is_an_engine_that_failed(cache: Path) -> None:
    if not is_present():
        pytest.skip(ABSENT)
    with SailRoom() as room:
        room.open([cache / "2019.parquet"])
        with pytest.raises(EngineFailed, match="Spark gave up"):
            room.ask("SELECT nothing FROM nowhere")


def test_without_the_client_a_server_is_an_engine_that_failed(cache: Path) -> None:
    with pytest.raises(EngineFailed, match="pyspark-client is not installed"):
        open_book(cache, engine="sc://127.0.0.1:1")
