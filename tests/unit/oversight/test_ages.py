"""Few ages tell whether a rule is met; many would tell the age itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rahdari.oversight import TooManyAges, forget_ages, note_ages
from rahdari.oversight.rules.ages import AGES_MAX, AGES_WITHIN, NOTED_AGAIN_AFTER, find_news
from tests.fakes.oversight import OversightInMemory
from tests.unit.oversight.scene import CARD, NOON, use

YEAR, SECOND = AGES_WITHIN, timedelta(seconds=1)


def ages(*some: int) -> frozenset[int]:
    return frozenset(some)


def test_three_ages_are_enough_for_any_rule_and_a_fourth_is_refused_with_those_that_may_be_asked_again() -> (
    None
):
    known = {18: NOON, 21: NOON, 60: NOON}
    assert len(known) == AGES_MAX
    for asked in (ages(40), ages(18, 40)):
        with pytest.raises(TooManyAges, match="18, 21, 60"):
            find_news(asked, known, NOON + SECOND)
    with pytest.raises(TooManyAges):
        find_news(ages(1, 2, 3, 4), {}, NOON)


def test_what_was_asked_last_a_year_ago_counts_no_more_and_what_goes_on_being_asked_does() -> None:
    known = {18: NOON + YEAR - SECOND, 60: NOON + YEAR - SECOND, 21: NOON}
    assert find_news(ages(40), known, NOON + YEAR) == {40}
    with pytest.raises(TooManyAges):
        find_news(ages(40), known, NOON + YEAR - SECOND)


def test_what_was_noted_today_is_not_written_again() -> None:
    known = {18: NOON}
    assert find_news(ages(18), known, NOON + NOTED_AGAIN_AFTER - SECOND) == ages()
    assert find_news(ages(18), known, NOON + NOTED_AGAIN_AFTER) == {18}


def test_whoever_was_within_the_limit_before_it_was_lowered_may_ask_the_same_again() -> None:
    known = {18: NOON, 21: NOON, 40: NOON, 60: NOON}
    assert find_news(ages(18, 60), known, NOON + SECOND) == ages()


def test_ages_are_counted_for_each_card_and_institution_by_itself() -> None:
    store, first = OversightInMemory(), use(1, institution="bank-1")
    note_ages(store, first, ages(18, 21, 60))
    for other in (use(2, institution="bank-2"), replace(first, card="another")):
        note_ages(store, other, ages(40))
    with pytest.raises(TooManyAges):
        note_ages(store, first, ages(40))
    assert set(store.find_ages(CARD, "bank-1")) == {18, 21, 60}


def test_a_question_about_no_card_of_ours_is_not_counted() -> None:
    store = OversightInMemory()
    note_ages(store, replace(use(1), card=None), ages(1, 2, 3, 4))
    assert forget_ages(store, NOON + 2 * YEAR) == 0


def test_what_counts_no_more_is_forgotten() -> None:
    store = OversightInMemory()
    note_ages(store, use(1), ages(18))
    assert forget_ages(store, NOON + YEAR) == 0
    assert forget_ages(store, NOON + YEAR + SECOND) == 1
