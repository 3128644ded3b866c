"""The ledger in its folder: durable, whole after a power cut, one writer at a time, and scored in its year."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rahdari.app.errors import BadFile, FolderFailed
from rahdari.app.forecast_ledger import CLAIMS_MAX, LEDGER_BYTES_MAX, ForecastLedger
from rahdari.trade.errors import BadParameter, BadTradeFile
from rahdari.trade.rules.forecast_chain import GENESIS, Head
from rahdari.trade.rules.forecast_scores import Naive, Waits
from rahdari.trade.rules.forecasts import CODES_MAX, Goods
from rahdari.trade.values import Level
from tests.fakes.clock import WoundClock
from tests.unit.trade.past_worlds import chance, claim


@pytest.fixture
def ledger(tmp_path: Path, clock: WoundClock) -> ForecastLedger:
    return ForecastLedger(tmp_path / "forecasts", clock)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "forecasts" / "forecasts.jsonl"


def test_before_the_first_forecast_there_is_nothing_not_even_a_folder(
    ledger: ForecastLedger, file: Path
) -> None:
    assert ledger.head() == Head(0, GENESIS)
    assert ledger.score(lambda _: None).scores == ()
    assert not file.parent.exists()


def test_forecasts_are_kept_in_order_with_their_hour(ledger: ForecastLedger, clock: WoundClock) -> None:
    first = ledger.record([claim(), chance(0.3)])
    clock.set(datetime(2027, 1, 5, tzinfo=UTC))
    second = ledger.record([claim(market="CHN")])
    assert ledger.read().forecasts == first + second
    assert [one.number for one in ledger.read().forecasts] == [1, 2, 3]
    assert second[0].made_at == datetime(2027, 1, 5, tzinfo=UTC)
    assert second[0].previous == first[-1].digest


def test_recording_nothing_changes_nothing(ledger: ForecastLedger) -> None:
    ledger.record([claim()])
    head = ledger.head()
    assert ledger.record([]) == ()
    assert ledger.head() == head


def test_the_file_only_grows(ledger: ForecastLedger, file: Path) -> None:
    ledger.record([claim()])
    before = file.read_bytes()
    ledger.record([chance(0.5)])
    assert file.read_bytes().startswith(before)


def test_a_year_that_is_over_is_no_forecast(ledger: ForecastLedger, clock: WoundClock, file: Path) -> None:
    clock.set(datetime(2031, 1, 1, tzinfo=UTC))
    with pytest.raises(BadParameter, match="2030 is over in 2031"):
        ledger.record([claim(target_year=2031), claim()])
    assert not file.exists()


def test_a_torn_last_line_is_cut_off_by_the_next_writer(ledger: ForecastLedger, file: Path) -> None:
    ledger.record([claim()])
    whole = file.read_bytes()
    file.write_bytes(whole + b"\0" * 5000 + whole[:200])
    assert len(ledger.read().forecasts) == 1
    ledger.record([chance(0.5)])
    assert len(ledger.read().forecasts) == 2
    assert file.read_bytes().startswith(whole)
    assert file.read_bytes().count(b"\n") == 2
    assert file.read_bytes().endswith(b"}\n")


def test_a_changed_ledger_takes_no_forecast(ledger: ForecastLedger, file: Path) -> None:
    ledger.record([claim(), chance(0.5)])
    changed = file.read_bytes().replace(b'"probability":0.5', b'"probability":0.9')
    file.write_bytes(changed)
    for act in (lambda: ledger.record([claim()]), ledger.read, lambda: ledger.score(lambda _: 1.0)):
        with pytest.raises(BadTradeFile, match="line 2"):
            act()
    assert file.read_bytes() == changed


def test_forecasts_that_were_dropped_since_are_found_by_the_head_of_a_report(
    ledger: ForecastLedger, file: Path
) -> None:
    ledger.record([claim(), claim(market="CHN")])
    noted = ledger.head()
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0])
    assert len(ledger.score(lambda _: 1.0).waiting) == 1
    with pytest.raises(BadTradeFile, match="its end was cut off"):
        ledger.score(lambda _: 1.0, noted=noted)


def test_many_writers_at_once_leave_one_chain(
    ledger: ForecastLedger, tmp_path: Path, clock: WoundClock
) -> None:
    def write(number: int) -> None:
        ForecastLedger(tmp_path / "forecasts", clock).record(
            [claim(what=f"p{number}"), claim(what=f"q{number}")]
        )

    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write, range(40)))
    held = ledger.read().forecasts
    assert [one.number for one in held] == list(range(1, 81))
    assert {one.claim.what for one in held} == {f"{one}{number}" for one in "pq" for number in range(40)}


def test_two_runs_at_once_say_everything_once(
    ledger: ForecastLedger, tmp_path: Path, clock: WoundClock
) -> None:
    claims = [claim(), chance(0.5), claim(what="other", goods=Goods.of(["260300"], level=Level.HS6))]

    def write(_: int) -> int:
        return len(ForecastLedger(tmp_path / "forecasts", clock).record(claims))

    with ThreadPoolExecutor(8) as writers:
        added = list(writers.map(write, range(16)))
    assert sum(added) == 3
    assert [one.claim for one in ledger.read().forecasts] == claims


def test_a_ledger_of_before_goods_were_noted_is_read_and_written_on(
    ledger: ForecastLedger, file: Path
) -> None:
    ledger.record([claim()])
    assert b'"v":1' in file.read_bytes()
    assert b"goods" not in file.read_bytes()
    many = Goods.of([f"{code:06d}" for code in range(CODES_MAX + 1)], level=Level.HS6)
    ledger.record([claim(goods=many), claim(goods=Goods.of(["260300"], level=Level.HS6))])
    old, long, short = ledger.read().forecasts
    assert old.claim.goods is None
    assert (long.claim.goods, many.codes) == (many, ())
    assert short.claim.goods is not None
    assert short.claim.goods.codes == ("260300",)


def test_goods_that_were_changed_are_found(ledger: ForecastLedger, file: Path) -> None:
    ledger.record([claim(goods=Goods.of(["260300"], level=Level.HS6))])
    file.write_bytes(file.read_bytes().replace(b"260300", b"260400"))
    with pytest.raises(BadTradeFile):
        ledger.read()


def test_a_forecast_is_scored_when_its_year_is_over_and_not_before(
    ledger: ForecastLedger, clock: WoundClock
) -> None:
    ledger.record([claim(), chance(0.2)])
    clock.set(datetime(2030, 12, 31, tzinfo=UTC))
    assert {one.why for one in ledger.score(lambda _: 37e9).waiting} == {Waits.YEAR_NOT_OVER}
    clock.set(datetime(2031, 1, 1, tzinfo=UTC))
    assert {one.why for one in ledger.score(lambda _: None).waiting} == {Waits.NO_OUTCOME}
    sheet = ledger.score(lambda told: 37e9 if told.target_year == 2030 else None)
    assert [one.outcome_usd for one in sheet.scores] == [37e9, 37e9]
    assert sheet.scores[0].naive[Naive.NO_CHANGE] == pytest.approx(7e9)


def test_too_many_forecasts_at_once_are_refused(ledger: ForecastLedger) -> None:
    with pytest.raises(BadParameter, match="in parts"):
        ledger.record([claim()] * (CLAIMS_MAX + 1))


def test_a_file_that_is_far_too_long_is_not_read_whole(ledger: ForecastLedger, file: Path) -> None:
    ledger.record([claim()])
    os.truncate(file, LEDGER_BYTES_MAX + 1)  # a hole: it takes no place on the disk
    with pytest.raises(BadFile, match="larger than"):
        ledger.read()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, clock: WoundClock) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(FolderFailed, match="no forecast was added"):
        ForecastLedger(tmp_path / "file" / "forecasts", clock).record([claim()])


def test_a_file_that_cannot_be_written_is_told(ledger: ForecastLedger, file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(FolderFailed):
        ledger.record([claim()])
