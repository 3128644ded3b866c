"""The clock that verdicts offline are given by."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.app.clock import SteadyClock, SystemClock, tell_seconds
from tests.fakes.clock import WoundClock


class Ticks:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_it_tells_the_machines_time_while_that_goes_on() -> None:
    machine, ticks = WoundClock(), Ticks()
    steady = SteadyClock(machine, tick=ticks)
    for seconds in (0, 1, 59, 86_400):
        machine.wind(timedelta(seconds=seconds))
        ticks.seconds += seconds
        assert steady.now() == machine.now()
    assert abs(SteadyClock(SystemClock()).now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_clock_that_is_set_back_or_stopped_makes_nothing_younger() -> None:
    machine, ticks = WoundClock(), Ticks()
    steady = SteadyClock(machine, tick=ticks)
    began = steady.now()
    for _ in range(10):
        ticks.seconds += 10
        machine.wind(timedelta(seconds=-3600))
        steady.now()
    assert steady.now() - began == timedelta(seconds=100)


def test_a_clock_that_is_set_forward_is_followed() -> None:
    machine, ticks = WoundClock(), Ticks()
    steady = SteadyClock(machine, tick=ticks)
    machine.wind(timedelta(days=1))
    assert steady.now() == machine.now()
    machine.wind(timedelta(days=-1))
    ticks.seconds += 5
    assert steady.now() == machine.now() + timedelta(days=1, seconds=5)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(-10_000_000, 10_000_000)), max_size=20))
def test_between_two_questions_it_goes_on_by_no_less_than_what_went_by(
    moves: list[tuple[float, int]],
) -> None:
    machine, ticks = WoundClock(), Ticks()
    steady = SteadyClock(machine, tick=ticks)
    last = steady.now()
    for went_by, wound in moves:
        ticks.seconds += went_by
        machine.wind(timedelta(seconds=wound))
        now = steady.now()
        assert now - last >= timedelta(seconds=went_by) - timedelta(milliseconds=1)
        assert now >= machine.now()
        last = now


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="the platform has no such clock")
def test_it_counts_by_the_clock_that_goes_on_while_the_machine_sleeps() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    told = tell_seconds()
    assert before <= told <= time.clock_gettime(time.CLOCK_BOOTTIME)
    assert SteadyClock(WoundClock())._tick is tell_seconds


def test_without_that_clock_it_counts_by_the_one_that_never_goes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    before = time.monotonic()
    assert before <= tell_seconds() <= time.monotonic()
