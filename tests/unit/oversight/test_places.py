"""Places as they are told: what is on this earth, what is not, and how far apart two are."""

import math

import pytest

from rahdari.oversight import BadPlace, Place, check_place, distance_km
from tests.unit.oversight.scene import LAHORE


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        (math.nan, 0.0),
        (0.0, math.nan),
        (math.inf, 0.0),
        (0.0, -math.inf),
        (90.001, 0.0),
        (-90.001, 0.0),
        (0.0, 180.001),
        (0.0, -181.0),
        (1e308, 1e308),
        (None, 5.0),
        (5.0, None),
    ],
)
def test_a_place_that_is_not_on_this_earth_is_refused(
    latitude: float | None, longitude: float | None
) -> None:
    with pytest.raises(BadPlace):
        check_place("Counter 2", latitude, longitude)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "x" * 81,
        "two\nlines",
        "nul\0",
        "line\u2028separator",
        "written\u202eover",
        "tag\U000e0041",
        "\ud800",
    ],
)
def test_a_name_that_cannot_be_printed_on_one_line_is_refused(name: str) -> None:
    with pytest.raises(BadPlace) as refused:
        check_place(name)
    assert not name.strip() or name not in refused.value.message, "a refusal does not repeat what it refuses"


def test_names_in_every_script_of_the_corridor_are_taken_with_their_joiners() -> None:
    assert check_place(" نمائندہ\u200cدفتر، لاہور ").name == "نمائندہ\u200cدفتر، لاہور"
    assert check_place("喀什 1 号窗口").name == "喀什 1 号窗口"
    assert len(check_place("x" * 80).name) == 80


def test_coordinates_are_coarser_than_a_door() -> None:
    place = check_place("Counter 2", 31.5496123, 74.3436789)
    assert (place.latitude, place.longitude) == (31.55, 74.344)
    assert math.copysign(1, check_place("Null Island", -0.0, -0.0001).latitude or 0.0) == 1


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        # Half way round the earth, and a quarter of it: pi r and pi r / 2 with r = 6371.0088 km.
        (Place("a", 90, 0), Place("b", -90, 0), 20015.115),
        (Place("a", 0, 0), Place("b", 0, 180), 20015.115),
        (Place("a", 0, 0), Place("b", 0, 90), 10007.557),
        # The date line is no obstacle: one degree of the equator.
        (Place("a", 0, 179.5), Place("b", 0, -179.5), 111.195),
        # Whatever longitude the pole is told at.
        (Place("a", 90, 0), Place("b", 90, 77), 0.0),
    ],
)
def test_distances_are_those_of_the_great_circle(one: Place, other: Place, kilometres: float) -> None:
    assert distance_km(one, other) == pytest.approx(kilometres, abs=0.001)
    assert distance_km(other, one) == distance_km(one, other)


def test_a_distance_to_nowhere_is_a_defect_of_ours() -> None:
    with pytest.raises(AssertionError):
        distance_km(LAHORE, Place("Somewhere"))
