"""BACI's files: the traps of the real bytes, and every row that cannot be taken named by line and reason."""

import zipfile
from pathlib import Path

import polars as pl
import pytest

from rahdari.wire import baci
from rahdari.wire.baci import careful, year
from rahdari.wire.baci.checks import Known
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_table import (
    BAD_ROWS_KEPT_MAX,
    COLUMNS,
    SHOWN_CHARACTERS_MAX,
    BadRow,
    FlowTable,
    RowFault,
    check_columns,
)

# Rows as they stand in CEPII's files: k without its leading zero, q quoted and padded.
REAL = b"""t,i,j,k,v,q
2021,4,24,382390,52.051,"       13.235"
2021,4,31,10121,0.173,"           NA"
"""


def read(rows: str, at: int = 2021) -> FlowTable:
    return baci.read_year(f"t,i,j,k,v,q\n{rows}\n".encode(), year=at)


def test_the_traps_of_the_real_bytes_are_read() -> None:
    table = baci.read_year(REAL, year=2021)
    assert table.frame.rows() == [(2021, 4, 24, 382390, 52_051, 13_235), (2021, 4, 31, 10121, 173, -1)]
    assert table.bad_rows_total == 0
    check_columns(table.frame)


def test_columns_are_found_by_their_header() -> None:
    turned = b'v,q,t,k,j,i\n52.051,"       13.235",2021,382390,24,4\n'
    assert baci.read_year(turned, year=2021).frame.rows() == [(2021, 4, 24, 382390, 52_051, 13_235)]


@pytest.mark.parametrize(
    "same",
    [
        b'\xef\xbb\xbft,i,j,k,v,q\n2021,4,24,10121,1.5," 2"\n',
        b't,i,j,k,v,q\r\n2021,4,24,10121,1.5," 2"\r\n',
        b'"t","i","j","k","v","q"\n2021,4,24,"010121",1.5,2',
        b"t,i,j,k,v,q\n2021,4,24,010121,1.500,2.0\n",
        b"t,i,j,k,v,q\n\n2021,4,24,10121,15e-1,2\n\n",
        b"t,i,j,k,v,q\n 2021 , 4,24,10121,1.5,2 \n",
        b"t,i,j,k,v,q\r2021,4,24,10121,1.5,2\r",
    ],
)
def test_other_spellings_of_the_same_row_are_the_same_row(same: bytes) -> None:
    table = baci.read_year(same, year=2021)
    assert (table.frame.rows(), table.bad_rows_total) == ([(2021, 4, 24, 10121, 1_500, 2_000)], 0)


def test_dollars_are_exact_up_to_the_largest_flow() -> None:
    table = read(
        "2021,4,24,10121,117730123.457,0.001\n2021,4,24,10122,9999999999.999,0\n2021,4,24,10123,0.001,\n"
    )
    assert table.frame["value_usd"].to_list() == [117_730_123_457, 9_999_999_999_999, 1]
    assert table.frame["quantity_kg"].to_list() == [1, 0, -1]


@pytest.mark.parametrize(
    ("row", "fault", "column"),
    [
        ("2020,4,24,10121,1,1", RowFault.YEAR, "t"),
        ("x,4,24,10121,1,1", RowFault.NOT_A_NUMBER, "t"),
        ("2021,0,24,10121,1,1", RowFault.COUNTRY, "i"),
        ("2021,4,10000,10121,1,1", RowFault.COUNTRY, "j"),
        ("2021,AFG,24,10121,1,1", RowFault.NOT_A_NUMBER, "i"),
        ("2021,4,4,10121,1,1", RowFault.SAME_COUNTRY, "j"),
        ("2021,4,24,9999,1,1", RowFault.PRODUCT, "k"),
        ("2021,4,24,1000000,1,1", RowFault.PRODUCT, "k"),
        ("2021,4,24,9999AA,1,1", RowFault.NOT_A_NUMBER, "k"),
        ("2021,4,24,10121.0,1,1", RowFault.NOT_A_NUMBER, "k"),
        ("2021,4,24,10121,-1,1", RowFault.NEGATIVE, "v"),
        ("2021,4,24,10121,,1", RowFault.NOT_A_NUMBER, "v"),
        ("2021,4,24,10121,nan,1", RowFault.NOT_A_NUMBER, "v"),
        ("2021,4,24,10121,inf,1", RowFault.NOT_A_NUMBER, "v"),
        ("2021,4,24,10121,1e99,1", RowFault.TOO_LARGE, "v"),
        ("2021,4,24,10121,1.0001,1", RowFault.TOO_FINE, "v"),
        ("2021,4,24,10121,1,-1", RowFault.NEGATIVE, "q"),
        ("2021,4,24,10121,1,nan", RowFault.NOT_A_NUMBER, "q"),
        ("2021,4,24,10121,1,1e11", RowFault.TOO_LARGE, "q"),
        ("2021,4,24,10121,1,some", RowFault.NOT_A_NUMBER, "q"),
        ("2021,4,24,10121,1", RowFault.COLUMNS, ""),
        ("2021,4,24,10121,1,1,1", RowFault.COLUMNS, ""),
    ],
)
def test_a_bad_row_is_named_and_the_others_are_kept(row: str, fault: RowFault, column: str) -> None:
    table = read(f"2021,4,8,10121,1,1\n{row}\n2021,4,8,10122,1,1")
    assert [(one.line, one.fault, one.column) for one in table.bad_rows] == [(3, fault, column)]
    assert table.bad_rows_total == 1
    assert table.frame["product"].to_list() == [10121, 10122]


