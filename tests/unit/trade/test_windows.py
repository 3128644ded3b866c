"""Which windows of a history count, and why the others do not."""

import numpy as np
import polars as pl
import pytest

from rahdari.trade.errors import BadParameter, BadTable, Degenerate, NothingTraded, UnknownTradeProduct
from rahdari.trade.rules.deflators import constant_inflation
from rahdari.trade.rules.windows import (
    History,
    LeftOut,
    WindowRules,
    find_windows,
    history,
    history_of_exports,
)
from rahdari.trade.values import Matrix, ProductCode
from tests.fakes.past_flows import FrameBook

ANY = WindowRules(years=2, start_usd_min=0)


def told(rows: dict[str, list[float]], first: int = 2000) -> History:
    years = range(first, first + len(next(iter(rows.values()))))
    return history(Matrix(tuple(rows), [str(year) for year in years], list(rows.values())))


def test_every_window_of_the_length_is_found() -> None:
    found = find_windows(told({"AAA": [1.0, 2.0, 3.0, 8.0]}), ANY)
    assert found.start_year.tolist() == [2000, 2001]
    assert found.ratio.tolist() == [3.0, 4.0]
    assert found.relative.tolist() == [[1.0, 2.0, 3.0], [1.0, 1.5, 4.0]]
    assert found.to_frame()["end_year"].to_list() == [2002, 2003]
    assert len(found) == 2


def test_years_that_the_table_skips_are_years_without_report() -> None:
    kept = history(Matrix(("AAA",), ("2003", "2000"), [[4.0, 1.0]]))
    assert kept.years == (2000, 2001, 2002, 2003)
    assert kept.values_usd.tolist() == [[1.0, 0.0, 0.0, 4.0]]


def test_windows_that_start_or_end_without_report_do_not_count() -> None:
    found = find_windows(told({"AAA": [0.0, 2.0, 3.0, 0.0, 5.0]}), ANY)
    assert found.start_year.tolist() == [2002]
    assert found.left_out[LeftOut.NOT_REPORTED] == 2


def test_too_many_missing_years_between_do_not_count() -> None:
    holes = {"AAA": [1.0, 0.0, 0.0, 2.0]}
    few = find_windows(told(holes), WindowRules(years=3, start_usd_min=0, gap_years_max=1))
    more = find_windows(told(holes), WindowRules(years=3, start_usd_min=0, gap_years_max=2))
    assert (len(few), few.left_out[LeftOut.GAPS]) == (0, 1)
    assert len(more) == 1
    assert len(more.complete()) == 0


def test_small_starts_do_not_count() -> None:
    found = find_windows(told({"AAA": [9.0, 10.0, 1.0, 20.0]}), WindowRules(years=2, start_usd_min=10))
    assert found.start_year.tolist() == [2001]
    assert found.left_out[LeftOut.TOO_SMALL] == 1


@pytest.mark.parametrize("jump", [200.0, 5.0])
def test_a_lone_jump_neither_starts_nor_ends_a_window(jump: float) -> None:
    found = find_windows(told({"AAA": [30.0, 31.0, jump, 33.0, 34.0, 35.0]}), ANY)
    assert found.start_year.tolist() == [2001, 2003]
    assert found.left_out[LeftOut.SPIKE] == 2


def test_a_jump_that_lasts_is_growth() -> None:
    found = find_windows(told({"AAA": [30.0, 31.0, 200.0, 210.0]}), ANY)
    assert found.left_out[LeftOut.SPIKE] == 0
    assert len(found) == 2


def test_names_that_are_no_countries_do_not_count() -> None:
    rules = WindowRules(years=2, start_usd_min=0, excluded=frozenset({"EUN"}))
    found = find_windows(told({"AAA": [1.0, 1.0, 1.0], "EUN": [9.0, 9.0, 9.0]}), rules)
    assert [found.countries[at] for at in found.country] == ["AAA"]
    assert found.left_out[LeftOut.EXCLUDED] == 1


def test_a_reporter_that_began_to_report_more_is_found_by_what_partners_say() -> None:
    # At either end they differ by less than twice, but from below to above: only the report grew.
    own = told({"AAA": [10.0, 12.0, 20.0], "BBB": [10.0, 15.0, 19.0]})
    bought = {"AAA": [18.0, 14.0, 12.0], "BBB": [10.0, 14.0, 20.0]}
    found = find_windows(own, ANY, mirror=told(bought))
    assert [found.countries[at] for at in found.country] == ["BBB"]
    assert found.left_out[LeftOut.COVERAGE] == 1


@pytest.mark.parametrize("bought", [[4.0, 12.0, 20.0], [10.0, 12.0, 8.0], [25.0, 12.0, 50.0]])
def test_an_end_at_which_partners_report_otherwise_does_not_count(bought: list[float]) -> None:
    found = find_windows(told({"AAA": [10.0, 12.0, 20.0]}), ANY, mirror=told({"AAA": bought}))
    assert found.left_out[LeftOut.COVERAGE] == 1


