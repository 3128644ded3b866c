"""The sums beside the flows are those of the flows, and a cache answers the same without them."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from rahdari.trade import BadTradeFile, DataMissing, Level
from rahdari.trade.store import (
    DuckDbEngine,
    FileChecks,
    Release,
    SqlFlowBook,
    open_book,
    read_note,
    write_cache,
)
from rahdari.trade.store.note import write_note
from rahdari.trade.store.sums import sums_of
from rahdari.wire import flow_table
from rahdari.wire.flow_table import AMOUNT_MAX
from tests.contract.test_flow_book import COUNTRIES, FLOWS, PRODUCTS, SOURCE, YEARS, frame_of
from tests.fakes.flows import Flow


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    frames = [(year, frame_of([one for one in FLOWS if one.year == year])) for year in YEARS]
    write_cache(tmp_path / "cache", Release(SOURCE, COUNTRIES, PRODUCTS), frames)
    return tmp_path / "cache"


def summed(flows: list[Flow]) -> pl.DataFrame:
    frame = frame_of(flows)
    countries = {*frame["exporter"], *frame["importer"]}
    return pl.DataFrame(sums_of(2021, frame, countries, set(frame["product"])))


def test_each_country_and_product_is_summed_on_both_sides() -> None:
    flows = [Flow(2021, 4, 8, 10121, 5), Flow(2021, 4, 12, 10121, 7), Flow(2021, 8, 4, 20110, 1)]
    assert summed(flows).rows() == [
        (2021, 4, 10121, 12, 0),
        (2021, 4, 20110, 0, 1),
        (2021, 8, 10121, 0, 5),
        (2021, 8, 20110, 1, 0),
        (2021, 12, 10121, 0, 7),
    ]


def test_what_was_traded_for_nothing_has_no_row_and_no_flow_gives_none() -> None:
    assert summed([Flow(2021, 4, 8, 10121, 0)]).rows() == summed([]).rows() == []


def test_they_are_what_another_program_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_table, "BLOCK_ROWS", 7)
    chance = np.random.default_rng(4)
    drawn = chance.integers(1, [5, 5, 9, AMOUNT_MAX // 100], size=(300, 4))
    flows = [Flow(2021, int(i), int(10 + j), int(10_110 + k), int(v)) for i, j, k, v in drawn]
    sums, frame = summed(flows), frame_of(flows)
    for side, column in (("exporter", "exports_usd"), ("importer", "imports_usd")):
        added = frame.group_by(pl.col(side).alias("country"), "product").agg(
            pl.col("value_usd").sum().alias(column)
        )
        ours = sums.filter(pl.col(column) > 0).select("country", "product", column)
        assert ours.equals(added.sort("country", "product"))


def test_amounts_that_no_sum_holds_are_refused(tmp_path: Path) -> None:
    flows = [Flow(2021, 4, at, 740311, AMOUNT_MAX) for at in range(5, 600)]
    with pytest.raises(BadTradeFile, match="2021: the amounts add up to more than 5e"):
        summed(flows)


@pytest.mark.parametrize("level", list(Level))
def test_a_cache_answers_the_same_with_its_sums_and_from_its_flows(cache: Path, level: Level) -> None:
    note = read_note(cache)
    assert note.sums == tuple(f"{year}-sums.parquet" for year in YEARS)
    flows = DuckDbEngine([cache / name for name in note.files])
    with open_book(cache) as quick, SqlFlowBook(note, flows, FileChecks(cache, note)) as whole:
        for years in ([2019], [2020, 2021], list(YEARS), [2021, 2021]):
            for ours, theirs in (
                (quick.exports(years, level), whole.exports(years, level)),
                (quick.imports(years, level), whole.imports(years, level)),
            ):
                assert (ours.rows, ours.columns) == (theirs.rows, theirs.columns)
                assert ours.values.tolist() == theirs.values.tolist()


def test_exports_and_imports_are_read_from_the_sums_alone(cache: Path) -> None:
    note, other = read_note(cache), cache / "other.parquet"
    frame = pl.read_parquet(cache / "2020-sums.parquet")
    frame.with_columns(pl.col("exports_usd") * 2).write_parquet(other)
    sums = [other if "2020" in name else cache / name for name in note.sums]
    engine = DuckDbEngine([cache / name for name in note.files], sums=sums)
    with (
        open_book(cache) as plain,
        SqlFlowBook(note, engine, FileChecks(cache, note), has_sums=True) as doubled,
    ):
        total = plain.exports([2020], Level.HS6).values.sum()
        assert doubled.exports([2020], Level.HS6).values.sum() == 2 * total
        assert (
            doubled.imports([2020], Level.HS6).values.sum() == doubled.bilateral([2020]).values.sum() == total
        )


@pytest.mark.parametrize("without", [[2019], list(YEARS)])
def test_a_cache_with_a_year_without_sums_answers_from_its_flows(cache: Path, without: list[int]) -> None:
    with open_book(cache) as book:
        before = book.exports(YEARS, Level.HS6).values.tolist()
    note = read_note(cache)
    years = tuple(replace(one, sums=None if one.year in without else one.sums) for one in note.years)
    write_note(cache, replace(note, years=years))
    for year in without:
        (cache / f"{year}-sums.parquet").unlink()
    told = json.loads((cache / "release.json").read_text(encoding="utf-8"))
    assert [one["year"] for one in told["years"] if "sums" not in one] == without
    assert read_note(cache).sums == ()
    with open_book(cache) as book:
        assert book.exports(YEARS, Level.HS6).values.tolist() == before


@pytest.mark.parametrize("harm", ["absent", "shorter", "elsewhere"])
def test_a_cache_whose_sums_are_not_what_was_written_is_not_opened(cache: Path, harm: str) -> None:
    path = cache / "2020-sums.parquet"
    if harm == "elsewhere":
        (cache.parent / path.name).write_bytes(path.read_bytes())
        note = (cache / "release.json").read_text(encoding="utf-8")
        (cache / "release.json").write_text(re.sub("2020-sums", "../2020-sums", note), encoding="utf-8")
    elif harm == "shorter":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    with pytest.raises(DataMissing, match="fetch the release again"):
        open_book(cache)
