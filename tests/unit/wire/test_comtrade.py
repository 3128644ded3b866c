"""Comtrade: one row for each flow, everything else counted, and slipped columns refused."""

import json

import polars as pl
import pytest

from rahdari.wire import comtrade, flow_table
from rahdari.wire.comtrade import LeftOut, Side
from rahdari.wire.comtrade import reports as reports_module
from rahdari.wire.errors import MalformedInput, TooLarge
from rahdari.wire.flow_table import QUANTITY_UNKNOWN, RowFault
from tests.unit.wire.comtrade_tables import NAMES, NUMBERING, row, table


def read(*rows: dict[str, object]) -> comtrade.Reports:
    return comtrade.read_csv(table(*rows), NUMBERING)


def answer(*rows: dict[str, object], **more: object) -> bytes:
    return json.dumps(
        {"elapsedTime": "0.1 secs", "count": len(rows), "data": rows, "error": ""} | more
    ).encode()


def test_a_download_and_an_answer_say_the_same() -> None:
    rows = (row(), row(flowCode="M", primaryValue=7, netWgt=0), row(partnerCode=0, partnerISO="W00"))
    as_csv, as_json = read(*rows), comtrade.read_json(answer(*rows), NUMBERING)
    assert as_csv.frame.equals(as_json.frame)
    assert as_csv.left_out == as_json.left_out == {LeftOut.WORLD: 1}
    assert as_csv.frame.rows() == [
        (2023, 0, 586, 156, 740311, 6, 1200, 100),
        (2023, 1, 586, 156, 740311, 6, 7, QUANTITY_UNKNOWN),
    ]
    assert as_csv.product_names == {740311: "Copper; cathodes"}
    assert (as_csv.rows_total, as_csv.classifications) == (3, ("H6",))


@pytest.mark.parametrize(("sign", "end"), [("\t", "\n"), (";", "\r\n"), (",", "\r\n")])
def test_bulk_files_with_tabs_and_spreadsheets_with_semicolons_are_read(sign: str, end: str) -> None:
    plain = {name: str(value).replace(";", " ") for name, value in row().items()}
    assert comtrade.read_csv(b"\xef\xbb\xbf" + table(plain, sign=sign, end=end), NUMBERING).frame.height == 1


def test_exports_and_imports_become_flows_from_exporter_to_importer() -> None:
    said = read(row(), row(flowCode="M", primaryValue=5))
    sold, bought = comtrade.flows(said, Side.EXPORTS), comtrade.flows(said, Side.IMPORTS)
    flow_table.check_columns(sold.frame)
    flow_table.check_columns(bought.frame)
    assert sold.frame.rows() == [(2023, 586, 156, 740311, 1200, 100)]
    assert bought.frame.rows() == [(2023, 156, 586, 740311, 5, 100)]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"typeCode": "S"}, LeftOut.SERVICES),
        ({"freqCode": "M"}, LeftOut.NOT_ANNUAL),
        ({"flowCode": "RX"}, LeftOut.OTHER_FLOW),
        ({"customsCode": "C03"}, LeftOut.CUSTOMS),
        ({"motCode": 2100}, LeftOut.TRANSPORT),
        ({"partner2Code": 899}, LeftOut.SECOND_PARTNER),
        ({"cmdCode": "TOTAL"}, LeftOut.LEVEL),
        ({"cmdCode": "74"}, LeftOut.LEVEL),
        ({"cmdCode": "7403"}, LeftOut.LEVEL),
        ({"cmdCode": "9999AA"}, LeftOut.LEVEL),
        ({"partnerCode": 0, "partnerISO": "W00"}, LeftOut.WORLD),
        ({"partnerCode": 899, "partnerISO": "_X"}, LeftOut.AREA),
        ({"partnerCode": 586, "partnerISO": "PAK"}, LeftOut.SAME_COUNTRY),
        ({"primaryValue": 0}, LeftOut.NOTHING),
    ],
)
def test_parts_and_sums_of_a_flow_are_left_out_and_counted(
    changes: dict[str, object], reason: LeftOut
) -> None:
    said = read(row(), row(**changes))
    assert said.frame.height == 1
    assert said.left_out == {reason: 1}
    assert said.bad_rows_total == 0


@pytest.mark.parametrize(
    ("changes", "fault", "column"),
    [
        ({"reporterCode": 356, "reporterISO": "IND"}, RowFault.COUNTRY, "reporterCode"),
        ({"partnerCode": 356, "partnerISO": ""}, RowFault.COUNTRY, "partnerCode"),
        ({"partnerISO": "IND"}, RowFault.COUNTRY, "partnerCode"),
        ({"primaryValue": "-4"}, RowFault.NEGATIVE, "primaryValue"),
        ({"primaryValue": ""}, RowFault.NOT_A_NUMBER, "primaryValue"),
        ({"primaryValue": "1e99"}, RowFault.TOO_LARGE, "primaryValue"),
        ({"netWgt": "heavy"}, RowFault.NOT_A_NUMBER, "netWgt"),
        ({"refYear": "1066"}, RowFault.YEAR, "refYear"),
        ({"cmdCode": "10121"}, RowFault.PRODUCT, "cmdCode"),
        ({"classificationCode": "S3"}, RowFault.UNKNOWN_CODE, "classificationCode"),
        ({"classificationCode": "HS"}, RowFault.UNKNOWN_CODE, "classificationCode"),
        ({"flowCode": "9"}, RowFault.UNKNOWN_CODE, "flowCode"),
    ],
)
def test_a_bad_row_is_told_by_line_column_and_reason(
    changes: dict[str, object], fault: RowFault, column: str
) -> None:
    said = read(row(), row(**changes), row(partnerCode=842, partnerISO="USA"))
    assert said.frame.height == 2
    (bad,) = said.bad_rows
    assert (bad.line, bad.fault, bad.column) == (3, fault, column)


