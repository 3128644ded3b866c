"""A signed request counts once, for as long as its signature could be believed."""

from hypothesis import given
from hypothesis import strategies as st

from rahdari.exchange.rules.replay import KEPT_SECONDS, LOT_SECONDS, SeenRequests


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
