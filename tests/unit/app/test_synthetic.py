import io
from collections import Counter
from datetime import date

import numpy as np
import pytest
from PIL import Image
from stdnum.pk import cnic

from rahdari.app.synthetic import SyntheticPerson, draw_portrait, names, synthetic_people
from rahdari.app.synthetic.drawing import LOOKS
from rahdari.app.synthetic.places import REGIONS
from tests.fakes.chance import SeededChance

TODAY = date(2026, 11, 21)


def people(count: int, *, seed: int = 1, today: date = TODAY) -> list[SyntheticPerson]:
    return list(synthetic_people(count, chance=SeededChance(seed), today=today))


def age(person: SyntheticPerson, today: date = TODAY) -> int:
    born = person.date_of_birth
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


CROWD = people(1000)


def test_the_same_seed_draws_the_same_people_and_another_draws_others() -> None:
    assert people(50) == people(50)
    assert people(50) != people(50, seed=2)


def test_numbers_are_unique_and_valid_and_tell_the_gender() -> None:
    assert len({person.number for person in CROWD}) == len(CROWD)
    for person in CROWD:
        # The library lists the provinces 1 to 7; 8 is Azad Jammu and Kashmir.
        known = person.number.replace("8", "7", 1) if person.number.startswith("8") else person.number
        assert cnic.validate(known) == known
        assert person.number.startswith("8") == (person.permanent_region == "PK-JK")
        assert cnic.get_gender(person.number) == person.gender
        assert person.number[1:5] == "0000"


def test_a_person_is_of_an_age_that_the_product_is_for() -> None:
    for person in CROWD:
        assert person.date_of_birth <= TODAY
        assert (age(person) < 18) == (person.product == "juvenile")


class Lopsided:
    """Draws always the least or always the most."""

    def __init__(self, *, most: bool) -> None:
        self._most = most

    def bytes(self, count: int) -> bytes:
        return (b"\xff" if self._most else b"\x00") * count

    def below(self, bound: int) -> int:
        return bound - 1 if self._most else 0


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29)])
@pytest.mark.parametrize("most", [True, False])
def test_ages_keep_their_bands_on_the_first_and_on_the_last_day(today: date, most: bool) -> None:  # noqa: FBT001
    for person in synthetic_people(20, chance=Lopsided(most=most), today=today):
        assert (age(person, today) < 18) == (person.product == "juvenile")
        assert 0 <= age(person, today) < 92


@pytest.mark.parametrize("today", [TODAY, date(2028, 2, 29), date(2027, 3, 1)])
def test_twenty_people_already_show_every_case(today: date) -> None:
    few = people(20, today=today)
    assert {person.product for person in few} == {"nic", "nicop", "poc", "juvenile"}
    ages = [age(person, today) for person in few]
    for band in (range(3), range(3, 10), range(10, 18), range(18, 60), range(60, 120)):
        assert any(years in band for years in ages)
    assert any(person.permanent_region == "PK-JK" and age(person, today) >= 60 for person in few)


def test_all_regions_and_both_genders_occur() -> None:
    assert {person.permanent_region for person in CROWD} == {
        "PK-PB", "PK-SD", "PK-KP", "PK-BA", "PK-IS", "PK-GB", "PK-JK",
    }  # fmt: skip
    counts = Counter(person.gender for person in CROWD)
    assert min(counts["M"], counts["F"]) > 400


def test_those_abroad_have_a_country_and_a_passport_and_others_have_neither() -> None:
    for person in CROWD:
        is_abroad = person.product in ("nicop", "poc")
        assert (person.country_of_stay is not None) == is_abroad
        assert (person.passport_number is not None) == is_abroad
        assert (person.nationality != "PAK") == (person.product == "poc")
        assert (person.address_en != person.permanent_address_en) == is_abroad


def test_everything_invented_says_so() -> None:
    for person in CROWD:
        assert "Sample" in person.address_en
        assert "Sample" in person.permanent_address_en
        assert "نمونہ" in person.address_ur
        assert person.passport_number is None or person.passport_number.startswith("ZZ")


def is_urdu(text: str) -> bool:
    return all("\u0600" <= letter <= "\u06ff" or letter in " 0123456789" for letter in text)


def test_urdu_is_written_in_urdu_letters_and_latin_in_latin() -> None:
    for latin, urdu in (*names.MEN, *names.WOMEN, *names.FAMILIES):
        assert latin.isascii()
        assert is_urdu(urdu)
        # Arabic kaf and yeh look alike but are other letters than Urdu's.
        assert not set("كي") & set(urdu)
    for region in REGIONS:
        assert is_urdu(region.name_ur)
        assert all(is_urdu(urdu) for _, urdu in region.districts)
    for person in CROWD[:60]:
        assert is_urdu(person.address_ur)
        assert person.address_en.isascii()


def test_no_name_stands_twice_in_a_list() -> None:
    for pairs in (names.MEN, names.WOMEN, names.FAMILIES):
        assert len({latin for latin, _ in pairs}) == len(pairs) == len({urdu for _, urdu in pairs})


def test_family_numbers_have_six_characters_letter_and_digit_in_turn() -> None:
    for person in CROWD:
        assert [letter.isdigit() for letter in person.family_number] == [False, True] * 3


def test_the_portrait_fits_gender_and_age() -> None:
    for person in CROWD[:100]:
        look = LOOKS[person.portrait_seed % len(LOOKS)]
        assert (look in ("woman", "girl", "elder_woman")) == (person.gender == "F")
        assert (look in ("boy", "girl")) == (age(person) < 18)
        assert look.startswith("elder") == (age(person) >= 60)


def test_a_portrait_is_the_same_for_a_seed_and_differs_between_seeds() -> None:
    assert draw_portrait(11) == draw_portrait(11)
    drawn = [np.asarray(Image.open(io.BytesIO(draw_portrait(seed)))).astype(int) for seed in range(12)]
    for one in range(12):
        assert drawn[one].shape == (531, 413, 3)
        for other in range(one):
            assert np.abs(drawn[one] - drawn[other]).mean() > 2


@pytest.mark.parametrize("count", [-1, 10_000_001])
def test_more_people_than_numbers_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="people asked for"):
        people(count)
