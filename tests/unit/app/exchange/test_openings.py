"""No log is opened without a trace that the person reads herself."""

from datetime import timedelta
from pathlib import Path

import pytest

from rahdari.app.errors import FolderFailed
from rahdari.app.exchange.openings import LISTED_MAX, Opening, Openings
from tests.fakes.clock import WoundClock

ME, OTHER = "3520212345671", "3520276543212"
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> WoundClock:
    return WoundClock()


@pytest.fixture
def openings(tmp_path: Path, clock: WoundClock) -> Openings:
    return Openings(tmp_path / "openings", bytes(32), clock=clock)


def test_a_person_is_told_of_hers_the_newest_first_and_of_nobody_elses(
    openings: Openings, clock: WoundClock
) -> None:
    began = clock.now()
    openings.note(ME, by="کاؤنٹر 3")
    openings.note(OTHER, by="Counter 4")
    clock.wind(40 * DAY)
    openings.note(ME, by="Counter 5")
    assert openings.find(ME) == (Opening(began + 40 * DAY, "Counter 5"), Opening(began, "کاؤنٹر 3"))
    assert openings.find("1") == ()


def test_neither_persons_nor_the_files_are_for_others(openings: Openings, tmp_path: Path) -> None:
    openings.note(ME, by="Counter 3")
    (path,) = (one for one in (tmp_path / "openings").rglob("*") if one.is_file())
    assert ME.encode() not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    other = Openings(tmp_path / "openings", b"\1" * 32, clock=WoundClock())
    assert other.find(ME) == (), "without the key nobody is found"


def test_what_is_older_than_a_year_is_forgotten(
    openings: Openings, clock: WoundClock, tmp_path: Path
) -> None:
    openings.note(ME, by="Counter 3")
    clock.wind(366 * DAY)
    openings.forget()
    assert len(openings.find(ME)) == 1
    clock.wind(timedelta(seconds=1))
    assert openings.find(ME) == ()
    clock.wind(31 * DAY)
    openings.note(OTHER, by="Counter 3")
    openings.forget()
    assert len(list((tmp_path / "openings").iterdir())) == 1
    assert len(openings.find(OTHER)) == 1


def test_a_clock_that_was_set_wrong_takes_nothing_away(
    openings: Openings, clock: WoundClock, tmp_path: Path
) -> None:
    for _ in range(3):
        openings.note(ME, by="Counter 3")
        clock.wind(31 * DAY)
    wrong = WoundClock(clock.now() + 70 * 366 * DAY)
    Openings(tmp_path / "openings", bytes(32), clock=wrong).forget()
    assert len(openings.find(ME)) == 3


def test_a_line_that_broke_off_takes_no_other_with_it(openings: Openings, tmp_path: Path) -> None:
    openings.note(ME, by="Counter 3")
    (path,) = (one for one in (tmp_path / "openings").rglob("*") if one.is_file())
    whole = path.read_bytes()
    path.write_bytes(whole + whole.strip()[:-9])
    openings.note(ME, by="Counter 4")
    assert {one.by for one in openings.find(ME)} == {"Counter 3", "Counter 4"}


def test_no_more_are_listed_than_a_person_reads(openings: Openings) -> None:
    for _ in range(LISTED_MAX + 1):
        openings.note(ME, by="Counter 3")
    assert len(openings.find(ME)) == LISTED_MAX


def test_where_it_cannot_be_written_it_is_said(openings: Openings, tmp_path: Path) -> None:
    (tmp_path / "openings").write_bytes(b"")
    with pytest.raises(FolderFailed):
        openings.note(ME, by="Counter 3")