def test_a_flow_that_stands_twice_is_taken_once_and_told() -> None:
    table = read("2021,4,24,10121,1,1\n2021,8,24,10121,1,1\n2021,4,24,10121,2,1")
    assert table.bad_rows == (BadRow(4, RowFault.DUPLICATE, "i, j, k", "4, 24, 010121"),)
    assert table.frame["value_usd"].to_list() == [1_000, 1_000]


def test_rows_in_no_order_are_as_good() -> None:
    table = read("2021,8,24,10121,1,1\n2021,4,24,10122,2,1\n2021,4,24,10121,3,1")
    assert (table.bad_rows_total, table.frame["value_usd"].to_list()) == (0, [1_000, 2_000, 3_000])


def test_what_the_release_does_not_list_is_named() -> None:
    raw = b"t,i,j,k,v,q\n2021,4,24,10121,1,1\n2021,4,25,10121,1,1\n2021,4,24,10199,1,1\n2021,5,24,10121,1,1\n"
    table = baci.read_year(raw, year=2021, countries={4, 24}, products={10121})
    assert [(one.line, one.fault, one.text) for one in table.bad_rows] == [
        (3, RowFault.COUNTRY, "25"),
        (4, RowFault.PRODUCT, "10199"),
        (5, RowFault.COUNTRY, "5"),
    ]


def test_of_many_bad_rows_the_first_are_kept_and_all_are_counted() -> None:
    table = read(
        "\n".join(["2021,4,24,10121,1,1", *["2021,4,24,-,1,1"] * 300, *["2021,4,24,10121,-1,1"] * 300])
    )
    assert (len(table.bad_rows), table.bad_rows_total) == (BAD_ROWS_KEPT_MAX, 600)
    assert [one.line for one in table.bad_rows] == list(range(3, 3 + BAD_ROWS_KEPT_MAX))


def test_lines_are_counted_through_quoted_line_ends_and_blank_lines() -> None:
    table = read('2021,4,24,10121,1,"1\n2"\n\n2021,4,24,10122,1,x')
    assert [(one.line, one.column) for one in table.bad_rows] == [(2, "q"), (5, "q")]


def test_a_long_field_is_shown_cut() -> None:
    assert len(read(f"2021,4,24,{'9' * 5_000},1,1").bad_rows[0].text) == SHOWN_CHARACTERS_MAX


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"", "line 1"),
        (b"t,i,j,k,v\n2021,4,24,10121,1\n", "line 1"),
        (b"t,i,j,k,v,q,z\n", "line 1"),
        (b"t,i,j,k,v,v\n", "line 1"),
        (b"year,exporter,importer,product,value,quantity\n", "not year"),
        (b"<!DOCTYPE html><html>", "line 1"),
        (b"PK\x03\x04" + bytes(50), "line 1"),
        (b"t,i,j,k,v,q\n", "no row"),
        (b't,i,j,k,v,q\n2021,4,24,10121,1,"1\n2021,4,24,10122,1,1\n', "line 2 is no CSV"),
        (b"t,i,j,k,v,q\n2021,4,24,10121,1,\xff\n", "not UTF-8"),
        # A lone quote, on which the quick reader's library gives up in its own way.
        (b't,i,j,k,v,q\n2021,4,8,10121,1,1\n"', "line 3 is no CSV"),
        (b"t,i,j,k,v,q\n2021,4,24,10121,1," + b"9" * 200_000 + b"\n", "no CSV"),
        (b"," * 1_000_000, "line 1"),
    ],
)
def test_what_is_no_baci_year_is_refused_with_its_line(raw: bytes, told: str) -> None:
    with pytest.raises(MalformedInput, match=told):
        baci.read_year(raw, year=2021)


def test_a_year_larger_than_any_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year, "YEAR_BYTES_MAX", len(REAL) - 1)
    with pytest.raises(TooLarge):
        baci.read_year(REAL, year=2021)


def test_names_of_files_tell_revision_year_and_release() -> None:
    assert baci.read_year_name("BACI_HS92_Y2021_V202301.csv") == ("HS92", 2021, "202301")
    assert baci.read_year_name("BACI_HS92_Y2021_V202401b.csv") == ("HS92", 2021, "202401b")
    for other in (
        "baci_HS92_Y2021_V202301.csv",
        "BACI_HS92_Y2021_V202301.csv.gz",
        "x/BACI_HS92_Y2021_V202301.csv",
    ):
        assert baci.read_year_name(other) is None
    assert baci.is_country_list("country_codes_V202601.csv")
    assert baci.is_product_list("product_codes_HS92_V202601.csv")
    assert not baci.is_country_list("product_codes_HS92_V202601.csv")


