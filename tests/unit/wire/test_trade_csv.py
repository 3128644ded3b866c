"""Anybody's CSV of flows, by the columns that the caller names."""

import pytest

from rahdari.wire import flow_table, trade_csv
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_table import QUANTITY_UNKNOWN, RowFault
from rahdari.wire.trade_csv import Layout
from tests.unit.wire.comtrade_tables import NUMBERING

LAYOUT = Layout(year="year", exporter="exporter", importer="importer", product="hs6", value="usd")
HEAD = "year,exporter,importer,hs6,usd,tonnes"


def read(*lines: str, layout: Layout = LAYOUT) -> flow_table.FlowTable:
    return trade_csv.read("\n".join([HEAD, *lines]).encode(), layout, NUMBERING)


def test_codes_and_numbers_of_countries_lead_to_the_same_rows() -> None:
    by_code, by_number = read("2023,PAK,CHN,740311,12.5,1"), read("2023,586,156,740311,12.5,1")
    flow_table.check_columns(by_code.frame)
    assert by_code.frame.equals(by_number.frame)
    assert by_code.frame.rows() == [(2023, 586, 156, 740311, 12, QUANTITY_UNKNOWN)]
    assert read("2023,pak,chn,740311,12.5,1").frame.equals(by_code.frame)


def test_units_are_what_the_caller_says() -> None:
    layout = Layout(
        year="YEAR", exporter="exporter", importer="importer", product="hs6", value="usd", quantity="tonnes",
        value_unit_usd=1000, quantity_unit_kg=1000,
    )  # fmt: skip
    assert read("2023,PAK,CHN,740311,1.2345,0.5", layout=layout).frame.rows()[0][4:] == (1234, 500)
    assert read("2023,PAK,CHN,740311,1.2345,NA", layout=layout).frame.rows()[0][4:] == (
        1234,
        QUANTITY_UNKNOWN,
    )


def test_a_leading_zero_is_put_back_only_where_the_caller_says_so() -> None:
    layout = Layout(
        year="year",
        exporter="exporter",
        importer="importer",
        product="hs6",
        value="usd",
        is_product_number=True,
    )
    assert read("2023,PAK,CHN,10121,5,1", layout=layout).frame["product"].to_list() == [10121]
    assert read("2023,PAK,CHN,10121,5,1").bad_rows[0].fault is RowFault.PRODUCT


@pytest.mark.parametrize(
    ("line", "fault", "column"),
    [
        ("2023,PAK,CHN,740311,5", RowFault.COLUMNS, ""),
        ("2023,PAK,CHN,740311,5,1,9", RowFault.COLUMNS, ""),
        ("23,PAK,CHN,740311,5,1", RowFault.YEAR, "year"),
        ("2023,XXX,CHN,740311,5,1", RowFault.COUNTRY, "exporter"),
        ("2023,PAK,0,740311,5,1", RowFault.COUNTRY, "importer"),
        ("2023,PAK,99999999999,740311,5,1", RowFault.COUNTRY, "importer"),
        ("2023,PAK,PAK,740311,5,1", RowFault.SAME_COUNTRY, "importer"),
        ("2023,PAK,CHN,7403,5,1", RowFault.PRODUCT, "hs6"),
        ("2023,PAK,CHN,740311,-5,1", RowFault.NEGATIVE, "usd"),
        ("2023,PAK,CHN,740311,nan,1", RowFault.NOT_A_NUMBER, "usd"),
        ("2023,PAK,CHN,740311,1e400,1", RowFault.NOT_A_NUMBER, "usd"),
        ("2023,PAK,USA,740311,8,1", RowFault.DUPLICATE, ""),
    ],
)
def test_a_bad_row_is_told_by_line_column_and_reason(line: str, fault: RowFault, column: str) -> None:
    table = read("2023,PAK,USA,740311,7,1", line)
    assert table.frame.height == 1
    (bad,) = table.bad_rows
    assert (bad.line, bad.fault, bad.column, table.bad_rows_total) == (3, fault, column, 1)


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(MalformedInput, match=r"0 columns are called 'value' \(value\).*tonnes"):
        read(
            layout=Layout(year="year", exporter="exporter", importer="importer", product="hs6", value="value")
        )


def test_a_column_name_that_stands_twice_is_refused() -> None:
    with pytest.raises(MalformedInput, match="2 columns are called 'usd'"):
        trade_csv.read(b"year,exporter,importer,hs6,usd,USD\n", LAYOUT, NUMBERING)


@pytest.mark.parametrize("unit", [0, -1, 10**10])
def test_a_unit_is_a_number_of_dollars(unit: int) -> None:
    with pytest.raises(MalformedInput, match="a unit of"):
        Layout(year="y", exporter="e", importer="i", product="p", value="v", value_unit_usd=unit)


def test_more_rows_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trade_csv, "ROWS_MAX", 1)
    with pytest.raises(TooLarge, match="line 3: more than 1 rows"):
        read("2023,PAK,CHN,740311,5,1", "2022,PAK,CHN,740311,5,1")
