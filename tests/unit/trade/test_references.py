"""The figures that the package carries, and their reader."""

from importlib import resources

import pytest

from rahdari.trade.errors import BadParameter, BadTradeFile
from rahdari.trade.rules.references import read_index, read_reference, reference_to_frame


def carried(name: str) -> str:
    return (resources.files("rahdari.trade") / "data" / name).read_text(encoding="utf-8")


def test_the_carried_base_rate_is_the_published_one() -> None:
    reference = read_reference(carried("base-rates.csv"))
    assert (reference.windows, reference.countries, reference.years) == (759, 69, 10)
    assert (reference.first_year, reference.last_year) == (1986, 2006)
    assert dict(reference.percentiles) == {50: 2.12, 90: 4.7, 95: 5.94, 99: 7.91}
    assert dict(reference.reached) == {5: 0.083}
    assert dict(reference.largest) == {
        "CHN": 8.58,
        "MYS": 8.98,
        "THA": 8.71,
        "POL": 7.36,
        "IND": 4.68,
        "TUR": 4.12,
    }
    assert "Yotov" in reference.name


def test_five_times_stands_between_the_90th_and_the_95th_percentile() -> None:
    at = read_reference(carried("base-rates.csv")).place(5.0)
    assert (at.percentile_low, at.percentile_high, at.reached) == (90, 95, 0.083)
    assert at.largest == ("MYS", 8.98)


def test_beyond_what_was_published_nothing_is_guessed() -> None:
    reference = read_reference(carried("base-rates.csv"))
    assert (reference.place(20).percentile_low, reference.place(20).percentile_high) == (99, None)
    assert (reference.place(1.5).percentile_low, reference.place(1.5).percentile_high) == (None, 50)
    assert reference.place(3.0).reached is None


def test_the_published_figures_as_a_frame_name_their_reference() -> None:
    frame = reference_to_frame(read_reference(carried("base-rates.csv")))
    assert frame.height == 11
    assert frame.row(4)[:3] == ("share_reaching", "5", 0.083)
    assert "Yotov" in frame["reference"][0]


@pytest.mark.parametrize("multiple", [0.0, -1.0, float("nan")])
def test_a_multiple_that_is_none_is_refused(multiple: float) -> None:
    with pytest.raises(BadParameter):
        read_reference(carried("base-rates.csv")).place(multiple)


def test_the_carried_price_index_rises_about_tenfold_over_six_decades() -> None:
    index = read_index(carried("base-rates-us-cpi.csv"))
    assert list(index) == list(range(1962, 2024))
    # Well known marks: the base period 1982-84 is 100, and 2009 alone is below the year before it.
    assert sum(index[year] for year in (1982, 1983, 1984)) / 3 == pytest.approx(100, abs=0.05)
    assert [year for year in range(1963, 2024) if index[year] < index[year - 1]] == [2009]
    assert index[2023] / index[1962] == pytest.approx(10.09, abs=0.01)


GOOD = "# a name\nfigure,key,value\nyears,all,10\nwindows,all,3\ncountries,all,2\nfirst_year,all,1990\n"
WHOLE = GOOD + "last_year,all,2002\npercentile,50,2\npercentile,90,4\n"


def test_a_table_of_ones_own_is_read_alike() -> None:
    reference = read_reference(WHOLE)
    assert reference.name == "a name"
    assert reference.place(3).largest is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "begin with"),
        ("a,b\n", "begin with"),
        (GOOD, "do not rise"),
        (WHOLE.replace("windows,all,3\n", ""), "windows 0 times"),
        (WHOLE + "percentile,95,3\n", "do not rise"),
        (WHOLE + "percentile,50,3\n", "second time"),
        (WHOLE + "percentile,fifty,3\n", "'fifty' is no number"),
        (WHOLE + "percentile,95,nan\n", "no figure above 0"),
        (WHOLE + "percentile,95,-1\n", "no figure above 0"),
        (WHOLE + "percentile,95\n", "2 fields"),
        (WHOLE + "\n" * 2000, "longer than"),
        (WHOLE + "#" * 300_000, "longer than"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(text: str, what: str) -> None:
    with pytest.raises(BadTradeFile, match=what):
        read_reference(text)


@pytest.mark.parametrize("line", ["2000,1,2", "twenty,1", "2001,1", "2000,x", "2000,0"])
def test_a_damaged_index_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(BadTradeFile, match="line 3"):
        read_index(f"year,index\n2001,3\n{line}\n")