def test_the_country_list_is_read_in_both_spellings_of_its_columns() -> None:
    new = b"country_code,country_name,country_iso2,country_iso3\r\n516,Namibia,NA,NAM\r\n"
    old = (
        b"country_code,country_name_abbreviation,country_name_full,iso_2digit_alpha,iso_3digit_alpha\n"
        b"516,Nam.,Namibia,NA,NAM\n"
    )
    line = baci.CountryLine(516, "Namibia", "NA", "NAM")
    assert baci.read_countries(new) == baci.read_countries(old) == (line,)


def test_a_territory_without_a_code_is_called_by_its_number() -> None:
    raw = b"country_code,country_name,country_iso2,country_iso3\n58,Somewhere,N/A,N/A\n"
    assert baci.read_countries(raw)[0].iso3 == "058"


def test_names_of_old_releases_may_be_latin_1() -> None:
    raw = "country_code,country_name,country_iso2,country_iso3\n531,Curaçao,CW,CUW\n".encode("latin-1")
    assert baci.read_countries(raw)[0].name == "Curaçao"


def test_product_codes_get_their_leading_zero_back() -> None:
    raw = b'code,description\n10121,"Horses: live, breeding"\n9999AA,Not specified\n'
    assert baci.read_products(raw) == (
        baci.ProductLine("010121", "Horses: live, breeding"),
        baci.ProductLine("9999AA", "Not specified"),
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"code\n10121\n",
        b"code,description\n10121,a\n010121,b\n",
        b"code,description\n12345678,a\n",
        b"code,description\n10121\n",
        b"code,code,description\n10121,10121,a\n",
        b"code,description\n10121," + b"x" * 3_000 + b"\n",
    ],
)
def test_a_broken_product_list_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput):
        baci.read_products(raw)


@pytest.mark.parametrize("number", ["0", "-4", "x", "10000", "4.0", "\u0664"])
def test_a_country_without_a_number_is_refused(number: str) -> None:
    head = "country_code,country_name,country_iso2,country_iso3\n8,Elsewhere,AL,ALB\n"
    with pytest.raises(MalformedInput, match="line 3"):
        baci.read_countries(f"{head}{number},Somewhere,AF,AFG\n".encode())


def test_lists_longer_than_any_are_refused() -> None:
    with pytest.raises(TooLarge):
        baci.read_products(b"code,description\n" + b"".join(b"%d,x\n" % n for n in range(10_000, 31_000)))
    with pytest.raises(TooLarge):
        baci.read_countries(bytes(5 << 20))


def test_a_flow_table_has_its_columns_types_and_no_hole() -> None:
    good = read("2021,4,24,10121,1,1").frame
    for bad in (good.reverse().select(reversed(list(COLUMNS))), good.cast({"year": pl.Int32})):
        with pytest.raises(MalformedInput):
            check_columns(bad)
    with pytest.raises(MalformedInput, match="holes"):
        check_columns(good.with_columns(pl.lit(None, dtype=pl.Int64).alias("value_usd")))


@pytest.fixture(scope="module")
def published(shared_folder: Path) -> Path:
    path = shared_folder / "data" / "trade" / "BACI_HS92_rawmaterials_V202601.zip"
    if not path.is_file():
        pytest.skip("published vectors are absent: no BACI zip in data/trade of the shared folder")
    return path


@pytest.mark.parametrize(
    ("at", "total", "pakistan_to_china"),
    [
        (2019, 2_098_082_616_810, 151_392_415),
        (2023, 3_007_119_898_426, 295_840_660),
        (2024, None, 322_329_186),
    ],
)
def test_a_published_year_gives_its_known_totals_by_both_ways(
    published: Path, at: int, total: int | None, pakistan_to_china: int
) -> None:
    with zipfile.ZipFile(published) as opened:
        raw = opened.read(f"BACI_HS92_Y{at}_V202601.csv")
        countries = {one.number for one in baci.read_countries(opened.read("country_codes_V202601.csv"))}
    table = baci.read_year(raw, year=at, countries=countries)
    slow = careful.read_carefully(raw, list("tijkvq"), Known(at, countries, None))
    assert (table.bad_rows_total, slow.bad_rows_total) == (0, 0)
    assert table.frame.equals(slow.frame)
    assert total in (None, table.frame["value_usd"].sum())
    assert table.frame.filter(exporter=586, importer=156)["value_usd"].sum() == pakistan_to_china


def test_a_name_that_was_encoded_twice_is_read_as_it_was_meant() -> None:
    head = "country_code,country_name,country_iso2,country_iso3\n"
    names = ["Türkiye", "Côte d'Ivoire", "Viet Nam"]
    for encode in (str, lambda name: name.encode().decode("latin-1")):
        lines = "".join(f"{number},{encode(name)},AA,AA{number}\n" for number, name in enumerate(names, 1))
        read = baci.read_countries((head + lines).encode())
        assert [one.name for one in read] == names
