"""Tables of needs and tariff schedules from files: read whole, or refused with line and reason."""

from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.needs_files import read_needs
from rahdari.app.tariff_files import read_rates
from rahdari.trade import SAMPLE_NEEDS, BadParameter, BadTradeFile, Budgets, Need, Needs

HEADING = "resource,prefix,per_million_usd,fixed\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "needs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_of_needs_is_read_and_the_longest_prefix_counts(tmp_path: Path) -> None:
    rows = "land_acres,,2,\nland_acres,26,40,5\nslots,,,1\n"
    needs = read_needs(written(tmp_path, HEADING + rows))
    assert needs.name == "needs.csv"
    assert not needs.is_sample
    assert needs.of("260300", 10e6) == {"land_acres": 405.0, "slots": 1.0}
    assert needs.of("740311", 10e6) == {"land_acres": 20.0, "slots": 1.0}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1"),
        ("a,b\n", "line 1: the columns"),
        (HEADING + "land,26\n", "line 2: 2 cells"),
        (HEADING + ",26,1,1\n", "line 2"),
        (HEADING + "land,ore,1,1\n", "'ore' is no beginning"),
        (HEADING + "land,,many,1\n", "line 2"),
        (HEADING + "land,,-1,0\n", "0 or more"),
        (HEADING + "land,,nan,0\n", "line 2"),
        (HEADING + "land,,1,0\nland,,2,0\n", "two needs for one prefix"),
        (HEADING + '"land\n', "no CSV"),
    ],
)
def test_a_table_that_is_none_is_refused_with_line_and_reason(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(BadTradeFile, match=told):
        read_needs(written(tmp_path, text))


def test_bytes_that_are_no_text_and_files_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "needs.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadTradeFile, match="UTF-8"):
        read_needs(path)
    with pytest.raises(FolderFailed):
        read_needs(tmp_path / "none.csv")


def test_the_sample_calls_itself_one_and_covers_its_budgets() -> None:
    assert SAMPLE_NEEDS.is_sample
    assert Budgets().is_sample
    assert set(SAMPLE_NEEDS.of("740311", 1e6)) == set(Budgets().amounts)
    assert Budgets().amounts["land_acres"] == 6_000


def test_too_many_needs_are_refused() -> None:
    with pytest.raises(BadParameter, match="more than"):
        Needs(rows=tuple(Need(resource=f"r{number}") for number in range(50_001)), name="long")


def test_a_schedule_is_read_and_a_broken_one_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "tariffs.csv"
    path.write_text("importer,exporter,product,rate_percent,kind\nCHN,,26,3,mfn\n", encoding="utf-8")
    rates = read_rates(path)
    assert (rates.name, len(rates.duties)) == ("tariffs.csv", 1)
    path.write_text("importer,exporter,product,rate_percent,kind\nCHN,,26,three,mfn\n", encoding="utf-8")
    with pytest.raises(BadTradeFile, match="line 2"):
        read_rates(path)
