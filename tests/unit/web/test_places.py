"""Places of requests under way."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rahdari.kernel import Actor, ActorKind
from rahdari.web.api.signals import _WAITING_MAX
from rahdari.web.errors import Busy
from rahdari.web.places import ROOMS, Places, Room, Standing, standing_of

SMALL = dict.fromkeys(Standing, Room(3, 2))


def test_a_caller_has_as_many_places_as_one_may_have_and_gets_them_again() -> None:
    places = Places(SMALL)
    with places.hold(Standing.STRANGER, "a"), places.hold(Standing.STRANGER, "a"):
        with pytest.raises(Busy, match="one caller"), places.hold(Standing.STRANGER, "a"):
            pass
        assert places.held == 2
    with places.hold(Standing.STRANGER, "a"):
        assert places.held == 1
    assert places.held == 0


def test_a_kind_of_caller_has_as_many_as_its_room_and_takes_none_of_another() -> None:
    places = Places(SMALL)
    with ExitStack() as held:
        for caller in "abc":
            held.enter_context(places.hold(Standing.STRANGER, caller))
        with pytest.raises(Busy), places.hold(Standing.STRANGER, "d"):
            pass
        for standing in set(Standing) - {Standing.STRANGER}:
            held.enter_context(places.hold(standing, "d"))


def test_a_place_that_is_given_up_is_given_back_once() -> None:
    places = Places(SMALL)
    with places.hold(Standing.FETCHING, "a"):
        with places.hold(Standing.FETCHING, "a") as held:
            held.give_up()
            held.give_up()
            assert places.held == 1
        assert places.held == 1


def test_a_place_is_given_back_whatever_goes_wrong() -> None:
    places = Places(SMALL)
    with pytest.raises(KeyError), places.hold(Standing.OFFICER, "a"):
        raise KeyError
    assert places.held == 0


@given(st.lists(st.tuples(st.sampled_from(Standing), st.sampled_from("abc"), st.booleans()), max_size=60))
def test_what_is_held_never_exceeds_a_room_and_ends_at_nothing(
    moves: list[tuple[Standing, str, bool]],
) -> None:
    places, held = Places(SMALL), dict[tuple[Standing, str], list[ExitStack]]()
    for standing, caller, is_coming in moves:
        mine = held.setdefault((standing, caller), [])
        if not is_coming:
            if mine:
                mine.pop().close()
            continue
        stack = ExitStack()
        room = sum(len(one) for (kind, _), one in held.items() if kind is standing)
        try:
            stack.enter_context(places.hold(standing, caller))
        except Busy:
            assert len(mine) == 2 or room == 3
        else:
            assert len(mine) < 2
            assert room < 3
            mine.append(stack)
    assert places.held == sum(map(len, held.values()))
    for stack in (one for mine in held.values() for one in mine):
        stack.close()
    assert places.held == 0
    assert not places._callers, "whoever is away costs no memory"


def test_officers_and_institutions_have_rooms_of_their_own() -> None:
    kinds = {kind: standing_of(Actor("x", kind, frozenset())) for kind in ActorKind}
    assert kinds.pop(ActorKind.INSTITUTION) is Standing.INSTITUTION
    assert set(kinds.values()) == {Standing.OFFICER}


def test_no_caller_fills_a_room_and_polls_that_wait_do_not_fill_the_institutions() -> None:
    assert set(ROOMS) == set(Standing)
    assert all(room.caller_max <= room.at_once_max / 2 for room in ROOMS.values())
    assert ROOMS[Standing.INSTITUTION].at_once_max > _WAITING_MAX