def test_indias_number_is_that_of_comtrade_and_no_other() -> None:
    said = read(row(reporterCode=699, reporterISO="IND"), row(reporterCode=757, reporterISO="CHE"))
    assert said.frame["reporter"].to_list() == [699, 757]


@pytest.mark.parametrize("places", [1, -1])
def test_slipped_columns_are_refused_and_the_direction_is_told(places: int) -> None:
    names, cells = table(row()).decode().split("\n")[:2]
    moved = "," + cells if places > 0 else cells.split(",", 1)[1] + ",x"
    side = "right" if places > 0 else "left"
    with pytest.raises(MalformedInput) as refusal:
        comtrade.read_csv(f"{names}\n{moved}\n".encode(), NUMBERING)
    assert refusal.value.message.startswith("line 2: the columns have slipped")
    assert f"one place too far {side}" in refusal.value.message


def test_columns_in_a_wrong_order_are_refused() -> None:
    swapped = [*NAMES]
    here, there = swapped.index("reporterISO"), swapped.index("reporterDesc")
    swapped[here], swapped[there] = swapped[there], swapped[here]
    at, to = swapped.index("flowCode"), swapped.index("flowDesc")
    swapped[at], swapped[to] = swapped[to], swapped[at]
    raw = table(row()).split(b"\n", 1)
    with pytest.raises(MalformedInput, match="'Pakistan' under reporterISO"):
        comtrade.read_csv(",".join(swapped).encode() + b"\n" + raw[1], NUMBERING)


def test_a_closing_comma_is_no_slip() -> None:
    names, cells = table(row()).decode().split("\n")[:2]
    assert comtrade.read_csv(f"{names}\n{cells},\n".encode(), NUMBERING).frame.height == 1
    assert comtrade.read_csv(f"{names},\n{cells},\n".encode(), NUMBERING).frame.height == 1


def test_a_row_of_another_length_further_down_is_one_bad_row() -> None:
    raw = table(*(row(refYear=2000 + at) for at in range(12))) + b"only,three,cells\n"
    said = comtrade.read_csv(raw, NUMBERING)
    assert said.frame.height == 12
    assert [(bad.line, bad.fault) for bad in said.bad_rows] == [(14, RowFault.COLUMNS)]


@pytest.mark.parametrize("name", comtrade.REQUIRED)
def test_a_missing_column_is_named(name: str) -> None:
    with pytest.raises(MalformedInput, match=f"line 1: no column {name}"):
        comtrade.read_csv(table(row(), names=[one for one in NAMES if one != name]), NUMBERING)


def test_a_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(MalformedInput, match="refYear stands there twice"):
        comtrade.read_csv(table(row(), names=[*NAMES, "refYear"]), NUMBERING)


def test_the_few_columns_that_are_needed_suffice() -> None:
    said = comtrade.read_csv(table(row(), names=list(comtrade.REQUIRED)), NUMBERING)
    assert said.frame["quantity_kg"].to_list() == [QUANTITY_UNKNOWN]


def test_the_same_row_once_more_is_dropped_and_counted() -> None:
    said = read(row(), row(refYear=2022), row())
    assert said.frame["year"].to_list() == [2023, 2022]
    assert said.left_out == {LeftOut.REPEATED: 1}


def test_one_flow_with_two_values_is_refused_with_both_lines() -> None:
    with pytest.raises(MalformedInput, match="lines 2 and 4 give the same flow two values"):
        read(row(), row(refYear=2022), row(primaryValue=9))


def test_revisions_are_told_apart_and_never_added_up() -> None:
    said = read(row(), row(classificationCode="H0"))
    assert said.classifications == ("H0", "H6")
    with pytest.raises(MalformedInput, match="revisions H0, H6"):
        comtrade.flows(said, Side.EXPORTS)
    assert comtrade.flows(said, Side.IMPORTS).frame.is_empty()


def test_an_answer_that_tells_of_an_error_is_no_empty_table() -> None:
    with pytest.raises(MalformedInput, match="answered with an error: 'Invalid period'"):
        comtrade.read_json(answer(error="Invalid period"), NUMBERING)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b'{"data": 5}',
        b'{"data": [{}]}',
        b'{"data": [' * 5000,
        b'{"data":[NaN]}',
    ],
)
def test_what_is_no_answer_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedInput, match="no answer of the Comtrade API"):
        comtrade.read_json(raw, NUMBERING)


def test_a_number_beyond_all_bounds_in_an_answer_is_a_bad_row() -> None:
    raw = answer(row()).replace(b'"primaryValue": 1200.5', b'"primaryValue": 1e400')
    said = comtrade.read_json(raw, NUMBERING)
    assert [(bad.line, bad.column) for bad in said.bad_rows] == [(1, "primaryValue")]


def test_rows_of_an_answer_are_counted_without_reading_them() -> None:
    assert comtrade.count_json(answer(row(), row(cmdCode="TOTAL"))) == 2


def test_a_table_of_names_alone_is_an_empty_table() -> None:
    said = read()
    assert said.frame.is_empty()
    assert said.frame.schema["value_usd"] == pl.Int64
    assert said.classifications == ()


def test_more_rows_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports_module, "ROWS_MAX", 2)
    with pytest.raises(TooLarge, match="line 4: more than 2 rows"):
        read(row(), row(refYear=2022), row(refYear=2021))
