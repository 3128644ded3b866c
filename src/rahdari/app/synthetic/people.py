"""Synthetic people, one after another, the same for the same chance."""

from calendar import isleap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeVar

from rahdari.app.synthetic import names
from rahdari.app.synthetic.drawing import LOOKS, Look
from rahdari.app.synthetic.places import ABROAD, AZAD_KASHMIR, REGIONS, Abroad, Region
from rahdari.kernel.chance import Chance

Product = Literal["nic", "nicop", "poc", "juvenile"]
Gender = Literal["M", "F", "X"]
Captured = Literal["photograph", "fingerprints", "iris"]
_T = TypeVar("_T")

# The serial part of a national number has seven digits, and no two people share one.
PEOPLE_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """Somebody who does not exist, with all that a register would ask.

    ``number`` has 13 digits without hyphens; ``nationality`` and ``country_of_stay`` are ISO 3166-1
    alpha-3, ``permanent_region`` is ISO 3166-2. ``draw_portrait(portrait_seed)`` draws the face.
    """

    number: str
    family_number: str
    name_en: str
    name_ur: str
    guardian_en: str
    guardian_ur: str
    gender: Gender
    date_of_birth: date
    address_en: str
    address_ur: str
    permanent_address_en: str
    permanent_address_ur: str
    permanent_region: str
    nationality: str
    country_of_stay: str | None
    passport_number: str | None
    captured: tuple[Captured, ...]
    product: Product
    portrait_seed: int


@dataclass(frozen=True, slots=True)
class _Part:
    """What one person in the cast has to be: ages in whole years, the upper one excluded."""

    product: Product
    age_min: int
    age_max: int
    region: Region | None = None


_ADULT = _Part("nic", 18, 60)
# Twenty parts in turn: even a short run has each product, each biometric age band (under 3, 3 to 10,
# 10 to 18), seniors, and residents of Azad Jammu and Kashmir.
_CAST = (
    _ADULT,
    _Part("nic", 60, 92, AZAD_KASHMIR),
    _Part("juvenile", 10, 18),
    _Part("nicop", 18, 60),
    _Part("poc", 18, 60),
    _Part("juvenile", 3, 10),
    _Part("juvenile", 0, 3),
    _Part("nic", 60, 92),
    _Part("nic", 18, 60, AZAD_KASHMIR),
    *(_ADULT for _ in range(7)),
    _Part("nicop", 60, 80),
    _Part("juvenile", 10, 18),
    _Part("poc", 60, 80),
    _ADULT,
)


def synthetic_people(count: int, *, chance: Chance, today: date) -> Iterator[SyntheticPerson]:
    """Draw ``count`` people as they would be on ``today``; the same chance draws the same people.

    Numbers are unique, of the shape of ``stdnum.pk.cnic`` (and begin with 8 in Azad Jammu and Kashmir), and
    odd in the last digit for men, even for women.
    """
    if not 0 <= count <= PEOPLE_MAX:
        raise ValueError(f"{count} people asked for; there are numbers for 0 to {PEOPLE_MAX}")
    first = chance.below(PEOPLE_MAX)
    for index in range(count):
        # 7,368,787 shares no factor with ten million, so every serial comes once.
        serial = (first + index * 7_368_787) % PEOPLE_MAX
        yield _person(_CAST[index % len(_CAST)], serial, chance, today)


def _person(part: _Part, serial: int, chance: Chance, today: date) -> SyntheticPerson:
    gender: Gender = "F" if chance.below(2) else "M"
    given = _pick(names.WOMEN if gender == "F" else names.MEN, chance)
    family, father = _pick(names.FAMILIES, chance), _pick(names.MEN, chance)
    region = part.region or _pick(REGIONS, chance)
    home_en, home_ur = _home(region, chance)
    abroad = _pick(ABROAD, chance) if part.product in ("nicop", "poc") else None
    here_en, here_ur = _home_abroad(abroad, chance) if abroad else (home_en, home_ur)
    born = _birth(part, chance, today)
    return SyntheticPerson(
        number=_number(region, serial, gender, chance),
        family_number=_family_number(chance),
        name_en=f"{given[0]} {family[0]}",
        name_ur=f"{given[1]} {family[1]}",
        guardian_en=f"{father[0]} {family[0]}",
        guardian_ur=f"{father[1]} {family[1]}",
        gender=gender,
        date_of_birth=born,
        address_en=here_en,
        address_ur=here_ur,
        permanent_address_en=home_en,
        permanent_address_ur=home_ur,
        permanent_region=region.code,
        nationality=abroad.code if abroad and part.product == "poc" else "PAK",
        country_of_stay=abroad.code if abroad else None,
        passport_number=f"ZZ{serial:07d}" if abroad else None,
        captured=_captured(part.age_min),
        product=part.product,
        portrait_seed=_portrait_seed(part, gender, chance),
    )


def _pick(choices: Sequence[_T], chance: Chance) -> _T:
    return choices[chance.below(len(choices))]


def _number(region: Region, serial: int, gender: Gender, chance: Chance) -> str:
    """Thirteen digits, 5-7-1: locality, serial, and a digit that is odd for men, 2 to 8 for women."""
    last = _pick((1, 3, 5, 7, 9) if gender == "M" else (2, 4, 6, 8), chance)
    return f"{region.first_digit}0000{serial:07d}{last}"


def _family_number(chance: Chance) -> str:
    """Letter and digit three times; the real form is not public, this one is an invention."""
    return "".join("ABCDEFGHJKLMNPQRSTUVWXYZ"[chance.below(24)] + str(chance.below(10)) for _ in range(3))


def _home(region: Region, chance: Chance) -> tuple[str, str]:
    district_en, district_ur = _pick(region.districts, chance)
    house, street = 1 + chance.below(400), 1 + chance.below(60)
    return (
        f"House {house}, Sample Street {street}, {district_en}, {region.name_en}",
        f"مکان {house}، نمونہ گلی {street}، {district_ur}، {region.name_ur}",
    )


def _home_abroad(abroad: Abroad, chance: Chance) -> tuple[str, str]:
    house = 1 + chance.below(400)
    return (
        f"{house} Sample Road, {abroad.city_en}, {abroad.name_en}",
        f"{house} نمونہ روڈ، {abroad.city_ur}، {abroad.name_ur}",
    )


def _birth(part: _Part, chance: Chance, today: date) -> date:
    """A day on which somebody was born who is of that age today."""
    youngest = _years_before(today, part.age_min)
    oldest = _years_before(today, part.age_max) + timedelta(days=1)
    return oldest + timedelta(days=chance.below((youngest - oldest).days + 1))


def _captured(age_min: int) -> tuple[Captured, ...]:
    """What a centre captures at that age: nothing under 3, no fingerprints under 10."""
    if age_min < 3:
        return ()
    return ("photograph", "iris") if age_min < 10 else ("photograph", "fingerprints", "iris")


def _years_before(day: date, years: int) -> date:
    year = day.year - years
    is_absent = (day.month, day.day) == (2, 29) and not isleap(year)
    return day.replace(year=year, day=28 if is_absent else day.day)


def _portrait_seed(part: _Part, gender: Gender, chance: Chance) -> int:
    """A seed whose remainder names the look, so that the drawing fits age and gender."""
    if part.age_max <= 18:
        look = Look.GIRL if gender == "F" else Look.BOY
    elif part.age_min >= 60:
        look = Look.ELDER_WOMAN if gender == "F" else Look.ELDER_MAN
    else:
        look = Look.WOMAN if gender == "F" else Look.MAN
    return chance.below(1 << 24) * len(LOOKS) + LOOKS.index(look)
