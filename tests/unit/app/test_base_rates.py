"""The carried figures are there, and one's own are read or refused."""

from pathlib import Path

import pytest

from rahdari.app.base_rates import (
    carried_own_decades,
    carried_price_index,
    carried_reference,
    history_of,
    reference_in,
)
from rahdari.app.errors import BadFile, FolderFailed
from rahdari.trade.errors import BadTable, BadTradeFile, DataMissing
from rahdari.trade.rules.decades import read_own_decades


def test_a_fresh_machine_knows_the_odds_of_five_times() -> None:
    assert carried_reference().place(5.0).reached == 0.083


def test_a_dollar_of_1970_is_worth_six_and_a_half_of_2020() -> None:
    deflator = carried_price_index(base_year=2020)
    assert 1 / deflator.of([1970])[0] == pytest.approx(6.67, abs=0.01)
    assert deflator.prices.label == "real_2020"
    with pytest.raises(DataMissing):
        carried_price_index(base_year=1900)


def test_a_reference_of_ones_own_is_read_and_a_wrong_file_refused(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "# mine\nfigure,key,value\nyears,all,5\nwindows,all,9\ncountries,all,3\nfirst_year,all,2000\n"
        "last_year,all,2010\npercentile,50,1.5\n",
        encoding="utf-8",
    )
    assert reference_in(own).place(2.0).percentile_low == 50
    own.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadTradeFile):
        reference_in(own)
    own.write_bytes(b"#" * 300_000)
    with pytest.raises(BadFile):
        reference_in(own)
    with pytest.raises(FolderFailed):
        reference_in(tmp_path / "none.csv")


def test_rows_become_a_history_and_doubles_are_added_up() -> None:
    told = history_of([("PAK", 2001, 2.0), ("CHN", 2003, 5.0), ("PAK", 2001, 3.0)])
    assert (told.countries, told.years) == (("CHN", "PAK"), (2001, 2002, 2003))
    assert told.values_usd.tolist() == [[0.0, 0.0, 5.0], [5.0, 0.0, 0.0]]


@pytest.mark.parametrize("amount", [-1.0, float("nan")])
def test_an_amount_that_cannot_be_is_refused(amount: float) -> None:
    with pytest.raises(BadTable, match="the history of exports"):
        history_of([("PAK", 2001, amount)])
    with pytest.raises(BadTable, match="without years"):
        history_of([])


def test_each_country_that_is_carried_has_one_best_decade() -> None:
    own = carried_own_decades()
    assert len({one.country for one in own}) == len(own) > 100
    pakistan = next(one for one in own if one.country == "PAK")
    assert (pakistan.start_year, round(pakistan.multiple, 2)) == (1977, 3.57)


@pytest.mark.parametrize(
    "row", ["PAK,1977,1151", "PAK,1977,0,5", "PAK,x,1,5", "PAK,1977,5,1", "PAK,1977,1,5,9"]
)
def test_a_table_of_best_decades_with_a_row_of_another_form_is_refused(row: str) -> None:
    heading = "country,start_year,start_usd_million,end_usd_million\n"
    assert read_own_decades(f"# a remark\n{heading}PAK,1977,1151,4105\n")[0].country == "PAK"
    with pytest.raises(BadTradeFile, match="another form"):
        read_own_decades(f"{heading}{row}\n")
    with pytest.raises(BadTradeFile, match="does not begin"):
        read_own_decades(row)
