"""A shard held sparsely says of every place what the draft's own form says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.wire.errors import MalformedInput
from rahdari.wire.status_list import StatusArray
from rahdari.wire.status_list.compact import CompactStatuses

PAGE = 1 << 14


@given(
    st.sampled_from([4, 64, 1000, PAGE, PAGE + 4, 3 * PAGE]),
    st.lists(st.tuples(st.integers(0, 3 * PAGE), st.integers(0, 3)), max_size=60),
    st.lists(st.tuples(st.integers(0, 3 * PAGE), st.integers(0, 3)), max_size=60),
)
def test_whatever_is_set_it_says_what_the_packed_list_says(
    size: int, first: list[tuple[int, int]], then: list[tuple[int, int]]
) -> None:
    listed = StatusArray.of_size(size, {place % size: status for place, status in first}.items())
    held = CompactStatuses.of(listed)
    wanted = dict.fromkeys(range(listed.size), 0) | {place % size: status for place, status in first}
    for place, status in then:
        held.set(place % size, status)
        wanted[place % size] = status
    assert {place: held.get(place) for place in range(listed.size)} == wanted
    assert list(held.not_valid()) == [(place, status) for place, status in wanted.items() if status]


@pytest.mark.parametrize("every", [1, 2, 7, 8, 9, 31])
def test_a_crowded_list_is_held_in_the_drafts_form_and_an_empty_one_is_not(every: int) -> None:
    listed = StatusArray.of_size(2 * PAGE, ((place, 2) for place in range(0, 2 * PAGE, every)))
    held = CompactStatuses.of(listed)
    assert all(held.get(place) == listed.get(place) for place in range(2 * PAGE))
    assert (held._dense is not None) == (every < 8)


def test_a_list_that_becomes_crowded_changes_its_form_and_says_the_same() -> None:
    held = CompactStatuses(PAGE)
    for place in range(0, PAGE, 3):
        held.set(place, 1 + place % 2)
        held.set(place, 1 + place % 2)
    assert held._dense is not None
    assert [held.get(place) for place in range(6)] == [1, 0, 0, 2, 0, 0]
    assert len(list(held.not_valid())) == len(range(0, PAGE, 3))


def test_what_is_set_back_to_valid_takes_no_room() -> None:
    held = CompactStatuses(PAGE)
    for _ in range(3):
        for place in range(PAGE):
            held.set(place, 2)
            held.set(place, 0)
    assert (held._dense, list(held.not_valid())) == (None, [])


def test_no_place_beyond_the_list_and_no_other_form_than_two_bits() -> None:
    held = CompactStatuses(100)
    for place in (-1, 100, 1 << 20):
        with pytest.raises(MalformedInput):
            held.get(place)
        with pytest.raises(MalformedInput):
            held.set(place, 1)
    for status in (-1, 4):
        with pytest.raises(MalformedInput):
            held.set(1, status)
    for size in (0, (1 << 20) + 1):
        with pytest.raises(MalformedInput):
            CompactStatuses(size)
    for bits in (1, 4, 8):
        with pytest.raises(MalformedInput, match="two bits"):
            CompactStatuses.of(StatusArray.of_size(64, bits=bits))
