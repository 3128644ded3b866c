"""Who is likely registered already: which reasons there are, and that nobody is refused for one."""

from datetime import date

import pytest

from rahdari.oversight import (
    EVIDENCE_MAX,
    Enrolled,
    Flag,
    FlagKind,
    Likely,
    build_index,
    suspect,
    watch_enrolment,
)
from rahdari.oversight.rules.duplicates import clues_of, is_near_birth, is_near_number
from rahdari.oversight.service import BEARERS_MAX
from tests.fakes.chance import SeededChance
from tests.fakes.clock import WoundClock
from tests.fakes.oversight import OversightInMemory, RegisterInMemory
from tests.unit.oversight.scene import enrolled

KEY = b"k" * 32
FIRST = enrolled("3520200000011", "Ahmed Khan", family="A1B2C3")


class Counter:
    """A register, and the room that watches who is enrolled."""

    def __init__(self, key: bytes = KEY) -> None:
        self.store, self.register, self.key = OversightInMemory(), RegisterInMemory(), key
        self._clock, self._chance = WoundClock(), SeededChance()

    def enrol(self, *batch: Enrolled) -> tuple[Flag, ...]:
        self.register.holders.update({one.id: one for one in batch})
        return watch_enrolment(
            self.store, self.register, batch, key=self.key, clock=self._clock, chance=self._chance
        )


@pytest.fixture
def counter() -> Counter:
    made = Counter()
    assert made.enrol(FIRST) == ()
    return made


REASONS = [
    (enrolled("3520200000011", "Khan Traders", kind="organisation", born=None), Likely.SAME_NUMBER, 1.0),
    # One digit wrong, two exchanged; the same day of birth.
    (enrolled("3520200000021", "Ahmad Khan"), Likely.NEAR_NUMBER, 0.9),
    (enrolled("5320200000011", "Ahmad Khan", family="Z9Z9Z9"), Likely.NEAR_NUMBER, 0.9),
    (enrolled("3520200000101", "A. Khan"), Likely.NEAR_NUMBER, 0.92),
    # A digit wrong in the number, day and month exchanged in the birth.
    (enrolled("5520200000011", "Ahmed Khan", born=date(1990, 6, 17)), Likely.NEAR_NUMBER, 0.95),
    (enrolled("6110100000037", "Ahmad Khan", family="a1b2c3"), Likely.SAME_FAMILY, 0.85),
    (enrolled("6110100000037", "Khan Ahmed"), Likely.SAME_NAME_AND_BIRTH, 0.7),
    (enrolled("6110100000037", "Mohd Ahmed Khan"), Likely.SAME_NAME_AND_BIRTH, 0.6),
]


@pytest.mark.parametrize(("second", "likely", "score"), REASONS)
def test_each_reason_is_flagged_with_the_other_holder_and_the_score(
    counter: Counter, second: Enrolled, likely: Likely, score: float
) -> None:
    second = enrolled(
        second.number, id_="second", kind=second.kind, born=second.born, family=second.family_number,
        names=dict(second.names),
    )  # fmt: skip
    (flag,) = counter.enrol(second)
    assert (flag.kind, flag.subject) == (FlagKind.LIKELY_DUPLICATE, "second")
    facts = flag.evidence[0].facts
    assert (facts["other_holder"], facts["likely"]) == (FIRST.id, likely.value)
    assert facts["score"] == pytest.approx(score, abs=0.06)


STRANGERS = [
    enrolled("6110100000037", "Bilal Khan", family="A1B2C3"),  # a twin
    enrolled("3520200000021", "Sana Malik"),  # a neighbour in the register, born on the same day
    enrolled("3520200000021", "Ahmed Khan", born=date(1961, 11, 2)),  # a neighbour of the same name
    enrolled("6110100000037", "Ahmed Khan", family="D4E5F6"),  # of another family
    enrolled("6110100000037", "Ahmed Khan", born=date(1990, 5, 18)),
    enrolled("3520200000011" + "1", "Somebody Else"),
    enrolled("6110100000037", "Khan Traders", kind="organisation", born=None),
]


@pytest.mark.parametrize("second", STRANGERS)
def test_who_is_somebody_else_is_not_flagged(counter: Counter, second: Enrolled) -> None:
    assert counter.enrol(second) == ()


def test_of_one_batch_the_later_is_flagged_and_the_earlier_is_not() -> None:
    counter = Counter()
    batch = [enrolled("6110100000037", "Ahmad Khan", id_="second"), FIRST]
    (flag,) = counter.enrol(batch[1], batch[0])
    assert flag.subject == "second"


