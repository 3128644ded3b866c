"""What is unusual among the uses of a card, and what is not."""

import math
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from rahdari.oversight import (
    EVIDENCE_MAX,
    WATCH,
    Flag,
    FlagKind,
    FlagState,
    Ground,
    Place,
    UnknownUse,
    Use,
    UseId,
    Verdict,
    check_place,
    decide,
    distance_km,
    list_uses,
    record_use,
)
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.oversight import OversightInMemory
from tests.unit.oversight.scene import CARD, FRAUD_OFFICER, ISLAMABAD, KASHGAR, LAHORE, use

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# 100 km north of Lahore along the meridian, by the earth's mean radius.
DEGREES_OF_100_KM = math.degrees(100 / 6371.0088)
NORTH = Place("100 km north", 31.549 + DEGREES_OF_100_KM, 74.344)


@pytest.fixture
def store() -> OversightInMemory:
    return OversightInMemory()


def flags_after(store: OversightInMemory, *uses: Use) -> list[Flag]:
    chance = SeededChance()
    return [flag for one in uses for flag in record_use(store, one, chance=chance)]


def kinds(flags: list[Flag]) -> list[FlagKind]:
    return [one.kind for one in flags]


def test_two_places_too_far_apart_too_soon_are_flagged_with_the_evidence(store: OversightInMemory) -> None:
    (flag,) = flags_after(
        store, use(1, place=LAHORE), use(2, after=30 * MINUTE, place=KASHGAR, institution="customs-1")
    )
    assert (flag.kind, flag.subject, flag.state) == (FlagKind.IMPOSSIBLE_TRAVEL, CARD, FlagState.OPEN)
    facts = flag.evidence[0].facts
    assert (facts["first_use"], facts["second_use"]) == ("use-0001", "use-0002")
    assert (facts["first_institution"], facts["second_institution"]) == ("bank-1", "customs-1")
    assert (facts["first_place"], facts["second_place"]) == (LAHORE.name, KASHGAR.name)
    assert (facts["distance_km"], facts["seconds"]) == (893, 1800)
    # 893 km in half an hour and the minute by which clocks may differ.
    assert facts["speed_kmh"] == pytest.approx(893 * 60 / 31, abs=2)


@pytest.mark.parametrize(
    ("after", "is_flagged"),
    # At 900 km/h, 100 km take 400 s; 60 s are given for the clocks.
    [(339 * SECOND, True), (341 * SECOND, False), (-339 * SECOND, True), (-341 * SECOND, False)],
)
def test_the_line_is_drawn_at_the_speed_of_an_airliner_in_either_direction_of_time(
    store: OversightInMemory, after: timedelta, *, is_flagged: bool
) -> None:
    found = flags_after(store, use(1, place=LAHORE), use(2, after=after, place=NORTH))
    assert bool(found) is is_flagged


def test_at_the_same_second_nothing_divides_by_zero(store: OversightInMemory) -> None:
    (flag,) = flags_after(store, use(1, place=LAHORE), use(2, place=KASHGAR))
    facts = flag.evidence[0].facts
    assert (facts["seconds"], facts["clock_allowance_seconds"]) == (0, 60)
    # An officer computes it again from what the evidence says.
    assert facts["speed_kmh"] == pytest.approx(float(facts["distance_km"]) * 3600 / (0 + 60), abs=60)
    without_skew = replace(WATCH, clock_skew=timedelta())
    again = OversightInMemory()
    record_use(again, use(1, place=LAHORE), chance=SeededChance(), policy=without_skew)
    assert record_use(again, use(2, place=KASHGAR), chance=SeededChance(), policy=without_skew)


def test_within_a_town_nobody_is_too_fast(store: OversightInMemory) -> None:
    across = check_place("Other end of the town", 31.549, 74.344 + 0.5)
    assert 40 < distance_km(LAHORE, across) < 50
    assert flags_after(store, use(1, place=LAHORE), use(2, place=across)) == []


def test_a_drive_to_the_capital_is_no_flag(store: OversightInMemory) -> None:
    assert flags_after(store, use(1, place=LAHORE), use(2, after=4 * HOUR, place=ISLAMABAD)) == []


def test_a_place_without_coordinates_and_no_place_at_all_tell_nothing(store: OversightInMemory) -> None:
    named = check_place("Somewhere")
    assert flags_after(store, use(1, place=LAHORE), use(2, place=named), use(3)) == []


def test_cards_are_looked_at_each_by_itself(store: OversightInMemory) -> None:
    assert flags_after(store, use(1, place=LAHORE), use(2, place=KASHGAR, card="another")) == []


