"""The cache of flows is there whole or not at all, and refuses what would make wrong sums."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rahdari.trade import (
    BadTradeFile,
    Country,
    CountryCode,
    DataDamaged,
    DataMissing,
    Level,
    Product,
    ProductCode,
)
from rahdari.trade.store import Release, open_book, read_note, write_cache
from rahdari.trade.store.engines import write_parquet
from rahdari.trade.store.places import shared_name
from rahdari.wire import flow_table
from rahdari.wire.flow_table import AMOUNT_MAX, COLUMNS
from tests.contract.test_flow_book import COUNTRIES, FLOWS, PRODUCTS, SOURCE, YEARS, frame_of
from tests.fakes.flows import Flow

RELEASE = Release(SOURCE, COUNTRIES, PRODUCTS)
GOOD = Flow(2021, 4, 586, 740311, 5, 1)


def whole() -> Iterator[tuple[int, pl.DataFrame]]:
    for year in YEARS:
        yield year, frame_of([one for one in FLOWS if one.year == year])


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_a_written_cache_says_what_it_holds(tmp_path: Path) -> None:
    told = list[tuple[int, int]]()
    write_cache(tmp_path / "cache", RELEASE, whole(), told=lambda year, rows: told.append((year, rows)))
    note = read_note(tmp_path / "cache")
    assert told == [(2019, 5), (2020, 3), (2021, 3)] == [(one.year, one.rows) for one in note.years]
    assert note.source == SOURCE
    assert [one.number for one in note.countries] == [4, 56, 58, 156, 586]
    assert "EEE" not in (tmp_path / "cache" / "release.json").read_text(encoding="utf-8")
    assert names(tmp_path) == ["cache"]


def test_each_year_stands_in_order_as_whole_numbers(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    frame = pl.read_parquet(tmp_path / "cache" / "2021.parquet")
    assert dict(frame.schema) == {name: kind() for name, kind in COLUMNS.items()}
    assert frame.equals(frame.sort("exporter", "importer", "product"))


def test_a_year_file_packs_whole_numbers_and_tells_their_span_to_whoever_asks(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    with duckdb.connect() as connection:
        told = connection.execute(
            "SELECT path_in_schema, encodings, stats_min FROM parquet_metadata(?)",
            [str(tmp_path / "cache" / "2021.parquet")],
        ).fetchall()
    packed = {name: encodings for name, encodings, _ in told}
    assert set(packed) == set(COLUMNS)
    assert packed["value_usd"] == packed["quantity_kg"] == "DELTA_BINARY_PACKED"
    assert {name: least for name, _, least in told}["exporter"] == "58"


def test_a_folder_that_takes_no_file_is_an_error_of_the_disk(tmp_path: Path) -> None:
    columns = {name: frame_of([GOOD])[name].to_numpy() for name in COLUMNS}
    with pytest.raises(OSError, match=r"2021\.parquet cannot be written"):
        write_parquet(tmp_path / "absent" / "2021.parquet", columns, rows_in_group=1 << 18)


def test_blocks_of_rows_agree_with_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_table, "BLOCK_ROWS", 2)
    flows = [
        GOOD._replace(exporter=1 + at // 3, importer=20 + at % 3, product=10_101 + at) for at in range(7)
    ]
    assert flow_table.is_in_order(frame_of(flows))
    assert flow_table.distinct(frame_of(flows)["exporter"]) == [1, 2, 3]
    assert flow_table.distinct(frame_of([])["exporter"]) == []
    for place in range(6):
        # Across the ends of blocks too: two rows the wrong way round, and one row twice.
        turned = [*flows[:place], flows[place + 1], flows[place], *flows[place + 2 :]]
        twice = [*flows[: place + 1], *flows[place:]]
        assert not flow_table.is_in_order(frame_of(turned))
        assert not flow_table.is_in_order(frame_of(twice))


def test_a_cache_replaces_the_one_before(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    assert write_cache(tmp_path / "cache", RELEASE, [(2021, frame_of([GOOD]))]) == (2021,)
    assert names(tmp_path / "cache") == ["2021-sums.parquet", "2021.parquet", "release.json"]
    with open_book(tmp_path / "cache") as book:
        assert book.bilateral([2021]).values.sum() == 5


BAD: dict[str, tuple[int, list[Flow], str]] = {
    "another year": (2020, [GOOD], "year is 2021"),
    "no year of statistics": (1066, [GOOD._replace(year=1066)], "no year"),
    "a country of no number": (2021, [GOOD._replace(exporter=0)], "exporter is 0"),
    "a negative amount": (2021, [GOOD._replace(dollars=-1)], "value_usd is -1"),
    "an amount that no float holds": (2021, [GOOD._replace(dollars=AMOUNT_MAX + 1)], "value_usd"),
    "a weight below unknown": (2021, [GOOD._replace(kilograms=-2)], "quantity_kg is -2"),
    "a flow twice": (2021, [GOOD, GOOD._replace(dollars=6)], "from 4 to 586 of 740311 stands twice"),
    "a country not listed": (2021, [GOOD._replace(importer=999)], "no country of the number 999"),
    "a product not listed": (2021, [GOOD._replace(product=999999)], "no product of the code 999999"),
    "no row": (2021, [], "not one row"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_would_make_wrong_sums_is_refused_and_what_stood_there_stays(case: str, tmp_path: Path) -> None:
    year, flows, told = BAD[case]
    write_cache(tmp_path / "cache", RELEASE, whole())
    before = {one.name: one.read_bytes() for one in (tmp_path / "cache").iterdir()}
    with pytest.raises(BadTradeFile, match=told):
        write_cache(tmp_path / "cache", RELEASE, [(year, frame_of(flows))])
    assert {one.name: one.read_bytes() for one in (tmp_path / "cache").iterdir()} == before
    assert names(tmp_path) == ["cache"]


def test_a_year_that_comes_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTradeFile, match="2021 comes twice"):
        write_cache(tmp_path / "cache", RELEASE, [(2021, frame_of([GOOD]))] * 2)


def test_a_frame_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTradeFile, match="value_usd is Float64"):
        write_cache(tmp_path / "cache", RELEASE, [(2021, frame_of([GOOD]).cast({"value_usd": pl.Float64}))])


def test_a_reader_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[tuple[int, pl.DataFrame]]:
        yield 2021, frame_of([GOOD])
        raise OSError("the line broke")

    with pytest.raises(OSError, match="the line broke"):
        write_cache(tmp_path / "cache", RELEASE, broken())
    assert names(tmp_path) == []


def test_what_a_power_cut_left_behind_is_no_cache_and_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / ".cache.part"
    left.mkdir()
    (left / "2021.parquet").write_bytes(b"half")
    with pytest.raises(DataMissing):
        read_note(left)
    write_cache(tmp_path / "cache", RELEASE, whole())
    assert names(tmp_path) == ["cache"]


def cut(folder: Path) -> None:
    path = folder / "2021.parquet"
    path.write_bytes(path.read_bytes()[:-1])


def unname(folder: Path) -> None:
    (folder / "2021.parquet").unlink()


def renumber(folder: Path) -> None:
    note = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    (folder / "release.json").write_text(json.dumps(note | {"form": 99}), encoding="utf-8")


def lead_out(folder: Path) -> None:
    note = json.loads((folder / "release.json").read_text(encoding="utf-8"))
    note["years"][0]["file"] = "../secret.parquet"
    (folder / "release.json").write_text(json.dumps(note), encoding="utf-8")


def spoil(folder: Path) -> None:
    (folder / "release.json").write_bytes(b'{"form": 1,\xff')


@pytest.mark.parametrize("harm", [cut, unname, renumber, lead_out, spoil])
def test_a_cache_that_is_not_what_was_written_is_not_opened(
    harm: Callable[[Path], None], tmp_path: Path
) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    harm(tmp_path / "cache")
    with pytest.raises(DataMissing, match="fetch the release again"):
        open_book(tmp_path / "cache")


def read_every_file(folder: Path) -> None:
    """Ask what comes from the files of sums, and what comes from those of flows."""
    with open_book(folder) as book:
        book.exports(YEARS, Level.HS6)
        book.bilateral(YEARS)


@given(st.data())
@settings(
    max_examples=20,
    phases=[Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_one_wrong_bit_anywhere_in_a_cache_never_gives_another_sum(
    tmp_path: Path, data: st.DataObject
) -> None:
    folder = tmp_path / "cache"
    if not folder.exists():
        write_cache(folder, RELEASE, whole())
    name = data.draw(st.sampled_from(names(folder)))
    raw = (folder / name).read_bytes()
    at, bit = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 7))
    (folder / name).write_bytes(raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :])
    try:
        with pytest.raises(DataMissing, match="fetch the release again"):
            read_every_file(folder)
    finally:
        (folder / name).write_bytes(raw)


def test_a_year_that_nobody_asks_about_is_not_read_to_be_checked(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    for name in ("2019.parquet", "2019-sums.parquet"):
        path = tmp_path / "cache" / name
        raw = bytearray(path.read_bytes())
        raw[6] ^= 1
        path.write_bytes(raw)
    with open_book(tmp_path / "cache") as book:
        assert book.exports([2020], Level.HS6).values.sum() == book.bilateral([2020]).values.sum() > 0
        with pytest.raises(DataDamaged, match="the file of 2019 has other bytes"):
            book.exports([2019, 2020], Level.HS6)
        with pytest.raises(DataDamaged, match="the file of 2019 has other bytes"):
            book.bilateral([2019, 2020])


def test_an_old_cache_without_digests_is_to_be_fetched_again(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    path = tmp_path / "cache" / "release.json"
    note = json.loads(path.read_text(encoding="utf-8"))
    del note["seal"]
    path.write_text(json.dumps(note | {"form": 1}), encoding="utf-8")
    with pytest.raises(
        DataMissing, match="written in the form 1, this program reads 2; fetch the release again"
    ):
        open_book(tmp_path / "cache")


def test_a_cache_that_was_taken_away_and_not_replaced_comes_back(tmp_path: Path) -> None:
    write_cache(tmp_path / "cache", RELEASE, whole())
    (tmp_path / "cache").rename(tmp_path / ".cache.old")

    with pytest.raises(BadTradeFile, match="not one row"):
        write_cache(tmp_path / "cache", RELEASE, [])
    assert names(tmp_path) == ["cache"]
    assert read_note(tmp_path / "cache").years


def test_a_heading_without_a_name_gets_what_its_subheadings_share(tmp_path: Path) -> None:
    codes = {
        "260300": "Copper ores and concentrates",
        "740311": "Copper: refined, cathodes",
        "740319": "Copper: refined, other",
    }
    products = tuple(Product(ProductCode(code), name) for code, name in codes.items())
    flows = [GOOD._replace(product=int(code)) for code in codes]
    write_cache(tmp_path / "cache", Release(SOURCE, COUNTRIES, products), [(2021, frame_of(flows))])
    with open_book(tmp_path / "cache") as book:
        named = {str(one.code): one.name for one in book.products(Level.HS4)}
    assert named == {"2603": "Copper ores and concentrates", "7403": "Copper: refined"}


def test_names_that_share_nothing_are_counted() -> None:
    assert shared_name(["Sulphur: crude", "Graphite: natural", "Kaolin"]) == "Sulphur (+2)"


def test_countries_are_told_by_their_codes_however_they_are_numbered(tmp_path: Path) -> None:
    countries = (Country(CountryCode("ZZZ"), "Last", 1), Country(CountryCode("AAA"), "First", 9_999))
    flows = [Flow(2021, 1, 9_999, 740311, 3), Flow(2021, 9_999, 1, 740311, 4)]
    write_cache(tmp_path / "cache", Release(SOURCE, countries, PRODUCTS), [(2021, frame_of(flows))])
    with open_book(tmp_path / "cache") as book:
        assert book.bilateral([2021]).values.tolist() == [[0, 4], [3, 0]]
