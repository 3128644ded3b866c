"""What the log knows of requests is found around a time, in a log of any size."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.app.exchange import replayed
from rahdari.app.exchange.log.hours import Hour
from rahdari.app.exchange.replayed import answered_around, find_first, latest_hour, time_of
from rahdari.wire.ndel.record_bytes import encode_entry, read_entry
from rahdari.wire.ndel.records import ExchangeRecord, ReceiptRecord, Role, SignatureMark
from tests.unit.exchange.exchange_scene import AT, scene


class Shelf:
    """A log that is only read."""

    def __init__(self, entries: list[bytes], hours: list[Hour] | None = None) -> None:
        self._entries, self._hours = entries, hours or []
        self.read = 0

    def hours(self) -> list[Hour]:
        return self._hours

    @property
    def size(self) -> int:
        return len(self._entries)

    def entry(self, index: int) -> bytes:
        self.read += 1
        return self._entries[index]

    def iterate(self, start: int = 0) -> list[tuple[int, bytes]]:
        return list(enumerate(self._entries))[start:]


def record(number: int, *, ended: int, role: Role = Role.PROVIDER) -> bytes:
    made = scene()
    read = read_entry(made.answer(made.ask()).record)
    assert isinstance(read, ExchangeRecord)
    return encode_entry(replace(read, request_id=f"id-{number}", began=ended, ended=ended, role=role))


_SAMPLE = read_entry(record(0, ended=0))
MINUTE = 60_000
NOW = int(AT.timestamp() * 1000)


def entry(number: int, ended: int, role: Role = Role.PROVIDER) -> bytes:
    assert isinstance(_SAMPLE, ExchangeRecord)
    return encode_entry(replace(_SAMPLE, request_id=f"id-{number}", began=ended, ended=ended, role=role))


def test_those_whose_signatures_could_be_believed_are_told() -> None:
    minutes = [*range(-60, 60)]
    shelf = Shelf([entry(one, NOW + one * MINUTE) for one in minutes])
    told = set(answered_around(shelf, AT))  # type: ignore[arg-type]
    # Believed are signatures of three minutes before and two after; records may be out of their order.
    assert {f"id-{one}" for one in range(-5, 6)} <= told
    assert "id--60" not in told
    assert "id-59" not in told


def _jumped() -> tuple[list[int], dict[str, int]]:
    """Minutes of entries: an hour before, ten minutes an hour ahead, an hour back again, an hour behind."""
    runs = {"before": range(-60, 0), "ahead": range(60, 70), "back": range(10), "behind": range(-50, -40)}
    minutes: list[int] = []
    begins = {}
    for name, run in runs.items():
        begins[name] = len(minutes)
        minutes += run
    return minutes, begins


@pytest.mark.parametrize("is_told_by", ["cuts", "hours"])
@pytest.mark.parametrize(("minute", "runs"), [(-45, 2), (5, 1), (65, 1)])
def test_where_the_clock_was_set_back_each_stretch_is_looked_through(
    monkeypatch: pytest.MonkeyPatch, is_told_by: str, minute: int, runs: int
) -> None:
    monkeypatch.setattr(replayed, "_STEPS_MAX", 2)
    minutes, begins = _jumped()
    cuts = [begins["back"], begins["behind"]]
    hours = [Hour("20260301T08", 0), Hour("20260301T10", begins["ahead"]), Hour("20260301T09", cuts[0])]
    hours.append(Hour("20260301T08", cuts[1]))
    entries = [entry(number, NOW + one * MINUTE) for number, one in enumerate(minutes)]
    shelf = Shelf(entries, hours if is_told_by == "hours" else None)
    at = AT + timedelta(minutes=minute)
    told = set(answered_around(shelf, at, cuts=cuts if is_told_by == "cuts" else ()))  # type: ignore[arg-type]
    near = {f"id-{number}" for number, one in enumerate(minutes) if abs(one - minute) <= 3}
    assert len(near) >= 4 * runs
    assert near <= told


def test_the_latest_hour_is_told() -> None:
    hours = [Hour("20260301T10", 0), Hour("20260301T09", 7)]
    assert latest_hour(Shelf([], hours)) == datetime(2026, 3, 1, 11, tzinfo=UTC)  # type: ignore[arg-type]
    assert latest_hour(Shelf([])) is None  # type: ignore[arg-type]


def test_our_own_questions_and_receipts_are_no_answers() -> None:
    mark = SignatureMark("()", "key", bytes(64))
    receipt = encode_entry(ReceiptRecord("id-9", NOW, mark))
    shelf = Shelf([entry(1, NOW), receipt, entry(2, NOW, Role.CONSUMER)])
    assert [*answered_around(shelf, AT)] == ["id-1"]  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(0, 10_000))
def test_nothing_young_enough_is_left_out(times: list[int], limit: int) -> None:
    ordered = sorted(times)
    entries = [entry(number, time) for number, time in enumerate(ordered)]
    first = find_first(entries.__getitem__, len(entries), limit)
    assert all(time < limit for time in ordered[:first])


def test_a_large_log_is_halved_not_read() -> None:
    reads = 0

    def read(index: int) -> bytes:
        nonlocal reads
        reads += 1
        return entry(index, index)

    assert 500_000 - replayed._STEPS_MAX <= find_first(read, 1_000_000, 500_000) <= 500_000
    assert reads < 50


def test_a_receipt_has_a_time_too() -> None:
    assert time_of(encode_entry(ReceiptRecord("id", 5, SignatureMark("()", "key", bytes(64))))) == 5