def test_what_is_no_pass_of_ours_is_kept_and_never_flagged(store: OversightInMemory) -> None:
    many = [use(number, card=None, place=LAHORE if number % 2 else KASHGAR) for number in range(60)]
    assert flags_after(store, *many) == []
    assert store.find_use(UseId("use-0059")) is not None


def test_an_institution_that_creeps_in_short_steps_is_found_all_the_same(store: OversightInMemory) -> None:
    """Each step is below the least distance; together they are not."""
    steps = [
        use(at, after=at * SECOND, place=check_place(f"Step {at}", 31.0 + 0.4 * at, 74.0)) for at in range(4)
    ]
    places = [one.place for one in steps if one.place]
    assert all(distance_km(one, other) < 50 for one, other in pairwise(places))
    assert kinds(flags_after(store, *steps)) == [FlagKind.IMPOSSIBLE_TRAVEL]


def test_a_use_that_is_recorded_late_is_seen_in_its_place(store: OversightInMemory) -> None:
    """Of three servers one writes late: the journey that it makes impossible is found."""
    found = flags_after(
        store,
        use(1, place=LAHORE),
        use(2, after=5 * HOUR, place=LAHORE),
        use(3, after=2 * HOUR, place=KASHGAR),
        use(4, after=2 * HOUR + MINUTE, place=LAHORE),
    )
    assert [one.evidence[0].facts["first_use"] for one in found] == ["use-0003"]


def test_twenty_uses_in_ten_minutes_are_many_and_twenty_one_too_many(store: OversightInMemory) -> None:
    twenty = [use(number, after=number * 28 * SECOND) for number in range(20)]
    assert flags_after(store, *twenty) == []
    (flag,) = flags_after(store, use(20, after=599 * SECOND))
    assert flag.kind is FlagKind.ABNORMAL_RATE
    assert (flag.evidence[0].facts["uses"], flag.evidence[0].facts["institutions"]) == (21, 1)


def test_ten_minutes_later_the_count_begins_anew(store: OversightInMemory) -> None:
    twenty = [use(number, after=number * SECOND) for number in range(20)]
    assert flags_after(store, *twenty, use(20, after=600 * SECOND)) == []


def test_the_end_of_a_window_is_left_out_also_where_the_first_use_is_written_last(
    store: OversightInMemory,
) -> None:
    later = [use(number, after=number * SECOND) for number in range(1, 20)]
    assert flags_after(store, use(20, after=600 * SECOND), *later, use(0)) == []
    assert kinds(flags_after(store, use(21, after=599 * SECOND))) == [FlagKind.ABNORMAL_RATE]


def test_six_institutions_within_an_hour_are_too_many(store: OversightInMemory) -> None:
    five = [use(number, after=number * 11 * MINUTE, institution=f"bank-{number}") for number in range(5)]
    assert flags_after(store, *five, use(5, after=56 * MINUTE, institution="bank-1")) == []
    (flag,) = flags_after(store, use(6, after=59 * MINUTE, institution="bank-6"))
    assert flag.evidence[0].facts["institutions"] == 6


def test_six_institutions_in_more_than_an_hour_are_not(store: OversightInMemory) -> None:
    six = [use(number, after=number * 12 * MINUTE, institution=f"bank-{number}") for number in range(6)]
    assert flags_after(store, *six) == []


def test_one_open_flag_takes_all_further_evidence_and_no_more_than_it_can_hold(
    store: OversightInMemory,
) -> None:
    flood = [use(number, after=number * SECOND / 10) for number in range(400)]
    (flag,) = flags_after(store, *flood)
    kept = store.find_flag(flag.id)
    assert kept is not None
    assert len(kept.evidence) == EVIDENCE_MAX
    assert kept.evidence_count == 400 - 20
    assert kept.evidence[0].facts["use"] == "use-0020", "the first ones tell how it began"


def test_a_kind_is_opened_beside_another_kind(store: OversightInMemory) -> None:
    many = [use(number, after=number * SECOND, place=LAHORE) for number in range(20)]
    found = flags_after(store, *many, use(20, after=30 * SECOND, place=KASHGAR))
    assert kinds(found) == [FlagKind.IMPOSSIBLE_TRAVEL, FlagKind.ABNORMAL_RATE]


def test_after_a_decision_what_is_seen_next_opens_a_flag_of_its_own(store: OversightInMemory) -> None:
    (first,) = flags_after(store, use(1, place=LAHORE), use(2, place=KASHGAR))
    verdict = Verdict(FlagState.DISMISSED, Ground.WRONG_PLACE_TOLD)
    decide(store, first.id, verdict, by=FRAUD_OFFICER, clock=WoundClock())
    chance = SeededChance(7)
    (second,) = record_use(store, use(3, after=MINUTE, place=LAHORE), chance=chance)
    assert second.id != first.id
    assert store.find_flag(first.id) is not None