def test_names_in_two_scripts_find_each_other(counter: Counter) -> None:
    (flag,) = counter.enrol(enrolled("6110100000037", names={"ur": "احمد خان"}))
    assert flag.evidence[0].facts["likely"] == Likely.SAME_NAME_AND_BIRTH


def test_firms_of_nearly_one_number_and_name_are_flagged() -> None:
    counter = Counter()
    for number, name in (("1234567", "Sample Silk Traders"), ("7654321", "Sample Stone Works")):
        assert not counter.enrol(enrolled(number, name, kind="organisation", born=None))
    (flag,) = counter.enrol(enrolled("1234576", "Sample Silk Trader", kind="organisation", born=None))
    assert flag.evidence[0].facts["likely"] == Likely.NEAR_NUMBER
    assert not counter.enrol(enrolled("7654322", "Other Business", kind="organisation", born=None))


def test_nothing_that_is_kept_names_anybody() -> None:
    counter = Counter()
    counter.enrol(enrolled(FIRST.number, "Ahmed Khan", id_="first", family="A1B2C3"))
    assert counter.enrol(enrolled("6110100000037", "Ahmad Khan", id_="second"))
    kept = repr(vars(counter.store)).casefold()
    for personal in ("ahmed", "ahmad", "khan", "3520200000011", "1990", "a1b2c3"):
        assert personal not in kept, personal


def test_without_the_key_the_clues_tell_nothing() -> None:
    assert set(clues_of(FIRST, KEY)).isdisjoint(clues_of(FIRST, b"another key"))
    assert clues_of(FIRST, KEY) == clues_of(FIRST, KEY)
    assert len(clues_of(FIRST, KEY)) <= 8


def test_a_clue_that_thousands_bear_does_not_hold_up_an_enrolment() -> None:
    counter = Counter()
    crowd = [enrolled(f"9{number:012d}", "Sana Malik", family="FULL") for number in range(300)]
    counter.enrol(*crowd)
    (flag,) = counter.enrol(enrolled("5555555555555", "Sana Malik", family="FULL"))
    assert flag.evidence_count <= 4 * BEARERS_MAX
    assert len(flag.evidence) <= EVIDENCE_MAX


def test_a_holder_that_is_gone_is_left_out(counter: Counter) -> None:
    del counter.register.holders[FIRST.id]
    assert counter.enrol(enrolled("6110100000037", "Ahmad Khan")) == ()


def test_an_index_that_is_built_anew_finds_the_same() -> None:
    counter = Counter()
    counter.enrol(FIRST)
    counter.key = b"another key"
    assert counter.enrol(enrolled("6110100000037", "Ahmad Khan", id_="missed")) == ()
    everyone = list(counter.register.holders.values())
    assert build_index(counter.store, [everyone[:1], everyone[1:]], key=counter.key) == 2
    (flag,) = counter.enrol(enrolled("6110100000045", "Ahmad Khan", id_="third"))
    assert {one.facts["other_holder"] for one in flag.evidence} == {FIRST.id, "missed"}


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("1234567", "1234067", True),
        ("1234567", "1235467", True),
        ("1234567", "2134567", True),
        ("1234567", "1234576", True),
        ("1234567", "1234567", False),
        ("1234567", "1534267", False),  # two digits exchanged that are no neighbours
        ("1234567", "1234089", False),
        ("1234567", "123456", False),
        ("1234567", "1243576", False),
        ("", "", False),
    ],
)
def test_a_near_number_has_one_digit_wrong_or_two_neighbours_exchanged(
    one: str, other: str, *, is_near: bool
) -> None:
    assert is_near_number(one, other) is is_near
    assert is_near_number(other, one) is is_near


def test_a_near_birth_has_a_digit_wrong_or_day_and_month_exchanged() -> None:
    born = date(1990, 5, 7)
    assert all(
        is_near_birth(born, other)
        for other in (born, date(1990, 7, 5), date(1990, 5, 8), date(1909, 5, 7), date(1991, 5, 7))
    )
    assert not is_near_birth(born, date(1991, 6, 7))


@pytest.mark.parametrize(("second", "likely", "score"), REASONS)
def test_a_suspicion_is_mutual(second: Enrolled, likely: Likely, score: float) -> None:
    assert suspect(FIRST, second) == suspect(second, FIRST)
