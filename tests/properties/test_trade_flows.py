"""BACI's files and the cache: what goes in comes out, by the quick way and the careful one, on engine and list."""

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from rahdari.trade import Level
from rahdari.trade.store import Release, open_book, write_cache
from rahdari.wire import baci
from rahdari.wire.baci import careful, year
from rahdari.wire.baci.checks import Known
from rahdari.wire.errors import MalformedInput
from rahdari.wire.flow_table import COLUMNS
from tests.contract.test_flow_book import COUNTRIES, PRODUCTS, SOURCE
from tests.fakes.flows import Flow, FlowsInMemory

NUMBERS = [one.number for one in COUNTRIES]
CODES = [int(one.code) for one in PRODUCTS if len(one.code) == 6]
ORDER = list("tijkvq")


@st.composite
def flows(draw: st.DrawFn, at: int = 2021) -> list[Flow]:
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS), st.sampled_from(CODES)).filter(
                lambda key: key[0] != key[1]
            ),
            min_size=1,
            max_size=25,
            unique=True,
        )
    )
    amounts = st.integers(0, 10**13 - 1)
    return [Flow(at, *key, draw(amounts), draw(st.just(-1) | amounts)) for key in keys]


def written(rows: list[Flow]) -> bytes:
    lines = ["t,i,j,k,v,q"]
    for one in rows:
        weight = "NA" if one.kilograms < 0 else f"{one.kilograms // 1000}.{one.kilograms % 1000:03}"
        value = f"{one.dollars // 1000}.{one.dollars % 1000:03}"
        lines.append(f'{one.year},{one.exporter},{one.importer},{one.product},{value},"{weight:>13}"')
    return ("\n".join(lines) + "\n").encode()


@given(flows())
def test_every_flow_is_read_to_the_dollar_and_the_kilogram_by_both_ways(rows: list[Flow]) -> None:
    raw, known = written(rows), Known(2021, set(NUMBERS), set(CODES))
    quick = year._read_quickly(raw, ORDER, known)
    assert quick is not None
    assert [Flow(*row) for row in quick.frame.iter_rows()] == rows
    assert careful.read_carefully(raw, ORDER, known).frame.equals(quick.frame)


CELLS = st.sampled_from(
    [
        "2021",
        "2020",
        "4",
        "58",
        "0",
        "-1",
        "10121",
        "9999",
        "1.5",
        "1.2345",
        "NA",
        " NA",
        "",
        "nan",
        "1e3",
        "x",
    ]
)


@settings(max_examples=300)
@given(st.lists(st.lists(CELLS, min_size=5, max_size=7).map(",".join), min_size=1, max_size=6))
def test_the_quick_way_takes_a_file_only_where_the_careful_one_finds_nothing(lines: list[str]) -> None:
    good = "2021,4,586,740311,1.5,2"
    raw, known = "\n".join(["t,i,j,k,v,q", good, *lines]).encode(), Known(2021, None, None)
    quick, slow = year._read_quickly(raw, ORDER, known), careful.read_carefully(raw, ORDER, known)
    assert slow.bad_rows_total + len(slow.frame) == 1 + len([one for one in lines if one])
    if quick is not None:
        assert slow.bad_rows_total == 0
        assert quick.frame.equals(slow.frame)


@given(
    st.binary(max_size=400)
    | st.binary(max_size=200).map(lambda tail: b"t,i,j,k,v,q\n2021,4,8,10121,1,1\n" + tail)
)
def test_any_bytes_give_a_table_or_a_refusal(raw: bytes) -> None:
    for read in (
        lambda: baci.read_year(raw, year=2021),
        lambda: baci.read_countries(raw),
        lambda: baci.read_products(raw),
    ):
        try:
            read()
        except MalformedInput:
            continue


@settings(max_examples=25)
@given(st.lists(flows(2020), max_size=1), flows(2021), st.sampled_from(list(Level)))
def test_the_cache_answers_as_a_list_does(before: list[list[Flow]], now: list[Flow], level: Level) -> None:
    every = [one for rows in (*before, now) for one in rows]
    years = sorted({one.year for one in every})
    with tempfile.TemporaryDirectory() as made:
        frames = [
            (at, pl.DataFrame([one for one in every if one.year == at], schema=dict(COLUMNS), orient="row"))
            for at in years
        ]
        assert write_cache(Path(made) / "cache", Release(SOURCE, COUNTRIES, PRODUCTS), frames) == tuple(years)
        plain = FlowsInMemory(SOURCE, COUNTRIES, PRODUCTS, every, years)
        with open_book(Path(made) / "cache") as book:
            country, product = plain.countries[0].code, plain.products(level)[-1].code
            for ours, theirs in (
                (book.exports(years, level), plain.exports(years, level)),
                (book.imports(years, level), plain.imports(years, level)),
                (book.bilateral(years), plain.bilateral(years)),
                (book.sold_by(country, years, level), plain.sold_by(country, years, level)),
                (book.bought_by(country, years, level), plain.bought_by(country, years, level)),
                (book.of_product(product, years), plain.of_product(product, years)),
                (book.quantities(years, level)[1], plain.quantities(years, level)[1]),
            ):
                assert (ours.rows, ours.columns) == (theirs.rows, theirs.columns)
                assert ours.values.tolist() == theirs.values.tolist()
