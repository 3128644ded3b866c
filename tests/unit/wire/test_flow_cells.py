"""Cells of a trade statistic: whole numbers, or the reason why not."""

import pytest

from rahdari.wire import flow_cells, flow_table
from rahdari.wire.flow_cells import BadCell, Complaints
from rahdari.wire.flow_table import QUANTITY_UNKNOWN, RowFault


@pytest.mark.parametrize(
    ("text", "dollars"),
    [("0", 0), ("1200.5", 1200), ("1201.5", 1202), ("1201.51", 1202), ("1e3", 1000), ("+7.", 7), (".5", 0)],
)
def test_dollars_are_rounded_once_half_to_even(text: str, dollars: int) -> None:
    assert flow_cells.amount(text, "v") == dollars


def test_a_unit_multiplies_before_the_rounding() -> None:
    assert flow_cells.amount("0.0125", "v", unit=1000) == 12
    assert flow_cells.amount("52.051", "v", unit=1000) == 52_051


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", RowFault.NOT_A_NUMBER),
        ("NaN", RowFault.NOT_A_NUMBER),
        ("inf", RowFault.NOT_A_NUMBER),
        ("1,5", RowFault.NOT_A_NUMBER),
        ("1e400", RowFault.NOT_A_NUMBER),
        ("1_000", RowFault.NOT_A_NUMBER),
        ("\u0661\u0662", RowFault.NOT_A_NUMBER),
        ("9" * 60, RowFault.NOT_A_NUMBER),
        ("-1", RowFault.NEGATIVE),
        ("-0.01", RowFault.NEGATIVE),
        ("1e99", RowFault.TOO_LARGE),
        (str(flow_table.AMOUNT_MAX + 1), RowFault.TOO_LARGE),
    ],
)
def test_what_is_no_amount_says_why(text: str, fault: RowFault) -> None:
    with pytest.raises(BadCell) as wrong:
        flow_cells.amount(text, "v")
    assert (wrong.value.fault, wrong.value.column) == (fault, "v")


@pytest.mark.parametrize("text", ["", "NA", "N/A", "null"])
def test_a_weight_that_nobody_knows_is_not_zero(text: str) -> None:
    assert flow_cells.quantity(text, "q") == QUANTITY_UNKNOWN
    assert flow_cells.quantity("2.5", "q", unit=1000) == 2500


@pytest.mark.parametrize("text", ["", "23", "20230", "1899", "2201", "20x3", "\u0662\u0660\u0662\u0663"])
def test_a_year_has_four_digits_of_this_age(text: str) -> None:
    with pytest.raises(BadCell) as wrong:
        flow_cells.year(text, "t")
    assert wrong.value.fault is RowFault.YEAR


@pytest.mark.parametrize("text", ["", "7403", "10121", "1012100", "74031A"])
def test_a_product_has_six_digits(text: str) -> None:
    with pytest.raises(BadCell) as wrong:
        flow_cells.product(text, "k")
    assert wrong.value.fault is RowFault.PRODUCT


def test_what_is_shown_of_a_cell_is_short_and_complaints_are_few_but_all_counted() -> None:
    complaints = Complaints()
    for line in range(2, 302):
        complaints.add(line, BadCell(RowFault.YEAR, "t", "x" * 10_000))
    assert (len(complaints.kept), complaints.total) == (flow_table.BAD_ROWS_KEPT_MAX, 300)
    assert len(complaints.kept[0].text) == flow_table.SHOWN_CHARACTERS_MAX
