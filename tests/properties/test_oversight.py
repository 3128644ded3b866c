"""For every input: likeness is a likeness, distance a distance, and no order of arrival hides a flag."""

from datetime import date, timedelta

from hypothesis import event, given, settings
from hypothesis import strategies as st

from rahdari.app.synthetic import names
from rahdari.oversight import (
    WATCH,
    BadPlace,
    FlagKind,
    Place,
    Use,
    check_place,
    distance_km,
    likeness_of,
    record_use,
    suspect,
)
from rahdari.oversight.rules.duplicates import clues_of, is_near_number
from rahdari.oversight.rules.places import EARTH_RADIUS_KM
from tests.fakes.chance import SeededChance
from tests.fakes.oversight import OversightInMemory
from tests.unit.oversight.scene import CARD, enrolled, use

PARTS = [part for pair in (*names.MEN, *names.WOMEN, *names.FAMILIES) for part in pair]
PLAUSIBLE = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map(" ".join)
ANY_NAME = PLAUSIBLE | st.text(max_size=60)
PLACES = st.builds(
    lambda north, east: Place("somewhere", north, east),
    st.floats(-90, 90),
    st.floats(-180, 180),
)


@given(ANY_NAME, ANY_NAME)
def test_likeness_is_symmetric_and_between_nought_and_one(one: str, other: str) -> None:
    likeness = likeness_of(one, other)
    assert likeness == likeness_of(other, one)
    assert 0 <= likeness <= 1


@given(ANY_NAME)
def test_a_name_is_like_itself(name: str) -> None:
    assert likeness_of(name, name) == 1
    assert likeness_of(name, str(name.encode("utf-8", "surrogatepass"), "utf-8", "surrogatepass")) == 1


@given(st.lists(st.sampled_from([pair[0] for pair in names.FAMILIES]), min_size=2, max_size=4, unique=True))
def test_the_order_of_words_does_not_matter(parts: list[str]) -> None:
    assert likeness_of(" ".join(parts), " ".join(reversed(parts))) == 1


@given(PLACES, PLACES, PLACES)
def test_distance_is_a_metric_on_the_earth(one: Place, two: Place, three: Place) -> None:
    assert distance_km(one, one) == 0
    assert distance_km(one, two) == distance_km(two, one)
    assert 0 <= distance_km(one, two) <= 3.1416 * EARTH_RADIUS_KM
    # Beside the antipode the arc sine keeps some seven digits.
    assert distance_km(one, three) <= distance_km(one, two) + distance_km(two, three) + 0.5


@given(st.text(max_size=90), st.none() | st.floats(), st.none() | st.floats())
def test_a_place_is_taken_or_refused_and_what_is_taken_is_on_this_earth(
    name: str, latitude: float | None, longitude: float | None
) -> None:
    try:
        place = check_place(name, latitude, longitude)
    except BadPlace:
        event("refused")
        return
    event("taken")
    assert 1 <= len(place.name) <= 80
    assert "\n" not in place.name
    assert "\u202e" not in place.name
    if place.is_located:
        assert -90 <= (place.latitude or 0) <= 90
        assert -180 <= (place.longitude or 0) <= 180
        assert distance_km(place, Place("origin", 0, 0)) >= 0


DIGITS = st.text("0123456789", min_size=13, max_size=13)


@given(number=DIGITS, at=st.integers(0, 12), digit=st.sampled_from("0123456789"), exchanges=st.booleans())
def test_every_slip_of_the_pen_is_near_and_both_bearers_share_a_clue(
    number: str, at: int, digit: str, *, exchanges: bool
) -> None:
    if exchanges and at < 12:
        written = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    else:
        written = number[:at] + digit + number[at + 1 :]
    assert is_near_number(number, written) == (number != written)
    key = b"k" * 32
    one, other = enrolled(number, "Ahmed Khan"), enrolled(written, "Ahmad Khan")
    assert suspect(one, other) is not None
    assert set(clues_of(one, key)) & set(clues_of(other, key))
    firms = [enrolled(text, "Khan Traders", kind="organisation", born=None) for text in (number, written)]
    assert set(clues_of(firms[0], key)) & set(clues_of(firms[1], key))


@given(
    spelt=st.tuples(ANY_NAME, ANY_NAME),
    numbers=st.tuples(DIGITS, DIGITS),
    born=st.dates(date(1900, 1, 1)),
    family=st.none() | st.just("A1"),
)
def test_a_suspicion_is_mutual_and_has_a_score(
    spelt: tuple[str, str], numbers: tuple[str, str], born: date, *, family: str | None
) -> None:
    pair = [
        enrolled(number, name, id_=number, born=born, family=family)
        for number, name in zip(numbers, spelt, strict=True)
    ]
    found = suspect(pair[0], pair[1])
    assert found == suspect(pair[1], pair[0])
    assert found is None or 0 < found.score <= 1


@st.composite
def some_uses(draw: st.DrawFn) -> list[Use]:
    seconds = draw(st.lists(st.integers(-5000, 5000), min_size=1, max_size=40))
    return [
        use(
            number,
            after=timedelta(seconds=at),
            place=draw(st.none() | PLACES),
            institution=f"bank-{draw(st.integers(1, 8))}",
        )
        for number, at in enumerate(seconds)
    ]


def flagged(uses: list[Use]) -> set[FlagKind]:
    store, chance = OversightInMemory(), SeededChance()
    for one in uses:
        record_use(store, one, chance=chance)
    return {one.kind for one in store.list_flags(state=None, limit=99)}


@settings(max_examples=60)
@given(some_uses(), st.randoms(use_true_random=False))
def test_in_whichever_order_uses_are_written_the_same_kinds_are_flagged(
    uses: list[Use], order: object
) -> None:
    shuffled = list(uses)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    found = flagged(uses)
    event(f"flags {sorted(found)}")
    assert found == flagged(shuffled)


@given(some_uses())
def test_a_rate_is_flagged_exactly_where_a_window_holds_too_many(uses: list[Use]) -> None:
    """The rule by its plainest reading, counted from every use."""

    def too_many(first: Use) -> bool:
        later = [one for one in uses if one.at >= first.at]
        ten = [one for one in later if one.at - first.at < WATCH.uses_within]
        hour = {one.institution for one in later if one.at - first.at < WATCH.institutions_within}
        return len(ten) > WATCH.uses_max or len(hour) > WATCH.institutions_max

    assert (FlagKind.ABNORMAL_RATE in flagged(uses)) == any(map(too_many, uses))
    assert all(one.card == CARD for one in uses)
