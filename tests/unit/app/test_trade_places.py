"""Which release answers is told, and one that was being replaced when its writer died is not lost."""

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from rahdari.app import trade_places
from rahdari.app.trade_data import import_baci, open_flows, open_release
from rahdari.app.trade_places import CARRIED, Remark, alone_with, releases_in
from rahdari.app.trade_releases import list_releases, list_unusable
from rahdari.app.trade_words import words_of
from rahdari.trade import BadParameter, Level
from tests.unit.app.test_trade_data import FILES, renamed, zipped


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fetched")
    import_baci(zipped(folder / "x.zip", FILES), folder / "trade")
    return folder / "trade"


@pytest.fixture
def trade(fetched: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fetched, tmp_path / "trade"))


def codes(folder: Path, release: str | None = None) -> list[str]:
    return [one.code for one in open_release(folder, release).remarks]


def test_what_was_fetched_answers_and_what_is_carried_beside_is_told(trade: Path) -> None:
    opened = open_release(trade)
    assert (opened.name, opened.book.years) == ("HS92-202601", (2020, 2021))
    used, more = opened.remarks
    assert used.values == {"name": "HS92-202601", "first_year": 2020, "last_year": 2021, "products": 2}
    assert more.code == Remark.CARRIED_HAS_MORE
    assert more.values == {"from_year": 1995, "to_year": 2024, "products": 74}
    assert "1995 to 2024: --release carried" in words_of("data", more.code, values=more.values)


def test_who_names_a_release_is_told_no_more_than_its_name(trade: Path) -> None:
    assert codes(trade, "202601") == codes(trade, CARRIED) == [Remark.USED]


def test_on_a_fresh_machine_nothing_is_missing(tmp_path: Path) -> None:
    (used,) = open_release(tmp_path).remarks
    assert words_of("data", used.code, values=used.values) == "Data: carried, 1995 to 2024, 74 products."


def test_other_data_beside_the_carried_are_named(trade: Path) -> None:
    (trade / "HS92-202601").rename(trade / "customs")
    (trade / "downloads").mkdir()
    opened = open_release(trade)
    assert [(one.code, one.values) for one in opened.remarks[1:]] == [
        (Remark.CARRIED_INSTEAD, {"names": "customs"})
    ]
    assert open_release(trade, "customs").name == "customs"


def test_a_release_between_its_two_renames_is_taken_and_gets_its_name_back(trade: Path) -> None:
    (trade / "HS92-202601").rename(trade / ".HS92-202601.old")
    assert open_flows(trade).years == (2020, 2021)
    assert (trade / "HS92-202601").is_dir()
    assert not (trade / ".HS92-202601.old").exists()


def test_a_release_between_its_two_renames_answers_also_while_somebody_writes(trade: Path) -> None:
    (trade / "HS92-202601").rename(trade / ".HS92-202601.old")
    with alone_with(trade / "HS92-202601"):
        opened = open_release(trade)
        assert opened.book.exports([2021], Level.HS6).values.sum() == 9_500
    assert opened.name == "HS92-202601"
    assert releases_in(trade) == {"HS92-202601": trade / "HS92-202601"}


def test_a_release_between_its_two_renames_answers_where_nothing_may_be_written(
    trade: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_forbidden(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (trade / "HS92-202601").rename(trade / ".HS92-202601.old")
    monkeypatch.setattr(os, "open", is_forbidden)
    assert open_flows(trade).years == (2020, 2021)
    assert (trade / ".HS92-202601.old").is_dir()


def test_the_next_reading_of_the_release_clears_what_was_left(trade: Path, tmp_path: Path) -> None:
    (trade / "HS92-202601").rename(trade / ".HS92-202601.old")
    (trade / ".HS92-202601.part").mkdir()
    import_baci(zipped(tmp_path / "y.zip", FILES), trade)
    assert sorted(one.name for one in trade.iterdir()) == [".HS92-202601.lock", "HS92-202601"]


def test_a_reading_that_broke_off_is_told_until_it_is_done_again(trade: Path) -> None:
    (trade / ".HS92-202701.part").mkdir()
    (trade / ".HS92-202701.lock").touch()
    assert codes(trade)[-1] == Remark.BROKEN_OFF
    handle = os.open(trade / ".HS92-202701.lock", os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert Remark.BROKEN_OFF not in codes(trade)
    finally:
        os.close(handle)


@pytest.mark.parametrize("name", ["downloads", "forecasts", "carried"])
def test_a_release_never_takes_the_place_of_what_is_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadParameter, match="is no release"):
        trade_places.require_place(tmp_path / name)


def test_a_folder_of_other_files_is_not_replaced_by_a_release(tmp_path: Path) -> None:
    (tmp_path / "trade" / "HS92-202601").mkdir(parents=True)
    import_baci(zipped(tmp_path / "x.zip", FILES), tmp_path / "trade")
    own = tmp_path / "trade" / "HS92-202501"
    own.mkdir()
    (own / "letter.txt").write_text("mine")
    with pytest.raises(BadParameter, match="choose another name"):
        import_baci(zipped(tmp_path / "y.zip", renamed(FILES, "202601", "202501")), tmp_path / "trade")
    assert (own / "letter.txt").read_text() == "mine"


def test_a_release_of_an_older_program_is_listed_with_the_reason(trade: Path) -> None:
    (trade / "forecasts").mkdir()
    note = trade / "HS92-202601" / "release.json"
    assert list_unusable(trade) == []
    note.write_text(note.read_text(encoding="utf-8").replace('"form": 2', '"form": 1'), encoding="utf-8")
    ((name, why),) = list_unusable(trade)
    assert name == "HS92-202601"
    assert "written in the form 1, this program reads 2; fetch the release again" in why
    assert [name for name, _, _ in list_releases(trade)] == [CARRIED]


def test_a_damaged_release_is_listed_with_the_reason(trade: Path) -> None:
    note = trade / "HS92-202601" / "release.json"
    note.write_text(note.read_text(encoding="utf-8").replace("Copper", "Silver"), encoding="utf-8")
    assert "release.json is not what was written" in list_unusable(trade)[0][1]