def test_what_no_partner_tells_of_is_not_confirmed() -> None:
    found = find_windows(told({"AAA": [1.0, 1.0, 1.0]}), ANY, mirror=told({"AAA": [1.0, 1.0, 0.0]}))
    assert len(found) == 0
    assert found.left_out[LeftOut.COVERAGE] == 1


def test_every_window_counts_or_has_one_reason() -> None:
    generator = np.random.default_rng(3)
    values = generator.lognormal(0, 1, (30, 40)) * (generator.random((30, 40)) > 0.1)
    rows = {f"C{at:02d}": list(row) for at, row in enumerate(values)}
    rules = WindowRules(years=7, start_usd_min=0.5, gap_years_max=0, excluded=frozenset({"C01"}))
    mirror = told({name: [value * 1.4 for value in row] for name, row in rows.items()})
    found = find_windows(told(rows), rules, mirror=mirror)
    assert len(found) + sum(found.left_out.values()) == 30 * 33
    assert all(found.left_out[reason] for reason in (LeftOut.EXCLUDED, LeftOut.SPIKE, LeftOut.GAPS))
    assert len(found.complete()) == len(found)


def test_a_history_shorter_than_a_window_is_degenerate() -> None:
    with pytest.raises(Degenerate, match="needs 3"):
        find_windows(told({"AAA": [1.0, 2.0]}), ANY)


def test_partners_of_other_years_are_refused() -> None:
    with pytest.raises(BadTable, match="other countries, years"):
        find_windows(told({"AAA": [1.0, 2.0, 3.0]}), ANY, mirror=told({"AAA": [1.0, 2.0, 3.0]}, first=1990))


@pytest.mark.parametrize("column", ["99", "2o16", "20161", "٢٠١٦"])
def test_a_column_that_is_no_year_is_refused(column: str) -> None:
    with pytest.raises(BadTable, match="columns are years"):
        history(Matrix(("AAA",), (column,), [[1.0]]))


def test_a_history_without_years_or_over_too_many_is_refused() -> None:
    with pytest.raises(BadTable, match="without years"):
        history(Matrix(("AAA",), (), np.zeros((1, 0))))
    with pytest.raises(BadTable, match="spans more"):
        history(Matrix(("AAA",), ("1200", "2000"), [[1.0, 1.0]]))


def book(rows: list[tuple[int, str, str, str, float]]) -> FrameBook:
    schema = {
        "year": pl.Int64,
        "exporter": pl.String,
        "importer": pl.String,
        "product": pl.String,
        "value_usd": pl.Float64,
    }
    return FrameBook(pl.DataFrame(rows, schema=schema, orient="row"))


def test_a_book_of_flows_has_the_history_of_all_and_of_one_product() -> None:
    flows = book(
        [
            (2000, "AAA", "BBB", "260300", 2.0),
            (2000, "AAA", "CCC", "740311", 3.0),
            (2001, "BBB", "AAA", "740311", 4.0),
            (2003, "AAA", "BBB", "740311", 7.0),
        ]
    )
    whole, copper = history_of_exports(flows), history_of_exports(flows, product=ProductCode("740311"))
    assert whole.countries == copper.countries == ("AAA", "BBB", "CCC")
    assert whole.values_usd.tolist() == [[5, 0, 0, 7], [0, 4, 0, 0], [0, 0, 0, 0]]
    assert copper.values_usd.tolist() == [[3, 0, 0, 7], [0, 4, 0, 0], [0, 0, 0, 0]]
    assert copper.years == (2000, 2001, 2002, 2003)
    with pytest.raises(UnknownTradeProduct):
        history_of_exports(flows, product=ProductCode("010101"))
    with pytest.raises(NothingTraded):
        history_of_exports(book([]))


@pytest.mark.parametrize(
    "wrong",
    [
        {"years": 0},
        {"years": 2.5},
        {"years": 101},
        {"start_usd_min": -1.0},
        {"start_usd_min": float("nan")},
        {"gap_years_max": -1},
        {"spike_factor": 1.0},
        {"mirror_factor": float("nan")},
    ],
)
def test_rules_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadParameter):
        WindowRules(**wrong)  # type: ignore[arg-type]


def test_a_deflated_history_is_real_and_is_not_deflated_again() -> None:
    own = told({"AAA": [100.0, 102.0, 104.04]})
    deflator = constant_inflation(0.02, base_year=2000, years=own.years)
    constant = own.deflated(deflator)
    assert constant.values_usd[0] == pytest.approx([100.0, 100.0, 100.0])
    assert find_windows(constant, ANY).prices.label == "real_2000"
    with pytest.raises(BadTable, match="already"):
        constant.deflated(deflator)


def test_arrays_of_windows_are_read_only() -> None:
    found = find_windows(told({"AAA": [1.0, 2.0, 3.0]}), ANY)
    for array in (found.ratio, found.relative, found.start_usd, found.country):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
