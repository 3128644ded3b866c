"""A signed request counts once, for as long as its signature could be believed."""

import tracemalloc

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
def test_a_table_of_numbers_is_a_set(numbers: list[int], likely: int) -> None:
    # Numbers that stand close together meet on their places, the last ones round the end of the table.
    table, told = Numbers(likely), set[int]()
    for number in numbers:
        assert (number in table) == (number in told)
        assert table.add(number) == (number not in told)
        told.add(number)
        assert len(table) == len(told)
    assert all(number in table for number in told)


def test_a_table_grows_and_keeps_what_it_has_in_24_bytes_each() -> None:
    # 256 places at first: each of these numbers belongs on the same one.
    table = Numbers()
    assert sum(table.add(256 * number) for number in range(1, 2_001)) == 2_000
    assert all(256 * number in table for number in range(1, 2_001))
    assert 256 * 2_001 not in table
    tracemalloc.start()
    try:
        large = Numbers(10_000)
        for number in range(1, 20_001):
            large.add(hash(str(number)) & (2**64 - 1))
        assert tracemalloc.get_traced_memory()[0] <= 24 * 20_000
    finally:
        tracemalloc.stop()
    assert len(large) == 20_000


def test_the_last_ones_are_remembered_and_what_is_long_ago_is_not() -> None:
    seen = LastSeen(100)
    for number in range(350):
        seen.add(str(number))
        assert all(str(one) in seen for one in range(max(0, number - 99), number + 1))
    assert not any(str(one) in seen for one in range(150))
    assert "350" not in seen