def test_a_flood_is_looked_at_in_bounded_time(store: OversightInMemory) -> None:
    """However many uses a card has, a bounded number of them is read for the next."""
    for number in range(1000):
        store.add_use(use(number, after=number * SECOND))
    around = store.find_uses_around(CARD, use(0, after=500 * SECOND).at, within=HOUR, limit=128)
    assert len(around) == 256
    (flag,) = record_use(store, use(5000, after=500 * SECOND), chance=SeededChance())
    assert int(flag.evidence[0].facts["uses"]) >= 128


def test_a_flood_of_questions_without_a_place_hides_no_journey(store: OversightInMemory) -> None:
    """One institution asks 200 times between two real uses, at the usual rate: the journey is found."""
    flood = [use(number, after=number * SECOND, institution="forger") for number in range(2, 202)]
    found = flags_after(
        store,
        use(1, place=LAHORE),
        *flood,
        use(300, after=30 * MINUTE, place=KASHGAR, institution="customs-1"),
    )
    assert kinds(found) == [FlagKind.ABNORMAL_RATE, FlagKind.IMPOSSIBLE_TRAVEL]
    facts = found[1].evidence[0].facts
    assert (facts["first_use"], facts["second_use"]) == ("use-0001", "use-0300")


def test_a_flood_of_forged_places_hides_no_journey_of_others(store: OversightInMemory) -> None:
    """The forged places make a faster journey; the one between two others stands in the evidence beside it."""
    flood = [
        use(number, after=number * SECOND, institution="forger", place=ISLAMABAD) for number in range(2, 302)
    ]
    last = use(400, after=20 * MINUTE, place=KASHGAR, institution="customs-1")
    flags_after(store, use(1, place=LAHORE), *flood, last)
    flag = store.find_open_flag(FlagKind.IMPOSSIBLE_TRAVEL, CARD)
    assert flag is not None
    pairs = {(one.facts["first_institution"], one.facts["second_institution"]) for one in flag.evidence}
    assert {("bank-1", "forger"), ("forger", "customs-1"), ("bank-1", "customs-1")} <= pairs


def test_sixty_forged_journeys_do_not_push_the_real_one_out_of_the_evidence(
    store: OversightInMemory,
) -> None:
    flood = [
        use(number, after=2 * number * SECOND, institution="forger", place=KASHGAR if number % 2 else LAHORE)
        for number in range(61)
    ]
    real = use(100, after=3 * MINUTE, institution="customs-1", place=check_place("South", -33.0, 18.0))
    flags_after(store, *flood, real)
    flag = store.find_open_flag(FlagKind.IMPOSSIBLE_TRAVEL, CARD)
    assert flag is not None
    assert len(flag.evidence) == EVIDENCE_MAX
    assert flag.evidence_count == 61
    assert flag.evidence[0].facts["second_use"] == "use-0001", "the first one tells how it began"
    assert flag.evidence[-1].facts["second_institution"] == "customs-1"
    newest = [one.facts["second_use"] for one in flag.evidence[1:-1]]
    assert newest == [f"use-{number:04d}" for number in range(61 - len(newest), 61)]


def test_many_institutions_share_the_evidence_evenly(store: OversightInMemory) -> None:
    uses = [use(number, after=number * SECOND, institution=f"bank-{number % 4}") for number in range(420)]
    (flag,) = flags_after(store, *uses)
    kept = store.find_flag(flag.id)
    assert kept is not None
    told = Counter(one.facts["institution"] for one in kept.evidence)
    assert sorted(told.values()) == [12, 12, 13, 13]


def test_a_page_of_uses_goes_on_from_a_use_of_the_same_card(store: OversightInMemory) -> None:
    flags_after(store, *(use(number, after=number * MINUTE) for number in range(5)), use(9, card="another"))
    first = list_uses(store, CARD, limit=3)
    assert [one.id[-1] for one in first] == ["4", "3", "2"]
    assert [one.id[-1] for one in list_uses(store, CARD, before=first[-1].id)] == ["1", "0"]
    for stranger in ("use-0009", "use-7777"):
        with pytest.raises(UnknownUse):
            list_uses(store, CARD, before=UseId(stranger))


@pytest.mark.parametrize(("limit", "given"), [(0, 1), (-5, 1), (10**9, 500)])
def test_a_page_has_bounds(store: OversightInMemory, limit: int, given: int) -> None:
    for number in range(501):
        store.add_use(use(number))
    assert len(list_uses(store, CARD, limit=limit)) == given
