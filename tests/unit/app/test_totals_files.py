"""Totals that an analyst gives: read or refused, and what a path says of them."""

import json
from pathlib import Path

import polars as pl
import pytest

from rahdari.app.analyst import Analyst, open_analyst
from rahdari.app.base_rates import carried_sizes
from rahdari.app.totals_files import read_totals
from rahdari.trade import PathWish
from rahdari.trade.errors import BadTradeFile
from rahdari.trade.rules.decades import class_of, read_sizes

PLAN = PathWish(start_usd=30e9, target_usd=150e9, draws=100)


@pytest.fixture(scope="module")
def analyst(tmp_path_factory: pytest.TempPathFactory) -> Analyst:
    return open_analyst(tmp_path_factory.mktemp("no-releases"), release="carried")


def plain(folder: Path) -> Path:
    """Two countries of 25 billion: one grows by 20 % a year, one by 5 %."""
    rows = ["country,year,exports_usd"]
    for country, growth in (("PAK", 1.05), ("CHN", 1.2)):
        rows += [f"{country},{1990 + at},{25e9 * growth**at}" for at in range(13)]
    file = folder / "totals.csv"
    file.write_text("\n".join(rows))
    return file


def test_a_plan_is_held_against_decades_of_its_own_size_and_the_countrys_own_best(
    analyst: Analyst, tmp_path: Path
) -> None:
    wish = PathWish(start_usd=30e9, target_usd=150e9, draws=100, totals=read_totals(plain(tmp_path)))
    answer = analyst.path(wish)
    told = answer.figures
    assert (told["class_low_usd"], told["class_high_usd"]) == (20e9, 50e9)
    assert told["class_windows"] == 6
    assert told["class_reached_share"] == 0.5
    assert told["class_percentile"] == 50.0
    assert told["own_decade_multiple"] == pytest.approx(1.05**10)
    assert answer.tables["decades"]["windows"].sum() == 6
    again = analyst.again(json.loads(analyst.manifest(answer).to_json()))
    assert again.figures == answer.figures


def test_on_a_fresh_machine_the_carried_figures_stand_there(analyst: Analyst) -> None:
    answer = analyst.path(PLAN)
    assert answer.figures["class_reached_share"] == pytest.approx(0.0741)
    assert "decades_carried" in {one.code for one in answer.notes}
    assert len(answer.tables["decades"]) == 4
    # What these data hold are raw materials alone: no whole country begins so.
    assert "class_windows" not in analyst.path(PathWish(draws=100)).figures
    assert "decades" not in analyst.path(PathWish(start_usd=30e9, years=7, draws=100)).tables


def test_each_carried_class_ends_where_the_next_begins() -> None:
    sizes = carried_sizes()
    assert [one.high_usd for one in sizes] == [*(one.low_usd for one in sizes[1:]), None]
    assert [one.share(5.0) for one in sizes] == sorted((one.share(5.0) or 0 for one in sizes), reverse=True)
    assert class_of(sizes, 0.9e9) is None
    assert all(list(one.reached) == sorted(one.reached, reverse=True) for one in sizes)


@pytest.mark.parametrize("text", ["", "low_usd\n1", "# only a remark"])
def test_a_damaged_table_of_sizes_is_refused(text: str) -> None:
    with pytest.raises(BadTradeFile):
        read_sizes(text)


def test_pairs_are_added_up_checked_by_partners_and_without_trade_with_oneself(tmp_path: Path) -> None:
    rows = [
        (2000, "PAK", "CHN", 5.0, 1.0), (2000, "PAK", "PAK", 9.0, 9.0), (2000, "CHN", "PAK", 3.0, 4.0),
        (2001, "PAK", "CHN", None, 1.0),
    ]  # fmt: skip
    names = ["year", "reporter_iso3", "partner_iso3", "exports_usd", "imports_usd"]
    pl.DataFrame(rows, schema=names, orient="row").write_parquet(tmp_path / "pairs.parquet")
    totals = read_totals(tmp_path / "pairs.parquet")
    told, mirror = totals.histories()
    assert told.countries == ("CHN", "PAK")
    assert told.values_usd[:, 0].tolist() == [3.0, 5.0]
    assert mirror is not None
    assert mirror.values_usd[:, 0].tolist() == [1.0, 4.0]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"a,b\n1,2\n", "neither the columns"),
        (b"PAR1junk", "neither CSV nor Parquet"),
        (b"country,year,exports_usd\nPAK,2000,-5\n", "3 letters|three letters"),
        (b"country,year,exports_usd\nPAK,2000,inf\n", "three letters"),
        (b"country,year,exports_usd\nPAK,20000,5\n", "three letters"),
        (b"country,year,exports_usd\nPAK,x,5\n", "no country, year or amount"),
        (b"country,year,exports_usd\n", "nothing"),
        (
            b'country,year,exports_usd\nPAK,2000,"\n',
            "no country, year or amount|neither CSV nor Parquet|nothing",
        ),
    ],
)
def test_a_file_that_is_no_table_of_totals_is_refused(tmp_path: Path, raw: bytes, told: str) -> None:
    (tmp_path / "totals").write_bytes(raw)
    with pytest.raises(BadTradeFile, match=told):
        read_totals(tmp_path / "totals")


def parquet(folder: Path, frame: pl.DataFrame) -> Path:
    frame.write_parquet(folder / "totals.parquet", compression="uncompressed")
    return folder / "totals.parquet"


def test_a_damaged_parquet_file_is_read_or_refused_and_nothing_dies_of_it(
    tmp_path: Path,
) -> None:
    frame = pl.DataFrame({"country": ["PAK", "CHN"], "year": [1990, 1990], "exports_usd": [25.0, None]})
    whole, refused = bytearray(parquet(tmp_path, frame).read_bytes()), 0
    # Of every 61st place, for time; among them are some on which Polars 2.1 panics, or ends the process.
    for at in range(4, len(whole), 61):
        damaged = whole.copy()
        damaged[at] ^= 0xFF
        (tmp_path / "damaged").write_bytes(damaged)
        try:
            read_totals(tmp_path / "damaged")
        except BadTradeFile:
            refused += 1
    assert refused > len(whole) / 61 / 4


def test_a_few_bytes_that_claim_more_rows_than_the_world_has_are_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rahdari.app.totals_files.ROWS_MAX", 2)
    frame = pl.DataFrame({"country": ["PAK"] * 3, "year": [1990] * 3, "exports_usd": [1.0] * 3})
    with pytest.raises(BadTradeFile, match="3 rows; 2 are the most"):
        read_totals(parquet(tmp_path, frame))


def test_a_parquet_of_other_kinds_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"country": ["PAK"], "year": ["soon"], "exports_usd": [1.0]})
    with pytest.raises(BadTradeFile, match="soon"):
        read_totals(parquet(tmp_path, frame))
    with pytest.raises(BadTradeFile, match="neither the columns"):
        read_totals(parquet(tmp_path, pl.DataFrame({"a": [1]})))
