"""A signed request counts once, for as long as its signature could be believed."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.exchange.rules.replay import KEPT_SECONDS, LOT_SECONDS, LastSeen, Numbers, SeenRequests


def test_a_request_counts_once() -> None:
    seen = SeenRequests()
    assert seen.accept("one", tick=0.0)
    assert not seen.accept("one", tick=0.0)
    assert seen.accept("two", tick=0.0)
    assert len(seen) == 2


def test_it_is_remembered_for_as_long_as_its_signature_could_be_believed() -> None:
    seen = SeenRequests()
    seen.accept("one", tick=0.0)
    assert not seen.accept("one", tick=KEPT_SECONDS)
    assert seen.accept("one", tick=KEPT_SECONDS + LOT_SECONDS)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0.0, 40.0)), max_size=200))
def test_nothing_is_accepted_twice_in_time_and_all_is_forgotten_after(steps: list[tuple[int, float]]) -> None:
    seen, at, accepted = SeenRequests(), 0.0, dict[int, float]()
    for number, wait in steps:
        at += wait
        is_new = seen.accept(str(number), tick=at)
        if number in accepted and at - accepted[number] < KEPT_SECONDS:
            assert not is_new
        if number not in accepted or at - accepted[number] >= KEPT_SECONDS + LOT_SECONDS:
            assert is_new
        if is_new:
            accepted[number] = at
    # A second more than is promised: sums of fractions differ in their last place.
    assert seen.accept("last", tick=at + KEPT_SECONDS + LOT_SECONDS + 1.0)
    assert len(seen) == 1


def test_full_it_refuses_what_is_new_and_forgets_nothing() -> None:
    seen = SeenRequests(count_max=100)
    seen.remember((f"many {number}" for number in range(100)), tick=0.0)
    assert not seen.accept("more", tick=1.0)
    assert not seen.accept("many 7", tick=1.0)
    assert seen.accept("more", tick=KEPT_SECONDS + LOT_SECONDS)


def test_what_the_log_knows_counts_as_seen() -> None:
    seen = SeenRequests()
    seen.remember(["one"], tick=0.0)
    assert not seen.accept("one", tick=1.0)


@given(st.lists(st.integers(1, 40) | st.integers(2**64 - 40, 2**64 - 1), max_size=300), st.integers(0, 100))
def test_a_table_of_numbers_is_a_set(numbers: list[int], room: int) -> None:
    # Numbers that stand close together meet on their places, the last ones round the end of the table.
    table, told = Numbers(room), set[int]()
    for number in numbers:
        assert (number in table) == (number in told)
        assert table.is_full == (len(told) >= room)
        if table.is_full and number not in told:
            with pytest.raises(OverflowError):
                table.add(number)
            continue
        assert table.add(number) == (number not in told)
        told.add(number)
        assert len(table) == len(told)
    assert all(number in table for number in told)


def test_numbers_that_all_belong_on_one_place_are_kept_apart() -> None:
    table = Numbers(300)
    places = 300 * 4 // 3 + 1
    assert sum(table.add(places * number) for number in range(1, 301)) == 300
    assert all(places * number in table for number in range(1, 301))
    assert places * 301 not in table


@pytest.mark.parametrize(("rate", "bytes_max"), [(60, 16), (100, 15)])
def test_a_steady_rate_takes_14_bytes_for_each_of_the_last_minutes(rate: int, bytes_max: int) -> None:
    seen, tick = SeenRequests(), 0.0
    tracemalloc.start()
    try:
        for number in range(rate * 2 * KEPT_SECONDS):
            tick = number / rate
            assert seen.accept(str(number), tick=tick)
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert taken <= bytes_max * rate * (KEPT_SECONDS + LOT_SECONDS)


def test_a_rate_that_rises_at_once_is_kept_in_few_lots() -> None:
    # Each lot is a look for every later call.
    seen = SeenRequests()
    for number in range(40_000):
        assert seen.accept(str(number), tick=number / 2_000)
    assert len(seen._lots) <= 5
    assert not any(seen.accept(str(number), tick=20.0) for number in range(0, 40_000, 100))


def test_the_last_ones_are_remembered_and_what_is_long_ago_is_not() -> None:
    seen = LastSeen(100)
    for number in range(350):
        seen.add(str(number))
        assert all(str(one) in seen for one in range(max(0, number - 99), number + 1))
    assert not any(str(one) in seen for one in range(150))
    assert "350" not in seen
